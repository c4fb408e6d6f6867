//! Questions to institutions: each a task with a clock, answered in place.

use consilium_domain::InstitutionId;
use consilium_protocol::{
    consultation::Consultation,
    room::{Question, QuestionInput, QuestionState},
    session::Institution,
};
use leptos::prelude::*;

use crate::{
    context,
    i18n::{self, fill},
    room::{
        engine::Controls,
        model::{Room, Wish},
        text::TalkTexts,
    },
    ui::badge::colour_class,
};

/// Longest question and answer, characters.
const TEXT_CHARS: usize = consilium_protocol::limits::NEED_CHARS;
/// Times to choose from, minutes.
const WITHIN_MINUTES: [u32; 5] = [5, 15, 30, 60, 120];

/// The list, those that wait first.
#[component]
pub fn Questions(
    /// State.
    room: Room,
    /// Wishes.
    controls: Controls,
) -> impl IntoView {
    let words = TalkTexts::of(room.locale);
    let all = move || {
        let mut all = room.questions.get();
        all.sort_by_key(|of| (of.state != QuestionState::Open, of.due_at));
        all
    };
    let open = move || {
        room.questions
            .with(|all| all.iter().filter(|of| of.state == QuestionState::Open).count())
    };
    view! {
        <details class="room-questions" open=true hidden=move || room.questions.with(Vec::is_empty)>
            <summary data-testid="questions-open" data-count=move || open().to_string()>
                {move || fill(words.open_questions, &[&open().to_string()])}
            </summary>
            <ul>
                <For each=all key=|of| (of.id, of.state, of.answered_at, of.may_answer, of.may_withdraw) let:question>
                    <Row room controls question />
                </For>
            </ul>
        </details>
    }
}

#[component]
fn Row(room: Room, controls: Controls, question: Question) -> impl IntoView {
    let words = TalkTexts::of(room.locale);
    let now = context::now();
    let id = question.id;
    let name = |of: &Institution| i18n::institution_name(of, room.locale);
    let title = fill(
        words.asked_to,
        &[
            &format!("{} · {}", name(&question.from), question.asked_by_name),
            &name(&question.to),
        ],
    );
    let (state, due) = (question.state, question.due_at);
    let clock = move || match state {
        QuestionState::Open => {
            let left = now.get().since_ms(due);
            let minutes = (left.abs() / 60_000).to_string();
            fill(if left > 0 { words.overdue } else { words.left }, &[&minutes])
        }
        QuestionState::Answered => words.answered.to_owned(),
        QuestionState::Withdrawn => words.withdrawn.to_owned(),
    };
    let tone = move || match state {
        QuestionState::Open if now.get().since_ms(due) > 0 => "mark late",
        QuestionState::Open => "mark soon",
        QuestionState::Answered => "mark good",
        QuestionState::Withdrawn => "mark",
    };
    let text = RwSignal::new(String::new());
    let answered = (state == QuestionState::Answered).then(|| {
        let cites = question.cites.clone();
        view! {
            <p class="room-answer" data-testid="question-answer">
                <b>{question.answered_by_name.clone()}</b>
                "："
                {question.answer.clone()}
            </p>
            {cites
                .into_iter()
                .map(|cite| {
                    let target = cite.clone();
                    view! {
                        <button type="button" class="room-citation" on:click=move |_| controls.ask(Wish::Go(target.clone()))>
                            {cite.text}
                        </button>
                    }
                })
                .collect_view()}
        }
    });
    let field = format!("answer-{id}");
    let form = question.may_answer.then(|| {
        view! {
            <form
                class="room-answer-form"
                on:submit=move |event| {
                    event.prevent_default();
                    let answer = text.get_untracked().trim().to_owned();
                    if !answer.is_empty() {
                        controls.ask(Wish::Answer(id, answer));
                    }
                }
            >
                <label for=field.clone()>{words.answer_label}</label>
                <textarea
                    id=field
                    rows="2"
                    maxlength=TEXT_CHARS
                    data-testid="answer-text"
                    on:input=move |event| text.set(event_target_value(&event))
                ></textarea>
                <button
                    type="submit"
                    class="button room-small primary"
                    data-testid="answer-send"
                    disabled=move || room.busy.get() || text.with(|text| text.trim().is_empty())
                >
                    {words.answer}
                </button>
            </form>
        }
    });
    let withdraw = question.may_withdraw.then(|| {
        view! {
            <button
                type="button"
                class="button room-small"
                data-testid="question-withdraw"
                disabled=move || room.busy.get()
                on:click=move |_| controls.ask(Wish::Withdraw(id))
            >
                {words.withdraw}
            </button>
        }
    });
    view! {
        <li
            class=format!("room-line {}", colour_class(&question.to))
            data-testid="question"
            data-state=state.code()
        >
            <header>
                <b>{title}</b>
                <span class=tone>{clock}</span>
            </header>
            <p>{question.text.clone()}</p>
            {answered}
            {form}
            {withdraw}
        </li>
    }
}

