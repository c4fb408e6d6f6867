//! Reading FHIR bundles into the form.

use anyhow::{Context as _, Result};
use consilium_protocol::codes;
use consilium_testkit::{Database, TestServer, request_form};
use serde_json::{Value, json};

const PATH: &str = "/api/v1/consultations/import/fhir";

#[tokio::test(flavor = "multi_thread")]
async fn what_a_bundle_lacks_is_listed() -> Result<()> {
    let server = TestServer::start(Database::Sqlite).await?;
    let lead = server.client_as("lead.operator").await?;
    let read = async |body: Value| {
        lead.post_bytes(PATH, "application/fhir+json", body.to_string().into_bytes())
            .await
    };

    let bare = json!({"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient", "gender": "male"}}]});
    let refused = read(bare).await?;
    let problem = refused.problem()?;
    assert_eq!(
        (refused.status, problem.code.as_str()),
        (422, codes::FHIR_INCOMPLETE)
    );
    let fields: Vec<&str> = problem.errors.iter().map(|e| e.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "Bundle.type",
            "Bundle.entry[0].resource.name",
            "Bundle.entry[0].resource.identifier",
            "Bundle.entry[0].resource.birthDate"
        ]
    );
    assert!(
        problem.errors.iter().all(|e| !e.message.is_empty()),
        "each in words"
    );
    assert_eq!(
        read(json!({"resourceType": "Patient"})).await?.problem()?.code,
        codes::FHIR_NOT_BUNDLE
    );
    let admin = server.client_as("lead.admin").await?;
    let broken = admin
        .post_bytes(PATH, "application/fhir+json", b"{".to_vec())
        .await?;
    assert_eq!(broken.problem()?.code, codes::MALFORMED);
    let expert = server.client_as("lead.expert").await?;
    let forbidden = expert
        .post_bytes(PATH, "application/fhir+json", b"{}".to_vec())
        .await?;
    assert_eq!(
        forbidden.status, 403,
        "who cannot start a consultation imports nothing"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn synthea_bundles_become_consultations() -> Result<()> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/fhir");
    let Ok(entries) = std::fs::read_dir(folder) else {
        eprintln!("left out: Synthea bundles (no ../shared/data/fhir)");
        return Ok(());
    };
    let server = TestServer::start(Database::Sqlite).await?;
    let lead = server.client_as("lead.admin").await?;
    let east = server.client_as("east.admin").await?;
    let west = server.client_as("west.admin").await?;
    let participants = [json!(east.me.institution.id), json!(west.me.institution.id)];
    let mut imported = 0;
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().context("a name")?.to_string_lossy().into_owned();
        if !name.ends_with(".json") || name.starts_with("consultation") {
            continue;
        }
        let got = lead
            .post_bytes(PATH, "application/fhir+json", std::fs::read(&path)?)
            .await?
            .ok()?;
        let (_, mut form) = request_form(1, &participants, server.clock.now().plus_ms(3_600_000))?;
        form["patient"] = got["patient"].clone();
        let need = form["clinical"]["need"].clone();
        form["clinical"] = got["clinical"].clone();
        form["clinical"]["need"] = need;
        let created = lead
            .post("/api/v1/consultations", &form)
            .await?
            .ok()
            .context(name.clone())?;
        let masked = created["patient"]["name"].as_str().context("a name")?;
        assert!(masked.contains("**") && !masked.contains("480"), "{masked}");
        imported += 1;
    }
    assert_eq!(imported, 3);
    Ok(())
}
