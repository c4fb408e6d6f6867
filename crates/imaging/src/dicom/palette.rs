//! Palette colour (PS3.3 C.7.6.3.1.5, C.7.6.3.1.6).

use super::DicomError;
use super::facts::Header;
use crate::number::index;
use dicom_dictionary_std::tags;

/// The three columns of a palette.
pub(super) struct Palette {
    first: i32,
    colours: Vec<[u8; 3]>,
}

impl Palette {
    /// Values outside take the nearest end (PS3.3 C.7.6.3.1.5).
    pub(super) fn colour(&self, stored: i32) -> [u8; 3] {
        let at = usize::try_from(stored.saturating_sub(self.first)).unwrap_or(0);
        let last = self.colours.len().saturating_sub(1);
        self.colours.get(at.min(last)).copied().unwrap_or_default()
    }
}

impl Header<'_> {
    /// The palette of a PALETTE COLOR image, `None` for others (PS3.3 C.7.6.3.1.5, C.7.6.3.1.6).
    pub(super) fn palette(&self) -> Result<Option<Palette>, DicomError> {
        if self.code(tags::PHOTOMETRIC_INTERPRETATION).as_deref() != Some("PALETTE COLOR") {
            return Ok(None);
        }
        let bad = DicomError::Corrupt("palette");
        let descriptor = self.object.get(tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR);
        let descriptor =
            descriptor.and_then(|element| element.value().primitive()?.to_multi_int::<i32>().ok());
        let Some([entries, first, bits]) = descriptor.and_then(|values| <[i32; 3]>::try_from(values).ok())
        else {
            return Err(DicomError::UnsupportedPixelFormat(
                "palette without a table".to_owned(),
            ));
        };
        // 0 means 65536; a descriptor stored as SS shows large counts as negative.
        let entries = match entries {
            0 => 0x1_0000,
            negative if negative < 0 => negative + 0x1_0000,
            count => count,
        };
        let entries = u32::try_from(entries).map(index).map_err(|_| bad.clone())?;
        let column = |tag| {
            let raw = self.raw(tag).ok_or(bad.clone())?;
            let big = self.opened.encoding.big_endian;
            // 16 bits: the high byte is the colour. 8 bits: packed two a word, or one a word.
            let high = |&[a, b]: &[u8; 2]| if big { a } else { b };
            let low = |&[a, b]: &[u8; 2]| if big { b } else { a };
            let pairs = raw.as_chunks::<2>().0;
            let values: Vec<u8> = match (bits, raw.len() >= entries * 2) {
                (16, _) => pairs.iter().map(high).collect(),
                (_, true) => pairs.iter().map(low).collect(),
                (_, false) if big => pairs.iter().flat_map(|&[a, b]| [b, a]).collect(),
                (_, false) => raw.to_vec(),
            };
            if values.len() < entries {
                Err(bad.clone())
            } else {
                Ok(values)
            }
        };
        let red = column(tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DATA)?;
        let green = column(tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA)?;
        let blue = column(tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA)?;
        let colours = red
            .iter()
            .zip(&green)
            .zip(&blue)
            .take(entries)
            .map(|((&r, &g), &b)| [r, g, b])
            .collect();
        Ok(Some(Palette { first, colours }))
    }
}