/// Institutions of the consultation other than the reader's own.
pub(super) fn others(consultation: &Consultation, own: InstitutionId) -> Vec<Institution> {
    let row = &consultation.row;
    std::iter::once(&row.lead)
        .chain(row.participants.iter().map(|of| &of.institution))
        .filter(|of| of.id != own)
        .cloned()
        .collect()
}

/// Asks an institution.
#[component]
pub fn AskForm(
    /// State.
    room: Room,
    /// Wishes.
    controls: Controls,
    /// Whether it is shown.
    open: RwSignal<bool>,
) -> impl IntoView {
    let words = TalkTexts::of(room.locale);
    let own = room.me.with_value(|me| me.institution.id);
    let houses = room
        .consultation
        .with_untracked(|consultation| others(consultation, own));
    let whom = RwSignal::new(houses.first().map(|of| of.id));
    let within = RwSignal::new(30_u32);
    let text = RwSignal::new(String::new());
    let options = houses
        .into_iter()
        .map(|of| view! { <option value=of.id.to_string()>{i18n::institution_name(&of, room.locale)}</option> })
        .collect_view();
    let times = WITHIN_MINUTES
        .map(|minutes| {
            let name = fill(words.minutes, &[&minutes.to_string()]);
            view! { <option value=minutes.to_string() selected=minutes == 30>{name}</option> }
        })
        .collect_view();
    view! {
        <form
            class="room-ask"
            data-testid="ask-form"
            on:submit=move |event| {
                event.prevent_default();
                let asked = text.get_untracked().trim().to_owned();
                if let (Some(institution_id), false) = (whom.get_untracked(), asked.is_empty()) {
                    controls
                        .ask(
                            Wish::Ask(QuestionInput {
                                institution_id,
                                text: asked,
                                line_id: String::new(),
                                within_minutes: Some(within.get_untracked()),
                            }),
                        );
                    open.set(false);
                }
            }
        >
            <label for="ask-whom">{words.ask_whom}</label>
            <select
                id="ask-whom"
                data-testid="ask-whom"
                on:change=move |event| whom.set(event_target_value(&event).parse().ok())
            >
                {options}
            </select>
            <label for="ask-text">{words.ask_text}</label>
            <textarea
                id="ask-text"
                rows="2"
                maxlength=TEXT_CHARS
                data-testid="ask-text"
                on:input=move |event| text.set(event_target_value(&event))
            ></textarea>
            <label for="ask-within">{words.ask_within}</label>
            <select
                id="ask-within"
                on:change=move |event| within.set(event_target_value(&event).parse().unwrap_or(30))
            >
                {times}
            </select>
            <span class="room-own-row">
                <button
                    type="submit"
                    class="button primary"
                    data-testid="ask-send"
                    disabled=move || room.busy.get() || text.with(|text| text.trim().is_empty())
                >
                    {words.ask_send}
                </button>
                <button type="button" class="button" on:click=move |_| open.set(false)>
                    {words.close}
                </button>
            </span>
        </form>
    }
}
