//! What is printed.

use consilium_protocol::report::Report;
use leptos::prelude::*;

use crate::{
    context, format,
    i18n::{self, ReportTexts, fill},
    pages::consultation::opinions::OpinionText,
    ui::colour_class,
};

/// The paper.
#[component]
pub fn Paper(
    /// The report.
    report: Report,
) -> impl IntoView {
    let locale = context::locale();
    let t = ReportTexts::of(locale);
    let number = format!(
        "{} · {} · {}",
        report.consultation.number,
        fill(t.version, &[&report.version.to_string()]),
        fill(t.signed_at, &[&report.signed_at.display()])
    );
    let facts = view! { <Facts report=report.clone() /> }.into_any();
    let marks = view! { <Marks report=report.clone() /> }.into_any();
    let waivers = view! { <WaiverList report=report.clone() /> }.into_any();
    let code = (!report.diagnosis_code.is_empty()).then(|| format!("ICD-10 {}", report.diagnosis_code));
    let lead = i18n::institution_name(&report.consultation.lead, locale);
    let opinions = report
        .opinions
        .into_iter()
        .map(|opinion| view! { <OpinionText opinion /> })
        .collect_view();
    view! {
        <article class="paper">
            <h1>{t.title}</h1>
            <p class="number">{number}</p>
            {facts}
            <h2>{t.conclusion}</h2>
            <div class="conclusion">
                <p class="prose">{report.conclusion}</p>
                {code.map(|code| view! { <p class="mono">{code}</p> })}
            </div>
            <h2>{t.advice}</h2>
            <p class="prose">{report.advice}</p>
            <h2>{t.opinions}</h2>
            {opinions}
            {waivers}
            <h2>{t.measurements}</h2>
            {marks}
            <footer class="sign">
                <span>{fill(t.signed_by, &[&report.signed_by, &lead])}</span>
                <span>{t.check_code} " " <b class="mono">{report.check_code}</b></span>
            </footer>
        </article>
    }
}

#[component]
fn Facts(report: Report) -> impl IntoView {
    let locale = context::locale();
    let t = ReportTexts::of(locale);
    let row = report.consultation;
    let mut patient = format::patient_line(&row.patient, locale);
    if !row.patient.ethnicity.is_empty() {
        patient.push_str(" · ");
        patient.push_str(&row.patient.ethnicity);
    }
    let number = row.patient.number.map(|of| of.get().clone()).unwrap_or_default();
    let participants: Vec<String> = row
        .participants
        .iter()
        .map(|of| i18n::institution_name(&of.institution, locale))
        .collect();
    let session = match report.session {
        (Some(start), Some(end)) => {
            let end = end.display();
            let time = end.get(11..).unwrap_or_default();
            format!("{} – {time}", start.display())
        }
        (Some(start), None) => start.display(),
        (None, _) => row.scheduled_at.display(),
    };
    let facts = [
        (t.patient, patient, false),
        (t.platform_id, format::grouped(&row.patient.platform_id), true),
        (t.number, number, true),
        (t.kind, i18n::kind(row.kind, locale).to_owned(), false),
        (t.lead, i18n::institution_name(&row.lead, locale), false),
        (t.session, session, false),
        (t.participants, format::list(&participants, locale), false),
        (t.diagnosis, row.preliminary_diagnosis, false),
    ]
    .into_iter()
    .filter(|(_, text, _)| !text.is_empty())
    .map(|(name, text, code)| {
        view! {
            <div>
                <dt>{name}</dt>
                <dd class:mono=code>{text}</dd>
            </div>
        }
    })
    .collect_view();
    view! { <dl class="paper-facts">{facts}</dl> }
}

#[component]
fn Marks(report: Report) -> impl IntoView {
    let locale = context::locale();
    let t = ReportTexts::of(locale);
    if report.annotations.is_empty() {
        return view! { <p class="quiet">{t.no_annotations}</p> }.into_any();
    }
    let rows = report
        .annotations
        .into_iter()
        .enumerate()
        .map(|(index, mark)| {
            let value = if mark.value.is_empty() {
                mark.annotation.label.clone()
            } else if mark.annotation.label.is_empty() {
                mark.value.clone()
            } else {
                format!("{} · {}", mark.value, mark.annotation.label)
            };
            view! {
                <tr>
                    <td class="figure">{index.saturating_add(1)}</td>
                    <td>{i18n::annotation(mark.annotation.kind, locale)}</td>
                    <td class="figure">{value}</td>
                    <td>{mark.place}</td>
                    <td>
                        <i class=format!("dot {}", colour_class(&mark.institution)) aria-hidden="true"></i>
                        {format!("{} · {}", i18n::institution_name(&mark.institution, locale), mark.author)}
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="marks">
            <thead>
                <tr>
                    <th scope="col">{t.measurement_mark}</th>
                    <th scope="col">{t.measurement_kind}</th>
                    <th scope="col">{t.measurement_value}</th>
                    <th scope="col">{t.measurement_place}</th>
                    <th scope="col">{t.measurement_author}</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

#[component]
fn WaiverList(report: Report) -> impl IntoView {
    let locale = context::locale();
    let t = ReportTexts::of(locale);
    let names = report.consultation.participants;
    let items = report
        .waivers
        .iter()
        .map(|waiver| {
            let name = names
                .iter()
                .find(|of| of.institution.id == waiver.institution_id)
                .map(|of| i18n::institution_name(&of.institution, locale))
                .unwrap_or_default();
            let reason = waiver.reason.clone();
            view! { <li><b>{name}</b> " " <span>{reason}</span></li> }
        })
        .collect_view();
    (!report.waivers.is_empty()).then(|| {
        view! {
            <h2>{t.waivers}</h2>
            <ul class="waiver-list">{items}</ul>
        }
    })
}
