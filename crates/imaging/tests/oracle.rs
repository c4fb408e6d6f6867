//! Rendered pixels against DCMTK's `dcmj2pnm`. Left out when the program is not installed.
#![cfg(feature = "dicom")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use consilium_imaging::dicom::{self, FrameData};
use consilium_imaging::phantom::{Options, PhantomPatient, slice};
use consilium_imaging::presets::CT_PRESETS;
use consilium_imaging::render::{Lut, Window};
use std::path::{Path, PathBuf};
use std::process::Command;

fn oracle_is_there() -> bool {
    let there = Command::new("dcmj2pnm")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success());
    if !there {
        println!("left out: comparison with dcmj2pnm (not installed)");
    }
    there
}

/// The 8-bit picture of DCMTK.
fn dcmtk(file: &Path, arguments: &[String]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("out.pgm");
    let done = Command::new("dcmj2pnm")
        .args(arguments)
        .arg("+op")
        .arg(file)
        .arg(&picture)
        .status()
        .unwrap();
    assert!(done.success(), "{arguments:?}");
    let bytes = std::fs::read(&picture).unwrap();
    // P5, width and height, 255: three lines.
    let start = bytes
        .iter()
        .enumerate()
        .filter(|&(_, &byte)| byte == b'\n')
        .nth(2)
        .unwrap()
        .0
        + 1;
    bytes.get(start..).unwrap().to_vec()
}

fn ours(bytes: &[u8], window: Option<Window>) -> Vec<u8> {
    let meta = dicom::parse(bytes).unwrap().meta;
    let FrameData::Grey(frame) = dicom::frame(bytes, 0).unwrap() else {
        panic!("expected grey")
    };
    let format = meta.pixel_format();
    let window = window.unwrap_or_else(|| Window::auto(frame.pixels(), &format, None));
    let lut = Lut::build(&format, window, false);
    let mut rgba = vec![0; frame.pixels().len() * 4];
    lut.apply_rgba(frame.pixels(), &mut rgba);
    let grey: Vec<u8> = rgba.iter().step_by(4).copied().collect();
    assert!(grey == lut.apply_grey(frame.pixels()));
    grey
}

fn assert_equal(file: &Path, window: Window) {
    let bytes = std::fs::read(file).unwrap();
    let arguments = [
        "+Ww".to_owned(),
        window.centre.to_string(),
        window.width.to_string(),
    ];
    let (theirs, ours) = (dcmtk(file, &arguments), ours(&bytes, Some(window)));
    let different = theirs.iter().zip(&ours).filter(|(a, b)| a != b).count();
    assert_eq!(
        (theirs.len(), different),
        (ours.len(), 0),
        "{} {window:?}",
        file.display()
    );
}

fn windows() -> impl Iterator<Item = Window> {
    let odd = [
        (39.5, 1.0),
        (40.0, 2.0),
        (40.5, 52.0),
        (0.0, 256.0),
        (127.5, 256.0),
        (33.3, 77.7),
        (500.0, 4096.0),
    ];
    let odd = odd.into_iter().map(|(centre, width)| Window { centre, width });
    CT_PRESETS.into_iter().map(|preset| preset.window).chain(odd)
}

