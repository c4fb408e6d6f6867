//! A sentence for every code: what happened and what to do.

use consilium_protocol::{codes, page::Locale};

macro_rules! sentences {
    ($($code:ident: $zh:literal, $en:literal;)*) => {
        fn pair(code: &str) -> Option<(&'static str, &'static str)> {
            match code { $(codes::$code => Some(($zh, $en)),)* _ => None }
        }
    };
}

sentences! {
    INTERNAL: "系统内部出错，已保存的内容不受影响。请稍后再试。", "Something failed on our side; what was saved is not affected. Try again later.";
    UNAVAILABLE: "服务器暂时没有响应，您填写的内容仍在。请稍后再试。", "The server does not answer just now; what you entered is still here. Try again in a moment.";
    NOT_FOUND: "没有这一页，或它与本院无关。", "There is no such page, or it does not concern your institution.";
    FORBIDDEN: "您的角色不能进行此操作。", "Your role does not allow this.";
    UNAUTHENTICATED: "登录已过期，请重新登录。", "Your session has ended; sign in again.";
    SIGN_IN_REFUSED: "未能登录。请核对用户名、密码和动态口令。", "Sign-in was refused. Check user name, password and dynamic code.";
    CROSS_SITE: "请求来自其他网站，已拒绝。", "The request came from another site and was refused.";
    MALFORMED: "服务器无法读懂这次请求，未作任何更改。", "The server could not read the request; nothing was changed.";
    TOO_LARGE: "内容超过允许的大小。", "The content is larger than allowed.";
    MEDIA_TYPE: "不支持这种内容类型。", "This type of content is not supported.";
    NOT_ACCEPTABLE: "无法以所要求的格式回应。", "There is no answer in a form the request accepts.";
    METHOD: "此地址不支持这种操作。", "This address does not offer that operation.";
    INVALID: "有些内容需要补充或更正，已在相应位置标出。", "Some fields need attention; each is marked.";
    CONFLICT: "别人刚刚作了更改。请刷新后再试。", "Somebody changed this meanwhile. Reload and try again.";
    BUSY: "请求过于频繁，请稍候。", "Too many requests; wait a moment.";
    WRONG_STATE: "会诊目前的状态不允许此操作。", "The consultation's present state does not allow this.";
    TOO_FEW_PARTICIPANTS: "会诊至少需要两家参与机构。", "A consultation needs at least two participant institutions.";
    NO_CONSENT: "尚未登记知情同意，不能发出邀请。", "Informed consent is not recorded; invitations cannot be sent.";
    OUTSIDE_START_WINDOW: "只能在预定时间前后 24 小时内开始会诊。", "A session starts within 24 hours of its planned time.";
    FORM_INCOMPLETE: "发出邀请前须补全患者基本信息和初步诊断，缺项已列出。", "Before inviting, complete the patient's basic data and the preliminary diagnosis; what is missing is listed.";
    ANSWERS_PENDING: "仍有机构未答复或未确认新时间。", "Some institutions have not answered, or not confirmed the new time.";
    PACKAGE_NOT_FROZEN: "请先冻结病例数据包。", "Freeze the case package first.";
    PACKAGE_INCOMPLETE: "核心数据完整率低于 99%：请补充数据，或写明继续的原因。", "Core completeness is below 99 %: add data, or record why to go on.";
    PACKAGE_ISSUES_OPEN: "还有未处理完的修正通知：请等待更正，或写明继续的原因。", "Correction notices are open: wait for them, or record why to go on.";
    PACKAGE_STALE: "校验之后数据有变化，请重新校验。", "Data has changed since the package was checked; check it again.";
    PACKAGE_CONFLICT: "不同机构对同一项结果给出的数值不一致。", "Institutions hold different values of one result.";
    PACKAGE_MISMATCH: "通知的数据包与保存的不一致。", "The announced package is not the one that is stored.";
    PACKAGE_WRONG_STATE: "数据包目前的状态不允许此操作。", "The case package's present state does not allow this.";
    DATA_REQUEST_WRONG_STATE: "数据请求目前的状态不允许此操作。", "The data request's present state does not allow this.";
    ISSUE_WRONG_STATE: "修正通知目前的状态不允许此操作。", "The correction notice's present state does not allow this.";
    SUBMISSION_WRONG_STATE: "会诊或本次提交目前的状态不接收数据。", "Data cannot be taken in the present state.";
    CONSENT_WRONG_STATE: "知情同意目前的状态不允许此操作。", "The consent's present state does not allow this.";
    CONSENT_PURPOSE: "数据只能用于本次诊断和治疗。", "Data may be used for treatment only.";
    CONSENT_FORM_TYPE: "请上传 PDF、PNG 或 JPEG 格式的签字扫描件。", "Upload the signed form as PDF, PNG or JPEG.";
    SEARCH_IDENTITY: "证件号码不能出现在网址中，请使用证件号码查询。", "An identity number may not stand in an address; use the search by identity number.";
    TRANSFER_WRONG_STATE: "这条消息目前的状态不允许此操作。", "The message's present state does not allow this.";
    DELIVERIES_OPEN: "报告尚未送达所有机构。", "The report has not reached every institution.";
    DATA_REQUEST_SIGNATURE: "数据请求的签名不正确。", "The data request's signature is wrong.";
    DATA_REQUEST_NOT_PARTY: "请求方或被请求方不是本次会诊的成员，数据请求不成立。", "The sender or the receiver of the data request takes no part in this consultation.";
    DATA_REQUEST_CONSULTATION_STATE: "会诊不在准备或进行阶段，不能请求数据。", "Data can be requested only while the consultation is being prepared or held.";
    DATA_REQUEST_NO_CONSENT: "患者的知情同意未生效，不能请求数据。", "No consent of the patient is in force, so no data can be requested.";
    DATA_REQUEST_PURPOSE: "数据只能为诊疗目的而请求。", "Data can be requested for treatment only.";
    DATA_REQUEST_OUT_OF_RANGE: "请求超出该机构接受邀请时同意提供的范围。", "The request asks for more than the institution agreed to give.";
    SUBMISSION_NO_CONSENT: "患者的知情同意未生效，不接收数据。", "No consent of the patient is in force, so no data is taken.";
    SUBMISSION_OUT_OF_RANGE: "数据类别超出本机构同意提供的范围。", "The data is of a category your institution did not agree to give.";
    SUBMISSION_OTHER_PATIENT: "数据属于另一位患者，未保存任何内容。请核对患者身份。", "The data belongs to another patient, so nothing was stored. Check whose it is.";
    SUBMISSION_REQUEST_NEEDED: "会诊开始前，参与机构只能按数据请求提供数据，或更正已提供的数据。", "Before the session, a participant gives data in answer to a request, or corrects what it gave.";
    SUBMISSION_EMPTY: "其中没有数据行。", "It holds no row of data.";
    SUBMISSION_TOO_MANY_ROWS: "一次提交的数据行过多，请分次提交。", "Too many rows for one submission; send them in parts.";
    SUBMISSION_ROW_UNREADABLE: "这一行无法读取，其余各行不受影响。", "This row cannot be read; the others are not affected.";
    SUBMISSION_FILE_UNREADABLE: "无法读取该文件：须为 UTF-8 编码，首行为列名。", "The file cannot be read: it must be UTF-8 and begin with a header row.";
    SUBMISSION_COLUMN_UNKNOWN: "文件中有一列既不是数据元，也不是规定的列。", "A column is neither a data element nor one of the fixed columns.";
    SUBMISSION_KEY: "数据行的键缺失、过长，或与同次提交的另一行重复。", "The row's key is missing, too long, or the same as another row's.";
    SUBMISSION_MISMATCH: "告知的数据与实际保存的数据不一致。", "What was announced differs from what was stored.";
    SUBMISSION_NOTHING_TO_RELEASE: "尚未为此请求收集任何合格数据，不能提交。", "No valid data has been collected for this request yet.";
    ISSUE_NO_ELEMENT: "该数据行没有这个数据元。", "The row has no such element.";
    ISSUE_OPEN_ALREADY: "这一数据元已有未处理完的修正通知。", "A correction notice for this element is open already.";
    UNMASK_LIMIT: "一小时内查看明文的次数已达上限，本次未显示，并已告警。请稍后再试。", "Too many fields were shown in clear within an hour. Nothing was shown and an alarm was raised; try again later.";
    UNMASK_EMPTY: "该项没有填写，或会诊结束后已按规定清除。", "This field was not given, or it was removed after the consultation.";
    UPLOAD_VERSION: "不支持所用的上传协议版本。", "The upload protocol is not spoken in this version.";
    UPLOAD_OFFSET: "上传位置与服务器已收到的不一致，请从服务器记录的位置继续。", "These bytes do not follow those already received; go on from where the server stands.";
    UPLOAD_CHECKSUM: "传输中数据有误，这一段未保存，请重新发送。", "These bytes were damaged on the way and not kept; send them again.";
    UPLOAD_GONE: "上传已过期或已取消，请重新上传。", "The upload has expired or was cancelled; start again.";
    UPLOAD_LOCKED: "同一上传的另一请求仍在写入，请稍后继续。", "Another request still writes to this upload; go on in a moment.";
    UPLOAD_TOO_MANY: "进行中的上传过多，请先完成或取消一部分。", "Too many uploads are under way; finish or cancel some first.";
    UPLOAD_NO_ROOM: "未完成的上传已占满预留空间，请先完成或取消一部分。", "Unfinished uploads take up all reserved room; finish or cancel some first.";
    UPLOAD_PARTS: "有分段尚未传完，或不能作为分段使用。", "A part is not complete, or cannot be used as a part.";
    UPLOAD_FINAL: "由分段合成的上传不再接收数据。", "An upload put together from parts takes no bytes itself.";
    UPLOAD_WRONG_STATE: "只有等待确认患者身份的上传才能确认。", "Only an upload that waits for its patient to be confirmed can be confirmed.";
    OPINIONS_MISSING: "有机构尚未提交意见：请等待，或写明原因后继续。", "Some institutions have not given an opinion: wait, or record why they are left out.";
    OPINIONS_UNCITED: "报告须引用每一份已提交的意见。", "The report must cite every submitted opinion.";
    OPINION_SUBMITTED: "意见已签名提交。如需修改，请提交新版本。", "The opinion was signed. To change it, submit a new version.";
    OPINION_NOT_NEWEST: "所替换的不是您最新的意见，请刷新后再试。", "That is not your newest opinion. Reload and try again.";
    OPINION_IN_REVISION: "这份意见已在修改中。", "This opinion is being revised already.";
    SESSION_PAUSED: "会诊已暂停，继续后再进行此操作。", "The session is paused; do this once it goes on.";
    SESSION_NOT_PAUSED: "会诊没有暂停。", "The session is not paused.";
    QUESTION_WRONG_STATE: "这条提问已回答或已撤回。", "This question was answered or taken back.";
    QUESTION_NOT_PARTY: "只能向参加本次会诊的其他机构提问。", "Ask another institution that takes part in this consultation.";
    QUESTION_TOO_MANY: "未回答的提问过多，请先等待回答。", "Too many questions are open; wait for answers first.";
    ATTACHMENT_TYPE: "只接受 PDF、PNG 或 JPEG 文件。", "Only PDF, PNG and JPEG files are accepted.";
    ATTACHMENT_UNCONFIRMED: "请确认文件中不含患者姓名、证件号等身份信息后再上传。", "Confirm that the file shows no name, number or other identity of the patient, then add it again.";
    ATTACHMENT_TOO_MANY: "本次会诊的附件已达上限。", "This consultation has as many documents as it may.";
    INVITATION_WRONG_STATE: "邀请已答复、逾期或撤回，不能再答复。", "The invitation was answered, expired or taken back.";
    INVITATION_TOO_LATE: "答复期限已过，请联系牵头机构重新邀请。", "The term has passed; ask the lead institution for a new invitation.";
    INVITATION_NO_RANGE: "接受邀请时，请至少选择一类可提供的数据。", "To accept, choose at least one kind of data you can give.";
    INVITATION_NO_REASON: "谢绝邀请请写明原因。", "To decline, give a reason.";
    FIELD_REQUIRED: "请填写此项。", "Please fill this in.";
    FIELD_TOO_LONG: "内容过长。", "This is too long.";
    FIELD_UNKNOWN: "不在可选范围内。", "Not one of the allowed values.";
    FIELD_PLACEHOLDER: "请填写实际内容，而非占位文字。", "Enter real content instead of a placeholder.";
    FIELD_PAST: "时间已过，请选择将来的时间。", "This time has passed; choose a later one.";
    FIELD_SEX_MISMATCH: "性别与身份证号不符。", "The sex does not fit the identity number.";
    FIELD_BIRTH_MISMATCH: "出生日期与身份证号不符。", "The birth date does not fit the identity number.";
    FIELD_GUARDIAN: "患者未满 14 周岁，须由监护人签署同意。", "The patient is under 14: a guardian must consent.";
    FIELD_ICD10: "ICD-10 编码格式不正确，例如 C71.1。", "Not an ICD-10 code, such as C71.1.";
    ID_NUMBER_FORM: "身份证号应为 18 位。", "An identity number has 18 characters.";
    ID_NUMBER_CHECKSUM: "身份证号校验码不符，请核对。", "The identity number's check character is wrong.";
    ID_NUMBER_CONTENT: "身份证号中的地区或日期不成立。", "The identity number contains an impossible region or date.";
    PHONE_FORM: "电话号码格式不正确。", "Not a phone number.";
    NAME_FORM: "姓名格式不正确。", "Not a person's name.";
    BIRTH_DATE: "出生日期不成立。", "Not a possible birth date.";
    FHIR_NOT_BUNDLE: "这不是 FHIR R4 资源包（Bundle）。", "This is not a FHIR R4 bundle.";
    FHIR_INCOMPLETE: "资源包缺少必需内容，已逐项列出。", "The bundle lacks mandatory elements; each is listed.";
    FHIR_NOT_USED: "数据交换不使用这类资源。", "The exchange does not use this kind of resource.";
    FHIR_OTHER_SUBJECT: "该资源属于另一位患者。", "This resource is about another person.";
    FHIR_NO_VALUE: "该资源没有可用的值。", "This resource holds no value.";
    FHIR_VOID: "该资源已被来源系统标记为作废。", "The source has marked this resource as void.";
    FHIR_DUPLICATE: "该资源与前面的资源标识相同。", "An earlier resource has the same id.";
    XML_FORBIDDEN: "XML 中不允许文档类型声明和自定义实体。", "XML may have no document type declaration and no entities of its own.";
    XML_TOO_DEEP: "XML 嵌套层次过深。", "The XML is nested too deeply.";
    DICOM_NOT_DICOM: "不是 DICOM 文件。", "Not a DICOM file.";
    DICOM_TRUNCATED: "文件不完整，末尾缺失。", "The file ends too early.";
    DICOM_NO_PIXELS: "文件中没有图像。", "The file has no image.";
    DICOM_TRANSFER_SYNTAX: "暂不支持这种压缩格式。", "This compression is not supported.";
    DICOM_PIXEL_FORMAT: "暂不支持这种像素格式。", "This pixel format is not supported.";
    DICOM_CORRUPT: "文件已损坏。", "The file is damaged.";
    DICOM_OTHER_PATIENT: "属于另一位患者，已拒绝。", "Belongs to another patient and was refused.";
    DICOM_PATIENT_UNCONFIRMED: "请确认影像属于本例患者。", "Please confirm that the images belong to this patient.";
    DICOM_CONFLICT: "同一编号的影像已存在，但内容不同。", "The same image is stored already with other content.";
    DICOM_TOO_MANY: "影像数量超过本例上限。", "The consultation has reached its limit of images.";
    EXCHANGE_SIGNATURE: "消息签名无效，接收方已拒绝。", "The signature of the message is not valid; the receiver refused it.";
    EXCHANGE_VERSION: "消息格式版本不一致，接收方已拒绝。", "The message has another format version; the receiver refused it.";
    EXCHANGE_RULE_SET: "双方的脱敏规则版本不一致，接收方已拒绝。请先统一规则。", "Sender and receiver use different masking rules; the receiver refused the message. Agree on one rule set first.";
    EXCHANGE_NOT_PARTY: "发送方或接收方不是本次会诊的参与机构，消息已拒绝。", "Sender or receiver takes no part in this consultation; the message was refused.";
    EXCHANGE_CONFLICT: "同一编号的消息已收到过，但内容不同，已拒绝。", "A message with this number came before with other content; it was refused.";
    EXCHANGE_TOO_LARGE: "消息超过允许的大小。", "The message is larger than allowed.";
    EXCHANGE_MALFORMED: "接收方无法读懂这条消息。", "The receiver cannot read the message.";
    EXCHANGE_GAP: "前一条消息尚未到达，稍后自动重试。", "The message before it has not arrived; it is tried again.";
    EXCHANGE_LATE: "这条消息放弃后，后面的消息已先处理，不能再补送。", "The message was given up and later ones were handled; it can no longer be delivered.";
    EXCHANGE_UNAVAILABLE: "暂时无法送达接收方。", "The receiver cannot be reached just now.";
    EXCHANGE_NO_RESULT: "上一次发送没有结果。", "The last try ended without a result.";
    LIVE_DAMAGED: "会诊室的历史记录校验未通过，记录可能缺失或被改动，请联系运维人员。", "The stored history of the room does not verify: an entry is missing or was changed. Please tell your operators.";
    EXCHANGE_SUSPENDED: "数据交换已处于暂停状态。", "The exchange is suspended already.";
    EXCHANGE_NOT_SUSPENDED: "数据交换正在运行，没有需要恢复的暂停。", "The exchange is running; there is no suspension to end.";
    ELEMENT_REQUIRED: "缺少必填内容。", "A mandatory element is missing.";
    ELEMENT_ID_15_DIGITS: "这是 15 位旧身份证号，已按 18 位处理，请换用新号。", "This is a former 15-digit identity number; it was read as its 18-digit form. Please replace it.";
    ELEMENT_TOO_SHORT: "内容过短。", "This is too short.";
    ELEMENT_UNKNOWN: "数据元目录中没有这一项。", "The dictionary has no such element.";
    ELEMENT_ABSENT_REASON: "此项不能填“不适用”。", "This element always applies; give a value or another reason.";
    ELEMENT_FORM: "书写格式不符合数据元的规定。", "This is not written in the form of the element.";
    ELEMENT_NOT_MASKED: "机构之间交换的数据须先脱敏。", "What is exchanged between institutions must be masked first.";
    ELEMENT_NUMBER: "这不是数值。", "This is not a number.";
    ELEMENT_RANGE: "数值超出可能的范围，请核对数值和单位。", "The number is outside the possible range; check number and unit.";
    ELEMENT_UNIT_UNKNOWN: "无法识别计量单位。", "The unit is not known.";
    ELEMENT_UNIT_MISMATCH: "计量单位与该项目不符，或前后不一致。", "The unit does not fit this item, or two units disagree.";
    ELEMENT_RANGE_INVERTED: "参考范围的下限不低于上限。", "The lower limit of the reference range is not below the upper.";
    ELEMENT_RANGE_UNREADABLE: "无法读懂参考范围，例如应写成 3.5-9.5。", "The reference range cannot be read; write it like 3.5-9.5.";
    ELEMENT_FLAG_MISMATCH: "异常标志与结果和参考范围不符。", "The abnormal flag contradicts result and reference range.";
    ELEMENT_LOINC: "LOINC 编码的校验位不符。", "The LOINC code has a wrong check digit.";
    ELEMENT_CODE_UNMAPPED: "这是本院自定编码，尚未对应到 LOINC。", "This is a local code that is not mapped to LOINC.";
    ELEMENT_INSTITUTION_CODE: "不是有效的统一社会信用代码或卫生机构代码。", "Not a valid social credit code or health institution code.";
    ELEMENT_DATE: "日期或时间不成立。", "Not a possible date or time.";
    ELEMENT_FUTURE: "时间在将来，请核对。", "This time is in the future; check it.";
    ELEMENT_BEFORE_BIRTH: "时间早于患者出生。", "This time is before the patient was born.";
    ELEMENT_ORDER: "先后顺序不成立，请核对相关的时间或数值。", "This is in an impossible order with a related time or number; check both.";
    ELEMENT_AGE_MISMATCH: "年龄与出生日期不符。", "The age does not fit the birth date.";
    ELEMENT_UID: "不是有效的 DICOM 唯一标识。", "Not a DICOM unique identifier.";
    ELEMENT_PROCEDURE_CODE: "手术编码格式不正确，例如 45.2300。", "Not a procedure code, such as 45.23.";
    ELEMENT_REGION: "无法识别省份或行政区划代码。", "The province or region code is not known.";
}

/// The sentence for `code` in `locale`; an unknown code gets the one for an internal error.
#[must_use]
pub fn sentence(code: &str, locale: Locale) -> &'static str {
    let (zh, en) = pair(code).or_else(|| pair(codes::INTERNAL)).unwrap_or_default();
    match locale {
        Locale::ZhCn => zh,
        Locale::En => en,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_sentence_in_both_languages() {
        for code in codes::ALL {
            let (zh, en) = pair(code).unwrap_or_else(|| panic!("{code} has no sentence"));
            assert!(zh.ends_with('。'), "{code}: {zh}");
            assert!(en.ends_with('.'), "{code}: {en}");
        }
    }
}
