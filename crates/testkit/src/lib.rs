//! A whole server for tests, and the people who use it.
//!
//! [`TestServer`] runs in the test's process on a free port, with a data folder, a certificate
//! authority, a clock and accounts of its own, on either database. [`Process`] is the built program in
//! demo mode, for what only a process can show: being killed, its memory, its signals. Both are a
//! [`Target`] that people sign in to: [`Person`] calls the interfaces, [`LiveClient`] enters a room.
//!
//! Never a dependency of anything that ships.

mod case;
mod clock;
mod faulty;
mod live;
mod person;
mod plain;
mod process;
mod server;
mod smtp;
mod target;

pub use case::{Case, phantom, request_form};
pub use clock::TestClock;
pub use faulty::{Call, Fault, Faulty};
pub use live::{JoinError, LiveClient};
pub use person::{Person, Reply};
pub use plain::Plain;
pub use process::Process;
pub use server::{Database, TestServer};
pub use smtp::{MailServer, Offered, Verdict};
pub use target::{Login, Target};
