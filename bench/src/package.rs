//! A package of 10 000 elements from 10 institutions: checked row by row, merged, counted, frozen.

use std::{collections::BTreeMap, time::Instant};

use anyhow::{Context as _, Result, ensure};
use consilium_domain::{
    Clear, InstitutionId, InvitationId, InvitationState, ItemId, RecordKind, SubmissionId, SubmissionState,
    canonical::{canonical_json, sha256_hex},
    element::{CheckContext, Dictionary, ElementId, ElementValue, Record, check_record},
};
use consilium_storage::{Institution, Invitation, ItemHead, StoredItem, Submission};
use consilium_testkit::{Case, Database, TestServer};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::figures::{Times, memory};

const INSTITUTIONS: usize = 10;
/// Laboratory results of each, of seven elements: 10 x 143 x 7 = 10 010 elements.
const ROWS: usize = 143;
const ELEMENTS_A_ROW: usize = 7;
const TIMES: usize = 20;
const TESTS: [(&str, &str, &str, &str); 4] = [
    ("血红蛋白", "718-7", "g/L", "115-150"),
    ("白细胞计数", "6690-2", "10*9/L", "3.5-9.5"),
    ("葡萄糖", "2345-7", "mmol/L", "3.9-6.1"),
    ("肌酐", "2160-0", "umol/L", "41-81"),
];

/// One on each database that is there.
pub(crate) async fn run() -> Result<()> {
    check_alone()?;
    for database in [Database::Sqlite, Database::Postgres] {
        match TestServer::start_if_there(database).await? {
            Some(server) => on(database, server).await?,
            None => println!("{database:?}: left out"),
        }
    }
    Ok(())
}

/// Row `at` of one institution. Half of the rows are of tests that another institution holds as well.
fn row(institution: usize, at: usize) -> Record {
    let (name, code, unit, range) = TESTS.get(at % TESTS.len()).copied().unwrap_or_default();
    // Twice as many tests at one time as institutions: neighbours share their results.
    let shared = at.is_multiple_of(2);
    let day = if shared { at } else { at + 1000 * (institution + 1) };
    let values = [
        ((3, 1), name.to_owned()),
        ((3, 2), code.to_owned()),
        ((3, 3), format!("{}", 5 + at % 3)),
        ((3, 4), unit.to_owned()),
        ((3, 5), range.to_owned()),
        (
            (3, 7),
            format!("2025-{:02}-{:02}T08:30:00+08:00", day / 28 % 12 + 1, day % 28 + 1),
        ),
        ((3, 9), "12110000400686317H".to_owned()),
    ];
    Record {
        kind: RecordKind::Lab,
        key: format!("lab-{institution}-{at}"),
        elements: values
            .into_iter()
            .map(|((category, number), value)| (ElementId::row(category, number), ElementValue::new(value)))
            .collect::<BTreeMap<_, _>>(),
        available_at: consilium_domain::Timestamp::from_ms(1_760_000_000_000),
    }
}

/// The check of the rows by themselves, as each submission does it.
fn check_alone() -> Result<()> {
    let rows: Vec<Record> = (0..INSTITUTIONS)
        .flat_map(|institution| (0..ROWS).map(move |at| row(institution, at)))
        .collect();
    let ctx = CheckContext::at(consilium_domain::Timestamp::from_ms(1_800_000_000_000));
    let mut times = Vec::new();
    let mut elements = 0;
    for _ in 0..TIMES {
        let started = Instant::now();
        let findings: usize = rows
            .iter()
            .map(|row| check_record(Dictionary::builtin(), row, &ctx).len())
            .sum();
        times.push(started.elapsed());
        ensure!(findings == 0, "{findings} findings in rows that are right");
        elements = rows.iter().map(|row| row.elements.len()).sum();
    }
    println!(
        "{elements} elements in {} rows from {INSTITUTIONS} institutions",
        rows.len()
    );
    println!("  {}", Times::new(times).line("check every row"));
    Ok(())
}

