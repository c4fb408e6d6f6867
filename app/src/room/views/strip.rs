//! The strip of series at the left.

use leptos::prelude::*;

use crate::{
    i18n::fill,
    room::{
        engine::Controls,
        model::{Room, Wish},
    },
    viewer::{command::Command, stack::Place, text::ViewerTexts},
};

/// The strip.
#[component]
pub fn Strip(
    /// State.
    room: Room,
    /// Wishes.
    controls: Controls,
) -> impl IntoView {
    let words = ViewerTexts::of(room.locale);
    let id = room
        .consultation
        .with_untracked(|consultation| consultation.row.id);
    let rows = move || room.series.get().into_iter().enumerate().collect::<Vec<_>>();
    view! {
        <nav class="room-strip" aria-label=words.series_list>
            <For each=rows key=|(at, row)| (*at, row.clone()) let:item>
                {
                    let (at, row) = item;
                    let count = row.count;
                    let loaded = move || room.loaded.with(|loaded| loaded.get(at).copied().unwrap_or_default());
                    let shown = move || room.readout.with(|readout| readout.stack == at);
                    let place = move || {
                        let middle = Place { stack: at, slice: usize::MAX };
                        controls.last_slice(at).map_or(Place { slice: count / 2, ..middle }, |slice| Place { slice, ..middle })
                    };
                    view! {
                        <button
                            type="button"
                            class=format!("room-thumb {}", row.colour)
                            class:on=shown
                            aria-current=move || if shown() { "true" } else { "false" }
                            data-testid="series"
                            data-series=row.id.to_string()
                            on:click=move |_| controls.ask(Wish::View(Command::Show(place())))
                        >
                            <img
                                src=format!("/api/v1/consultations/{id}/series/{}/thumbnail.png", row.id)
                                width="80"
                                height="80"
                                alt=""
                                draggable="false"
                            />
                            <progress
                                max=count
                                value=loaded
                                data-testid="series-progress"
                                aria-label=move || {
                                    fill(words.series_loaded, &[&loaded().to_string(), &count.to_string()])
                                }
                            ></progress>
                            <span class="room-thumb-title">{row.title}</span>
                            <span class="room-thumb-count">
                                {move || {
                                    if loaded() < count { format!("{} / {count}", loaded()) } else { count.to_string() }
                                }}
                            </span>
                        </button>
                    }
                }
            </For>
        </nav>
    }
}
