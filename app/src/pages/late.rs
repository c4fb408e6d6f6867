//! Who is late with what: every running deadline by institution, overdue first.

use consilium_protocol::{notice::Deadline, page::Page, session::Institution};
use leptos::prelude::*;

use crate::{
    context, format,
    i18n::{LateTexts, fill, preparation},
    ui::{DueTime, Empty, Frame, InstitutionName, frame::Place},
};

/// One institution and what it owes.
struct Group {
    institution: Institution,
    deadlines: Vec<Deadline>,
    overdue: usize,
}

/// By institution; the one with most overdue first, then the one whose next deadline is nearest.
fn grouped(deadlines: Vec<Deadline>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for due in deadlines {
        let late = usize::from(due.overdue);
        match groups
            .iter_mut()
            .find(|of| of.institution.id == due.institution.id)
        {
            Some(group) => {
                group.deadlines.push(due);
                group.overdue += late;
            }
            None => groups.push(Group {
                institution: due.institution.clone(),
                deadlines: vec![due],
                overdue: late,
            }),
        }
    }
    for group in &mut groups {
        group.deadlines.sort_by_key(|due| due.due_at);
    }
    groups.sort_by_key(|group| {
        let next = group.deadlines.first().map(|due| due.due_at);
        (std::cmp::Reverse(group.overdue), next)
    });
    groups
}

/// The board of running deadlines.
#[component]
pub fn LatePage(
    /// The page.
    page: Page,
    /// Deadlines.
    deadlines: Vec<Deadline>,
) -> impl IntoView {
    let t = LateTexts::of(page.locale);
    let own = page.me.as_ref().map(|me| me.institution.id);
    let overdue = deadlines.iter().filter(|due| due.overdue).count();
    let summary = fill(t.summary, &[&overdue.to_string(), &deadlines.len().to_string()]);
    let empty = deadlines.is_empty();
    let groups = grouped(deadlines)
        .into_iter()
        .map(|group| {
            let mine = own == Some(group.institution.id);
            view! { <GroupSection group mine /> }
        })
        .collect_view();
    view! {
        <Frame me=page.me path=page.path unread=page.unread place=Place::Late>
            <header class="page-head">
                <div>
                    <h1>{t.title}</h1>
                    <p class=if overdue == 0 { "quiet" } else { "late-text" }>{summary}</p>
                </div>
            </header>
            {empty
                .then(|| {
                    view! {
                        <Empty title=t.none teach=t.teach />
                    }
                })}
            {groups}
        </Frame>
    }
}

#[component]
fn GroupSection(group: Group, mine: bool) -> impl IntoView {
    let locale = context::locale();
    let t = LateTexts::of(locale);
    let id = format!("board-{}", group.institution.code);
    let labelled = id.clone();
    let late = (group.overdue > 0).then(|| fill(t.overdue, &[&group.overdue.to_string()]));
    let rows = group
        .deadlines
        .into_iter()
        .map(|due| {
            let what = preparation::clock(due.kind, locale);
            let then = preparation::clock_end(due.kind, locale);
            let act = if mine { t.go } else { t.see };
            let label = format!("{act} {what} {}", due.number);
            let case = format!("/consultations/{}", due.consultation_id);
            view! {
                <tr class:mine=mine && due.overdue>
                    <td>{what}</td>
                    <td>
                        <a class="number" href=case>{due.number}</a>
                    </td>
                    <td>
                        <DueTime at=due.due_at />
                        <div class="quiet">{format::absolute(due.due_at, locale)}</div>
                        {due.paused.then(|| view! { <span class="mark soon">{t.paused}</span> })}
                    </td>
                    <td class="quiet">{then}</td>
                    <td>
                        <a class="act" class:strong=mine href=due.link aria-label=label>
                            {act}
                            <span aria-hidden="true">" →"</span>
                        </a>
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="board" aria-labelledby=labelled>
            <h2 id=id>
                <InstitutionName of=group.institution />
                {mine.then(|| view! { <span class="mark">{t.own}</span> })}
                {late.map(|text| view! { <span class="mark late">{text}</span> })}
            </h2>
            <table class="rows">
                <thead>
                    <tr>
                        <th scope="col">{t.column_what}</th>
                        <th scope="col">{t.column_case}</th>
                        <th scope="col">{t.column_due}</th>
                        <th scope="col">{t.column_then}</th>
                        <th scope="col">{t.column_act}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
}
