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
