//! Questions of the session from one institution to another (clause 7.3 e): a task with a clock that crosses
//! the border as a message and is seen by all in the room.

mod inbox;

use std::collections::HashMap;

use consilium_domain::{
    AccountId, ClockKind, ConsultationId, InstitutionId, QuestionId, QuestionState, Role,
    clock::QUESTION_WITHIN_MS,
    machine::Verb as _,
    permission::Action,
    session::question::{self, Command, Facts, MACHINE, Refusal},
};
use consilium_protocol::{
    codes,
    exchange::{AnswerBody, Body, QuestionBody},
    limits,
    live::Citation,
    room::{AnswerInput, Question, QuestionInput},
};
use consilium_storage::{Account, Deadline, DeadlineState, Question as Stored};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use inbox::{overdue, receive};

use crate::{
    ctx::Ctx,
    error::ServiceError,
    exchange,
    services::{
        access::{self, Case},
        clocks, consents,
        masking::Texts,
        opinions, patients,
        views::{self, Directory},
    },
    state::App,
};

/// Longest name of a line of the discussion, characters.
const LINE_CHARS: usize = 100;
const MINUTE_MS: i64 = 60 * 1000;
/// Who is told of questions.
const SPEAKERS: &[Role] = &[Role::Admin, Role::Expert];

/// What is asked, as it lies sealed.
#[derive(Serialize, Deserialize)]
struct Content {
    text: String,
    line_id: String,
}

/// An answer as it lies sealed.
#[derive(Serialize, Deserialize)]
struct Answer {
    text: String,
    cites: Vec<Citation>,
}

fn ground(case: &Case, refusal: Refusal) -> ServiceError {
    ServiceError::Refused {
        code: refusal.code(),
        state: (refusal == Refusal::State).then_some(case.consultation.state),
        errors: Vec::new(),
    }
}

/// Where a question stands for an institution; nothing when it has not come there yet.
fn state_for(reader: InstitutionId, stored: &Stored) -> Option<QuestionState> {
    if stored.asked == reader {
        stored.asked_state
    } else {
        Some(stored.state)
    }
}

/// Writes down that an act on questions did not come about, and gives its error back.
async fn note(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    action: &str,
    target: String,
    error: ServiceError,
) -> Result<ServiceError, ServiceError> {
    let mut tx = app.store.begin().await?;
    tx.audit(ctx.event(action, target, error.code().0, Some(id)))
        .await?;
    tx.commit().await?;
    Ok(error)
}

/// `POST …/questions`: asks an institution. Everybody in the room is told.
///
/// # Errors
/// Not allowed in the room, wrong fields, and the grounds of [`question::ask`].
pub async fn ask(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    input: QuestionInput,
) -> Result<Question, ServiceError> {
    let case = access::open(app, ctx, id, Action::EnterRoom).await?;
    consents::require_to_read(app, ctx, &case).await?;
    let asked = put(app, ctx, &case, input).await;
    let asked = match asked {
        Ok(asked) => asked,
        Err(error) => {
            let target = "question/new".to_owned();
            return Err(note(app, ctx, id, "question.ask", target, error).await?);
        }
    };
    delivered(app, ctx, id, asked).await
}

/// After the commit: delivers what was posted, tells the room, and reads the question as it stands now.
async fn delivered(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    question: QuestionId,
) -> Result<Question, ServiceError> {
    exchange::flush(app, id).await;
    opinions::refresh_room(app, id, "questions").await?;
    read(app, ctx, id, question).await
}

fn check_question(input: &QuestionInput) -> Result<i64, ServiceError> {
    let mut check = patients::Check::default();
    check.required("text", &input.text, limits::QUESTION_CHARS);
    check.optional("line_id", &input.line_id, LINE_CHARS);
    let (least, most) = limits::QUESTION_MINUTES;
    if input
        .within_minutes
        .is_some_and(|minutes| !(least..=most).contains(&minutes))
    {
        check.error("within_minutes", codes::FIELD_UNKNOWN);
    }
    check.finish()?;
    Ok(input.within_minutes.map_or(QUESTION_WITHIN_MS, |minutes| {
        i64::from(minutes).saturating_mul(MINUTE_MS)
    }))
}

