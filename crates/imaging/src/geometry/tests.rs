use super::*;
use proptest::prelude::*;

const fn p(x: f64, y: f64) -> Point {
    Point { x, y }
}

const OBLONG: Spacing = Spacing {
    row_mm: 0.8,
    column_mm: 0.3,
    source: SpacingSource::PixelSpacing,
};

#[test]
fn non_square_spacing_counts_each_axis() {
    assert_eq!(length(p(0.0, 0.0), p(10.0, 0.0), &OBLONG).value, 3.0);
    assert_eq!(length(p(0.0, 0.0), p(0.0, 10.0), &OBLONG).value, 8.0);
    let diagonal = length(p(1.0, 1.0), p(11.0, 11.0), &OBLONG);
    assert!((diagonal.value - 73.0_f64.sqrt()).abs() < 1e-12);
    assert_eq!(diagonal.unit, Unit::Millimetre);
}

#[test]
fn without_spacing_the_unit_is_pixels() {
    let length = length(p(0.0, 0.0), p(3.0, 4.0), &Spacing::UNKNOWN);
    assert_eq!(
        length,
        Measured {
            value: 5.0,
            unit: Unit::Pixel,
            source: SpacingSource::None
        }
    );
    let area = area(
        &[p(0.0, 0.0), p(4.0, 0.0), p(4.0, 4.0), p(0.0, 4.0)],
        &Spacing::UNKNOWN,
    );
    assert_eq!((area.value, area.unit), (16.0, Unit::SquarePixel));
}

#[test]
fn areas_of_known_figures() {
    let rectangle = [p(10.0, 20.0), p(20.0, 20.0), p(20.0, 25.0), p(10.0, 25.0)];
    assert!((area(&rectangle, &OBLONG).value - 3.0 * 4.0).abs() < 1e-12);
    assert_eq!(area(&[], &OBLONG).value, 0.0);
    assert_eq!(area(&[p(1.0, 1.0), p(2.0, 2.0)], &OBLONG).value, 0.0);
}

#[test]
fn angles_respect_spacing() {
    let square = Spacing {
        row_mm: 1.0,
        column_mm: 1.0,
        source: SpacingSource::PixelSpacing,
    };
    let right = angle_degrees(p(1.0, 0.0), p(0.0, 0.0), p(0.0, 1.0), &square).unwrap();
    assert!((right - 90.0).abs() < 1e-12);
    let slanted = angle_degrees(p(1.0, 0.0), p(0.0, 0.0), p(1.0, 1.0), &OBLONG).unwrap();
    assert!((slanted - (0.8_f64 / 0.3).atan().to_degrees()).abs() < 1e-12);
    assert_eq!(
        angle_degrees(p(1.0, 1.0), p(1.0, 1.0), p(2.0, 2.0), &square),
        None
    );
    let straight =
        lines_angle_degrees((p(0.0, 0.0), p(1.0, 0.0)), (p(5.0, 5.0), p(1.0, 5.0)), &square).unwrap();
    assert!((straight - 180.0).abs() < 1e-12);
}

