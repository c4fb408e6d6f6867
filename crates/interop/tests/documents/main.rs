//! Document bundles of generated packages: their own rules here, and what independent implementations say.

#![expect(
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "bodies of tests and what they are made of"
)]

mod sample;
mod schema;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use consilium_domain::Timestamp;
use consilium_interop::fhir::{Bundle, Media, PackageDocument, document, records};
use sample::Sample;
use serde_json::Value;

fn bundle(sample: &Sample) -> Bundle {
    document(&PackageDocument {
        package: &sample.package,
        consultation: &sample.consultation,
        duration_minutes: 60,
        consent: sample.consent.as_ref(),
        opinions: &sample.opinions,
    })
}

fn json(sample: &Sample) -> Value {
    serde_json::from_str(&bundle(sample).write(Media::Json)).unwrap()
}

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("reference").and_then(Value::as_str));
            members.values().for_each(|v| references(v, found));
        }
        Value::Array(items) => items.iter().for_each(|v| references(v, found)),
        _ => {}
    }
}

#[test]
fn every_reference_resolves_inside_and_every_id_is_single() {
    for sample in sample::all() {
        let bundle = json(&sample);
        let entries = bundle["entry"].as_array().unwrap();
        assert_eq!(
            entries[0]["resource"]["resourceType"], "Composition",
            "{}",
            sample.name
        );
        let urls: BTreeSet<&str> = entries.iter().map(|e| e["fullUrl"].as_str().unwrap()).collect();
        assert_eq!(urls.len(), entries.len(), "{}: ids are single", sample.name);
        for entry in entries {
            assert_eq!(
                entry["fullUrl"],
                format!("urn:uuid:{}", entry["resource"]["id"].as_str().unwrap())
            );
        }
        let mut found = Vec::new();
        references(&bundle, &mut found);
        assert!(found.len() > 5);
        for reference in found {
            assert!(urls.contains(reference), "{}: {reference}", sample.name);
        }
    }
}

#[test]
fn the_same_package_gives_the_same_bytes_and_no_identity() {
    for (one, two) in sample::all().iter().zip(sample::all()) {
        for media in [Media::Json, Media::Xml] {
            assert_eq!(
                bundle(one).write(media),
                bundle(&two).write(media),
                "{}",
                one.name
            );
        }
    }
    let full = sample::all().remove(0);
    let bundle = json(&full);
    let patient = bundle["entry"]
        .as_array()
        .unwrap()
        .iter()
        .find(|e| e["resource"]["resourceType"] == "Patient")
        .unwrap();
    let identifiers = patient["resource"]["identifier"].as_array().unwrap();
    assert_eq!(identifiers.len(), 1, "the pseudonym only");
    assert_eq!(identifiers[0]["value"], "0123456789abcdef0123456789abcdef");
    assert_eq!(patient["resource"]["birthDate"], "1968");
}

/// Each version is there with author, institution, time and text, follows the one before, and carries what was
/// signed.
#[test]
fn every_signed_opinion_is_an_impression_with_its_signature() {
    let full = sample::all().remove(0);
    let bundle = json(&full);
    let entries = bundle["entry"].as_array().unwrap();
    let resource = |url: &Value| &entries.iter().find(|e| e["fullUrl"] == *url).unwrap()["resource"];
    let of_kind = |kind: &str| -> Vec<&Value> {
        let of_kind = entries.iter().filter(|e| e["resource"]["resourceType"] == kind);
        of_kind.collect()
    };
    let section = entries[0]["resource"]["section"].as_array().unwrap();
    let section = section.iter().find(|s| s["title"] == "会诊意见与结论").unwrap();
    assert_eq!(full.opinions.len(), 3);
    for signed in &full.opinions {
        let opinion = &signed.opinion;
        let entry = of_kind("ClinicalImpression")
            .into_iter()
            .find(|e| e["resource"]["identifier"][0]["value"] == opinion.id.to_string())
            .unwrap();
        let found = &entry["resource"];
        assert_eq!(found["status"], "completed");
        assert_eq!(found["summary"], opinion.text.as_str());
        assert_eq!(found["date"], opinion.submitted_at.to_string());
        let description = found["description"].as_str().unwrap();
        assert!(description.starts_with(&format!("第 {} 版", opinion.version)));
        assert_eq!(description.contains("保留意见"), opinion.dissent);
        let listed = section["entry"].as_array().unwrap();
        assert!(listed.iter().any(|e| e["reference"] == entry["fullUrl"]));
        let role = resource(&found["assessor"]["reference"]);
        assert_eq!(
            resource(&role["practitioner"]["reference"])["name"][0]["text"],
            opinion.author.as_str()
        );
        assert_eq!(
            resource(&role["organization"]["reference"])["identifier"][0]["value"],
            opinion.institution.code.as_str()
        );
        if opinion.version > 1 {
            let before = resource(&found["previous"]["reference"]);
            assert!(before["description"].as_str().unwrap().contains("已有新版"));
            assert_eq!(before["assessor"], found["assessor"]);
        } else {
            assert!(found.get("previous").is_none());
        }
        let provenance = of_kind("Provenance")
            .into_iter()
            .find(|e| e["resource"]["target"][0]["reference"] == entry["fullUrl"])
            .unwrap();
        let provenance = &provenance["resource"];
        assert_eq!(
            provenance["entity"][0]["what"]["identifier"]["value"],
            opinion.content_hash.as_str()
        );
        assert_eq!(provenance["signature"][0]["data"], signed.signature.as_str());
        assert_eq!(provenance["signature"][0]["who"], found["assessor"]);
    }
    // Another opinion makes it another document.
    let mut fewer = sample::all().remove(0);
    fewer.opinions.pop();
    assert_ne!(json(&fewer)["identifier"], bundle["identifier"]);
}

