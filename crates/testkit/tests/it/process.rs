//! What only a process can show: kill -9, memory, signals, bytes on disk.

use std::{collections::BTreeSet, io::ErrorKind, path::Path};

use anyhow::{Context as _, Result};
use consilium_collab::client::Saved;
use consilium_domain::{ConsultationKind, Timestamp};
use consilium_protocol::live::Annotation;
use consilium_server::demo::people::CASES;
use consilium_testkit::{Case, LiveClient, Person, Process};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

pub(super) async fn case(process: &Process, number: usize) -> Result<Case> {
    let (lead, east, west) = (
        process.target.sign_in("lead.admin").await?,
        process.target.sign_in("east.admin").await?,
        process.target.sign_in("west.admin").await?,
    );
    Case::draft_by(
        number,
        lead,
        east,
        west,
        Timestamp::from_ms(process.target.now_ms()),
    )
    .await
}

/// Kills the program while two experts write as fast as they are acknowledged. What was acknowledged,
/// in the room or over HTTP, is there afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_by_kill_9() -> Result<()> {
    let mut process = Process::start().await?;
    let case = case(&process, 20).await?;
    case.begin().await?;
    let image = case.image().await?;
    let mut experts: Vec<Person> = Vec::new();
    for name in ["lead.expert", "east.expert"] {
        experts.push(process.target.sign_in(name).await?);
    }
    let mut lead = case.lead.clone();
    let mut acknowledged: BTreeSet<String> = BTreeSet::new();
    let mut drafts: Vec<String> = Vec::new();
    for round in 0..4_u32 {
        let mut writers = Vec::new();
        for person in experts.clone() {
            let (id, image) = (case.id.clone(), image.clone());
            writers.push(tokio::spawn(async move {
                let mut saved = Vec::new();
                let Ok(mut client) = LiveClient::join(&person, &id).await else { return saved };
                for n in 0.. {
                    let drawn: Annotation = serde_json::from_value(json!({
                        "kind": "freehand", "image": image, "points": [[1.0, 2.0], [3.0, 4.0], [f64::from(n), 6.0]], "label": "", "at_ms": 1
                    }))
                    .unwrap();
                    let name = format!("r{round}-{n}");
                    if client.edit(|room| room.put_annotation(&name, &drawn)).await.is_err() || client.saved().await.is_err() {
                        break;
                    }
                    saved.push(format!("{}/{name}", person.me.account_id));
                }
                saved
            }));
        }
        let drafter = {
            let (lead, east, west) = (lead.clone(), case.east.clone(), case.west.clone());
            let now = process.target.now_ms();
            tokio::spawn(async move {
                let mut made = Vec::new();
                for number in 30.. {
                    match Case::draft_by(
                        number,
                        lead.clone(),
                        east.clone(),
                        west.clone(),
                        Timestamp::from_ms(now),
                    )
                    .await
                    {
                        Ok(case) => made.push(case.id),
                        Err(_) => break,
                    }
                }
                made
            })
        };
        // A while of writing, a different one each round; the kill meets whatever is under way.
        tokio::time::sleep(std::time::Duration::from_millis(300 + 170 * u64::from(round))).await;
        process = process.kill_and_restart().await?;
        for writer in writers {
            acknowledged.extend(writer.await?);
        }
        drafts.extend(drafter.await?);
        for person in &mut experts {
            *person = person.at(&process.target)?;
        }
        lead = lead.at(&process.target)?;

        let reader = LiveClient::join(experts.first().context("an expert")?, &case.id).await?;
        let there: BTreeSet<String> = reader
            .room
            .document()
            .annotations()
            .iter()
            .map(|a| format!("{}/{}", a.author, a.id))
            .collect();
        let lost: Vec<_> = acknowledged.difference(&there).collect();
        assert!(
            lost.is_empty(),
            "round {round}: lost {lost:?} of {}",
            acknowledged.len()
        );
        for id in &drafts {
            assert_eq!(
                lead.get(&format!("/api/v1/consultations/{id}")).await?.status,
                200,
                "a draft is gone"
            );
        }
    }
    println!(
        "{} acknowledged strokes and {} drafts over 4 kills, none lost",
        acknowledged.len(),
        drafts.len()
    );
    assert!(
        acknowledged.len() > 40 && !drafts.is_empty(),
        "{} {}",
        acknowledged.len(),
        drafts.len()
    );
    let audit = process
        .target
        .sign_in("auditor")
        .await?
        .get("/api/v1/audit-events")
        .await?;
    assert_eq!(audit.status, 200);
    verify(&mut process, true).await
}

