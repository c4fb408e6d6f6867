//! Data that comes while the session runs: live queries, supplements, images, documents (clauses 7.3 b and e).

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use consilium_domain::{Timestamp, canonical::sha256_hex};
use consilium_protocol::codes;
use consilium_testkit::{Case, LiveClient, Person, Reply, TestServer, phantom};
use serde_json::{Value, json};

use super::{
    data::{asking, audited, give, id, lab, refusal, seen, told, verb},
    session_questions::{running, told_in_room},
    uploads,
};

both!(
    a_live_query_of_the_lead,
    any_institution_queries_another,
    images_make_one_next_version,
    documents_and_pictures,
);

const MINUTE: i64 = 60 * 1000;

async fn package(case: &Case, who: &Person) -> Result<Value> {
    who.get(&case.path("/package")).await?.ok()
}

/// Rows of the package with where they come from.
fn rows(package: &Value, kind: &str) -> Vec<(String, String)> {
    let items = package["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    items
        .iter()
        .filter(|item| item["kind"] == kind)
        .map(|item| {
            let text = |of: &Value| of.as_str().unwrap_or_default().to_owned();
            (text(&item["institution"]["code"]), text(&item["key"]))
        })
        .collect()
}

async fn a_live_query_of_the_lead(server: TestServer) -> Result<()> {
    let case = running(&server, 140).await?;
    assert_eq!(package(&case, &case.west).await?["version"], 1);
    let mut room = LiveClient::join(&case.west, &case.id).await?;
    let form = asking(&json!(case.east.me.institution.id), "lab_exam");
    let sent = case.lead.post(&case.path("/data-requests"), &form).await?.ok()?;
    let request = id(&sent)?;
    let at =
        |of: &Value| -> Result<Timestamp> { Ok(Timestamp::parse_rfc3339(of.as_str().context("a time")?)?) };
    let term = at(&sent["due"]["target_at"])?.since_ms(at(&sent["sent_at"])?);
    assert_eq!(term, 30 * MINUTE, "the session waits for it");
    assert_eq!(sent["due"]["target_at"], sent["due"]["hard_at"]);
    assert_eq!(sent["overdue"], false);
    told_in_room(&mut room, "data", 1).await?;
    assert!(
        told(&case.east)
            .await?
            .contains(&"data_request_received".to_owned())
    );
    server.clock.advance_ms(16 * MINUTE);
    server.tick().await?;
    assert!(
        told(&case.east).await?.contains(&"deadline_near".to_owned()),
        "15 minutes are left"
    );

    verb(&case, &case.east, "data-requests", &request, "verify")
        .await?
        .ok()?;
    let row = lab("live-1", "98");
    give(&case, &case.east, Some(&request), std::slice::from_ref(&row))
        .await?
        .ok()?;
    assert_eq!(
        package(&case, &case.west).await?["version"],
        1,
        "kept back until it is released"
    );
    let released = Instant::now();
    verb(&case, &case.east, "data-requests", &request, "submit")
        .await?
        .ok()?;
    let next = package(&case, &case.west).await?;
    assert_eq!((&next["version"], &next["state"]), (&json!(2), &json!("shared")));
    assert_eq!(rows(&next, "lab"), [("east".to_owned(), "live-1".to_owned())]);
    told_in_room(&mut room, "data", 3).await?;
    println!(
        "released, shared and told in the room in {:?}",
        released.elapsed()
    );
    assert!(
        told(&case.lead)
            .await?
            .contains(&"submission_received".to_owned())
    );
    let taken = verb(&case, &case.lead, "data-requests", &request, "accept")
        .await?
        .ok()?;
    assert_eq!(taken["state"], "accepted");
    assert!(
        told(&case.east)
            .await?
            .contains(&"submission_accepted".to_owned())
    );
    assert_eq!(
        package(&case, &case.lead).await?["version"],
        2,
        "it was in it already"
    );
    let versions = case.lead.get(&case.path("/packages")).await?.ok()?;
    let states: Vec<&str> = versions
        .as_array()
        .context("versions")?
        .iter()
        .filter_map(|of| of["state"].as_str())
        .collect();
    assert_eq!(states, ["shared", "superseded"], "the chain is kept");
    assert!(audited(&server, &case, "package.supplement", "ok").await?);

    // Nobody answers: both are told after half an hour, not at the time of the session.
    let second = case.lead.post(&case.path("/data-requests"), &form).await?.ok()?;
    server.clock.advance_ms(31 * MINUTE);
    server.tick().await?;
    let late = seen(&case, &case.lead, "data-requests", &id(&second)?)
        .await?
        .context("it")?;
    assert_eq!(late["overdue"], true);
    for who in [&case.lead, &case.east] {
        assert!(told(who).await?.contains(&"deadline_passed".to_owned()));
    }
    Ok(())
}

async fn any_institution_queries_another(server: TestServer) -> Result<()> {
    let case = running(&server, 141).await?;
    let east = server.client_as("east.expert").await?;
    let west = json!(case.west.me.institution.id);
    let sent = east
        .post(&case.path("/data-requests"), &asking(&west, "lab_exam"))
        .await?
        .ok()?;
    let request = id(&sent)?;
    assert_eq!(sent["asked_by"]["code"], "east");
    assert_eq!(sent["state"], "sent", "found legitimate by rule: {sent}");
    for who in [&case.lead, &case.west] {
        let seen = seen(&case, who, "data-requests", &request)
            .await?
            .context("the request")?;
        assert_eq!(seen["asked_by"]["code"], "east");
    }
    let notices = case.west.get("/api/v1/notices").await?.ok()?;
    let come = notices["items"].as_array().context("items")?;
    let come = come
        .iter()
        .find(|of| of["kind"] == "data_request_received")
        .context("a notice")?;
    assert_eq!(come["institution"]["code"], "east");
    verb(&case, &case.west, "data-requests", &request, "verify")
        .await?
        .ok()?;
    assert!(
        told(&case.east)
            .await?
            .contains(&"data_request_verified".to_owned())
    );
    give(&case, &case.west, Some(&request), &[lab("w-1", "140")])
        .await?
        .ok()?;
    verb(&case, &case.west, "data-requests", &request, "submit")
        .await?
        .ok()?;
    let shared = package(&case, &east).await?;
    assert_eq!(rows(&shared, "lab"), [("west".to_owned(), "w-1".to_owned())]);
    assert!(
        told(&case.east)
            .await?
            .contains(&"submission_received".to_owned())
    );

    // The same rules hold for everybody: what was not agreed, and whom nobody has invited.
    let more = east
        .post(&case.path("/data-requests"), &asking(&west, "treatment"))
        .await?
        .ok()?;
    assert_eq!(more["state"], "refused");
    assert_eq!(more["refused_code"], codes::DATA_REQUEST_OUT_OF_RANGE);
    let own = asking(&json!(east.me.institution.id), "lab_exam");
    assert_eq!(east.post(&case.path("/data-requests"), &own).await?.status, 422);
    let mut draft = asking(&west, "lab_exam");
    draft["draft"] = json!(true);
    assert_eq!(east.post(&case.path("/data-requests"), &draft).await?.status, 422);
    let operator = server.client_as("east.operator").await?;
    assert_eq!(
        operator
            .post(&case.path("/data-requests"), &asking(&west, "lab_exam"))
            .await?
            .status,
        403
    );
    case.act("end").await?;
    let late = east
        .post(&case.path("/data-requests"), &asking(&west, "lab_exam"))
        .await?;
    assert_eq!(
        refusal(&late)?,
        (403, codes::FORBIDDEN.to_owned()),
        "the session is over"
    );
    assert!(audited(&server, &case, "data_request.query", "ok").await?);
    Ok(())
}

/// Waits until the package has a version: made by the server when no more files come.
async fn version(case: &Case, who: &Person, wanted: i64) -> Result<Value> {
    let waited = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            let package = package(case, who).await?;
            if package["version"].as_i64() >= Some(wanted) {
                return Ok::<_, anyhow::Error>(package);
            }
            tokio::task::yield_now().await;
        }
    });
    waited.await.context("no such version")?
}

