//! Data requests between three hospitals (clauses 7.2 e and f).

use anyhow::{Context as _, Result};
use consilium_protocol::codes;
use consilium_testkit::{Case, TestServer};
use serde_json::{Value, json};

use super::data::{ask_east, asking, audited, give, id, lab, preparing, refusal, released, seen, told, verb};

both!(
    from_asking_to_taking,
    each_illegitimate_request_has_its_code,
    only_its_two_institutions_know_of_it,
    illegal_moves_are_refused_and_audited,
    returned_and_taken_back,
    late_data_is_seen_by_both_readings,
);

fn allowed(request: &Value) -> Vec<&str> {
    let verbs = request["allowed"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    verbs.iter().filter_map(Value::as_str).collect()
}

async fn state(case: &Case, who: &consilium_testkit::Person, request: &str) -> Result<String> {
    let seen = seen(case, who, "data-requests", request)
        .await?
        .context("the request")?;
    Ok(seen["state"].as_str().context("a state")?.to_owned())
}

async fn from_asking_to_taking(server: TestServer) -> Result<()> {
    let case = preparing(&server, 20).await?;
    let draft = {
        let mut form = asking(&json!(case.east.me.institution.id), "lab_exam");
        form["draft"] = json!(true);
        form["reason"] = json!(format!("患者{}贫血待查", case.patient.name));
        let made = case.lead.post(&case.path("/data-requests"), &form).await?.ok()?;
        assert_eq!(made["state"], "drafted");
        assert!(
            !made.to_string().contains(&case.patient.name),
            "scrubbed before it can go out"
        );
        id(&made)?
    };
    assert_eq!(seen(&case, &case.east, "data-requests", &draft).await?, None);
    let sent = verb(&case, &case.lead, "data-requests", &draft, "send")
        .await?
        .ok()?;
    assert_eq!(sent["state"], "sent");
    assert_eq!(allowed(&sent), ["cancel"]);
    assert!(sent["due"]["target_at"].is_string() && sent["due"]["hard_at"].is_string());

    let received = seen(&case, &case.east, "data-requests", &draft)
        .await?
        .context("received")?;
    assert_eq!(received["state"], "sent");
    assert_eq!(allowed(&received), ["verify", "refuse"]);
    assert_eq!(received["items"][0]["description"], "近一周血常规");
    assert!(
        told(&case.east)
            .await?
            .contains(&"data_request_received".to_owned())
    );
    let board = case
        .lead
        .get("/api/v1/deadlines?kind=data_provision")
        .await?
        .ok()?;
    assert_eq!(board.as_array().map(Vec::len), Some(1));

    let verified = verb(&case, &case.east, "data-requests", &draft, "verify")
        .await?
        .ok()?;
    assert_eq!(verified["state"], "verified");
    assert_eq!(state(&case, &case.lead, &draft).await?, "verified");
    let empty = verb(&case, &case.east, "data-requests", &draft, "extract")
        .await?
        .ok()?;
    assert_eq!(empty["state"], "extracting");
    let nothing = verb(&case, &case.east, "data-requests", &draft, "submit").await?;
    assert_eq!(
        refusal(&nothing)?,
        (409, codes::SUBMISSION_NOTHING_TO_RELEASE.to_owned())
    );

    let operator = server.client_as("east.operator").await?;
    let given = give(
        &case,
        &operator,
        Some(&draft),
        &[lab("a", "135"), lab("b", "140")],
    )
    .await?;
    let given = given.ok()?;
    assert_eq!((&given["stored"], &given["refused"]), (&json!(2), &json!(0)));
    assert_eq!(
        case.lead.get(&case.path("/submissions")).await?.ok()?,
        json!([]),
        "nothing is the lead's before it is released"
    );
    assert_eq!(
        verb(&case, &operator, "data-requests", &draft, "submit")
            .await?
            .status,
        403,
        "an operator prepares, an administrator releases"
    );
    let submitted = verb(&case, &case.east, "data-requests", &draft, "submit")
        .await?
        .ok()?;
    assert_eq!(submitted["state"], "submitted");
    assert_eq!(state(&case, &case.lead, &draft).await?, "submitted");
    let read = case
        .lead
        .get(&case.path(&format!("/submissions/{}", id(&given)?)))
        .await?
        .ok()?;
    assert_eq!(read["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(read["manifest_hash"], given["manifest_hash"]);
    assert!(
        told(&case.lead)
            .await?
            .contains(&"submission_received".to_owned())
    );

    let taken = verb(&case, &case.lead, "data-requests", &draft, "accept")
        .await?
        .ok()?;
    assert_eq!(taken["state"], "accepted");
    assert_eq!(state(&case, &case.east, &draft).await?, "accepted");
    let board = case
        .lead
        .get("/api/v1/deadlines?kind=data_provision")
        .await?
        .ok()?;
    assert_eq!(board, json!([]), "the clock has stopped");
    assert!(
        told(&case.east)
            .await?
            .contains(&"submission_accepted".to_owned())
    );
    for (action, result) in [
        ("data_request.send", "ok"),
        ("data_request.verify", "ok"),
        ("submission.submit", "ok"),
        ("data_request.submit", codes::SUBMISSION_NOTHING_TO_RELEASE),
        ("data_request.accept", "ok"),
    ] {
        assert!(
            audited(&server, &case, action, result).await?,
            "{action} {result}"
        );
    }
    Ok(())
}

/// Sends a request that is not legitimate and gives its code.
async fn refused_by_rule(case: &Case, form: &Value) -> Result<String> {
    let sent = case.lead.post(&case.path("/data-requests"), form).await?.ok()?;
    assert_eq!(sent["state"], "refused", "{sent}");
    assert_eq!(allowed(&sent), Vec::<&str>::new());
    Ok(sent["refused_code"].as_str().context("a code")?.to_owned())
}

async fn each_illegitimate_request_has_its_code(server: TestServer) -> Result<()> {
    let case = preparing(&server, 21).await?;
    let east = json!(case.east.me.institution.id);
    let code = refused_by_rule(&case, &asking(&east, "treatment")).await?;
    assert_eq!(code, codes::DATA_REQUEST_OUT_OF_RANGE);
    let mut research = asking(&east, "lab_exam");
    research["purpose"] = json!("research");
    let code = refused_by_rule(&case, &research).await?;
    assert_eq!(code, codes::DATA_REQUEST_PURPOSE);
    assert!(
        told(&case.lead)
            .await?
            .contains(&"data_request_refused".to_owned())
    );

    // A person verifies later than the rule: what has changed meanwhile counts.
    let waiting = ask_east(&case).await?;
    case.lead
        .post(
            &case.path("/consent/withdraw"),
            &json!({"reason": "患者改变决定"}),
        )
        .await?
        .ok()?;
    let code = refused_by_rule(&case, &asking(&east, "lab_exam")).await?;
    assert_eq!(code, codes::DATA_REQUEST_NO_CONSENT);
    let late = verb(&case, &case.east, "data-requests", &waiting, "verify").await?;
    assert_eq!(refusal(&late)?, (409, codes::DATA_REQUEST_NO_CONSENT.to_owned()));
    // With one participant left the case goes back to draft; who takes no part is said first.
    let leave = json!({"reason": "设备故障，无法参加"});
    case.west.post(&case.path("/withdraw"), &leave).await?;
    let west = json!(case.west.me.institution.id);
    let code = refused_by_rule(&case, &asking(&west, "lab_exam")).await?;
    assert_eq!(code, codes::DATA_REQUEST_NOT_PARTY);
    for code in [
        codes::DATA_REQUEST_OUT_OF_RANGE,
        codes::DATA_REQUEST_PURPOSE,
        codes::DATA_REQUEST_NOT_PARTY,
        codes::DATA_REQUEST_NO_CONSENT,
    ] {
        assert!(
            audited(&server, &case, "data_request.refuse", code).await?,
            "{code}"
        );
    }

    let over = Case::in_session(&server, 22).await?;
    over.act("end").await?;
    let code = refused_by_rule(&over, &asking(&json!(over.east.me.institution.id), "imaging")).await?;
    assert_eq!(code, codes::DATA_REQUEST_CONSULTATION_STATE);
    Ok(())
}

async fn only_its_two_institutions_know_of_it(server: TestServer) -> Result<()> {
    let case = preparing(&server, 23).await?;
    let request = ask_east(&case).await?;
    assert_eq!(
        case.west.get(&case.path("/data-requests")).await?.ok()?,
        json!([])
    );
    for verb_ in ["verify", "refuse", "extract", "submit"] {
        let reply = verb(&case, &case.west, "data-requests", &request, verb_).await?;
        assert_eq!(refusal(&reply)?, (404, codes::NOT_FOUND.to_owned()), "{verb_}");
    }
    verb(&case, &case.east, "data-requests", &request, "verify")
        .await?
        .ok()?;
    let foreign = give(&case, &case.west, Some(&request), &[lab("w", "120")]).await?;
    assert_eq!(foreign.status, 404);
    let given = give(&case, &case.east, Some(&request), &[lab("e", "120")])
        .await?
        .ok()?;
    let path = case.path(&format!("/submissions/{}", id(&given)?));
    let versions = case.path(&format!(
        "/items/{}/versions",
        given["items"][0]["item_id"].as_str().context("an item")?
    ));
    for (who, expected) in [(&case.east, 200), (&case.west, 404), (&case.lead, 404)] {
        assert_eq!(who.get(&path).await?.status, expected, "before the release");
        assert_eq!(who.get(&versions).await?.status, expected, "before the release");
    }
    verb(&case, &case.east, "data-requests", &request, "submit")
        .await?
        .ok()?;
    for (who, expected) in [(&case.east, 200), (&case.west, 404), (&case.lead, 200)] {
        assert_eq!(who.get(&path).await?.status, expected, "after the release");
        assert_eq!(who.get(&versions).await?.status, expected, "after the release");
    }
    assert_eq!(case.west.get(&case.path("/submissions")).await?.ok()?, json!([]));
    let other = preparing(&server, 24).await?;
    let reply = verb(&other, &case.east, "data-requests", &request, "verify").await?;
    assert_eq!(reply.status, 404, "of another consultation");
    let ops = server.client_as("ops").await?;
    assert_eq!(ops.get(&case.path("/data-requests")).await?.status, 404);
    Ok(())
}

async fn illegal_moves_are_refused_and_audited(server: TestServer) -> Result<()> {
    let case = preparing(&server, 25).await?;
    let operator = server.client_as("lead.operator").await?;
    let form = asking(&json!(case.east.me.institution.id), "lab_exam");
    assert_eq!(
        operator.post(&case.path("/data-requests"), &form).await?.status,
        403
    );
    assert_eq!(
        case.east.post(&case.path("/data-requests"), &form).await?.status,
        403
    );
    let stranger = asking(&json!(case.lead.me.institution.id), "lab_exam");
    for (wrong, field) in [
        (stranger, "institution_id"),
        (
            json!({"institution_id": form["institution_id"], "items": [], "reason": "需要"}),
            "items",
        ),
        (
            json!({"institution_id": form["institution_id"], "items": form["items"], "reason": "无"}),
            "reason",
        ),
    ] {
        let reply = case.lead.post(&case.path("/data-requests"), &wrong).await?;
        assert_eq!(reply.status, 422);
        assert_eq!(reply.problem()?.errors[0].field, field);
    }
    let request = ask_east(&case).await?;
    for (who, verbs) in [
        (&case.lead, &["verify", "refuse", "extract", "submit"]),
        (&case.east, &["send", "accept", "return", "cancel"]),
    ] {
        for verb_ in verbs {
            let reply = verb(&case, who, "data-requests", &request, verb_).await?;
            assert_eq!(refusal(&reply)?, (403, codes::FORBIDDEN.to_owned()), "{verb_}");
            let action = format!("data_request.{verb_}");
            assert!(
                audited(&server, &case, &action, codes::FORBIDDEN).await?,
                "{action}"
            );
        }
    }
    let wrong = (409, codes::DATA_REQUEST_WRONG_STATE.to_owned());
    for (who, verbs) in [
        (&case.lead, &["send", "accept", "return"][..]),
        (&case.east, &["extract", "submit"]),
    ] {
        for verb_ in verbs {
            let reply = verb(&case, who, "data-requests", &request, verb_).await?;
            assert_eq!(refusal(&reply)?, wrong, "{verb_}");
            let action = format!("data_request.{verb_}");
            assert!(audited(&server, &case, &action, &wrong.1).await?, "{action}");
        }
    }
    let unverified = give(&case, &case.east, Some(&request), &[lab("a", "1")]).await?;
    assert_eq!(refusal(&unverified)?, wrong);
    let mute = case
        .east
        .post(
            &case.path(&format!("/data-requests/{request}/refuse")),
            &json!({"reason": " "}),
        )
        .await?;
    assert_eq!(mute.status, 422);
    verb(&case, &case.east, "data-requests", &request, "refuse")
        .await?
        .ok()?;
    let answered = seen(&case, &case.lead, "data-requests", &request)
        .await?
        .context("it")?;
    assert_eq!(answered["state"], "refused");
    assert_eq!(answered["answer_reason"], "测试所需的原因");
    let again = verb(&case, &case.east, "data-requests", &request, "verify").await?;
    assert_eq!(refusal(&again)?, wrong);
    let unknown = verb(&case, &case.east, "data-requests", &request, "burn").await?;
    assert_eq!(unknown.status, 404);
    Ok(())
}

async fn returned_and_taken_back(server: TestServer) -> Result<()> {
    let case = preparing(&server, 26).await?;
    let request = released(&case, &[lab("a", "135")]).await?;
    let back = verb(&case, &case.lead, "data-requests", &request, "return")
        .await?
        .ok()?;
    assert_eq!(back["state"], "returned");
    let seen_east = seen(&case, &case.east, "data-requests", &request)
        .await?
        .context("it")?;
    assert_eq!(seen_east["state"], "returned");
    assert_eq!(allowed(&seen_east), ["extract"]);
    assert!(
        told(&case.east)
            .await?
            .contains(&"submission_returned".to_owned())
    );
    let more = give(
        &case,
        &case.east,
        Some(&request),
        &[lab("a", "136"), lab("b", "120")],
    )
    .await?
    .ok()?;
    assert_eq!(more["stored"], 2);
    let package = case.lead.get(&case.path("/submissions")).await?.ok()?;
    assert_eq!(
        package.as_array().map(Vec::len),
        Some(1),
        "what is held back stays held back"
    );
    verb(&case, &case.east, "data-requests", &request, "submit")
        .await?
        .ok()?;
    assert_eq!(state(&case, &case.lead, &request).await?, "submitted");
    verb(&case, &case.lead, "data-requests", &request, "accept")
        .await?
        .ok()?;

    let second = ask_east(&case).await?;
    verb(&case, &case.lead, "data-requests", &second, "cancel")
        .await?
        .ok()?;
    assert_eq!(state(&case, &case.east, &second).await?, "cancelled");
    assert!(
        told(&case.east)
            .await?
            .contains(&"data_request_cancelled".to_owned())
    );
    let board = case
        .lead
        .get("/api/v1/deadlines?kind=data_provision")
        .await?
        .ok()?;
    assert_eq!(board, json!([]));
    let gone = verb(&case, &case.east, "data-requests", &second, "verify").await?;
    assert_eq!(refusal(&gone)?, (409, codes::DATA_REQUEST_WRONG_STATE.to_owned()));
    Ok(())
}

/// The session is in an hour, so the target of 48 hours before has passed already; what comes before the
/// session still counts, what comes after is late.
async fn late_data_is_seen_by_both_readings(server: TestServer) -> Result<()> {
    let case = preparing(&server, 27).await?;
    let request = ask_east(&case).await?;
    let sent = seen(&case, &case.lead, "data-requests", &request)
        .await?
        .context("it")?;
    let at = |name: &str| -> Result<i64> {
        let text = sent["due"][name].as_str().context("a time")?;
        Ok(consilium_domain::Timestamp::parse_rfc3339(text)?.ms())
    };
    assert_eq!(at("hard_at")? - at("target_at")?, 48 * 60 * 60 * 1000);
    assert_eq!(sent["overdue"], true, "by the first reading");
    let board = case
        .lead
        .get("/api/v1/deadlines?kind=data_provision")
        .await?
        .ok()?;
    assert_eq!(board[0]["due_at"], sent["due"]["hard_at"]);
    assert_eq!(board[0]["overdue"], false, "by the second");
    assert_eq!(board[0]["institution"]["id"], json!(case.east.me.institution.id));

    server.clock.advance_ms(61 * 60 * 1000);
    server.tick().await?;
    assert!(audited(&server, &case, "data_request.overdue", "ok").await?);
    let lead = server.client_as("lead.admin").await?;
    let east = server.client_as("east.admin").await?;
    for who in [&lead, &east] {
        assert!(told(who).await?.contains(&"deadline_passed".to_owned()));
    }
    let board = lead.get("/api/v1/deadlines?overdue=true").await?.ok()?;
    assert_eq!(board[0]["kind"], "data_provision");
    Ok(())
}

/// Where the hospital chose so, what is legitimate by rule counts as verified; what is not is refused all the
/// same.
#[tokio::test(flavor = "multi_thread")]
async fn verified_by_rule_alone() -> Result<()> {
    let chosen = |config: &mut consilium_server::config::Config| config.policy.auto_verify = true;
    let server = TestServer::start_configured(consilium_testkit::Database::Sqlite, chosen)
        .await?
        .context("a server")?;
    let case = preparing(&server, 29).await?;
    let request = ask_east(&case).await?;
    for who in [&case.lead, &case.east] {
        assert_eq!(state(&case, who, &request).await?, "verified");
    }
    assert!(audited(&server, &case, "data_request.verify", "ok").await?);
    assert!(
        told(&case.lead)
            .await?
            .contains(&"data_request_verified".to_owned())
    );
    give(&case, &case.east, Some(&request), &[lab("a", "135")])
        .await?
        .ok()?;
    let submitted = verb(&case, &case.east, "data-requests", &request, "submit")
        .await?
        .ok()?;
    assert_eq!(submitted["state"], "submitted", "a person still releases");
    let east = json!(case.east.me.institution.id);
    let code = refused_by_rule(&case, &asking(&east, "treatment")).await?;
    assert_eq!(code, codes::DATA_REQUEST_OUT_OF_RANGE);
    Ok(())
}
