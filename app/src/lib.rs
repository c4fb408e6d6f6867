//! The pages. One `App` draws every page from one value, [`Page`](consilium_protocol::page::Page): on the
//! server into a string ([`render`]), in the browser over the same markup ([`hydrate`]).
//!
//! The first render is a pure function of that value: no clock, no random source, no window. Browser
//! interfaces are used only in event handlers and effects, through [`browser`] and [`api`].
//! Enter at [`app::App`] and [`pages`].

#![recursion_limit = "256"]

pub mod api;
pub mod app;
pub mod browser;
pub mod context;
pub mod format;
pub mod i18n;
pub mod pages;
pub mod room;
pub mod shell;
pub mod ui;
pub mod viewer;

#[cfg(feature = "hydrate")]
pub use app::hydrate;
pub use i18n::sentence;
pub use shell::SiteAssets;
#[cfg(feature = "ssr")]
pub use shell::render;
