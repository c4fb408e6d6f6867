//! What pages show again and again: an institution by its colour and name, facts by name, an empty place that
//! teaches.

use consilium_protocol::session::Institution;
use leptos::prelude::*;

use super::colour_class;
use crate::{context, i18n};

/// An institution: its colour as a dot, then its name.
#[component]
pub fn InstitutionName(
    /// The institution.
    of: Institution,
) -> impl IntoView {
    let name = i18n::institution_name(&of, context::locale());
    view! {
        <span class="institution">
            <i class=format!("dot {}", colour_class(&of)) aria-hidden="true"></i>
            <span>{name}</span>
        </span>
    }
}

/// Names and texts; what has no text is left out.
#[component]
pub fn Facts(
    /// In the order shown.
    items: Vec<(&'static str, String)>,
) -> impl IntoView {
    let rows = items
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| {
            view! {
                <div>
                    <dt>{name}</dt>
                    <dd>{text}</dd>
                </div>
            }
        })
        .collect_view();
    view! { <dl class="facts long">{rows}</dl> }
}

/// What this place is, why it is empty, and the one thing to do.
#[component]
pub fn Empty(
    /// That it is empty.
    title: &'static str,
    /// What comes here, and how.
    teach: &'static str,
    /// The one thing to do.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <section class="empty">
            <h2>{title}</h2>
            <p>{teach}</p>
            {children.map(|children| children())}
        </section>
    }
}

/// Quiet lines of text.
#[component]
pub fn Lines(
    /// In the order shown.
    of: Vec<String>,
) -> impl IntoView {
    of.into_iter()
        .map(|line| view! { <p class="quiet">{line}</p> })
        .collect_view()
}
