//! Data on its way in: row by row, in every form, masked, in versions (clauses 7.2 d and f).

use anyhow::{Context as _, Result};
use consilium_protocol::codes;
use consilium_testkit::{Case, TestServer};
use serde_json::{Value, json};

use super::data::{LABORATORY, ask_east, audited, give, id, lab, preparing, refusal, released, told, verb};

both!(
    one_wrong_row_keeps_no_other_out,
    wrong_rows_are_fixed_alone,
    the_same_row_again_and_a_new_version,
    another_patient_and_nothing_is_stored,
    no_consent_wrong_state_out_of_range,
    files_and_bundles,
    nothing_that_identifies_leaves,
    supplements_in_session,
    the_delay_of_a_row_is_known,
    ten_thousand_rows_at_once,
);

fn items(submission: &Value) -> &[Value] {
    submission["items"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
}

async fn one_wrong_row_keeps_no_other_out(server: TestServer) -> Result<()> {
    let case = preparing(&server, 30).await?;
    let mut rows: Vec<Value> = (0..100).map(|n| lab(&format!("row-{n}"), "135")).collect();
    rows[41]["elements"]["3.4"]["value"] = json!("grams per bucket");
    let given = give(&case, &case.lead, None, &rows).await?.ok()?;
    assert_eq!((&given["stored"], &given["refused"]), (&json!(99), &json!(1)));
    let wrong: Vec<_> = items(&given)
        .iter()
        .filter(|item| item["stored"] == false)
        .collect();
    assert_eq!(wrong.len(), 1);
    assert_eq!(wrong[0]["key"], "row-41");
    let finding = &wrong[0]["findings"][0];
    assert_eq!(finding["element"], "3.4");
    assert_eq!(finding["code"], "element.unit_unknown");
    assert_eq!(finding["seen"], "grams per bucket");
    assert_eq!(finding["error"], true);
    assert!(!finding["rule"].as_str().unwrap_or_default().is_empty());

    // What cannot even be read, in one go with what can.
    let rows = [
        lab("good", "120"),
        json!({"kind": "lab", "key": "x", "available_at": "yesterday", "elements": {}}),
        json!({"kind": "lab", "key": "y", "available_at": "2026-11-01T00:00:00Z", "elements": {"9.9": {"value": "1"}}}),
        lab("good", "121"),
        lab(&"k".repeat(129), "120"),
    ];
    let given = give(&case, &case.lead, None, &rows).await?.ok()?;
    assert_eq!((&given["stored"], &given["refused"]), (&json!(1), &json!(4)));
    let not_taken: Vec<_> = given["not_taken"]
        .as_array()
        .context("not taken")?
        .iter()
        .map(|e| {
            (
                e["field"].as_str().unwrap_or_default(),
                e["code"].as_str().unwrap_or_default(),
            )
        })
        .collect();
    assert_eq!(
        not_taken,
        [
            ("records[1].available_at", codes::SUBMISSION_ROW_UNREADABLE),
            ("records[3]", codes::SUBMISSION_KEY),
            ("records[4]", codes::SUBMISSION_KEY),
        ]
    );
    let unknown = items(&given)
        .iter()
        .find(|item| item["key"] == "y")
        .context("y")?;
    assert_eq!(unknown["findings"][0]["code"], "element.unknown");
    let empty = give(&case, &case.lead, None, &[]).await?;
    assert_eq!(refusal(&empty)?, (422, codes::SUBMISSION_EMPTY.to_owned()));
    Ok(())
}

/// Every kind of bad input the requirements name, each with its code, none in the way of another.
async fn wrong_rows_are_fixed_alone(server: TestServer) -> Result<()> {
    let case = preparing(&server, 31).await?;
    let mut rows = Vec::new();
    for (key, element, value, _) in WRONG {
        let mut row = lab(key, "135");
        row["elements"][*element]["value"] = json!(value);
        rows.push(row);
    }
    rows.push(lab("right", "135"));
    let given = give(&case, &case.lead, None, &rows).await?.ok()?;
    assert_eq!(given["stored"], 1);
    for (key, element, _, code) in WRONG {
        let item = items(&given)
            .iter()
            .find(|item| item["key"] == *key)
            .context("named")?;
        let codes: Vec<_> = item["findings"]
            .as_array()
            .context("findings")?
            .iter()
            .map(|f| {
                (
                    f["element"].as_str().unwrap_or_default(),
                    f["code"].as_str().unwrap_or_default(),
                )
            })
            .collect();
        assert!(codes.contains(&(*element, *code)), "{key}: {codes:?}");
    }
    let fixed: Vec<Value> = WRONG.iter().map(|(key, ..)| lab(key, "135")).collect();
    let again = give(&case, &case.lead, None, &fixed).await?.ok()?;
    assert_eq!(again["stored"], json!(WRONG.len()));
    assert!(items(&again).iter().all(|item| item["version"] == 2));
    let first = case
        .lead
        .get(&case.path(&format!("/submissions/{}", id(&given)?)))
        .await?
        .ok()?;
    assert!(
        items(&first)
            .iter()
            .filter(|i| i["stored"] == false)
            .all(|i| i["superseded"] == true),
        "kept, and marked as replaced"
    );
    Ok(())
}

/// Key, element, value, code.
const WRONG: &[(&str, &str, &str, &str)] = &[
    ("placeholder", "3.1", "不详", "field.placeholder"),
    ("test", "3.1", "test", "field.placeholder"),
    ("unit", "3.4", "g/furlong^x", "element.unit_unknown"),
    ("inverted", "3.5", "150-115", "element.range_inverted"),
    ("future", "3.7", "2036-01-01", "element.future"),
    ("loinc", "3.2", "718-8", "element.loinc"),
    (
        "laboratory",
        "3.9",
        "12110000400686317X",
        "element.institution_code",
    ),
];

async fn the_same_row_again_and_a_new_version(server: TestServer) -> Result<()> {
    let case = preparing(&server, 32).await?;
    let rows = [lab("a", "135"), lab("b", "140")];
    let first = give(&case, &case.lead, None, &rows).await?.ok()?;
    let again = give(&case, &case.lead, None, &rows).await?.ok()?;
    assert_eq!((&again["stored"], &again["duplicates"]), (&json!(0), &json!(2)));
    assert_eq!(items(&again).len(), 0, "nothing was stored");

    let mut changed = lab("a", "136");
    changed["elements"]["3.4"]["value"] = json!("ｇ／Ｌ");
    let second = give(&case, &case.lead, None, &[changed, lab("b", "140")])
        .await?
        .ok()?;
    assert_eq!((&second["stored"], &second["duplicates"]), (&json!(1), &json!(1)));
    let item = &items(&second)[0];
    assert_eq!(item["version"], 2);
    assert_eq!(item["elements"]["3.4"]["value"], "g/L", "standardised");
    let path = case.path(&format!(
        "/items/{}/versions",
        item["item_id"].as_str().context("id")?
    ));
    let versions = case.lead.get(&path).await?.ok()?;
    let told: Vec<_> = versions
        .as_array()
        .context("versions")?
        .iter()
        .map(|v| (&v["version"], &v["superseded"], &v["elements"]["3.3"]["value"]))
        .collect();
    assert_eq!(
        told,
        [
            (&json!(1), &json!(true), &json!("135")),
            (&json!(2), &json!(false), &json!("136"))
        ]
    );
    let now = server.app()?.store.reader();
    let current = consilium_server::services::submissions::current_items(&now, case.consultation()?).await?;
    assert_eq!(current.len(), 2);
    // With both rows replaced, the first submission has had its day.
    give(&case, &case.lead, None, &[lab("b", "141")]).await?.ok()?;
    let old = case
        .lead
        .get(&case.path(&format!("/submissions/{}", id(&first)?)))
        .await?
        .ok()?;
    assert_eq!(old["state"], "superseded");
    Ok(())
}

async fn another_patient_and_nothing_is_stored(server: TestServer) -> Result<()> {
    let case = preparing(&server, 33).await?;
    let patient = |elements: Value| json!({"kind": "patient", "key": "p", "available_at": "2026-11-01T00:00:00Z", "elements": elements});
    for wrong in [
        json!({"1.3": {"value": "110105194912310046"}}),
        json!({"1.1": {"value": "0123456789abcdef0123456789abcdef"}}),
        json!({"1.4": {"value": "MRN-OF-SOMEBODY-ELSE"}}),
    ] {
        let reply = give(&case, &case.lead, None, &[lab("a", "135"), patient(wrong)]).await?;
        assert_eq!(
            refusal(&reply)?,
            (422, codes::SUBMISSION_OTHER_PATIENT.to_owned())
        );
    }
    assert_eq!(case.lead.get(&case.path("/submissions")).await?.ok()?, json!([]));
    assert!(
        audited(
            &server,
            &case,
            "submission.submit",
            codes::SUBMISSION_OTHER_PATIENT
        )
        .await?
    );
    let right = patient(json!({"1.3": {"value": case.patient.id_number}}));
    let given = give(&case, &case.lead, None, &[right]).await?.ok()?;
    assert!(!given.to_string().contains(&case.patient.id_number));
    Ok(())
}

async fn no_consent_wrong_state_out_of_range(server: TestServer) -> Result<()> {
    let case = preparing(&server, 34).await?;
    let unasked = give(&case, &case.east, None, &[lab("a", "135")]).await?;
    assert_eq!(
        refusal(&unasked)?,
        (409, codes::SUBMISSION_REQUEST_NEEDED.to_owned())
    );
    let request = ask_east(&case).await?;
    verb(&case, &case.east, "data-requests", &request, "verify")
        .await?
        .ok()?;
    let treatment = json!({"kind": "treatment", "key": "t", "available_at": "2026-11-01T00:00:00Z",
        "elements": {"5.2.drug": {"value": "琥珀酸亚铁"}}});
    let outside = give(
        &case,
        &case.east,
        Some(&request),
        std::slice::from_ref(&treatment),
    )
    .await?;
    assert_eq!(
        refusal(&outside)?,
        (409, codes::SUBMISSION_OUT_OF_RANGE.to_owned())
    );
    let both = give(&case, &case.east, Some(&request), &[treatment, lab("a", "135")])
        .await?
        .ok()?;
    assert_eq!((&both["stored"], &both["refused"]), (&json!(1), &json!(1)));
    assert_eq!(both["not_taken"][0]["code"], codes::SUBMISSION_OUT_OF_RANGE);

    let expert = server.client_as("east.expert").await?;
    let early = give(&case, &expert, Some(&request), &[lab("b", "135")]).await?;
    assert_eq!(refusal(&early)?, (409, codes::SUBMISSION_WRONG_STATE.to_owned()));
    case.lead
        .post(
            &case.path("/consent/withdraw"),
            &json!({"reason": "患者改变决定"}),
        )
        .await?
        .ok()?;
    for (who, request) in [(&case.lead, None), (&case.east, Some(request.as_str()))] {
        let reply = give(&case, who, request, &[lab("c", "135")]).await?;
        assert_eq!(refusal(&reply)?, (409, codes::SUBMISSION_NO_CONSENT.to_owned()));
    }
    let release = verb(&case, &case.east, "data-requests", &request, "submit").await?;
    assert_eq!(refusal(&release)?, (409, codes::SUBMISSION_NO_CONSENT.to_owned()));
    assert_eq!(
        case.east.get(&case.path("/submissions")).await?.status,
        403,
        "a participant reads no more once consent has ended"
    );

    let over = Case::in_session(&server, 35).await?;
    over.act("end").await?;
    let late = give(&over, &over.lead, None, &[lab("a", "135")]).await?;
    assert_eq!(refusal(&late)?, (409, codes::SUBMISSION_WRONG_STATE.to_owned()));
    for code in [
        codes::SUBMISSION_REQUEST_NEEDED,
        codes::SUBMISSION_OUT_OF_RANGE,
        codes::SUBMISSION_NO_CONSENT,
    ] {
        assert!(
            audited(&server, &case, "submission.submit", code).await?,
            "{code}"
        );
    }
    Ok(())
}

async fn files_and_bundles(server: TestServer) -> Result<()> {
    let case = preparing(&server, 36).await?;
    let path = case.path("/submissions");
    let table = format!(
        "key,available_at,检验项目名称,3.2,3.3,3.4,3.5,3.7,3.9\r\n\
         t1,2026-11-01 09:00,血红蛋白,718-7,135,g/L,115-150,2026-11-01 08:30,{LABORATORY}\r\n\
         t2,2026-11-01 09:00,血红蛋白,718-7,135,bucket,115-150,2026-11-01 08:30,{LABORATORY}\r\n\
         t3,when it is ready,血红蛋白,718-7,135,g/L,115-150,2026-11-01 08:30,{LABORATORY}\r\n"
    );
    let given = case
        .lead
        .post_bytes(&path, "text/csv; charset=utf-8", table.into_bytes())
        .await?;
    let given = given.ok()?;
    assert_eq!((&given["stored"], &given["refused"]), (&json!(1), &json!(2)));
    assert_eq!(given["not_taken"][0]["field"], "line 4");

    let lines = format!("{}\n{}\nnonsense\n", lab("n1", "120"), lab("n2", "121"));
    let given = case
        .lead
        .post_bytes(&path, "application/x-ndjson", lines.into_bytes())
        .await?;
    let given = given.ok()?;
    assert_eq!((&given["stored"], &given["refused"]), (&json!(2), &json!(1)));

    let bundle = json!({
        "resourceType": "Bundle", "type": "collection",
        "entry": [
            {"fullUrl": "urn:uuid:0f9a1c7e-0000-4000-8000-000000000001", "resource": {
                "resourceType": "Patient", "id": "p",
                "identifier": [{"system": "urn:oid:2.16.156.10011.1.3", "value": case.patient.id_number}],
                "name": [{"text": case.patient.name}], "gender": "male", "birthDate": "1970-01-01"}},
            {"fullUrl": "urn:uuid:0f9a1c7e-0000-4000-8000-000000000002", "resource": {
                "resourceType": "Observation", "id": "o", "status": "final",
                "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}],
                "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}], "text": "血红蛋白"},
                "subject": {"reference": "urn:uuid:0f9a1c7e-0000-4000-8000-000000000001"},
                "effectiveDateTime": "2026-11-01T08:30:00+08:00", "issued": "2026-11-01T09:00:00+08:00",
                "valueQuantity": {"value": 133, "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"},
                "referenceRange": [{"low": {"value": 115, "unit": "g/L"}, "high": {"value": 150, "unit": "g/L"}}]}}
        ]
    });
    let reply = case
        .lead
        .post_bytes(&path, "application/fhir+json", serde_json::to_vec(&bundle)?)
        .await?
        .ok()?;
    let row = items(&reply)
        .iter()
        .find(|item| item["kind"] == "lab")
        .context("the result")?;
    assert_eq!(row["elements"]["3.3"]["value"], "133");
    assert!(!reply.to_string().contains(&case.patient.name));

    for (kind, body, expected) in [
        ("text/csv", "a;b;c\n", (422, codes::SUBMISSION_COLUMN_UNKNOWN)),
        ("text/csv", "", (422, codes::SUBMISSION_EMPTY)),
        ("application/fhir+json", "{}", (422, codes::FHIR_NOT_BUNDLE)),
        ("application/json", "{", (400, codes::MALFORMED)),
        ("image/png", "x", (415, codes::MEDIA_TYPE)),
    ] {
        let reply = case
            .lead
            .post_bytes(&path, kind, body.as_bytes().to_vec())
            .await?;
        let (status, code) = refusal(&reply)?;
        assert_eq!((status, code.as_str()), expected, "{kind} {body}");
    }
    Ok(())
}

async fn nothing_that_identifies_leaves(server: TestServer) -> Result<()> {
    let case = preparing(&server, 37).await?;
    let p = &case.patient;
    let mut row = lab(&format!("{}-1", p.record_number), "135");
    row["elements"]["3.1"]["value"] = json!(format!("血红蛋白 {}", p.name));
    let exam = json!({"kind": "exam", "key": "e", "available_at": "2026-11-01T00:00:00Z", "elements": {
        "3.10": {"value": "头颅CT"},
        "3.12.impression": {"value": format!("{}，身份证{}，电话{}：左额叶占位", p.name, p.id_number, p.phone)},
        "3.13": {"value": "1.2.840.113619.2.55.3.1"},
        "3.14": {"value": "20261101"},
        "3.15": {"value": LABORATORY},
    }});
    let request = released(&case, &[row, exam]).await?;
    assert!(!request.is_empty());
    let list = case.lead.get(&case.path("/submissions")).await?.ok()?;
    let read = case
        .lead
        .get(&case.path(&format!("/submissions/{}", id(&list[0])?)))
        .await?
        .ok()?;
    let text = read.to_string();
    assert_eq!(items(&read).len(), 2);
    assert!(text.contains("左额叶占位"));
    for secret in [&p.name, &p.id_number, &p.phone, &p.record_number] {
        assert!(!text.contains(secret.as_str()), "{secret}");
    }
    assert!(
        !text.contains("113619"),
        "a DICOM identifier leads back to its hospital"
    );
    Ok(())
}

async fn supplements_in_session(server: TestServer) -> Result<()> {
    let case = preparing(&server, 38).await?;
    case.images(2).await?;
    case.ready().await?;
    case.act("start").await?;
    let expert = server.client_as("east.expert").await?;
    let given = give(&case, &expert, None, &[lab("late", "99")]).await?.ok()?;
    assert_eq!(given["stored"], 1);
    let seen = case.lead.get(&case.path("/submissions")).await?.ok()?;
    assert_eq!(
        seen[0]["institution"]["id"],
        json!(case.east.me.institution.id),
        "marked with its source"
    );
    assert!(
        told(&case.lead)
            .await?
            .contains(&"submission_received".to_owned())
    );
    let packages = case.lead.get(&case.path("/packages")).await?.ok()?;
    assert_eq!(packages[0]["version"], 2, "{packages}");
    assert_eq!(packages[0]["state"], "shared");
    Ok(())
}

/// From being ready at its source to being readable at the lead: 30 minutes (clause 4.2.1 d).
async fn the_delay_of_a_row_is_known(server: TestServer) -> Result<()> {
    let case = preparing(&server, 40).await?;
    let request = ask_east(&case).await?;
    verb(&case, &case.east, "data-requests", &request, "verify")
        .await?
        .ok()?;
    for (key, minutes) in [("slow", 20), ("quick", 11)] {
        let mut row = lab(key, "135");
        row["available_at"] = json!(server.clock.now());
        give(&case, &case.east, Some(&request), &[row]).await?.ok()?;
        server.clock.advance_ms(minutes * 60_000);
    }
    // Stored at its source is not yet readable at the lead.
    verb(&case, &case.east, "data-requests", &request, "submit")
        .await?
        .ok()?;
    let report = case.lead.get(&case.path("/quality")).await?.ok()?;
    let own = report["by_institution"]
        .as_array()
        .context("institutions")?
        .iter()
        .find(|of| of[0]["id"] == json!(case.east.me.institution.id))
        .context("east")?;
    assert_eq!(own[1]["in_time"], json!({"part": 1, "whole": 2}));
    let longest = own[1]["delay_max_ms"].as_i64().context("a delay")?;
    assert!((31 * 60_000..32 * 60_000).contains(&longest), "{longest}");
    Ok(())
}

/// The largest submission there may be, in one file, released in one message. Prints how long it took.
async fn ten_thousand_rows_at_once(server: TestServer) -> Result<()> {
    let case = preparing(&server, 39).await?;
    let request = ask_east(&case).await?;
    verb(&case, &case.east, "data-requests", &request, "verify")
        .await?
        .ok()?;
    let mut body = String::new();
    for n in 0..10_000 {
        body.push_str(&lab(&format!("row-{n}"), "135").to_string());
        body.push('\n');
    }
    let path = case.path(&format!("/submissions?request_id={request}"));
    let started = std::time::Instant::now();
    let given = case
        .east
        .post_bytes(&path, "application/x-ndjson", body.clone().into_bytes())
        .await?
        .ok()?;
    let stored = started.elapsed();
    assert_eq!(given["stored"], 10_000);
    let started = std::time::Instant::now();
    verb(&case, &case.east, "data-requests", &request, "submit")
        .await?
        .ok()?;
    let released = started.elapsed();
    let reader = server.app()?.store.reader();
    let current =
        consilium_server::services::submissions::current_items(&reader, case.consultation()?).await?;
    assert_eq!(current.len(), 10_000);
    println!("10000 rows: stored in {stored:?}, released in {released:?}");
    body.push_str(&lab("one more", "135").to_string());
    let reply = case
        .east
        .post_bytes(&path, "application/x-ndjson", body.into_bytes())
        .await?;
    assert_eq!(
        refusal(&reply)?,
        (422, codes::SUBMISSION_TOO_MANY_ROWS.to_owned())
    );
    Ok(())
}
