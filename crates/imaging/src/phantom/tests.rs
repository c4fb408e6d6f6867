use super::*;
use crate::dicom::{self, FrameData};
use crate::geometry::{self, SpacingSource};
use crate::region::ellipse_statistics;
use crate::stored::Frame;

const WHO: PhantomPatient<'_> = PhantomPatient {
    id: "P-0001",
    issuer: "HOSP-A",
    name: "Wang^XiaoDong=王^小东",
    birth_date: "19610203",
    sex: "M",
};

fn options(size: u32, slices: u32) -> Options {
    Options {
        size,
        slices,
        ..Options::default()
    }
}

fn grey(bytes: &[u8]) -> Frame {
    match dicom::frame(bytes, 0).unwrap() {
        FrameData::Grey(frame) => frame,
        FrameData::Colour(_) => unreachable!("the phantom is grey"),
    }
}

#[test]
fn objects_come_back_with_their_facts() {
    let options = options(64, 3);
    let series = series(&options, &WHO).unwrap();
    let parsed: Vec<_> = series.iter().map(|bytes| dicom::parse(bytes).unwrap()).collect();
    let first = parsed.first().unwrap();
    assert_eq!(first.patient.name, WHO.name);
    assert_eq!(first.patient.id, WHO.id);
    assert_eq!(first.patient.issuer, WHO.issuer);
    assert_eq!(
        (first.patient.birth_date.as_str(), first.patient.sex.as_str()),
        ("19610203", "M")
    );
    assert!(!format!("{first:?}").contains("Wang"));
    assert_eq!(first.meta.windows.len(), 2);
    assert_eq!(
        first.meta.windows.first().unwrap().explanation.as_deref(),
        Some("BRAIN")
    );
    assert_eq!(first.meta.spacing.source, SpacingSource::PixelSpacing);
    assert_eq!(first.meta.spacing.row_mm, options.spacing_mm());
    assert_eq!(first.series.description.as_deref(), Some("Head 5.0 mm"));
    let z: Vec<_> = parsed.iter().map(|one| one.meta.position.unwrap()[2]).collect();
    assert_eq!(z, [55.0, 60.0, 65.0]);
    let mut uids: Vec<_> = parsed.iter().map(|one| one.sop_instance_uid.clone()).collect();
    uids.dedup();
    assert_eq!(uids.len(), 3);
    assert!(
        parsed
            .iter()
            .all(|one| one.study_uid == first.study_uid && one.series_uid == first.series_uid)
    );
}

#[test]
fn the_same_options_give_the_same_bytes_and_another_seed_does_not() {
    let one = slice(&options(64, 3), &WHO, 1).unwrap();
    assert_eq!(one, slice(&options(64, 3), &WHO, 1).unwrap());
    assert_ne!(
        one,
        slice(
            &Options {
                seed: 2,
                ..options(64, 3)
            },
            &WHO,
            1
        )
        .unwrap()
    );
}

#[test]
fn options_have_limits() {
    for (size, slices) in [(31, 1), (1025, 1), (64, 0), (64, 65)] {
        assert!(matches!(
            series(&options(size, slices), &WHO),
            Err(PhantomError::Options)
        ));
    }
    assert!(slice(&options(64, 3), &WHO, 3).is_err());
}

#[test]
fn rods_are_found_at_their_distance() {
    for size in [256, 512] {
        let options = options(size, 1);
        let bytes = slice(&options, &WHO, 0).unwrap();
        let meta = dicom::parse(&bytes).unwrap().meta;
        let frame = grey(&bytes);
        let [left, right] = facts().rods.map(|rod| centre_of_mass(&frame, &options, rod));
        let measured = geometry::length(left, right, &meta.spacing);
        assert_eq!(measured.unit, geometry::Unit::Millimetre);
        // G8: within 0.1 % of the true length.
        assert!(
            (measured.value - facts().rod_distance_mm).abs() < 0.1,
            "{size}: {}",
            measured.value
        );
        let exact = geometry::length(
            options.pixel(-50.0, 112.0),
            options.pixel(50.0, 112.0),
            &meta.spacing,
        );
        assert!((exact.value - 100.0).abs() < 1e-9);
        let place = meta
            .plane()
            .unwrap()
            .patient(options.pixel(-50.0, 112.0), &meta.spacing);
        assert!((place.x_mm + 50.0).abs() < 1e-5 && (place.y_mm - 112.0).abs() < 1e-5);
    }
}

/// Centre of the rod by its density above the plate.
fn centre_of_mass(frame: &Frame, options: &Options, rod: Insert) -> Point {
    let near = options.pixel(rod.x_mm, rod.y_mm);
    let reach = 3.5 / options.spacing_mm();
    let (mut mass, mut x, mut y) = (0.0, 0.0, 0.0);
    for row in 0..frame.rows() {
        for column in 0..frame.columns() {
            let at = Point {
                x: f64::from(column) + 0.5,
                y: f64::from(row) + 0.5,
            };
            if (at.x - near.x).hypot(at.y - near.y) < reach {
                let weight = f64::from(frame.at(column, row).unwrap()) - OFFSET_HU + 150.0;
                mass += weight;
                x += weight * at.x;
                y += weight * at.y;
            }
        }
    }
    Point {
        x: x / mass,
        y: y / mass,
    }
}

#[test]
fn inserts_have_their_exact_value() {
    let options = options(256, 1);
    let bytes = slice(&options, &WHO, 0).unwrap();
    let meta = dicom::parse(&bytes).unwrap().meta;
    for insert in facts().inserts {
        let reach = insert.radius_mm - 2.0;
        let corners = (
            options.pixel(insert.x_mm - reach, insert.y_mm - reach),
            options.pixel(insert.x_mm + reach, insert.y_mm + reach),
        );
        let found =
            ellipse_statistics(&grey(&bytes), &meta.pixel_format(), corners, meta.pixel_padding).unwrap();
        assert!(found.count > 60);
        assert_eq!((found.mean, found.standard_deviation), (insert.hu, 0.0));
    }
}

#[test]
fn the_bleeding_has_its_mean_volume_and_grain() {
    let options = options(256, 9);
    let bleeding = facts().bleeding;
    let [x, y, _] = bleeding.centre_mm;
    let mut bright = 0_u32;
    for at in 0..options.slices {
        let bytes = slice(&options, &WHO, at).unwrap();
        let frame = grey(&bytes);
        let middle = |column: u32, row: u32| {
            let centre = options.pixel(x, y);
            (f64::from(column) - centre.x).hypot(f64::from(row) - centre.y) < 22.0 / options.spacing_mm()
        };
        let count = (0..256).flat_map(|row| (0..256).map(move |column| (column, row)));
        let count = count
            .filter(|&(c, r)| middle(c, r) && frame.at(c, r).unwrap() > 1024 + 50)
            .count();
        bright += u32::try_from(count).unwrap();
        if at == options.slices / 2 {
            let corners = (options.pixel(x - 8.0, y - 12.0), options.pixel(x + 8.0, y + 12.0));
            let meta = dicom::parse(&bytes).unwrap().meta;
            let found = ellipse_statistics(&frame, &meta.pixel_format(), corners, None).unwrap();
            assert!((found.mean - bleeding.hu).abs() < 1.0, "{found:?}");
            assert!((2.0..4.0).contains(&found.standard_deviation), "{found:?}");
        }
    }
    let volume = f64::from(bright) * options.spacing_mm().powi(2) * SLICE_SPACING_MM / 1000.0;
    assert!(
        (volume / bleeding.volume_ml() - 1.0).abs() < 0.06,
        "{volume} of {}",
        bleeding.volume_ml()
    );
}
