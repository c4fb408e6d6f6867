//! Steps 2 to 6: from a draft to a signed report, on both databases.

use anyhow::{Context as _, Result};
use consilium_protocol::codes;
use consilium_testkit::{Case, LiveClient, TestServer, request_form};
use serde_json::{Value, json};

both!(
    from_draft_to_report,
    guards_hold,
    numbers_are_unique,
    last_answers_at_once
);

async fn opinion(server: &TestServer, case: &Case, username: &str) -> Result<Value> {
    let expert = server.client_as(username).await?;
    let text = json!({"text": format!("{username}：左额叶占位，建议增强扫描。"), "cites": []});
    expert.post(&case.path("/opinions"), &text).await?.ok()
}

async fn from_draft_to_report(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 1).await?;
    let draft = case.lead.get(&case.path("")).await?.ok()?;
    assert_eq!(draft["state"], "draft");
    let number = draft["number"].as_str().context("number")?.to_owned();
    let day = server.clock.now().display_day();
    assert!(number.starts_with(&format!("HZ-{day}-")), "{number}");
    assert_eq!(
        case.east.get("/api/v1/consultations").await?.ok()?["items"],
        json!([]),
        "a draft is the lead's own"
    );

    assert_eq!(case.act("invite").await?["state"], "inviting");
    let list = case.east.get("/api/v1/consultations").await?.ok()?;
    let row = &list["items"][0];
    assert_eq!(row["number"], number.as_str());
    assert_eq!(row["my_move"], true);
    for text in [list.to_string(), case.east.get("/").await?.text()] {
        let p = &case.patient;
        for secret in [&p.name, &p.id_number, &p.phone, &p.address, &p.record_number] {
            assert!(!text.contains(secret.as_str()), "unmasked");
        }
    }
    for admin in [&case.east, &case.west] {
        let yes = json!({"answer": "accept", "can_provide": ["imaging"]});
        admin.post(&case.path("/answer"), &yes).await?.ok()?;
    }
    assert_eq!(case.lead.get(&case.path("")).await?.ok()?["state"], "preparing");

    case.images(3).await?;
    let series = case.west.get(&case.path("/series")).await?.ok()?;
    assert_eq!(series[0]["instances"].as_array().map(Vec::len), Some(3));
    assert_eq!(case.ready().await?["state"], "ready");
    let started = case.act("start").await?;
    assert_eq!(started["state"], "in_session");
    assert!(started["started_at"].is_string());

    let lead = opinion(&server, &case, "lead.expert").await?;
    let east = opinion(&server, &case, "east.expert").await?;
    assert_eq!(lead["signature_valid"], true);
    let seen = case.west.get(&case.path("")).await?.ok()?;
    assert_eq!(
        seen["opinions"].as_array().map(Vec::len),
        Some(2),
        "everybody sees them at once"
    );

    assert_eq!(case.act("end").await?["state"], "summarising");
    let report = |cites: Value, waivers: Value| json!({"conclusion": "左额叶占位，胶质瘤可能性大。", "diagnosis_code": "D43.0", "advice": "增强磁共振后手术。", "cites": cites, "waivers": waivers});
    let waiver = json!([{"institution_id": case.west.me.institution.id, "reason": "专家临时手术"}]);
    for (body, code) in [
        (
            report(json!([lead["id"], east["id"]]), json!([])),
            codes::OPINIONS_MISSING,
        ),
        (
            report(json!([lead["id"]]), waiver.clone()),
            codes::OPINIONS_UNCITED,
        ),
    ] {
        let refused = case.lead.post(&case.path("/sign"), &body).await?;
        assert_eq!((refused.status, refused.problem()?.code.as_str()), (409, code));
    }
    let signed = case
        .lead
        .post(
            &case.path("/sign"),
            &report(json!([lead["id"], east["id"]]), waiver),
        )
        .await?
        .ok()?;
    assert_eq!(signed["signature_valid"], true);
    assert_eq!(signed["version"], 1);

    let reviewer = server.client_as("reviewer").await?;
    let read = reviewer.get(&case.path("/report")).await?.ok()?;
    assert_eq!(read["content_hash"], signed["content_hash"]);
    assert_eq!(read["opinions"].as_array().map(Vec::len), Some(2));
    assert_eq!(read["consultation"]["state"], "concluded");
    let page = reviewer
        .get(&format!("/consultations/{}/report", case.id))
        .await?;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("胶质瘤可能性大") && !page.text().contains(&case.patient.name));
    assert_eq!(
        reviewer.get(&case.path("")).await?.status,
        403,
        "a reviewer reads reports only"
    );
    Ok(())
}

