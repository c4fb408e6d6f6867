//! The discussion: lines by time with their answers below them, questions, and a field to add a line.

use consilium_collab::document::{Hidden, HiddenKind};
use consilium_protocol::live::{Citation, CitationKind, Writing};
use leptos::{html, prelude::*};

use super::questions::{AskForm, Questions};
use crate::{
    i18n::fill,
    room::{
        cite,
        engine::Controls,
        model::{LineRow, Room, Said, Wish},
        text::{RoomTexts, TalkTexts},
        thread::open_mention,
    },
};

/// Longest line, characters.
const LINE_CHARS: usize = consilium_collab::guard::shape::LINE_CHARS_MAX;
/// People offered after an `@`.
const OFFERED: usize = 8;

/// The tab.
#[component]
pub fn DiscussionTab(
    /// State.
    room: Room,
    /// Wishes.
    controls: Controls,
) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    let list = NodeRef::<html::Ul>::new();
    let last = Memo::new(move |_| room.lines.with(|lines| lines.last().map(|line| line.id.clone())));
    Effect::new(move |_| {
        last.track();
        room.tab.track();
        // After the new line is drawn.
        request_animation_frame(move || {
            if let Some(list) = list.get_untracked() {
                list.set_scroll_top(list.scroll_height());
            }
        });
    });
    view! {
        <Questions room controls />
        <ul class="room-list" node_ref=list tabindex="0" aria-label=words.discussion>
            <For each=move || room.lines.get() key=|line| line.clone() let:line>
                <Line room controls line />
            </For>
            <li class="room-empty" hidden=move || !room.lines.with(Vec::is_empty)>
                <p>{words.no_lines}</p>
                <p class="quiet">{words.no_lines_hint}</p>
            </li>
        </ul>
        <Typing room />
        <Entry room controls />
    }
}

#[component]
fn Line(room: Room, controls: Controls, line: LineRow) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    let talk = TalkTexts::of(room.locale);
    let (name, place, colour) = match &line.author {
        Some(author) => (author.name.clone(), author.place.clone(), author.colour),
        None => (words.unknown_author.to_owned(), String::new(), ""),
    };
    let hidden = line.hidden;
    let shown = !hidden || line.mine;
    let text = if shown { line.text.clone() } else { String::new() };
    let cites = shown.then(|| {
        line.cites
            .iter()
            .cloned()
            .map(|cite| {
                let target = cite.clone();
                view! {
                    <button
                        type="button"
                        class="room-citation"
                        data-testid="line-citation"
                        on:click=move |_| controls.ask(Wish::Go(target.clone()))
                    >
                        {cite.text}
                    </button>
                }
            })
            .collect_view()
    });
    let what = StoredValue::new(Hidden {
        kind: HiddenKind::Line,
        author: line.author_id,
        id: line.line_id.clone(),
    });
    let answer = StoredValue::new((line.line_id.clone(), name.clone()));
    view! {
        <li
            class=format!("room-line {colour}")
            class:answer=line.answer
            class:hidden-line=hidden
            class:to-me=line.to_me
            data-testid="discussion-line"
            data-hidden=hidden.to_string()
        >
            <header><b>{name}</b><span class="quiet">{place}</span><time>{line.time.clone()}</time></header>
            <p class="quiet" hidden=!hidden>{talk.hidden}</p>
            <p hidden=!shown>{text}</p>
            {cites}
            <span class="room-line-acts">
                <Show when=move || !hidden && room.rights.get().discuss>
                    <button
                        type="button"
                        class="room-link"
                        data-testid="line-reply"
                        on:click=move |_| {
                            room.reply.set(Some(answer.get_value()));
                            crate::browser::focus("discussion-field");
                        }
                    >
                        {talk.reply}
                    </button>
                </Show>
                <Show when=move || room.rights.get().preside>
                    <button
                        type="button"
                        class="room-link"
                        data-testid="line-hide"
                        on:click=move |_| controls.ask(Wish::Hide(what.get_value(), !hidden))
                    >
                        {if hidden { talk.unhide } else { talk.hide }}
                    </button>
                </Show>
            </span>
        </li>
    }
}

/// Who is writing a line now.
#[component]
fn Typing(room: Room) -> impl IntoView {
    let talk = TalkTexts::of(room.locale);
    let me = room.me.with_value(|me| me.account_id);
    let names = move || {
        room.people.with(|people| {
            people
                .iter()
                .filter(|seat| seat.id != me && seat.writing == Some(Writing::Discussion))
                .map(|seat| seat.author.name.clone())
                .collect::<Vec<_>>()
                .join("、")
        })
    };
    view! {
        <p class="room-typing quiet" data-testid="typing" hidden=move || names().is_empty()>
            {move || fill(talk.writes, &[&names()])}
        </p>
    }
}