async fn put(app: &App, ctx: &Ctx, case: &Case, input: QuestionInput) -> Result<QuestionId, ServiceError> {
    let within_ms = check_question(&input)?;
    let (id, own, now) = (case.consultation.id, ctx.institution.id, ctx.now());
    let texts = Texts::for_exchange(app, case, now).await?;
    let mut tx = app.store.begin().await?;
    let case = access::within(&tx, id, now).await?;
    let open = tx.questions(id).await?;
    let facts = Facts {
        consultation: case.consultation.state,
        paused: case.consultation.paused_at.is_some(),
        asked_inside: case.inside().any(|of| of == input.institution_id),
        own: input.institution_id == own,
        open: open.iter().filter(|of| of.state == QuestionState::Open).count(),
        open_max: limits::QUESTIONS_OPEN,
    };
    question::ask(&facts).map_err(|refusal| ground(&case, refusal))?;
    if !case
        .room_rights(&ctx.account, true)
        .is_some_and(|rights| rights.discuss)
    {
        return Err(ServiceError::Forbidden);
    }
    let content = Content {
        text: texts.text(input.text.trim().to_owned()),
        line_id: input.line_id,
    };
    let stored = Stored {
        id: QuestionId(Uuid::now_v7()),
        consultation: id,
        asked_by: ctx.account.id,
        asking: own,
        asked: input.institution_id,
        state: QuestionState::Open,
        asked_state: None,
        content: serde_json::to_value(&content)?,
        answer: None,
        answered_by: None,
        asked_at: now,
        within_ms,
        delivered_at: None,
        answered_at: None,
        version: 1,
    };
    tx.insert_question(&stored).await?;
    let body = Body::Question(Box::new(QuestionBody {
        question_id: stored.id,
        text: content.text,
        answer_within_ms: within_ms,
    }));
    exchange::post(app, &mut tx, id, own, stored.asked, now, body).await?;
    let target = format!("question/{}", stored.id);
    tx.audit(ctx.event("question.ask", target, "ok", Some(id)))
        .await?;
    tx.commit().await?;
    Ok(stored.id)
}

/// A question of the consultation the caller's institution may know of.
async fn find(
    app: &App,
    ctx: &Ctx,
    case: &Case,
    question: QuestionId,
) -> Result<(Stored, QuestionState), ServiceError> {
    let id = case.consultation.id;
    let found = app.store.reader().question(question).await?;
    let seen = found
        .filter(|of| of.consultation == id)
        .and_then(|of| state_for(ctx.institution.id, &of).map(|state| (of, state)));
    match seen {
        Some(seen) => Ok(seen),
        None => {
            access::refuse(app, ctx, "Question", id, Some(id), codes::NOT_FOUND).await?;
            Err(ServiceError::NotFound)
        }
    }
}

/// Checks what a person does with a question: theirs to do, possible now, and nobody was first.
async fn may(
    app: &App,
    ctx: &Ctx,
    case: &Case,
    (stored, state): (&Stored, QuestionState),
    command: Command,
    theirs: bool,
) -> Result<QuestionState, ServiceError> {
    let target = format!("question/{}", stored.id);
    let c = &case.consultation;
    let action = format!("question.{}", command.verb());
    if !theirs {
        return Err(note(app, ctx, c.id, &action, target, ServiceError::Forbidden).await?);
    }
    if let Err(refusal) = question::settle(c.state, c.paused_at.is_some()) {
        return Err(note(app, ctx, c.id, &action, target, ground(case, refusal)).await?);
    }
    access::step(app, ctx, case, &MACHINE, state, command, target).await
}

fn check_answer(input: &AnswerInput) -> Result<(), ServiceError> {
    let mut check = patients::Check::default();
    check.required("text", &input.text, limits::QUESTION_CHARS);
    let long = |text: &String, most: usize| text.chars().count() > most;
    if input.cites.len() > limits::ANSWER_CITES
        || input.cites.iter().any(|cite| {
            long(&cite.reference, limits::CITE_REFERENCE_CHARS) || long(&cite.text, limits::CITE_CHARS)
        })
    {
        check.error("cites", codes::FIELD_TOO_LONG);
    }
    check.finish()
}

