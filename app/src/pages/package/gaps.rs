//! What is missing, wrong or contradictory, element by element, and where to act on it.

use consilium_domain::{ConsultationId, DataCategory, InstitutionId, ItemId, element::ElementId};
use consilium_protocol::{
    preparation::{IssueInput, Missing, Package, ValueConflict},
    session::Institution,
};
use leptos::prelude::*;

use crate::{
    api, context, format,
    i18n::{self, DeskTexts, PackageTexts, fill, sentence},
    pages::data::names::Names,
    ui::{AskReason, Button, ChoiceChip, Doing, InstitutionName},
};

/// Which gaps are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// All.
    All,
    /// Of one category.
    Category(DataCategory),
    /// Of one institution.
    Institution(InstitutionId),
}

/// A value that is missing or wrong, and its row when there is one.
#[derive(Clone, Debug)]
pub struct Gap {
    missing: Missing,
    category: Option<DataCategory>,
    item: Option<ItemId>,
}

impl Focus {
    /// Whether a gap is listed.
    #[must_use]
    pub fn takes(self, gap: &Gap) -> bool {
        match self {
            Self::All => true,
            Self::Category(of) => gap.category == Some(of),
            Self::Institution(of) => gap.missing.institution.id == of,
        }
    }
}

/// The gaps of a package with their rows, core elements first.
#[must_use]
pub fn gaps_of(package: &Package) -> Vec<Gap> {
    let mut gaps: Vec<Gap> = package
        .missing
        .iter()
        .map(|missing| {
            let number = usize::from(missing.element.category());
            let item = package
                .items
                .iter()
                .find(|item| {
                    item.reference.key == missing.key && item.institution.id == missing.institution.id
                })
                .map(|item| item.reference.item_id);
            Gap {
                missing: missing.clone(),
                category: DataCategory::ALL.get(number.wrapping_sub(1)).copied(),
                item,
            }
        })
        .collect();
    // What keeps the package from being complete comes first.
    gaps.sort_by_key(|gap| !gap.missing.core);
    gaps
}

/// The list of gaps with its filter.
#[component]
pub fn GapsPanel(
    /// The package.
    package: Package,
    /// What is listed.
    focus: RwSignal<Focus>,
    /// What is being done.
    doing: Doing,
) -> impl IntoView {
    let locale = context::locale();
    let t = PackageTexts::of(locale);
    let id = package.consultation_id;
    let gaps = gaps_of(&package);
    let empty = gaps.is_empty();
    let mut choices = vec![(Focus::All, t.all.to_owned())];
    for category in DataCategory::ALL {
        if gaps.iter().any(|gap| gap.category == Some(*category)) {
            choices.push((
                Focus::Category(*category),
                i18n::category(*category, locale).to_owned(),
            ));
        }
    }
    let mut seen: Vec<InstitutionId> = Vec::new();
    for gap in &gaps {
        let of = &gap.missing.institution;
        if !seen.contains(&of.id) {
            seen.push(of.id);
            choices.push((Focus::Institution(of.id), i18n::institution_name(of, locale)));
        }
    }
    let chips = choices
        .into_iter()
        .map(|(of, text)| {
            let chosen = Signal::derive(move || focus.get() == of);
            view! { <ChoiceChip text chosen on_press=move || focus.set(of) /> }
        })
        .collect_view();
    let rows = gaps
        .into_iter()
        .map(|gap| {
            let of = gap.clone();
            let hidden = Memo::new(move |_| !focus.get().takes(&of));
            view! { <GapRow gap id hidden doing /> }
        })
        .collect_view();
    view! {
        <section class="panel" id="missing" tabindex="-1" aria-labelledby="missing-title">
            <h2 id="missing-title">{t.missing}</h2>
            {if empty {
                view! { <p class="quiet">{t.missing_none}</p> }.into_any()
            } else {
                view! {
                    <div class="chips form-line" role="group" aria-label=t.missing>
                        {chips}
                    </div>
                    <table class="rows">
                        <thead>
                            <tr>
                                <th scope="col">{t.column_element}</th>
                                <th scope="col">{t.column_institution}</th>
                                <th scope="col">{t.column_what}</th>
                                <th scope="col">{t.column_act}</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                }
                    .into_any()
            }}
        </section>
    }
}

