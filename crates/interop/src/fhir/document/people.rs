//! Patient, guardian, institutions, experts.

use consilium_domain::{
    Sex,
    element::{ElementId, ElementValue},
};
use consilium_protocol::preparation::Item;
use uuid::Uuid;

use super::{
    Document,
    sections::{self, Group},
    text,
    values::{absent_extension, coding, concept, hl7, quantity, reference, test_code},
};
use crate::tree::Object;

/// The platform's pseudonym of a person.
const PSEUDONYM: &str = "urn:consilium:patient";
/// Codes of institutions.
const INSTITUTION: &str = "urn:consilium:institution";
/// Sex by GB/T 2261.1.
const GB_SEX: &str = "urn:oid:2.16.156.10011.2.3.3.4";
/// Ethnicity by GB/T 3304.
const GB_ETHNICITY: &str = "urn:oid:2.16.156.10011.2.3.3.3";

pub(super) fn write(out: &mut Document<'_>) {
    let row = out.given.consultation;
    let patient = &row.patient;
    let sex = patient.sex;
    let gender = match sex {
        Sex::Male => "male",
        Sex::Female => "female",
        Sex::Unstated => "other",
        Sex::Unknown => "unknown",
    };
    let national = Object::new()
        .with(
            "url",
            "http://hl7.org.cn/fhir/StructureDefinition/ext-person-gender",
        )
        .with(
            "valueCoding",
            Object::new().with("system", GB_SEX).with("code", sex.gb_code()),
        );
    let phone = patient.phone.as_ref().map(|phone| {
        Object::new()
            .with("system", "phone")
            .with("value", phone.get().as_str())
    });
    let basics = out.given.package.items.iter().find(|item| {
        item.reference.kind == consilium_domain::RecordKind::Patient && item.stored && !item.superseded
    });
    let element = |id: ElementId| basics.and_then(|item| text(item, &id));
    // In exchange a birth date is its year.
    let birth_year = element(ElementId::row(1, 9))
        .and_then(|date| date.get(..4))
        .filter(|year| year.bytes().all(|b| b.is_ascii_digit()));
    let address = element(ElementId::row(1, 13)).map(|words| Object::new().with("text", words));
    let fields = Object::new()
        .with("extension", extensions(patient, element(ElementId::row(1, 11))))
        .with(
            "identifier",
            vec![
                Object::new()
                    .with("use", "usual")
                    .with("system", PSEUDONYM)
                    .with("value", patient.platform_id.as_str()),
            ],
        )
        .with(
            "name",
            vec![
                Object::new()
                    .with("use", "anonymous")
                    .with("text", patient.name.get().as_str()),
            ],
        )
        .with("telecom", phone.into_iter().collect::<Vec<_>>())
        .with("gender", gender)
        .with("_gender", Object::new().with("extension", vec![national]))
        .with("birthDate", birth_year)
        .with(
            "_birthDate",
            birth_year.is_none().then(|| absent_extension("masked")),
        )
        .with("address", address.into_iter().collect::<Vec<_>>());
    let id = out.of_package("Patient");
    out.add_as(id, "Patient", fields);
    if let Some(age) = patient.age {
        let (number, unit) = if age.months < 12 {
            (age.months, "mo")
        } else {
            (age.years(), "a")
        };
        let fields = observation(out, test_code(Some("30525-0"), "年龄"), "survey")
            .with("valueQuantity", quantity(&number.to_string(), Some(unit)));
        let id = out.add("Observation", "age", fields);
        out.sections.put(Group::Basics, id);
    }
    institutions(out);
    experts(out);
}

