//! The machine: which core does what, and what a process costs. Linux only; elsewhere nothing is pinned and
//! costs are zero.

use std::{fs, path::Path, process::Command as Plain};

use anyhow::{Context as _, Result};
use tokio::process::Command;

/// Core of the server under test.
const SERVER_CORE: &str = "0";
/// Core of the load client.
const CLIENT_CORE: &str = "1";
/// Clock ticks a second in `/proc/PID/stat`: fixed by the kernel's interface.
const TICKS: f64 = 100.0;

fn several_cores() -> bool {
    Path::new("/sys/devices/system/cpu/cpu1").exists()
}

/// Puts this process on the client's core; whether that worked.
pub(super) fn pin_client() -> bool {
    several_cores()
        && Plain::new("taskset")
            .args(["-a", "-p", "-c", CLIENT_CORE, &std::process::id().to_string()])
            .output()
            .is_ok_and(|done| done.status.success())
}

/// A program that will run on the server's core.
pub(super) fn on_server_core(program: &Path, pinned: bool) -> Command {
    if pinned {
        let mut command = Command::new("taskset");
        command.args(["-c", SERVER_CORE]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

/// Seconds of processor time a process has used.
pub(super) fn cpu_seconds(pid: u32) -> f64 {
    let ticks = || -> Option<f64> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name is in parentheses and may hold anything.
        let (_, rest) = text.rsplit_once(')')?;
        let mut fields = rest.split_whitespace().skip(11);
        let user: f64 = fields.next()?.parse().ok()?;
        let system: f64 = fields.next()?.parse().ok()?;
        Some(user + system)
    };
    ticks().unwrap_or(0.0) / TICKS
}

/// Memory a process holds and the most it held, MiB.
pub(super) fn memory(pid: u32) -> (f64, f64) {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let field = |name: &str| -> f64 {
        text.lines()
            .find_map(|line| line.strip_prefix(name))
            .and_then(|rest| rest.split_whitespace().next())
            .and_then(|kib| kib.parse::<f64>().ok())
            .unwrap_or(0.0)
            / 1024.0
    };
    (field("VmRSS:"), field("VmHWM:"))
}

/// What the machine is, for the head of a report.
pub(super) fn describe() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |rest| {
            rest.trim_start_matches([':', ' ', '\t'])
        });
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().next().unwrap_or("?");
    format!("{cores} cores of {model}, load {load}")
}

/// How many files this process may hold open, raised as far as the machine lets it.
pub(super) fn raise_open_files() -> Result<()> {
    let id = std::process::id().to_string();
    let done = Plain::new("prlimit")
        .args(["--pid", &id, "--nofile=16384:16384"])
        .output()
        .context("prlimit")?;
    anyhow::ensure!(
        done.status.success(),
        "open files cannot be raised: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    Ok(())
}
