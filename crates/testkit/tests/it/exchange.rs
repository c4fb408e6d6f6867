//! The inbox's checks, the sender's tries, and what people do with what is parked.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use consilium_domain::{
    ConsultationId, InstitutionId, MessageId, NoticeKind, Timestamp, TransferState,
    canonical::canonical_json, masking::RuleSet,
};
use consilium_protocol::{
    codes,
    exchange::{Body, Envelope, Receipt, RuleSetRef, VERSION},
    limits,
};
use consilium_server::{
    admin::event,
    exchange::{self, Failure, inbox},
    state::App,
};
use consilium_storage::{AuditFilter, Institution, Invitation, Lane, Outgoing};
use consilium_testkit::{Case, Database, Fault, Faulty, Person, TestServer};
use serde_json::{Value, json};
use uuid::Uuid;

both!(
    every_refusal_has_its_code,
    a_replay_has_no_second_effect,
    gaps_wait_and_latecomers_are_refused,
    nothing_goes_out_while_suspended,
    ten_institutions_get_what_is_theirs,
    deliveries_are_the_senders_affair,
);

/// Signs as the documents say, not as the server does.
fn sign(app: &App, envelope: &Envelope) -> Result<Vec<u8>> {
    let mut message = serde_json::to_value(envelope)?;
    let members = message.as_object_mut().context("an object")?;
    members.remove("key_id");
    members.remove("signature");
    let signature = app
        .store
        .vault()
        .sign("consilium/exchange/v1", canonical_json(&message).as_bytes());
    let hex: String = signature.bytes.iter().map(|b| format!("{b:02x}")).collect();
    message["key_id"] = json!(signature.key_id);
    message["signature"] = json!(hex);
    Ok(serde_json::to_vec(&message)?)
}

/// A message that nobody has posted.
fn envelope(id: ConsultationId, from: InstitutionId, to: InstitutionId, seq: u64) -> Envelope {
    let rules = RuleSet::builtin();
    Envelope {
        id: MessageId(Uuid::now_v7()),
        version: VERSION,
        consultation: id,
        from,
        to,
        seq,
        after: seq - 1,
        sent_at: Timestamp::from_ms(1_700_000_000_000),
        rules: RuleSetRef {
            version: rules.version().to_owned(),
            hash: rules.hash().to_owned(),
        },
        body: Body::Session {
            started: true,
            at: Timestamp::from_ms(1_700_000_000_000),
        },
        key_id: String::new(),
        signature: String::new(),
    }
}

/// Place of the next message of a lane.
async fn next(app: &App, lane: Lane) -> Result<u64> {
    Ok(u64::try_from(app.store.reader().last_received(lane).await?)? + 1)
}

fn lane(id: ConsultationId, from: &Person, to: &Person) -> Lane {
    Lane {
        consultation: id,
        from: from.me.institution.id,
        to: to.me.institution.id,
    }
}

/// What the log of one consultation says, oldest first: action, target, result, institution.
async fn log(app: &App, id: Option<ConsultationId>, prefix: &str) -> Result<Vec<[String; 4]>> {
    let filter = AuditFilter {
        consultation: id,
        action_prefix: Some(prefix.to_owned()),
        ..AuditFilter::default()
    };
    let mut records = app.store.reader().audit_page(filter, None, 1_000).await?;
    records.reverse();
    Ok(records
        .into_iter()
        .map(|record| {
            let f = record.into_fields();
            [f.action, f.target, f.result, f.institution]
        })
        .collect())
}

/// When something was last written about a consultation.
async fn last_event(app: &App, id: ConsultationId, action: &str) -> Result<Timestamp> {
    let filter = AuditFilter {
        consultation: Some(id),
        action_prefix: Some(action.to_owned()),
        ..AuditFilter::default()
    };
    let last = app.store.reader().audit_page(filter, None, 1).await?.pop();
    Ok(Timestamp::from_ms(last.context("an event")?.into_fields().at_ms))
}

