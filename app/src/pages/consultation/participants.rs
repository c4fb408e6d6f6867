//! The institutions: how far each has come, whose move it is, and by when.

use consilium_domain::{ConsultationId, InstitutionId, InvitationState};
use consilium_protocol::{
    consultation::{Act, Consultation, InstitutionReason, Participant},
    notice::Deadline,
    page::{Locale, Progress},
};
use leptos::prelude::*;

use crate::{
    api, context, format,
    i18n::{self, Common, ConsultationTexts, fill},
    ui::{
        AskReason, Button, Doing, DueTime, FormErrors, Lines, Outcome, badge::invitation_tone, colour_class,
    },
};

/// What the lead may do about one invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Invited {
    Revoke,
    Reinvite,
}

/// Lead first, then each participant with its state, its progress and its deadlines.
#[component]
pub fn ParticipantsPanel(
    /// The consultation.
    consultation: Consultation,
    /// How far each institution has come.
    progress: Vec<Progress>,
    /// The reader's institution.
    own: Option<InstitutionId>,
) -> impl IntoView {
    let locale = context::locale();
    let t = ConsultationTexts::of(locale);
    let doing = Doing::new();
    let lead = consultation.row.lead.clone();
    let id = consultation.row.id;
    let may_change = consultation.row.allowed.contains(&Act::Reschedule);
    let of = |institution: InstitutionId| {
        progress
            .iter()
            .find(|of| of.institution.id == institution)
            .cloned()
    };
    let lead_progress = of(lead.id).map(|progress| view! { <Trail steps=data_steps(&progress, locale) /> });
    let items = consultation
        .row
        .participants
        .into_iter()
        .map(|participant| {
            let institution = participant.institution.id;
            let deadlines: Vec<Deadline> = consultation
                .deadlines
                .iter()
                .filter(|due| due.institution.id == institution)
                .cloned()
                .collect();
            let mine = Some(institution) == own;
            view! {
                <Item of=participant progress=of(institution) deadlines mine id may_change doing />
            }
        })
        .collect_view();
    view! {
        <section class="panel" aria-labelledby="participants">
            <h2 id="participants">{t.participants}</h2>
            <Outcome doing />
            <ul class="people">
                <li class:own=own == Some(lead.id)>
                    <i class=format!("dot {}", colour_class(&lead)) aria-hidden="true"></i>
                    <div>
                        <p class="people-name">{i18n::institution_name(&lead, locale)}</p>
                        {lead_progress}
                    </div>
                    <span class="mark">{Common::of(locale).lead}</span>
                </li>
                {items}
            </ul>
        </section>
    }
}

