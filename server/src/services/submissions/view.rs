//! Submissions and their rows as their readers see them.

use consilium_domain::{
    ConsultationId, InstitutionId, ItemId, Severity, SubmissionId,
    element::Dictionary,
    permission::{Action, Relation},
};
use consilium_protocol::{
    codes,
    preparation::{ElementFinding, Item, ItemReference, Submission},
};
use consilium_storage::{ItemsOf, StoredItem, Submission as Stored};

use crate::{
    ctx::Ctx,
    error::ServiceError,
    services::{
        access::{self, Case},
        consents,
        views::Directory,
    },
    state::App,
};

/// Rows with findings that a list of submissions shows in all; one submission is shown with all its rows.
const LISTED_ROWS: u64 = 200;

/// The name of a row in messages and manifests.
#[must_use]
pub fn reference(item: &StoredItem) -> ItemReference {
    ItemReference {
        item_id: item.head.id,
        kind: item.head.kind,
        key: item.key.clone(),
        version: item.head.version,
        available_at: item.head.available_at,
        hash: item.head.hash.clone(),
    }
}

/// One row as shown.
///
/// # Errors
/// Its source is no institution.
pub fn item(directory: &Directory, stored: StoredItem) -> Result<Item, ServiceError> {
    Ok(Item {
        reference: reference(&stored),
        category: stored.head.kind.category(),
        institution: directory.get(stored.head.institution)?,
        stored: stored.head.stored,
        superseded: stored.head.superseded,
        duplicate: false,
        received_at: stored.head.received_at.unwrap_or(stored.head.created_at),
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
        elements: stored.elements,
    })
}

pub(super) fn submission(
    directory: &Directory,
    stored: Stored,
    items: Vec<Item>,
) -> Result<Submission, ServiceError> {
    let count = |number: i32| u32::try_from(number).unwrap_or(0);
    Ok(Submission {
        id: stored.id,
        consultation_id: stored.consultation,
        request_id: stored.request,
        institution: directory.get(stored.institution)?,
        state: stored.state,
        stored: count(stored.stored),
        refused: count(stored.refused),
        duplicates: count(stored.duplicates),
        created_at: stored.created_at,
        manifest_hash: stored.manifest_hash,
        not_taken: serde_json::from_value(stored.detail)?,
        items,
    })
}

/// Whether a row may be shown: everything to its source, to the lead what was released to it.
fn shows(case: &Case, reader: InstitutionId, row: &StoredItem) -> bool {
    row.head.institution == reader
        || case.relation(reader) == Relation::Lead && row.head.stored && row.head.received_at.is_some()
}

/// The submissions the reader's institution may know of: its own; for the lead also what it has received.
/// Each with the rows something was found in, so that a long list stays short.
///
/// # Errors
/// Stored data cannot be read.
pub async fn visible(
    app: &App,
    ctx: &Ctx,
    case: &Case,
    directory: &Directory,
) -> Result<Vec<Submission>, ServiceError> {
    let own = ctx.institution.id;
    let lead = case.relation(own) == Relation::Lead;
    let reader = app.store.reader();
    let mut found = reader.submissions(case.consultation.id).await?;
    found.retain(|s| s.institution == own || lead && s.received_at.is_some());
    let rows = reader
        .items(ItemsOf::Flagged(case.consultation.id, LISTED_ROWS))
        .await?;
    let mut out = Vec::with_capacity(found.len());
    for stored in found {
        let items = rows
            .iter()
            .filter(|row| row.head.submission == stored.id && shows(case, own, row))
            .map(|row| item(directory, row.clone()))
            .collect::<Result<_, _>>()?;
        out.push(submission(directory, stored, items)?);
    }
    Ok(out)
}

/// `GET …/submissions`.
///
/// # Errors
/// Not there for the caller, or not its duty.
pub async fn list(app: &App, ctx: &Ctx, id: ConsultationId) -> Result<Vec<Submission>, ServiceError> {
    let case = access::open(app, ctx, id, Action::ReadData).await?;
    consents::require_to_read(app, ctx, &case).await?;
    let directory = Directory::load(app).await?;
    let out = visible(app, ctx, &case, &directory).await?;
    audit_read(app, ctx, id, "submission.list", format!("consultation/{id}")).await?;
    Ok(out)
}

