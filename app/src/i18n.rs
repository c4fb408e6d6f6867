//! Every text that a reader sees, in both languages. A table is declared with [`texts!`]: each key has
//! both languages in one place, so a missing translation does not compile.

pub mod board;
mod codes;
mod common;
mod conclude;
mod consultation;
pub mod desk;
mod form;
pub mod package;
pub mod preparation;
mod report;
pub mod rooms;
mod terms;
mod worklist;

pub use board::{LateTexts, NoticeTexts, TransferTexts};
pub use codes::sentence;
pub use common::{Common, ErrorTexts, SignInTexts};
pub use conclude::ConcludeTexts;
use consilium_protocol::{Problem, page::Locale, session::Institution};
pub use consultation::{ConsultationTexts, UploadTexts};
pub use desk::DeskTexts;
pub use form::FormTexts;
pub use package::{ConsentTexts, PackageTexts};
pub use preparation::unmask_purpose;
pub use report::ReportTexts;
pub use rooms::RoomsTexts;
pub use terms::{
    act, annotation, category, invitation, kind, role, sex, signer, state, state_sentence, urgency,
};
pub use worklist::WorklistTexts;

/// Declares a table of texts: `key: "中文", "English";`. `Table::of(locale)` gives it in one language.
/// A text with a gap has `{}` in both languages; fill it with [`fill`].
macro_rules! texts {
    ($(#[$doc:meta])* $vis:vis struct $name:ident { $($key:ident: $zh:literal, $en:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug)]
        $vis struct $name { $(#[doc = $en] pub $key: &'static str,)* }

        impl $name {
            const ZH_CN: Self = Self { $($key: $zh),* };
            const EN: Self = Self { $($key: $en),* };

            /// The texts in one language.
            #[must_use]
            pub const fn of(locale: consilium_protocol::page::Locale) -> &'static Self {
                match locale {
                    consilium_protocol::page::Locale::ZhCn => &Self::ZH_CN,
                    consilium_protocol::page::Locale::En => &Self::EN,
                }
            }
        }

        #[cfg(test)]
        impl $name {
            /// Key, Chinese, English of every text.
            pub(crate) const PAIRS: &'static [(&'static str, &'static str, &'static str)] =
                &[$((stringify!($key), $zh, $en)),*];
        }
    };
}
pub(crate) use texts;

/// Puts `values` into the gaps (`{}`) of `template`, in order.
#[must_use]
pub fn fill(template: &str, values: &[&str]) -> String {
    let mut out = String::with_capacity(template.len() + 16);
    let mut values = values.iter();
    for (n, part) in template.split("{}").enumerate() {
        if n > 0 {
            out.push_str(values.next().copied().unwrap_or_default());
        }
        out.push_str(part);
    }
    out
}

/// The name of an institution in the reader's language.
#[must_use]
pub fn institution_name(institution: &Institution, locale: Locale) -> String {
    match locale {
        Locale::ZhCn => institution.name_zh.clone(),
        Locale::En => institution.name_en.clone(),
    }
}

/// What a problem says to the reader: the server's sentence, or ours for its code.
#[must_use]
pub fn problem_text(problem: &Problem, locale: Locale) -> String {
    if problem.title.is_empty() {
        sentence(&problem.code, locale).to_owned()
    } else {
        problem.title.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_filled_in_order() {
        assert_eq!(fill("{} of {}", &["3", "28"]), "3 of 28");
        assert_eq!(fill("none", &["3"]), "none");
        assert_eq!(fill("{}", &[]), "");
    }

    #[test]
    fn both_languages_are_written_with_the_same_gaps() {
        let tables = [
            Common::PAIRS,
            ErrorTexts::PAIRS,
            SignInTexts::PAIRS,
            WorklistTexts::PAIRS,
            FormTexts::PAIRS,
            ConsultationTexts::PAIRS,
            UploadTexts::PAIRS,
            ConcludeTexts::PAIRS,
            ReportTexts::PAIRS,
            LateTexts::PAIRS,
            NoticeTexts::PAIRS,
            TransferTexts::PAIRS,
            DeskTexts::PAIRS,
            PackageTexts::PAIRS,
            ConsentTexts::PAIRS,
        ];
        for (key, zh, en) in tables.into_iter().flatten() {
            assert!(!zh.trim().is_empty() && !en.trim().is_empty(), "{key}");
            assert_eq!(zh.matches("{}").count(), en.matches("{}").count(), "{key}");
            assert!(!zh.contains(['!', '！']) && !en.contains('!'), "{key}");
        }
    }
}
