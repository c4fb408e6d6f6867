//! One-use tickets that let a client without the cookie join a live room.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use consilium_domain::{ConsultationId, Timestamp};
use consilium_protocol::{limits, session::LiveTicket};
use consilium_vault::{new_token, token_hash};

use crate::error::ServiceError;

/// Most tickets waiting at once; beyond it new ones are refused.
const TICKETS_MAX: usize = 10_000;

/// Tickets that were given out and not used. They live a minute, so memory is the right place.
#[derive(Debug, Default)]
pub struct Tickets(Mutex<HashMap<[u8; 32], Ticket>>);

#[derive(Clone, Copy, Debug)]
struct Ticket {
    consultation: ConsultationId,
    session: [u8; 32],
    expires_at: Timestamp,
}

impl Tickets {
    /// Gives out a ticket for a session and one room; it opens the shared document or the own private one.
    ///
    /// # Errors
    /// Too many tickets wait, or the random source fails.
    pub fn issue(
        &self,
        consultation: ConsultationId,
        session: [u8; 32],
        now: Timestamp,
    ) -> Result<LiveTicket, ServiceError> {
        let (ticket, hash) = new_token()?;
        let expires_at = now.plus_ms(limits::TICKET_MS);
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|_, t| t.expires_at > now);
        if waiting.len() >= TICKETS_MAX {
            return Err(ServiceError::Busy);
        }
        waiting.insert(
            hash,
            Ticket {
                consultation,
                session,
                expires_at,
            },
        );
        Ok(LiveTicket {
            ticket,
            expires_at,
            local_key: String::new(),
        })
    }

    /// Takes a ticket: the session behind it, if it is for this room and in time. Works once.
    #[must_use]
    pub fn redeem(&self, ticket: &str, consultation: ConsultationId, now: Timestamp) -> Option<[u8; 32]> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = waiting.remove(&token_hash(ticket))?;
        (found.consultation == consultation && found.expires_at > now).then_some(found.session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn works_once_for_one_room_for_a_minute() {
        let tickets = Tickets::default();
        let room = ConsultationId(uuid::Uuid::from_u128(1));
        let other = ConsultationId(uuid::Uuid::from_u128(2));
        let at = Timestamp::from_ms;
        let issue = || tickets.issue(room, [7; 32], at(0)).unwrap().ticket;
        let ticket = issue();
        assert_eq!(tickets.redeem(&ticket, room, at(1)), Some([7; 32]));
        assert_eq!(tickets.redeem(&ticket, room, at(1)), None);
        assert_eq!(tickets.redeem(&issue(), other, at(1)), None);
        assert_eq!(tickets.redeem(&issue(), room, at(limits::TICKET_MS)), None);
        assert_eq!(tickets.redeem("nonsense", room, at(1)), None);
    }
}
