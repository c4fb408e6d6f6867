//! Rows as stored, each finding beside the value it is about.

use consilium_domain::RecordKind;
use consilium_protocol::preparation::{ElementFinding, Item};
use leptos::prelude::*;

use super::names::Names;
use crate::{
    context, format,
    i18n::{DeskTexts, fill, preparation, sentence},
};

/// What is wrong, and the value seen.
#[component]
pub fn Finding(
    /// The finding.
    of: ElementFinding,
) -> impl IntoView {
    let locale = context::locale();
    let t = DeskTexts::of(locale);
    let mut text = sentence(&of.code, locale).to_owned();
    if !of.seen.is_empty() {
        text.push_str(&fill(t.seen_in, &[&of.seen]));
    }
    let class = if of.error { "finding late-text" } else { "finding" };
    view! {
        <span class=class>
            {(!of.error).then(|| view! { <span class="mark soon">{t.warning}</span> })} <span>{text}</span>
        </span>
    }
}

/// One row: its mark, its values, its findings.
#[component]
pub fn ItemView(
    /// The row.
    item: Item,
    /// What can be done with it.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let locale = context::locale();
    let t = DeskTexts::of(locale);
    let names = Names::get();
    let (mark, class) = match &item {
        of if of.duplicate => (t.duplicate, "mark"),
        of if of.superseded => (t.superseded, "mark"),
        of if of.stored => (t.stored, "mark good"),
        _ => (t.refused, "mark late"),
    };
    let mut findings = item.findings;
    let mut lines = Vec::new();
    for (id, value) in &item.elements {
        let (own, rest): (Vec<_>, Vec<_>) = findings.into_iter().partition(|of| of.element == *id);
        findings = rest;
        lines.push((names.name(id, locale), names.value(id, value, locale), own));
    }
    // Findings about elements that have no value.
    for of in findings {
        lines.push((names.name(&of.element, locale), String::new(), vec![of]));
    }
    let lines = lines
        .into_iter()
        .map(|(name, value, found)| {
            let wrong = found.iter().any(|of| of.error);
            view! {
                <div class:wrong=wrong>
                    <dt>{name}</dt>
                    <dd>
                        {value} {found.into_iter().map(|of| view! { <Finding of /> }).collect_view()}
                    </dd>
                </div>
            }
        })
        .collect_view();
    let single = !matches!(
        item.reference.kind,
        RecordKind::Lab | RecordKind::Exam | RecordKind::Imaging
    );
    let key = (!single).then(|| view! { <span class="number">{item.reference.key.clone()}</span> });
    view! {
        <article class="item" id=format!("item-{}", item.reference.item_id)>
            <header>
                <b>{preparation::record(item.reference.kind, locale)}</b>
                {key}
                <span class=class>{mark}</span>
                <small title=format::absolute(item.received_at, locale)>
                    {fill(t.version, &[&item.reference.version.to_string()])} " · "
                    {format::short(item.received_at)}
                </small>
            </header>
            <dl class="facts values">{lines}</dl>
            {children.map(|children| children())}
        </article>
    }
}
