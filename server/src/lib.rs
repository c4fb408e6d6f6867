//! The Consilium server: HTTPS, pages, REST, the live room, jobs.
//!
//! A request goes `http` (extract, convert) -> `services` (authorise, then data, audit event and
//! commit in one transaction) -> `storage`. Only [`error`] chooses HTTP status codes. Enter at
//! [`run::Server`].
#![recursion_limit = "256"]

pub mod admin;
pub mod call;
pub mod clock;
pub mod config;
pub mod ctx;
pub mod demo;
pub mod error;
pub mod exchange;
pub mod files;
pub mod http;
pub mod jobs;
pub mod live;
pub mod run;
pub mod services;
pub mod site;
pub mod state;
pub mod tls;
