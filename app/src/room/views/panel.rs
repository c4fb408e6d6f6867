//! The panel at the right: opinions, discussion, case, findings.

use leptos::prelude::*;

use super::{case::CaseTab, discussion::DiscussionTab, findings::FindingsTab, opinions::OpinionsTab};
use crate::{
    browser,
    i18n::fill,
    room::{
        engine::Controls,
        model::{Room, Tab, Wish},
        text::RoomTexts,
    },
};

/// The panel.
#[component]
pub fn Panel(
    /// State.
    room: Room,
    /// Wishes.
    controls: Controls,
) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    let pane = |tab: Tab, content: AnyView| {
        view! {
            <section
                class="room-pane"
                role="tabpanel"
                id=format!("pane-{}", tab.code())
                aria-labelledby=format!("tab-{}", tab.code())
                hidden=move || room.tab.get() != tab
            >
                {content}
            </section>
        }
    };
    view! {
        <aside class="room-panel" aria-label=words.panel>
            <Tabs room />
            <Notices room controls />
            {pane(Tab::Opinions, view! { <OpinionsTab room controls /> }.into_any())}
            {pane(Tab::Discussion, view! { <DiscussionTab room controls /> }.into_any())}
            {pane(Tab::Case, view! { <CaseTab room /> }.into_any())}
            {pane(Tab::Measurements, view! { <FindingsTab room controls /> }.into_any())}
        </aside>
    }
}

const fn name(tab: Tab, words: &RoomTexts) -> &'static str {
    match tab {
        Tab::Opinions => words.opinions,
        Tab::Discussion => words.discussion,
        Tab::Case => words.case,
        Tab::Measurements => words.measurements,
    }
}

#[component]
fn Tabs(room: Room) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    let count = move |tab| match tab {
        Tab::Opinions => {
            room.drafts.with(Vec::len) + room.consultation.with(|consultation| consultation.opinions.len())
        }
        Tab::Discussion => room.lines.with(Vec::len),
        Tab::Case => 0,
        Tab::Measurements => room.annotations.with(Vec::len),
    };
    let turn = move |key: &str| {
        let step = match key {
            "ArrowLeft" => Tab::ALL.len() - 1,
            "ArrowRight" => 1,
            _ => return false,
        };
        let now = Tab::ALL
            .iter()
            .position(|tab| *tab == room.tab.get_untracked())
            .unwrap_or_default();
        if let Some(tab) = Tab::ALL.get((now + step) % Tab::ALL.len()) {
            room.tab.set(*tab);
            browser::focus(&format!("tab-{}", tab.code()));
        }
        true
    };
    let tabs = Tab::ALL.map(|tab| {
        let on = move || room.tab.get() == tab;
        let number = Memo::new(move |_| count(tab));
        view! {
            <button
                type="button"
                role="tab"
                id=format!("tab-{}", tab.code())
                data-testid=format!("tab-{}", tab.code())
                aria-controls=format!("pane-{}", tab.code())
                aria-selected=move || on().to_string()
                tabindex=move || if on() { "0" } else { "-1" }
                on:click=move |_| room.tab.set(tab)
            >
                {name(tab, words)}
                <span class="room-count" hidden=move || number.get() == 0>
                    {move || number.get()}
                </span>
            </button>
        }
    });
    view! {
        <div
            class="room-tabs"
            role="tablist"
            aria-label=words.panel
            on:keydown=move |event| {
                if turn(&event.key()) {
                    event.prevent_default();
                    event.stop_propagation();
                }
            }
        >
            {tabs}
        </div>
    }
}

/// What must be told, and what the room did not take. Both stay until they are closed.
#[component]
fn Notices(room: Room, controls: Controls) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    let parts = move || {
        let Some(lost) = room.lost.get() else {
            return Vec::new();
        };
        let mut parts: Vec<(String, String)> = Vec::new();
        parts.extend(lost.opinion.map(|text| (words.lost_opinion.to_owned(), text)));
        parts.extend(
            lost.lines
                .into_iter()
                .map(|line| (words.lost_line.to_owned(), line.text)),
        );
        if !lost.annotations.is_empty() {
            let labels: Vec<_> = lost
                .annotations
                .into_iter()
                .map(|(_, annotation)| annotation.label)
                .collect();
            let count = fill(words.lost_annotations, &[&labels.len().to_string()]);
            parts.push((count, labels.join("\n").trim().to_owned()));
        }
        parts
    };
    view! {
        <div class="room-notice" role="alert" data-testid="notice">
            <Show when=move || room.notice.with(Option::is_some)>
                <p>{move || room.notice.get()}</p>
            </Show>
            <Show when=move || room.lost.with(Option::is_some)>
                <div class="room-lost" data-testid="lost-edits">
                    <h3>{words.lost_title}</h3>
                    <p>{words.lost_hint}</p>
                    {move || {
                        parts()
                            .into_iter()
                            .map(|(what, text)| view! { <h4>{what}</h4><pre>{text}</pre> })
                            .collect_view()
                    }}
                </div>
            </Show>
            <Show when=move || room.notice.with(Option::is_some) || room.lost.with(Option::is_some)>
                <button type="button" class="button room-small" on:click=move |_| controls.ask(Wish::Dismiss)>
                    {words.dismiss}
                </button>
            </Show>
        </div>
    }
}
