//! Every way of altering a stored log is found and the first bad row named.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

use consilium_ledger::{
    AuditFields, AuditRecord, BreakKind, Broken, Checkpoint, GENESIS, Link, Verifier, link,
};
use proptest::prelude::*;

type Row = (AuditFields, Link);

fn verify(rows: &[Row], checkpoints: &[Checkpoint]) -> Result<Checkpoint, Broken> {
    let mut verifier = checkpoints
        .iter()
        .fold(Verifier::new(), |v, checkpoint| v.expecting(*checkpoint));
    for (fields, link) in rows {
        verifier.feed(fields, link)?;
    }
    verifier.finish()
}

/// Seals `fields` in order, renumbering them: what somebody with full write access can do.
fn chain(fields: impl IntoIterator<Item = AuditFields>) -> Vec<Row> {
    let mut prev = GENESIS;
    fields
        .into_iter()
        .zip(1..)
        .map(|(mut fields, seq)| {
            fields.seq = seq;
            let record = AuditRecord::new(fields).unwrap();
            let link = link(&prev, &record);
            prev = link.hash;
            (record.into_fields(), link)
        })
        .collect()
}

fn checkpoint_at(rows: &[Row], size: usize) -> Checkpoint {
    Checkpoint {
        size: size as i64,
        head: size.checked_sub(1).map_or(GENESIS, |last| rows[last].1.hash),
    }
}

fn fields() -> impl Strategy<Value = AuditFields> {
    let text = "[a-zA-Z0-9/会诊 ]{0,12}x";
    (
        1..4_000_000_000_000_i64,
        (text, "[a-z.]{0,8}", "[a-z]{1,8}\\.[a-z_]{1,8}", text),
        ("[a-z_.]{1,10}", "[0-9.:]{1,15}", text, "[A-Z0-9]{0,5}"),
        proptest::option::of(text),
        "[a-f0-9]{0,16}",
    )
        .prop_map(|(at_ms, who_what, rest, consultation, request_id)| AuditFields {
            seq: 1,
            at_ms,
            operator: who_what.0,
            operator_name: who_what.1,
            action: who_what.2,
            target: who_what.3,
            result: rest.0,
            ip: rest.1,
            device: rest.2,
            institution: rest.3,
            consultation,
            request_id,
        })
}

fn log() -> impl Strategy<Value = Vec<Row>> {
    proptest::collection::vec(fields(), 2..20).prop_map(chain)
}

/// Flips the lowest bit of one byte (of a text made of any bytes, kept valid UTF-8).
fn flip_text(text: &mut String, at: usize) {
    let mut characters: Vec<char> = text.chars().collect();
    if characters.is_empty() {
        characters.push('x');
    } else {
        let at = at % characters.len();
        let flipped = char::from_u32(u32::from(characters[at]) ^ 1);
        characters[at] = flipped.unwrap();
    }
    *text = characters.into_iter().collect();
}