/// One step of an institution: `done`, `now`, `late` or nothing, and its words.
type Step = (&'static str, String);

fn data_steps(of: &Progress, locale: Locale) -> Vec<Step> {
    let t = ConsultationTexts::of(locale);
    let mut steps = Vec::new();
    if of.requests > 0 {
        let class = match (of.overdue, of.requests_met == of.requests) {
            (_, true) => "done",
            (true, false) => "late",
            (false, false) => "now",
        };
        let counts = [of.requests_met.to_string(), of.requests.to_string()];
        steps.push((class, fill(t.step_requests, &[&counts[0], &counts[1]])));
    }
    if of.rows > 0 {
        steps.push(("done", fill(t.step_rows, &[&of.rows.to_string()])));
    }
    if of.refused > 0 {
        steps.push(("late", fill(t.step_refused, &[&of.refused.to_string()])));
    }
    if of.issues > 0 {
        steps.push(("now", fill(t.step_issues, &[&of.issues.to_string()])));
    }
    steps
}

fn steps(of: &Participant, progress: Option<&Progress>, locale: Locale) -> Vec<Step> {
    use InvitationState as S;
    let t = ConsultationTexts::of(locale);
    let mut steps = Vec::new();
    if let Some(at) = of.delivered_at {
        steps.push(("done", fill(t.step_delivered, &[&format::short(at)])));
    }
    if let Some(at) = of.answered_at {
        steps.push(("done", fill(t.answered, &[&format::short(at)])));
    } else if of.answer_under_way {
        steps.push(("now", t.answer_under_way.to_owned()));
    }
    if matches!(of.state, Some(S::Accepted | S::Reconfirming))
        && let Some(progress) = progress
    {
        let data = data_steps(progress, locale);
        if data.is_empty() {
            steps.push(("", t.step_no_data.to_owned()));
        }
        steps.extend(data);
    }
    steps
}

#[component]
fn Trail(steps: Vec<Step>) -> impl IntoView {
    let items = steps
        .into_iter()
        .map(|(class, text)| view! { <li class=class>{text}</li> })
        .collect_view();
    view! { <ol class="trail">{items}</ol> }
}

#[component]
fn Item(
    of: Participant,
    progress: Option<Progress>,
    deadlines: Vec<Deadline>,
    mine: bool,
    id: ConsultationId,
    may_change: bool,
    doing: Doing,
) -> impl IntoView {
    let locale = context::locale();
    let t = ConsultationTexts::of(locale);
    let (text, tone) = match of.state {
        _ if of.opinion_submitted => (t.opinion_in, "good"),
        Some(state) => (i18n::invitation(state, locale), invitation_tone(state)),
        None => (t.not_invited, ""),
    };
    let gives: Vec<&str> = of
        .can_provide
        .iter()
        .map(|category| i18n::category(*category, locale))
        .collect();
    let mut lines = Vec::new();
    if !gives.is_empty() {
        let mut line = fill(t.can_provide, &[&format::list(&gives, locale)]);
        if let Some(at) = of.data_from {
            line.push_str(&fill(t.since, &[&format::date(at)]));
        }
        lines.push(line);
    }
    if !of.experts.is_empty() {
        let names: Vec<String> = of.experts.iter().map(format::expert).collect();
        lines.push(fill(t.named, &[&format::list(&names, locale)]));
    }
    lines.extend(of.reason.as_ref().map(|reason| fill(t.reason, &[reason])));
    let booked: Vec<String> = of
        .experts
        .iter()
        .filter_map(|expert| {
            let number = expert.double_booked.as_ref()?;
            Some(format!("{} {}", expert.name, fill(t.double_booked, &[number])))
        })
        .collect();
    let due = deadlines
        .into_iter()
        .map(|due| {
            let what = i18n::preparation::clock(due.kind, locale);
            view! {
                <p class="quiet">
                    <span>{t.next_step} {what} " "</span>
                    <DueTime at=due.due_at />
                </p>
            }
        })
        .collect_view();
    let change = match of.state {
        _ if !may_change => None,
        Some(
            InvitationState::Sent
            | InvitationState::Delivered
            | InvitationState::Accepted
            | InvitationState::Reconfirming,
        ) => Some(Invited::Revoke),
        Some(_) => Some(Invited::Reinvite),
        None => None,
    };
    let name = i18n::institution_name(&of.institution, locale);
    let institution_id = of.institution.id;
    view! {
        <li class:own=mine>
            <i class=format!("dot {}", colour_class(&of.institution)) aria-hidden="true"></i>
            <div>
                <p class="people-name">{name.clone()}</p>
                <Trail steps=steps(&of, progress.as_ref(), locale) />
                {due}
                <Lines of=lines />
                {booked.into_iter().map(|text| view! { <p class="late-text">{text}</p> }).collect_view()}
                {change.map(|what| view! { <Change what id institution_id name doing /> })}
            </div>
            <span class=format!("mark {tone}")>{text}</span>
        </li>
    }
}

#[component]
fn Change(
    what: Invited,
    id: ConsultationId,
    institution_id: InstitutionId,
    name: String,
    doing: Doing,
) -> impl IntoView {
    let t = ConsultationTexts::of(context::locale());
    let open = RwSignal::new(false);
    let _errors = FormErrors::provide();
    let send = move |verb: &'static str, reason: String| {
        let body = InstitutionReason {
            institution_id,
            reason,
        };
        open.set(false);
        doing.run(async move { api::post(&api::of(id, verb), &body).await });
    };
    match what {
        Invited::Reinvite => {
            view! { <Button text=t.reinvite busy=doing.busy on_press=move || send("reinvite", String::new()) /> }
                .into_any()
        }
        Invited::Revoke => view! {
            <button type="button" class="plain" hidden=move || open.get() on:click=move |_| open.set(true)>
                {t.revoke}
            </button>
            {move || {
                open.get()
                    .then(|| {
                        view! {
                            <AskReason
                                label=t.revoke_reason
                                question=fill(t.revoke_question, &[&name])
                                yes=t.revoke
                                danger=true
                                on_yes=move |reason| send("revoke", reason)
                                on_no=move || open.set(false)
                            />
                        }
                    })
            }}
        }
        .into_any(),
    }
}
