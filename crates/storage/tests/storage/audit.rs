//! The audit log: reading, and finding every kind of tampering.

use consilium_domain::Timestamp;
use consilium_ledger::{BreakKind, Broken};
use consilium_storage::{AuditEntry, AuditFilter, StoreError};
use sea_orm::Value;

use crate::world::{NOW, World, event, id};

const RECORDS: i64 = 12;
const ROW: i64 = 7;

async fn filled(world: &World) {
    for n in 1..=RECORDS {
        let mut tx = world.store.begin().await.unwrap();
        let action = if n % 2 == 0 {
            "session.sign_in"
        } else {
            "session_x.read"
        };
        let entry = AuditEntry {
            at: NOW.plus_ms(n),
            operator: format!("account-{}", n % 3),
            institution: format!("H00{}", n % 2),
            consultation: (n > 6).then(|| id(31)),
            ..event(action, &format!("thing/{n}"))
        };
        assert_eq!(tx.audit(entry).await.unwrap(), n);
        tx.commit().await.unwrap();
    }
}

async fn verified(world: &World) -> Result<i64, Broken> {
    let outcome = world.store.reader().verify_audit().await.unwrap();
    outcome.map(|checkpoint| checkpoint.size)
}

pub(crate) async fn pages_and_filters(world: World) {
    filled(&world).await;
    let reader = world.store.reader();
    let page = async |filter: AuditFilter, before: Option<i64>, limit: u32| -> Vec<i64> {
        let records = reader.audit_page(filter, before, limit).await.unwrap();
        records.iter().map(|record| record.seq()).collect()
    };
    let all = AuditFilter::default;
    assert_eq!(page(all(), None, 3).await, [12, 11, 10]);
    assert_eq!(page(all(), Some(10), 3).await, [9, 8, 7]);
    assert_eq!(page(all(), Some(1), 3).await, [0_i64; 0]);
    let filter = AuditFilter {
        institution: Some("H001".to_owned()),
        ..all()
    };
    assert_eq!(page(filter, None, 2).await, [11, 9]);
    let filter = AuditFilter {
        operator: Some("account-0".to_owned()),
        ..all()
    };
    assert_eq!(page(filter, None, 99).await, [12, 9, 6, 3]);
    let filter = AuditFilter {
        consultation: Some(id(31)),
        ..all()
    };
    assert_eq!(page(filter, None, 99).await, [12, 11, 10, 9, 8, 7]);
    let filter = AuditFilter {
        action_prefix: Some("session.".to_owned()),
        ..all()
    };
    assert_eq!(page(filter, None, 2).await, [12, 10]);
    // An underscore is an underscore, a percent sign a percent sign.
    let filter = AuditFilter {
        action_prefix: Some("session_".to_owned()),
        ..all()
    };
    assert_eq!(page(filter, None, 2).await, [11, 9]);
    let filter = AuditFilter {
        action_prefix: Some("%".to_owned()),
        ..all()
    };
    assert_eq!(page(filter, None, 2).await, [0_i64; 0]);
    let between = AuditFilter {
        from: Some(NOW.plus_ms(3)),
        to: Some(NOW.plus_ms(5)),
        ..all()
    };
    assert_eq!(page(between, None, 99).await, [4, 3]);

    let record = reader.audit_page(all(), Some(2), 1).await.unwrap().remove(0);
    assert_eq!(record.fields().at_ms, NOW.plus_ms(1).ms());
    assert_eq!(record.fields().target, "thing/1");
    assert_eq!(verified(&world).await, Ok(RECORDS));
}

