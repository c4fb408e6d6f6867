//! Every state x command x actor of every state machine, against a table written out in full
//! (`machines/legal.txt`). A cell that is not in the table must be refused.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;

use consilium_domain::{
    ConsentState, ConsultationState, DataRequestState, InvitationState, IssueState, PackageState,
    QuestionState, Role, SubmissionState, Timestamp, TransferState,
    consultation::{self, Facts},
    machine::{Actor, Machine, Refused, Verb},
    permission::Relation,
    preparation::{consent, data_request, invitation, issue, package, submission, transfer},
    session::question,
};

/// What a walk over one machine found.
struct Walk {
    legal: String,
    cells: usize,
}

fn walk<S, C>(machine: &Machine<S, C>, states: &[S], commands: &[C], name: fn(S) -> &'static str) -> Walk
where
    S: Copy + PartialEq + std::fmt::Debug,
    C: Verb,
{
    let mut legal = String::new();
    let mut cells = 0;
    for &state in states {
        for &command in commands {
            let mut by = Vec::new();
            let mut to = None;
            for actor in Actor::ALL {
                cells += 1;
                match machine.step(state, command, actor) {
                    Ok(next) => {
                        assert!(to.is_none_or(|before| before == next), "one command, one target");
                        to = Some(next);
                        by.push(format!("{actor:?}"));
                    }
                    Err(Refused::WrongState(at)) => assert_eq!(at, state),
                    Err(Refused::NotAllowed) => {}
                }
            }
            if let Some(to) = to {
                writeln!(
                    legal,
                    "{} {} --{}--> {} by {}",
                    machine.name,
                    name(state),
                    command.verb(),
                    name(to),
                    by.join(" ")
                )
                .unwrap();
            }
        }
    }
    Walk { legal, cells }
}

/// All guards of the consultation satisfied, so that only the table decides.
fn open_doors() -> Facts {
    Facts {
        chosen: 2,
        accepted: 2,
        consent_active: true,
        package: Some(PackageState::Frozen),
        package_complete: true,
        suspended_from: Some(ConsultationState::Preparing),
        new_time: Some(Timestamp::from_ms(1)),
        ..Facts::default()
    }
}

fn walk_consultation() -> Walk {
    let mut legal = String::new();
    let mut cells = 0;
    for &state in ConsultationState::ALL {
        for command in consultation::Command::ALL {
            let facts = Facts {
                paused: command == consultation::Command::Continue,
                ..open_doors()
            };
            let to = consultation::apply(state, command, &facts, Timestamp::from_ms(0));
            let mut by = Vec::new();
            for actor in Actor::ALL {
                cells += 1;
                if to.is_ok() && consultation::may(command, actor) {
                    by.push(format!("{actor:?}"));
                }
            }
            if let Ok(to) = to {
                assert!(!by.is_empty(), "{command:?} has nobody who may ask it");
                writeln!(
                    legal,
                    "consultation {} --{}--> {} by {}",
                    state.code(),
                    command.code(),
                    to.code(),
                    by.join(" ")
                )
                .unwrap();
            }
        }
    }
    Walk { legal, cells }
}

#[test]
fn every_state_command_and_actor() {
    let walks = [
        walk_consultation(),
        walk(
            &invitation::MACHINE,
            InvitationState::ALL,
            invitation::Command::ALL,
            InvitationState::code,
        ),
        walk(
            &data_request::MACHINE,
            DataRequestState::ALL,
            data_request::Command::ALL,
            DataRequestState::code,
        ),
        walk(
            &submission::MACHINE,
            SubmissionState::ALL,
            submission::Command::ALL,
            SubmissionState::code,
        ),
        walk(
            &issue::MACHINE,
            IssueState::ALL,
            issue::Command::ALL,
            IssueState::code,
        ),
        walk(
            &package::MACHINE,
            PackageState::ALL,
            package::Command::ALL,
            PackageState::code,
        ),
        walk(
            &consent::MACHINE,
            ConsentState::ALL,
            consent::Command::ALL,
            ConsentState::code,
        ),
        walk(
            &transfer::MACHINE,
            TransferState::ALL,
            transfer::Command::ALL,
            TransferState::code,
        ),
        walk(
            &question::MACHINE,
            QuestionState::ALL,
            question::Command::ALL,
            QuestionState::code,
        ),
    ];
    let legal: String = walks.iter().map(|walk| walk.legal.as_str()).collect();
    let cells: usize = walks.iter().map(|walk| walk.cells).sum();
    println!(
        "{cells} cells of state x command x actor, {} rows legal",
        legal.lines().count()
    );
    let expected = include_str!("machines/legal.txt");
    for (got, expected) in legal.lines().zip(expected.lines()) {
        assert_eq!(got, expected);
    }
    assert_eq!(legal.lines().count(), expected.lines().count());
}

#[test]
fn people_who_never_move_anything() {
    for actor in [Actor::Reviewer, Actor::Auditor, Actor::Outsider] {
        assert!(!include_str!("machines/legal.txt").contains(&format!("{actor:?}")));
    }
    // Operations stop and start the exchange and touch nothing else.
    for line in include_str!("machines/legal.txt")
        .lines()
        .filter(|l| l.contains(" Ops"))
    {
        assert!(
            line.contains("--suspend-->") || line.contains("--resume-->"),
            "{line}"
        );
    }
}

#[test]
fn an_actor_is_a_role_in_a_relation() {
    let accepted = Relation::Participant(InvitationState::Accepted);
    assert_eq!(Actor::of(Role::Admin, Relation::Lead), Actor::LeadAdmin);
    assert_eq!(Actor::of(Role::Admin, accepted), Actor::ParticipantAdmin);
    assert_eq!(Actor::of(Role::Operator, accepted), Actor::ParticipantOperator);
    assert_eq!(Actor::of(Role::Expert, Relation::None), Actor::Outsider);
    assert_eq!(
        Actor::of(Role::Admin, Relation::Participant(InvitationState::Revoked)),
        Actor::Outsider
    );
    for relation in [Relation::Lead, accepted, Relation::None] {
        assert_eq!(Actor::of(Role::Ops, relation), Actor::Ops);
        assert_eq!(Actor::of(Role::Auditor, relation), Actor::Auditor);
    }
}
