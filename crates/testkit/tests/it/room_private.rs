//! Private documents, the history and the operators' view, over HTTP.

use anyhow::{Context as _, Result, ensure};
use consilium_collab::{client::Outcome, frame, history::Replay};
use consilium_protocol::{
    codes,
    live::CLOSE_REVOKED,
    room::{RoomFigures, RoomHistory, RoomStatus, RoomStep},
};
use consilium_storage::AuditFilter;
use consilium_testkit::{Case, Database, JoinError, LiveClient, Person, TestServer};
use data_encoding::BASE64;
use serde_json::json;

both!(notes_stay_with_their_owner);

async fn people(server: &TestServer) -> Result<(Person, Person)> {
    Ok((
        server.client_as("lead.expert").await?,
        server.client_as("east.expert").await?,
    ))
}

async fn notes_stay_with_their_owner(mut server: TestServer) -> Result<()> {
    let case = Case::in_session(&server, 14).await?;
    let (lead, east) = people(&server).await?;
    let given = lead.post(&case.path("/live-ticket"), &json!({})).await?.ok()?;
    let mut mine = LiveClient::join_notes(&lead, &case.id, given["ticket"].as_str()).await?;
    ensure!(mine.room.rights().notes && mine.room.rights().opine && !mine.room.rights().discuss);
    let me = lead.me.account_id;
    let update = mine
        .room
        .document()
        .set_notes(me, "先问用药史")
        .context("a change")?;
    mine.send(frame::update(&update)).await?;
    mine.edit(|room| room.set_opinion("还没有想好")).await?;
    mine.saved().await?;

    // Another's, and what all share, know nothing of it.
    let mut theirs = LiveClient::join_notes(&east, &case.id, None).await?;
    let mut shared = LiveClient::join(&east, &case.id).await?;
    theirs.edit(|room| room.set_opinion("另一份草稿")).await?;
    theirs.saved().await?;
    shared.edit(|room| room.set_opinion("共享的草稿")).await?;
    shared.saved().await?;
    for client in [&theirs, &shared] {
        assert_eq!(client.room.document().notes(me), "");
        assert_eq!(client.room.document().opinion(me), "");
    }
    let outsider = server.client_as("east.operator").await?;
    let refused = LiveClient::join_notes(&outsider, &case.id, None).await;
    ensure!(matches!(refused, Err(JoinError::Refused(403, _))));

    // One key for the page's own copy: the same each time, another for each account.
    let key = async |person: &Person| -> Result<String> {
        let given = person.post(&case.path("/live-ticket"), &json!({})).await?.ok()?;
        Ok(given["local_key"].as_str().context("a key")?.to_owned())
    };
    let known = key(&lead).await?;
    assert_eq!(BASE64.decode(known.as_bytes())?.len(), 32);
    assert_eq!(known, key(&lead).await?);
    assert_ne!(known, key(&east).await?);

    // It is there after a restart; the opinion is frozen by submission, the notes are not.
    server.restart().await?;
    let (lead, case) = (lead.at(&server)?, case);
    let mut mine = LiveClient::join_notes(&lead, &case.id, None).await?;
    assert_eq!(mine.room.document().notes(me), "先问用药史");
    lead.post(&case.path("/opinions"), &json!({"text": "还没有想好，但先提交"}))
        .await?
        .ok()?;
    mine.until("the draft is frozen", |room, _| {
        !room.rights().opine && room.rights().notes
    })
    .await?;
    let out = lead
        .send(lead.request(reqwest::Method::DELETE, "/api/v1/session"))
        .await?;
    assert_eq!(out.status, 204);
    assert_eq!(mine.until_closed().await?, Some(CLOSE_REVOKED));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_tells_who_changed_what_and_when() -> Result<()> {
    let server = TestServer::start(Database::Sqlite).await?;
    let case = Case::in_session(&server, 15).await?;
    let (lead, east) = people(&server).await?;
    let mut one = LiveClient::join(&lead, &case.id).await?;
    let mut two = LiveClient::join(&east, &case.id).await?;
    for n in 0..8 {
        let text = "左颞叶占位".repeat(n % 3 + 1);
        let client = if n % 2 == 0 { &mut one } else { &mut two };
        client.edit(|room| room.set_opinion(&text)).await?;
        client.saved().await?;
        server.clock.advance_ms(1000);
    }
    let read =
        async |person: &Person, query: &str| person.get(&case.path(&format!("/live/history{query}"))).await;
    let log: RoomHistory = serde_json::from_value(read(&east, "").await?.ok()?)?;
    assert_eq!(i64::try_from(log.entries.len())?, log.seq);
    let mut replay = Replay::default();
    for entry in &log.entries {
        replay.apply(&BASE64.decode(entry.update.as_bytes())?)?;
        let state = read(&lead, &format!("/{}", entry.seq)).await?;
        assert_eq!(state.header("content-type"), Some("application/octet-stream"));
        assert_eq!(
            &state.body[..],
            replay.state()?,
            "the same bytes at {}",
            entry.seq
        );
    }
    for pair in log.entries.windows(2) {
        assert_eq!(pair[1].prev_hash, pair[0].hash);
        ensure!(pair[0].at <= pair[1].at);
    }
    let authors: Vec<_> = log.entries.iter().map(|entry| entry.author).collect();
    ensure!(authors.contains(&lead.me.account_id) && authors.contains(&east.me.account_id));
    let page: RoomHistory = serde_json::from_value(read(&lead, "?after=2&limit=3").await?.ok()?)?;
    assert_eq!(page.entries, log.entries[2..5]);
    assert_eq!(read(&lead, "/9999").await?.problem()?.code, codes::NOT_FOUND);
    // Who may read the data of the case may read it; who has nothing to do with it does not know of it.
    let operator = server.client_as("lead.operator").await?;
    assert_eq!(read(&operator, "").await?.status, 200);
    let auditor = server.client_as("auditor").await?;
    assert_eq!(read(&auditor, "").await?.status, 404);
    // A log that was touched is not shown as if it were sound.
    let store = &server.app()?.store;
    store
        .tamper("UPDATE room_log SET client_id = client_id + 1 WHERE seq = 2")
        .await?;
    for path in ["", "/3"] {
        let damaged = read(&lead, path).await?;
        assert_eq!(damaged.status, 500);
        assert_eq!(damaged.problem()?.code, codes::LIVE_DAMAGED);
    }
    let filter = AuditFilter {
        action_prefix: Some("room.history".to_owned()),
        ..AuditFilter::default()
    };
    ensure!(store.reader().audit_page(filter, None, 100).await?.len() >= 10);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_see_rooms_without_their_content() -> Result<()> {
    let server = TestServer::start(Database::Sqlite).await?;
    let case = Case::in_session(&server, 16).await?;
    let (lead, _) = people(&server).await?;
    let mut one = LiveClient::join(&lead, &case.id).await?;
    let mut own = LiveClient::join_notes(&lead, &case.id, None).await?;
    one.edit(|room| room.set_opinion("机密")).await?;
    one.saved().await?;
    own.edit(|room| room.set_opinion("更机密")).await?;
    own.saved().await?;
    let ops = server.client_as("ops").await?;
    let reply = ops.get("/api/v1/operations/rooms").await?;
    ensure!(!reply.text().contains("机密"));
    let rooms: Vec<RoomStatus> = serde_json::from_value(reply.ok()?)?;
    let kinds: Vec<_> = rooms
        .iter()
        .map(|room| (room.private, room.connections))
        .collect();
    assert_eq!(kinds, [(false, 1), (true, 1)]);
    ensure!(
        rooms
            .iter()
            .all(|room| room.seq > 0 && !room.number.is_empty() && !room.read_only)
    );
    assert_eq!(lead.get("/api/v1/operations/rooms").await?.status, 403);
    for _ in 0..3 {
        let reply = ops.get("/api/v1/operations/figures").await?;
        ensure!(!reply.text().contains("机密"));
        let figures: RoomFigures = serde_json::from_value(reply.ok()?)?;
        assert_eq!(
            (figures.rooms_in_memory, figures.connections, figures.read_only),
            (2, 2, 0)
        );
        ensure!(figures.changes >= 2 && figures.log_bytes > 0);
        assert_eq!(figures.rooms, rooms);
        let steps: Vec<_> = figures.times.iter().map(|of| of.step).collect();
        assert_eq!(steps, [RoomStep::Apply, RoomStep::Commit, RoomStep::Broadcast]);
        ensure!(
            figures
                .times
                .iter()
                .all(|of| of.count > 0 && of.p50_us <= of.p95_us)
        );
    }
    let page = ops.get("/operations/rooms").await?;
    ensure!(page.status == 200 && page.text().contains("id=\"times\""));
    ensure!(!page.text().contains("机密"));
    for path in ["/api/v1/operations/figures", "/operations/rooms"] {
        assert_eq!(lead.get(path).await?.status, 403);
    }
    let metrics = ops.get("/metrics").await?.text();
    for name in [
        "consilium_room_apply_seconds_bucket",
        "consilium_room_commit_seconds_bucket",
        "consilium_room_broadcast_seconds_bucket",
        "consilium_room_log_bytes_total",
        "consilium_rooms_read_only",
        "consilium_room_queue_frames",
    ] {
        ensure!(metrics.contains(name), "{name} in {metrics}");
    }
    let filter = AuditFilter {
        action_prefix: Some("operations.rooms".to_owned()),
        ..AuditFilter::default()
    };
    let page = server.app()?.store.reader().audit_page(filter, None, 10).await?;
    let results: Vec<_> = page.iter().map(|record| record.fields().result.clone()).collect();
    // The page that refreshes itself is recorded once, each refusal always.
    assert_eq!(
        results,
        [codes::FORBIDDEN, codes::FORBIDDEN, "ok", codes::FORBIDDEN, "ok"]
    );
    ensure!(one.outcomes.iter().any(|o| matches!(o, Outcome::Acked { .. })));
    Ok(())
}
