//! Correction notices with their 12 hours (clause 7.5 b).

use anyhow::{Context as _, Result};
use consilium_protocol::codes;
use consilium_testkit::{Case, Person, TestServer};
use serde_json::{Value, json};

use super::data::{audited, give, id, lab, preparing, refusal, released, seen, told, verb};

both!(
    from_notice_to_verified,
    rejected_waived_and_refused,
    twelve_hours_and_then_both_are_told,
    its_own_data_and_in_session,
    found_by_a_check,
    an_urgent_case_has_one_hour,
);

/// The newest row of the east hospital as the lead sees it.
async fn row(case: &Case) -> Result<Value> {
    let list = case.lead.get(&case.path("/submissions")).await?.ok()?;
    let last = list.as_array().and_then(|l| l.last()).context("a submission")?;
    let read = case
        .lead
        .get(&case.path(&format!("/submissions/{}", id(last)?)))
        .await?
        .ok()?;
    Ok(read["items"][0].clone())
}

async fn raise(case: &Case, who: &Person, item: &Value) -> Result<consilium_testkit::Reply> {
    let form = json!({"item_id": item["item_id"], "element": "3.3", "reason": "与病历记录不符，请核对"});
    who.post(&case.path("/issues"), &form).await
}

async fn issue_state(case: &Case, who: &Person, issue: &str) -> Result<String> {
    let found = seen(case, who, "issues", issue).await?.context("the notice")?;
    Ok(found["state"].as_str().context("a state")?.to_owned())
}

fn ms(value: &Value) -> Result<i64> {
    let text = value.as_str().context("a time")?;
    Ok(consilium_domain::Timestamp::parse_rfc3339(text)?.ms())
}

async fn from_notice_to_verified(server: TestServer) -> Result<()> {
    let case = preparing(&server, 50).await?;
    released(&case, &[lab("a", "35")]).await?;
    let item = row(&case).await?;
    let raised = raise(&case, &case.lead, &item).await?.ok()?;
    let issue = id(&raised)?;
    assert_eq!(raised["state"], "notified");
    assert_eq!(
        (&raised["element"], &raised["seen"]),
        (&json!("3.3"), &json!("35"))
    );
    let board = case.lead.get("/api/v1/deadlines?kind=correction").await?.ok()?;
    assert_eq!(
        ms(&board[0]["due_at"])? - ms(&board[0]["started_at"])?,
        12 * 60 * 60 * 1000
    );
    assert_eq!(board[0]["due_at"], raised["due_at"]);
    assert_eq!(raised["automatic"], false);
    let received = seen(&case, &case.east, "issues", &issue)
        .await?
        .context("received")?;
    assert_eq!(received["seen"], "35");
    assert_eq!(received["reason"], "与病历记录不符，请核对");
    assert_eq!(received["allowed"], json!(["correct"]));
    let notices = case.east.get("/api/v1/notices").await?.ok()?;
    let notice = notices["items"]
        .as_array()
        .context("items")?
        .iter()
        .find(|n| n["kind"] == "correction_requested")
        .context("told")?;
    assert_eq!(notice["item"], "3.3");
    assert_eq!(notice["link"], format!("/consultations/{}/data", case.id));
    assert_eq!(case.west.get(&case.path("/issues")).await?.ok()?, json!([]));
    for verb_ in ["verify", "reject", "waive"] {
        let reply = verb(&case, &case.west, "issues", &issue, verb_).await?;
        assert_eq!(reply.status, 404, "{verb_}");
        let reply = verb(&case, &case.east, "issues", &issue, verb_).await?;
        assert_eq!(refusal(&reply)?, (403, codes::FORBIDDEN.to_owned()), "{verb_}");
    }
    let early = verb(&case, &case.lead, "issues", &issue, "verify").await?;
    assert_eq!(refusal(&early)?, (409, codes::ISSUE_WRONG_STATE.to_owned()));
    assert!(audited(&server, &case, "issue.verify", codes::ISSUE_WRONG_STATE).await?);
    let twice = raise(&case, &case.lead, &item).await?;
    assert_eq!(refusal(&twice)?, (409, codes::ISSUE_OPEN_ALREADY.to_owned()));

    // The row sent again under its key is the correction; it needs no release.
    let operator = server.client_as("east.operator").await?;
    give(&case, &operator, None, &[lab("a", "135")]).await?.ok()?;
    let corrected = seen(&case, &case.lead, "issues", &issue).await?.context("it")?;
    assert_eq!(corrected["state"], "corrected");
    let new = row(&case).await?;
    assert_eq!(corrected["corrected_by"], new["item_id"]);
    assert_eq!(new["version"], 2);
    assert!(
        told(&case.lead)
            .await?
            .contains(&"correction_received".to_owned())
    );
    let versions = case
        .lead
        .get(&case.path(&format!(
            "/items/{}/versions",
            new["item_id"].as_str().context("id")?
        )))
        .await?
        .ok()?;
    assert_eq!(
        versions[0]["elements"]["3.3"]["value"], "35",
        "the old version stays readable"
    );
    let board = case.lead.get("/api/v1/deadlines?kind=correction").await?.ok()?;
    assert_eq!(board.as_array().map(Vec::len), Some(1), "until it is verified");

    let done = verb(&case, &case.lead, "issues", &issue, "verify").await?.ok()?;
    assert_eq!(done["state"], "verified");
    assert_eq!(done["allowed"], json!([]));
    assert_eq!(issue_state(&case, &case.east, &issue).await?, "verified");
    assert!(
        told(&case.east)
            .await?
            .contains(&"correction_verified".to_owned())
    );
    let board = case.lead.get("/api/v1/deadlines?kind=correction").await?.ok()?;
    assert_eq!(board, json!([]));
    Ok(())
}

