//! First shape of the page.
use consilium_protocol::page::Page;
use leptos::prelude::*;
use crate::ui::Frame;
/// The page.
#[component]
pub fn ConcludePage(/// The page.
    page: Page, consultation: consilium_protocol::consultation::Consultation) -> impl IntoView { let _ = consultation; let title = super::title(&page); view! { <Frame me=page.me path=page.path><h1>{title}</h1></Frame> } }
