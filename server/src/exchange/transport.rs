//! How a message travels to its receiver.

use consilium_protocol::exchange::Receipt;
use futures::future::BoxFuture;

use super::inbox;
use crate::state::App;

/// Why a message was not taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Perhaps next time; the code says why not now.
    Transient(String),
    /// Never: the receiver refused it, with its code.
    Refused(String),
}

/// Carries signed messages and brings back receipts.
pub trait Transport: Send + Sync {
    /// Carries one message. A receipt means that it has had its effect, durably; a failure means nothing:
    /// the effect may have happened and the receipt been lost.
    fn send<'a>(&'a self, app: &'a App, message: &'a [u8]) -> BoxFuture<'a, Result<Receipt, Failure>>;
}

/// Sender and receiver are on this server.
#[derive(Clone, Copy, Debug, Default)]
pub struct Local;

impl Transport for Local {
    fn send<'a>(&'a self, app: &'a App, message: &'a [u8]) -> BoxFuture<'a, Result<Receipt, Failure>> {
        Box::pin(inbox::receive(app, message))
    }
}