/// Every write to a file fails (EFBIG, which SQLite reports as an I/O error) while two experts work: nothing
/// acknowledged is lost, the room says that it is read-only, nobody sees what is not stored, and all goes on
/// by itself when the disk works again.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fails_loses_nothing() -> Result<()> {
    let mut process = Process::start().await?;
    let case = case(&process, 23).await?;
    case.begin().await?;
    let (one, two) = (
        process.target.sign_in("lead.expert").await?,
        process.target.sign_in("east.expert").await?,
    );
    let mut writer = LiveClient::join(&one, &case.id).await?;
    let mut reader = LiveClient::join(&two, &case.id).await?;
    for round in 0..3 {
        let (kept, late) = (format!("{round}: kept"), format!("{round}: kept, and late"));
        writer.edit(|room| room.set_opinion(&kept)).await?;
        writer.saved().await?;
        process.break_writes(true).await?;
        writer.edit(|room| room.set_opinion(&late)).await?;
        writer
            .until("it says it is read-only", |room, _| room.read_only())
            .await?;
        reader
            .until("the other is told too", |room, _| room.read_only())
            .await?;
        assert_ne!(writer.room.saved(), Saved::Saved);
        assert_eq!(reader.room.document().opinion(one.me.account_id), kept);
        process.break_writes(false).await?;
        writer
            .until("it goes on by itself", |room, _| !room.read_only())
            .await?;
        writer.saved().await?;
        reader
            .until("all see it", |room, _| {
                !room.read_only() && room.document().opinion(one.me.account_id) == late
            })
            .await?;
    }
    process = process.kill_and_restart().await?;
    let again = LiveClient::join(&one.at(&process.target)?, &case.id).await?;
    assert_eq!(
        again.room.document().opinion(one.me.account_id),
        "2: kept, and late"
    );
    verify(&mut process, true).await
}

/// Stops the program and lets it check its audit log.
async fn verify(process: &mut Process, whole: bool) -> Result<()> {
    process.terminate().await?;
    let data = process.folder.path().join("data");
    let (fine, said) = Process::once(&["verify", "--data", data.to_str().context("a path")?]).await?;
    assert_eq!(fine, whole, "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stops_in_order_and_a_flipped_byte_is_found() -> Result<()> {
    let mut process = Process::start().await?;
    let expert = process.target.sign_in("lead.expert").await?;
    let case = case(&process, 21).await?;
    case.begin().await?;
    let mut client = LiveClient::join(&expert, &case.id).await?;
    assert_eq!(
        process.terminate().await?,
        Some(0),
        "SIGTERM ends it with success"
    );
    let code = client.until_closed().await?;
    assert!(
        code.is_none() || code == Some(1012) || code == Some(1001),
        "{code:?}"
    );

    let data = process.folder.path().join("data");
    let arguments = ["verify", "--data", data.to_str().context("a path")?];
    let (fine, said) = Process::once(&arguments).await?;
    assert!(fine && said.contains("whole"), "{said}");
    let file = data.join("consilium.db");
    let mut bytes = std::fs::read(&file)?;
    // One bit of an action's name, in the table and not in an index of it.
    let needle = b"invitation.send";
    let at = bytes
        .windows(needle.len())
        .position(|w| w == needle)
        .context("an audit row on disk")?;
    bytes[at] ^= 1;
    std::fs::write(&file, &bytes)?;
    let (fine, said) = Process::once(&arguments).await?;
    assert!(!fine && said.contains("broken"), "{said}");
    Ok(())
}

/// Every byte the demo keeps, after its people have worked: no name, number, phone, address or text of
/// a chart can be read.
#[tokio::test(flavor = "multi_thread")]
async fn no_patient_can_be_read_on_disk() -> Result<()> {
    let mut process = Process::start().await?;
    let case = case(&process, 22).await?;
    case.begin().await?;
    let expert = process.target.sign_in("east.expert").await?;
    let mut client = LiveClient::join(&expert, &case.id).await?;
    client
        .edit(|room| room.set_opinion("埋下的意见文字不可见"))
        .await?;
    client.saved().await?;
    expert
        .post(&case.path("/opinions"), &json!({"text": "埋下的签名意见不可见"}))
        .await?
        .ok()?;
    let mut planted = vec![
        "埋下的意见文字".to_owned(),
        "埋下的签名意见".to_owned(),
        "PHANTOM^ONE".to_owned(),
        "PHANTOM^HEAD".to_owned(),
    ];
    let mut people = vec![case.patient.clone()];
    for known in CASES {
        people.push(known.patient());
        let clinical = known.clinical();
        planted.extend([clinical.preliminary_diagnosis, clinical.chief_complaint]);
        planted.push(clinical.need.chars().take(12).collect());
    }
    for p in &people {
        planted.extend([
            p.name.clone(),
            p.id_number.clone(),
            p.phone.clone(),
            p.address.clone(),
            p.record_number.clone(),
        ]);
    }
    planted.retain(|text| text.len() >= 6);
    search(process.folder.path(), &planted)?;
    // Again at rest, when the write-ahead log is folded in.
    assert_eq!(process.terminate().await?, Some(0));
    let searched = search(process.folder.path(), &planted)?;
    println!("{} planted texts in none of {searched} bytes", planted.len());
    assert!(searched > 1_000_000);
    assert!(CASES.iter().any(|c| c.kind == ConsultationKind::General));
    Ok(())
}

/// Bytes searched; an error names file and text. A file that the running program renamed or removed after the
/// folder was listed has nothing to read any more; under its new name the next search meets it.
pub(super) fn search(folder: &Path, planted: &[String]) -> Result<u64> {
    let mut searched = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            searched += search(&path, planted)?;
            continue;
        }
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        searched += u64::try_from(bytes.len())?;
        for text in planted {
            let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            for needle in [text.as_bytes(), utf16.as_slice()] {
                let found = memmem(&bytes, needle);
                assert!(!found, "{text:?} in {}", path.display());
            }
        }
    }
    Ok(searched)
}

