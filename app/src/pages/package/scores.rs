//! The scores of the whole, of each category and of each institution; each leads to what is missing.

use consilium_protocol::preparation::{Package, Quality, Share};
use leptos::prelude::*;

use super::gaps::{Focus, Gap, gaps_of};
use crate::{
    context, format,
    i18n::{self, PackageTexts, fill},
    ui::colour_class,
};

/// The table of scores.
#[component]
pub fn ScoresPanel(
    /// The package.
    package: Package,
    /// What the list of gaps shows.
    focus: RwSignal<Focus>,
) -> impl IntoView {
    let locale = context::locale();
    let t = PackageTexts::of(locale);
    let gaps = gaps_of(&package);
    let mut rows = vec![line(
        t.whole.to_owned(),
        "",
        &package.quality,
        Focus::All,
        &gaps,
        focus,
    )];
    rows.extend(package.by_category.iter().map(|(of, quality)| {
        let name = i18n::category(*of, locale).to_owned();
        line(name, "", quality, Focus::Category(*of), &gaps, focus)
    }));
    rows.extend(package.by_institution.iter().map(|(of, quality)| {
        let name = i18n::institution_name(of, locale);
        line(
            name,
            colour_class(of),
            quality,
            Focus::Institution(of.id),
            &gaps,
            focus,
        )
    }));
    view! {
        <section class="panel" aria-labelledby="scores">
            <h2 id="scores">{t.scores}</h2>
            <div class="scroll">
                <table class="rows scores">
                    <thead>
                        <tr>
                            <th scope="col">{t.score_of}</th>
                            <th scope="col">{t.core}</th>
                            <th scope="col">{t.non_core}</th>
                            <th scope="col">{t.consistent}</th>
                            <th scope="col">{t.errors}</th>
                            <th scope="col">{t.in_time}</th>
                            <th scope="col">{t.delay}</th>
                            <th scope="col">{t.gaps}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <p class="quiet">{t.limits}</p>
        </section>
    }
}

/// A percentage with its counts; `good` decides its tone, and a sign says it too.
fn share(of: Share, good: impl Fn(Share) -> bool) -> AnyView {
    let t = PackageTexts::of(context::locale());
    if of.whole == 0 {
        return view! { <td class="figure quiet">"–"</td> }.into_any();
    }
    let counts = fill(t.counts, &[&of.part.to_string(), &of.whole.to_string()]);
    let (class, sign) = if good(of) {
        ("score", "✓")
    } else {
        ("score late-text", "▲")
    };
    view! {
        <td class="figure">
            <span class=class>
                <span aria-hidden="true">{sign}</span>
                " "
                {format::percent(of)}
            </span>
            <small>{counts}</small>
        </td>
    }
    .into_any()
}

fn at_least(percent: u128) -> impl Fn(Share) -> bool {
    move |of| u128::from(of.part) * 100 >= u128::from(of.whole) * percent
}

fn line(
    name: String,
    dot: &'static str,
    quality: &Quality,
    of: Focus,
    gaps: &[Gap],
    focus: RwSignal<Focus>,
) -> impl IntoView + use<> {
    let locale = context::locale();
    let t = PackageTexts::of(locale);
    let count = gaps.iter().filter(|gap| of.takes(gap)).count();
    let dot = (!dot.is_empty()).then(|| view! { <i class=format!("dot {dot}") aria-hidden="true"></i> });
    // What is seen comes first, so that those who speak to the page can say it.
    let label = format!("{count} {name}{}{}", i18n::Common::of(locale).colon, t.missing);
    let show = (count > 0).then(|| {
        view! {
            <a href="#missing" aria-label=label on:click=move |_| focus.set(of)>
                {count.to_string()}
            </a>
        }
    });
    let none = (count == 0).then_some("0");
    view! {
        <tr>
            <th scope="row">{dot} " " {name}</th>
            {share(quality.core, at_least(99))}
            {share(quality.non_core, at_least(95))}
            {share(quality.consistent, at_least(100))}
            {share(quality.errors, |of| u128::from(of.part) * 200 <= u128::from(of.whole))}
            {share(quality.in_time, at_least(100))}
            <td class="figure">
                {quality.delay_p95_ms.map_or_else(|| "–".to_owned(), |ms| format::length(ms, locale))}
            </td>
            <td class="figure">{show} {none}</td>
        </tr>
    }
}
