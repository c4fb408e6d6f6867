//! Patient and clinical data as all institutions of the consultation see them.

use consilium_protocol::consultation::Consultation;
use leptos::prelude::*;

use crate::{
    context, format,
    i18n::{self, ConsultationTexts, FormTexts, fill},
};

/// Patient (masked) and clinical data.
#[component]
pub fn ClinicalPanel(
    /// The consultation.
    consultation: Consultation,
) -> impl IntoView {
    let locale = context::locale();
    let t = ConsultationTexts::of(locale);
    let f = FormTexts::of(locale);
    let patient = consultation.row.patient;
    let clinical = consultation.clinical;
    let wanted: Vec<&str> = consultation
        .wanted
        .iter()
        .map(|of| i18n::category(*of, locale))
        .collect();
    let consent = consultation.consent.map_or_else(
        || t.consent_missing.to_owned(),
        |consent| {
            let signer = i18n::signer(consent.signer, locale);
            fill(t.consent_given, &[signer, &consent.text_version])
        },
    );
    let diagnosis = if clinical.diagnosis_code.is_empty() {
        clinical.preliminary_diagnosis
    } else {
        format!(
            "{} (ICD-10 {})",
            clinical.preliminary_diagnosis, clinical.diagnosis_code
        )
    };
    let number = patient.number.map(|of| of.get().clone()).unwrap_or_default();
    let phone = patient.phone.map(|of| of.get().clone()).unwrap_or_default();
    view! {
        <section class="panel" aria-labelledby="clinical">
            <h2 id="clinical">{t.clinical}</h2>
            <dl class="facts long">
                <Fact name=f.need text=clinical.need />
                <Fact name=f.diagnosis text=diagnosis />
                <Fact name=f.chief_complaint text=clinical.chief_complaint />
                <Fact name=f.present_illness text=clinical.present_illness />
                <Fact name=f.past_history text=clinical.past_history />
                <Fact name=f.treatment text=clinical.treatment />
                <Fact name=f.lab_summary text=clinical.lab_summary />
            </dl>
        </section>
        <section class="panel" aria-labelledby="patient">
            <h2 id="patient">{t.patient}</h2>
            <dl class="facts">
                <Fact name=t.platform_id text=format::grouped(&patient.platform_id) code=true />
                <Fact name=t.number text=number code=true />
                <Fact name=t.phone text=phone code=true />
                <Fact name=t.ethnicity text=patient.ethnicity />
                <Fact name=t.native_place text=patient.native_place />
                <Fact name=t.wanted text=format::list(&wanted, locale) />
                <Fact name=t.consent text=consent />
            </dl>
        </section>
    }
}

/// A name and a text; nothing when the text is empty.
#[component]
fn Fact(name: &'static str, text: String, #[prop(optional)] code: bool) -> impl IntoView {
    (!text.is_empty()).then(|| {
        view! {
            <div>
                <dt>{name}</dt>
                <dd class:mono=code>{text}</dd>
            </div>
        }
    })
}