/// Notices of a kind that a person has about a consultation.
async fn notices(app: &App, person: &Person, id: ConsultationId, kind: NoticeKind) -> Result<usize> {
    let rows = app
        .store
        .reader()
        .notices(person.me.account_id, None, 500)
        .await?;
    Ok(rows
        .iter()
        .filter(|n| n.consultation == Some(id) && n.kind == kind)
        .count())
}

/// Writes a message into the outbox, as a service would.
async fn post(app: &App, lane: Lane) -> Result<MessageId> {
    let at = app.now();
    let mut tx = app.store.begin().await?;
    let body = Body::Session { started: true, at };
    let id = exchange::post(app, &mut tx, lane.consultation, lane.from, lane.to, at, body).await?;
    tx.audit(event(at, "test.post", "test".to_owned(), "")).await?;
    tx.commit().await?;
    Ok(id)
}

async fn state(app: &App, id: MessageId) -> Result<Outgoing> {
    app.store.reader().outgoing(id).await?.context("a message")
}

async fn every_refusal_has_its_code(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 1).await?;
    case.accepted().await?;
    let app = server.app()?;
    let id = case.consultation()?;
    let (lead, east) = (case.lead.me.institution.id, case.east.me.institution.id);
    let road = lane(id, &case.lead, &case.east);
    let seq = next(app, road).await?;
    let ops = server.client_as("ops").await?;
    let good = || envelope(id, lead, east, seq);

    let mut forged: Value = serde_json::from_slice(&sign(app, &good())?)?;
    forged["body"]["content"]["started"] = json!(false);
    let mut unsigned: Value = serde_json::from_slice(&sign(app, &good())?)?;
    unsigned["signature"] = json!("");
    let mut stranger: Value = serde_json::from_slice(&sign(app, &good())?)?;
    stranger["key_id"] = json!("0000000000000000");
    let mut later = good();
    later.version = VERSION + 1;
    let mut other_rules = good();
    other_rules.rules.version = "0".to_owned();
    let mut other_hash = good();
    other_hash.rules.hash = "00".repeat(32);
    let platform = ops.me.institution.id;
    let uninvited = envelope(id, platform, lead, 1);
    let to_uninvited = envelope(id, lead, platform, 1);
    let to_itself = envelope(id, lead, lead, 1);
    let nowhere = envelope(ConsultationId(Uuid::now_v7()), lead, east, 1);
    let mut huge = serde_json::to_vec(&good())?;
    huge.resize(limits::MESSAGE_BYTES + 1, b' ');
    let mut before_itself = good();
    before_itself.after = seq;

    for (message, code) in [
        (serde_json::to_vec(&forged)?, codes::EXCHANGE_SIGNATURE),
        (serde_json::to_vec(&unsigned)?, codes::EXCHANGE_SIGNATURE),
        (serde_json::to_vec(&stranger)?, codes::EXCHANGE_SIGNATURE),
        (sign(app, &later)?, codes::EXCHANGE_VERSION),
        (sign(app, &other_rules)?, codes::EXCHANGE_RULE_SET),
        (sign(app, &other_hash)?, codes::EXCHANGE_RULE_SET),
        (sign(app, &uninvited)?, codes::EXCHANGE_NOT_PARTY),
        (sign(app, &to_uninvited)?, codes::EXCHANGE_NOT_PARTY),
        (sign(app, &to_itself)?, codes::EXCHANGE_NOT_PARTY),
        (sign(app, &nowhere)?, codes::EXCHANGE_NOT_PARTY),
        (huge, codes::EXCHANGE_TOO_LARGE),
        (b"{\"version\": ".to_vec(), codes::EXCHANGE_MALFORMED),
        (b"{\"version\": 1}".to_vec(), codes::EXCHANGE_MALFORMED),
        (sign(app, &before_itself)?, codes::EXCHANGE_MALFORMED),
    ] {
        let before = log(app, None, "exchange.refuse").await?.len();
        let refused = inbox::receive(app, &message).await;
        assert_eq!(refused, Err(Failure::Refused(code.to_owned())));
        let written = log(app, None, "exchange.refuse").await?;
        assert_eq!(written.len(), before + 1, "{code}");
        assert_eq!(written.last().context("an event")?[2], code);
    }
    assert_eq!(next(app, road).await?, seq, "nothing was taken in");
    assert_eq!(notices(app, &case.east, id, NoticeKind::SessionStarted).await?, 0);
    let refused = log(app, Some(id), "exchange.refuse").await?;
    assert!(
        refused.iter().any(|r| r[3] == east.to_string()),
        "at the receiver"
    );

    // The road is not blocked by what was refused.
    let taken = inbox::receive(app, &sign(app, &good())?).await;
    assert!(matches!(taken, Ok(Receipt { duplicate: false, .. })), "{taken:?}");
    Ok(())
}

