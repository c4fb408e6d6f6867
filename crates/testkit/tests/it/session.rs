//! Signing in: one answer for every refusal, the lock, codes that work once, sessions that end.

use anyhow::Result;
use consilium_protocol::{codes, limits};
use consilium_testkit::{Reply, TestServer};
use serde_json::Value;

both!(five_failures_lock_for_an_hour, a_code_works_once);

/// All of an answer that could tell one refusal from another.
fn told(reply: &Reply) -> (u16, Vec<String>, Value) {
    let mut body = reply.json();
    if let Some(map) = body.as_object_mut() {
        map.remove("request_id");
    }
    let mut names: Vec<String> = reply.headers.keys().map(ToString::to_string).collect();
    names.sort();
    (reply.status, names, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_cannot_be_told_apart() -> Result<()> {
    let server = TestServer::start(consilium_testkit::Database::Sqlite).await?;
    let password = server.login("east.admin")?.password.clone();
    let code = |name: &str| server.fresh_code(name).unwrap();
    for _ in 0..5 {
        server.attempt("west.admin", "wrong", "000000").await?;
    }
    let wrong_code = if code("east.expert") == "111111" {
        "222222"
    } else {
        "111111"
    };
    let refusals = [
        server.attempt("nobody", &password, "123456").await?,
        server.attempt("east.admin", "wrong", &code("east.admin")).await?,
        server.attempt("east.admin", &password, wrong_code).await?,
        server.attempt("east.admin", &password, "12345").await?,
        server.attempt("east.admin", &password, "12345６").await?,
        server
            .attempt("west.admin", &password, &code("west.admin"))
            .await?,
    ];
    let first = told(&refusals[0]);
    assert_eq!(first.0, 401);
    for refusal in &refusals {
        assert_eq!(told(refusal), first);
        assert_eq!(refusal.problem()?.code, codes::SIGN_IN_REFUSED);
        assert!(refusal.header("set-cookie").is_none());
    }
    Ok(())
}

async fn five_failures_lock_for_an_hour(mut server: TestServer) -> Result<()> {
    let password = server.login("east.admin")?.password.clone();
    for _ in 0..limits::SIGN_IN_FAILURES_MAX {
        assert_eq!(
            server.attempt("EAST.admin ", "wrong", "000000").await?.status,
            401
        );
    }
    let right = async |server: &TestServer| -> Result<u16> {
        let code = server.fresh_code("east.admin").unwrap();
        Ok(server.attempt("east.admin", &password, &code).await?.status)
    };
    assert_eq!(right(&server).await?, 401, "locked");
    server.restart().await?;
    assert_eq!(right(&server).await?, 401, "locked after a restart");
    server.clock.advance_ms(limits::LOCK_MS - 120_000);
    assert_eq!(right(&server).await?, 401, "locked until the hour is over");
    server.clock.advance_ms(180_000);
    assert_eq!(right(&server).await?, 201, "free again");
    Ok(())
}

async fn a_code_works_once(server: TestServer) -> Result<()> {
    let password = server.login("lead.admin")?.password.clone();
    let code = server.fresh_code("lead.admin").unwrap();
    let (first, second) = tokio::join!(
        server.attempt("lead.admin", &password, &code),
        server.attempt("lead.admin", &password, &code),
    );
    let mut both = [first?.status, second?.status];
    both.sort_unstable();
    assert_eq!(both, [201, 401], "of two at once one is let in");
    assert_eq!(server.attempt("lead.admin", &password, &code).await?.status, 401);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_end() -> Result<()> {
    let mut server = TestServer::start(consilium_testkit::Database::Sqlite).await?;
    let person = server.client_as("lead.expert").await?;
    let who = person.get("/api/v1/session").await?;
    assert_eq!(who.json()["username"], "lead.expert");

    server.restart().await?;
    let person = person.at(&server)?;
    assert_eq!(
        person.get("/api/v1/session").await?.status,
        200,
        "a restart ends no session"
    );

    server.clock.advance_ms(limits::SESSION_IDLE_MS + 1000);
    assert_eq!(person.get("/api/v1/session").await?.status, 401, "idle too long");

    let person = server.client_as("lead.expert").await?;
    let cookie = person.cookie.clone();
    assert!(cookie.starts_with("__Host-session="));
    let out = person
        .send(person.request(reqwest::Method::DELETE, "/api/v1/session"))
        .await?;
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(person.get("/api/v1/session").await?.status, 401, "signed out");

    let person = server.client_as("lead.expert").await?;
    let mut left = limits::SESSION_ABSOLUTE_MS + 1000;
    while left > 0 {
        let step = left.min(limits::SESSION_IDLE_MS / 2);
        server.clock.advance_ms(step);
        left -= step;
        let expected = if left > 1000 { 200 } else { 401 };
        assert_eq!(
            person.get("/api/v1/session").await?.status,
            expected,
            "{left} ms left"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() -> Result<()> {
    let server = TestServer::start(consilium_testkit::Database::Sqlite).await?;
    let code = server.fresh_code("ops").unwrap();
    let reply = server
        .attempt("ops", &server.login("ops")?.password, &code)
        .await?;
    let cookie = reply.header("set-cookie").unwrap();
    for attribute in ["__Host-session=", "Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Domain"));
    let person = server.client_as("lead.admin").await?;
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let request = person
            .request(reqwest::Method::DELETE, "/api/v1/session")
            .header(name, value);
        let refused = person.send(request).await?;
        assert_eq!(
            (refused.status, refused.problem()?.code.as_str()),
            (403, codes::CROSS_SITE),
            "{name}: {value}"
        );
    }
    assert_eq!(person.get("/api/v1/session").await?.status, 200);
    Ok(())
}
