//! One consultation: where it stands, whose move it is, and everything the reader may do with it.

pub mod acts;
pub mod answer;
pub mod clinical;
pub mod files;
pub mod images;
pub mod opinions;
pub mod participants;
pub mod unmask;
pub mod upload;

use acts::MovePanel;
use clinical::ClinicalPanel;
use consilium_domain::Urgency;
use consilium_protocol::{
    consultation::Consultation,
    imaging::Series,
    page::{Page, Progress},
    preparation::Expert,
};
use images::ImagesPanel;
use leptos::prelude::*;
use opinions::OpinionsPanel;
use participants::ParticipantsPanel;

use crate::{
    format,
    i18n::{self, Common, ConsultationTexts, fill},
    ui::{Frame, colour_class, phase::PhaseSteps},
};

/// The page of one consultation.
#[component]
pub fn ConsultationPage(
    /// The page.
    page: Page,
    /// The consultation.
    consultation: Consultation,
    /// Its images, when the reader may see them.
    series: Vec<Series>,
    /// How far each institution has come.
    progress: Vec<Progress>,
    /// Experts of the own institution.
    experts: Vec<Expert>,
) -> impl IntoView {
    let reader = page.me.as_ref().map(|me| (me.institution.id, me.role));
    let own = reader.map(|(own, _)| own);
    let head = view! { <Head consultation=consultation.clone() /> }.into_any();
    let side = view! { <ParticipantsPanel consultation=consultation.clone() progress own /> }.into_any();
    let opinions = consultation.opinions.clone();
    let override_reason = consultation
        .override_reason
        .as_ref()
        .map(|reason| fill(ConsultationTexts::of(page.locale).overridden, &[reason]));
    view! {
        <Frame me=page.me path=page.path unread=page.unread>
            {head} <MovePanel consultation=consultation.clone() experts />
            {override_reason.map(|text| view! { <p class="notice soon form-line">{text}</p> })}
            <div class="columns">
                <div>
                    <ImagesPanel row=consultation.row.clone() series />
                    <ClinicalPanel consultation reader />
                </div>
                <div>{side} <OpinionsPanel opinions /></div>
            </div>
        </Frame>
    }
}

#[component]
fn Head(consultation: Consultation) -> impl IntoView {
    let locale = crate::context::locale();
    let t = ConsultationTexts::of(locale);
    let common = Common::of(locale);
    let row = consultation.row;
    let lead = i18n::institution_name(&row.lead, locale);
    let dot = format!("dot {}", colour_class(&row.lead));
    let length = fill(
        crate::i18n::FormTexts::of(locale).minutes,
        &[&consultation.duration_minutes.to_string()],
    );
    view! {
        <header class="case-head">
            <div>
                <p class="number">{row.number.clone()}</p>
                <h1>
                    {format::patient_line(&row.patient, locale)}
                    {(row.urgency == Urgency::Urgent)
                        .then(|| view! { <span class="mark urgent">{common.urgent}</span> })}
                    {row.patient.minor.then(|| view! { <span class="mark">{common.minor}</span> })}
                </h1>
                <p class="quiet">
                    {format!("{} · {}", row.preliminary_diagnosis, i18n::kind(row.kind, locale))}
                </p>
            </div>
            <div class="case-facts">
                <PhaseSteps state=row.state />
                <p class="quiet">
                    <span>{t.scheduled} " "</span>
                    <time datetime=row.scheduled_at.to_string() title=format::absolute(row.scheduled_at, locale)>
                        {row.scheduled_at.display()}
                    </time>
                    <span>{format!(" · {length}")}</span>
                </p>
                <p class="quiet">
                    <i class=dot aria-hidden="true"></i>
                    <span>{format!("{}{}{lead}", common.lead, common.colon)}</span>
                </p>
            </div>
        </header>
    }
}