async fn a_replay_has_no_second_effect(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 1).await?;
    case.accepted().await?;
    let app = server.app()?;
    let id = case.consultation()?;
    let road = lane(id, &case.lead, &case.east);
    let message = envelope(id, road.from, road.to, next(app, road).await?);
    let bytes = sign(app, &message)?;
    let first = inbox::receive(app, &bytes).await.ok().context("a receipt")?;
    server.clock.advance_ms(1_000);
    // Twice more, at the same time.
    let (second, third) = tokio::join!(inbox::receive(app, &bytes), inbox::receive(app, &bytes));
    for again in [second, third] {
        let again = again.ok().context("a receipt")?;
        assert!(again.duplicate);
        assert_eq!(
            (again.message_id, again.received_at),
            (first.message_id, first.received_at)
        );
    }
    assert_eq!(notices(app, &case.east, id, NoticeKind::SessionStarted).await?, 1);
    let target = format!("message/{}", message.id);
    let told = log(app, Some(id), "exchange.").await?;
    let actions: Vec<_> = told
        .iter()
        .filter(|r| r[1] == target)
        .map(|r| r[0].as_str())
        .collect();
    assert_eq!(
        actions,
        ["exchange.receive", "exchange.repeat", "exchange.repeat"]
    );

    let changed = Envelope {
        body: Body::Session {
            started: false,
            at: Timestamp::from_ms(5),
        },
        ..message
    };
    let conflict = inbox::receive(app, &sign(app, &changed)?).await;
    assert_eq!(
        conflict,
        Err(Failure::Refused(codes::EXCHANGE_CONFLICT.to_owned()))
    );
    assert_eq!(notices(app, &case.east, id, NoticeKind::SessionEnded).await?, 0);
    Ok(())
}

async fn gaps_wait_and_latecomers_are_refused(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 1).await?;
    case.accepted().await?;
    let app = server.app()?;
    let id = case.consultation()?;
    let road = lane(id, &case.west, &case.east);
    let seq = next(app, road).await?;
    let one = envelope(id, road.from, road.to, seq);
    let two = envelope(id, road.from, road.to, seq + 1);
    let gap = Err(Failure::Transient(codes::EXCHANGE_GAP.to_owned()));
    assert_eq!(inbox::receive(app, &sign(app, &two)?).await, gap);
    assert!(inbox::receive(app, &sign(app, &one)?).await.is_ok());
    assert!(inbox::receive(app, &sign(app, &two)?).await.is_ok());
    // The third was given up, the fourth says so; the third comes after all.
    let three = envelope(id, road.from, road.to, seq + 2);
    let mut four = envelope(id, road.from, road.to, seq + 3);
    assert_eq!(inbox::receive(app, &sign(app, &four)?).await, gap);
    four.after = seq + 1;
    assert!(inbox::receive(app, &sign(app, &four)?).await.is_ok());
    let late = Err(Failure::Refused(codes::EXCHANGE_LATE.to_owned()));
    assert_eq!(inbox::receive(app, &sign(app, &three)?).await, late);
    assert_eq!(notices(app, &case.east, id, NoticeKind::SessionStarted).await?, 3);
    Ok(())
}

