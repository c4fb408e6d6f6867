//! The bar at the top: where the consultation stands, whether one's words are safe, who is here.

use consilium_domain::ConsultationState;
use consilium_protocol::consultation::Act;
use leptos::prelude::*;

use super::{call::CallButton, people::People};
use crate::{
    context, format,
    i18n::{self, fill},
    room::{
        engine::Controls,
        model::{Room, SavedState, Wish},
        text::{RoomTexts, SessionTexts},
    },
    viewer::command::Command,
};

/// The bar.
#[component]
pub fn TopBar(
    /// State.
    room: Room,
    /// Wishes.
    controls: Controls,
) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    let (id, number, patient) = room.consultation.with_untracked(|consultation| {
        let row = &consultation.row;
        let line = format!(
            "{} · {}",
            format::patient_line(&row.patient, room.locale),
            row.preliminary_diagnosis
        );
        (row.id, row.number.clone(), line)
    });
    let title = patient.clone();
    view! {
        <header class="room-top">
            <a class="room-back" href=format!("/consultations/{id}") aria-label=words.back title=words.back>
                "‹"
            </a>
            <StateMark room />
            <h1 title=title>{patient}</h1>
            <span class="room-number">{number}</span>
            <SavedMark room />
            <People room controls />
            <FollowButton room controls />
            <HandButton room controls />
            <CallButton room controls />
            <PresentButton room controls />
            <PauseButton room controls />
            <EndButton room controls />
        </header>
    }
}

#[component]
fn StateMark(room: Room) -> impl IntoView {
    let now = context::now();
    let words = RoomTexts::of(room.locale);
    let text = move || {
        room.consultation.with(|consultation| {
            let state = i18n::state(consultation.row.state, room.locale);
            match (consultation.row.state, consultation.started_at) {
                (ConsultationState::InSession, _) if consultation.paused_at.is_some() => {
                    format!("{state} · {}", words.paused)
                }
                (ConsultationState::InSession, Some(started)) => {
                    let minutes = now.get().since_ms(started).max(0) / 60_000;
                    let clock = format!("{}:{:02}", minutes / 60, minutes % 60);
                    format!("{state} · {}", fill(words.running, &[&clock]))
                }
                _ => state.to_owned(),
            }
        })
    };
    let live = move || {
        room.consultation
            .with(|consultation| consultation.row.state == ConsultationState::InSession)
    };
    view! {
        <span class="room-state" class:live=live data-testid="room-state">
            {text}
        </span>
    }
}

#[component]
fn SavedMark(room: Room) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    let text = move || match room.saved.get() {
        SavedState::Connecting => words.connecting.to_owned(),
        SavedState::Saved => words.saved.to_owned(),
        SavedState::Saving(0 | 1) => words.saving.to_owned(),
        SavedState::Saving(edits) => fill(SessionTexts::of(room.locale).saving, &[&edits.to_string()]),
        SavedState::Offline(0) => words.offline.to_owned(),
        SavedState::Offline(edits) => fill(words.offline_edits, &[&edits.to_string()]),
        SavedState::ReadOnly => words.read_only.to_owned(),
        SavedState::Refused => words.refused.to_owned(),
    };
    view! {
        <span
            class="room-saved"
            role="status"
            data-testid="saved-state"
            data-state=move || room.saved.with(SavedState::code)
        >
            {text}
        </span>
    }
}

