//! The rows, the image series and the documents of a package, by category; each value can be questioned.

use consilium_domain::DataCategory;
use consilium_protocol::preparation::{Item, Package};
use leptos::prelude::*;

use super::gaps::Raise;
use crate::{
    api, context, format,
    i18n::{self, PackageTexts, fill},
    pages::data::findings::ItemView,
    ui::{Doing, InstitutionName},
};

/// Rows shown of one category.
const ROWS_SHOWN: usize = 300;

/// What is in the package.
#[component]
pub fn ContentsPanel(
    /// The package.
    package: Package,
    /// The reader's institution leads.
    leads: bool,
    /// What is being done.
    doing: Doing,
) -> impl IntoView {
    let locale = context::locale();
    let t = PackageTexts::of(locale);
    let sections = DataCategory::ALL
        .iter()
        .filter_map(|category| {
            let items: Vec<Item> = package
                .items
                .iter()
                .filter(|item| item.category == *category)
                .cloned()
                .collect();
            let count = fill(t.rows, &[&items.len().to_string()]);
            (!items.is_empty()).then(|| {
                let rows = items
                    .into_iter()
                    .take(ROWS_SHOWN)
                    .map(|item| view! { <Row item leads id=package.consultation_id doing /> })
                    .collect_view();
                view! {
                    <details>
                        <summary>
                            {i18n::category(*category, locale)} " " <span class="quiet">{count}</span>
                        </summary>
                        {rows}
                    </details>
                }
            })
        })
        .collect_view();
    let series = package
        .series
        .iter()
        .map(|of| {
            view! {
                <li>
                    <InstitutionName of=of.institution.clone() />
                    <b>{of.modality.clone()}</b>
                    <span>{of.description.clone()}</span>
                    <span class="quiet">{fill(t.images, &[&of.instances.to_string()])}</span>
                    <span class="mono quiet">{of.hash.chars().take(16).collect::<String>()}</span>
                </li>
            }
        })
        .collect_view();
    let attachments = package
        .attachments
        .iter()
        .map(|of| {
            let href = api::of(package.consultation_id, &format!("attachments/{}", of.id));
            let media = of.media.rsplit('/').next().unwrap_or_default().to_uppercase();
            view! {
                <li>
                    <InstitutionName of=of.institution.clone() />
                    <a href=href target="_blank" rel="noopener" data-testid="attachment">
                        {of.name.clone()}
                    </a>
                    <span class="quiet">{format!("{media} · {}", format::bytes(of.bytes))}</span>
                    <span class="quiet">
                        {format!("{} · {}", of.added_by_name, format::absolute(of.added_at, locale))}
                    </span>
                    <span class="mono quiet">{of.sha256.chars().take(16).collect::<String>()}</span>
                </li>
            }
        })
        .collect_view();
    let any_attachments = !package.attachments.is_empty();
    let any_series = !package.series.is_empty();
    view! {
        <section class="panel" aria-labelledby="contents">
            <h2 id="contents">{t.contents}</h2>
            {sections}
            {any_series
                .then(|| {
                    view! {
                        <h3>{t.series}</h3>
                        <ul class="deadlines">{series}</ul>
                    }
                })}
            {any_attachments
                .then(|| {
                    view! {
                        <h3>{t.attachments}</h3>
                        <ul class="deadlines">{attachments}</ul>
                    }
                })}
        </section>
    }
}

#[component]
fn Row(item: Item, leads: bool, id: consilium_domain::ConsultationId, doing: Doing) -> impl IntoView {
    let locale = context::locale();
    let institution = item.institution.clone();
    let source = format::absolute(item.reference.available_at, locale);
    let wrong = item.findings.first().map(|of| of.element.clone());
    let row = item.reference.item_id;
    view! {
        <ItemView item>
            <p class="quiet">
                <InstitutionName of=institution.clone() />
                " · "
                {source}
            </p>
            {wrong
                .filter(|_| leads)
                .map(|element| view! { <Raise id item=row element institution doing /> })}
        </ItemView>
    }
}
