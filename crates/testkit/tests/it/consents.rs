//! Informed consent (clause 8.3.2): before anything is collected, with proof, for treatment, until withdrawn.

use anyhow::{Context as _, Result};
use consilium_protocol::{codes, limits};
use consilium_testkit::{Case, Reply, TestServer, phantom, request_form};
use reqwest::Method;
use serde_json::{Value, json};

use super::data::{audited, give, lab, preparing, refusal, told};

both!(
    recorded_proved_and_withdrawn,
    what_a_consent_must_be,
    nothing_is_collected_without,
    it_runs_out_by_the_clock,
);

async fn put(case: &Case, body: &Value) -> Result<Reply> {
    let request = case.lead.request(Method::PUT, &case.path("/consent")).json(body);
    case.lead.send(request).await
}

async fn put_form(case: &Case, kind: &str, bytes: Vec<u8>) -> Result<Reply> {
    let request = case
        .lead
        .request(Method::PUT, &case.path("/consent/form"))
        .header("content-type", kind)
        .body(bytes);
    case.lead.send(request).await
}

fn signed() -> Value {
    json!({"state": "active", "text_version": "2026-01", "signer": "guardian",
        "guardian": {"name": "欧阳建国", "relation": "parent", "phone": "13800138000"}})
}

/// A draft without a consent.
async fn without(server: &TestServer, number: usize) -> Result<Case> {
    let lead = server.client_as("lead.admin").await?;
    let east = server.client_as("east.admin").await?;
    let west = server.client_as("west.admin").await?;
    let invited = [json!(east.me.institution.id), json!(west.me.institution.id)];
    let at = server.clock.now().plus_ms(60 * 60 * 1000);
    let (patient, mut form) = request_form(number, &invited, at)?;
    form["consent"] = Value::Null;
    let created = lead.post("/api/v1/consultations", &form).await?.ok()?;
    Ok(Case {
        id: created["id"].as_str().context("an id")?.to_owned(),
        patient,
        lead,
        east,
        west,
    })
}

async fn recorded_proved_and_withdrawn(server: TestServer) -> Result<()> {
    let case = without(&server, 70).await?;
    let path = case.path("/consent");
    let none = case.lead.get(&path).await?.ok()?;
    assert_eq!(
        (&none["state"], &none["text_version"]),
        (&json!("draft"), &json!("2026-01"))
    );
    assert!(
        none["text"]
            .as_str()
            .is_some_and(|t| t.contains("目的") && t.contains("范围"))
    );
    let mut proposed = signed();
    proposed["state"] = json!("proposed");
    assert_eq!(put(&case, &proposed).await?.ok()?["state"], "proposed");
    assert_eq!(
        refusal(&case.lead.post(&case.path("/invite"), &json!({})).await?)?.1,
        codes::NO_CONSENT,
        "laid before the patient is not signed"
    );
    let active = put(&case, &signed()).await?.ok()?;
    assert_eq!(active["state"], "active");
    assert_eq!(active["purpose"], "treatment");
    assert_ne!(active["guardian"]["name"], "欧阳建国");
    assert_eq!(active["guardian"]["relation"], "parent");
    assert!(active["signed_at"].is_string() && active["valid_until"].is_string());
    let text = case.lead.get(&path).await?.text();
    assert!(!text.contains("欧阳建国") && !text.contains("13800138000"));

    let scan = b"%PDF-1.7\nsigned by hand".to_vec();
    let kept = put_form(&case, "image/gif", scan.clone()).await?.ok()?;
    assert_eq!(
        kept["form_sha256"],
        consilium_domain::canonical::sha256_hex(&scan)
    );
    let back = case.lead.get(&case.path("/consent/form")).await?;
    assert_eq!(
        (back.body.as_slice(), back.header("content-type")),
        (scan.as_slice(), Some("application/pdf"))
    );
    assert_eq!(back.header("content-disposition"), Some("attachment"));
    assert_eq!(
        refusal(&put_form(&case, "application/pdf", b"<html>".to_vec()).await?)?,
        (422, codes::CONSENT_FORM_TYPE.to_owned())
    );
    let mut huge = b"%PDF-".to_vec();
    huge.resize(limits::CONSENT_FORM_BYTES + 1, b' ');
    assert_eq!(put_form(&case, "application/pdf", huge).await?.status, 413);

    // The form of the consultation cannot take away what was recorded on its own.
    case.act("invite").await?;
    for path in ["/consent", "/consent/form"] {
        assert_eq!(
            case.east.get(&case.path(path)).await?.status,
            403,
            "the lead's record"
        );
    }
    let no_reason = case
        .lead
        .post(&case.path("/consent/withdraw"), &json!({"reason": " "}))
        .await?;
    assert_eq!(no_reason.status, 422);
    let reason = json!({"reason": "患者本人要求撤回"});
    let expert = server.client_as("lead.expert").await?;
    assert_eq!(
        expert
            .post(&case.path("/consent/withdraw"), &reason)
            .await?
            .status,
        403
    );
    let withdrawn = case
        .lead
        .post(&case.path("/consent/withdraw"), &reason)
        .await?
        .ok()?;
    assert_eq!(withdrawn["state"], "inactive");
    assert_eq!(withdrawn["withdrawn"][1], "患者本人要求撤回");
    assert!(told(&case.lead).await?.contains(&"consent_ended".to_owned()));
    assert_eq!(
        refusal(&case.lead.post(&case.path("/consent/withdraw"), &reason).await?)?,
        (409, codes::CONSENT_WRONG_STATE.to_owned())
    );
    assert!(audited(&server, &case, "consent.withdraw", codes::CONSENT_WRONG_STATE).await?);
    for action in [
        "consent.propose",
        "consent.sign",
        "consent.form",
        "consent.read_form",
        "consent.withdraw",
    ] {
        assert!(audited(&server, &case, action, "ok").await?, "{action}");
    }
    assert_eq!(
        put(&case, &signed()).await?.ok()?["state"],
        "active",
        "signed anew"
    );
    Ok(())
}

