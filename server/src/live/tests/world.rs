//! A store with one consultation and three experts, and pages that talk to rooms over channels.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use consilium_collab::{
    client::{ClientRoom, Outcome},
    frame::{self, Frame},
};
use consilium_domain::{
    AccountId, Clear, ConsultationId, ConsultationKind, ConsultationState, InstanceId, InstitutionId, Role,
    SeriesId, Sex, Timestamp, Urgency, permission::RoomRights,
};
use consilium_protocol::{
    live::{Annotation, AnnotationKind, ImageRef, Person},
    session,
};
use consilium_storage::{Account, Consultation, Institution, Patient, PatientIdentity, Store};
use consilium_vault::Vault;
use futures::{
    Sink, SinkExt as _, Stream, StreamExt as _,
    channel::mpsc::{self, Receiver, Sender},
};
use tempfile::TempDir;
use tokio::{task::JoinHandle, time::timeout};
use tokio_tungstenite::tungstenite::{self, Message};
use uuid::Uuid;

use crate::{
    call::Calls,
    live::{Join, Rooms, Timing, connection},
};

/// Accounts of the hospital.
pub(super) const EXPERTS: u128 = 20;
const NOW: i64 = 1_790_000_000_000;
pub(super) const RIGHTS: RoomRights = RoomRights {
    annotate: true,
    opine: true,
    discuss: true,
    preside: false,
    notes: false,
};

pub(super) fn id<T: From<Uuid>>(n: u128) -> T {
    Uuid::from_u128(n).into()
}

pub(super) fn account(n: u128) -> AccountId {
    id(10 + n)
}

pub(super) fn consultation() -> ConsultationId {
    id(31)
}

pub(super) struct World {
    pub(super) store: Store,
    pub(super) now: Arc<AtomicI64>,
    pub(super) timing: Timing,
    pub(super) calls: Calls,
    _folder: TempDir,
}

impl World {
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open_or_create(&folder.path().join("keys"), NOW).unwrap();
        let url = format!("sqlite://{}/consilium.db", folder.path().display());
        let store = Store::connect(&url, Arc::new(vault)).await.unwrap();
        store.migrate().await.unwrap();
        fill(&store).await;
        Self {
            store,
            now: Arc::new(AtomicI64::new(NOW)),
            timing: Timing {
                retry: Duration::from_millis(50),
                ..Timing::default()
            },
            calls: Calls::default(),
            _folder: folder,
        }
    }

    /// A server's rooms on this store.
    pub(super) fn rooms(&self) -> Rooms {
        let now = Arc::clone(&self.now);
        let clock = Arc::new(move || Timestamp::from_ms(now.load(Ordering::SeqCst)));
        Rooms::with_timing(self.store.clone(), clock, self.timing, self.calls.clone())
    }

    pub(super) async fn sql(&self, statement: &str) {
        self.store.tamper(statement).await.unwrap();
    }

    /// Actions and results audited so far.
    pub(super) async fn audited(&self, action: &str) -> Vec<String> {
        let filter = consilium_storage::AuditFilter {
            action_prefix: Some(action.to_owned()),
            ..Default::default()
        };
        let page = self.store.reader().audit_page(filter, None, 1000).await.unwrap();
        page.iter().map(|record| record.fields().result.clone()).collect()
    }
}

