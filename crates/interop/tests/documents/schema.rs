//! The XML schema of our plain documents, from the same descriptions as the interface document: so the two cannot
//! say different things.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What may stand as a root, and the body it holds.
const ROOTS: [(&str, &str); 3] = [
    ("invitation", "InvitationBody"),
    ("package", "Package"),
    ("report", "Report"),
];

/// The schema for `components.schemas` of the interface document.
pub(crate) fn xsd(schemas: &Value) -> String {
    let mut writer = Writer {
        schemas,
        wanted: ROOTS.iter().map(|(_, body)| (*body).to_owned()).collect(),
        done: BTreeMap::new(),
    };
    while let Some(name) = writer
        .wanted
        .iter()
        .find(|name| !writer.done.contains_key(*name))
        .cloned()
    {
        let mut out = String::new();
        let schema = &schemas[&name];
        assert!(schema.is_object(), "the interface has no schema {name}");
        writer.body(schema, Some(&name), None, &mut out);
        writer.done.insert(name, out);
    }
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!-- Generated from the bodies of the interface; the test in crates/interop/tests/documents compares. -->\n\
         <xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:c=\"urn:consilium:v1\" targetNamespace=\"urn:consilium:v1\" \
         elementFormDefault=\"qualified\" version=\"1\">\n",
    );
    for (root, body) in ROOTS {
        out.push_str(&format!("<xs:element name=\"{root}\" type=\"c:{body}\"/>\n"));
    }
    for definition in writer.done.values() {
        out.push_str(definition);
    }
    out.push_str("</xs:schema>\n");
    out
}

struct Writer<'a> {
    schemas: &'a Value,
    /// Names met.
    wanted: BTreeSet<String>,
    done: BTreeMap<String, String>,
}

impl<'a> Writer<'a> {
    fn resolve(&self, name: &str) -> &'a Value {
        &self.schemas[name]
    }

    /// A value is a structure (or text).
    fn is_complex(&self, schema: &'a Value) -> bool {
        if let Some(name) = named(schema) {
            return self.is_complex(self.resolve(name));
        }
        schema.get("allOf").is_some()
            || schema.get("oneOf").is_some()
            || matches!(kind(schema), Some("object" | "array"))
    }

    /// Members of an object and of what is flattened into it; whether each must be there.
    fn members(&self, schema: &'a Value, out: &mut BTreeMap<&'a str, (&'a Value, bool)>) {
        if let Some(name) = named(schema) {
            return self.members(self.resolve(name), out);
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.members(part, out);
        }
        let required: BTreeSet<&str> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            out.insert(name, (member, required.contains(name.as_str())));
        }
    }

    /// `<xs:element>` of a value.
    fn element(
        &mut self,
        name: &str,
        schema: &'a Value,
        required: bool,
        many: bool,
        key: bool,
        out: &mut String,
    ) {
        let (schema, nullable) = without_null(schema);
        let min = if required && !nullable && !many {
            ""
        } else {
            " minOccurs=\"0\""
        };
        let max = if many { " maxOccurs=\"unbounded\"" } else { "" };
        out.push_str(&format!("<xs:element name=\"{name}\"{min}{max}"));
        match self.simple(schema) {
            Some(of) if !key => out.push_str(&format!(" type=\"{of}\"/>\n")),
            _ => {
                out.push_str(">\n");
                self.body(schema, None, key.then_some(()), out);
                out.push_str("</xs:element>\n");
            }
        }
    }

    /// The name of a type that needs no body of its own.
    fn simple(&mut self, schema: &'a Value) -> Option<String> {
        if let Some(name) = named(schema) {
            self.wanted.insert(name.to_owned());
            return Some(format!("c:{name}"));
        }
        if schema.get("enum").is_some() {
            return None;
        }
        let of = match (kind(schema), schema["format"].as_str()) {
            (Some("string"), Some("date-time")) => "xs:dateTime",
            (Some("string"), _) => "xs:string",
            (Some("integer"), _) => "xs:integer",
            (Some("number"), _) => "xs:double",
            (Some("boolean"), _) => "xs:boolean",
            _ => return None,
        };
        Some(of.to_owned())
    }

    /// `<xs:complexType>` or `<xs:simpleType>`; `key` adds the attribute of an entry.
    fn body(&mut self, schema: &'a Value, name: Option<&str>, key: Option<()>, out: &mut String) {
        let named_as = name.map(|name| format!(" name=\"{name}\"")).unwrap_or_default();
        let attribute = "<xs:attribute name=\"key\" type=\"xs:string\" use=\"required\"/>\n";
        if key.is_some() {
            let content = if self.is_complex(schema) {
                "complexContent"
            } else {
                "simpleContent"
            };
            let base = self
                .simple(schema)
                .unwrap_or_else(|| panic!("an entry of {schema}"));
            out.push_str(&format!(
                "<xs:complexType>\n<xs:{content}><xs:extension base=\"{base}\">\n{attribute}</xs:extension></xs:{content}>\n</xs:complexType>\n"
            ));
            return;
        }
        if let Some(values) = schema["enum"].as_array() {
            out.push_str(&format!(
                "<xs:simpleType{named_as}><xs:restriction base=\"xs:string\">\n"
            ));
            for value in values.iter().filter_map(Value::as_str) {
                out.push_str(&format!("<xs:enumeration value=\"{value}\"/>\n"));
            }
            out.push_str("</xs:restriction></xs:simpleType>\n");
            return;
        }
        if !self.is_complex(schema) {
            let base = self
                .simple(schema)
                .unwrap_or_else(|| panic!("no type for {schema}"));
            out.push_str(&format!(
                "<xs:simpleType{named_as}><xs:restriction base=\"{base}\"/></xs:simpleType>\n"
            ));
            return;
        }
        out.push_str(&format!("<xs:complexType{named_as}><xs:sequence>\n"));
        if schema.get("oneOf").is_some() {
            out.push_str("<xs:any namespace=\"##targetNamespace\" processContents=\"skip\" minOccurs=\"0\" maxOccurs=\"unbounded\"/>\n");
        } else if let Some(parts) = schema["prefixItems"].as_array() {
            for (at, part) in parts.iter().enumerate() {
                self.element(&format!("v{}", at + 1), part, true, false, false, out);
            }
        } else if kind(schema) == Some("array") {
            self.element("item", &schema["items"], false, true, false, out);
        } else if schema["additionalProperties"].is_object() {
            self.element("entry", &schema["additionalProperties"], false, true, true, out);
        } else {
            let mut members = BTreeMap::new();
            self.members(schema, &mut members);
            for (name, (member, required)) in members {
                self.element(name, member, required, false, false, out);
            }
        }
        out.push_str("</xs:sequence></xs:complexType>\n");
    }
}

fn named(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str().and_then(|path| path.rsplit('/').next())
}

/// The type besides `null`.
fn kind(schema: &Value) -> Option<&str> {
    match &schema["type"] {
        Value::Array(several) => several
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null"),
        one => one.as_str(),
    }
}

/// A schema without the alternative of having no value, and whether it had one.
fn without_null(schema: &Value) -> (&Value, bool) {
    let alternatives = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array());
    if let Some(alternatives) = alternatives
        && alternatives.iter().any(|a| a["type"] == "null")
    {
        let real: Vec<&Value> = alternatives.iter().filter(|a| a["type"] != "null").collect();
        if let [only] = real[..] {
            return (only, true);
        }
    }
    let nullable = schema["type"]
        .as_array()
        .is_some_and(|kinds| kinds.iter().any(|kind| kind == "null"));
    (schema, nullable)
}