async fn rejected_waived_and_refused(server: TestServer) -> Result<()> {
    let case = preparing(&server, 51).await?;
    released(&case, &[lab("a", "35")]).await?;
    let item = row(&case).await?;
    for (element, reason, field) in [
        ("3.3", "无", "reason"),
        ("9.9", "请核对", "element"),
        ("2.1", "请核对", "element"),
    ] {
        let form = json!({"item_id": item["item_id"], "element": element, "reason": reason});
        let reply = case.lead.post(&case.path("/issues"), &form).await?;
        assert_eq!(reply.status, 422);
        assert_eq!(reply.problem()?.errors[0].field, field, "{element}");
    }
    assert_eq!(
        raise(&case, &case.east, &item).await?.status,
        403,
        "not before the session"
    );
    let nowhere = json!({"item_id": "00000000-0000-0000-0000-000000000001"});
    assert_eq!(raise(&case, &case.lead, &nowhere).await?.status, 404);

    let issue = id(&raise(&case, &case.lead, &item).await?.ok()?)?;
    give(&case, &case.east, None, &[lab("a", "36")]).await?.ok()?;
    let mute = case
        .lead
        .post(&case.path(&format!("/issues/{issue}/reject")), &json!({}))
        .await?;
    assert_eq!(mute.status, 422);
    verb(&case, &case.lead, "issues", &issue, "reject").await?.ok()?;
    assert_eq!(issue_state(&case, &case.east, &issue).await?, "notified");
    assert!(
        told(&case.east)
            .await?
            .contains(&"correction_rejected".to_owned())
    );
    give(&case, &case.east, None, &[lab("a", "136")]).await?.ok()?;
    assert_eq!(issue_state(&case, &case.lead, &issue).await?, "corrected");
    let waived = verb(&case, &case.lead, "issues", &issue, "waive").await?.ok()?;
    assert_eq!(waived["state"], "waived");
    assert_eq!(waived["answer_reason"], "测试所需的原因");
    assert_eq!(issue_state(&case, &case.east, &issue).await?, "waived");
    assert!(told(&case.east).await?.contains(&"correction_waived".to_owned()));
    let over = verb(&case, &case.lead, "issues", &issue, "verify").await?;
    assert_eq!(refusal(&over)?, (409, codes::ISSUE_WRONG_STATE.to_owned()));
    Ok(())
}

