//! The interface document against the routes.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context as _, Result};
use consilium_testkit::{Database, TestServer};
use reqwest::Method;
use serde_json::Value;

/// `(METHOD, path)` of every operation in the document.
pub(super) async fn operations(server: &TestServer) -> Result<Vec<(Method, String)>> {
    let document: Value = serde_json::from_slice(
        &server
            .http()?
            .get(format!("{}/api/v1/openapi.json", server.url))
            .send()
            .await?
            .bytes()
            .await?,
    )?;
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().context("paths")? {
        for method in item.as_object().context("operations")?.keys() {
            found.push((
                Method::from_bytes(method.to_uppercase().as_bytes())?,
                path.clone(),
            ));
        }
    }
    Ok(found)
}

/// Sources of the handlers.
fn sources() -> Result<Vec<(String, String)>> {
    let http = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../server/src");
    let mut found = vec![("http.rs".to_owned(), fs::read_to_string(http.join("http.rs"))?)];
    for entry in fs::read_dir(http.join("http"))? {
        let entry = entry?;
        if entry.path().extension().is_some_and(|e| e == "rs") {
            found.push((
                entry.file_name().to_string_lossy().into_owned(),
                fs::read_to_string(entry.path())?,
            ));
        }
    }
    Ok(found)
}

fn quoted_after<'a>(text: &'a str, mark: &str) -> Vec<&'a str> {
    text.split(mark)
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_in_the_document() -> Result<()> {
    let server = TestServer::start(Database::Sqlite).await?;
    let documented: BTreeSet<String> = operations(&server)
        .await?
        .into_iter()
        .map(|(_, path)| path)
        .collect();
    // The document and its page describe the interface and are not part of it; pages are for people.
    let undocumented = ["/api/v1/openapi.json", "/api/docs"];
    let mut handlers = 0;
    for (file, text) in sources()? {
        for path in quoted_after(&text, ".route(\"") {
            let for_programs = path.starts_with("/api/") || path.starts_with("/health") || path == "/metrics";
            assert!(
                !for_programs || documented.contains(path) || undocumented.contains(&path),
                "{file}: {path}"
            );
        }
        for attribute in text.split("#[utoipa::path(").skip(1) {
            let path = quoted_after(attribute, "path = \"")
                .into_iter()
                .next()
                .context("a path")?;
            assert!(
                documented.contains(path),
                "{file}: {path} has a handler but no route"
            );
            handlers += 1;
        }
    }
    assert_eq!(
        handlers,
        operations(&server).await?.len(),
        "each documented handler is routed once"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_route_answers_and_asks_who_one_is() -> Result<()> {
    let server = TestServer::start(Database::Sqlite).await?;
    let open = [
        "/health/live",
        "/health/ready",
        "/metrics",
        "/api/docs",
        "/api/v1/openapi.json",
    ];
    for (method, path) in operations(&server).await? {
        let address = path.split('/').map(|part| match part {
            "{frame}" => "0",
            part if part.starts_with('{') => "00000000-0000-0000-0000-000000000000",
            part => part,
        });
        let url = format!(
            "{}{}?version=1",
            server.url,
            address.collect::<Vec<_>>().join("/")
        );
        let request = server
            .http()?
            .request(method.clone(), url)
            .header("content-type", "application/json")
            .body("{}");
        let status = request.send().await?.status().as_u16();
        let expected: &[u16] = match path.as_str() {
            path if open.contains(&path) => &[200],
            // An incomplete sign-in; a room without an upgrade.
            "/api/v1/session" if method == Method::POST => &[400, 422],
            path if path.ends_with("/live") || path.ends_with("/live/notes") => &[400, 405, 426],
            // What is spoken is no secret.
            _ if method == Method::OPTIONS => &[204],
            _ => &[401],
        };
        assert!(expected.contains(&status), "{method} {path}: {status}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_says_what_is_needed() -> Result<()> {
    let server = TestServer::start(Database::Sqlite).await?;
    let reply = server
        .http()?
        .get(format!("{}/api/v1/openapi.json", server.url))
        .send()
        .await?;
    let document: Value = serde_json::from_slice(&reply.bytes().await?)?;
    assert!(document["openapi"].as_str().context("version")?.starts_with("3."));
    for (path, item) in document["paths"].as_object().context("paths")? {
        for (method, operation) in item.as_object().context("operations")? {
            assert!(
                operation["summary"].as_str().is_some_and(|s| !s.is_empty()),
                "{method} {path} has no summary"
            );
            assert!(
                operation["responses"].as_object().is_some_and(|r| !r.is_empty()),
                "{method} {path}"
            );
            let described: Vec<&str> = operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|p| p["name"].as_str())
                .collect();
            for name in path.split(['{', '}']).skip(1).step_by(2) {
                assert!(described.contains(&name), "{method} {path}: {name}");
            }
        }
    }
    let page = server
        .http()?
        .get(format!("{}/api/docs", server.url))
        .send()
        .await?
        .text()
        .await?;
    assert!(page.contains("/api/v1/consultations/{id}") && page.contains("consultation.wrong_state"));
    Ok(())
}
