//! Nothing is lost: what is not yet durable on the server is kept on the device, sealed, and taken up again by
//! the next page; refused edits are kept until their author has closed the list.

use std::time::Duration;

use consilium_collab::client::LostEdits;
use leptos::{ev, prelude::*, task::spawn_local};

use super::{
    Controls, Engine,
    store::{Key, Records, Sealed},
    warn,
};

/// Edits of this time are written to the device together, ms.
const TOGETHER_MS: u64 = 250;
/// The room is entered after this time also when the device's database does not answer, ms.
const DATABASE_MS: u64 = 3_000;

/// What is kept on the device.
#[derive(Debug, Default)]
pub(super) struct Keeper {
    device: Option<(Records, Key)>,
    /// Records of earlier pages whose content is in this page now.
    absorbed: Vec<String>,
    /// A record of this page may be there.
    kept: bool,
    /// What was written last: own edits so far, refused ones, whether something was unsaved.
    mark: (u64, usize, bool),
    scheduled: bool,
    writing: bool,
}

/// Records of the shared document, of the private one, and of refused edits.
const SHARED: &str = "shared";
const PRIVATE: &str = "private";
const LOST: &str = "lost";

/// Enters the room with what earlier pages left on the device.
pub(super) fn enter(controls: Controls) {
    // Lives as long as the page.
    let _ = window_event_listener(ev::beforeunload, move |event| {
        if controls.unsaved() {
            event.prevent_default();
            event.set_return_value("unsaved");
        }
    });
    set_timeout(
        move || controls.with(Engine::connect_first),
        Duration::from_millis(DATABASE_MS),
    );
    controls.with(move |engine| {
        let prefix = engine.record_prefix();
        let consultation = engine.consultation;
        spawn_local(async move {
            let records = match Records::open().await {
                Ok(records) => records,
                Err(error) => {
                    warn("open the device's database", Err(error));
                    return controls.with(Engine::connect_first);
                }
            };
            let left = records.under(&prefix).await.unwrap_or_default();
            if left.is_empty() {
                controls.with(Engine::connect_first);
            }
            let Some(key) = Key::fetch(consultation).await else {
                return controls.with(Engine::connect_first);
            };
            let mut opened = Vec::new();
            for record in left {
                match key.open(&record).await {
                    Ok(bytes) => opened.push((record, bytes)),
                    Err(error) => warn("read what was kept", Err(error)),
                }
            }
            controls.with(move |engine| {
                engine.keeper.device = Some((records, key));
                engine.take_up(opened);
                engine.connect_first();
                // Whatever was absorbed is written under this page's name, or goes once all is durable.
                engine.edits = engine.edits.wrapping_add(1);
                engine.tell_saved();
            });
        });
    });
}

impl Engine {
    fn record_prefix(&self) -> String {
        format!("{}/{}/", self.me, self.consultation)
    }

    fn record(&self, of: &str) -> String {
        format!(
            "{}{of}/{}",
            self.record_prefix(),
            self.client.document().client_id()
        )
    }

    fn connect_first(&mut self) {
        if !self.entered {
            self.entered = true;
            self.connect();
            self.connect_private();
        }
    }

    /// Takes in the records of earlier pages, as long as nothing else has come in.
    fn take_up(&mut self, records: Vec<(Sealed, Vec<u8>)>) {
        if self.entered {
            return;
        }
        let prefix = self.record_prefix();
        for (record, bytes) in records {
            let Some(rest) = record.name.strip_prefix(&prefix) else {
                continue;
            };
            let restored = match rest.split('/').next() {
                Some(SHARED) => self.client.restore(&bytes),
                Some(PRIVATE) => self.private.client.restore(&bytes),
                Some(LOST) => {
                    let lost: Vec<LostEdits> = serde_json::from_slice(&bytes).unwrap_or_default();
                    self.room.lost.update(|all| all.extend(lost));
                    Ok(None)
                }
                _ => continue,
            };
            match restored {
                Ok(lost) => {
                    self.absorbed(record.name);
                    self.room.lost.update(|all| all.extend(lost));
                }
                Err(error) => leptos::logging::warn!("take up what was kept: {error}"),
            }
        }
        self.read_document();
        self.read_private();
    }

    fn absorbed(&mut self, name: String) {
        self.keeper.absorbed.push(name);
    }

    /// Writes what is not yet durable to the device soon, or removes it when all is.
    pub(super) fn keep(&mut self) {
        let waiting = self.keeper.scheduled || self.keeper.writing;
        if self.keeper.device.is_none() || waiting || self.keeper.mark == self.keep_mark() {
            return;
        }
        // An edit that becomes durable at once need not touch the device.
        self.keeper.scheduled = true;
        let controls = self.controls;
        set_timeout(
            move || controls.with(Self::keep_now),
            Duration::from_millis(TOGETHER_MS),
        );
    }

    fn keep_mark(&self) -> (u64, usize, bool) {
        let lost = self.room.lost.with_untracked(Vec::len);
        (self.edits, lost, self.has_unsaved())
    }

    fn keep_now(&mut self) {
        self.keeper.scheduled = false;
        let Some((records, key)) = self.keeper.device.clone() else {
            return;
        };
        let (_, lost, unsaved) = self.keep_mark();
        self.keeper.mark = self.keep_mark();
        if lost == 0 && !unsaved && !self.keeper.kept && self.keeper.absorbed.is_empty() {
            return;
        }
        let lost = self.room.lost.with_untracked(|lost| {
            (!lost.is_empty())
                .then(|| serde_json::to_vec(lost).ok())
                .flatten()
        });
        let copies = [
            (self.record(SHARED), self.client.export()),
            (self.record(PRIVATE), self.private.client.export()),
            (self.record(LOST), lost),
        ];
        self.keeper.kept = copies.iter().any(|(_, bytes)| bytes.is_some());
        self.keeper.writing = true;
        let gone = std::mem::take(&mut self.keeper.absorbed);
        let controls = self.controls;
        spawn_local(async move {
            let mut written = Ok(());
            for (name, bytes) in copies {
                let done = match bytes {
                    Some(bytes) => records.put(&key, &name, bytes).await,
                    None => records.remove(&name).await,
                };
                written = written.and(done);
            }
            if written.is_ok() {
                for name in &gone {
                    written = records.remove(name).await;
                }
            }
            let failed = written.is_err();
            warn("keep on the device", written);
            controls.with(move |engine| {
                engine.keeper.writing = false;
                if failed {
                    engine.keeper.kept = true;
                    engine.keeper.absorbed.extend(gone);
                }
                // What changed meanwhile.
                engine.keep();
            });
        });
    }

    /// Something of one's own is not yet durable.
    pub(super) fn has_unsaved(&self) -> bool {
        self.client.unsaved().next().is_some() || self.private.client.unsaved().next().is_some()
    }

    /// Refused edits: shown and kept until their author closes the list.
    pub(super) fn lose(&mut self, lost: Option<LostEdits>) {
        if let Some(lost) = lost {
            self.room.lost.update(|all| {
                if !all.contains(&lost) {
                    all.push(lost);
                }
            });
            self.refused = true;
            self.keep();
        }
    }
}
