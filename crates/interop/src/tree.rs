//! Documents as trees that keep their order, and their JSON.
//!
//! `serde_json::Value` sorts the members of an object, and FHIR XML has its elements in an order of its own; so
//! what goes out is built here, once, and written in either form.

mod serialize;

pub(crate) use serialize::to_tree;

/// A value. Text has no character that XML 1.0 forbids, so that both forms say the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tree {
    /// No value: left out of objects.
    Null,
    Bool(bool),
    /// A number as it is to be written.
    Number(String),
    Text(String),
    List(Vec<Self>),
    /// Values of different kinds by position.
    Tuple(Vec<Self>),
    Object(Object),
}

/// Members in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Object(pub(crate) Vec<(String, Tree)>);

impl Object {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a member; nothing, blank text and empty lists and objects are left out.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: impl Into<Tree>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.0.push((name.to_owned(), value));
        }
        self
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Tree> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value)
    }
}

impl Tree {
    /// Text without what XML forbids, and without surrounding space.
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(clean(text.trim()))
    }

    pub(crate) const fn is_empty(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.is_empty(),
            Self::List(items) | Self::Tuple(items) => items.is_empty(),
            Self::Object(object) => object.0.is_empty(),
            Self::Bool(_) | Self::Number(_) => false,
        }
    }

    /// The JSON, without white space.
    pub(crate) fn to_json(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out);
        out
    }

    fn write_json(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Self::Number(number) => out.push_str(number),
            Self::Text(text) => out.push_str(&serde_json::Value::from(text.as_str()).to_string()),
            Self::List(items) | Self::Tuple(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write_json(out);
                }
                out.push(']');
            }
            Self::Object(object) => {
                out.push('{');
                for (at, (name, value)) in object.0.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    out.push_str(&serde_json::Value::from(name.as_str()).to_string());
                    out.push(':');
                    value.write_json(out);
                }
                out.push('}');
            }
        }
    }
}

impl From<Object> for Tree {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

impl From<&str> for Tree {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Tree {
    fn from(text: String) -> Self {
        Self::text(&text)
    }
}

impl From<bool> for Tree {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<u32> for Tree {
    fn from(number: u32) -> Self {
        Self::Number(number.to_string())
    }
}

impl<T: Into<Self>> From<Vec<T>> for Tree {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Self>> From<Option<T>> for Tree {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Text with U+FFFD in place of every character XML 1.0 cannot hold.
pub(crate) fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if is_xml(c) { c } else { '\u{fffd}' })
        .collect()
}

/// `Char` of XML 1.0.
const fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

/// Escapes text for the content of an element or for an attribute between double quotes; line ends and tabs
/// survive the reader's normalisation.
pub(crate) fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\t' => out.push_str("&#9;"),
            c if is_xml(c) => out.push(c),
            _ => out.push('\u{fffd}'),
        }
    }
}
