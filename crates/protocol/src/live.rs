//! The live room on the wire: message types, our own acknowledged frames, awareness and annotation
//! shapes. The document's roots and paths belong to the collab crate.

use std::fmt;

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
    /// Joins the call of the room, changes what is sent in it, or leaves it (`None`).
    Call {
        /// What one sends; `None` leaves.
        media: Option<Media>,
    },
    /// Carries a WebRTC session description or candidate to another connection in the call.
    Signal {
        /// The other connection, as named in [`ServerFrame::Call`].
        to: u64,
        /// JSON of the browser's own object; at most [`crate::limits::SIGNAL_BYTES`].
        payload: String,
    },
}

/// What somebody sends in a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// Sound.
    pub audio: bool,
    /// Picture.
    pub video: bool,
}

/// Somebody in the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallPeer {
    /// The connection.
    pub peer: u64,
    /// Who; stamped by the server.
    pub person: Person,
    /// What they send.
    pub media: Media,
}

/// A server by which two pages in a call find each other, as browsers take it (`RTCIceServer`).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IceServer {
    /// `stun:`, `turn:` or `turns:` addresses.
    pub urls: Vec<String>,
    /// Name for it; none for STUN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Password for it; none for STUN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

impl fmt::Debug for IceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the credential: frames are printed by tests.
        f.debug_struct("IceServer")
            .field("urls", &self.urls)
            .finish_non_exhaustive()
    }
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
        /// This connection, as others see it in a call.
        #[serde(default)]
        peer: u64,
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
    /// A row changed (opinion submitted, session started or ended, question asked, data added): read the page
    /// data again.
    Changed {
        /// What: `opinions`, `state`, `images`, `questions`, `data`.
        what: String,
    },
    /// Who is in the call now, in order of entry; sent when it changes and after the welcome when there is one.
    Call {
        /// Everybody in it.
        peers: Vec<CallPeer>,
    },
    /// By which servers the others in the call are reached; to everybody in it when somebody enters, before the
    /// list that has the newcomer. Not sent where there are none. Credentials may end: the newest are to be used.
    Ice {
        /// The servers.
        servers: Vec<IceServer>,
    },
    /// A description or candidate from another connection in the call.
    Signal {
        /// The connection it comes from.
        from: u64,
        /// As it was sent.
        payload: String,
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
    /// When a hand was raised, ms since the epoch by the person's own clock; `None` while it is down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hand_at_ms: Option<i64>,
    /// Whose view this page follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub following: Option<AccountId>,
    /// The person is writing: `opinion` or `discussion`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub writing: Option<Writing>,
}

/// Where somebody is writing now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Writing {
    /// Their opinion.
    Opinion,
    /// The discussion.
    Discussion,
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscussionLine {
    /// Random id.
    pub id: String,
    /// Text.
    pub text: String,
    /// When, ms since the epoch by the author's clock.
    pub at_ms: i64,
    /// Id of the line it answers; empty when it begins something.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reply_to: String,
    /// Who is addressed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<AccountId>,
    /// What it points at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cites: Vec<Citation>,
}

/// Something cited in a line of the discussion.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Citation {
    /// Kind.
    pub kind: CitationKind,
    /// Which one: `{author}/{annotation id}`, `{institution}/{element}/{row key}`, or an opinion id.
    pub reference: String,
    /// How it reads, at most 200 characters.
    pub text: String,
}

/// What may be cited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CitationKind {
    /// An annotation or measurement.
    Annotation,
    /// A value of the case package.
    Element,
    /// A submitted opinion.
    Opinion,
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
