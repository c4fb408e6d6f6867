//! Clocks to the second (`domain.md` section 2.3): reminders and ends, once, whoever ticks and whatever
//! restarts; the board of who is late; and the suspension that stops them all (clause 7.5 c).

use anyhow::{Context as _, Result};
use consilium_domain::{AccountId, ClockKind, ConsultationId, NoticeKind, Timestamp, Urgency, clock};
use consilium_protocol::{codes, notice::Deadline};
use consilium_server::{
    exchange,
    services::clocks::{self, Start},
};
use consilium_storage::{AuditFilter, DeadlineState};
use consilium_testkit::{Case, Person, TestServer};
use serde_json::{Value, json};
use uuid::Uuid;

both!(
    every_kind_is_exact,
    a_suspension_stops_every_clock,
    who_is_late,
    opinions_are_due_two_hours_after_the_end,
    what_is_over_has_no_clocks
);

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// Starts a clock of one participant.
async fn start(server: &TestServer, case: &Case, of: &Person, kind: ClockKind, length: i64) -> Result<Uuid> {
    let subject = Uuid::now_v7();
    let started_at = server.clock.now();
    let mut tx = server.app()?.store.begin().await?;
    let start = Start {
        kind,
        consultation: case.consultation()?,
        institution: of.me.institution.id,
        subject,
        urgency: Urgency::Routine,
        started_at,
        due_at: started_at.plus_ms(length),
        link: format!("/consultations/{}/{}", case.id, kind.code()),
    };
    clocks::start(&mut tx, start).await?;
    tx.commit_technical().await?;
    Ok(subject)
}

/// How many reminders and ends of a kind of clock an account was told of.
async fn told(server: &TestServer, account: AccountId, kind: ClockKind) -> Result<(usize, usize)> {
    let notices = server.app()?.store.reader().notices(account, None, 200).await?;
    let count = |what| {
        let of_kind = notices.iter().filter(|n| n.clock == Some(kind));
        of_kind.filter(|n| n.kind == what).count()
    };
    Ok((count(NoticeKind::DeadlineNear), count(NoticeKind::DeadlinePassed)))
}

/// Ticks of several workers in the same instant.
async fn tick_at_once(server: &TestServer) -> Result<()> {
    let app = server.app()?;
    tokio::try_join!(clocks::tick(app), clocks::tick(app), clocks::tick(app))?;
    Ok(())
}

