//! Resumable uploads by tus 1.0.0.

use anyhow::{Context as _, Result};
use consilium_domain::canonical::sha256_hex;
use consilium_protocol::{codes, limits, upload::Upload};
use consilium_server::services::uploads;
use consilium_storage::AuditFilter;
use consilium_testkit::{Case, Person, Reply, TestServer, phantom};
use data_encoding::{BASE64, HEXLOWER};
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

pub(super) const UPLOADS: &str = "/api/v1/uploads";

both!(
    bytes_come_in_pieces_and_count_once,
    what_is_not_the_protocol_is_refused,
    parts_become_one,
    a_sender_that_breaks_off_or_hangs_loses_nothing,
    what_is_over_goes,
    limits_hold,
);

pub(super) fn tus(person: &Person, method: Method, path: &str) -> RequestBuilder {
    person.request(method, path).header("tus-resumable", "1.0.0")
}

pub(super) fn metadata(case: &Case, purpose: &str, more: &[(&str, &str)]) -> String {
    let pairs = [("consultation", case.id.as_str()), ("purpose", purpose)];
    let pair = |(key, value): &(&str, &str)| format!("{key} {}", BASE64.encode(value.as_bytes()));
    pairs.iter().chain(more).map(pair).collect::<Vec<_>>().join(",")
}

/// Announces an upload.
pub(super) async fn announce(person: &Person, length: usize, metadata: &str) -> Result<Reply> {
    let request = tus(person, Method::POST, UPLOADS)
        .header("upload-length", length)
        .header("upload-metadata", metadata);
    person.send(request).await
}

/// The address of what was announced.
pub(super) fn address(reply: &Reply) -> Result<String> {
    assert_eq!(reply.status, 201, "{}", reply.text());
    assert_eq!(reply.header("tus-resumable"), Some("1.0.0"));
    assert!(
        reply
            .header("upload-expires")
            .is_some_and(|at| at.ends_with("GMT"))
    );
    Ok(reply.header("location").context("an address")?.to_owned())
}

pub(super) async fn patch(person: &Person, at: &str, offset: usize, bytes: &[u8]) -> Result<Reply> {
    person.send(patching(person, at, offset, bytes)).await
}

pub(super) fn patching(person: &Person, at: &str, offset: usize, bytes: &[u8]) -> RequestBuilder {
    tus(person, Method::PATCH, at)
        .header("upload-offset", offset)
        .header("content-type", "application/offset+octet-stream")
        .body(bytes.to_vec())
}

pub(super) fn sha256(bytes: &[u8]) -> Result<String> {
    let digest = HEXLOWER.decode(sha256_hex(bytes).as_bytes())?;
    Ok(format!("sha256 {}", BASE64.encode(&digest)))
}

/// Where the upload stands by the protocol.
pub(super) async fn offset(person: &Person, at: &str) -> Result<usize> {
    let head = person.send(tus(person, Method::HEAD, at)).await?;
    assert_eq!(head.status, 200);
    assert_eq!(head.header("cache-control"), Some("no-store"));
    Ok(head.header("upload-offset").context("an offset")?.parse()?)
}

pub(super) async fn read(person: &Person, at: &str) -> Result<Upload> {
    Ok(serde_json::from_value(person.get(at).await?.ok()?)?)
}

/// Announces and sends in one piece.
pub(super) async fn send(person: &Person, bytes: &[u8], metadata: &str) -> Result<(String, Upload)> {
    let at = address(&announce(person, bytes.len(), metadata).await?)?;
    let reply = patch(person, &at, 0, bytes).await?;
    assert_eq!(reply.status, 204, "{}", reply.text());
    let upload = read(person, &at).await?;
    Ok((at, upload))
}

pub(super) fn refused(reply: &Reply, status: u16, code: &str) -> Result<()> {
    assert_eq!((reply.status, reply.problem()?.code.as_str()), (status, code));
    assert_eq!(reply.header("tus-resumable"), Some("1.0.0"));
    Ok(())
}

/// Results of an action over all uploads, oldest first.
pub(super) async fn audited(server: &TestServer, action: &str) -> Result<Vec<String>> {
    let filter = AuditFilter {
        action_prefix: Some(action.to_owned()),
        ..AuditFilter::default()
    };
    let page = server
        .app()?
        .store
        .reader()
        .audit_page(filter, None, 1_000)
        .await?;
    Ok(page.into_iter().rev().map(|r| r.into_fields().result).collect())
}