#[test]
fn every_row_has_a_provenance_with_its_hash() {
    for sample in sample::all() {
        let bundle = json(&sample);
        let hashes: BTreeSet<String> = bundle["entry"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|e| {
                e["resource"]["resourceType"] == "Provenance" && e["resource"].get("signature").is_none()
            })
            .map(|e| {
                e["resource"]["entity"][0]["what"]["identifier"]["value"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        for item in &sample.package.items {
            assert!(
                hashes.contains(&item.reference.hash),
                "{}: {}",
                sample.name,
                item.reference.key
            );
        }
        assert_eq!(
            hashes.contains(&sample.package.manifest_hash),
            !sample.package.manifest_hash.is_empty(),
            "{}",
            sample.name
        );
    }
}

/// What was written is read back the same from both forms.
#[test]
fn our_own_reader_reads_both_forms_alike() {
    let now = Timestamp::parse_rfc3339("2026-11-23T00:00:00Z").unwrap();
    for sample in sample::all() {
        let bundle = bundle(&sample);
        let from = |media: Media| {
            records(bundle.write(media).as_bytes(), media, now)
                .unwrap_or_else(|e| panic!("{}: {e:?}", sample.name))
        };
        let (json, xml) = (from(Media::Json), from(Media::Xml));
        assert_eq!(json.records, xml.records, "{}", sample.name);
        let labs = |import: &consilium_interop::fhir::RecordImport| {
            import
                .records
                .iter()
                .filter(|r| r.kind == consilium_domain::RecordKind::Lab)
                .count()
        };
        let written = sample
            .package
            .items
            .iter()
            .filter(|i| i.reference.kind == consilium_domain::RecordKind::Lab)
            .count();
        assert_eq!(labs(&json), written, "{}", sample.name);
    }
}

/// Folder of the set-up's Python environment; the tests of others' implementations run where it is named.
const ORACLES: &str = "CONSILIUM_ORACLES";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs a program of others over a folder: whether it accepts, and what it says.
fn ask(program: &Path, script: &str, folder: &Path) -> (bool, String) {
    let script = root().join("e2e/oracles").join(script);
    let output = Command::new(program).arg(script).arg(folder).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[test]
fn independent_implementations_accept_every_document() {
    let Some(oracles) = std::env::var_os(ORACLES) else {
        eprintln!(
            "left out: FHIR documents against fhir.resources and fhir.js (`cargo xtask test` sets {ORACLES})"
        );
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut written = 0;
    for sample in sample::all().iter().chain(&sample::real()) {
        let bundle = bundle(sample);
        for (media, ending) in [(Media::Json, "json"), (Media::Xml, "xml")] {
            fs::write(
                folder.path().join(format!("{}.{ending}", sample.name)),
                bundle.write(media),
            )
            .unwrap();
            written += 1;
        }
    }
    let python = Path::new(&oracles).join("bin/python");
    let programs = [
        (python.as_path(), "fhir_document.py"),
        (Path::new("node"), "fhir_document.mjs"),
    ];
    for (program, script) in programs {
        let (accepted, said) = ask(program, script, folder.path());
        println!("{}", said.trim());
        assert!(
            accepted && said.contains(&format!("{written} documents accepted")),
            "{script}:\n{said}"
        );
    }

    // They do look: each of these faults alone makes both or one of them refuse.
    let full = sample::all().remove(0);
    let (json, xml) = (bundle(&full).write(Media::Json), bundle(&full).write(Media::Xml));
    let swapped = xml.replace("<type value=\"document\"/>", "");
    let swapped = swapped.replacen("<entry>", "<type value=\"document\"/><entry>", 1);
    let wrong = [
        (
            json.replace("\"gender\":\"male\"", "\"gender\":\"Mann\""),
            xml.replace("<gender value=\"male\"", "<gender value=\"Mann\""),
            "fhir_document.mjs",
        ),
        (
            json.replace("\"intent\":\"order\",", ""),
            xml.clone(),
            "fhir_document.py",
        ),
        (json.clone(), swapped, "fhir_document.py"),
        (
            json.clone(),
            xml.replace("7.40", "7.41").replace("92.50", "92.51"),
            "fhir_document.mjs",
        ),
        (json.clone(), xml.replace("92.50", "92.51"), "fhir_document.py"),
    ];
    for (n, (json, xml, script)) in wrong.into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("wrong.json"), json).unwrap();
        fs::write(folder.path().join("wrong.xml"), xml).unwrap();
        let program = programs.iter().find(|(_, name)| *name == script).unwrap().0;
        let (accepted, said) = ask(program, script, folder.path());
        assert!(!accepted && said.contains("wrong."), "fault {n}: {said}");
    }
}

#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(
    consilium_protocol::exchange::InvitationBody,
    consilium_protocol::preparation::Package,
    consilium_protocol::report::Report
)))]
struct Described;

