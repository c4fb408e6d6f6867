//! What every answer shares: headers, TLS 1.3, problems in two languages.

use std::process::Stdio;

use anyhow::Result;
use consilium_protocol::codes;
use consilium_testkit::{Database, TestServer};
use reqwest::Method;
use tokio::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_headers() -> Result<()> {
    let server = TestServer::start(Database::Sqlite).await?;
    let person = server.client_as("lead.admin").await?;
    for path in [
        "/",
        "/sign-in",
        "/api/v1/session",
        "/api/v1/consultations",
        "/api/docs",
        "/health/live",
        "/nowhere",
        "/api/v1/nowhere",
        "/metrics",
    ] {
        let reply = person.get(path).await?;
        let header = |name: &str| {
            reply
                .header(name)
                .unwrap_or_else(|| panic!("{path} has no {name}"))
                .to_owned()
        };
        let policy = header("content-security-policy");
        assert!(
            !policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"),
            "{policy}"
        );
        for part in [
            "default-src 'none'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(header("strict-transport-security").contains("max-age="));
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "same-origin");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(header("cache-control"), "no-store", "{path}");
        assert_eq!(header("x-request-id").len(), 32);
        assert!(reply.header("server").is_none());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_have_no_inline_script_or_style() -> Result<()> {
    let server = TestServer::start(Database::Sqlite).await?;
    let person = server.client_as("lead.admin").await?;
    for path in ["/", "/consultations/new", "/sign-in", "/nowhere"] {
        let html = person.get(path).await?.text();
        assert!(
            !html.contains("<style") && !html.contains(" style=") && !html.contains(" onclick="),
            "{path}"
        );
        for tag in html.split("<script").skip(1) {
            let open = tag.split('>').next().unwrap_or_default();
            assert!(
                open.contains("src=") || open.contains("application/json"),
                "{path}: <script{open}>"
            );
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_tls_1_3_is_spoken() -> Result<()> {
    let server = TestServer::start(Database::Sqlite).await?;
    for (version, spoken) in [("-tls1_2", false), ("-tls1_1", false), ("-tls1_3", true)] {
        let done = Command::new("openssl")
            .args([
                "s_client",
                "-connect",
                &server.address.to_string(),
                version,
                "-servername",
                "localhost",
                "-verify_return_error",
                "-CAfile",
            ])
            .arg(&server.authority)
            .stdin(Stdio::null())
            .output()
            .await?;
        let said =
            String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.success(), spoken, "{version}: {said}");
        assert!(
            !spoken || said.contains("Verify return code: 0 (ok)"),
            "{version}: {said}"
        );
    }
    // Plain HTTP gets no answer.
    let mut plain = tokio::net::TcpStream::connect(server.address).await?;
    tokio::io::AsyncWriteExt::write_all(&mut plain, b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await?;
    let mut answer = Vec::new();
    // A reset is as good as an end.
    drop(tokio::io::AsyncReadExt::read_to_end(&mut plain, &mut answer).await);
    assert!(
        !answer.starts_with(b"HTTP"),
        "{:?}",
        String::from_utf8_lossy(&answer)
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_problems_in_the_readers_language() -> Result<()> {
    let server = TestServer::start(Database::Sqlite).await?;
    let person = server.client_as("lead.admin").await?;
    let none = "/api/v1/consultations/00000000-0000-0000-0000-000000000000";
    let big = vec![b' '; 300 * 1024];
    for (method, path, kind, body, status, code) in [
        (Method::GET, "/api/v1/nowhere", "", vec![], 404, codes::NOT_FOUND),
        (Method::GET, none, "", vec![], 404, codes::NOT_FOUND),
        (
            Method::DELETE,
            "/api/v1/consultations",
            "",
            vec![],
            405,
            codes::METHOD,
        ),
        (
            Method::POST,
            "/api/v1/consultations",
            "text/plain",
            b"{}".to_vec(),
            415,
            codes::MEDIA_TYPE,
        ),
        (
            Method::POST,
            "/api/v1/consultations",
            "application/json",
            b"{".to_vec(),
            400,
            codes::MALFORMED,
        ),
        (
            Method::POST,
            "/api/v1/consultations",
            "application/json",
            big,
            413,
            codes::TOO_LARGE,
        ),
        (
            Method::GET,
            "/api/v1/consultations/not-an-id",
            "",
            vec![],
            400,
            codes::MALFORMED,
        ),
        (
            Method::GET,
            "/api/v1/consultations?cursor=x",
            "",
            vec![],
            422,
            codes::INVALID,
        ),
        (
            Method::GET,
            "/api/v1/audit-events?limit=x",
            "",
            vec![],
            400,
            codes::MALFORMED,
        ),
    ] {
        let mut titles = Vec::new();
        for language in ["zh-CN", "en"] {
            let mut request = person
                .request(method.clone(), path)
                .header("accept-language", language)
                .body(body.clone());
            if !kind.is_empty() {
                request = request.header("content-type", kind);
            }
            let reply = person.send(request).await?;
            let problem = reply.problem()?;
            assert_eq!(
                (reply.status, problem.code.as_str()),
                (status, code),
                "{method} {path}"
            );
            assert_eq!(problem.kind, format!("about:blank#{code}"));
            assert_eq!(Some(problem.request_id.as_str()), reply.header("x-request-id"));
            titles.push(problem.title);
        }
        assert!(
            !titles[0].is_ascii() && titles[1].is_ascii() && !titles[1].is_empty(),
            "{titles:?}"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_machine_can_be_watched_without_patient_data() -> Result<()> {
    let server = TestServer::start(Database::Sqlite).await?;
    let case = consilium_testkit::Case::in_session(&server, 3).await?;
    let anybody = server.http()?;
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(
            anybody
                .get(format!("{}{path}", server.url))
                .send()
                .await?
                .status(),
            200,
            "{path}"
        );
    }
    let metrics = anybody
        .get(format!("{}/metrics", server.url))
        .send()
        .await?
        .text()
        .await?;
    assert!(metrics.contains("consilium_http_seconds") && metrics.contains("consilium_room_connections"));
    for secret in [
        &case.patient.name,
        &case.patient.id_number,
        &case.patient.phone,
        &case.id,
    ] {
        assert!(!metrics.contains(secret.as_str()));
    }
    Ok(())
}
