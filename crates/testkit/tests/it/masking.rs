//! Masking end to end (clause 8.3): what is published, what others see, who may look, what goes afterwards.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use consilium_domain::masking::{Profile, RuleSet};
use consilium_protocol::{codes, limits};
use consilium_server::services::retention;
use consilium_testkit::{Case, Person, TestServer, request_form};
use serde_json::{Value, json};

both!(
    rules_are_published,
    only_the_home_institution_looks_and_says_why,
    looks_are_bounded_and_raise_an_alarm,
    special_groups_are_hidden_more,
    words_leave_scanned,
    what_need_not_stay_goes_and_the_report_stays_valid,
    a_cancelled_case_keeps_the_masked_name_only,
);

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// A whole round of the clock job and a slow machine.
const PATIENCE: Duration = Duration::from_secs(30);

fn ask(field: &str) -> Value {
    json!({"field": field, "purpose": "contact", "reason": "需电话联系患者补充病史"})
}

async fn audited(server: &TestServer, action: &str) -> Result<Vec<Value>> {
    let auditor = server.client_as("auditor").await?;
    let mut all = Vec::new();
    let mut next = String::new();
    loop {
        let path = format!("/api/v1/audit-events?limit=50{next}");
        let page = auditor.get(&path).await?.ok()?;
        let items = page["items"].as_array().cloned().unwrap_or_default();
        let found = items
            .iter()
            .filter(|e| e["action"].as_str().is_some_and(|a| a.starts_with(action)));
        all.extend(found.cloned());
        match page["next_cursor"].as_i64() {
            Some(cursor) if !items.is_empty() => next = format!("&cursor={cursor}"),
            _ => return Ok(all),
        }
    }
}

/// Waits until the retention job has written down that it was there.
async fn reduced(server: &TestServer, cases: usize) -> Result<Vec<Value>> {
    let patience = Instant::now();
    loop {
        let found = audited(server, "retention.reduce").await?;
        if found.len() >= cases {
            return Ok(found);
        }
        ensure!(patience.elapsed() < PATIENCE, "the retention job did not come by");
    }
}

async fn rules_are_published(server: TestServer) -> Result<()> {
    let rules = RuleSet::builtin();
    for user in ["lead.admin", "east.expert", "reviewer", "auditor", "ops"] {
        let reply = server.client_as(user).await?.get("/api/v1/masking-rules").await?;
        assert_eq!(reply.status, 200, "{user}");
        assert_eq!(
            reply.header("etag"),
            Some(format!("\"{}\"", rules.hash()).as_str())
        );
        let read = RuleSet::parse(&reply.text())?;
        assert!(
            rules.same_as(read.version(), read.hash()),
            "the same rules for {user}"
        );
    }
    let mut nobody: Person = server.client_as("lead.admin").await?;
    nobody.cookie = String::new();
    assert_eq!(nobody.get("/api/v1/masking-rules").await?.status, 401);
    Ok(())
}

async fn only_the_home_institution_looks_and_says_why(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 61).await?;
    case.accepted().await?;
    let path = case.path("/unmask");
    let p = &case.patient;
    let expert = server.client_as("lead.expert").await?;
    for person in [&case.lead, &expert] {
        for (field, value) in [
            ("name", &p.name),
            ("number", &p.id_number),
            ("phone", &p.phone),
            ("address", &p.address),
        ] {
            let reply = person.post(&path, &ask(field)).await?;
            assert_eq!(reply.header("cache-control"), Some("no-store"));
            let shown = reply.ok()?;
            assert_eq!((&shown["field"], &shown["value"]), (&json!(field), &json!(value)));
            let until = consilium_domain::Timestamp::parse_rfc3339(shown["expires_at"].as_str().unwrap())?;
            let left = until.since_ms(server.clock.now());
            assert!((1..=limits::UNMASKED_SHOWN_MS).contains(&left), "{left}");
        }
    }
    for (user, status) in [
        ("lead.operator", 403),
        ("east.admin", 403),
        ("east.expert", 403),
        ("west.operator", 403),
        ("reviewer", 404),
        ("auditor", 404),
        ("ops", 404),
    ] {
        let reply = server.client_as(user).await?.post(&path, &ask("name")).await?;
        assert_eq!(reply.status, status, "{user}");
        assert!(!reply.text().contains(&p.name), "{user}");
    }
    for reason in ["", "  ", "不详", "无", "test", "。。。"] {
        let reply = case
            .lead
            .post(&path, &json!({"field": "phone", "reason": reason}))
            .await?;
        assert_eq!(
            (reply.status, reply.problem()?.code.as_str()),
            (422, codes::INVALID),
            "{reason}"
        );
    }
    assert_eq!(
        case.lead
            .post(&path, &json!({"field": "password", "reason": "核对身份"}))
            .await?
            .status,
        422
    );

    let looks = audited(&server, "patient.unmask.").await?;
    assert_eq!(looks.len(), 8);
    assert!(
        looks
            .iter()
            .all(|e| e["target"].as_str().is_some_and(|t| t.ends_with("/contact")))
    );
    assert!(
        looks
            .iter()
            .any(|e| e["action"] == "patient.unmask.phone" && e["result"] == "ok")
    );
    let refusals = audited(&server, "access.refused.unmask").await?;
    assert_eq!(refusals.len(), 7);
    let written = format!("{looks:?}{refusals:?}");
    for secret in [p.name.as_str(), &p.id_number, &p.phone, &p.address, "补充病史"] {
        assert!(!written.contains(secret), "the audit log says what was seen");
    }
    Ok(())
}