async fn nothing_goes_out_while_suspended(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 1).await?;
    case.accepted().await?;
    let app = server.app()?;
    let id = case.consultation()?;
    let ops = server.client_as("ops").await?;
    let why = json!({"reason": "数据库故障"});
    ops.post("/api/v1/exchange/suspend", &why).await?.ok()?;
    let road = lane(id, &case.lead, &case.east);
    let message = post(app, road).await?;
    exchange::flush(app, id).await;
    server.clock.advance_ms(1_800_000);
    exchange::run(app).await?;
    let waiting = state(app, message).await?;
    assert_eq!((waiting.state, waiting.tries), (TransferState::Queued, 0));
    let list = case.lead.get("/api/v1/transfers").await?.ok()?;
    assert!(list["suspended_since"].is_string(), "{list}");
    ops.post("/api/v1/exchange/resume", &json!({})).await?.ok()?;
    exchange::flush(app, id).await;
    assert_eq!(state(app, message).await?.state, TransferState::Delivered);
    assert_eq!(notices(app, &case.east, id, NoticeKind::SessionStarted).await?, 1);
    Ok(())
}

/// Ten participants; what each is sent reaches it and nobody else.
async fn ten_institutions_get_what_is_theirs(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 1).await?;
    case.accepted().await?;
    let app = server.app()?;
    let id = case.consultation()?;
    let lead = case.lead.me.institution.id;
    let pattern = app.store.reader().invitations(id).await?;
    let pattern = pattern.first().context("an invitation")?;
    let mut parties: Vec<InstitutionId> = vec![case.east.me.institution.id, case.west.me.institution.id];
    let mut tx = app.store.begin().await?;
    for n in 0..8_u8 {
        let institution = InstitutionId(Uuid::now_v7());
        tx.insert_institution(&Institution {
            id: institution,
            code: format!("more-{n}"),
            name_zh: format!("第{n}医院"),
            name_en: format!("Hospital {n}"),
            colour: 1 + n % 6,
            platform: false,
        })
        .await?;
        tx.insert_invitation(&Invitation {
            id: Uuid::now_v7().into(),
            institution,
            ..pattern.clone()
        })
        .await?;
        parties.push(institution);
    }
    tx.audit(event(app.now(), "test.more", "test".to_owned(), ""))
        .await?;
    tx.commit().await?;
    let mut sent = Vec::new();
    for round in 0..3 {
        for to in &parties {
            let road = Lane {
                consultation: id,
                from: lead,
                to: *to,
            };
            sent.push((post(app, road).await?, *to, round));
            let answer = Lane {
                consultation: id,
                from: *to,
                to: lead,
            };
            sent.push((post(app, answer).await?, lead, round));
        }
    }
    exchange::flush(app, id).await;
    for (message, to, _) in &sent {
        assert_eq!(state(app, *message).await?.state, TransferState::Delivered);
        let received = app.store.reader().received(*message, *to).await?;
        assert_eq!(received.context("at its receiver")?.lane.to, *to);
        for other in parties.iter().filter(|p| *p != to) {
            assert!(app.store.reader().received(*message, *other).await?.is_none());
        }
    }
    assert_eq!(sent.len(), 60);
    Ok(())
}

async fn deliveries_are_the_senders_affair(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 1).await?;
    case.accepted().await?;
    let app = server.app()?;
    let id = case.consultation()?;
    let message = post(app, lane(id, &case.lead, &case.east)).await?;
    exchange::flush(app, id).await;
    let path = |verb: &str| format!("/api/v1/transfers/{message}/{verb}");
    let why = json!({"reason": "改用电话告知"});
    for verb in ["resend", "abandon"] {
        let foreign = case.east.post(&path(verb), &why).await?;
        assert_eq!(foreign.status, 404, "{verb}: another institution's message");
        let settled = case.lead.post(&path(verb), &why).await?;
        assert_eq!(settled.status, 409);
        assert_eq!(settled.problem()?.code, codes::TRANSFER_WRONG_STATE);
        let expert = server.client_as("lead.expert").await?;
        assert_eq!(expert.post(&path(verb), &why).await?.status, 403);
    }
    let reviewer = server.client_as("reviewer").await?;
    assert_eq!(reviewer.get("/api/v1/transfers").await?.status, 403);
    let list = case.lead.get("/api/v1/transfers?state=delivered").await?.ok()?;
    let row = &list["items"][0];
    assert_eq!(
        (row["id"].as_str(), row["state"].as_str()),
        (Some(message.to_string().as_str()), Some("delivered"))
    );
    assert_eq!(row["may_resend"], false);
    let wrong = case.lead.get("/api/v1/transfers?cursor=x").await?;
    assert_eq!(wrong.status, 422);
    // What was refused is in the log.
    let written = log(app, None, "transfer.").await?;
    for code in [codes::NOT_FOUND, codes::TRANSFER_WRONG_STATE, codes::FORBIDDEN] {
        assert!(written.iter().any(|r| r[2] == code), "{code}");
    }
    Ok(())
}

