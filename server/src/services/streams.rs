//! Live streams of notices: bounded, ended with the session, woken after commits only.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use consilium_domain::{AccountId, NoticeId};
use consilium_protocol::{limits, notice::NoticeEvent};
use consilium_storage::Wake;
use futures::{Stream, stream};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{Interval, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;

use crate::{
    ctx::Ctx,
    error::ServiceError,
    services::{notices, sessions},
    state::App,
};

/// How often a stream looks whether its session still lasts, when nothing happens.
const CHECK_EVERY: Duration = Duration::from_secs(15);

/// The streams that are open.
#[derive(Debug, Default)]
pub struct Streams {
    open: Mutex<HashMap<AccountId, usize>>,
    stop: CancellationToken,
}

impl Streams {
    /// Ends all streams; those opened later end at once.
    pub fn shutdown(&self) {
        self.stop.cancel();
    }

    fn open(&self) -> MutexGuard<'_, HashMap<AccountId, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among the streams of an account; given back when dropped.
struct Place {
    app: App,
    account: AccountId,
}

impl Place {
    fn take(app: &App, account: AccountId) -> Result<Self, ServiceError> {
        let mut open = app.streams.open();
        let count = open.entry(account).or_default();
        if *count >= limits::NOTICE_STREAMS {
            return Err(ServiceError::Busy);
        }
        *count += 1;
        Ok(Self {
            app: app.clone(),
            account,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.app.streams.open();
        if let Some(count) = open.get_mut(&self.account) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(&self.account);
            }
        }
    }
}

/// One event of a stream.
#[derive(Debug)]
pub struct Item {
    /// The notice it tells of: where a later stream goes on.
    pub id: Option<NoticeId>,
    /// What the reader gets.
    pub event: NoticeEvent,
}

struct Listener {
    place: Place,
    session: [u8; 32],
    wakes: Receiver<Wake>,
    check: Interval,
    ready: VecDeque<Item>,
    /// Sent already as missed ones, and perhaps told of once more.
    caught_up: HashSet<NoticeId>,
}

/// Opens the stream of the caller's notices: first how many are unread, then what was written after the
/// notice `last`, then everything as it comes. A reader that is too slow gets the number of unread notices
/// in place of what it missed. Ends with the session.
///
/// # Errors
/// [`ServiceError::Busy`] when the account has as many streams as it may, or the store fails.
pub async fn open(
    app: &App,
    ctx: &Ctx,
    last: Option<NoticeId>,
) -> Result<impl Stream<Item = Item> + Send + use<>, ServiceError> {
    let place = Place::take(app, ctx.account.id)?;
    // Listening begins before the reading, so that nothing falls between.
    let wakes = app.store.wakes();
    let mut check = tokio::time::interval(CHECK_EVERY);
    check.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut listener = Listener {
        place,
        session: ctx.session,
        wakes,
        check,
        ready: VecDeque::new(),
        caught_up: HashSet::new(),
    };
    listener.count().await?;
    if let Some(last) = last {
        listener.catch_up(last).await?;
    }
    Ok(stream::unfold(listener, |mut listener| async move {
        match listener.next().await {
            Ok(item) => item.map(|item| (item, listener)),
            Err(error) => {
                // The reader comes back by itself and goes on after the last one it got.
                tracing::warn!(%error, "a stream of notices ended");
                None
            }
        }
    }))
}

impl Listener {
    async fn count(&mut self) -> Result<(), ServiceError> {
        let unread = self
            .place
            .app
            .store
            .reader()
            .unread_notices(self.place.account)
            .await?;
        self.ready.push_back(Item {
            id: None,
            event: NoticeEvent { unread, notice: None },
        });
        Ok(())
    }

    /// What was written after a notice; nothing when that is gone or too much was missed.
    async fn catch_up(&mut self, last: NoticeId) -> Result<(), ServiceError> {
        let reader = self.place.app.store.reader();
        let account = self.place.account;
        let Some(from) = reader.notice(account, last).await? else {
            return Ok(());
        };
        let limit = u64::from(limits::PAGE_ROWS_MAX);
        let mut missed = reader.notices_since(account, from.created_at, limit).await?;
        if u64::try_from(missed.len()).is_ok_and(|len| len >= limit) {
            return Ok(());
        }
        missed.retain(|notice| (notice.created_at, notice.id) > (from.created_at, last));
        let unread = reader.unread_notices(account).await?;
        for notice in notices::views(&self.place.app, missed).await? {
            self.caught_up.insert(notice.id);
            self.ready.push_back(Item {
                id: Some(notice.id),
                event: NoticeEvent {
                    unread,
                    notice: Some(notice),
                },
            });
        }
        Ok(())
    }

    /// The next event; `None` when the session has ended or the server stops.
    async fn next(&mut self) -> Result<Option<Item>, ServiceError> {
        loop {
            if !sessions::lasts(&self.place.app, &self.session).await? {
                return Ok(None);
            }
            if let Some(item) = self.ready.pop_front() {
                return Ok(Some(item));
            }
            if !self.wait().await? {
                return Ok(None);
            }
        }
    }

    /// Waits for something that concerns this reader; `false` when the server stops.
    async fn wait(&mut self) -> Result<bool, ServiceError> {
        let stop = self.place.app.streams.stop.clone();
        loop {
            let wake = tokio::select! {
                () = stop.cancelled() => return Ok(false),
                _ = self.check.tick() => return Ok(true),
                wake = self.wakes.recv() => wake,
            };
            match wake {
                Ok(Wake::Told(account, id)) if account == self.place.account => {
                    if !self.caught_up.remove(&id) {
                        self.told(id).await?;
                    }
                    return Ok(true);
                }
                Ok(Wake::Account(account)) if account == self.place.account => {
                    self.count().await?;
                    return Ok(true);
                }
                Ok(Wake::Session(session)) if session == self.session => return Ok(true),
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => {
                    self.count().await?;
                    return Ok(true);
                }
                Err(RecvError::Closed) => return Ok(false),
            }
        }
    }

    async fn told(&mut self, id: NoticeId) -> Result<(), ServiceError> {
        let reader = self.place.app.store.reader();
        let Some(notice) = reader.notice(self.place.account, id).await? else {
            return Ok(());
        };
        let unread = reader.unread_notices(self.place.account).await?;
        let notice = notices::views(&self.place.app, vec![notice]).await?.pop();
        self.ready.push_back(Item {
            id: Some(id),
            event: NoticeEvent { unread, notice },
        });
        Ok(())
    }
}
