//! The data desk: requests in and out, data and what was found in it, corrections.

use consilium_protocol::{consultation::ConsultationRow, imaging::Series, page::Page, preparation::Desk};
use leptos::prelude::*;

use crate::ui::Frame;

/// The data desk of one consultation.
#[component]
pub fn DataPage(
    /// The page.
    page: Page,
    /// The consultation.
    row: ConsultationRow,
    /// Requests, submissions, corrections.
    desk: Desk,
    /// Its images.
    series: Vec<Series>,
) -> impl IntoView {
    let counts = format!(
        "{} {} {}",
        desk.requests.len(),
        desk.submissions.len(),
        series.len()
    );
    view! { <Frame me=page.me path=page.path><h1>{row.number}</h1><p>{counts}</p></Frame> }
}
