//! Real files of the shared folder: compressed forms against the uncompressed twin, broken files,
//! names in many character sets. Left out when the folder is missing.
#![cfg(feature = "dicom")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use consilium_imaging::dicom::{self, FrameData};
use consilium_imaging::geometry::SpacingSource;
use consilium_imaging::meta::sort_along_normal;
use consilium_imaging::pack::{gzip, pack, unpack};
use consilium_imaging::stored::Frame;
use std::path::PathBuf;

fn folder(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/dicom")).join(name);
    if path.is_dir() {
        return Some(path);
    }
    println!("left out: {name} (no shared test files)");
    None
}

fn grey(bytes: &[u8]) -> Frame {
    match dicom::frame(bytes, 0).unwrap() {
        FrameData::Grey(frame) => frame,
        FrameData::Colour(_) => panic!("expected grey"),
    }
}

#[test]
fn lossless_forms_equal_the_uncompressed_twin() {
    let Some(folder) = folder("transfer-syntax") else {
        return;
    };
    let mut compared = 0;
    for image in ["CT1", "MR1", "NM1", "US1"] {
        let plain = std::fs::read(folder.join(format!("{image}_UNC.dcm"))).unwrap();
        for form in ["RLE", "JPLL"] {
            let Ok(bytes) = std::fs::read(folder.join(format!("{image}_{form}.dcm"))) else {
                continue;
            };
            let parsed = dicom::parse(&bytes).unwrap();
            assert!(!parsed.meta.lossy);
            assert!(
                dicom::frame(&bytes, 0).unwrap() == dicom::frame(&plain, 0).unwrap(),
                "{image} {form}"
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 7);
}

#[test]
fn other_syntaxes_are_named_not_guessed() {
    let Some(folder) = folder("transfer-syntax") else {
        return;
    };
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let result = dicom::parse(&std::fs::read(&path).unwrap());
        let code = result.as_ref().map_or_else(dicom::DicomError::code, |_| "ok");
        let expected = match name.split('_').next_back().unwrap() {
            "UNC" | "RLE" | "JPLL" | "JPLY" => "ok",
            _ => "unsupported-transfer-syntax",
        };
        assert_eq!(code, expected, "{name}: {result:?}");
        if name.ends_with("JPLY") {
            // Twelve-bit JPEG is not decoded; the error says so.
            assert_eq!(
                dicom::frame(&std::fs::read(&path).unwrap(), 0)
                    .unwrap_err()
                    .code(),
                "unsupported-pixel-format"
            );
        }
    }
}

#[test]
fn small_and_broken_files_by_kind() {
    let Some(folder) = folder("small") else { return };
    for (name, expected) in [
        ("CT_small.dcm", "ok"),
        ("MR_small.dcm", "ok"),
        ("MR_small_RLE.dcm", "ok"),
        ("MR_small_bigendian.dcm", "ok"),
        ("MR_small_implicit.dcm", "ok"),
        ("ExplVR_BigEnd.dcm", "ok"),
        ("SC_rgb_jpeg_dcmtk.dcm", "ok"),
        ("SC_rgb_rle_2frame.dcm", "ok"),
        ("SC_ybr_full_422_uncompressed.dcm", "ok"),
        ("JPEG-lossy.dcm", "unsupported-pixel-format"),
        ("JPEG2000.dcm", "unsupported-transfer-syntax"),
        ("MR_small_jp2klossless.dcm", "unsupported-transfer-syntax"),
        ("MR_small_jpeg_ls_lossless.dcm", "unsupported-transfer-syntax"),
        ("MR_truncated.dcm", "truncated"),
        ("UN_sequence.dcm", "no-pixel-data"),
        ("badVR.dcm", "unsupported-pixel-format"),
    ] {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let result = dicom::parse(&bytes).and_then(|parsed| {
            let frame = dicom::frame(&bytes, parsed.meta.frames - 1)?;
            dicom::preview_png(&frame, &parsed.meta, 100)
        });
        let code = result.as_ref().map_or_else(dicom::DicomError::code, |_| "ok");
        assert_eq!(code, expected, "{name}: {:?}", result.err());
    }
    let read = |name: &str| grey(&std::fs::read(folder.join(name)).unwrap());
    for twin in [
        "MR_small_RLE.dcm",
        "MR_small_bigendian.dcm",
        "MR_small_implicit.dcm",
    ] {
        assert!(read(twin) == read("MR_small.dcm"), "{twin}");
    }
}

#[test]
fn names_in_their_character_sets() {
    let Some(folder) = folder("charset") else { return };
    for (file, expected) in [
        ("chrX1", "Wang^XiaoDong=王^小東="),
        ("chrX2", "Wang^XiaoDong=王^小东="),
        ("chrArab", "قباني^لنزار"),
        ("chrFren", "Buc^Jérôme"),
        ("chrFrenMulti", "Buc^Jérôme"),
        ("chrGerm", "Äneas^Rüdiger"),
        ("chrGreek", "Διονυσιος"),
        ("chrHbrw", "שרון^דבורה"),
        ("chrRuss", "Люкceмбypг"),
        ("chrH31", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("chrH32", "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"),
        ("chrI2", "Hong^Gildong=洪^吉洞=홍^길동"),
        ("chrKoreanMulti", "김희중"),
        ("chrJapMulti", "やまだ^たろう"),
        ("chrJapMultiExplicitIR6", "やまだ^たろう"),
    ] {
        let bytes = std::fs::read(folder.join(format!("{file}.dcm"))).unwrap();
        assert_eq!(name_of(&bytes), expected, "{file}");
    }
}

/// These files have no image: one pixel is put behind their data set.
fn name_of(bytes: &[u8]) -> String {
    let mut bytes = bytes.to_vec();
    for (number, value) in [
        (2, 1),
        (0x10, 1),
        (0x11, 1),
        (0x100, 16),
        (0x101, 16),
        (0x102, 15),
        (0x103, 0),
    ] {
        bytes.extend([0x28, 0]);
        bytes.extend(u16::to_le_bytes(number));
        bytes.extend([b'U', b'S', 2, 0, value, 0]);
    }
    bytes.extend(b"\x28\0\x04\0CS\x0c\0MONOCHROME2 ");
    bytes.extend(b"\xe0\x7f\x10\0OW\0\0\x02\0\0\0\x07\0");
    dicom::parse(&bytes).unwrap().patient.name
}

#[test]
fn a_real_head_series_sorts_packs_and_knows_its_spacing() {
    let Some(folder) = folder("ct-head-ge") else {
        return;
    };
    let (mut metas, mut raw, mut packed_bytes) = (Vec::new(), 0, 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "dcm") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let parsed = dicom::parse(&bytes).unwrap();
        assert_eq!(parsed.meta.spacing.source, SpacingSource::PixelSpacing);
        assert_eq!(parsed.meta.pixel_padding, Some(-1500));
        let frame = grey(&bytes);
        let packed = pack(frame.words(), frame.columns()).unwrap();
        assert_eq!(unpack(&packed, frame.columns()).unwrap(), frame.words());
        raw += frame.words().len();
        packed_bytes += gzip(&packed).unwrap().len();
        metas.push(parsed.meta);
    }
    assert_eq!(metas.len(), 28);
    sort_along_normal(&mut metas, |meta| meta);
    let heights: Vec<f64> = metas.iter().map(|meta| meta.position.unwrap()[2]).collect();
    assert!(heights.is_sorted(), "{heights:?}");
    println!(
        "packed and gzipped: {} per mille of raw",
        packed_bytes * 1000 / raw
    );
    assert!(packed_bytes * 2 < raw);
}

#[test]
fn damaged_compressed_files_give_errors_or_pixels() {
    let Some(folder) = folder("transfer-syntax") else {
        return;
    };
    for name in ["MR1_RLE", "NM1_RLE", "US1_RLE", "NM1_JPLL", "CT1_JPLL"] {
        let intact = std::fs::read(folder.join(format!("{name}.dcm"))).unwrap();
        let mut state = 1_u64;
        for _ in 0..40 {
            let mut bytes = intact.clone();
            // Half of the damage near the start of the pixel data, where headers and tables are.
            for near in [true, false] {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let reach = if near { 4096 } else { bytes.len() };
                let at = usize::try_from(state >> 33).unwrap() % reach;
                bytes[at] ^= u8::try_from((state >> 20) & 0xff).unwrap();
            }
            let length = bytes.len() - usize::try_from(state >> 60).unwrap() * 100;
            for bytes in [&bytes, &bytes[..length]] {
                if let Ok(parsed) = dicom::parse(bytes) {
                    let _ =
                        dicom::frame(bytes, 0).and_then(|frame| dicom::preview_png(&frame, &parsed.meta, 32));
                }
            }
        }
    }
}
