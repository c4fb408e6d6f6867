//! Questions of a session from one hospital to another, and pauses (clauses 7.3 b and e).

use anyhow::{Context as _, Result};
use consilium_collab::client::Outcome;
use consilium_domain::Timestamp;
use consilium_protocol::codes;
use consilium_testkit::{Case, LiveClient, Person, Reply, TestServer};
use serde_json::{Value, json};

use super::data::{ask_east, audited, id, preparing, refusal, seen, told};

both!(
    asked_answered_and_seen_by_all,
    the_clock_strikes_on_both_sides,
    a_pause_stops_talk_and_clocks,
    taken_back_and_crossing_answers,
    a_suspension_moves_every_clock,
);

const MINUTE: i64 = 60 * 1000;

/// A running session whose participants agreed to give laboratory data and images.
pub(super) async fn running(server: &TestServer, number: usize) -> Result<Case> {
    let case = preparing(server, number).await?;
    case.images(2).await?;
    case.ready().await?;
    case.act("start").await?;
    Ok(case)
}

async fn ask(case: &Case, who: &Person, whom: &Person, text: &str) -> Result<Reply> {
    let body = json!({"institution_id": whom.me.institution.id, "text": text});
    who.post(&case.path("/questions"), &body).await
}

async fn answer(case: &Case, who: &Person, question: &str, text: &str) -> Result<Reply> {
    let body = json!({"text": text, "cites": [{"kind": "element", "reference": "x", "text": text}]});
    who.post(&case.path(&format!("/questions/{question}/answer")), &body)
        .await
}

async fn withdraw(case: &Case, who: &Person, question: &str) -> Result<Reply> {
    let path = case.path(&format!("/questions/{question}/withdraw"));
    who.post(&path, &json!({})).await
}

async fn question(case: &Case, who: &Person, id: &str) -> Result<Value> {
    seen(case, who, "questions", id).await?.context("the question")
}

/// Waits until the room says that something changed, so often.
pub(super) async fn told_in_room(client: &mut LiveClient, what: &str, times: usize) -> Result<()> {
    client
        .until(what, |_, outcomes| {
            let said = |of: &&Outcome| matches!(of, Outcome::Changed(changed) if changed == what);
            outcomes.iter().filter(said).count() >= times
        })
        .await
}

