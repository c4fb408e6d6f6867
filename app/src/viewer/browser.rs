//! The thin part of the viewer that touches the browser: canvas, SVG layer, fetching.

pub mod layer;
pub mod loader;
pub mod mark;
pub mod picture;
