//! Private notes: a document of their own that nobody else can open.

use leptos::{html, prelude::*};

use crate::room::{
    engine::Controls,
    model::{Room, Wish},
    text::SessionTexts,
};

/// The tab.
#[component]
pub fn NotesTab(
    /// State.
    room: Room,
    /// Wishes.
    controls: Controls,
) -> impl IntoView {
    let words = SessionTexts::of(room.locale);
    let field = NodeRef::<html::Textarea>::new();
    // Only a text that came from elsewhere is written into the field.
    Effect::new(move |_| {
        let text = room.notes.get();
        if let Some(field) = field.get()
            && field.value() != text
        {
            field.set_value(&text);
        }
    });
    view! {
        <div class="room-own room-notes">
            <label for="private-notes">{words.notes_label}</label>
            <textarea
                id="private-notes"
                node_ref=field
                data-testid="notes"
                aria-describedby="notes-hint"
                readonly=move || !room.may_note.get()
                on:input=move |event| controls.ask(Wish::Notes(event_target_value(&event)))
            ></textarea>
            <p id="notes-hint" class="quiet">
                {move || if room.may_note.get() { words.notes_hint } else { words.notes_closed }}
            </p>
        </div>
    }
}
