//! The live room as its users meet it.

use anyhow::{Context as _, Result};
use consilium_collab::{
    client::{EditError, Outcome},
    document::RoomDoc,
    frame,
};
use consilium_protocol::{
    codes,
    live::{Annotation, CLOSE_NOT_ALLOWED, CLOSE_REVOKED, Cursor, DiscussionLine},
};
use consilium_testkit::{Case, JoinError, LiveClient, Person, TestServer};
use serde_json::json;

both!(two_experts_see_each_other, what_is_acknowledged_is_stored);

async fn stroke(case: &Case, at: f64) -> Result<Annotation> {
    Ok(serde_json::from_value(json!({
        "kind": "length", "image": case.image().await?, "points": [[at, 10.0], [at + 20.0, 10.0]], "label": "", "at_ms": 1
    }))?)
}

async fn experts(server: &TestServer) -> Result<(Person, Person)> {
    Ok((
        server.client_as("lead.expert").await?,
        server.client_as("east.expert").await?,
    ))
}

async fn two_experts_see_each_other(server: TestServer) -> Result<()> {
    let case = Case::in_session(&server, 14).await?;
    let (lead, east) = experts(&server).await?;
    let mut one = LiveClient::join(&lead, &case.id).await?;
    let mut two = LiveClient::join(&east, &case.id).await?;
    let drawn = stroke(&case, 5.0).await?;

    // In progress first, then finished; the pointer with the name the server stamps.
    one.show(|room| room.set_drawing(Some(drawn.clone()))).await?;
    two.until("the stroke in progress", |room, _| {
        room.others()
            .iter()
            .any(|(_, s)| s.drawing.as_ref() == Some(&drawn))
    })
    .await?;
    let cursor = Cursor {
        image: drawn.image,
        x: 12.5,
        y: 30.0,
    };
    one.show(|room| room.set_cursor(Some(cursor))).await?;
    two.until("the pointer", |room, _| {
        room.others().iter().any(|(_, s)| {
            s.cursor == Some(cursor)
                && s.user
                    .as_ref()
                    .is_some_and(|u| u.id == lead.me.account_id && u.name == lead.me.display_name)
        })
    })
    .await?;
    one.edit(|room| room.put_annotation("a1", &drawn)).await?;
    one.saved().await?;
    two.until("the annotation", |room, _| {
        room.document().annotation(lead.me.account_id, "a1").as_ref() == Some(&drawn)
    })
    .await?;

    two.edit(|room| room.set_opinion("考虑胶质瘤。")).await?;
    let line = DiscussionLine {
        id: "l1".to_owned(),
        text: "请看第三幅".to_owned(),
        at_ms: 2,
        ..DiscussionLine::default()
    };
    two.edit(|room| room.say(&line)).await?;
    two.saved().await?;
    one.until("opinion and line", |room, _| {
        room.document().opinion(east.me.account_id) == "考虑胶质瘤。"
            && room
                .document()
                .discussion()
                .contains(&(east.me.account_id, line.clone()))
    })
    .await?;

    // Both write at once, each from what they have; in the end both have the same.
    for n in 0..20 {
        let drawn = stroke(&case, f64::from(n)).await?;
        one.edit(|room| room.put_annotation(&format!("m{n}"), &drawn))
            .await?;
        two.edit(|room| room.put_annotation(&format!("m{n}"), &drawn))
            .await?;
    }
    one.saved().await?;
    two.saved().await?;
    for client in [&mut one, &mut two] {
        client
            .until("all of both", |room, _| room.document().annotations().len() == 41)
            .await?;
    }
    let whole = |client: &LiveClient| {
        let mut all: Vec<String> = (client.room.document().annotations().iter())
            .map(|placed| format!("{placed:?}"))
            .collect();
        all.sort();
        all
    };
    assert_eq!(whole(&one), whole(&two));
    Ok(())
}

