//! Writing the conclusion from all opinions, and signing it.

use consilium_domain::{InstitutionId, InvitationState, OpinionId};
use consilium_protocol::{
    codes,
    consultation::Consultation,
    limits,
    page::Page,
    report::{ReportInput, Waiver},
    session::Institution,
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    api, browser, context, format,
    i18n::{self, Common, ConcludeTexts, fill, problem_text, sentence},
    pages::consultation::opinions::OpinionText,
    ui::{
        Button, ButtonKind, ConfirmBar, FormErrors, Frame, LinkButton, Notice, TextArea, TextField, Tone,
        colour_class, field::field_id,
    },
};

/// What has been entered.
#[derive(Clone, Copy)]
struct Draft {
    conclusion: RwSignal<String>,
    diagnosis_code: RwSignal<String>,
    advice: RwSignal<String>,
    cites: StoredValue<Vec<(OpinionId, RwSignal<bool>)>>,
    waivers: StoredValue<Vec<(Institution, RwSignal<String>)>>,
}

impl Draft {
    fn new(consultation: &Consultation) -> Self {
        let cites = consultation
            .opinions
            .iter()
            .filter(|opinion| !opinion.superseded)
            .map(|opinion| (opinion.id, RwSignal::new(true)))
            .collect();
        let waivers = without_opinion(consultation)
            .into_iter()
            .map(|institution| (institution, RwSignal::new(String::new())))
            .collect();
        Self {
            conclusion: RwSignal::new(String::new()),
            diagnosis_code: RwSignal::new(consultation.clinical.diagnosis_code.clone()),
            advice: RwSignal::new(String::new()),
            cites: StoredValue::new(cites),
            waivers: StoredValue::new(waivers),
        }
    }

    /// How many opinions are not cited. Reactive.
    fn uncited(self) -> usize {
        self.cites
            .with_value(|all| all.iter().filter(|(_, on)| !on.get()).count())
    }

    fn input(self) -> ReportInput {
        let get = |of: RwSignal<String>| of.get_untracked().trim().to_owned();
        ReportInput {
            conclusion: get(self.conclusion),
            diagnosis_code: get(self.diagnosis_code),
            advice: get(self.advice),
            cites: self.cites.with_value(|all| {
                all.iter()
                    .filter(|(_, on)| on.get_untracked())
                    .map(|(id, _)| *id)
                    .collect()
            }),
            waivers: self.waivers.with_value(|all| {
                all.iter()
                    .map(|(of, reason)| (of.id, get(*reason)))
                    .filter(|(_, reason): &(InstitutionId, String)| !reason.is_empty())
                    .map(|(institution_id, reason)| Waiver {
                        institution_id,
                        reason,
                    })
                    .collect()
            }),
        }
    }
}

/// Institutions that accepted and gave no opinion.
fn without_opinion(consultation: &Consultation) -> Vec<Institution> {
    consultation
        .row
        .participants
        .iter()
        .filter(|of| of.state == Some(InvitationState::Accepted) && !of.opinion_submitted)
        .map(|of| of.institution.clone())
        .collect()
}

/// The page that writes and signs the report.
#[component]
pub fn ConcludePage(
    /// The page.
    page: Page,
    /// The consultation with all opinions.
    consultation: Consultation,
) -> impl IntoView {
    let locale = page.locale;
    let t = ConcludeTexts::of(locale);
    let errors = FormErrors::provide();
    let draft = Draft::new(&consultation);
    let back = format!("/consultations/{}", consultation.row.id);
    let patient = format::patient_line(&consultation.row.patient, locale);
    let line = format!(
        "{} · {} · {}",
        consultation.row.number, patient, consultation.row.preliminary_diagnosis
    );
    let sign = view! { <SignBar consultation=consultation.clone() draft errors /> }.into_any();
    view! {
        <Frame me=page.me path=page.path unread=page.unread>
            <header class="page-head">
                <div>
                    <h1>{t.title}</h1>
                    <p class="quiet">{line}</p>
                    <p class="quiet">{t.lead}</p>
                </div>
                <LinkButton href=back text=t.back />
            </header>
            <div class="columns even">
                <OpinionChoice consultation draft />
                <section class="panel" aria-labelledby="conclusion">
                    <h2 id="conclusion">{t.section}</h2>
                    <TextArea
                        path="conclusion"
                        label=t.conclusion
                        value=draft.conclusion
                        required=true
                        rows=7
                        limit=limits::CONCLUSION_CHARS
                    />
                    <Count value=draft.conclusion limit=limits::CONCLUSION_CHARS />
                    <TextField
                        path="diagnosis_code"
                        label=t.diagnosis_code
                        value=draft.diagnosis_code
                        limit=16
                    />
                    <TextArea
                        path="advice"
                        label=t.advice
                        value=draft.advice
                        required=true
                        rows=5
                        limit=limits::ADVICE_CHARS
                    />
                    <Count value=draft.advice limit=limits::ADVICE_CHARS />
                    {sign}
                </section>
            </div>
        </Frame>
    }
}