/// `POST …/questions/{question}/answer`: answers for the own institution. The clock stops.
///
/// # Errors
/// Not asked of the caller's institution, answered or taken back before, not in session, wrong fields.
pub async fn answer(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    question: QuestionId,
    input: AnswerInput,
) -> Result<Question, ServiceError> {
    let case = access::open(app, ctx, id, Action::EnterRoom).await?;
    let (mut stored, state) = find(app, ctx, &case, question).await?;
    let theirs = stored.asked == ctx.institution.id;
    let next = may(app, ctx, &case, (&stored, state), Command::Answer, theirs).await?;
    if let Err(error) = check_answer(&input) {
        let target = format!("question/{question}");
        return Err(note(app, ctx, id, "question.answer", target, error).await?);
    }
    let now = ctx.now();
    let texts = Texts::for_exchange(app, &case, now).await?;
    let cites = input.cites.into_iter().map(|cite| Citation {
        text: texts.text(cite.text),
        ..cite
    });
    let given = Answer {
        text: texts.text(input.text.trim().to_owned()),
        cites: cites.collect(),
    };
    stored.asked_state = Some(next);
    stored.answer = Some(serde_json::to_value(&given)?);
    stored.answered_by = Some(ctx.account.id);
    stored.answered_at = Some(now);
    let mut tx = app.store.begin().await?;
    let case = access::within(&tx, id, now).await?;
    question::settle(case.consultation.state, case.consultation.paused_at.is_some())
        .map_err(|refusal| ground(&case, refusal))?;
    tx.update_question(&stored).await?;
    clocks::stop(&mut tx, ClockKind::Question, question.0, now).await?;
    let body = Body::Answer(Box::new(AnswerBody {
        question_id: question,
        text: given.text,
        cites: given.cites,
        answered_at: now,
    }));
    exchange::post(app, &mut tx, id, stored.asked, stored.asking, now, body).await?;
    let target = format!("question/{question}");
    tx.audit(ctx.event("question.answer", target, "ok", Some(id)))
        .await?;
    tx.commit().await?;
    delivered(app, ctx, id, question).await
}

/// `POST …/questions/{question}/withdraw`: takes a question back; who asked may, and the administrators of
/// the asking institution.
///
/// # Errors
/// Not the caller's, answered or taken back before, not in session.
pub async fn withdraw(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    question: QuestionId,
) -> Result<Question, ServiceError> {
    let case = access::open(app, ctx, id, Action::EnterRoom).await?;
    let (mut stored, state) = find(app, ctx, &case, question).await?;
    let theirs = takes_back(ctx, &stored);
    let next = may(app, ctx, &case, (&stored, state), Command::Withdraw, theirs).await?;
    let now = ctx.now();
    stored.state = next;
    let mut tx = app.store.begin().await?;
    let case = access::within(&tx, id, now).await?;
    question::settle(case.consultation.state, case.consultation.paused_at.is_some())
        .map_err(|refusal| ground(&case, refusal))?;
    tx.update_question(&stored).await?;
    let body = Body::QuestionWithdrawn {
        question_id: question,
    };
    exchange::post(app, &mut tx, id, stored.asking, stored.asked, now, body).await?;
    let target = format!("question/{question}");
    tx.audit(ctx.event("question.withdraw", target, "ok", Some(id)))
        .await?;
    tx.commit().await?;
    delivered(app, ctx, id, question).await
}

fn takes_back(ctx: &Ctx, stored: &Stored) -> bool {
    stored.asked_by == ctx.account.id
        || stored.asking == ctx.institution.id && ctx.account.role == Role::Admin
}

