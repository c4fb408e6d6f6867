//! Usual CT windows by body region.

use crate::render::Window;

/// A named window for CT. The key is stable; the application translates it for the reader.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Preset {
    /// Stable key, lower case ASCII.
    pub key: &'static str,
    /// Centre and width in Hounsfield units.
    pub window: Window,
}

/// The presets in the order a menu shows them.
pub const CT_PRESETS: [Preset; 9] = [
    preset("brain", 40.0, 80.0),
    preset("subdural", 75.0, 215.0),
    preset("stroke", 40.0, 40.0),
    preset("soft-tissue", 40.0, 400.0),
    preset("bone", 480.0, 2500.0),
    preset("lung", -600.0, 1500.0),
    preset("mediastinum", 50.0, 350.0),
    preset("abdomen", 50.0, 400.0),
    preset("angiography", 300.0, 600.0),
];

const fn preset(key: &'static str, centre: f64, width: f64) -> Preset {
    Preset {
        key,
        window: Window { centre, width },
    }
}

/// The preset with this key.
#[must_use]
pub fn ct_preset(key: &str) -> Option<Preset> {
    CT_PRESETS.into_iter().find(|preset| preset.key == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_unique_and_found() {
        for preset in CT_PRESETS {
            assert_eq!(ct_preset(preset.key), Some(preset));
        }
        assert_eq!(ct_preset("nothing"), None);
    }
}
