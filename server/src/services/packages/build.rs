//! Putting a package together: the rows of the request form, the newest stored rows of every institution, and
//! the image series with their digests.

use std::collections::{BTreeMap, HashMap};

use consilium_domain::{
    AbsentReason, ConsultationId, InstitutionId, ItemId, RecordKind, Severity, Timestamp,
    canonical::{canonical_json, sha256_hex},
    element::{
        Applicability, CheckContext, Dictionary, ElementId, ElementValue, Finding, Record, check_record,
    },
};
use consilium_imaging::meta::SeriesMeta;
use consilium_protocol::{
    consultation::Clinical,
    preparation::{ElementFinding, Item, ItemReference, Missing, SeriesReference, ValueConflict},
    room::Attachment,
    session,
};
use consilium_storage::{Institution, ItemsOf, Reader, StoredItem};
use sha2::{Digest as _, Sha256};

use super::{
    content::{Content, DictionaryRef, rules},
    form::{self, Source},
};
use crate::{
    error::ServiceError,
    services::{
        access::Case,
        consents,
        scoring::{Basis, Row, Scores, score},
        views,
    },
};

/// Everything a package is made of, counted.
pub(crate) struct Built {
    /// Rows, series and numbers.
    pub content: Content,
    /// Values that do not agree, with their rows.
    pub scores: Scores,
}

/// One row with what is shown of it.
struct Part {
    row: Row,
    face: Face,
}

/// What is shown of a row besides what is counted.
struct Face {
    version: i32,
    hash: String,
    /// The form for exchange, where it differs from what is counted.
    masked: Option<BTreeMap<ElementId, ElementValue>>,
    findings: Vec<ElementFinding>,
}

/// Puts together what is there now. `before` is the version before this one: rows of the form that have not
/// changed keep their version.
///
/// # Errors
/// The store fails, or a row names an institution that is not there.
pub(crate) async fn build(
    reader: &Reader<'_>,
    case: &Case,
    before: Option<&Content>,
    now: Timestamp,
) -> Result<Built, ServiceError> {
    let c = &case.consultation;
    let institutions: HashMap<InstitutionId, Institution> = reader
        .institutions()
        .await?
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    let patient = reader.patient(c.patient).await?.ok_or(ServiceError::NotFound)?;
    let clinical: Clinical = serde_json::from_value(c.clinical.clone())?;
    let consent = consents::Stored::of(c)?;
    let experts = experts(reader, case, &institutions).await?;
    let source = Source {
        consultation: c,
        patient: &patient,
        clinical: &clinical,
        consent: consent.as_ref(),
        experts: &experts,
    };
    let applicable = source.applicable();
    let series = series(reader, case, &institutions).await?;
    let stored = reader.items(ItemsOf::Current(c.id)).await?;
    let mut parts: Vec<Part> = stored.into_iter().map(of_submission).collect();
    parts.extend(of_form(&source, before, now));
    parts.extend(studies(case, &series, &parts, before));
    parts.sort_by(|a, b| {
        let order = |part: &Part| {
            (
                part.row.record.kind,
                part.row.institution != c.lead,
                part.row.institution,
                part.row.record.available_at,
                part.row.item,
            )
        };
        order(a).cmp(&order(b))
    });
    let issues = reader.issues(c.id).await?;
    let (rows, faces): (Vec<Row>, Vec<Face>) = parts.into_iter().map(|part| (part.row, part.face)).unzip();
    let basis = Basis {
        dictionary: Dictionary::builtin(),
        applicable,
        lead: c.lead,
        since: c.created_at,
    };
    let scores = score(&basis, &rows, &issues);
    let named = |id: InstitutionId| named(&institutions, id);
    let items = rows
        .into_iter()
        .zip(faces)
        .map(|(row, face)| shown(row, face, &institutions))
        .collect::<Result<Vec<_>, _>>()?;
    let mut by_institution = Vec::new();
    for (id, quality) in &scores.by_institution {
        by_institution.push((named(*id)?, quality.clone()));
    }
    by_institution.sort_by_key(|(of, _)| (of.id != c.lead, of.colour, of.code.clone()));
    let mut missing = Vec::new();
    for gap in &scores.gaps {
        missing.push(Missing {
            key: gap.key.clone(),
            element: gap.element.clone(),
            core: gap.core,
            institution: named(gap.institution)?,
            code: gap.code.clone(),
        });
    }
    let mut conflicts = Vec::new();
    for clash in &scores.clashes {
        let mut values = Vec::new();
        for (id, value) in &clash.values {
            values.push((named(*id)?, value.clone()));
        }
        conflicts.push(ValueConflict {
            code: clash.code.clone(),
            at: clash.at,
            values,
            items: clash.items.clone(),
        });
    }
    Ok(Built {
        content: Content {
            rules: rules(),
            dictionary: DictionaryRef::current(),
            quality: scores.whole.clone(),
            by_category: scores.by_category.clone(),
            by_institution,
            missing,
            conflicts,
            items,
            series,
            attachments: attachments(reader, c.id, &institutions).await?,
        },
        scores,
    })
}