/// Each kind with its length, its reminders, and who is reminded of it.
async fn every_kind_is_exact(mut server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 61).await?;
    case.accepted().await?;
    let operator = server.client_as("east.operator").await?.me.account_id;
    let expert = server.client_as("east.expert").await?.me.account_id;
    let (east, lead) = (case.east.me.account_id, case.lead.me.account_id);
    server.clock.hold();
    let kinds: [(ClockKind, i64, &[i64], &[AccountId]); 4] = [
        (
            ClockKind::InvitationAnswer,
            24 * HOUR,
            &[12 * HOUR, 2 * HOUR],
            &[east],
        ),
        (
            ClockKind::DataProvision,
            100 * HOUR,
            &[72 * HOUR, 48 * HOUR, 24 * HOUR, 4 * HOUR],
            &[east, operator],
        ),
        (
            ClockKind::Correction,
            12 * HOUR,
            &[6 * HOUR, HOUR],
            &[east, operator],
        ),
        (ClockKind::Opinion, 2 * HOUR, &[30 * MINUTE], &[east, expert]),
    ];
    let mut moments = Vec::new();
    let mut subjects = Vec::new();
    for (kind, length, reminders, who) in kinds {
        assert_eq!(clock::reminders(kind, Urgency::Routine), reminders);
        // A minute apart, so that no two clocks strike together.
        server.clock.advance_ms(MINUTE);
        let begin = server.clock.now();
        subjects.push((kind, start(&server, &case, &case.east, kind, length).await?));
        for (before, given) in reminders.iter().zip(1..) {
            moments.push((begin.plus_ms(length - before), kind, who, (given, 0)));
        }
        moments.push((begin.plus_ms(length), kind, who, (reminders.len(), 1)));
    }
    moments.sort_by_key(|(at, ..)| *at);
    for (n, (at, kind, who, expected)) in moments.into_iter().enumerate() {
        let before = (expected.0 - usize::from(expected.1 == 0), 0);
        server.clock.set(at.plus_ms(-SECOND));
        tick_at_once(&server).await?;
        assert_eq!(told(&server, east, kind).await?, before, "{kind:?} too early");
        if n % 3 == 1 {
            server.restart().await?;
        }
        server.clock.set(at);
        tick_at_once(&server).await?;
        for account in who {
            let passed = if *account == east { expected.1 } else { 0 };
            assert_eq!(
                told(&server, *account, kind).await?,
                (expected.0, passed),
                "{kind:?} at {at:?}"
            );
        }
        assert_eq!(told(&server, lead, kind).await?, (0, expected.1), "{kind:?}");
    }
    // Long after, nothing more.
    server.clock.advance_ms(1000 * HOUR);
    assert_eq!(clocks::tick(server.app()?).await?, 0);
    let reader = server.app()?.store.reader();
    for (kind, subject) in subjects {
        let rows = reader.deadlines_about(kind, subject).await?;
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].state, DeadlineState::Expired);
        assert_eq!(rows[0].ended_at, Some(rows[0].due_at), "ended to the second");
    }
    Ok(())
}

/// Somebody who was away for long is told once, not once for each reminder that was missed; and a clock that
/// was stopped or started anew says nothing of its past.
async fn what_is_over_has_no_clocks(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 62).await?;
    case.accepted().await?;
    let east = case.east.me.account_id;
    let begin = server.clock.hold();
    let missed = start(&server, &case, &case.east, ClockKind::DataProvision, 100 * HOUR).await?;
    server.clock.set(begin.plus_ms(97 * HOUR));
    tick_at_once(&server).await?;
    assert_eq!(told(&server, east, ClockKind::DataProvision).await?, (1, 0));
    let rows = server
        .app()?
        .store
        .reader()
        .deadlines_about(ClockKind::DataProvision, missed)
        .await?;
    assert_eq!((rows[0].given, rows[0].next_at), (4, Some(rows[0].due_at)));

    let done = start(&server, &case, &case.east, ClockKind::Correction, 12 * HOUR).await?;
    let mut tx = server.app()?.store.begin().await?;
    clocks::stop(&mut tx, ClockKind::Correction, done, server.clock.now()).await?;
    tx.commit_technical().await?;
    start(&server, &case, &case.east, ClockKind::Opinion, 2 * HOUR).await?;
    let reason = json!({"reason": "患者转院，会诊取消"});
    let lead = server.client_as("lead.admin").await?;
    lead.post(&case.path("/cancel"), &reason).await?.ok()?;
    server.clock.advance_ms(1000 * HOUR);
    assert_eq!(clocks::tick(server.app()?).await?, 0);
    assert_eq!(told(&server, east, ClockKind::Correction).await?, (0, 0));
    assert_eq!(told(&server, east, ClockKind::Opinion).await?, (0, 0));
    assert_eq!(told(&server, east, ClockKind::DataProvision).await?, (1, 0));
    Ok(())
}

/// The board as somebody sees it: institution code, kind, overdue.
async fn board(person: &Person, query: &str) -> Result<Vec<(String, ClockKind, bool)>> {
    let reply = person.get(&format!("/api/v1/deadlines{query}")).await?.ok()?;
    let rows: Vec<Deadline> = serde_json::from_value(reply)?;
    Ok(rows
        .into_iter()
        .map(|row| (row.institution.code, row.kind, row.overdue))
        .collect())
}

