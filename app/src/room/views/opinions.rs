//! Opinions: signed ones, drafts of others as they are written, and one's own.

use consilium_protocol::{consultation::Opinion, limits::OPINION_CHARS};
use leptos::{html, prelude::*};

use crate::{
    format,
    i18n::{self, fill},
    room::{
        cite,
        engine::Controls,
        model::{AnnotationRow, DraftRow, Room, Wish},
        text::RoomTexts,
    },
    ui::badge::colour_class,
};

/// `id` of the own opinion's text field.
pub(in crate::room) const DRAFT_ID: &str = "opinion-draft";

/// The tab.
#[component]
pub fn OpinionsTab(
    /// State.
    room: Room,
    /// Wishes.
    controls: Controls,
) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    let signed = move || {
        room.consultation
            .with(|consultation| consultation.opinions.clone())
    };
    let nothing = move || {
        room.drafts.with(Vec::is_empty)
            && room
                .consultation
                .with(|consultation| consultation.opinions.is_empty())
    };
    view! {
        <div class="room-list" tabindex="0" role="group" aria-label=words.opinions>
            <For each=signed key=|opinion| opinion.id let:opinion>
                <Signed room controls opinion />
            </For>
            <For each=move || room.drafts.get() key=|row| row.id let:row>
                <Draft room row />
            </For>
            <div class="room-empty" hidden=move || !nothing()>
                <p>{words.no_opinions}</p>
                <p class="quiet">{words.no_opinions_hint}</p>
            </div>
        </div>
        <Own room controls />
    }
}

#[component]
fn Signed(room: Room, controls: Controls, opinion: Opinion) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    let house = i18n::institution_name(&opinion.institution, room.locale);
    let cites = opinion.cites.clone();
    let author = opinion.author_id;
    let cited = move || {
        room.annotations.with(|rows| {
            rows.iter()
                .filter(|row| cites.contains(&row.key.id))
                .cloned()
                .collect::<Vec<AnnotationRow>>()
        })
    };
    view! {
        <article
            class=format!("room-opinion {}", colour_class(&opinion.institution))
            data-testid="opinion"
            data-author=author.to_string()
            data-state="signed"
        >
            <header>
                <h3>{house} " · " {opinion.author.clone()}</h3>
                <span class="mark good">{fill(words.signed, &[&opinion.version.to_string()])}</span>
                <span class="mark soon" hidden=!opinion.dissent>{words.dissent}</span>
                <span class="mark late" hidden=opinion.signature_valid>{words.bad_signature}</span>
                <time datetime=opinion.submitted_at.to_string() title=format::absolute(opinion.submitted_at, room.locale)>
                    {clock(opinion.submitted_at)}
                </time>
            </header>
            <p class="quiet">{opinion.department.clone()}</p>
            <p class="room-opinion-text">{opinion.text.clone()}</p>
            <For each=cited key=|row| row.clone() let:row>
                {
                    let key = row.key.clone();
                    view! {
                        <button type="button" class="room-citation" on:click=move |_| controls.ask(Wish::Jump(key.clone()))>
                            {cite::marker(&row)}
                        </button>
                    }
                }
            </For>
        </article>
    }
}

#[component]
fn Draft(room: Room, row: DraftRow) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    let id = row.id;
    // The row is keyed by its author, so that writing changes the text in place.
    let now = Memo::new(move |_| {
        room.drafts
            .with(|rows| rows.iter().find(|row| row.id == id).cloned())
            .unwrap_or_else(|| row.clone())
    });
    let title = move || {
        now.with(|row| match &row.author {
            Some(author) => format!("{} · {}", author.place, author.name),
            None => words.unknown_author.to_owned(),
        })
    };
    let colour = move || now.with(|row| row.author.as_ref().map_or("", |author| author.colour));
    view! {
        <article
            class=move || format!("room-opinion {}", colour())
            data-testid="opinion"
            data-author=id.to_string()
            data-state="draft"
        >
            <header>
                <h3>{title}</h3>
                <span class="mark soon">{words.draft}</span>
            </header>
            <p class="room-opinion-text" data-testid="opinion-text">
                {move || now.with(|row| row.text.clone())}
            </p>
        </article>
    }
}

