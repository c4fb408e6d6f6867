//! Notices: listed, read, streamed live and bounded; with nothing of a patient in them.

use std::pin::pin;

use anyhow::{Context as _, Result, ensure};
use consilium_domain::{NoticeId, NoticeKind};
use consilium_protocol::{
    codes, limits,
    notice::{Notice, NoticeEvent, NoticeList},
};
use consilium_server::{
    ctx::{Ctx, Request},
    services::{
        notices::{self, Tell, To},
        sessions, streams,
    },
};
use consilium_testkit::{Case, Person, TestServer};
use futures::StreamExt as _;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

both!(
    they_are_listed_and_read,
    a_stream_tells_at_once,
    a_stream_goes_on_after_the_last_one,
    a_stream_ends_with_its_session,
    streams_are_bounded,
    nothing_of_a_patient_is_in_them
);

const STREAM: &str = "/api/v1/notices/stream";

/// Tells one person something.
async fn tell(server: &TestServer, person: &Person, kind: NoticeKind, count: usize) -> Result<()> {
    let now = server.clock.now();
    let mut tx = server.app()?.store.begin().await?;
    for _ in 0..count {
        let tell = Tell {
            item: Some("2.7.temperature".to_owned()),
            link: "/transfers".to_owned(),
            ..Tell::new(kind)
        };
        notices::tell(&mut tx, now, To::Account(person.me.account_id), tell).await?;
    }
    tx.commit_technical().await?;
    Ok(())
}

async fn list(person: &Person, query: &str) -> Result<NoticeList> {
    let reply = person.get(&format!("/api/v1/notices{query}")).await?.ok()?;
    Ok(serde_json::from_value(reply)?)
}

async fn they_are_listed_and_read(server: TestServer) -> Result<()> {
    let person = server.client_as("east.admin").await?;
    let other = server.client_as("west.admin").await?;
    assert_eq!(list(&person, "").await?, NoticeList::default());
    for _ in 0..5 {
        tell(&server, &person, NoticeKind::TransferFailed, 1).await?;
    }
    let first = list(&person, "?limit=3").await?;
    assert_eq!((first.items.len(), first.unread), (3, 5));
    let cursor = first.next_cursor.context("a next page")?;
    let rest = list(&person, &format!("?limit=3&cursor={cursor}")).await?;
    assert_eq!((rest.items.len(), rest.next_cursor), (2, None));
    let mut all: Vec<Notice> = first.items;
    all.extend(rest.items);
    assert!(
        all.is_sorted_by_key(|n| std::cmp::Reverse((n.created_at, n.id))),
        "newest first"
    );
    assert!(all.iter().all(|n| n.link == "/transfers" && n.item.is_some()));

    let newest = all[0].id;
    let read = format!("/api/v1/notices/{newest}/read");
    assert_eq!(other.post(&read, &json!({})).await?.status, 404, "another's");
    assert_eq!(person.post(&read, &json!({})).await?.status, 204);
    assert_eq!(person.post(&read, &json!({})).await?.status, 204, "once more");
    let after = list(&person, "").await?;
    assert_eq!(after.unread, 4);
    assert!(after.items[0].read_at.is_some() && after.items[1].read_at.is_none());
    let nobody = format!("/api/v1/notices/{}/read", Uuid::now_v7());
    assert_eq!(person.post(&nobody, &json!({})).await?.status, 404);
    let all = person.post("/api/v1/notices/read-all", &json!({})).await?;
    assert_eq!(all.status, 204);
    assert_eq!(list(&person, "").await?.unread, 0);
    for bad in ["x", "1.x", "x.0"] {
        let reply = person.get(&format!("/api/v1/notices?cursor={bad}")).await?;
        assert_eq!(
            (reply.status, reply.problem()?.code.as_str()),
            (422, codes::INVALID)
        );
    }
    Ok(())
}

/// A stream as its reader gets it.
struct Events {
    response: reqwest::Response,
    text: String,
}

impl Events {
    async fn open(person: &Person, last: Option<NoticeId>) -> Result<Self> {
        let mut request = person.request(Method::GET, STREAM);
        if let Some(last) = last {
            request = request.header("last-event-id", last.to_string());
        }
        let response = request.send().await?;
        ensure!(response.status() == 200, "status {}", response.status());
        let kind = response.headers().get("content-type").context("a type")?;
        ensure!(kind == "text/event-stream", "{kind:?}");
        Ok(Self {
            response,
            text: String::new(),
        })
    }

