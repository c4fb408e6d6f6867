//! What happened, said in words and to screen readers.

use leptos::{html, prelude::*};

use super::{Button, ButtonKind};

/// What a notice means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Information.
    Info,
    /// Done.
    Good,
    /// Soon or doubtful.
    Soon,
    /// Refused or lost.
    Late,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Info => "notice info",
            Self::Good => "notice good",
            Self::Soon => "notice soon",
            Self::Late => "notice late",
        }
    }
}

/// A live region: empty while there is nothing to say.
#[component]
pub fn Notice(
    /// What to say, and how it is meant.
    #[prop(into)]
    message: Signal<Option<(Tone, String)>>,
) -> impl IntoView {
    view! {
        <div class="notice-place" role="status" aria-live="polite">
            {move || message.get().map(|(tone, text)| view! { <p class=tone.class()>{text}</p> })}
        </div>
    }
}

/// A question before something that matters, in the place where it was asked.
#[component]
pub fn ConfirmBar(
    /// The question.
    #[prop(into)]
    question: String,
    /// More to know before answering.
    #[prop(into, optional)]
    detail: String,
    /// Text of yes.
    #[prop(into)]
    yes: String,
    /// Text of no.
    #[prop(into)]
    no: String,
    /// Yes cannot be undone.
    #[prop(optional)]
    danger: bool,
    /// Leaves the focus where it is.
    #[prop(optional)]
    calm: bool,
    /// What yes does.
    on_yes: impl Fn() + 'static,
    /// What no does.
    on_no: impl Fn() + 'static,
) -> impl IntoView {
    let kind = if danger {
        ButtonKind::Danger
    } else {
        ButtonKind::Primary
    };
    let node = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        if let Some(bar) = node.get()
            && !calm
            && let Err(error) = bar.focus()
        {
            leptos::logging::debug_warn!("focus: {error:?}");
        }
    });
    view! {
        <div class="confirm" node_ref=node role="alertdialog" tabindex="-1" aria-label=question.clone()>
            <div>
                <p class="confirm-question">{question.clone()}</p>
                {(!detail.is_empty()).then(|| view! { <p class="confirm-detail">{detail}</p> })}
            </div>
            <div class="row">
                <Button text=yes kind on_press=on_yes />
                <Button text=no on_press=on_no />
            </div>
        </div>
    }
}
