//! The demo: three invented hospitals and a consultation under way. Everything is made through the
//! same services that people use, so nothing in it is fake; only the people are.

mod data;
pub mod people;
mod seed;

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use consilium_imaging::phantom::{self, Options, PhantomPatient};
use consilium_vault::TotpSecret;
use serde::{Deserialize, Serialize};

use crate::{
    admin, clock,
    config::{Config, Data, Listen, Log},
    run::Server,
    site::Site,
    tls,
};

/// File in the data folder that lists who can sign in. Only ever written by the demo, mode 0600.
const FILE: &str = "demo.json";
/// What a demo leaves in its folder; `--fresh` removes these and nothing else.
const LEFT_BEHIND: [&str; 7] = [
    "consilium.db",
    "consilium.db-wal",
    "consilium.db-shm",
    "files",
    "keys",
    "tls",
    FILE,
];

/// `demo.json`.
#[derive(Serialize, Deserialize)]
struct Sheet {
    url: String,
    ca_file: PathBuf,
    ports: Ports,
    users: Vec<User>,
    keys: Vec<Key>,
    consultations: Vec<Consultation>,
}

/// Ports in use; those of interfaces that are not served are absent.
#[derive(Serialize, Deserialize)]
struct Ports {
    https: u16,
    mllp: Option<u16>,
    dimse: Option<u16>,
    sftp: Option<u16>,
}

#[derive(Clone, Serialize, Deserialize)]
struct User {
    username: String,
    password: String,
    totp_secret: String,
    institution: String,
    role: String,
}

/// Keys of hospital systems.
#[derive(Serialize, Deserialize)]
struct Key {
    keyid: String,
    institution: String,
    algorithm: String,
    private_key_file: PathBuf,
}

/// A consultation of the demo.
#[derive(Serialize, Deserialize)]
struct Consultation {
    id: String,
    number: String,
    state: String,
}

/// The demo's configuration: this machine only.
///
/// # Errors
/// The folder's path cannot be made absolute.
pub fn config(port: u16, folder: PathBuf, site: PathBuf) -> anyhow::Result<Config> {
    let folder = std::path::absolute(folder)?;
    Ok(Config {
        listen: Listen {
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            ..Listen::default()
        },
        data: Data {
            folder,
            site,
            database: None,
        },
        log: Log {
            filter: std::env::var("CONSILIUM_LOG")
                .unwrap_or_else(|_| "warn,consilium_server=info".to_owned()),
            json: false,
        },
        ..Config::default()
    })
}

/// Seeds on first start, serves, prints who can sign in and `ready …` last.
///
/// # Errors
/// The folder holds something that is not a demo, or the server cannot start.
#[expect(clippy::print_stdout, reason = "answers of a command line program")]
pub async fn run(config: &Config, fresh: bool) -> anyhow::Result<()> {
    let folder = &config.data.folder;
    if fresh {
        remove(folder)?;
    }
    let sheet_path = folder.join(FILE);
    let known: Option<Sheet> = match fs::read(&sheet_path) {
        Ok(bytes) => {
            Some(serde_json::from_slice(&bytes).context("demo.json is damaged; start with --fresh")?)
        }
        Err(_) if folder.join("consilium.db").exists() => {
            bail!(
                "{} holds a database but no demo.json: not a whole demo; start with --fresh",
                folder.display()
            )
        }
        Err(_) => None,
    };
    fs::create_dir_all(folder)?;
    let server = Server::start(config, Site::open(&config.data.site)?, clock::system()).await?;
    let users = match known {
        Some(sheet) => sheet.users,
        None => {
            println!("making three hospitals, twelve people and six consultations ...");
            seed::fill(&server.app).await?
        }
    };
    let consultations = seed::consultations(&server.app).await?;
    let port = server.address.port();
    let sheet = Sheet {
        url: format!("https://{}:{port}", config.listen.host),
        ca_file: server.authority.clone().unwrap_or_default(),
        ports: Ports {
            https: port,
            mllp: None,
            dimse: None,
            sftp: None,
        },
        users,
        keys: Vec::new(),
        consultations,
    };
    tls::write_private(&sheet_path, &serde_json::to_vec_pretty(&sheet)?)?;
    print_sheet(&sheet, &sheet_path);
    println!("ready {}", sheet.url);
    server.run().await
}

#[expect(clippy::print_stdout, reason = "answers of a command line program")]
fn print_sheet(sheet: &Sheet, path: &Path) {
    println!("\nWho can sign in (dynamic code: add the seed to any authenticator):");
    println!(
        "  {:<14} {:<20} {:<34} {:<9} role",
        "user name", "password", "seed", "hospital"
    );
    for user in &sheet.users {
        println!(
            "  {:<14} {:<20} {:<34} {:<9} {}",
            user.username, user.password, user.totp_secret, user.institution, user.role
        );
    }
    println!("\nConsultations:");
    for consultation in &sheet.consultations {
        println!("  {} {}", consultation.number, consultation.state);
    }
    println!("\nThis list is also in {}", path.display());
    println!("Certificate authority to trust: {}\n", sheet.ca_file.display());
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    for name in LEFT_BEHIND {
        let path = folder.join(name);
        if path.is_dir() {
            fs::remove_dir_all(&path)
        } else if path.exists() {
            fs::remove_file(&path)
        } else {
            continue;
        }
        .with_context(|| format!("cannot remove {}", path.display()))?;
    }
    Ok(())
}

/// Writes the phantom series as DICOM files `001.dcm` and so on.
///
/// # Errors
/// Size or number outside the phantom's limits, or the folder cannot be written.
pub fn write_phantom(out: &Path, size: u32, slices: u32, patient_id: &str) -> anyhow::Result<()> {
    fs::create_dir_all(out)?;
    let options = Options {
        size,
        slices,
        ..Options::default()
    };
    let patient = PhantomPatient {
        id: patient_id,
        issuer: "",
        name: "PHANTOM^HEAD",
        birth_date: "19680417",
        sex: "M",
    };
    for (index, object) in phantom::series(&options, &patient)?.into_iter().enumerate() {
        fs::write(out.join(format!("{:03}.dcm", index + 1)), object)?;
    }
    Ok(())
}

impl User {
    fn new(made: &admin::NewAccount, institution: &str) -> Self {
        Self {
            username: made.account.username.clone(),
            password: made.password.clone(),
            totp_secret: made.totp.base32().to_string(),
            institution: institution.to_owned(),
            role: made.account.role.code().to_owned(),
        }
    }
}

/// A password that can be typed: four groups of letters and digits without those that look alike.
fn password() -> anyhow::Result<String> {
    let seed = TotpSecret::new_secret()?;
    let text = seed.base32();
    let group = |at: usize| text.get(at..at + 4).unwrap_or_default().to_lowercase();
    Ok(format!("{}-{}-{}-{}", group(0), group(4), group(8), group(12)))
}
