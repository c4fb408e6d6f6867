//! The live room.

use consilium_protocol::page::Page;
use leptos::prelude::*;

/// The room page.
#[component]
pub fn RoomPage(
    /// The page.
    page: Page,
) -> impl IntoView {
    let title = crate::pages::title(&page);
    view! { <main class="dark"><h1>{title}</h1></main> }
}
