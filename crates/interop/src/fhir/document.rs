//! A case package as a FHIR R4 document bundle: a consultation note (LOINC 11488-4) with everything it names.
//!
//! Only masked data goes in: the rows of the package, which are masked when they are stored, the masked patient,
//! and opinions whose text the caller has masked. Ids are derived from the ids of package, items and opinions, so
//! the same package with the same opinions gives the same bytes.

use std::collections::BTreeMap;

use consilium_domain::{InstitutionId, InvitationState, PackageState, RecordKind, element::ElementId};
use consilium_protocol::{
    consultation::{ConsultationRow, Opinion, Participant},
    preparation::{ConsentRecord, Item, Package},
    session::Institution,
};
use uuid::Uuid;

use super::{Media, write};
use crate::tree::{Object, Tree};

mod clinical;
mod opinions;
mod order;
mod people;
mod provenance;
mod results;
mod sections;
mod treatment;
mod values;

use sections::Sections;
use values::{LOINC, coding, concept, reference};

/// What a document is made of.
#[derive(Clone, Copy, Debug)]
pub struct PackageDocument<'a> {
    /// The package with its rows.
    pub package: &'a Package,
    /// The consultation it belongs to.
    pub consultation: &'a ConsultationRow,
    /// Planned length, minutes.
    pub duration_minutes: u16,
    /// The patient's consent as far as the reader may see it.
    pub consent: Option<&'a ConsentRecord>,
    /// What the experts have signed so far, all versions.
    pub opinions: &'a [SignedOpinion],
}

/// An opinion with the signature over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedOpinion {
    /// The opinion, its text masked.
    pub opinion: Opinion,
    /// The signature over what was signed, base64.
    pub signature: String,
    /// The key that signed.
    pub key_id: String,
}

/// A FHIR R4 bundle on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle(Object);

impl Bundle {
    /// `application/fhir+json` or `application/fhir+xml`.
    #[must_use]
    pub fn write(&self, media: Media) -> String {
        match media {
            Media::Json => Tree::Object(self.0.clone()).to_json(),
            Media::Xml => write::xml(&self.0),
        }
    }
}

/// The document of a package.
#[must_use]
pub fn document(given: &PackageDocument<'_>) -> Bundle {
    let package = given.package;
    let mut out = Document::new(given);
    people::write(&mut out);
    order::write(&mut out);
    for item in package
        .items
        .iter()
        .filter(|item| item.stored && !item.superseded)
    {
        out.item = Some(item.reference.item_id.0);
        match item.reference.kind {
            RecordKind::Patient => people::item(&mut out, item),
            RecordKind::Clinical => clinical::item(&mut out, item),
            RecordKind::Lab => results::laboratory(&mut out, item),
            RecordKind::Exam => results::exam(&mut out, item),
            RecordKind::Imaging => results::imaging(&mut out, item),
            RecordKind::Treatment => treatment::item(&mut out, item),
            RecordKind::Consultation => order::item(&mut out, item),
        }
        provenance::of_item(&mut out, item);
    }
    out.item = None;
    results::series(&mut out);
    opinions::write(&mut out);
    provenance::of_package(&mut out);
    out.finish()
}

/// A document being put together.
struct Document<'a> {
    given: &'a PackageDocument<'a>,
    institutions: BTreeMap<InstitutionId, &'a Institution>,
    sections: Sections,
    entries: Vec<(Uuid, Object)>,
    /// The row that is being written.
    item: Option<Uuid>,
    /// Resources made of that row.
    made: Vec<Uuid>,
}

impl<'a> Document<'a> {
    fn new(given: &'a PackageDocument<'a>) -> Self {
        let row = given.consultation;
        let of_items = given.package.items.iter().map(|item| &item.institution);
        let of_series = given.package.series.iter().map(|series| &series.institution);
        let institutions = std::iter::once(&row.lead)
            .chain(participants(row).map(|p| &p.institution))
            .chain(given.opinions.iter().map(|signed| &signed.opinion.institution))
            .chain(of_items)
            .chain(of_series)
            .map(|institution| (institution.id, institution))
            .collect();
        Self {
            given,
            institutions,
            sections: Sections::default(),
            entries: Vec::new(),
            item: None,
            made: Vec::new(),
        }
    }

