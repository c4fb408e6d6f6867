//! Texts with plain markup, drawn: paragraphs, lists, strong words.

use consilium_domain::markup::{Block, Span, parse};
use leptos::prelude::*;

fn line(spans: Vec<Span>) -> Vec<AnyView> {
    spans
        .into_iter()
        .map(|span| {
            if span.strong {
                view! { <strong>{span.text}</strong> }.into_any()
            } else {
                span.text.into_any()
            }
        })
        .collect()
}

/// An opinion or an answer as its author meant it (see `consilium_domain::markup`).
#[component]
pub fn Prose(
    /// The text as written.
    text: String,
) -> impl IntoView {
    let blocks = parse(&text)
        .into_iter()
        .map(|block| match block {
            Block::Paragraph(spans) => view! { <p>{line(spans)}</p> }.into_any(),
            Block::Items(items) => {
                let items = items
                    .into_iter()
                    .map(|item| view! { <li>{line(item)}</li> }.into_any());
                view! { <ul>{items.collect::<Vec<_>>()}</ul> }.into_any()
            }
            Block::Numbered(items) => {
                let items = items
                    .into_iter()
                    .map(|(number, item)| view! { <li value=number>{line(item)}</li> }.into_any());
                view! { <ol>{items.collect::<Vec<_>>()}</ol> }.into_any()
            }
        })
        .collect::<Vec<_>>();
    view! { <div class="marked-up">{blocks}</div> }
}
