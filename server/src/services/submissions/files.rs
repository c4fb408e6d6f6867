//! Rows out of the forms in which hospitals have them: JSON, lines of JSON, tables, FHIR bundles. What
//! cannot be read is named; everything else goes on.

use std::collections::{BTreeMap, HashMap};

use consilium_domain::{
    AbsentReason, DataRequestId, RecordKind, Timestamp,
    element::{Dictionary, ElementId, ElementValue, Moment, Record},
};
use consilium_protocol::{FieldError, codes, limits};
use csv::StringRecord;
use serde::Deserialize;
use serde_json::Value;

use crate::error::ServiceError;

/// What a body of `POST …/submissions` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// `application/json`: a `SubmissionInput`.
    Json,
    /// `application/x-ndjson`: one row a line.
    Lines,
    /// `text/csv`: a table, see `docs/data-files.md`.
    Table,
    /// A FHIR R4 bundle.
    Fhir(consilium_interop::fhir::Media),
}

impl Media {
    /// The form a content type names; `None` when it is not one of these.
    #[must_use]
    pub fn of(content_type: &str) -> Option<Self> {
        let kind = content_type.split(';').next().unwrap_or("");
        match kind.trim().to_ascii_lowercase().as_str() {
            "application/json" => Some(Self::Json),
            "application/x-ndjson" | "application/jsonl" => Some(Self::Lines),
            "text/csv" => Some(Self::Table),
            kind if kind.contains("fhir") => consilium_interop::fhir::Media::of(content_type).map(Self::Fhir),
            _ => None,
        }
    }
}

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) request: Option<DataRequestId>,
    /// Where each row stood, and the row.
    pub(super) rows: Vec<(String, Record)>,
    pub(super) not_taken: Vec<FieldError>,
}

fn content(code: &'static str, errors: Vec<FieldError>) -> ServiceError {
    ServiceError::Content { code, errors }
}

impl Parsed {
    fn refuse(&mut self, place: String, code: &str) {
        self.not_taken.push(FieldError::new(place, code));
    }

    /// # Errors
    /// More rows than one submission may have.
    fn add(&mut self, place: String, record: Record) -> Result<(), ServiceError> {
        if self.rows.len() >= limits::SUBMISSION_ROWS {
            return Err(content(codes::SUBMISSION_TOO_MANY_ROWS, Vec::new()));
        }
        self.rows.push((place, record));
        Ok(())
    }
}

/// Reads a body.
///
/// # Errors
/// Not the form it says, or too many rows. A row that cannot be read is no error of the whole.
pub(super) fn parse(media: Media, body: &[u8], now: Timestamp) -> Result<Parsed, ServiceError> {
    match media {
        Media::Json => json(body),
        Media::Lines => lines(body),
        Media::Table => table(body),
        Media::Fhir(media) => fhir(body, media, now),
    }
}

fn json(body: &[u8]) -> Result<Parsed, ServiceError> {
    #[derive(Deserialize)]
    struct Input {
        #[serde(default)]
        request_id: Option<DataRequestId>,
        records: Vec<Value>,
    }
    let input: Input = crate::http::extract::parse(body)?;
    let mut parsed = Parsed {
        request: input.request_id,
        ..Parsed::default()
    };
    for (at, value) in input.records.into_iter().enumerate() {
        let place = format!("records[{at}]");
        match serde_path_to_error::deserialize(value) {
            Ok(record) => parsed.add(place, record)?,
            Err(error) => {
                let path = error.path().to_string();
                let place = if path == "." {
                    place
                } else {
                    format!("{place}.{path}")
                };
                parsed.refuse(place, codes::SUBMISSION_ROW_UNREADABLE);
            }
        }
    }
    Ok(parsed)
}

fn lines(body: &[u8]) -> Result<Parsed, ServiceError> {
    let mut parsed = Parsed::default();
    for (at, line) in body.split(|byte| *byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let place = format!("line {}", at + 1);
        match serde_json::from_slice(line) {
            Ok(record) => parsed.add(place, record)?,
            Err(_) => parsed.refuse(place, codes::SUBMISSION_ROW_UNREADABLE),
        }
    }
    Ok(parsed)
}

fn fhir(body: &[u8], media: consilium_interop::fhir::Media, now: Timestamp) -> Result<Parsed, ServiceError> {
    let import =
        consilium_interop::fhir::records(body, media, now).map_err(crate::services::fhir::refused)?;
    let mut parsed = Parsed::default();
    for record in import.records {
        parsed.add(record.key.clone(), record)?;
    }
    parsed.not_taken.extend(import.skipped);
    Ok(parsed)
}