    /// The next event with its id; `None` when the stream has ended.
    async fn next(&mut self) -> Result<Option<(Option<NoticeId>, NoticeEvent)>> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let (mut id, mut event, mut data) = (None, "", "");
                for line in block.lines() {
                    match line.split_once(": ").or_else(|| line.split_once(':')) {
                        Some(("id", value)) => id = Some(value.parse()?),
                        Some(("event", value)) => event = value,
                        Some(("data", value)) => data = value,
                        _ => {}
                    }
                }
                let found = (event == "notice")
                    .then(|| serde_json::from_str(data))
                    .transpose()?;
                self.text = rest.to_owned();
                if let Some(found) = found {
                    return Ok(Some((id, found)));
                }
            }
            match self.response.chunk().await? {
                Some(chunk) => self.text.push_str(std::str::from_utf8(&chunk)?),
                None => return Ok(None),
            }
        }
    }

    async fn some(&mut self) -> Result<(Option<NoticeId>, NoticeEvent)> {
        self.next().await?.context("the stream has ended")
    }
}

async fn a_stream_tells_at_once(server: TestServer) -> Result<()> {
    let person = server.client_as("east.admin").await?;
    let other = server.client_as("west.admin").await?;
    tell(&server, &person, NoticeKind::TransferFailed, 2).await?;
    let mut events = Events::open(&person, None).await?;
    let count = |unread| (None, NoticeEvent { unread, notice: None });
    assert_eq!(events.some().await?, count(2));

    // What is rolled back and what is another's is not told.
    let mut tx = server.app()?.store.begin().await?;
    let to = To::Account(person.me.account_id);
    let lost = Tell::new(NoticeKind::ReportSigned);
    notices::tell(&mut tx, server.clock.now(), to, lost).await?;
    drop(tx);
    tell(&server, &other, NoticeKind::ReportSigned, 1).await?;
    tell(&server, &person, NoticeKind::DeadlineNear, 1).await?;
    let (id, event) = events.some().await?;
    let notice = event.notice.context("a notice")?;
    assert_eq!((event.unread, notice.kind), (3, NoticeKind::DeadlineNear));
    assert_eq!(id, Some(notice.id));
    assert_eq!(list(&person, "").await?.items[0], notice);

    // Read in another window.
    person.post("/api/v1/notices/read-all", &json!({})).await?;
    assert_eq!(events.some().await?, count(0));
    let anonymous = server
        .http()?
        .get(format!("{}{STREAM}", server.url))
        .send()
        .await?;
    assert_eq!(anonymous.status(), 401);
    Ok(())
}

async fn a_stream_goes_on_after_the_last_one(server: TestServer) -> Result<()> {
    let person = server.client_as("east.admin").await?;
    tell(&server, &person, NoticeKind::DeadlineNear, 1).await?;
    let last = list(&person, "").await?.items[0].id;
    tell(&server, &person, NoticeKind::SessionStarted, 1).await?;
    tell(&server, &person, NoticeKind::SessionEnded, 1).await?;
    let mut events = Events::open(&person, Some(last)).await?;
    assert_eq!(events.some().await?.1.unread, 3);
    for expected in [NoticeKind::SessionStarted, NoticeKind::SessionEnded] {
        let (_, event) = events.some().await?;
        assert_eq!(event.notice.context("a notice")?.kind, expected);
    }
    tell(&server, &person, NoticeKind::ReportSigned, 1).await?;
    let (_, event) = events.some().await?;
    assert_eq!(event.notice.context("a notice")?.kind, NoticeKind::ReportSigned);

    // A notice that is not there (any more), or another's, is no place to go on from.
    let mut unknown = Events::open(&person, Some(NoticeId(Uuid::now_v7()))).await?;
    assert_eq!(unknown.some().await?.1.unread, 4);
    tell(&server, &person, NoticeKind::PackageFrozen, 1).await?;
    let (_, event) = unknown.some().await?;
    assert_eq!(event.notice.context("a notice")?.kind, NoticeKind::PackageFrozen);
    Ok(())
}