#[component]
fn GapRow(gap: Gap, id: ConsultationId, hidden: Memo<bool>, doing: Doing) -> impl IntoView {
    let locale = context::locale();
    let t = PackageTexts::of(locale);
    let Gap { missing, item, .. } = gap;
    let name = Names::get().name(&missing.element, locale);
    let what = match &missing.code {
        Some(code) => sentence(code, locale),
        None if missing.key.is_empty() => t.whole_row,
        None => t.is_missing,
    };
    let wrong = missing.code.is_some();
    let desk = format!("/consultations/{id}/data");
    let act = match item.filter(|_| wrong) {
        Some(item) => view! {
            <Raise id item element=missing.element.clone() institution=missing.institution.clone() doing />
        }
        .into_any(),
        None => view! { <a href=desk>{t.to_desk}</a> }.into_any(),
    };
    view! {
        <tr hidden=move || hidden.get()>
            <td>
                <b>{name}</b>
                " "
                <span class="number">{missing.element.to_string()}</span>
                {missing.core.then(|| view! { <span class="mark">{t.is_core}</span> })}
                {(!missing.key.is_empty()).then(|| view! { <div class="number">{missing.key.clone()}</div> })}
            </td>
            <td>
                <InstitutionName of=missing.institution.clone() />
            </td>
            <td class:late-text=wrong>{what}</td>
            <td>{act}</td>
        </tr>
    }
}

/// Asks the source to correct one element.
#[component]
pub fn Raise(
    /// The consultation.
    id: ConsultationId,
    /// The row.
    item: ItemId,
    /// The element.
    element: ElementId,
    /// Whose it is.
    institution: Institution,
    /// What is being done.
    doing: Doing,
) -> impl IntoView {
    let locale = context::locale();
    let t = DeskTexts::of(locale);
    let asked = RwSignal::new(false);
    let element = StoredValue::new(element);
    let question = fill(t.raise_question, &[&i18n::institution_name(&institution, locale)]);
    let send = move |reason| {
        asked.set(false);
        let input = IssueInput {
            item_id: item,
            element: element.get_value(),
            reason,
        };
        doing.run(async move { api::post(&api::of(id, "issues"), &input).await });
    };
    view! {
        <Button text=t.raise busy=doing.busy on_press=move || asked.update(|on| *on = !*on) />
        {move || {
            asked
                .get()
                .then(|| {
                    view! {
                        <AskReason
                            label=t.raise_reason
                            question=question.clone()
                            yes=t.raise
                            on_yes=send
                            on_no=move || asked.set(false)
                        />
                    }
                })
        }}
    }
}

/// Values that institutions hold differently.
#[component]
pub fn ConflictsPanel(
    /// The package.
    package: Package,
    /// The reader's institution leads.
    leads: bool,
    /// What is being done.
    doing: Doing,
) -> impl IntoView {
    let t = PackageTexts::of(context::locale());
    let any = !package.conflicts.is_empty();
    let rows = package
        .conflicts
        .iter()
        .map(|of| view! { <Conflict of=of.clone() package=package.clone() leads doing /> })
        .collect_view();
    any.then(|| {
        view! {
            <section class="panel" aria-labelledby="conflicts">
                <h2 id="conflicts">{t.conflicts}</h2>
                {rows}
            </section>
        }
    })
}

#[component]
fn Conflict(of: ValueConflict, package: Package, leads: bool, doing: Doing) -> impl IntoView {
    let locale = context::locale();
    let t = PackageTexts::of(locale);
    let id = package.consultation_id;
    let names = Names::get();
    let element: Option<ElementId> = of.code.parse().ok();
    let name = element
        .as_ref()
        .map_or_else(|| of.code.clone(), |element| names.name(element, locale));
    // A test is compared by its result, row 3.3 of Table 1.
    let element = element.unwrap_or(ElementId::row(3, 3));
    let at = of.at.map(|at| fill(t.conflict_at, &[&format::short(at)]));
    let values = of
        .values
        .into_iter()
        .map(|(institution, value)| {
            let item = of.items.iter().copied().find(|item| {
                package
                    .items
                    .iter()
                    .any(|row| row.reference.item_id == *item && row.institution.id == institution.id)
            });
            let element = element.clone();
            view! {
                <li>
                    <InstitutionName of=institution.clone() />
                    <b>{value}</b>
                    {item.filter(|_| leads).map(|item| view! { <Raise id item element institution doing /> })}
                </li>
            }
        })
        .collect_view();
    view! {
        <article class="entry">
            <header>
                <b>{name}</b>
                <small>{at}</small>
            </header>
            <ul class="deadlines">{values}</ul>
        </article>
    }
}