pub(crate) async fn a_changed_column_names_its_row(world: World) {
    filled(&world).await;
    let texts = [
        "operator",
        "operator_name",
        "action",
        "target",
        "result",
        "ip",
        "device",
        "institution",
        "consultation",
        "request_id",
    ];
    for column in texts {
        let select = format!("SELECT {column} AS v FROM audit WHERE seq = ?");
        let row = world.query(&select, vec![ROW.into()]).await.remove(0);
        let stored: String = row.try_get("", "v").unwrap();
        let mut bytes = stored.clone().into_bytes();
        *bytes.first_mut().unwrap() ^= 1;
        let changed = String::from_utf8(bytes).unwrap();
        change(&world, column, changed.into(), stored.into(), ROW).await;
    }
    for column in ["prev_hash", "hash"] {
        let select = format!("SELECT {column} AS v FROM audit WHERE seq = ?");
        let row = world.query(&select, vec![ROW.into()]).await.remove(0);
        let stored: Vec<u8> = row.try_get("", "v").unwrap();
        let mut changed = stored.clone();
        *changed.last_mut().unwrap() ^= 0x80;
        change(&world, column, changed.into(), stored.clone().into(), ROW).await;
        let short = stored.split_last().unwrap().1.to_vec();
        change(&world, column, short.into(), stored.into(), ROW).await;
    }
    let at = NOW.plus_ms(ROW).ms();
    change(&world, "at", (at + 1).into(), at.into(), ROW).await;
    let consultation = id::<consilium_domain::ConsultationId>(31).to_string();
    change(
        &world,
        "consultation",
        Value::String(None),
        consultation.into(),
        ROW,
    )
    .await;
    if world.sqlite {
        // Not even text any more.
        let sql = "UPDATE audit SET target = CAST(x'ff80' AS TEXT) WHERE seq = ?";
        world.execute(sql, vec![ROW.into()]).await;
        let broken = Broken {
            seq: ROW,
            kind: BreakKind::Content,
        };
        assert_eq!(verified(&world).await, Err(broken));
        world
            .execute(
                "UPDATE audit SET target = ? WHERE seq = ?",
                vec!["thing/7".into(), ROW.into()],
            )
            .await;
    }
    assert_eq!(verified(&world).await, Ok(RECORDS));
}

async fn change(world: &World, column: &str, to: Value, back: Value, row: i64) {
    let update = format!("UPDATE audit SET {column} = ? WHERE seq = ?");
    assert_eq!(world.execute(&update, vec![to, row.into()]).await, 1);
    let broken = verified(world).await.unwrap_err();
    assert_eq!(broken.seq, row, "{column}: {broken:?}");
    assert_eq!(world.execute(&update, vec![back, row.into()]).await, 1);
    assert_eq!(verified(world).await, Ok(RECORDS), "{column}");
}

pub(crate) async fn removed_added_and_cut_rows_are_found(world: World) {
    filled(&world).await;
    let broken = async |seq: i64, kind: BreakKind| {
        assert_eq!(verified(&world).await, Err(Broken { seq, kind }));
    };
    // A number changed is a row missing; the tail cut off; the head set back to hide that.
    world
        .execute("UPDATE audit SET seq = 1007 WHERE seq = 7", vec![])
        .await;
    broken(7, BreakKind::Missing).await;
    world
        .execute("UPDATE audit SET seq = 7 WHERE seq = 1007", vec![])
        .await;
    assert_eq!(verified(&world).await, Ok(RECORDS));

    world
        .execute("UPDATE audit SET seq = -1 WHERE seq = 7", vec![])
        .await;
    broken(-1, BreakKind::OutOfOrder).await;
    world
        .execute("UPDATE audit SET seq = 7 WHERE seq = -1", vec![])
        .await;

    world.execute("UPDATE audit_head SET size = 11", vec![]).await;
    broken(11, BreakKind::Checkpoint).await;
    world.execute("UPDATE audit_head SET size = 13", vec![]).await;
    broken(13, BreakKind::Truncated).await;
    world.execute("UPDATE audit_head SET size = 12", vec![]).await;
    assert_eq!(verified(&world).await, Ok(RECORDS));

    // A row after the end, which the head has never seen.
    world
        .execute(
            "INSERT INTO audit SELECT 13, at, operator, operator_name, action, target, result, ip, device, \
             institution, consultation, request_id, prev_hash, hash FROM audit WHERE seq = 12",
            vec![],
        )
        .await;
    broken(13, BreakKind::Checkpoint).await;
    world.execute("DELETE FROM audit WHERE seq > 10", vec![]).await;
    broken(11, BreakKind::Truncated).await;
    world.execute("DELETE FROM audit WHERE seq = 1", vec![]).await;
    broken(1, BreakKind::Missing).await;
}

pub(crate) async fn an_incomplete_record_is_refused(world: World) {
    let incomplete = [
        AuditEntry {
            operator: String::new(),
            ..event("a.b", "c/1")
        },
        AuditEntry {
            ip: String::new(),
            ..event("a.b", "c/1")
        },
        AuditEntry {
            at: Timestamp::from_ms(0),
            ..event("a.b", "c/1")
        },
        event("no dots", "c/1"),
    ];
    for entry in incomplete {
        let mut tx = world.store.begin().await.unwrap();
        assert!(matches!(tx.audit(entry).await, Err(StoreError::Audit(_))));
        assert!(matches!(tx.commit().await, Err(StoreError::NotAudited)));
    }
    assert_eq!(verified(&world).await, Ok(0));
}