#[component]
fn Count(value: RwSignal<String>, limit: usize) -> impl IntoView {
    let t = ConcludeTexts::of(context::locale());
    let used = move || value.with(|text| text.chars().count()).to_string();
    view! { <p class="count">{move || fill(t.count, &[&used(), &limit.to_string()])}</p> }
}

#[component]
fn OpinionChoice(consultation: Consultation, draft: Draft) -> impl IntoView {
    let locale = context::locale();
    let t = ConcludeTexts::of(locale);
    let none = consultation.opinions.is_empty();
    let items = consultation
        .opinions
        .into_iter()
        .filter(|opinion| !opinion.superseded)
        .zip(draft.cites.get_value())
        .map(|(opinion, (id, cited))| {
            let name = format!("cite-{id}");
            view! {
                <div class="citable">
                    <OpinionText opinion />
                    <label class="cite" for=name.clone()>
                        <input
                            id=name.clone()
                            type="checkbox"
                            checked=true
                            prop:checked=move || cited.get()
                            on:change=move |event| cited.set(event_target_checked(&event))
                        />
                        <span>{t.cite}</span>
                    </label>
                </div>
            }
        })
        .collect_view();
    view! {
        <section class="panel" aria-labelledby="opinions">
            <h2 id="opinions">{t.opinions}</h2>
            {none.then(|| view! { <p class="quiet">{t.none}</p> })}
            {items}
            <div aria-live="polite">
                {move || {
                    let uncited = draft.uncited();
                    (uncited > 0)
                        .then(|| view! { <p class="notice soon">{fill(t.uncited, &[&uncited.to_string()])}</p> })
                }}
            </div>
            <Waivers draft />
        </section>
    }
}

#[component]
fn Waivers(draft: Draft) -> impl IntoView {
    let locale = context::locale();
    let t = ConcludeTexts::of(locale);
    let items = draft
        .waivers
        .get_value()
        .into_iter()
        .map(|(institution, reason)| {
            let path = format!("waivers.{}", institution.id);
            let label = fill(t.waiver_reason, &[&i18n::institution_name(&institution, locale)]);
            let dot = colour_class(&institution);
            view! { <TextArea path label value=reason rows=2 limit=limits::REASON_CHARS dot /> }
        })
        .collect_view();
    let any = draft.waivers.with_value(|all| !all.is_empty());
    any.then(|| {
        view! {
            <fieldset class="waivers">
                <legend>{t.waivers}</legend>
                {items}
            </fieldset>
        }
    })
}

#[component]
fn SignBar(consultation: Consultation, draft: Draft, errors: FormErrors) -> impl IntoView {
    let locale = context::locale();
    let t = ConcludeTexts::of(locale);
    let no = Common::of(locale).no;
    let id = consultation.row.id;
    let busy = RwSignal::new(false);
    let asked = RwSignal::new(false);
    let message = RwSignal::new(None::<(Tone, String)>);
    let sign = move || {
        asked.set(false);
        busy.set(true);
        errors.0.set(Vec::new());
        message.set(Some((Tone::Info, t.signing.to_owned())));
        let input = draft.input();
        spawn_local(async move {
            match api::sign(id, &input).await {
                Ok(()) => browser::go_to(&format!("/consultations/{id}/report")),
                Err(problem) => {
                    message.set(Some((Tone::Late, problem_text(&problem, locale))));
                    if let Some(first) = problem.errors.first() {
                        browser::focus(&field_id(&first.field));
                    }
                    errors.0.set(problem.errors);
                    busy.set(false);
                }
            }
        });
    };
    let ask = move || {
        if draft.uncited() > 0 {
            let text = sentence(codes::OPINIONS_UNCITED, locale).to_owned();
            message.set(Some((Tone::Late, text)));
        } else {
            message.set(None);
            asked.set(true);
        }
    };
    view! {
        <Notice message />
        {move || {
            if asked.get() {
                view! {
                    <ConfirmBar
                        question=t.confirm
                        yes=t.sign
                        no
                        on_yes=sign
                        on_no=move || asked.set(false)
                    />
                }
                    .into_any()
            } else {
                view! { <Button text=t.sign kind=ButtonKind::Primary busy on_press=ask /> }.into_any()
            }
        }}
    }
}