impl World {
    /// The results of an action once there are so many; the audit of a room is written behind it.
    pub(super) async fn audited_times(&self, action: &str, count: usize) -> Vec<String> {
        let all = async {
            loop {
                let found = self.audited(action).await;
                if found.len() >= count {
                    return found;
                }
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(30), all).await.expect("audited")
    }
}

async fn fill(store: &Store) {
    let mut tx = store.begin().await.unwrap();
    tx.insert_institution(&Institution {
        id: id(1),
        code: "east".to_owned(),
        name_zh: "东院".to_owned(),
        name_en: "East".to_owned(),
        colour: 1,
        platform: false,
    })
    .await
    .unwrap();
    for n in 1..=EXPERTS {
        tx.insert_account(&Account {
            id: account(n),
            username: format!("expert.{n}"),
            institution: id(1),
            role: Role::Expert,
            display_name: format!("专家{n}"),
            department: String::new(),
            title: String::new(),
            licence: String::new(),
            password_hash: "-".to_owned(),
            totp_secret: Clear::new(vec![1; 20]),
            totp_last_step: 0,
            failed: 0,
            locked_until: None,
            active: true,
        })
        .await
        .unwrap();
    }
    tx.insert_patient(&Patient {
        id: id(21),
        institution: id(1),
        platform_id: "p".to_owned(),
        identity: Clear::new(PatientIdentity {
            name: "某".to_owned(),
            id_number: String::new(),
            other_number: String::new(),
            birth_date: None,
            phone: String::new(),
            ethnicity: String::new(),
            native_place: String::new(),
            address: String::new(),
            record_number: String::new(),
            infectious: false,
        }),
        sex: Sex::Female,
        created_at: Timestamp::from_ms(NOW),
    })
    .await
    .unwrap();
    let at = Timestamp::from_ms(NOW);
    tx.insert_consultation(&Consultation {
        id: consultation(),
        number: "HZ1".to_owned(),
        kind: ConsultationKind::Specialty,
        urgency: Urgency::Routine,
        state: ConsultationState::InSession,
        lead: id(1),
        patient: id(21),
        clinical: serde_json::json!({}),
        scheduled_at: at,
        duration_minutes: 60,
        chosen: Vec::new(),
        wanted: Vec::new(),
        consent: None,
        started_at: None,
        ended_at: None,
        due_at: None,
        suspended_from: None,
        override_reason: None,
        paused_at: None,
        pause_reason: None,
        created_by: account(1),
        created_at: at,
        updated_at: at,
        version: 1,
    })
    .await
    .unwrap();
    tx.commit_technical().await.unwrap();
}

pub(super) fn person(n: u128) -> Person {
    Person {
        id: account(n),
        name: format!("专家{n}"),
        role: Role::Expert,
        department: String::new(),
        institution: session::Institution {
            id: InstitutionId(Uuid::from_u128(1)),
            code: "east".to_owned(),
            name_zh: "东院".to_owned(),
            name_en: "East".to_owned(),
            colour: 1,
        },
    }
}

pub(super) fn join(n: u128) -> Join {
    Join {
        consultation: consultation(),
        private: false,
        person: person(n),
        rights: RIGHTS,
        session: [u8::try_from(n).unwrap(); 32],
        expires_at: Timestamp::from_ms(NOW + 3_600_000),
        as_of: 0,
        ip: "192.0.2.1".to_owned(),
        device: "test".to_owned(),
        request_id: "r".to_owned(),
    }
}

pub(super) fn length(x: f64) -> Annotation {
    Annotation {
        kind: AnnotationKind::Length,
        image: ImageRef {
            series: SeriesId(Uuid::from_u128(1)),
            instance: InstanceId(Uuid::from_u128(2)),
            frame: 0,
        },
        points: vec![[x, 0.0], [1.0, 1.0]],
        label: String::new(),
        at_ms: 1,
    }
}

/// Both ways of a socket made of channels.
struct Duplex {
    stream: Receiver<Result<Message, tungstenite::Error>>,
    sink: Sender<Message>,
}

impl Stream for Duplex {
    type Item = Result<Message, tungstenite::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.stream.poll_next_unpin(cx)
    }
}

impl Sink<Message> for Duplex {
    type Error = mpsc::SendError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.sink.poll_ready_unpin(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Self::Error> {
        self.sink.start_send_unpin(message)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.sink.poll_flush_unpin(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.sink.poll_close_unpin(cx)
    }
}

/// One page: our client's machine over channels instead of a socket.
pub(super) struct Page {
    pub(super) room: ClientRoom,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) closed: Option<u16>,
    /// Message types received.
    pub(super) types: Vec<u8>,
    /// Updates received: the frames, not the changes in them.
    pub(super) updates: usize,
    /// Answers to sync step 1 received.
    pub(super) answers: Vec<Vec<u8>>,
    /// Questions sent because something did not follow.
    pub(super) resyncs: usize,
    /// So many of the next updates are lost on the way.
    pub(super) lose: u32,
    /// What has come of a frame that is sent in pieces.
    pieces: Vec<u8>,
    to: Sender<Result<Message, tungstenite::Error>>,
    from: Receiver<Message>,
    _task: JoinHandle<()>,
}

impl Page {
    /// Connects; says nothing yet.
    pub(super) fn connect(rooms: &Rooms, client: u64, join: Join) -> Self {
        let (to, stream) = mpsc::channel(64);
        let (sink, from) = mpsc::channel(0);
        let room = ClientRoom::new(client, join.person.id);
        let rooms = rooms.clone();
        Self {
            room,
            outcomes: Vec::new(),
            closed: None,
            types: Vec::new(),
            updates: 0,
            answers: Vec::new(),
            resyncs: 0,
            lose: 0,
            pieces: Vec::new(),
            to,
            from,
            _task: tokio::spawn(async move { connection::run(&rooms, Duplex { stream, sink }, join).await }),
        }
    }