pub(super) async fn instances(case: &Case) -> Result<usize> {
    let series = case.lead.get(&case.path("/series")).await?.ok()?;
    Ok(series
        .as_array()
        .context("a list")?
        .iter()
        .filter_map(|s| s["instances"].as_array())
        .map(Vec::len)
        .sum())
}

async fn bytes_come_in_pieces_and_count_once(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 1).await?;
    let lead = &case.lead;
    let file = phantom(&case.patient.record_number, 1, 1)?.remove(0);
    let about = metadata(&case, "dicom", &[("filename", "IM0001")]);
    let at = address(&announce(lead, file.len(), &about).await?)?;
    assert_eq!(offset(lead, &at).await?, 0);
    let third = file.len() / 3;
    let reply = patch(lead, &at, 0, &file[..third]).await?;
    assert_eq!(reply.status, 204, "{}", reply.text());
    assert_eq!(reply.header("upload-offset"), Some(third.to_string().as_str()));
    assert_eq!(
        instances(&case).await?,
        0,
        "nothing is visible before it is whole"
    );

    refused(
        &patch(lead, &at, 0, &file[..third]).await?,
        409,
        codes::UPLOAD_OFFSET,
    )?;
    let damaged = patching(lead, &at, third, &file[third + 1..third * 2 + 1])
        .header("upload-checksum", sha256(&file[third..third * 2])?);
    refused(&lead.send(damaged).await?, 460, codes::UPLOAD_CHECKSUM)?;
    assert_eq!(offset(lead, &at).await?, third, "nothing damaged was kept");
    let sound = patching(lead, &at, third, &file[third..third * 2])
        .header("upload-checksum", sha256(&file[third..third * 2])?);
    assert_eq!(lead.send(sound).await?.status, 204);
    let head = lead.send(tus(lead, Method::HEAD, &at)).await?;
    assert_eq!(
        head.header("upload-length"),
        Some(file.len().to_string().as_str())
    );
    assert_eq!(head.header("upload-metadata"), Some(about.as_str()));
    assert_eq!(read(lead, &at).await?.state.code(), "open");

    let mut more = file[third * 2..].to_vec();
    more.push(0);
    refused(&patch(lead, &at, third * 2, &more).await?, 413, codes::TOO_LARGE)?;
    more.pop();
    assert_eq!(patch(lead, &at, third * 2, &more).await?.status, 204);
    let done = read(lead, &at).await?;
    assert_eq!((done.state.code(), done.offset), ("stored", done.length));
    let result = done.result.context("a result")?;
    assert_eq!(result["sha256"], sha256_hex(&file));
    assert_eq!(instances(&case).await?, 1);
    assert_eq!(
        offset(lead, &at).await?,
        file.len(),
        "a sender that lost the answer learns that all is there"
    );

    // Strangers find nothing, not even in the own institution.
    let operator = server.client_as("lead.operator").await?;
    for stranger in [&case.east, &operator] {
        assert_eq!(stranger.send(tus(stranger, Method::HEAD, &at)).await?.status, 404);
        refused(&patch(stranger, &at, 0, b"x").await?, 404, codes::NOT_FOUND)?;
        assert_eq!(stranger.get(&at).await?.status, 404);
        assert_eq!(
            stranger.send(tus(stranger, Method::DELETE, &at)).await?.status,
            404
        );
        assert_eq!(stranger.get(UPLOADS).await?.json(), json!([]));
    }
    let listed = lead
        .get(&format!("{UPLOADS}?consultation={}", case.id))
        .await?
        .json();
    assert_eq!(listed[0]["filename"], "IM0001");

    assert_eq!(lead.send(tus(lead, Method::DELETE, &at)).await?.status, 204);
    assert_eq!(lead.send(tus(lead, Method::HEAD, &at)).await?.status, 410);
    refused(&lead.get(&at).await?, 410, codes::UPLOAD_GONE)?;
    assert_eq!(instances(&case).await?, 1, "what was taken stays");
    for action in ["upload.create", "upload.complete", "upload.terminate"] {
        assert_eq!(audited(&server, action).await?, ["ok"], "{action}");
    }
    Ok(())
}

