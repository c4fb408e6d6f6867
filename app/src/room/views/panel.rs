//! The panel at the right: opinions, discussion, case, findings.

use leptos::prelude::*;

use super::{
    case::CaseTab, discussion::DiscussionTab, findings::FindingsTab, lost::Notices, notes::NotesTab,
    opinions::OpinionsTab,
};
use crate::{
    browser,
    room::{
        engine::Controls,
        model::{Room, Tab},
        text::{RoomTexts, SessionTexts},
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
            {pane(Tab::Case, view! { <CaseTab room controls /> }.into_any())}
            {pane(Tab::Measurements, view! { <FindingsTab room controls /> }.into_any())}
            {pane(Tab::Notes, view! { <NotesTab room controls /> }.into_any())}
        </aside>
    }
}

fn name(tab: Tab, room: Room) -> &'static str {
    let words = RoomTexts::of(room.locale);
    match tab {
        Tab::Opinions => words.opinions,
        Tab::Discussion => words.discussion,
        Tab::Case => words.case,
        Tab::Measurements => words.measurements,
        Tab::Notes => SessionTexts::of(room.locale).notes,
    }
}

#[component]
fn Tabs(room: Room) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    let count = move |tab| match tab {
        Tab::Opinions => {
            room.drafts.with(Vec::len)
                + room
                    .consultation
                    .with(|of| of.opinions.iter().filter(|opinion| !opinion.superseded).count())
        }
        Tab::Discussion => room.lines.with(Vec::len),
        Tab::Case | Tab::Notes => 0,
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
                {name(tab, room)}
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