/// `GET …/submissions/{sid}`: one with all its rows.
///
/// # Errors
/// Not there for the caller, or not its duty.
pub async fn read(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    submission_id: SubmissionId,
) -> Result<Submission, ServiceError> {
    let case = access::open(app, ctx, id, Action::ReadData).await?;
    consents::require_to_read(app, ctx, &case).await?;
    let own = ctx.institution.id;
    let lead = case.relation(own) == Relation::Lead;
    let found = app
        .store
        .reader()
        .submission(submission_id)
        .await?
        .filter(|s| s.consultation == id && (s.institution == own || lead && s.received_at.is_some()));
    let Some(stored) = found else {
        access::refuse(app, ctx, "Submission", id, Some(id), codes::NOT_FOUND).await?;
        return Err(ServiceError::NotFound);
    };
    audit_read(
        app,
        ctx,
        id,
        "submission.read",
        format!("submission/{submission_id}"),
    )
    .await?;
    whole(app, ctx, &case, stored).await
}

/// A submission with all the rows its reader may see.
pub(super) async fn whole(
    app: &App,
    ctx: &Ctx,
    case: &Case,
    stored: Stored,
) -> Result<Submission, ServiceError> {
    let directory = Directory::load(app).await?;
    let items = app
        .store
        .reader()
        .items(ItemsOf::Submissions(vec![stored.id]))
        .await?
        .into_iter()
        .filter(|row| shows(case, ctx.institution.id, row))
        .map(|row| item(&directory, row))
        .collect::<Result<_, _>>()?;
    submission(&directory, stored, items)
}

/// `GET …/items/{item}/versions`: every version of a row, oldest first. What was replaced stays readable
/// (clause 7.5 b).
///
/// # Errors
/// Not there for the caller, or not its duty.
pub async fn versions(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    item_id: ItemId,
) -> Result<Vec<Item>, ServiceError> {
    let case = access::open(app, ctx, id, Action::ReadData).await?;
    consents::require_to_read(app, ctx, &case).await?;
    let reader = app.store.reader();
    let found = reader
        .items(ItemsOf::Ids(vec![item_id]))
        .await?
        .into_iter()
        .next();
    let own = ctx.institution.id;
    let Some(row) = found.filter(|row| row.head.consultation == id && shows(&case, own, row)) else {
        access::refuse(app, ctx, "Item", id, Some(id), codes::NOT_FOUND).await?;
        return Err(ServiceError::NotFound);
    };
    audit_read(app, ctx, id, "item.read", format!("item/{item_id}")).await?;
    let directory = Directory::load(app).await?;
    let mut rows = reader.items(ItemsOf::Row(id, row.head.key_hash)).await?;
    rows.sort_by_key(|row| row.head.version);
    rows.into_iter()
        .filter(|row| shows(&case, own, row))
        .map(|row| item(&directory, row))
        .collect()
}

async fn audit_read(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    action: &str,
    target: String,
) -> Result<(), ServiceError> {
    let mut tx = app.store.begin().await?;
    tx.audit(ctx.event(action, target, "ok", Some(id))).await?;
    Ok(tx.commit().await?)
}

/// A value of a list with its names. A code without a name of its own stands for itself.
fn choice(code: &str) -> (String, String, String) {
    let (zh, en) = match code {
        "H" => ("偏高", "high"),
        "HH" => ("危急偏高", "critically high"),
        "L" => ("偏低", "low"),
        "LL" => ("危急偏低", "critically low"),
        "N" => ("正常", "normal"),
        "A" => ("异常", "abnormal"),
        "AA" => ("危急异常", "critically abnormal"),
        other => (other, other),
    };
    (code.to_owned(), zh.to_owned(), en.to_owned())
}

/// The elements a form offers, by category.
#[must_use]
pub fn form_elements() -> Vec<consilium_protocol::preparation::FormElement> {
    use consilium_domain::element::{Requirement, Rule};
    Dictionary::builtin()
        .elements()
        .iter()
        .map(|element| {
            let mut chars_max = 0;
            let mut choices = Vec::new();
            let mut unit = false;
            for rule in &element.rules {
                match rule {
                    Rule::Length { max, .. } => chars_max = *max,
                    Rule::InList { values } => choices.extend(values.iter().map(|value| choice(value))),
                    Rule::Boolean {} => choices.extend([
                        ("true".to_owned(), "是".to_owned(), "yes".to_owned()),
                        ("false".to_owned(), "否".to_owned(), "no".to_owned()),
                    ]),
                    Rule::Quantity { unit: Some(_), .. } => unit = true,
                    _ => {}
                }
            }
            consilium_protocol::preparation::FormElement {
                id: element.id.clone(),
                category: element.category,
                kind: element.record,
                name_zh: element.name_zh.clone(),
                name_en: element.name_en.clone(),
                required: element.requirement == Requirement::Mandatory && element.needed,
                unit,
                chars_max,
                choices,
            }
        })
        .collect()
}
