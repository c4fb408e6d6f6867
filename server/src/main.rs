//! The `consilium` program.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use consilium_server::{
    admin, clock,
    config::Config,
    demo,
    run::{Server, open_store},
    site::Site,
    tls,
};

#[derive(Parser)]
#[command(
    name = "consilium",
    version,
    about = "Telemedicine multi-center consultation server"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve HTTPS until asked to stop
    Serve {
        /// Configuration file (TOML); the environment (CONSILIUM_*) wins over it
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Serve three invented hospitals with a consultation under way, on this machine only
    Demo {
        /// Port; 0 picks a free one
        #[arg(long, default_value_t = 8443)]
        port: u16,
        /// Folder for everything the demo keeps
        #[arg(long, default_value = "demo-data")]
        data: PathBuf,
        /// Start anew: removes what an earlier demo left in the folder
        #[arg(long)]
        fresh: bool,
        /// Folder with the browser bundle
        #[arg(long, default_value = "dist")]
        site: PathBuf,
    },
    /// Write the demo's CT head phantom as DICOM files
    Phantom {
        /// Folder to write to
        #[arg(long)]
        out: PathBuf,
        /// Rows and columns
        #[arg(long, default_value_t = 512)]
        size: u32,
        /// Number of slices
        #[arg(long, default_value_t = 24)]
        slices: u32,
        /// Patient ID in the files
        #[arg(long, default_value = "PHANTOM")]
        patient_id: String,
    },
    /// Bring the tables up to date and stop
    Migrate {
        /// Configuration file
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Check the audit log's hash chain; exits with 1 and names the row when it is broken
    Verify {
        /// Configuration file
        #[arg(long)]
        config: Option<PathBuf>,
        /// Data folder instead of the configured one
        #[arg(long)]
        data: Option<PathBuf>,
    },
    /// Institutions and accounts
    Admin {
        /// Configuration file
        #[arg(long)]
        config: Option<PathBuf>,
        #[command(subcommand)]
        act: admin::Act,
    },
}

fn main() -> anyhow::Result<()> {
    tls::install_provider();
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(cli.command))
}

fn load(file: Option<PathBuf>) -> anyhow::Result<Config> {
    let config = Config::load(file.as_deref())?;
    start_log(&config)?;
    Ok(config)
}

fn start_log(config: &Config) -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(&config.log.filter).context("[log] filter")?;
    let builder = tracing_subscriber::fmt()
        // A line that cannot be written is lost. Saying so on the same broken stream panics, in whichever task
        // had something to log: a full disk under the log would end the writer of all rooms.
        .log_internal_errors(false)
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let started = if config.log.json {
        builder.json().try_init()
    } else {
        builder.try_init()
    };
    started.map_err(|error| anyhow::anyhow!("the log cannot start: {error}"))
}

#[expect(clippy::print_stdout, reason = "answers of a command line program")]
async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve { config } => {
            let config = load(config)?;
            let site = Site::open(&config.data.site)?;
            let server = Server::start(&config, site, clock::system()).await?;
            println!("ready https://{}:{}", config.listen.host, server.address.port());
            server.run().await
        }
        Command::Demo {
            port,
            data,
            fresh,
            site,
        } => {
            let config = demo::config(port, data, site)?;
            start_log(&config)?;
            demo::run(&config, fresh).await
        }
        Command::Phantom {
            out,
            size,
            slices,
            patient_id,
        } => demo::write_phantom(&out, size, slices, &patient_id),
        Command::Migrate { config } => {
            let config = load(config)?;
            open_store(&config, &clock::system()).await?;
            println!("tables are up to date");
            Ok(())
        }
        Command::Verify { config, data } => {
            let mut config = load(config)?;
            if let Some(folder) = data {
                config.data.folder = folder;
            }
            let (store, _) = open_store(&config, &clock::system()).await?;
            match store.reader().verify_audit().await? {
                Ok(checkpoint) => {
                    println!(
                        "audit log whole: {} events, head {}",
                        checkpoint.size,
                        hex::encode(checkpoint.head)
                    );
                    Ok(())
                }
                Err(broken) => Err(anyhow::anyhow!("audit log broken: {broken}")),
            }
        }
        Command::Admin { config, act } => {
            let config = load(config)?;
            let (store, _) = open_store(&config, &clock::system()).await?;
            admin::run(&store, act, clock::system()()).await
        }
    }
}
