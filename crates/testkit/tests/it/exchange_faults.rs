//! Whatever happens on the way, every message has its effect once, in the order of its lane, or is parked
//! with a notice. Each schedule follows from its seed, which is printed on failure.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use consilium_domain::{
    ConsultationId, InstitutionId, InvitationId, MessageId, NoticeKind, Role, Timestamp, TransferState,
    preparation::transfer::TRIES_MAX,
};
use consilium_protocol::{exchange::Body, page::Locale};
use consilium_server::{
    admin::event,
    ctx::{Ctx, Request},
    exchange::{self, inbox, transfers},
    state::App,
};
use consilium_storage::{Account, AuditFilter, Outgoing};
use consilium_testkit::{Call, Case, Database, Fault, Faulty, TestClock, TestServer};
use uuid::Uuid;

/// Schedules on SQLite, in three tests of as many.
const SQLITE: u64 = 300;
/// Schedules on PostgreSQL.
const POSTGRES: u64 = 40;

/// A small random source, so that a seed says everything.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }

    /// An index of a list that is not empty.
    fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(u64::try_from(len).unwrap())).unwrap()
    }

    fn of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.index(values.len())]
    }
}

/// What all schedules of a database share.
struct World {
    app: App,
    clock: TestClock,
    faulty: Arc<Faulty>,
    pattern: ConsultationId,
    admins: HashMap<InstitutionId, Account>,
    parties: Vec<InstitutionId>,
}

/// A message of a schedule; the moment it names tells its effect from all others.
struct Sent {
    id: MessageId,
    from: InstitutionId,
    to: InstitutionId,
    mark: Timestamp,
}

async fn world(database: Database) -> Result<Option<(World, TestServer)>> {
    let Some(mut server) = TestServer::start_if_there(database).await? else {
        return Ok(None);
    };
    let case = Case::draft(&server, 1).await?;
    case.accepted().await?;
    let pattern = case.consultation()?;
    server.stop().await?;
    let faulty = Arc::new(Faulty::default());
    let app = server.assemble(faulty.clone()).await?;
    let mut admins = HashMap::new();
    for account in app.store.reader().accounts().await? {
        if account.role == Role::Admin {
            admins.insert(account.institution, account);
        }
    }
    let lead = case.lead.me.institution.id;
    let parties = vec![lead, case.east.me.institution.id, case.west.me.institution.id];
    let clock = server.clock.clone();
    let world = World {
        app,
        clock,
        faulty,
        pattern,
        admins,
        parties,
    };
    Ok(Some((world, server)))
}

impl World {
    /// A new consultation of the same institutions.
    async fn consultation(&self, number: u64) -> Result<ConsultationId> {
        let reader = self.app.store.reader();
        let mut consultation = reader.consultation(self.pattern).await?.context("the pattern")?;
        let mut invitations = reader.invitations(self.pattern).await?;
        consultation.id = ConsultationId(Uuid::now_v7());
        consultation.number = format!("S-{number:06}");
        let mut tx = self.app.store.begin().await?;
        tx.insert_consultation(&consultation).await?;
        for invitation in &mut invitations {
            invitation.id = InvitationId(Uuid::now_v7());
            invitation.consultation = consultation.id;
            tx.insert_invitation(invitation).await?;
        }
        tx.audit(event(self.app.now(), "test.case", "test".to_owned(), ""))
            .await?;
        tx.commit().await?;
        Ok(consultation.id)
    }

    async fn post(&self, id: ConsultationId, dice: &mut Dice, sent: &mut Vec<Sent>) -> Result<()> {
        let mut tx = self.app.store.begin().await?;
        for _ in 0..=dice.below(3) {
            let from = dice.of(&self.parties);
            let others: Vec<_> = self.parties.iter().copied().filter(|p| *p != from).collect();
            let to = dice.of(&others);
            let mark = Timestamp::from_ms(1_000_000 + i64::try_from(sent.len())?);
            let body = Body::Session {
                started: true,
                at: mark,
            };
            let at = self.app.now();
            let message = exchange::post(&self.app, &mut tx, id, from, to, at, body).await?;
            sent.push(Sent {
                id: message,
                from,
                to,
                mark,
            });
        }
        tx.audit(event(self.app.now(), "test.post", "test".to_owned(), ""))
            .await?;
        Ok(tx.commit().await?)
    }

