//! Whatever the bytes, reading gives a value or an error, never a panic.
#![cfg(feature = "dicom")]
#![expect(clippy::unwrap_used, reason = "tests")]

use consilium_imaging::dicom::{self, DicomError, FrameData};
use consilium_imaging::phantom::{Options, PhantomPatient, slice};
use proptest::prelude::*;
use std::sync::LazyLock;

static SAMPLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let who = PhantomPatient {
        id: "1",
        issuer: "",
        name: "A^B",
        birth_date: "",
        sex: "",
    };
    slice(
        &Options {
            size: 32,
            slices: 1,
            ..Options::default()
        },
        &who,
        0,
    )
    .unwrap()
});

fn read_all(bytes: &[u8]) -> Result<(), DicomError> {
    let parsed = dicom::parse(bytes)?;
    let frame = dicom::frame(bytes, 0)?;
    dicom::preview_png(&frame, &parsed.meta, 64)?;
    if let FrameData::Grey(grey) = &frame {
        assert_eq!(
            (grey.columns(), grey.rows()),
            (parsed.meta.columns, parsed.meta.rows)
        );
    }
    Ok(())
}

/// An element in Explicit VR Little Endian with a short length field.
fn element(group: u16, number: u16, vr: &[u8; 2], value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap();
    [
        &group.to_le_bytes()[..],
        &number.to_le_bytes(),
        vr,
        &length.to_le_bytes(),
        value,
    ]
    .concat()
}

fn file(syntax: &[u8], data_set: &[u8]) -> Vec<u8> {
    [&[0; 128][..], b"DICM", &element(2, 0x10, b"UI", syntax), data_set].concat()
}

#[test]
fn every_prefix_is_an_error() {
    let sample = &*SAMPLE;
    read_all(sample).unwrap();
    for length in 0..sample.len() {
        let error = read_all(sample.get(..length).unwrap()).unwrap_err();
        let expected: &[&str] = if length < 132 {
            &["not-dicom"]
        } else {
            &["truncated", "no-pixel-data"]
        };
        assert!(expected.contains(&error.code()), "{length}: {error:?}");
    }
}

#[test]
fn kinds_of_errors() {
    assert_eq!(dicom::parse(b"").unwrap_err(), DicomError::NotDicom);
    assert_eq!(dicom::parse(&[0; 4096]).unwrap_err(), DicomError::NotDicom);
    let report = file(b"1.2.840.10008.1.2.1\0", &element(8, 0x60, b"CS", b"SR"));
    assert_eq!(dicom::parse(&report).unwrap_err(), DicomError::NoPixelData);
    let unknown = file(b"1.2.3.4 ", &[]);
    assert_eq!(
        dicom::parse(&unknown).unwrap_err().code(),
        "unsupported-transfer-syntax"
    );
    assert_eq!(dicom::frame(&SAMPLE, 1).unwrap_err(), DicomError::NoSuchFrame);
}

#[test]
fn deep_nesting_is_refused_before_the_parser_recurses() {
    let mut nest = Vec::new();
    for _ in 0..200_000 {
        nest.extend([0x08, 0, 0x40, 0x11, b'S', b'Q', 0, 0, 0xff, 0xff, 0xff, 0xff]);
        nest.extend([0xfe, 0xff, 0, 0xe0, 0xff, 0xff, 0xff, 0xff]);
    }
    let error = dicom::parse(&file(b"1.2.840.10008.1.2.1\0", &nest)).unwrap_err();
    assert_eq!(error, DicomError::Corrupt("nested too deeply"));
}

#[test]
fn a_deflate_bomb_stops_at_the_limit() {
    use std::io::Write;
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    // One element of 0xFFFFFFFE bytes cannot be held; the data stop at 1 GiB + 1 anyway.
    let chunk = vec![0_u8; 1 << 20];
    for _ in 0..1100 {
        encoder.write_all(&chunk).unwrap();
    }
    let bomb = file(b"1.2.840.10008.1.2.1.99", &encoder.finish().unwrap());
    assert!(bomb.len() < 4 << 20);
    assert_eq!(dicom::parse(&bomb).unwrap_err(), DicomError::TooLarge);
}

#[test]
fn claimed_sizes_do_not_allocate() {
    // Rows and Columns of the sample set to 65535: above the limit of one frame.
    let mut huge = SAMPLE.clone();
    for tag in [[0x28, 0, 0x10, 0, b'U', b'S'], [0x28, 0, 0x11, 0, b'U', b'S']] {
        let at = huge.windows(6).position(|window| window == tag).unwrap() + 8;
        huge.splice(at..at + 2, [0xff, 0xff]);
    }
    assert_eq!(dicom::parse(&huge).unwrap_err(), DicomError::TooLarge);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn flipped_bytes_never_panic(flips in prop::collection::vec((0_usize..100_000, any::<u8>()), 1..12)) {
        let mut bytes = SAMPLE.clone();
        let header = bytes.len() - 2048;
        for (at, value) in flips {
            // The header is where damage matters.
            if let Some(byte) = bytes.get_mut(128 + at % (header - 128)) {
                *byte = value;
            }
        }
        let _ = read_all(&bytes);
    }

    #[test]
    fn anything_after_the_prefix_never_panics(syntax in 0_usize..9, tail: Vec<u8>) {
        let syntaxes: [&[u8]; 9] = [
            b"1.2.840.10008.1.2\0", b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.2\0",
            b"1.2.840.10008.1.2.1.99", b"1.2.840.10008.1.2.5\0", b"1.2.840.10008.1.2.4.50",
            b"1.2.840.10008.1.2.4.57", b"1.2.840.10008.1.2.4.70", b"1.2.840.10008.1.2.4.90",
        ];
        let _ = read_all(&file(syntaxes.get(syntax).unwrap(), &tail));
    }
}
