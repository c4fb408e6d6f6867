//! What comes from the operating system: by apt on Debian as root, elsewhere one clear sentence.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::command::{answer, command, on_path, run_quiet};
use crate::steps::Done;
use crate::workspace::Workspace;

/// Something the tests need from the system.
struct Wanted {
    what: &'static str,
    /// Debian's package.
    package: &'static str,
    present: fn() -> bool,
}

const WANTED: [Wanted; 6] = [
    Wanted {
        what: "PostgreSQL's server (postgres, initdb)",
        package: "postgresql",
        present: postgres,
    },
    Wanted {
        what: "DCMTK (dcmdump, dcm2pnm)",
        package: "dcmtk",
        present: || on_path("dcmdump"),
    },
    Wanted {
        what: "Chromium",
        package: "chromium",
        present: chromium,
    },
    Wanted {
        what: "a Chinese font (Noto CJK)",
        package: "fonts-noto-cjk",
        present: cjk_font,
    },
    Wanted {
        what: "OpenSSL's command",
        package: "openssl",
        present: || on_path("openssl"),
    },
    Wanted {
        what: "Python 3 with venv",
        package: "python3-venv",
        present: || answer("python3", &["-c", "import venv, ensurepip"]).is_some(),
    },
];

/// Looks for all of them and installs what is missing where it can.
pub(super) fn packages(workspace: &Workspace) -> Result<Done> {
    let missing: Vec<&Wanted> = WANTED.iter().filter(|wanted| !(wanted.present)()).collect();
    if missing.is_empty() {
        return Ok(Done::Already("already there".to_owned()));
    }
    let names: Vec<&str> = missing.iter().map(|wanted| wanted.package).collect();
    if !on_path("apt-get") || !root() {
        let whats: Vec<&str> = missing.iter().map(|wanted| wanted.what).collect();
        bail!(
            "the tests need {}; install them with your system's package manager (Debian: `sudo apt-get install {}`)",
            whats.join(", "),
            names.join(" ")
        );
    }
    let apt = |arguments: &[&str]| {
        let mut apt = command("apt-get", &workspace.root);
        apt.env("DEBIAN_FRONTEND", "noninteractive")
            .arg("-q")
            .args(arguments);
        run_quiet(&mut apt)
    };
    apt(&["update"])?;
    let mut install = vec!["install", "-y", "--no-install-recommends"];
    install.extend(&names);
    apt(&install)?;
    if let Some(still) = missing.iter().find(|wanted| !(wanted.present)()) {
        bail!(
            "{} was installed but {} is still not found",
            still.package,
            still.what
        );
    }
    Ok(Done::Already(format!("installed {}", names.join(" "))))
}

fn root() -> bool {
    answer("id", &["-u"]).is_some_and(|id| id.trim() == "0")
}

fn chromium() -> bool {
    std::env::var_os("CHROMIUM").is_some_and(|path| Path::new(&path).is_file())
        || [
            "chromium",
            "chromium-browser",
            "google-chrome",
            "google-chrome-stable",
        ]
        .iter()
        .any(|name| on_path(name))
        || Path::new("/Applications/Google Chrome.app").is_dir()
}

fn cjk_font() -> bool {
    // macOS and Windows ship one.
    !cfg!(target_os = "linux")
        || answer("fc-list", &[":lang=zh-cn"]).is_some_and(|list| !list.trim().is_empty())
}

/// Both programs on PATH or in one of Debian's versioned folders.
fn postgres() -> bool {
    if on_path("postgres") && on_path("initdb") {
        return true;
    }
    let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") else {
        return false;
    };
    versions
        .filter_map(|entry| entry.ok().map(|entry| entry.path().join("bin")))
        .any(|bin: PathBuf| bin.join("postgres").is_file() && bin.join("initdb").is_file())
}
