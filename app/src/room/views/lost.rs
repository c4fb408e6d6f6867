//! What must be told, and what the room did not take: it stays until its author closes it.

use consilium_collab::client::LostEdits;
use leptos::prelude::*;

use crate::{
    browser,
    i18n::fill,
    room::{
        engine::Controls,
        model::{Room, SavedState, Wish},
        text::{RoomTexts, SessionTexts},
    },
};

/// Refused edits in words: what they are, and their text.
fn parts(lost: &[LostEdits], words: &RoomTexts, notes: &str) -> Vec<(String, String)> {
    let mut parts: Vec<(String, String)> = Vec::new();
    for lost in lost {
        let opinion = lost.opinion.clone();
        parts.extend(opinion.map(|text| (words.lost_opinion.to_owned(), text)));
        parts.extend(lost.notes.clone().map(|text| (notes.to_owned(), text)));
        let lines = lost.lines.iter();
        parts.extend(lines.map(|line| (words.lost_line.to_owned(), line.text.clone())));
        if !lost.annotations.is_empty() {
            let labels: Vec<_> = lost
                .annotations
                .iter()
                .map(|(_, annotation)| annotation.label.as_str())
                .filter(|label| !label.is_empty())
                .collect();
            let count = fill(words.lost_annotations, &[&lost.annotations.len().to_string()]);
            parts.push((count, labels.join("\n")));
        }
    }
    parts
}

/// Notices above the panes.
#[component]
pub fn Notices(
    /// State.
    room: Room,
    /// Wishes.
    controls: Controls,
) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    let session = SessionTexts::of(room.locale);
    let paused = move || {
        room.consultation
            .with(|consultation| consultation.paused_at.is_some())
    };
    let offline = move || matches!(room.saved.get(), SavedState::Offline(edits) if edits > 0);
    let all = move || room.lost.with(|lost| parts(lost, words, session.notes));
    view! {
        <div class="room-notice" role="alert" data-testid="notice">
            <Show when=paused>
                <p data-testid="paused">{session.paused}</p>
            </Show>
            <Show when=offline>
                <p data-testid="kept-here">{session.kept_here}</p>
            </Show>
            <Show when=move || room.notice.with(Option::is_some)>
                <p>{move || room.notice.get()}</p>
            </Show>
            <Show when=move || room.lost.with(|lost| !lost.is_empty())>
                <div class="room-lost" data-testid="lost-edits">
                    <h3>{words.lost_title}</h3>
                    <p>{words.lost_hint}</p>
                    <For each=all key=|part| part.clone() let:part>
                        <Part what=part.0 text=part.1 session />
                    </For>
                </div>
            </Show>
            <Show when=move || room.notice.with(Option::is_some) || room.lost.with(|lost| !lost.is_empty())>
                <button
                    type="button"
                    class="button room-small"
                    data-testid="dismiss"
                    on:click=move |_| controls.ask(Wish::Dismiss)
                >
                    {words.dismiss}
                </button>
            </Show>
        </div>
    }
}

#[component]
fn Part(what: String, text: String, session: &'static SessionTexts) -> impl IntoView {
    let copied = RwSignal::new(false);
    let content = StoredValue::new(text.clone());
    let bare = text.is_empty();
    view! {
        <h4>
            {what}
            {(!bare)
                .then(|| {
                    view! {
                        <button
                            type="button"
                            class="button room-small"
                            data-testid="lost-copy"
                            on:click=move |_| {
                                browser::copy(&content.get_value());
                                copied.set(true);
                            }
                        >
                            {move || if copied.get() { session.copied } else { session.copy }}
                        </button>
                    }
                })}
        </h4>
        {(!bare).then(|| view! { <pre>{text}</pre> })}
    }
}