async fn asked_answered_and_seen_by_all(server: TestServer) -> Result<()> {
    let case = running(&server, 130).await?;
    let east = server.client_as("east.expert").await?;
    let west = server.client_as("west.expert").await?;
    let mut room = LiveClient::join(&case.lead, &case.id).await?;
    let text = format!("请问{}既往是否做过增强扫描", case.patient.name);
    let asked = ask(&case, &east, &west, &text).await?;
    assert_eq!(asked.status, 201, "{}", asked.text());
    let asked = asked.json();
    let which = id(&asked)?;
    assert_eq!(asked["state"], "open");
    assert_eq!(
        (&asked["may_answer"], &asked["may_withdraw"]),
        (&json!(false), &json!(true))
    );
    assert!(asked["text"].as_str().context("a text")?.contains("增强扫描"));
    told_in_room(&mut room, "questions", 1).await?;
    for who in [&east, &west, &case.lead, &case.west] {
        let seen = question(&case, who, &which).await?;
        assert!(
            !seen.to_string().contains(&case.patient.name),
            "masked for everybody"
        );
        assert_eq!(seen["to"]["id"], json!(west.me.institution.id));
        assert_eq!(
            seen["may_answer"],
            json!(who.me.institution.id == west.me.institution.id)
        );
    }
    for who in [&west, &case.west] {
        assert!(told(who).await?.contains(&"question_asked".to_owned()));
    }
    let notices = west.get("/api/v1/notices").await?.ok()?;
    assert!(
        notices
            .to_string()
            .contains(&format!("/consultations/{}/room", case.id))
    );
    assert!(!told(&case.lead).await?.contains(&"question_asked".to_owned()));
    let board = case.west.get("/api/v1/deadlines?kind=question").await?.ok()?;
    assert_eq!(
        board[0]["due_at"],
        question(&case, &east, &which).await?["due_at"]
    );

    // Only the asked hospital answers, and only people who may speak in the room.
    let foreign = answer(&case, &case.lead, &which, "未做过").await?;
    assert_eq!(refusal(&foreign)?, (403, codes::FORBIDDEN.to_owned()));
    let operator = server.client_as("west.operator").await?;
    assert_eq!(answer(&case, &operator, &which, "未做过").await?.status, 403);
    assert_eq!(answer(&case, &west, &which, " ").await?.status, 422);
    let given = answer(&case, &west, &which, &format!("{}未做过", case.patient.name)).await?;
    let given = given.ok()?;
    assert_eq!(
        (&given["state"], &given["may_answer"]),
        (&json!("answered"), &json!(false))
    );
    for who in [&east, &case.lead] {
        let seen = question(&case, who, &which).await?;
        assert_eq!(
            (&seen["state"], &seen["overdue"]),
            (&json!("answered"), &json!(false))
        );
        assert_eq!(seen["answered_by_name"], json!(west.me.display_name));
        assert!(seen["answer"].as_str().context("an answer")?.contains("未做过"));
        assert!(!seen.to_string().contains(&case.patient.name));
        assert_eq!(seen["cites"][0]["kind"], "element");
    }
    assert!(told(&east).await?.contains(&"question_answered".to_owned()));
    told_in_room(&mut room, "questions", 3).await?;
    let board = case.west.get("/api/v1/deadlines?kind=question").await?.ok()?;
    assert_eq!(board, json!([]), "the clock has stopped");
    let twice = answer(&case, &west, &which, "再答一次").await?;
    assert_eq!(refusal(&twice)?, (409, codes::QUESTION_WRONG_STATE.to_owned()));

    let own = ask(&case, &east, &case.east, "问自己").await?;
    assert_eq!(refusal(&own)?, (409, codes::QUESTION_NOT_PARTY.to_owned()));
    let wrong = json!({"institution_id": west.me.institution.id, "text": "", "within_minutes": 1});
    let wrong = east.post(&case.path("/questions"), &wrong).await?.problem()?;
    assert_eq!(wrong.errors.len(), 2, "{wrong:?}");
    let second = id(&ask(&case, &case.west, &case.lead, "术前血小板是否正常")
        .await?
        .ok()?)?;
    case.act("end").await?;
    let late = ask(&case, &east, &west, "会后再问").await?;
    assert_eq!(refusal(&late)?, (409, codes::WRONG_STATE.to_owned()));
    let summed = answer(&case, &case.lead, &second, "正常，见检验").await?.ok()?;
    assert_eq!(summed["state"], "answered", "answers come until the report");
    for (action, result) in [
        ("question.ask", "ok"),
        ("question.ask", codes::QUESTION_NOT_PARTY),
        ("question.ask", codes::WRONG_STATE),
        ("question.answer", "ok"),
        ("question.answer", codes::FORBIDDEN),
        ("question.answer", codes::QUESTION_WRONG_STATE),
    ] {
        assert!(
            audited(&server, &case, action, result).await?,
            "{action} {result}"
        );
    }
    Ok(())
}

async fn the_clock_strikes_on_both_sides(server: TestServer) -> Result<()> {
    let case = running(&server, 131).await?;
    let mut room = LiveClient::join(&case.west, &case.id).await?;
    let asked = ask(&case, &case.east, &case.west, "请补充病理分级").await?.ok()?;
    let which = id(&asked)?;
    server.clock.advance_ms(26 * MINUTE);
    server.tick().await?;
    assert!(told(&case.west).await?.contains(&"deadline_near".to_owned()));
    assert_eq!(question(&case, &case.east, &which).await?["overdue"], false);
    server.clock.advance_ms(5 * MINUTE);
    server.tick().await?;
    for who in [&case.east, &case.west] {
        assert!(
            told(who).await?.contains(&"deadline_passed".to_owned()),
            "both sides"
        );
        assert_eq!(question(&case, who, &which).await?["overdue"], true);
    }
    assert!(!told(&case.lead).await?.contains(&"deadline_passed".to_owned()));
    told_in_room(&mut room, "questions", 3).await?;
    assert!(audited(&server, &case, "question.overdue", "ok").await?);
    let answered = answer(&case, &case.west, &which, "二级").await?.ok()?;
    assert_eq!(
        (&answered["state"], &answered["overdue"]),
        (&json!("answered"), &json!(false))
    );
    Ok(())
}

