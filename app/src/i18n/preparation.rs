//! The closed lists of the preparation phase and of the exchange in words.

use consilium_domain::{
    AbsentReason, ClockKind, ConsentState, DataRequestState, GuardianRelation, IssueState, MessageKind,
    PackageState, RecordKind, SubmissionState, TransferState,
};
use consilium_protocol::{masking::UnmaskPurpose, page::Locale};

use super::terms::pick;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident: $list:ident { $($variant:ident: $zh:literal, $en:literal;)* })*) => {$(
        $(#[$doc])*
        #[must_use]
        pub const fn $name(of: $list, locale: Locale) -> &'static str {
            pick(locale, match of { $($list::$variant => ($zh, $en)),* })
        }
    )*};
}

words! {
    /// A state of a data request.
    data_request: DataRequestState {
        Drafted: "草稿", "draft";
        Sent: "待核验", "to be verified";
        Verified: "已核验，待收集", "verified, to collect";
        Refused: "已拒绝", "refused";
        Extracting: "收集中", "collecting";
        Submitted: "已提交，待接收", "released, to accept";
        Accepted: "已接收", "accepted";
        Returned: "已退回，待补充", "returned, to complete";
        Cancelled: "已取消", "cancelled";
    }

    /// A state of a submission.
    submission: SubmissionState {
        Open: "未开始", "empty";
        Uploading: "上传中", "uploading";
        Received: "已收到", "received";
        Validating: "校验中", "being checked";
        Accepted: "已保存", "stored";
        Rejected: "未能保存", "nothing stored";
        Superseded: "已被新版取代", "replaced";
    }

    /// A state of a correction notice.
    issue: IssueState {
        Open: "送达中", "on its way";
        Notified: "待更正", "to correct";
        Corrected: "已更正，待核对", "corrected, to verify";
        Verified: "已核对", "verified";
        Waived: "不再要求", "waived";
    }

    /// A state of a version of the case package.
    package: PackageState {
        Building: "汇总中", "being put together";
        Validated: "已校验", "checked";
        Frozen: "已固定", "frozen";
        Shared: "已共享", "shared";
        Superseded: "已被新版取代", "replaced";
        Sealed: "已归档", "archived";
    }

    /// A state of the consent.
    consent: ConsentState {
        Draft: "未登记", "not recorded";
        Proposed: "已告知，待签署", "explained, to be signed";
        Active: "已签署，有效", "signed, in force";
        Inactive: "已撤回或到期", "withdrawn or run out";
        Rejected: "未同意", "not given";
    }

    /// A state of a delivery.
    transfer: TransferState {
        Queued: "排队中", "waiting its turn";
        Sending: "发送中", "sending";
        Waiting: "等待重试", "waiting to retry";
        Delivered: "已送达", "delivered";
        Failed: "未送达", "not delivered";
        Abandoned: "已放弃", "given up";
    }

    /// What an exchange message says.
    message: MessageKind {
        Invitation: "会诊邀请", "Invitation";
        InvitationAnswer: "邀请答复", "Answer to an invitation";
        InvitationRevoked: "撤回邀请", "Invitation taken back";
        InvitationWithdrawn: "退出会诊", "Withdrawal";
        Reschedule: "改期通知", "New time";
        DataRequest: "数据请求", "Data request";
        DataRequestAnswer: "数据请求核验结果", "Answer to a data request";
        DataRequestCancelled: "数据请求取消", "Data request taken back";
        Submission: "数据提交", "Data";
        SubmissionResult: "数据接收结果", "Result of a submission";
        Correction: "更正通知", "Correction notice";
        CorrectionResult: "更正核对结果", "Result of a correction";
        Package: "病例资料包", "Case package";
        Session: "会诊开始或结束", "Session began or ended";
        Cancelled: "取消会诊", "Cancellation";
        Opinion: "专家意见", "Opinion";
        Report: "会诊报告", "Report";
        Question: "会中提问", "Question in the session";
        Answer: "提问答复", "Answer to a question";
        QuestionWithdrawn: "撤回提问", "Question taken back";
        Suspension: "交换暂停或恢复", "Exchange stopped or resumed";
    }

    /// What is due.
    clock: ClockKind {
        InvitationAnswer: "答复邀请", "Answer the invitation";
        DataProvision: "提供数据", "Provide data";
        Correction: "更正数据", "Correct data";
        Opinion: "提交意见", "Submit an opinion";
        Question: "回答会中提问", "Answer a question of the session";
    }

    /// What happens when a deadline passes.
    clock_end: ClockKind {
        InvitationAnswer: "逾期视为未答复，牵头机构可重新邀请。", "Then the invitation expires; the lead can invite again.";
        DataProvision: "逾期记为迟交并通知双方，会诊开始后不再计入。", "Then it counts as late and both sides are told; after the session starts it no longer counts.";
        Correction: "逾期通知双方协调员，未更正的值不计入完整率。", "Then both coordinators are told; the value stays out of the completeness score.";
        Opinion: "逾期须由牵头机构写明原因后方可出具报告。", "Then the lead must give a reason before the report can be signed.";
        Question: "逾期通知双方，提问仍可回答。", "Then both sides are told; the question can still be answered.";
    }

    /// A guardian's relation to the patient.
    relation: GuardianRelation {
        Parent: "父母", "Parent";
        Spouse: "配偶", "Spouse";
        Child: "成年子女", "Adult child";
        Relative: "其他近亲属", "Other close relative";
        Other: "其他法定监护人", "Other legal guardian";
    }

    /// What a field in clear is needed for.
    unmask_purpose: UnmaskPurpose {
        Identify: "核对患者身份", "To make sure it is this patient";
        Contact: "联系患者或家属", "To reach the patient or family";
        Record: "归档或送达报告", "To file or deliver the report";
        Emergency: "危及生命", "Danger to life";
        Other: "其他", "Something else";
    }

    /// A kind of row.
    record: RecordKind {
        Patient: "患者基本信息", "Patient basics";
        Clinical: "临床诊断", "Diagnosis";
        Lab: "检验", "Laboratory";
        Exam: "检查", "Examination";
        Imaging: "影像", "Imaging study";
        Treatment: "治疗", "Treatment";
        Consultation: "会诊", "Consultation";
    }

    /// Why a value is absent.
    absent: AbsentReason {
        NotAsked: "未询问", "not asked";
        AskedUnknown: "已询问，不详", "asked, not known";
        Refused: "患者拒绝", "patient refused";
        NotApplicable: "不适用", "not applicable";
        NotPerformed: "未做", "not performed";
        Pending: "结果未出", "pending";
        Masked: "隐私保护", "withheld for privacy";
        Unsupported: "来源系统无此项", "source system has none";
        UnknownExplained: "不详，另有说明", "unknown, explained";
    }
}
