//! Patient and clinical data as all institutions of the consultation see them.

use consilium_domain::{ConsultationId, InstitutionId, Role};
use consilium_protocol::{
    consultation::{Act, Consultation},
    masking::UnmaskField,
};
use leptos::prelude::*;

use super::unmask::Unmaskable;
use crate::{
    context, format,
    i18n::{self, Common, ConsultationTexts, FormTexts, fill},
    ui::Facts,
};

/// Patient (masked) and clinical data.
#[component]
pub fn ClinicalPanel(
    /// The consultation.
    consultation: Consultation,
    /// The reader's institution and role.
    reader: Option<(InstitutionId, Role)>,
) -> impl IntoView {
    let locale = context::locale();
    let t = ConsultationTexts::of(locale);
    let f = FormTexts::of(locale);
    let id = consultation.row.id;
    // The lead holds the identity; its coordinators and experts may look at a field in clear.
    let unmask = reader.is_some_and(|(own, role)| {
        own == consultation.row.lead.id && matches!(role, Role::Admin | Role::Expert)
    });
    let consent_page = consultation
        .row
        .allowed
        .contains(&Act::Consent)
        .then(|| format!("/consultations/{id}/consent"));
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
    let facts = [
        (f.need, clinical.need),
        (f.purpose, clinical.purpose),
        (f.wanted_specialty, clinical.wanted_specialty),
        (f.diagnosis, diagnosis),
        (f.diagnosis_basis, clinical.diagnosis_basis),
        (f.chief_complaint, clinical.chief_complaint),
        (f.present_illness, clinical.present_illness),
        (f.physical_exam, clinical.physical_exam),
        (f.past_history, clinical.past_history),
        (f.personal_history, clinical.personal_history),
        (f.family_history, clinical.family_history),
        (f.treatment, clinical.treatment),
        (f.lab_summary, clinical.lab_summary),
    ];
    view! {
        <section class="panel" aria-labelledby="clinical">
            <h2 id="clinical">{t.clinical}</h2>
            <Facts items=facts.to_vec() />
        </section>
        <section class="panel" aria-labelledby="patient">
            <h2 id="patient">
                {t.patient} " "
                {patient.infectious.then(|| view! { <span class="mark soon">{Common::of(locale).infectious}</span> })}
            </h2>
            <dl class="facts">
                <Fact name=t.platform_id text=format::grouped(&patient.platform_id) code=true />
                <Masked id name=f.name text=patient.name.get().clone() field=UnmaskField::Name unmask />
                <Masked id name=t.number text=number field=UnmaskField::Number unmask />
                <Masked id name=t.phone text=phone field=UnmaskField::Phone unmask />
                <Fact name=t.ethnicity text=patient.ethnicity />
                <Fact name=t.native_place text=patient.native_place />
                <Fact name=t.wanted text=format::list(&wanted, locale) />
                <div>
                    <dt>{t.consent}</dt>
                    <dd>
                        {match consent_page {
                            Some(href) => view! { <a href=href>{consent}</a> }.into_any(),
                            None => view! { <span>{consent}</span> }.into_any(),
                        }}
                    </dd>
                </div>
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

/// A masked field of the identity.
#[component]
fn Masked(
    id: ConsultationId,
    name: &'static str,
    text: String,
    field: UnmaskField,
    unmask: bool,
) -> impl IntoView {
    (!text.is_empty()).then(|| {
        view! {
            <div>
                <dt>{name}</dt>
                <dd>
                    {if unmask {
                        view! { <Unmaskable id name masked=text field /> }.into_any()
                    } else {
                        view! { <span class="mono">{text}</span> }.into_any()
                    }}
                </dd>
            </div>
        }
    })
}