async fn what_is_not_the_protocol_is_refused(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 2).await?;
    let lead = &case.lead;
    let options = server
        .http()?
        .request(Method::OPTIONS, format!("{}{UPLOADS}", server.url))
        .send()
        .await?;
    assert_eq!(options.status().as_u16(), 204);
    let header = |name: &str| options.headers().get(name).and_then(|v| v.to_str().ok());
    assert_eq!(header("tus-version"), Some("1.0.0"));
    assert_eq!(
        header("tus-extension"),
        Some("creation,creation-with-upload,checksum,expiration,termination,concatenation")
    );
    assert_eq!(header("tus-checksum-algorithm"), Some("sha256,sha1"));
    assert_eq!(
        header("tus-max-size"),
        Some(limits::DICOM_BODY_BYTES.to_string().as_str())
    );

    let form = metadata(&case, "consent_form", &[]);
    let at = address(&announce(lead, 10, &form).await?)?;
    for (method, path) in [
        (Method::POST, UPLOADS),
        (Method::PATCH, at.as_str()),
        (Method::DELETE, at.as_str()),
        (Method::HEAD, at.as_str()),
    ] {
        for version in [None, Some("0.2.2")] {
            let mut request = lead.request(method.clone(), path);
            if let Some(version) = version {
                request = request.header("tus-resumable", version);
            }
            let reply = lead.send(request).await?;
            assert_eq!(reply.status, 412, "{method}");
            assert_eq!(reply.header("tus-version"), Some("1.0.0"));
        }
    }
    let one = |name: &'static str, value: &str| tus(lead, Method::POST, UPLOADS).header(name, value);
    for (request, status, code) in [
        (one("upload-metadata", &form), 400, codes::MALFORMED),
        (
            one("upload-length", "-1").header("upload-metadata", &form),
            400,
            codes::MALFORMED,
        ),
        (
            one("upload-length", "10").header("upload-metadata", "a ?"),
            400,
            codes::MALFORMED,
        ),
        (
            one("upload-defer-length", "1").header("upload-metadata", &form),
            400,
            codes::MALFORMED,
        ),
        (one("upload-length", "10"), 422, codes::INVALID),
        (
            one("upload-length", "10").header("upload-metadata", metadata(&case, "submission", &[])),
            422,
            codes::INVALID,
        ),
        (
            one("upload-length", &(limits::CONSENT_FORM_BYTES + 1).to_string())
                .header("upload-metadata", &form),
            413,
            codes::TOO_LARGE,
        ),
        (
            tus(lead, Method::PATCH, &at)
                .header("upload-offset", "0")
                .body("x"),
            415,
            codes::MEDIA_TYPE,
        ),
        (
            tus(lead, Method::PATCH, &at)
                .header("content-type", "application/offset+octet-stream")
                .body("x"),
            400,
            codes::MALFORMED,
        ),
        (
            patching(lead, &at, 0, b"x").header("upload-checksum", "md5 XrY7u+Ae7tCTyyK7j1rNww=="),
            400,
            codes::MALFORMED,
        ),
        (patching(lead, &at, 0, b"more than ten"), 413, codes::TOO_LARGE),
        (tus(lead, Method::POST, &at), 405, codes::METHOD),
        (
            patching(lead, &at, 0, b"x").header("origin", "https://evil.example"),
            403,
            codes::CROSS_SITE,
        ),
        (
            tus(lead, Method::DELETE, &at).header("sec-fetch-site", "cross-site"),
            403,
            codes::CROSS_SITE,
        ),
    ] {
        let reply = lead.send(request).await?;
        assert_eq!(
            (reply.status, reply.problem()?.code.as_str()),
            (status, code),
            "{}",
            reply.text()
        );
    }
    assert_eq!(offset(lead, &at).await?, 0);

    // Who may not do it directly may not begin; senders that can only POST say what they mean.
    let east = announce(&case.east, 10, &form).await?;
    refused(&east, 404, codes::NOT_FOUND)?;
    let auditor = server.client_as("auditor").await?;
    let part = tus(&auditor, Method::POST, UPLOADS)
        .header("upload-length", 1)
        .header("upload-concat", "partial");
    refused(&auditor.send(part).await?, 403, codes::FORBIDDEN)?;
    let instead = tus(lead, Method::POST, &at)
        .header("x-http-method-override", "PATCH")
        .header("upload-offset", 0)
        .header("content-type", "application/offset+octet-stream")
        .body("%PDF-");
    assert_eq!(lead.send(instead).await?.status, 204);
    assert_eq!(offset(lead, &at).await?, 5);
    let instead = tus(lead, Method::POST, &at).header("x-http-method-override", "DELETE");
    assert_eq!(lead.send(instead).await?.status, 204);
    refused(&patch(lead, &at, 5, b"1.7\n.").await?, 410, codes::UPLOAD_GONE)
}

