//! The live room without I/O: one implementation of the Yjs protocol for server and browser.
//!
//! * [`document`]: the room document, its fixed roots and typed reads and writes.
//! * [`frame`]: the frames on the wire.
//! * [`guard`]: the server's authority over the document; every update passes [`guard::Room::apply`].
//! * [`awareness`]: the server's table of who points where.
//! * [`history`]: the document as it was after a change.
//! * [`client`]: what our own page does with frames and edits; enter at [`client::ClientRoom`].
//!
//! No clock, no random numbers, no sockets, no storage: callers bring them.

pub mod awareness;
pub mod client;
pub mod document;
pub mod frame;
pub mod guard;
pub mod history;
mod wire;
