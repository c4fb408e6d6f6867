//! Deliveries of the own institution, failed ones first.

use consilium_protocol::{exchange::TransferList, page::Page};
use leptos::prelude::*;

use crate::{i18n, ui::Frame};

/// Deliveries.
#[component]
pub fn TransfersPage(
    /// The page.
    page: Page,
    /// The deliveries.
    list: TransferList,
) -> impl IntoView {
    let rows = list
        .items
        .into_iter()
        .map(|of| view! { <li>{of.number}</li> })
        .collect_view();
    view! { <Frame me=page.me path=page.path><h1>{i18n::Common::of(page.locale).worklist}</h1><ul>{rows}</ul></Frame> }
}