async fn parts_become_one(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 4).await?;
    let lead = &case.lead;
    let file = phantom(&case.patient.record_number, 1, 1)?.remove(0);
    let half = file.len() / 2;
    let mut parts = Vec::new();
    for bytes in [&file[..half], &file[half..]] {
        let request = tus(lead, Method::POST, UPLOADS)
            .header("upload-length", bytes.len())
            .header("upload-concat", "partial");
        parts.push(address(&lead.send(request).await?)?);
    }
    let about = metadata(&case, "dicom", &[("filename", "IM0002")]);
    let join = async |person: &Person, parts: &[String]| {
        let request = tus(person, Method::POST, UPLOADS)
            .header("upload-concat", format!("final;{}", parts.join(" ")))
            .header("upload-metadata", &about);
        person.send(request).await
    };
    assert_eq!(patch(lead, &parts[0], 0, &file[..half]).await?.status, 204);
    refused(&join(lead, &parts).await?, 409, codes::UPLOAD_PARTS)?;
    assert_eq!(
        read(lead, &parts[0]).await?.state.code(),
        "received",
        "a refusal uses nothing up"
    );
    assert_eq!(patch(lead, &parts[1], 0, &file[half..]).await?.status, 204);
    let operator = server.client_as("lead.operator").await?;
    refused(&join(&operator, &parts).await?, 409, codes::UPLOAD_PARTS)?;
    let twice = [parts[0].clone(), parts[0].clone()];
    refused(&join(lead, &twice).await?, 409, codes::UPLOAD_PARTS)?;

    let absolute: Vec<String> = parts.iter().map(|part| format!("{}{part}", server.url)).collect();
    let at = address(&join(lead, &absolute).await?)?;
    let whole = read(lead, &at).await?;
    assert_eq!((whole.state.code(), whole.kind.code()), ("stored", "final"));
    assert_eq!(whole.result.context("a result")?["sha256"], sha256_hex(&file));
    assert_eq!(instances(&case).await?, 1);
    let head = lead.send(tus(lead, Method::HEAD, &at)).await?;
    let concat = format!("final;{}", parts.join(" "));
    assert_eq!(head.header("upload-concat"), Some(concat.as_str()));
    assert_eq!(
        head.header("upload-offset"),
        Some(file.len().to_string().as_str())
    );
    refused(
        &patch(lead, &at, file.len(), b"").await?,
        403,
        codes::UPLOAD_FINAL,
    )?;
    refused(&join(lead, &parts).await?, 409, codes::UPLOAD_PARTS)?;
    assert_eq!(lead.get(&parts[0]).await?.status, 410, "used up");
    assert!(
        !server
            .folder
            .path()
            .join("files/uploads")
            .read_dir()?
            .any(|_| true)
    );
    Ok(())
}

/// Sends the head of a `PATCH` of `file` from `offset` and the bytes up to `until` only.
async fn part_of_a_patch(
    server: &TestServer,
    person: &Person,
    at: &str,
    file: &[u8],
    offset: usize,
    until: usize,
) -> Result<impl AsyncRead + AsyncWrite + Unpin + use<>> {
    let mut connection = server.connect().await?;
    let head = format!(
        "PATCH {at} HTTP/1.1\r\nhost: localhost\r\ncookie: {}\r\ntus-resumable: 1.0.0\r\nupload-offset: {offset}\r\n\
         content-type: application/offset+octet-stream\r\ncontent-length: {}\r\n\r\n",
        person.cookie,
        file.len() - offset
    );
    connection.write_all(head.as_bytes()).await?;
    connection.write_all(&file[offset..until]).await?;
    connection.flush().await?;
    Ok(connection)
}

/// Waits until this much is durable.
async fn stands(person: &Person, at: &str, bytes: usize) -> Result<()> {
    while usize::try_from(read(person, at).await?.offset)? < bytes {
        tokio::task::yield_now().await;
    }
    Ok(())
}

