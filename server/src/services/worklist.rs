//! The worklist: what an institution may know of, narrowed by filters and searched, each page read in a
//! handful of queries whatever its length.

mod terms;

use consilium_domain::{
    ConsultationId, ConsultationKind, ConsultationState, InstitutionId, InvitationState, Timestamp, Urgency,
    consultation::phase,
    element::Moment,
    invitation::state_at,
    permission::{Action, Decision, Relation, decide},
    person::IdNumber,
};
use consilium_protocol::{
    codes,
    consultation::{Clinical, ConsultationList, ConsultationRow},
    limits,
};
use consilium_storage::{Consultation, WorklistFilter, WriteTx};

use crate::{
    admin,
    ctx::Ctx,
    error::ServiceError,
    services::{access::Case, views},
    state::App,
};
use terms::Wanted;

/// Reads of the database a page may need before it is given short, with a cursor to go on.
const ROUNDS_MAX: usize = 20;
/// Cases indexed by one round of the clock job.
const INDEXED_AT_ONCE: u64 = 100;
/// What makes a case one that a list may show.
const SEEN: [Action; 2] = [Action::Read, Action::ReadReport];

/// What a list is narrowed to, and which page of it. What is empty does not narrow.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Part of the number, a code of ICD-10 or its beginning, or words. Never an identity number.
    pub q: String,
    /// Only what waits for the reader.
    pub mine: bool,
    /// Only of this phase, 1 to 3.
    pub phase: Option<u8>,
    /// `lead` or `participant`: the part of the reader's institution.
    pub part: String,
    /// Type.
    pub kind: Option<ConsultationKind>,
    /// Urgency.
    pub urgency: Option<Urgency>,
    /// State.
    pub state: Option<ConsultationState>,
    /// First day or moment of the session.
    pub from: String,
    /// Last day or moment of the session.
    pub to: String,
    /// Only led by.
    pub lead: Option<InstitutionId>,
    /// Only with this institution invited.
    pub participant: Option<InstitutionId>,
    /// Only of the patient with this identity number.
    pub id_number: Option<String>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Rows.
    pub limit: Option<u32>,
}

/// Puts the words of a case into the index: with every change of its form, and when the report is signed.
///
/// # Errors
/// The store fails.
pub async fn index(
    app: &App,
    tx: &mut WriteTx,
    consultation: &Consultation,
    conclusion: Option<(&str, &str)>,
) -> Result<(), ServiceError> {
    let clinical: Clinical = serde_json::from_value(consultation.clinical.clone())?;
    let terms = terms::of_case(app.store.vault(), &clinical, conclusion);
    Ok(tx.set_search_terms(consultation.id, &terms).await?)
}

/// Indexes cases from before there was an index, some at a time. Tells how many.
///
/// # Errors
/// The store fails.
pub async fn index_missing(app: &App) -> Result<usize, ServiceError> {
    let missing = app.store.reader().unindexed(INDEXED_AT_ONCE).await?;
    for id in &missing {
        let mut tx = app.store.begin().await?;
        let consultation = tx.consultation(*id).await?.ok_or(ServiceError::NotFound)?;
        let conclusion = conclusion(app, *id).await?;
        let of = conclusion
            .as_ref()
            .map(|(text, code)| (text.as_str(), code.as_str()));
        index(app, &mut tx, &consultation, of).await?;
        let mut event = admin::event(app.now(), "consultation.index", format!("consultation/{id}"), "");
        event.consultation = Some(*id);
        tx.audit(event).await?;
        tx.commit().await?;
    }
    Ok(missing.len())
}

/// Conclusion and code of the newest signed report.
async fn conclusion(app: &App, id: ConsultationId) -> Result<Option<(String, String)>, ServiceError> {
    let reports = app.store.reader().reports(id).await?;
    Ok(reports.first().map(|report| {
        let text = |key: &str| {
            let value = report.content.get(key).and_then(serde_json::Value::as_str);
            value.unwrap_or_default().to_owned()
        };
        (text("conclusion"), text("diagnosis_code"))
    }))
}

