//! From the source to the lead: rows by reference in a message, checked against what is stored, readable
//! from the moment the lead has taken the message in (clause 7.2 f).

use std::collections::HashMap;

use consilium_domain::{
    ConsultationState, DataRequestId, InstitutionId, ItemId, NoticeKind, SubmissionId, Timestamp,
};
use consilium_protocol::{
    codes,
    exchange::{Body, Envelope},
    preparation::ItemReference,
};
use consilium_storage::{Consultation, DataRequest, ItemHead, ItemsOf, StoredItem, Submission, WriteTx};

use super::{refused, supplement, versions::manifest, view};
use crate::{
    error::ServiceError,
    exchange,
    services::{
        access::Case,
        consents, issues,
        notices::{self, Tell, To},
        requests,
    },
    state::App,
};

/// Puts rows on their way to the lead.
#[expect(clippy::too_many_arguments, reason = "the parts of one message")]
pub(super) async fn post(
    app: &App,
    tx: &mut WriteTx,
    case: &Case,
    source: InstitutionId,
    submission: &Submission,
    request: Option<DataRequestId>,
    items: &[&StoredItem],
    now: Timestamp,
) -> Result<(), ServiceError> {
    let references: Vec<ItemReference> = items.iter().map(|item| view::reference(item)).collect();
    let body = Body::Submission {
        submission_id: submission.id,
        request_id: request,
        manifest_hash: manifest(references.iter().map(|reference| reference.hash.as_str())),
        items: references,
    };
    let lead = case.consultation.lead;
    exchange::post(app, tx, case.consultation.id, source, lead, now, body).await?;
    Ok(())
}

/// Releases everything collected for a request, in the transaction of the release.
///
/// # Errors
/// Nothing valid was collected, or the store fails.
pub async fn release(
    app: &App,
    tx: &mut WriteTx,
    case: &Case,
    request: &DataRequest,
    now: Timestamp,
) -> Result<(), ServiceError> {
    let mut submissions = tx.submissions(case.consultation.id).await?;
    submissions.retain(|s| s.request == Some(request.id) && s.institution == request.institution);
    let ids = submissions.iter().map(|s| s.id).collect();
    let mut items = tx.items(ItemsOf::Submissions(ids)).await?;
    items.retain(|item| item.head.stored && !item.head.superseded);
    if items.is_empty() {
        return Err(refused(codes::SUBMISSION_NOTHING_TO_RELEASE, None, Vec::new()));
    }
    let mut told = false;
    for submission in &submissions {
        let new: Vec<&StoredItem> = items
            .iter()
            .filter(|item| item.head.submission == submission.id && item.head.received_at.is_none())
            .collect();
        if !new.is_empty() {
            post(
                app,
                tx,
                case,
                request.institution,
                submission,
                Some(request.id),
                &new,
                now,
            )
            .await?;
            told = true;
        }
    }
    if let (false, Some(last)) = (told, submissions.last()) {
        // All of it is there already: the lead is told that this is all.
        post(
            app,
            tx,
            case,
            request.institution,
            last,
            Some(request.id),
            &[],
            now,
        )
        .await?;
    }
    Ok(())
}