async fn images_make_one_next_version(server: TestServer) -> Result<()> {
    let case = running(&server, 142).await?;
    let mut room = LiveClient::join(&case.west, &case.id).await?;
    let east = server.client_as("east.expert").await?;
    for (at, file) in phantom(&case.patient.record_number, 7, 3)?
        .into_iter()
        .enumerate()
    {
        let reply = east.upload(&case.id, &format!("{at}.dcm"), file, true).await?;
        assert_eq!(reply.status, 201, "{}", reply.text());
    }
    let sent = Instant::now();
    told_in_room(&mut room, "images", 3).await?;
    told_in_room(&mut room, "data", 1).await?;
    let next = version(&case, &case.west, 2).await?;
    println!("images in the shared package {:?} after the last", sent.elapsed());
    assert_eq!(next["version"], 2, "three files are one version");
    let series = next["series"].as_array().context("series")?;
    let given = series
        .iter()
        .find(|of| of["institution"]["code"] == "east")
        .context("its series")?;
    assert_eq!(given["instances"], 3);

    // A row nobody asked for, by an expert; outside what was agreed it is refused.
    give(&case, &east, None, &[lab("extra", "77")]).await?.ok()?;
    let next = package(&case, &case.west).await?;
    assert_eq!(next["version"], 3);
    assert_eq!(rows(&next, "lab"), [("east".to_owned(), "extra".to_owned())]);
    told_in_room(&mut room, "data", 2).await?;
    let treatment = json!({"kind": "treatment", "key": "t", "available_at": "2026-11-01T02:00:00Z", "elements": {"5.1": {"value": "甘露醇"}}});
    let outside = give(&case, &east, None, &[treatment]).await?;
    assert_eq!(
        refusal(&outside)?,
        (409, codes::SUBMISSION_OUT_OF_RANGE.to_owned())
    );

    // The last file of a session is in the version it ends with, however quickly it ends.
    let last = phantom(&case.patient.record_number, 9, 1)?.remove(0);
    assert_eq!(
        case.lead.upload(&case.id, "last.dcm", last, true).await?.status,
        201
    );
    case.act("end").await?;
    let shared = package(&case, &case.west).await?;
    assert!(shared["version"].as_i64() >= Some(4), "{}", shared["version"]);
    assert_eq!(case.lead.get(&case.path("/package")).await?.ok()?["stale"], false);
    Ok(())
}

