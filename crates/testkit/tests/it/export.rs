//! What leaves in standard forms: the package as a FHIR document, package and invitation as XML.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use consilium_protocol::codes;
use consilium_testkit::{Case, Person, Reply, TestServer};
use reqwest::Method;
use serde_json::json;

use super::data::{audited, give, lab, preparing, released};

both!(
    the_document_of_a_package_leaves_masked_and_audited,
    every_form_is_asked_for_by_accept,
);

pub(super) async fn asked(case: &Case, who: &Person, rest: &str, accept: &str) -> Result<Reply> {
    who.send(
        who.request(Method::GET, &case.path(rest))
            .header("accept", accept),
    )
    .await
}

async fn frozen(server: &TestServer, number: usize) -> Result<Case> {
    let case = preparing(server, number).await?;
    give(&case, &case.lead, None, &[lab("own-1", "120")])
        .await?
        .ok()?;
    released(&case, &[lab("east-1", "128"), lab("east-2", "<90")]).await?;
    case.act("package/validate").await?;
    case.act("package/freeze").await?;
    Ok(case)
}

async fn the_document_of_a_package_leaves_masked_and_audited(server: TestServer) -> Result<()> {
    let case = frozen(&server, 140).await?;
    let path = "/package/$document";
    let json = asked(&case, &case.lead, path, "application/fhir+json").await?;
    assert_eq!(
        (json.status, json.header("content-type")),
        (200, Some("application/fhir+json"))
    );
    let bundle = json.json();
    assert_eq!(
        (&bundle["resourceType"], &bundle["type"]),
        (&json!("Bundle"), &json!("document"))
    );
    let entries = bundle["entry"].as_array().context("entries")?;
    let count = |kind: &str| {
        entries
            .iter()
            .filter(|e| e["resource"]["resourceType"] == kind)
            .count()
    };
    assert_eq!(
        (
            count("Composition"),
            count("Patient"),
            count("Consent"),
            count("Task")
        ),
        (1, 1, 1, 1)
    );
    let labs = entries
        .iter()
        .filter(|e| e["resource"]["category"][0]["coding"][0]["code"] == "laboratory");
    assert_eq!(labs.count(), 3);
    let package = case.lead.get(&case.path("/package")).await?.ok()?;
    let hash = package["manifest_hash"].as_str().context("a hash")?;
    assert!(hash.len() == 64 && json.text().contains(hash));
    assert!(audited(&server, &case, "package.export_fhir", "ok").await?);

    let again = asked(&case, &case.lead, path, "application/json").await?;
    assert_eq!(
        (again.header("content-type"), &again.body),
        (Some("application/json"), &json.body),
        "the same bytes"
    );
    let xml = asked(&case, &case.lead, path, "application/xml").await?;
    assert_eq!(
        (xml.status, xml.header("content-type")),
        (200, Some("application/xml"))
    );
    assert!(xml.text().contains("<Bundle xmlns=\"http://hl7.org/fhir\">"));
    for reply in [&json, &xml] {
        let text = reply.text();
        for secret in [
            &case.patient.name,
            &case.patient.id_number,
            &case.patient.phone,
            &case.patient.record_number,
            &case.patient.address,
        ] {
            assert!(secret.is_empty() || !text.contains(secret.as_str()), "unmasked");
        }
    }
    judged(&json, &xml)?;

    // A participant sees of it what it sees of the package; who has no part finds nothing.
    let own = asked(&case, &case.east, path, "application/fhir+json")
        .await?
        .ok()?
        .to_string();
    assert!(
        own.contains("lab-east-1") || own.contains("east-1"),
        "its own row"
    );
    assert!(!own.contains("own-1"), "not the lead's before the session");
    let auditor = server.client_as("auditor").await?;
    assert_eq!(
        asked(&case, &auditor, path, "application/fhir+json")
            .await?
            .status,
        404
    );
    Ok(())
}

/// Asks the independent implementations, where the set-up has put them.
pub(super) fn judged(json: &Reply, xml: &Reply) -> Result<()> {
    let Some(oracles) = std::env::var_os("CONSILIUM_ORACLES") else {
        eprintln!(
            "left out: the document of a whole server against fhir.resources and fhir (`cargo xtask test` sets CONSILIUM_ORACLES)"
        );
        return Ok(());
    };
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("served.json"), &json.body)?;
    std::fs::write(folder.path().join("served.xml"), &xml.body)?;
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../e2e/oracles");
    let python = Path::new(&oracles).join("bin/python");
    for (program, script) in [
        (python.as_path(), "fhir_document.py"),
        (Path::new("node"), "fhir_document.mjs"),
    ] {
        let output = std::process::Command::new(program)
            .arg(scripts.join(script))
            .arg(folder.path())
            .output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(
            output.status.success() && said.contains("2 documents accepted"),
            "{script}: {said}"
        );
    }
    Ok(())
}

async fn every_form_is_asked_for_by_accept(server: TestServer) -> Result<()> {
    let case = frozen(&server, 141).await?;
    for (rest, root, who) in [
        ("/package", "package", &case.lead),
        ("/packages/1", "package", &case.lead),
        ("/invitation", "invitation", &case.east),
    ] {
        let xml = asked(&case, who, rest, "application/json;q=0.5, application/xml").await?;
        assert_eq!(
            (xml.status, xml.header("content-type"), xml.header("vary")),
            (200, Some("application/xml"), Some("accept")),
            "{rest}"
        );
        assert!(
            xml.text()
                .contains(&format!("<{root} xmlns=\"urn:consilium:v1\">")),
            "{rest}"
        );
        assert!(!xml.text().contains(&case.patient.name), "{rest}: unmasked");
        let json = asked(&case, who, rest, "*/*").await?;
        assert_eq!(
            (json.status, json.header("content-type")),
            (200, Some("application/json")),
            "{rest}"
        );
        let none = asked(&case, who, rest, "text/html").await?;
        assert_eq!(
            (none.status, none.problem()?.code.as_str()),
            (406, codes::NOT_ACCEPTABLE),
            "{rest}"
        );
    }
    let number = case.lead.get(&case.path("")).await?.ok()?["number"].clone();
    let invitation = asked(&case, &case.east, "/invitation", "application/json")
        .await?
        .ok()?;
    assert_eq!(invitation["number"], number);
    assert!(audited(&server, &case, "invitation.read", "ok").await?);
    assert_eq!(
        asked(&case, &case.lead, "/invitation", "application/json")
            .await?
            .status,
        404,
        "the lead is not invited"
    );
    assert_eq!(
        asked(&case, &case.lead, "/package/$document", "text/html")
            .await?
            .problem()?
            .code,
        codes::NOT_ACCEPTABLE
    );
    Ok(())
}
