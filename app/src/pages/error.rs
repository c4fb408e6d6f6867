//! What cannot be shown, and what to do then.

use consilium_protocol::{Problem, codes, page::Page};
use leptos::prelude::*;

use crate::{
    i18n::{Common, ErrorTexts, problem_text},
    ui::{ButtonKind, Frame, LinkButton},
};

/// The heading for a code.
pub(super) fn heading(code: &str, t: &'static ErrorTexts) -> &'static str {
    match code {
        codes::NOT_FOUND => t.not_found,
        codes::FORBIDDEN => t.forbidden,
        codes::INTERNAL | codes::UNAVAILABLE => t.internal,
        _ => t.title,
    }
}

/// The error page.
#[component]
pub fn ErrorPage(
    /// The page.
    page: Page,
    /// What went wrong.
    problem: Problem,
) -> impl IntoView {
    let t = ErrorTexts::of(page.locale);
    let common = Common::of(page.locale);
    let text = problem_text(&problem, page.locale);
    view! {
        <Frame me=page.me path=page.path unread=page.unread>
            <section class="empty">
                <h1>{heading(&problem.code, t)}</h1>
                <p>{text}</p>
                <p class="quiet">{t.kept}</p>
                <LinkButton href="/" text=t.back kind=ButtonKind::Primary />
                {(!problem.request_id.is_empty())
                    .then(|| {
                        view! {
                            <p class="quiet">
                                {t.help} " " {common.request_id} " " <code>{problem.request_id.clone()}</code>
                            </p>
                        }
                    })}
            </section>
        </Frame>
    }
}
