//! Who asks, from where, when: the first argument of every service function.

use std::net::IpAddr;

use consilium_domain::{ConsultationId, Timestamp, permission::Subject};
use consilium_protocol::page::Locale;
use consilium_storage::{Account, AuditEntry, Institution};

/// What is known of a request before anybody is signed in.
#[derive(Clone, Debug)]
pub struct Request {
    /// Number of the request, in logs, audit events and error answers.
    pub id: String,
    /// Address of the socket's peer.
    pub ip: IpAddr,
    /// User agent.
    pub device: String,
    /// The reader's language.
    pub locale: Locale,
    /// When the request came.
    pub now: Timestamp,
}

impl Request {
    /// The audit event of an act nobody is signed in for.
    #[must_use]
    pub fn event(&self, action: &str, target: String, result: &str) -> AuditEntry {
        AuditEntry {
            at: self.now,
            operator: consilium_ledger::ANONYMOUS.to_owned(),
            operator_name: String::new(),
            action: action.to_owned(),
            target,
            result: result.to_owned(),
            ip: self.ip.to_string(),
            device: self.device.clone(),
            institution: String::new(),
            consultation: None,
            request_id: self.id.clone(),
        }
    }
}

/// A signed-in request.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// The request.
    pub request: Request,
    /// The account.
    pub account: Account,
    /// Its institution.
    pub institution: Institution,
    /// The session's key (hash of the cookie's token).
    pub session: [u8; 32],
    /// When the session ends at the latest.
    pub expires_at: Timestamp,
}

impl Ctx {
    /// When the request came.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.request.now
    }

    /// For permission rules.
    #[must_use]
    pub const fn subject(&self) -> Subject {
        self.account.subject()
    }

    /// An audit event of this person.
    #[must_use]
    pub fn event(
        &self,
        action: &str,
        target: String,
        result: &str,
        consultation: Option<ConsultationId>,
    ) -> AuditEntry {
        AuditEntry {
            operator: self.account.id.to_string(),
            operator_name: self.account.username.clone(),
            institution: self.institution.id.to_string(),
            consultation,
            ..self.request.event(action, target, result)
        }
    }
}

/// The audit event of an act of the server, by rule or clock.
#[must_use]
pub fn by_system(
    now: Timestamp,
    action: &str,
    target: String,
    result: &str,
    consultation: Option<ConsultationId>,
) -> AuditEntry {
    AuditEntry {
        device: "server".to_owned(),
        result: result.to_owned(),
        consultation,
        ..crate::admin::event(now, action, target, "")
    }
}
