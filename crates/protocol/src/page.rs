//! What a page needs to be drawn: the server puts it into the HTML as a JSON data block, so that the
//! first render in the browser equals the server's.

use consilium_domain::{ConsultationId, ConsultationKind, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Problem,
    consultation::{Consultation, ConsultationInput, ConsultationRow},
    imaging::Series,
    report::Report,
    session::{Institution, Me},
};

/// Language of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Locale {
    /// Chinese (default).
    #[default]
    #[serde(rename = "zh-CN")]
    ZhCn,
    /// English.
    #[serde(rename = "en")]
    En,
}

impl Locale {
    /// BCP 47 tag.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::ZhCn => "zh-CN",
            Self::En => "en",
        }
    }
}

/// Everything the first render depends on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Page {
    /// Language.
    pub locale: Locale,
    /// The time the server drew it.
    pub now: Timestamp,
    /// Who is signed in.
    pub me: Option<Me>,
    /// Address path of this page, to come back to after a language change.
    pub path: String,
    /// The page itself.
    pub view: View,
}

/// A draft as its own institution entered it, in clear: for the request form of that institution only.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Draft {
    /// The consultation.
    pub id: ConsultationId,
    /// Its number.
    pub number: String,
    /// The version it was read at.
    pub version: i64,
    /// What was entered.
    pub input: ConsultationInput,
}

/// The pages.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "view", rename_all = "snake_case")]
pub enum View {
    /// `/sign-in`
    SignIn {
        /// The attempt before was refused.
        refused: bool,
        /// Where to go afterwards.
        next: String,
    },
    /// `/`: the worklist.
    Worklist {
        /// Rows.
        rows: Vec<ConsultationRow>,
        /// There are more than shown.
        more: bool,
        /// May start a consultation.
        may_create: bool,
    },
    /// `/consultations/new`, and `/consultations/{id}/edit` for a draft.
    NewConsultation {
        /// Institutions that can be invited.
        institutions: Vec<Institution>,
        /// Types to choose from.
        kinds: Vec<ConsultationKind>,
        /// The draft to change; absent for a new consultation.
        #[serde(default)]
        draft: Option<Box<Draft>>,
    },
    /// `/consultations/{id}`
    Consultation {
        /// The consultation.
        consultation: Box<Consultation>,
        /// Its images, when the reader may see them.
        series: Vec<Series>,
    },
    /// `/consultations/{id}/room`
    Room {
        /// The consultation.
        consultation: Box<Consultation>,
        /// Its images.
        series: Vec<Series>,
    },
    /// `/consultations/{id}/conclude`: write and sign the report.
    Conclude {
        /// The consultation with all opinions.
        consultation: Box<Consultation>,
    },
    /// `/consultations/{id}/report`
    Report {
        /// The signed report.
        report: Box<Report>,
    },
    /// Something went wrong.
    Error {
        /// What.
        problem: Problem,
    },
}
