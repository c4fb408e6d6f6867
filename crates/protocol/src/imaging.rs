//! Images of a consultation.

use consilium_domain::{InstanceId, SeriesId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::session::Institution;

/// One series with all a viewer needs before the first pixel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Series {
    /// Id.
    pub id: SeriesId,
    /// Who provided it.
    pub institution: Institution,
    /// DICOM modality (`CT`).
    pub modality: String,
    /// Series number.
    pub number: i32,
    /// Series description; may be empty.
    pub description: String,
    /// Body part; may be empty.
    pub body_part: String,
    /// When the first instance arrived.
    pub received_at: Timestamp,
    /// Instances in viewing order.
    pub instances: Vec<Instance>,
}

/// One instance of a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Instance {
    /// Id.
    pub id: InstanceId,
    /// Viewer facts (`InstanceMeta` of the imaging crate, as JSON).
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub meta: serde_json::Value,
}

/// Answer to one uploaded DICOM file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Uploaded {
    /// The series it belongs to.
    pub series_id: SeriesId,
    /// The instance.
    pub instance_id: InstanceId,
    /// The very same file was there before.
    pub duplicate: bool,
    /// SHA-256 of the file as received, hex.
    pub sha256: String,
}
