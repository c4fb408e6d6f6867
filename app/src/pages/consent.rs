//! The patient's informed consent.

use consilium_protocol::{
    consultation::ConsultationRow,
    page::Page,
    preparation::{ConsentRecord, ConsentText},
};
use leptos::prelude::*;

use crate::ui::Frame;

/// The consent of one consultation.
#[component]
pub fn ConsentPage(
    /// The page.
    page: Page,
    /// The consultation.
    row: ConsultationRow,
    /// What is on record.
    record: Option<ConsentRecord>,
    /// Texts in use.
    texts: Vec<ConsentText>,
) -> impl IntoView {
    let counts = format!("{} {}", record.is_some(), texts.len());
    view! { <Frame me=page.me path=page.path><h1>{row.number}</h1><p>{counts}</p></Frame> }
}
