//! The worklist: what is late, whose move it is, and the one link that moves it.

pub mod row;
pub mod search;

use consilium_domain::{ConsultationState, Role, Timestamp, consultation::phase};
use consilium_protocol::{
    consultation::ConsultationRow,
    page::{Page, WorklistQuery},
};
use leptos::prelude::*;
use row::Row;
use search::SearchForm;

use crate::{
    browser, context, format,
    i18n::{Common, WorklistTexts, fill},
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
    let body = if rows.is_empty() && query == WorklistQuery::default() {
        view! { <Empty may_create role /> }.into_any()
    } else {
        view! { <List rows more query /> }.into_any()
    };
    view! {
        <Frame me=page.me path=page.path unread=page.unread place=Place::Worklist>
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
fn List(rows: Vec<ConsultationRow>, more: bool, query: WorklistQuery) -> impl IntoView {
    let locale = context::locale();
    let t = WorklistTexts::of(locale);
    let total = rows.len();
    let stored = StoredValue::new(rows.clone());
    let filter = RwSignal::new(Filter::All);
    // What a search by identity number has found takes the place of the rows.
    let found = RwSignal::new(None::<Vec<ConsultationRow>>);
    let none = Memo::new(move |_| {
        let filter = filter.get();
        let any = |rows: &Vec<ConsultationRow>| rows.iter().any(|row| filter.takes(row));
        !found.with(|found| found.as_ref().map_or_else(|| stored.with_value(any), any))
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
    let lines = move || {
        let rows = found.get().unwrap_or_else(|| stored.get_value());
        rows.into_iter()
            .map(|row| {
                let of = row.clone();
                let hidden = Memo::new(move |_| !filter.get().takes(&of));
                view! { <Row row hidden /> }
            })
            .collect_view()
    };
    let narrowed = query != WorklistQuery::default();
    let reset = move |_| {
        filter.set(Filter::All);
        found.set(None);
        if narrowed {
            browser::go_to("/");
        }
    };
    view! {
        <Tiles rows=stored />
        <div class="filters">
            <div class="chips" role="group" aria-label=t.filters>{chips}</div>
            <SearchForm query found />
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
