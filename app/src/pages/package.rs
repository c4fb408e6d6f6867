//! The case package: quality scores that lead down to the element, versions, contents, export.

pub mod contents;
pub mod gaps;
pub mod scores;

use consilium_domain::{ConsultationId, PackageState};
use consilium_protocol::{
    consultation::{Act, ConsultationRow},
    page::Page,
    preparation::{FormElement, Package, PackageSummary},
};
use contents::ContentsPanel;
use gaps::{ConflictsPanel, Focus, GapsPanel};
use leptos::prelude::*;
use scores::ScoresPanel;

use super::data::{CaseHead, names::Names};
use crate::{
    api, browser, context, format,
    i18n::{PackageTexts, fill, preparation},
    ui::{AskReason, Button, ButtonKind, Doing, Empty, Facts, FormErrors, Frame, Outcome, Tone},
};

/// One version of the case package.
#[component]
pub fn PackagePage(
    /// The page.
    page: Page,
    /// The consultation.
    row: ConsultationRow,
    /// The version.
    package: Option<Package>,
    /// All versions.
    versions: Vec<PackageSummary>,
    /// Names of elements.
    elements: Vec<FormElement>,
) -> impl IntoView {
    let t = PackageTexts::of(page.locale);
    let _names = Names::provide(elements);
    let _errors = FormErrors::provide();
    let doing = Doing::new();
    let leads = page
        .me
        .as_ref()
        .is_some_and(|me| me.institution.id == row.lead.id);
    let id = row.id;
    // The lead declares ready from here on; until then the next step is the package itself.
    let may_begin = row.allowed.contains(&Act::Ready);
    let body = match package {
        None => view! { <Begin id may_begin doing /> }.into_any(),
        Some(package) => view! { <Version package leads doing /> }.into_any(),
    };
    let versions = (versions.len() > 1).then(|| view! { <Versions id versions /> });
    view! {
        <Frame me=page.me path=page.path unread=page.unread>
            <CaseHead row title=t.title lead=t.lead /> <Outcome doing /> {body} {versions}
        </Frame>
    }
}

fn validate(id: ConsultationId, doing: Doing) {
    doing.run(async move { api::post_reason(&api::of(id, "package/validate"), String::new()).await });
}

#[component]
fn Begin(id: ConsultationId, may_begin: bool, doing: Doing) -> impl IntoView {
    let t = PackageTexts::of(context::locale());
    view! {
        <Empty title=t.none_title teach=t.none_teach>
            {may_begin
                .then(|| {
                    view! {
                        <Button
                            text=t.validate
                            kind=ButtonKind::Primary
                            busy=doing.busy
                            on_press=move || validate(id, doing)
                        />
                    }
                })}
        </Empty>
    }
}

#[component]
fn Version(package: Package, leads: bool, doing: Doing) -> impl IntoView {
    let focus = RwSignal::new(Focus::All);
    let scores = view! { <ScoresPanel package=package.clone() focus /> }.into_any();
    let gaps = view! { <GapsPanel package=package.clone() focus doing /> }.into_any();
    let conflicts = view! { <ConflictsPanel package=package.clone() leads doing /> }.into_any();
    view! { <Summary package=package.clone() doing /> {scores} {gaps} {conflicts} <ContentsPanel package leads doing /> }
}

const fn tone(state: PackageState) -> &'static str {
    match state {
        PackageState::Frozen | PackageState::Shared | PackageState::Sealed => "mark good",
        PackageState::Building | PackageState::Validated => "mark soon",
        PackageState::Superseded => "mark",
    }
}