#[component]
fn Entry(room: Room, controls: Controls) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    let talk = TalkTexts::of(room.locale);
    let field = NodeRef::<html::Input>::new();
    let asking = RwSignal::new(false);
    let choosing = RwSignal::new(false);
    let open = RwSignal::new(None::<String>);
    let may = move || room.rights.get().discuss && room.ready.get();
    let send = move || {
        let Some(field) = field.get_untracked() else {
            return;
        };
        let text = field.value().trim().to_owned();
        if !text.is_empty() && may() {
            let reply_to = room.reply.get_untracked().map(|(id, _)| id).unwrap_or_default();
            controls.ask(Wish::Say(Said {
                text,
                reply_to,
                cites: room.cites.get_untracked(),
            }));
            field.set_value("");
            open.set(None);
            choosing.set(false);
        }
    };
    let offered = move || {
        let Some(begun) = open.get() else {
            return Vec::new();
        };
        room.consultation.with(|consultation| {
            let people = consultation.people.iter();
            people
                .map(|person| person.name.clone())
                .filter(|name| name.starts_with(&begun))
                .take(OFFERED)
                .collect::<Vec<_>>()
        })
    };
    let take = move |name: &str| {
        if let Some(field) = field.get_untracked() {
            let text = field.value();
            let before = text.rsplit_once('@').map_or(text.as_str(), |(before, _)| before);
            field.set_value(&format!("{before}@{name} "));
            if let Err(error) = field.focus() {
                leptos::logging::debug_warn!("focus: {error:?}");
            }
        }
        open.set(None);
    };
    view! {
        <form
            class="room-own"
            on:submit=move |event| {
                event.prevent_default();
                send();
            }
        >
            <div class="room-own-head">
                <label for="discussion-field">{words.discussion_label}</label>
                <button
                    type="button"
                    class="button room-small"
                    data-testid="line-cite"
                    aria-expanded=move || choosing.get().to_string()
                    disabled=move || !may()
                    on:click=move |_| {
                        room.cite_line.set(true);
                        choosing.update(|choosing| *choosing = !*choosing);
                    }
                >
                    {talk.attach}
                </button>
                <button
                    type="button"
                    class="button room-small"
                    data-testid="ask-open"
                    aria-expanded=move || asking.get().to_string()
                    disabled=move || !may()
                    on:click=move |_| asking.update(|asking| *asking = !*asking)
                >
                    {talk.ask}
                </button>
            </div>
            <p class="quiet" hidden=may>
                {move || if room.rights.get().discuss { words.why_not_ready } else { words.why_discuss }}
            </p>
            <p class="room-reply" hidden=move || room.reply.with(Option::is_none)>
                <span>{move || fill(talk.reply_to, &[&room.reply.get().map(|(_, name)| name).unwrap_or_default()])}</span>
                <button type="button" class="room-link" on:click=move |_| room.reply.set(None)>
                    {talk.cancel_reply}
                </button>
            </p>
            <Chosen room />
            <Choices room controls choosing />
            <div class="room-cites" hidden=move || offered().is_empty() role="group" aria-label=talk.mention>
                <For each=offered key=Clone::clone let:name>
                    {
                        let label = format!("@{name}");
                        view! {
                            <button
                                type="button"
                                class="room-citation"
                                data-testid="mention-choice"
                                on:click=move |_| take(&name)
                            >
                                {label}
                            </button>
                        }
                    }
                </For>
            </div>
            <div class="room-own-row">
                <input
                    id="discussion-field"
                    type="text"
                    node_ref=field
                    maxlength=LINE_CHARS
                    autocomplete="off"
                    placeholder=talk.mention_hint
                    data-testid="discussion-input"
                    disabled=move || !may()
                    on:focus=move |_| room.cite_line.set(true)
                    on:input=move |event| {
                        let text = event_target_value(&event);
                        open.set(open_mention(&text).map(str::to_owned));
                        controls.ask(Wish::TypesLine);
                    }
                />
                <button type="submit" class="button" data-testid="discussion-send" disabled=move || !may()>
                    {words.send}
                </button>
            </div>
        </form>
        <Show when=move || asking.get()>
            <AskForm room controls open=asking />
        </Show>
    }
}

/// What the line being written cites.
#[component]
fn Chosen(room: Room) -> impl IntoView {
    let talk = TalkTexts::of(room.locale);
    view! {
        <div class="room-cites" hidden=move || room.cites.with(Vec::is_empty) data-testid="line-cites">
            <For each=move || room.cites.get() key=Clone::clone let:cite>
                {
                    let text = cite.text.clone();
                    let label = format!("{}：{text}", talk.uncite);
                    view! {
                        <button
                            type="button"
                            class="room-citation"
                            title=talk.uncite
                            aria-label=label
                            on:click=move |_| room.cites.update(|cites| cites.retain(|other| *other != cite))
                        >
                            {text}
                            " ×"
                        </button>
                    }
                }
            </For>
        </div>
    }
}

/// What may be cited: findings and signed opinions; values are clicked in the case.
#[component]
fn Choices(room: Room, controls: Controls, choosing: RwSignal<bool>) -> impl IntoView {
    let talk = TalkTexts::of(room.locale);
    let all = move || {
        let mut all: Vec<Citation> = room.annotations.with(|rows| {
            rows.iter()
                .filter(|row| !row.hidden)
                .map(cite::citation)
                .collect()
        });
        room.consultation.with(|consultation| {
            let signed = consultation.opinions.iter().filter(|opinion| !opinion.superseded);
            all.extend(signed.map(|opinion| Citation {
                kind: CitationKind::Opinion,
                reference: opinion.id.to_string(),
                text: format!("{} v{}", opinion.author, opinion.version),
            }));
        });
        all
    };
    view! {
        <div class="room-cites" hidden=move || !choosing.get() role="group" aria-label=talk.attach_hint>
            <For each=all key=Clone::clone let:cite>
                {
                    let target = cite.clone();
                    view! {
                        <button
                            type="button"
                            class="room-citation"
                            data-testid="line-cite-choice"
                            on:click=move |_| {
                                choosing.set(false);
                                controls.ask(Wish::CiteAny(target.clone()));
                            }
                        >
                            {cite.text.clone()}
                        </button>
                    }
                }
            </For>
        </div>
    }
}
