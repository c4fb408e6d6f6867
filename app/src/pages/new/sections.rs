//! The sections of the request form, in the order in which a coordinator thinks.

use consilium_domain::{ConsentSigner, ConsultationKind, GuardianRelation, Sex, Urgency};
use consilium_protocol::limits;
use leptos::prelude::*;

use super::{ethnic, state::Form};
use crate::{
    context,
    i18n::{self, FormTexts, fill},
    ui::{CheckChip, DateField, SelectField, TextArea, TextField, colour_class, field::FieldGroup},
};

/// Planned lengths to choose from, minutes.
const DURATIONS: [u16; 5] = [30, 45, 60, 90, 120];

fn options<T: Copy>(
    all: &[T],
    none: Option<&str>,
    code: impl Fn(T) -> &'static str,
    text: impl Fn(T) -> &'static str,
) -> Vec<(String, String)> {
    let first = none.map(|text| (String::new(), text.to_owned()));
    let rest = all.iter().map(|of| (code(*of).to_owned(), text(*of).to_owned()));
    first.into_iter().chain(rest).collect()
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
    let sexes = options(Sex::ALL, Some(t.choose), Sex::code, |of| i18n::sex(of, locale));
    let ethnic = ethnic::proposals(locale);
    view! {
        <section class="form-section" aria-labelledby="section-patient">
            <h2 id="section-patient">{t.section_patient}</h2>
            <div class="grid">
                <TextField path="patient.name" label=t.name value=f.name required=true limit=50 />
                <TextField path="patient.id_number" label=t.id_number value=f.id_number hint=t.id_number_hint limit=18 />
                <SelectField path="patient.sex" label=t.sex value=f.sex options=sexes required=true />
                <DateField path="patient.birth_date" label=t.birth_date value=f.birth_date />
                <TextField path="patient.phone" label=t.phone value=f.phone hint=t.phone_hint kind="tel" limit=30 />
                <TextField
                    path="patient.record_number"
                    label=t.record_number
                    value=f.record_number
                    hint=t.record_number_hint
                    limit=64
                />
                <TextField
                    path="patient.ethnicity"
                    label=t.ethnicity
                    value=f.ethnicity
                    hint=t.ethnicity_hint
                    limit=50
                    proposals=ethnic
                />
                <TextField
                    path="patient.native_place"
                    label=t.native_place
                    value=f.native_place
                    hint=t.phone_hint
                    limit=100
                />
                <TextField
                    path="patient.other_number"
                    label=t.other_number
                    value=f.other_number
                    hint=t.other_number_hint
                    limit=64
                />
                <TextField path="patient.address" label=t.address value=f.address limit=200 />
                <FieldGroup path="patient.infectious" label=t.infectious_label>
                    <CheckChip text=t.infectious checked=form.infectious />
                </FieldGroup>
            </div>
        </section>
    }
}

/// What is asked of the consultants.
#[component]
pub fn QuestionSection(
    /// The form.
    form: Form,
) -> impl IntoView {
    let t = FormTexts::of(context::locale());
    let f = form.texts;
    view! {
        <section class="form-section" aria-labelledby="section-question">
            <h2 id="section-question">{t.section_question}</h2>
            <div class="grid">
                <TextField
                    path="clinical.preliminary_diagnosis"
                    label=t.diagnosis
                    value=f.diagnosis
                    required=true
                    limit=limits::DIAGNOSIS_CHARS
                />
                <TextField path="clinical.diagnosis_code" label=t.diagnosis_code value=f.diagnosis_code limit=16 />
                <TextField path="clinical.purpose" label=t.purpose value=f.purpose limit=100 />
                <TextField path="clinical.wanted_specialty" label=t.wanted_specialty value=f.wanted_specialty limit=50 />
            </div>
            <div class="grid wide">
                <TextArea path="clinical.need" label=t.need value=f.need required=true limit=limits::NEED_CHARS />
                <TextArea path="clinical.chief_complaint" label=t.chief_complaint value=f.chief_complaint limit=100 />
            </div>
        </section>
    }
}

