//! Runs into lines, lines into tables for the screen and for the documentation.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use anyhow::{Context as _, Result};

use super::{
    Scenario, goals,
    load::Found,
    machine,
    moments::{Idle, Stopped, Storm},
    servers::Kind,
};

/// One run.
#[derive(Clone, Debug)]
pub(super) enum Measured {
    Steady(Found),
    Storm(Storm),
    Idle(Idle),
    Stopped(Stopped),
}

fn mib(memory: (f64, f64)) -> String {
    format!("{:.0} ({:+.0})", memory.1, memory.1 - memory.0)
}

/// A share, without rounding a loss away.
fn percent(part: u64, whole: u64) -> String {
    if part == whole {
        return "100 %".to_owned();
    }
    let share = figure(part) / figure(whole).max(1.0) * 100.0;
    format!("{:.2} %", share.min(99.99))
}

/// A count as a number to reckon with; counts here are far below 2^53.
fn figure(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

impl Measured {
    /// For the screen, while the runs go on.
    pub(super) fn line(&self) -> String {
        match self {
            Self::Steady(found) => {
                let mut line = String::new();
                for group in &found.groups {
                    let _infallible = write!(
                        line,
                        "{} p50 {:.1} p95 {:.1} p99 {:.1} ms; ",
                        percent(group.delivered, group.expected),
                        group.p50,
                        group.p95,
                        group.p99
                    );
                }
                if found.acks.delivered > 0 {
                    let _infallible = write!(line, "ack p95 {:.1} ms; ", found.acks.p95);
                }
                let _infallible = write!(
                    line,
                    "CPU {:.0} % (client {:.0} %); RSS {} MiB",
                    found.cpu,
                    found.client_cpu,
                    mib(found.memory)
                );
                if let Some(first) = found.ended.first() {
                    let _infallible = write!(line, "; {} ended early: {first}", found.ended.len());
                }
                line
            }
            Self::Storm(storm) => format!(
                "{} synced in {:.2} s; CPU {:.2} s; RSS {} MiB; document {} bytes",
                storm.synced,
                storm.seconds,
                storm.cpu_seconds,
                mib(storm.memory),
                storm.bytes
            ),
            Self::Idle(idle) => format!("RSS {} MiB; CPU {:.1} %", mib(idle.memory), idle.cpu),
            Self::Stopped(stopped) => format!(
                "{:.1} MB pushed; RSS {} MiB; {}; whole after {}; other reader whole: {}; {} cuts of those who read",
                figure(stopped.pushed) / 1e6,
                mib(stopped.memory),
                stopped.fate,
                stopped.healed.map_or("never".to_owned(), |s| format!("{s:.2} s")),
                stopped.other,
                stopped.cuts
            ),
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// All lines.
#[derive(Default)]
pub(super) struct Table {
    lines: Vec<(Scenario, BTreeMap<Kind, Vec<Measured>>)>,
    failed: BTreeMap<(Scenario, Kind), usize>,
}

/// A line of a steady load: medians over its runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Steady {
    pub(super) delivered: u64,
    pub(super) expected: u64,
    pub(super) p50: f64,
    pub(super) p95: f64,
    pub(super) p99: f64,
    pub(super) ack_p95: f64,
    pub(super) cpu: f64,
    pub(super) client_cpu: f64,
    pub(super) rss: f64,
    pub(super) growth: f64,
    pub(super) ended: usize,
}

/// The median line of a group; a delivery counts over all runs.
pub(super) fn steady(runs: &[Measured], group: usize) -> Option<Steady> {
    let found: Vec<&Found> = runs
        .iter()
        .filter_map(|run| match run {
            Measured::Steady(found) => Some(found),
            _ => None,
        })
        .collect();
    let first = found.first()?;
    first.groups.get(group)?;
    let of = |value: &dyn Fn(&Found) -> f64| median(found.iter().map(|one| value(one)).collect());
    let latency = |value: &dyn Fn(&super::load::Latency) -> f64| {
        of(&|one| one.groups.get(group).map_or(f64::NAN, value))
    };
    let sum = |value: &dyn Fn(&super::load::Latency) -> u64| -> u64 {
        found
            .iter()
            .filter_map(|one| one.groups.get(group))
            .map(value)
            .sum()
    };
    Some(Steady {
        delivered: sum(&|l| l.delivered),
        expected: sum(&|l| l.expected),
        p50: latency(&|l| l.p50),
        p95: latency(&|l| l.p95),
        p99: latency(&|l| l.p99),
        ack_p95: of(&|one| one.acks.p95),
        cpu: of(&|one| one.cpu),
        client_cpu: of(&|one| one.client_cpu),
        rss: of(&|one| one.memory.1),
        growth: of(&|one| one.memory.1 - one.memory.0),
        ended: found.iter().map(|one| one.ended.len()).sum(),
    })
}

impl Table {
    pub(super) fn add(&mut self, scenario: Scenario, runs: BTreeMap<Kind, Vec<Measured>>) {
        self.lines.push((scenario, runs));
    }

    pub(super) fn fail(&mut self, scenario: Scenario, kind: Kind) {
        *self.failed.entry((scenario, kind)).or_default() += 1;
    }

    /// The runs of a scenario.
    pub(super) fn runs(&self, scenario: Scenario) -> Option<&BTreeMap<Kind, Vec<Measured>>> {
        self.lines
            .iter()
            .find(|(one, _)| *one == scenario)
            .map(|(_, runs)| runs)
    }

    /// Everything as Markdown.
    pub(super) fn markdown(&self, repeat: usize, seconds: u64) -> String {
        let mut out = format!(
            "Median of {repeat} runs of {seconds} s each, servers in turn; {}.\n",
            machine::describe()
        );
        for (scenario, runs) in &self.lines {
            let _infallible = write!(out, "\n### {}\n\n", scenario.title());
            match scenario {
                Scenario::Storm => storm(&mut out, runs),
                Scenario::Idle => idle(&mut out, runs),
                Scenario::Stopped => stopped(&mut out, runs),
                _ => steady_lines(&mut out, runs, scenario.groups().len()),
            }
            for ((failed, kind), count) in &self.failed {
                if failed == scenario {
                    let _infallible = writeln!(out, "\n{}: {count} of {repeat} runs failed.", kind.name());
                }
            }
        }
        out.push_str(&goals::judge(self));
        out
    }
}

fn steady_lines(out: &mut String, runs: &BTreeMap<Kind, Vec<Measured>>, groups: usize) {
    out.push_str(
        "| server | delivered | p50 ms | p95 ms | p99 ms | ack p95 ms | CPU % of a core | RSS MiB (growth) | client CPU % |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for (kind, runs) in runs {
        for group in 0..groups {
            let Some(line) = steady(runs, group) else { continue };
            let name = match (groups, group) {
                (1, _) => kind.name().to_owned(),
                (_, 0) => format!("{}: the large room", kind.name()),
                _ => format!("{}: its neighbours", kind.name()),
            };
            let ack = if line.ack_p95.is_nan() || group > 0 {
                String::new()
            } else {
                format!("{:.1}", line.ack_p95)
            };
            let ended = if line.ended > 0 {
                format!(", {} cut off", line.ended)
            } else {
                String::new()
            };
            let _infallible = writeln!(
                out,
                "| {name} | {}{ended} | {:.1} | {:.1} | {:.1} | {ack} | {:.0} | {:.0} ({:+.0}) | {:.0} |",
                percent(line.delivered, line.expected),
                line.p50,
                line.p95,
                line.p99,
                line.cpu,
                line.rss,
                line.growth,
                line.client_cpu
            );
        }
    }
}

fn storm(out: &mut String, runs: &BTreeMap<Kind, Vec<Measured>>) {
    out.push_str("| server | synced | seconds | CPU s | RSS MiB (growth) |\n|---|---|---|---|---|\n");
    for (kind, runs) in runs {
        let storms: Vec<&Storm> = runs
            .iter()
            .filter_map(|run| match run {
                Measured::Storm(storm) => Some(storm),
                _ => None,
            })
            .collect();
        let of = |value: &dyn Fn(&Storm) -> f64| median(storms.iter().map(|one| value(one)).collect());
        let fewest = storms.iter().map(|one| one.synced).min().unwrap_or(0);
        let _infallible = writeln!(
            out,
            "| {} | {fewest} of 450 | {:.2} | {:.2} | {:.0} ({:+.0}) |",
            kind.name(),
            of(&|s| s.seconds),
            of(&|s| s.cpu_seconds),
            of(&|s| s.memory.1),
            of(&|s| s.memory.1 - s.memory.0)
        );
    }
}

fn idle(out: &mut String, runs: &BTreeMap<Kind, Vec<Measured>>) {
    out.push_str("| server | RSS MiB (growth) | CPU % of a core |\n|---|---|---|\n");
    for (kind, runs) in runs {
        for run in runs {
            if let Measured::Idle(idle) = run {
                let _infallible = writeln!(
                    out,
                    "| {} | {} | {:.1} |",
                    kind.name(),
                    mib(idle.memory),
                    idle.cpu
                );
            }
        }
    }
}

fn stopped(out: &mut String, runs: &BTreeMap<Kind, Vec<Measured>>) {
    out.push_str(
        "| server | RSS MiB (growth) | the reader that stopped | whole after | the other reader | cuts of those who read |\n|---|---|---|---|---|---|\n",
    );
    for (kind, runs) in runs {
        for run in runs {
            if let Measured::Stopped(stopped) = run {
                let _infallible = writeln!(
                    out,
                    "| {} | {} | {} | {} | {} | {} |",
                    kind.name(),
                    mib(stopped.memory),
                    stopped.fate,
                    stopped.healed.map_or("never".to_owned(), |s| format!("{s:.2} s")),
                    if stopped.other { "whole" } else { "incomplete" },
                    stopped.cuts
                );
            }
        }
    }
}

const BEGIN: &str = "<!-- room: begin, written by `cargo xtask bench room --write` -->";
const END: &str = "<!-- room: end -->";

/// Puts the tables between the two marks of the page.
pub(super) fn write(path: &Path, text: &str) -> Result<()> {
    let page = std::fs::read_to_string(path)?;
    let (before, rest) = page.split_once(BEGIN).context("no mark where the tables begin")?;
    let (_, after) = rest.split_once(END).context("no mark where the tables end")?;
    std::fs::write(path, format!("{before}{BEGIN}\n\n{text}\n{END}{after}"))?;
    Ok(())
}
