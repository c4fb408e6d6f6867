//! The image viewer: what is on the stage, how hands move it, and how numbers are read from it.
//!
//! Everything here except [`browser`] is free of browser types and tested natively. The state is in
//! [`view::Viewing`]; pointers, wheels and keys become [`hand::Action`]s and [`command::Command`]s;
//! [`browser`] applies them to a canvas and an SVG layer. Numbers are always computed from stored
//! integers by the imaging crate.

pub mod browser;
pub mod cache;
pub mod command;
pub mod hand;
pub mod hit;
pub mod number;
pub mod overlay;
pub mod pen;
pub mod prefetch;
pub mod reading;
pub mod shape;
pub mod stack;
pub mod text;
pub mod throttle;
pub mod transform;
pub mod view;
