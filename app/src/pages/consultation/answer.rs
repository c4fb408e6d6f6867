//! A participant's answer to the invitation: the five parts of clause 7.2 b, and what the institution gives.

use consilium_domain::{AccountId, DataCategory, InvitationState, invitation::Answer};
use consilium_protocol::{
    consultation::{AnswerInput, Consultation},
    limits,
    preparation::Expert,
};
use leptos::prelude::*;

use crate::{
    api, context, format,
    i18n::{self, ConsultationTexts, FormTexts, fill},
    ui::{
        Button, ButtonKind, CheckChip, DateField, Doing, DueTime, Facts, FormErrors, TextArea,
        field::FieldGroup,
    },
};

/// Accept with the data that can be given, or decline with a reason.
#[component]
pub fn AnswerForm(
    /// The consultation.
    consultation: Consultation,
    /// Experts of the own institution.
    experts: Vec<Expert>,
    /// What is being done.
    doing: Doing,
) -> impl IntoView {
    let locale = context::locale();
    let t = ConsultationTexts::of(locale);
    let _errors = FormErrors::provide();
    let id = consultation.row.id;
    let own = consultation.row.participants.iter().find(|of| {
        matches!(
            of.state,
            Some(InvitationState::Delivered | InvitationState::Reconfirming)
        )
    });
    let again = own.is_some_and(|of| of.state == Some(InvitationState::Reconfirming));
    let due = own.and_then(|of| of.due_at);
    let named: Vec<AccountId> =
        own.map_or_else(Vec::new, |of| of.experts.iter().map(|e| e.account_id).collect());
    let given = own.map(|of| of.can_provide.clone()).filter(|all| !all.is_empty());
    let proposed = given.unwrap_or_else(|| consultation.wanted.clone());
    let declining = RwSignal::new(false);
    let reason = RwSignal::new(String::new());
    let data_from = RwSignal::new(String::new());
    let categories: Vec<(DataCategory, RwSignal<bool>)> = DataCategory::ALL
        .iter()
        .map(|of| (*of, RwSignal::new(proposed.contains(of))))
        .collect();
    let chips = categories
        .iter()
        .map(|(of, checked)| view! { <CheckChip text=i18n::category(*of, locale) checked=*checked /> })
        .collect_view();
    let no_experts = experts.is_empty();
    let chosen: Vec<(Expert, RwSignal<bool>)> = experts
        .into_iter()
        .map(|expert| {
            let on = RwSignal::new(named.contains(&expert.account_id));
            (expert, on)
        })
        .collect();
    let people = chosen
        .iter()
        .map(|(expert, on)| view! { <ExpertChoice expert=expert.clone() on=*on /> })
        .collect_view();
    let send = move |input: AnswerInput| {
        doing.run(async move { api::post(&api::of(id, "answer"), &input).await });
    };
    let accept = move || {
        let can_provide = categories
            .iter()
            .filter(|(_, on)| on.get_untracked())
            .map(|(of, _)| *of)
            .collect();
        send(AnswerInput {
            answer: Answer::Accept { can_provide },
            experts: chosen
                .iter()
                .filter(|(_, on)| on.get_untracked())
                .map(|(expert, _)| expert.account_id)
                .collect(),
            data_from: format::parse_day(&data_from.get_untracked()),
        });
    };
    let decline = move || {
        send(AnswerInput {
            answer: Answer::Decline {
                reason: reason.get_untracked(),
            },
            experts: Vec::new(),
            data_from: None,
        });
    };
    let title = if again { t.reconfirm_title } else { t.answer_title };
    view! {
        <section class="panel answer" aria-labelledby="answer-title">
            <h2 id="answer-title">{title}</h2>
            {due
                .map(|at| {
                    view! {
                        <p class="quiet form-line">
                            {fill(t.answer_lead, &[&format::absolute(at, locale)])} " · " <DueTime at />
                        </p>
                    }
                })}
            <Parts consultation />
            <FieldGroup path="can_provide" label=t.provide>{chips}</FieldGroup>
            <div class="grid wide form-line">
                <DateField path="data_from" label=t.data_from value=data_from hint=t.data_from_hint />
            </div>
            <FieldGroup path="experts" label=t.experts hint=t.experts_hint>
                {people}
                {no_experts.then(|| view! { <p class="quiet">{t.no_experts}</p> })}
            </FieldGroup>
            <div class="row">
                <Button text=t.accept kind=ButtonKind::Primary busy=doing.busy on_press=accept />
                <Button text=t.decline busy=doing.busy on_press=move || declining.update(|on| *on = !*on) />
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
                <Button text=t.send_decline kind=ButtonKind::Danger busy=doing.busy on_press=decline />
            </div>
        </section>
    }
}

/// The five parts of the invitation.
#[component]
fn Parts(consultation: Consultation) -> impl IntoView {
    let locale = context::locale();
    let t = ConsultationTexts::of(locale);
    let f = FormTexts::of(locale);
    let row = consultation.row;
    let wanted: Vec<&str> = consultation
        .wanted
        .iter()
        .map(|of| i18n::category(*of, locale))
        .collect();
    let minutes = fill(f.minutes, &[&consultation.duration_minutes.to_string()]);
    let patient = format!(
        "{} · {}",
        format::patient_line(&row.patient, locale),
        row.preliminary_diagnosis
    );
    let parts = [
        (t.part_number, row.number),
        (t.part_patient, patient),
        (
            t.part_time,
            format!("{} · {minutes}", format::absolute(row.scheduled_at, locale)),
        ),
        (t.part_need, consultation.clinical.need),
        (t.part_data, format::list(&wanted, locale)),
    ];
    view! { <div class="parts"><Facts items=parts.to_vec() /></div> }
}

#[component]
fn ExpertChoice(expert: Expert, on: RwSignal<bool>) -> impl IntoView {
    let locale = context::locale();
    let t = ConsultationTexts::of(locale);
    let booked = expert
        .double_booked
        .as_ref()
        .map(|number| fill(t.double_booked, &[number]));
    view! {
        <CheckChip text=format::expert(&expert) checked=on />
        {booked.map(|text| view! { <span class="mark soon">{text}</span> })}
    }
}
