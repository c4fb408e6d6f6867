//! Whose move it is, by when, what happens otherwise, and the buttons of what the reader may do.

use consilium_domain::{ConsultationId, InvitationState, Timestamp};
use consilium_protocol::{
    codes,
    consultation::{Act, Consultation, ConsultationRow, ReadyInput, RescheduleInput},
    page::Locale,
    preparation::{Expert, PackageSummary},
};
use leptos::prelude::*;

use super::answer::AnswerForm;
use crate::{
    api, context, format,
    i18n::{self, Common, ConsultationTexts, fill, sentence},
    pages::worklist::row::act_href,
    ui::{
        AskReason, Button, ButtonKind, DateField, Doing, DueTime, FormErrors, LinkButton, Outcome, TextArea,
        Tone,
    },
};

/// The acts that have a button here, the next one first. Acts of other panels are left out.
fn buttons(allowed: &[Act]) -> Vec<Act> {
    let room = allowed.contains(&Act::EnterRoom);
    allowed
        .iter()
        .copied()
        .filter(|act| match act {
            Act::Answer | Act::Upload | Act::ViewImages => false,
            Act::SubmitOpinion => !room,
            _ => true,
        })
        .collect()
}

/// Acts that move the consultation: the first of them is the filled button.
const fn moves(act: Act) -> bool {
    !matches!(
        act,
        Act::Cancel | Act::Withdraw | Act::Reschedule | Act::Consent | Act::Package
    )
}

/// Who has to act.
fn waiting_for(row: &ConsultationRow, locale: Locale) -> String {
    let t = ConsultationTexts::of(locale);
    if row.allowed.contains(&Act::Answer) {
        return t.answer_move.to_owned();
    }
    let names: Vec<String> = row
        .participants
        .iter()
        .filter(|of| {
            matches!(
                of.state,
                Some(InvitationState::Delivered | InvitationState::Reconfirming | InvitationState::Sent)
            )
        })
        .map(|of| i18n::institution_name(&of.institution, locale))
        .collect();
    if names.is_empty() {
        i18n::state_sentence(row.state, locale).to_owned()
    } else {
        fill(t.waiting_for, &[&format::list(&names, locale)])
    }
}

/// A package reaches the score: nothing has to be asked before the case is declared ready.
const fn is_complete(package: &PackageSummary) -> bool {
    format::reaches_99(package.core)
}

/// The panel below the head: the move and its buttons.
#[component]
pub fn MovePanel(
    /// The consultation.
    consultation: Consultation,
    /// Experts of the own institution.
    experts: Vec<Expert>,
) -> impl IntoView {
    let locale = context::locale();
    let t = ConsultationTexts::of(locale);
    let row = consultation.row.clone();
    let answering = row.allowed.contains(&Act::Answer);
    let doing = Doing::new();
    let asked = RwSignal::new(None::<Act>);
    // Until the package is complete the next step is the data, not to declare the case ready.
    let complete = consultation.package.as_ref().is_some_and(is_complete);
    let acts = buttons(&row.allowed);
    let first = acts
        .iter()
        .position(|act| *act == Act::Data)
        .filter(|_| !complete && acts.first() == Some(&Act::Ready))
        .unwrap_or(0);
    let verbs = acts
        .into_iter()
        .enumerate()
        .map(|(n, act)| {
            let kind = if n == first && !answering && moves(act) {
                ButtonKind::Primary
            } else {
                ButtonKind::Quiet
            };
            let href = act_href(Some(act), &row);
            let direct = act == Act::Ready && consultation.package.as_ref().is_none_or(is_complete);
            view! { <Verb act kind href id=row.id direct doing asked /> }
        })
        .collect_view();
    let next = consultation.deadlines.first().cloned();
    let otherwise = next
        .as_ref()
        .map(|of| i18n::preparation::clock_end(of.kind, locale));
    let what = next.as_ref().map(|of| {
        let name = i18n::institution_name(&of.institution, locale);
        format!("{name} · {}", i18n::preparation::clock(of.kind, locale))
    });
    let due = next.map_or(row.due_at, |of| Some(of.due_at));
    let paused = consultation.deadlines.iter().any(|of| of.paused);
    let package = consultation.package.clone();
    let scheduled = row.scheduled_at;
    let id = row.id;
    let answer = answering.then(|| view! { <AnswerForm consultation=consultation.clone() experts doing /> });
    view! {
        <section class="move" class:mine=row.my_move>
            <div class="move-text">
                {row.my_move.then(|| view! { <h2>{t.your_move}</h2> })} <p>{waiting_for(&row, locale)}</p>
                {due
                    .map(|at| {
                        view! {
                            <p class="quiet">
                                {what.map(|text| view! { <span>{text} " "</span> })} <DueTime at />
                                {otherwise.map(|text| view! { <span>" · " {text}</span> })}
                            </p>
                        }
                    })}
                {paused.then(|| view! { <p class="late-text">{t.paused}</p> })}
            </div>
            <div class="row">{verbs}</div>
        </section>
        {move || {
            asked
                .get()
                .map(|what| view! { <AskedBar what id package=package.clone() scheduled doing asked /> })
        }}
        <Outcome doing />
        {answer}
    }
}