/// What one column of a table holds.
enum Column {
    Kind,
    Key,
    AvailableAt,
    /// Of a table with one line an element.
    Element,
    Value,
    Unit,
    Absent,
    /// Of a table with one line a row.
    Of(ElementId, Part),
}

#[derive(Clone, Copy)]
enum Part {
    Value,
    Unit,
    Absent,
}

fn column(name: &str, long: bool) -> Option<Column> {
    let name = name.trim();
    match name {
        "kind" | "类别" => return Some(Column::Kind),
        "key" | "行号" => return Some(Column::Key),
        "available_at" | "可用时间" => return Some(Column::AvailableAt),
        _ => {}
    }
    if long {
        return match name {
            "element" | "数据元" => Some(Column::Element),
            "value" | "值" => Some(Column::Value),
            "unit" | "单位" => Some(Column::Unit),
            "absent" | "缺失原因" => Some(Column::Absent),
            _ => None,
        };
    }
    let (name, part) = match name.rsplit_once(':') {
        Some((name, "unit" | "单位")) => (name.trim(), Part::Unit),
        Some((name, "absent" | "缺失原因")) => (name.trim(), Part::Absent),
        _ => (name, Part::Value),
    };
    element(name).map(|id| Column::Of(id, part))
}

/// A data element by its number or by one of its names.
fn element(name: &str) -> Option<ElementId> {
    let dictionary = Dictionary::builtin();
    let by_number = name.parse().ok().filter(|id| dictionary.element(id).is_some());
    by_number.or_else(|| {
        dictionary
            .elements()
            .iter()
            .find(|e| e.name_zh == name || e.name_en.eq_ignore_ascii_case(name))
            .map(|e| e.id.clone())
    })
}

/// The one kind of row all columns belong to.
fn common_kind(columns: &[Column]) -> Option<RecordKind> {
    let mut kinds = columns.iter().filter_map(|column| match column {
        Column::Of(id, _) => Dictionary::builtin().element(id).map(|e| e.record),
        _ => None,
    });
    let first = kinds.next()?;
    kinds.all(|kind| kind == first).then_some(first)
}

/// One row being put together from the lines of a table.
struct Draft {
    place: String,
    kind: RecordKind,
    available_at: Option<Timestamp>,
    elements: BTreeMap<ElementId, ElementValue>,
    wrong: bool,
}

fn table(body: &[u8]) -> Result<Parsed, ServiceError> {
    let unreadable = || content(codes::SUBMISSION_FILE_UNREADABLE, Vec::new());
    let text = std::str::from_utf8(body).map_err(|_| unreadable())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|_| unreadable())?.clone();
    let long = headers
        .iter()
        .any(|name| matches!(name.trim(), "element" | "数据元"));
    let mut columns = Vec::new();
    for name in &headers {
        // Named by its place: what stands there may be data, when the header is missing.
        let place = format!("column {}", columns.len() + 1);
        columns.push(column(name, long).ok_or_else(|| {
            content(
                codes::SUBMISSION_COLUMN_UNKNOWN,
                vec![FieldError::new(place, codes::SUBMISSION_COLUMN_UNKNOWN)],
            )
        })?);
    }
    let default_kind = common_kind(&columns);
    let mut parsed = Parsed::default();
    let mut order: Vec<(RecordKind, String)> = Vec::new();
    let mut drafts: HashMap<(RecordKind, String), Draft> = HashMap::new();
    let mut line = StringRecord::new();
    let mut lines = Lines::new(text);
    loop {
        match reader.read_record(&mut line) {
            Ok(false) => break,
            Ok(true) => {}
            Err(_) => return Err(unreadable()),
        }
        let place = format!(
            "line {}",
            lines.at(line.position().map_or(0, csv::Position::byte))
        );
        let Some(cells) = Cells::read(&columns, &line, default_kind) else {
            parsed.refuse(place, codes::SUBMISSION_ROW_UNREADABLE);
            continue;
        };
        let id = (cells.kind, cells.key.clone());
        if long && let Some(draft) = drafts.get_mut(&id) {
            draft.merge(cells);
            continue;
        }
        if drafts.contains_key(&id) || cells.key.is_empty() {
            parsed.refuse(place, codes::SUBMISSION_KEY);
            continue;
        }
        if order.len() >= limits::SUBMISSION_ROWS {
            return Err(content(codes::SUBMISSION_TOO_MANY_ROWS, Vec::new()));
        }
        order.push(id.clone());
        drafts.insert(
            id,
            Draft {
                place,
                kind: cells.kind,
                available_at: cells.available_at,
                elements: cells.elements,
                wrong: false,
            },
        );
    }
    for id in order {
        let Some(draft) = drafts.remove(&id) else { continue };
        match draft.available_at.filter(|_| !draft.wrong) {
            Some(available_at) => parsed.add(
                draft.place,
                Record {
                    kind: draft.kind,
                    key: id.1,
                    elements: draft.elements,
                    available_at,
                },
            )?,
            None => parsed.refuse(draft.place, codes::SUBMISSION_ROW_UNREADABLE),
        }
    }
    Ok(parsed)
}