fn clock(at: consilium_domain::Timestamp) -> String {
    let (_, _, _, hour, minute, _) = at.display_parts();
    format!("{hour:02}:{minute:02}")
}

#[component]
fn Own(room: Room, controls: Controls) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    let me = room.me.with_value(|me| me.account_id);
    let field = NodeRef::<html::Textarea>::new();
    let dissent = RwSignal::new(false);
    let asking = RwSignal::new(false);
    let choosing = RwSignal::new(false);
    let signed = move || {
        room.consultation.with(|consultation| {
            consultation
                .opinions
                .iter()
                .any(|opinion| opinion.author_id == me)
        })
    };
    let may_write = move || room.rights.get().opine && room.ready.get();
    let characters = Memo::new(move |_| room.draft.with(|text| text.chars().count()));
    let sendable = move || {
        may_write()
            && !room.busy.get()
            && characters.get() <= OPINION_CHARS
            && room.draft.with(|text| !text.trim().is_empty())
    };
    let why_not = move || {
        if !room.rights.get().opine {
            words.why_opine
        } else if !room.ready.get() {
            words.why_not_ready
        } else {
            words.opinion_hint
        }
    };
    // Only a text that came from elsewhere is written into the field: one's own typing is there already.
    Effect::new(move |_| {
        let text = room.draft.get();
        if let Some(field) = field.get()
            && field.value() != text
        {
            field.set_value(&text);
        }
    });
    view! {
        <div class="room-own" hidden=move || signed() && !room.rights.get().opine>
            <label for=DRAFT_ID>{words.opinion_label}</label>
            <textarea
                id=DRAFT_ID
                node_ref=field
                rows="4"
                data-testid="opinion-draft"
                aria-describedby="opinion-hint"
                readonly=move || !may_write()
                on:input=move |event| controls.ask(Wish::Draft(event_target_value(&event)))
            ></textarea>
            <p id="opinion-hint" class="quiet">{why_not}</p>
            <div class="room-own-row" hidden=move || asking.get()>
                <span class="room-characters" class:late=move || { characters.get() > OPINION_CHARS } data-testid="opinion-count">
                    {move || fill(words.characters, &[&characters.get().to_string(), &OPINION_CHARS.to_string()])}
                </span>
                <button
                    type="button"
                    class="button room-small"
                    data-testid="opinion-cite"
                    aria-expanded=move || choosing.get().to_string()
                    disabled=move || !may_write() || room.annotations.with(Vec::is_empty)
                    on:click=move |_| choosing.update(|choosing| *choosing = !*choosing)
                >
                    {words.cite}
                </button>
                <button
                    type="button"
                    class="button primary"
                    data-testid="opinion-submit"
                    disabled=move || !sendable()
                    on:click=move |_| asking.set(true)
                >
                    {words.submit}
                </button>
            </div>
            <div class="room-cites" hidden=move || !choosing.get()>
                <For each=move || room.annotations.get() key=|row| row.clone() let:row>
                    {
                        let key = row.key.clone();
                        view! {
                            <button
                                type="button"
                                class="room-citation"
                                data-testid="cite-choice"
                                on:click=move |_| {
                                    choosing.set(false);
                                    controls.ask(Wish::Cite(key.clone()));
                                }
                            >
                                {cite::marker(&row)}
                            </button>
                        }
                    }
                </For>
            </div>
            <div class="room-own-question" role="alertdialog" aria-label=words.submit hidden=move || !asking.get()>
                <p>{words.submit_question}</p>
                <label class="room-check">
                    <input
                        type="checkbox"
                        data-testid="opinion-dissent"
                        prop:checked=move || dissent.get()
                        on:change=move |event| dissent.set(event_target_checked(&event))
                    />
                    {words.dissent_label}
                </label>
                <button
                    type="button"
                    class="button primary"
                    data-testid="opinion-submit-confirm"
                    disabled=move || !sendable()
                    on:click=move |_| {
                        asking.set(false);
                        controls.ask(Wish::Submit { dissent: dissent.get_untracked() });
                    }
                >
                    {words.submit_yes}
                </button>
                <button type="button" class="button" on:click=move |_| asking.set(false)>
                    {words.submit_no}
                </button>
            </div>
        </div>
    }
}
