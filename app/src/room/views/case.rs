//! The case: patient (masked), question, history, institutions.

use leptos::prelude::*;

use crate::{
    format, i18n,
    room::{model::Room, text::RoomTexts},
    ui::badge::colour_class,
};

/// The tab.
#[component]
pub fn CaseTab(
    /// State.
    room: Room,
) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    let (facts, houses) = room.consultation.with_untracked(|consultation| {
        let clinical = &consultation.clinical;
        let facts = [
            (
                words.patient,
                format::patient_line(&consultation.row.patient, room.locale),
            ),
            (words.diagnosis, clinical.preliminary_diagnosis.clone()),
            (words.need, clinical.need.clone()),
            (words.complaint, clinical.chief_complaint.clone()),
            (words.present_illness, clinical.present_illness.clone()),
            (words.past_history, clinical.past_history.clone()),
            (words.treatment, clinical.treatment.clone()),
            (words.labs, clinical.lab_summary.clone()),
        ];
        let mut houses = vec![(consultation.row.lead.clone(), words.lead)];
        houses.extend(consultation.row.participants.iter().map(|participant| {
            let state = participant
                .state
                .map(|state| i18n::invitation(state, room.locale));
            (participant.institution.clone(), state.unwrap_or_default())
        }));
        (facts, houses)
    });
    let facts = facts
        .into_iter()
        .filter(|(_, text)| !text.trim().is_empty())
        .map(|(name, text)| view! { <div><dt>{name}</dt><dd>{text}</dd></div> })
        .collect_view();
    let houses = houses
        .into_iter()
        .map(|(institution, state)| {
            let name = i18n::institution_name(&institution, room.locale);
            view! {
                <li class=colour_class(&institution)>
                    <i class="dot" aria-hidden="true"></i>
                    {name}
                    <span class="quiet">{state}</span>
                </li>
            }
        })
        .collect_view();
    view! {
        <div class="room-list room-case" tabindex="0" role="group" aria-label=words.case>
            <dl>{facts}</dl>
            <h3>{words.institutions}</h3>
            <ul>{houses}</ul>
        </div>
    }
}