/// Takes rows in at the lead, if they are what the source has stored.
///
/// # Errors
/// The message is refused for good: not of this source, no consent, wrong state, other content.
pub async fn receive(app: &App, tx: &mut WriteTx, envelope: &Envelope) -> Result<(), ServiceError> {
    let Body::Submission {
        submission_id,
        request_id,
        items,
        manifest_hash,
    } = &envelope.body
    else {
        return Err(refused(codes::SUBMISSION_MISMATCH, None, Vec::new()));
    };
    let consultation = tx
        .consultation(envelope.consultation)
        .await?
        .ok_or(ServiceError::NotFound)?;
    let source = envelope.from;
    let known = tx.submission(*submission_id).await?.is_some_and(|submission| {
        submission.consultation == consultation.id && submission.institution == source
    });
    if !known || envelope.to != consultation.lead {
        return Err(refused(codes::DATA_REQUEST_NOT_PARTY, None, Vec::new()));
    }
    if !matches!(
        consultation.state,
        ConsultationState::Inviting
            | ConsultationState::Preparing
            | ConsultationState::Ready
            | ConsultationState::InSession
            | ConsultationState::Summarising
    ) {
        return Err(refused(
            codes::SUBMISSION_WRONG_STATE,
            Some(consultation.state),
            Vec::new(),
        ));
    }
    let now = app.now();
    if !consents::active(&consultation, now) {
        return Err(refused(codes::SUBMISSION_NO_CONSENT, None, Vec::new()));
    }
    let ids: Vec<ItemId> = items.iter().map(|item| item.item_id).collect();
    let stored: HashMap<ItemId, ItemHead> = tx
        .heads(ItemsOf::Ids(ids.clone()))
        .await?
        .into_iter()
        .map(|head| (head.id, head))
        .collect();
    let same = |item: &ItemReference| {
        stored.get(&item.item_id).is_some_and(|head| {
            head.submission == *submission_id
                && head.stored
                && head.hash == item.hash
                && head.version == item.version
                && head.available_at == item.available_at
        })
    };
    if !items.iter().all(same) || manifest(items.iter().map(|item| item.hash.as_str())) != *manifest_hash {
        return Err(refused(codes::SUBMISSION_MISMATCH, None, Vec::new()));
    }
    let corrections = arrive(app, tx, &consultation, source, *submission_id, &ids, now).await?;
    if let Some(request) = request_id {
        requests::submitted(tx, &consultation, source, *request, now).await?;
    }
    if corrections < ids.len() || request_id.is_some() {
        let to = To::Role {
            institution: consultation.lead,
            roles: notices::DATA_DESK,
        };
        let what = Tell {
            kind: NoticeKind::SubmissionReceived,
            consultation: Some(consultation.id),
            institution: Some(source),
            link: requests::link(consultation.id),
            ..Tell::default()
        };
        notices::tell(tx, now, to, what).await?;
    }
    Ok(())
}

/// Makes rows readable at the lead; they take the place of older versions. Tells how many of them were
/// corrections that had been asked for.
pub(super) async fn arrive(
    app: &App,
    tx: &mut WriteTx,
    consultation: &Consultation,
    source: InstitutionId,
    submission: SubmissionId,
    ids: &[ItemId],
    now: Timestamp,
) -> Result<usize, ServiceError> {
    tx.receive_submission(submission, now).await?;
    if ids.is_empty() {
        return Ok(0);
    }
    tx.receive_items(ids, now).await?;
    let mut keys: Vec<String> = tx
        .heads(ItemsOf::Ids(ids.to_vec()))
        .await?
        .into_iter()
        .map(|head| head.key_hash)
        .collect();
    keys.sort_unstable();
    keys.dedup();
    let versions = tx.item_heads(consultation.id, source, &keys).await?;
    let mut newest: HashMap<&str, &ItemHead> = HashMap::new();
    for head in versions
        .iter()
        .filter(|head| head.received_at.is_some() && head.stored)
    {
        // Oldest first: the last one stays.
        newest.insert(head.key_hash.as_str(), head);
    }
    let replaced: Vec<ItemId> = versions
        .iter()
        .filter(|head| !head.superseded)
        .filter(|head| {
            newest
                .get(head.key_hash.as_str())
                .is_some_and(|new| head.version < new.version)
        })
        .map(|head| head.id)
        .collect();
    if !replaced.is_empty() {
        tx.supersede_items(&replaced).await?;
        tx.supersede_submissions(consultation.id, source).await?;
    }
    let arrived = newest.into_iter().map(|(key, head)| (key, head.id)).collect();
    let corrections = issues::corrected(tx, consultation, source, &arrived, now).await?;
    supplement(app, tx, consultation).await?;
    Ok(corrections)
}
