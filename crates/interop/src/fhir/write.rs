//! FHIR XML from a tree: values as attributes, narrative as XHTML, a resource in a resource wrapped. The order is
//! that of the tree, which is built in the order of the standard.

use crate::tree::{Object, Tree, escape};

/// The resource as an XML document.
pub(super) fn xml(resource: &Object) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    write_resource(resource, Some("http://hl7.org/fhir"), &mut out);
    out
}

fn kind(object: &Object) -> Option<&str> {
    match object.get("resourceType") {
        Some(Tree::Text(kind)) => Some(kind),
        _ => None,
    }
}

fn write_resource(object: &Object, namespace: Option<&str>, out: &mut String) {
    let Some(name) = kind(object) else { return };
    out.push('<');
    out.push_str(name);
    if let Some(namespace) = namespace {
        attribute("xmlns", namespace, out);
    }
    out.push('>');
    for (member, value) in &object.0 {
        if member != "resourceType" {
            write_member(object, member, value, out);
        }
    }
    close(name, out);
}

fn write_member(parent: &Object, name: &str, value: &Tree, out: &mut String) {
    // Written with the value it belongs to.
    if let Some(base) = name.strip_prefix('_') {
        if parent.get(base).is_none() {
            write_element(base, None, object(value), out);
        }
        return;
    }
    let extra = parent.get(&format!("_{name}")).and_then(object);
    match value {
        Tree::List(items) | Tree::Tuple(items) => {
            for item in items {
                write_value(name, item, None, out);
            }
        }
        one => write_value(name, one, extra, out),
    }
}

const fn object(value: &Tree) -> Option<&Object> {
    match value {
        Tree::Object(object) => Some(object),
        _ => None,
    }
}

fn write_value(name: &str, value: &Tree, extra: Option<&Object>, out: &mut String) {
    match value {
        // XHTML as it is: it was built escaped.
        Tree::Text(div) if name == "div" => out.push_str(div),
        Tree::Text(text) | Tree::Number(text) => write_element(name, Some(text), extra, out),
        Tree::Bool(flag) => write_element(name, Some(if *flag { "true" } else { "false" }), extra, out),
        Tree::Object(inner) if kind(inner).is_some() => {
            out.push_str(&format!("<{name}>"));
            write_resource(inner, None, out);
            close(name, out);
        }
        Tree::Object(inner) => write_element(name, None, Some(inner), out),
        Tree::Null | Tree::List(_) | Tree::Tuple(_) => {}
    }
}

fn write_element(name: &str, value: Option<&str>, inner: Option<&Object>, out: &mut String) {
    out.push('<');
    out.push_str(name);
    let is_attribute =
        |member: &str| member == "id" || member == "url" && matches!(name, "extension" | "modifierExtension");
    let members = inner.map(|o| o.0.as_slice()).unwrap_or_default();
    for (member, given) in members {
        if let (true, Tree::Text(text)) = (is_attribute(member), given) {
            attribute(member, text, out);
        }
    }
    if let Some(value) = value {
        attribute("value", value, out);
    }
    let mut content = String::new();
    if let Some(inner) = inner {
        for (member, given) in members.iter().filter(|(member, _)| !is_attribute(member)) {
            write_member(inner, member, given, &mut content);
        }
    }
    if content.is_empty() {
        out.push_str("/>");
    } else {
        out.push('>');
        out.push_str(&content);
        close(name, out);
    }
}

fn attribute(name: &str, value: &str, out: &mut String) {
    out.push_str(&format!(" {name}=\""));
    escape(value, out);
    out.push('"');
}

fn close(name: &str, out: &mut String) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_fhir_xml() {
        let extension = |code: &str| Object::new().with("url", "http://x/e").with("valueCode", code);
        let patient = Object::new()
            .with("resourceType", "Patient")
            .with("id", "p")
            .with("extension", vec![extension("a")])
            .with("name", vec![Object::new().with("given", vec!["甲", "乙 <\"&\n"])])
            .with("active", true)
            .with("gender", "male")
            .with("_gender", Object::new().with("extension", vec![extension("1")]))
            .with(
                "_birthDate",
                Object::new().with("extension", vec![extension("masked")]),
            );
        let bundle = Object::new().with("resourceType", "Bundle").with(
            "entry",
            vec![
                Object::new()
                    .with("fullUrl", "urn:uuid:1")
                    .with("resource", patient),
            ],
        );
        assert_eq!(
            xml(&bundle),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Bundle xmlns=\"http://hl7.org/fhir\"><entry><fullUrl value=\"urn:uuid:1\"/><resource>\
             <Patient><id value=\"p\"/><extension url=\"http://x/e\"><valueCode value=\"a\"/></extension>\
             <name><given value=\"甲\"/><given value=\"乙 &lt;&quot;&amp;\"/></name><active value=\"true\"/>\
             <gender value=\"male\"><extension url=\"http://x/e\"><valueCode value=\"1\"/></extension></gender>\
             <birthDate><extension url=\"http://x/e\"><valueCode value=\"masked\"/></extension></birthDate></Patient></resource></entry></Bundle>"
        );
    }
}