/// Nothing arrives: three tries at 0, 10 and 70 seconds, then people are told; what is behind waits, other
/// roads go on; a person sends it again.
#[tokio::test(flavor = "multi_thread")]
async fn three_tries_then_a_person() -> Result<()> {
    let faulty = Arc::new(Faulty::default());
    let server = TestServer::start_over(Database::Sqlite, faulty.clone())
        .await?
        .context("a server")?;
    let case = Case::draft(&server, 1).await?;
    case.accepted().await?;
    let app = server.app()?;
    let id = case.consultation()?;
    let east = case.east.me.institution.id;
    faulty.follow(move |call| {
        if call.to == east {
            Fault::DropRequest
        } else {
            Fault::None
        }
    });
    let lost = post(app, lane(id, &case.lead, &case.east)).await?;
    let behind = post(app, lane(id, &case.lead, &case.east)).await?;
    let beside = post(app, lane(id, &case.lead, &case.west)).await?;
    exchange::flush(app, id).await;
    assert_eq!(state(app, beside).await?.state, TransferState::Delivered);
    let first = state(app, lost).await?;
    assert_eq!(
        (first.state, first.tries, faulty.calls(lost)),
        (TransferState::Waiting, 1, 1)
    );
    for (tries, wait_ms) in [(1, 10_000), (2, 60_000)] {
        let waiting = state(app, lost).await?;
        let failed_at = last_event(app, id, "transfer.wait").await?;
        let next_at = waiting.next_at.context("a next try")?;
        assert_eq!(next_at.since_ms(failed_at), wait_ms);
        // The clock of the tests runs on, so the margin is wide.
        server.clock.advance_ms(next_at.since_ms(app.now()) - 5_000);
        exchange::run(app).await?;
        if app.now() < next_at {
            assert_eq!(faulty.calls(lost), tries, "not before its time");
        }
        server.clock.advance_ms(5_000);
        exchange::flush(app, id).await;
        assert_eq!(faulty.calls(lost), tries + 1);
    }
    let parked = state(app, lost).await?;
    assert_eq!(
        (parked.state, parked.tries, parked.next_at),
        (TransferState::Failed, 3, None)
    );
    server.clock.advance_ms(1_800_000);
    exchange::flush(app, id).await;
    assert_eq!(faulty.calls(lost), 3, "never a fourth time by itself");
    assert_eq!(state(app, behind).await?.state, TransferState::Queued);
    assert_eq!(faulty.calls(behind), 0, "it waits behind the parked one");

    let told = app
        .store
        .reader()
        .notices(case.lead.me.account_id, None, 50)
        .await?;
    let notice = told
        .iter()
        .find(|n| n.kind == NoticeKind::TransferFailed)
        .context("a notice")?;
    assert_eq!(notice.item.as_deref(), Some("session"));
    assert_eq!(notice.code.as_deref(), Some(codes::EXCHANGE_UNAVAILABLE));
    assert_eq!(notice.institution, Some(east));
    let list = case.lead.get("/api/v1/transfers?state=failed").await?.ok()?;
    assert_eq!(list["failed"], 1);
    let row = &list["items"][0];
    assert_eq!(row["cause"], codes::EXCHANGE_UNAVAILABLE);
    assert_eq!(
        (&row["may_resend"], &row["may_abandon"]),
        (&json!(true), &json!(true))
    );
    let queued = case.lead.get("/api/v1/transfers?state=queued").await?.ok()?;
    assert_eq!(queued["items"][0]["held"], true);

    // An operator may send it again, not give it up; the way is free now.
    let operator = server.client_as("lead.operator").await?;
    let path = |verb: &str| format!("/api/v1/transfers/{lost}/{verb}");
    let why = json!({"reason": "改用电话告知"});
    assert_eq!(operator.post(&path("abandon"), &why).await?.status, 403);
    assert_eq!(
        case.lead
            .post(&path("abandon"), &json!({"reason": " "}))
            .await?
            .status,
        422
    );
    faulty.follow(|_| Fault::None);
    assert_eq!(operator.post(&path("resend"), &json!({})).await?.status, 204);
    let again = state(app, lost).await?;
    assert_eq!(
        (again.state, again.run, again.tries),
        (TransferState::Delivered, 2, 1)
    );
    assert_eq!(state(app, behind).await?.state, TransferState::Delivered);
    assert_eq!(notices(app, &case.east, id, NoticeKind::SessionStarted).await?, 2);

    // Every try left its trace.
    let target = format!("message/{lost}");
    let trace: Vec<_> = log(app, Some(id), "transfer.")
        .await?
        .into_iter()
        .filter(|r| r[1] == target)
        .map(|r| (r[0].clone(), r[2].clone()))
        .collect();
    let expected = [
        ("transfer.wait", codes::EXCHANGE_UNAVAILABLE),
        ("transfer.wait", codes::EXCHANGE_UNAVAILABLE),
        ("transfer.fail", codes::EXCHANGE_UNAVAILABLE),
        ("transfer.abandon", codes::FORBIDDEN),
        ("transfer.resend", "ok"),
        ("transfer.acknowledge", "ok"),
    ]
    .map(|(action, result)| (action.to_owned(), result.to_owned()));
    assert_eq!(trace, expected);
    Ok(())
}