async fn looks_are_bounded_and_raise_an_alarm(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 62).await?;
    let path = case.path("/unmask");
    for _ in 0..limits::UNMASKINGS_PER_HOUR {
        case.lead.post(&path, &ask("phone")).await?.ok()?;
    }
    let refused = case.lead.post(&path, &ask("phone")).await?;
    assert_eq!(
        (refused.status, refused.problem()?.code.as_str()),
        (429, codes::UNMASK_LIMIT)
    );
    assert!(!refused.text().contains(&case.patient.phone));
    let alarms = audited(&server, "alarm.unmask_limit").await?;
    assert_eq!(alarms.len(), 1);
    assert_eq!(alarms[0]["operator"], json!(case.lead.me.account_id));
    server.clock.advance_ms(60 * 60 * 1000);
    let again = server.client_as("lead.admin").await?;
    again.post(&path, &ask("phone")).await?.ok()?;
    Ok(())
}

/// A draft whose form was changed before it was sent in.
async fn draft_with(server: &TestServer, number: usize, change: impl FnOnce(&mut Value)) -> Result<Case> {
    let mut case = Case::draft(server, number).await?;
    let participants = [
        json!(case.east.me.institution.id),
        json!(case.west.me.institution.id),
    ];
    let at = server.clock.now().plus_ms(60 * 60 * 1000);
    let (patient, mut form) = request_form(number, &participants, at)?;
    change(&mut form);
    let created = case.lead.post("/api/v1/consultations", &form).await?.ok()?;
    case.id = created["id"].as_str().unwrap_or_default().to_owned();
    case.patient = patient;
    Ok(case)
}

async fn special_groups_are_hidden_more(server: TestServer) -> Result<()> {
    let rules = RuleSet::builtin();
    let infectious = draft_with(&server, 63, |form| form["patient"]["infectious"] = json!(true)).await?;
    let child = draft_with(&server, 64, |form| {
        form["patient"]["birth_date"] = json!("2020-06-01");
        form["patient"]["id_number"] = json!("");
        form["patient"]["other_number"] = json!("C12345678");
    })
    .await?;
    for (case, infectious, minor) in [(infectious, true, false), (child, false, true)] {
        case.accepted().await?;
        let p = &case.patient;
        for reader in [&case.lead, &case.east] {
            let seen = reader.get(&case.path("")).await?.ok()?;
            let patient = &seen["patient"];
            assert_eq!(
                (&patient["infectious"], &patient["minor"]),
                (&json!(infectious), &json!(minor))
            );
            assert_eq!(patient["name"], json!(rules.name(Profile::Strict, &p.name)));
            assert_eq!(patient["phone"], json!(rules.phone(Profile::Strict, &p.phone)));
            let number = if minor { "C12345678" } else { p.id_number.as_str() };
            assert_eq!(patient["number"], json!(rules.number(Profile::Strict, number)));
        }
        // Still one field at a time, with a reason, for the home institution only.
        case.lead.post(&case.path("/unmask"), &ask("name")).await?.ok()?;
        assert_eq!(
            case.east.post(&case.path("/unmask"), &ask("name")).await?.status,
            403
        );
    }
    Ok(())
}

async fn words_leave_scanned(server: TestServer) -> Result<()> {
    let mut said = String::new();
    let case = draft_with(&server, 65, |form| {
        let patient = form["patient"].clone();
        let text = |field: &str| patient[field].as_str().unwrap_or_default().to_owned();
        said = format!(
            "患者{}，身份证{}，电话{}，住院号{}，家住{}，头痛3天，血压150/95mmHg。",
            text("name"),
            text("id_number"),
            text("phone"),
            text("record_number"),
            text("address"),
        );
        form["clinical"]["need"] = json!(said);
        form["clinical"]["present_illness"] = json!(said);
        form["clinical"]["preliminary_diagnosis"] = json!(format!("{}：颅内占位", text("name")));
    })
    .await?;
    case.act("invite").await?;
    let own = case.lead.get(&case.path("")).await?.ok()?;
    assert_eq!(
        own["clinical"]["need"],
        json!(said),
        "the home institution reads its own words"
    );
    let p = &case.patient;
    let check = |text: &str| {
        for secret in [&p.name, &p.id_number, &p.phone, &p.address, &p.record_number] {
            assert!(!text.contains(secret.as_str()), "{text}");
        }
    };
    for path in [
        case.path(""),
        "/api/v1/consultations".to_owned(),
        format!("/consultations/{}", case.id),
    ] {
        let reply = case.east.get(&path).await?;
        assert_eq!(reply.status, 200, "{path}");
        check(&reply.text());
    }
    let answer = json!({"answer": "accept", "can_provide": ["imaging"]});
    case.east.post(&case.path("/answer"), &answer).await?.ok()?;
    let seen = case.east.get(&case.path("")).await?.ok()?;
    check(&seen.to_string());
    for field in ["need", "present_illness"] {
        let text = seen["clinical"][field].as_str().unwrap_or_default();
        assert!(text.ends_with("，头痛3天，血压150/95mmHg。"), "{text}");
    }
    Ok(())
}