fn schema() -> String {
    let document = serde_json::to_value(<Described as utoipa::OpenApi>::openapi()).unwrap();
    schema::xsd(&document["components"]["schemas"])
}

#[test]
fn the_published_schema_is_that_of_the_bodies() {
    let path = root().join("docs/xsd/consilium-v1.xsd");
    let wanted = schema();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, &wanted).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "docs/xsd/consilium-v1.xsd is not of these bodies: run this test with UPDATE_EXPECT=1"
    );
}

/// Plain documents of the samples: file name, XML.
fn plain() -> Vec<(String, String)> {
    let mut out = Vec::new();
    for sample in sample::all().iter().chain(&sample::real()) {
        let package = consilium_interop::plain::xml("package", &sample.package).unwrap();
        out.push((format!("package-{}", sample.name), package));
        for (root, value) in [("invitation", sample.invitation()), ("report", sample.report())] {
            out.push((format!("{root}-{}", sample.name), value));
        }
    }
    out
}

#[test]
fn plain_documents_are_golden() {
    let samples = plain();
    for name in ["package-absent-masked", "invitation-full", "report-full"] {
        let (_, xml) = samples.iter().find(|(n, _)| n == name).unwrap();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}.xml"));
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&path, xml).unwrap();
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            &found == xml,
            "{name}.xml has changed: look, then run this test with UPDATE_EXPECT=1"
        );
    }
}

#[test]
fn the_schema_accepts_every_plain_document() {
    let Some(oracles) = std::env::var_os(ORACLES) else {
        eprintln!("left out: plain XML against its schema (`cargo xtask test` sets {ORACLES})");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("schema.xsd"), schema()).unwrap();
    let documents = plain();
    for (name, xml) in &documents {
        fs::write(folder.path().join(format!("{name}.xml")), xml).unwrap();
    }
    let python = Path::new(&oracles).join("bin/python");
    let (accepted, said) = ask(&python, "xml_schema.py", folder.path());
    println!("{}", said.trim());
    assert!(
        accepted && said.contains(&format!("{} documents accepted", documents.len())),
        "{said}"
    );
    for (from, to) in [
        ("<version>1</version>", ""),
        ("<version>1<", "<version>one<"),
        ("<items>", "<items><stranger/>"),
    ] {
        let wrong = documents[0].1.replacen(from, to, 1);
        assert_ne!(wrong, documents[0].1, "{from}");
        fs::write(folder.path().join("wrong.xml"), wrong).unwrap();
        let (accepted, said) = ask(&python, "xml_schema.py", folder.path());
        assert!(!accepted && said.contains("wrong.xml"), "{from}: {said}");
    }
}
