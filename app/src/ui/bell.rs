//! The bell: how many notices are unread, live, and the newest one in words when it comes.

use consilium_protocol::notice::{Notice, NoticeEvent};
use leptos::prelude::*;

use crate::{
    browser, context,
    i18n::{self, Common, NoticeTexts, board},
};

/// The link to the notices with its live count.
#[component]
pub fn Bell(
    /// Unread when the page was drawn.
    unread: u64,
    /// The present page is the list itself.
    here: bool,
) -> impl IntoView {
    let locale = context::locale();
    let t = Common::of(locale);
    let count = RwSignal::new(unread);
    let newest = RwSignal::new(None::<Notice>);
    Effect::new(move |_| {
        browser::listen("/api/v1/notices/stream", "notice", move |text| {
            if let Ok(event) = serde_json::from_str::<NoticeEvent>(&text) {
                count.set(event.unread);
                if event.notice.is_some() {
                    newest.set(event.notice);
                }
            }
        });
    });
    view! {
        <a href="/notices" class="bell" aria-current=here.then_some("page") data-testid="bell">
            <span>{t.notices}</span>
            <span class="bell-count" class:none=move || count.get() == 0 data-testid="unread">
                <span aria-hidden="true">{move || count.get().to_string()}</span>
                <span class="unseen">{move || board::unread(count.get(), locale)}</span>
            </span>
        </a>
        <div class="toast" role="status" data-testid="toast">
            {move || newest.get().map(|notice| view! { <Newest notice newest /> })}
        </div>
    }
}

#[component]
fn Newest(notice: Notice, newest: RwSignal<Option<Notice>>) -> impl IntoView {
    let locale = context::locale();
    let t = NoticeTexts::of(locale);
    let close = Common::of(locale).close;
    view! {
        <p>
            <b>{notice.number.clone()}</b>
            " "
            {i18n::board::notice(&notice, locale)}
        </p>
        <p class="row">
            <a href=notice.link>{t.open}</a>
            <button type="button" class="plain" on:click=move |_| newest.set(None)>
                {close}
            </button>
        </p>
    }
}
