//! Our own documents as plain XML (clause 5.3.2 b): any body of the interface, element names from its fields.
//!
//! One rule for each kind of value, so that nothing has to be written twice; `docs/xml.md` says them for readers and
//! `docs/xsd` for programs. Members of an object stand in the order of their names.

use serde::Serialize;

use crate::tree::{Object, Tree, escape, to_tree};

/// Namespace of version 1.
pub const NAMESPACE: &str = "urn:consilium:v1";

/// A value that has no XML: bytes, or a number that is not finite.
#[derive(Debug, thiserror::Error)]
#[error("no XML for this value: {0}")]
pub struct PlainError(String);

/// The document with one root element named `root`. The same value gives the same bytes.
///
/// # Errors
/// [`PlainError`].
pub fn xml<T: Serialize + ?Sized>(root: &str, value: &T) -> Result<String, PlainError> {
    let tree = to_tree(value).map_err(|error| PlainError(error.to_string()))?;
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    element(root, &[("xmlns", NAMESPACE)], &tree, &mut out);
    out.push('\n');
    Ok(out)
}

fn element(name: &str, attributes: &[(&str, &str)], value: &Tree, out: &mut String) {
    if *value == Tree::Null {
        return;
    }
    out.push('<');
    out.push_str(name);
    for (attribute, text) in attributes {
        out.push_str(&format!(" {attribute}=\""));
        escape(text, out);
        out.push('"');
    }
    let start = out.len();
    out.push('>');
    content(value, out);
    if out.len() == start.saturating_add(1) {
        out.truncate(start);
        out.push_str("/>");
    } else {
        out.push_str(&format!("</{name}>"));
    }
}

fn content(value: &Tree, out: &mut String) {
    match value {
        Tree::Null => {}
        Tree::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Tree::Number(number) => out.push_str(number),
        Tree::Text(text) => escape(text, out),
        Tree::List(items) => list(items, out),
        // A point: serde cannot tell an array of fixed length from a tuple.
        Tree::Tuple(items) if items.iter().all(|item| matches!(item, Tree::Number(_))) => list(items, out),
        Tree::Tuple(items) => {
            for (at, item) in items.iter().enumerate() {
                element(&format!("v{}", at.saturating_add(1)), &[], item, out);
            }
        }
        Tree::Object(object) => members(object, out),
    }
}

fn list(items: &[Tree], out: &mut String) {
    for item in items {
        element("item", &[], item, out);
    }
}

/// Names that XML does not take as they are (`2.7.pulse`) become entries with a key.
fn members(object: &Object, out: &mut String) {
    let mut sorted: Vec<&(String, Tree)> = object.0.iter().collect();
    let as_elements = sorted.iter().all(|(name, _)| is_name(name));
    if as_elements {
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
    }
    for (name, value) in sorted {
        if as_elements {
            element(name, &[], value, out);
        } else {
            element("entry", &[("key", name)], value, out);
        }
    }
}

/// Letters, digits and underscores, not beginning with a digit.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;

    use super::xml;

    #[derive(Serialize)]
    struct Inner {
        b: Option<u8>,
        a: Vec<(String, i32)>,
    }

    #[derive(Serialize)]
    struct Outer {
        z: &'static str,
        #[serde(flatten)]
        inner: Inner,
        map: BTreeMap<&'static str, f64>,
        none: Vec<u8>,
        point: [f64; 2],
        empty: String,
    }

    #[test]
    fn one_rule_for_each_kind_of_value() {
        let value = Outer {
            z: "<a> & \"b\"\r\u{1}",
            inner: Inner {
                b: None,
                a: vec![("甲".to_owned(), -1)],
            },
            map: BTreeMap::from([("2.1", 0.5), ("a", 1.0)]),
            none: Vec::new(),
            point: [1.5, 2.0],
            empty: String::new(),
        };
        assert_eq!(
            xml("thing", &value).unwrap(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<thing xmlns=\"urn:consilium:v1\">\
             <a><item><v1>甲</v1><v2>-1</v2></item></a><empty/><map><entry key=\"2.1\">0.5</entry><entry key=\"a\">1.0</entry></map>\
             <none/><point><item>1.5</item><item>2.0</item></point><z>&lt;a&gt; &amp; &quot;b&quot;&#13;\u{fffd}</z></thing>\n"
        );
        assert!(xml("thing", &f64::INFINITY).is_err());
    }
}
