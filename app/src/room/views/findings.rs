//! Annotations and measurements as a list: the same content as on the images, for the keyboard.

use consilium_collab::document::{Hidden, HiddenKind};
use leptos::prelude::*;

use crate::{
    room::{
        engine::Controls,
        model::{AnnotationRow, Room, Wish},
        text::{RoomTexts, TalkTexts},
    },
    viewer::command::Command,
};

/// The tab.
#[component]
pub fn FindingsTab(
    /// State.
    room: Room,
    /// Wishes.
    controls: Controls,
) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    view! {
        <ul class="room-list" tabindex="0" aria-label=words.measurements data-testid="annotation-list">
            <For each=move || room.annotations.get() key=|row| row.clone() let:row>
                <Finding room controls row />
            </For>
            <li class="room-empty" hidden=move || !room.annotations.with(Vec::is_empty)>
                <p>{words.no_annotations}</p>
                <p class="quiet">{words.no_annotations_hint}</p>
            </li>
        </ul>
    }
}

#[component]
fn Finding(room: Room, controls: Controls, row: AnnotationRow) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    let (who, colour) = match &row.author {
        Some(author) => (format!("{} · {}", author.place, author.name), author.colour),
        None => (words.unknown_author.to_owned(), ""),
    };
    let key = StoredValue::new(row.key.clone());
    let selected = move || {
        room.selected
            .with(|selected| selected.as_ref() == Some(&key.get_value()))
    };
    let talk = TalkTexts::of(room.locale);
    let hidden = row.hidden;
    let what = StoredValue::new(Hidden {
        kind: HiddenKind::Annotation,
        author: row.key.author,
        id: row.key.id.clone(),
    });
    let may_remove = move || row.mine && room.rights.get().annotate && room.ready.get();
    let may_cite = move || room.rights.get().opine && room.ready.get();
    view! {
        <li
            class=format!("room-finding {colour}")
            class:on=selected
            class:hidden-line=hidden
            data-testid="annotation-item"
            data-id=row.key.id.clone()
            data-author=row.key.author.to_string()
        >
            <button
                type="button"
                class="room-finding-main"
                aria-pressed=move || selected().to_string()
                on:click=move |_| controls.ask(Wish::Jump(key.get_value()))
            >
                <b>{row.kind.clone()} " " <span data-testid="annotation-value">{row.value.clone()}</span></b>
                <span>{if hidden && !row.mine { String::new() } else { row.label.clone() }}</span>
                <span class="quiet" hidden=!hidden>{talk.hidden}</span>
                <span class="quiet">{row.series.clone()} " · " {row.slice.clone()}</span>
                <span class="quiet">{who} " · " {row.time.clone()}</span>
            </button>
            <span class="room-finding-acts">
                <button
                    type="button"
                    class="button room-small"
                    hidden=move || !may_cite()
                    title=words.cite_of
                    on:click=move |_| controls.ask(Wish::Cite(key.get_value()))
                >
                    {words.cite}
                </button>
                <Show when=move || room.rights.get().preside>
                    <button
                        type="button"
                        class="button room-small"
                        data-testid="annotation-hide"
                        on:click=move |_| controls.ask(Wish::Hide(what.get_value(), !hidden))
                    >
                        {if hidden { talk.unhide } else { talk.hide }}
                    </button>
                </Show>
                <button
                    type="button"
                    class="button room-small"
                    hidden=move || !may_remove()
                    data-testid="annotation-remove"
                    on:click=move |_| {
                        controls.ask(Wish::Jump(key.get_value()));
                        controls.ask(Wish::View(Command::Delete));
                    }
                >
                    {words.remove}
                </button>
            </span>
        </li>
    }
}