#[test]
fn the_phantom_is_drawn_as_dcmtk_draws_it() {
    if !oracle_is_there() {
        return;
    }
    let who = PhantomPatient {
        id: "1",
        issuer: "",
        name: "A^B",
        birth_date: "",
        sex: "",
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("phantom.dcm");
    std::fs::write(
        &file,
        slice(
            &Options {
                size: 256,
                slices: 1,
                ..Options::default()
            },
            &who,
            0,
        )
        .unwrap(),
    )
    .unwrap();
    windows().for_each(|window| assert_equal(&file, window));
}

/// An element in Explicit VR Little Endian.
fn element(group: u16, number: u16, vr: &[u8; 2], value: &[u8]) -> Vec<u8> {
    let length = u32::try_from(value.len()).unwrap().to_le_bytes();
    let head = [&group.to_le_bytes()[..], &number.to_le_bytes(), vr].concat();
    let length: &[u8] = if vr == b"OW" {
        &[&[0; 2][..], &length].concat()
    } else {
        &length[..2]
    };
    [&head, length, value].concat()
}

/// A 64 x 64 image whose words run through all values, stored as the arguments say.
fn synthetic(photometric: &[u8], stored: u8, high: u8, signed: u8, between: &[u8]) -> Vec<u8> {
    let number = |number, value: u8| element(0x28, number, b"US", &[value, 0]);
    let text = |group, number, vr, value: &[u8]| element(group, number, vr, value);
    let words: Vec<u8> = (0..4096_u16)
        .flat_map(|at| at.wrapping_mul(0x1235).to_le_bytes())
        .collect();
    [
        vec![0; 128],
        b"DICM".to_vec(),
        text(2, 0x10, b"UI", b"1.2.840.10008.1.2.1\0"),
        text(8, 0x16, b"UI", b"1.2.840.10008.5.1.4.1.1.7\0"),
        text(8, 0x18, b"UI", b"2.25.11\0"),
        text(8, 0x60, b"CS", b"OT"),
        text(0x20, 0x0d, b"UI", b"2.25.12\0"),
        text(0x20, 0x0e, b"UI", b"2.25.13\0"),
        number(2, 1),
        text(0x28, 4, b"CS", photometric),
        number(0x10, 64),
        number(0x11, 64),
        number(0x100, 16),
        number(0x101, stored),
        number(0x102, high),
        number(0x103, signed),
        between.to_vec(),
        element(0x7fe0, 0x10, b"OW", &words),
    ]
    .concat()
}

#[test]
fn all_storage_forms_are_read_as_dcmtk_reads_them() {
    if !oracle_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("synthetic.dcm");
    for photometric in [b"MONOCHROME1 ", b"MONOCHROME2 "] {
        for (stored, high) in [(16, 15), (12, 11), (12, 15), (10, 12), (8, 7), (9, 8)] {
            for signed in [0, 1] {
                std::fs::write(&file, synthetic(photometric, stored, high, signed, &[])).unwrap();
                let span = f64::from(1_u32 << stored);
                let middle = if signed == 1 { 0.0 } else { span / 2.0 };
                for part in [1.0, 0.5, 0.1] {
                    assert_equal(
                        &file,
                        Window {
                            centre: middle,
                            width: (span * part).floor(),
                        },
                    );
                }
                let bytes = std::fs::read(&file).unwrap();
                assert!(
                    ours(&bytes, None) == dcmtk(&file, &["+Wm".to_owned()]),
                    "{stored} {high} {signed}"
                );
            }
        }
    }
}

/// Greatest difference of a colour value.
fn colour_difference(file: &Path, frame: u32) -> u8 {
    let theirs = dcmtk(file, &["+F".to_owned(), (frame + 1).to_string()]);
    let FrameData::Colour(ours) = dicom::frame(&std::fs::read(file).unwrap(), frame).unwrap() else {
        panic!("expected colour")
    };
    assert_eq!(ours.rgb().len(), theirs.len(), "{}", file.display());
    ours.rgb()
        .iter()
        .zip(&theirs)
        .map(|(a, b)| a.abs_diff(*b))
        .max()
        .unwrap()
}

#[test]
fn a_palette_gives_the_colours_of_dcmtk() {
    if !oracle_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("palette.dcm");
    // 200 entries from stored value 20, 16 bits each.
    let descriptor = [200_u8, 0, 20, 0, 16, 0];
    let table = |factor: u16| {
        (0..200_u16)
            .flat_map(|at| (at * factor).to_le_bytes())
            .collect::<Vec<_>>()
    };
    let mut between = Vec::new();
    for number in [0x1101, 0x1102, 0x1103] {
        between.extend(element(0x28, number, b"US", &descriptor));
    }
    for (number, factor) in [(0x1201, 327), (0x1202, 101), (0x1203, 250)] {
        between.extend(element(0x28, number, b"OW", &table(factor)));
    }
    std::fs::write(&file, synthetic(b"PALETTE COLOR ", 8, 7, 0, &between)).unwrap();
    assert_eq!(colour_difference(&file, 0), 0);
}

#[test]
fn real_colour_images_have_the_colours_of_dcmtk() {
    let shared = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/dicom"));
    if !shared.is_dir() {
        println!("left out: real colour images (no shared test files)");
        return;
    }
    if !oracle_is_there() {
        return;
    }
    // Conversions from YBR and lossy decoders may round differently.
    for (name, frame, most) in [
        ("transfer-syntax/US1_UNC.dcm", 0, 0),
        ("small/ExplVR_BigEnd.dcm", 0, 0),
        ("small/SC_ybr_full_422_uncompressed.dcm", 0, 1),
        ("small/SC_rgb_jpeg_dcmtk.dcm", 0, 2),
    ] {
        let difference = colour_difference(&shared.join(name), frame);
        assert!(difference <= most, "{name}: {difference}");
    }
    // RLE: dcmj2pnm decodes it only after dcmdrle.
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain.dcm");
    let rle = shared.join("small/SC_rgb_rle_2frame.dcm");
    assert!(
        Command::new("dcmdrle")
            .arg(&rle)
            .arg(&plain)
            .status()
            .unwrap()
            .success()
    );
    for frame in [0, 1] {
        assert_eq!(colour_difference(&plain, frame), 0);
        let read = |file: &Path| dicom::frame(&std::fs::read(file).unwrap(), frame).unwrap();
        assert!(read(&rle) == read(&plain));
    }
}

#[test]
fn real_images_are_drawn_as_dcmtk_draws_them() {
    let shared = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/dicom"));
    if !shared.is_dir() {
        println!("left out: real images (no shared test files)");
        return;
    }
    if !oracle_is_there() {
        return;
    }
    let head = ["01", "14", "28"].map(|name| shared.join("ct-head-ge").join(format!("{name}.dcm")));
    let others =
        ["CT1", "MR1", "NM1"].map(|name| shared.join("transfer-syntax").join(format!("{name}_UNC.dcm")));
    let small = [
        "CT_small",
        "MR_small",
        "MR_small_bigendian",
        "MR_small_implicit",
        "MR_small_RLE",
    ];
    let small = small.map(|name| shared.join("small").join(format!("{name}.dcm")));
    for file in head.iter().chain(&others).chain(&small) {
        windows().for_each(|window| assert_equal(file, window));
        assert_equal(
            file,
            Window {
                centre: 600.0,
                width: 1600.0,
            },
        );
    }
}