async fn what_is_acknowledged_is_stored(mut server: TestServer) -> Result<()> {
    let case = Case::in_session(&server, 15).await?;
    let (lead, _) = experts(&server).await?;
    let mut one = LiveClient::join(&lead, &case.id).await?;
    for n in 0..5 {
        let drawn = stroke(&case, f64::from(n)).await?;
        one.edit(|room| room.put_annotation(&format!("a{n}"), &drawn))
            .await?;
    }
    one.saved().await?;
    let acked = one.outcomes.iter().rev().find_map(|o| match o {
        Outcome::Acked { seq } => Some(*seq),
        _ => None,
    });
    let room = server
        .app()?
        .store
        .reader()
        .room(case.consultation()?)
        .await?
        .context("a room")?;
    assert!(
        room.seq >= acked.context("an acknowledgement")?,
        "stored before it is acknowledged"
    );

    server.restart().await?;
    let lead = lead.at(&server)?;
    let again = LiveClient::join(&lead, &case.id).await?;
    assert_eq!(again.room.document().annotations().len(), 5);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_door_is_kept() -> Result<()> {
    let server = TestServer::start(consilium_testkit::Database::Sqlite).await?;
    let case = Case::draft(&server, 16).await?;
    let (lead, east) = experts(&server).await?;
    assert!(
        matches!(
            LiveClient::join(&east, &case.id).await,
            Err(JoinError::Refused(404, _))
        ),
        "not invited"
    );
    case.begin().await?;
    let mut stranger = east.clone();
    stranger.cookie = "__Host-session=none".to_owned();
    assert!(
        matches!(
            LiveClient::join(&stranger, &case.id).await,
            Err(JoinError::Refused(401, _))
        ),
        "no session"
    );
    let operator = server.client_as("east.operator").await?;
    assert!(
        matches!(
            LiveClient::join(&operator, &case.id).await,
            Err(JoinError::Refused(403, _))
        ),
        "no part in the room"
    );

    let given = lead.post(&case.path("/live-ticket"), &json!({})).await?.ok()?;
    let ticket = given["ticket"].as_str().context("a ticket")?;
    assert!(
        LiveClient::socket(&stranger, &case.id, Some(ticket))
            .await
            .is_ok(),
        "a ticket needs no cookie"
    );
    assert!(
        matches!(
            LiveClient::socket(&lead, &case.id, Some(ticket)).await,
            Err(JoinError::Refused(401, _))
        ),
        "and works once"
    );
    let given = lead.post(&case.path("/live-ticket"), &json!({})).await?.ok()?;
    server.clock.advance_ms(61_000);
    let late = LiveClient::socket(&lead, &case.id, given["ticket"].as_str()).await;
    assert!(matches!(late, Err(JoinError::Refused(401, _))), "for a minute");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_writes_for_another() -> Result<()> {
    let server = TestServer::start(consilium_testkit::Database::Sqlite).await?;
    let case = Case::in_session(&server, 17).await?;
    let (lead, east) = experts(&server).await?;
    let mut honest = LiveClient::join(&lead, &case.id).await?;
    let drawn = stroke(&case, 1.0).await?;
    honest.edit(|room| room.put_annotation("mine", &drawn)).await?;
    honest.saved().await?;

    let mut forger = LiveClient::join(&east, &case.id).await?;
    let copy = RoomDoc::new(77);
    copy.apply(&forger.room.document().encode())?;
    let forged = copy
        .put_annotation(lead.me.account_id, "forged", &drawn)
        .context("an update")?;
    forger.send(frame::update(&forged)).await?;
    assert_eq!(forger.until_closed().await?, Some(CLOSE_NOT_ALLOWED));

    let fresh = LiveClient::join(&east, &case.id).await?;
    let kept: Vec<String> = fresh
        .room
        .document()
        .annotations()
        .into_iter()
        .map(|a| a.id)
        .collect();
    assert_eq!(kept, ["mine"], "a refused edit leaves no trace");
    honest.edit(|room| room.put_annotation("more", &drawn)).await?;
    honest.saved().await?;

    // Bytes that are no frames harm nobody but their sender.
    let mut noisy = LiveClient::join(&east, &case.id).await?;
    noisy.send(vec![0, 2, 9, 0xFF, 0xFF, 0xFF, 1, 2, 3]).await?;
    assert!(
        noisy
            .until_closed()
            .await?
            .is_some_and(|code| (4400..4500).contains(&code))
    );
    let joiner = LiveClient::join(&east, &case.id).await?;
    assert_eq!(joiner.room.document().annotations().len(), 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_follow_what_was_signed() -> Result<()> {
    let server = TestServer::start(consilium_testkit::Database::Sqlite).await?;
    let case = Case::in_session(&server, 18).await?;
    let (lead, east) = experts(&server).await?;
    let mut one = LiveClient::join(&lead, &case.id).await?;
    let mut two = LiveClient::join(&east, &case.id).await?;
    assert!(two.room.rights().opine && two.room.rights().annotate);
    two.edit(|room| room.set_opinion("终稿意见内容")).await?;
    two.saved().await?;
    east.post(&case.path("/opinions"), &json!({"text": "终稿意见内容"}))
        .await?
        .ok()?;
    two.until("the draft is frozen", |room, _| {
        !room.rights().opine && room.rights().annotate
    })
    .await?;
    one.until("others are told", |_, seen| {
        seen.contains(&Outcome::Changed("opinions".to_owned()))
    })
    .await?;
    let refused = two.edit(|room| room.set_opinion("改口")).await.unwrap_err();
    assert_eq!(refused.downcast_ref::<EditError>(), Some(&EditError::NotAllowed));

    // A client that does not keep to it is refused by the server.
    let copy = RoomDoc::new(two.room.document().client_id());
    copy.apply(&two.room.document().encode())?;
    let sly = copy
        .set_opinion(east.me.account_id, "改口")
        .context("an update")?;
    two.send(frame::update(&sly)).await?;
    assert_eq!(two.until_closed().await?, Some(CLOSE_NOT_ALLOWED));
    let mut two = LiveClient::join(&east, &case.id).await?;
    assert_eq!(two.room.document().opinion(east.me.account_id), "终稿意见内容");

    case.act("end").await?;
    for client in [&mut one, &mut two] {
        client
            .until("drawing is over", |room, _| {
                !room.rights().annotate && !room.rights().discuss
            })
            .await?;
    }
    assert!(one.room.rights().opine, "who has not submitted may still write");
    assert_eq!(
        lead.post(&case.path("/opinions"), &json!({"text": "牵头机构专家意见"}))
            .await?
            .status,
        201
    );
    let out = east
        .send(east.request(reqwest::Method::DELETE, "/api/v1/session"))
        .await?;
    assert_eq!(out.status, 204);
    assert_eq!(
        two.until_closed().await?,
        Some(CLOSE_REVOKED),
        "signing out ends the connection"
    );
    let refused = LiveClient::join(&east, &case.id).await.unwrap_err();
    assert!(refused.to_string().contains(codes::UNAUTHENTICATED));
    Ok(())
}