async fn concluded(server: &TestServer, case: &Case) -> Result<Value> {
    case.begin().await?;
    let mut cites = Vec::new();
    for user in ["lead.expert", "east.expert", "west.expert"] {
        let text = json!({"text": "左额叶占位，建议增强扫描。", "cites": []});
        let opinion = server
            .client_as(user)
            .await?
            .post(&case.path("/opinions"), &text)
            .await?
            .ok()?;
        cites.push(opinion["id"].clone());
    }
    case.act("end").await?;
    let report = json!({"conclusion": "左额叶占位，胶质瘤可能性大。", "diagnosis_code": "D43.0", "advice": "增强磁共振后手术。", "cites": cites, "waivers": []});
    case.lead.post(&case.path("/sign"), &report).await?.ok()
}

async fn what_need_not_stay_goes_and_the_report_stays_valid(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 66).await?;
    let signed = concluded(&server, &case).await?;
    let running = Case::draft(&server, 67).await?;

    server.clock.advance_ms(7 * DAY_MS - 60 * 60 * 1000);
    let lead = server.client_as("lead.admin").await?;
    lead.post(&case.path("/unmask"), &ask("phone")).await?.ok()?;
    server.clock.advance_ms(2 * 60 * 60 * 1000);
    let events = reduced(&server, 1).await?;
    assert_eq!(events[0]["target"], json!(format!("consultation/{}", case.id)));

    let lead = server.client_as("lead.admin").await?;
    for field in ["phone", "address"] {
        let gone = lead.post(&case.path("/unmask"), &ask(field)).await?;
        assert_eq!(
            (gone.status, gone.problem()?.code.as_str()),
            (409, codes::UNMASK_EMPTY),
            "{field}"
        );
    }
    for (field, value) in [("name", &case.patient.name), ("number", &case.patient.id_number)] {
        let kept = lead.post(&case.path("/unmask"), &ask(field)).await?.ok()?;
        assert_eq!(kept["value"], json!(value));
    }
    let seen = lead.get(&case.path("")).await?.ok()?;
    assert_eq!(
        (&seen["patient"]["native_place"], &seen["patient"]["phone"]),
        (&json!(""), &Value::Null)
    );
    let report = server
        .client_as("reviewer")
        .await?
        .get(&case.path("/report"))
        .await?
        .ok()?;
    assert_eq!(report["signature_valid"], true);
    assert_eq!(report["content_hash"], signed["content_hash"]);
    assert!(report["opinions"].as_array().is_some_and(|all| all.len() == 3));

    assert_eq!(retention::run(server.app()?).await?, 0, "nothing is done twice");
    // What still runs is untouched.
    lead.post(&running.path("/unmask"), &ask("phone")).await?.ok()?;
    server.clock.advance_ms(2 * DAY_MS);
    let cancelled = Case::draft(&server, 68).await?;
    cancelled
        .lead
        .post(&cancelled.path("/cancel"), &json!({"reason": "患者转院"}))
        .await?
        .ok()?;
    server.clock.advance_ms(8 * DAY_MS);
    assert_eq!(reduced(&server, 2).await?.len(), 2, "once a case");
    Ok(())
}

async fn a_cancelled_case_keeps_the_masked_name_only(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 69).await?;
    case.accepted().await?;
    let before = case.lead.get(&case.path("")).await?.ok()?;
    case.lead
        .post(&case.path("/cancel"), &json!({"reason": "患者转院"}))
        .await?
        .ok()?;
    server.clock.advance_ms(8 * DAY_MS);
    reduced(&server, 1).await?;
    let lead = server.client_as("lead.admin").await?;
    let seen = lead.get(&case.path("")).await?.ok()?;
    assert_eq!(seen["patient"]["name"], before["patient"]["name"]);
    assert_eq!(seen["patient"]["platform_id"], before["patient"]["platform_id"]);
    for field in ["number", "phone", "age"] {
        assert_eq!(seen["patient"][field], Value::Null, "{field}");
    }
    let name = lead.post(&case.path("/unmask"), &ask("name")).await?.ok()?;
    assert_eq!(
        name["value"], before["patient"]["name"],
        "there is no clear name left"
    );
    for field in ["number", "phone", "address"] {
        assert_eq!(
            lead.post(&case.path("/unmask"), &ask(field)).await?.status,
            409,
            "{field}"
        );
    }
    Ok(())
}
