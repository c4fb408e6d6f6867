//! What the tests of requests, submissions and corrections share.

use anyhow::{Context as _, Result};
use consilium_storage::AuditFilter;
use consilium_testkit::{Case, Person, Reply, TestServer};
use serde_json::{Value, json};

/// A hospital laboratory's code.
pub(crate) const LABORATORY: &str = "12110000400686317H";

/// A laboratory result that is right.
pub(crate) fn lab(key: &str, result: &str) -> Value {
    json!({
        "kind": "lab",
        "key": key,
        "available_at": "2026-11-01T02:00:00Z",
        "elements": {
            "3.1": {"value": "血红蛋白"},
            "3.2": {"value": "718-7"},
            "3.3": {"value": result},
            "3.4": {"value": "g/L"},
            "3.5": {"value": "115-150"},
            "3.7": {"value": "2026-11-01T09:30:00+08:00"},
            "3.9": {"value": LABORATORY},
        },
    })
}

/// A case in preparation; both participants give laboratory data and images.
pub(crate) async fn preparing(server: &TestServer, number: usize) -> Result<Case> {
    let case = Case::draft(server, number).await?;
    case.act("invite").await?;
    let yes = json!({"answer": "accept", "can_provide": ["imaging", "lab_exam"]});
    for admin in [&case.east, &case.west] {
        admin.post(&case.path("/answer"), &yes).await?.ok()?;
    }
    Ok(case)
}

/// A form that asks `institution` for one category.
pub(crate) fn asking(institution: &Value, category: &str) -> Value {
    json!({
        "institution_id": institution,
        "items": [{"category": category, "description": "近一周血常规"}],
        "reason": "评估贫血程度",
    })
}

/// Sends a request for laboratory data to the east hospital.
pub(crate) async fn ask_east(case: &Case) -> Result<String> {
    let form = asking(&json!(case.east.me.institution.id), "lab_exam");
    let sent = case.lead.post(&case.path("/data-requests"), &form).await?.ok()?;
    id(&sent)
}

pub(crate) fn id(value: &Value) -> Result<String> {
    Ok(value["id"].as_str().context("an id")?.to_owned())
}

/// A verb of a request or a correction notice.
pub(crate) async fn verb(case: &Case, who: &Person, things: &str, id: &str, verb: &str) -> Result<Reply> {
    let body = json!({"reason": "测试所需的原因"});
    who.post(&case.path(&format!("/{things}/{id}/{verb}")), &body)
        .await
}

/// Gives rows.
pub(crate) async fn give(case: &Case, who: &Person, request: Option<&str>, rows: &[Value]) -> Result<Reply> {
    let body = json!({"request_id": request, "records": rows});
    who.post(&case.path("/submissions"), &body).await
}

/// Rows given for a verified request of the east hospital, and released.
pub(crate) async fn released(case: &Case, rows: &[Value]) -> Result<String> {
    let request = ask_east(case).await?;
    verb(case, &case.east, "data-requests", &request, "verify")
        .await?
        .ok()?;
    give(case, &case.east, Some(&request), rows).await?.ok()?;
    verb(case, &case.east, "data-requests", &request, "submit")
        .await?
        .ok()?;
    Ok(request)
}

/// One of a list as `who` sees it.
pub(crate) async fn seen(case: &Case, who: &Person, things: &str, id: &str) -> Result<Option<Value>> {
    let list = who.get(&case.path(&format!("/{things}"))).await?.ok()?;
    Ok(list
        .as_array()
        .context("a list")?
        .iter()
        .find(|thing| thing["id"] == id)
        .cloned())
}

/// The code of a refusal with its status.
pub(crate) fn refusal(reply: &Reply) -> Result<(u16, String)> {
    Ok((reply.status, reply.problem()?.code))
}

/// Whether an act with this result is in the audit log.
pub(crate) async fn audited(server: &TestServer, case: &Case, action: &str, result: &str) -> Result<bool> {
    let filter = AuditFilter {
        consultation: Some(case.consultation()?),
        ..AuditFilter::default()
    };
    let events = server
        .app()?
        .store
        .reader()
        .audit_page(filter, None, 1_000)
        .await?;
    Ok(events
        .into_iter()
        .map(|event| event.into_fields())
        .any(|event| event.action == action && event.result == result))
}

/// Kinds of the notices somebody has.
pub(crate) async fn told(who: &Person) -> Result<Vec<String>> {
    let list = who.get("/api/v1/notices?limit=200").await?.ok()?;
    Ok(list["items"]
        .as_array()
        .context("items")?
        .iter()
        .filter_map(|notice| notice["kind"].as_str().map(str::to_owned))
        .collect())
}
