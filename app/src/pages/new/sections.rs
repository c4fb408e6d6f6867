//! The four sections of the request form.

use consilium_domain::{ConsentSigner, ConsultationKind, Sex, Urgency};
use consilium_protocol::limits;
use leptos::prelude::*;

use super::state::Form;
use crate::{
    context,
    i18n::{self, FormTexts, fill},
    ui::{CheckChip, DateField, SelectField, TextArea, TextField, colour_class, field::FieldGroup},
};

/// Planned lengths to choose from, minutes.
const DURATIONS: [u16; 5] = [30, 45, 60, 90, 120];

/// Type, urgency, time.
#[component]
pub fn KindSection(
    /// The form.
    form: Form,
    /// Types to choose from.
    kinds: Vec<ConsultationKind>,
) -> impl IntoView {
    let locale = context::locale();
    let t = FormTexts::of(locale);
    let kinds = kinds
        .into_iter()
        .map(|kind| (kind.code().to_owned(), i18n::kind(kind, locale).to_owned()))
        .collect();
    let urgencies = Urgency::ALL
        .iter()
        .map(|of| (of.code().to_owned(), i18n::urgency(*of, locale).to_owned()))
        .collect();
    let durations = DURATIONS
        .iter()
        .map(|of| (of.to_string(), fill(t.minutes, &[&of.to_string()])))
        .collect();
    view! {
        <section class="form-section" aria-labelledby="section-kind">
            <h2 id="section-kind">{t.section_kind}</h2>
            <div class="grid">
                <SelectField path="kind" label=t.kind value=form.kind options=kinds required=true />
                <SelectField path="urgency" label=t.urgency value=form.urgency options=urgencies />
                <DateField path="scheduled_at" label=t.scheduled_at value=form.scheduled_at time=true required=true />
                <SelectField path="duration_minutes" label=t.duration value=form.duration options=durations />
            </div>
        </section>
    }
}

/// Identity of the patient.
#[component]
pub fn PatientSection(
    /// The form.
    form: Form,
) -> impl IntoView {
    let locale = context::locale();
    let t = FormTexts::of(locale);
    let f = form.texts;
    let mut sexes = vec![(String::new(), t.choose.to_owned())];
    sexes.extend(
        Sex::ALL
            .iter()
            .map(|of| (of.code().to_owned(), i18n::sex(*of, locale).to_owned())),
    );
    view! {
        <section class="form-section" aria-labelledby="section-patient">
            <h2 id="section-patient">{t.section_patient}</h2>
            <div class="grid">
                <TextField path="patient.name" label=t.name value=f.name required=true limit=50 />
                <SelectField path="patient.sex" label=t.sex value=f.sex options=sexes required=true />
                <TextField path="patient.id_number" label=t.id_number value=f.id_number limit=18 />
                <DateField path="patient.birth_date" label=t.birth_date value=f.birth_date />
                <TextField path="patient.phone" label=t.phone value=f.phone kind="tel" limit=30 />
                <TextField
                    path="patient.record_number"
                    label=t.record_number
                    value=f.record_number
                    hint=t.record_number_hint
                    limit=64
                />
                <TextField path="patient.ethnicity" label=t.ethnicity value=f.ethnicity limit=50 />
                <TextField path="patient.native_place" label=t.native_place value=f.native_place limit=100 />
                <TextField
                    path="patient.other_number"
                    label=t.other_number
                    value=f.other_number
                    hint=t.other_number_hint
                    limit=64
                />
                <TextField path="patient.address" label=t.address value=f.address limit=200 />
            </div>
        </section>
    }
}

/// Diagnosis, question, histories.
#[component]
pub fn ClinicalSection(
    /// The form.
    form: Form,
) -> impl IntoView {
    let t = FormTexts::of(context::locale());
    let f = form.texts;
    view! {
        <section class="form-section" aria-labelledby="section-clinical">
            <h2 id="section-clinical">{t.section_clinical}</h2>
            <div class="grid">
                <TextField
                    path="clinical.preliminary_diagnosis"
                    label=t.diagnosis
                    value=f.diagnosis
                    required=true
                    limit=limits::DIAGNOSIS_CHARS
                />
                <TextField path="clinical.diagnosis_code" label=t.diagnosis_code value=f.diagnosis_code limit=16 />
            </div>
            <div class="grid wide">
                <TextArea path="clinical.need" label=t.need value=f.need required=true limit=limits::NEED_CHARS />
                <TextArea path="clinical.chief_complaint" label=t.chief_complaint value=f.chief_complaint />
                <TextArea path="clinical.present_illness" label=t.present_illness value=f.present_illness />
                <TextArea path="clinical.past_history" label=t.past_history value=f.past_history />
                <TextArea path="clinical.treatment" label=t.treatment value=f.treatment />
                <TextArea path="clinical.lab_summary" label=t.lab_summary value=f.lab_summary />
            </div>
        </section>
    }
}

/// Institutions, wanted data, consent.
#[component]
pub fn InviteSection(
    /// The form.
    form: Form,
) -> impl IntoView {
    let locale = context::locale();
    let t = FormTexts::of(locale);
    let none = form.participants.with_value(Vec::is_empty);
    let institutions = form
        .participants
        .get_value()
        .into_iter()
        .map(|(institution, checked)| {
            let text = i18n::institution_name(&institution, locale);
            view! { <CheckChip text checked dot=colour_class(&institution) /> }
        })
        .collect_view();
    let wanted = form
        .wanted
        .get_value()
        .into_iter()
        .map(|(of, checked)| view! { <CheckChip text=i18n::category(of, locale) checked /> })
        .collect_view();
    let mut signers = vec![(String::new(), t.consent_none.to_owned())];
    signers.extend(
        ConsentSigner::ALL
            .iter()
            .map(|of| (of.code().to_owned(), i18n::signer(*of, locale).to_owned())),
    );
    view! {
        <section class="form-section" aria-labelledby="section-invite">
            <h2 id="section-invite">{t.section_invite}</h2>
            <FieldGroup path="participants" label=t.participants>
                {institutions}
                {none.then(|| view! { <p class="quiet">{t.no_institutions}</p> })}
            </FieldGroup>
            <FieldGroup path="wanted" label=t.wanted>{wanted}</FieldGroup>
            <div class="grid">
                <SelectField path="consent" label=t.consent value=form.signer options=signers hint=t.consent_hint />
                <TextField
                    path="consent.text_version"
                    label=t.consent_version
                    value=form.consent_version
                    limit=40
                />
            </div>
        </section>
    }
}
