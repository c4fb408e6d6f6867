//! What happens around invitations (clauses 7.2 b and c): delivery, terms, withdrawal, a new time, experts
//! named twice; each by message, each with its notice.

use anyhow::{Context as _, Result};
use consilium_protocol::codes;
use consilium_testkit::{Case, Person, TestServer};
use serde_json::{Value, json};

both!(
    an_invitation_holds_five_masked_parts,
    terms_remind_and_expire,
    withdrawal_leaves_too_few,
    a_new_time_is_confirmed_by_all,
    an_invitation_is_taken_back_and_sent_again,
    an_expert_named_twice_is_flagged,
    what_is_missing_stops_the_invitation
);

const HOUR_MS: i64 = 60 * 60 * 1000;
const MARGIN_MS: i64 = 5 * 60 * 1000;

fn yes() -> Value {
    json!({"answer": "accept", "can_provide": ["imaging", "lab_exam"]})
}

/// The part of an institution in a consultation as its lead sees it.
async fn part(case: &Case, of: &Person) -> Result<Value> {
    let seen = case.lead.get(&case.path("")).await?.ok()?;
    let id = json!(of.me.institution.id);
    seen["participants"]
        .as_array()
        .context("participants")?
        .iter()
        .find(|p| p["institution"]["id"] == id)
        .cloned()
        .context("the institution")
}

async fn kinds(person: &Person) -> Result<Vec<String>> {
    let list = person.get("/api/v1/notices").await?.ok()?;
    Ok(list["items"]
        .as_array()
        .context("items")?
        .iter()
        .filter_map(|n| n["kind"].as_str().map(str::to_owned))
        .collect())
}

async fn an_invitation_holds_five_masked_parts(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 21).await?;
    case.act("invite").await?;
    let body = case.east.get(&case.path("/invitation")).await?.ok()?;
    let seen = case.lead.get(&case.path("")).await?.ok()?;
    assert_eq!(body["number"], seen["number"]);
    assert_eq!(body["scheduled_at"], seen["scheduled_at"]);
    assert_eq!(body["wanted"], json!(["imaging", "lab_exam"]));
    assert!(body["need"].as_str().is_some_and(|need| !need.is_empty()));
    assert_eq!(body["patient"]["platform_id"], seen["patient"]["platform_id"]);
    let text = body.to_string();
    let p = &case.patient;
    for secret in [&p.name, &p.id_number, &p.phone, &p.address, &p.record_number] {
        assert!(!text.contains(secret.as_str()), "unmasked");
    }
    assert!(
        kinds(&case.east)
            .await?
            .contains(&"invitation_received".to_owned())
    );
    let delivered = part(&case, &case.east).await?;
    assert_eq!(delivered["state"], "delivered");
    let moment = |name: &str| {
        let text = delivered[name].as_str().context("a time")?;
        anyhow::Ok(consilium_domain::Timestamp::parse_rfc3339(text)?)
    };
    assert_eq!(
        moment("due_at")?.since_ms(moment("delivered_at")?),
        24 * HOUR_MS,
        "the clock starts with the delivery"
    );
    Ok(())
}