/// Ethnicity, native place and, for what is hidden, that it is.
fn extensions(patient: &consilium_protocol::consultation::MaskedPatient, code: Option<&str>) -> Vec<Object> {
    let name = patient.ethnicity.trim();
    let codings = code
        .filter(|code| code.len() == 2 && code.bytes().all(|b| b.is_ascii_digit()))
        .map(|code| Object::new().with("system", GB_ETHNICITY).with("code", code));
    let ethnicity = (codings.is_some() || !name.is_empty()).then(|| {
        Object::new()
            .with(
                "url",
                "http://hl7.org.cn/fhir/StructureDefinition/ext-ethnicGroup",
            )
            .with(
                "valueCodeableConcept",
                concept(codings.into_iter().collect(), name),
            )
    });
    let place = patient.native_place.trim();
    let birth_place = (!place.is_empty()).then(|| {
        Object::new()
            .with(
                "url",
                "http://hl7.org/fhir/StructureDefinition/patient-birthPlace",
            )
            .with("valueAddress", Object::new().with("text", place))
    });
    ethnicity.into_iter().chain(birth_place).collect()
}

/// The head of an observation of the package as a whole.
pub(super) fn observation(out: &Document<'_>, code: Object, category: &str) -> Object {
    Object::new()
        .with("status", "final")
        .with("category", vec![hl7("observation-category", category)])
        .with("code", code)
        .with("subject", out.patient())
}

fn institutions(out: &mut Document<'_>) {
    let all: Vec<_> = out.institutions.values().copied().collect();
    for institution in all {
        let english = institution.name_en.trim();
        let fields = Object::new()
            .with(
                "identifier",
                vec![
                    Object::new()
                        .with("system", INSTITUTION)
                        .with("value", institution.code.as_str()),
                ],
            )
            .with("active", true)
            .with("name", institution.name_zh.as_str())
            .with("alias", Some(vec![english]).filter(|_| !english.is_empty()));
        out.add_as(
            Uuid::new_v5(&institution.id.0, b"Organization"),
            "Organization",
            fields,
        );
    }
}

fn experts(out: &mut Document<'_>) {
    let row = out.given.consultation;
    for participant in super::participants(row) {
        for expert in &participant.experts {
            let practitioner = Uuid::new_v5(&expert.account_id.0, b"Practitioner");
            if out.entries.iter().any(|(id, _)| *id == practitioner) {
                continue;
            }
            let name = Object::new().with("text", expert.name.as_str());
            out.add_as(
                practitioner,
                "Practitioner",
                Object::new().with("name", vec![name]),
            );
            let words =
                |text: &str| Some(vec![concept(Vec::new(), text)]).filter(|_| !text.trim().is_empty());
            let role = Object::new()
                .with("practitioner", reference(practitioner))
                .with("organization", out.organization(participant.institution.id))
                .with("code", words(&expert.title))
                .with("specialty", words(&expert.department));
            let id = out.add("PractitionerRole", &expert.account_id.to_string(), role);
            out.sections.put(Group::Request, id);
        }
    }
}

/// What of the patient's row is no part of `Patient`: guardian, infectious flag.
pub(super) fn item(out: &mut Document<'_>, item: &Item) {
    let part = |name: &str| text(item, &ElementId::part(1, 14, name));
    let (name, phone, relation) = (part("name"), part("phone"), part("relation"));
    if name.is_some() || phone.is_some() {
        let relation =
            relation.map(|code| concept(vec![coding("urn:oid:2.16.156.10011.2.3.3.8", code, "")], "监护人"));
        let telecom = phone.map(|phone| vec![Object::new().with("system", "phone").with("value", phone)]);
        let fields = Object::new()
            .with("patient", out.patient())
            .with("relationship", relation.map(|relation| vec![relation]))
            .with("name", name.map(|name| vec![Object::new().with("text", name)]))
            .with("telecom", telecom);
        let id = out.add("RelatedPerson", "guardian", fields);
        out.sections.put(Group::Basics, id);
    }
    let infectious = item
        .elements
        .get(&ElementId::row(1, 15))
        .and_then(ElementValue::text);
    if matches!(infectious, Some("true" | "T" | "1")) {
        let fields = Object::new()
            .with("status", "active")
            .with("code", concept(Vec::new(), "传染性疾病"))
            .with("subject", out.patient());
        let id = out.add("Flag", "infectious", fields);
        out.sections.put(Group::Basics, id);
    }
    let patient = out.of_package("Patient");
    out.made.insert(0, patient);
    sections::narrative(out, item, &ElementId::row(1, 8));
}