    /// A round of the worker that dies when a fault says so, or after so many turns of the scheduler.
    async fn round(&self, turns: Option<u64>) {
        let app = self.app.clone();
        let mut round = tokio::spawn(async move { exchange::run(&app).await });
        let patience = async {
            match turns {
                Some(turns) => {
                    for _ in 0..turns {
                        tokio::task::yield_now().await;
                    }
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            done = &mut round => {
                // The store's failures leave a try without a result, which the next round sees.
                drop(done);
                return;
            }
            () = self.faulty.crashed() => {}
            () = patience => {}
        }
        round.abort();
        drop(round.await);
    }

    /// Lets copies that were under way arrive, in a random order.
    async fn arrive(&self, dice: &mut Dice) {
        let mut late = self.faulty.late();
        while !late.is_empty() {
            let at = dice.index(late.len());
            // Refused or taken in: nobody waits for the receipt.
            let _ = inbox::receive(&self.app, &late.swap_remove(at)).await;
        }
    }

    /// Without faults, until nothing moves any more.
    async fn settle(&self, id: ConsultationId) -> Result<()> {
        self.faulty.follow(|_| Fault::None);
        for _ in 0..40 {
            self.clock.advance_ms(61_000);
            exchange::run(&self.app).await?;
            if self.app.store.reader().next_message_at(Some(id)).await?.is_none() {
                return Ok(());
            }
        }
        anyhow::bail!("it does not settle")
    }

    fn ctx(&self, institution: InstitutionId, home: consilium_storage::Institution) -> Result<Ctx> {
        let account = self.admins.get(&institution).context("an administrator")?.clone();
        Ok(Ctx {
            request: Request {
                id: "r".to_owned(),
                ip: std::net::Ipv4Addr::LOCALHOST.into(),
                device: "test".to_owned(),
                locale: Locale::ZhCn,
                now: self.app.now(),
            },
            account,
            institution: home,
            session: [0; 32],
            expires_at: self.app.now().plus_ms(1),
        })
    }

    async fn row(&self, message: &Sent) -> Result<Outgoing> {
        self.app
            .store
            .reader()
            .outgoing(message.id)
            .await?
            .context("lost")
    }

    /// Every message had its effect once where it was delivered, at most once where it was not, and each
    /// lane's effects are in its order.
    async fn check(&self, id: ConsultationId, sent: &[Sent], seed: u64) -> Result<()> {
        let reader = self.app.store.reader();
        let filter = |prefix: &str| AuditFilter {
            consultation: Some(id),
            action_prefix: Some(prefix.to_owned()),
            ..AuditFilter::default()
        };
        let mut taken = reader
            .audit_page(filter("exchange.receive"), None, 10_000)
            .await?;
        taken.reverse();
        let mut effects: BTreeMap<String, usize> = BTreeMap::new();
        let mut lanes: HashMap<(InstitutionId, InstitutionId), i64> = HashMap::new();
        for record in taken {
            let fields = record.into_fields();
            let one = sent.iter().find(|s| fields.target == format!("message/{}", s.id));
            let one = one.context("a message nobody sent")?;
            let seq = self.row(one).await?.seq;
            let last = lanes.entry((one.from, one.to)).or_default();
            ensure!(*last < seq, "seed {seed}: out of order");
            *last = seq;
            *effects.entry(fields.target).or_default() += 1;
        }
        let mut told: HashMap<InstitutionId, Vec<consilium_storage::Notice>> = HashMap::new();
        for (institution, account) in &self.admins {
            let mut rows = reader.notices(account.id, None, 400).await?;
            rows.retain(|n| n.consultation == Some(id));
            told.insert(*institution, rows);
        }
        for message in sent {
            let row = self.row(message).await?;
            let audited = effects
                .get(&format!("message/{}", message.id))
                .copied()
                .unwrap_or(0);
            let seen = told[&message.to]
                .iter()
                .filter(|n| n.kind == NoticeKind::SessionStarted && n.at == Some(message.mark))
                .count();
            ensure!(audited == seen, "seed {seed}: effect and record differ");
            let tries = self.faulty.calls(message.id);
            let runs = u32::try_from(row.run)?;
            ensure!(
                tries <= TRIES_MAX * runs,
                "seed {seed}: {tries} tries in {runs} runs"
            );
            match row.state {
                TransferState::Delivered => ensure!(seen == 1, "seed {seed}: {seen} effects, delivered"),
                TransferState::Failed | TransferState::Abandoned => {
                    ensure!(seen <= 1, "seed {seed}: {seen} effects, parked");
                    let parked = told[&message.from].iter().any(|n| {
                        n.kind == NoticeKind::TransferFailed
                            && n.item.as_deref() == Some("session")
                            && n.code.is_some()
                            && n.link == "/transfers"
                    });
                    ensure!(parked, "seed {seed}: parked and nobody was told");
                }
                TransferState::Queued => {
                    ensure!(seen == 0 && tries == 0, "seed {seed}: a held message was sent");
                    let lane = reader.lane_head(row.lane).await?.context("a head")?;
                    ensure!(
                        lane.state == TransferState::Failed,
                        "seed {seed}: held by nothing"
                    );
                }
                other => anyhow::bail!("seed {seed}: {other:?} at the end"),
            }
        }
        Ok(())
    }
}

/// Faults of one try, by the seed, the message's place and the number of the try.
fn plan(seed: u64, dies: bool) -> impl FnMut(&Call) -> Fault + Send + 'static {
    let level = Dice(seed).below(4);
    move |call: &Call| {
        let mut dice = Dice(seed ^ call.message.0.as_u64_pair().1 ^ (u64::from(call.number) << 40));
        if dice.below(4) > level {
            return Fault::None;
        }
        match dice.below(16) {
            0..=2 => Fault::DropRequest,
            3..=5 => Fault::DropReceipt,
            6..=8 => Fault::Delay,
            9..=10 => Fault::Duplicate,
            11..=12 if dies => Fault::CrashBefore,
            13..=14 if dies => Fault::CrashAfter,
            15 => Fault::Refuse,
            _ => Fault::DropReceipt,
        }
    }
}

async fn schedule(world: &World, seed: u64, exclusive: bool) -> Result<(usize, usize, usize)> {
    let mut dice = Dice(seed);
    let id = world.consultation(seed).await?;
    let mut sent = Vec::new();
    world.post(id, &mut dice, &mut sent).await?;
    for _ in 0..6 + dice.below(10) {
        world.faulty.follow(plan(seed, true));
        match dice.below(12) {
            0 | 1 => world.post(id, &mut dice, &mut sent).await?,
            2 | 3 => world.round(None).await,
            4 => {
                let turns = dice.below(120);
                world.round(Some(turns)).await;
            }
            5 => {
                // Two workers; neither dies.
                world.faulty.follow(plan(seed, false));
                tokio::join!(world.round(None), world.round(None));
            }
            6 => {
                world.faulty.follow(plan(seed, false));
                exchange::flush(&world.app, id).await;
            }
            7 => world.arrive(&mut dice).await,
            8 if exclusive => exchange::recover(&world.app).await?,
            9 => world.clock.advance_ms(-5_000),
            _ => world
                .clock
                .advance_ms(dice.of(&[1_000, 10_000, 31_000, 60_000, 90_000])),
        }
    }
    world.settle(id).await?;
    world.arrive(&mut dice).await;
    world.check(id, &sent, seed).await?;

    // People see to what is parked: some of it goes again, some is given up.
    let mut parked = 0;
    let mut given_up = 0;
    for _ in 0..=sent.len() {
        let mut found = None;
        for message in &sent {
            if world.row(message).await?.state == TransferState::Failed {
                found = Some(message);
                break;
            }
        }
        let Some(message) = found else { break };
        parked += 1;
        let home = world.app.store.reader().institution(message.from).await?;
        let ctx = world.ctx(message.from, home.context("a home")?)?;
        if dice.below(2) == 0 {
            transfers::resend(&world.app, &ctx, message.id).await?;
        } else {
            transfers::abandon(&world.app, &ctx, message.id, "改用电话告知").await?;
            given_up += 1;
        }
        world.settle(id).await?;
    }
    world.check(id, &sent, seed).await?;
    for message in &sent {
        let state = world.row(message).await?.state;
        let settled = matches!(state, TransferState::Delivered | TransferState::Abandoned);
        ensure!(settled, "seed {seed}: {state:?} after all was seen to");
    }
    Ok((sent.len(), parked, given_up))
}

async fn schedules(database: Database, seeds: std::ops::Range<u64>) -> Result<()> {
    let Some((world, server)) = world(database).await? else {
        return Ok(());
    };
    let exclusive = database == Database::Sqlite;
    let count = seeds.end - seeds.start;
    let (mut messages, mut parked, mut given_up) = (0, 0, 0);
    for seed in seeds {
        let limit = Duration::from_secs(60);
        let run = tokio::time::timeout(limit, schedule(&world, seed, exclusive)).await;
        let (m, p, g) = run
            .with_context(|| format!("seed {seed} hangs"))?
            .with_context(|| format!("seed {seed}"))?;
        messages += m;
        parked += p;
        given_up += g;
    }
    let chain = world.app.store.reader().verify_audit().await?;
    assert!(chain.is_ok(), "{chain:?}");
    println!(
        "{database:?}: {count} schedules of faults, {messages} messages, {parked} parked, {given_up} given up"
    );
    drop(server);
    Ok(())
}

#[tokio::test]
async fn once_or_parked_sqlite_1() -> Result<()> {
    schedules(Database::Sqlite, 0..SQLITE / 3).await
}

#[tokio::test]
async fn once_or_parked_sqlite_2() -> Result<()> {
    schedules(Database::Sqlite, SQLITE / 3..SQLITE * 2 / 3).await
}

#[tokio::test]
async fn once_or_parked_sqlite_3() -> Result<()> {
    schedules(Database::Sqlite, SQLITE * 2 / 3..SQLITE).await
}

#[tokio::test]
async fn once_or_parked_postgres() -> Result<()> {
    schedules(Database::Postgres, SQLITE..SQLITE + POSTGRES).await
}