#[test]
fn spacing_is_chosen_and_named() {
    let slice = SpacingFacts {
        pixel_spacing: Some((0.5, 0.6)),
        ..SpacingFacts::default()
    };
    assert_eq!(
        Spacing::choose(&slice),
        Spacing {
            row_mm: 0.5,
            column_mm: 0.6,
            source: SpacingSource::PixelSpacing
        }
    );
    let film = SpacingFacts {
        imager_pixel_spacing: Some((0.2, 0.2)),
        projection: true,
        ..SpacingFacts::default()
    };
    assert_eq!(Spacing::choose(&film).source, SpacingSource::Detector);
    let magnified = Spacing::choose(&SpacingFacts {
        magnification: Some(2.0),
        ..film
    });
    assert_eq!(
        magnified,
        Spacing {
            row_mm: 0.1,
            column_mm: 0.1,
            source: SpacingSource::Magnification
        }
    );
    let equal = SpacingFacts {
        pixel_spacing: Some((0.2, 0.2)),
        ..film
    };
    assert_eq!(Spacing::choose(&equal).source, SpacingSource::Detector);
    let other = SpacingFacts {
        pixel_spacing: Some((0.15, 0.15)),
        ..film
    };
    assert_eq!(Spacing::choose(&other).source, SpacingSource::Calibrated);
    let fiducial = SpacingFacts {
        calibration_type: Some("FIDUCIAL "),
        ..other
    };
    assert_eq!(Spacing::choose(&fiducial).source, SpacingSource::Fiducial);
    let lone = SpacingFacts {
        pixel_spacing: Some((0.2, 0.2)),
        projection: true,
        ..SpacingFacts::default()
    };
    assert_eq!(Spacing::choose(&lone).source, SpacingSource::Detector);
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let facts = SpacingFacts {
            pixel_spacing: Some((bad, 0.5)),
            ..SpacingFacts::default()
        };
        assert_eq!(Spacing::choose(&facts), Spacing::UNKNOWN);
    }
}

#[test]
fn first_pixel_centre_is_the_image_position() {
    let plane = Plane::new(
        [-125.0, -123.5, 60.7],
        [1.0, 0.0, 0.0, 0.0, 0.948_323_7, -0.317_304_7],
    );
    let at = plane.patient(p(0.5, 0.5), &OBLONG);
    assert_eq!((at.x_mm, at.y_mm, at.z_mm), (-125.0, -123.5, 60.7));
    let right = plane.patient(p(1.5, 0.5), &OBLONG);
    assert!((right.x_mm + 124.7).abs() < 1e-12);
}

proptest! {
    #[test]
    fn length_in_the_patient_equals_length_in_the_image(
        ax in 0.0_f64..512.0, ay in 0.0_f64..512.0, bx in 0.0_f64..512.0, by in 0.0_f64..512.0,
        row_mm in 0.05_f64..3.0, column_mm in 0.05_f64..3.0, tilt in -1.5_f64..1.5,
    ) {
        let spacing = Spacing { row_mm, column_mm, source: SpacingSource::PixelSpacing };
        let plane = Plane::new([-100.0, 5.0, 30.0], [1.0, 0.0, 0.0, 0.0, tilt.cos(), tilt.sin()]);
        let (a, b) = (p(ax, ay), p(bx, by));
        let (pa, pb) = (plane.patient(a, &spacing), plane.patient(b, &spacing));
        let in_patient = ((pa.x_mm - pb.x_mm).powi(2) + (pa.y_mm - pb.y_mm).powi(2) + (pa.z_mm - pb.z_mm).powi(2)).sqrt();
        prop_assert!((in_patient - length(a, b, &spacing).value).abs() < 1e-9);
        let (back, distance) = plane.image(pa, &spacing);
        prop_assert!((back.x - ax).abs() < 1e-9 && (back.y - ay).abs() < 1e-9 && distance.abs() < 1e-9);
    }

    #[test]
    fn area_does_not_depend_on_place_start_or_direction(
        sides in 3_usize..40, radius in 1.0_f64..100.0, cx in -1000.0_f64..1000.0, cy in -1000.0_f64..1000.0, turn in 0_usize..40,
    ) {
        let step = std::f64::consts::TAU / f64::from(u32::try_from(sides).unwrap());
        let mut polygon: Vec<Point> = (0..sides)
            .map(|i| step * f64::from(u32::try_from(i).unwrap()))
            .map(|t| p(cx + radius * t.cos(), cy + radius * t.sin()))
            .collect();
        let expected = 0.5 * f64::from(u32::try_from(sides).unwrap()) * radius * radius * step.sin() * 0.3 * 0.8;
        prop_assert!((area(&polygon, &OBLONG).value - expected).abs() < 1e-7 * expected);
        polygon.rotate_left(turn % sides);
        polygon.reverse();
        prop_assert!((area(&polygon, &OBLONG).value - expected).abs() < 1e-7 * expected);
    }
}
