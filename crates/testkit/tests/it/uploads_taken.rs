//! What becomes of the content of a complete upload, and that a kill takes nothing away.

use anyhow::{Context as _, Result};
use consilium_protocol::{codes, limits};
use consilium_server::{services::uploads, state::App};
use consilium_testkit::{Case, Process, TestServer, phantom};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    data::lab,
    process,
    uploads::{
        UPLOADS, address, announce, audited, instances, metadata, offset, patch, read, refused, send, sha256,
        tus,
    },
};

both!(
    contents_take_the_way_of_the_direct_route,
    an_unconfirmed_patient_can_be_confirmed_without_sending_again,
    a_crash_between_act_and_answer_does_nothing_twice,
);

async fn contents_take_the_way_of_the_direct_route(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 3).await?;
    let lead = &case.lead;
    let consent = |file: &str| {
        let pair = [("filename", file)];
        metadata(&case, "consent_form", &pair)
    };
    let (_, form) = send(lead, b"%PDF-1.7\nsigned", &consent("同意书.pdf")).await?;
    assert_eq!(form.state.code(), "stored");
    assert_eq!(form.filename, "同意书.pdf");
    let kept = lead.get(&case.path("/consent/form")).await?;
    assert_eq!(kept.body, b"%PDF-1.7\nsigned");

    let rows = json!({"records": [lab("A-1", "128"), lab("A-2", "131")]}).to_string();
    let json_rows = metadata(&case, "submission", &[("filetype", "application/json")]);
    let (_, given) = send(lead, rows.as_bytes(), &json_rows).await?;
    let result = given.result.context("a result")?;
    assert_eq!(given.state.code(), "stored", "{result}");
    assert_eq!(result["stored"], 2);
    let listed = lead.get(&case.path("/submissions")).await?.ok()?;
    assert_eq!(listed[0]["id"], result["id"]);

    // Refused contents keep their answer, in the reader's language, and leave no bytes.
    let dicom = metadata(&case, "dicom", &[("filename", "notes.txt")]);
    for (about, bytes, code) in [
        (&dicom, &b"not an image"[..], codes::DICOM_NOT_DICOM),
        (&dicom, b"", codes::DICOM_NOT_DICOM),
        (&consent("a.html"), b"<html>", codes::CONSENT_FORM_TYPE),
        (&json_rows, b"{\"records\": []}", codes::SUBMISSION_EMPTY),
    ] {
        let at = address(&announce(lead, bytes.len(), about).await?)?;
        if !bytes.is_empty() {
            assert_eq!(patch(lead, &at, 0, bytes).await?.status, 204);
        }
        let refused = read(lead, &at).await?;
        let problem = refused.problem.context("a problem")?;
        assert_eq!((refused.state.code(), problem.code.as_str()), ("refused", code));
        assert!(!problem.title.is_empty() && problem.request_id.len() == 32);
    }
    assert_eq!(
        audited(&server, "upload.refuse").await?,
        [
            codes::DICOM_NOT_DICOM,
            codes::DICOM_NOT_DICOM,
            codes::CONSENT_FORM_TYPE,
            codes::SUBMISSION_EMPTY
        ]
    );
    // With the bytes along with the announcement.
    let png = b"\x89PNG\r\n\x1a\nscan";
    let along = tus(lead, Method::POST, UPLOADS)
        .header("upload-length", png.len())
        .header("upload-metadata", consent("a.png"))
        .header("content-type", "application/offset+octet-stream")
        .header("upload-checksum", sha256(png)?)
        .body(png.to_vec());
    let reply = lead.send(along).await?;
    let at = address(&reply)?;
    assert_eq!(
        reply.header("upload-offset"),
        Some(png.len().to_string().as_str())
    );
    assert_eq!(read(lead, &at).await?.state.code(), "stored");
    assert!(
        !server
            .folder
            .path()
            .join("files/uploads")
            .read_dir()?
            .any(|_| true),
        "bytes are left"
    );

    // Rights are asked for again when the content is taken.
    let at = address(&announce(lead, 9, &consent("late.pdf")).await?)?;
    server
        .app()?
        .store
        .tamper("UPDATE accounts SET role = 'reviewer' WHERE username = 'lead.admin'")
        .await?;
    assert_eq!(patch(lead, &at, 0, b"%PDF-1.7\n").await?.status, 204);
    let late = read(lead, &at).await?;
    assert_eq!(late.state.code(), "refused");
    assert_eq!(late.problem.context("a problem")?.code, codes::NOT_FOUND);
    Ok(())
}

