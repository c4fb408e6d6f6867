//! Correction notices: the element, the value seen, the rule, the clock, and what to do.

use consilium_domain::{InstitutionId, IssueState, preparation::issue::is_open};
use consilium_protocol::preparation::{Issue, Item};
use leptos::prelude::*;

use super::{names::Names, sheet::Sheet, verbs::Verbs};
use crate::{
    api, browser, context, format,
    i18n::{self, DeskTexts, fill, preparation},
    ui::{Button, Doing, DueTime, colour_class},
};

/// Correction notices, open ones first.
#[component]
pub fn IssuesPanel(
    /// The notices.
    issues: Vec<Issue>,
    /// Rows that corrections start from.
    items: Vec<Item>,
    /// The form corrections are made in, when the reader may submit.
    sheet: Option<Sheet>,
    /// The reader's institution.
    own: Option<InstitutionId>,
    /// What is being done.
    doing: Doing,
) -> impl IntoView {
    let t = DeskTexts::of(context::locale());
    let mut issues = issues;
    issues.sort_by_key(|of| (!is_open(of.state), !of.overdue));
    let empty = issues.is_empty();
    let rows = issues
        .into_iter()
        .map(|of| {
            let item = items
                .iter()
                .find(|item| item.reference.item_id == of.item_id)
                .cloned();
            let mine = own == Some(of.institution.id);
            view! { <One of item sheet=sheet.filter(|_| mine) doing /> }
        })
        .collect_view();
    view! {
        <section class="panel" aria-labelledby="issues">
            <h2 id="issues">{t.issues}</h2>
            {empty.then(|| view! { <p class="quiet">{t.issues_none}</p> })}
            {rows}
        </section>
    }
}

const fn tone(state: IssueState) -> &'static str {
    match state {
        IssueState::Verified => "mark good",
        IssueState::Notified | IssueState::Corrected => "mark soon",
        IssueState::Open | IssueState::Waived => "mark",
    }
}

#[component]
fn One(of: Issue, item: Option<Item>, sheet: Option<Sheet>, doing: Doing) -> impl IntoView {
    let locale = context::locale();
    let t = DeskTexts::of(locale);
    let path = api::of(of.consultation_id, &format!("issues/{}", of.id));
    let name = Names::get().name(&of.element, locale);
    let about = fill(t.issue_about, &[preparation::record(of.kind, locale), &name]);
    let to_correct = matches!(of.state, IssueState::Open | IssueState::Notified);
    let mend = sheet.zip(item).filter(|_| to_correct);
    let due = of.due_at.filter(|_| is_open(of.state));
    let mut facts = Vec::new();
    for (template, text) in [(t.seen, &of.seen), (t.rule, &of.rule)] {
        if !text.is_empty() {
            facts.push(fill(template, &[text]));
        }
    }
    let facts = format::list(&facts, locale);
    let answer = of
        .answer_reason
        .as_ref()
        .map(|reason| fill(t.answer_reason, &[reason]));
    view! {
        <article class=format!("entry {}", colour_class(&of.institution)) id=format!("issue-{}", of.id)>
            <header>
                <b>{about}</b>
                <span>{i18n::institution_name(&of.institution, locale)}</span>
                <span class=tone(of.state)>{preparation::issue(of.state, locale)}</span>
                {of.overdue.then(|| view! { <span class="mark late">{t.past_due}</span> })}
                {of.automatic.then(|| view! { <span class="mark">{t.automatic}</span> })}
                <small>{due.map(|at| view! { <DueTime at /> })}</small>
            </header>
            <p>{of.reason}</p>
            <p class="quiet">{facts}</p>
            {answer.map(|text| view! { <p class="quiet">{text}</p> })}
            {mend
                .map(|(sheet, item)| {
                    let load = move || {
                        sheet.load(&item);
                        browser::focus("entry");
                    };
                    view! { <Button text=t.correct_now on_press=load /> }
                })}
            <Verbs path allowed=of.allowed of_issue=true doing />
        </article>
    }
}