fn named(
    institutions: &HashMap<InstitutionId, Institution>,
    id: InstitutionId,
) -> Result<session::Institution, ServiceError> {
    institutions
        .get(&id)
        .map(views::institution)
        .ok_or_else(|| ServiceError::Internal(format!("institution {id} is missing")))
}

async fn experts(
    reader: &Reader<'_>,
    case: &Case,
    institutions: &HashMap<InstitutionId, Institution>,
) -> Result<Vec<(consilium_storage::Account, Institution)>, ServiceError> {
    let mut found = Vec::new();
    let inside: Vec<InstitutionId> = case.participants().collect();
    for invitation in case
        .invitations
        .iter()
        .filter(|i| inside.contains(&i.institution))
    {
        let Some(home) = institutions.get(&invitation.institution) else {
            continue;
        };
        for id in &invitation.experts {
            if let Some(account) = reader.account(*id).await? {
                found.push((account, home.clone()));
            }
        }
    }
    Ok(found)
}

fn of_submission(stored: StoredItem) -> Part {
    let head = stored.head;
    Part {
        face: Face {
            version: head.version,
            hash: head.hash,
            masked: None,
            findings: stored
                .findings
                .into_iter()
                .map(|finding| ElementFinding {
                    element: finding.element,
                    code: finding.code,
                    error: finding.severity == Severity::Error,
                    seen: finding.seen,
                    rule: finding.rule,
                })
                .collect(),
        },
        row: Row {
            item: head.id,
            institution: head.institution,
            received_at: head.received_at.unwrap_or(head.created_at),
            transferred: true,
            // What is stored has no errors; warnings do not count.
            findings: Vec::new(),
            record: Record {
                kind: head.kind,
                key: stored.key,
                elements: stored.elements,
                available_at: head.available_at,
            },
        },
    }
}

