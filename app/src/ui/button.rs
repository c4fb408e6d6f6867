//! Buttons. A page has one filled button: the next action.

use leptos::prelude::*;

/// How a button looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ButtonKind {
    /// Filled: the next action.
    Primary,
    /// Everything else.
    #[default]
    Quiet,
    /// Cannot be undone.
    Danger,
}

impl ButtonKind {
    const fn class(self) -> &'static str {
        match self {
            Self::Primary => "button primary",
            Self::Quiet => "button",
            Self::Danger => "button danger",
        }
    }
}

/// A button that does something on this page. While `busy` it cannot be pressed.
#[component]
pub fn Button(
    /// What it says.
    #[prop(into)]
    text: Signal<String>,
    /// How it looks.
    #[prop(optional)]
    kind: ButtonKind,
    /// Cannot be pressed now.
    #[prop(into, optional)]
    busy: Signal<bool>,
    /// What it does.
    on_press: impl Fn() + 'static,
) -> impl IntoView {
    view! {
        <button type="button" class=kind.class() disabled=move || busy.get() on:click=move |_| on_press()>
            {move || text.get()}
        </button>
    }
}

/// A link that looks like a button: goes to another page.
#[component]
pub fn LinkButton(
    /// Where to.
    #[prop(into)]
    href: String,
    /// What it says.
    #[prop(into)]
    text: String,
    /// How it looks.
    #[prop(optional)]
    kind: ButtonKind,
) -> impl IntoView {
    view! { <a class=kind.class() href=href>{text}</a> }
}