async fn an_unconfirmed_patient_can_be_confirmed_without_sending_again(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 5).await?;
    let stranger = phantom("SOMEBODY-ELSE", 2, 2)?;
    let about = metadata(&case, "dicom", &[("filename", "a.dcm")]);
    let (at, asked) = send(&case.lead, &stranger[0], &about).await?;
    assert_eq!(asked.state.code(), "unconfirmed");
    let problem = asked.problem.context("a problem")?;
    assert_eq!(problem.code, codes::DICOM_PATIENT_UNCONFIRMED);
    assert!(!format!("{problem:?}").contains("SOMEBODY"), "masked");
    assert_eq!(instances(&case).await?, 0);

    let confirm = format!("{at}/confirm");
    assert_eq!(case.east.post(&confirm, &json!({})).await?.status, 404);
    let confirmed = case.lead.post(&confirm, &json!({})).await?.ok()?;
    assert_eq!(confirmed["state"], "stored", "{confirmed}");
    assert_eq!(instances(&case).await?, 1);
    let again = case.lead.post(&confirm, &json!({})).await?;
    refused(&again, 409, codes::UPLOAD_WRONG_STATE)?;
    // The word holds for the next file.
    let (_, next) = send(&case.lead, &stranger[1], &about).await?;
    assert_eq!(next.state.code(), "stored");
    assert_eq!(
        audited(&server, "upload.confirm").await?,
        ["ok", codes::UPLOAD_WRONG_STATE]
    );
    Ok(())
}

