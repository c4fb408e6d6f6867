//! The request form: two minutes, nothing typed is lost.

pub mod import;
pub mod sections;
pub mod state;

use consilium_domain::{ConsultationId, ConsultationKind};
use consilium_protocol::{
    FieldError,
    page::{Draft, Page},
    session::Institution,
};
use import::ImportBar;
use leptos::{prelude::*, task::spawn_local};
use sections::{ClinicalSection, InviteSection, KindSection, PatientSection};
use state::Form;

use crate::{
    api, browser,
    i18n::{FormTexts, fill, problem_text},
    ui::{Button, ButtonKind, FormErrors, Frame, LinkButton, Notice, Tone, field::field_id, frame::Place},
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
    view! {
        <Frame me=page.me path=page.path place=Place::New>
            <header class="page-head">
                <div>
                    <h1>{title}</h1>
                    <p class="quiet">{t.lead}</p>
                </div>
            </header>
            <ImportBar form />
            <form class="request" novalidate on:submit=|event| event.prevent_default()>
                <KindSection form kinds />
                <PatientSection form />
                <ClinicalSection form />
                <InviteSection form />
                <SaveBar form errors existing />
            </form>
        </Frame>
    }
}

/// Where saving stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Saving {
    busy: bool,
    /// The draft exists: saving again would make a second one.
    draft: Option<ConsultationId>,
}

#[component]
fn SaveBar(form: Form, errors: FormErrors, existing: Option<(ConsultationId, i64)>) -> impl IntoView {
    let locale = crate::context::locale();
    let t = FormTexts::of(locale);
    let saving = RwSignal::new(Saving::default());
    let message = RwSignal::new(None::<(Tone, String)>);
    let refuse = move |found: Vec<FieldError>| {
        let text = fill(t.fields_wrong, &[&found.len().to_string()]);
        message.set(Some((Tone::Late, text)));
        if let Some(first) = found.first() {
            browser::focus(&field_id(&first.field));
        }
        errors.0.set(found);
    };
    let save = move |invite: bool| {
        errors.0.set(Vec::new());
        let input = match form.input(invite) {
            Ok(input) => input,
            Err(found) => return refuse(found),
        };
        saving.update(|saving| saving.busy = true);
        message.set(Some((Tone::Info, t.saving.to_owned())));
        spawn_local(async move {
            let created = match (saving.get_untracked().draft, existing) {
                (Some(id), _) => Ok(id),
                (None, Some((id, version))) => api::edit(id, version, &input).await.map(|()| id),
                (None, None) => api::create(&input).await.map(|created| created.id),
            };
            match created {
                Ok(id) => {
                    saving.update(|saving| saving.draft = Some(id));
                    let invited = if invite {
                        api::act(id, api::Verb::Invite).await
                    } else {
                        Ok(())
                    };
                    match invited {
                        Ok(()) => return browser::go_to(&format!("/consultations/{id}")),
                        Err(problem) => {
                            let text = problem_text(&problem, locale);
                            message.set(Some((Tone::Late, fill(t.saved_not_invited, &[&text]))));
                        }
                    }
                }
                Err(problem) if problem.errors.is_empty() => {
                    message.set(Some((Tone::Late, problem_text(&problem, locale))));
                }
                Err(problem) => refuse(problem.errors),
            }
            saving.update(|saving| saving.busy = false);
        });
    };
    let busy = Signal::derive(move || saving.get().busy);
    view! {
        <div class="save-bar">
            <Notice message />
            {move || match saving.get().draft {
                Some(id) if !busy.get() => {
                    view! {
                        <LinkButton
                            href=format!("/consultations/{id}")
                            text=t.open_draft
                            kind=ButtonKind::Primary
                        />
                    }
                        .into_any()
                }
                _ => {
                    view! {
                        <div class="row">
                            <Button
                                text=t.save_and_invite
                                kind=ButtonKind::Primary
                                busy
                                on_press=move || save(true)
                            />
                            <Button text=t.save busy on_press=move || save(false) />
                        </div>
                    }
                        .into_any()
                }
            }}
        </div>
    }
}
