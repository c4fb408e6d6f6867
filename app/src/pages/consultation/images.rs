//! The series as a strip of thumbnails, and the place to add more.

use consilium_protocol::{
    consultation::{Act, ConsultationRow},
    imaging::Series,
};
use leptos::prelude::*;

use super::upload::UploadBar;
use crate::{
    context,
    i18n::{self, ConsultationTexts, fill},
    ui::colour_class,
};

/// Images of the consultation.
#[component]
pub fn ImagesPanel(
    /// The consultation.
    row: ConsultationRow,
    /// Its series when the page was drawn.
    series: Vec<Series>,
) -> impl IntoView {
    let t = ConsultationTexts::of(context::locale());
    let id = row.id;
    let upload = row.allowed.contains(&Act::Upload);
    let room = row
        .allowed
        .contains(&Act::EnterRoom)
        .then(|| format!("/consultations/{id}/room"));
    let series = RwSignal::new(series);
    view! {
        <section class="panel" aria-labelledby="images">
            <h2 id="images">{t.images}</h2>
            <ul class="strip" aria-live="polite">
                {move || {
                    series
                        .get()
                        .into_iter()
                        .map(|of| {
                            let href = room.clone();
                            let source = format!("/api/v1/consultations/{id}/series/{}/thumbnail.png", of.id);
                            view! { <Thumbnail of source href /> }
                        })
                        .collect_view()
                }}
            </ul>
            {move || series.with(Vec::is_empty).then(|| view! { <p class="quiet">{t.images_empty}</p> })}
            {upload.then(|| view! { <UploadBar id series /> })}
        </section>
    }
}

#[component]
fn Thumbnail(of: Series, source: String, href: Option<String>) -> impl IntoView {
    let locale = context::locale();
    let t = ConsultationTexts::of(locale);
    let name = if of.description.is_empty() {
        format!("{} {}", of.modality, of.number)
    } else {
        format!("{} {}", of.modality, of.description)
    };
    let count = fill(t.slices, &[&of.instances.len().to_string()]);
    let alt = fill(t.thumbnail, &[&name]);
    let dot = format!("dot {}", colour_class(&of.institution));
    let institution = i18n::institution_name(&of.institution, locale);
    let body = view! {
        <img src=source alt=alt width="128" height="128" loading="lazy" />
        <span class="strip-name">{name}</span>
        <span class="quiet">
            <i class=dot title=institution aria-hidden="true"></i>
            {count}
        </span>
    };
    view! {
        <li>
            {match href {
                Some(href) => view! { <a href=href>{body}</a> }.into_any(),
                None => view! { <div>{body}</div> }.into_any(),
            }}
        </li>
    }
}