/// Counts lines. The reader's own count is one behind where lines end in CR LF.
struct Lines<'a> {
    bytes: &'a [u8],
    offset: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    const fn new(text: &'a str) -> Self {
        Self {
            bytes: text.as_bytes(),
            offset: 0,
            line: 1,
        }
    }

    /// The line of the record that starts at a byte, or behind the end of line there. Bytes only grow.
    fn at(&mut self, byte: u64) -> u64 {
        let start = usize::try_from(byte).unwrap_or(usize::MAX);
        let passed = self.bytes.iter().enumerate().skip(self.offset);
        for (at, b) in passed {
            if at >= start && !matches!(b, b'\r' | b'\n') {
                break;
            }
            self.line += u64::from(*b == b'\n');
            self.offset = at + 1;
        }
        self.line
    }
}

impl Draft {
    fn merge(&mut self, cells: Cells) {
        match (self.available_at, cells.available_at) {
            (None, given) => self.available_at = given,
            (Some(before), Some(given)) if before != given => self.wrong = true,
            _ => {}
        }
        for (id, value) in cells.elements {
            // The same element twice: nobody can say which is meant.
            self.wrong |= self.elements.insert(id, value).is_some();
        }
    }
}

/// One line of a table.
struct Cells {
    kind: RecordKind,
    key: String,
    available_at: Option<Timestamp>,
    elements: BTreeMap<ElementId, ElementValue>,
}

impl Cells {
    /// `None` when a cell is not what its column says.
    fn read(columns: &[Column], line: &StringRecord, default_kind: Option<RecordKind>) -> Option<Self> {
        if line.len() > columns.len() {
            return None;
        }
        let mut kind = default_kind;
        let (mut key, mut available_at) = (String::new(), None);
        let mut elements: BTreeMap<ElementId, ElementValue> = BTreeMap::new();
        let (mut named, mut long) = (None, ElementValue::default());
        for (column, cell) in columns.iter().zip(line) {
            let cell = cell.trim();
            if cell.is_empty() {
                continue;
            }
            match column {
                Column::Kind => kind = Some(cell.parse().ok()?),
                Column::Key => key = cell.to_owned(),
                Column::AvailableAt => available_at = Some(Moment::parse(cell)?.earliest),
                Column::Element => named = Some(element(cell)?),
                Column::Value => set(&mut long, Part::Value, cell)?,
                Column::Unit => set(&mut long, Part::Unit, cell)?,
                Column::Absent => set(&mut long, Part::Absent, cell)?,
                Column::Of(id, part) => set(elements.entry(id.clone()).or_default(), *part, cell)?,
            }
        }
        if let Some(id) = named {
            kind = kind.or_else(|| Dictionary::builtin().element(&id).map(|e| e.record));
            elements.insert(id, long);
        }
        Some(Self {
            kind: kind?,
            key,
            available_at,
            elements,
        })
    }
}

