//! The case package: merged from three hospitals, counted, frozen, shared, and its limits (clauses 4.2.1, 6
//! and 7.2 g).

use anyhow::{Context as _, Result};
use consilium_domain::canonical::sha256_hex;
use consilium_protocol::codes;
use consilium_testkit::{Case, Person, TestServer, request_form};
use serde_json::{Value, json};

use super::data::{LABORATORY, audited, give, lab, refusal, released, told};

both!(
    from_three_hospitals_to_one_package,
    seeded_gaps_are_counted_and_block,
    three_planted_conflicts_two_reported,
    who_reads_what_and_when,
);

/// An examination with images that is right.
fn exam(key: &str) -> Value {
    json!({
        "kind": "exam",
        "key": key,
        "available_at": "2026-11-01T02:00:00Z",
        "elements": {
            "3.10": {"value": "头颅CT平扫"},
            "3.12.impression": {"value": "左额叶低密度占位，周围水肿"},
            "3.13": {"value": "1.2.840.113619.2.55.3.1"},
            "3.14": {"value": "2026-11-01T09:00:00+08:00"},
            "3.15": {"value": LABORATORY},
        },
    })
}

/// A laboratory result of one's own making.
fn result(key: &str, name: &str, loinc: &str, value: &str, unit: &str, range: &str) -> Value {
    let mut row = lab(key, value);
    row["elements"]["3.1"]["value"] = json!(name);
    row["elements"]["3.2"]["value"] = json!(loinc);
    row["elements"]["3.4"]["value"] = json!(unit);
    row["elements"]["3.5"]["value"] = json!(range);
    row
}

/// A result that no other hospital has.
fn white_cells(key: &str) -> Value {
    result(key, "白细胞计数", "6690-2", "6.1", "10*9/L", "3.5-9.5")
}

/// A draft whose form a test may spoil first.
async fn draft(server: &TestServer, number: usize, spoil: impl Fn(&mut Value)) -> Result<Case> {
    let lead = server.client_as("lead.admin").await?;
    let east = server.client_as("east.admin").await?;
    let west = server.client_as("west.admin").await?;
    let invited = [json!(east.me.institution.id), json!(west.me.institution.id)];
    let at = server.clock.now().plus_ms(60 * 60 * 1000);
    let (patient, mut form) = request_form(number, &invited, at)?;
    spoil(&mut form);
    let created = lead.post("/api/v1/consultations", &form).await?.ok()?;
    Ok(Case {
        id: created["id"].as_str().context("an id")?.to_owned(),
        patient,
        lead,
        east,
        west,
    })
}

/// Invites; both accept and name their experts.
async fn accept(server: &TestServer, case: &Case) -> Result<()> {
    case.act("invite").await?;
    for (admin, expert) in [(&case.east, "east.expert"), (&case.west, "west.expert")] {
        let expert = server.client_as(expert).await?.me.account_id;
        let yes = json!({"answer": "accept", "can_provide": ["imaging", "lab_exam"], "experts": [expert]});
        admin.post(&case.path("/answer"), &yes).await?.ok()?;
    }
    Ok(())
}

/// All that a complete package needs: one laboratory result, one examination, images.
async fn complete(case: &Case) -> Result<()> {
    give(case, &case.lead, None, &[lab("own", "135"), exam("ct")])
        .await?
        .ok()?;
    case.images(2).await
}

async fn post(case: &Case, who: &Person, rest: &str) -> Result<consilium_testkit::Reply> {
    who.post(&case.path(rest), &json!({})).await
}

async fn package(case: &Case, who: &Person) -> Result<Value> {
    who.get(&case.path("/package")).await?.ok()
}

fn share(value: &Value) -> (u64, u64) {
    let count = |key: &str| value[key].as_u64().unwrap_or(u64::MAX);
    (count("part"), count("whole"))
}

