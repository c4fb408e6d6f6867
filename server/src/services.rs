//! Use cases. Each authorises, writes data, audit event and commit in one transaction, then tells
//! the live rooms.

pub mod access;
pub mod accounts;
pub mod audit;
pub mod clocks;
pub mod consents;
pub mod consultations;
pub mod desk;
pub mod export;
pub mod fhir;
pub mod imaging;
pub mod invitations;
pub mod issues;
pub mod mail;
pub mod masking;
pub mod notices;
pub mod opinions;
pub mod packages;
pub mod patients;
pub mod progress;
pub mod reports;
pub mod requests;
pub mod retention;
pub mod rooms;
pub mod scoring;
pub mod sessions;
pub mod streams;
pub mod submissions;
pub mod suspension;
pub mod tickets;
pub mod unmask;
pub mod uploads;
pub mod views;
pub mod worklist;
