//! RLE Lossless (PS3.5 Annex G).

use super::DicomError;
use crate::number::index;

/// Decodes one frame to samples in pixel order, each sample little endian.
///
/// `planes` is samples per pixel times bytes per sample: the number of RLE segments.
pub(super) fn decode(
    encoded: &[u8],
    pixels: usize,
    samples: usize,
    sample_bytes: usize,
) -> Result<Vec<u8>, DicomError> {
    let planes = samples * sample_bytes;
    let (header, _) = encoded.split_first_chunk::<64>().ok_or(DicomError::Truncated)?;
    let mut words = header
        .as_chunks::<4>()
        .0
        .iter()
        .map(|&four| index(u32::from_le_bytes(four)));
    if words.next() != Some(planes) {
        return Err(DicomError::Corrupt("number of RLE segments"));
    }
    let starts: Vec<usize> = words.take(planes).collect();
    let ends = starts
        .iter()
        .skip(1)
        .copied()
        .chain(std::iter::once(encoded.len()));
    let mut out = vec![0; pixels * planes];
    let mut plane = Vec::new();
    for (segment, (&start, end)) in starts.iter().zip(ends).enumerate() {
        let packed = encoded
            .get(start..end)
            .ok_or(DicomError::Corrupt("RLE segment offsets"))?;
        unpack_bits(packed, pixels, &mut plane)?;
        // Segments come most significant byte first within each sample.
        let first = segment / sample_bytes * sample_bytes + (sample_bytes - 1 - segment % sample_bytes);
        for (to, &byte) in out.iter_mut().skip(first).step_by(planes).zip(&plane) {
            *to = byte;
        }
    }
    Ok(out)
}

/// Fills `out` with exactly `length` bytes; further runs are padding.
fn unpack_bits(mut packed: &[u8], length: usize, out: &mut Vec<u8>) -> Result<(), DicomError> {
    out.clear();
    while out.len() < length {
        let (&control, rest) = packed.split_first().ok_or(DicomError::Truncated)?;
        match control {
            0..=127 => {
                let count = usize::from(control) + 1;
                let (literal, rest) = rest.split_at_checked(count).ok_or(DicomError::Truncated)?;
                out.extend_from_slice(literal);
                packed = rest;
            }
            128 => packed = rest,
            129..=255 => {
                let (&byte, rest) = rest.split_first().ok_or(DicomError::Truncated)?;
                out.resize(out.len() + 257 - usize::from(control), byte);
                packed = rest;
            }
        }
    }
    out.truncate(length);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_segments_become_words() {
        let mut encoded = vec![0; 64];
        for (at, value) in [(0, 2_u32), (4, 64), (8, 66)] {
            encoded.splice(at..at + 4, value.to_le_bytes());
        }
        encoded.extend([254, 0x12, 2, 0x34, 0x56, 0x78]);
        assert_eq!(
            decode(&encoded, 3, 1, 2).unwrap(),
            [0x34, 0x12, 0x56, 0x12, 0x78, 0x12]
        );
        assert_eq!(decode(&encoded, 4, 1, 2), Err(DicomError::Truncated));
        assert_eq!(
            decode(&encoded, 3, 1, 1),
            Err(DicomError::Corrupt("number of RLE segments"))
        );
        assert_eq!(decode(&[0; 20], 3, 1, 1), Err(DicomError::Truncated));
    }
}
