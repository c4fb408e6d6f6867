use consilium_domain::{InstitutionId, Role};
use consilium_protocol::session::Institution;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn person(n: u128) -> Person {
    Person {
        id: AccountId(Uuid::from_u128(n)),
        name: format!("医生{n}"),
        role: Role::Expert,
        department: "影像科".to_owned(),
        institution: Institution {
            id: InstitutionId(Uuid::from_u128(9)),
            code: "east".to_owned(),
            name_zh: "东院".to_owned(),
            name_en: "East".to_owned(),
            colour: 2,
        },
    }
}

fn entry(client: u64, clock: u32, state: &str) -> Entry {
    Entry {
        client,
        clock,
        state: state.to_owned(),
    }
}

fn take(table: &mut Table, connection: u64, who: &Person, entries: &[Entry]) -> Vec<Entry> {
    table
        .accept(connection, who, &encode(entries), |client| client < 1000)
        .unwrap()
}

#[test]
fn the_person_is_stamped_and_unknown_fields_fall() {
    let mut table = Table::default();
    let forged = r#"{"user":{"name":"院长"},"cursor":{"image":{"series":"00000000-0000-0000-0000-000000000001","instance":"00000000-0000-0000-0000-000000000002"},"x":1,"y":2},"viewport":"junk","evil":1}"#;
    let out = take(&mut table, 1, &person(1), &[entry(11, 1, forged)]);
    let state: AwarenessState = serde_json::from_str(&out[0].state).unwrap();
    assert_eq!(state.user, Some(person(1)));
    assert!(state.cursor.is_some() && state.viewport.is_none());
    assert!(!out[0].state.contains("evil"));
}

#[test]
fn others_entries_are_dropped() {
    let mut table = Table::default();
    assert_eq!(take(&mut table, 1, &person(1), &[entry(11, 1, "{}")]).len(), 1);
    // Another's client id, also with a later clock, also as a farewell.
    for stolen in [entry(11, 1, "{}"), entry(11, 9, "{}"), entry(11, 9, "null")] {
        assert_eq!(take(&mut table, 2, &person(2), &[stolen]), []);
    }
    // One that may not be claimed (somebody else wrote with it).
    assert_eq!(take(&mut table, 2, &person(2), &[entry(5000, 1, "{}")]), []);
    // Old clocks.
    assert_eq!(take(&mut table, 1, &person(1), &[entry(11, 1, "{}")]), []);
    assert_eq!(table.all().len(), 1);
}

#[test]
fn leaving_is_final_until_a_newer_clock() {
    let mut table = Table::default();
    take(&mut table, 1, &person(1), &[entry(11, 5, "{}")]);
    assert_eq!(table.leave(1), [entry(11, 6, "null")]);
    assert_eq!(table.leave(1), []);
    // The echo of a stock client does not bring the dead back, neither from others nor from a second page.
    assert_eq!(take(&mut table, 2, &person(2), &[entry(11, 5, "{}")]), []);
    assert_eq!(take(&mut table, 3, &person(1), &[entry(11, 5, "{}")]), []);
    assert_eq!(table.all(), []);
    // The same person on a new connection does, and the late end of the old one changes nothing.
    assert_eq!(take(&mut table, 4, &person(1), &[entry(11, 7, "{}")]).len(), 1);
    assert_eq!(table.leave(1), []);
    assert_eq!(table.all().len(), 1);
}

#[test]
fn malformed_frames_change_nothing() {
    let mut table = Table::default();
    let half = encode(&[entry(11, 1, "{}"), entry(12, 1, "{broken")]);
    assert_eq!(table.accept(1, &person(1), &half, |_| true), Err(Malformed));
    let long = format!("{{\"x\":\"{}\"}}", "y".repeat(AWARENESS_BYTES));
    assert!(
        table
            .accept(1, &person(1), &encode(&[entry(11, 1, &long)]), |_| true)
            .is_err()
    );
    assert!(
        table
            .accept(1, &person(1), &encode(&[entry(11, 1, "5")]), |_| true)
            .is_err()
    );
    assert_eq!(table.all(), []);
    let many: Vec<_> = (0..10).map(|client| entry(client, 1, "{}")).collect();
    for one in many {
        take(&mut table, 1, &person(1), &[one]);
    }
    assert_eq!(table.all().len(), CLIENTS_PER_CONNECTION);
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Table::default().accept(1, &person(1), &bytes, |_| true);
    }
}