async fn twelve_hours_and_then_both_are_told(server: TestServer) -> Result<()> {
    let case = preparing(&server, 52).await?;
    released(&case, &[lab("a", "35")]).await?;
    let issue = id(&raise(&case, &case.lead, &row(&case).await?).await?.ok()?)?;
    let raised = seen(&case, &case.lead, "issues", &issue).await?.context("it")?;
    let left = ms(&raised["due_at"])? - server.clock.now().ms();
    server.clock.advance_ms(left - 1_000);
    server.tick().await?;
    assert!(
        !audited(&server, &case, "issue.overdue", "ok").await?,
        "not a second too early"
    );
    server.clock.advance_ms(1_000);
    server.tick().await?;
    assert!(audited(&server, &case, "issue.overdue", "ok").await?);
    for username in ["lead.admin", "east.admin"] {
        let who = server.client_as(username).await?;
        let found = seen(&case, &who, "issues", &issue).await?.context("it")?;
        assert_eq!(found["overdue"], true);
        assert!(
            told(&who).await?.contains(&"deadline_passed".to_owned()),
            "{username}"
        );
    }
    let east = server.client_as("east.admin").await?;
    give(&case, &east, None, &[lab("a", "135")]).await?.ok()?;
    let lead = server.client_as("lead.admin").await?;
    let done = verb(&case, &lead, "issues", &issue, "verify").await?.ok()?;
    assert_eq!(
        (&done["state"], &done["overdue"]),
        (&json!("verified"), &json!(false))
    );
    Ok(())
}

async fn its_own_data_and_in_session(server: TestServer) -> Result<()> {
    let case = preparing(&server, 53).await?;
    give(&case, &case.lead, None, &[lab("own", "35")]).await?.ok()?;
    let own = row(&case).await?;
    let raised = raise(&case, &case.lead, &own).await?.ok()?;
    assert_eq!(raised["state"], "notified", "nobody is to be written to");
    give(&case, &case.lead, None, &[lab("own", "135")]).await?.ok()?;
    assert_eq!(issue_state(&case, &case.lead, &id(&raised)?).await?, "corrected");
    verb(&case, &case.lead, "issues", &id(&raised)?, "verify")
        .await?
        .ok()?;

    case.images(2).await?;
    case.ready().await?;
    case.act("start").await?;
    let expert = server.client_as("west.expert").await?;
    let newest = row(&case).await?;
    let raised = raise(&case, &expert, &newest).await?.ok()?;
    let issue = id(&raised)?;
    assert_eq!(issue_state(&case, &case.lead, &issue).await?, "notified");
    assert_eq!(seen(&case, &case.east, "issues", &issue).await?, None);
    assert!(
        told(&case.lead)
            .await?
            .contains(&"correction_requested".to_owned())
    );
    assert_eq!(verb(&case, &expert, "issues", &issue, "waive").await?.status, 403);
    Ok(())
}

