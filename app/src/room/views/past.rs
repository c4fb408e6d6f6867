//! The slider of the room's history, over the stage; Esc comes back to now.

use leptos::prelude::*;

use crate::{
    i18n::fill,
    room::{
        engine::Controls,
        model::{PastWish, Room, Wish},
        text::PastTexts,
    },
};

/// The button and, once open, the bar.
#[component]
pub fn PastBar(
    /// State.
    room: Room,
    /// Wishes.
    controls: Controls,
) -> impl IntoView {
    let words = PastTexts::of(room.locale);
    let open = Memo::new(move |_| room.past.with(Option::is_some));
    let read = move |part: fn(&crate::room::model::Past) -> usize| {
        Memo::new(move |_| room.past.with(|past| past.as_ref().map(part).unwrap_or_default()))
    };
    let (step, steps) = (read(|past| past.step), read(|past| past.steps));
    let playing = Memo::new(move |_| {
        room.past
            .with(|past| past.as_ref().is_some_and(|past| past.playing))
    });
    let moment = move || {
        room.past.with(|past| match past {
            None => String::new(),
            Some(past) if !past.complete => fill(words.reading, &[&past.steps.to_string()]),
            Some(past) if past.steps == 0 => words.empty.to_owned(),
            Some(past) => {
                let who = format!("{} · {}", past.author, past.did);
                let numbers = (past.step.to_string(), past.steps.to_string());
                fill(words.moment, &[&numbers.0, &numbers.1, &past.time, &who])
            }
        })
    };
    view! {
        <Show when=move || open.get()>
            <section class="room-past" aria-label=words.title data-testid="past">
                <button
                    type="button"
                    class="button room-small"
                    data-testid="past-play"
                    aria-pressed=move || playing.get().to_string()
                    disabled=move || steps.get() == 0
                    on:click=move |_| controls.ask(Wish::Past(PastWish::Play(!playing.get())))
                >
                    {move || if playing.get() { words.pause } else { words.play }}
                </button>
                <input
                    type="range"
                    min="0"
                    step="1"
                    data-testid="past-slider"
                    aria-label=words.slider
                    aria-valuetext=moment
                    max=move || steps.get()
                    prop:value=move || step.get().to_string()
                    on:input=move |event| {
                        if let Ok(step) = event_target_value(&event).parse() {
                            controls.ask(Wish::Past(PastWish::To(step)));
                        }
                    }
                    on:keydown=move |event| {
                        if event.key() == "Escape" {
                            controls.ask(Wish::Past(PastWish::Close));
                        }
                    }
                />
                <span class="room-past-moment" data-testid="past-moment">
                    {moment}
                </span>
                <button
                    type="button"
                    class="button room-small primary"
                    data-testid="past-close"
                    on:click=move |_| controls.ask(Wish::Past(PastWish::Close))
                >
                    {words.close}
                    <kbd aria-hidden="true">"Esc"</kbd>
                </button>
            </section>
        </Show>
    }
}
