//! Reading single elements of untrusted JSON without ever failing: what has another shape is absent.

use consilium_domain::Timestamp;
use serde_json::Value;

/// One resource of the bundle.
#[derive(Clone, Copy)]
pub(super) struct Resource<'a> {
    pub(super) index: usize,
    pub(super) kind: &'a str,
    pub(super) full_url: &'a str,
    pub(super) body: &'a Value,
}

impl<'a> Resource<'a> {
    pub(super) fn of_entry(index: usize, entry: &'a Value) -> Option<Self> {
        let body = entry.get("resource")?;
        Some(Self {
            index,
            kind: text(body, "resourceType")?,
            full_url: text(entry, "fullUrl").unwrap_or_default(),
            body,
        })
    }

    /// FHIRPath of this resource in its bundle.
    pub(super) fn path(&self) -> String {
        format!("Bundle.entry[{}].resource", self.index)
    }

    /// Whether `reference` means this resource: by its full address, by `Type/id`, or by an address
    /// that ends so.
    pub(super) fn is_named_by(&self, reference: &str) -> bool {
        if reference.is_empty() {
            return false;
        }
        let id = text(self.body, "id").unwrap_or_default();
        let relative = format!("{}/{id}", self.kind);
        let versionless = reference.split("/_history/").next().unwrap_or(reference);
        self.full_url == reference
            || !id.is_empty()
                && (versionless == relative
                    || versionless.ends_with(&format!("/{relative}"))
                    || reference.strip_prefix("urn:uuid:") == Some(id))
            || !self.full_url.is_empty() && self.full_url.ends_with(&format!("/{versionless}"))
    }

    /// Whether this resource is `patient`, has it as its subject, or names no subject at all.
    pub(super) fn is_about(&self, patient: &Resource<'_>) -> bool {
        if self.kind == "Patient" {
            return self.index == patient.index;
        }
        let subject = self.body.get("subject").or_else(|| self.body.get("patient"));
        subject
            .and_then(|s| text(s, "reference"))
            .is_none_or(|reference| patient.is_named_by(reference))
    }
}

/// A non-empty string element, trimmed.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value
        .get(name)
        .and_then(Value::as_str)
        .map(str::trim)
        .filter(|t| !t.is_empty())
}

/// A list element; a missing one is empty, a single value is a list of one.
pub(super) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    match value.get(name) {
        Some(Value::Array(items)) => items,
        Some(single @ (Value::Object(_) | Value::String(_))) => std::slice::from_ref(single),
        _ => &[],
    }
}

/// Codings of a `CodeableConcept`.
pub(super) fn codings(concept: &Value) -> impl Iterator<Item = (&str, &str)> {
    list(concept, "coding").iter().filter_map(|coding| {
        let system = text(coding, "system").unwrap_or_default();
        text(coding, "code").map(|code| (system.strip_prefix("urn:oid:").unwrap_or(system), code))
    })
}

/// Whether a `CodeableConcept` has this code in any system.
pub(super) fn has_code(concept: &Value, code: &str) -> bool {
    codings(concept).any(|(_, c)| c == code)
}

/// What a reader calls a `CodeableConcept`: its text, or the first display, or the first code.
pub(super) fn display(concept: &Value) -> Option<&str> {
    text(concept, "text")
        .or_else(|| list(concept, "coding").iter().find_map(|c| text(c, "display")))
        .or_else(|| list(concept, "coding").iter().find_map(|c| text(c, "code")))
}

/// The `url` of an extension without its path: `patient-birthPlace`.
pub(super) fn extension_name(extension: &Value) -> &str {
    text(extension, "url")
        .and_then(|url| url.rsplit('/').next())
        .unwrap_or_default()
}

/// A FHIR `dateTime` of any precision as milliseconds, for ordering only.
pub(super) fn instant_ms(date: &str) -> Option<i64> {
    let full = match date.len() {
        4 => format!("{date}-01-01T00:00:00Z"),
        7 => format!("{date}-01T00:00:00Z"),
        10 => format!("{date}T00:00:00Z"),
        _ => date.to_owned(),
    };
    Timestamp::parse_rfc3339(&full).ok().map(Timestamp::ms)
}

/// When a resource happened, from the first of `names` it has (a `Period` counts with its start),
/// as written and as milliseconds.
pub(super) fn when<'a>(body: &'a Value, names: &[&str]) -> (&'a str, i64) {
    names
        .iter()
        .filter_map(|name| text(body, name).or_else(|| text(body.get(name)?, "start")))
        .find_map(|date| Some((date, instant_ms(date)?)))
        .unwrap_or(("", i64::MIN))
}

/// The day part of a FHIR date (`2019-11-22`), or all of a shorter one.
pub(super) fn day(date: &str) -> &str {
    date.get(..10).unwrap_or(date)
}

/// At most `chars` characters; a cut is shown by an ellipsis.
pub(super) fn clip(value: &str, chars: usize) -> String {
    if value.chars().count() <= chars {
        return value.to_owned();
    }
    let mut cut: String = value.chars().take(chars.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// Whole lines only, as many as fit into `chars` characters.
pub(super) fn join_lines(lines: impl IntoIterator<Item = String>, chars: usize) -> String {
    let mut out = String::new();
    let mut used = 0_usize;
    for line in lines {
        let more = line.chars().count().saturating_add(1);
        used = used.saturating_add(more);
        if used > chars {
            break;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&line);
    }
    out
}
