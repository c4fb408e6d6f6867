//! Small marks: an institution in its colour, a deadline.

use consilium_domain::{InvitationState, Timestamp};
use consilium_protocol::session::Institution;
use leptos::prelude::*;

use crate::{context, format, i18n};

/// The class of an institution's colour; the same institution has the same colour everywhere.
#[must_use]
pub const fn colour_class(institution: &Institution) -> &'static str {
    match institution.colour {
        1 => "inst-1",
        2 => "inst-2",
        3 => "inst-3",
        4 => "inst-4",
        5 => "inst-5",
        _ => "inst-6",
    }
}

/// An institution as a chip: its colour as a dot, its name, and where its part stands in words.
#[component]
pub fn InstitutionTag(
    /// The institution.
    institution: Institution,
    /// Where its part stands.
    #[prop(into)]
    state: String,
    /// Good, waiting or lost; plain when there is nothing to say.
    #[prop(default = "")]
    tone: &'static str,
) -> impl IntoView {
    let locale = context::locale();
    let name = i18n::institution_name(&institution, locale);
    view! {
        <span class=format!("tag {tone}")>
            <i class=format!("dot {}", colour_class(&institution)) aria-hidden="true"></i>
            <span class="tag-name">{name}</span>
            <span class="tag-state">{state}</span>
        </span>
    }
}

/// The tone of an invitation's state.
#[must_use]
pub const fn invitation_tone(state: InvitationState) -> &'static str {
    match state {
        InvitationState::Accepted => "good",
        InvitationState::Delivered | InvitationState::Reconfirming => "soon",
        InvitationState::Declined | InvitationState::Expired | InvitationState::Withdrawn => "late",
        InvitationState::Sent | InvitationState::Revoked => "",
    }
}

/// How long until a deadline, or since; the full time with its zone is the title.
#[component]
pub fn DueTime(
    /// The deadline.
    at: Timestamp,
) -> impl IntoView {
    let locale = context::locale();
    let now = context::now();
    let distance = Memo::new(move |_| format::distance(at, now.get(), locale));
    view! {
        <time class="due" class:late=move || distance.get().1 datetime=at.to_string() title=format::absolute(at, locale)>
            {move || distance.get().0}
        </time>
    }
}
