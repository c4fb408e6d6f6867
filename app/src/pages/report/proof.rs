//! Beside the paper, not printed: whether it can be trusted, and how it came about.

use consilium_domain::{InvitationState, Role, Timestamp};
use consilium_protocol::{report::Report, session::Me};
use leptos::prelude::*;

use crate::{
    browser, context, format,
    i18n::{self, ReportTexts, fill},
    ui::{Button, ButtonKind, LinkButton},
};

/// Print, integrity, course.
#[component]
pub fn Proof(
    /// The report.
    report: Report,
    /// The reader.
    me: Option<Me>,
) -> impl IntoView {
    let t = ReportTexts::of(context::locale());
    // A reviewer reads reports and nothing else.
    let back = me
        .is_some_and(|me| me.role != Role::Reviewer)
        .then(|| format!("/consultations/{}", report.consultation_id));
    let course = view! { <Course report=report.clone() /> }.into_any();
    let (accounted, accepted) = accounted(&report);
    let all = report.opinions.len();
    let valid = report.opinions.iter().filter(|of| of.signature_valid).count();
    let signature = if report.signature_valid {
        t.signature_valid
    } else {
        t.signature_broken
    };
    view! {
        <aside class="proof">
            <div class="proof-acts">
                <Button text=t.print kind=ButtonKind::Primary on_press=browser::print />
                {back.map(|href| view! { <LinkButton href text=t.back /> })}
            </div>
            <section class="panel" aria-labelledby="integrity">
                <h2 id="integrity">{t.integrity}</h2>
                <ul class="checks">
                    <Check good=report.signature_valid text=signature />
                    <Check
                        good=accounted == accepted
                        text=t.all_accounted
                        figure=format!("{accounted} / {accepted}")
                    />
                    <Check good=valid == all text=t.opinions_valid figure=format!("{valid} / {all}") />
                </ul>
                <p class="quiet">{t.content_hash}</p>
                <p class="mono hash">{format::grouped(&report.content_hash)}</p>
            </section>
            {course}
        </aside>
    }
}

/// How many of the institutions that accepted have an opinion or a recorded waiver, and how many accepted.
fn accounted(report: &Report) -> (usize, usize) {
    let accepted = report
        .consultation
        .participants
        .iter()
        .filter(|of| of.state == Some(InvitationState::Accepted));
    let has = |id| {
        report.opinions.iter().any(|of| of.institution.id == id)
            || report.waivers.iter().any(|of| of.institution_id == id)
    };
    let accounted = accepted.clone().filter(|of| has(of.institution.id)).count();
    (accounted, accepted.count())
}

#[component]
fn Check(good: bool, text: &'static str, #[prop(optional)] figure: String) -> impl IntoView {
    view! {
        <li class=if good { "good" } else { "late" }>
            <span aria-hidden="true">{if good { "✓" } else { "✕" }}</span>
            <span>{text}</span>
            <span class="figure">{figure}</span>
        </li>
    }
}

#[component]
fn Course(report: Report) -> impl IntoView {
    let locale = context::locale();
    let t = ReportTexts::of(locale);
    let mut steps: Vec<(Timestamp, String)> = Vec::new();
    let (start, end) = report.session;
    steps.extend(start.map(|at| (at, t.course_start.to_owned())));
    for opinion in &report.opinions {
        let name = i18n::institution_name(&opinion.institution, locale);
        steps.push((opinion.submitted_at, fill(t.course_opinion, &[&name])));
    }
    steps.extend(end.map(|at| (at, t.course_end.to_owned())));
    steps.push((report.signed_at, t.course_sign.to_owned()));
    steps.sort_by_key(|(at, _)| *at);
    let items = steps
        .into_iter()
        .map(|(at, text)| {
            view! {
                <li>
                    <span>{text}</span>
                    <time datetime=at.to_string() title=format::absolute(at, locale)>{format::short(at)}</time>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="panel" aria-labelledby="course">
            <h2 id="course">{t.course}</h2>
            <ol class="course">{items}</ol>
        </section>
    }
}