async fn a_sender_that_breaks_off_or_hangs_loses_nothing(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 9).await?;
    let lead = &case.lead;
    let piece = limits::UPLOAD_PIECE_BYTES;
    let mut file = b"%PDF-1.7\n".to_vec();
    file.extend((0..3 * piece).map(|n| u8::try_from(n % 251).unwrap_or(0)));
    let at = address(&announce(lead, file.len(), &metadata(&case, "consent_form", &[])).await?)?;

    // Broken off in the second piece: all that arrived is kept.
    let sent = piece + piece / 2;
    let mut broken = part_of_a_patch(&server, lead, &at, &file, 0, sent).await?;
    broken.shutdown().await?;
    // The other side closes when it has noticed; what it says does not matter.
    drop(broken.read_to_end(&mut Vec::new()).await);
    stands(lead, &at, sent).await?;
    assert_eq!(offset(lead, &at).await?, sent);

    // Hanging with bytes outstanding: whoever asks for the offset ends it, and the offset holds.
    let until = sent + piece + piece / 4;
    let hanging = part_of_a_patch(&server, lead, &at, &file, sent, until).await?;
    stands(lead, &at, sent + piece).await?;
    let held = offset(lead, &at).await?;
    assert!(held >= sent + piece && held <= until, "{held}");
    assert_eq!(offset(lead, &at).await?, held);
    assert_eq!(patch(lead, &at, held, &file[held..]).await?.status, 204);
    drop(hanging);
    assert_eq!(read(lead, &at).await?.state.code(), "stored");
    let kept = lead.get(&case.path("/consent/form")).await?;
    assert!(kept.body == file, "put together from pieces of many sizes");
    Ok(())
}

async fn what_is_over_goes(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 7).await?;
    let about = metadata(&case, "dicom", &[("filename", "IM0001")]);
    let at = address(&announce(&case.lead, 1_000, &about).await?)?;
    assert_eq!(patch(&case.lead, &at, 0, &[7; 500]).await?.status, 204);
    let folder = server.folder.path().join("files/uploads");
    assert_eq!(folder.read_dir()?.count(), 1);
    let (no, _) = send(&case.lead, b"not an image", &about).await?;
    server.clock.advance_ms(limits::UPLOAD_MS - 30 * 60 * 1000);
    let lead = server.client_as("lead.admin").await?;
    assert_eq!(
        read(&lead, &no).await?.state.code(),
        "refused",
        "the answer stays readable"
    );
    server.clock.advance_ms(30 * 60 * 1000);
    refused(&patch(&lead, &at, 500, &[7; 500]).await?, 410, codes::UPLOAD_GONE)?;
    let app = server.app()?;
    uploads::expire(app).await?;
    assert_eq!(folder.read_dir()?.count(), 0, "its bytes are gone");
    refused(&lead.get(&no).await?, 410, codes::UPLOAD_GONE)?;
    assert_eq!(audited(&server, "upload.expire").await?, ["ok", "ok"]);
    assert_eq!(lead.get(UPLOADS).await?.json(), json!([]));
    server.clock.advance_ms(limits::UPLOAD_REMEMBERED_MS);
    uploads::expire(app).await?;
    let lead = server.client_as("lead.admin").await?;
    refused(&lead.get(&at).await?, 404, codes::NOT_FOUND)
}

async fn limits_hold(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 8).await?;
    let lead = &case.lead;
    let about = metadata(&case, "dicom", &[]);
    let mut first = None;
    let largest = limits::UPLOADS_ACCOUNT_BYTES / u64::try_from(limits::DICOM_BODY_BYTES)?;
    for n in 0..largest {
        let reply = announce(lead, limits::DICOM_BODY_BYTES, &about).await?;
        assert_eq!(reply.status, 201, "{n}");
        first = first.or(reply.header("location").map(str::to_owned));
    }
    refused(&announce(lead, 1, &about).await?, 429, codes::UPLOAD_NO_ROOM)?;
    let first = first.context("an upload")?;
    assert_eq!(lead.send(tus(lead, Method::DELETE, &first)).await?.status, 204);
    for _ in largest - 1..limits::UPLOADS_PER_ACCOUNT {
        assert_eq!(announce(lead, 1, &about).await?.status, 201);
    }
    refused(&announce(lead, 1, &about).await?, 429, codes::UPLOAD_TOO_MANY)?;
    // Another account has its own.
    let operator = server.client_as("lead.operator").await?;
    assert_eq!(announce(&operator, 1, &about).await?.status, 201);
    Ok(())
}
