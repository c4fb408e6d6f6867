//! The numbers of clause 4.2.1 over the rows of a package: of the whole, by category of Table 1, by
//! institution. Pure: the arithmetic is [`consilium_domain::quality`]'s.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use consilium_domain::{
    DataCategory, InstitutionId, IssueState, ItemId, RecordKind, Severity, Timestamp,
    clock::SOURCE_DELAY_MS,
    element::{Applicability, Dictionary, ElementId, Finding, Record, Tier},
    quality::{
        CORE_MIN, Checked, Completeness, Ratio, accuracy, completeness, consistency, contribution, timeliness,
    },
};
use consilium_protocol::preparation::{Quality, Share};
use consilium_storage::Issue;
use uuid::Uuid;

/// One row as it is counted.
#[derive(Clone, Debug)]
pub struct Row {
    /// The row.
    pub item: ItemId,
    /// Its source.
    pub institution: InstitutionId,
    /// What it holds.
    pub record: Record,
    /// What the check found in it.
    pub findings: Vec<Finding>,
    /// When it became readable at the lead.
    pub received_at: Timestamp,
    /// It came from its source by itself: its delay counts.
    pub transferred: bool,
}

/// Something that is missing or wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The row; empty when there is none.
    pub key: String,
    /// The element.
    pub element: ElementId,
    /// Counts for the 99 %.
    pub core: bool,
    /// Whose it would be.
    pub institution: InstitutionId,
    /// It is there, and wrong: the code.
    pub code: Option<String>,
}

/// Institutions that hold different values of one result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// Code of the result.
    pub code: String,
    /// Its time.
    pub at: Option<Timestamp>,
    /// Who holds what.
    pub values: Vec<(InstitutionId, String)>,
    /// The rows.
    pub items: Vec<ItemId>,
}

/// All numbers.
#[derive(Clone, Debug, Default)]
pub struct Scores {
    /// Of the whole.
    pub whole: Quality,
    /// By category.
    pub by_category: Vec<(DataCategory, Quality)>,
    /// By institution: of what it gave.
    pub by_institution: Vec<(InstitutionId, Quality)>,
    /// What is missing or wrong.
    pub gaps: Vec<Gap>,
    /// What does not agree.
    pub clashes: Vec<Clash>,
}

/// What a package is counted by.
pub struct Basis<'a> {
    /// The dictionary.
    pub dictionary: &'a Dictionary,
    /// Which elements apply.
    pub applicable: Applicability,
    /// The lead: what nobody gave would be its to give.
    pub lead: InstitutionId,
    /// What was available before this was not late before this: nobody wanted it yet.
    pub since: Timestamp,
}

/// Whether core completeness reaches the limit of clause 4.2.1 a.
#[must_use]
pub fn complete(core: Share) -> bool {
    core.whole > 0 && Ratio::new(core.part, core.whole).at_least(CORE_MIN)
}

/// The element by which a row is compared with those of other institutions.
#[must_use]
pub fn compared_element(kind: RecordKind) -> ElementId {
    match kind {
        RecordKind::Exam => ElementId::part(3, 12, "impression"),
        _ => ElementId::row(3, 3),
    }
}

const fn share(ratio: Ratio) -> Share {
    Share {
        part: ratio.part,
        whole: ratio.whole,
    }
}

/// Whether a row counts in the 30 minutes of clause 4.2.1 d.
const fn timed(row: &Row) -> bool {
    row.transferred && row.record.kind.is_row()
}

/// Counts everything once.
#[must_use]
pub fn score(basis: &Basis<'_>, rows: &[Row], issues: &[Issue]) -> Scores {
    let checked: Vec<Checked<'_>> = rows.iter().map(Row::checked).collect();
    let total = completeness(basis.dictionary, &checked, &basis.applicable);
    let agreement = consistency(&held(rows.iter(), None));
    let all: Vec<&Row> = rows.iter().collect();
    let mut whole = numbers(basis, &all, &issues.iter().collect::<Vec<_>>());
    whole.core = share(total.core);
    whole.non_core = share(total.non_core);
    whole.explained_missing = total.explained_missing;
    whole.consistent = share(agreement.equal);
    let place = places(rows);
    Scores {
        by_category: categories(basis, rows, issues, &total, share(agreement.equal)),
        by_institution: institutions(basis, rows, issues),
        gaps: gaps(basis, rows, &total),
        clashes: agreement
            .conflicts
            .into_iter()
            .map(|conflict| Clash {
                code: conflict.code,
                at: conflict.time,
                items: conflict
                    .values
                    .iter()
                    .filter_map(|v| {
                        [RecordKind::Lab, RecordKind::Exam].iter().find_map(|kind| {
                            place.get(&(*kind, v.institution, v.record_key.as_str())).copied()
                        })
                    })
                    .map(|row| row.item)
                    .collect(),
                values: conflict
                    .values
                    .into_iter()
                    .map(|v| (v.institution, v.value))
                    .collect(),
            })
            .collect(),
        whole,
    }
}

impl Row {
    fn checked(&self) -> Checked<'_> {
        Checked {
            record: &self.record,
            findings: &self.findings,
        }
    }
}

type Places<'a> = HashMap<(RecordKind, InstitutionId, &'a str), &'a Row>;