fn at(time: &Value) -> Result<Timestamp> {
    Ok(Timestamp::parse_rfc3339(time.as_str().context("a time")?)?)
}

/// The page of the consultation as somebody sees it.
async fn page(case: &Case, who: &Person) -> Result<Value> {
    who.get(&case.path("")).await?.ok()
}

async fn a_pause_stops_talk_and_clocks(server: TestServer) -> Result<()> {
    let case = running(&server, 132).await?;
    let expert = server.client_as("east.expert").await?;
    let mut room = LiveClient::join(&expert, &case.id).await?;
    let which = id(&ask(&case, &case.lead, &case.east, "是否用过激素").await?.ok()?)?;
    let due = question(&case, &case.lead, &which).await?["due_at"].clone();
    assert_eq!(
        refusal(&case.lead.post(&case.path("/resume"), &json!({})).await?)?.1,
        codes::SESSION_NOT_PAUSED
    );
    assert_eq!(
        case.east.post(&case.path("/pause"), &json!({})).await?.status,
        403
    );
    server.clock.advance_ms(10 * MINUTE);
    let why = json!({"reason": format!("等待{}复查", case.patient.name)});
    let paused = case.lead.post(&case.path("/pause"), &why).await?.ok()?;
    assert_eq!(paused["state"], "in_session");
    assert!(paused["paused_at"].is_string());
    let shown = page(&case, &expert).await?;
    assert!(
        shown["pause_reason"]
            .as_str()
            .context("a reason")?
            .contains("复查")
    );
    assert!(!shown["pause_reason"].to_string().contains(&case.patient.name));
    assert_eq!(
        shown["room"],
        json!({"annotate": false, "opine": true, "discuss": false, "preside": false, "notes": shown["room"]["notes"]}),
        "own drafts go on, nothing else"
    );
    told_in_room(&mut room, "state", 1).await?;
    room.until("the rights of a pause", |room, _| {
        !room.rights().discuss && room.rights().opine
    })
    .await?;
    assert_eq!(
        refusal(&case.lead.post(&case.path("/pause"), &json!({})).await?)?.1,
        codes::SESSION_PAUSED
    );
    for refused in [
        ask(&case, &case.lead, &case.west, "暂停中提问").await?,
        answer(&case, &case.east, &which, "暂停中回答").await?,
        withdraw(&case, &case.lead, &which).await?,
    ] {
        assert_eq!(refusal(&refused)?, (409, codes::SESSION_PAUSED.to_owned()));
    }
    server.clock.advance_ms(40 * MINUTE);
    server.tick().await?;
    assert_eq!(
        question(&case, &case.lead, &which).await?["overdue"],
        false,
        "the clock stands still"
    );
    assert!(!told(&case.east).await?.contains(&"deadline_passed".to_owned()));
    let board = case.east.get("/api/v1/deadlines?kind=question").await?.ok()?;
    assert_eq!(
        (&board[0]["paused"], &board[0]["overdue"]),
        (&json!(true), &json!(false))
    );

    let going = case.act("resume").await?;
    assert_eq!(
        (&going["paused_at"], &going["pause_reason"]),
        (&Value::Null, &Value::Null)
    );
    let moved = question(&case, &case.lead, &which).await?["due_at"].clone();
    let by = at(&moved)?.since_ms(at(&due)?);
    assert!((40 * MINUTE..42 * MINUTE).contains(&by), "moved by {by} ms");
    room.until("talk goes on", |room, _| room.rights().discuss)
        .await?;
    // Ending while paused is possible, and the clock runs on.
    case.act("pause").await?;
    server.clock.advance_ms(5 * MINUTE);
    let ended = case.act("end").await?;
    assert_eq!(
        (&ended["state"], &ended["paused_at"]),
        (&json!("summarising"), &Value::Null)
    );
    server.clock.advance_ms(25 * MINUTE);
    server.tick().await?;
    assert_eq!(question(&case, &case.lead, &which).await?["overdue"], true);
    for (action, result) in [
        ("consultation.pause", "ok"),
        ("consultation.pause", codes::SESSION_PAUSED),
        ("consultation.continue", "ok"),
        ("consultation.continue", codes::SESSION_NOT_PAUSED),
        ("question.ask", codes::SESSION_PAUSED),
        ("question.answer", codes::SESSION_PAUSED),
    ] {
        assert!(
            audited(&server, &case, action, result).await?,
            "{action} {result}"
        );
    }
    Ok(())
}

