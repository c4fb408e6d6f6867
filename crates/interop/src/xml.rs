//! XML of strangers, read with limits.
//!
//! A document type declaration and entities other than the five of XML itself are refused, so nothing is
//! expanded and nothing is fetched; depth, elements and attributes are counted while reading, before memory is
//! taken for them.

use quick_xml::{
    Reader, XmlVersion,
    escape::EscapeError,
    events::{BytesStart, Event},
};

/// Elements inside elements, deepest.
pub const DEPTH_MAX: usize = 64;
/// Elements of one document.
pub const ELEMENTS_MAX: usize = 400_000;
/// Attributes of one element.
pub const ATTRIBUTES_MAX: usize = 16;

/// Why a document is not read. Holds places only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// Not well-formed, or not UTF-8; where reading stopped, both from 1.
    #[error("not XML at line {line}, column {column}")]
    Malformed {
        /// Line.
        line: u64,
        /// Column.
        column: u64,
    },
    /// It has a document type declaration or an entity of its own.
    #[error("document type declarations and own entities are not read")]
    Forbidden,
    /// Deeper than [`DEPTH_MAX`].
    #[error("nested too deeply")]
    TooDeep,
    /// More than [`ELEMENTS_MAX`] elements, or [`ATTRIBUTES_MAX`] attributes of one.
    #[error("too many elements or attributes")]
    TooLarge,
}

/// One element. Text between elements is not kept: no format read here has any outside of narrative.
#[derive(Debug)]
pub(crate) struct Element {
    /// Name without prefix.
    pub(crate) name: String,
    /// Attributes with their names as written.
    pub(crate) attributes: Vec<(String, String)>,
    /// Elements in it.
    pub(crate) children: Vec<Self>,
    /// The source between the tags, for narrative (`div`) only.
    pub(crate) inner: Option<String>,
}

impl Element {
    /// An attribute by its name as written.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether this element declares the namespace.
    pub(crate) fn declares(&self, namespace: &str) -> bool {
        self.attributes
            .iter()
            .any(|(name, value)| (name == "xmlns" || name.starts_with("xmlns:")) && value == namespace)
    }
}

/// The text of a document, which must be UTF-8.
pub(crate) fn decode(bytes: &[u8]) -> Result<&str, XmlError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        place(std::str::from_utf8(before).unwrap_or_default())
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Reads a whole document.
pub(crate) fn parse(text: &str) -> Result<Element, XmlError> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    let mut elements = 0_usize;
    loop {
        let event = reader.read_event();
        let at = |reader: &Reader<_>| here(text, reader.buffer_position());
        let done = match event {
            Err(_) => return Err(here(text, reader.error_position())),
            Ok(Event::Start(start)) => {
                if open.len() >= DEPTH_MAX {
                    return Err(XmlError::TooDeep);
                }
                let mut element = element(&start).map_err(|e| e.unwrap_or_else(|| at(&reader)))?;
                if element.name == "div" {
                    let span = reader
                        .read_to_end(start.name())
                        .map_err(|_| here(text, reader.error_position()))?;
                    let bounds = (usize::try_from(span.start), usize::try_from(span.end));
                    let (Ok(from), Ok(to)) = bounds else {
                        return Err(XmlError::TooLarge);
                    };
                    element.inner = text.get(from..to).map(str::to_owned);
                    Some(element)
                } else {
                    open.push(element);
                    None
                }
            }
            Ok(Event::Empty(start)) => Some(element(&start).map_err(|e| e.unwrap_or_else(|| at(&reader)))?),
            Ok(Event::End(_)) => Some(open.pop().ok_or_else(|| at(&reader))?),
            Ok(Event::Decl(decl)) => {
                let ours = decl
                    .encoding()
                    .is_none_or(|encoding| encoding.is_ok_and(|e| e.eq_ignore_ascii_case("utf-8")));
                if !ours {
                    return Err(at(&reader));
                }
                None
            }
            Ok(Event::DocType(_)) => return Err(XmlError::Forbidden),
            Ok(Event::GeneralRef(entity)) => {
                if !entity.is_char_ref() && !is_predefined(&entity) {
                    return Err(XmlError::Forbidden);
                }
                None
            }
            Ok(Event::Text(words)) => {
                if open.is_empty() && !words.trim().is_empty() {
                    return Err(at(&reader));
                }
                None
            }
            Ok(Event::CData(_) | Event::Comment(_) | Event::PI(_)) => None,
            Ok(Event::Eof) => break,
        };
        let Some(element) = done else { continue };
        elements = elements.saturating_add(1);
        if elements > ELEMENTS_MAX {
            return Err(XmlError::TooLarge);
        }
        match open.last_mut() {
            Some(parent) => parent.children.push(element),
            None if root.is_none() => root = Some(element),
            None => return Err(at(&reader)),
        }
    }
    match root {
        Some(root) if open.is_empty() => Ok(root),
        _ => Err(place(text)),
    }
}

/// `None` as error: malformed at the present place.
fn element(start: &BytesStart<'_>) -> Result<Element, Option<XmlError>> {
    let mut attributes = Vec::new();
    // Reading stops at the limit, so that looking for doubles stays cheap.
    for attribute in start.attributes() {
        if attributes.len() >= ATTRIBUTES_MAX {
            return Err(Some(XmlError::TooLarge));
        }
        let attribute = attribute.map_err(|_| None)?;
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| match error {
                quick_xml::Error::Escape(EscapeError::UnrecognizedEntity(..)) => Some(XmlError::Forbidden),
                _ => None,
            })?;
        attributes.push((attribute.key.into_inner().to_owned(), value.into_owned()));
    }
    Ok(Element {
        name: start.local_name().into_inner().to_owned(),
        attributes,
        children: Vec::new(),
        inner: None,
    })
}

fn is_predefined(entity: &str) -> bool {
    matches!(entity, "lt" | "gt" | "amp" | "quot" | "apos")
}

fn here(text: &str, position: u64) -> XmlError {
    let at = usize::try_from(position).unwrap_or(usize::MAX).min(text.len());
    let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    place(text.get(..at).unwrap_or_default())
}

/// Just after `before`.
fn place(before: &str) -> XmlError {
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let line = before.matches('\n').count();
    let last = before.rsplit('\n').next().unwrap_or_default();
    XmlError::Malformed {
        line: count(line).saturating_add(1),
        column: count(last.chars().count()).saturating_add(1),
    }
}
