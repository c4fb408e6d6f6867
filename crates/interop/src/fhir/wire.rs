//! FHIR XML as the JSON it stands for, so that one set of readers serves both.
//!
//! XML does not say which elements may repeat, so a lone one stays a single value; the readers take a single
//! value for a list of one.

use serde_json::{Map, Number, Value};

use super::ImportError;
use crate::xml::{self, Element};

const NAMESPACE: &str = "http://hl7.org/fhir";

/// The resource a document holds.
pub(super) fn read(bytes: &[u8]) -> Result<Value, ImportError> {
    let root = xml::parse(xml::decode(bytes)?)?;
    if !root.declares(NAMESPACE) {
        return Err(ImportError::NotBundle);
    }
    Ok(resource(&root))
}

fn resource(element: &Element) -> Value {
    let mut fields = Map::new();
    fields.insert("resourceType".to_owned(), Value::from(element.name.as_str()));
    children(element, &mut fields);
    Value::Object(fields)
}

/// `entry.resource` and `contained` wrap a resource, whose name begins with a capital.
fn wrapped(element: &Element) -> Option<&Element> {
    match element.children.as_slice() {
        [only] if only.name.starts_with(|c: char| c.is_ascii_uppercase()) => Some(only),
        _ => None,
    }
}

fn children(element: &Element, fields: &mut Map<String, Value>) {
    for child in &element.children {
        if let Some(inner) = wrapped(child) {
            add(fields, &child.name, resource(inner));
            continue;
        }
        if let Some(source) = &child.inner {
            add(fields, &child.name, Value::from(format!("<div>{source}</div>")));
            continue;
        }
        if let Some(value) = child.attribute("value") {
            add(fields, &child.name, primitive(&element.name, &child.name, value));
        }
        if child.children.is_empty() {
            continue;
        }
        let mut inner = Map::new();
        for name in ["id", "url"] {
            if let Some(value) = child.attribute(name) {
                inner.insert(name.to_owned(), Value::from(value));
            }
        }
        children(child, &mut inner);
        // An element with nothing but extensions is a primitive without a value.
        let bare = !matches!(child.name.as_str(), "extension" | "modifierExtension")
            && child.children.iter().all(|c| c.name == "extension");
        if child.attribute("value").is_some() || bare {
            add(fields, &format!("_{}", child.name), Value::Object(inner));
        } else {
            add(fields, &child.name, Value::Object(inner));
        }
    }
}

fn add(fields: &mut Map<String, Value>, name: &str, value: Value) {
    match fields.get_mut(name) {
        None => {
            fields.insert(name.to_owned(), value);
        }
        Some(Value::Array(items)) => items.push(value),
        Some(first) => {
            let first_value = first.take();
            *first = Value::Array(vec![first_value, value]);
        }
    }
}

