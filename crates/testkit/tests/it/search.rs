//! The worklist: filters, the search through the blind index, whose cases it shows, and unique numbers.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use consilium_protocol::codes;
use consilium_testkit::{Person, TestServer, request_form};
use serde_json::{Value, json};

both!(
    found_by_number_code_words_and_person,
    filters_and_pages,
    numbers_of_parallel_creates,
);

struct World {
    lead: Person,
    east: Person,
    numbers: Vec<String>,
    id_numbers: Vec<String>,
}

const TEXTS: [(&str, &str, &str); 3] = [
    ("左额叶占位性病变，胶质瘤可能", "D43.0", "请评估手术切除的可行性"),
    ("重症社区获得性肺炎", "J15.9", "请指导下一步抗菌药物方案"),
    (
        "肺腺癌，脑转移待排",
        "C34.9",
        "Please advise on the next line of therapy",
    ),
];

async fn world(server: &TestServer) -> Result<World> {
    let lead = server.client_as("lead.admin").await?;
    let east = server.client_as("east.admin").await?;
    let west = server.client_as("west.admin").await?;
    let invited = [json!(east.me.institution.id), json!(west.me.institution.id)];
    let (mut numbers, mut id_numbers) = (Vec::new(), Vec::new());
    for (at, (diagnosis, code, need)) in TEXTS.iter().enumerate() {
        let in_hours = i64::try_from(at)? * 48 + 1;
        let (patient, mut form) = request_form(
            80 + at,
            &invited,
            server.clock.now().plus_ms(in_hours * 3_600_000),
        )?;
        form["clinical"]["preliminary_diagnosis"] = json!(diagnosis);
        form["clinical"]["diagnosis_code"] = json!(code);
        form["clinical"]["need"] = json!(need);
        form["clinical"]["chief_complaint"] = json!("活动后气促");
        form["urgency"] = json!(if at == 1 { "urgent" } else { "routine" });
        let created = lead.post("/api/v1/consultations", &form).await?.ok()?;
        numbers.push(created["number"].as_str().context("number")?.to_owned());
        id_numbers.push(patient.id_number);
        if at == 2 {
            let path = format!(
                "/api/v1/consultations/{}/invite",
                created["id"].as_str().context("id")?
            );
            lead.post(&path, &json!({})).await?.ok()?;
        }
    }
    Ok(World {
        lead,
        east,
        numbers,
        id_numbers,
    })
}

fn numbers(list: &Value) -> BTreeSet<String> {
    let items = list["items"].as_array().cloned().unwrap_or_default();
    items
        .iter()
        .filter_map(|row| row["number"].as_str().map(str::to_owned))
        .collect()
}

async fn list(who: &Person, query: &str) -> Result<BTreeSet<String>> {
    let reply = who.get(&format!("/api/v1/consultations?{query}")).await?.ok()?;
    Ok(numbers(&reply))
}

fn escaped(text: &str) -> String {
    text.bytes().map(|b| format!("%{b:02X}")).collect()
}

async fn found_by_number_code_words_and_person(server: TestServer) -> Result<()> {
    let world = world(&server).await?;
    let one = |at: usize| BTreeSet::from([world.numbers[at].clone()]);
    for (q, at) in [
        ("额叶占位", 0),
        ("胶质瘤", 0),
        ("手术切除", 0),
        ("D43", 0),
        ("d43.0", 0),
        ("肺炎", 1),
        ("Ｊ15.9", 1),
        ("therapy", 2),
        ("脑转移 腺癌", 2),
    ] {
        assert_eq!(
            list(&world.lead, &format!("q={}", escaped(q))).await?,
            one(at),
            "{q}"
        );
    }
    for at in 0..3 {
        let number = &world.numbers[at];
        assert_eq!(list(&world.lead, &format!("q={number}")).await?, one(at));
        assert_eq!(
            list(&world.lead, &format!("q={}", &number[number.len() - 4..])).await?,
            one(at)
        );
    }
    assert_eq!(
        list(&world.lead, &format!("q={}", escaped("气促"))).await?.len(),
        3
    );
    for q in ["占位额叶", "额叶肺炎", "D44", "癌", "thera"] {
        assert!(
            list(&world.lead, &format!("q={}", escaped(q))).await?.is_empty(),
            "{q}"
        );
    }
    // Rights: a draft is found by nobody else, an invitation by the invited.
    assert!(
        list(&world.east, &format!("q={}", escaped("额叶占位")))
            .await?
            .is_empty()
    );
    assert_eq!(list(&world.east, "q=therapy").await?, one(2));
    let auditor = server.client_as("auditor").await?;
    assert!(list(&auditor, "q=therapy").await?.is_empty());

    // A person: by body only, exactly, and never another's.
    let in_address = world
        .lead
        .get(&format!("/api/v1/consultations?q={}", world.id_numbers[1]))
        .await?;
    assert_eq!(in_address.status, 422);
    assert_eq!(in_address.problem()?.errors[0].code, codes::SEARCH_IDENTITY);
    let by_person = async |who: &Person, number: &str| -> Result<BTreeSet<String>> {
        let body = json!({"id_number": number});
        Ok(numbers(
            &who.post("/api/v1/consultations/search", &body).await?.ok()?,
        ))
    };
    assert_eq!(by_person(&world.lead, &world.id_numbers[1]).await?, one(1));
    assert!(by_person(&world.east, &world.id_numbers[1]).await?.is_empty());
    assert_eq!(by_person(&world.east, &world.id_numbers[2]).await?, one(2));
    let wrong = world
        .lead
        .post(
            "/api/v1/consultations/search",
            &json!({"id_number": "110101199001010000"}),
        )
        .await?;
    assert_eq!(wrong.status, 422);

    // A changed form is found by its new words and no longer by the old ones.
    let row = world
        .lead
        .get(&format!("/api/v1/consultations?q={}", world.numbers[0]))
        .await?
        .ok()?;
    let id = row["items"][0]["id"].as_str().context("id")?.to_owned();
    let invited = [
        json!(world.east.me.institution.id),
        json!(server.client_as("west.admin").await?.me.institution.id),
    ];
    let (_, mut form) = request_form(80, &invited, server.clock.now().plus_ms(7_200_000))?;
    form["clinical"]["preliminary_diagnosis"] = json!("脑膜瘤");
    form["clinical"]["diagnosis_code"] = json!("D32.0");
    let path = format!("/api/v1/consultations/{id}?version=1");
    world
        .lead
        .send(world.lead.request(reqwest::Method::PUT, &path).json(&form))
        .await?
        .ok()?;
    assert_eq!(
        list(&world.lead, &format!("q={}", escaped("脑膜瘤"))).await?,
        one(0)
    );
    assert!(list(&world.lead, "q=D43").await?.is_empty());
    Ok(())
}

