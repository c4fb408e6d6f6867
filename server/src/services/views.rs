//! From rows to what readers see.

use std::collections::HashMap;

use consilium_domain::{
    AccountId, ConsultationState, InstitutionId, InvitationState,
    clock::OPINION_WITHIN_MS,
    permission::{Action, Decision, Relation},
};
use consilium_protocol::{
    consultation::{Act, Clinical, Consultation, ConsultationRow, Opinion, Participant},
    live::Person,
    notice::Deadline,
    session,
};
use consilium_storage::{Account, Institution, Opinion as StoredOpinion, Patient};

use crate::{
    ctx::Ctx,
    error::ServiceError,
    services::{
        access::Case, clocks, consents, consultations::is_pending, invitations, masking::Texts, opinions,
        packages, patients,
    },
    state::App,
};

/// An institution as others see it.
#[must_use]
pub fn institution(row: &Institution) -> session::Institution {
    session::Institution {
        id: row.id,
        code: row.code.clone(),
        name_zh: row.name_zh.clone(),
        name_en: row.name_en.clone(),
        colour: row.colour,
    }
}

/// All institutions by id: few rows, read once a request.
pub struct Directory(HashMap<InstitutionId, Institution>);

impl Directory {
    /// Reads them.
    ///
    /// # Errors
    /// The store fails.
    pub async fn load(app: &App) -> Result<Self, ServiceError> {
        Ok(Self(
            app.store
                .reader()
                .institutions()
                .await?
                .into_iter()
                .map(|i| (i.id, i))
                .collect(),
        ))
    }

    /// One of them.
    ///
    /// # Errors
    /// A row names an institution that is not there.
    pub fn get(&self, id: InstitutionId) -> Result<session::Institution, ServiceError> {
        self.0
            .get(&id)
            .map(institution)
            .ok_or_else(|| ServiceError::Internal(format!("institution {id} is missing")))
    }

    /// Those that can be invited by `own`, in order of their colour.
    #[must_use]
    pub fn invitable(&self, own: InstitutionId) -> Vec<session::Institution> {
        let mut rows: Vec<_> = self
            .0
            .values()
            .filter(|i| i.id != own && !i.platform)
            .map(institution)
            .collect();
        rows.sort_by_key(|i| (i.colour, i.code.clone()));
        rows
    }
}

/// What the caller may do with a case now, the next step first.
#[must_use]
pub fn allowed(ctx: &Ctx, case: &Case, own_opinion: bool) -> Vec<Act> {
    use ConsultationState as S;
    let can = |action| case.decide(ctx, action) == Decision::Allow;
    let state = case.consultation.state;
    let mut acts = Vec::new();
    let mut offer = |possible: bool, act: Act| {
        if possible {
            acts.push(act);
        }
    };
    let own = case
        .invitations
        .iter()
        .find(|i| i.institution == ctx.institution.id);
    let awaiting = own.is_some_and(|i| {
        i.answer_sent_at.is_none()
            && matches!(
                i.state,
                InvitationState::Delivered | InvitationState::Reconfirming
            )
    });
    let held = own.is_some_and(|i| i.answer_sent_at.is_none() && i.state == InvitationState::Accepted);
    let before_session = matches!(state, S::Inviting | S::Preparing | S::Ready);
    offer(can(Action::Answer) && awaiting && before_session, Act::Answer);
    offer(can(Action::Conduct) && state == S::Draft, Act::Invite);
    offer(can(Action::Conduct) && state == S::Preparing, Act::Ready);
    offer(can(Action::Conduct) && state == S::Ready, Act::Start);
    offer(can(Action::SignReport) && state == S::Summarising, Act::Sign);
    let over = matches!(state, S::Concluded | S::Archived);
    offer(can(Action::EnterRoom) && !over, Act::EnterRoom);
    offer(can(Action::ReadReport) && over, Act::ReadReport);
    offer(can(Action::EnterRoom) && over, Act::EnterRoom);
    offer(
        can(Action::SubmitOpinion) && matches!(state, S::InSession | S::Summarising) && !own_opinion,
        Act::SubmitOpinion,
    );
    offer(can(Action::Conduct) && state == S::InSession, Act::End);
    offer(can(Action::Edit) && state == S::Draft, Act::Edit);
    offer(can(Action::Upload), Act::Upload);
    offer(can(Action::ViewImages), Act::ViewImages);
    let begun = !matches!(state, S::Draft | S::Cancelled);
    offer(can(Action::ReadData) && begun, Act::Data);
    offer(can(Action::ReadData) && begun, Act::Package);
    offer(can(Action::Consent), Act::Consent);
    offer(can(Action::Conduct) && before_session, Act::Reschedule);
    offer(can(Action::Answer) && held && before_session, Act::Withdraw);
    offer(
        can(Action::Conduct) && !over && state != S::Cancelled,
        Act::Cancel,
    );
    acts
}

