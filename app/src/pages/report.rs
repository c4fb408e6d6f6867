//! The report: one calm page that answers what was decided, by whom, on what evidence, and whether it
//! can be trusted. It prints as it stands.

pub mod paper;
pub mod proof;

use consilium_protocol::{page::Page, report::Report};
use leptos::prelude::*;
use paper::Paper;
use proof::Proof;

use crate::ui::Frame;

/// The page of a signed report.
#[component]
pub fn ReportPage(
    /// The page.
    page: Page,
    /// The report.
    report: Report,
) -> impl IntoView {
    let proof = view! { <Proof report=report.clone() me=page.me.clone() /> }.into_any();
    view! {
        <Frame me=page.me path=page.path unread=page.unread>
            <div class="report"><Paper report /> {proof}</div>
        </Frame>
    }
}