async fn add(case: &Case, who: &Person, name: &str, bytes: &[u8], confirmed: bool) -> Result<Reply> {
    let path = case.path(&format!("/attachments?confirm_masked={confirmed}"));
    let name: String = name.bytes().map(|b| format!("%{b:02X}")).collect();
    let request = who
        .request(reqwest::Method::POST, &path)
        .header("content-type", "application/octet-stream")
        .header("x-file-name", name)
        .body(bytes.to_vec());
    who.send(request).await
}

async fn documents_and_pictures(server: TestServer) -> Result<()> {
    let pdf = b"%PDF-1.7 a discharge letter";
    let case = super::data::preparing(&server, 143).await?;
    let early = add(&case, &case.east, "a.pdf", pdf, true).await?;
    assert_eq!(refusal(&early)?, (409, codes::WRONG_STATE.to_owned()));
    case.images(2).await?;
    case.ready().await?;
    case.act("start").await?;
    let east = server.client_as("east.expert").await?;
    let mut room = LiveClient::join(&case.west, &case.id).await?;
    let unseen = add(&case, &east, "a.pdf", pdf, false).await?;
    assert_eq!(refusal(&unseen)?, (409, codes::ATTACHMENT_UNCONFIRMED.to_owned()));
    for (bytes, status, code) in [
        (b"<html>".to_vec(), 422, codes::ATTACHMENT_TYPE),
        (
            b"\x89PNG\r\n\x1a\n cut short".to_vec(),
            422,
            codes::ATTACHMENT_TYPE,
        ),
    ] {
        let reply = add(&case, &east, "x", &bytes, true).await?;
        assert_eq!(refusal(&reply)?, (status, code.to_owned()));
    }
    let name = format!("{} 出院小结.pdf", case.patient.name);
    let added = add(&case, &east, &name, pdf, true).await?.ok()?;
    assert_eq!(added["media"], "application/pdf");
    assert_eq!(added["institution"]["code"], "east");
    assert_eq!(added["sha256"], json!(sha256_hex(pdf)));
    let shown = added["name"].as_str().context("a name")?;
    assert!(
        shown.contains("出院小结") && !shown.contains(&case.patient.name),
        "{shown}"
    );
    told_in_room(&mut room, "data", 1).await?;
    let again = add(&case, &east, "other.pdf", pdf, true).await?.ok()?;
    assert_eq!(
        again["id"], added["id"],
        "the same content is the one that is there"
    );

    // As a resumable upload.
    let more = [
        ("filename", "photo.jpg"),
        ("filetype", "image/jpeg"),
        ("confirm_masked", "true"),
    ];
    let jpeg = b"\xff\xd8\xff\xe1\x00\x08Exif..\xff\xda\x00\x03.pixels\xff\xd9";
    let (_, upload) = uploads::send(&case.west, jpeg, &uploads::metadata(&case, "attachment", &more)).await?;
    let photo = upload.result.context("kept")?;
    assert_eq!(photo["media"], "image/jpeg");
    let list = case.lead.get(&case.path("/attachments")).await?.ok()?;
    assert_eq!(list.as_array().map(Vec::len), Some(2));
    for who in [&case.lead, &case.west, &east] {
        let path = case.path(&format!("/attachments/{}", id(&added)?));
        let read = who.get(&path).await?;
        assert_eq!((read.status, read.body.as_slice()), (200, &pdf[..]));
        assert_eq!(read.header("content-type"), Some("application/pdf"));
        assert!(
            read.header("content-disposition")
                .context("a name")?
                .starts_with("attachment")
        );
    }
    let read = east
        .get(&case.path(&format!("/attachments/{}", id(&photo)?)))
        .await?;
    assert_eq!(
        read.body, b"\xff\xd8\xff\xda\x00\x03.pixels\xff\xd9",
        "only the picture is left"
    );

    let shared = package(&case, &east).await?;
    assert_eq!(shared["version"], 3, "one a document");
    assert_eq!(shared["attachments"].as_array().map(Vec::len), Some(2));
    let manifest = case.lead.get(&case.path("/packages/3/manifest")).await?;
    assert!(manifest.text().contains(&sha256_hex(pdf)));
    assert_eq!(shared["manifest_hash"], json!(sha256_hex(&manifest.body)));
    let reviewer = server.client_as("reviewer").await?;
    assert_eq!(reviewer.get(&case.path("/attachments")).await?.status, 404);
    case.lead
        .post(
            &case.path("/consent/withdraw"),
            &json!({"reason": "患者改变决定"}),
        )
        .await?
        .ok()?;
    let closed = east.get(&case.path("/attachments")).await?;
    assert_eq!(refusal(&closed)?, (403, codes::NO_CONSENT.to_owned()));
    let refused = add(&case, &east, "b.pdf", b"%PDF-1.7 b", true).await?;
    assert_eq!(refusal(&refused)?, (409, codes::NO_CONSENT.to_owned()));
    for result in ["ok", codes::ATTACHMENT_TYPE, codes::ATTACHMENT_UNCONFIRMED] {
        assert!(
            audited(&server, &case, "attachment.add", result).await?,
            "{result}"
        );
    }
    assert!(audited(&server, &case, "attachment.read", "ok").await?);
    Ok(())
}
