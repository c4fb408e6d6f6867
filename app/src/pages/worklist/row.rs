//! One consultation in the worklist.

use consilium_domain::{ClockKind, ConsultationState, InvitationState, Urgency};
use consilium_protocol::{
    consultation::{Act, ConsultationRow, Participant},
    page::Locale,
};
use leptos::prelude::*;

use crate::{
    context, format,
    i18n::{self, Common, WorklistTexts, fill},
    ui::{DueTime, InstitutionTag, PhaseBar, badge::invitation_tone},
};

/// The page where an act is done.
pub(crate) fn act_href(act: Option<Act>, row: &ConsultationRow) -> String {
    let base = format!("/consultations/{}", row.id);
    match act {
        Some(Act::EnterRoom | Act::SubmitOpinion) => format!("{base}/room"),
        Some(Act::Data) => format!("{base}/data"),
        Some(Act::Package) => format!("{base}/package"),
        Some(Act::Consent) => format!("{base}/consent"),
        Some(Act::Edit) => format!("{base}/edit"),
        Some(Act::Sign) => format!("{base}/conclude"),
        Some(Act::ReadReport) => format!("{base}/report"),
        _ => base,
    }
}

/// The act that a row offers: the next step, when it is one that moves the consultation.
fn next_act(row: &ConsultationRow) -> Option<Act> {
    row.allowed.iter().copied().find(|act| {
        !matches!(
            act,
            Act::Edit
                | Act::Cancel
                | Act::ViewImages
                | Act::Upload
                | Act::Consent
                | Act::Package
                | Act::Reschedule
                | Act::Withdraw
        )
    })
}

/// What an institution's chip says, and its tone.
fn part(participant: &Participant, locale: Locale) -> (String, &'static str) {
    let t = WorklistTexts::of(locale);
    match participant.state {
        _ if participant.opinion_submitted => (t.opinion_in.to_owned(), "good"),
        Some(state) => (i18n::invitation(state, locale).to_owned(), invitation_tone(state)),
        None => (String::new(), ""),
    }
}

/// What the running deadline is for and when it ends, or when the session is; with the full time.
fn time_line(row: &ConsultationRow, locale: Locale) -> (String, String) {
    let t = WorklistTexts::of(locale);
    let (template, at) = match (row.state, row.due_at) {
        (ConsultationState::Inviting, Some(due)) => (t.answer_by, due),
        (ConsultationState::Summarising, Some(due)) => (t.opinions_by, due),
        _ => (t.session_at, row.scheduled_at),
    };
    (
        fill(template, &[&format::short(at)]),
        format::absolute(at, locale),
    )
}

/// Whom a row waits for, when somebody has been asked.
fn waiting_for(row: &ConsultationRow, locale: Locale) -> Option<String> {
    let names: Vec<String> = row
        .participants
        .iter()
        .filter(|of| match row.state {
            ConsultationState::Inviting | ConsultationState::Preparing | ConsultationState::Ready => {
                matches!(
                    of.state,
                    Some(InvitationState::Delivered | InvitationState::Reconfirming)
                )
            }
            ConsultationState::Summarising => {
                of.state == Some(InvitationState::Accepted) && !of.opinion_submitted
            }
            _ => false,
        })
        .map(|of| i18n::institution_name(&of.institution, locale))
        .collect();
    let t = WorklistTexts::of(locale);
    (!names.is_empty()).then(|| fill(t.waiting_for, &[&format::list(&names, locale)]))
}

/// One row; `hidden` by the filters.
#[component]
pub fn Row(
    /// The consultation.
    row: ConsultationRow,
    /// Filtered out.
    hidden: Memo<bool>,
) -> impl IntoView {
    let locale = context::locale();
    let t = WorklistTexts::of(locale);
    let common = Common::of(locale);
    let act = next_act(&row);
    let act_text = act.map_or(t.open, |act| i18n::act(act, locale));
    let href = act_href(act, &row);
    let page = format!("/consultations/{}", row.id);
    let link_name = format!("{act_text} {}", row.number);
    let (time, title) = time_line(&row, locale);
    let diagnosis = format!("{} · {}", row.preliminary_diagnosis, i18n::kind(row.kind, locale));
    let waiting = (!row.my_move).then(|| waiting_for(&row, locale)).flatten();
    let then = match (row.state, row.due_at) {
        (ConsultationState::Inviting, Some(_)) => Some(ClockKind::InvitationAnswer),
        (ConsultationState::Summarising, Some(_)) => Some(ClockKind::Opinion),
        _ => None,
    }
    .map(|kind| i18n::preparation::clock_end(kind, locale));
    let tags = row
        .participants
        .iter()
        .map(|participant| {
            let (state, tone) = part(participant, locale);
            view! { <InstitutionTag institution=participant.institution.clone() state tone /> }
        })
        .collect_view();
    view! {
        <tr hidden=move || hidden.get() class:mine=row.my_move>
            <td>
                <a class="patient" href=page>{format::patient_line(&row.patient, locale)}</a>
                {(row.urgency == Urgency::Urgent).then(|| view! { <span class="mark urgent">{common.urgent}</span> })}
                {row.patient.minor.then(|| view! { <span class="mark">{common.minor}</span> })}
                <div class="quiet">{diagnosis}</div>
                <div class="number">{row.number.clone()}</div>
            </td>
            <td>
                <PhaseBar state=row.state />
            </td>
            <td>
                <div class="tags">{tags}</div>
            </td>
            <td>
                {row.due_at.map(|at| view! { <DueTime at /> })}
                <div class="quiet" title=title>{time}</div>
                {then.map(|text| view! { <div class="quiet then">{text}</div> })}
            </td>
            <td>
                <a class="act" class:strong=row.my_move href=href aria-label=link_name>
                    {act_text}
                    <span aria-hidden="true">" →"</span>
                </a>
                {waiting.map(|text| view! { <div class="quiet then">{text}</div> })}
            </td>
        </tr>
    }
}
