//! Frames of the live room: y-protocols v1 and our JSON frames, read without trust.

use consilium_protocol::{
    limits::ROOM_FRAME_BYTES,
    live::{
        ClientFrame, MESSAGE_AUTH, MESSAGE_AWARENESS, MESSAGE_CONSILIUM, MESSAGE_QUERY_AWARENESS,
        MESSAGE_SYNC, ServerFrame,
    },
};
use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;

use crate::wire::{Reader, WireError, put_buffer, put_var};

const SYNC_STEP_1: u64 = 0;
const SYNC_STEP_2: u64 = 1;
const SYNC_UPDATE: u64 = 2;

/// One message, borrowed from the frame it came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// The peer's state vector: answer with what it lacks.
    SyncStep1(&'a [u8]),
    /// What we lacked.
    SyncStep2(&'a [u8]),
    /// A change.
    Update(&'a [u8]),
    /// Awareness states.
    Awareness(&'a [u8]),
    /// Auth message with its reason: the peer denies access.
    Denied(&'a str),
    /// The peer wants all awareness states.
    QueryAwareness,
    /// The JSON of a [`ClientFrame`] or [`ServerFrame`].
    Consilium(&'a str),
}

/// A frame that is not understood.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FrameError {
    /// Longer than the limit.
    #[error("frame of {0} bytes is too long")]
    TooLong(usize),
    /// Not of the protocol.
    #[error("malformed frame: {0}")]
    Malformed(&'static str),
}

impl From<WireError> for FrameError {
    fn from(error: WireError) -> Self {
        Self::Malformed(match error {
            WireError::Short => "ends too early",
            WireError::Number => "number out of range",
            WireError::Text => "text is not UTF-8",
            WireError::Deep => "too deep",
            WireError::Tag(_) => "unknown tag",
        })
    }
}

/// Reads a frame a client sent; longer than [`ROOM_FRAME_BYTES`] is refused.
///
/// # Errors
/// The bytes are not exactly one message of the protocol.
pub fn decode(bytes: &[u8]) -> Result<Frame<'_>, FrameError> {
    if bytes.len() > ROOM_FRAME_BYTES {
        return Err(FrameError::TooLong(bytes.len()));
    }
    decode_unbounded(bytes)
}

/// Reads a frame from the server, whose catch-up may be as large as the document.
///
/// # Errors
/// The bytes are not exactly one message of the protocol.
pub fn decode_unbounded(bytes: &[u8]) -> Result<Frame<'_>, FrameError> {
    let mut r = Reader::new(bytes);
    let frame = match r.var()? {
        MESSAGE_SYNC => match r.var()? {
            SYNC_STEP_1 => Frame::SyncStep1(r.buffer()?),
            SYNC_STEP_2 => Frame::SyncStep2(r.buffer()?),
            SYNC_UPDATE => Frame::Update(r.buffer()?),
            _ => return Err(FrameError::Malformed("unknown sync message")),
        },
        MESSAGE_AWARENESS => Frame::Awareness(r.buffer()?),
        MESSAGE_AUTH => match r.var()? {
            0 => Frame::Denied(r.text()?),
            _ => return Err(FrameError::Malformed("unknown auth message")),
        },
        MESSAGE_QUERY_AWARENESS => Frame::QueryAwareness,
        MESSAGE_CONSILIUM => Frame::Consilium(r.text()?),
        _ => return Err(FrameError::Malformed("unknown message")),
    };
    if r.is_empty() {
        Ok(frame)
    } else {
        Err(FrameError::Malformed("bytes after the message"))
    }
}

fn sync(kind: u64, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len().saturating_add(8));
    put_var(&mut out, MESSAGE_SYNC);
    put_var(&mut out, kind);
    put_buffer(&mut out, payload);
    out
}

/// A sync step 1 with our state vector.
#[must_use]
pub fn sync_step_1(state_vector: &[u8]) -> Vec<u8> {
    sync(SYNC_STEP_1, state_vector)
}

/// A sync step 2 with an update.
#[must_use]
pub fn sync_step_2(update: &[u8]) -> Vec<u8> {
    sync(SYNC_STEP_2, update)
}

/// A change.
#[must_use]
pub fn update(update: &[u8]) -> Vec<u8> {
    sync(SYNC_UPDATE, update)
}

/// Awareness states, as encoded by [`crate::awareness::encode`].
#[must_use]
pub fn awareness(states: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(states.len().saturating_add(8));
    put_var(&mut out, MESSAGE_AWARENESS);
    put_buffer(&mut out, states);
    out
}

/// Asks for all awareness states.
#[must_use]
pub fn query_awareness() -> Vec<u8> {
    let mut out = Vec::new();
    put_var(&mut out, MESSAGE_QUERY_AWARENESS);
    out
}

/// Access denied, with a reason.
#[must_use]
pub fn denied(reason: &str) -> Vec<u8> {
    let mut out = Vec::new();
    put_var(&mut out, MESSAGE_AUTH);
    put_var(&mut out, 0);
    put_buffer(&mut out, reason.as_bytes());
    out
}

fn json<T: Serialize>(value: &T) -> Vec<u8> {
    let text = serde_json::to_vec(value).unwrap_or_default();
    let mut out = Vec::with_capacity(text.len().saturating_add(8));
    put_var(&mut out, MESSAGE_CONSILIUM);
    put_buffer(&mut out, &text);
    out
}

/// One of our frames, from the client.
#[must_use]
pub fn client_frame(frame: &ClientFrame) -> Vec<u8> {
    json(frame)
}

/// One of our frames, from the server.
#[must_use]
pub fn server_frame(frame: &ServerFrame) -> Vec<u8> {
    json(frame)
}

/// Reads the JSON of one of our frames.
///
/// # Errors
/// The text is not such a frame.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, FrameError> {
    serde_json::from_str(text).map_err(|_| FrameError::Malformed("unknown JSON frame"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn frames_round_trip() {
        assert_eq!(decode(&sync_step_1(b"v")), Ok(Frame::SyncStep1(b"v")));
        assert_eq!(decode(&sync_step_2(b"u")), Ok(Frame::SyncStep2(b"u")));
        assert_eq!(decode(&update(&[7; 300])), Ok(Frame::Update(&[7; 300])));
        assert_eq!(decode(&awareness(b"a")), Ok(Frame::Awareness(b"a")));
        assert_eq!(decode(&denied("no")), Ok(Frame::Denied("no")));
        assert_eq!(decode(&query_awareness()), Ok(Frame::QueryAwareness));
        let hello = client_frame(&ClientFrame::Hello { epoch: Some(3) });
        let Ok(Frame::Consilium(text)) = decode(&hello) else {
            panic!("not ours");
        };
        assert_eq!(
            parse::<ClientFrame>(text),
            Ok(ClientFrame::Hello { epoch: Some(3) })
        );
    }

    #[test]
    fn bad_frames_are_refused() {
        assert!(decode(&[]).is_err());
        assert!(decode(&[9]).is_err());
        assert!(decode(&[0, 3, 0]).is_err());
        assert!(decode(&[0, 2, 0, 0]).is_err());
        assert!(decode(&[0, 2, 0xff, 0xff, 0xff, 0xff, 0x0f]).is_err());
        let long = update(&vec![0; ROOM_FRAME_BYTES]);
        assert!(matches!(decode(&long), Err(FrameError::TooLong(_))));
        assert!(decode_unbounded(&long).is_ok());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), kind in 0_u8..4) {
            let _ = decode(&bytes);
            let mut typed = vec![kind];
            typed.extend_from_slice(&bytes);
            if let Ok(Frame::Consilium(text)) = decode(&typed) {
                let _ = parse::<ClientFrame>(text);
            }
        }
    }
}
