//! The live room on the wire: message types, our own acknowledged frames, awareness and annotation
//! shapes. The document's roots and paths belong to the collab crate.

use consilium_domain::{AccountId, InstanceId, Role, SeriesId, Timestamp, permission::RoomRights};
use serde::{Deserialize, Serialize};

use crate::session::Institution;

/// Yjs sync protocol.
pub const MESSAGE_SYNC: u64 = 0;
/// Yjs awareness protocol.
pub const MESSAGE_AWARENESS: u64 = 1;
/// Yjs auth message.
pub const MESSAGE_AUTH: u64 = 2;
/// Yjs query-awareness message.
pub const MESSAGE_QUERY_AWARENESS: u64 = 3;
/// Our own frames: type, then a JSON [`ClientFrame`] or [`ServerFrame`] as a length-prefixed string.
/// Sent only to clients that sent [`ClientFrame::Hello`].
pub const MESSAGE_CONSILIUM: u64 = 100;

/// Close code: the session expired.
pub const CLOSE_EXPIRED: u16 = 4400;
/// Close code: access was taken away.
pub const CLOSE_REVOKED: u16 = 4401;
/// Close code: an edit that the author may not make; it left no trace.
pub const CLOSE_NOT_ALLOWED: u16 = 4403;
/// Close code: the reader is too slow; reconnect and resync.
pub const CLOSE_TOO_SLOW: u16 = 4408;
/// Close code: the room is closed.
pub const CLOSE_ROOM_CLOSED: u16 = 4410;
/// Close code: frame not understood.
pub const CLOSE_MALFORMED: u16 = 4422;
/// Close code: too many frames.
pub const CLOSE_TOO_MANY: u16 = 4429;
/// Close code: the room's store does not answer; try again.
pub const CLOSE_UNAVAILABLE: u16 = 4450;

/// From our own client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "frame", rename_all = "snake_case")]
pub enum ClientFrame {
    /// First frame: speaks acknowledged frames; the epoch it last saw, if any.
    Hello {
        /// Epoch of the local copy.
        epoch: Option<i64>,
    },
}

/// To our own client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "frame", rename_all = "snake_case")]
pub enum ServerFrame {
    /// Answer to hello.
    Welcome {
        /// Epoch of the room: a local copy of another epoch must be dropped, never merged.
        epoch: i64,
        /// Last durable sequence number.
        seq: i64,
        /// Who the server takes this connection for.
        you: Person,
        /// What may be changed.
        rights: RoomRights,
    },
    /// All sync frames up to the `received`-th of this connection are durable.
    Ack {
        /// Sync frames with content received on this connection and made durable, from 1.
        received: u64,
        /// Epoch.
        epoch: i64,
        /// Sequence number of the newest of them.
        seq: i64,
    },
    /// The last sync frame was refused and left no trace; the connection is closed after this.
    Refused {
        /// Code of the reason.
        code: String,
    },
    /// Rights changed (an opinion was submitted, the session ended).
    Rights {
        /// The rights from now on.
        rights: RoomRights,
    },
    /// A signed row changed (opinion submitted, session started or ended): read the page data again.
    Changed {
        /// What: `opinions`, `state`, `images`.
        what: String,
    },
    /// The room cannot store now and is read-only, or can again.
    ReadOnly {
        /// Whether it is read-only.
        on: bool,
    },
}

/// A person in the room, as stamped by the server into every awareness state under `user`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Person {
    /// Account.
    pub id: AccountId,
    /// Name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Department.
    pub department: String,
    /// Institution.
    pub institution: Institution,
}

/// One awareness state as others receive it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AwarenessState {
    /// Stamped by the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Person>,
    /// Pointer on an image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
    /// What is on the screen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub viewport: Option<Viewport>,
    /// A stroke in progress.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drawing: Option<Annotation>,
}

/// Which picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImageRef {
    /// Series.
    pub series: SeriesId,
    /// Instance.
    pub instance: InstanceId,
    /// Frame of a multi-frame instance, from 0.
    #[serde(default)]
    pub frame: u32,
}

/// A pointer position in image pixels (column, row; the top-left corner of the first pixel is 0, 0).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    /// On which picture.
    pub image: ImageRef,
    /// Column.
    pub x: f64,
    /// Row.
    pub y: f64,
}

/// What a person looks at.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Viewport {
    /// Picture.
    pub image: ImageRef,
    /// Window centre, modality units.
    pub centre: f64,
    /// Window width, modality units.
    pub width: f64,
    /// Screen pixels per image pixel, relative to fit.
    pub zoom: f64,
    /// Image point in the middle of the view, column.
    pub x: f64,
    /// Image point in the middle of the view, row.
    pub y: f64,
}

/// Kinds of annotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AnnotationKind {
    /// Length between two points, mm.
    Length,
    /// Arrow with text: points are tip and tail.
    Arrow,
    /// Closed freehand region.
    Freehand,
}

/// One annotation: a map in the document at `annotations/{user}/{id}`, or a stroke in progress.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Annotation {
    /// Kind.
    pub kind: AnnotationKind,
    /// On which picture.
    pub image: ImageRef,
    /// Points in image pixels, `[column, row]`.
    pub points: Vec<[f64; 2]>,
    /// Text; may be empty.
    #[serde(default)]
    pub label: String,
    /// When it was finished, ms since the epoch by the author's clock.
    #[serde(default)]
    pub at_ms: i64,
}

/// One line of the discussion: an entry of the array `discussion/{user}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscussionLine {
    /// Random id.
    pub id: String,
    /// Text.
    pub text: String,
    /// When, ms since the epoch by the author's clock.
    pub at_ms: i64,
}

/// An annotation as it stands in a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportedAnnotation {
    /// Author's name.
    pub author: String,
    /// Author's institution.
    pub institution: Institution,
    /// Id in the room.
    pub id: String,
    /// The annotation.
    pub annotation: Annotation,
    /// Value in words, such as `46.2 mm`; empty when there is none.
    pub value: String,
    /// Series description and slice number for readers.
    pub place: String,
    /// When.
    pub at: Timestamp,
}