async fn what_a_consent_must_be(server: TestServer) -> Result<()> {
    let texts = server
        .client_as("east.expert")
        .await?
        .get("/api/v1/consent-texts")
        .await?
        .ok()?;
    assert!(
        texts[0]["zh"]
            .as_str()
            .is_some_and(|t| t.contains("用于本次会诊的诊断与治疗"))
    );
    assert!(texts[0]["en"].as_str().is_some_and(|t| t.contains("Purpose")));
    let case = without(&server, 71).await?;
    let invited = [
        json!(case.east.me.institution.id),
        json!(case.west.me.institution.id),
    ];
    let (_, mut form) = request_form(76, &invited, server.clock.now().plus_ms(3_600_000))?;
    form["consent"]["text_version"] = json!("1999-1");
    let own = case.lead.post("/api/v1/consultations", &form).await?;
    assert_eq!(own.status, 201, "a hospital's own text: {}", own.text());
    form["consent"]["text_version"] = json!("无");
    let nothing = case.lead.post("/api/v1/consultations", &form).await?.problem()?;
    assert_eq!(nothing.errors[0].field, "consent.text_version");
    let wrong = async |change: fn(&mut Value)| -> Result<(String, String)> {
        let mut body = signed();
        change(&mut body);
        let problem = put(&case, &body).await?.problem()?;
        let error = problem.errors.first().context("an error")?;
        Ok((error.field.clone(), error.code.clone()))
    };
    let at = |field: &str, code: &str| (field.to_owned(), code.to_owned());
    assert_eq!(
        wrong(|b| b["purpose"] = json!("research")).await?,
        at("purpose", codes::CONSENT_PURPOSE)
    );
    assert_eq!(
        wrong(|b| b["text_version"] = json!("1999-1")).await?,
        at("text_version", codes::FIELD_UNKNOWN)
    );
    assert_eq!(
        wrong(|b| b["guardian"]["relation"] = Value::Null).await?,
        at("guardian.relation", codes::FIELD_REQUIRED)
    );
    assert_eq!(
        wrong(|b| b["guardian"]["name"] = json!("")).await?,
        at("guardian.name", codes::FIELD_REQUIRED)
    );
    assert_eq!(
        wrong(|b| b["valid_until"] = json!("2020-01-01T00:00:00Z")).await?,
        at("valid_until", codes::FIELD_PAST)
    );
    assert_eq!(
        wrong(|b| b["state"] = json!("inactive")).await?,
        at("state", codes::FIELD_UNKNOWN)
    );

    // A child of six cannot sign alone.
    let lead = server.client_as("lead.admin").await?;
    let invited = [
        json!(case.east.me.institution.id),
        json!(case.west.me.institution.id),
    ];
    let (_, mut form) = request_form(72, &invited, server.clock.now().plus_ms(3_600_000))?;
    form["patient"]["id_number"] = json!("");
    form["patient"]["other_number"] = json!("出生证明 K330106072");
    form["patient"]["birth_date"] = json!("2020-05-01");
    form["consent"] = Value::Null;
    let child = lead.post("/api/v1/consultations", &form).await?.ok()?;
    let path = format!(
        "/api/v1/consultations/{}/consent",
        child["id"].as_str().context("id")?
    );
    let needed = lead.get(&path).await?.ok()?;
    assert_eq!(
        (&needed["guardian_needed"], &needed["signer"]),
        (&json!(true), &json!("guardian"))
    );
    let alone = json!({"state": "active", "text_version": "2026-01", "signer": "patient"});
    let refused = lead
        .send(lead.request(Method::PUT, &path).json(&alone))
        .await?
        .problem()?;
    assert_eq!(refused.errors[0].code, codes::FIELD_GUARDIAN);
    lead.send(lead.request(Method::PUT, &path).json(&signed()))
        .await?
        .ok()?;
    Ok(())
}

