//! The browser's entry: takes over the page that the server has rendered. Everything else is in `consilium-app`.

#[cfg(target_arch = "wasm32")]
fn main() {
    console_error_panic_hook::set_once();
    consilium_app::hydrate();
}

/// This program only runs in a browser; natively it exists so that the whole workspace builds.
#[cfg(not(target_arch = "wasm32"))]
fn main() {}