fn set(value: &mut ElementValue, part: Part, cell: &str) -> Option<()> {
    match part {
        Part::Value => value.value = cell.to_owned(),
        Part::Unit => value.unit = Some(cell.to_owned()),
        Part::Absent => value.absent = Some(cell.parse::<AbsentReason>().ok()?),
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(parsed: &Parsed) -> Vec<(&str, &str)> {
        parsed
            .not_taken
            .iter()
            .map(|e| (e.field.as_str(), e.code.as_str()))
            .collect()
    }

    #[test]
    fn both_tables_say_the_same() {
        let wide = "\u{feff}key,available_at,检验项目名称,3.2,3.3,3.3:unit,参考范围,3.6:absent\r\n\
                    lab-1,2026-11-01 08:30,血红蛋白,718-7,135,g/L,115-150,\r\n\
                    lab-2,2026-11-01T08:30:00+08:00,\"白细胞, 计数\",6690-2,5.6,×10^9/L,3.5-9.5,not_performed\r\n";
        let long = "kind,key,available_at,element,value,unit,absent\n\
                    lab,lab-1,2026-11-01 08:30,3.1,血红蛋白,,\n\
                    lab,lab-2,2026-11-01 08:30,3.1,\"白细胞, 计数\",,\n\
                    lab,lab-1,,3.2,718-7,,\n\
                    lab,lab-1,,Laboratory result,135,g/L,\n\
                    lab,lab-1,,3.5,115-150,,\n\
                    lab,lab-2,,3.2,6690-2,,\n\
                    lab,lab-2,,3.3,5.6,×10^9/L,\n\
                    lab,lab-2,,3.5,3.5-9.5,,\n\
                    lab,lab-2,,3.6,,,not_performed\n";
        let (wide, long) = (table(wide.as_bytes()).unwrap(), table(long.as_bytes()).unwrap());
        let rows = |parsed: &Parsed| parsed.rows.iter().map(|(_, r)| r.clone()).collect::<Vec<_>>();
        assert_eq!(rows(&wide).len(), 2);
        assert_eq!(rows(&wide), rows(&long));
        assert_eq!(
            rows(&wide)[1].elements[&ElementId::row(3, 6)].absent,
            Some(AbsentReason::NotPerformed)
        );
        assert!(wide.not_taken.is_empty() && long.not_taken.is_empty());
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named_and_the_others_go_on() {
        let text = "key,available_at,3.1,3.3\na,2026-11-01,x,1\nb,when,x,1\nc,2026-11-01,x,1,9\na,2026-11-01,y,2\n,2026-11-01,y,2\nd,,x,1\ne,2026-11-01,x,1\n";
        let parsed = table(text.as_bytes()).unwrap();
        let keys: Vec<_> = parsed
            .rows
            .iter()
            .map(|(place, r)| (place.as_str(), r.key.as_str()))
            .collect();
        assert_eq!(keys, [("line 2", "a"), ("line 8", "e")]);
        assert_eq!(
            places(&parsed),
            [
                ("line 3", codes::SUBMISSION_ROW_UNREADABLE),
                ("line 4", codes::SUBMISSION_ROW_UNREADABLE),
                ("line 5", codes::SUBMISSION_KEY),
                ("line 6", codes::SUBMISSION_KEY),
                ("line 7", codes::SUBMISSION_ROW_UNREADABLE),
            ]
        );
    }

    #[test]
    fn a_table_without_its_header_is_refused_whole() {
        let code = |bytes: &[u8]| table(bytes).unwrap_err().code().0;
        assert_eq!(code(b"lab-1,2026-11-01,x\n"), codes::SUBMISSION_COLUMN_UNKNOWN);
        assert_eq!(
            code(b"key,available_at,3.1\na,2026-11-01,\xc4\xe3\n"),
            codes::SUBMISSION_FILE_UNREADABLE
        );
        let unknown = table("key,available_at,9.9\n".as_bytes()).unwrap_err().problem();
        assert_eq!(unknown.errors[0].field, "column 3");
    }

    #[test]
    fn rows_of_json_are_read_one_by_one() {
        let good = r#"{"kind":"lab","key":"a","available_at":"2026-11-01T00:00:00Z","elements":{"3.1":{"value":"x"}}}"#;
        let bad = r#"{"kind":"lab","key":"b","available_at":"2026-11-01T00:00:00Z","elements":{"three":{"value":"x"}}}"#;
        let parsed = json(format!(r#"{{"records":[{good},{bad},{{}}]}}"#).as_bytes()).unwrap();
        assert_eq!(parsed.rows.len(), 1);
        assert_eq!(parsed.not_taken.len(), 2);
        assert!(
            parsed.not_taken[0].field.starts_with("records[1]"),
            "{:?}",
            parsed.not_taken
        );
        let parsed = lines(format!("{good}\n\nnot json\r\n{bad}").as_bytes()).unwrap();
        assert_eq!(parsed.rows[0].0, "line 1");
        assert_eq!(
            places(&parsed),
            [
                ("line 3", codes::SUBMISSION_ROW_UNREADABLE),
                ("line 4", codes::SUBMISSION_ROW_UNREADABLE)
            ]
        );
    }
}
