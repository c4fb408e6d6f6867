//! Readers of the two values that travel flat: a consultation with its row, an item with its reference. The reader
//! that `flatten` makes takes everything through a buffer, and the browser would carry a second copy of the code
//! that reads rows, participants and patients.

use std::collections::BTreeMap;

use consilium_domain::{
    ConsultationId, ConsultationKind, ConsultationState, DataCategory, ItemId, RecordKind, Timestamp,
    Urgency,
    element::{ElementId, ElementValue},
    permission::RoomRights,
};
use serde::Deserialize;

use crate::{
    consultation::{
        Act, Clinical, Consent, Consultation, ConsultationRow, MaskedPatient, Opinion, Participant,
    },
    live::Person,
    preparation::{ElementFinding, Item, ItemReference},
    session::Institution,
};

/// [`Consultation`] as it is read.
#[derive(Deserialize)]
pub(crate) struct FlatConsultation {
    id: ConsultationId,
    number: String,
    kind: ConsultationKind,
    urgency: Urgency,
    state: ConsultationState,
    patient: MaskedPatient,
    preliminary_diagnosis: String,
    lead: Institution,
    participants: Vec<Participant>,
    scheduled_at: Timestamp,
    my_move: bool,
    allowed: Vec<Act>,
    due_at: Option<Timestamp>,
    updated_at: Timestamp,
    clinical: Clinical,
    duration_minutes: u16,
    wanted: Vec<DataCategory>,
    consent: Option<Consent>,
    started_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    opinions: Vec<Opinion>,
    room: RoomRights,
    #[serde(default)]
    people: Vec<Person>,
    #[serde(default)]
    suspended_from: Option<ConsultationState>,
    #[serde(default)]
    override_reason: Option<String>,
    #[serde(default)]
    package: Option<crate::preparation::PackageSummary>,
    #[serde(default)]
    deadlines: Vec<crate::notice::Deadline>,
    #[serde(default)]
    paused_at: Option<Timestamp>,
    #[serde(default)]
    pause_reason: Option<String>,
    version: i64,
}

impl From<FlatConsultation> for Consultation {
    fn from(of: FlatConsultation) -> Self {
        Self {
            row: ConsultationRow {
                id: of.id,
                number: of.number,
                kind: of.kind,
                urgency: of.urgency,
                state: of.state,
                patient: of.patient,
                preliminary_diagnosis: of.preliminary_diagnosis,
                lead: of.lead,
                participants: of.participants,
                scheduled_at: of.scheduled_at,
                my_move: of.my_move,
                allowed: of.allowed,
                due_at: of.due_at,
                updated_at: of.updated_at,
            },
            clinical: of.clinical,
            duration_minutes: of.duration_minutes,
            wanted: of.wanted,
            consent: of.consent,
            started_at: of.started_at,
            ended_at: of.ended_at,
            opinions: of.opinions,
            room: of.room,
            people: of.people,
            suspended_from: of.suspended_from,
            override_reason: of.override_reason,
            package: of.package,
            deadlines: of.deadlines,
            paused_at: of.paused_at,
            pause_reason: of.pause_reason,
            version: of.version,
        }
    }
}

/// [`Item`] as it is read.
#[derive(Deserialize)]
pub(crate) struct FlatItem {
    item_id: ItemId,
    kind: RecordKind,
    key: String,
    version: i32,
    available_at: Timestamp,
    hash: String,
    category: DataCategory,
    institution: Institution,
    stored: bool,
    superseded: bool,
    #[serde(default)]
    duplicate: bool,
    elements: BTreeMap<ElementId, ElementValue>,
    findings: Vec<ElementFinding>,
    received_at: Timestamp,
}

impl From<FlatItem> for Item {
    fn from(of: FlatItem) -> Self {
        Self {
            reference: ItemReference {
                item_id: of.item_id,
                kind: of.kind,
                key: of.key,
                version: of.version,
                available_at: of.available_at,
                hash: of.hash,
            },
            category: of.category,
            institution: of.institution,
            stored: of.stored,
            superseded: of.superseded,
            duplicate: of.duplicate,
            elements: of.elements,
            findings: of.findings,
            received_at: of.received_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_flat_is_read_back() {
        let text = r#"{"item_id":"00000000-0000-0000-0000-000000000001","kind":"lab","key":"k","version":2,
            "available_at":"2026-11-22T02:00:00Z","hash":"ab","category":"lab_exam","institution":
            {"id":"00000000-0000-0000-0000-000000000002","code":"east","name_zh":"甲","name_en":"A","colour":1},
            "stored":true,"superseded":false,"elements":{},"findings":[],"received_at":"2026-11-22T02:00:00Z"}"#;
        let item: Item = serde_json::from_str(text).unwrap();
        assert_eq!((item.reference.version, item.duplicate), (2, false));
        let again = serde_json::to_string(&item).unwrap();
        assert_eq!(serde_json::from_str::<Item>(&again).unwrap(), item);
    }
}
