//! What those who run the platform see of the live rooms: numbers, and nothing of what is in them.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use consilium_domain::{Role, Timestamp};
use consilium_protocol::{
    codes, limits,
    room::{Count, RoomFigures, RoomStep, StepTimes},
};

use crate::{ctx::Ctx, error::ServiceError, services::rooms, state::App};

/// Who is looking, by sign-in: a page that refreshes itself is one record an hour and not one a refresh.
#[derive(Debug, Default)]
pub struct Watching(Mutex<HashMap<[u8; 32], Timestamp>>);

impl Watching {
    /// Whether this look is to be recorded; marks it.
    fn due(&self, session: [u8; 32], now: Timestamp) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = |at: &Timestamp| at.plus_ms(limits::WATCH_RECORD_MS) > now;
        seen.retain(|_, at| begun(at));
        if seen.contains_key(&session) {
            return false;
        }
        seen.insert(session, now);
        true
    }
}

/// The rooms and how the server does with them, for the role that runs the platform. The first look of a
/// sign-in, and one each hour, is recorded; each refusal is.
///
/// # Errors
/// Not the caller's duty (403, audited), or the store fails.
pub async fn figures(app: &App, ctx: &Ctx) -> Result<RoomFigures, ServiceError> {
    let may = ctx.account.role == Role::Ops;
    if !may || app.watching.due(ctx.session, ctx.now()) {
        let mut tx = app.store.begin().await?;
        let result = if may { "ok" } else { codes::FORBIDDEN };
        tx.audit(ctx.event("operations.rooms", "operations/figures".to_owned(), result, None))
            .await?;
        tx.commit().await?;
    }
    if !may {
        return Err(ServiceError::Forbidden);
    }
    let stats = app.rooms.stats();
    let text = app.metrics.render();
    let mut rooms = rooms::in_memory(app).await?;
    rooms.truncate(limits::ROOMS_SHOWN);
    Ok(RoomFigures {
        at: ctx.now(),
        rooms_in_memory: count(stats.rooms),
        connections: count(stats.connections),
        read_only: count(stats.read_only),
        queue_frames: count(stats.queue_frames),
        queue_bytes: u64::try_from(stats.queue_bytes).unwrap_or(u64::MAX),
        changes: stats.updates,
        log_bytes: stats.log_bytes,
        times: [RoomStep::Apply, RoomStep::Commit, RoomStep::Broadcast]
            .map(|step| times(&text, step))
            .to_vec(),
        refused: by_reason(&text, "consilium_room_refused_total"),
        resyncs: by_reason(&text, "consilium_room_resyncs_total"),
        rooms,
    })
}

fn count(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// The samples of one metric in Prometheus text: labels and value.
fn samples<'a>(text: &'a str, metric: &'a str) -> impl Iterator<Item = (&'a str, f64)> {
    text.lines().filter_map(move |line| {
        let (name, value) = line.rsplit_once(' ')?;
        let (name, labels) = name.split_once('{').unwrap_or((name, ""));
        if name != metric {
            return None;
        }
        Some((labels.trim_end_matches('}'), value.parse().ok()?))
    })
}

fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    labels.split(',').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key == name).then(|| value.trim_matches('"'))
    })
}

fn by_reason(text: &str, metric: &str) -> Vec<Count> {
    let mut all: Vec<Count> = samples(text, metric)
        .filter_map(|(labels, value)| {
            Some(Count {
                reason: label(labels, "reason")?.to_owned(),
                count: whole(value),
            })
        })
        .collect();
    all.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.reason.cmp(&b.reason)));
    all
}

fn times(text: &str, step: RoomStep) -> StepTimes {
    let metric = match step {
        RoomStep::Apply => "consilium_room_apply_seconds_bucket",
        RoomStep::Commit => "consilium_room_commit_seconds_bucket",
        RoomStep::Broadcast => "consilium_room_broadcast_seconds_bucket",
    };
    let mut buckets: Vec<(f64, f64)> = samples(text, metric)
        .filter_map(|(labels, value)| Some((label(labels, "le")?.parse().ok()?, value)))
        .collect();
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total = buckets.last().map_or(0.0, |(_, count)| *count);
    StepTimes {
        step,
        count: whole(total),
        p50_us: quantile(&buckets, total * 0.5),
        p95_us: quantile(&buckets, total * 0.95),
    }
}

/// The time within which `rank` of the events were, microseconds, as Prometheus reckons it: straight between the
/// bounds of a bucket. `None` beyond the last bound.
fn quantile(buckets: &[(f64, f64)], rank: f64) -> Option<u64> {
    let (mut lower, mut below) = (0.0, 0.0);
    for (upper, count) in buckets {
        if *count >= rank {
            let inside = if *count > below {
                (rank - below) / (count - below)
            } else {
                0.0
            };
            let seconds = lower + (upper - lower) * inside;
            return seconds.is_finite().then(|| whole(seconds * 1e6));
        }
        (lower, below) = (*upper, *count);
    }
    None
}

/// A count or a time that is not negative.
fn whole(value: f64) -> u64 {
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative after max, and a float that is too large saturates"
    )]
    let whole = value.max(0.0).round() as u64;
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# TYPE consilium_room_apply_seconds histogram\n\
        consilium_room_apply_seconds_bucket{le=\"0.001\"} 50\n\
        consilium_room_apply_seconds_bucket{le=\"0.002\"} 90\n\
        consilium_room_apply_seconds_bucket{le=\"0.01\"} 100\n\
        consilium_room_apply_seconds_bucket{le=\"+Inf\"} 100\n\
        consilium_room_apply_seconds_count 100\n\
        consilium_room_commit_seconds_bucket{le=\"0.001\"} 0\n\
        consilium_room_commit_seconds_bucket{le=\"+Inf\"} 2\n\
        consilium_room_refused_total{reason=\"live.malformed\"} 1\n\
        consilium_room_refused_total{reason=\"live.not_yours\"} 7\n\
        consilium_room_refused_total_more{reason=\"no\"} 9\n";

    #[test]
    fn the_figures_are_those_of_the_metrics() {
        let apply = times(TEXT, RoomStep::Apply);
        assert_eq!(
            (apply.count, apply.p50_us, apply.p95_us),
            (100, Some(1000), Some(6000))
        );
        let commit = times(TEXT, RoomStep::Commit);
        assert_eq!((commit.count, commit.p50_us), (2, None), "beyond the last bound");
        let none = times(TEXT, RoomStep::Broadcast);
        assert_eq!((none.count, none.p95_us), (0, None));
        let refused = by_reason(TEXT, "consilium_room_refused_total");
        let seen: Vec<_> = refused.iter().map(|of| (of.reason.as_str(), of.count)).collect();
        assert_eq!(seen, [("live.not_yours", 7), ("live.malformed", 1)]);
    }

    #[test]
    fn a_look_is_recorded_once_an_hour() {
        let watching = Watching::default();
        let at = |ms: i64| Timestamp::from_ms(1_790_000_000_000 + ms);
        assert!(watching.due([1; 32], at(0)) && watching.due([2; 32], at(1)));
        assert!(!watching.due([1; 32], at(limits::WATCH_RECORD_MS - 1)));
        assert!(watching.due([1; 32], at(limits::WATCH_RECORD_MS)));
    }
}
