//! The institutions and where each stands.

use consilium_domain::{InstitutionId, InvitationState};
use consilium_protocol::{consultation::Participant, session::Institution};
use leptos::prelude::*;

use crate::{
    context, format,
    i18n::{self, Common, ConsultationTexts, fill},
    ui::{DueTime, badge::invitation_tone, colour_class},
};

/// Lead first, then each participant with its state and deadline.
#[component]
pub fn ParticipantsPanel(
    /// Participants.
    participants: Vec<Participant>,
    /// Lead institution.
    lead: Institution,
    /// The reader's institution.
    own: Option<InstitutionId>,
) -> impl IntoView {
    let locale = context::locale();
    let t = ConsultationTexts::of(locale);
    let items = participants
        .into_iter()
        .map(|of| {
            let mine = Some(of.institution.id) == own;
            view! { <Item of mine /> }
        })
        .collect_view();
    view! {
        <section class="panel" aria-labelledby="participants">
            <h2 id="participants">{t.participants}</h2>
            <ul class="people">
                <li class:own=own == Some(lead.id)>
                    <i class=format!("dot {}", colour_class(&lead)) aria-hidden="true"></i>
                    <div>
                        <p class="people-name">{i18n::institution_name(&lead, locale)}</p>
                    </div>
                    <span class="mark">{Common::of(locale).lead}</span>
                </li>
                {items}
            </ul>
        </section>
    }
}

#[component]
fn Item(of: Participant, mine: bool) -> impl IntoView {
    let locale = context::locale();
    let t = ConsultationTexts::of(locale);
    let (text, tone) = match of.state {
        _ if of.opinion_submitted => (t.opinion_in, "good"),
        Some(state) => (i18n::invitation(state, locale), invitation_tone(state)),
        None => (t.not_invited, ""),
    };
    let waiting = of.state == Some(InvitationState::Delivered);
    let gives: Vec<&str> = of
        .can_provide
        .iter()
        .map(|category| i18n::category(*category, locale))
        .collect();
    let gives = (!gives.is_empty()).then(|| fill(t.can_provide, &[&format::list(&gives, locale)]));
    let due = of.due_at.filter(|_| waiting);
    view! {
        <li class:own=mine>
            <i class=format!("dot {}", colour_class(&of.institution)) aria-hidden="true"></i>
            <div>
                <p class="people-name">{i18n::institution_name(&of.institution, locale)}</p>
                {due.map(|at| view! { <p class="quiet"><span>{t.due} " "</span><DueTime at /></p> })}
                {of
                    .answered_at
                    .map(|at| {
                        view! {
                            <p class="quiet" title=format::absolute(at, locale)>
                                {fill(t.answered, &[&format::short(at)])}
                            </p>
                        }
                    })}
                {gives.map(|text| view! { <p class="quiet">{text}</p> })}
                {of.reason.map(|reason| view! { <p class="quiet">{fill(t.reason, &[&reason])}</p> })}
            </div>
            <span class=format!("mark {tone}")>{text}</span>
        </li>
    }
}
