//! Deliveries of the own institution: failed ones first, the cause in words, resend or give up.

use consilium_domain::TransferState;
use consilium_protocol::{
    exchange::{Transfer, TransferList},
    page::Page,
};
use leptos::prelude::*;

use crate::{
    api, context, format,
    i18n::{TransferTexts, fill, preparation, sentence},
    ui::{
        AskReason, Button, ButtonKind, Doing, DueTime, Empty, FormErrors, Frame, InstitutionName, Outcome,
        frame::Place,
    },
};

/// Deliveries.
#[component]
pub fn TransfersPage(
    /// The page.
    page: Page,
    /// The deliveries.
    list: TransferList,
) -> impl IntoView {
    let locale = page.locale;
    let t = TransferTexts::of(locale);
    let doing = Doing::new();
    let _errors = FormErrors::provide();
    let suspended = list
        .suspended_since
        .map(|at| fill(t.suspended, &[&format::absolute(at, locale)]));
    let failed = if list.failed == 0 {
        t.none_failed.to_owned()
    } else {
        fill(t.failed, &[&list.failed.to_string()])
    };
    let class = if list.failed == 0 { "quiet" } else { "late-text" };
    let empty = list.items.is_empty();
    let mut items = list.items;
    items.sort_by_key(|of| of.state != TransferState::Failed);
    let rows = items
        .into_iter()
        .enumerate()
        .map(|(n, of)| view! { <Row of doing first=n == 0 /> })
        .collect_view();
    view! {
        <Frame me=page.me path=page.path unread=page.unread place=Place::Transfers>
            <header class="page-head">
                <div>
                    <h1>{t.title}</h1>
                    <p class=class>{failed}</p>
                    <p class="quiet">{t.lead}</p>
                </div>
            </header>
            {suspended.map(|text| view! { <p class="notice soon form-line">{text}</p> })}
            <Outcome doing />
            {if empty {
                view! {
                    <Empty title=t.none teach=t.teach />
                }
                    .into_any()
            } else {
                view! {
                    <table class="rows">
                        <thead>
                            <tr>
                                <th scope="col">{t.column_message}</th>
                                <th scope="col">{t.column_to}</th>
                                <th scope="col">{t.column_state}</th>
                                <th scope="col">{t.column_time}</th>
                                <th scope="col">{t.column_act}</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                }
                    .into_any()
            }}
        </Frame>
    }
}

const fn tone(state: TransferState) -> &'static str {
    match state {
        TransferState::Delivered => "mark good",
        TransferState::Failed => "mark late",
        TransferState::Waiting | TransferState::Abandoned => "mark soon",
        TransferState::Queued | TransferState::Sending => "mark",
    }
}

#[component]
fn Row(
    of: Transfer,
    doing: Doing,
    /// Its act is the filled one.
    first: bool,
) -> impl IntoView {
    let locale = context::locale();
    let t = TransferTexts::of(locale);
    let id = of.id;
    let asked = RwSignal::new(false);
    let case = format!("/consultations/{}", of.consultation_id);
    let cause = of
        .cause
        .as_deref()
        .map(|code| fill(t.cause, &[sentence(code, locale)]));
    let tries = if of.run > 1 {
        fill(t.tries_run, &[&of.run.to_string(), &of.tries.to_string()])
    } else {
        fill(t.tries, &[&of.tries.to_string()])
    };
    let tries = (of.tries > 0 && of.state != TransferState::Delivered).then_some(tries);
    let delivered = of.delivered_at.map(|at| fill(t.delivered, &[&format::short(at)]));
    let kind = if first {
        ButtonKind::Primary
    } else {
        ButtonKind::Quiet
    };
    let resend = move || {
        doing.run(
            async move { api::post_reason(&format!("/api/v1/transfers/{id}/resend"), String::new()).await },
        );
    };
    let abandon = move |reason| {
        asked.set(false);
        doing.run(async move { api::post_reason(&format!("/api/v1/transfers/{id}/abandon"), reason).await });
    };
    view! {
        <tr>
            <td>
                <b>{preparation::message(of.kind, locale)}</b>
                <div>
                    <a class="number" href=case>{of.number}</a>
                </div>
            </td>
            <td>
                <InstitutionName of=of.to.clone() />
            </td>
            <td>
                <span class=tone(of.state)>{preparation::transfer(of.state, locale)}</span>
                {tries.map(|text| view! { <span class="quiet">" " {text}</span> })}
                {cause.map(|text| view! { <div class="quiet">{text}</div> })}
                {of.held.then(|| view! { <div class="quiet">{t.held}</div> })}
            </td>
            <td>
                <time datetime=of.created_at.to_string() title=format::absolute(of.created_at, locale)>
                    {format::short(of.created_at)}
                </time>
                {delivered.map(|text| view! { <div class="quiet">{text}</div> })}
                {of
                    .next_at
                    .filter(|_| of.state == TransferState::Waiting)
                    .map(|at| {
                        view! {
                            <div class="quiet">
                                {fill(t.next, &[&format::short(at)])} " " <DueTime at />
                            </div>
                        }
                    })}
            </td>
            <td>
                <div class="row">
                    {of.may_resend.then(|| view! { <Button text=t.resend kind busy=doing.busy on_press=resend /> })}
                    {of
                        .may_abandon
                        .then(|| view! { <Button text=t.abandon busy=doing.busy on_press=move || asked.set(true) /> })}
                </div>
                {move || {
                    asked
                        .get()
                        .then(|| {
                            view! {
                                <AskReason
                                    label=t.abandon_reason
                                    question=t.abandon_question
                                    yes=t.abandon
                                    danger=true
                                    on_yes=abandon
                                    on_no=move || asked.set(false)
                                />
                            }
                        })
                }}
            </td>
        </tr>
    }
}
