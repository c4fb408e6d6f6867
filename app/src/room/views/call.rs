//! The call: small tiles at the edge of the stage, and its buttons in the bar.

use leptos::{html, prelude::*};

use crate::{
    i18n::fill,
    room::{
        engine::Controls,
        model::{CallWish, Room, Tile, Wish},
        text::CallTexts,
    },
};

/// The tiles.
#[component]
pub fn CallTiles(
    /// State.
    room: Room,
    /// Wishes.
    controls: Controls,
) -> impl IntoView {
    let words = CallTexts::of(room.locale);
    let tiles = move || room.call.with(|call| call.tiles.clone());
    let inside = move || room.call.with(|call| call.inside);
    let media = move || room.call.with(|call| call.media);
    view! {
        <section class="room-call" aria-label=words.title hidden=move || !inside() data-testid="call">
            <For each=tiles key=|tile| tile.peer let:tile>
                <CallTile room controls tile />
            </For>
            <div class="room-call-acts">
                <button
                    type="button"
                    class="button room-small"
                    data-testid="call-audio"
                    aria-pressed=move || (!media().audio).to_string()
                    on:click=move |_| controls.ask(Wish::Call(CallWish::Audio(!media().audio)))
                >
                    {move || if media().audio { words.mute } else { words.unmute }}
                </button>
                <button
                    type="button"
                    class="button room-small"
                    data-testid="call-video"
                    aria-pressed=move || media().video.to_string()
                    on:click=move |_| controls.ask(Wish::Call(CallWish::Video(!media().video)))
                >
                    {move || if media().video { words.camera_off } else { words.camera_on }}
                </button>
            </div>
        </section>
    }
}

#[component]
fn CallTile(room: Room, controls: Controls, tile: Tile) -> impl IntoView {
    let video = NodeRef::<html::Video>::new();
    let peer = tile.peer;
    Effect::new(move |_| {
        room.call.track();
        if let (Some(video), Some(stream)) = (video.get(), controls.stream(peer)) {
            let same = video.src_object().is_some_and(|now| now.id() == stream.id());
            if !same {
                video.set_src_object(Some(&stream));
            }
        }
    });
    // Who sends no picture needs no room for one.
    let sound = move || {
        room.call
            .with(|call| call.tiles.iter().any(|of| of.peer == peer && !of.media.video))
    };
    view! {
        <div
            class=format!("room-tile {}", tile.colour)
            class:sound=sound
            data-testid="call-tile"
            data-name=tile.name.clone()
        >
            // One does not hear oneself.
            <video node_ref=video autoplay playsinline prop:muted=tile.own></video>
            <span>{tile.name.clone()}</span>
        </div>
    }
}

/// Joins or leaves the call.
#[component]
pub fn CallButton(
    /// State.
    room: Room,
    /// Wishes.
    controls: Controls,
) -> impl IntoView {
    let words = CallTexts::of(room.locale);
    let inside = move || room.call.with(|call| call.inside);
    let count = move || room.call.with(|call| call.tiles.len());
    if let Some(link) = room.call_link.get_value() {
        return view! {
            <a class="button" data-testid="call-link" href=link title=words.elsewhere target="_blank" rel="noopener noreferrer">
                {words.open}
            </a>
        }
        .into_any();
    }
    view! {
        <button
            type="button"
            class="button"
            data-testid="call-toggle"
            aria-pressed=move || inside().to_string()
            title=move || {
                if count() > 0 { fill(words.calls, &[&count().to_string()]) } else { words.title.to_owned() }
            }
            disabled=move || !room.ready.get()
            on:click=move |_| controls.ask(Wish::Call(if inside() { CallWish::Leave } else { CallWish::Join }))
        >
            {move || if inside() { words.leave } else { words.join }}
            {move || (count() > 0).then(|| format!(" {}", count()))}
        </button>
    }
    .into_any()
}
