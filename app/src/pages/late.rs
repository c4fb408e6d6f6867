//! Who is late with what.

use consilium_protocol::{notice::Deadline, page::Page};
use leptos::prelude::*;

use crate::{
    i18n,
    ui::{DueTime, Frame},
};

/// The board of running deadlines, overdue first.
#[component]
pub fn LatePage(
    /// The page.
    page: Page,
    /// Deadlines.
    deadlines: Vec<Deadline>,
) -> impl IntoView {
    let locale = page.locale;
    let rows = deadlines
        .into_iter()
        .map(|of| view! { <li><a href=of.link.clone()>{of.number.clone()}</a> {i18n::preparation::clock(of.kind, locale)} <DueTime at=of.due_at /></li> })
        .collect_view();
    view! { <Frame me=page.me path=page.path><h1>{i18n::Common::of(locale).worklist}</h1><ul>{rows}</ul></Frame> }
}