async fn from_three_hospitals_to_one_package(server: TestServer) -> Result<()> {
    let case = draft(&server, 60, |_| {}).await?;
    accept(&server, &case).await?;
    complete(&case).await?;
    released(&case, &[white_cells("east-1")]).await?;

    let checked = post(&case, &case.lead, "/package/validate").await?.ok()?;
    assert_eq!(
        (&checked["state"], &checked["version"]),
        (&json!("validated"), &json!(1))
    );
    // 7 + 8 of the form, 5 a result, 5 the examination, images and their report, request and experts.
    assert_eq!(
        share(&checked["quality"]["core"]),
        (34, 34),
        "{}",
        checked["missing"]
    );
    assert_eq!(checked["complete"], true);
    assert_eq!(checked["manifest_hash"], "");
    assert_eq!(checked["allowed"], json!(["validate", "freeze"]));
    let of = |code: &str, key: &str| -> Option<Value> {
        let found = checked["by_institution"]
            .as_array()?
            .iter()
            .find(|of| of[0]["code"] == code)?;
        Some(found[1][key].clone())
    };
    assert_eq!(share(&of("east", "core").context("east")?), (5, 5));
    assert_eq!(share(&of("lead", "core").context("lead")?), (29, 29));
    let categories = checked["by_category"].as_array().context("categories")?;
    assert!(
        categories
            .iter()
            .any(|of| of[0] == "lab_exam" && share(&of[1]["core"]) == (15, 15))
    );
    assert_eq!(
        share(&checked["quality"]["in_time"]).1,
        3,
        "three rows came from laboratories"
    );
    assert!(checked["quality"]["delay_max_ms"].is_i64());

    let frozen = post(&case, &case.lead, "/package/freeze").await?.ok()?;
    assert_eq!(frozen["state"], "frozen");
    let hash = frozen["manifest_hash"].as_str().context("a hash")?.to_owned();
    let manifest = case.lead.get(&case.path("/packages/1/manifest")).await?;
    assert_eq!(sha256_hex(&manifest.body), hash);
    let lines = manifest.json()["items"].as_array().context("items")?.clone();
    assert_eq!(lines.len(), frozen["items"].as_array().map_or(0, Vec::len));
    for line in &lines {
        for key in [
            "institution_id",
            "available_at",
            "received_at",
            "version",
            "hash",
            "key",
            "kind",
        ] {
            assert!(!line[key].is_null(), "{key}: {line}");
        }
    }
    assert_eq!(manifest.json()["series"][0]["instances"], 2);
    let whole = frozen.to_string();
    for secret in [
        &case.patient.name,
        &case.patient.id_number,
        &case.patient.phone,
        &case.patient.record_number,
    ] {
        assert!(!whole.contains(secret.as_str()), "unmasked");
    }
    assert!(told(&case.east).await?.contains(&"package_frozen".to_owned()));
    assert_eq!(
        refusal(&post(&case, &case.lead, "/package/validate").await?)?,
        (409, codes::PACKAGE_WRONG_STATE.to_owned()),
        "frozen and unchanged"
    );

    // Something comes: the frozen one stays as it is, a second one takes it in.
    give(&case, &case.lead, None, &[lab("later", "130")])
        .await?
        .ok()?;
    let stale = package(&case, &case.lead).await?;
    assert_eq!(
        (&stale["stale"], &stale["allowed"]),
        (&json!(true), &json!(["validate"]))
    );
    post(&case, &case.lead, "/package/validate").await?.ok()?;
    give(&case, &case.lead, None, &[lab("latest", "131")])
        .await?
        .ok()?;
    assert_eq!(
        refusal(&post(&case, &case.lead, "/package/freeze").await?)?,
        (409, codes::PACKAGE_STALE.to_owned())
    );
    post(&case, &case.lead, "/package/validate").await?.ok()?;
    assert_eq!(
        post(&case, &case.lead, "/package/freeze").await?.ok()?["version"],
        2
    );
    let first = case.lead.get(&case.path("/packages/1")).await?.ok()?;
    assert_eq!(
        (&first["state"], &first["manifest_hash"]),
        (&json!("superseded"), &json!(hash))
    );
    assert_eq!(first["items"], frozen["items"], "a frozen version never changes");

    // Complete: no reason is needed. Freezing has been done, so declaring ready makes no third version.
    let ready = case.act("ready").await?;
    assert_eq!(
        (&ready["state"], &ready["override_reason"]),
        (&json!("ready"), &Value::Null)
    );
    case.act("start").await?;
    let versions = case.lead.get(&case.path("/packages")).await?.ok()?;
    assert_eq!(
        (&versions[0]["version"], &versions[0]["state"]),
        (&json!(2), &json!("shared"))
    );
    Ok(())
}