fn places(rows: &[Row]) -> Places<'_> {
    rows.iter()
        .map(|row| ((row.record.kind, row.institution, row.record.key.as_str()), row))
        .collect()
}

/// Rows with their holders. With `of`, everybody else counts as one holder: what it shares with the others.
fn held<'a>(
    rows: impl Iterator<Item = &'a Row>,
    of: Option<InstitutionId>,
) -> Vec<(InstitutionId, &'a Record)> {
    rows.map(|row| {
        let holder = match of {
            Some(one) if row.institution != one => InstitutionId(Uuid::max()),
            _ => row.institution,
        };
        (holder, &row.record)
    })
    .collect()
}

/// Error rate and delays: what adds up row by row.
fn numbers(basis: &Basis<'_>, rows: &[&Row], issues: &[&Issue]) -> Quality {
    let accepted: usize = rows
        .iter()
        .map(|row| {
            row.record
                .elements
                .values()
                .filter(|v| v.text().is_some())
                .count()
        })
        .sum();
    // One element of one row is wrong once, however often it was sent back.
    let wrong: BTreeSet<(&str, &ElementId)> = issues
        .iter()
        .filter(|issue| issue.state != IssueState::Waived)
        .map(|issue| (issue.key_hash.as_str(), &issue.element))
        .collect();
    let failing: usize = rows
        .iter()
        .map(|row| {
            let elements: BTreeSet<_> = row
                .findings
                .iter()
                .filter(|f| f.severity == Severity::Error && row.record.text(&f.element).is_some())
                .map(|f| &f.element)
                .collect();
            elements.len()
        })
        .sum();
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let delays: Vec<i64> = rows
        .iter()
        .filter(|row| timed(row))
        .map(|row| row.received_at.since_ms(row.record.available_at.max(basis.since)))
        .collect();
    let delays = timeliness(&delays, SOURCE_DELAY_MS);
    Quality {
        errors: share(accuracy(count(accepted), count(wrong.len() + failing))),
        in_time: share(delays.within),
        delay_p95_ms: delays.p95_ms,
        delay_max_ms: delays.max_ms,
        ..Quality::default()
    }
}

fn categories(
    basis: &Basis<'_>,
    rows: &[Row],
    issues: &[Issue],
    total: &Completeness,
    agreement: Share,
) -> Vec<(DataCategory, Quality)> {
    DataCategory::ALL
        .iter()
        .filter_map(|of| {
            let own: Vec<&Row> = rows
                .iter()
                .filter(|row| row.record.kind.category() == *of)
                .collect();
            let complaints: Vec<&Issue> = issues.iter().filter(|i| i.kind.category() == *of).collect();
            let score = total.by_category.get(of).copied();
            if own.is_empty() && score.is_none() {
                return None;
            }
            let score = score.unwrap_or_default();
            let explained = total
                .missing
                .iter()
                .filter(|m| m.category == *of && m.explained.is_some())
                .count();
            let mut quality = numbers(basis, &own, &complaints);
            quality.core = share(score.core);
            quality.non_core = share(score.non_core);
            quality.explained_missing = u64::try_from(explained).unwrap_or(u64::MAX);
            if *of == DataCategory::LabExam {
                quality.consistent = agreement;
            }
            Some((*of, quality))
        })
        .collect()
}

fn institutions(basis: &Basis<'_>, rows: &[Row], issues: &[Issue]) -> Vec<(InstitutionId, Quality)> {
    let mut by_institution: BTreeMap<InstitutionId, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        by_institution.entry(row.institution).or_default().push(row);
    }
    let alone = by_institution.len() < 2;
    by_institution
        .iter()
        .map(|(institution, own)| {
            let complaints: Vec<&Issue> = issues.iter().filter(|i| i.institution == *institution).collect();
            let checked: Vec<Checked<'_>> = own.iter().map(|row| row.checked()).collect();
            let given = contribution(basis.dictionary, &checked, &basis.applicable);
            let mut quality = numbers(basis, own, &complaints);
            quality.core = share(given.core);
            quality.non_core = share(given.non_core);
            quality.explained_missing = given.explained_missing;
            if !alone {
                quality.consistent = share(consistency(&held(rows.iter(), Some(*institution))).equal);
            }
            (*institution, quality)
        })
        .collect()
}

fn gaps(basis: &Basis<'_>, rows: &[Row], total: &Completeness) -> Vec<Gap> {
    // Which of the rows with one key it is cannot be told apart here; the first one is named.
    let mut first: HashMap<(RecordKind, &str), &Row> = HashMap::new();
    for row in rows {
        first
            .entry((row.record.kind, row.record.key.as_str()))
            .or_insert(row);
    }
    total
        .missing
        .iter()
        .map(|missing| {
            let kind = basis.dictionary.element(&missing.element).map(|e| e.record);
            let row = kind.and_then(|kind| first.get(&(kind, missing.record_key.as_str())));
            let code = row.filter(|_| missing.invalid).and_then(|row| {
                row.findings
                    .iter()
                    .find(|f| f.element == missing.element && f.severity == Severity::Error)
                    .map(|f| f.code.to_owned())
            });
            Gap {
                key: missing.record_key.clone(),
                element: missing.element.clone(),
                core: missing.tier == Tier::Core,
                institution: row.map_or(basis.lead, |row| row.institution),
                code,
            }
        })
        .collect()
}