/// The worklist row of a case.
///
/// # Errors
/// Stored data cannot be read.
pub fn row(
    ctx: &Ctx,
    case: &Case,
    patient: &Patient,
    submitted: &[StoredOpinion],
    directory: &Directory,
) -> Result<ConsultationRow, ServiceError> {
    let c = &case.consultation;
    let clinical: Clinical = serde_json::from_value(c.clinical.clone())?;
    let mut participants = Vec::new();
    if case.invitations.is_empty() {
        for id in &c.chosen {
            participants.push(Participant {
                institution: directory.get(*id)?,
                state: None,
                due_at: None,
                answered_at: None,
                can_provide: Vec::new(),
                reason: None,
                data_from: None,
                experts: Vec::new(),
                delivered_at: None,
                answer_under_way: false,
                opinion_submitted: false,
            });
        }
    }
    for invitation in &case.invitations {
        participants.push(Participant {
            institution: directory.get(invitation.institution)?,
            state: Some(invitation.state),
            due_at: Some(invitation.due_at),
            answered_at: invitation.answered_at,
            can_provide: invitation.can_provide.clone(),
            reason: invitation.reason.clone(),
            data_from: invitation.data_from,
            experts: Vec::new(),
            delivered_at: invitation.delivered_at,
            answer_under_way: invitation.answer_sent_at.is_some(),
            opinion_submitted: submitted.iter().any(|o| o.institution == invitation.institution),
        });
    }
    participants.sort_by_key(|p| p.institution.colour);
    let own_opinion = opinions::settled(submitted, ctx.account.id);
    let allowed = allowed(ctx, case, own_opinion);
    let my_move = allowed.iter().any(|act| {
        matches!(
            act,
            Act::Answer | Act::Invite | Act::Ready | Act::Start | Act::Sign | Act::SubmitOpinion
        )
    });
    Ok(ConsultationRow {
        id: c.id,
        number: c.number.clone(),
        kind: c.kind,
        urgency: c.urgency,
        state: c.state,
        patient: patients::masked(patient, ctx.now()),
        preliminary_diagnosis: Texts::for_reader(ctx, case, patient)?.text(clinical.preliminary_diagnosis),
        lead: directory.get(c.lead)?,
        participants,
        scheduled_at: c.scheduled_at,
        my_move,
        allowed,
        due_at: due_at(case),
        updated_at: c.updated_at,
    })
}

/// The deadline that runs now.
fn due_at(case: &Case) -> Option<consilium_domain::Timestamp> {
    let c = &case.consultation;
    match c.state {
        ConsultationState::Inviting => case
            .invitations
            .iter()
            .filter(|i| is_pending(i.state))
            .map(|i| i.due_at)
            .min(),
        ConsultationState::Preparing | ConsultationState::Ready => Some(c.scheduled_at),
        ConsultationState::Summarising => c.ended_at.map(|t| t.plus_ms(OPINION_WITHIN_MS)),
        _ => None,
    }
}

/// The page of a case.
///
/// # Errors
/// Stored data cannot be read.
pub async fn detail(app: &App, ctx: &Ctx, case: &Case) -> Result<Consultation, ServiceError> {
    let reader = app.store.reader();
    let directory = Directory::load(app).await?;
    let c = &case.consultation;
    let patient = reader.patient(c.patient).await?.ok_or(ServiceError::NotFound)?;
    let submitted = reader.opinions(c.id).await?;
    let mut row = row(ctx, case, &patient, &submitted, &directory)?;
    if case.relation(ctx.institution.id).inside() {
        name_experts(app, case, &mut row.participants).await?;
    }
    let own_opinion = opinions::settled(&submitted, ctx.account.id);
    let mut readable = Vec::new();
    for stored in &submitted {
        let author = reader
            .account(stored.author)
            .await?
            .ok_or(ServiceError::NotFound)?;
        let newest = opinions::newest(&submitted, stored.author).map(|of| of.id);
        readable.push(Opinion {
            superseded: newest != Some(stored.id),
            ..opinion(app, stored, &author, &directory)?
        });
    }
    Ok(Consultation {
        row,
        clinical: Texts::for_reader(ctx, case, &patient)?.clinical(clinical(ctx, case)?),
        duration_minutes: u16::try_from(c.duration_minutes).unwrap_or(u16::MAX),
        wanted: c.wanted.clone(),
        consent: consents::Stored::of(c)?.map(|consent| consent.brief()),
        started_at: c.started_at,
        ended_at: c.ended_at,
        opinions: readable,
        room: case
            .room_rights(&ctx.account, own_opinion)
            .unwrap_or_default()
            .shared(),
        people: people(app, ctx, case, &directory).await?,
        suspended_from: c.suspended_from,
        override_reason: c.override_reason.clone(),
        package: packages::newest(app, c.id).await?,
        deadlines: deadlines(app, ctx, case).await?,
        paused_at: c.paused_at,
        pause_reason: c.pause_reason.clone(),
        version: c.version,
    })
}