async fn who_is_late(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 63).await?;
    case.accepted().await?;
    let begin = server.clock.hold();
    start(&server, &case, &case.east, ClockKind::Correction, 12 * HOUR).await?;
    let west = start(&server, &case, &case.west, ClockKind::Opinion, 2 * HOUR).await?;
    let east_row = ("east".to_owned(), ClockKind::Correction, false);
    let west_row = |overdue| ("west".to_owned(), ClockKind::Opinion, overdue);
    assert_eq!(
        board(&case.lead, "").await?,
        [west_row(false), east_row.clone()],
        "the first due first"
    );
    server.clock.set(begin.plus_ms(3 * HOUR));
    clocks::tick(server.app()?).await?;
    let lead = server.client_as("lead.operator").await?;
    assert_eq!(board(&lead, "").await?, [west_row(true), east_row.clone()]);
    assert_eq!(board(&lead, "?overdue=true").await?, [west_row(true)]);
    assert_eq!(
        board(&lead, "?overdue=false").await?,
        std::slice::from_ref(&east_row)
    );
    assert_eq!(
        board(&lead, "?kind=correction").await?,
        std::slice::from_ref(&east_row)
    );
    let of_west = format!("?institution={}", case.west.me.institution.id);
    assert_eq!(board(&lead, &of_west).await?, [west_row(true)]);
    let elsewhere = format!("?consultation={}", Uuid::now_v7());
    assert_eq!(board(&lead, &elsewhere).await?, []);
    let east = server.client_as("east.expert").await?;
    assert_eq!(
        board(&east, "").await?,
        std::slice::from_ref(&east_row),
        "a participant, its own"
    );
    assert_eq!(board(&east, &of_west).await?, []);
    for username in ["reviewer", "auditor", "ops"] {
        let person = server.client_as(username).await?;
        let refused = person.get("/api/v1/deadlines").await?;
        assert_eq!(refused.status, 403, "{username}");
    }
    let bad = lead.get("/api/v1/deadlines?kind=nothing").await?;
    assert_eq!(bad.status, 400);
    // Late, but done.
    let mut tx = server.app()?.store.begin().await?;
    clocks::stop(&mut tx, ClockKind::Opinion, west, server.clock.now()).await?;
    tx.commit_technical().await?;
    assert_eq!(board(&lead, "").await?, [east_row]);
    Ok(())
}

async fn opinions_are_due_two_hours_after_the_end(server: TestServer) -> Result<()> {
    let case = Case::in_session(&server, 68).await?;
    let begin = server.clock.hold();
    case.act("end").await?;
    let due = async |person: &Person| -> Result<Vec<Deadline>> {
        let rows = person.get("/api/v1/deadlines?kind=opinion").await?.ok()?;
        Ok(serde_json::from_value(rows)?)
    };
    let end = begin.plus_ms(2 * HOUR);
    let rows = due(&case.lead).await?;
    assert!(rows.iter().any(|row| row.institution.code == "east"));
    assert!(
        rows.iter().all(|row| row.due_at == end && !row.overdue),
        "{rows:?}"
    );
    server.clock.set(end.plus_ms(-30 * MINUTE));
    clocks::tick(server.app()?).await?;
    let expert = server.client_as("east.expert").await?;
    let account = expert.me.account_id;
    assert_eq!(told(&server, account, ClockKind::Opinion).await?, (1, 0));
    server.clock.set(end);
    clocks::tick(server.app()?).await?;
    let lead = server.client_as("lead.admin").await?;
    let late = due(&lead).await?;
    assert_eq!(late.len(), rows.len());
    assert!(late.iter().all(|row| row.overdue), "{late:?}");
    let expert = server.client_as("east.expert").await?;
    let text = json!({"text": "左额叶占位，建议增强扫描。", "cites": []});
    expert.post(&case.path("/opinions"), &text).await?.ok()?;
    let open = due(&lead).await?;
    assert_eq!(open.len(), rows.len() - 1, "given late, but given");
    assert!(open.iter().all(|row| row.institution.code != "east"));
    Ok(())
}