/// Where the version stands, what is next, and how it can be trusted.
#[component]
fn Summary(package: Package, doing: Doing) -> impl IntoView {
    let locale = context::locale();
    let t = PackageTexts::of(locale);
    let id = package.consultation_id;
    let can = |verb: &str| package.allowed.iter().any(|of| of == verb);
    let (can_validate, can_freeze) = (can("validate"), can("freeze"));
    let asked = RwSignal::new(false);
    let short = {
        let core = package.quality.core;
        let needed = u128::from(core.whole) * 99;
        u64::try_from(needed.div_ceil(100))
            .unwrap_or(core.whole)
            .saturating_sub(core.part)
    };
    let verdict = if package.complete {
        view! { <p class="notice good form-line">{t.complete}</p> }.into_any()
    } else {
        view! { <p class="notice soon form-line">{fill(t.incomplete, &[&short.to_string()])}</p> }.into_any()
    };
    let freeze_first = can_freeze && package.complete && !package.stale;
    let filled = |on: bool| {
        if on {
            ButtonKind::Primary
        } else {
            ButtonKind::Quiet
        }
    };
    let moment = match package.frozen_at {
        Some(at) => fill(t.frozen_at, &[&format::absolute(at, locale)]),
        None => fill(t.created_at, &[&format::absolute(package.created_at, locale)]),
    };
    let hash = if package.manifest_hash.is_empty() {
        t.hash_none.to_owned()
    } else {
        format::grouped(&package.manifest_hash)
    };
    let rules = format!(
        "{} · {}",
        package.rules.version,
        package.rules.hash.chars().take(12).collect::<String>()
    );
    let facts = vec![
        (t.hash, hash),
        (t.rules, rules),
        (t.dictionary, package.dictionary_version),
    ];
    let open = (package.issues_open > 0).then(|| fill(t.issues_open, &[&package.issues_open.to_string()]));
    let freeze = move |_| {
        asked.set(false);
        doing.run(async move { api::post_reason(&api::of(id, "package/freeze"), String::new()).await });
    };
    view! {
        <section class="panel" aria-labelledby="version">
            <div class="panel-head">
                <h2 id="version">
                    {fill(t.version, &[&package.version.to_string()])} " "
                    <span class=tone(package.state)>{preparation::package(package.state, locale)}</span>
                    {open.map(|text| view! { <span class="mark soon">{text}</span> })}
                </h2>
                <div class="row">
                    {can_freeze
                        .then(|| {
                            view! {
                                <Button
                                    text=t.freeze
                                    kind=filled(freeze_first)
                                    busy=doing.busy
                                    on_press=move || asked.set(true)
                                />
                            }
                        })}
                    {can_validate
                        .then(|| {
                            view! {
                                <Button
                                    text=t.validate
                                    kind=filled(!freeze_first)
                                    busy=doing.busy
                                    on_press=move || validate(id, doing)
                                />
                            }
                        })}
                </div>
            </div>
            {move || {
                asked
                    .get()
                    .then(|| {
                        view! {
                            <AskReason
                                question=t.freeze_question
                                yes=t.freeze
                                on_yes=freeze
                                on_no=move || asked.set(false)
                            />
                        }
                    })
            }}
            {verdict}
            {package.stale.then(|| view! { <p class="notice soon form-line">{t.stale}</p> })}
            {package
                .override_reason
                .as_ref()
                .map(|reason| view! { <p class="notice soon form-line">{fill(t.overridden, &[reason])}</p> })}
            <p class="quiet">{moment}</p>
            <Facts items=facts />
            <Export id version=package.version />
        </section>
    }
}

#[component]
fn Export(id: ConsultationId, version: i32) -> impl IntoView {
    let t = PackageTexts::of(context::locale());
    let doing = Doing::new();
    let download = move |rest: &'static str, accept: &'static str, ending: &'static str| {
        let name = format!("package-v{version}.{ending}");
        let path = api::of(id, rest);
        doing.run_then(
            async move { api::download(&path, accept, &name).await },
            move |()| {
                doing.say(Tone::Good, t.exported);
                doing.rest();
            },
        );
    };
    view! {
        <div class="row export" role="group" aria-label=t.export>
            <Button
                text=t.export_json
                busy=doing.busy
                on_press=move || download("package/$document", "application/fhir+json", "fhir.json")
            />
            <Button
                text=t.export_xml
                busy=doing.busy
                on_press=move || download("package/$document", "application/fhir+xml", "fhir.xml")
            />
            <Button
                text=t.export_plain
                busy=doing.busy
                on_press=move || download("package", "application/xml", "xml")
            />
            <Button text=crate::i18n::ReportTexts::of(context::locale()).print on_press=browser::print />
        </div>
        <p class="quiet">{t.export_hint}</p>
        <Outcome doing />
    }
}

#[component]
fn Versions(id: ConsultationId, versions: Vec<PackageSummary>) -> impl IntoView {
    let locale = context::locale();
    let t = PackageTexts::of(locale);
    let rows = versions
        .into_iter()
        .map(|of| {
            let href = format!("/consultations/{id}/package?version={}", of.version);
            view! {
                <tr>
                    <td>
                        <a href=href>{fill(t.version, &[&of.version.to_string()])}</a>
                    </td>
                    <td>
                        <span class=tone(of.state)>{preparation::package(of.state, locale)}</span>
                    </td>
                    <td>{of.frozen_at.map(format::short)}</td>
                    <td class="figure">{format::percent(of.core)}</td>
                    <td class="figure">{fill(t.rows, &[&of.items.to_string()])}</td>
                    <td class="mono quiet">{of.manifest_hash.chars().take(16).collect::<String>()}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="panel" aria-labelledby="versions">
            <h2 id="versions">{t.versions}</h2>
            <table class="rows">
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
}
