//! The request form: two minutes, nothing typed is lost.

mod check;
mod ethnic;
pub mod import;
pub mod saving;
pub mod sections;
pub mod state;

use consilium_domain::ConsultationKind;
use consilium_protocol::{
    page::{Draft, Page},
    session::Institution,
};
use import::ImportBar;
use leptos::prelude::*;
use saving::SaveBar;
use sections::{ConsentSection, HistorySection, InviteSection, PatientSection, QuestionSection};
use state::Form;

use crate::{
    context,
    i18n::{FormTexts, fill},
    ui::{FormErrors, Frame, frame::Place},
};

/// The page of a new consultation.
#[component]
pub fn NewConsultationPage(
    /// The page.
    page: Page,
    /// Institutions that can be invited.
    institutions: Vec<Institution>,
    /// Types to choose from.
    kinds: Vec<ConsultationKind>,
    /// The draft to change.
    draft: Option<Box<Draft>>,
    /// Version of the consent text in use.
    consent_version: String,
) -> impl IntoView {
    let t = FormTexts::of(page.locale);
    let form = Form::new(institutions, &kinds, page.now);
    let title = draft.as_ref().map_or_else(
        || t.title.to_owned(),
        |draft| fill(t.edit_title, &[&draft.number]),
    );
    if !consent_version.is_empty() {
        form.consent_version.set(consent_version);
    }
    let existing = draft.as_ref().map(|draft| (draft.id, draft.version));
    if let Some(draft) = draft {
        form.load(draft.input);
    }
    let errors = FormErrors::provide();
    let now = context::now();
    errors.check_with(move |path| {
        if path == "patient.id_number" {
            form.read_number();
        }
        form.problem(path, now.get_untracked())
    });
    view! {
        <Frame me=page.me path=page.path unread=page.unread place=Place::New>
            <header class="page-head">
                <div>
                    <h1>{title}</h1>
                    <p class="quiet">{t.lead}</p>
                </div>
            </header>
            <ImportBar form />
            <form class="request" novalidate on:submit=|event| event.prevent_default()>
                <PatientSection form />
                <QuestionSection form />
                <InviteSection form kinds />
                <ConsentSection form />
                <HistorySection form />
                <SaveBar form errors existing />
            </form>
        </Frame>
    }
}