/// An id that is the same for one row of one case in every version.
fn derived(consultation: ConsultationId, key: &str) -> ItemId {
    let digest = Sha256::digest(format!("{consultation}|{key}"));
    let mut bytes = [0_u8; 16];
    for (to, from) in bytes.iter_mut().zip(digest) {
        *to = from;
    }
    ItemId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// SHA-256 over the canonical JSON of a row in its form for exchange, hex.
fn digest(record: &Record) -> String {
    sha256_hex(canonical_json(&serde_json::to_value(record).unwrap_or_default()).as_bytes())
}

/// The version of a row of the form: one more when it says something else than before.
fn version(before: Option<&Content>, id: ItemId, hash: &str) -> i32 {
    let known = before.and_then(|content| content.items.iter().find(|item| item.reference.item_id == id));
    known.map_or(1, |item| {
        let same = item.reference.hash == hash;
        item.reference.version.saturating_add(i32::from(!same))
    })
}

fn shown_finding(finding: &Finding) -> ElementFinding {
    ElementFinding {
        element: finding.element.clone(),
        code: finding.code.to_owned(),
        error: finding.severity == Severity::Error,
        seen: finding.seen.clone(),
        rule: finding.rule.clone(),
    }
}

fn of_form(source: &Source<'_>, before: Option<&Content>, now: Timestamp) -> Vec<Part> {
    let dictionary = Dictionary::builtin();
    let c = source.consultation;
    let identity = source.patient.identity.expose();
    let ctx = CheckContext {
        now,
        consultation_at: Some(c.scheduled_at),
        sex: None,
        birth_date: identity.birth_date,
        applicable: Applicability {
            masked: false,
            ..source.applicable()
        },
        // What is missing is counted, not found: a row of the form is one part among several.
        whole: false,
    };
    let (profile, known) = (source.profile(), source.known());
    source
        .records()
        .into_iter()
        .map(|record| {
            let findings = check_record(dictionary, &record, &ctx);
            let masked = form::mask(dictionary, profile, &known, &record);
            let hash = digest(&Record {
                elements: masked.clone(),
                ..record.clone()
            });
            let id = derived(c.id, &record.key);
            Part {
                face: Face {
                    version: version(before, id, &hash),
                    hash,
                    masked: Some(masked),
                    findings: findings.iter().map(shown_finding).collect(),
                },
                row: Row {
                    item: id,
                    institution: c.lead,
                    received_at: record.available_at,
                    transferred: false,
                    findings,
                    record,
                },
            }
        })
        .collect()
}

async fn series(
    reader: &Reader<'_>,
    case: &Case,
    institutions: &HashMap<InstitutionId, Institution>,
) -> Result<Vec<SeriesReference>, ServiceError> {
    let id = case.consultation.id;
    let mut digests: HashMap<_, (u32, Sha256)> = HashMap::new();
    for instance in reader.instances_of_consultation(id).await? {
        let (count, hash) = digests.entry(instance.series).or_default();
        *count = count.saturating_add(1);
        hash.update(instance.sha256);
    }
    let mut found = Vec::new();
    for series in reader.series_of(id).await? {
        let meta: SeriesMeta = serde_json::from_value(series.meta)?;
        let (instances, hash) = digests.remove(&series.id).unwrap_or_default();
        found.push(SeriesReference {
            series_id: series.id,
            institution: named(institutions, series.institution)?,
            modality: meta.modality,
            description: meta.description.unwrap_or_default(),
            instances,
            hash: hex::encode(hash.finalize()),
        });
    }
    found.sort_by_key(|series| series.series_id);
    Ok(found)
}

/// The documents and pictures added in session.
async fn attachments(
    reader: &Reader<'_>,
    id: ConsultationId,
    institutions: &HashMap<InstitutionId, Institution>,
) -> Result<Vec<Attachment>, ServiceError> {
    let mut found = Vec::new();
    for of in reader.attachments(id).await? {
        let author = reader.account(of.added_by).await?;
        found.push(Attachment {
            id: of.id,
            institution: named(institutions, of.institution)?,
            added_by_name: author.map(|author| author.display_name).unwrap_or_default(),
            name: of.name,
            media: of.media,
            bytes: u64::try_from(of.bytes).unwrap_or(0),
            sha256: hex::encode(of.sha256),
            added_at: of.added_at,
        });
    }
    Ok(found)
}

/// The studies behind the uploaded series: one row an institution, unless it has described its studies
/// itself. The report is the conclusion of its examinations with images.
fn studies(case: &Case, series: &[SeriesReference], parts: &[Part], before: Option<&Content>) -> Vec<Part> {
    let mut first: BTreeMap<InstitutionId, &SeriesReference> = BTreeMap::new();
    for of in series.iter().filter(|s| s.instances > 0) {
        first.entry(of.institution.id).or_insert(of);
    }
    first
        .into_iter()
        .filter(|(institution, _)| {
            !parts.iter().any(|part| {
                part.row.institution == *institution && part.row.record.kind == RecordKind::Imaging
            })
        })
        .map(|(institution, of)| {
            let mut elements = BTreeMap::new();
            // The series' own id as an identifier of DICOM (PS3.5 B.2): it leads back to no hospital.
            let uid = format!("2.25.{}", of.series_id.0.as_u128());
            elements.insert(ElementId::row(4, 1), ElementValue::new(uid));
            if let Some(report) = report(institution, parts) {
                elements.insert(ElementId::row(4, 2), ElementValue::new(report));
            }
            elements.insert(
                ElementId::row(4, 3),
                ElementValue::absent(AbsentReason::NotApplicable),
            );
            let record = Record {
                kind: RecordKind::Imaging,
                key: format!("study-{}", of.institution.code),
                elements,
                available_at: case.consultation.created_at,
            };
            let hash = digest(&record);
            let id = derived(case.consultation.id, &record.key);
            Part {
                face: Face {
                    version: version(before, id, &hash),
                    hash,
                    masked: None,
                    findings: Vec::new(),
                },
                row: Row {
                    item: id,
                    institution,
                    received_at: record.available_at,
                    transferred: false,
                    findings: Vec::new(),
                    record,
                },
            }
        })
        .collect()
}

/// What an institution's examinations with images concluded.
fn report(institution: InstitutionId, parts: &[Part]) -> Option<String> {
    let conclusions: Vec<&str> = parts
        .iter()
        .filter(|part| part.row.institution == institution && part.row.record.kind == RecordKind::Exam)
        .filter(|part| part.row.record.text(&ElementId::row(3, 13)).is_some())
        .filter_map(|part| part.row.record.text(&ElementId::part(3, 12, "impression")))
        .collect();
    (!conclusions.is_empty()).then(|| conclusions.join("；"))
}

fn shown(
    row: Row,
    face: Face,
    institutions: &HashMap<InstitutionId, Institution>,
) -> Result<Item, ServiceError> {
    let record = row.record;
    Ok(Item {
        category: record.kind.category(),
        institution: named(institutions, row.institution)?,
        stored: true,
        superseded: false,
        duplicate: false,
        elements: face.masked.unwrap_or(record.elements),
        findings: face.findings,
        received_at: row.received_at,
        reference: ItemReference {
            item_id: row.item,
            kind: record.kind,
            key: record.key,
            version: face.version,
            available_at: record.available_at,
            hash: face.hash,
        },
    })
}
