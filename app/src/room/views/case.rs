//! The case: patient (masked), question, history, institutions, and the rows of the package, each to be cited.

use consilium_domain::DataCategory;
use leptos::prelude::*;

use super::{requests::Requests, supply::Supply};
use crate::{
    format,
    i18n::{self, fill},
    room::{
        engine::Controls,
        model::{Room, Wish},
        text::{RoomTexts, SupplyTexts},
        values::ValueRow,
    },
    ui::badge::colour_class,
};

/// The tab.
#[component]
pub fn CaseTab(
    /// State.
    room: Room,
    /// Wishes.
    controls: Controls,
) -> impl IntoView {
    let words = RoomTexts::of(room.locale);
    view! {
        <div class="room-list room-case" tabindex="0" role="group" aria-label=words.case>
            <Requests room controls />
            <Facts room />
            <Values room controls />
            <Supply room controls />
        </div>
    }
}

#[component]
fn Facts(room: Room) -> impl IntoView {
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
        <dl>{facts}</dl>
        <h3>{words.institutions}</h3>
        <ul>{houses}</ul>
    }
}

/// The rows of the package by category; a click cites one.
#[component]
fn Values(room: Room, controls: Controls) -> impl IntoView {
    let words = SupplyTexts::of(room.locale);
    let categories = Memo::new(move |_| {
        room.values.with(|rows| {
            let mut seen: Vec<DataCategory> = Vec::new();
            for row in rows {
                if !seen.contains(&row.category) {
                    seen.push(row.category);
                }
            }
            seen
        })
    });
    let into = move |line: bool, name: &'static str, id: &'static str| {
        view! {
            <label class="room-check">
                <input
                    type="radio"
                    name="cite-into"
                    data-testid=id
                    prop:checked=move || room.cite_line.get() == line
                    on:change=move |_| room.cite_line.set(line)
                />
                {name}
            </label>
        }
    };
    let title = move || fill(words.package, &[&room.package_version.get().to_string()]);
    let of = move |category| {
        move || {
            room.values.with(|rows| {
                rows.iter()
                    .filter(|row| row.category == category)
                    .cloned()
                    .collect::<Vec<ValueRow>>()
            })
        }
    };
    view! {
        <section hidden=move || room.values.with(Vec::is_empty) aria-label=title>
            <h3 data-testid="package-version">{title}</h3>
            <fieldset class="room-cite-into">
                <legend class="quiet">{words.cite_into}</legend>
                {into(false, words.into_opinion, "cite-into-opinion")}
                {into(true, words.into_line, "cite-into-line")}
            </fieldset>
            <For each=move || categories.get() key=|category| *category let:category>
                <h4>{i18n::category(category, room.locale)}</h4>
                <ul class="room-values">
                    <For each=of(category) key=|row| row.clone() let:row>
                        <Value room controls row />
                    </For>
                </ul>
            </For>
        </section>
    }
}

#[component]
fn Value(room: Room, controls: Controls, row: ValueRow) -> impl IntoView {
    let reference = StoredValue::new(row.reference.clone());
    let lit = move || room.lit.with(|lit| lit.as_ref() == Some(&reference.get_value()));
    let cite = StoredValue::new(row.citation());
    view! {
        <li class=row.colour class:on=lit data-reference=row.reference.clone()>
            <button
                type="button"
                class="room-value"
                data-testid="value-row"
                on:click=move |_| controls.ask(Wish::CiteAny(cite.get_value()))
            >
                <span>{row.text.clone()}</span>
                <span class="quiet"><i class="dot" aria-hidden="true"></i> {row.source.clone()} " · " {row.time.clone()}</span>
            </button>
        </li>
    }
}
