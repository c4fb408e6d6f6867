//! The live room beside other live-document servers: same machine, same load client, same run.
//!
//! Every server is started here on a free port of the loopback, fresh for each line, on a core of its own,
//! and ended here. The client has the other core. Servers take turns, so that what the machine does besides
//! meets all of them; a line is the median of its runs.

mod client;
mod copy;
mod goals;
mod guard;
mod hostile;
mod kill;
mod load;
mod machine;
mod moments;
mod random;
mod seed;
mod servers;
mod table;
mod wire;

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, bail};

use self::{
    load::Group,
    seed::Seeds,
    servers::{Kind, Running, World},
    table::{Measured, Table},
};

/// Rooms and people that any scenario needs.
const ROOMS: usize = 500;
const PEOPLE: usize = 2500;

/// What is asked for on the command line.
struct Options {
    quick: bool,
    repeat: Option<usize>,
    seconds: Option<u64>,
    only: Vec<String>,
    scenarios: Vec<String>,
    write: bool,
    kills: Option<u32>,
    guard: bool,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scenario {
    Standard,
    Five,
    Ten,
    Many,
    Hot,
    Storm,
    Idle,
    Stopped,
}

impl Scenario {
    const ALL: [Self; 8] = [
        Self::Standard,
        Self::Five,
        Self::Ten,
        Self::Many,
        Self::Hot,
        Self::Storm,
        Self::Idle,
        Self::Stopped,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Five => "five",
            Self::Ten => "ten",
            Self::Many => "many",
            Self::Hot => "hot",
            Self::Storm => "storm",
            Self::Idle => "idle",
            Self::Stopped => "stopped",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Standard => "50 rooms of 10, 1 update and 2 pointers a second each",
            Self::Five => "50 rooms of 10, 5 updates and 2 pointers a second each",
            Self::Ten => "50 rooms of 10, 10 updates and 2 pointers a second each",
            Self::Many => "250 rooms of 10, 1 update and 2 pointers a second each",
            Self::Hot => "one room of 200, 2 updates and 2 pointers a second each, beside 10 rooms of 10",
            Self::Storm => "450 joins at once into 50 documents of 267 KB",
            Self::Idle => "500 rooms of one person in which nothing happens",
            Self::Stopped => "74 MB written while one reader has stopped reading",
        }
    }

    /// Rooms and rates of a steady load.
    fn groups(self) -> Vec<Group> {
        let group = |rooms, people, updates_per_s| Group {
            rooms,
            people,
            updates_per_s,
            cursors_per_s: 2.0,
        };
        match self {
            Self::Standard => vec![group(50, 10, 1.0)],
            Self::Five => vec![group(50, 10, 5.0)],
            Self::Ten => vec![group(50, 10, 10.0)],
            Self::Many => vec![group(250, 10, 1.0)],
            Self::Hot => vec![group(1, 200, 2.0), group(10, 10, 1.0)],
            Self::Storm | Self::Idle | Self::Stopped => Vec::new(),
        }
    }
}

fn options(rest: &[String]) -> Result<Options> {
    let mut options = Options {
        quick: false,
        repeat: None,
        seconds: None,
        only: Vec::new(),
        scenarios: Vec::new(),
        write: false,
        kills: None,
        guard: false,
    };
    let mut rest = rest.iter();
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().with_context(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--quick" => options.quick = true,
            "--write" => options.write = true,
            "--guard" => options.guard = true,
            "--kill" => options.kills = Some(value()?.parse()?),
            "--repeat" => options.repeat = Some(value()?.parse()?),
            "--seconds" => options.seconds = Some(value()?.parse()?),
            "--only" => options.only = value()?.split(',').map(str::to_owned).collect(),
            "--scenario" => options.scenarios = value()?.split(',').map(str::to_owned).collect(),
            other => bail!(
                "`room` does not know `{other}`: --quick, --repeat N, --seconds N, --only SERVER,.., \
                 --scenario NAME,.., --write, --kill N, --guard"
            ),
        }
    }
    Ok(options)
}

