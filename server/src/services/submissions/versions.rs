//! Rows compared with what came before: the same again, a new version, a first one.

use std::collections::HashMap;

use consilium_domain::{Clear, ItemId, canonical::sha256_hex, element::Record};
use consilium_storage::{ItemHead, StoredItem, Submission as Stored};
use uuid::Uuid;

use super::rows::Prepared;

/// What becomes of the rows of one submission.
#[derive(Default)]
pub(super) struct Sorted {
    pub(super) items: Vec<(StoredItem, Clear<Record>)>,
    /// Older versions whose place is taken and which nobody has seen yet.
    pub(super) replaced: Vec<ItemId>,
    pub(super) stored: i32,
    pub(super) refused: i32,
    pub(super) duplicates: i32,
}

/// Compares the rows with what came before. `None` when a row is new where only corrections may come.
pub(super) fn sort(
    stored: &Stored,
    rows: Vec<Prepared>,
    before: &[ItemHead],
    corrections_only: bool,
) -> Option<Sorted> {
    let mut versions: HashMap<&str, Vec<&ItemHead>> = HashMap::new();
    for head in before {
        versions.entry(head.key_hash.as_str()).or_default().push(head);
    }
    let mut out = Sorted::default();
    for row in rows {
        let earlier = versions.get(row.key_hash.as_str()).map_or(&[][..], Vec::as_slice);
        if corrections_only && !earlier.iter().any(|head| head.received_at.is_some()) {
            return None;
        }
        if earlier
            .last()
            .is_some_and(|head| head.source_hash == row.source_hash)
        {
            out.duplicates += 1;
            continue;
        }
        let valid = row.valid();
        if valid {
            out.stored += 1;
        } else {
            out.refused += 1;
        }
        // A wrong row takes the place of an earlier wrong one, never of a good one.
        out.replaced.extend(
            earlier
                .iter()
                .filter(|head| head.received_at.is_none() && (valid || !head.stored))
                .map(|head| head.id),
        );
        let version = earlier.last().map_or(0, |head| head.version).saturating_add(1);
        out.items.push(new_item(stored, row, version, valid));
    }
    Some(out)
}

fn new_item(stored: &Stored, row: Prepared, version: i32, valid: bool) -> (StoredItem, Clear<Record>) {
    let head = ItemHead {
        id: ItemId(Uuid::now_v7()),
        consultation: stored.consultation,
        institution: stored.institution,
        submission: stored.id,
        kind: row.kind,
        key_hash: row.key_hash,
        version,
        stored: valid,
        superseded: false,
        available_at: row.available_at,
        received_at: None,
        hash: row.hash,
        source_hash: row.source_hash,
        created_at: stored.created_at,
    };
    let item = StoredItem {
        head,
        key: row.key,
        elements: row.elements,
        findings: row.findings,
    };
    (item, row.original)
}

/// SHA-256 over hashes in order, hex.
pub(super) fn manifest<'a>(hashes: impl Iterator<Item = &'a str>) -> String {
    sha256_hex(hashes.collect::<String>().as_bytes())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use consilium_domain::{RecordKind, SubmissionState, Timestamp};

    use super::*;

    fn head(version: i32, source_hash: &str, stored: bool, received: bool) -> ItemHead {
        ItemHead {
            id: ItemId(Uuid::from_u128(u128::from(version.unsigned_abs()))),
            consultation: Uuid::nil().into(),
            institution: Uuid::nil().into(),
            submission: Uuid::nil().into(),
            kind: RecordKind::Lab,
            key_hash: "k".to_owned(),
            version,
            stored,
            superseded: false,
            available_at: Timestamp::from_ms(0),
            received_at: received.then(|| Timestamp::from_ms(1)),
            hash: String::new(),
            source_hash: source_hash.to_owned(),
            created_at: Timestamp::from_ms(0),
        }
    }

    fn row(source_hash: &str, valid: bool) -> Prepared {
        let findings = if valid {
            Vec::new()
        } else {
            vec![consilium_storage::ItemFinding {
                element: consilium_domain::element::ElementId::row(3, 3),
                code: "element.number".to_owned(),
                severity: consilium_domain::Severity::Error,
                seen: String::new(),
                rule: String::new(),
            }]
        };
        Prepared {
            original: Clear::new(Record {
                kind: RecordKind::Lab,
                key: "k".to_owned(),
                elements: BTreeMap::new(),
                available_at: Timestamp::from_ms(0),
            }),
            kind: RecordKind::Lab,
            available_at: Timestamp::from_ms(0),
            key: "k".to_owned(),
            key_hash: "k".to_owned(),
            elements: BTreeMap::new(),
            findings,
            hash: String::new(),
            source_hash: source_hash.to_owned(),
        }
    }

    fn submission() -> Stored {
        Stored {
            id: Uuid::nil().into(),
            consultation: Uuid::nil().into(),
            institution: Uuid::nil().into(),
            request: None,
            state: SubmissionState::Open,
            stored: 0,
            refused: 0,
            duplicates: 0,
            manifest_hash: String::new(),
            detail: serde_json::Value::Null,
            created_by: Uuid::nil().into(),
            created_at: Timestamp::from_ms(0),
            received_at: None,
        }
    }

    #[test]
    fn versions_follow_and_a_wrong_row_never_replaces_a_good_one() {
        let one = |rows, before: &[ItemHead], only| sort(&submission(), rows, before, only);
        let new = one(vec![row("a", true)], &[], false).unwrap();
        assert_eq!((new.stored, new.items[0].0.head.version), (1, 1));
        assert!(one(vec![row("a", true)], &[], true).is_none());

        let before = [head(1, "a", true, true)];
        assert_eq!(one(vec![row("a", true)], &before, true).unwrap().duplicates, 1);
        let next = one(vec![row("b", true)], &before, true).unwrap();
        assert_eq!(next.items[0].0.head.version, 2);
        assert!(
            next.replaced.is_empty(),
            "what the lead reads stays until the new one is there"
        );

        let held = [head(1, "a", true, false), head(2, "b", false, false)];
        let wrong = one(vec![row("c", false)], &held, false).unwrap();
        assert_eq!((wrong.refused, wrong.replaced.len()), (1, 1));
        assert_eq!(wrong.replaced, [held[1].id]);
        let right = one(vec![row("d", true)], &held, false).unwrap();
        assert_eq!(right.replaced.len(), 2);
        assert_eq!(right.items[0].0.head.version, 3);
        let back = one(vec![row("a", true)], &held, false).unwrap();
        assert_eq!(
            back.stored, 1,
            "an older content given again is a version of its own"
        );
    }
}
