//! Rows being entered: what was typed, and what was found wrong with it.

use std::collections::BTreeMap;

use consilium_domain::{
    AbsentReason, RecordKind, Timestamp,
    element::{ElementId, ElementValue, Record},
};
use consilium_protocol::preparation::{ElementFinding, FormElement, Item, Submission};
use leptos::prelude::*;

use super::names::Names;

/// One element of one row.
#[derive(Clone, Copy)]
pub struct Cell {
    /// The element.
    pub element: StoredValue<FormElement>,
    /// The value.
    pub value: RwSignal<String>,
    /// Its unit.
    pub unit: RwSignal<String>,
    /// Code of the reason why there is no value.
    pub absent: RwSignal<String>,
}

impl Cell {
    /// The value as it is sent, unless there is none.
    fn given(self) -> Option<(ElementId, ElementValue)> {
        let get = |of: RwSignal<String>| of.get_untracked().trim().to_owned();
        let (value, unit) = (get(self.value), get(self.unit));
        let absent = get(self.absent).parse::<AbsentReason>().ok();
        if value.is_empty() && absent.is_none() {
            return None;
        }
        let value = ElementValue {
            value,
            unit: (!unit.is_empty()).then_some(unit),
            absent,
        };
        Some((self.element.with_value(|of| of.id.clone()), value))
    }
}

/// One row.
#[derive(Clone)]
pub struct Row {
    /// Its id at the source.
    pub key: String,
    /// What it is.
    pub kind: RecordKind,
    /// Its elements.
    pub cells: Vec<Cell>,
    /// What was found.
    pub findings: RwSignal<Vec<ElementFinding>>,
}

impl Row {
    fn new(kind: RecordKind, key: String, names: Names) -> Self {
        let cells = names
            .of_kind(kind)
            .into_iter()
            .map(|element| Cell {
                element: StoredValue::new(element),
                value: RwSignal::new(String::new()),
                unit: RwSignal::new(String::new()),
                absent: RwSignal::new(String::new()),
            })
            .collect();
        Self {
            key,
            kind,
            cells,
            findings: RwSignal::new(Vec::new()),
        }
    }

    fn record(&self, available_at: Timestamp) -> Option<Record> {
        let elements: BTreeMap<_, _> = self.cells.iter().filter_map(|cell| cell.given()).collect();
        (!elements.is_empty()).then(|| Record {
            kind: self.kind,
            key: self.key.clone(),
            elements,
            available_at,
        })
    }
}

/// The rows of the form.
#[derive(Clone, Copy)]
pub struct Sheet {
    /// Rows, in the order they were added.
    pub rows: RwSignal<Vec<Row>>,
    /// Counts how often a row was loaded from elsewhere on the page: the form comes to the front then.
    pub loaded: RwSignal<u32>,
    names: Names,
    /// Makes the keys of new rows differ from those of earlier visits.
    started: Timestamp,
    count: StoredValue<u32>,
}

impl Sheet {
    /// Empty.
    #[must_use]
    pub fn new(names: Names, now: Timestamp) -> Self {
        Self {
            rows: RwSignal::new(Vec::new()),
            loaded: RwSignal::new(0),
            names,
            started: now,
            count: StoredValue::new(0),
        }
    }

    /// Adds an empty row. Kinds with one row a package always have the same key: entering them again makes
    /// a new version.
    pub fn add(self, kind: RecordKind) {
        let key = if kind.is_row() {
            self.count.update_value(|n| *n += 1);
            format!("{}-{}-{}", kind.code(), self.started.ms(), self.count.get_value())
        } else {
            kind.code().to_owned()
        };
        let known = self
            .rows
            .with_untracked(|rows| rows.iter().any(|row| row.key == key));
        if !known {
            self.rows
                .update(|rows| rows.push(Row::new(kind, key, self.names)));
        }
    }

    /// Takes a row out.
    pub fn remove(self, key: &str) {
        self.rows.update(|rows| rows.retain(|row| row.key != key));
    }

