//! The search of the worklist: a plain form in the address, but for identity numbers, which go by POST only.

use consilium_domain::{ConsultationKind, ConsultationState, Urgency};
use consilium_protocol::{
    consultation::{ConsultationList, ConsultationRow},
    page::WorklistQuery,
};
use leptos::{ev::SubmitEvent, html, prelude::*};
use serde::Serialize;

use crate::{
    api, context,
    i18n::{self, WorklistTexts, fill},
    ui::{Doing, Outcome, Tone},
};

/// What an identity number looks like: the browser does not send such a text in the address, also before the
/// page is live.
const NO_IDENTITY: &str = r"(?!\s*[0-9]{15}([0-9]{2}[0-9Xx])?\s*$).*";

/// Whether `text` may be an identity number: it must not get into an address.
fn is_identity(text: &str) -> bool {
    let text = text.trim();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    matches!(text.len(), 15 | 18) && digits + 1 >= text.len() && digits >= 15
}

#[derive(Serialize)]
struct Search {
    id_number: String,
}

fn options<T: Copy + PartialEq>(
    all: &[T],
    chosen: Option<T>,
    code: impl Fn(T) -> &'static str,
    text: impl Fn(T) -> &'static str,
) -> Vec<AnyView> {
    all.iter()
        .map(|of| {
            let selected = chosen == Some(*of);
            let (code, text) = (code(*of), text(*of));
            view! { <option value=code selected=selected>{text}</option> }.into_any()
        })
        .collect()
}

/// The form.
#[component]
pub fn SearchForm(
    /// What was asked for.
    query: WorklistQuery,
    /// Takes what a search by identity number finds.
    found: RwSignal<Option<Vec<ConsultationRow>>>,
) -> impl IntoView {
    let locale = context::locale();
    let t = WorklistTexts::of(locale);
    let doing = Doing::new();
    let form = NodeRef::<html::Form>::new();
    let input = NodeRef::<html::Input>::new();
    // From now on this page handles identity numbers itself.
    Effect::new(move |_| {
        if let Some(form) = form.get() {
            form.set_no_validate(true);
        }
    });
    let submit = move |event: SubmitEvent| {
        let text = input
            .get_untracked()
            .map(|input| input.value())
            .unwrap_or_default();
        if !is_identity(&text) {
            return;
        }
        event.prevent_default();
        doing.say(Tone::Info, t.searching);
        let search = Search { id_number: text };
        let ask = async move { api::ask::<ConsultationList>("/api/v1/consultations/search", &search).await };
        doing.run_then(ask, move |list| {
            doing.say(
                Tone::Info,
                fill(t.identity_found, &[&list.items.len().to_string()]),
            );
            found.set(Some(list.items));
            doing.rest();
        });
    };
    let narrowed = WorklistQuery {
        q: String::new(),
        ..query.clone()
    } != WorklistQuery::default();
    let clear = (query != WorklistQuery::default()).then(|| view! { <a href="/">{t.clear}</a> });
    let parts = [("lead", t.part_lead), ("participant", t.part_participant)]
        .into_iter()
        .map(|(code, text)| {
            let selected = query.part == code;
            view! { <option value=code selected=selected>{text}</option> }
        })
        .collect_view();
    let states = options(
        ConsultationState::ALL,
        query.state,
        ConsultationState::code,
        |of| i18n::state(of, locale),
    );
    let kinds = options(ConsultationKind::ALL, query.kind, ConsultationKind::code, |of| {
        i18n::kind(of, locale)
    });
    let urgencies = options(Urgency::ALL, query.urgency, Urgency::code, |of| {
        i18n::urgency(of, locale)
    });
    view! {
        <form class="find" role="search" method="get" action="/" node_ref=form on:submit=submit>
            <div class="row">
                <input
                    type="search"
                    name="q"
                    class="search"
                    node_ref=input
                    aria-label=t.search_label
                    placeholder=t.search
                    title=t.identity_hint
                    pattern=NO_IDENTITY
                    maxlength="100"
                    autocomplete="off"
                    value=query.q
                />
                <button type="submit" class="button">{t.find}</button>
                {clear}
            </div>
            <details open=narrowed>
                <summary>{t.more_filters}</summary>
                <div class="row conditions">
                    <label>
                        <span>{t.part}</span>
                        <select name="part" aria-label=t.part>
                            <option value="">{t.any}</option>
                            {parts}
                        </select>
                    </label>
                    <label>
                        <span>{t.state}</span>
                        <select name="state" aria-label=t.state>
                            <option value="">{t.any}</option>
                            {states}
                        </select>
                    </label>
                    <label>
                        <span>{i18n::FormTexts::of(locale).kind}</span>
                        <select name="kind" aria-label=i18n::FormTexts::of(locale).kind>
                            <option value="">{t.any}</option>
                            {kinds}
                        </select>
                    </label>
                    <label>
                        <span>{i18n::FormTexts::of(locale).urgency}</span>
                        <select name="urgency" aria-label=i18n::FormTexts::of(locale).urgency>
                            <option value="">{t.any}</option>
                            {urgencies}
                        </select>
                    </label>
                    <label>
                        <span>{t.from}</span>
                        <input type="date" name="from" aria-label=t.from value=query.from />
                    </label>
                    <label>
                        <span>{t.to}</span>
                        <input type="date" name="to" aria-label=t.to value=query.to />
                    </label>
                </div>
            </details>
            <Outcome doing />
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_numbers_are_recognised() {
        for text in [
            "11010519491231002X",
            " 110105194912310021 ",
            "110105491231002",
            "11010519491231002x",
        ] {
            assert!(is_identity(text), "{text}");
        }
        for text in ["HZ-20261122-0001", "C71.1", "肺炎", "", "123456789012345678901"] {
            assert!(!is_identity(text), "{text}");
        }
    }
}
