//! The closed lists of the domain in words.

use consilium_domain::{
    ConsentSigner, ConsultationKind, ConsultationState, DataCategory, InvitationState, Role, Sex, Urgency,
};
use consilium_protocol::{consultation::Act, live::AnnotationKind, page::Locale};

pub(super) const fn pick(locale: Locale, (zh, en): (&'static str, &'static str)) -> &'static str {
    match locale {
        Locale::ZhCn => zh,
        Locale::En => en,
    }
}

/// A role.
#[must_use]
pub const fn role(role: Role, locale: Locale) -> &'static str {
    pick(
        locale,
        match role {
            Role::Admin => ("协调员", "Coordinator"),
            Role::Operator => ("操作员", "Operator"),
            Role::Expert => ("会诊专家", "Consultant"),
            Role::Reviewer => ("审阅人", "Reviewer"),
            Role::Auditor => ("审计员", "Auditor"),
            Role::Ops => ("运维", "Operations"),
        },
    )
}

/// A sex.
#[must_use]
pub const fn sex(sex: Sex, locale: Locale) -> &'static str {
    pick(
        locale,
        match sex {
            Sex::Unknown => ("性别未知", "Sex unknown"),
            Sex::Male => ("男", "Male"),
            Sex::Female => ("女", "Female"),
            Sex::Unstated => ("性别未说明", "Sex not stated"),
        },
    )
}

/// A type of consultation.
#[must_use]
pub const fn kind(kind: ConsultationKind, locale: Locale) -> &'static str {
    pick(
        locale,
        match kind {
            ConsultationKind::General => ("综合会诊", "General consultation"),
            ConsultationKind::Specialty => ("专科会诊", "Specialty consultation"),
            ConsultationKind::CaseDiscussion => ("病例讨论", "Case discussion"),
        },
    )
}

/// An urgency.
#[must_use]
pub const fn urgency(urgency: Urgency, locale: Locale) -> &'static str {
    pick(
        locale,
        match urgency {
            Urgency::Routine => ("常规", "Routine"),
            Urgency::Urgent => ("加急", "Urgent"),
        },
    )
}

/// A data category of Table 1.
#[must_use]
pub const fn category(category: DataCategory, locale: Locale) -> &'static str {
    pick(
        locale,
        match category {
            DataCategory::PatientBasics => ("患者基本信息", "Patient basics"),
            DataCategory::Diagnosis => ("临床诊断信息", "Diagnoses"),
            DataCategory::LabExam => ("检验检查信息", "Laboratory and examinations"),
            DataCategory::Imaging => ("影像数据", "Images"),
            DataCategory::Treatment => ("治疗相关信息", "Treatment"),
            DataCategory::Consultation => ("会诊相关信息", "Consultation records"),
        },
    )
}

/// A state of a consultation.
#[must_use]
pub const fn state(state: ConsultationState, locale: Locale) -> &'static str {
    pick(
        locale,
        match state {
            ConsultationState::Draft => ("草稿", "Draft"),
            ConsultationState::Inviting => ("等待答复", "Waiting for answers"),
            ConsultationState::Preparing => ("准备中", "Preparing"),
            ConsultationState::Ready => ("就绪", "Ready"),
            ConsultationState::InSession => ("会诊中", "In session"),
            ConsultationState::Summarising => ("总结中", "Summarising"),
            ConsultationState::Concluded => ("已出报告", "Concluded"),
            ConsultationState::Cancelled => ("已取消", "Cancelled"),
            ConsultationState::Suspended => ("已暂停", "Suspended"),
            ConsultationState::Archived => ("已归档", "Archived"),
        },
    )
}

