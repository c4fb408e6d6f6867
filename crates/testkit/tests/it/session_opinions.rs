//! Opinions in versions, their templates, and what the page of the room is drawn from (clause 7.3 d).

use anyhow::{Context as _, Result};
use consilium_protocol::{
    codes,
    page::{Page, View},
    room::OpinionTemplate,
};
use consilium_testkit::{Case, LiveClient, Person, TestServer};
use serde_json::{Value, json};

use super::{
    data::{audited, give, lab, refusal, told},
    export::{asked, judged},
    session_questions::{running, told_in_room},
};

both!(new_versions_keep_the_old_ones, what_the_room_page_holds);

async fn submit(
    case: &Case,
    who: &Person,
    text: &str,
    supersedes: Value,
) -> Result<consilium_testkit::Reply> {
    let body = json!({"text": text, "supersedes": supersedes});
    who.post(&case.path("/opinions"), &body).await
}

async fn revise(case: &Case, who: &Person, opinion: &Value) -> Result<consilium_testkit::Reply> {
    let opinion = opinion["id"].as_str().context("an id")?;
    let path = case.path(&format!("/opinions/{opinion}/revise"));
    who.post(&path, &json!({})).await
}

/// All versions leave with the package, signed, in both forms, whoever of the participants asks.
async fn in_the_document(case: &Case, versions: &[&Value]) -> Result<()> {
    let path = "/package/$document";
    let json = asked(case, &case.west, path, "application/fhir+json").await?;
    let xml = asked(case, &case.west, path, "application/fhir+xml").await?;
    assert_eq!((json.status, xml.status), (200, 200));
    judged(&json, &xml)?;
    let bundle = json.json();
    let entries = bundle["entry"].as_array().context("entries")?;
    let mut before = Value::Null;
    for version in versions {
        let given = entries
            .iter()
            .find(|e| e["resource"]["identifier"][0]["value"] == version["id"])
            .context("the version")?;
        assert_eq!(given["resource"]["summary"], version["text"]);
        assert_eq!(given["resource"]["date"], version["submitted_at"]);
        assert_eq!(given["resource"]["previous"]["reference"], before);
        before = given["fullUrl"].clone();
        let signed = entries.iter().any(|e| {
            let provenance = &e["resource"];
            provenance["target"][0]["reference"] == before
                && provenance["entity"][0]["what"]["identifier"]["value"] == version["content_hash"]
                && provenance["signature"][0]["data"].is_string()
        });
        assert!(signed, "the signature of version {}", version["version"]);
    }
    Ok(())
}