async fn filters_and_pages(server: TestServer) -> Result<()> {
    let world = world(&server).await?;
    let of = |at: &[usize]| -> BTreeSet<String> { at.iter().map(|at| world.numbers[*at].clone()).collect() };
    let lead_id = world.lead.me.institution.id;
    let east_id = world.east.me.institution.id;
    let day = |hours: i64| server.clock.now().plus_ms(hours * 3_600_000).to_string();
    for (query, expected) in [
        ("".to_owned(), of(&[0, 1, 2])),
        ("kind=&urgency=&state=&q=".to_owned(), of(&[0, 1, 2])),
        ("state=draft".to_owned(), of(&[0, 1])),
        ("state=inviting".to_owned(), of(&[2])),
        ("urgency=urgent".to_owned(), of(&[1])),
        ("kind=general".to_owned(), of(&[0, 1, 2])),
        ("kind=specialty".to_owned(), of(&[])),
        ("part=lead&group=1".to_owned(), of(&[0, 1, 2])),
        ("part=participant".to_owned(), of(&[])),
        ("group=2".to_owned(), of(&[])),
        ("state=draft&group=3".to_owned(), of(&[])),
        ("mine=true".to_owned(), of(&[0, 1])),
        (format!("lead={lead_id}"), of(&[0, 1, 2])),
        (format!("lead={east_id}"), of(&[])),
        (format!("participant={east_id}"), of(&[2])),
        (format!("from={}", escaped(&day(24))), of(&[1, 2])),
        (format!("to={}", escaped(&day(60))), of(&[0, 1])),
        (
            format!("from={}&to={}", escaped(&day(24)), escaped(&day(60))),
            of(&[1]),
        ),
    ] {
        assert_eq!(list(&world.lead, &query).await?, expected, "{query}");
    }
    assert_eq!(list(&world.east, "part=participant&mine=true").await?, of(&[2]));
    for wrong in [
        "state=lost",
        "group=9",
        "part=x",
        "from=soon",
        "cursor=x",
        "limit=many",
        "mine=maybe",
        "nothing=1",
    ] {
        let status = world
            .lead
            .get(&format!("/api/v1/consultations?{wrong}"))
            .await?
            .status;
        assert!(status == 422 || status == 400, "{wrong}: {status}");
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = world
            .lead
            .get(&format!(
                "/api/v1/consultations?limit=1&q={}{cursor}",
                escaped("气促")
            ))
            .await?
            .ok()?;
        seen.extend(numbers(&page));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 3, "pages leave nothing out and repeat nothing");
    // The page draws what its address asks for.
    let page = world.lead.get("/?state=inviting").await?.text();
    assert!(page.contains(&world.numbers[2]) && !page.contains(&world.numbers[0]));
    Ok(())
}

/// Two servers on one database give out numbers at once.
async fn numbers_of_parallel_creates(server: TestServer) -> Result<()> {
    const EACH: usize = 500;
    let here = server.app()?.store.clone();
    let there = server
        .assemble(std::sync::Arc::new(consilium_server::exchange::Local))
        .await?
        .store
        .clone();
    let mut tasks = tokio::task::JoinSet::new();
    for worker in 0..16_usize {
        let store = if worker % 2 == 0 {
            here.clone()
        } else {
            there.clone()
        };
        tasks.spawn(async move {
            let mut numbers = Vec::new();
            for _ in 0..2 * EACH / 16 {
                let mut tx = store.begin().await?;
                numbers.push(tx.next_consultation_number("20990101").await?);
                tx.commit_technical().await?;
            }
            Ok::<_, anyhow::Error>(numbers)
        });
    }
    let mut all = Vec::new();
    while let Some(numbers) = tasks.join_next().await {
        all.extend(numbers??);
    }
    let count = all.len();
    let distinct: BTreeSet<i64> = all.into_iter().collect();
    assert_eq!(
        (distinct.len(), distinct.last().copied()),
        (count, Some(i64::try_from(count)?))
    );
    println!("{count} numbers of two servers at once: no clash, no gap");
    Ok(())
}
