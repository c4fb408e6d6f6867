//! Laboratory `Observation`s as short lines: the newest of each item.

use std::collections::HashSet;

use consilium_protocol::limits;
use serde_json::Value;

use super::element::{Resource, codings, day, display, has_code, join_lines, list, text, when};

/// Lines of `name value unit (range) flag day`, newest first.
pub(super) fn read(own: &[&Resource<'_>]) -> String {
    let mut results: Vec<(&Value, &str, i64)> = own
        .iter()
        .filter(|r| r.kind == "Observation" && is_laboratory(r.body))
        .map(|r| {
            let (date, at) = when(
                r.body,
                &[
                    "effectiveDateTime",
                    "effectivePeriod",
                    "effectiveInstant",
                    "issued",
                ],
            );
            (r.body, date, at)
        })
        .collect();
    results.sort_by_key(|(_, _, at)| std::cmp::Reverse(*at));
    let mut seen = HashSet::new();
    let lines = results.into_iter().filter_map(|(body, date, _)| {
        let code = body.get("code")?;
        let key = codings(code)
            .next()
            .map(|(system, code)| format!("{system}|{code}"))
            .or_else(|| display(code).map(str::to_owned))?;
        let line = line(body, date)?;
        seen.insert(key).then_some(line)
    });
    join_lines(lines, limits::NEED_CHARS)
}

/// In the category laboratory, or uncategorised but with a value (documents often leave it out).
pub(super) fn is_laboratory(body: &Value) -> bool {
    if matches!(text(body, "status"), Some("entered-in-error" | "cancelled")) {
        return false;
    }
    let categories = list(body, "category");
    categories.iter().any(|c| has_code(c, "laboratory"))
        || categories.is_empty() && (body.get("valueQuantity").is_some() || body.get("valueString").is_some())
}

fn line(body: &Value, date: &str) -> Option<String> {
    let name = display(body.get("code")?)?;
    let value = value(body).or_else(|| {
        let parts: Vec<String> = list(body, "component")
            .iter()
            .filter_map(|c| Some(format!("{} {}", display(c.get("code")?)?, value(c)?)))
            .collect();
        Some(parts.join(", ")).filter(|p| !p.is_empty())
    })?;
    let mut line = format!("{name} {value}");
    if let Some(range) = list(body, "referenceRange").first().and_then(range) {
        line.push_str(&format!(" ({range})"));
    }
    let flag = list(body, "interpretation")
        .iter()
        .flat_map(codings)
        .find_map(|(_, code)| match code {
            "H" | "HU" => Some("↑"),
            "HH" => Some("↑↑"),
            "L" | "LU" => Some("↓"),
            "LL" => Some("↓↓"),
            "A" | "AA" => Some("*"),
            _ => None,
        });
    for part in [flag.unwrap_or_default(), day(date)] {
        if !part.is_empty() {
            line.push(' ');
            line.push_str(part);
        }
    }
    Some(line.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn value(body: &Value) -> Option<String> {
    if let Some(quantity) = body.get("valueQuantity") {
        return self::quantity(quantity);
    }
    if let Some(concept) = body.get("valueCodeableConcept") {
        return display(concept).map(str::to_owned);
    }
    if let Some(flag) = body.get("valueBoolean").and_then(Value::as_bool) {
        return Some(if flag { "+" } else { "-" }.to_owned());
    }
    if let Some(whole) = body.get("valueInteger").and_then(Value::as_i64) {
        return Some(whole.to_string());
    }
    text(body, "valueString").map(str::to_owned)
}

/// A value as its source wrote it, and its unit: the UCUM code where there is one.
pub(super) fn exact(holder: &Value) -> Option<(String, Option<&str>)> {
    let Some(quantity) = holder.get("valueQuantity") else {
        return value(holder).map(|words| (words, None));
    };
    let number = quantity.get("value")?.as_number()?;
    let comparator = text(quantity, "comparator").unwrap_or_default();
    let ucum = text(quantity, "system") == Some("http://unitsofmeasure.org");
    let unit = text(quantity, "code")
        .filter(|_| ucum)
        .or_else(|| text(quantity, "unit"))
        .or_else(|| text(quantity, "code"));
    Some((format!("{comparator}{number}"), unit))
}

fn quantity(quantity: &Value) -> Option<String> {
    let number = number(quantity.get("value")?)?;
    let comparator = text(quantity, "comparator").unwrap_or_default();
    let unit = text(quantity, "unit")
        .or_else(|| text(quantity, "code"))
        .unwrap_or_default();
    Some(format!("{comparator}{number} {unit}").trim_end().to_owned())
}

pub(super) fn range(range: &Value) -> Option<String> {
    if let Some(words) = text(range, "text") {
        return Some(words.to_owned());
    }
    let bound = |name: &str| range.get(name).and_then(|q| q.get("value")).and_then(number);
    match (bound("low"), bound("high")) {
        (Some(low), Some(high)) => Some(format!("{low}-{high}")),
        (Some(low), None) => Some(format!("≥{low}")),
        (None, Some(high)) => Some(format!("≤{high}")),
        (None, None) => None,
    }
}

/// A number as written when it is short; computed values with a long tail get five significant
/// digits, which is more than any laboratory reports.
fn number(value: &Value) -> Option<String> {
    let written = value.as_number()?.to_string();
    if written.len() <= 8 {
        return Some(written);
    }
    let number = value.as_f64().filter(|n| n.is_finite())?;
    let magnitude = number.abs();
    let decimals = [
        (10_000.0, 0),
        (1000.0, 1),
        (100.0, 2),
        (10.0, 3),
        (1.0, 4),
        (0.1, 5),
    ]
    .into_iter()
    .find_map(|(at, decimals)| (magnitude >= at).then_some(decimals))
    .unwrap_or(6);
    let rounded = format!("{number:.decimals$}");
    Some(if rounded.contains('.') {
        rounded.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        rounded
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{number, range};

    #[test]
    fn numbers_and_ranges() {
        for (value, shown) in [
            (json!(92), "92"),
            (json!(4.5), "4.5"),
            (json!(176.076_360_506_623_33), "176.08"),
            (json!(0.000_123_456_789), "0.000123"),
            (json!(-3.661_047_617_769), "-3.661"),
            (json!(1_234_567_890.0), "1234567890"),
        ] {
            assert_eq!(number(&value).unwrap(), shown);
        }
        assert_eq!(number(&json!("92")), None);
        assert_eq!(
            range(&json!({"low": {"value": 130}, "high": {"value": 175}})).unwrap(),
            "130-175"
        );
        assert_eq!(range(&json!({"high": {"value": 5.6}})).unwrap(), "≤5.6");
        assert_eq!(range(&json!({})), None);
    }
}
