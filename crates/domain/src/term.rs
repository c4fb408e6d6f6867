//! Closed lists of the standard and of this system. Codes are `snake_case` on every wire.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A code that is not in its list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code:?} is not a {list}")]
pub struct UnknownCode {
    /// The list that was looked in.
    pub list: &'static str,
    /// What was found instead.
    pub code: String,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $code)] $variant),* }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The code used on the wire and in tables.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }
        }

        impl FromStr for $name {
            type Err = UnknownCode;
            fn from_str(code: &str) -> Result<Self, UnknownCode> {
                match code {
                    $($code => Ok(Self::$variant),)*
                    _ => Err(UnknownCode { list: stringify!($name), code: code.to_owned() }),
                }
            }
        }
    )*};
}

codes! {
    /// What an account may be used for (clause 8.1.2). Lead or participant is a matter of each
    /// consultation, not of the account.
    Role {
        /// Administrator and coordinator of an institution.
        Admin = "admin",
        /// Ordinary operator of an institution.
        Operator = "operator",
        /// Consultant (会诊专家).
        Expert = "expert",
        /// Reads finished reports of the own institution's consultations.
        Reviewer = "reviewer",
        /// Reads the audit log, not charts.
        Auditor = "auditor",
        /// Runs the system; never reads clinical content.
        Ops = "ops",
    }

    /// Sex by GB/T 2261.1.
    Sex {
        /// 未知的性别 (0)
        Unknown = "unknown",
        /// 男 (1)
        Male = "male",
        /// 女 (2)
        Female = "female",
        /// 未说明的性别 (9)
        Unstated = "unstated",
    }

    /// Type of consultation (clause 1).
    ConsultationKind {
        /// 综合会诊
        General = "general",
        /// 专科会诊
        Specialty = "specialty",
        /// 病例讨论
        CaseDiscussion = "case_discussion",
    }

    /// How soon a consultation must take place.
    Urgency {
        /// The clocks of clause 7.2.
        Routine = "routine",
        /// Short clocks, recorded as a deviation.
        Urgent = "urgent",
    }

    /// The six data categories of Table 1.
    DataCategory {
        /// 患者基本信息
        PatientBasics = "patient_basics",
        /// 临床诊断信息
        Diagnosis = "diagnosis",
        /// 检验检查信息
        LabExam = "lab_exam",
        /// 影像数据
        Imaging = "imaging",
        /// 治疗相关信息
        Treatment = "treatment",
        /// 会诊相关信息
        Consultation = "consultation",
    }

    /// Where a consultation stands (`domain.md` section 2.2).
    ConsultationState {
        /// 草稿
        Draft = "draft",
        /// 邀请中
        Inviting = "inviting",
        /// 准备中
        Preparing = "preparing",
        /// 就绪
        Ready = "ready",
        /// 会诊中
        InSession = "in_session",
        /// 总结中
        Summarising = "summarising",
        /// 已出报告
        Concluded = "concluded",
        /// 已取消
        Cancelled = "cancelled",
    }

    /// Where an invitation stands.
    InvitationState {
        /// Sent and delivered, waiting for an answer.
        Delivered = "delivered",
        /// The institution takes part.
        Accepted = "accepted",
        /// The institution does not take part, with a reason.
        Declined = "declined",
        /// No answer within the term (clause 7.2 c).
        Expired = "expired",
        /// Taken back by the lead.
        Revoked = "revoked",
    }

    /// Who signed the informed consent (clause 8.3.2).
    ConsentSigner {
        /// The patient.
        Patient = "patient",
        /// A guardian: required under the age of 14.
        Guardian = "guardian",
    }
}