    /// Puts a stored row into the form, with what was found wrong.
    pub fn load(self, item: &Item) {
        let reference = &item.reference;
        let row = Row::new(reference.kind, reference.key.clone(), self.names);
        for cell in &row.cells {
            let id = cell.element.with_value(|of| of.id.clone());
            if let Some(value) = item.elements.get(&id) {
                cell.value.set(value.value.clone());
                cell.unit.set(value.unit.clone().unwrap_or_default());
                cell.absent
                    .set(value.absent.map(|of| of.code().to_owned()).unwrap_or_default());
            }
        }
        row.findings.set(item.findings.clone());
        self.rows.update(|rows| {
            rows.retain(|of| of.key != row.key);
            rows.push(row);
        });
        self.loaded.update(|n| *n += 1);
    }

    /// Everything that was entered.
    #[must_use]
    pub fn records(self, available_at: Timestamp) -> Vec<Record> {
        self.rows
            .with_untracked(|rows| rows.iter().filter_map(|row| row.record(available_at)).collect())
    }

    /// Takes out what was stored; what was refused stays, each finding beside its field.
    pub fn answered(self, done: &Submission) {
        let of = |key: &str| done.items.iter().find(|item| item.reference.key == key);
        self.rows.update(|rows| {
            rows.retain(|row| of(&row.key).is_none_or(|item| !item.stored && !item.duplicate));
            for row in rows {
                if let Some(item) = of(&row.key) {
                    row.findings.set(item.findings.clone());
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use consilium_domain::{
        ConsultationId, DataCategory, InstitutionId, ItemId, SubmissionId, SubmissionState,
    };
    use consilium_protocol::{preparation::ItemReference, session::Institution};
    use uuid::Uuid;

    use super::*;

    fn element(id: &str) -> FormElement {
        FormElement {
            id: id.parse().unwrap(),
            category: DataCategory::LabExam,
            kind: RecordKind::Lab,
            name_zh: id.into(),
            name_en: id.into(),
            required: true,
            unit: true,
            chars_max: 0,
            choices: Vec::new(),
        }
    }

    fn item(key: &str, stored: bool) -> Item {
        Item {
            reference: ItemReference {
                item_id: ItemId(Uuid::nil()),
                kind: RecordKind::Lab,
                key: key.into(),
                version: 1,
                available_at: Timestamp::default(),
                hash: String::new(),
            },
            category: DataCategory::LabExam,
            institution: Institution {
                id: InstitutionId(Uuid::nil()),
                code: "east".into(),
                name_zh: "甲".into(),
                name_en: "A".into(),
                colour: 1,
            },
            stored,
            superseded: false,
            duplicate: false,
            elements: BTreeMap::new(),
            findings: vec![ElementFinding {
                element: "3.3".parse().unwrap(),
                code: "element.number".into(),
                error: true,
                seen: "x".into(),
                rule: String::new(),
            }],
            received_at: Timestamp::default(),
        }
    }

    #[test]
    fn only_wrong_rows_stay_in_the_form() {
        Owner::new().with(|| {
            let names = Names::provide(vec![element("3.1"), element("3.3")]);
            let sheet = Sheet::new(names, Timestamp::from_ms(7));
            sheet.add(RecordKind::Lab);
            sheet.add(RecordKind::Lab);
            assert!(
                sheet.records(Timestamp::default()).is_empty(),
                "blank rows are not sent"
            );
            let rows = sheet.rows.get();
            for row in &rows {
                row.cells[0].value.set("血红蛋白".into());
            }
            let sent = sheet.records(Timestamp::default());
            assert_eq!(sent.len(), 2);
            assert_ne!(sent[0].key, sent[1].key);
            let done = Submission {
                id: SubmissionId(Uuid::nil()),
                consultation_id: ConsultationId(Uuid::nil()),
                request_id: None,
                institution: item("", true).institution,
                state: SubmissionState::Accepted,
                stored: 1,
                refused: 1,
                duplicates: 0,
                created_at: Timestamp::default(),
                manifest_hash: String::new(),
                items: vec![item(&sent[0].key, true), item(&sent[1].key, false)],
                not_taken: Vec::new(),
            };
            sheet.answered(&done);
            let left = sheet.rows.get();
            assert_eq!(left.len(), 1);
            assert_eq!(left[0].key, sent[1].key);
            assert_eq!(left[0].findings.get().len(), 1);
        });
    }
}
