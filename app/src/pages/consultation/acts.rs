//! Whose move it is, and the buttons of what the reader may do.

use consilium_domain::{ConsultationId, InstitutionId, InvitationState};
use consilium_protocol::{
    Problem,
    consultation::{Act, Consultation, ConsultationRow},
    page::Locale,
};
use leptos::{prelude::*, task::spawn_local};

use super::answer::AnswerForm;
use crate::{
    api::{self, Verb},
    browser, context, format,
    i18n::{self, Common, ConsultationTexts, fill, problem_text},
    pages::worklist::row::act_href,
    ui::{
        Button, ButtonKind, ConfirmBar, DueTime, FormErrors, LinkButton, Notice, TextArea, Tone,
        field::field_id,
    },
};

/// Something that is asked before it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    End,
    Cancel,
}

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

/// Who has to act.
fn waiting_for(row: &ConsultationRow, locale: Locale) -> String {
    let t = ConsultationTexts::of(locale);
    if row.allowed.contains(&Act::Answer) {
        return t.answer_move.to_owned();
    }
    let names: Vec<String> = row
        .participants
        .iter()
        .filter(|of| of.state == Some(InvitationState::Delivered))
        .map(|of| i18n::institution_name(&of.institution, locale))
        .collect();
    if names.is_empty() {
        i18n::state_sentence(row.state, locale).to_owned()
    } else {
        fill(t.waiting_for, &[&format::list(&names, locale)])
    }
}

/// Runs a request; says what came of it, and draws the page again when it was done.
pub(super) fn run(
    message: RwSignal<Option<(Tone, String)>>,
    busy: RwSignal<bool>,
    locale: Locale,
    request: impl Future<Output = Result<(), Problem>> + 'static,
) {
    let t = ConsultationTexts::of(locale);
    busy.set(true);
    message.set(Some((Tone::Info, t.working.to_owned())));
    spawn_local(async move {
        match request.await {
            Ok(()) => {
                message.set(Some((Tone::Good, t.done.to_owned())));
                browser::reload();
            }
            Err(problem) => {
                let mut text = problem_text(&problem, locale);
                for error in problem.errors {
                    text.push(' ');
                    text.push_str(&error.message);
                }
                message.set(Some((Tone::Late, text)));
                busy.set(false);
            }
        }
    });
}

/// The panel below the head: the move and its buttons.
#[component]
pub fn MovePanel(
    /// The consultation.
    consultation: Consultation,
    /// The reader's institution.
    own: Option<InstitutionId>,
) -> impl IntoView {
    let locale = context::locale();
    let t = ConsultationTexts::of(locale);
    let wanted = consultation.wanted;
    let row = consultation.row;
    let id = row.id;
    let answering = row.allowed.contains(&Act::Answer);
    let due = row
        .participants
        .iter()
        .find(|of| Some(of.institution.id) == own)
        .and_then(|of| of.due_at);
    let message = RwSignal::new(None::<(Tone, String)>);
    let busy = RwSignal::new(false);
    let asked = RwSignal::new(None::<Asked>);
    let verbs = buttons(&row.allowed)
        .into_iter()
        .enumerate()
        .map(|(n, act)| {
            let kind = if n == 0 && !answering && act != Act::Cancel {
                ButtonKind::Primary
            } else {
                ButtonKind::Quiet
            };
            let href = act_href(Some(act), &row);
            view! { <Verb act kind href id message busy asked /> }
        })
        .collect_view();
    view! {
        <section class="move" class:mine=row.my_move>
            <div class="move-text">
                {row.my_move.then(|| view! { <h2>{t.your_move}</h2> })} <p>{waiting_for(&row, locale)}</p>
                {row.due_at.map(|at| view! { <DueTime at /> })}
            </div>
            <div class="row">{verbs}</div>
        </section>
        {answering.then(|| view! { <AnswerForm id wanted=wanted.clone() due message busy /> })}
        {move || asked.get().map(|what| view! { <AskedBar what id message busy asked /> })}
        <Notice message />
    }
}

#[component]
fn Verb(
    act: Act,
    kind: ButtonKind,
    href: String,
    id: ConsultationId,
    message: RwSignal<Option<(Tone, String)>>,
    busy: RwSignal<bool>,
    asked: RwSignal<Option<Asked>>,
) -> impl IntoView {
    let locale = context::locale();
    let text = i18n::act(act, locale).to_owned();
    let verb = match act {
        Act::Invite => Some(Verb::Invite),
        Act::Ready => Some(Verb::Ready),
        Act::Start => Some(Verb::Start),
        _ => None,
    };
    match (verb, act) {
        (Some(verb), _) => {
            let press = move || run(message, busy, locale, api::act(id, verb));
            view! { <Button text kind busy on_press=press /> }.into_any()
        }
        (None, Act::End) => {
            view! { <Button text kind busy on_press=move || asked.set(Some(Asked::End)) /> }.into_any()
        }
        (None, Act::Cancel) => {
            view! { <Button text kind busy on_press=move || asked.set(Some(Asked::Cancel)) /> }.into_any()
        }
        _ => view! { <LinkButton href text kind /> }.into_any(),
    }
}

#[component]
fn AskedBar(
    what: Asked,
    id: ConsultationId,
    message: RwSignal<Option<(Tone, String)>>,
    busy: RwSignal<bool>,
    asked: RwSignal<Option<Asked>>,
) -> impl IntoView {
    let locale = context::locale();
    let t = ConsultationTexts::of(locale);
    let no = Common::of(locale).no;
    let reason = RwSignal::new(String::new());
    let _errors = FormErrors::provide();
    let close = move || asked.set(None);
    match what {
        Asked::End => {
            let yes = move || {
                close();
                run(message, busy, locale, api::act(id, Verb::End));
            };
            view! {
                <ConfirmBar
                    question=t.end_question
                    yes=i18n::act(Act::End, locale)
                    no
                    on_yes=yes
                    on_no=close
                />
            }
            .into_any()
        }
        Asked::Cancel => {
            let yes = move || {
                close();
                run(message, busy, locale, api::cancel(id, reason.get_untracked()));
            };
            Effect::new(|_| browser::focus(&field_id("reason")));
            view! {
                <div class="ask">
                    <TextArea path="reason" label=t.cancel_reason value=reason required=true rows=2 limit=500 />
                    <ConfirmBar
                        question=t.cancel_question
                        yes=i18n::act(Act::Cancel, locale)
                        no
                        danger=true
                        calm=true
                        on_yes=yes
                        on_no=close
                    />
                </div>
            }
            .into_any()
        }
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