/// History, examination, treatment.
#[component]
pub fn HistorySection(
    /// The form.
    form: Form,
) -> impl IntoView {
    let t = FormTexts::of(context::locale());
    let f = form.texts;
    view! {
        <section class="form-section" aria-labelledby="section-history">
            <h2 id="section-history">{t.section_history}</h2>
            <p class="quiet">{t.history_hint}</p>
            <div class="grid wide">
                <TextArea path="clinical.present_illness" label=t.present_illness value=f.present_illness />
                <TextArea path="clinical.physical_exam" label=t.physical_exam value=f.physical_exam />
                <TextArea path="clinical.past_history" label=t.past_history value=f.past_history />
                <TextArea path="clinical.personal_history" label=t.personal_history value=f.personal_history />
                <TextArea path="clinical.family_history" label=t.family_history value=f.family_history />
                <TextArea path="clinical.diagnosis_basis" label=t.diagnosis_basis value=f.diagnosis_basis />
                <TextArea path="clinical.treatment" label=t.treatment value=f.treatment />
                <TextArea path="clinical.lab_summary" label=t.lab_summary value=f.lab_summary />
            </div>
        </section>
    }
}

/// Type, urgency, time, institutions, wanted data.
#[component]
pub fn InviteSection(
    /// The form.
    form: Form,
    /// Types to choose from.
    kinds: Vec<ConsultationKind>,
) -> impl IntoView {
    let locale = context::locale();
    let t = FormTexts::of(locale);
    let kinds = options(&kinds, None, ConsultationKind::code, |of| i18n::kind(of, locale));
    let urgencies = options(Urgency::ALL, None, Urgency::code, |of| i18n::urgency(of, locale));
    let durations = DURATIONS
        .iter()
        .map(|of| (of.to_string(), fill(t.minutes, &[&of.to_string()])))
        .collect();
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
    let clocks = move || {
        if form.urgency.get() == Urgency::Urgent.code() {
            t.urgent_hint
        } else {
            t.routine_hint
        }
    };
    view! {
        <section class="form-section" aria-labelledby="section-kind">
            <h2 id="section-kind">{t.section_kind}</h2>
            <div class="grid">
                <SelectField path="kind" label=t.kind value=form.kind options=kinds required=true />
                <SelectField path="urgency" label=t.urgency value=form.urgency options=urgencies />
                <DateField path="scheduled_at" label=t.scheduled_at value=form.scheduled_at time=true required=true />
                <SelectField path="duration_minutes" label=t.duration value=form.duration options=durations />
            </div>
            <p class="quiet form-line" aria-live="polite">{clocks}</p>
            <FieldGroup path="participants" label=t.participants>
                {institutions}
                {none.then(|| view! { <p class="quiet">{t.no_institutions}</p> })}
            </FieldGroup>
            <FieldGroup path="wanted" label=t.wanted>{wanted}</FieldGroup>
        </section>
    }
}

/// Who has consented, and the guardian when one signs.
#[component]
pub fn ConsentSection(
    /// The form.
    form: Form,
) -> impl IntoView {
    let locale = context::locale();
    let t = FormTexts::of(locale);
    let now = context::now();
    let signers = options(
        ConsentSigner::ALL,
        Some(t.consent_none),
        ConsentSigner::code,
        |of| i18n::signer(of, locale),
    );
    let minor = Memo::new(move |_| form.is_minor(now.get()));
    let guardian = Memo::new(move |_| form.signer.get() == ConsentSigner::Guardian.code());
    view! {
        <section class="form-section" aria-labelledby="section-consent">
            <h2 id="section-consent">{t.section_consent}</h2>
            <div class="grid">
                <SelectField path="consent" label=t.consent value=form.signer options=signers hint=t.consent_hint />
                <TextField
                    path="consent.text_version"
                    label=t.consent_version
                    value=form.consent_version
                    limit=40
                />
            </div>
            <div aria-live="polite">
                {move || {
                    (minor.get() && !guardian.get())
                        .then(|| view! { <p class="notice soon form-line">{t.guardian_needed}</p> })
                }}
            </div>
            {move || guardian.get().then(|| view! { <GuardianFields form /> })}
        </section>
    }
}

#[component]
fn GuardianFields(form: Form) -> impl IntoView {
    let locale = context::locale();
    let t = FormTexts::of(locale);
    let relations = options(
        GuardianRelation::ALL,
        Some(t.choose),
        GuardianRelation::code,
        |of| i18n::preparation::relation(of, locale),
    );
    let known = form.guardian_known.get_untracked();
    view! {
        <div class="grid" role="group" aria-label=t.guardian_title>
            <TextField
                path="guardian.name"
                label=t.guardian_name
                value=form.guardian_name
                required=!known
                limit=50
                hint=if known { t.guardian_on_record } else { "" }
            />
            <SelectField
                path="guardian.relation"
                label=t.guardian_relation
                value=form.guardian_relation
                options=relations
                required=!known
            />
            <TextField
                path="guardian.phone"
                label=t.guardian_phone
                value=form.guardian_phone
                kind="tel"
                limit=30
            />
        </div>
    }
}
