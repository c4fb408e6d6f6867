//! An opinion as readers see it.

use leptos::prelude::*;

use crate::room::markup::{Block, Line, read};

fn line(line: Line) -> impl IntoView {
    line.into_iter()
        .map(|span| {
            if span.bold {
                view! { <strong>{span.text}</strong> }.into_any()
            } else {
                span.text.into_any()
            }
        })
        .collect_view()
}

fn points(items: Vec<Line>) -> impl IntoView {
    items
        .into_iter()
        .map(|item| view! { <li>{line(item)}</li> })
        .collect_view()
}

/// A text with its markup drawn.
pub fn prose(text: &str) -> AnyView {
    read(text)
        .into_iter()
        .map(|block| match block {
            Block::Paragraph(lines) => {
                let lines = lines
                    .into_iter()
                    .enumerate()
                    .map(|(at, of)| view! { {(at > 0).then(|| view! { <br /> })} {line(of)} })
                    .collect_view();
                view! { <p>{lines}</p> }.into_any()
            }
            Block::List {
                ordered: true,
                first,
                items,
            } => view! { <ol start=first>{points(items)}</ol> }.into_any(),
            Block::List { items, .. } => view! { <ul>{points(items)}</ul> }.into_any(),
        })
        .collect_view()
        .into_any()
}