    /// Connects and reads the room.
    pub(super) async fn open(rooms: &Rooms, client: u64, join: Join) -> Self {
        let mut page = Self::connect(rooms, client, join);
        let frames = page.room.on_open();
        page.send_all(frames).await;
        page.until(|page| page.room.ready() && page.room.connected())
            .await;
        page
    }

    /// The network goes: what is left is the local copy.
    pub(super) fn cut(self) -> ClientRoom {
        let mut room = self.room;
        room.on_close();
        room
    }

    /// Connects with a local copy; says hello.
    pub(super) async fn connect_with(rooms: &Rooms, room: ClientRoom, join: Join) -> Self {
        let mut page = Self::connect(rooms, 0, join);
        page.room = room;
        let frames = page.room.on_open();
        page.send_all(frames).await;
        page
    }

    /// Connects with a local copy and reads the room.
    pub(super) async fn reconnect(rooms: &Rooms, room: ClientRoom, join: Join) -> Self {
        let mut page = Self::connect_with(rooms, room, join).await;
        page.until(|page| page.room.ready() && page.room.connected())
            .await;
        page
    }

    pub(super) async fn send(&mut self, bytes: Vec<u8>) {
        // A closed connection no longer takes anything.
        let _closed = self.to.send(Ok(Message::Binary(bytes.into()))).await;
    }

    pub(super) async fn send_all(&mut self, frames: Vec<Vec<u8>>) {
        for frame in frames {
            self.send(frame).await;
        }
    }

    pub(super) async fn send_message(&mut self, message: Message) {
        let _closed = self.to.send(Ok(message)).await;
    }

    /// Asks for what it may have missed.
    pub(super) async fn digest(&mut self) {
        let digest = self.room.digest().expect("a connection");
        self.send(digest).await;
    }

    /// Takes what the server sends until something holds.
    pub(super) async fn until(&mut self, holds: impl Fn(&Self) -> bool) {
        while !holds(self) {
            let message = timeout(Duration::from_secs(30), self.from.next())
                .await
                .expect("the server says nothing more")
                .unwrap_or_else(|| panic!("the connection ended with {:?}", self.closed));
            let message = match message {
                Message::Frame(piece) => {
                    self.pieces.extend_from_slice(piece.payload());
                    if !piece.header().is_final {
                        continue;
                    }
                    Message::Binary(std::mem::take(&mut self.pieces).into())
                }
                whole => whole,
            };
            match message {
                Message::Binary(bytes) => {
                    self.types.push(bytes[0]);
                    match frame::decode_unbounded(&bytes) {
                        Ok(Frame::Update(_)) if self.lose > 0 => {
                            self.lose -= 1;
                            continue;
                        }
                        Ok(Frame::Update(_)) => self.updates += 1,
                        Ok(Frame::SyncStep2(answer)) => self.answers.push(answer.to_vec()),
                        _ => {}
                    }
                    for outcome in self.room.on_frame(&bytes) {
                        match outcome {
                            Outcome::Send(bytes) => {
                                self.resyncs += usize::from(bytes.starts_with(&[0, 0]));
                                self.send(bytes).await;
                            }
                            other => self.outcomes.push(other),
                        }
                    }
                }
                Message::Close(frame) => self.closed = frame.map(|frame| frame.code.into()),
                _ => {}
            }
        }
    }

    pub(super) async fn until_closed(&mut self) -> u16 {
        self.until(|page| page.closed.is_some()).await;
        self.closed.unwrap()
    }

    pub(super) async fn until_saved(&mut self) {
        use consilium_collab::client::Saved;
        self.until(|page| page.room.saved() == Saved::Saved).await;
    }

    /// Writes the draft opinion and waits until it is durable.
    pub(super) async fn write(&mut self, text: &str) {
        let frames = self.room.set_opinion(text).unwrap();
        self.send_all(frames).await;
        self.until_saved().await;
    }

    /// Draws and waits until it is durable.
    pub(super) async fn draw(&mut self, id: &str) {
        let frames = self.room.put_annotation(id, &length(3.0)).unwrap();
        self.send_all(frames).await;
        self.until_saved().await;
    }
}
