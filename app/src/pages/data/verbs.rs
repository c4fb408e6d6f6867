//! What the reader may do with a request or a correction notice: the commands of its state machine as buttons.

use consilium_protocol::page::Locale;
use leptos::prelude::*;

use crate::{
    api, context,
    i18n::{DeskTexts, fill},
    ui::{AskReason, Button, ButtonKind, Doing},
};

/// Text of a command, and the question before it when it needs a reason.
fn words(of_issue: bool, verb: &str, locale: Locale) -> Option<(&'static str, Option<&'static str>)> {
    let t = DeskTexts::of(locale);
    Some(match verb {
        "send" => (t.verb_send, None),
        "verify" if of_issue => (t.verb_issue_verify, None),
        "verify" => (t.verb_verify, None),
        "extract" => (t.verb_extract, None),
        "submit" => (t.verb_submit, None),
        "accept" => (t.verb_accept, None),
        "refuse" => (t.verb_refuse, Some(t.ask_refuse)),
        "return" => (t.verb_return, Some(t.ask_return)),
        "cancel" => (t.verb_cancel, Some(t.ask_cancel)),
        "reject" => (t.verb_issue_reject, Some(t.ask_reject)),
        "waive" => (t.verb_waive, Some(t.ask_waive)),
        _ => return None,
    })
}

/// Buttons for `allowed`; each posts to `path/verb`.
#[component]
pub fn Verbs(
    /// Address of the thing.
    path: String,
    /// Commands that are possible now.
    allowed: Vec<String>,
    /// It is a correction notice.
    #[prop(optional)]
    of_issue: bool,
    /// The first is the filled button of the page.
    #[prop(optional)]
    first: bool,
    /// What is being done.
    doing: Doing,
) -> impl IntoView {
    let locale = context::locale();
    let t = DeskTexts::of(locale);
    let path = StoredValue::new(path);
    let asked = RwSignal::new(None::<(String, &'static str, &'static str)>);
    let send = move |verb: String, reason: String| {
        let address = format!("{}/{verb}", path.get_value());
        doing.run(async move { api::post_reason(&address, reason).await });
    };
    let buttons = allowed
        .into_iter()
        .filter_map(|verb| words(of_issue, &verb, locale).map(|words| (verb, words)))
        .enumerate()
        .map(|(n, (verb, (text, question)))| {
            let kind = if first && n == 0 && question.is_none() {
                ButtonKind::Primary
            } else {
                ButtonKind::Quiet
            };
            let press = move || match question {
                Some(question) => asked.set(Some((verb.clone(), text, question))),
                None => send(verb.clone(), String::new()),
            };
            view! { <Button text=text.to_owned() kind busy=doing.busy on_press=press /> }
        })
        .collect_view();
    view! {
        <div class="row">{buttons}</div>
        {move || {
            asked
                .get()
                .map(|(verb, text, question)| {
                    let yes = move |reason| {
                        asked.set(None);
                        send(verb.clone(), reason);
                    };
                    view! {
                        <AskReason
                            label=fill(t.reason_of, &[text])
                            question
                            yes=text
                            on_yes=yes
                            on_no=move || asked.set(None)
                        />
                    }
                })
        }}
    }
}
