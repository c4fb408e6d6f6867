//! Signing in: a plain form that works before the page is live.

use leptos::prelude::*;

use crate::{
    context,
    i18n::{Common, SignInTexts},
    ui::frame::{BrandMark, LanguageForm},
};

/// The sign-in page. It does not tell which of the three was wrong.
#[component]
pub fn SignInPage(
    /// The attempt before was refused.
    refused: bool,
    /// Where to go afterwards.
    next: String,
    /// Address path of this page.
    path: String,
) -> impl IntoView {
    let locale = context::locale();
    let t = SignInTexts::of(locale);
    let common = Common::of(locale);
    view! {
        <main class="sign-in" id="content">
            <section class="sign-in-about">
                <p class="brand">
                    <BrandMark />
                    <span>{common.brand}</span>
                </p>
                <p class="sign-in-lead">{t.lead}</p>
                <p>{t.lead_more}</p>
            </section>
            <section class="sign-in-form">
                <h1>{t.title}</h1>
                {refused.then(|| view! { <p class="notice late" role="alert" id="refused">{t.refused}</p> })}
                <form method="post" action="/sign-in" aria-describedby=refused.then_some("refused")>
                    <input type="hidden" name="next" value=next />
                    <div class="field">
                        <label for="username">{t.username}</label>
                        <input
                            id="username"
                            name="username"
                            type="text"
                            autocomplete="username"
                            autocapitalize="none"
                            spellcheck="false"
                            maxlength="64"
                            required
                            autofocus
                        />
                    </div>
                    <div class="field">
                        <label for="password">{t.password}</label>
                        <input
                            id="password"
                            name="password"
                            type="password"
                            autocomplete="current-password"
                            maxlength="256"
                            required
                        />
                    </div>
                    <div class="field">
                        <label for="totp">{t.totp}</label>
                        <input
                            id="totp"
                            name="totp"
                            type="text"
                            class="code"
                            inputmode="numeric"
                            autocomplete="one-time-code"
                            pattern="[0-9]{6}"
                            maxlength="6"
                            aria-describedby="totp-note"
                            required
                        />
                        <p class="field-note" id="totp-note">{t.totp_hint}</p>
                    </div>
                    <button type="submit" class="button primary wide">{t.submit}</button>
                </form>
                <LanguageForm path />
            </section>
        </main>
    }
}