async fn invitation_of(case: &Case, lead: &Person, of: &Person) -> Result<Value> {
    let seen = lead.get(&case.path("")).await?.ok()?;
    let id = json!(of.me.institution.id);
    let rows = seen["participants"].as_array().context("participants")?;
    let found = rows.iter().find(|row| row["institution"]["id"] == id);
    found.cloned().context("the institution")
}

async fn knows_of(server: &TestServer, account: AccountId, kind: NoticeKind) -> Result<usize> {
    let notices = server.app()?.store.reader().notices(account, None, 200).await?;
    Ok(notices.iter().filter(|n| n.kind == kind).count())
}

async fn metric(person: &Person) -> Result<bool> {
    let text = person.get("/metrics").await?.text();
    let line = text
        .lines()
        .find(|line| line.starts_with("consilium_exchange_suspended "));
    Ok(line.context("the metric")?.ends_with(" 1"))
}

/// At 10 of 24 hours the exchange is suspended for 5: the term ends at 29 hours exactly, and nothing is sent
/// meanwhile.
async fn a_suspension_stops_every_clock(mut server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 64).await?;
    let other = Case::draft_by(
        65,
        case.lead.clone(),
        case.east.clone(),
        case.west.clone(),
        server.clock.now(),
    )
    .await?;
    let begin = server.clock.hold();
    case.act("invite").await?;
    let kind = ClockKind::InvitationAnswer;
    let east = case.east.me.account_id;
    let at = |hours: i64| begin.plus_ms(hours * HOUR);

    server.clock.set(at(10));
    let ops = server.client_as("ops").await?;
    let lead = server.client_as("lead.admin").await?;
    let reason = json!({"reason": "数据库主机故障，切换中"});
    let suspend = "/api/v1/exchange/suspend";
    assert_eq!(lead.post(suspend, &reason).await?.status, 403);
    assert_eq!(
        lead.post("/api/v1/exchange/resume", &json!({})).await?.status,
        403
    );
    for nothing in [json!({"reason": " "}), json!({"reason": "无"})] {
        assert_eq!(ops.post(suspend, &nothing).await?.status, 422);
    }
    let early = ops.post("/api/v1/exchange/resume", &json!({})).await?;
    assert_eq!(early.problem()?.code, codes::EXCHANGE_NOT_SUSPENDED);
    assert!(!metric(&ops).await?);
    let status = ops.post(suspend, &reason).await?.ok()?;
    assert_eq!(status["suspended"], true);
    assert_eq!(status["reason"], reason["reason"]);
    assert!(metric(&ops).await?);
    let again = ops.post(suspend, &reason).await?;
    assert_eq!(
        (again.status, again.problem()?.code.as_str()),
        (409, codes::EXCHANGE_SUSPENDED)
    );
    let seen = lead.get("/api/v1/exchange").await?.ok()?;
    assert_eq!(
        (&seen["suspended"], &seen["reason"]),
        (&json!(true), &Value::Null)
    );
    for admin in [&case.lead, &case.east, &case.west] {
        let account = admin.me.account_id;
        assert_eq!(
            knows_of(&server, account, NoticeKind::ExchangeSuspended).await?,
            1
        );
    }
    assert_eq!(lead.get(&case.path("")).await?.ok()?["state"], "suspended");
    assert_eq!(lead.get(&other.path("")).await?.ok()?["state"], "draft");
    let rows = lead.get("/api/v1/deadlines").await?.ok()?;
    assert_eq!(rows.as_array().map(Vec::len), Some(2));
    assert_eq!(
        (&rows[0]["paused"], &rows[0]["overdue"]),
        (&json!(true), &json!(false))
    );

    // Past a reminder and past the end, across a restart: nothing moves, nothing is sent.
    other_invites(&lead, &other).await?;
    server.clock.set(at(12));
    server.restart().await?;
    tick_at_once(&server).await?;
    server.tick().await?;
    assert_eq!(told(&server, east, kind).await?, (0, 0));
    assert_eq!(knows_of(&server, east, NoticeKind::InvitationReceived).await?, 1);

    server.clock.set(at(15));
    let ops = server.client_as("ops").await?;
    let lead = server.client_as("lead.admin").await?;
    let status = ops.post("/api/v1/exchange/resume", &json!({})).await?.ok()?;
    assert_eq!(status["suspended"], false);
    assert!(!metric(&ops).await?);
    assert_eq!(lead.get(&case.path("")).await?.ok()?["state"], "inviting");
    assert_eq!(knows_of(&server, east, NoticeKind::ExchangeResumed).await?, 1);
    let invitation = invitation_of(&case, &lead, &case.east).await?;
    let due: Timestamp = serde_json::from_value(invitation["due_at"].clone())?;
    assert_eq!(due, at(29));
    // Waits also for what the worker has taken up by itself.
    exchange::flush(server.app()?, other.consultation()?).await;
    assert_eq!(
        knows_of(&server, east, NoticeKind::InvitationReceived).await?,
        2,
        "what waited goes out"
    );

    for (hours, expected) in [(17, (1, 0)), (27, (2, 0)), (29, (2, 1))] {
        let before = told_about(&server, east, &case).await?;
        server.clock.set(at(hours).plus_ms(-SECOND));
        tick_at_once(&server).await?;
        assert_eq!(
            told_about(&server, east, &case).await?,
            before,
            "{hours} h too early"
        );
        server.clock.set(at(hours));
        tick_at_once(&server).await?;
        assert_eq!(told_about(&server, east, &case).await?, expected, "{hours} h");
    }
    let lead = server.client_as("lead.admin").await?;
    assert_eq!(
        lead.get(&case.path("")).await?.ok()?["state"],
        "draft",
        "nobody accepted"
    );
    let reader = server.app()?.store.reader();
    let filter = AuditFilter {
        action_prefix: Some("exchange.".to_owned()),
        ..AuditFilter::default()
    };
    let records: Vec<_> = reader
        .audit_page(filter, None, 200)
        .await?
        .into_iter()
        .map(|record| record.into_fields())
        .filter(|fields| matches!(fields.action.as_str(), "exchange.suspend" | "exchange.resume"))
        .map(|fields| (fields.action, fields.result))
        .rev()
        .collect();
    let record = |verb: &str, result: &str| (format!("exchange.{verb}"), result.to_owned());
    assert_eq!(
        records,
        [
            record("suspend", codes::FORBIDDEN),
            record("resume", codes::FORBIDDEN),
            record("resume", codes::EXCHANGE_NOT_SUSPENDED),
            record("suspend", "ok"),
            record("suspend", codes::EXCHANGE_SUSPENDED),
            record("resume", "ok"),
        ]
    );
    assert!(reader.verify_audit().await?.is_ok());
    Ok(())
}

async fn other_invites(lead: &Person, other: &Case) -> Result<()> {
    let reply = lead.post(&other.path("/invite"), &json!({})).await?.ok()?;
    assert_eq!(reply["state"], "inviting");
    Ok(())
}

/// Reminders and ends of one consultation's answer clock.
async fn told_about(server: &TestServer, account: AccountId, case: &Case) -> Result<(usize, usize)> {
    let id: ConsultationId = case.consultation()?;
    let notices = server.app()?.store.reader().notices(account, None, 200).await?;
    let count = |kind| {
        let of_case = notices.iter().filter(|n| n.consultation == Some(id));
        of_case.filter(|n| n.kind == kind).count()
    };
    Ok((count(NoticeKind::DeadlineNear), count(NoticeKind::DeadlinePassed)))
}
