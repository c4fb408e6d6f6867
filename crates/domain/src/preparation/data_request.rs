//! Data request: what the lead asks of one participant, item by item (clauses 7.2 e and f).

use serde::{Deserialize, Serialize};

use crate::{
    ConsentState, ConsultationState, DataCategory, DataRequestState as S, InvitationState, Timestamp,
    machine::{Actor as A, Machine, Move},
};

super::commands! {
    /// What is asked of a data request.
    Command {
        /// Sent to the participant.
        Send = "send",
        /// Sent in the session by another institution that takes part (clause 7.3 e).
        Query = "query",
        /// Found legitimate.
        Verify = "verify",
        /// Refused, with a code.
        Refuse = "refuse",
        /// Data is being collected.
        Extract = "extract",
        /// Data is released to the lead.
        Submit = "submit",
        /// The lead takes the data.
        Accept = "accept",
        /// The lead sends the data back.
        Return = "return",
        /// The lead takes the request back.
        Cancel = "cancel",
    }
}

/// The legal moves. An operator collects, an administrator of the same institution releases.
pub const MACHINE: Machine<S, Command> = Machine {
    name: "data_request",
    wrong_state: "data_request.wrong_state",
    moves: &[
        Move {
            from: &[S::Drafted],
            command: Command::Send,
            to: S::Sent,
            by: &[A::LeadAdmin],
        },
        Move {
            from: &[S::Drafted],
            command: Command::Query,
            to: S::Sent,
            by: &[A::LeadExpert, A::ParticipantAdmin, A::ParticipantExpert],
        },
        Move {
            from: &[S::Sent],
            command: Command::Verify,
            to: S::Verified,
            by: &[A::ParticipantAdmin, A::System],
        },
        Move {
            from: &[S::Sent],
            command: Command::Refuse,
            to: S::Refused,
            by: &[A::ParticipantAdmin, A::System],
        },
        Move {
            from: &[S::Verified, S::Returned, S::Extracting],
            command: Command::Extract,
            to: S::Extracting,
            by: &[A::ParticipantAdmin, A::ParticipantOperator, A::System],
        },
        Move {
            from: &[S::Extracting],
            command: Command::Submit,
            to: S::Submitted,
            by: &[A::ParticipantAdmin],
        },
        Move {
            from: &[S::Submitted],
            command: Command::Accept,
            to: S::Accepted,
            by: &[A::LeadAdmin],
        },
        Move {
            from: &[S::Submitted],
            command: Command::Return,
            to: S::Returned,
            by: &[A::LeadAdmin],
        },
        Move {
            from: &[
                S::Drafted,
                S::Sent,
                S::Verified,
                S::Extracting,
                S::Submitted,
                S::Returned,
            ],
            command: Command::Cancel,
            to: S::Cancelled,
            by: &[A::LeadAdmin],
        },
    ],
};

/// What the legality check of a participant looks at (clause 7.2 f, R-7.2f-1).
#[derive(Clone, Debug)]
pub struct Claim<'a> {
    /// The request's signature is right and names the lead as sender.
    pub signature_valid: bool,
    /// The sender leads this consultation, or takes part in its running session (clause 7.3 e).
    pub sender_leads: bool,
    /// Where the participant's invitation stands.
    pub invitation: Option<InvitationState>,
    /// Where the consultation stands.
    pub consultation: ConsultationState,
    /// Where the consent stands now.
    pub consent: ConsentState,
    /// Purpose of use on the consent; only treatment is legal (clause 8.3.2).
    pub purpose_is_treatment: bool,
    /// Until when the consent runs.
    pub consent_until: Option<Timestamp>,
    /// Categories the participant agreed to give.
    pub agreed: &'a [DataCategory],
    /// Earliest date of data the participant agreed to give.
    pub agreed_from: Option<Timestamp>,
    /// Categories asked for.
    pub asked: &'a [DataCategory],
    /// Earliest date of data asked for.
    pub asked_from: Option<Timestamp>,
}

