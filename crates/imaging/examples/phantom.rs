//! Writes the phantom series to a folder, each slice as a DICOM object and as two pictures.
//!
//! `cargo run -p consilium-imaging --example phantom -- FOLDER`

use consilium_imaging::dicom::{self, preview_png};
use consilium_imaging::phantom::{Options, PhantomPatient, slice};
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name a folder")?);
    std::fs::create_dir_all(&folder)?;
    let patient = PhantomPatient {
        id: "PHANTOM",
        issuer: "",
        name: "Phantom^Head",
        birth_date: "19700101",
        sex: "O",
    };
    let options = Options::default();
    for at in 0..options.slices {
        let bytes = slice(&options, &patient, at)?;
        let mut meta = dicom::parse(&bytes)?.meta;
        let frame = dicom::frame(&bytes, 0)?;
        std::fs::write(folder.join(format!("{at:02}.dcm")), &bytes)?;
        std::fs::write(
            folder.join(format!("{at:02}-brain.png")),
            preview_png(&frame, &meta, options.size)?,
        )?;
        meta.windows.reverse();
        std::fs::write(
            folder.join(format!("{at:02}-bone.png")),
            preview_png(&frame, &meta, options.size)?,
        )?;
    }
    Ok(())
}
