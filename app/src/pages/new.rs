//! First shape of the page.
use consilium_protocol::page::Page;
use leptos::prelude::*;
use crate::ui::Frame;
/// The page.
#[component]
pub fn NewConsultationPage(/// The page.
    page: Page, institutions: Vec<consilium_protocol::session::Institution>, kinds: Vec<consilium_domain::ConsultationKind>) -> impl IntoView { let _ = (institutions, kinds); let title = super::title(&page); view! { <Frame me=page.me path=page.path><h1>{title}</h1></Frame> } }
