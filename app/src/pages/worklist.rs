//! The worklist: what is late, whose move it is, and the one link that moves it.

pub mod row;

use consilium_domain::{ConsultationState, Role, Timestamp, consultation::phase};
use consilium_protocol::{
    consultation::ConsultationRow,
    page::{Locale, Page, WorklistQuery},
};
use leptos::prelude::*;
use row::Row;

use crate::{
    context, format,
    i18n::{self, Common, WorklistTexts, fill},
    ui::{ButtonKind, ChoiceChip, Frame, LinkButton, frame::Place},
};

/// Which rows are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filter {
    All,
    Mine,
    Preparation,
    Conduct,
    Summary,
}

impl Filter {
    fn takes(self, row: &ConsultationRow) -> bool {
        match self {
            Self::All => true,
            Self::Mine => row.my_move,
            Self::Preparation => phase(row.state) == 1,
            Self::Conduct => phase(row.state) == 2,
            Self::Summary => phase(row.state) == 3,
        }
    }
}

/// Everything of a row that can be searched, in lower case.
fn haystack(row: &ConsultationRow, locale: Locale) -> String {
    let mut text = format!(
        "{} {} {} {} {} {}",
        row.number,
        row.patient.name,
        row.patient.platform_id,
        row.preliminary_diagnosis,
        i18n::kind(row.kind, locale),
        i18n::institution_name(&row.lead, locale),
    );
    for participant in &row.participants {
        text.push(' ');
        text.push_str(&participant.institution.name_zh);
        text.push(' ');
        text.push_str(&participant.institution.name_en);
    }
    text.to_lowercase()
}

/// Whether the running deadline of a row has passed.
fn is_late(row: &ConsultationRow, now: Timestamp) -> bool {
    row.due_at.is_some_and(|due| due.since_ms(now) <= 0)
}

/// The worklist page.
#[component]
pub fn WorklistPage(
    /// The page.
    page: Page,
    /// Rows, newest change first.
    rows: Vec<ConsultationRow>,
    /// There are more than shown.
    more: bool,
    /// May start a consultation.
    may_create: bool,
    /// What was asked for.
    query: WorklistQuery,
) -> impl IntoView {
    let _ = query;
    let locale = page.locale;
    let t = WorklistTexts::of(locale);
    let common = Common::of(locale);
    let late = rows.iter().filter(|row| is_late(row, page.now)).count();
    let summary = if late == 0 {
        t.nothing_late.to_owned()
    } else {
        fill(t.late, &[&late.to_string()])
    };
    let role = page.me.as_ref().map(|me| me.role);
    let body = if rows.is_empty() {
        view! { <Empty may_create role /> }.into_any()
    } else {
        view! { <List rows more /> }.into_any()
    };
    view! {
        <Frame me=page.me path=page.path place=Place::Worklist>
            <header class="page-head">
                <div>
                    <h1>{fill(t.today, &[&format::day(page.now, locale)])}</h1>
                    <p class=if late == 0 { "quiet" } else { "late-text" }>{summary}</p>
                </div>
                {may_create
                    .then(|| {
                        view! {
                            <LinkButton
                                href="/consultations/new"
                                text=common.start_consultation
                                kind=ButtonKind::Primary
                            />
                        }
                    })}
            </header>
            {body}
        </Frame>
    }
}

#[component]
fn Empty(may_create: bool, role: Option<Role>) -> impl IntoView {
    let t = WorklistTexts::of(context::locale());
    let teach = if may_create {
        t.empty_create
    } else if role == Some(Role::Reviewer) {
        t.empty_reviewer
    } else {
        t.empty_wait
    };
    view! {
        <section class="empty">
            <h2>{t.empty_title}</h2>
            <p>{teach}</p>
            {may_create.then(|| view! { <p class="quiet">{t.empty_wait}</p> })}
        </section>
    }
}