async fn taken_back_and_crossing_answers(server: TestServer) -> Result<()> {
    let case = running(&server, 133).await?;
    let expert = server.client_as("east.expert").await?;
    let which = id(&ask(&case, &expert, &case.west, "是否复查").await?.ok()?)?;
    let foreign = withdraw(&case, &case.lead, &which).await?;
    assert_eq!(refusal(&foreign)?, (403, codes::FORBIDDEN.to_owned()));
    let back = withdraw(&case, &case.east, &which).await?.ok()?;
    assert_eq!(back["state"], "withdrawn", "the coordinator may for the expert");
    assert_eq!(question(&case, &case.west, &which).await?["state"], "withdrawn");
    assert!(told(&case.west).await?.contains(&"question_withdrawn".to_owned()));
    let late = answer(&case, &case.west, &which, "复查过").await?;
    assert_eq!(refusal(&late)?, (409, codes::QUESTION_WRONG_STATE.to_owned()));
    let board = case.west.get("/api/v1/deadlines?kind=question").await?.ok()?;
    assert_eq!(board, json!([]), "nothing is asked any more");

    // Asked in the same moment as it is answered: both sides see the same in the end.
    let which = id(&ask(&case, &expert, &case.west, "再问一次").await?.ok()?)?;
    let (given, back) = tokio::join!(
        answer(&case, &case.west, &which, "已复查"),
        withdraw(&case, &expert, &which)
    );
    let (given, back) = (given?, back?);
    assert!(
        given.status == 200 || back.status == 200,
        "{} {}",
        given.text(),
        back.text()
    );
    server.tick().await?;
    let states = [
        question(&case, &expert, &which).await?["state"].clone(),
        question(&case, &case.west, &which).await?["state"].clone(),
    ];
    assert_eq!(states[0], states[1]);
    Ok(())
}

/// A fault stops everything; afterwards every clock ends later by the time it stood still.
async fn a_suspension_moves_every_clock(server: TestServer) -> Result<()> {
    let case = running(&server, 134).await?;
    let which = id(&ask(&case, &case.lead, &case.east, "是否过敏").await?.ok()?)?;
    let request = ask_east(&case).await?;
    let due = async |case: &Case| -> Result<[Value; 2]> {
        let of = question(case, &case.lead, &which).await?["due_at"].clone();
        let request = seen(case, &case.lead, "data-requests", &request)
            .await?
            .context("a request")?;
        Ok([of, request["due"]["target_at"].clone()])
    };
    let before = due(&case).await?;
    let ops = server.client_as("ops").await?;
    let why = json!({"reason": "主干网络中断"});
    ops.post("/api/v1/exchange/suspend", &why).await?.ok()?;
    server.clock.advance_ms(45 * MINUTE);
    server.tick().await?;
    assert!(!told(&case.east).await?.contains(&"deadline_passed".to_owned()));
    ops.post("/api/v1/exchange/resume", &json!({})).await?.ok()?;
    let after = due(&case).await?;
    for (before, after) in before.iter().zip(&after) {
        let by = at(after)?.since_ms(at(before)?);
        assert!((45 * MINUTE..47 * MINUTE).contains(&by), "moved by {by} ms");
    }
    Ok(())
}
