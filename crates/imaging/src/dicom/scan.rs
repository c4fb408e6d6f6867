//! A walk over the elements of a data set, without recursion and without copying.
//!
//! It tells a cut file from a damaged one, bounds the nesting before the recursive parser sees the
//! data, and finds the pixel data and the raw bytes of top-level elements.

use super::DicomError;
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::{StandardDataDictionary, tags};
use std::collections::BTreeMap;
use std::ops::Range;

/// Deepest nesting of sequences and items together.
const MAX_DEPTH: usize = 48;
/// Most pixel fragments of one object.
const MAX_FRAGMENTS: usize = 1 << 20;
const UNDEFINED: u32 = u32::MAX;

// PS3.5 7.5.
const ITEM: Tag = Tag(0xFFFE, 0xE000);
const ITEM_DELIMITATION_ITEM: Tag = Tag(0xFFFE, 0xE00D);
const SEQUENCE_DELIMITATION_ITEM: Tag = Tag(0xFFFE, 0xE0DD);

/// Byte order and whether elements state their VR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Encoding {
    explicit: bool,
    pub(super) big_endian: bool,
}

impl Encoding {
    pub(super) const IMPLICIT: Self = Self {
        explicit: false,
        big_endian: false,
    };
    pub(super) const EXPLICIT: Self = Self {
        explicit: true,
        big_endian: false,
    };
    pub(super) const BIG_ENDIAN: Self = Self {
        explicit: true,
        big_endian: true,
    };
}

/// Where the pixel data lie in the data set.
#[derive(Debug)]
pub(super) enum PixelData {
    Native(Range<usize>),
    Encapsulated {
        /// Basic Offset Table; may be empty.
        offsets: Vec<u32>,
        fragments: Vec<Range<usize>>,
    },
}

#[derive(Debug)]
pub(super) struct Scan {
    /// Where the Pixel Data element starts.
    pub(super) header_end: usize,
    pub(super) pixels: PixelData,
    /// The pixel data are 16-bit words (VR OW), which matters to big-endian files.
    pub(super) pixel_words: bool,
    /// Values of the top-level elements before the pixel data that are not sequences.
    pub(super) values: BTreeMap<Tag, Range<usize>>,
}

pub(super) struct MetaGroup {
    pub(super) transfer_syntax: String,
    /// First byte after the group.
    pub(super) end: usize,
}

/// Reads the File Meta Information that starts at `start`.
pub(super) fn meta_group(bytes: &[u8], start: usize) -> Result<MetaGroup, DicomError> {
    let mut cursor = Cursor {
        bytes,
        at: start,
        encoding: Encoding::EXPLICIT,
    };
    let mut transfer_syntax = None;
    // The next data set may be big endian or deflated: only the group number tells where it begins.
    while cursor.peek_group() == Some(0x0002) {
        let header = cursor.element(false)?;
        if header.length == UNDEFINED {
            return Err(DicomError::Corrupt("meta information"));
        }
        let value = cursor.take(header.length)?;
        if header.tag == tags::TRANSFER_SYNTAX_UID {
            let text = bytes.get(value).and_then(|raw| std::str::from_utf8(raw).ok());
            transfer_syntax = text.map(|text| text.trim_end_matches(['\0', ' ']).to_owned());
        }
    }
    match transfer_syntax {
        Some(transfer_syntax) => Ok(MetaGroup {
            transfer_syntax,
            end: cursor.at,
        }),
        None if cursor.peek_group().is_none() => Err(DicomError::Truncated),
        None => Err(DicomError::Corrupt("no transfer syntax")),
    }
}

/// One open sequence or item.
struct Level {
    /// Where it ends, `None` when a delimiter ends it.
    end: Option<usize>,
    item: bool,
    /// Content of an element of VR UN is implicit VR whatever the file says (PS3.5 6.2.2).
    implicit: bool,
    /// A sequence of fragments, not of items.
    fragments: bool,
}