#[component]
fn Verb(
    act: Act,
    kind: ButtonKind,
    href: String,
    id: ConsultationId,
    /// Nothing is asked before.
    direct: bool,
    doing: Doing,
    asked: RwSignal<Option<Act>>,
) -> impl IntoView {
    let text = i18n::act(act, context::locale()).to_owned();
    let verb = match act {
        Act::Invite => Some("invite"),
        Act::Ready if direct => Some("ready"),
        Act::Start => Some("start"),
        _ => None,
    };
    let busy = doing.busy;
    match (verb, act) {
        (Some(verb), _) => {
            let press = move || {
                doing.run_or(api::act(id, verb), move |problem| {
                    // The package turned out to be incomplete: ask for the reason.
                    if act == Act::Ready && problem.code == codes::PACKAGE_INCOMPLETE {
                        asked.set(Some(Act::Ready));
                    }
                });
            };
            view! { <Button text kind busy on_press=press /> }.into_any()
        }
        (None, Act::End | Act::Cancel | Act::Reschedule | Act::Withdraw | Act::Ready) => {
            view! { <Button text kind busy on_press=move || asked.set(Some(act)) /> }.into_any()
        }
        _ => view! { <LinkButton href text kind /> }.into_any(),
    }
}

#[component]
fn AskedBar(
    what: Act,
    id: ConsultationId,
    package: Option<PackageSummary>,
    scheduled: Timestamp,
    doing: Doing,
    asked: RwSignal<Option<Act>>,
) -> impl IntoView {
    let locale = context::locale();
    let t = ConsultationTexts::of(locale);
    let _errors = FormErrors::provide();
    let close = move || asked.set(None);
    let yes = i18n::act(what, locale);
    match what {
        Act::End => {
            let end = move |_| {
                close();
                doing.run(api::act(id, "end"));
            };
            view! { <AskReason question=t.end_question yes on_yes=end on_no=close /> }.into_any()
        }
        Act::Ready => {
            let core = package.map(|of| format::percent(of.core)).unwrap_or_default();
            let ready = move |override_reason| {
                close();
                doing.run(
                    async move { api::post(&api::of(id, "ready"), &ReadyInput { override_reason }).await },
                );
            };
            view! {
                <AskReason
                    label=t.override_reason
                    question=fill(t.override_question, &[&core])
                    yes
                    on_yes=ready
                    on_no=close
                />
            }
            .into_any()
        }
        Act::Reschedule => view! { <RescheduleForm id scheduled doing asked /> }.into_any(),
        _ => {
            let (label, question, verb) = if what == Act::Withdraw {
                (t.withdraw_reason, t.withdraw_question, "withdraw")
            } else {
                (t.cancel_reason, t.cancel_question, "cancel")
            };
            let done = move |reason| {
                close();
                doing.run(async move { api::post_reason(&api::of(id, verb), reason).await });
            };
            view! { <AskReason label question yes danger=true on_yes=done on_no=close /> }.into_any()
        }
    }
}

#[component]
fn RescheduleForm(
    id: ConsultationId,
    scheduled: Timestamp,
    doing: Doing,
    asked: RwSignal<Option<Act>>,
) -> impl IntoView {
    let locale = context::locale();
    let t = ConsultationTexts::of(locale);
    let at = RwSignal::new(format::local_value(scheduled));
    let reason = RwSignal::new(String::new());
    let send = move || {
        let Some(scheduled_at) = format::parse_local(&at.get_untracked()) else {
            doing.say(Tone::Late, sentence(codes::FIELD_PAST, locale));
            return;
        };
        let input = RescheduleInput {
            scheduled_at,
            reason: reason.get_untracked().trim().to_owned(),
        };
        doing.run(async move { api::post(&api::of(id, "reschedule"), &input).await });
    };
    view! {
        <section class="panel" aria-labelledby="reschedule">
            <h2 id="reschedule">{t.reschedule_title}</h2>
            <p class="quiet form-line">{t.reschedule_lead}</p>
            <div class="grid wide">
                <DateField path="scheduled_at" label=t.reschedule_at value=at time=true required=true />
                <TextArea path="reason" label=t.reschedule_reason value=reason required=true rows=2 limit=500 />
            </div>
            <div class="row">
                <Button text=t.reschedule_send kind=ButtonKind::Primary busy=doing.busy on_press=send />
                <Button text=Common::of(locale).no on_press=move || asked.set(None) />
            </div>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buttons_are_what_no_other_panel_offers() {
        assert_eq!(
            buttons(&[Act::Answer, Act::Upload, Act::ViewImages]),
            Vec::<Act>::new()
        );
        assert_eq!(
            buttons(&[Act::EnterRoom, Act::SubmitOpinion, Act::Upload]),
            [Act::EnterRoom]
        );
        assert_eq!(
            buttons(&[Act::Sign, Act::SubmitOpinion]),
            [Act::Sign, Act::SubmitOpinion]
        );
        assert_eq!(
            buttons(&[Act::Invite, Act::Edit, Act::Cancel]),
            [Act::Invite, Act::Edit, Act::Cancel]
        );
    }
}
