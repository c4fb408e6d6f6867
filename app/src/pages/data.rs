//! The data desk: requests in and out, data and what was found in it, corrections.

pub mod entry;
pub mod findings;
pub mod issues;
pub mod names;
pub mod requests;
pub mod sheet;
pub mod submissions;
pub mod verbs;

use consilium_protocol::{
    consultation::ConsultationRow, imaging::Series, notice::Deadline, page::Page, preparation::Desk,
};
use entry::EntryPanel;
use issues::IssuesPanel;
use leptos::prelude::*;
use names::Names;
use requests::RequestsPanel;
use sheet::Sheet;
use submissions::SubmissionsPanel;

use crate::{
    context, format,
    i18n::{Common, DeskTexts, preparation},
    ui::{Doing, DueTime, Frame, InstitutionName, LinkButton, Outcome},
};

/// The data desk of one consultation.
#[component]
pub fn DataPage(
    /// The page.
    page: Page,
    /// The consultation.
    row: ConsultationRow,
    /// Requests, submissions, corrections.
    desk: Desk,
    /// Its images.
    series: Vec<Series>,
) -> impl IntoView {
    let t = DeskTexts::of(page.locale);
    let names = Names::provide(desk.elements);
    let doing = Doing::new();
    let own = page.me.as_ref().map(|me| me.institution.id);
    let leads = own == Some(row.lead.id);
    let sheet = desk.may_submit.then(|| Sheet::new(names, page.now));
    let items = desk
        .submissions
        .iter()
        .flat_map(|of| of.items.iter().cloned())
        .collect();
    let open_issues = !desk.issues.is_empty();
    let requests = desk.requests.clone();
    let entry = sheet.map(|sheet| {
        let row = row.clone();
        view! { <EntryPanel row requests leads series sheet /> }
    });
    let issues = view! { <IssuesPanel issues=desk.issues items sheet own doing /> }.into_any();
    let (above, below) = if open_issues {
        (Some(issues), None)
    } else {
        (None, Some(issues))
    };
    view! {
        <Frame me=page.me path=page.path unread=page.unread>
            <CaseHead row=row.clone() title=t.title lead=if leads { t.lead_lead } else { t.lead_participant } />
            <Outcome doing />
            <DeadlineList deadlines=desk.deadlines />
            {above}
            <RequestsPanel row=row.clone() requests=desk.requests own may_request=desk.may_request doing />
            {entry}
            <SubmissionsPanel submissions=desk.submissions sheet />
            {below}
        </Frame>
    }
}

/// Head of a page that belongs to a consultation: what it is, whose it is, the way back.
#[component]
pub fn CaseHead(
    /// The consultation.
    row: ConsultationRow,
    /// What the page is.
    title: &'static str,
    /// What it is for.
    lead: &'static str,
) -> impl IntoView {
    let locale = context::locale();
    let line = format!(
        "{} · {} · {}",
        row.number,
        format::patient_line(&row.patient, locale),
        row.preliminary_diagnosis
    );
    view! {
        <header class="page-head">
            <div>
                <h1>{title}</h1>
                <p class="quiet">{line}</p>
                <p class="quiet">{lead}</p>
            </div>
            <LinkButton href=format!("/consultations/{}", row.id) text=Common::of(locale).back />
        </header>
    }
}

#[component]
fn DeadlineList(deadlines: Vec<Deadline>) -> impl IntoView {
    let locale = context::locale();
    let t = DeskTexts::of(locale);
    let any = !deadlines.is_empty();
    let items = deadlines
        .into_iter()
        .map(|of| {
            view! {
                <li>
                    <InstitutionName of=of.institution.clone() />
                    <b>{preparation::clock(of.kind, locale)}</b>
                    <DueTime at=of.due_at />
                    <span class="quiet">
                        {format::absolute(of.due_at, locale)} " · " {preparation::clock_end(of.kind, locale)}
                    </span>
                </li>
            }
        })
        .collect_view();
    any.then(|| {
        view! {
            <section class="panel" aria-labelledby="deadlines">
                <h2 id="deadlines">{t.deadlines}</h2>
                <ul class="deadlines">{items}</ul>
            </section>
        }
    })
}
