//! What somebody may not know of: at every address the same answer as for what does not exist.

use anyhow::Result;
use consilium_protocol::codes;
use consilium_testkit::{Case, Database, JoinError, LiveClient, Person, Reply, TestServer, request_form};
use reqwest::Method;
use serde_json::{Value, json};

use super::interface::operations;

/// An id of nothing.
const ABSENT: &str = "00000000-0000-7000-8000-000000000000";

/// A body that each route can read, so that the answer is about permission and not about form.
fn body_for(path: &str, case: &Case, server: &TestServer) -> Result<Value> {
    let participants = [
        json!(case.east.me.institution.id),
        json!(case.west.me.institution.id),
    ];
    Ok(match path.rsplit('/').next().unwrap_or_default() {
        "answer" if path.contains("/questions/") => json!({"text": "不应成功"}),
        "questions" => json!({"institution_id": case.east.me.institution.id, "text": "不应成功"}),
        "answer" => json!({"answer": "accept", "can_provide": ["imaging"]}),
        "cancel" | "withdraw" | "{verb}" => json!({"reason": "不应成功"}),
        "reschedule" => {
            json!({"reason": "不应成功", "scheduled_at": server.clock.now().plus_ms(7_200_000)})
        }
        "revoke" | "reinvite" => {
            json!({"reason": "不应成功", "institution_id": case.east.me.institution.id})
        }
        "consent" => json!({"state": "active", "text_version": "2026-1", "signer": "patient"}),
        "unmask" => json!({"field": "name", "reason": "不应成功"}),
        "data-requests" => json!({
            "institution_id": case.east.me.institution.id,
            "items": [{"category": "lab_exam"}],
            "reason": "不应成功",
        }),
        "submissions" => json!({"records": []}),
        "issues" => json!({"item_id": ABSENT, "element": "2.1", "reason": "不应成功"}),
        "opinions" => json!({"text": "不应成功的意见"}),
        "sign" => json!({"conclusion": "不应成功", "advice": "不应成功", "cites": []}),
        "{id}" => request_form(1, &participants, server.clock.now().plus_ms(3_600_000))?.1,
        _ => json!({}),
    })
}

fn without_request_id(reply: &Reply) -> Value {
    let mut body = reply.json();
    if let Some(map) = body.as_object_mut() {
        map.remove("request_id");
    }
    body
}

/// Every address below the consultation answers `person` as if it were not there.
async fn nothing_is_there_for(person: &Person, case: &Case, server: &TestServer) -> Result<()> {
    let series = case.lead.get(&case.path("/series")).await?.json();
    let id = |pointer: &str| {
        series
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or(ABSENT)
            .to_owned()
    };
    let (instance, first_series) = (id("/0/instances/0/id"), id("/0/id"));
    let mut asked = 0;
    for (method, path) in operations(server).await? {
        let socket = path.ends_with("/live") || path.ends_with("/live/notes");
        if !path.starts_with("/api/v1/consultations/{id}") || socket {
            continue;
        }
        let body = body_for(&path, case, server)?;
        let ask = async |consultation: &str| -> Result<Reply> {
            let address = path
                .replace("{id}", consultation)
                .replace("{instance}", &instance)
                .replace("{series}", &first_series)
                .replace("{frame}", "0")
                .replace("{seq}", "1")
                .replace("{version}", "1")
                .replace("{verb}", "verify");
            let rows = [
                "request",
                "issue",
                "submission",
                "item",
                "attachment",
                "question",
                "opinion",
            ];
            let address = rows
                .map(|part| format!("{{{part}}}"))
                .iter()
                .fold(address, |address, part| address.replace(part, ABSENT));
            let mut request = person.request(method.clone(), &format!("{address}?version=1"));
            if method != Method::GET {
                request = request.json(&body);
            }
            person.send(request).await
        };
        let (hidden, missing) = (ask(&case.id).await?, ask(ABSENT).await?);
        let who = &person.me.username;
        assert_eq!(hidden.status, 404, "{who}: {method} {path}: {}", hidden.text());
        assert_eq!(hidden.problem()?.code, codes::NOT_FOUND);
        assert_eq!(
            without_request_id(&hidden),
            without_request_id(&missing),
            "{method} {path}"
        );
        asked += 1;
    }
    assert!(asked >= 15, "{asked} addresses");
    for page in [
        "",
        "/room",
        "/edit",
        "/conclude",
        "/report",
        "/data",
        "/package",
        "/consent",
    ] {
        let status = person
            .get(&format!("/consultations/{}{page}", case.id))
            .await?
            .status;
        assert_eq!(status, 404, "{}: page {page}", person.me.username);
    }
    match LiveClient::join(person, &case.id).await {
        Err(JoinError::Refused(404, _)) => {}
        other => panic!("{} and the room: {other:?}", person.me.username),
    }
    let list = person.get("/api/v1/consultations").await?;
    assert!(!list.text().contains(&case.id));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_part_finds_nothing() -> Result<()> {
    let server = TestServer::start(Database::Sqlite).await?;
    let case = Case::draft(&server, 6).await?;
    // A draft is known to the lead alone.
    nothing_is_there_for(&case.east, &case, &server).await?;
    case.begin().await?;
    for outsider in ["auditor", "ops", "reviewer"] {
        nothing_is_there_for(&server.client_as(outsider).await?, &case, &server).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invited_institution_shows_it_to_its_administrator_only_until_it_accepts() -> Result<()> {
    let server = TestServer::start(Database::Sqlite).await?;
    let case = Case::draft(&server, 7).await?;
    case.act("invite").await?;
    let expert = server.client_as("east.expert").await?;
    nothing_is_there_for(&expert, &case, &server).await?;
    let invited = case.east.get(&case.path("")).await?;
    assert_eq!(invited.status, 200);
    let own = case.lead.get(&case.path("")).await?.json();
    assert_eq!(invited.json()["clinical"]["need"], own["clinical"]["need"]);
    assert_ne!(
        own["clinical"]["chief_complaint"], "",
        "the case has more than an invitation tells"
    );
    assert_eq!(invited.json()["clinical"]["chief_complaint"], "");
    assert_eq!(invited.json()["clinical"]["lab_summary"], "");
    assert_eq!(case.east.get(&case.path("/series")).await?.status, 403);
    assert!(matches!(
        LiveClient::join(&case.east, &case.id).await,
        Err(JoinError::Refused(403, _))
    ));

    let no = json!({"answer": "decline", "reason": "本周无专家可用"});
    assert_eq!(case.east.post(&case.path("/answer"), &no).await?.status, 200);
    nothing_is_there_for(&expert, &case, &server).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn participants_do_not_conduct() -> Result<()> {
    let server = TestServer::start(Database::Sqlite).await?;
    let case = Case::in_session(&server, 8).await?;
    let expert = server.client_as("lead.expert").await?;
    for person in [&case.east, &expert] {
        for verb in ["invite", "ready", "start", "end", "cancel"] {
            let refused = person
                .post(&case.path(&format!("/{verb}")), &json!({"reason": "不应成功"}))
                .await?;
            assert_eq!(refused.status, 403, "{}: {verb}", person.me.username);
        }
    }
    assert_eq!(case.lead.get(&case.path("")).await?.json()["state"], "in_session");
    Ok(())
}