async fn new_versions_keep_the_old_ones(server: TestServer) -> Result<()> {
    let case = running(&server, 150).await?;
    let east = server.client_as("east.expert").await?;
    let mut lead = LiveClient::join(&case.lead, &case.id).await?;
    let mut author = LiveClient::join(&east, &case.id).await?;
    let none = revise(&case, &east, &json!({"id": case.id})).await?;
    assert_eq!(refusal(&none)?, (404, codes::NOT_FOUND.to_owned()));
    let first = submit(&case, &east, "**初步**：考虑胶质瘤", Value::Null)
        .await?
        .ok()?;
    assert_eq!(first["version"], 1);
    author
        .until("the draft is closed", |room, _| !room.rights().opine)
        .await?;

    // A second one has to say which it takes the place of.
    for (names, code) in [
        (Value::Null, codes::OPINION_SUBMITTED),
        (json!(case.id), codes::OPINION_NOT_NEWEST),
    ] {
        let refused = submit(&case, &east, "第二版", names).await?;
        assert_eq!(refusal(&refused)?, (409, code.to_owned()));
    }
    let second = submit(&case, &east, "第二版：考虑淋巴瘤", first["id"].clone())
        .await?
        .ok()?;
    assert_eq!(
        (&second["version"], &second["signature_valid"]),
        (&json!(2), &json!(true))
    );
    let old = submit(&case, &east, "第三版", first["id"].clone()).await?;
    assert_eq!(refusal(&old)?.1, codes::OPINION_NOT_NEWEST);

    // Taken up again: the draft in the room can be written once more.
    let west = server.client_as("west.expert").await?;
    let foreign = revise(&case, &west, &second).await?;
    assert_eq!(refusal(&foreign)?, (403, codes::FORBIDDEN.to_owned()));
    let older = revise(&case, &east, &first).await?;
    assert_eq!(refusal(&older)?, (409, codes::OPINION_NOT_NEWEST.to_owned()));
    let open = revise(&case, &east, &second).await?.ok()?;
    assert_eq!((&open["id"], &open["in_revision"]), (&second["id"], &json!(true)));
    author
        .until("the draft is open", |room, _| room.rights().opine)
        .await?;
    author
        .edit(|room| room.set_opinion("第三版：病理支持胶质瘤"))
        .await?;
    author.saved().await?;
    assert_eq!(
        refusal(&revise(&case, &east, &second).await?)?.1,
        codes::OPINION_IN_REVISION
    );
    let third = submit(&case, &east, "第三版：病理支持胶质瘤", Value::Null)
        .await?
        .ok()?;
    assert_eq!(third["version"], 3);
    author
        .until("the draft is closed again", |room, _| !room.rights().opine)
        .await?;
    told_in_room(&mut lead, "opinions", 4).await?;
    let times = told(&case.west)
        .await?
        .iter()
        .filter(|kind| *kind == "opinion_submitted")
        .count();
    assert_eq!(times, 3, "each version is told");

    in_the_document(&case, &[&first, &second, &third]).await?;

    let page = case.west.get(&case.path("")).await?.ok()?;
    let all = page["opinions"].as_array().context("opinions")?;
    let shown: Vec<_> = all
        .iter()
        .map(|of| {
            (
                of["version"].as_i64(),
                of["superseded"].as_bool(),
                of["signature_valid"].as_bool(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (Some(1), Some(true), Some(true)),
            (Some(2), Some(true), Some(true)),
            (Some(3), Some(false), Some(true)),
        ],
        "old versions stay readable and signed"
    );
    assert_eq!(all[0]["text"], "**初步**：考虑胶质瘤", "stored as written");

    case.act("end").await?;
    let waivers: Vec<Value> =
        vec![json!({"institution_id": case.west.me.institution.id, "reason": "专家临时手术"})];
    let report = |cites: Value| json!({"conclusion": "胶质瘤可能性大。", "advice": "手术。", "cites": cites, "waivers": waivers});
    let earlier = case
        .lead
        .post(&case.path("/sign"), &report(json!([first["id"], second["id"]])))
        .await?;
    assert_eq!(refusal(&earlier)?, (409, codes::OPINIONS_UNCITED.to_owned()));
    let signed = case
        .lead
        .post(&case.path("/sign"), &report(json!([third["id"]])))
        .await?
        .ok()?;
    let cited = signed["opinions"].as_array().context("opinions")?;
    assert_eq!(cited.len(), 1);
    assert_eq!(cited[0]["id"], third["id"], "the report stands on the newest");
    let late = revise(&case, &east, &third).await?;
    assert_eq!(refusal(&late)?, (409, codes::WRONG_STATE.to_owned()));
    for (action, result) in [
        ("opinion.submit", codes::OPINION_SUBMITTED),
        ("opinion.submit", codes::OPINION_NOT_NEWEST),
        ("opinion.revise", "ok"),
        ("opinion.revise", codes::OPINION_IN_REVISION),
    ] {
        assert!(
            audited(&server, &case, action, result).await?,
            "{action} {result}"
        );
    }
    Ok(())
}

/// The value a page is drawn from.
async fn value(who: &Person, path: &str) -> Result<Page> {
    let html = who.get(path).await?.text();
    let from = html.find("{\"locale\"").context("the page's value")?;
    let text = html.get(from..).context("the value")?;
    let mut values = serde_json::Deserializer::from_str(text).into_iter();
    Ok(values.next().context("a value")??)
}

async fn what_the_room_page_holds(server: TestServer) -> Result<()> {
    let case = running(&server, 151).await?;
    let east = server.client_as("east.expert").await?;
    give(&case, &east, None, &[lab("own", "88")]).await?.ok()?;
    let asked = json!({"institution_id": case.west.me.institution.id, "text": "是否复查"});
    east.post(&case.path("/questions"), &asked).await?.ok()?;
    let list: Vec<OpinionTemplate> =
        serde_json::from_value(east.get("/api/v1/opinion-templates").await?.ok()?)?;
    assert!(list.len() >= 8);
    assert_eq!(list[0].code, "radiology", "the own department first");
    let view = value(&case.west, &format!("/consultations/{}/room", case.id))
        .await?
        .view;
    let View::Room {
        questions,
        templates,
        package,
        elements,
        requests,
        attachments,
        ..
    } = view
    else {
        anyhow::bail!("another page")
    };
    assert_eq!((questions.len(), requests.len(), attachments.len()), (1, 0, 0));
    assert!(questions[0].may_answer);
    assert_eq!(templates.len(), list.len());
    let package = package.context("the shared package")?;
    let row = package
        .items
        .iter()
        .find(|item| item.reference.key == "own")
        .context("the row")?;
    assert_eq!((row.institution.code.as_str(), package.version), ("east", 2));
    let named = |id: &consilium_domain::element::ElementId| elements.iter().any(|of| of.id == *id);
    assert!(row.elements.keys().all(named), "every value has a name");
    assert!(!serde_json::to_string(&package)?.contains(&case.patient.name));
    Ok(())
}
