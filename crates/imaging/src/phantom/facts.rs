//! What the phantom holds, for tests that must know the right answer.

/// A cylinder of one exact value through all slices.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Insert {
    /// Its value in Hounsfield units, without noise.
    pub hu: f64,
    /// Centre towards the patient's left, mm.
    pub x_mm: f64,
    /// Centre towards the back, mm.
    pub y_mm: f64,
    /// Radius, mm.
    pub radius_mm: f64,
}

/// An ellipsoid with axes along x, y and z.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ellipsoid {
    /// Mean value in Hounsfield units; noise is added.
    pub hu: f64,
    /// Centre in the patient, mm.
    pub centre_mm: [f64; 3],
    /// Half axes, mm.
    pub half_axes_mm: [f64; 3],
}

impl Ellipsoid {
    /// Volume in millilitres.
    #[must_use]
    pub fn volume_ml(&self) -> f64 {
        4.0 / 3.0 * std::f64::consts::PI * self.half_axes_mm.iter().product::<f64>() / 1000.0
    }
}

/// The known answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Facts {
    /// Two thin dense rods behind the head, through all slices.
    pub rods: [Insert; 2],
    /// Distance between the centres of the rods, mm.
    pub rod_distance_mm: f64,
    /// Cylinders of air, water, 100 HU and 1000 HU beside the head.
    pub inserts: [Insert; 4],
    /// The bleeding.
    pub bleeding: Ellipsoid,
    /// The oedema around it (its own volume includes the bleeding).
    pub oedema: Ellipsoid,
    /// Typical standard deviation of the noise inside the head, HU.
    pub noise_hu: f64,
}

/// The facts; they do not depend on the options.
#[must_use]
pub const fn facts() -> Facts {
    const fn insert(hu: f64, x_mm: f64, y_mm: f64) -> Insert {
        Insert {
            hu,
            x_mm,
            y_mm,
            radius_mm: 8.0,
        }
    }
    const fn rod(x_mm: f64) -> Insert {
        Insert {
            hu: 2000.0,
            x_mm,
            y_mm: 112.0,
            radius_mm: 1.5,
        }
    }
    Facts {
        rods: [rod(-50.0), rod(50.0)],
        rod_distance_mm: 100.0,
        inserts: [
            insert(-1000.0, -102.0, -70.0),
            insert(0.0, 102.0, -70.0),
            insert(100.0, -102.0, 70.0),
            insert(1000.0, 102.0, 70.0),
        ],
        bleeding: Ellipsoid {
            hu: 65.0,
            centre_mm: [29.0, -10.0, 60.0],
            half_axes_mm: [12.0, 18.0, 14.0],
        },
        oedema: Ellipsoid {
            hu: 20.0,
            centre_mm: [29.0, -9.0, 60.0],
            half_axes_mm: [18.0, 25.0, 19.0],
        },
        noise_hu: 3.0,
    }
}