    /// The id of a resource: by the row it comes from, or by the package.
    fn id(&self, name: &str) -> Uuid {
        let from = self.item.unwrap_or(self.given.package.id.0);
        Uuid::new_v5(&from, name.as_bytes())
    }

    fn patient(&self) -> Object {
        reference(self.of_package("Patient"))
    }

    /// The id of a resource of the package as a whole.
    fn of_package(&self, name: &str) -> Uuid {
        Uuid::new_v5(&self.given.package.id.0, name.as_bytes())
    }

    fn organization(&self, id: InstitutionId) -> Object {
        reference(Uuid::new_v5(&id.0, b"Organization"))
    }

    /// Adds a resource. `name` tells it from others of the same row.
    fn add(&mut self, kind: &str, name: &str, fields: Object) -> Uuid {
        let id = self.id(&format!("{kind}/{name}"));
        self.add_as(id, kind, fields)
    }

    fn add_as(&mut self, id: Uuid, kind: &str, fields: Object) -> Uuid {
        let mut resource = Object::new()
            .with("resourceType", kind)
            .with("id", id.to_string());
        resource.0.extend(fields.0);
        self.entries.push((id, resource));
        if self.item.is_some() {
            self.made.push(id);
        }
        id
    }

    fn finish(self) -> Bundle {
        let package = self.given.package;
        let made_at = package.frozen_at.unwrap_or(package.created_at);
        let opinions = self.given.opinions.iter().map(|signed| &signed.opinion);
        let newest = opinions.max_by_key(|opinion| (opinion.submitted_at, opinion.id));
        // Another document of the same package once another opinion is signed.
        let id = newest.map_or(package.id.0, |of| Uuid::new_v5(&package.id.0, of.id.0.as_bytes()));
        let made_at = newest
            .map_or(made_at, |of| made_at.max(of.submitted_at))
            .to_string();
        let final_ = !matches!(package.state, PackageState::Building | PackageState::Validated);
        let row = self.given.consultation;
        let kind = concept(
            vec![
                coding(LOINC, "11488-4", "Consult note"),
                coding("urn:oid:2.16.156.10011.2.4", "C0045", "会诊记录"),
            ],
            "会诊病例数据包",
        );
        let composition_id = self.of_package("Composition");
        let composition = Object::new()
            .with("resourceType", "Composition")
            .with("id", composition_id.to_string())
            .with(
                "identifier",
                Object::new()
                    .with("system", "urn:consilium:package")
                    .with("value", format!("{}-P{}", package.number, package.version)),
            )
            .with("status", if final_ { "final" } else { "preliminary" })
            .with("type", kind)
            .with("subject", self.patient())
            .with("date", made_at.clone())
            .with("author", vec![self.organization(row.lead.id)])
            .with(
                "title",
                format!("会诊病例数据包 {} 第 {} 版", package.number, package.version),
            )
            .with("confidentiality", "R")
            .with("custodian", self.organization(row.lead.id))
            .with("section", self.sections.write());
        let entries: Vec<Object> = std::iter::once((composition_id, composition))
            .chain(self.entries)
            .map(|(id, resource)| {
                Object::new()
                    .with("fullUrl", format!("urn:uuid:{id}"))
                    .with("resource", resource)
            })
            .collect();
        let bundle = Object::new()
            .with("resourceType", "Bundle")
            .with("id", id.to_string())
            .with(
                "identifier",
                Object::new()
                    .with("system", "urn:ietf:rfc:3986")
                    .with("value", format!("urn:uuid:{id}")),
            )
            .with("type", "document")
            .with("timestamp", made_at)
            .with("entry", entries);
        Bundle(bundle)
    }
}

/// The institutions that take part.
fn participants(row: &ConsultationRow) -> impl Iterator<Item = &Participant> {
    row.participants.iter().filter(|p| {
        matches!(
            p.state,
            Some(InvitationState::Accepted | InvitationState::Reconfirming)
        )
    })
}

/// The text of an element of a row.
fn text<'a>(item: &'a Item, id: &ElementId) -> Option<&'a str> {
    item.elements.get(id).and_then(|value| value.text())
}