/// The act was committed and the answer was not: what a kill in between leaves. The bytes are gone already, so
/// only the audit record can tell.
async fn a_crash_between_act_and_answer_does_nothing_twice(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 6).await?;
    let lead = &case.lead;
    let file = phantom(&case.patient.record_number, 1, 1)?.remove(0);
    let rows = json!({"records": [lab("B-1", "128")]}).to_string();
    let mut before = Vec::new();
    for (bytes, about) in [
        (file.as_slice(), metadata(&case, "dicom", &[])),
        (
            rows.as_bytes(),
            metadata(&case, "submission", &[("filetype", "application/json")]),
        ),
        (b"%PDF-1.7\n", metadata(&case, "consent_form", &[])),
    ] {
        let (at, upload) = send(lead, bytes, &about).await?;
        assert_eq!(upload.state.code(), "stored");
        before.push((at, upload.result.context("a result")?));
    }
    let acts = async || -> Result<Vec<usize>> {
        let mut counts = Vec::new();
        for action in ["image.upload", "submission.submit", "consent.form"] {
            counts.push(audited(&server, action).await?.len());
        }
        Ok(counts)
    };
    assert_eq!(acts().await?, [1, 1, 1]);
    let app = server.app()?;
    app.store
        .tamper("UPDATE uploads SET state = 'received', outcome = NULL")
        .await?;
    assert_eq!(uploads::resume(app).await?, 3);
    for (at, result) in before {
        let after = loop {
            let upload = read(lead, &at).await?;
            if upload.state.code() != "received" {
                break upload;
            }
            tokio::task::yield_now().await;
        };
        let same = after.result.context("a result")?;
        assert_eq!(after.state.code(), "stored");
        for name in ["instance_id", "id", "form_sha256", "stored"] {
            assert_eq!(same.get(name), result.get(name), "{name}");
        }
    }
    assert_eq!(acts().await?, [1, 1, 1], "each act happened once");
    assert_eq!(uploads::resume(app).await?, 0);

    // Nothing was done yet: it is done now, without the sender.
    let at = address(&announce(lead, 9, &metadata(&case, "consent_form", &[])).await?)?;
    let other = address(&announce(lead, 9, &metadata(&case, "consent_form", &[])).await?)?;
    for at in [&at, &other] {
        assert_eq!(patch(lead, at, 0, b"%PDF-1.").await?.status, 204);
    }
    let broken = other.rsplit('/').next().context("an id")?.replace('-', "");
    let uploads_folder = server.folder.path().join("files/uploads");
    std::fs::remove_dir_all(uploads_folder.join(&broken))?;
    app.store
        .tamper("UPDATE uploads SET state = 'received', length = 7 WHERE received = 7")
        .await?;
    for _ in 0..=limits::UPLOAD_ATTEMPTS {
        uploads::resume(app).await?;
        // Held until it is tried: nobody else takes it.
        while uploads_busy(app, &[&at, &other]).await? {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(read(lead, &at).await?.state.code(), "stored");
    let lost = read(lead, &other).await?;
    assert_eq!(lost.state.code(), "refused", "tried three times and then told");
    assert_eq!(lost.problem.context("a problem")?.code, codes::INTERNAL);
    Ok(())
}

/// Whether one of them is in somebody's hands.
async fn uploads_busy(app: &App, addresses: &[&String]) -> Result<bool> {
    for at in addresses {
        let id = at.rsplit('/').next().context("an id")?.parse()?;
        if app.uploads.in_hand(id) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Kills the program while a file is sent in pieces, again and again. What was acknowledged is there; nothing
/// of it can be read on disk; and the file arrives as it was.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_by_kill_9() -> Result<()> {
    let mut server = Process::start().await?;
    let mut case = process::case(&server, 60).await?;
    let rows: Vec<Value> = (0..4_000)
        .map(|n| {
            let mut row = lab(&format!("K-{n}"), "128");
            row["elements"]["3.1"]["value"] = json!("埋下的检验名称");
            row
        })
        .collect();
    let file = json!({"records": rows}).to_string().into_bytes();
    let about = metadata(
        &case,
        "submission",
        &[
            ("filetype", "application/json"),
            ("filename", "埋下的文件名.json"),
        ],
    );
    let at = address(&announce(&case.lead, file.len(), &about).await?)?;
    let mut acknowledged = 0;
    let mut kills = 0;
    let step = file.len() / 40;
    while acknowledged < file.len() {
        let sender = tokio::spawn({
            let (lead, at, file) = (case.lead.clone(), at.clone(), file.clone());
            async move {
                let mut sure = acknowledged;
                // The last piece is for the end, so that every kill meets an upload under way.
                let until = if kills < 4 { file.len() - step } else { file.len() };
                while sure < until {
                    let end = until.min(sure + step);
                    match patch(&lead, &at, sure, &file[sure..end]).await {
                        Ok(reply) if reply.status == 204 => sure = end,
                        _ => break,
                    }
                }
                sure
            }
        });
        if kills < 4 {
            kills += 1;
            let folder = server.folder.path().join("data/files/uploads");
            // Something new was written, and more is on its way.
            let goal = u64::try_from(acknowledged + step)?;
            while read(&case.lead, &at).await?.offset < goal {
                tokio::task::yield_now().await;
            }
            process::search(&folder, &["埋下的检验名称".to_owned(), "埋下的文件名".to_owned()])?;
            server = server.kill_and_restart().await?;
        }
        let sure = sender.await?;
        case.lead = case.lead.at(&server.target)?;
        let stands = offset(&case.lead, &at).await?;
        assert!(stands >= sure, "acknowledged {sure}, there {stands}");
        acknowledged = stands;
    }
    let done = read(&case.lead, &at).await?;
    let result = done.result.context("a result")?;
    assert_eq!(done.state.code(), "stored", "{result}");
    assert_eq!(result["stored"], 4_000);
    println!("{} bytes over {kills} kills, none lost", file.len());
    assert_eq!(kills, 4);
    process::search(server.folder.path(), &["埋下的文件名".to_owned()])?;
    Ok(())
}