/// Whose move it is in a state, when it is not the reader's.
#[must_use]
pub const fn state_sentence(state: ConsultationState, locale: Locale) -> &'static str {
    pick(
        locale,
        match state {
            ConsultationState::Draft => (
                "草稿，只有牵头机构可见。发出邀请后，参与机构才会看到。",
                "A draft that only the lead institution sees until the invitations are sent.",
            ),
            ConsultationState::Inviting => (
                "等待参与机构答复；全部答复后自动进入准备。",
                "Waiting for the invited institutions; preparation begins when all have answered.",
            ),
            ConsultationState::Preparing => (
                "各机构正在补充资料和影像；由牵头机构确认就绪。",
                "The institutions are adding data and images; the lead declares the case ready.",
            ),
            ConsultationState::Ready => (
                "资料已就绪，等待牵头机构开始会诊。",
                "The case is ready and waits for the lead to start the session.",
            ),
            ConsultationState::InSession => (
                "会诊正在进行。专家在会诊室阅片、标注并提交意见。",
                "The session is on. Experts read, annotate and submit opinions in the room.",
            ),
            ConsultationState::Summarising => (
                "会诊已结束，等待牵头机构整理结论并签发报告。",
                "The session has ended; the lead writes the conclusion and signs the report.",
            ),
            ConsultationState::Concluded => (
                "报告已签发，本次会诊不再更改。",
                "The report is signed; this consultation no longer changes.",
            ),
            ConsultationState::Cancelled => ("会诊已取消。", "The consultation was cancelled."),
            ConsultationState::Suspended => (
                "系统故障，机构间交换已暂停，期限停止计时。恢复后从原处继续，已填内容不受影响。",
                "A fault has stopped the exchange between institutions; the clocks stand still. It goes on where it stopped, and nothing entered is lost.",
            ),
            ConsultationState::Archived => (
                "会诊已归档，所有机构均已收到报告。",
                "Archived: every institution has received the report.",
            ),
        },
    )
}

/// A state of an invitation.
#[must_use]
pub const fn invitation(state: InvitationState, locale: Locale) -> &'static str {
    pick(
        locale,
        match state {
            InvitationState::Sent => ("送达中", "on its way"),
            InvitationState::Delivered => ("待答复", "to answer"),
            InvitationState::Reconfirming => ("待确认新时间", "to confirm the new time"),
            InvitationState::Accepted => ("已接受", "accepted"),
            InvitationState::Declined => ("已谢绝", "declined"),
            InvitationState::Expired => ("逾期未答复", "no answer in time"),
            InvitationState::Revoked => ("已撤回", "taken back"),
            InvitationState::Withdrawn => ("已退出", "withdrew"),
        },
    )
}

/// Who signed the consent.
#[must_use]
pub const fn signer(signer: ConsentSigner, locale: Locale) -> &'static str {
    pick(
        locale,
        match signer {
            ConsentSigner::Patient => ("患者本人", "The patient"),
            ConsentSigner::Guardian => ("监护人", "A guardian"),
        },
    )
}

/// An act, as the text of its button or link.
#[must_use]
pub const fn act(act: Act, locale: Locale) -> &'static str {
    pick(
        locale,
        match act {
            Act::Answer => ("答复邀请", "Answer the invitation"),
            Act::Invite => ("发出邀请", "Send invitations"),
            Act::Edit => ("修改草稿", "Edit the draft"),
            Act::Reschedule => ("改期", "Reschedule"),
            Act::Withdraw => ("退出会诊", "Withdraw"),
            Act::Data => ("资料工作台", "Data desk"),
            Act::Package => ("病例资料包", "Case package"),
            Act::Consent => ("知情同意", "Consent"),
            Act::Ready => ("确认就绪", "Declare ready"),
            Act::Start => ("开始会诊", "Start the session"),
            Act::End => ("结束会诊", "End the session"),
            Act::EnterRoom => ("进入会诊室", "Enter the room"),
            Act::SubmitOpinion => ("提交意见", "Submit an opinion"),
            Act::Sign => ("整理结论", "Write the conclusion"),
            Act::ReadReport => ("阅读报告", "Read the report"),
            Act::Upload => ("上传影像", "Upload images"),
            Act::ViewImages => ("查看影像", "View images"),
            Act::Cancel => ("取消会诊", "Cancel the consultation"),
        },
    )
}

/// A kind of annotation.
#[must_use]
pub const fn annotation(kind: AnnotationKind, locale: Locale) -> &'static str {
    pick(
        locale,
        match kind {
            AnnotationKind::Length => ("长度", "Length"),
            AnnotationKind::Arrow => ("箭头", "Arrow"),
            AnnotationKind::Freehand => ("区域", "Region"),
        },
    )
}
