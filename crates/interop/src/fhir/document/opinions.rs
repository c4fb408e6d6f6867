//! Signed opinions: a clinical impression a version, by its author in the author's institution, with a provenance
//! that carries the signature.

use std::collections::HashMap;

use consilium_domain::AccountId;
use uuid::Uuid;

use super::{
    Document, SignedOpinion,
    sections::Group,
    values::{WS363, coding, concept, hl7, reference},
};
use crate::tree::Object;

/// Ids of opinions.
const OPINION: &str = "urn:consilium:opinion";
/// SHA-256 of what was signed, hex.
const CONTENT_HASH: &str = "urn:consilium:opinion-sha256";
/// Keys that sign.
const KEY: &str = "urn:consilium:signing-key";

/// All versions of all authors, in the order they were signed.
pub(super) fn write(out: &mut Document<'_>) {
    let mut given: Vec<&SignedOpinion> = out.given.opinions.iter().collect();
    given.sort_by_key(|of| (of.opinion.submitted_at, of.opinion.id));
    let mut before: HashMap<AccountId, Uuid> = HashMap::new();
    for signed in given {
        let opinion = &signed.opinion;
        out.item = Some(opinion.id.0);
        let author = author(out, signed);
        let impression = impression(out, signed, author, before.get(&opinion.author_id).copied());
        before.insert(opinion.author_id, impression);
        out.sections.put(Group::Opinions, impression);
        signature(out, signed, author, impression);
        out.made.clear();
    }
    out.item = None;
}

/// The author's role in the institution, which may be there already as an expert's.
fn author(out: &mut Document<'_>, signed: &SignedOpinion) -> Uuid {
    let opinion = &signed.opinion;
    let role = out.of_package(&format!("PractitionerRole/{}", opinion.author_id));
    if out.entries.iter().any(|(id, _)| *id == role) {
        return role;
    }
    let practitioner = Uuid::new_v5(&opinion.author_id.0, b"Practitioner");
    if !out.entries.iter().any(|(id, _)| *id == practitioner) {
        let name = Object::new().with("text", opinion.author.as_str());
        out.add_as(
            practitioner,
            "Practitioner",
            Object::new().with("name", vec![name]),
        );
    }
    let department = opinion.department.trim();
    let fields = Object::new()
        .with("practitioner", reference(practitioner))
        .with("organization", out.organization(opinion.institution.id))
        .with(
            "specialty",
            (!department.is_empty()).then(|| vec![concept(Vec::new(), department)]),
        );
    out.add_as(role, "PractitionerRole", fields)
}

fn impression(out: &mut Document<'_>, signed: &SignedOpinion, author: Uuid, before: Option<Uuid>) -> Uuid {
    let opinion = &signed.opinion;
    let mut description = format!("第 {} 版", opinion.version);
    if opinion.dissent {
        description.push_str("，保留意见");
    }
    if opinion.superseded {
        description.push_str("，已有新版");
    }
    let identifier = Object::new()
        .with("system", OPINION)
        .with("value", opinion.id.to_string());
    let fields = Object::new()
        .with("identifier", vec![identifier])
        .with("status", "completed")
        .with(
            "code",
            concept(vec![coding(WS363, "DE06.00.018.00", "会诊意见")], "会诊意见"),
        )
        .with("description", description)
        .with("subject", out.patient())
        .with("date", opinion.submitted_at.to_string())
        .with("assessor", reference(author))
        .with("previous", before.map(reference))
        .with("summary", opinion.text.as_str());
    out.add("ClinicalImpression", "", fields)
}

fn signature(out: &mut Document<'_>, signed: &SignedOpinion, author: Uuid, impression: Uuid) {
    let opinion = &signed.opinion;
    let at = opinion.submitted_at.to_string();
    let agent = Object::new()
        .with("type", hl7("provenance-participant-type", "author"))
        .with("who", reference(author))
        .with("onBehalfOf", out.organization(opinion.institution.id));
    let verdict = if opinion.signature_valid {
        "签名有效"
    } else {
        "签名无效"
    };
    let content = entity("source", CONTENT_HASH, &opinion.content_hash, verdict);
    let key = entity("source", KEY, &signed.key_id, "签名密钥");
    let kind = coding(
        "urn:iso-astm:E1762-95:2013",
        "1.2.840.10065.1.12.1.1",
        "Author's Signature",
    );
    let signature = Object::new()
        .with("type", vec![kind])
        .with("when", at.clone())
        .with("who", reference(author))
        .with("sigFormat", "application/octet-stream")
        .with("data", signed.signature.as_str());
    let fields = Object::new()
        .with("target", vec![reference(impression)])
        .with("recorded", at)
        .with("agent", vec![agent])
        .with("entity", vec![content, key])
        .with("signature", vec![signature]);
    out.add("Provenance", "", fields);
}

fn entity(role: &str, system: &str, value: &str, words: &str) -> Object {
    let identifier = Object::new().with("system", system).with("value", value);
    let what = Object::new()
        .with("identifier", identifier)
        .with("display", words);
    Object::new().with("role", role).with("what", what)
}
