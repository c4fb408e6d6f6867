//! The guard by itself, on one core: hostile updates refused, honest ones a second, the way back.

use std::{
    cell::Cell,
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use consilium_collab::{
    document::{ANNOTATIONS, DISCUSSION, OPINIONS},
    guard::{Room, Violation},
};
use consilium_domain::{AccountId, permission::RoomRights};
use uuid::Uuid;
use yrs::{
    ArrayRef, ClientID, Doc, Map, MapPrelim, MapRef, OffsetKind, Options, Out, ReadTxn as _, StateVector,
    Text, TextRef, Transact as _, TransactionMut, Update, WriteTxn as _, any,
    updates::{decoder::Decode as _, encoder::Encode as _},
};

use super::{
    hostile::{self, Cast, KINDS},
    machine,
    random::Random,
};
use crate::figures::Times;

/// Hostile updates of a full run.
const HOSTILE: u32 = 100_000;
/// Honest updates of a full run.
const HONEST: u32 = 60_000;
const AUTHORS: u32 = 10;
/// Changes that become durable together.
const GROUP: usize = 32;

/// An expert in a session.
fn rights() -> RoomRights {
    RoomRights {
        annotate: true,
        opine: true,
        discuss: true,
        ..RoomRights::default()
    }
}

fn account(n: u32) -> AccountId {
    AccountId(Uuid::from_u128(u128::from(n) + 1))
}

/// A person's page: a document of its own.
struct Page {
    doc: Doc,
    me: AccountId,
    /// Where it types.
    caret: Cell<u32>,
}

impl Page {
    fn new(client: u64, me: AccountId, room: &Room) -> Result<Self> {
        let mut options = Options::with_client_id(ClientID::new(client));
        options.offset_kind = OffsetKind::Utf16;
        let doc = Doc::with_options(options);
        let vector = doc.transact().state_vector().encode_v1();
        let update = Update::decode_v1(&room.missing_for(&vector)?)?;
        doc.transact_mut().apply_update(update)?;
        let caret = Cell::new(0);
        Ok(Self { doc, me, caret })
    }

    fn edit(&self, change: impl FnOnce(&mut TransactionMut<'_>)) -> Vec<u8> {
        let mut txn = self.doc.transact_mut();
        change(&mut txn);
        txn.commit();
        txn.encode_update_v1()
    }

    fn place<T: TryFrom<Out>>(&self, txn: &mut TransactionMut<'_>, root: &str) -> Option<T> {
        txn.get_or_insert_map(root)
            .get(txn, &self.me.to_string())
            .and_then(|out| out.try_into().ok())
    }

    /// Mostly typing, some drawing, now and then a word said.
    fn honest(&self, random: &mut Random, number: u32) -> Vec<u8> {
        self.edit(|txn| match random.below(10) {
            0 => {
                let drawn = hostile::drawing(random);
                if let Some(mine) = self.place::<MapRef>(txn, ANNOTATIONS) {
                    mine.insert(txn, format!("d{}", random.below(200)), drawn);
                }
            }
            1 if number % 20 == 1 => {
                if let Some(mine) = self.place::<ArrayRef>(txn, DISCUSSION) {
                    use yrs::Array as _;
                    let id = format!("{number}");
                    mine.push_back(txn, any!({"id": id, "text": "同意上述意见", "at_ms": 5}));
                }
            }
            kind => {
                if let Some(mine) = self.place::<TextRef>(txn, OPINIONS) {
                    let len = mine.len(txn);
                    if random.below(25) == 0 {
                        self.caret.set(random.below(len + 1));
                    }
                    let at = self.caret.get().min(len);
                    if kind == 2 && at > 0 {
                        mine.remove_range(txn, at - 1, 1);
                        self.caret.set(at - 1);
                    } else {
                        mine.insert(txn, at, "影");
                        self.caret.set(at + 1);
                    }
                }
            }
        })
    }
}

/// Everybody has a place in it.
fn prepared() -> Result<Room> {
    let mut room = Room::new();
    for n in 0..AUTHORS {
        room.prepare(account(n), 1 << 52 | u64::from(n))
            .map_err(|violation| anyhow::anyhow!("{violation}"))?;
    }
    settle(&mut room);
    Ok(room)
}

fn settle(room: &mut Room) {
    room.confirm(usize::MAX, &[]);
}

/// `--guard`.
pub(super) fn run(quick: bool) -> Result<()> {
    let scale = if quick { 20 } else { 1 };
    let times = if quick { 51 } else { 501 };
    // A session of some minutes, and one of hours.
    for count in [HONEST / 20, HONEST / scale] {
        let mut room = speed(count)?;
        refusal(
            &mut room,
            "too long a text, refused before yrs",
            times,
            |page, txn| {
                if let Some(mine) = page.place::<TextRef>(txn, OPINIONS) {
                    mine.insert(txn, 0, &"x".repeat(hostile::TOO_MUCH));
                }
            },
        )?;
        refusal(&mut room, "rollback after yrs applied", times, |page, txn| {
            if let Some(mine) = page.place::<MapRef>(txn, ANNOTATIONS) {
                mine.insert(txn, "half", MapPrelim::from([("kind", "length")]));
            }
        })?;
    }
    refusals(HOSTILE / scale)
}

/// Honest updates as fast as they go; the room afterwards.
fn speed(count: u32) -> Result<Room> {
    let mut room = prepared()?;
    let pages = (0..AUTHORS)
        .map(|n| Page::new(1000 + u64::from(n), account(n), &room))
        .collect::<Result<Vec<_>>>()?;
    let mut random = Random::new(7);
    let mut stream = Vec::new();
    for number in 0..count {
        let who = random.below(AUTHORS);
        let page = pages.get(usize::try_from(who)?).context("a page")?;
        stream.push((page.me, page.honest(&mut random, number)));
    }
    let own = std::process::id();
    let (started, cpu) = (Instant::now(), machine::cpu_seconds(own));
    let mut waiting = 0;
    for (author, update) in &stream {
        let taken = room.apply(*author, rights(), update);
        ensure!(
            matches!(taken, Ok(Some(_)) | Ok(None)),
            "an honest update was refused: {taken:?}"
        );
        waiting += 1;
        if waiting == GROUP {
            settle(&mut room);
            waiting = 0;
        }
    }
    let took = started.elapsed().as_secs_f64();
    let cpu = machine::cpu_seconds(own) - cpu;
    settle(&mut room);
    println!(
        "guarded updates: {:.0} a second ({:.0} a second of processor time): {count} of {AUTHORS} people, document {} bytes",
        f64::from(count) / took,
        f64::from(count) / cpu.max(0.01),
        room.snapshot().len()
    );
    Ok(room)
}

/// How long a refused update takes to be gone without a trace.
fn refusal(
    room: &mut Room,
    name: &str,
    times: u32,
    change: impl Fn(&Page, &mut TransactionMut<'_>),
) -> Result<()> {
    let mut took = Vec::new();
    let mut random = Random::new(11);
    let size = room.snapshot().len();
    for n in 0..times {
        let me = account(random.below(AUTHORS));
        let page = Page::new(500_000 + u64::from(n), me, room)?;
        let update = page.edit(|txn| change(&page, txn));
        let before = vector(room);
        let started = Instant::now();
        let refused = room.apply(me, rights(), &update);
        took.push(started.elapsed());
        ensure!(refused == Err(Violation::Shape), "taken: {refused:?}");
        ensure!(vector(room) == before, "a trace was left");
    }
    println!("{} (document {size} bytes)", Times::new(took).line(name));
    Ok(())
}

/// The whole corpus.
fn refusals(count: u32) -> Result<()> {
    let mut room = prepared()?;
    let mut random = Random::new(23);
    let mut victims = Vec::new();
    for n in 0..4 {
        let page = Page::new(100 + u64::from(n), account(n), &room)?;
        for number in 0..5 {
            for update in page.busy(&mut random, number) {
                let taken = room.apply(page.me, rights(), &update);
                ensure!(taken.is_ok(), "an honest update was refused: {taken:?}");
            }
        }
        if n > 0 {
            victims.push((page.me, 100 + u64::from(n)));
        }
    }
    settle(&mut room);
    let state = room.document().encode();
    let before = sight(&room);
    let mut reasons: BTreeMap<&str, u32> = BTreeMap::new();
    let mut time = Duration::ZERO;
    let mut bytes = 0;
    for n in 0..count {
        // The last kind is heavy; one in forty of all is enough.
        let kinds = u32::try_from(KINDS.len())? - 1;
        let kind = if n % 40 == 39 { kinds } else { random.below(kinds) };
        let kind = usize::try_from(kind)?;
        let cast = Cast {
            state: &state,
            attacker: account(0),
            victims: &victims,
        };
        let update = hostile::attack(cast, kind, &mut random);
        bytes += update.len();
        let started = Instant::now();
        let got = room.apply(account(0), rights(), &update);
        time += started.elapsed();
        match got {
            Err(violation) => *reasons.entry(violation.code()).or_default() += 1,
            Ok(taken) => anyhow::bail!(
                "number {n} was taken ({}): {:?} -> {taken:?}",
                KINDS.get(kind).copied().unwrap_or_default(),
                update
            ),
        }
        if n % 1000 == 0 {
            ensure!(sight(&room) == before, "a trace was left by number {n}");
        }
    }
    ensure!(sight(&room) == before, "a trace was left");
    let page = Page::new(999_999, account(0), &room)?;
    ensure!(
        room.apply(account(0), rights(), &page.honest(&mut random, 0))
            .is_ok(),
        "the room no longer takes honest updates"
    );
    println!(
        "hostile updates: all {count} refused without a trace, {:.0} a second, {bytes} bytes",
        f64::from(count) / time.as_secs_f64()
    );
    for (code, times) in reasons {
        println!("  {code:<22}{times:>8}");
    }
    Ok(())
}

fn vector(room: &Room) -> StateVector {
    room.document().doc().transact().state_vector()
}

/// Everything that can be seen of a room.
fn sight(room: &Room) -> (StateVector, String) {
    let doc = room.document();
    let seen = format!(
        "{:?} {:?} {:?} {:?}",
        doc.annotations(),
        doc.opinions(),
        doc.discussion(),
        doc.presenter()
    );
    (vector(room), seen)
}

impl Page {
    /// Something of everything.
    fn busy(&self, random: &mut Random, number: u32) -> [Vec<u8>; 3] {
        [
            self.edit(|txn| {
                let drawn = hostile::drawing(random);
                if let Some(mine) = self.place::<MapRef>(txn, ANNOTATIONS) {
                    mine.insert(txn, format!("d{number}"), drawn);
                }
            }),
            self.edit(|txn| {
                if let Some(mine) = self.place::<TextRef>(txn, OPINIONS) {
                    mine.insert(txn, 0, "考虑左额叶占位性病变，建议增强扫描。");
                }
            }),
            self.edit(|txn| {
                if let Some(mine) = self.place::<ArrayRef>(txn, DISCUSSION) {
                    use yrs::Array as _;
                    let id = format!("{number}");
                    mine.push_back(txn, any!({"id": id, "text": "请看第三序列", "at_ms": 5}));
                }
            }),
        ]
    }
}
