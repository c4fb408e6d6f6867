//! Who is here: avatars in the bar, and a card with hands, who follows whom, and the chair.

use consilium_protocol::live::Writing;
use leptos::prelude::*;

use crate::{
    i18n::fill,
    room::{
        engine::Controls,
        model::{Room, Seat, Wish},
        text::{RoomTexts, SessionTexts},
    },
};

/// The avatars and the card.
#[component]
pub fn People(
    /// State.
    room: Room,
    /// Wishes.
    controls: Controls,
) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    let talk = SessionTexts::of(room.locale);
    let me = room.me.with_value(|me| me.account_id);
    let open = RwSignal::new(false);
    let label = move |seat: &Seat| {
        let mut parts = vec![seat.author.name.clone(), seat.author.place.clone()];
        if seat.id == me {
            parts.push(words.you.to_owned());
        }
        if room.presenter.get() == Some(seat.id) {
            parts.push(words.presents.to_owned());
        }
        if seat.hand > 0 {
            parts.push(fill(talk.hand_place, &[&seat.hand.to_string()]));
        }
        parts.join(" · ")
    };
    let hands = Memo::new(move |_| {
        room.people
            .with(|people| people.iter().filter(|seat| seat.hand > 0).count())
    });
    view! {
        <ul class="room-people" aria-label=words.people data-testid="people">
            <For each=move || room.people.get() key=|seat| seat.clone() let:seat>
                {
                    let Seat { id, author, hand, .. } = seat.clone();
                    let text = Memo::new(move |_| label(&seat));
                    view! {
                        <li
                            class=format!("room-avatar {}", author.colour)
                            class:presenter=move || room.presenter.get() == Some(id)
                            title=move || text.get()
                            data-testid="person"
                            data-name=author.name
                            data-hand=hand.to_string()
                        >
                            <span aria-hidden="true">{author.initial}</span>
                            {(hand > 0)
                                .then(|| view! { <span class="room-hand" aria-hidden="true">{hand.to_string()}</span> })}
                            <span class="unseen">{move || text.get()}</span>
                        </li>
                    }
                }
            </For>
        </ul>
        <div class="room-people-more">
            <button
                type="button"
                class="button"
                data-testid="people-toggle"
                aria-expanded=move || open.get().to_string()
                on:click=move |_| open.update(|open| *open = !*open)
            >
                {talk.people_open}
                " "
                {move || room.people.with(Vec::len)}
                <span class="unseen" role="status">
                    {move || {
                        if hands.get() > 0 { fill(talk.hands, &[&hands.get().to_string()]) } else { String::new() }
                    }}
                </span>
            </button>
            <Show when=move || open.get()>
                <div
                    class="room-card"
                    role="dialog"
                    aria-label=words.people
                    data-testid="people-card"
                    on:keydown=move |event| {
                        if event.key() == "Escape" {
                            event.stop_propagation();
                            open.set(false);
                        }
                    }
                >
                    <p class="quiet">{talk.people_hint}</p>
                    <ul>
                        <For each=move || sorted(&room.people.get()) key=|seat| seat.clone() let:seat>
                            <Row room controls seat />
                        </For>
                    </ul>
                </div>
            </Show>
        </div>
    }
}

/// Raised hands first, in their order.
fn sorted(people: &[Seat]) -> Vec<Seat> {
    let mut all = people.to_vec();
    all.sort_by_key(|seat| if seat.hand == 0 { usize::MAX } else { seat.hand });
    all
}

#[component]
fn Row(room: Room, controls: Controls, seat: Seat) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    let talk = SessionTexts::of(room.locale);
    let me = room.me.with_value(|me| me.account_id);
    let id = seat.id;
    let presents = move || room.presenter.get() == Some(id);
    let mut facts: Vec<String> = Vec::new();
    if seat.hand > 0 {
        facts.push(fill(talk.hand_place, &[&seat.hand.to_string()]));
    }
    if let Some(whom) = seat.follows {
        let name = room.people.with_untracked(|people| {
            people
                .iter()
                .find(|other| other.id == whom)
                .map(|other| other.author.name.clone())
        });
        facts.extend(name.map(|name| fill(talk.follows, &[&name])));
    }
    facts.extend(seat.writing.map(|writing| {
        match writing {
            Writing::Opinion => talk.writes_opinion,
            Writing::Discussion => talk.writes_line,
        }
        .to_owned()
    }));
    let own = if id == me {
        talk.take_chair
    } else {
        talk.give_chair
    };
    view! {
        <li class=seat.author.colour data-testid="people-row" data-name=seat.author.name.clone()>
            <i class="dot" aria-hidden="true"></i>
            <span class="room-card-who">
                <b>{seat.author.name.clone()}</b>
                <span class="quiet">{seat.author.place.clone()}</span>
                <span class="room-card-facts">{facts.join(" · ")}</span>
            </span>
            <span class="mark good" hidden=move || !presents()>
                {words.presents}
            </span>
            <Show when=move || room.rights.get().preside && !presents()>
                <button
                    type="button"
                    class="button room-small"
                    data-testid="give-chair"
                    disabled=move || !room.ready.get()
                    on:click=move |_| controls.ask(Wish::Present(Some(id)))
                >
                    {own}
                </button>
            </Show>
        </li>
    }
}
