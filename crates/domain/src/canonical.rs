//! One spelling for one JSON value, so that two installations that hold the same rules compute the same hash.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// `value` without white space and with the members of every object in the order of their names.
#[must_use]
pub fn canonical_json(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort();
            out.push('{');
            for (at, name) in names.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                write(members.get(name).unwrap_or(&Value::Null), out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

/// SHA-256 as 64 lower-case hexadecimal characters.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_white_space_do_not_matter() {
        let read = |text: &str| canonical_json(&serde_json::from_str(text).unwrap());
        assert_eq!(
            read(r#"{ "b": [1, {"d":"\"", "c":null}], "a": "一" }"#),
            r#"{"a":"一","b":[1,{"c":null,"d":"\""}]}"#
        );
        assert_eq!(read(r#"{"a":1,"b":2}"#), read(r#"{"b":2,"a":1}"#));
        assert_ne!(read("[1,2]"), read("[2,1]"));
    }

    #[test]
    fn digest_of_nothing_is_the_published_one() {
        assert_eq!(
            sha256_hex(b""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