#[component]
fn Tile(count: usize, text: &'static str, #[prop(optional)] alarm: bool) -> impl IntoView {
    view! {
        <li class="tile" class:late=alarm>
            <b>{count.to_string()}</b>
            <span>{text}</span>
        </li>
    }
}

#[component]
fn Tiles(rows: StoredValue<Vec<ConsultationRow>>) -> impl IntoView {
    let t = WorklistTexts::of(context::locale());
    let now = context::now().get_untracked();
    let count = |of: &dyn Fn(&ConsultationRow) -> bool| {
        rows.with_value(|rows| rows.iter().filter(|row| of(row)).count())
    };
    let mine = count(&|row| row.my_move);
    let mine_late = count(&|row| row.my_move && is_late(row, now)) > 0;
    let waiting = count(&|row| row.state == ConsultationState::Inviting);
    let session = count(&|row| row.state == ConsultationState::InSession);
    let reports = count(&|row| row.state == ConsultationState::Concluded);
    view! {
        <ul class="tiles">
            <Tile count=mine text=t.tile_mine alarm=mine_late />
            <Tile count=waiting text=t.tile_waiting />
            <Tile count=session text=t.tile_session />
            <Tile count=reports text=t.tile_reports />
        </ul>
    }
}

#[component]
fn List(rows: Vec<ConsultationRow>, more: bool) -> impl IntoView {
    let locale = context::locale();
    let t = WorklistTexts::of(locale);
    let total = rows.len();
    let stored = StoredValue::new(rows.clone());
    let filter = RwSignal::new(Filter::All);
    let search = RwSignal::new(String::new());
    let shown = move |row: &ConsultationRow, text: &str| {
        filter.get().takes(row)
            && search.with(|wanted| {
                wanted
                    .to_lowercase()
                    .split_whitespace()
                    .all(|word| text.contains(word))
            })
    };
    let none = Memo::new(move |_| {
        stored.with_value(|rows| !rows.iter().any(|row| shown(row, &haystack(row, locale))))
    });
    let chips = [
        (Filter::All, t.all),
        (Filter::Mine, t.mine),
        (Filter::Preparation, t.preparation),
        (Filter::Conduct, t.conduct),
        (Filter::Summary, t.summary),
    ]
    .into_iter()
    .map(|(of, text)| {
        let chosen = Signal::derive(move || filter.get() == of);
        view! { <ChoiceChip text chosen on_press=move || filter.set(of) /> }
    })
    .collect_view();
    let lines = rows
        .into_iter()
        .map(|row| {
            let text = haystack(&row, locale);
            let of = row.clone();
            let hidden = Memo::new(move |_| !shown(&of, &text));
            view! { <Row row hidden /> }
        })
        .collect_view();
    let reset = move |_| {
        filter.set(Filter::All);
        search.set(String::new());
    };
    view! {
        <Tiles rows=stored />
        <div class="filters" role="search">
            <div class="chips" role="group" aria-label=t.filters>{chips}</div>
            <input
                type="search"
                class="search"
                aria-label=t.search_label
                placeholder=t.search
                prop:value=move || search.get()
                on:input=move |event| search.set(event_target_value(&event))
            />
        </div>
        <table class="worklist">
            <caption class="unseen">{t.caption}</caption>
            <thead>
                <tr>
                    <th scope="col">{t.column_consultation}</th>
                    <th scope="col">{t.column_phase}</th>
                    <th scope="col">{t.column_institutions}</th>
                    <th scope="col">{t.column_time}</th>
                    <th scope="col">{t.column_next}</th>
                </tr>
            </thead>
            <tbody>{lines}</tbody>
        </table>
        <div aria-live="polite">
            {move || {
                none.get()
                    .then(|| {
                        view! {
                            <p class="no-match">
                                {t.no_match} " "
                                <button type="button" class="plain" on:click=reset>
                                    {t.show_all}
                                </button>
                            </p>
                        }
                    })
            }}
        </div>
        {more.then(|| view! { <p class="quiet">{fill(t.more, &[&total.to_string()])}</p> })}
    }
}
