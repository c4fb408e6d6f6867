//! Reads a v1 update block by block before yrs does, bounded in depth and length, and knows only the
//! contents that a room document may have. yrs reads nested values by recursion without a limit, so a
//! megabyte of opening brackets would end the process.

use std::{collections::BTreeMap, sync::Arc};

use yrs::{Any, Number};

use crate::wire::{Reader, WireError};

/// Levels of nesting in one value.
const DEPTH_MAX: u32 = 12;

/// A place in the history: client and clock.
pub(super) type Id = (u64, u32);

/// Where an item without neighbours says it belongs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Parent<'a> {
    Root(&'a str),
    Item(Id),
}

/// What an item holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    Deleted,
    Chars,
    Values(Vec<Any>),
    Map,
    Array,
    Text,
}

/// One block of one client.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind<'a> {
    /// Collected: nothing is known but its length.
    Collected,
    Item {
        left: Option<Id>,
        right: Option<Id>,
        parent: Option<Parent<'a>>,
        key: Option<&'a str>,
        content: Content,
    },
}

/// A block with its clocks.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Block<'a> {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) kind: Kind<'a>,
}

/// A whole update.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Parsed<'a> {
    pub(super) blocks: BTreeMap<u64, Vec<Block<'a>>>,
    pub(super) deletes: Vec<(u64, u32, u32)>,
}

/// Why an update is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ParseError {
    Malformed,
    /// It has holes.
    Gap,
    /// A content that rooms do not have (subdocument, XML, formatting, binary).
    Content,
}

impl From<WireError> for ParseError {
    fn from(_: WireError) -> Self {
        Self::Malformed
    }
}

fn id(r: &mut Reader<'_>) -> Result<Id, ParseError> {
    Ok((r.var()?, r.var_u32()?))
}

fn any(r: &mut Reader<'_>, depth: u32) -> Result<Any, WireError> {
    if depth > DEPTH_MAX {
        return Err(WireError::Deep);
    }
    Ok(match r.byte()? {
        127 => Any::Undefined,
        126 => Any::Null,
        125 => Any::Number(Number::Int(r.var_int()?)),
        124 => Any::Number(Number::Float(f64::from(f32::from_be_bytes(fixed(r)?)))),
        123 => Any::Number(Number::Float(f64::from_be_bytes(fixed(r)?))),
        122 => Any::Number(Number::Int(i64::from_be_bytes(fixed(r)?))),
        121 => Any::Bool(false),
        120 => Any::Bool(true),
        119 => Any::String(Arc::from(r.text()?)),
        118 => {
            let count = r.count(2)?;
            let mut entries = std::collections::HashMap::new();
            for _ in 0..count {
                let key = r.text()?.to_owned();
                entries.insert(key, any(r, depth + 1)?);
            }
            Any::Map(Arc::new(entries))
        }
        117 => {
            let count = r.count(1)?;
            let mut items = Vec::new();
            for _ in 0..count {
                items.push(any(r, depth + 1)?);
            }
            Any::Array(items.into())
        }
        116 => Any::Buffer(Arc::from(r.buffer()?)),
        tag => return Err(WireError::Tag(tag)),
    })
}

fn fixed<const N: usize>(r: &mut Reader<'_>) -> Result<[u8; N], WireError> {
    r.bytes(N)?.try_into().map_err(|_| WireError::Short)
}

fn content(r: &mut Reader<'_>, tag: u8) -> Result<(Content, u32), ParseError> {
    match tag {
        1 => Ok((Content::Deleted, r.var_u32()?)),
        4 => {
            let text = r.text()?;
            let units = u32::try_from(text.encode_utf16().count()).map_err(|_| ParseError::Malformed)?;
            Ok((Content::Chars, units))
        }
        7 => match r.var()? {
            0 => Ok((Content::Array, 1)),
            1 => Ok((Content::Map, 1)),
            2 => Ok((Content::Text, 1)),
            _ => Err(ParseError::Content),
        },
        8 => {
            let count = r.count(1)?;
            let mut values = Vec::new();
            for _ in 0..count {
                values.push(any(r, 0)?);
            }
            let len = u32::try_from(count).map_err(|_| ParseError::Malformed)?;
            Ok((Content::Values(values), len))
        }
        2 | 3 | 5 | 6 | 9 => Err(ParseError::Content),
        _ => Err(ParseError::Malformed),
    }
}

fn kind<'a>(r: &mut Reader<'a>) -> Result<(Kind<'a>, u32), ParseError> {
    let info = r.byte()?;
    match info {
        0 => return Ok((Kind::Collected, r.var_u32()?)),
        10 => return Err(ParseError::Gap),
        _ => {}
    }
    let (has_left, has_right, has_key) = (info & 0x80 != 0, info & 0x40 != 0, info & 0x20 != 0);
    let left = if has_left { Some(id(r)?) } else { None };
    let right = if has_right { Some(id(r)?) } else { None };
    let (mut parent, mut key) = (None, None);
    if !has_left && !has_right {
        parent = Some(match r.var()? {
            1 => Parent::Root(r.text()?),
            0 => Parent::Item(id(r)?),
            _ => return Err(ParseError::Malformed),
        });
        if has_key {
            key = Some(r.text()?);
        }
    }
    let (content, len) = content(r, info & 0x1f)?;
    let item = Kind::Item {
        left,
        right,
        parent,
        key,
        content,
    };
    Ok((item, len))
}

/// Reads an update to its last byte.
///
/// # Errors
/// See [`ParseError`].
pub(super) fn parse(bytes: &[u8]) -> Result<Parsed<'_>, ParseError> {
    let mut r = Reader::new(bytes);
    let mut parsed = Parsed::default();
    for _ in 0..r.count(4)? {
        let count = r.count(2)?;
        let client = r.var()?;
        let mut clock = r.var_u32()?;
        let mut blocks = Vec::new();
        for _ in 0..count {
            let (kind, len) = kind(&mut r)?;
            let end = clock.checked_add(len).ok_or(ParseError::Malformed)?;
            // yrs counts clocks in 32 bits and distances in 31.
            if len == 0 || end > 1 << 30 {
                return Err(ParseError::Malformed);
            }
            blocks.push(Block {
                start: clock,
                end,
                kind,
            });
            clock = end;
        }
        if parsed.blocks.insert(client, blocks).is_some() {
            return Err(ParseError::Malformed);
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..r.count(2)? {
        let client = r.var()?;
        if !seen.insert(client) {
            return Err(ParseError::Malformed);
        }
        for _ in 0..r.count(2)? {
            let start = r.var_u32()?;
            let end = start.checked_add(r.var_u32()?).ok_or(ParseError::Malformed)?;
            if end == start || end > 1 << 30 {
                return Err(ParseError::Malformed);
            }
            parsed.deletes.push((client, start, end));
        }
    }
    if r.is_empty() {
        Ok(parsed)
    } else {
        Err(ParseError::Malformed)
    }
}
