//! What was handed in so far: each submission with its rows, and the way to mend the wrong ones.

use consilium_domain::SubmissionState;
use consilium_protocol::preparation::{Item, Submission};
use leptos::prelude::*;

use super::{findings::ItemView, sheet::Sheet};
use crate::{
    browser, context, format,
    i18n::{self, DeskTexts, fill, preparation, sentence},
    ui::{Button, colour_class},
};

/// Rows shown of one submission; the package shows all.
const ROWS_SHOWN: usize = 200;

/// Submissions, newest first.
#[component]
pub fn SubmissionsPanel(
    /// The submissions.
    submissions: Vec<Submission>,
    /// The form that wrong rows are mended in, when the reader may submit.
    sheet: Option<Sheet>,
) -> impl IntoView {
    let t = DeskTexts::of(context::locale());
    let empty = submissions.is_empty();
    let items = submissions
        .into_iter()
        .map(|of| view! { <One of sheet /> })
        .collect_view();
    view! {
        <section class="panel" aria-labelledby="submissions">
            <h2 id="submissions">{t.submissions}</h2>
            {empty.then(|| view! { <p class="quiet">{t.submissions_none}</p> })}
            {items}
        </section>
    }
}

const fn tone(state: SubmissionState) -> &'static str {
    match state {
        SubmissionState::Accepted => "mark good",
        SubmissionState::Rejected => "mark late",
        _ => "mark",
    }
}

#[component]
fn One(of: Submission, sheet: Option<Sheet>) -> impl IntoView {
    let locale = context::locale();
    let t = DeskTexts::of(locale);
    let mut counts = fill(t.counts, &[&of.stored.to_string(), &of.refused.to_string()]);
    if of.duplicates > 0 {
        counts.push_str(" · ");
        counts.push_str(&fill(t.duplicates, &[&of.duplicates.to_string()]));
    }
    let mut items = of.items;
    // Wrong rows first: they are what has to be acted on.
    items.sort_by_key(|item| item.stored || item.duplicate);
    let wrong = items.iter().any(|item| !item.stored && !item.duplicate);
    let total = items.len();
    let rest = total.saturating_sub(ROWS_SHOWN);
    let rows = items
        .into_iter()
        .take(ROWS_SHOWN)
        .map(
            |item| match sheet.filter(|_| !item.stored && !item.duplicate && !item.superseded) {
                Some(sheet) => view! { <Wrong item sheet /> }.into_any(),
                None => view! { <ItemView item /> }.into_any(),
            },
        )
        .collect_view();
    let not_taken = of
        .not_taken
        .into_iter()
        .map(|error| view! { <li><code>{error.field}</code> " " {sentence(&error.code, locale)}</li> })
        .collect_view();
    view! {
        <article class=format!("entry {}", colour_class(&of.institution))>
            <header>
                <b>{i18n::institution_name(&of.institution, locale)}</b>
                <span class=tone(of.state)>{preparation::submission(of.state, locale)}</span>
                <span class="quiet">{counts}</span>
                <small title=format::absolute(of.created_at, locale)>{format::short(of.created_at)}</small>
            </header>
            <ul class="refused">{not_taken}</ul>
            {(total > 0)
                .then(|| {
                    view! {
                        <details open=wrong>
                            <summary>{fill(t.show_rows, &[&total.to_string()])}</summary>
                            {rows}
                            {(rest > 0)
                                .then(|| view! { <p class="quiet">{fill(t.more_rows, &[&rest.to_string()])}</p> })}
                        </details>
                    }
                })}
        </article>
    }
}

/// A refused row with the way to mend it.
#[component]
pub fn Wrong(
    /// The row.
    item: Item,
    /// The form it is mended in.
    sheet: Sheet,
) -> impl IntoView {
    let t = DeskTexts::of(context::locale());
    let stored = StoredValue::new(item.clone());
    let load = move || {
        stored.with_value(|item| sheet.load(item));
        browser::focus("entry");
    };
    view! {
        <ItemView item>
            <Button text=t.fix on_press=load />
        </ItemView>
    }
}
