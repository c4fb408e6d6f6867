//! The audit log over the interface: complete, scoped, and broken only visibly.

use anyhow::{Context as _, Result};
use consilium_testkit::{Case, TestServer};
use sea_orm::ConnectionTrait as _;
use serde_json::Value;

both!(every_act_leaves_a_whole_record, a_changed_row_is_found);

async fn events(server: &TestServer, username: &str) -> Result<Vec<Value>> {
    let person = server.client_as(username).await?;
    let mut all = Vec::new();
    let mut next = String::new();
    loop {
        let page = person
            .get(&format!("/api/v1/audit-events?limit=50{next}"))
            .await?
            .ok()?;
        let items = page["items"].as_array().context("items")?;
        all.extend(items.iter().cloned());
        match page["next_cursor"].as_i64() {
            Some(cursor) if !items.is_empty() => next = format!("&cursor={cursor}"),
            _ => break,
        }
    }
    Ok(all)
}

async fn every_act_leaves_a_whole_record(server: TestServer) -> Result<()> {
    let case = Case::in_session(&server, 12).await?;
    case.lead
        .post(&case.path("/start"), &serde_json::json!({}))
        .await?;
    server.attempt("nobody", "wrong", "000000").await?;
    server.client_as("ops").await?.get(&case.path("")).await?;
    let all = events(&server, "auditor").await?;
    let happened =
        |action: &str, result: &str| all.iter().any(|e| e["action"] == action && e["result"] == result);
    for (action, result) in [
        ("session.sign_in", "ok"),
        ("session.sign_in", "session.refused"),
        ("consultation.create", "ok"),
        ("consultation.invite", "ok"),
        ("invitation.send", "ok"),
        ("invitation.answer", "ok"),
        ("image.upload", "ok"),
        ("consultation.ready", "ok"),
        ("consultation.start", "ok"),
        ("consultation.start", "consultation.wrong_state"),
        ("access.refused.read", "not_found"),
    ] {
        assert!(happened(action, result), "{action} {result}");
    }
    for event in &all {
        for field in ["at", "operator", "action", "target", "result", "ip", "device"] {
            assert!(
                !event[field].is_null() && event[field] != "",
                "{field} of {event}"
            );
        }
        let text = event.to_string();
        for secret in [&case.patient.name, &case.patient.id_number, &case.patient.phone] {
            assert!(!text.contains(secret.as_str()), "{text}");
        }
    }
    let own = events(&server, "east.admin").await?;
    let home = case.east.me.institution.id.to_string();
    assert!(!own.is_empty() && own.iter().all(|e| e["institution"] == home.as_str()));
    let expert = server.client_as("lead.expert").await?;
    assert_eq!(expert.get("/api/v1/audit-events").await?.status, 403);
    Ok(())
}

async fn a_changed_row_is_found(server: TestServer) -> Result<()> {
    Case::draft(&server, 13).await?;
    let store = &server.app()?.store;
    let execute = async |statement: &str| store.connections()[0].execute_unprepared(statement).await;
    assert!(store.reader().verify_audit().await?.is_ok());
    execute("UPDATE audit SET result = 'no' WHERE seq = 4").await?;
    let broken = store.reader().verify_audit().await?.unwrap_err();
    assert!(broken.to_string().contains('4'), "{broken}");
    execute("UPDATE audit SET result = 'ok' WHERE seq = 4").await?;
    assert!(store.reader().verify_audit().await?.is_ok());
    execute("DELETE FROM audit WHERE seq = (SELECT MAX(seq) FROM audit)").await?;
    assert!(store.reader().verify_audit().await?.is_err(), "a missing tail");
    Ok(())
}
