//! A participant's answer to the invitation.

use consilium_domain::{ConsultationId, DataCategory, Timestamp, invitation::Answer};
use consilium_protocol::limits;
use leptos::prelude::*;

use super::acts::run;
use crate::{
    api, context,
    i18n::{self, ConsultationTexts, fill},
    ui::{Button, ButtonKind, CheckChip, FormErrors, TextArea, Tone, field::FieldGroup},
};

/// Accept with the data that can be given, or decline with a reason.
#[component]
pub fn AnswerForm(
    /// The consultation.
    id: ConsultationId,
    /// Data that the lead wants: proposed.
    wanted: Vec<DataCategory>,
    /// Until when.
    due: Option<Timestamp>,
    /// Where to say what came of it.
    message: RwSignal<Option<(Tone, String)>>,
    /// A request runs.
    busy: RwSignal<bool>,
) -> impl IntoView {
    let locale = context::locale();
    let t = ConsultationTexts::of(locale);
    let _errors = FormErrors::provide();
    let declining = RwSignal::new(false);
    let reason = RwSignal::new(String::new());
    let categories: Vec<(DataCategory, RwSignal<bool>)> = DataCategory::ALL
        .iter()
        .map(|of| (*of, RwSignal::new(wanted.contains(of))))
        .collect();
    let chips = categories
        .iter()
        .map(|(of, checked)| view! { <CheckChip text=i18n::category(*of, locale) checked=*checked /> })
        .collect_view();
    let accept = move || {
        let can_provide = categories
            .iter()
            .filter(|(_, on)| on.get_untracked())
            .map(|(of, _)| *of)
            .collect();
        run(message, busy, locale, async move {
            api::answer(id, &Answer::Accept { can_provide }).await
        });
    };
    let decline = move || {
        let reason = reason.get_untracked();
        run(message, busy, locale, async move {
            api::answer(id, &Answer::Decline { reason }).await
        });
    };
    view! {
        <section class="panel answer" aria-labelledby="answer-title">
            <h2 id="answer-title">{t.answer_title}</h2>
            {due.map(|due| view! { <p class="quiet">{fill(t.answer_lead, &[&due.display()])}</p> })}
            <FieldGroup path="can_provide" label=t.provide>{chips}</FieldGroup>
            <div class="row">
                <Button text=t.accept kind=ButtonKind::Primary busy on_press=accept />
                <Button text=t.decline busy on_press=move || declining.update(|on| *on = !*on) />
            </div>
            <div class="decline" hidden=move || !declining.get()>
                <TextArea
                    path="reason"
                    label=t.decline_reason
                    value=reason
                    required=true
                    rows=2
                    limit=limits::REASON_CHARS
                />
                <Button text=t.send_decline kind=ButtonKind::Danger busy on_press=decline />
            </div>
        </section>
    }
}
