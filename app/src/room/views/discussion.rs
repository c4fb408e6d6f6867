//! The discussion: lines by time, and a field to add one.

use leptos::{html, prelude::*};

use crate::room::{
    engine::Controls,
    model::{Room, Wish},
    text::RoomTexts,
};

/// Longest line, characters.
const LINE_CHARS: usize = consilium_collab::guard::shape::LINE_CHARS_MAX;

/// The tab.
#[component]
pub fn DiscussionTab(
    /// State.
    room: Room,
    /// Wishes.
    controls: Controls,
) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    let field = NodeRef::<html::Input>::new();
    let list = NodeRef::<html::Ul>::new();
    let may = move || room.rights.get().discuss && room.ready.get();
    let send = move || {
        let Some(field) = field.get_untracked() else {
            return;
        };
        let text = field.value().trim().to_owned();
        if !text.is_empty() && may() {
            controls.ask(Wish::Say(text));
            field.set_value("");
        }
    };
    Effect::new(move |_| {
        room.lines.track();
        room.tab.track();
        // After the new line is drawn.
        request_animation_frame(move || {
            if let Some(list) = list.get_untracked() {
                list.set_scroll_top(list.scroll_height());
            }
        });
    });
    view! {
        <ul class="room-list" node_ref=list tabindex="0" aria-label=words.discussion>
            <For each=move || room.lines.get() key=|line| line.clone() let:line>
                {
                    let (name, place, colour) = match &line.author {
                        Some(author) => (author.name.clone(), author.place.clone(), author.colour),
                        None => (words.unknown_author.to_owned(), String::new(), ""),
                    };
                    view! {
                        <li class=format!("room-line {colour}") data-testid="discussion-line">
                            <header><b>{name}</b><span class="quiet">{place}</span><time>{line.time}</time></header>
                            <p>{line.text}</p>
                        </li>
                    }
                }
            </For>
            <li class="room-empty" hidden=move || !room.lines.with(Vec::is_empty)>
                <p>{words.no_lines}</p>
                <p class="quiet">{words.no_lines_hint}</p>
            </li>
        </ul>
        <form
            class="room-own"
            on:submit=move |event| {
                event.prevent_default();
                send();
            }
        >
            <label for="discussion-field">{words.discussion_label}</label>
            <p class="quiet" hidden=may>
                {move || if room.rights.get().discuss { words.why_not_ready } else { words.why_discuss }}
            </p>
            <div class="room-own-row">
                <input
                    id="discussion-field"
                    type="text"
                    node_ref=field
                    maxlength=LINE_CHARS
                    autocomplete="off"
                    data-testid="discussion-input"
                    disabled=move || !may()
                />
                <button type="submit" class="button" data-testid="discussion-send" disabled=move || !may()>
                    {words.send}
                </button>
            </div>
        </form>
    }
}
