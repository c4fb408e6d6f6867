//! The patient's own row.

use consilium_domain::{RecordKind, element::ElementId};

use super::{Elements, Reading, put};
use crate::fhir::patient;

/// Document types of CV02.01.101.
const ID_CARD: &str = "01";
const PASSPORT: &str = "03";
const OTHER: &str = "99";

pub(super) fn read(reading: &mut Reading<'_, '_>) {
    let body = reading.patient.body;
    let identifiers = patient::Identifiers::read(body);
    let mut elements = Elements::new();
    let document = identifiers
        .id_card
        .map(|(_, number)| (ID_CARD, number))
        .or_else(|| identifiers.passport.map(|number| (PASSPORT, number)))
        .or_else(|| identifiers.document().map(|number| (OTHER, number)));
    let row = ElementId::row;
    put(&mut elements, row(1, 2), document.map(|(kind, _)| kind));
    put(&mut elements, row(1, 3), document.map(|(_, number)| number));
    put(&mut elements, row(1, 4), identifiers.record);
    put(&mut elements, row(1, 5), patient::name(body));
    put(
        &mut elements,
        row(1, 6),
        patient::sex(body).ok().map(|sex| sex.gb_code()),
    );
    put(
        &mut elements,
        row(1, 9),
        crate::fhir::element::text(body, "birthDate"),
    );
    put(&mut elements, row(1, 10), patient::any_phone(body));
    put(&mut elements, row(1, 11), patient::ethnicity_code(body));
    put(&mut elements, row(1, 12), Some(patient::native_place(body)));
    put(&mut elements, row(1, 13), patient::home(body));
    let resource = reading.patient;
    // The key says nothing of the person: ids of patients are often their record numbers.
    if reading.add(RecordKind::Patient, "basics", elements, &[]).is_ok() {
        reading.use_up(resource);
    }
}