fn memmem(bytes: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else { return false };
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|b| b == first) {
        rest = &rest[at..];
        if rest.starts_with(needle) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

/// 1 GiB at a JSON route, announced or in chunks: 413 and no growth.
#[tokio::test(flavor = "multi_thread")]
async fn a_gibibyte_at_a_json_route_is_refused_without_growth() -> Result<()> {
    const GIBIBYTE: u64 = 1 << 30;
    let process = Process::start().await?;
    let lead = process.target.sign_in("lead.admin").await?;
    lead.get("/api/v1/consultations").await?.ok()?;
    process.reset_peak()?;
    let (before, _) = process.memory_bytes()?;
    for (path, cookie) in [
        ("/api/v1/consultations", lead.cookie.as_str()),
        ("/api/v1/session", ""),
    ] {
        for announced in [true, false] {
            let framing = if announced {
                format!("content-length: {GIBIBYTE}")
            } else {
                "transfer-encoding: chunked".to_owned()
            };
            let head = format!(
                "POST {path} HTTP/1.1\r\nhost: localhost\r\ncookie: {cookie}\r\ncontent-type: application/json\r\n{framing}\r\n\r\n"
            );
            let (mut read, mut write) = tokio::io::split(process.target.connect().await?);
            write.write_all(head.as_bytes()).await?;
            let sender = tokio::spawn(async move {
                let block = vec![b'['; 64 * 1024];
                let mut sent = 0;
                while sent < GIBIBYTE {
                    if !announced && write.write_all(b"10000\r\n").await.is_err() {
                        break;
                    }
                    if write.write_all(&block).await.is_err()
                        || !announced && write.write_all(b"\r\n").await.is_err()
                    {
                        break;
                    }
                    sent += 64 * 1024;
                }
                sent
            });
            let mut status = [0_u8; 12];
            read.read_exact(&mut status).await?;
            assert_eq!(&status, b"HTTP/1.1 413", "{path}, announced: {announced}");
            // The rest of the answer, so that the server may close.
            let mut rest = Vec::new();
            drop(read.read_to_end(&mut rest).await);
            let sent = sender.await?;
            println!(
                "{path}, announced {announced}: 413 after {} KiB were sent",
                sent / 1024
            );
        }
    }
    let (_, peak) = process.memory_bytes()?;
    let growth = peak.saturating_sub(before);
    println!(
        "{} MiB before, at most {} KiB more while it was sent",
        before >> 20,
        growth / 1024
    );
    assert!(growth < 32 << 20, "grown by {} MiB", growth >> 20);
    Ok(())
}
