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
    /// Not a FHIR R4 bundle.
    FHIR_NOT_BUNDLE = "fhir.not_bundle";
    /// Mandatory elements are missing; `errors` lists them.
    FHIR_INCOMPLETE = "fhir.incomplete";
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
}
