//! Where each row comes from, with the hash by which the package's manifest knows it.

use consilium_protocol::preparation::Item;
use uuid::Uuid;

use super::{
    Document,
    values::{hl7, reference},
};
use crate::tree::Object;

/// SHA-256 of a row's canonical JSON, hex.
const ITEM_HASH: &str = "urn:consilium:item-sha256";
/// SHA-256 of a package's manifest, hex.
const MANIFEST_HASH: &str = "urn:consilium:manifest-sha256";

/// One for the resources of a row; a row that is narrative only is in the composition.
pub(super) fn of_item(out: &mut Document<'_>, item: &Item) {
    let mut targets = std::mem::take(&mut out.made);
    if targets.is_empty() {
        targets.push(out.of_package("Composition"));
    }
    let what = identified(ITEM_HASH, &item.reference.hash).with(
        "display",
        format!("{} 第 {} 版", item.reference.key, item.reference.version),
    );
    let entity = Object::new().with("role", "source").with("what", what);
    let fields = provenance(
        out,
        &targets,
        item.received_at.to_string(),
        item.institution.id,
        entity,
    );
    out.add("Provenance", "", fields);
    out.made.clear();
}

/// One for the whole, with the hash of the manifest once it is frozen.
pub(super) fn of_package(out: &mut Document<'_>) {
    let package = out.given.package;
    if package.manifest_hash.is_empty() {
        return;
    }
    let at = package.frozen_at.unwrap_or(package.created_at).to_string();
    let entity = Object::new()
        .with("role", "derivation")
        .with("what", identified(MANIFEST_HASH, &package.manifest_hash));
    let targets = [out.of_package("Composition")];
    let fields = provenance(out, &targets, at, out.given.consultation.lead.id, entity);
    out.add("Provenance", "package", fields);
}

fn identified(system: &str, value: &str) -> Object {
    Object::new().with(
        "identifier",
        Object::new().with("system", system).with("value", value),
    )
}

fn provenance(
    out: &Document<'_>,
    targets: &[Uuid],
    recorded: String,
    institution: consilium_domain::InstitutionId,
    entity: Object,
) -> Object {
    let agent = Object::new()
        .with("type", hl7("provenance-participant-type", "author"))
        .with("who", out.organization(institution));
    Object::new()
        .with(
            "target",
            targets.iter().map(|id| reference(*id)).collect::<Vec<_>>(),
        )
        .with("recorded", recorded)
        .with("agent", vec![agent])
        .with("entity", vec![entity])
}
