//! What a document or picture is, by its content, and what is taken off it before others see it.

use bytes::Bytes;

/// PDF, PNG or JPEG by the first bytes; what the sender calls it does not count.
#[must_use]
pub fn by_content(bytes: &[u8]) -> Option<&'static str> {
    let head = |magic: &[u8]| bytes.starts_with(magic);
    if head(b"%PDF-") {
        Some("application/pdf")
    } else if head(PNG) {
        Some("image/png")
    } else if head(b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else {
        None
    }
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// A picture without what it says of its maker, place and time (EXIF, comments, text): the pixels stay as they
/// are. A PDF stays as it is. `None` when the picture is cut short.
#[must_use]
pub fn stripped(media: &str, bytes: &Bytes) -> Option<Bytes> {
    match media {
        "image/png" => png(bytes).map(Bytes::from),
        "image/jpeg" => jpeg(bytes).map(Bytes::from),
        _ => Some(bytes.clone()),
    }
}

/// Chunks a picture is drawn from; all others go.
const DRAWN: [&[u8]; 12] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD",
    b"pHYs",
];

fn png(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = PNG.to_vec();
    let mut rest = bytes.get(PNG.len()..)?;
    loop {
        let length = u32::from_be_bytes(rest.get(..4)?.try_into().ok()?);
        let whole = usize::try_from(length).ok()?.checked_add(12)?;
        let chunk = rest.get(..whole)?;
        let kind = chunk.get(4..8)?;
        if DRAWN.contains(&kind) {
            out.extend_from_slice(chunk);
        }
        if kind == b"IEND" {
            return Some(out);
        }
        rest = rest.get(whole..)?;
    }
}

/// Application data but for JFIF, colour profile and colour coding, comments, and what follows the end of the
/// picture, go.
fn jpeg(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = bytes.get(..2)?.to_vec();
    let mut rest = bytes.get(2..)?;
    loop {
        let [0xff, marker, ..] = *rest else { return None };
        match marker {
            // A fill byte.
            0xff => rest = rest.get(1..)?,
            // The end.
            0xd9 => {
                out.extend_from_slice(&[0xff, 0xd9]);
                return Some(out);
            }
            _ => {
                let length = u16::from_be_bytes(rest.get(2..4)?.try_into().ok()?);
                let mut whole = usize::from(length).checked_add(2)?;
                if marker == 0xda {
                    whole = whole.checked_add(scan(rest.get(whole..)?)?)?;
                }
                let segment = rest.get(..whole)?;
                if !matches!(marker, 0xe1 | 0xe3..=0xed | 0xef | 0xfe) {
                    out.extend_from_slice(segment);
                }
                rest = rest.get(whole..)?;
            }
        }
    }
}

/// The length of a scan's coded pixels: up to the next marker that is no restart and no coded 0xff.
fn scan(coded: &[u8]) -> Option<usize> {
    let pairs = coded.iter().zip(coded.get(1..)?);
    pairs
        .enumerate()
        .find(|(_, (one, two))| **one == 0xff && !matches!(**two, 0x00 | 0xd0..=0xd7))
        .map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_known_by_content() {
        assert_eq!(by_content(b"%PDF-1.7\n..."), Some("application/pdf"));
        assert_eq!(by_content(b"\x89PNG\r\n\x1a\n...."), Some("image/png"));
        assert_eq!(by_content(b"\xff\xd8\xff\xe0...."), Some("image/jpeg"));
        for other in [&b"<html>"[..], b"", b"PK\x03\x04", b"GIF89a", b" %PDF-"] {
            assert_eq!(by_content(other), None);
        }
    }

    fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).unwrap();
        [&length.to_be_bytes()[..], kind, data, b"crc."].concat()
    }

    fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
        let length = u16::try_from(data.len() + 2).unwrap();
        [&[0xff, marker][..], &length.to_be_bytes(), data].concat()
    }

    #[test]
    fn pictures_say_nothing_but_themselves() {
        let drawn = [chunk(b"IHDR", b"0123456789abc"), chunk(b"IDAT", b"pixels")].concat();
        let end = chunk(b"IEND", b"");
        let told = chunk(b"tEXt", "Author\0张三".as_bytes());
        let picture = Bytes::from([PNG, &drawn, &told, &end, b"behind"].concat());
        let plain = Bytes::from([PNG, &drawn, &end].concat());
        assert_eq!(stripped("image/png", &picture), Some(plain.clone()));
        assert_eq!(stripped("image/png", &plain.slice(..plain.len() - 3)), None);

        let tables = segment(0xdb, b"table");
        let (exif, comment) = (segment(0xe1, b"Exif\0place"), segment(0xfe, "张三".as_bytes()));
        let jfif = segment(0xe0, b"JFIF\0");
        let (start, end) = (b"\xff\xd8".to_vec(), b"\xff\xd9".to_vec());
        let scan = [segment(0xda, b"scan"), b"pix\xff\x00\xff\xd3els".to_vec()].concat();
        let parts = [
            &start,
            &jfif,
            &exif,
            &tables,
            &comment,
            &scan,
            &comment,
            &scan,
            &end,
            &b"film".to_vec(),
        ];
        let picture = Bytes::from(parts.map(Vec::as_slice).concat());
        let kept = [&start, &jfif, &tables, &scan, &scan, &end];
        let plain = Bytes::from(kept.map(Vec::as_slice).concat());
        assert_eq!(stripped("image/jpeg", &picture), Some(plain.clone()));
        for cut in [4, 9, plain.len() - 3] {
            assert_eq!(stripped("image/jpeg", &plain.slice(..cut)), None, "{cut}");
        }
        let pdf = Bytes::from_static(b"%PDF-1.7");
        assert_eq!(stripped("application/pdf", &pdf), Some(pdf));
    }
}
