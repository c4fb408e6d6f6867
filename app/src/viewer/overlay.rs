//! What stands at the edges of the picture: scale bar, orientation letters, position.

use consilium_imaging::meta::InstanceMeta;

use super::transform::Transform;

/// A scale bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleBar {
    /// Its length in the patient, mm.
    pub mm: f64,
    /// Its length on the stage, CSS pixels.
    pub pixels: f64,
}

/// The longest bar of 1, 2 or 5 times a power of ten mm that is at most `room` stage pixels long.
/// `None` when the image has no spacing.
#[must_use]
pub fn scale_bar(meta: &InstanceMeta, transform: &Transform, room: f64) -> Option<ScaleBar> {
    if !meta.spacing.is_known() {
        return None;
    }
    let pixels_per_mm = transform.scale_x / meta.spacing.column_mm;
    let longest_mm = room / pixels_per_mm;
    if !(longest_mm.is_finite() && longest_mm > 0.0) {
        return None;
    }
    let power = 10_f64.powf(longest_mm.log10().floor());
    let mm = [5.0, 2.0, 1.0]
        .into_iter()
        .map(|step| step * power)
        .find(|mm| *mm <= longest_mm * 1.000_001)?;
    Some(ScaleBar {
        mm,
        pixels: mm * pixels_per_mm,
    })
}

/// The letters at the four edges: left, right, top, bottom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edges {
    /// At the left edge.
    pub left: String,
    /// At the right edge.
    pub right: String,
    /// At the top edge.
    pub top: String,
    /// At the bottom edge.
    pub bottom: String,
}

/// Which side of the patient is at each edge; empty without an orientation (PS3.3 C.7.6.1.1.1).
#[must_use]
pub fn edges(meta: &InstanceMeta) -> Edges {
    let Some([a, b, c, d, e, f]) = meta.orientation else {
        return Edges::default();
    };
    Edges {
        left: letters([-a, -b, -c]),
        right: letters([a, b, c]),
        top: letters([-d, -e, -f]),
        bottom: letters([d, e, f]),
    }
}

/// Below this share of a direction a letter is left out.
const LETTER_MIN: f64 = 0.2;

/// The letters of a direction in the patient, the largest share first (`RA`).
fn letters([x, y, z]: [f64; 3]) -> String {
    let mut shares = [
        (x.abs(), if x > 0.0 { 'L' } else { 'R' }),
        (y.abs(), if y > 0.0 { 'P' } else { 'A' }),
        (z.abs(), if z > 0.0 { 'H' } else { 'F' }),
    ];
    shares.sort_by(|a, b| b.0.total_cmp(&a.0));
    shares
        .into_iter()
        .filter(|(share, _)| *share > LETTER_MIN)
        .map(|(_, letter)| letter)
        .collect()
}

/// The name of the axis a slice lies along and where, such as (`Z`, -42.5): the axis nearest to the
/// normal, in mm. `None` without a plane.
#[must_use]
pub fn position(meta: &InstanceMeta) -> Option<(char, f64)> {
    let normal = meta.plane()?.normal();
    let at = meta.position?;
    ['X', 'Y', 'Z']
        .into_iter()
        .zip(normal.into_iter().zip(at))
        .max_by(|(_, (a, _)), (_, (b, _))| a.abs().total_cmp(&b.abs()))
        .map(|(axis, (_, mm))| (axis, mm))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::viewer::stack::tests::meta;

    fn axial() -> InstanceMeta {
        serde_json::from_value(meta(1, -42.5)).unwrap()
    }

    #[test]
    fn bars_are_round_and_fit() {
        for (scale, mm) in [(1.0, 50.0), (2.0, 20.0), (0.1, 500.0), (0.6, 100.0), (40.0, 1.0)] {
            let transform = Transform {
                scale_x: scale,
                scale_y: scale,
                left: 0.0,
                top: 0.0,
            };
            let bar = scale_bar(&axial(), &transform, 120.0).unwrap();
            assert!((bar.mm - mm).abs() < 1e-9, "{scale}: {bar:?}");
            assert!(bar.pixels <= 120.001 && bar.pixels > 24.0);
        }
    }

    #[test]
    fn axial_images_have_the_right_hand_at_the_left() {
        let edges = edges(&axial());
        assert_eq!((edges.left.as_str(), edges.right.as_str()), ("R", "L"));
        assert_eq!((edges.top.as_str(), edges.bottom.as_str()), ("A", "P"));
        assert_eq!(position(&axial()), Some(('Z', -42.5)));
    }

    #[test]
    fn tilted_images_have_two_letters() {
        assert_eq!(letters([0.0, 0.5, -0.866]), "FP");
        assert_eq!(letters([0.99, 0.1, 0.1]), "L");
    }
}
