//! The reader's notices.

use consilium_protocol::{notice::NoticeList, page::Page};
use leptos::prelude::*;

use crate::{i18n, ui::Frame};

/// Notices, newest first.
#[component]
pub fn NoticesPage(
    /// The page.
    page: Page,
    /// The notices.
    list: NoticeList,
) -> impl IntoView {
    let rows = list
        .items
        .into_iter()
        .map(|of| view! { <li><a href=of.link>{of.number}</a></li> })
        .collect_view();
    view! { <Frame me=page.me path=page.path><h1>{i18n::Common::of(page.locale).worklist}</h1><ul>{rows}</ul></Frame> }
}
