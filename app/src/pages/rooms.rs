//! The live rooms as those who run the platform see them: numbers, refreshed by themselves.

use consilium_protocol::{
    page::Page,
    room::{Count, RoomFigures, RoomStatus, StepTimes},
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    api, browser, format,
    i18n::{RoomsTexts, fill, rooms},
    ui::{Empty, Frame, frame::Place},
};

/// How often the page reads the numbers again, ms.
const REFRESH_MS: u64 = 5_000;

/// The rooms in memory and how the server does with them.
#[component]
pub fn RoomsPage(
    /// The page.
    page: Page,
    /// The numbers.
    figures: RoomFigures,
) -> impl IntoView {
    let locale = page.locale;
    let t = RoomsTexts::of(locale);
    let now = RwSignal::new(figures);
    let silent = RwSignal::new(false);
    Effect::new(move |_| {
        browser::every(REFRESH_MS, move || {
            spawn_local(async move {
                match api::get("/api/v1/operations/figures").await {
                    Ok(figures) => {
                        silent.set(false);
                        now.set(figures);
                    }
                    Err(_) => silent.set(true),
                }
            });
        });
    });
    let state = move || {
        let at = now.with(|of| format::clock(of.at));
        fill(if silent.get() { t.silent } else { t.as_of }, &[&at])
    };
    view! {
        <Frame me=page.me path=page.path unread=page.unread place=Place::Rooms>
            <header class="page-head">
                <div>
                    <h1>{t.title}</h1>
                    <p class=move || if silent.get() { "late-text" } else { "quiet" } data-testid="figures-at">
                        {state}
                    </p>
                    <p class="quiet">{t.lead}</p>
                </div>
            </header>
            {move || now.with(|figures| body(figures, t, locale))}
        </Frame>
    }
}

fn body(of: &RoomFigures, t: &'static RoomsTexts, locale: consilium_protocol::page::Locale) -> AnyView {
    let totals = [
        (t.rooms, of.rooms_in_memory.to_string()),
        (t.connections, of.connections.to_string()),
        (t.read_only, of.read_only.to_string()),
        (
            t.queue,
            format!("{} · {}", of.queue_frames, format::bytes(of.queue_bytes)),
        ),
        (t.changes, of.changes.to_string()),
        (t.log, format::bytes(of.log_bytes)),
    ];
    let totals = totals.map(|(name, value)| vec![name.to_owned(), value]).to_vec();
    let times = of.times.iter().map(|of| step(of, t)).collect();
    let refused = counts(&of.refused, |reason| rooms::refusal(reason, locale));
    let resyncs = counts(&of.resyncs, |reason| rooms::resync(reason, locale));
    let rows = of.rooms.iter().map(|of| room(of, t)).collect::<Vec<_>>();
    let empty = rows.is_empty();
    let names = [
        t.number,
        t.kind,
        t.connections,
        t.seq,
        t.document,
        t.unwritten,
        t.queue,
        t.refused,
        t.resyncs,
        t.state,
    ];
    view! {
        <div class="figures">
            {table("totals", t.now, &[t.what, t.value], totals)}
            {table("times", t.times, &[t.step, t.count, "p50", "p95"], times)}
            {table("refused", t.refused, &[t.reason, t.count], refused)}
            {table("resyncs", t.resyncs, &[t.reason, t.count], resyncs)}
        </div>
        {if empty {
            view! { <Empty title=t.none teach=t.teach /> }.into_any()
        } else {
            table("rooms", t.rooms, &names, rows)
        }}
    }
    .into_any()
}

/// A table under a heading; a dash where there is nothing.
fn table(id: &'static str, title: &'static str, names: &[&'static str], rows: Vec<Vec<String>>) -> AnyView {
    let head = names
        .iter()
        .map(|name| view! { <th scope="col">{*name}</th> })
        .collect_view();
    let width = names.len().to_string();
    let none = rows.is_empty().then(|| {
        view! {
            <tr>
                <td class="quiet" colspan=width>"–"</td>
            </tr>
        }
    });
    let rows = rows
        .into_iter()
        .map(|cells| {
            let mut cells = cells.into_iter();
            let first = cells.next();
            let rest = cells
                .map(|cell| view! { <td class="figure">{cell}</td> })
                .collect_view();
            view! {
                <tr>
                    <th scope="row">{first}</th>
                    {rest}
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="panel" aria-labelledby=id data-testid=id>
            <h2 id=id>{title}</h2>
            <div class="scroll">
                <table class="rows">
                    <thead>
                        <tr>{head}</tr>
                    </thead>
                    <tbody>{rows} {none}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

fn counts(all: &[Count], name: impl Fn(&str) -> String) -> Vec<Vec<String>> {
    let row = |of: &Count| vec![name(&of.reason), of.count.to_string()];
    all.iter().map(row).collect()
}

fn step(of: &StepTimes, t: &RoomsTexts) -> Vec<String> {
    let name = match of.step {
        consilium_protocol::room::RoomStep::Apply => t.apply,
        consilium_protocol::room::RoomStep::Commit => t.commit,
        consilium_protocol::room::RoomStep::Broadcast => t.broadcast,
    };
    let time = |us: Option<u64>| match us {
        _ if of.count == 0 => "–".to_owned(),
        Some(us) => format!("{}.{:02} ms", us / 1000, us % 1000 / 10),
        None => t.beyond.to_owned(),
    };
    vec![
        name.to_owned(),
        of.count.to_string(),
        time(of.p50_us),
        time(of.p95_us),
    ]
}

fn room(of: &RoomStatus, t: &RoomsTexts) -> Vec<String> {
    vec![
        of.number.clone(),
        if of.private { t.private } else { t.shared }.to_owned(),
        of.connections.to_string(),
        of.seq.to_string(),
        format::bytes(of.document_bytes),
        of.unwritten.to_string(),
        format!("{} · {}", of.queue_frames, format::bytes(of.queue_bytes)),
        of.refused.to_string(),
        of.resyncs.to_string(),
        if of.read_only { t.cannot_store } else { t.writable }.to_owned(),
    ]
}
