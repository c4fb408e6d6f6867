//! The three phases of a consultation (clause 7.1) as a bar.

use consilium_domain::{ConsultationState, consultation::phase};
use leptos::prelude::*;

use crate::{
    context,
    i18n::{self, ConsultationTexts},
};

/// `done`, `now` or nothing for the phase `n` (1-3) in `state`.
const fn step(state: ConsultationState, n: u8) -> &'static str {
    let at = phase(state);
    if at > n || matches!(state, ConsultationState::Concluded | ConsultationState::Archived) {
        "done"
    } else if at == n {
        "now"
    } else {
        ""
    }
}

/// Three short strokes and the state in words; for tables.
#[component]
pub fn PhaseBar(
    /// State of the consultation.
    state: ConsultationState,
) -> impl IntoView {
    let locale = context::locale();
    view! {
        <span class="phase">
            <span class="phase-bar" aria-hidden="true">
                <i class=step(state, 1)></i>
                <i class=step(state, 2)></i>
                <i class=step(state, 3)></i>
            </span>
            <span class="phase-text">{i18n::state(state, locale)}</span>
        </span>
    }
}

/// The phases with their names; for the head of a page.
#[component]
pub fn PhaseSteps(
    /// State of the consultation.
    state: ConsultationState,
) -> impl IntoView {
    let t = ConsultationTexts::of(context::locale());
    let steps = [
        (1, t.phase_preparation),
        (2, t.phase_conduct),
        (3, t.phase_summary),
    ];
    let items = steps
        .into_iter()
        .map(|(n, name)| {
            let class = step(state, n);
            view! {
                <li class=class aria-current=(class == "now").then_some("step")>
                    <i aria-hidden="true"></i>
                    <span>{name}</span>
                </li>
            }
        })
        .collect_view();
    view! { <ol class="steps">{items}</ol> }
}