async fn on(database: Database, server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 1).await?;
    case.accepted().await?;
    fill(&server, &case).await?;
    let before = memory();
    let (mut merged, mut frozen) = (Vec::new(), Vec::new());
    let (mut read, mut bytes) = (Vec::new(), 0);
    for _ in 0..TIMES {
        let started = Instant::now();
        let reply = case
            .lead
            .post(&case.path("/package/validate"), &json!({}))
            .await?;
        merged.push(started.elapsed());
        let package = reply.ok()?;
        let rows = length(&package, "items");
        ensure!(rows > INSTITUTIONS * ROWS, "only {rows} rows in the package");
    }
    let started = Instant::now();
    let package = case
        .lead
        .post(&case.path("/package/freeze"), &json!({}))
        .await?
        .ok()?;
    frozen.push(started.elapsed());
    for _ in 0..TIMES {
        let started = Instant::now();
        let reply = case.lead.get(&case.path("/packages/1")).await?;
        read.push(started.elapsed());
        bytes = reply.body.len();
    }
    println!(
        "{database:?}: {} rows merged, {} conflicts, core {}/{}",
        length(&package, "items"),
        length(&package, "conflicts"),
        package.pointer("/quality/core/part").unwrap_or(&Value::Null),
        package.pointer("/quality/core/whole").unwrap_or(&Value::Null),
    );
    println!("  {}", Times::new(merged).line("merge, count, store, answer"));
    println!("  {}", Times::new(frozen).line("freeze"));
    println!("  {}", Times::new(read).line("read"));
    println!("  one answer is {:.1} MiB of JSON", kib(bytes) / 1024.0);
    if let (Some((now, _)), Some((_, peak))) = (before, memory()) {
        println!("  memory of server and client in one process: {now:.0} MiB before, {peak:.0} MiB at most");
    }
    Ok(())
}

fn length(of: &Value, list: &str) -> usize {
    of.get(list).and_then(Value::as_array).map_or(0, Vec::len)
}

fn kib(bytes: usize) -> f64 {
    u32::try_from(bytes / 1024).map_or(f64::MAX, f64::from)
}

/// Gives the case eight more participants, and rows to all ten.
async fn fill(server: &TestServer, case: &Case) -> Result<()> {
    let app = server.app()?;
    let id = case.consultation()?;
    let now = server.clock.now();
    let mut tx = app.store.begin().await?;
    let mut sources: Vec<InstitutionId> = vec![case.east.me.institution.id, case.west.me.institution.id];
    for number in sources.len()..INSTITUTIONS {
        let institution = Institution {
            id: InstitutionId(Uuid::now_v7()),
            code: format!("bench{number}"),
            name_zh: format!("第{number}协作医院"),
            name_en: format!("Hospital {number}"),
            colour: 1,
            platform: false,
        };
        tx.insert_institution(&institution).await?;
        tx.insert_invitation(&Invitation {
            id: InvitationId(Uuid::now_v7()),
            consultation: id,
            institution: institution.id,
            state: InvitationState::Accepted,
            sent_at: now,
            due_at: now,
            answered_at: Some(now),
            answered_by: None,
            can_provide: Vec::new(),
            reason: None,
            delivered_at: Some(now),
            answer_sent_at: None,
            experts: Vec::new(),
            data_from: None,
        })
        .await?;
        sources.push(institution.id);
    }
    for (at, source) in sources.iter().enumerate() {
        let submission = SubmissionId(Uuid::now_v7());
        tx.insert_submission(&Submission {
            id: submission,
            consultation: id,
            institution: *source,
            request: None,
            state: SubmissionState::Accepted,
            stored: i32::try_from(ROWS)?,
            refused: 0,
            duplicates: 0,
            manifest_hash: String::new(),
            detail: json!([]),
            created_by: case.lead.me.account_id,
            created_at: now,
            received_at: Some(now),
        })
        .await?;
        let items: Vec<(StoredItem, Clear<Record>)> = (0..ROWS)
            .map(|number| {
                let record = row(at, number);
                let hash = sha256_hex(canonical_json(&serde_json::to_value(&record)?).as_bytes());
                let head = ItemHead {
                    id: ItemId(Uuid::now_v7()),
                    consultation: id,
                    institution: *source,
                    submission,
                    kind: record.kind,
                    key_hash: sha256_hex(format!("{source}{}", record.key).as_bytes()),
                    version: 1,
                    stored: true,
                    superseded: false,
                    available_at: record.available_at,
                    received_at: Some(now),
                    source_hash: hash.clone(),
                    hash,
                    created_at: now,
                };
                let item = StoredItem {
                    head,
                    key: record.key.clone(),
                    elements: record.elements.clone(),
                    findings: Vec::new(),
                };
                Ok((item, Clear::new(record)))
            })
            .collect::<Result<_>>()
            .context("rows")?;
        tx.insert_items(&items).await?;
        debug_assert!(
            items
                .iter()
                .all(|(item, _)| item.elements.len() == ELEMENTS_A_ROW)
        );
    }
    tx.commit_technical().await?;
    Ok(())
}
