//! Text of a data set in its Specific Character Set (PS3.3 C.12.1.1.2, PS3.5 6.1).
//!
//! Handles single sets (UTF-8, GB18030, ISO 8859, ...) and code extensions by ISO 2022 escapes.
//! A byte that the stated set does not allow becomes U+FFFD: never a silent guess.

use dicom_encoding::text::{SpecificCharacterSet, TextCodec};

const ESCAPE: u8 = 0x1B;

/// Decodes a value. `sets` are the values of (0008,0005) in order.
pub(super) fn decode(bytes: &[u8], sets: &[String]) -> String {
    let base = sets.first().map_or("", String::as_str);
    let text = if sets.len() > 1 || base.starts_with("ISO 2022") {
        extended(bytes, base)
    } else {
        run(bytes, base)
    };
    text.trim_end_matches(['\0', ' ']).to_owned()
}

/// Text with escapes. Delimiters bring back the first set.
fn extended(bytes: &[u8], base: &str) -> String {
    let mut out = String::new();
    let mut state = State {
        two_byte: None,
        set: base,
    };
    let mut pending: Vec<u8> = Vec::new();
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == ESCAPE {
            state.flush(&mut pending, &mut out);
            let (next, length) = state.escaped(rest, base);
            state = next;
            rest = rest.get(length..).unwrap_or_default();
        } else if state.two_byte.is_none()
            && matches!(byte, b'^' | b'=' | b'\\' | b'\r' | b'\n' | 0x0C | b'\t')
        {
            state.flush(&mut pending, &mut out);
            state = State {
                two_byte: None,
                set: base,
            };
            out.push(char::from(byte));
        } else {
            pending.push(byte);
        }
    }
    state.flush(&mut pending, &mut out);
    out
}

#[derive(Clone, Copy)]
struct State<'a> {
    /// Escape of a two-byte set in G0 (JIS X 0208, JIS X 0212): every byte belongs to it.
    two_byte: Option<&'static [u8]>,
    /// The set of bytes above 0x7F.
    set: &'a str,
}

impl<'a> State<'a> {
    /// The state after an escape sequence (without its first byte), and its length.
    fn escaped(self, rest: &[u8], base: &'a str) -> (Self, usize) {
        let g0 = |escape| State {
            two_byte: Some(escape),
            ..self
        };
        let g1 = |set| State { two_byte: None, set };
        match rest {
            [b'(', b'B', ..] => (
                State {
                    two_byte: None,
                    ..self
                },
                2,
            ),
            [b'(', b'J', ..] => (g1("ISO_IR 13"), 2),
            [b')', b'I', ..] => (g1("ISO_IR 13"), 2),
            [b'$', b'B', ..] => (g0(b"\x1b$B"), 2),
            [b'$', b'(', b'D', ..] => (g0(b"\x1b$(D"), 3),
            [b'$', b')', b'C', ..] => (g1("ISO_IR 149"), 3),
            [b'$', b')', b'A', ..] => (g1("GBK"), 3),
            [b'-', b'A', ..] => (g1("ISO_IR 100"), 2),
            [b'-', b'B', ..] => (g1("ISO_IR 101"), 2),
            [b'-', b'C', ..] => (g1("ISO_IR 109"), 2),
            [b'-', b'D', ..] => (g1("ISO_IR 110"), 2),
            [b'-', b'F', ..] => (g1("ISO_IR 126"), 2),
            [b'-', b'G', ..] => (g1("ISO_IR 127"), 2),
            [b'-', b'H', ..] => (g1("ISO_IR 138"), 2),
            [b'-', b'L', ..] => (g1("ISO_IR 144"), 2),
            [b'-', b'T', ..] => (g1("ISO_IR 166"), 2),
            _ => (
                State {
                    two_byte: None,
                    set: base,
                },
                0,
            ),
        }
    }

    fn flush(self, pending: &mut Vec<u8>, out: &mut String) {
        if pending.is_empty() {
            return;
        }
        match self.two_byte {
            Some(escape) => {
                let escaped = [escape, pending.as_slice(), b"\x1b(B"].concat();
                out.push_str(&run(&escaped, "ISO_IR 87"));
            }
            None => out.push_str(&run(pending, self.set)),
        }
        pending.clear();
    }
}

/// Bytes of one set.
fn run(bytes: &[u8], set: &str) -> String {
    if bytes.is_ascii() && !bytes.contains(&ESCAPE) {
        return bytes.iter().map(|&byte| char::from(byte)).collect();
    }
    let set = set.trim();
    if matches!(set, "" | "ISO_IR 6" | "ISO 2022 IR 6") {
        return bytes
            .iter()
            .map(|&byte| {
                if byte < 0x80 {
                    char::from(byte)
                } else {
                    char::REPLACEMENT_CHARACTER
                }
            })
            .collect();
    }
    SpecificCharacterSet::from_code(set)
        .and_then(|set| set.decode(bytes).ok())
        .unwrap_or_else(|| {
            bytes
                .iter()
                .map(|&b| {
                    if b < 0x80 {
                        char::from(b)
                    } else {
                        char::REPLACEMENT_CHARACTER
                    }
                })
                .collect()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode_with(bytes: &[u8], sets: &[&str]) -> String {
        decode(bytes, &sets.iter().map(|&set| set.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn single_sets() {
        assert_eq!(decode_with("王^小东 ".as_bytes(), &["ISO_IR 192"]), "王^小东");
        assert_eq!(decode_with(b"\xcd\xf5^\xd0\xa1\xb6\xab", &["GB18030"]), "王^小东");
        assert_eq!(decode_with(b"\xcd\xf5", &[]), "\u{fffd}\u{fffd}");
        assert_eq!(decode_with(b"\xcd\xf5", &["NO SUCH SET"]), "\u{fffd}\u{fffd}");
    }

    #[test]
    fn gb2312_by_escape_ends_at_a_delimiter() {
        let name = b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab= ";
        assert_eq!(
            decode_with(name, &["", "ISO 2022 IR 58"]),
            "Zhang^XiaoDong=张^小东="
        );
    }
}
