//! A steady load: so many rooms, so many people in each, so many updates and pointers a second.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use tokio::{
    sync::{Semaphore, mpsc, watch},
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

use super::{
    client::{self, Client, Phase, Progress, Seen, Task},
    machine,
    servers::Running,
};

/// Joins under way at once.
const JOINS_AT_ONCE: usize = 32;
/// Before what is written counts.
const WARM: Duration = Duration::from_secs(3);
/// How long what is late is waited for, as long as something comes.
const LATE: Duration = Duration::from_secs(4);
const LATE_MAX: Duration = Duration::from_secs(20);

/// Rooms of one kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    pub(super) rooms: usize,
    pub(super) people: usize,
    pub(super) updates_per_s: f64,
    pub(super) cursors_per_s: f64,
}

/// Latencies of one group, milliseconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Latency {
    pub(super) expected: u64,
    pub(super) delivered: u64,
    pub(super) p50: f64,
    pub(super) p95: f64,
    pub(super) p99: f64,
}

/// What one run found.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// By group, in their order.
    pub(super) groups: Vec<Latency>,
    /// Of acknowledgements of all groups.
    pub(super) acks: Latency,
    /// Processor of the server, hundredths of one core.
    pub(super) cpu: f64,
    /// Processor of this client.
    pub(super) client_cpu: f64,
    /// Memory of the server: idle, at the end, MiB.
    pub(super) memory: (f64, f64),
    /// Connections that ended early.
    pub(super) ended: Vec<String>,
}

/// A quantile of sorted microseconds, in milliseconds.
fn quantile(sorted: &[u32], permille: usize) -> f64 {
    let rank = (sorted.len() * permille).div_ceil(1000).max(1) - 1;
    sorted
        .get(rank)
        .map_or(f64::NAN, |micros| f64::from(*micros) / 1000.0)
}

/// Sorts and sums up.
pub(super) fn latency(mut micros: Vec<u32>, expected: u64) -> Latency {
    micros.sort_unstable();
    Latency {
        expected,
        delivered: u64::try_from(micros.len()).unwrap_or(0),
        p50: quantile(&micros, 500),
        p95: quantile(&micros, 950),
        p99: quantile(&micros, 990),
    }
}

/// Everybody of a load, in the order of joining.
fn cast(groups: &[Group]) -> Result<Vec<(usize, usize, Task)>> {
    let mut all = Vec::new();
    let (mut room, mut writer) = (0_usize, 0_u32);
    for (at, group) in groups.iter().enumerate() {
        let people = u32::try_from(group.people)?;
        for _ in 0..group.rooms {
            for seat in 0..people {
                // A low-discrepancy sequence: everybody begins at another moment of the period.
                let shift = (f64::from(writer) * 0.618_033_988_75).fract();
                let task = Task {
                    writer,
                    room: (writer - seat, people),
                    updates_per_s: group.updates_per_s,
                    cursors_per_s: group.cursors_per_s,
                    shift,
                };
                all.push((at, room, task));
                writer += 1;
            }
            room += 1;
        }
    }
    Ok(all)
}

/// Runs a load of `measure` on a fresh server.
pub(super) async fn run(server: Arc<Running>, groups: &[Group], measure: Duration) -> Result<Found> {
    let idle = server.memory().0;
    let rooms: usize = groups.iter().map(|group| group.rooms).sum();
    for room in 0..rooms {
        server.make(room).await?;
    }
    let cast = cast(groups)?;
    let epoch = Instant::now();
    let (phase, watching) = watch::channel(Phase::Joining);
    let progress: Vec<Arc<Progress>> = groups.iter().map(|_| Arc::default()).collect();
    let gate = Arc::new(Semaphore::new(JOINS_AT_ONCE));
    let (joined, mut joining) = mpsc::channel::<Result<()>>(cast.len().max(1));
    let mut clients: JoinSet<(usize, Seen)> = JoinSet::new();
    for (group, room, task) in &cast {
        let (group, room, task) = (*group, *room, *task);
        let (server, gate, joined) = (Arc::clone(&server), Arc::clone(&gate), joined.clone());
        let (watching, progress) = (
            watching.clone(),
            Arc::clone(progress.get(group).context("a group")?),
        );
        clients.spawn(async move {
            let permit = gate.acquire_owned().await;
            let person = usize::try_from(task.writer).unwrap_or(0);
            let entered = Client::join(&server, room, person).await;
            drop(permit);
            match entered {
                Ok(client) => {
                    let _coordinator_gone = joined.send(Ok(())).await;
                    (group, client::run(client, task, epoch, watching, progress).await)
                }
                Err(error) => {
                    let _coordinator_gone = joined.send(Err(error)).await;
                    (group, Seen::default())
                }
            }
        });
    }
    for _ in 0..cast.len() {
        joining.recv().await.context("a client")??;
    }

    let from = Instant::now() + WARM;
    let until = from + measure;
    phase.send(Phase::Writing { from, until })?;
    sleep_until(from).await;
    let (cpu, own) = (server.cpu_seconds(), machine::cpu_seconds(std::process::id()));
    sleep_until(until).await;
    let seconds = measure.as_secs_f64();
    let cpu = (server.cpu_seconds() - cpu) / seconds * 100.0;
    let client_cpu = (machine::cpu_seconds(std::process::id()) - own) / seconds * 100.0;
    let late = arrived(&progress).await;
    let memory = (idle, server.memory().0);
    phase.send(Phase::Over)?;

    let mut found = Found {
        cpu,
        client_cpu,
        memory,
        ..Found::default()
    };
    let mut latencies: Vec<Vec<u32>> = groups.iter().map(|_| Vec::new()).collect();
    let mut acks = Vec::new();
    while let Some(ended) = clients.join_next().await {
        let (group, seen) = ended?;
        latencies
            .get_mut(group)
            .context("a group")?
            .extend(seen.latencies);
        acks.extend(seen.acks);
        found.ended.extend(seen.ended);
    }
    for (micros, progress) in latencies.into_iter().zip(&progress) {
        found
            .groups
            .push(latency(micros, progress.expected.load(Ordering::Relaxed)));
    }
    let count = u64::try_from(acks.len())?;
    found.acks = latency(acks, count);
    ensure!(late < LATE_MAX || !found.groups.is_empty(), "nothing arrived");
    Ok(found)
}

/// Waits until everything written has arrived, or nothing more comes.
async fn arrived(progress: &[Arc<Progress>]) -> Duration {
    let started = Instant::now();
    let (mut known, mut since) = (0, Instant::now());
    loop {
        let sum = |of: fn(&Progress) -> u64| progress.iter().map(|p| of(p)).sum::<u64>();
        let delivered = sum(|p| p.delivered.load(Ordering::Relaxed));
        if delivered >= sum(|p| p.expected.load(Ordering::Relaxed)) {
            return started.elapsed();
        }
        if delivered > known {
            (known, since) = (delivered, Instant::now());
        }
        if since.elapsed() > LATE || started.elapsed() > LATE_MAX {
            return started.elapsed();
        }
        sleep(Duration::from_millis(20)).await;
    }
}