/// The rows the caller may know of, newest change first.
///
/// # Errors
/// A filter or the cursor is none; an identity number in the words (it belongs into a body); or the store
/// fails.
pub async fn list(app: &App, ctx: &Ctx, wish: &Wish) -> Result<ConsultationList, ServiceError> {
    if IdNumber::parse(&wish.q).is_ok() {
        return Err(ServiceError::field("q", codes::SEARCH_IDENTITY));
    }
    let limit = wish.limit.unwrap_or(limits::PAGE_ROWS_DEFAULT);
    let limit = usize::try_from(limit.clamp(1, limits::PAGE_ROWS_MAX)).unwrap_or(1);
    let wanted = Wanted::read(&wish.q);
    let mut filter = filter(ctx, wish)?;
    if let Some(wanted) = &wanted {
        filter.terms = wanted.terms(app.store.vault());
        filter.number.clone_from(&wanted.number);
        if filter.terms.is_empty() && filter.number.is_none() {
            return Ok(ConsultationList {
                items: Vec::new(),
                next_cursor: None,
            });
        }
    }
    if let Some(number) = &wish.id_number {
        let number = IdNumber::parse(number).map_err(|e| ServiceError::field("id_number", e.code()))?;
        filter.platform_id = Some(app.store.vault().patient_identifier("01", number.expose()));
        let mut tx = app.store.begin().await?;
        tx.audit(ctx.event(
            "consultation.search_identity",
            "consultation".to_owned(),
            "ok",
            None,
        ))
        .await?;
        tx.commit().await?;
    }
    let directory = views::Directory::load(app).await?;
    let mut after = wish.cursor.as_deref().map(read_cursor).transpose()?;
    let mut items = Vec::new();
    let fetch = u64::try_from(limit).unwrap_or(1).saturating_add(1);
    for _ in 0..ROUNDS_MAX {
        let found = app.store.reader().worklist(&filter, after, fetch).await?;
        let exhausted = found.len() <= limit;
        for (at, row) in rows(app, ctx, &directory, found, wanted.as_ref()).await? {
            let kept = row.filter(|row| !wish.mine || row.my_move);
            if items.len() == limit && kept.is_some() {
                return Ok(ConsultationList {
                    items,
                    next_cursor: after.map(write_cursor),
                });
            }
            after = Some(at);
            items.extend(kept);
        }
        if exhausted {
            return Ok(ConsultationList {
                items,
                next_cursor: None,
            });
        }
    }
    Ok(ConsultationList {
        items,
        next_cursor: after.map(write_cursor),
    })
}

/// The rows of consultations, in their order, each with its place; without a row what the caller may not
/// see or what does not really hold the words.
async fn rows(
    app: &App,
    ctx: &Ctx,
    directory: &views::Directory,
    found: Vec<Consultation>,
    wanted: Option<&Wanted>,
) -> Result<Vec<((Timestamp, ConsultationId), Option<ConsultationRow>)>, ServiceError> {
    let reader = app.store.reader();
    let ids: Vec<ConsultationId> = found.iter().map(|c| c.id).collect();
    let patients: Vec<_> = found.iter().map(|c| c.patient).collect();
    let mut invitations = reader.invitations_of_many(&ids).await?;
    let patients = reader.patients_of_many(&patients).await?;
    let opinions = reader.opinions_of_many(&ids).await?;
    for invitation in &mut invitations {
        invitation.state = state_at(invitation.state, invitation.due_at, ctx.now());
    }
    let mut out = Vec::with_capacity(found.len());
    for consultation in found {
        let place = (consultation.updated_at, consultation.id);
        let own = invitations
            .iter()
            .filter(|i| i.consultation == consultation.id)
            .cloned()
            .collect();
        let case = Case {
            consultation,
            invitations: own,
        };
        let visible = SEEN
            .iter()
            .any(|action| case.decide(ctx, *action) == Decision::Allow);
        let holds = visible && holds(app, &case, wanted).await?;
        let row = if holds {
            let patient = patients
                .get(&case.consultation.patient)
                .ok_or_else(|| ServiceError::Internal(format!("case {} has no patient", place.1)))?;
            let submitted = opinions.get(&place.1).map(Vec::as_slice).unwrap_or_default();
            Some(views::row(ctx, &case, patient, submitted, directory)?)
        } else {
            None
        };
        out.push((place, row));
    }
    Ok(out)
}