async fn a_stream_ends_with_its_session(mut server: TestServer) -> Result<()> {
    let person = server.client_as("east.admin").await?;
    let second = server.client_as("east.admin").await?;
    let mut events = Events::open(&person, None).await?;
    let mut others = Events::open(&second, None).await?;
    events.some().await?;
    others.some().await?;
    person
        .send(person.request(Method::DELETE, "/api/v1/session"))
        .await?;
    assert!(events.next().await?.is_none(), "signed out");
    tell(&server, &second, NoticeKind::DeadlineNear, 1).await?;
    assert!(
        others.some().await?.1.notice.is_some(),
        "the other session goes on"
    );
    // An hour without a request: a session that ran out is told nothing more.
    server.clock.advance_ms(limits::SESSION_IDLE_MS + 1);
    tell(&server, &second, NoticeKind::DeadlineNear, 1).await?;
    assert!(others.next().await?.is_none(), "ran out");

    let person = server.client_as("east.admin").await?;
    let mut events = Events::open(&person, None).await?;
    events.some().await?;
    server.stop().await?;
    assert!(!matches!(events.next().await, Ok(Some(_))), "the server stopped");
    Ok(())
}

async fn streams_are_bounded(server: TestServer) -> Result<()> {
    let person = server.client_as("east.admin").await?;
    let mut open = Vec::new();
    for _ in 0..limits::NOTICE_STREAMS {
        let mut events = Events::open(&person, None).await?;
        events.some().await?;
        open.push(events);
    }
    let refused = person.get(STREAM).await?;
    assert_eq!(
        (refused.status, refused.problem()?.code.as_str()),
        (503, codes::BUSY)
    );

    // A reader that does not read misses notices and gets their number in their place.
    let slow = server.client_as("west.admin").await?;
    let ctx = ctx_of(&server, &slow).await?;
    let mut stream = pin!(streams::open(server.app()?, &ctx, None).await?);
    tell(&server, &slow, NoticeKind::DeadlineNear, 1_100).await?;
    let first = stream.next().await.context("the first")?;
    assert_eq!((first.event.unread, first.event.notice), (0, None));
    let second = stream.next().await.context("the second")?;
    assert!(second.id.is_none() && second.event.notice.is_none());
    assert!(second.event.unread > 0 && second.event.unread <= limits::NOTICES_KEPT);
    let kept = list(&slow, "").await?.unread;
    assert!(kept <= limits::NOTICES_KEPT, "{kept} kept");
    assert_eq!(second.event.unread, kept);
    Ok(())
}

/// What the server knows of a signed-in request of this person.
async fn ctx_of(server: &TestServer, person: &Person) -> Result<Ctx> {
    let request = Request {
        id: "test".to_owned(),
        ip: [127, 0, 0, 1].into(),
        device: "test".to_owned(),
        locale: Default::default(),
        now: server.clock.now(),
    };
    let (_, token) = person.cookie.split_once('=').context("a token")?;
    Ok(sessions::authenticate(server.app()?, &request, token).await?)
}

/// From the invitation to the session, with a patient's name in every reason: no notice holds it.
async fn nothing_of_a_patient_is_in_them(server: TestServer) -> Result<()> {
    let case = Case::draft(&server, 66).await?;
    case.act("invite").await?;
    let p = case.patient.clone();
    let reason = format!("{}（{}）已在本院住院，电话{}", p.name, p.id_number, p.phone);
    let no = json!({"answer": "decline", "reason": reason});
    case.east.post(&case.path("/answer"), &no).await?.ok()?;
    let mut tx = server.app()?.store.begin().await?;
    for account in [case.east.me.account_id, case.lead.me.account_id] {
        let careless = Tell {
            code: Some(reason.clone()),
            item: Some(p.name.clone()),
            link: format!("/?q={}", p.name),
            ..Tell::new(NoticeKind::CorrectionRequested)
        };
        notices::tell(&mut tx, server.clock.now(), To::Account(account), careless).await?;
    }
    tx.commit_technical().await?;
    case.lead
        .post(&case.path("/cancel"), &json!({"reason": reason}))
        .await?
        .ok()?;
    let mut seen = 0;
    for person in [&case.lead, &case.east, &case.west] {
        let found = person.get("/api/v1/notices?limit=200").await?.text();
        for secret in [&p.name, &p.id_number, &p.phone, &p.address, &p.record_number] {
            assert!(!found.contains(secret.as_str()), "{found}");
        }
        seen += list(person, "").await?.items.len();
    }
    assert!(seen >= 5, "{seen} notices looked at");
    Ok(())
}