/// The deadlines of a case the reader may know of: all for the lead, the own ones for a participant.
async fn deadlines(app: &App, ctx: &Ctx, case: &Case) -> Result<Vec<Deadline>, ServiceError> {
    let mut found = clocks::of_consultation(app, case.consultation.id).await?;
    if case.relation(ctx.institution.id) != Relation::Lead {
        found.retain(|deadline| deadline.institution.id == ctx.institution.id);
    }
    Ok(found)
}

/// Puts the experts each participant has named beside it.
async fn name_experts(app: &App, case: &Case, participants: &mut [Participant]) -> Result<(), ServiceError> {
    for participant in participants {
        let Some(invitation) = case
            .invitations
            .iter()
            .find(|i| i.institution == participant.institution.id)
        else {
            continue;
        };
        let mut found = accounts(app, &invitation.experts).await?;
        let named: Vec<_> = invitation
            .experts
            .iter()
            .filter_map(|id| found.remove(id))
            .collect();
        participant.experts =
            invitations::double_bookings(app, &case.consultation, invitation.institution, &named).await?;
    }
    Ok(())
}

/// The clinical data; before an institution has accepted, and after consent has ended, only the parts of an
/// invitation (clauses 7.2 b and 8.3.2).
fn clinical(ctx: &Ctx, case: &Case) -> Result<Clinical, ServiceError> {
    let all: Clinical = serde_json::from_value(case.consultation.clinical.clone())?;
    Ok(match case.relation(ctx.institution.id) {
        Relation::Lead => all,
        relation if relation.inside() && consents::active(&case.consultation, ctx.now()) => all,
        _ => Clinical {
            preliminary_diagnosis: all.preliminary_diagnosis,
            diagnosis_code: all.diagnosis_code,
            need: all.need,
            ..Clinical::default()
        },
    })
}

/// The people who may be in the live room, for those who may enter it themselves.
async fn people(
    app: &App,
    ctx: &Ctx,
    case: &Case,
    directory: &Directory,
) -> Result<Vec<Person>, ServiceError> {
    if case.decide(ctx, Action::EnterRoom) != Decision::Allow {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for account in app.store.reader().accounts().await? {
        if case.room_rights(&account, false).is_some() {
            found.push(person(&account, directory.get(account.institution)?));
        }
    }
    Ok(found)
}

/// An account as the others in a room see it.
#[must_use]
pub fn person(account: &Account, institution: session::Institution) -> Person {
    Person {
        id: account.id,
        name: account.display_name.clone(),
        role: account.role,
        department: account.department.clone(),
        institution,
    }
}

/// A submitted opinion, its signature checked now.
///
/// # Errors
/// Its institution is missing.
pub fn opinion(
    app: &App,
    stored: &StoredOpinion,
    author: &Account,
    directory: &Directory,
) -> Result<Opinion, ServiceError> {
    Ok(Opinion {
        id: stored.id,
        author_id: stored.author,
        author: author.display_name.clone(),
        department: author.department.clone(),
        institution: directory.get(stored.institution)?,
        version: stored.version,
        text: stored.text.expose().clone(),
        dissent: stored.dissent,
        cites: stored.cites.clone(),
        submitted_at: stored.submitted_at,
        content_hash: hex::encode(stored.content_hash),
        signature_valid: opinions::signature_valid(app, stored),
        superseded: false,
        in_revision: stored.reopened_at.is_some(),
    })
}

/// Names of authors for a list of account ids.
///
/// # Errors
/// The store fails.
pub async fn accounts(app: &App, ids: &[AccountId]) -> Result<HashMap<AccountId, Account>, ServiceError> {
    let mut found = HashMap::new();
    for id in ids {
        if !found.contains_key(id)
            && let Some(account) = app.store.reader().account(*id).await?
        {
            found.insert(*id, account);
        }
    }
    Ok(found)
}