async fn holds(app: &App, case: &Case, wanted: Option<&Wanted>) -> Result<bool, ServiceError> {
    let Some(wanted) = wanted else {
        return Ok(true);
    };
    let c = &case.consultation;
    let clinical: Clinical = serde_json::from_value(c.clinical.clone())?;
    if wanted.in_case(&c.number, &clinical, None) {
        return Ok(true);
    }
    if !matches!(
        c.state,
        ConsultationState::Concluded | ConsultationState::Archived
    ) {
        return Ok(false);
    }
    let conclusion = conclusion(app, c.id).await?;
    let of = conclusion
        .as_ref()
        .map(|(text, code)| (text.as_str(), code.as_str()));
    Ok(of.is_some() && wanted.in_case(&c.number, &clinical, of))
}

/// The filter for the database: first of all what the caller may know of, by the rules of `domain`.
fn filter(ctx: &Ctx, wish: &Wish) -> Result<WorklistFilter, ServiceError> {
    let states_for = |relation: Relation| -> Vec<ConsultationState> {
        ConsultationState::ALL
            .iter()
            .copied()
            .filter(|state| {
                SEEN.iter()
                    .any(|action| decide(ctx.subject(), *action, relation, *state) == Decision::Allow)
            })
            .collect()
    };
    let mut filter = WorklistFilter::of(ctx.institution.id);
    let mut as_participant: Vec<(Vec<InvitationState>, Vec<ConsultationState>)> = Vec::new();
    for state in InvitationState::ALL {
        let states = states_for(Relation::Participant(*state));
        match as_participant.iter_mut().find(|(_, known)| *known == states) {
            Some((invitations, _)) => invitations.push(*state),
            None if states.is_empty() => {}
            None => as_participant.push((vec![*state], states)),
        }
    }
    match wish.part.as_str() {
        "" => {
            filter.as_lead = states_for(Relation::Lead);
            filter.as_participant = as_participant;
        }
        "lead" => filter.as_lead = states_for(Relation::Lead),
        "participant" => {
            filter.as_lead = Vec::new();
            filter.as_participant = as_participant;
        }
        _ => return Err(ServiceError::field("part", codes::FIELD_UNKNOWN)),
    }
    if wish.state.is_some() || wish.mine || wish.phase.is_some() {
        let live = |state| !matches!(state, ConsultationState::Archived | ConsultationState::Cancelled);
        filter.states = ConsultationState::ALL
            .iter()
            .copied()
            .filter(|state| wish.state.is_none_or(|wanted| wanted == *state))
            .filter(|state| wish.phase.is_none_or(|wanted| wanted == phase(*state)))
            .filter(|state| !wish.mine || live(*state))
            .collect();
        if filter.states.is_empty() {
            // Nothing is in both.
            filter.as_lead = Vec::new();
            filter.as_participant = Vec::new();
        }
    }
    filter.kind = wish.kind;
    filter.urgency = wish.urgency;
    filter.from = day("from", &wish.from)?.map(|moment| moment.earliest);
    filter.until = day("to", &wish.to)?.map(|moment| moment.latest.plus_ms(1));
    filter.lead = wish.lead;
    filter.participant = wish.participant;
    Ok(filter)
}

fn day(field: &str, text: &str) -> Result<Option<Moment>, ServiceError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    Moment::parse(text)
        .map(Some)
        .ok_or_else(|| ServiceError::field(field, codes::FIELD_UNKNOWN))
}

fn write_cursor((at, id): (Timestamp, ConsultationId)) -> String {
    format!("{}.{id}", at.ms())
}

fn read_cursor(text: &str) -> Result<(Timestamp, ConsultationId), ServiceError> {
    let wrong = || ServiceError::field("cursor", codes::FIELD_UNKNOWN);
    let (at, id) = text.split_once('.').ok_or_else(wrong)?;
    let at = at.parse().map_err(|_| wrong())?;
    Ok((Timestamp::from_ms(at), id.parse().map_err(|_| wrong())?))
}
