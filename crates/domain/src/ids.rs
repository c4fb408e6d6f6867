//! Identifiers. Each kind is its own type, so that one cannot be passed for another.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> { Uuid::parse_str(text).map(Self) }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self { Self(id) }
        }
    )*};
}

id! {
    /// A medical institution (医疗机构), lead or participant.
    InstitutionId,
    /// A person who can sign in.
    AccountId,
    /// A patient record of one institution.
    PatientId,
    /// A consultation (会诊).
    ConsultationId,
    /// An invitation of one institution to one consultation (clause 7.2 b).
    InvitationId,
    /// One image series of a consultation.
    SeriesId,
    /// One stored DICOM instance of a series.
    InstanceId,
    /// A signed opinion (阶段性会诊意见) of one expert.
    OpinionId,
    /// A signed consultation report (会诊报告), one version.
    ReportId,
    /// One encrypted file in the object store.
    FileId,
    /// An itemised data request of the lead to one participant (clause 7.2 e).
    DataRequestId,
    /// What an institution provides at one time (clause 7.2 f).
    SubmissionId,
    /// One row of clinical data in a submission, one version.
    ItemId,
    /// A data correction notice (clause 7.5 b).
    IssueId,
    /// A question of the session to an institution.
    QuestionId,
    /// A document or picture added in the session.
    AttachmentId,
    /// A case package, one version (clause 7.2 g).
    PackageId,
    /// An exchange message between two institutions.
    MessageId,
    /// A running deadline.
    DeadlineId,
    /// A notice to one person.
    NoticeId,
    /// A resumable upload.
    UploadId,
}
