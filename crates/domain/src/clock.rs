//! Duties with a clock (`domain.md` section 2.3): absolute hours, stored in UTC, stopped while the exchange
//! is suspended, with reminders before and one event at the end.

use serde::{Deserialize, Serialize};

use crate::{ClockKind, Timestamp, Urgency};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// A participant answers within this time of delivery (clause 7.2 c).
pub const ANSWER_WITHIN_MS: i64 = 24 * HOUR_MS;
/// The answer clock of an urgent consultation (D10: recorded as a deviation).
pub const ANSWER_WITHIN_URGENT_MS: i64 = HOUR_MS;
/// Data is corrected within this time of the notice (clause 7.5 b).
pub const CORRECT_WITHIN_MS: i64 = 12 * HOUR_MS;
/// The correction clock of an urgent consultation.
pub const CORRECT_WITHIN_URGENT_MS: i64 = HOUR_MS;
/// Opinions are due this long after they were asked for or the session ended (clause 4.2.1 d).
pub const OPINION_WITHIN_MS: i64 = 2 * HOUR_MS;
/// A question of the session is answered within this time of delivery unless it says otherwise (D2: an
/// answer is wanted while the session runs).
pub const QUESTION_WITHIN_MS: i64 = 30 * MINUTE_MS;
/// Laboratory and imaging data is readable at the lead within this time of being available at its source
/// (clause 4.2.1 d).
pub const SOURCE_DELAY_MS: i64 = 30 * MINUTE_MS;

/// Both readings of clause 7.2 f, "within 48 hours before the consultation" (D1): a target this long before
/// the session, and a hard stop at the session itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataDuePolicy {
    /// The target lies this long before the session, ms.
    pub target_before_ms: i64,
    /// The hard stop lies this long before the session, ms.
    pub hard_before_ms: i64,
    /// Data that comes between target and hard stop counts as in time.
    pub late_counts_in_time: bool,
}

impl Default for DataDuePolicy {
    fn default() -> Self {
        Self {
            target_before_ms: 48 * HOUR_MS,
            hard_before_ms: 0,
            late_counts_in_time: true,
        }
    }
}

/// The two moments of the data deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DataDue {
    /// By when it should be there.
    pub target_at: Timestamp,
    /// After which it no longer counts.
    pub hard_at: Timestamp,
}

impl DataDuePolicy {
    /// The moments for what is asked while the session runs (clause 7.3 e): within half an hour of the asking,
    /// as long as data may take from its source to the reader (clause 4.2.1 d). The terms of clause 7.2 f lie
    /// before the session and cannot hold here.
    #[must_use]
    pub const fn live(asked_at: Timestamp) -> DataDue {
        let due_at = asked_at.plus_ms(SOURCE_DELAY_MS);
        DataDue {
            target_at: due_at,
            hard_at: due_at,
        }
    }

    /// The moments for a session at `scheduled_at`. An urgent session has its target at the hard stop.
    #[must_use]
    pub fn due(&self, scheduled_at: Timestamp, urgency: Urgency) -> DataDue {
        let hard_at = scheduled_at.plus_ms(-self.hard_before_ms);
        let target_at = match urgency {
            Urgency::Routine => scheduled_at.plus_ms(-self.target_before_ms).min(hard_at),
            Urgency::Urgent => hard_at,
        };
        DataDue { target_at, hard_at }
    }

    /// Whether data that came at `at` counts as in time.
    #[must_use]
    pub fn in_time(&self, due: DataDue, at: Timestamp) -> bool {
        at <= due.target_at || self.late_counts_in_time && at <= due.hard_at
    }
}

/// How long before its end a clock of this kind reminds, ms, earliest first.
#[must_use]
pub const fn reminders(kind: ClockKind, urgency: Urgency) -> &'static [i64] {
    match (kind, urgency) {
        (ClockKind::InvitationAnswer, Urgency::Routine) => &[12 * HOUR_MS, 2 * HOUR_MS],
        (ClockKind::InvitationAnswer, Urgency::Urgent) => &[30 * MINUTE_MS, 10 * MINUTE_MS],
        (ClockKind::DataProvision, Urgency::Routine) => {
            &[72 * HOUR_MS, 48 * HOUR_MS, 24 * HOUR_MS, 4 * HOUR_MS]
        }
        (ClockKind::DataProvision, Urgency::Urgent) => &[HOUR_MS, 15 * MINUTE_MS],
        (ClockKind::Correction, Urgency::Routine) => &[6 * HOUR_MS, HOUR_MS],
        (ClockKind::Correction, Urgency::Urgent) => &[30 * MINUTE_MS, 10 * MINUTE_MS],
        (ClockKind::Opinion, _) => &[30 * MINUTE_MS],
        (ClockKind::Question, _) => &[5 * MINUTE_MS],
    }
}

