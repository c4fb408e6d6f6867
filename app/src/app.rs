//! The root component: picks the page.

use consilium_domain::Timestamp;
use consilium_protocol::page::{Page, View};
use leptos::prelude::*;

use crate::{
    browser,
    context::Now,
    pages::{
        conclude::ConcludePage, consent::ConsentPage, consultation::ConsultationPage, data::DataPage,
        error::ErrorPage, late::LatePage, new::NewConsultationPage, notices::NoticesPage,
        package::PackagePage, report::ReportPage, rooms::RoomsPage, sign_in::SignInPage,
        transfers::TransfersPage, worklist::WorklistPage,
    },
    room::RoomPage,
};

/// How often relative times are drawn again, ms.
const TICK_MS: u64 = 30_000;

/// Draws the page that `page` describes.
#[component]
pub fn App(
    /// Everything the first render depends on.
    page: Page,
) -> impl IntoView {
    provide_context(page.locale);
    let now = RwSignal::new(page.now);
    provide_context(Now(now));
    keep_time(now, page.now);
    match page.view.clone() {
        View::SignIn { refused, next } => view! { <SignInPage refused next path=page.path /> }.into_any(),
        View::Worklist {
            rows,
            more,
            may_create,
            query,
        } => view! { <WorklistPage page rows more may_create query /> }.into_any(),
        View::Late { deadlines } => view! { <LatePage page deadlines /> }.into_any(),
        View::Notices { list } => view! { <NoticesPage page list /> }.into_any(),
        View::Transfers { list } => view! { <TransfersPage page list /> }.into_any(),
        View::Rooms { figures } => view! { <RoomsPage page figures=*figures /> }.into_any(),
        View::NewConsultation {
            institutions,
            kinds,
            draft,
            consent_version,
        } => view! { <NewConsultationPage page institutions kinds draft consent_version /> }.into_any(),
        View::Consultation {
            consultation,
            series,
            progress,
            experts,
        } => {
            view! { <ConsultationPage page consultation=*consultation series progress experts /> }.into_any()
        }
        View::Data {
            consultation,
            desk,
            series,
        } => view! { <DataPage page row=*consultation desk=*desk series /> }.into_any(),
        View::Package {
            consultation,
            package,
            versions,
            elements,
        } => {
            let package = package.map(|package| *package);
            view! { <PackagePage page row=*consultation package versions elements /> }.into_any()
        }
        View::Consent {
            consultation,
            record,
            texts,
        } => {
            let record = record.map(|record| *record);
            view! { <ConsentPage page row=*consultation record texts /> }.into_any()
        }
        View::Room { .. } => view! { <RoomPage page /> }.into_any(),
        View::Conclude { consultation } => {
            view! { <ConcludePage page consultation=*consultation /> }.into_any()
        }
        View::Report { report } => view! { <ReportPage page report=*report /> }.into_any(),
        View::Error { problem } => view! { <ErrorPage page problem /> }.into_any(),
    }
}

/// Moves the page's time on in the browser, by the time that passed since it was loaded: the server's
/// clock decides, not the reader's.
fn keep_time(now: RwSignal<Timestamp>, drawn: Timestamp) {
    Effect::new(move |_| {
        let loaded_ms = browser::monotonic_ms();
        browser::every(TICK_MS, move || {
            now.set(drawn.plus_ms(browser::monotonic_ms() - loaded_ms));
        });
    });
}

/// Takes over the page that the server has drawn. Does nothing when the page has no data block.
#[cfg(feature = "hydrate")]
pub fn hydrate() {
    if let Some(page) =
        browser::element_text(crate::shell::DATA_ID).and_then(|text| serde_json::from_str::<Page>(&text).ok())
    {
        leptos::mount::hydrate_body(move || view! { <App page /> });
    }
}