async fn terms_remind_and_expire(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 22).await?;
    case.act("invite").await?;
    case.west.post(&case.path("/answer"), &yes()).await?.ok()?;
    // An hour without a request ends a session: everybody signs in again at each look.
    let near = async |username: &str| -> Result<usize> {
        let told = kinds(&server.client_as(username).await?).await?;
        Ok(told.iter().filter(|kind| *kind == "deadline_near").count())
    };
    // The test's clock runs with the system's: a minute of margin.
    server.clock.advance_ms(12 * HOUR_MS - MARGIN_MS);
    server.tick().await?;
    assert_eq!(near("east.operator").await?, 0);
    assert_eq!(near("east.admin").await?, 0);
    server.clock.advance_ms(MARGIN_MS);
    server.tick().await?;
    assert_eq!(near("east.admin").await?, 1);
    server.tick().await?;
    server.clock.advance_ms(10 * HOUR_MS - MARGIN_MS);
    server.tick().await?;
    assert_eq!(near("east.admin").await?, 1, "once");
    assert_eq!(near("west.admin").await?, 0, "who has answered is left in peace");
    server.clock.advance_ms(MARGIN_MS);
    server.tick().await?;
    assert_eq!(near("east.admin").await?, 2);
    server.clock.advance_ms(2 * HOUR_MS);
    server.tick().await?;
    let east = server.client_as("east.admin").await?;
    let lead = server.client_as("lead.admin").await?;
    let told = kinds(&lead).await?;
    assert!(told.contains(&"invitation_expired".to_owned()), "{told:?}");
    assert!(told.contains(&"too_few_accepted".to_owned()), "{told:?}");
    assert_eq!(lead.get(&case.path("")).await?.ok()?["state"], "draft");
    let late = east.post(&case.path("/answer"), &yes()).await?;
    assert_eq!(
        late.status,
        404,
        "back in draft, it is the lead's own: {}",
        late.text()
    );
    let again = lead.post(&case.path("/invite"), &json!({})).await?.ok()?;
    assert_eq!(again["state"], "inviting", "the lead asks anew");
    Ok(())
}

async fn withdrawal_leaves_too_few(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 23).await?;
    case.accepted().await?;
    let path = case.path("/withdraw");
    let silent = case.east.post(&path, &json!({"reason": " "})).await?;
    assert_eq!(silent.status, 422);
    let expert = server.client_as("east.expert").await?;
    assert_eq!(expert.post(&path, &json!({"reason": "改期"})).await?.status, 403);
    let done = case.east.post(&path, &json!({"reason": "专家出差"})).await?;
    assert_eq!(done.status, 204, "{}", done.text());
    let seen = case.lead.get(&case.path("")).await?.ok()?;
    assert_eq!(seen["state"], "draft", "one of two is too few");
    let east = part(&case, &case.east).await?;
    assert_eq!(
        (&east["state"], &east["reason"]),
        (&json!("withdrawn"), &json!("专家出差"))
    );
    assert!(
        kinds(&case.lead)
            .await?
            .contains(&"invitation_withdrawn".to_owned())
    );
    Ok(())
}

async fn a_new_time_is_confirmed_by_all(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 24).await?;
    case.accepted().await?;
    let new = server.clock.now().plus_ms(30 * HOUR_MS);
    let path = case.path("/reschedule");
    let past = json!({"scheduled_at": server.clock.now(), "reason": "主刀医生急诊手术"});
    let refused = case.lead.post(&path, &past).await?;
    assert_eq!(
        (refused.status, refused.problem()?.code.as_str()),
        (409, codes::FIELD_PAST)
    );
    let body = json!({"scheduled_at": new, "reason": "主刀医生急诊手术"});
    assert_eq!(case.east.post(&path, &body).await?.status, 403, "only the lead");
    let moved = case.lead.post(&path, &body).await?.ok()?;
    assert_eq!(
        (&moved["state"], &moved["scheduled_at"]),
        (&json!("preparing"), &json!(new))
    );
    for admin in [&case.east, &case.west] {
        assert_eq!(part(&case, admin).await?["state"], "reconfirming");
        assert!(kinds(admin).await?.contains(&"rescheduled".to_owned()));
    }
    let early = case
        .lead
        .post(&case.path("/ready"), &json!({"override_reason": "急"}))
        .await?;
    assert_eq!(
        (early.status, early.problem()?.code.as_str()),
        (409, codes::ANSWERS_PENDING)
    );
    case.east.post(&case.path("/answer"), &yes()).await?.ok()?;
    case.west.post(&case.path("/answer"), &yes()).await?.ok()?;
    let seen = case.lead.get(&case.path("")).await?.ok()?;
    assert_eq!(seen["state"], "preparing");
    assert_eq!(part(&case, &case.west).await?["state"], "accepted");
    Ok(())
}

