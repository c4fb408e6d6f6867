//! The reader's notices: each says what happened and links to the place to act.

use consilium_protocol::{
    notice::{Notice, NoticeList},
    page::Page,
};
use leptos::prelude::*;

use crate::{
    api, context, format,
    i18n::{NoticeTexts, board, fill},
    ui::{Button, Doing, Empty, Frame, Outcome, colour_class, frame::Place},
};

/// Notices, newest first.
#[component]
pub fn NoticesPage(
    /// The page.
    page: Page,
    /// The notices.
    list: NoticeList,
) -> impl IntoView {
    let t = NoticeTexts::of(page.locale);
    let doing = Doing::new();
    let any = list.unread > 0;
    let summary = if any {
        fill(t.unread, &[&list.unread.to_string()])
    } else {
        t.all_read.to_owned()
    };
    let empty = list.items.is_empty();
    let more = list
        .next_cursor
        .map(|cursor| format!("/notices?cursor={}", format::percent_encode(&cursor)));
    let rows = list
        .items
        .into_iter()
        .map(|notice| view! { <Row notice /> })
        .collect_view();
    let read_all = move || {
        doing.run(async { api::post_reason("/api/v1/notices/read-all", String::new()).await });
    };
    view! {
        <Frame me=page.me path=page.path unread=page.unread place=Place::Notices>
            <header class="page-head">
                <div>
                    <h1>{t.title}</h1>
                    <p class="quiet">{summary}</p>
                </div>
                {any.then(|| view! { <Button text=t.read_all busy=doing.busy on_press=read_all /> })}
            </header>
            <Outcome doing />
            {if empty {
                view! {
                    <Empty title=t.none teach=t.teach />
                }
                    .into_any()
            } else {
                view! { <ul class="panel notices">{rows}</ul> }.into_any()
            }}
            {more.map(|href| view! { <p><a href=href>{t.more}</a></p> })}
        </Frame>
    }
}

#[component]
fn Row(notice: Notice) -> impl IntoView {
    let locale = context::locale();
    let t = NoticeTexts::of(locale);
    let unread = notice.read_at.is_none();
    let dot = notice
        .institution
        .as_ref()
        .map(|of| format!("dot {}", colour_class(of)));
    let id = notice.id;
    // Following the link reads the notice; the browser goes on meanwhile.
    let read = move |_| {
        if unread {
            leptos::task::spawn_local(async move {
                if let Err(problem) =
                    api::post_reason(&format!("/api/v1/notices/{id}/read"), String::new()).await
                {
                    leptos::logging::debug_warn!("read: {}", problem.code);
                }
            });
        }
    };
    view! {
        <li class:unread=unread>
            <a href=notice.link.clone() on:click=read>
                {dot.map(|class| view! { <i class=class aria-hidden="true"></i> })}
                <span class="notice-text">{board::notice(&notice, locale)}</span>
                {unread.then(|| view! { <span class="mark soon">{t.is_unread}</span> })}
            </a>
            <p class="quiet">
                <span class="number">{notice.number.clone()}</span>
                " "
                <time datetime=notice.created_at.to_string() title=format::absolute(notice.created_at, locale)>
                    {format::short(notice.created_at)}
                </time>
            </p>
        </li>
    }
}
