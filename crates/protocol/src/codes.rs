//! Stable error codes. A code is never reused for another meaning.

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $code;)*
        /// Every code, for documentation and for the check that each has a sentence in both languages.
        pub const ALL: &[&str] = &[$($code),*];
    };
}

codes! {
    /// Something failed on our side; the request id helps to find it.
    INTERNAL = "internal";
    /// A dependency (database, file store) does not answer; try again.
    UNAVAILABLE = "unavailable";
    /// The address or the thing does not exist, or may not be known to exist.
    NOT_FOUND = "not_found";
    /// Known, but not allowed.
    FORBIDDEN = "forbidden";
    /// No valid session.
    UNAUTHENTICATED = "unauthenticated";
    /// User name, password or dynamic code is wrong, or the account is locked: deliberately one code.
    SIGN_IN_REFUSED = "session.refused";
    /// The request came from another site.
    CROSS_SITE = "request.cross_site";
    /// The body is not what the route reads.
    MALFORMED = "request.malformed";
    /// The body is larger than the route takes.
    TOO_LARGE = "request.too_large";
    /// The content type is not what the route reads.
    MEDIA_TYPE = "request.media_type";
    /// None of the forms in which the route answers is acceptable.
    NOT_ACCEPTABLE = "request.not_acceptable";
    /// The method is not offered at this address.
    METHOD = "request.method";
    /// Fields are missing or wrong; `errors` names each.
    INVALID = "request.invalid";
    /// Somebody changed it meanwhile.
    CONFLICT = "conflict";
    /// Too many requests; slow down.
    BUSY = "busy";
    /// The consultation is in another state.
    WRONG_STATE = "consultation.wrong_state";
    /// Fewer than two participants.
    TOO_FEW_PARTICIPANTS = "consultation.too_few_participants";
    /// No consent.
    NO_CONSENT = "consultation.no_consent";
    /// Outside the start window.
    OUTSIDE_START_WINDOW = "consultation.outside_start_window";
    /// Mandatory data of the request form is missing; `errors` names each element.
    FORM_INCOMPLETE = "consultation.form_incomplete";
    /// Institutions have not answered yet.
    ANSWERS_PENDING = "consultation.answers_pending";
    /// No case package is frozen.
    PACKAGE_NOT_FROZEN = "package.not_frozen";
    /// Core completeness is below 99 %.
    PACKAGE_INCOMPLETE = "package.incomplete";
    /// Correction notices are open.
    PACKAGE_ISSUES_OPEN = "package.issues_open";
    /// Data has come or changed since the package was checked: check it again.
    PACKAGE_STALE = "package.stale";
    /// Two institutions hold different values of one result.
    PACKAGE_CONFLICT = "package.conflict";
    /// The announced package is not the one that is stored.
    PACKAGE_MISMATCH = "package.mismatch";
    /// The package is in another state.
    PACKAGE_WRONG_STATE = "package.wrong_state";
    /// The data request is in another state.
    DATA_REQUEST_WRONG_STATE = "data_request.wrong_state";
    /// The correction notice is in another state.
    ISSUE_WRONG_STATE = "issue.wrong_state";
    /// The submission is in another state.
    SUBMISSION_WRONG_STATE = "submission.wrong_state";
    /// The consent is in another state.
    CONSENT_WRONG_STATE = "consent.wrong_state";
    /// The purpose of use is not treatment.
    CONSENT_PURPOSE = "consent.purpose";
    /// The scanned form is neither PDF nor PNG nor JPEG.
    CONSENT_FORM_TYPE = "consent.form_type";
    /// An identity number may not stand in an address; search for it by `POST`.
    SEARCH_IDENTITY = "search.identity_in_address";
    /// The delivery is in another state.
    TRANSFER_WRONG_STATE = "transfer.wrong_state";
    /// Deliveries of the report are open.
    DELIVERIES_OPEN = "report.deliveries_open";
    /// The signature of the data request is wrong.
    DATA_REQUEST_SIGNATURE = "data_request.signature";
    /// Sender or receiver of the data request takes no part in the consultation.
    DATA_REQUEST_NOT_PARTY = "data_request.not_party";
    /// The consultation is neither being prepared nor held.
    DATA_REQUEST_CONSULTATION_STATE = "data_request.wrong_consultation_state";
    /// No consent is in force for the data request.
    DATA_REQUEST_NO_CONSENT = "data_request.no_consent";
    /// The purpose of the data request is not treatment.
    DATA_REQUEST_PURPOSE = "data_request.purpose";
    /// More is asked for than the institution agreed to give.
    DATA_REQUEST_OUT_OF_RANGE = "data_request.out_of_range";
    /// No consent is in force: no data is taken.
    SUBMISSION_NO_CONSENT = "submission.no_consent";
    /// Data of a category the institution did not agree to give.
    SUBMISSION_OUT_OF_RANGE = "submission.out_of_range";
    /// The rows are of another patient; nothing is stored.
    SUBMISSION_OTHER_PATIENT = "submission.other_patient";
    /// A participant gives data in answer to a request, as a correction, or in session.
    SUBMISSION_REQUEST_NEEDED = "submission.request_needed";
    /// There is no row in it.
    SUBMISSION_EMPTY = "submission.empty";
    /// More rows than one submission may have.
    SUBMISSION_TOO_MANY_ROWS = "submission.too_many_rows";
    /// A row cannot be read; the others are kept.
    SUBMISSION_ROW_UNREADABLE = "submission.row_unreadable";
    /// The file cannot be read: not UTF-8, or without the header row.
    SUBMISSION_FILE_UNREADABLE = "submission.file_unreadable";
    /// A column is neither a data element nor one of the fixed columns.
    SUBMISSION_COLUMN_UNKNOWN = "submission.column_unknown";
    /// The row has no key, or one that is too long, or another row of the submission has the same.
    SUBMISSION_KEY = "submission.key";
    /// What was announced is not what was stored.
    SUBMISSION_MISMATCH = "submission.mismatch";
    /// Nothing has been collected for the request yet.
    SUBMISSION_NOTHING_TO_RELEASE = "submission.nothing_to_release";
    /// The row has no such element.
    ISSUE_NO_ELEMENT = "issue.no_element";
    /// A correction notice for this element is open already.
    ISSUE_OPEN_ALREADY = "issue.open_already";
    /// The upload protocol is not spoken in this version; `Tus-Version` names the one that is.
    UPLOAD_VERSION = "upload.version";
    /// The bytes do not follow those that are there; ask where the upload stands.
    UPLOAD_OFFSET = "upload.offset";
    /// The bytes do not have the announced checksum; none of them was kept.
    UPLOAD_CHECKSUM = "upload.checksum";
    /// The upload has expired or was ended.
    UPLOAD_GONE = "upload.gone";
    /// Another request still writes to the upload.
    UPLOAD_LOCKED = "upload.locked";
    /// More uploads are under way than one account may have, or one is sent in too many pieces.
    UPLOAD_TOO_MANY = "upload.too_many";
    /// No room is left for unfinished uploads.
    UPLOAD_NO_ROOM = "upload.no_room";
    /// A part is not complete, or of no use as a part.
    UPLOAD_PARTS = "upload.parts";
    /// The upload is put together from parts and takes no bytes itself.
    UPLOAD_FINAL = "upload.final";
    /// Only an upload whose patient nobody has confirmed can be confirmed.
    UPLOAD_WRONG_STATE = "upload.wrong_state";
    /// Opinions missing.
    OPINIONS_MISSING = "report.opinions_missing";
    /// Opinions not cited.
    OPINIONS_UNCITED = "report.opinions_uncited";
    /// The opinion was submitted already.
    OPINION_SUBMITTED = "opinion.submitted";
    /// Invitation in another state.
    INVITATION_WRONG_STATE = "invitation.wrong_state";
    /// Too late to answer.
    INVITATION_TOO_LATE = "invitation.too_late";
    /// Accepted without a data range.
    INVITATION_NO_RANGE = "invitation.no_range";
    /// Declined without a reason.
    INVITATION_NO_REASON = "invitation.no_reason";
    /// Field: required.
    FIELD_REQUIRED = "field.required";
    /// Field: too long.
    FIELD_TOO_LONG = "field.too_long";
    /// Field: not one of the allowed values.
    FIELD_UNKNOWN = "field.unknown";
    /// Field: a placeholder instead of content.
    FIELD_PLACEHOLDER = "field.placeholder";
    /// Field: time in the past.
    FIELD_PAST = "field.past";
    /// Field: sex does not fit the identity number.
    FIELD_SEX_MISMATCH = "person.sex_mismatch";
    /// Field: birth date does not fit the identity number.
    FIELD_BIRTH_MISMATCH = "person.birth_mismatch";
    /// Field: guardian's consent needed under 14.
    FIELD_GUARDIAN = "person.guardian_required";
    /// Field: ICD-10 form.
    FIELD_ICD10 = "field.icd10";
    /// Identity number: form.
    ID_NUMBER_FORM = "person.id_number_form";
    /// Identity number: check character.
    ID_NUMBER_CHECKSUM = "person.id_number_checksum";
    /// Identity number: content.
    ID_NUMBER_CONTENT = "person.id_number_content";
    /// Phone.
    PHONE_FORM = "person.phone_form";
    /// Name.
    NAME_FORM = "person.name_form";
    /// Birth date.
    BIRTH_DATE = "person.birth_date";
    /// Looked at too many fields in clear within an hour.
    UNMASK_LIMIT = "unmask.limit";
    /// The field has no value, or it was removed after the consultation.
    UNMASK_EMPTY = "unmask.empty";
    /// Not a FHIR R4 bundle.
    FHIR_NOT_BUNDLE = "fhir.not_bundle";
    /// Mandatory elements are missing; `errors` lists them.
    FHIR_INCOMPLETE = "fhir.incomplete";
    /// A resource of a kind the exchange has no place for.
    FHIR_NOT_USED = "fhir.not_used";
    /// A resource about somebody else.
    FHIR_OTHER_SUBJECT = "fhir.other_subject";
    /// A resource without the value it is for.
    FHIR_NO_VALUE = "fhir.no_value";
    /// A resource its source has marked as void.
    FHIR_VOID = "fhir.void";
    /// A second resource of the same id.
    FHIR_DUPLICATE = "fhir.duplicate";
    /// XML with a document type declaration or an entity of its own.
    XML_FORBIDDEN = "xml.forbidden";
    /// XML nested too deeply.
    XML_TOO_DEEP = "xml.too_deep";
    /// Not a DICOM file.
    DICOM_NOT_DICOM = "dicom.not_dicom";
    /// The file ends too early.
    DICOM_TRUNCATED = "dicom.truncated";
    /// The file has no image.
    DICOM_NO_PIXELS = "dicom.no_pixels";
    /// Transfer syntax cannot be decoded.
    DICOM_TRANSFER_SYNTAX = "dicom.transfer_syntax";
    /// Pixel format cannot be shown.
    DICOM_PIXEL_FORMAT = "dicom.pixel_format";
    /// Damaged.
    DICOM_CORRUPT = "dicom.corrupt";
    /// Another patient's file.
    DICOM_OTHER_PATIENT = "dicom.other_patient";
    /// The file's patient is not yet confirmed to be this patient.
    DICOM_PATIENT_UNCONFIRMED = "dicom.patient_unconfirmed";
    /// The same object was stored before with other content.
    DICOM_CONFLICT = "dicom.conflict";
    /// Too many instances.
    DICOM_TOO_MANY = "dicom.too_many";
    /// Message: the signature is not the sender's, or something was changed after signing.
    EXCHANGE_SIGNATURE = "exchange.signature";
    /// Message: another version of the format.
    EXCHANGE_VERSION = "exchange.version";
    /// Message: made under other masking rules than ours.
    EXCHANGE_RULE_SET = "exchange.rule_set";
    /// Message: sender or receiver has no part in the consultation.
    EXCHANGE_NOT_PARTY = "exchange.not_party";
    /// Message: its id came before with other content.
    EXCHANGE_CONFLICT = "exchange.conflict";
    /// Message: larger than the limit.
    EXCHANGE_TOO_LARGE = "exchange.too_large";
    /// Message: cannot be read.
    EXCHANGE_MALFORMED = "exchange.malformed";
    /// Message: one before it has not come yet; tried again.
    EXCHANGE_GAP = "exchange.gap";
    /// Message: a later one was taken in before, after the sender had given this one up.
    EXCHANGE_LATE = "exchange.late";
    /// Message: the receiver cannot be reached; tried again.
    EXCHANGE_UNAVAILABLE = "exchange.unavailable";
    /// Message: a try ended without a result; tried again.
    EXCHANGE_NO_RESULT = "exchange.no_result";
    /// The exchange is suspended already.
    EXCHANGE_SUSPENDED = "exchange.suspended";
    /// The stored history of a live room does not hold together: an entry is missing or was changed.
    LIVE_DAMAGED = "live.damaged";
    /// The exchange is not suspended.
    EXCHANGE_NOT_SUSPENDED = "exchange.not_suspended";
    /// The session is paused.
    SESSION_PAUSED = "session.paused";
    /// The session is not paused.
    SESSION_NOT_PAUSED = "session.not_paused";
    /// The question was answered or taken back before.
    QUESTION_WRONG_STATE = "question.wrong_state";
    /// The asked institution takes no part, or is the own one.
    QUESTION_NOT_PARTY = "question.not_party";
    /// Too many questions are open.
    QUESTION_TOO_MANY = "question.too_many";
    /// The opinion to take the place of is not the author's newest.
    OPINION_NOT_NEWEST = "opinion.not_newest";
    /// The opinion is being revised already.
    OPINION_IN_REVISION = "opinion.in_revision";
    /// The document or picture is none of the accepted types.
    ATTACHMENT_TYPE = "attachment.type";
    /// Nobody has confirmed that the document shows no identity of the patient.
    ATTACHMENT_UNCONFIRMED = "attachment.unconfirmed";
    /// The consultation has as many documents and pictures as it may.
    ATTACHMENT_TOO_MANY = "attachment.too_many";
    /// Element: a mandatory element has no value and no reason for it.
    ELEMENT_REQUIRED = "element.required";
    /// Element: a 15-digit identity number: upgraded, but to be replaced.
    ELEMENT_ID_15_DIGITS = "element.id_15_digits";
    /// Element: shorter than the element must be.
    ELEMENT_TOO_SHORT = "element.too_short";
    /// Element: the dictionary has no such element for this kind of row.
    ELEMENT_UNKNOWN = "element.unknown";
    /// Element: "Not applicable" where the element always applies.
    ELEMENT_ABSENT_REASON = "element.absent_reason";
    /// Element: not written in the form of its type (boolean, pseudonym, age of an infant …).
    ELEMENT_FORM = "element.form";
    /// Element: in clear where only the masked form may be.
    ELEMENT_NOT_MASKED = "element.not_masked";
    /// Element: not a number.
    ELEMENT_NUMBER = "element.number";
    /// Element: outside the possible range.
    ELEMENT_RANGE = "element.range";
    /// Element: not a unit of UCUM, nor a known spelling of one.
    ELEMENT_UNIT_UNKNOWN = "element.unit_unknown";
    /// Element: a unit of another dimension than the element has, or two units for one value.
    ELEMENT_UNIT_MISMATCH = "element.unit_mismatch";
    /// Element: lower limit of the reference range not below its upper limit.
    ELEMENT_RANGE_INVERTED = "element.range_inverted";
    /// Element: the reference range cannot be read.
    ELEMENT_RANGE_UNREADABLE = "element.range_unreadable";
    /// Element: the abnormal flag contradicts value and reference range.
    ELEMENT_FLAG_MISMATCH = "element.flag_mismatch";
    /// Element: A LOINC code with a wrong check digit.
    ELEMENT_LOINC = "element.loinc";
    /// Element: a code of the source's own that is not mapped.
    ELEMENT_CODE_UNMAPPED = "element.code_unmapped";
    /// Element: neither a unified social credit code nor a code by WS 218 (rule V4).
    ELEMENT_INSTITUTION_CODE = "element.institution_code";
    /// Element: not a date or time.
    ELEMENT_DATE = "element.date";
    /// Element: in the future.
    ELEMENT_FUTURE = "element.future";
    /// Element: before the birth of the patient.
    ELEMENT_BEFORE_BIRTH = "element.before_birth";
    /// Element: times in an impossible order.
    ELEMENT_ORDER = "element.order";
    /// Element: age does not fit the birth date.
    ELEMENT_AGE_MISMATCH = "element.age_mismatch";
    /// Element: not a DICOM unique identifier.
    ELEMENT_UID = "element.uid";
    /// Element: not a procedure code of ICD-9-CM-3 form.
    ELEMENT_PROCEDURE_CODE = "element.procedure_code";
    /// Element: no known province or region code.
    ELEMENT_REGION = "element.region";
}