async fn an_invitation_is_taken_back_and_sent_again(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 25).await?;
    case.act("invite").await?;
    let east = json!(case.east.me.institution.id);
    let revoke = json!({"institution_id": east, "reason": "改请其他医院"});
    case.lead.post(&case.path("/revoke"), &revoke).await?.ok()?;
    assert_eq!(
        case.east.get(&case.path("")).await?.status,
        404,
        "no longer its business"
    );
    assert!(
        kinds(&case.east)
            .await?
            .contains(&"invitation_revoked".to_owned())
    );
    let twice = case.lead.post(&case.path("/revoke"), &revoke).await?;
    assert_eq!(
        (twice.status, twice.problem()?.code.as_str()),
        (409, codes::INVITATION_WRONG_STATE)
    );
    let again = json!({"institution_id": east});
    case.lead.post(&case.path("/reinvite"), &again).await?.ok()?;
    assert_eq!(part(&case, &case.east).await?["state"], "delivered");
    let open = case.lead.post(&case.path("/reinvite"), &again).await?;
    assert_eq!(open.status, 409, "it is open already");
    let nobody = json!({"institution_id": case.lead.me.institution.id});
    assert_eq!(
        case.lead.post(&case.path("/reinvite"), &nobody).await?.status,
        422
    );
    Ok(())
}

async fn an_expert_named_twice_is_flagged(server: TestServer) -> Result<()> {
    let one = Case::draft(&server, 26).await?;
    let two = Case::draft(&server, 27).await?;
    let expert = server.client_as("east.expert").await?;
    let named = json!({"answer": "accept", "can_provide": ["imaging"], "experts": [expert.me.account_id]});
    for case in [&one, &two] {
        case.act("invite").await?;
        case.east.post(&case.path("/answer"), &named).await?.ok()?;
        case.west.post(&case.path("/answer"), &yes()).await?.ok()?;
    }
    let number = one.lead.get(&one.path("")).await?.ok()?["number"].clone();
    assert_eq!(
        part(&two, &two.east).await?["experts"][0]["double_booked"],
        number
    );
    assert!(
        kinds(&two.lead)
            .await?
            .contains(&"expert_double_booked".to_owned())
    );
    let three = Case::draft(&server, 28).await?;
    three.act("invite").await?;
    let stranger =
        json!({"answer": "accept", "can_provide": ["imaging"], "experts": [three.lead.me.account_id]});
    let refused = three.east.post(&three.path("/answer"), &stranger).await?;
    assert_eq!(
        (refused.status, refused.problem()?.errors[0].field.as_str()),
        (422, "experts")
    );
    Ok(())
}

async fn what_is_missing_stops_the_invitation(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 29).await?;
    let participants = [
        json!(case.east.me.institution.id),
        json!(case.west.me.institution.id),
    ];
    let (_, mut form) =
        consilium_testkit::request_form(29, &participants, server.clock.now().plus_ms(HOUR_MS))?;
    form["patient"]["phone"] = json!("");
    form["patient"]["ethnicity"] = json!("");
    form["patient"]["native_place"] = json!("");
    let draft = case.lead.post("/api/v1/consultations", &form).await?.ok()?;
    let path = format!(
        "/api/v1/consultations/{}/invite",
        draft["id"].as_str().context("id")?
    );
    let refused = case.lead.post(&path, &json!({})).await?;
    let problem = refused.problem()?;
    assert_eq!(
        (refused.status, problem.code.as_str()),
        (409, codes::FORM_INCOMPLETE)
    );
    let fields: Vec<_> = problem.errors.iter().map(|e| e.field.as_str()).collect();
    assert_eq!(
        fields,
        ["patient.phone", "patient.ethnicity", "patient.native_place"]
    );
    Ok(())
}