/// `room [..]`.
pub(crate) async fn run(rest: &[String]) -> Result<()> {
    let options = options(rest)?;
    machine::raise_open_files()?;
    let pinned = machine::pin_client();
    println!("{}", machine::describe());
    println!(
        "{}",
        if pinned {
            "server on core 0, client on core 1"
        } else {
            "cores are not divided: no second core, or no taskset"
        }
    );
    if options.guard {
        return guard::run(options.quick);
    }
    let world = |seeds| Arc::new(World { seeds, pinned });
    if let Some(kills) = options.kills {
        let seeds = Seeds::make(usize::try_from(kills)? / kill::A_ROOM + 1, kill::WRITERS).await?;
        return kill::run(&world(seeds), kills).await;
    }
    let world = world(Seeds::make(ROOMS, PEOPLE).await?);
    let table = compare(&options, &world).await?;
    let (repeat, seconds) = bounds(&options);
    let text = table.markdown(repeat, seconds);
    println!("\n{text}");
    if options.write {
        table::write(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/benchmarks.md"),
            &text,
        )?;
    }
    Ok(())
}

/// Serves our program's plain door: `serve-plain DATA`.
pub(crate) async fn serve_plain(rest: &[String]) -> Result<()> {
    let folder = rest.first().context("a data folder")?;
    servers::serve_plain(Path::new(folder)).await
}

fn bounds(options: &Options) -> (usize, u64) {
    let (repeat, seconds) = if options.quick { (1, 4) } else { (3, 10) };
    (
        options.repeat.unwrap_or(repeat),
        options.seconds.unwrap_or(seconds),
    )
}

async fn compare(options: &Options, world: &Arc<World>) -> Result<Table> {
    let chosen = |words: &[String], word: &str| words.is_empty() || words.iter().any(|one| one == word);
    let mut kinds = Vec::new();
    for kind in Kind::ALL {
        if !chosen(&options.only, kind.word()) {
            continue;
        }
        match servers::absent(kind) {
            Some(why) => println!("{}: left out, {why}", kind.name()),
            None => kinds.push(kind),
        }
    }
    let (repeat, seconds) = bounds(options);
    let mut table = Table::default();
    for scenario in Scenario::ALL {
        if !chosen(&options.scenarios, scenario.word()) {
            continue;
        }
        println!("\n{}", scenario.title());
        let mut runs: BTreeMap<Kind, Vec<Measured>> = BTreeMap::new();
        let times = match scenario {
            Scenario::Idle | Scenario::Stopped => 1,
            _ => repeat,
        };
        for round in 0..times {
            // Each round begins with another server.
            let turn = round.checked_rem(kinds.len()).unwrap_or(0);
            let order = kinds.iter().skip(turn).chain(kinds.iter().take(turn));
            for kind in order {
                match once(*kind, scenario, world, Duration::from_secs(seconds)).await {
                    Ok(measured) => {
                        println!("  {:<16}{}", kind.name(), measured.line());
                        runs.entry(*kind).or_default().push(measured);
                    }
                    Err(error) => {
                        println!("  {:<16}failed: {error:#}", kind.name());
                        table.fail(scenario, *kind);
                    }
                }
            }
        }
        table.add(scenario, runs);
    }
    Ok(table)
}

/// One run on a server of its own.
async fn once(kind: Kind, scenario: Scenario, world: &Arc<World>, measure: Duration) -> Result<Measured> {
    let server = Arc::new(Running::start(kind, world).await?);
    let measured = match scenario {
        Scenario::Storm => Measured::Storm(moments::storm(Arc::clone(&server), 50, 450).await?),
        Scenario::Idle => Measured::Idle(moments::idle(Arc::clone(&server), 500, measure).await?),
        Scenario::Stopped => Measured::Stopped(moments::stopped(Arc::clone(&server), 231).await?),
        _ => Measured::Steady(load::run(Arc::clone(&server), &scenario.groups(), measure).await?),
    };
    if let Ok(server) = Arc::try_unwrap(server) {
        server.end().await?;
    }
    Ok(measured)
}
