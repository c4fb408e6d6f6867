//! The one writer of all rooms: whatever waits is written in one transaction, so that one fsync serves
//! many rooms.

use std::time::{Duration, Instant};

use consilium_domain::AccountId;
use consilium_storage::{AuditEntry, LogEntry, RoomKey, Snapshot, Store, StoreError};
use tokio::{
    sync::{Mutex, mpsc, oneshot},
    task::JoinHandle,
    time::sleep_until,
};

/// Jobs in one transaction.
const GROUP_MAX: usize = 256;
/// Time between the beginnings of two transactions.
const PACE: Duration = Duration::from_millis(4);
/// Jobs waiting.
const QUEUE_MAX: usize = 4096;

/// Something to write.
pub(super) enum Job {
    /// Entries of one room, the client ids they bind, and the acts in them that are to be recorded.
    Entries {
        entries: Vec<LogEntry>,
        clients: Vec<(u64, AccountId)>,
        acts: Vec<AuditEntry>,
    },
    /// A snapshot.
    Snapshot(Snapshot),
    /// An act.
    Audit(Box<AuditEntry>),
}

struct Waiting {
    job: Job,
    done: oneshot::Sender<Result<(), StoreError>>,
}

enum Order {
    Write(Waiting),
    Stop,
}

/// The way to the writer task.
pub(super) struct Writer {
    queue: mpsc::Sender<Order>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(store: Store) -> Self {
        let (queue, orders) = mpsc::channel(QUEUE_MAX);
        let task = tokio::spawn(run(store, orders));
        Self {
            queue,
            task: Mutex::new(Some(task)),
        }
    }

    /// Queues a job; the returned future tells when it is durable, and fails when the writer stopped.
    pub(super) async fn send(&self, job: Job) -> oneshot::Receiver<Result<(), StoreError>> {
        let (done, outcome) = oneshot::channel();
        // A stopped writer drops `done`, which the receiver sees.
        let _stopped = self.queue.send(Order::Write(Waiting { job, done })).await;
        outcome
    }

    /// Writes what waits, then stops.
    pub(super) async fn stop(&self) {
        let _stopped = self.queue.send(Order::Stop).await;
        if let Some(task) = self.task.lock().await.take() {
            let _panicked = task.await;
        }
    }
}

async fn run(store: Store, mut orders: mpsc::Receiver<Order>) {
    let mut group = Vec::with_capacity(GROUP_MAX);
    let mut stopped = false;
    let mut began: Option<tokio::time::Instant> = None;
    while !stopped {
        if orders.recv_many(&mut group, GROUP_MAX).await == 0 {
            return;
        }
        gather(&mut orders, &mut group, began).await;
        began = Some(tokio::time::Instant::now());
        let mut waiting = Vec::with_capacity(group.len());
        for order in group.drain(..) {
            match order {
                Order::Write(job) => waiting.push(job),
                Order::Stop => stopped = true,
            }
        }
        let started = Instant::now();
        write_group(&store, waiting).await;
        metrics::histogram!("consilium_room_commit_seconds").record(started.elapsed().as_secs_f64());
    }
}

/// Waits until [`PACE`] has passed since the last group, and takes what has come meanwhile: changes of many
/// rooms that come one by one share an fsync. The first after a silence is not kept waiting.
async fn gather(
    orders: &mut mpsc::Receiver<Order>,
    group: &mut Vec<Order>,
    began: Option<tokio::time::Instant>,
) {
    let Some(due) = began.map(|began| began + PACE) else {
        return;
    };
    if due <= tokio::time::Instant::now() {
        return;
    }
    sleep_until(due).await;
    while group.len() < GROUP_MAX
        && let Ok(order) = orders.try_recv()
    {
        group.push(order);
    }
}

/// Writes all jobs at once; when that fails, each on its own, so that one room's trouble is not everybody's.
async fn write_group(store: &Store, waiting: Vec<Waiting>) {
    let all: Vec<&Job> = waiting.iter().map(|waiting| &waiting.job).collect();
    if all.len() > 1 && write(store, &all).await.is_ok() {
        for waiting in waiting {
            let _asker_gone = waiting.done.send(Ok(()));
        }
        return;
    }
    for waiting in waiting {
        let outcome = write(store, &[&waiting.job]).await;
        if let Err(error) = &outcome {
            tracing::error!(%error, "a live room could not be stored");
        }
        let _asker_gone = waiting.done.send(outcome);
    }
}

async fn write(store: &Store, jobs: &[&Job]) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    let entries = jobs.iter().flat_map(|job| match job {
        Job::Entries { entries, .. } => entries.as_slice(),
        Job::Snapshot(_) | Job::Audit(_) => &[],
    });
    tx.append_log(entries).await?;
    if !tx.bind_clients(jobs.iter().flat_map(|job| bindings(job))).await? {
        return Err(StoreError::Conflict(
            "the client id is somebody else's".to_owned(),
        ));
    }
    for job in jobs {
        if let Job::Snapshot(snapshot) = job {
            tx.put_snapshot(snapshot).await?;
        }
    }
    // The audit chain last: its row is the one all writers share.
    let acts: Vec<AuditEntry> = jobs.iter().flat_map(|job| acts(job)).cloned().collect();
    if !acts.is_empty() {
        tx.audit_all(acts).await?;
    }
    tx.commit_technical().await
}

/// The client ids a job binds.
fn bindings(job: &Job) -> impl Iterator<Item = (RoomKey, i64, AccountId)> {
    let (key, clients) = match job {
        Job::Entries { entries, clients, .. } => (entries.first().map(|entry| entry.key), clients.as_slice()),
        Job::Snapshot(_) | Job::Audit(_) => (None, [].as_slice()),
    };
    clients
        .iter()
        .filter_map(move |(client, account)| Some((key?, i64::try_from(*client).ok()?, *account)))
}

/// What a job records.
fn acts(job: &Job) -> &[AuditEntry] {
    match job {
        Job::Entries { acts, .. } => acts,
        Job::Audit(entry) => std::slice::from_ref(entry),
        Job::Snapshot(_) => &[],
    }
}
