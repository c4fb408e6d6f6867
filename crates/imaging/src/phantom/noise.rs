//! Deterministic noise: scanner grain, and smooth fields that shape the folds of the brain.

use crate::number::f64_of;

/// Noise of one seed.
pub(super) struct Noise {
    seed: u64,
}

/// One step of SplitMix64: spreads every input bit over the output.
pub(super) fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

impl Noise {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed: mix(seed) }
    }

    fn bits(&self, at: [i64; 3]) -> u64 {
        at.into_iter()
            .fold(self.seed, |state, part| mix(state ^ part.cast_unsigned()))
    }

    /// Grain of a pixel: mean 0, standard deviation 1, near normal, correlated with its neighbours
    /// as the kernel of a scanner does.
    pub(super) fn grain(&self, (column, row, slice): (u32, u32, u32)) -> f64 {
        const NEIGHBOURS: [(i64, i64, f64); 5] = [
            (0, 0, 0.78),
            (1, 0, 0.31),
            (-1, 0, 0.31),
            (0, 1, 0.31),
            (0, -1, 0.31),
        ];
        let (column, row, slice) = (i64::from(column), i64::from(row), i64::from(slice));
        NEIGHBOURS
            .iter()
            .map(|&(dx, dy, weight)| weight * self.normal([column + dx, row + dy, slice]))
            .sum()
    }

    /// Sum of four uniform parts of one hash: mean 0, standard deviation 1.
    fn normal(&self, at: [i64; 3]) -> f64 {
        let bits = self.bits(at);
        let sum: u64 = (0..4).map(|part| (bits >> (part * 16)) & 0xFFFF).sum();
        (f64_of(i128::from(sum)) / 65_535.0 - 2.0) * 3.0_f64.sqrt()
    }

    /// A smooth field in about -1..=1 that changes over one unit.
    pub(super) fn smooth(&self, x: f64, y: f64, z: f64) -> f64 {
        let cell = |value: f64| {
            let floor = value.floor();
            let part = value - floor;
            (whole(floor), part * part * (3.0 - 2.0 * part))
        };
        let ((cx, fx), (cy, fy), (cz, fz)) = (cell(x), cell(y), cell(z));
        let corner = |dx: i64, dy: i64, dz: i64| {
            let bits = self.bits([cx + dx, cy + dy, cz + dz]) >> 40;
            f64_of(i128::from(bits)) / 8_388_608.0 - 1.0
        };
        let line = |dy, dz| lerp(corner(0, dy, dz), corner(1, dy, dz), fx);
        let plane = |dz| lerp(line(0, dz), line(1, dz), fy);
        lerp(plane(0), plane(1), fz)
    }
}

pub(super) fn lerp(from: f64, to: f64, part: f64) -> f64 {
    from + (to - from) * part
}

#[expect(
    clippy::as_conversions,
    reason = "float to integer `as` saturates; lattice cells are small numbers"
)]
fn whole(value: f64) -> i64 {
    value as i64
}