/// Walks the data set up to and including its pixel data.
pub(super) fn data_set(bytes: &[u8], encoding: Encoding) -> Result<Scan, DicomError> {
    let mut cursor = Cursor {
        bytes,
        at: 0,
        encoding,
    };
    let mut levels: Vec<Level> = Vec::new();
    let mut values = BTreeMap::new();
    loop {
        while let Some(end) = levels.last().and_then(|level| level.end) {
            match cursor.at.cmp(&end) {
                std::cmp::Ordering::Less => break,
                std::cmp::Ordering::Equal => drop(levels.pop()),
                std::cmp::Ordering::Greater => return Err(DicomError::Corrupt("length of a sequence")),
            }
        }
        if cursor.at == bytes.len() {
            return Err(if levels.is_empty() {
                DicomError::NoPixelData
            } else {
                DicomError::Truncated
            });
        }
        if cursor.peek_group() == Some(0xFFFE) {
            delimiter(&mut cursor, &mut levels)?;
            continue;
        }
        if levels.last().is_some_and(|level| !level.item) {
            return Err(DicomError::Corrupt("element between items"));
        }
        let start = cursor.at;
        let implicit = levels.last().is_some_and(|level| level.implicit);
        let header = cursor.element(implicit)?;
        if levels.is_empty() {
            match header.tag {
                tags::PIXEL_DATA => {
                    let pixels = pixel_data(&mut cursor, header.length)?;
                    let pixel_words = header.vr != VR::OB;
                    return Ok(Scan {
                        header_end: start,
                        pixels,
                        pixel_words,
                        values,
                    });
                }
                tags::FLOAT_PIXEL_DATA | tags::DOUBLE_FLOAT_PIXEL_DATA => {
                    return Err(DicomError::UnsupportedPixelFormat(
                        "floating point pixels".to_owned(),
                    ));
                }
                _ => {}
            }
        }
        if header.length == UNDEFINED {
            let fragments = matches!(header.vr, VR::OB | VR::OW);
            if !fragments && !matches!(header.vr, VR::SQ | VR::UN) {
                return Err(DicomError::Corrupt("undefined length"));
            }
            levels.push(Level {
                end: None,
                item: false,
                implicit: implicit || header.vr == VR::UN,
                fragments,
            });
        } else {
            let value = cursor.range(header.length)?;
            if header.vr == VR::SQ {
                levels.push(Level {
                    end: Some(value.end),
                    item: false,
                    implicit,
                    fragments: false,
                });
            } else {
                cursor.at = value.end;
                if levels.is_empty() {
                    values.insert(header.tag, value);
                }
            }
        }
        if levels.len() > MAX_DEPTH {
            return Err(DicomError::Corrupt("nested too deeply"));
        }
    }
}

/// An item, or the end of an item or sequence.
fn delimiter(cursor: &mut Cursor<'_>, levels: &mut Vec<Level>) -> Result<(), DicomError> {
    let (tag, length) = cursor.item()?;
    let Some(level) = levels.last() else {
        return Err(DicomError::Corrupt("item outside a sequence"));
    };
    match tag {
        ITEM if !level.item && level.fragments => {
            cursor.take(length)?;
        }
        ITEM if !level.item => {
            let implicit = level.implicit;
            let end = if length == UNDEFINED {
                None
            } else {
                Some(cursor.range(length)?.end)
            };
            levels.push(Level {
                end,
                item: true,
                implicit,
                fragments: false,
            });
        }
        ITEM_DELIMITATION_ITEM if level.item && level.end.is_none() => drop(levels.pop()),
        SEQUENCE_DELIMITATION_ITEM if !level.item && level.end.is_none() => drop(levels.pop()),
        _ => return Err(DicomError::Corrupt("item structure")),
    }
    Ok(())
}

