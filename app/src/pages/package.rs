//! The case package with its quality scores.

use consilium_protocol::{
    consultation::ConsultationRow,
    page::Page,
    preparation::{FormElement, Package, PackageSummary},
};
use leptos::prelude::*;

use crate::ui::Frame;

/// One version of the case package.
#[component]
pub fn PackagePage(
    /// The page.
    page: Page,
    /// The consultation.
    row: ConsultationRow,
    /// The version.
    package: Option<Package>,
    /// All versions.
    versions: Vec<PackageSummary>,
    /// Names of elements.
    elements: Vec<FormElement>,
) -> impl IntoView {
    let counts = format!("{} {} {}", package.is_some(), versions.len(), elements.len());
    view! { <Frame me=page.me path=page.path><h1>{row.number}</h1><p>{counts}</p></Frame> }
}
