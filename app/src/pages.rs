//! The pages, one file (and folder) each.

pub mod conclude;
pub mod consent;
pub mod consultation;
pub mod data;
pub mod error;
pub mod late;
pub mod new;
pub mod notices;
pub mod package;
pub mod report;
pub mod rooms;
pub mod sign_in;
pub mod transfers;
pub mod worklist;

use consilium_protocol::page::{Page, View};

use crate::i18n::{Common, ConcludeTexts, ErrorTexts, FormTexts, ReportTexts, RoomsTexts, SignInTexts};

/// The title of a page for the browser's tab: never more than the consultation's number, no patient.
#[must_use]
pub fn title(page: &Page) -> String {
    let locale = page.locale;
    match &page.view {
        View::SignIn { .. } => SignInTexts::of(locale).title.to_owned(),
        View::Worklist { .. } => Common::of(locale).worklist.to_owned(),
        View::Late { .. } | View::Notices { .. } | View::Transfers { .. } => {
            Common::of(locale).worklist.to_owned()
        }
        View::Rooms { .. } => RoomsTexts::of(locale).title.to_owned(),
        View::Data { consultation, .. }
        | View::Package { consultation, .. }
        | View::Consent { consultation, .. } => consultation.number.clone(),
        View::NewConsultation { .. } => FormTexts::of(locale).title.to_owned(),
        View::Consultation { consultation, .. } | View::Room { consultation, .. } => {
            consultation.row.number.clone()
        }
        View::Conclude { consultation } => {
            format!("{} {}", ConcludeTexts::of(locale).title, consultation.row.number)
        }
        View::Report { report } => {
            format!("{} {}", ReportTexts::of(locale).title, report.consultation.number)
        }
        View::Error { problem } => error::heading(&problem.code, ErrorTexts::of(locale)).to_owned(),
    }
}