/// Every act in a state where it is not possible names the state and changes nothing.
async fn guards_hold(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 2).await?;
    let refused = async |verb: &str| -> Result<(u16, String, Option<String>)> {
        let reply = case
            .lead
            .post(&case.path(&format!("/{verb}")), &json!({"reason": "测试取消"}))
            .await?;
        let problem = reply.problem()?;
        Ok((reply.status, problem.code, problem.state))
    };
    let wrong = |state: &str| (409, codes::WRONG_STATE.to_owned(), Some(state.to_owned()));
    for verb in ["ready", "start", "end"] {
        assert_eq!(refused(verb).await?, wrong("draft"), "{verb}");
    }
    case.act("invite").await?;
    assert_eq!(refused("invite").await?, wrong("inviting"));
    let no = json!({"answer": "decline", "reason": " "});
    assert_eq!(
        case.east.post(&case.path("/answer"), &no).await?.problem()?.code,
        codes::INVITATION_NO_REASON
    );
    let nothing = json!({"answer": "accept", "can_provide": []});
    assert_eq!(
        case.east
            .post(&case.path("/answer"), &nothing)
            .await?
            .problem()?
            .code,
        codes::INVITATION_NO_RANGE
    );
    let yes = json!({"answer": "accept", "can_provide": ["imaging"]});
    case.east.post(&case.path("/answer"), &yes).await?.ok()?;
    assert_eq!(
        case.east.post(&case.path("/answer"), &yes).await?.problem()?.code,
        codes::INVITATION_WRONG_STATE
    );
    case.west.post(&case.path("/answer"), &yes).await?.ok()?;
    case.ready().await?;

    // Two windows press start in the same instant: one starts, the other is told the state.
    let path = case.path("/start");
    let empty = json!({});
    let (one, two) = tokio::join!(case.lead.post(&path, &empty), case.lead.post(&path, &empty));
    let mut both = [one?, two?];
    both.sort_by_key(|r| r.status);
    assert_eq!(both[0].status, 200);
    let late = both[1].problem()?;
    assert_eq!(both[1].status, 409);
    assert!(
        late.state.as_deref() == Some("in_session") || late.code == codes::CONFLICT,
        "{late:?}"
    );
    assert_eq!(refused("start").await?, wrong("in_session"));
    assert_eq!(refused("ready").await?, wrong("in_session"));

    let expert = server.client_as("lead.expert").await?;
    for (text, code) in [("", codes::FIELD_REQUIRED), ("无", codes::FIELD_PLACEHOLDER)] {
        let reply = expert
            .post(&case.path("/opinions"), &json!({"text": text}))
            .await?;
        assert_eq!(
            (reply.status, reply.problem()?.errors[0].code.as_str()),
            (422, code)
        );
    }
    let long = expert
        .post(&case.path("/opinions"), &json!({"text": "很长".repeat(1001)}))
        .await?;
    assert_eq!(long.problem()?.errors[0].code, codes::FIELD_TOO_LONG);
    opinion(&server, &case, "east.expert").await?;
    let twice = server
        .client_as("east.expert")
        .await?
        .post(&case.path("/opinions"), &json!({"text": "再次提交意见"}))
        .await?;
    assert_eq!(
        (twice.status, twice.problem()?.code.as_str()),
        (409, codes::OPINION_SUBMITTED)
    );
    let operator = server
        .client_as("east.operator")
        .await?
        .post(&case.path("/opinions"), &json!({"text": "操作员的意见"}))
        .await?;
    assert_eq!(operator.status, 403);
    case.act("end").await?;
    assert_eq!(refused("end").await?, wrong("summarising"));
    assert_eq!(
        case.act("cancel").await.map(|_| ()).unwrap_err().to_string(),
        "cancel",
        "cancelling needs a reason"
    );
    Ok(())
}

async fn numbers_are_unique(server: TestServer) -> Result<()> {
    let lead = server.client_as("lead.admin").await?;
    let east = server.client_as("east.admin").await?;
    let west = server.client_as("west.admin").await?;
    let participants = [json!(east.me.institution.id), json!(west.me.institution.id)];
    let mut forms = Vec::new();
    for number in 0..12 {
        forms.push(request_form(number, &participants, server.clock.now().plus_ms(3_600_000))?.1);
    }
    let created =
        futures::future::join_all(forms.iter().map(|form| lead.post("/api/v1/consultations", form))).await;
    let mut numbers = Vec::new();
    for reply in created {
        numbers.push(reply?.ok()?["number"].as_str().context("number")?.to_owned());
    }
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 12);

    let mut seen = 0;
    let mut next = String::new();
    loop {
        let page = lead
            .get(&format!("/api/v1/consultations?limit=5{next}"))
            .await?
            .ok()?;
        seen += page["items"].as_array().map_or(0, Vec::len);
        match page["next_cursor"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, 12, "pages leave nothing out and repeat nothing");
    Ok(())
}

/// Both last answers in the same instant: the consultation still goes on.
async fn last_answers_at_once(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 4).await?;
    case.act("invite").await?;
    let yes = json!({"answer": "accept", "can_provide": ["imaging"]});
    let path = case.path("/answer");
    let (east, west) = tokio::join!(case.east.post(&path, &yes), case.west.post(&path, &yes));
    let again =
        |reply: consilium_testkit::Reply| reply.status == 409 && reply.text().contains(codes::CONFLICT);
    for (reply, admin) in [(east?, &case.east), (west?, &case.west)] {
        // Optimistic locking may ask one of them to try again; nothing may be lost.
        if reply.status != 200 {
            assert!(again(reply.clone()), "{}", reply.text());
            admin.post(&path, &yes).await?.ok()?;
        }
    }
    assert_eq!(case.lead.get(&case.path("")).await?.ok()?["state"], "preparing");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn invitations_expire_by_the_clock() -> Result<()> {
    let server = TestServer::start(consilium_testkit::Database::Sqlite).await?;
    let case = Case::draft(&server, 5).await?;
    case.act("invite").await?;
    server.clock.advance_ms(24 * 60 * 60 * 1000 + 1000);
    let east = server.client_as("east.admin").await?;
    let late = east
        .post(
            &case.path("/answer"),
            &json!({"answer": "accept", "can_provide": ["imaging"]}),
        )
        .await?;
    assert_eq!(late.status, 409, "{}", late.text());
    assert!(
        [codes::INVITATION_TOO_LATE, codes::INVITATION_WRONG_STATE].contains(&late.problem()?.code.as_str())
    );
    assert!(LiveClient::join(&east, &case.id).await.is_err());
    Ok(())
}
