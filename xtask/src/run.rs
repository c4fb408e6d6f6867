//! `demo` and `serve`: build what is needed, then become the server.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::bundle;
use crate::command::{cargo, command, run};
use crate::setup::{self, Need};
use crate::steps::{Done, Steps};
use crate::workspace::Workspace;

const DEFAULT_PORT: u16 = 8443;

#[derive(Debug, PartialEq)]
struct DemoOptions {
    port: u16,
    data: PathBuf,
    fresh: bool,
}

/// `cargo xtask demo [--port P] [--data DIR] [--fresh]`.
pub(crate) fn demo(workspace: &Workspace, rest: &[String]) -> Result<()> {
    let options = demo_options(rest)?;
    let mut server = prepare(workspace)?;
    server.arg("demo").arg("--port").arg(options.port.to_string());
    server.arg("--data").arg(if options.data.is_absolute() {
        options.data
    } else {
        std::env::current_dir()
            .context("the current folder is gone")?
            .join(options.data)
    });
    server
        .args(options.fresh.then_some("--fresh"))
        .arg("--site")
        .arg(workspace.path("dist"));
    become_server(server)
}

/// `cargo xtask serve --config FILE`.
pub(crate) fn serve(workspace: &Workspace, rest: &[String]) -> Result<()> {
    let config = match rest {
        [flag, file] if flag == "--config" => std::path::absolute(file).context("--config is not a path")?,
        _ => bail!("`serve` needs `--config FILE`; docs/operations.md describes the file"),
    };
    if !config.is_file() {
        bail!("{} is not a file", config.display());
    }
    let mut server = prepare(workspace)?;
    server.arg("serve").arg("--config").arg(config);
    become_server(server)
}

fn demo_options(rest: &[String]) -> Result<DemoOptions> {
    let mut options = DemoOptions {
        port: DEFAULT_PORT,
        data: PathBuf::from("demo-data"),
        fresh: false,
    };
    let mut rest = rest.iter();
    while let Some(argument) = rest.next() {
        let (name, inline) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (argument.as_str(), None),
        };
        let mut value = || {
            inline
                .clone()
                .or_else(|| rest.next().cloned())
                .with_context(|| format!("{name} needs a value"))
        };
        match name {
            "--port" => {
                let text = value()?;
                options.port = text.parse().with_context(|| format!("`{text}` is not a port"))?;
            }
            "--data" => options.data = PathBuf::from(value()?),
            "--fresh" if inline.is_none() => options.fresh = true,
            other => bail!("`demo` does not know `{other}`; see `cargo xtask help`"),
        }
    }
    Ok(options)
}

/// Tools, bundle and server; gives the command that starts it.
fn prepare(workspace: &Workspace) -> Result<Command> {
    setup::run(workspace, Need::Bundle)?;
    let mut steps = Steps::new(2);
    steps.loud("pages for the browser", || bundle::run(workspace)).1?;
    let build = || {
        run(&mut cargo(
            &workspace.root,
            &["build", "--package", "consilium-server"],
        ))?;
        Ok(Done::Did)
    };
    steps.loud("server", build).1?;
    let name = format!("debug/consilium{}", std::env::consts::EXE_SUFFIX);
    Ok(command(workspace.target.join(name), &workspace.root))
}

/// Replaces this process, so that signals and the exit code are the server's own.
#[cfg(unix)]
fn become_server(mut server: Command) -> Result<()> {
    use std::os::unix::process::CommandExt as _;
    Err(server.exec()).context("starting the server")
}

#[cfg(not(unix))]
fn become_server(mut server: Command) -> Result<()> {
    let status = server.status().context("starting the server")?;
    anyhow::ensure!(status.success(), "the server ended with {status}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<DemoOptions> {
        demo_options(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn demo_options_have_defaults() {
        let expected = DemoOptions {
            port: 8443,
            data: "demo-data".into(),
            fresh: false,
        };
        assert_eq!(parse("").unwrap(), expected);
    }

    #[test]
    fn demo_options_are_read_in_both_forms() {
        let expected = DemoOptions {
            port: 9000,
            data: "/d".into(),
            fresh: true,
        };
        assert_eq!(parse("--port 9000 --data /d --fresh").unwrap(), expected);
        assert_eq!(parse("--fresh --port=9000 --data=/d").unwrap(), expected);
    }

    #[test]
    fn wrong_demo_options_are_refused() {
        for text in ["--port", "--port 70000", "--port x", "--fresh=1", "--what"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
