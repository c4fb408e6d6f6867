//! A seeded random collaboration: our clients and stock Yjs clients in one room, who join, leave, edit,
//! lose the network and write on, while the server restarts. In the end every copy is the same.

use std::{collections::BTreeMap, path::Path, process::Stdio, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use consilium_domain::AccountId;
use consilium_protocol::live::{Annotation, DiscussionLine};
use consilium_testkit::{Case, Database, LiveClient, Person, TestServer};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::{Instant, timeout},
};

/// Experts of the demo; each may have a page of ours and a stock client at the same time.
const PEOPLE: [&str; 3] = ["lead.expert", "east.expert", "west.expert"];
/// Acts of one run.
const ACTS: u32 = 110;
/// Names of those who take part: person and kind.
const NAMES: [(usize, bool); 6] = [
    (0, true),
    (1, true),
    (2, true),
    (0, false),
    (1, false),
    (2, false),
];

/// SplitMix64: the same seed, the same run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((z ^ z >> 31) % u64::from(end)).unwrap()
    }
}

/// The stock clients: `e2e/yjs-peer.mjs`.
struct Stock {
    _child: Child,
    commands: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Stock {
    fn start() -> Result<Self> {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../e2e/yjs-peer.mjs");
        let packages = program.with_file_name("node_modules");
        ensure!(
            packages.is_dir(),
            "{} is missing: cargo xtask setup",
            packages.display()
        );
        let mut child = Command::new("node")
            .arg(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("node")?;
        Ok(Self {
            commands: child.stdin.take().context("stdin")?,
            answers: BufReader::new(child.stdout.take().context("stdout")?).lines(),
            _child: child,
        })
    }

    async fn ask(&mut self, command: Value) -> Result<Value> {
        self.commands.write_all(format!("{command}\n").as_bytes()).await?;
        let line = self
            .answers
            .next_line()
            .await?
            .context("the stock clients ended")?;
        let answer: Value = serde_json::from_str(&line)?;
        match answer.get("ok") {
            Some(ok) => Ok(ok.clone()),
            None => bail!("{command}: {answer}"),
        }
    }
}

/// Who is in the room, and whether the network is there.
struct World {
    server: TestServer,
    case: Case,
    people: Vec<Person>,
    ours: BTreeMap<usize, (LiveClient, bool)>,
    stock: Stock,
    theirs: BTreeMap<usize, bool>,
}

impl World {
    async fn join(&mut self, name: usize) -> Result<()> {
        let (who, ours) = NAMES[name];
        let person = &self.people[who];
        if ours {
            let client = LiveClient::join(person, &self.case.id).await?;
            self.ours.insert(name, (client, true));
        } else {
            let command = json!({
                "join": name.to_string(), "server": person.target.url, "authority": person.target.authority,
                "consultation": self.case.id, "cookie": person.cookie, "me": person.me.account_id,
            });
            self.stock.ask(command).await?;
            self.theirs.insert(name, true);
        }
        Ok(())
    }

    async fn edit(&mut self, name: usize, random: &mut Random) -> Result<()> {
        let (kind, seed) = (random.below(5), random.below(100_000));
        if let Some((client, online)) = self.ours.get_mut(&name) {
            let me = self.people[NAMES[name].0].me.account_id;
            let edits = frames(client, me, kind, seed)?;
            if *online {
                for frame in edits {
                    client.send(frame).await?;
                }
                if random.below(2) == 0 {
                    client.saved().await?;
                }
            }
        } else if self.theirs.contains_key(&name) {
            let command = json!({"edit": name.to_string(), "kind": kind, "seed": seed});
            self.stock.ask(command).await?;
        }
        Ok(())
    }

    /// The network goes, or comes back.
    async fn network(&mut self, name: usize) -> Result<()> {
        let person = &self.people[NAMES[name].0];
        if let Some((client, online)) = self.ours.get_mut(&name) {
            if *online {
                client.room.on_close();
            } else {
                client.rejoin(person, &self.case.id).await?;
            }
            *online = !*online;
        } else if let Some(online) = self.theirs.get_mut(&name) {
            let command = if *online {
                json!({"cut": name.to_string()})
            } else {
                json!({"back": name.to_string(), "server": person.target.url})
            };
            self.stock.ask(command).await?;
            *online = !*online;
        }
        Ok(())
    }

    /// Leaves for good when everything it wrote has arrived.
    async fn leave(&mut self, name: usize) -> Result<()> {
        if let Some((mut client, online)) = self.ours.remove(&name) {
            if !online {
                client.rejoin(&self.people[NAMES[name].0], &self.case.id).await?;
            }
            client.saved().await?;
        }
        Ok(())
    }

    async fn restart(&mut self) -> Result<()> {
        for name in 0..NAMES.len() {
            let there = self.ours.get(&name).map(|(_, online)| *online);
            if there.or(self.theirs.get(&name).copied()) == Some(true) {
                self.network(name).await?;
            }
        }
        self.server.restart().await?;
        for person in &mut self.people {
            *person = person.at(&self.server)?;
        }
        Ok(())
    }

    /// Everybody is back, and every copy is the same as one read afresh.
    async fn settle(&mut self) -> Result<()> {
        for name in 0..NAMES.len() {
            let there = self.ours.get(&name).map(|(_, online)| *online);
            if there.or(self.theirs.get(&name).copied()) == Some(false) {
                self.network(name).await?;
            }
        }
        for (client, _) in self.ours.values_mut() {
            client.saved().await?;
        }
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let reader = LiveClient::join(&self.people[0], &self.case.id).await?;
            let mut states = vec![reader.room.document().encode()];
            for (client, _) in self.ours.values_mut() {
                // Whatever is on its way: what comes later is seen in the next round.
                while let Ok(taken) = timeout(Duration::from_millis(20), client.take()).await {
                    ensure!(taken?, "closed with {:?}", client.closed);
                }
                states.push(client.room.document().encode());
            }
            let states: Vec<String> = states
                .iter()
                .map(|state| data_encoding::BASE64.encode(state))
                .collect();
            if self.stock.ask(json!({"equal": states})).await? == json!(true) {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "the copies never became the same");
        }
    }
}

fn frames(client: &mut LiveClient, me: AccountId, kind: u32, seed: u32) -> Result<Vec<Vec<u8>>> {
    let id = format!("o{}", seed % 6);
    let room = &mut client.room;
    Ok(match kind {
        0 => {
            let drawn: Annotation = serde_json::from_value(json!({
                "kind": "length", "label": "标", "at_ms": seed, "points": [[f64::from(seed % 512), 0.5], [1.0, 2.0]],
                "image": {"series": uuid::Uuid::nil(), "instance": uuid::Uuid::nil(), "frame": 0},
            }))?;
            room.put_annotation(&id, &drawn)?
        }
        1 => room.remove_annotation(&id)?,
        2 | 3 => {
            let mut words: Vec<char> = room.document().opinion(me).chars().collect();
            let at = usize::try_from(seed)?;
            if kind == 2 || words.len() < 3 {
                words.insert(at % (words.len() + 1), '诊');
            } else {
                words.remove(at % words.len());
            }
            room.set_opinion(&words.into_iter().collect::<String>())?
        }
        _ => room.say(&DiscussionLine {
            id: format!("o{seed}"),
            text: format!("第{seed}句"),
            at_ms: i64::from(seed),
            ..DiscussionLine::default()
        })?,
    })
}

async fn run(seed: u64) -> Result<()> {
    let server = TestServer::start(Database::Sqlite).await?;
    let case = Case::in_session(&server, 40).await?;
    let mut people = Vec::new();
    for name in PEOPLE {
        people.push(server.client_as(name).await?);
    }
    let mut world = World {
        server,
        case,
        people,
        ours: BTreeMap::new(),
        stock: Stock::start()?,
        theirs: BTreeMap::new(),
    };
    let mut random = Random(seed);
    for name in [0, 1, 3, 4] {
        world.join(name).await?;
    }
    for act in 0..ACTS {
        let name = usize::try_from(random.below(6))?;
        let there = world.ours.contains_key(&name) || world.theirs.contains_key(&name);
        match random.below(20) {
            _ if !there => world.join(name).await?,
            0 if name < 3 => world.leave(name).await?,
            1..4 => world.network(name).await?,
            _ => world.edit(name, &mut random).await?,
        }
        if act == ACTS / 3 || act == ACTS * 2 / 3 {
            world.restart().await?;
        }
        if act % 40 == 39 {
            world.settle().await?;
        }
    }
    world.settle().await
}

#[tokio::test(flavor = "multi_thread")]
async fn our_clients_and_stock_clients_end_with_the_same_document() -> Result<()> {
    for seed in [1, 2] {
        run(seed).await.with_context(|| format!("seed {seed}"))?;
    }
    Ok(())
}
