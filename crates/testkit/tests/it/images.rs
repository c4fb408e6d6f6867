//! Uploading: what is refused is named, the rest is kept, and stored integers come back as they were.

use std::io::Read as _;

use anyhow::{Context as _, Result};
use consilium_imaging::{
    dicom::{FrameData, frame, parse},
    pack,
};
use consilium_protocol::codes;
use consilium_testkit::{Case, TestServer, phantom};

both!(bad_files_are_refused_by_name, stored_integers_come_back);

async fn bad_files_are_refused_by_name(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 9).await?;
    let record = case.patient.record_number.clone();
    let good = phantom(&record, 1, 3)?;
    let stranger = phantom("SOMEBODY-ELSE", 2, 1)?.remove(0);
    let truncated = good[1][..good[1].len() / 2].to_vec();
    let mut altered = good[0].clone();
    *altered.last_mut().context("bytes")? ^= 0xFF;
    let up = async |name: &str, bytes: Vec<u8>, confirm: bool| {
        case.lead.upload(&case.id, name, bytes, confirm).await
    };

    assert_eq!(
        up("IM0001", good[0].clone(), false).await?.status,
        201,
        "the record number fits"
    );
    for (name, bytes, status, code) in [
        ("notes.txt", b"not an image".to_vec(), 422, codes::DICOM_NOT_DICOM),
        ("empty.dcm", Vec::new(), 422, codes::DICOM_NOT_DICOM),
        ("half.dcm", truncated, 422, codes::DICOM_TRUNCATED),
        ("stranger.dcm", stranger.clone(), 422, codes::DICOM_OTHER_PATIENT),
        ("altered.dcm", altered, 422, codes::DICOM_CONFLICT),
    ] {
        for confirm in [false, true] {
            let refused = up(name, bytes.clone(), confirm).await?;
            let problem = refused.problem()?;
            assert_eq!((refused.status, problem.code.as_str()), (status, code), "{name}");
            assert_eq!(problem.errors[0].field, name);
            assert!(!refused.text().contains("SOMEBODY") && !refused.text().contains("PHANTOM"));
        }
    }
    assert_eq!(up("IM0003", good[2].clone(), false).await?.status, 201);
    let again = up("copy", good[2].clone(), false).await?;
    assert_eq!(
        (again.status, again.json()["duplicate"].clone()),
        (201, serde_json::json!(true))
    );
    let series = case.lead.get(&case.path("/series")).await?.ok()?;
    assert_eq!(series.as_array().map(Vec::len), Some(1));
    assert_eq!(
        series[0]["instances"].as_array().map(Vec::len),
        Some(2),
        "the good ones are kept"
    );

    // Another record number: a person has to compare, and sees the source patient masked.
    let other = Case::draft_by(
        10,
        case.lead.clone(),
        case.east.clone(),
        case.west.clone(),
        server.clock.now(),
    )
    .await?;
    let asked = other
        .lead
        .upload(&other.id, "a.dcm", stranger.clone(), false)
        .await?;
    assert_eq!(
        (asked.status, asked.problem()?.code.as_str()),
        (409, codes::DICOM_PATIENT_UNCONFIRMED)
    );
    assert!(
        !asked.text().contains("SOMEBODY-ELSE") && !asked.text().contains("PHANTOM"),
        "{}",
        asked.text()
    );
    assert_eq!(
        other
            .lead
            .upload(&other.id, "a.dcm", stranger, true)
            .await?
            .status,
        201
    );
    let expert = server.client_as("lead.expert").await?;
    assert_eq!(
        expert.get(&other.path("/series")).await?.status,
        404,
        "a draft is not an expert's to see"
    );
    Ok(())
}

async fn stored_integers_come_back(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 11).await?;
    case.images(3).await?;
    let files = phantom(&case.patient.record_number, 1, 3)?;
    let series = case.lead.get(&case.path("/series")).await?.ok()?;
    let instances = series[0]["instances"].as_array().context("instances")?;
    let mut shown = Vec::new();
    for instance in instances {
        let path = format!("/instances/{}/frames/0", instance["id"].as_str().context("id")?);
        let reply = case.lead.get(&case.path(&path)).await?;
        assert_eq!(reply.header("content-encoding"), Some("gzip"));
        let mut packed = Vec::new();
        flate2::read::GzDecoder::new(reply.body.as_slice()).read_to_end(&mut packed)?;
        shown.push(pack::unpack(&packed, 64)?);
    }
    for file in &files {
        let FrameData::Grey(words) = frame(file, 0)? else {
            panic!("grey")
        };
        assert!(shown.iter().any(|s| s == words.words()), "a frame differs");
    }
    let beyond = format!(
        "/instances/{}/frames/1",
        instances[0]["id"].as_str().context("id")?
    );
    assert_eq!(case.lead.get(&case.path(&beyond)).await?.status, 404);
    let thumbnail = format!(
        "/series/{}/thumbnail.png",
        series[0]["id"].as_str().context("id")?
    );
    let png = case.lead.get(&case.path(&thumbnail)).await?;
    assert_eq!(png.header("content-type"), Some("image/png"));
    assert!(png.body.starts_with(b"\x89PNG"));
    let text = series.to_string();
    assert!(!text.contains("PHANTOM") && !text.contains(&case.patient.record_number));
    for file in &files {
        let parsed = parse(file)?;
        for uid in [&parsed.series_uid, &parsed.sop_instance_uid] {
            assert!(
                !text.contains(uid.as_str()),
                "a UID that leads back to the source"
            );
        }
        let frame = parsed.meta.frame_of_reference.context("the phantom has one")?;
        assert!(!text.contains(&frame), "the scanner's frame of reference");
    }
    Ok(())
}