fn flip(row: &mut Row, column: usize, at: usize) {
    let (fields, link) = row;
    match column {
        0 => fields.at_ms ^= 1 << (at % 41),
        1 => flip_text(&mut fields.operator, at),
        2 => flip_text(&mut fields.operator_name, at),
        3 => flip_text(&mut fields.action, at),
        4 => flip_text(&mut fields.target, at),
        5 => flip_text(&mut fields.result, at),
        6 => flip_text(&mut fields.ip, at),
        7 => flip_text(&mut fields.device, at),
        8 => flip_text(&mut fields.institution, at),
        9 => flip_text(fields.consultation.get_or_insert_default(), at),
        10 => flip_text(&mut fields.request_id, at),
        11 => link.hash[at % 32] ^= 1 << (at % 8),
        12 => fields.consultation = None.xor(fields.consultation.is_none().then(String::new)),
        _ => link.prev_hash[at % 32] ^= 1 << (at % 8),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_sound_log_verifies(rows in log(), cut in any::<prop::sample::Index>()) {
        let head = checkpoint_at(&rows, rows.len());
        let middle = cut.index(rows.len() + 1);
        let between = checkpoint_at(&rows, middle);
        prop_assert_eq!(verify(&rows, &[head, between]), Ok(head));

        let mut later = Verifier::resume(between).expecting(head);
        for (fields, link) in &rows[middle..] {
            later.feed(fields, link).unwrap();
        }
        prop_assert_eq!(later.finish(), Ok(head));
    }

    #[test]
    fn a_flipped_byte_is_named(
        rows in log(),
        victim in any::<prop::sample::Index>(),
        column in 0..14_usize,
        at in any::<usize>(),
    ) {
        let mut forged = rows.clone();
        let victim = victim.index(rows.len());
        flip(&mut forged[victim], column, at);
        prop_assert_ne!(&forged[victim], &rows[victim]);
        let kind = if column == 13 { BreakKind::PreviousHash } else { BreakKind::Content };
        prop_assert_eq!(verify(&forged, &[]), Err(Broken { seq: victim as i64 + 1, kind }));
    }

    #[test]
    fn a_changed_number_is_named(
        rows in log(),
        victim in any::<prop::sample::Index>(),
        bit in 0..63_u32,
    ) {
        let mut forged = rows;
        let victim = victim.index(forged.len());
        let seq = victim as i64 + 1;
        forged[victim].0.seq ^= 1 << bit;
        let read = forged[victim].0.seq;
        let expected = if read > seq {
            Broken { seq, kind: BreakKind::Missing }
        } else {
            Broken { seq: read, kind: BreakKind::OutOfOrder }
        };
        prop_assert_eq!(verify(&forged, &[]), Err(expected));
    }

    #[test]
    fn a_removed_row_is_named(rows in log(), victim in any::<prop::sample::Index>()) {
        let head = checkpoint_at(&rows, rows.len());
        let victim = victim.index(rows.len());
        let mut forged = rows.clone();
        forged.remove(victim);
        let kind = if victim + 1 == rows.len() { BreakKind::Truncated } else { BreakKind::Missing };
        let expected = Broken { seq: victim as i64 + 1, kind };
        prop_assert_eq!(verify(&forged, &[head]), Err(expected));

        // Closing the gap in the numbers moves the break to the content of the next row.
        for (fields, seq) in forged.iter_mut().map(|row| &mut row.0).zip(1..) {
            fields.seq = seq;
        }
        prop_assert_eq!(verify(&forged, &[head]).unwrap_err().seq, victim as i64 + 1);
    }

    #[test]
    fn an_added_row_is_named(
        rows in log(),
        place in any::<prop::sample::Index>(),
        source in any::<prop::sample::Index>(),
    ) {
        let place = place.index(rows.len());
        let source = source.index(rows.len());
        let mut forged = rows.clone();
        forged.insert(place, rows[source].clone());
        let broken = verify(&forged, &[]).unwrap_err();
        // A copy ahead of its place shows the row it displaced; the original read in its
        // place shows the later copy.
        let first = match source.cmp(&place) {
            std::cmp::Ordering::Less => Broken { seq: source as i64 + 1, kind: BreakKind::OutOfOrder },
            std::cmp::Ordering::Equal => Broken { seq: place as i64 + 1, kind: BreakKind::OutOfOrder },
            std::cmp::Ordering::Greater => Broken { seq: place as i64 + 1, kind: BreakKind::Missing },
        };
        prop_assert_eq!(broken, first);
    }

    #[test]
    fn swapped_rows_are_named(
        rows in log(),
        one in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
    ) {
        let (one, other) = (one.index(rows.len()), other.index(rows.len()));
        prop_assume!(one != other);
        let mut forged = rows;
        forged.swap(one, other);
        let seq = one.min(other) as i64 + 1;
        prop_assert_eq!(verify(&forged, &[]), Err(Broken { seq, kind: BreakKind::Missing }));
    }

    #[test]
    fn a_cut_tail_is_named(rows in log(), keep in any::<prop::sample::Index>()) {
        let head = checkpoint_at(&rows, rows.len());
        let keep = keep.index(rows.len());
        let expected = Broken { seq: keep as i64 + 1, kind: BreakKind::Truncated };
        prop_assert_eq!(verify(&rows[..keep], &[head]), Err(expected));
    }

    #[test]
    fn a_rewritten_log_misses_its_checkpoint(
        rows in log(),
        victim in any::<prop::sample::Index>(),
        column in 0..11_usize,
        at in any::<usize>(),
    ) {
        let victim = victim.index(rows.len());
        let mut plain = rows.clone();
        flip(&mut plain[victim], column, at);
        prop_assume!(AuditRecord::new(plain[victim].0.clone()).is_ok());
        // All hashes from here on are computed anew: only a checkpoint can tell.
        let forged = chain(plain.into_iter().map(|row| row.0));
        prop_assert!(verify(&forged, &[]).is_ok());
        let before = checkpoint_at(&rows, victim);
        let at_victim = checkpoint_at(&rows, victim + 1);
        prop_assert!(verify(&forged, &[before]).is_ok());
        let expected = Broken { seq: victim as i64 + 1, kind: BreakKind::Checkpoint };
        prop_assert_eq!(verify(&forged, &[before, at_victim]), Err(expected));
    }
}

#[test]
fn a_break_is_remembered() {
    let mut verifier = Verifier::new().expecting(Checkpoint {
        size: 0,
        head: [1; 32],
    });
    let broken = Broken {
        seq: 0,
        kind: BreakKind::Checkpoint,
    };
    let fields = AuditFields {
        seq: 1,
        at_ms: 1,
        operator: "system".into(),
        operator_name: String::new(),
        action: "log.start".into(),
        target: "log/1".into(),
        result: "ok".into(),
        ip: "127.0.0.1".into(),
        device: "unknown".into(),
        institution: String::new(),
        consultation: None,
        request_id: String::new(),
    };
    let record = AuditRecord::new(fields).unwrap();
    let link = link(&GENESIS, &record);
    assert_eq!(verifier.feed(record.fields(), &link), Err(broken));
    assert_eq!(verifier.finish(), Err(broken));
}