/// What a check finds is raised once for each version of a row.
async fn found_by_a_check(server: TestServer) -> Result<()> {
    use consilium_server::services::{access, issues};
    let case = preparing(&server, 54).await?;
    released(&case, &[lab("a", "35")]).await?;
    let app = server.app()?;
    let check = async || -> Result<()> {
        let now = server.clock.now();
        let item: consilium_domain::ItemId = serde_json::from_value(row(&case).await?["item_id"].clone())?;
        let mut tx = app.store.begin().await?;
        let held = access::within(&tx, case.consultation()?, now).await?;
        let found = issues::Found {
            item,
            element: "3.3".parse()?,
            rule: "consistency".to_owned(),
            code: codes::PACKAGE_CONFLICT.to_owned(),
        };
        issues::raise_found(app, &mut tx, &held.consultation, vec![found.clone(), found], now).await?;
        tx.audit(consilium_server::ctx::by_system(
            now,
            "test.check",
            "test/1".to_owned(),
            "ok",
            None,
        ))
        .await?;
        tx.commit().await?;
        consilium_server::exchange::flush(app, case.consultation()?).await;
        Ok(())
    };
    let count = async || -> Result<usize> {
        let list = case.lead.get(&case.path("/issues")).await?.ok()?;
        Ok(list.as_array().map_or(0, Vec::len))
    };
    check().await?;
    check().await?;
    assert_eq!(count().await?, 1);
    let raised = case.lead.get(&case.path("/issues")).await?.ok()?[0].clone();
    assert_eq!(
        (&raised["automatic"], &raised["rule"]),
        (&json!(true), &json!("consistency"))
    );
    assert_eq!(raised["state"], "notified");
    verb(&case, &case.lead, "issues", &id(&raised)?, "waive")
        .await?
        .ok()?;
    check().await?;
    assert_eq!(
        count().await?,
        1,
        "what the lead does without is not raised again"
    );
    give(&case, &case.east, None, &[lab("a", "36")]).await?.ok()?;
    check().await?;
    assert_eq!(count().await?, 2, "a new version is looked at anew");
    Ok(())
}

/// In an urgent consultation a correction is due within the hour (D10), and the clock moves with a suspension.
async fn an_urgent_case_has_one_hour(server: TestServer) -> Result<()> {
    const MINUTE: i64 = 60 * 1000;
    let draft = Case::draft(&server, 57).await?;
    let participants = [
        json!(draft.east.me.institution.id),
        json!(draft.west.me.institution.id),
    ];
    let session = server.clock.now().plus_ms(3 * 60 * MINUTE);
    let (_, mut form) = consilium_testkit::request_form(57, &participants, session)?;
    form["urgency"] = json!("urgent");
    let made = draft.lead.post("/api/v1/consultations", &form).await?.ok()?;
    let case = Case {
        id: id(&made)?,
        ..draft
    };
    case.act("invite").await?;
    let yes = json!({"answer": "accept", "can_provide": ["imaging", "lab_exam"]});
    for admin in [&case.east, &case.west] {
        admin.post(&case.path("/answer"), &yes).await?.ok()?;
    }
    released(&case, &[lab("a", "35")]).await?;
    let raised = raise(&case, &case.lead, &row(&case).await?).await?.ok()?;
    let issue = id(&raised)?;
    let board = case.lead.get("/api/v1/deadlines?kind=correction").await?.ok()?;
    assert_eq!(
        ms(&board[0]["due_at"])? - ms(&board[0]["started_at"])?,
        60 * MINUTE
    );
    server.clock.advance_ms(31 * MINUTE);
    server.tick().await?;
    assert!(
        told(&case.east).await?.contains(&"deadline_near".to_owned()),
        "half an hour is left"
    );
    let ops = server.client_as("ops").await?;
    ops.post("/api/v1/exchange/suspend", &json!({"reason": "机房断电"}))
        .await?
        .ok()?;
    server.clock.advance_ms(20 * MINUTE);
    ops.post("/api/v1/exchange/resume", &json!({})).await?.ok()?;
    let moved = seen(&case, &case.east, "issues", &issue)
        .await?
        .context("the notice")?;
    assert!(!told(&case.lead).await?.contains(&"deadline_passed".to_owned()));
    let by = ms(&moved["due_at"])? - ms(&raised["due_at"])?;
    assert!((20 * MINUTE..22 * MINUTE).contains(&by), "moved by {by} ms");
    server.clock.advance_ms(20 * MINUTE);
    server.tick().await?;
    assert_eq!(
        seen(&case, &case.east, "issues", &issue).await?.context("it")?["overdue"],
        false
    );
    server.clock.advance_ms(10 * MINUTE);
    server.tick().await?;
    assert_eq!(
        seen(&case, &case.east, "issues", &issue).await?.context("it")?["overdue"],
        true
    );
    for who in [&case.lead, &case.east] {
        assert!(told(who).await?.contains(&"deadline_passed".to_owned()));
    }
    Ok(())
}