/// The JSON type of a primitive, from its name and the one it is in.
fn primitive(parent: &str, name: &str, value: &str) -> Value {
    let in_quantity = parent.ends_with("Quantity")
        || matches!(parent, "quantity" | "low" | "high" | "numerator" | "denominator");
    let numeric = name == "value" && in_quantity
        || ["Integer", "Decimal", "PositiveInt", "UnsignedInt"]
            .iter()
            .any(|kind| name == format!("value{kind}"))
        || parent == "repeat" && matches!(name, "frequency" | "period" | "count");
    if numeric && let Ok(number) = value.parse::<Number>() {
        return Value::Number(number);
    }
    if name == "valueBoolean"
        && let Ok(flag) = value.parse::<bool>()
    {
        return Value::Bool(flag);
    }
    Value::from(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_text(text: &str) -> Result<Value, ImportError> {
        read(text.as_bytes())
    }

    #[test]
    fn elements_become_what_json_has() {
        let got = read_text(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Bundle xmlns=\"http://hl7.org/fhir\"><type value=\"collection\"/>\
             <entry><fullUrl value=\"urn:uuid:1\"/><resource><Patient><id value=\"p\"/>\
             <extension url=\"http://x/a\"><valueString value=\"汉族\"/></extension>\
             <name><given value=\"a\"/><given value=\"b &amp; &#x4e2d;\"/></name>\
             <gender value=\"male\"><extension url=\"http://x/g\"><valueCode value=\"1\"/></extension></gender>\
             <birthDate><extension url=\"http://x/absent\"><valueCode value=\"masked\"/></extension></birthDate></Patient></resource></entry>\
             <entry><resource><Observation><text><status value=\"generated\"/><div xmlns=\"http://www.w3.org/1999/xhtml\"><p>x<br/></p></div></text>\
             <valueQuantity><value value=\"7.40\"/><unit value=\"1\"/></valueQuantity></Observation></resource></entry></Bundle>",
        )
        .unwrap();
        assert_eq!(
            got,
            json!({"resourceType": "Bundle", "type": "collection", "entry": [
                {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient", "id": "p",
                    "extension": {"url": "http://x/a", "valueString": "汉族"},
                    "name": {"given": ["a", "b & 中"]},
                    "gender": "male", "_gender": {"extension": {"url": "http://x/g", "valueCode": "1"}},
                    "_birthDate": {"extension": {"url": "http://x/absent", "valueCode": "masked"}}}},
                {"resource": {"resourceType": "Observation",
                    "text": {"status": "generated", "div": "<div><p>x<br/></p></div>"},
                    "valueQuantity": {"value": 7.4, "unit": "1"}}}]})
        );
    }

    #[test]
    fn dangerous_documents_are_refused_by_name() {
        use crate::xml::XmlError;
        let refused = |text: &str| match read_text(text) {
            Err(ImportError::Xml(error)) => error,
            other => panic!("{other:?}"),
        };
        let bomb = "<!DOCTYPE b [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]><Bundle xmlns=\"http://hl7.org/fhir\"><id value=\"&b;\"/></Bundle>";
        assert_eq!(refused(bomb), XmlError::Forbidden);
        let file = "<!DOCTYPE b SYSTEM \"file:///etc/passwd\"><Bundle xmlns=\"http://hl7.org/fhir\"/>";
        assert_eq!(refused(file), XmlError::Forbidden);
        assert_eq!(
            refused("<Bundle xmlns=\"http://hl7.org/fhir\"><id value=\"&own;\"/></Bundle>"),
            XmlError::Forbidden
        );
        assert_eq!(
            refused("<Bundle xmlns=\"http://hl7.org/fhir\">&own;</Bundle>"),
            XmlError::Forbidden
        );
        let deep = format!(
            "<Bundle xmlns=\"http://hl7.org/fhir\">{}{}</Bundle>",
            "<a>".repeat(70),
            "</a>".repeat(70)
        );
        assert_eq!(refused(&deep), XmlError::TooDeep);
        let attributes: String = (0..20).map(|n| format!(" a{n}=\"\"")).collect();
        assert_eq!(refused(&format!("<Bundle{attributes}/>")), XmlError::TooLarge);
        let many = format!(
            "<Bundle xmlns=\"http://hl7.org/fhir\">{}</Bundle>",
            "<a/>".repeat(xml::ELEMENTS_MAX)
        );
        assert_eq!(refused(&many), XmlError::TooLarge);
        for broken in [
            "",
            "x",
            "<Bundle>",
            "<Bundle></Bund>",
            "<Bundle/><Bundle/>",
            "<a b='1' b='2'/>",
            "<a>&lt</a>",
            "<Bundle><div>",
            "</a>",
            "<?xml version=\"1.0\" encoding=\"GB18030\"?><Bundle xmlns=\"http://hl7.org/fhir\"/>",
        ] {
            assert!(matches!(refused(broken), XmlError::Malformed { .. }), "{broken}");
        }
        assert!(matches!(
            read(b"<Bundle \xff/>"),
            Err(ImportError::Xml(XmlError::Malformed { line: 1, column: 9 }))
        ));
        assert!(
            matches!(read_text("<Bundle/>"), Err(ImportError::NotBundle)),
            "not in the namespace of FHIR"
        );
    }
}
