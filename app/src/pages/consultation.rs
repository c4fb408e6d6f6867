//! First shape of the page.
use consilium_protocol::page::Page;
use leptos::prelude::*;
use crate::ui::Frame;
/// The page.
#[component]
pub fn ConsultationPage(/// The page.
    page: Page, consultation: consilium_protocol::consultation::Consultation, series: Vec<consilium_protocol::imaging::Series>) -> impl IntoView { let _ = (consultation, series); let title = super::title(&page); view! { <Frame me=page.me path=page.path><h1>{title}</h1></Frame> } }
