//! The goals, and whether the lines above meet them.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{
    Scenario,
    servers::Kind,
    table::{Measured, Steady, Table, steady},
};

struct Judge {
    out: String,
}

impl Judge {
    /// A figure that must not be above its goal.
    fn at_most(&mut self, what: &str, got: f64, goal: f64, unit: &str) {
        let met = if got <= goal { "met" } else { "not met" };
        let _infallible = writeln!(
            self.out,
            "| {what} | <= {goal} {unit} | {got:.1} {unit} | {met} |"
        );
    }

    fn whole(&mut self, what: &str, line: &Steady) {
        let met = if line.delivered == line.expected {
            "met"
        } else {
            "not met"
        };
        let _infallible = writeln!(
            self.out,
            "| {what} | 100 % | {} of {} | {met} |",
            line.delivered, line.expected
        );
    }

    /// Ours against the best of the others; within a tenth is equal, the machine is not quieter than that.
    fn best(&mut self, what: &str, ours: f64, others: impl Iterator<Item = (Kind, f64)>) {
        let best = others
            .filter(|(_, value)| value.is_finite())
            .min_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((kind, value)) = best {
            let met = if ours <= value * 1.1 { "met" } else { "not met" };
            let _infallible = writeln!(
                self.out,
                "| {what}, against the best peer | {} {value:.1} | {ours:.1} | {met} |",
                kind.name()
            );
        }
    }
}

/// Peers that delivered everything: who loses half is no measure of speed.
fn others(runs: &BTreeMap<Kind, Vec<Measured>>, group: usize, value: fn(&Steady) -> f64) -> Vec<(Kind, f64)> {
    runs.iter()
        .filter(|(kind, _)| !kind.ours())
        .filter_map(|(kind, runs)| Some((*kind, steady(runs, group)?)))
        .filter(|(_, line)| line.delivered == line.expected)
        .map(|(kind, line)| (kind, value(&line)))
        .collect()
}

/// A table of goals for what was measured.
pub(super) fn judge(table: &Table) -> String {
    let mut judge = Judge {
        out: "\n### Goals (ours without TLS, as the peers)\n\n| goal | wanted | measured | |\n|---|---|---|---|\n".to_owned(),
    };
    for scenario in [
        Scenario::Standard,
        Scenario::Five,
        Scenario::Ten,
        Scenario::Many,
        Scenario::Hot,
    ] {
        let Some(runs) = table.runs(scenario) else {
            continue;
        };
        let Some(ours) = runs.get(&Kind::Consilium) else {
            continue;
        };
        let Some(line) = steady(ours, 0) else { continue };
        let name = scenario.word();
        judge.whole(&format!("{name}: delivered"), &line);
        match scenario {
            Scenario::Standard => {
                judge.at_most("standard: p95", line.p95, 10.0, "ms");
                judge.at_most("standard: p99", line.p99, 25.0, "ms");
                judge.at_most("standard: CPU", line.cpu, 35.0, "%");
                judge.at_most("standard: RSS above the idle server", line.growth, 64.0, "MiB");
                judge.at_most("standard: acknowledgement p95", line.ack_p95, 50.0, "ms");
            }
            Scenario::Many => judge.at_most("many: p95", line.p95, 60.0, "ms"),
            Scenario::Hot => {
                judge.at_most("hot: p95", line.p95, 30.0, "ms");
                judge.at_most("hot: CPU", line.cpu, 25.0, "%");
                if let Some(neighbours) = steady(ours, 1) {
                    judge.at_most("hot: neighbours' p95", neighbours.p95, 20.0, "ms");
                }
            }
            _ => {}
        }
        judge.best(
            &format!("{name}: p95 ms"),
            line.p95,
            others(runs, 0, |l| l.p95).into_iter(),
        );
        judge.best(
            &format!("{name}: p99 ms"),
            line.p99,
            others(runs, 0, |l| l.p99).into_iter(),
        );
        judge.best(
            &format!("{name}: CPU %"),
            line.cpu,
            others(runs, 0, |l| l.cpu).into_iter(),
        );
        judge.best(
            &format!("{name}: RSS growth MiB"),
            line.growth,
            others(runs, 0, |l| l.growth).into_iter(),
        );
    }
    moments(&mut judge, table);
    judge.out
}

fn middle(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn moments(judge: &mut Judge, table: &Table) {
    let all = |scenario: Scenario, value: fn(&Measured) -> Option<f64>| -> Option<(f64, Vec<(Kind, f64)>)> {
        let runs = table.runs(scenario)?;
        let of = |kind: &Kind| middle(runs.get(kind)?.iter().filter_map(value).collect());
        let others = runs
            .keys()
            .filter(|kind| !kind.ours())
            .filter_map(|kind| Some((*kind, of(kind)?)))
            .collect();
        Some((of(&Kind::Consilium)?, others))
    };
    let storm = all(Scenario::Storm, |one| match one {
        Measured::Storm(storm) if storm.synced == 450 => Some(storm.seconds),
        _ => None,
    });
    if let Some((ours, others)) = storm {
        judge.at_most("storm of joins", ours, 0.8, "s");
        judge.best("storm of joins: s", ours, others.into_iter());
    }
    let idle = all(Scenario::Idle, |one| match one {
        Measured::Idle(idle) => Some(idle.memory.1 - idle.memory.0),
        _ => None,
    });
    if let Some((ours, others)) = idle {
        judge.best("idle rooms: RSS growth MiB", ours, others.into_iter());
    }
    let stopped = all(Scenario::Stopped, |one| match one {
        Measured::Stopped(stopped) => Some(stopped.memory.1 - stopped.memory.0),
        _ => None,
    });
    if let Some((ours, others)) = stopped {
        judge.at_most("stopped reader: RSS growth", ours, 8.0, "MiB");
        judge.best("stopped reader: RSS growth MiB", ours, others.into_iter());
    }
}
