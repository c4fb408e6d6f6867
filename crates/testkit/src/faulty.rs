//! A transport that loses, delays, repeats, reorders and breaks off, as its plan says.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use consilium_domain::{InstitutionId, MessageId};
use consilium_protocol::{
    codes,
    exchange::{Envelope, Receipt},
};
use consilium_server::{
    exchange::{Failure, Local, Transport},
    state::App,
};
use futures::future::BoxFuture;
use tokio::sync::Notify;

/// What happens to one try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: it arrives and the receipt comes back.
    None,
    /// It never arrives.
    DropRequest,
    /// It arrives; the receipt is lost.
    DropReceipt,
    /// It arrives when the test lets it ([`Faulty::late`]), long after the sender has stopped waiting.
    Delay,
    /// It arrives twice.
    Duplicate,
    /// The sending process dies before it arrives.
    CrashBefore,
    /// The sending process dies after it had its effect.
    CrashAfter,
    /// The receiver refuses it for good.
    Refuse,
}

/// One try.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// Message.
    pub message: MessageId,
    /// Sender.
    pub from: InstitutionId,
    /// Receiver.
    pub to: InstitutionId,
    /// Place in its lane.
    pub seq: u64,
    /// How often it was tried, this time included.
    pub number: u32,
}

type Plan = Box<dyn FnMut(&Call) -> Fault + Send>;

/// See the module.
pub struct Faulty {
    plan: Mutex<Plan>,
    calls: Mutex<HashMap<MessageId, u32>>,
    late: Mutex<Vec<Vec<u8>>>,
    crashed: Notify,
}

impl Default for Faulty {
    fn default() -> Self {
        Self {
            plan: Mutex::new(Box::new(|_| Fault::None)),
            calls: Mutex::default(),
            late: Mutex::default(),
            crashed: Notify::new(),
        }
    }
}

impl Faulty {
    /// From now on faults follow this plan.
    pub fn follow(&self, plan: impl FnMut(&Call) -> Fault + Send + 'static) {
        *self.plan.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(plan);
    }

    /// How often a message was tried.
    #[must_use]
    pub fn calls(&self, message: MessageId) -> u32 {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.get(&message).copied().unwrap_or(0)
    }

    /// Messages under way, taken out to be delivered in any order.
    #[must_use]
    pub fn late(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut *self.late.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns when the sending process is to die: the test then aborts its task.
    pub async fn crashed(&self) {
        self.crashed.notified().await;
    }

    fn decide(&self, message: &[u8]) -> Fault {
        let Ok(envelope) = serde_json::from_slice::<Envelope>(message) else {
            return Fault::None;
        };
        let number = {
            let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
            let number = calls.entry(envelope.id).or_default();
            *number += 1;
            *number
        };
        let call = Call {
            message: envelope.id,
            from: envelope.from,
            to: envelope.to,
            seq: envelope.seq,
            number,
        };
        (self.plan.lock().unwrap_or_else(PoisonError::into_inner))(&call)
    }

    async fn carry(&self, app: &App, message: &[u8]) -> Result<Receipt, Failure> {
        let lost = || Err(Failure::Transient(codes::EXCHANGE_UNAVAILABLE.to_owned()));
        match self.decide(message) {
            Fault::None => Local.send(app, message).await,
            Fault::DropRequest => lost(),
            Fault::DropReceipt => {
                Local.send(app, message).await?;
                lost()
            }
            Fault::Delay => {
                let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
                late.push(message.to_vec());
                lost()
            }
            Fault::Duplicate => {
                Local.send(app, message).await?;
                Local.send(app, message).await
            }
            Fault::CrashBefore => self.die().await,
            Fault::CrashAfter => {
                Local.send(app, message).await?;
                self.die().await
            }
            Fault::Refuse => Err(Failure::Refused(codes::EXCHANGE_NOT_PARTY.to_owned())),
        }
    }

    async fn die(&self) -> Result<Receipt, Failure> {
        self.crashed.notify_one();
        std::future::pending().await
    }
}

impl Transport for Faulty {
    fn send<'a>(&'a self, app: &'a App, message: &'a [u8]) -> BoxFuture<'a, Result<Receipt, Failure>> {
        Box::pin(self.carry(app, message))
    }
}
