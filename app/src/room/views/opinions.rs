//! Opinions: signed ones, drafts of others as they are written, and one's own.

use consilium_domain::{ConsultationState, OpinionId};
use consilium_protocol::{consultation::Opinion, live::Writing};
use leptos::prelude::*;

use super::own::Own;

use crate::{
    format,
    i18n::{self, fill},
    room::{
        cite,
        engine::Controls,
        model::{AnnotationRow, DraftRow, Room, Wish},
        text::{RoomTexts, SessionTexts},
    },
    ui::{Prose, badge::colour_class},
};

/// The tab.
#[component]
pub fn OpinionsTab(
    /// State.
    room: Room,
    /// Wishes.
    controls: Controls,
) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    // The newest of each author; earlier versions are below it.
    let signed = move || {
        room.consultation.with(|consultation| {
            let newest = |opinion: &&Opinion| !opinion.superseded;
            consultation
                .opinions
                .iter()
                .filter(newest)
                .cloned()
                .collect::<Vec<_>>()
        })
    };
    let nothing = move || {
        room.drafts.with(Vec::is_empty)
            && room
                .consultation
                .with(|consultation| consultation.opinions.is_empty())
    };
    view! {
        <div class="room-list" tabindex="0" role="group" aria-label=words.opinions>
            <For each=signed key=|opinion| (opinion.id, opinion.in_revision) let:opinion>
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
    let session = SessionTexts::of(room.locale);
    let cites = opinion.cites.clone();
    let author = opinion.author_id;
    let older = room.consultation.with_untracked(|consultation| {
        let mut older: Vec<Opinion> = consultation
            .opinions
            .iter()
            .filter(|other| other.author_id == author && other.superseded)
            .cloned()
            .collect();
        older.sort_by_key(|other| std::cmp::Reverse(other.version));
        older
    });
    let own = room.me.with_value(|me| me.account_id) == author;
    let open = move || {
        room.consultation.with(|consultation| {
            let state = consultation.row.state;
            matches!(
                state,
                ConsultationState::InSession | ConsultationState::Summarising
            )
        })
    };
    let (id, revising) = (opinion.id, opinion.in_revision);
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
            data-reference=opinion.id.to_string()
        >
            <header>
                <h3>{house} " · " {opinion.author.clone()}</h3>
                <span class="mark good">{fill(words.signed, &[&opinion.version.to_string()])}</span>
                <span class="mark soon" hidden=!opinion.dissent>{words.dissent}</span>
                <span class="mark soon" hidden=!opinion.in_revision>{session.in_revision}</span>
                <span class="mark late" hidden=opinion.signature_valid>{words.bad_signature}</span>
                <time datetime=opinion.submitted_at.to_string() title=format::absolute(opinion.submitted_at, room.locale)>
                    {clock(opinion.submitted_at)}
                </time>
            </header>
            <p class="quiet">{opinion.department.clone()}</p>
            <div class="room-opinion-text"><Prose text=opinion.text.clone() /></div>
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
            {(!older.is_empty()).then(|| view! { <Older room older /> })}
            <Show when=move || own && !revising && open() && room.past.with(Option::is_none)>
                <Revise room controls id />
            </Show>
        </article>
    }
}

/// Earlier versions, each with its words.
#[component]
fn Older(room: Room, older: Vec<Opinion>) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    let session = SessionTexts::of(room.locale);
    let title = fill(session.older, &[&older.len().to_string()]);
    let all = older
        .into_iter()
        .map(|opinion| {
            view! {
                <h4>
                    {fill(words.signed, &[&opinion.version.to_string()])}
                    " "
                    <time datetime=opinion.submitted_at.to_string()>{clock(opinion.submitted_at)}</time>
                    " "
                    {session.superseded}
                </h4>
                <div class="room-opinion-text"><Prose text=opinion.text.clone() /></div>
            }
        })
        .collect_view();
    view! {
        <details class="room-older" data-testid="older-versions">
            <summary>{title}</summary>
            {all}
        </details>
    }
}

/// The author takes a signed opinion up again.
#[component]
fn Revise(room: Room, controls: Controls, id: OpinionId) -> impl IntoView {
    let session = SessionTexts::of(room.locale);
    let asking = RwSignal::new(false);
    view! {
        <button
            type="button"
            class="button room-small"
            data-testid="opinion-revise"
            aria-expanded=move || asking.get().to_string()
            on:click=move |_| asking.update(|asking| *asking = !*asking)
        >
            {session.revise}
        </button>
        <div class="room-own-question" role="alertdialog" aria-label=session.revise hidden=move || !asking.get()>
            <p>{session.revise_question}</p>
            <button
                type="button"
                class="button primary"
                data-testid="opinion-revise-confirm"
                disabled=move || room.busy.get()
                on:click=move |_| {
                    asking.set(false);
                    controls.ask(Wish::Revise(id));
                }
            >
                {session.revise_yes}
            </button>
            <button type="button" class="button" on:click=move |_| asking.set(false)>
                {session.revise_no}
            </button>
        </div>
    }
}

#[component]
fn Draft(room: Room, row: DraftRow) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    let session = SessionTexts::of(room.locale);
    let id = row.id;
    let writes = move || {
        room.people.with(|people| {
            people
                .iter()
                .any(|seat| seat.id == id && seat.writing == Some(Writing::Opinion))
        })
    };
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
                <span class="mark soon">{move || if writes() { session.writes_opinion } else { words.draft }}</span>
            </header>
            <div class="room-opinion-text" data-testid="opinion-text">
                {move || view! { <Prose text=now.with(|row| row.text.clone()) /> }}
            </div>
        </article>
    }
}

fn clock(at: consilium_domain::Timestamp) -> String {
    let (_, _, _, hour, minute, _) = at.display_parts();
    format!("{hour:02}:{minute:02}")
}
