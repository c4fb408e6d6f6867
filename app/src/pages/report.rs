//! First shape of the page.
use consilium_protocol::page::Page;
use leptos::prelude::*;
use crate::ui::Frame;
/// The page.
#[component]
pub fn ReportPage(/// The page.
    page: Page, report: consilium_protocol::report::Report) -> impl IntoView { let _ = report; let title = super::title(&page); view! { <Frame me=page.me path=page.path><h1>{title}</h1></Frame> } }