/// Why a data request is not legitimate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
pub enum Illegitimate {
    /// The signature is wrong.
    #[error("the signature is wrong")]
    Signature,
    /// The sender does not lead this consultation, or the receiver takes no part.
    #[error("sender and receiver are not parties of this consultation")]
    NotParty,
    /// The consultation is not being prepared or held.
    #[error("the consultation is in another state")]
    State,
    /// No consent is in force.
    #[error("no consent is in force")]
    Consent,
    /// The purpose is not treatment.
    #[error("the purpose is not treatment")]
    Purpose,
    /// More is asked than was agreed.
    #[error("more is asked for than was agreed")]
    Range,
}

impl Illegitimate {
    /// Stable code for the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Signature => "data_request.signature",
            Self::NotParty => "data_request.not_party",
            Self::State => "data_request.wrong_consultation_state",
            Self::Consent => "data_request.no_consent",
            Self::Purpose => "data_request.purpose",
            Self::Range => "data_request.out_of_range",
        }
    }
}

/// Checks a data request before anything is collected.
///
/// # Errors
/// The first ground that fails, in the order signature, parties, state, consent, purpose, range.
pub fn legitimate(claim: &Claim<'_>, now: Timestamp) -> Result<(), Illegitimate> {
    use ConsultationState as C;
    if !claim.signature_valid {
        return Err(Illegitimate::Signature);
    }
    if !claim.sender_leads
        || !matches!(
            claim.invitation,
            Some(InvitationState::Accepted | InvitationState::Reconfirming)
        )
    {
        return Err(Illegitimate::NotParty);
    }
    if !matches!(
        claim.consultation,
        C::Inviting | C::Preparing | C::Ready | C::InSession
    ) {
        return Err(Illegitimate::State);
    }
    if claim.consent != ConsentState::Active || claim.consent_until.is_some_and(|until| now >= until) {
        return Err(Illegitimate::Consent);
    }
    if !claim.purpose_is_treatment {
        return Err(Illegitimate::Purpose);
    }
    let too_early = match (claim.agreed_from, claim.asked_from) {
        (Some(agreed), Some(asked)) => asked < agreed,
        (Some(_), None) => true,
        (None, _) => false,
    };
    if too_early
        || claim
            .asked
            .iter()
            .any(|category| !claim.agreed.contains(category))
    {
        return Err(Illegitimate::Range);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ground_has_its_own_code() {
        let agreed = [DataCategory::LabExam, DataCategory::Imaging];
        let asked = [DataCategory::LabExam];
        let now = Timestamp::from_ms(1_000);
        let good = Claim {
            signature_valid: true,
            sender_leads: true,
            invitation: Some(InvitationState::Accepted),
            consultation: ConsultationState::Preparing,
            consent: ConsentState::Active,
            purpose_is_treatment: true,
            consent_until: Some(Timestamp::from_ms(1_001)),
            agreed: &agreed,
            agreed_from: Some(Timestamp::from_ms(0)),
            asked: &asked,
            asked_from: Some(Timestamp::from_ms(0)),
        };
        assert_eq!(legitimate(&good, now), Ok(()));
        let wrong = |change: fn(&mut Claim<'_>)| {
            let mut claim = good.clone();
            change(&mut claim);
            legitimate(&claim, now)
        };
        assert_eq!(wrong(|c| c.signature_valid = false), Err(Illegitimate::Signature));
        assert_eq!(wrong(|c| c.sender_leads = false), Err(Illegitimate::NotParty));
        assert_eq!(
            wrong(|c| c.invitation = Some(InvitationState::Delivered)),
            Err(Illegitimate::NotParty)
        );
        assert_eq!(
            wrong(|c| c.consultation = ConsultationState::Suspended),
            Err(Illegitimate::State)
        );
        assert_eq!(
            wrong(|c| c.consent = ConsentState::Inactive),
            Err(Illegitimate::Consent)
        );
        assert_eq!(
            wrong(|c| c.consent_until = Some(Timestamp::from_ms(1_000))),
            Err(Illegitimate::Consent)
        );
        assert_eq!(
            wrong(|c| c.purpose_is_treatment = false),
            Err(Illegitimate::Purpose)
        );
        assert_eq!(
            wrong(|c| c.asked = &[DataCategory::Treatment]),
            Err(Illegitimate::Range)
        );
        assert_eq!(wrong(|c| c.asked_from = None), Err(Illegitimate::Range));
        assert_eq!(
            wrong(|c| c.asked_from = Some(Timestamp::from_ms(-1))),
            Err(Illegitimate::Range)
        );
    }
}