/// A refusal parks at once; given up, those behind it go on, and it can no longer arrive.
#[tokio::test(flavor = "multi_thread")]
async fn refused_given_up_and_overtaken() -> Result<()> {
    let faulty = Arc::new(Faulty::default());
    let server = TestServer::start_over(Database::Sqlite, faulty.clone())
        .await?
        .context("a server")?;
    let case = Case::draft(&server, 1).await?;
    case.accepted().await?;
    let app = server.app()?;
    let id = case.consultation()?;
    let road = lane(id, &case.lead, &case.east);
    faulty.follow(|_| Fault::Refuse);
    let refused = post(app, road).await?;
    let behind = post(app, road).await?;
    exchange::flush(app, id).await;
    let parked = state(app, refused).await?;
    assert_eq!((parked.state, parked.tries), (TransferState::Failed, 1));
    assert_eq!(parked.cause.as_deref(), Some(codes::EXCHANGE_NOT_PARTY));
    faulty.follow(|_| Fault::None);
    let why = json!({"reason": "改用电话告知"});
    let path = format!("/api/v1/transfers/{refused}/abandon");
    assert_eq!(case.lead.post(&path, &why).await?.status, 204);
    assert_eq!(state(app, refused).await?.state, TransferState::Abandoned);
    assert_eq!(
        app.store.reader().reason_of(refused).await?.as_deref(),
        Some("改用电话告知")
    );
    assert_eq!(state(app, behind).await?.state, TransferState::Delivered);
    let third = post(app, road).await?;
    exchange::flush(app, id).await;
    assert_eq!(state(app, third).await?.state, TransferState::Delivered);
    let late = inbox::receive(app, &app.store.reader().envelope(refused).await?).await;
    assert_eq!(late, Err(Failure::Refused(codes::EXCHANGE_LATE.to_owned())));
    assert_eq!(notices(app, &case.east, id, NoticeKind::SessionStarted).await?, 2);
    Ok(())
}
