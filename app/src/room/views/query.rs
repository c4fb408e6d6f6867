//! A live query: asks an institution for data while the session runs; its clock is the urgent one.

use consilium_domain::DataCategory;
use consilium_protocol::{
    consultation::Act,
    preparation::{RequestInput, RequestItem},
};
use leptos::{prelude::*, task::spawn_local};

use super::questions::others;
use crate::{
    api, i18n,
    i18n::problem_text,
    room::{model::Room, text::SupplyTexts},
};

/// The form, closed at first.
#[component]
pub fn QueryForm(
    /// State.
    room: Room,
) -> impl IntoView {
    let words = SupplyTexts::of(room.locale);
    let own = room.me.with_value(|me| me.institution.id);
    let (id, houses) = room
        .consultation
        .with_untracked(|consultation| (consultation.row.id, others(consultation, own)));
    let whom = RwSignal::new(houses.first().map(|of| of.id));
    let category = RwSignal::new(DataCategory::ALL.first().copied());
    let what = RwSignal::new(String::new());
    let why = RwSignal::new(String::new());
    let told = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let may = move || {
        room.consultation
            .with(|consultation| consultation.row.allowed.contains(&Act::Upload))
    };
    let full = move || what.with(|text| !text.trim().is_empty()) && why.with(|text| !text.trim().is_empty());
    let send = move || {
        let (Some(institution_id), Some(category)) = (whom.get_untracked(), category.get_untracked()) else {
            return;
        };
        let input = RequestInput {
            institution_id,
            items: vec![RequestItem {
                category,
                description: what.get_untracked().trim().to_owned(),
                required: true,
            }],
            data_from: None,
            reason: why.get_untracked().trim().to_owned(),
            purpose: "treatment".to_owned(),
            draft: false,
        };
        busy.set(true);
        spawn_local(async move {
            let done = api::post(&api::of(id, "data-requests"), &input).await;
            busy.set(false);
            told.set(match done {
                Ok(()) => {
                    what.set(String::new());
                    words.query_sent.to_owned()
                }
                Err(problem) => problem_text(&problem, room.locale),
            });
        });
    };
    let institutions = houses
        .into_iter()
        .map(|of| view! { <option value=of.id.to_string()>{i18n::institution_name(&of, room.locale)}</option> })
        .collect_view();
    let categories = DataCategory::ALL
        .iter()
        .map(|of| view! { <option value=of.code()>{i18n::category(*of, room.locale)}</option> })
        .collect_view();
    view! {
        <details class="room-query" hidden=move || !may() data-testid="query">
            <summary>{words.query}</summary>
            <form
                class="room-answer-form"
                on:submit=move |event| {
                    event.prevent_default();
                    if full() && !busy.get_untracked() {
                        send();
                    }
                }
            >
                <label for="query-whom">{words.query_whom}</label>
                <select
                    id="query-whom"
                    on:change=move |event| whom.set(event_target_value(&event).parse().ok())
                >
                    {institutions}
                </select>
                <label for="query-category">{words.query_category}</label>
                <select
                    id="query-category"
                    on:change=move |event| {
                        let code = event_target_value(&event);
                        category.set(DataCategory::ALL.iter().copied().find(|of| of.code() == code));
                    }
                >
                    {categories}
                </select>
                <label for="query-what">{words.query_what}</label>
                <textarea
                    id="query-what"
                    rows="2"
                    maxlength=consilium_protocol::limits::ITEM_CHARS
                    data-testid="query-what"
                    prop:value=move || what.get()
                    on:input=move |event| what.set(event_target_value(&event))
                ></textarea>
                <label for="query-why">{words.query_why}</label>
                <textarea
                    id="query-why"
                    rows="2"
                    maxlength=consilium_protocol::limits::REASON_CHARS
                    data-testid="query-why"
                    on:input=move |event| why.set(event_target_value(&event))
                ></textarea>
                <button
                    type="submit"
                    class="button room-small primary"
                    data-testid="query-send"
                    disabled=move || busy.get() || !full()
                >
                    {words.query_send}
                </button>
                <p role="status">{move || told.get()}</p>
            </form>
        </details>
    }
}