/// The length of a clock that does not depend on the session's time.
#[must_use]
pub const fn length_ms(kind: ClockKind, urgency: Urgency) -> Option<i64> {
    match (kind, urgency) {
        (ClockKind::InvitationAnswer, Urgency::Routine) => Some(ANSWER_WITHIN_MS),
        (ClockKind::InvitationAnswer, Urgency::Urgent) => Some(ANSWER_WITHIN_URGENT_MS),
        (ClockKind::Correction, Urgency::Routine) => Some(CORRECT_WITHIN_MS),
        (ClockKind::Correction, Urgency::Urgent) => Some(CORRECT_WITHIN_URGENT_MS),
        (ClockKind::Opinion, _) => Some(OPINION_WITHIN_MS),
        (ClockKind::Question, _) => Some(QUESTION_WITHIN_MS),
        (ClockKind::DataProvision, _) => None,
    }
}

/// What a clock does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It reminds at this time; so many reminders have then been given.
    Remind(Timestamp, u32),
    /// It ends at this time.
    End(Timestamp),
}

impl Next {
    /// When.
    #[must_use]
    pub const fn at(self) -> Timestamp {
        match self {
            Self::Remind(at, _) | Self::End(at) => at,
        }
    }
}

/// What follows for a clock that started at `started_at`, ends at `due_at` and has given `given` reminders.
/// Reminders whose time lay before the start are left out: a clock that starts late does not nag at once.
#[must_use]
pub fn next(kind: ClockKind, urgency: Urgency, started_at: Timestamp, due_at: Timestamp, given: u32) -> Next {
    for (count, before) in (1u32..).zip(reminders(kind, urgency)) {
        let at = due_at.plus_ms(-before);
        if count > given && at > started_at {
            return Next::Remind(at, count);
        }
    }
    Next::End(due_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_reminds_at_12_and_2_hours_and_ends_at_24() {
        let start = Timestamp::from_ms(0);
        let due = start.plus_ms(ANSWER_WITHIN_MS);
        let next = |given| next(ClockKind::InvitationAnswer, Urgency::Routine, start, due, given);
        assert_eq!(next(0), Next::Remind(Timestamp::from_ms(12 * HOUR_MS), 1));
        assert_eq!(next(1), Next::Remind(Timestamp::from_ms(22 * HOUR_MS), 2));
        assert_eq!(next(2), Next::End(due));
    }

    #[test]
    fn a_clock_that_starts_late_skips_what_has_passed() {
        let due = Timestamp::from_ms(50 * HOUR_MS);
        let started = Timestamp::from_ms(10 * HOUR_MS);
        assert_eq!(
            next(ClockKind::DataProvision, Urgency::Routine, started, due, 0),
            Next::Remind(Timestamp::from_ms(26 * HOUR_MS), 3)
        );
    }

    #[test]
    fn both_readings_of_the_48_hours() {
        let session = Timestamp::from_ms(100 * HOUR_MS);
        let lenient = DataDuePolicy::default();
        let due = lenient.due(session, Urgency::Routine);
        assert_eq!(due.target_at, Timestamp::from_ms(52 * HOUR_MS));
        assert_eq!(due.hard_at, session);
        let late = Timestamp::from_ms(60 * HOUR_MS);
        assert!(lenient.in_time(due, due.target_at));
        assert!(lenient.in_time(due, late));
        assert!(!lenient.in_time(due, session.plus_ms(1)));
        let strict = DataDuePolicy {
            late_counts_in_time: false,
            ..lenient
        };
        assert!(!strict.in_time(due, late));
        let urgent = lenient.due(session, Urgency::Urgent);
        assert_eq!(urgent.target_at, urgent.hard_at);
    }
}
