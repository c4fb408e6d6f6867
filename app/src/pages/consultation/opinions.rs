//! Submitted opinions.

use consilium_protocol::consultation::Opinion;
use leptos::prelude::*;

use crate::{
    context, format,
    i18n::{self, ConsultationTexts, ReportTexts, fill},
    ui::{Prose, colour_class},
};

/// The opinions that were submitted so far.
#[component]
pub fn OpinionsPanel(
    /// Opinions.
    opinions: Vec<Opinion>,
) -> impl IntoView {
    let t = ConsultationTexts::of(context::locale());
    let empty = opinions.is_empty();
    let items = opinions
        .into_iter()
        .map(|opinion| view! { <OpinionText opinion /> })
        .collect_view();
    view! {
        <section class="panel" aria-labelledby="opinions">
            <h2 id="opinions">{t.opinions}</h2>
            {empty.then(|| view! { <p class="quiet">{t.opinions_empty}</p> })}
            {items}
        </section>
    }
}

/// One opinion: institution in its colour, author, whether it agrees, text, signature.
#[component]
pub fn OpinionText(
    /// The opinion.
    opinion: Opinion,
) -> impl IntoView {
    let locale = context::locale();
    let t = ConsultationTexts::of(locale);
    let institution = i18n::institution_name(&opinion.institution, locale);
    let author = if opinion.department.is_empty() {
        opinion.author.clone()
    } else {
        format!("{} · {}", opinion.author, opinion.department)
    };
    let (stand, tone) = if opinion.dissent {
        (t.dissent, "mark soon")
    } else {
        (t.agree, "mark good")
    };
    let (signature, signed_class) = if opinion.signature_valid {
        (t.signed, "quiet")
    } else {
        (t.signature_broken, "late-text")
    };
    let stamp = format!(
        "{} · {}",
        fill(t.version, &[&opinion.version.to_string()]),
        format::short(opinion.submitted_at)
    );
    let replaced = opinion
        .superseded
        .then(|| view! { <span class="quiet">{format!(" {}", t.superseded)}</span> });
    let cites = (!opinion.cites.is_empty()).then(|| {
        fill(
            ReportTexts::of(locale).cited,
            &[&format::list(&opinion.cites, locale)],
        )
    });
    view! {
        <article class=format!("opinion {}", colour_class(&opinion.institution))>
            <header>
                <b>{institution}</b>
                <span>{author}</span>
                <span class=tone>{stand}</span>
                <small>
                    <time datetime=opinion.submitted_at.to_string() title=format::absolute(opinion.submitted_at, locale)>
                        {stamp}
                    </time>
                    <span class=signed_class>{format!(" {signature}")}</span>
                    {replaced}
                </small>
            </header>
            <div class="opinion-text"><Prose text=opinion.text /></div>
            {cites.map(|text| view! { <p class="quiet">{text}</p> })}
        </article>
    }
}