async fn seeded_gaps_are_counted_and_block(server: TestServer) -> Result<()> {
    let case = draft(&server, 61, |form| {
        form["clinical"]["personal_history"] = json!("");
        form["clinical"]["family_history"] = json!("不详");
    })
    .await?;
    accept(&server, &case).await?;
    complete(&case).await?;
    let checked = post(&case, &case.lead, "/package/validate").await?.ok()?;
    assert_eq!(
        share(&checked["quality"]["core"]),
        (27, 29),
        "two gaps were seeded"
    );
    let missing: Vec<(&str, Option<&str>)> = checked["missing"]
        .as_array()
        .context("missing")?
        .iter()
        .filter(|gap| gap["core"] == true)
        .map(|gap| (gap["element"].as_str().unwrap_or_default(), gap["code"].as_str()))
        .collect();
    assert_eq!(missing, [("2.4", None), ("2.5", Some("field.placeholder"))]);
    assert_eq!(checked["complete"], false);
    let live = case.lead.get(&case.path("/quality")).await?.ok()?;
    assert_eq!(live["quality"]["core"], checked["quality"]["core"]);

    let refused = post(&case, &case.lead, "/ready").await?;
    assert_eq!(refusal(&refused)?, (409, codes::PACKAGE_INCOMPLETE.to_owned()));
    let reason = "患者病情急，个人史与家族史会中询问";
    let ready = case
        .lead
        .post(&case.path("/ready"), &json!({"override_reason": reason}))
        .await?
        .ok()?;
    assert_eq!(
        (&ready["state"], &ready["override_reason"]),
        (&json!("ready"), &json!(reason))
    );
    assert_eq!(package(&case, &case.lead).await?["override_reason"], reason);

    case.act("start").await?;
    let expert = server.client_as("lead.expert").await?;
    let opinion = expert
        .post(
            &case.path("/opinions"),
            &json!({"text": "左额叶占位，建议增强扫描。", "cites": []}),
        )
        .await?
        .ok()?;
    case.act("end").await?;
    let waive = |who: &Person| json!({"institution_id": who.me.institution.id, "reason": "专家临时手术"});
    let body = json!({"conclusion": "左额叶占位，胶质瘤可能性大。", "diagnosis_code": "D43.0", "advice": "增强磁共振后手术。",
        "cites": [opinion["id"]], "waivers": [waive(&case.east), waive(&case.west)]});
    let signed = case.lead.post(&case.path("/sign"), &body).await?.ok()?;
    assert_eq!(signed["override_reason"], reason);
    let read = case.east.get(&case.path("/report")).await?.ok()?;
    assert_eq!(
        (&read["override_reason"], &read["signature_valid"]),
        (&json!(reason), &json!(true))
    );
    Ok(())
}

/// The same tests at two hospitals: one differs in its unit only, two in their values.
async fn three_planted_conflicts_two_reported(server: TestServer) -> Result<()> {
    let case = draft(&server, 62, |_| {}).await?;
    accept(&server, &case).await?;
    let own = [
        result("g1", "葡萄糖", "2345-7", "5.6", "mmol/L", "3.9-6.1"),
        lab("h1", "135"),
        result("w1", "白细胞计数", "6690-2", "6.1", "10*9/L", "3.5-9.5"),
        exam("ct"),
    ];
    give(&case, &case.lead, None, &own).await?.ok()?;
    case.images(2).await?;
    let theirs = [
        result("g2", "葡萄糖", "2345-7", "100.9", "mg/dL", "70-110"),
        lab("h2", "125"),
        result("w2", "白细胞计数", "6690-2", "6.9", "10*9/L", "3.5-9.5"),
    ];
    released(&case, &theirs).await?;
    let checked = post(&case, &case.lead, "/package/validate").await?.ok()?;
    assert_eq!(share(&checked["quality"]["consistent"]), (1, 3));
    let conflicts = checked["conflicts"].as_array().context("conflicts")?;
    let mut found: Vec<&str> = conflicts.iter().filter_map(|c| c["code"].as_str()).collect();
    found.sort_unstable();
    assert_eq!(found, ["6690-2", "718-7"]);
    assert!(
        conflicts
            .iter()
            .all(|c| c["values"].as_array().map_or(0, Vec::len) == 2
                && c["items"].as_array().map_or(0, Vec::len) == 2)
    );

    // Each source is asked to correct; complete as it is, the case does not go on without a reason.
    let issues = case.lead.get(&case.path("/issues")).await?.ok()?;
    let issues = issues.as_array().context("issues")?;
    assert_eq!(issues.len(), 4);
    assert!(
        issues
            .iter()
            .all(|i| i["automatic"] == true && i["element"] == "3.3")
    );
    assert!(
        told(&case.east)
            .await?
            .contains(&"correction_requested".to_owned())
    );
    assert_eq!(checked["complete"], true);
    assert_eq!(package(&case, &case.lead).await?["issues_open"], 4);
    let refused = post(&case, &case.lead, "/ready").await?;
    assert_eq!(refusal(&refused)?, (409, codes::PACKAGE_ISSUES_OPEN.to_owned()));
    let again = case.lead.get(&case.path("/issues")).await?.ok()?;
    assert_eq!(again.as_array().map(Vec::len), Some(4), "said once");
    Ok(())
}

