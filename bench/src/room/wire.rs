//! Frames and markers: what a load client says in each server's dialect, and what it looks for in answers.

use consilium_collab::{
    awareness::{self, Entry},
    frame,
};

/// Length of a marker: `@`, writer (4), number (5), microseconds (12), all hexadecimal.
pub(super) const MARKER: usize = 22;

/// A text that tells who wrote it and when.
pub(super) fn marker(writer: u32, number: u32, micros: u64) -> String {
    format!("@{writer:04x}{:05x}{micros:012x}", number & 0xf_ffff)
}

/// A marker found in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) writer: u32,
    pub(super) number: u32,
    pub(super) micros: u64,
}

/// Every marker in raw bytes, however the server has merged or encoded the updates.
pub(super) fn markers(bytes: &[u8], mut each: impl FnMut(Found)) {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == b'@') {
        rest = rest.get(at + 1..).unwrap_or_default();
        let Some(digits) = rest.get(..MARKER - 1) else {
            return;
        };
        let part = |from: usize, to: usize| hexadecimal(digits.get(from..to).unwrap_or_default());
        if let (Some(writer), Some(number), Some(micros)) = (part(0, 4), part(4, 9), part(9, 21)) {
            each(Found {
                writer: u32::try_from(writer).unwrap_or(u32::MAX),
                number: u32::try_from(number).unwrap_or(u32::MAX),
                micros,
            });
        }
    }
}

fn hexadecimal(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |value, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u64::from(digit))
    })
}

/// What a message is, as far as a load client cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// The server asks for what it lacks.
    Question(&'a [u8]),
    /// The answer to our question.
    Answer(&'a [u8]),
    /// A change.
    Update(&'a [u8]),
    /// People.
    Awareness,
    /// Our own frames, as JSON.
    Ours(&'a [u8]),
    /// Anything else: authentication, save states.
    Other,
}

fn number(bytes: &mut &[u8]) -> Option<usize> {
    let mut value = 0_usize;
    for shift in (0..35).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn buffer<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = number(bytes)?;
    let (head, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some(head)
}

/// The dialect of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// y-protocols as they are.
    Plain,
    /// Ours: the same, and a hello that asks for acknowledgements.
    Consilium,
    /// Every frame begins with the name of the document; a token comes first.
    Hocuspocus,
}

impl Dialect {
    /// A frame as the server wants it.
    pub(super) fn wrap(self, document: &str, frame: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Plain | Self::Consilium => frame,
            Self::Hocuspocus => {
                let mut out = Vec::with_capacity(frame.len() + document.len() + 1);
                out.push(u8::try_from(document.len()).unwrap_or(0));
                out.extend_from_slice(document.as_bytes());
                out.extend_from_slice(&frame);
                out
            }
        }
    }

    /// What is said before the first question.
    pub(super) fn opening(self, document: &str) -> Option<Vec<u8>> {
        match self {
            Self::Plain => None,
            Self::Consilium => Some(frame::client_frame(
                &consilium_protocol::live::ClientFrame::Hello { epoch: None },
            )),
            // Message 2 (auth), sub-message 0 (token), the token and the version of the provider.
            Self::Hocuspocus => {
                let mut out = vec![2, 0, 5];
                out.extend_from_slice(b"token");
                out.push(5);
                out.extend_from_slice(b"4.8.0");
                Some(self.wrap(document, out))
            }
        }
    }

    /// Reads a message.
    pub(super) fn read(self, bytes: &[u8]) -> Kind<'_> {
        let mut rest = bytes;
        if self == Self::Hocuspocus && buffer(&mut rest).is_none() {
            return Kind::Other;
        }
        let kind = (|| {
            Some(match number(&mut rest)? {
                // 4 is Hocuspocus's answer that asks for no answer.
                0 | 4 => match number(&mut rest)? {
                    0 => Kind::Question(buffer(&mut rest)?),
                    1 => Kind::Answer(buffer(&mut rest)?),
                    2 => Kind::Update(buffer(&mut rest)?),
                    _ => Kind::Other,
                },
                1 => Kind::Awareness,
                100 => Kind::Ours(buffer(&mut rest)?),
                _ => Kind::Other,
            })
        })();
        kind.unwrap_or(Kind::Other)
    }
}

/// A pointer with its owner's name, as a client of a room shows it.
pub(super) fn cursor(client: u64, clock: u32, name: &str, x: u32, y: u32) -> Vec<u8> {
    let state = format!(
        "{{\"user\":{{\"name\":\"{name}\",\"color\":\"#1f6feb\"}},\"cursor\":{{\"image\":{{\"series\":\"0193a000-0000-7000-8000-000000000001\",\
         \"instance\":\"0193a000-0000-7000-8000-000000000002\",\"frame\":0}},\"x\":{x}.5,\"y\":{y}.25}}}}"
    );
    frame::awareness(&awareness::encode(&[Entry { client, clock, state }]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_found_wherever_they_stand() {
        let text = format!("x{}{}y@12", marker(3, 7, 1_000_000), marker(0xabcd, 0, 5));
        let mut found = Vec::new();
        markers(text.as_bytes(), |one| {
            found.push((one.writer, one.number, one.micros))
        });
        assert_eq!(found, [(3, 7, 1_000_000), (0xabcd, 0, 5)]);
        assert_eq!(marker(1, 1, 1).len(), MARKER);
    }

    #[test]
    fn dialects_are_read() {
        let update = frame::update(b"abc");
        assert_eq!(Dialect::Plain.read(&update), Kind::Update(b"abc"));
        let wrapped = Dialect::Hocuspocus.wrap("room-1", update);
        assert_eq!(Dialect::Hocuspocus.read(&wrapped), Kind::Update(b"abc"));
        assert_eq!(
            Dialect::Plain.read(&frame::sync_step_1(b"v")),
            Kind::Question(b"v")
        );
        assert_eq!(Dialect::Plain.read(&cursor(1, 1, "n", 2, 3)), Kind::Awareness);
        assert_eq!(Dialect::Plain.read(&[]), Kind::Other);
    }
}