/// `GET …/questions`: all in the order of asking. The reading is audited.
///
/// # Errors
/// Not there for the caller, or not its duty.
pub async fn list(app: &App, ctx: &Ctx, id: ConsultationId) -> Result<Vec<Question>, ServiceError> {
    let case = access::open(app, ctx, id, Action::EnterRoom).await?;
    consents::require_to_read(app, ctx, &case).await?;
    let out = visible(app, ctx, &case).await?;
    let mut tx = app.store.begin().await?;
    tx.audit(ctx.event("question.list", format!("consultation/{id}"), "ok", Some(id)))
        .await?;
    tx.commit().await?;
    Ok(out)
}

/// The questions the caller's institution may know of. The caller has been let into the room.
///
/// # Errors
/// Stored data cannot be read.
pub async fn visible(app: &App, ctx: &Ctx, case: &Case) -> Result<Vec<Question>, ServiceError> {
    let reader = app.store.reader();
    let id = case.consultation.id;
    let found = reader.questions(id).await?;
    let people: Vec<AccountId> = found
        .iter()
        .flat_map(|of| [Some(of.asked_by), of.answered_by])
        .flatten()
        .collect();
    let eyes = Eyes {
        directory: Directory::load(app).await?,
        people: views::accounts(app, &people).await?,
        clocks: reader.deadlines_of(id, ClockKind::Question).await?,
        still: case.consultation.paused_at.is_some() || reader.suspended().await?,
    };
    let mut out = Vec::new();
    for stored in found {
        if let Some(state) = state_for(ctx.institution.id, &stored) {
            out.push(eyes.view(ctx, case, stored, state)?);
        }
    }
    Ok(out)
}

async fn read(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    question: QuestionId,
) -> Result<Question, ServiceError> {
    let case = access::open(app, ctx, id, Action::EnterRoom).await?;
    let all = visible(app, ctx, &case).await?;
    all.into_iter()
        .find(|of| of.id == question)
        .ok_or(ServiceError::NotFound)
}

/// What it takes to show questions.
struct Eyes {
    directory: Directory,
    people: HashMap<AccountId, Account>,
    clocks: Vec<Deadline>,
    /// The clocks stand still.
    still: bool,
}

impl Eyes {
    fn name(&self, account: AccountId) -> String {
        let found = self.people.get(&account);
        found.map(|of| of.display_name.clone()).unwrap_or_default()
    }

    fn view(
        &self,
        ctx: &Ctx,
        case: &Case,
        stored: Stored,
        state: QuestionState,
    ) -> Result<Question, ServiceError> {
        let content: Content = serde_json::from_value(stored.content.clone())?;
        let clock = self.clocks.iter().rfind(|of| of.subject == stored.id.0);
        let due_at = clock.map_or(stored.asked_at.plus_ms(stored.within_ms), |of| of.due_at);
        let expired = clock.is_some_and(|of| of.state == DeadlineState::Expired);
        let answer: Option<Answer> = match &stored.answer {
            Some(answer) if state == QuestionState::Answered => Some(serde_json::from_value(answer.clone())?),
            _ => None,
        };
        let c = &case.consultation;
        let now_possible = question::settle(c.state, c.paused_at.is_some()).is_ok();
        let expected = state == QuestionState::Open && !clocks::over(c.state);
        let can = |command| now_possible && MACHINE.step(state, command, case.actor(ctx)).is_ok();
        Ok(Question {
            id: stored.id,
            asked_by: stored.asked_by,
            asked_by_name: self.name(stored.asked_by),
            from: self.directory.get(stored.asking)?,
            to: self.directory.get(stored.asked)?,
            text: content.text,
            line_id: content.line_id,
            state,
            asked_at: stored.asked_at,
            due_at,
            overdue: expected && (expired || !self.still && due_at <= ctx.now()),
            answered_by_name: match (&answer, stored.answered_by) {
                (Some(_), Some(by)) => self.name(by),
                _ => String::new(),
            },
            answered_at: stored.answered_at.filter(|_| answer.is_some()),
            may_answer: stored.asked == ctx.institution.id && can(Command::Answer),
            may_withdraw: takes_back(ctx, &stored) && can(Command::Withdraw),
            answer: answer.as_ref().map(|of| of.text.clone()).unwrap_or_default(),
            cites: answer.map(|of| of.cites).unwrap_or_default(),
        })
    }
}