async fn who_reads_what_and_when(server: TestServer) -> Result<()> {
    let case = draft(&server, 63, |_| {}).await?;
    accept(&server, &case).await?;
    complete(&case).await?;
    released(&case, &[white_cells("east-1")]).await?;
    let operator = server.client_as("lead.operator").await?;
    assert_eq!(
        operator.get(&case.path("/package")).await?.status,
        404,
        "nothing is made yet"
    );
    operator
        .post(&case.path("/package/validate"), &json!({}))
        .await?
        .ok()?;
    assert_eq!(
        refusal(&operator.post(&case.path("/package/freeze"), &json!({})).await?)?.0,
        403
    );
    for verb in ["validate", "freeze"] {
        let path = format!("/package/{verb}");
        assert_eq!(refusal(&post(&case, &case.east, &path).await?)?.0, 403);
        assert!(audited(&server, &case, &format!("package.{verb}"), codes::FORBIDDEN).await?);
    }
    assert_eq!(
        case.east.get(&case.path("/package")).await?.status,
        404,
        "the lead's own until frozen"
    );
    post(&case, &case.lead, "/package/freeze").await?.ok()?;

    let keys = |package: &Value| -> Vec<String> {
        let items = package["items"].as_array().cloned().unwrap_or_default();
        items
            .iter()
            .filter_map(|i| i["key"].as_str().map(str::to_owned))
            .collect()
    };
    let before = package(&case, &case.east).await?;
    assert_eq!(keys(&before), ["east-1"]);
    assert_eq!(before["by_institution"].as_array().map(Vec::len), Some(1));
    assert_eq!(keys(&package(&case, &case.west).await?), Vec::<String>::new());
    let quality = case.east.get(&case.path("/quality")).await?.ok()?;
    assert_eq!(share(&quality["quality"]["core"]), (5, 5));

    case.act("ready").await?;
    case.act("start").await?;
    let shared = package(&case, &case.west).await?;
    assert_eq!(keys(&shared), keys(&package(&case, &case.lead).await?));
    assert!(keys(&shared).len() > 6);
    assert!(audited(&server, &case, "package.read", "ok").await?);
    let auditor = server.client_as("auditor").await?;
    for path in [
        "/package",
        "/packages",
        "/packages/1",
        "/packages/1/manifest",
        "/quality",
    ] {
        assert_eq!(auditor.get(&case.path(path)).await?.status, 404, "{path}");
    }
    assert_eq!(case.lead.get(&case.path("/packages/9")).await?.status, 404);

    // A result of the session makes the next version, open to all at once; the one before is kept.
    let expert = server.client_as("west.expert").await?;
    give(&case, &expert, None, &[lab("in-session", "119")])
        .await?
        .ok()?;
    let next = package(&case, &case.east).await?;
    assert_eq!((&next["version"], &next["state"]), (&json!(2), &json!("shared")));
    assert!(keys(&next).contains(&"in-session".to_owned()));
    let first = case.east.get(&case.path("/packages/1")).await?.ok()?;
    assert_eq!(
        (&first["state"], &first["manifest_hash"]),
        (&json!("superseded"), &shared["manifest_hash"])
    );

    // Consent is taken back: the others read no longer, the treating hospital keeps its record.
    let withdrawn = json!({"reason": "患者本人要求撤回"});
    case.lead
        .post(&case.path("/consent/withdraw"), &withdrawn)
        .await?
        .ok()?;
    for path in [
        "/package",
        "/packages",
        "/packages/1",
        "/packages/1/manifest",
        "/quality",
        "/series",
    ] {
        let refused = case.east.get(&case.path(path)).await?;
        assert_eq!(refusal(&refused)?, (403, codes::NO_CONSENT.to_owned()), "{path}");
        assert_eq!(case.lead.get(&case.path(path)).await?.status, 200, "{path}");
    }
    let page = case.east.get(&case.path("")).await?.ok()?;
    assert_eq!(
        page["clinical"]["present_illness"], "",
        "the page shows no more than an invitation"
    );
    let kept = case.lead.get(&case.path("")).await?.ok()?;
    assert_ne!(kept["clinical"]["present_illness"], "");
    let late = give(&case, &expert, None, &[lab("too-late", "120")]).await?;
    assert_eq!(refusal(&late)?, (409, codes::SUBMISSION_NO_CONSENT.to_owned()));
    Ok(())
}