fn pixel_data(cursor: &mut Cursor<'_>, length: u32) -> Result<PixelData, DicomError> {
    if length != UNDEFINED {
        return Ok(PixelData::Native(cursor.take(length)?));
    }
    let mut offsets = None;
    let mut fragments = Vec::new();
    loop {
        let (tag, length) = cursor.item()?;
        match tag {
            SEQUENCE_DELIMITATION_ITEM => break,
            ITEM if length != UNDEFINED => {}
            _ => return Err(DicomError::Corrupt("pixel fragments")),
        }
        let value = cursor.take(length)?;
        if offsets.is_none() {
            let raw = cursor.bytes.get(value).unwrap_or_default();
            offsets = Some(
                raw.as_chunks::<4>()
                    .0
                    .iter()
                    .map(|&four| u32::from_le_bytes(four))
                    .collect(),
            );
        } else if fragments.len() >= MAX_FRAGMENTS {
            return Err(DicomError::TooLarge);
        } else {
            fragments.push(value);
        }
    }
    Ok(PixelData::Encapsulated {
        offsets: offsets.unwrap_or_default(),
        fragments,
    })
}

struct ElementHeader {
    tag: Tag,
    vr: VR,
    length: u32,
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    encoding: Encoding,
}

impl Cursor<'_> {
    fn peek_group(&self) -> Option<u16> {
        Some(self.order16(*self.bytes.get(self.at..)?.first_chunk::<2>()?))
    }

    fn element(&mut self, implicit: bool) -> Result<ElementHeader, DicomError> {
        let tag = self.tag()?;
        if implicit || !self.encoding.explicit {
            let vr = StandardDataDictionary
                .by_tag(tag)
                .map_or(VR::UN, |entry| entry.vr().relaxed());
            return Ok(ElementHeader {
                tag,
                vr,
                length: self.u32()?,
            });
        }
        // A VR nobody knows has the long form (PS3.5 6.2.2), as the parser takes it.
        let vr = VR::from_binary(self.array::<2>()?).unwrap_or(VR::UN);
        let length = if has_short_length(vr) {
            u32::from(self.u16()?)
        } else {
            self.u16()?;
            self.u32()?
        };
        Ok(ElementHeader { tag, vr, length })
    }

    fn item(&mut self) -> Result<(Tag, u32), DicomError> {
        Ok((self.tag()?, self.u32()?))
    }

    fn tag(&mut self) -> Result<Tag, DicomError> {
        Ok(Tag(self.u16()?, self.u16()?))
    }

    /// The range of the next `length` bytes, without moving on.
    fn range(&self, length: u32) -> Result<Range<usize>, DicomError> {
        let end = usize::try_from(length)
            .ok()
            .and_then(|length| self.at.checked_add(length));
        match end {
            Some(end) if end <= self.bytes.len() => Ok(self.at..end),
            _ => Err(DicomError::Truncated),
        }
    }

    fn take(&mut self, length: u32) -> Result<Range<usize>, DicomError> {
        let range = self.range(length)?;
        self.at = range.end;
        Ok(range)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DicomError> {
        let array = self
            .bytes
            .get(self.at..)
            .and_then(<[u8]>::first_chunk::<N>)
            .ok_or(DicomError::Truncated)?;
        self.at += N;
        Ok(*array)
    }

    fn u16(&mut self) -> Result<u16, DicomError> {
        let pair = self.array()?;
        Ok(self.order16(pair))
    }

    fn u32(&mut self) -> Result<u32, DicomError> {
        let four = self.array()?;
        Ok(if self.encoding.big_endian {
            u32::from_be_bytes(four)
        } else {
            u32::from_le_bytes(four)
        })
    }

    fn order16(&self, pair: [u8; 2]) -> u16 {
        if self.encoding.big_endian {
            u16::from_be_bytes(pair)
        } else {
            u16::from_le_bytes(pair)
        }
    }
}

fn has_short_length(vr: VR) -> bool {
    matches!(
        vr,
        VR::AE
            | VR::AS
            | VR::AT
            | VR::CS
            | VR::DA
            | VR::DS
            | VR::DT
            | VR::FL
            | VR::FD
            | VR::IS
            | VR::LO
            | VR::LT
            | VR::PN
            | VR::SH
            | VR::SL
            | VR::SS
            | VR::ST
            | VR::TM
            | VR::UI
            | VR::UL
            | VR::US
    )
}
