//! Between document values and our types. Values come from any Yjs client, so nothing is assumed.

use std::{collections::HashMap, sync::Arc};

use consilium_domain::AccountId;
use consilium_protocol::live::{Annotation, Citation, DiscussionLine};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map as JsonMap, Number as JsonNumber, Value};
use yrs::{Any, Array, Map, Number, Out, ReadTxn};

/// Levels of nesting that are read; deeper values read as null.
const DEPTH_MAX: u32 = 8;

fn number(n: Number) -> Value {
    n.as_i64().map_or_else(
        || {
            n.as_f64()
                .and_then(JsonNumber::from_f64)
                .map_or(Value::Null, Value::Number)
        },
        |i| Value::Number(i.into()),
    )
}

fn json_at(any: &Any, depth: u32) -> Value {
    if depth > DEPTH_MAX {
        return Value::Null;
    }
    match any {
        Any::Null | Any::Undefined | Any::Buffer(_) => Value::Null,
        Any::Bool(b) => Value::Bool(*b),
        Any::Number(n) => number(*n),
        Any::String(s) => Value::String(s.to_string()),
        Any::Array(items) => items.iter().map(|item| json_at(item, depth + 1)).collect(),
        Any::Map(entries) => Value::Object(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), json_at(value, depth + 1)))
                .collect::<JsonMap<_, _>>(),
        ),
    }
}

/// Reads a document value as one of our types. JavaScript writes whole numbers beyond 31 bits as
/// floats; they read as integers.
pub(crate) fn from_any<T: DeserializeOwned>(any: &Any) -> Option<T> {
    serde_json::from_value(json_at(any, 0)).ok()
}

fn any_from(value: &Value) -> Any {
    match value {
        Value::Null => Any::Null,
        Value::Bool(b) => Any::Bool(*b),
        Value::Number(n) => n.as_i64().map_or_else(
            || Any::Number(Number::Float(n.as_f64().unwrap_or(0.0))),
            |i| Any::Number(Number::Int(i)),
        ),
        Value::String(s) => Any::String(Arc::from(s.as_str())),
        Value::Array(items) => Any::Array(items.iter().map(any_from).collect::<Vec<_>>().into()),
        Value::Object(entries) => Any::Map(Arc::new(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), any_from(value)))
                .collect::<HashMap<_, _>>(),
        )),
    }
}

/// Writes one of our types as a plain document value.
pub(crate) fn to_any<T: Serialize>(value: &T) -> Any {
    serde_json::to_value(value).map_or(Any::Null, |json| any_from(&json))
}

/// The plain value of what stands at a map key or array index; shared types below [`DEPTH_MAX`]
/// levels or of a kind we do not use are nothing.
pub(crate) fn plain<T: ReadTxn>(out: &Out, txn: &T) -> Option<Any> {
    plain_at(out, txn, 0)
}

fn plain_at<T: ReadTxn>(out: &Out, txn: &T, depth: u32) -> Option<Any> {
    if depth > DEPTH_MAX {
        return None;
    }
    match out {
        Out::Any(any) => Some(any.clone()),
        Out::YMap(map) => Some(Any::Map(Arc::new(
            map.iter(txn)
                .filter_map(|(key, value)| Some((key.to_string(), plain_at(&value, txn, depth + 1)?)))
                .collect(),
        ))),
        Out::YArray(array) => Some(Any::Array(
            array
                .iter(txn)
                .filter_map(|value| plain_at(&value, txn, depth + 1))
                .collect::<Vec<_>>()
                .into(),
        )),
        Out::YText(text) => Some(Any::String(Arc::from(yrs::GetString::get_string(text, txn)))),
        _ => None,
    }
}

/// An annotation as any client may have written it; `None` when it is not one.
pub(crate) fn annotation(any: &Any) -> Option<Annotation> {
    let read: Annotation = from_any(any)?;
    read.points
        .iter()
        .all(|[x, y]| x.is_finite() && y.is_finite())
        .then_some(read)
}

#[derive(Deserialize)]
struct LooseLine {
    #[serde(default)]
    id: String,
    text: String,
    #[serde(default)]
    at_ms: i64,
    #[serde(default)]
    reply_to: String,
    #[serde(default)]
    mentions: Vec<AccountId>,
    #[serde(default)]
    cites: Vec<Citation>,
}

/// A discussion line as any client may have written it; only the text must be there.
pub(crate) fn line(any: &Any) -> Option<DiscussionLine> {
    let read: LooseLine = from_any(any)?;
    Some(DiscussionLine {
        id: read.id,
        text: read.text,
        at_ms: read.at_ms,
        reply_to: read.reply_to,
        mentions: read.mentions,
        cites: read.cites,
    })
}
