//! What surrounds every page of a signed-in person: navigation, who one is, language, sign-out.

use consilium_domain::{Role, permission::may_create};
use consilium_protocol::{page::Locale, session::Me};
use leptos::prelude::*;

use super::{bell::Bell, colour_class};
use crate::i18n::{self, Common};

/// Which entry of the navigation is the present page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// The worklist.
    Worklist,
    /// The request form.
    New,
    /// Who is late.
    Late,
    /// Notices.
    Notices,
    /// Transfers.
    Transfers,
    /// Live rooms, for those who run the platform.
    Rooms,
    /// Somewhere below.
    #[default]
    Other,
}

/// Navigation at the side and the page's content.
#[component]
pub fn Frame(
    /// Who is signed in.
    me: Option<Me>,
    /// Address path of this page.
    path: String,
    /// The present entry.
    #[prop(optional)]
    place: Place,
    /// Notices not read yet.
    #[prop(optional)]
    unread: u64,
    /// The content.
    children: Children,
) -> impl IntoView {
    let locale = crate::context::locale();
    let t = Common::of(locale);
    let role = me.as_ref().map(|me| me.role);
    let create = role.is_some_and(may_create);
    let clinical = matches!(role, Some(Role::Admin | Role::Operator | Role::Expert));
    let current = move |here: Place| (here == place).then_some("page");
    view! {
        <a class="skip" href="#content">{t.skip}</a>
        <div class="frame">
            <header class="side">
                <a class="brand" href="/">
                    <BrandMark />
                    <span>{t.brand}</span>
                </a>
                <nav aria-label=t.navigation>
                    <a href="/" aria-current=current(Place::Worklist)>{t.worklist}</a>
                    {create
                        .then(|| {
                            view! {
                                <a href="/consultations/new" aria-current=current(Place::New)>{t.start_consultation}</a>
                            }
                        })}
                    {clinical.then(|| view! { <a href="/late" aria-current=current(Place::Late)>{t.late}</a> })}
                    {role.map(|_| view! { <Bell unread here=place == Place::Notices /> })}
                    {create
                        .then(|| {
                            view! { <a href="/transfers" aria-current=current(Place::Transfers)>{t.transfers}</a> }
                        })}
                    {(role == Some(Role::Ops))
                        .then(|| {
                            view! { <a href="/operations/rooms" aria-current=current(Place::Rooms)>{t.rooms}</a> }
                        })}
                </nav>
                <div class="who">
                    {me.map(|me| view! { <Who me /> })}
                    <LanguageForm path />
                </div>
            </header>
            <main id="content" tabindex="-1">{children()}</main>
        </div>
    }
}

#[component]
fn Who(me: Me) -> impl IntoView {
    let locale = crate::context::locale();
    let t = Common::of(locale);
    let institution = i18n::institution_name(&me.institution, locale);
    let dot = format!("dot {}", colour_class(&me.institution));
    let duty = if me.department.is_empty() {
        i18n::role(me.role, locale).to_owned()
    } else {
        format!("{} · {}", i18n::role(me.role, locale), me.department)
    };
    view! {
        <p class="who-name">{me.display_name}</p>
        <p>{duty}</p>
        <p class="who-institution">
            <i class=dot aria-hidden="true"></i>
            <span>{institution}</span>
        </p>
        <form method="post" action="/sign-out" on:submit=|_| crate::browser::forget_rooms()>
            <button type="submit" class="plain">{t.sign_out}</button>
        </form>
    }
}

/// Changes the language and comes back to this page; a plain form, so it works before the page is live.
#[component]
pub fn LanguageForm(
    /// Where to come back to.
    path: String,
) -> impl IntoView {
    let locale = crate::context::locale();
    let t = Common::of(locale);
    let pressed = move |of: Locale| (locale == of).then_some("true");
    view! {
        <form class="language" method="post" action="/language" aria-label=t.language>
            <input type="hidden" name="next" value=path />
            <button type="submit" name="locale" value="zh-CN" lang="zh-CN" class="plain" aria-current=pressed(Locale::ZhCn)>
                {t.chinese}
            </button>
            <button type="submit" name="locale" value="en" lang="en" class="plain" aria-current=pressed(Locale::En)>
                {t.english}
            </button>
        </form>
    }
}

/// The mark: three institutions around one case.
#[component]
pub fn BrandMark() -> impl IntoView {
    view! {
        <svg class="brand-mark" viewBox="0 0 32 32" aria-hidden="true">
            <path class="brand-1" d="M18.26 3.2A13 13 0 0 1 28.22 20.45" />
            <path class="brand-2" d="M25.96 24.36A13 13 0 0 1 6.04 24.36" />
            <path class="brand-3" d="M3.78 20.45A13 13 0 0 1 13.74 3.2" />
            <circle class="brand-case" cx="16" cy="16" r="4.5" />
        </svg>
    }
}