async fn nothing_is_collected_without(server: TestServer) -> Result<()> {
    let case = without(&server, 73).await?;
    let file = phantom(&case.patient.record_number, 1, 1)?.remove(0);
    let refused = case.lead.upload(&case.id, "0.dcm", file.clone(), true).await?;
    assert_eq!(refusal(&refused)?, (409, codes::NO_CONSENT.to_owned()));
    put(&case, &signed()).await?.ok()?;
    assert_eq!(case.lead.upload(&case.id, "0.dcm", file, true).await?.status, 201);

    let case = preparing(&server, 74).await?;
    give(&case, &case.lead, None, &[lab("before", "120")])
        .await?
        .ok()?;
    let reason = json!({"reason": "家属要求撤回"});
    case.lead
        .post(&case.path("/consent/withdraw"), &reason)
        .await?
        .ok()?;
    let late = give(&case, &case.lead, None, &[lab("after", "120")]).await?;
    assert_eq!(refusal(&late)?, (409, codes::SUBMISSION_NO_CONSENT.to_owned()));
    for verb in ["validate", "freeze"] {
        let refused = case
            .lead
            .post(&case.path(&format!("/package/{verb}")), &json!({}))
            .await?;
        assert_eq!(refusal(&refused)?, (409, codes::NO_CONSENT.to_owned()), "{verb}");
    }
    assert!(told(&case.east).await?.contains(&"consent_ended".to_owned()));
    Ok(())
}

async fn it_runs_out_by_the_clock(server: TestServer) -> Result<()> {
    let case = preparing(&server, 75).await?;
    let record = case.lead.get(&case.path("/consent")).await?.ok()?;
    assert_eq!(record["state"], "active", "the request form signs as well");
    let until = record["valid_until"].as_str().context("until")?;
    let until = consilium_domain::Timestamp::parse_rfc3339(until)?;
    server
        .clock
        .advance_ms(until.since_ms(server.clock.now()) - 1_000);
    let lead = server.client_as("lead.admin").await?;
    assert_eq!(lead.get(&case.path("/consent")).await?.ok()?["state"], "active");
    server.clock.advance_ms(2_000);
    assert_eq!(
        lead.get(&case.path("/consent")).await?.ok()?["state"],
        "inactive",
        "at once, whether a job came by or not"
    );
    // The server's own job may have been first; two more at once end it no second time.
    let app = server.app()?;
    let (one, two) = tokio::join!(
        consilium_server::services::consents::expire(app),
        consilium_server::services::consents::expire(app)
    );
    assert!(one? + two? <= 1);
    let notices: Vec<String> = told(&lead).await?;
    assert_eq!(notices.iter().filter(|kind| *kind == "consent_ended").count(), 1);
    assert!(audited(&server, &case, "consent.expire", "ok").await?);
    Ok(())
}
