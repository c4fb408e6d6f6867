//! Medical images: bytes in, pictures, numbers and facts out.
//!
//! Two halves. The first always compiles, also for the browser: [`render`] turns stored integers
//! into grey, [`pack`] is the lossless wire form of a frame, [`geometry`] and [`region`] measure,
//! [`meta`] holds the facts a viewer needs and nothing that identifies a patient. The second,
//! behind feature `dicom`, is for the server: `dicom` reads DICOM Part 10 objects and `phantom`
//! makes our own head CT.
//!
//! This crate reads no file, clock or random source, and never logs. Numbers are always computed
//! from the stored integers of the original image, never from a rendered picture.
//!
//! Enter at [`render::Lut`] for display, [`geometry::length`] for measuring, `dicom::parse` and
//! `dicom::frame` for import.

pub mod geometry;
pub mod meta;
pub mod pack;
pub mod presets;
pub mod region;
pub mod render;
pub mod stored;

mod number;

#[cfg(feature = "dicom")]
pub mod dicom;
#[cfg(feature = "dicom")]
pub mod phantom;