#[component]
fn FollowButton(room: Room, controls: Controls) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    let me = room.me.with_value(|me| me.account_id);
    let name = Memo::new(move |_| {
        let presenter = room.presenter.get()?;
        let named = room.people.with(|people| {
            people
                .iter()
                .find(|seat| seat.id == presenter)
                .map(|seat| seat.author.name.clone())
        });
        Some(named.unwrap_or_else(|| words.presents.to_owned()))
    });
    let own = move || room.presenter.get() == Some(me);
    let text = move || match name.get() {
        Some(name) if room.following.get() => fill(words.following, &[&name]),
        _ => words.follow.to_owned(),
    };
    view! {
        <button
            type="button"
            class="button room-follow"
            data-testid="follow-toggle"
            aria-pressed=move || (room.following.get() && name.get().is_some()).to_string()
            disabled=move || name.get().is_none() || own()
            title=move || if name.get().is_none() { words.no_presenter } else { words.follow }
            hidden=own
            on:click=move |_| controls.ask(Wish::View(Command::Follow))
        >
            {text}
            <kbd aria-hidden="true">"F"</kbd>
        </button>
    }
}

#[component]
fn HandButton(room: Room, controls: Controls) -> impl IntoView {
    let words = SessionTexts::of(room.locale);
    view! {
        <button
            type="button"
            class="button"
            data-testid="hand-toggle"
            aria-pressed=move || room.hand.get().to_string()
            disabled=move || !room.ready.get()
            on:click=move |_| controls.ask(Wish::Hand)
        >
            {move || if room.hand.get() { words.hand_down } else { words.hand_up }}
            <kbd aria-hidden="true">"H"</kbd>
        </button>
    }
}

#[component]
fn PresentButton(room: Room, controls: Controls) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    let me = room.me.with_value(|me| me.account_id);
    let own = move || room.presenter.get() == Some(me);
    view! {
        <Show when=move || room.rights.get().preside>
            <button
                type="button"
                class="button"
                data-testid="present-toggle"
                aria-pressed=move || own().to_string()
                disabled=move || !room.ready.get()
                on:click=move |_| controls.ask(Wish::Present((!own()).then_some(me)))
            >
                {move || if own() { words.stop_presenting } else { words.present }}
            </button>
        </Show>
    }
}

/// The lead pauses the session and goes on with it.
#[component]
fn PauseButton(room: Room, controls: Controls) -> impl IntoView {
    let words = SessionTexts::of(room.locale);
    let may = move || {
        room.consultation
            .with(|consultation| consultation.row.allowed.contains(&Act::End))
    };
    let paused = move || {
        room.consultation
            .with(|consultation| consultation.paused_at.is_some())
    };
    view! {
        <Show when=may>
            <button
                type="button"
                class="button"
                data-testid="pause-toggle"
                aria-pressed=move || paused().to_string()
                disabled=move || room.busy.get()
                on:click=move |_| controls.ask(Wish::Pause(!paused()))
            >
                {move || if paused() { words.resume } else { words.pause }}
            </button>
        </Show>
    }
}

#[component]
fn EndButton(room: Room, controls: Controls) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    let asking = RwSignal::new(false);
    let allowed = move |act| {
        room.consultation
            .with(|consultation| consultation.row.allowed.contains(&act))
    };
    let conclude = move || {
        room.consultation
            .with(|consultation| format!("/consultations/{}/conclude", consultation.row.id))
    };
    view! {
        <Show when=move || allowed(Act::Sign)>
            <a class="button primary" data-testid="conclude-link" href=conclude>
                {words.conclude}
            </a>
        </Show>
        <Show when=move || allowed(Act::End)>
            <button
                type="button"
                class="button"
                data-testid="end-session"
                aria-expanded=move || asking.get().to_string()
                on:click=move |_| asking.update(|asking| *asking = !*asking)
            >
                {words.end}
            </button>
            <div class="room-question" role="alertdialog" aria-label=words.end hidden=move || !asking.get()>
                <p>{words.end_question}</p>
                <button
                    type="button"
                    class="button danger"
                    data-testid="end-session-confirm"
                    disabled=move || room.busy.get()
                    on:click=move |_| {
                        asking.set(false);
                        controls.ask(Wish::End);
                    }
                >
                    {words.end_yes}
                </button>
                <button type="button" class="button" on:click=move |_| asking.set(false)>
                    {words.end_no}
                </button>
            </div>
        </Show>
    }
}
