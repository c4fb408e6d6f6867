//! Resumable uploads as their owner sees them; the bytes travel by tus 1.0.0.

use consilium_domain::{ConsultationId, Timestamp, UploadId, UploadKind, UploadPurpose, UploadState};
use serde::{Deserialize, Serialize};

use crate::Problem;

/// One upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Upload {
    /// Id; the upload lives at `/api/v1/uploads/{id}`.
    pub id: UploadId,
    /// Whole, a part, or put together from parts.
    pub kind: UploadKind,
    /// Where it stands.
    pub state: UploadState,
    /// What it is for; absent for a part.
    pub purpose: Option<UploadPurpose>,
    /// The consultation it belongs to; absent for a part.
    pub consultation_id: Option<ConsultationId>,
    /// Name of the file as the sender knows it; may be empty.
    pub filename: String,
    /// Bytes that are durable.
    pub offset: u64,
    /// Bytes announced.
    pub length: u64,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it ends, whatever became of it.
    pub expires_at: Timestamp,
    /// What the direct route answers for this content, once it is `stored`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub result: Option<serde_json::Value>,
    /// Why the content was not taken, once it is `refused`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}
