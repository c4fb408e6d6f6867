use std::collections::VecDeque;

use consilium_domain::{InstanceId, InstitutionId, Role, SeriesId};
use consilium_protocol::{
    live::{Annotation, AnnotationKind, ImageRef},
    session::Institution,
};
use uuid::Uuid;

use super::*;
use crate::guard::{Room, Violation};

const RIGHTS: RoomRights = RoomRights {
    annotate: true,
    opine: true,
    discuss: true,
    preside: false,
    notes: false,
};

fn account(n: u128) -> AccountId {
    AccountId(Uuid::from_u128(n))
}

fn person(id: AccountId) -> Person {
    Person {
        id,
        name: "a".to_owned(),
        role: Role::Expert,
        department: String::new(),
        institution: Institution {
            id: InstitutionId(Uuid::from_u128(1)),
            code: "lead".to_owned(),
            name_zh: "l".to_owned(),
            name_en: "l".to_owned(),
            colour: 1,
        },
    }
}

fn length() -> Annotation {
    Annotation {
        kind: AnnotationKind::Length,
        image: ImageRef {
            series: SeriesId(Uuid::from_u128(1)),
            instance: InstanceId(Uuid::from_u128(2)),
            frame: 0,
        },
        points: vec![[0.0, 0.0], [1.0, 1.0]],
        label: String::new(),
        at_ms: 1,
    }
}

/// The least server: a guarded room and one page on it.
struct Server {
    room: Room,
    epoch: i64,
    received: u64,
    rights: RoomRights,
}

impl Server {
    fn new() -> Self {
        let mut room = Room::new();
        room.prepare(account(1), 900).unwrap();
        Self {
            room,
            epoch: 1,
            received: 0,
            rights: RIGHTS,
        }
    }

    fn handle(&mut self, who: AccountId, bytes: &[u8]) -> Vec<Vec<u8>> {
        match frame::decode(bytes).unwrap() {
            Frame::Consilium(_) => vec![frame::server_frame(&ServerFrame::Welcome {
                epoch: self.epoch,
                seq: 0,
                you: person(who),
                rights: self.rights,
                peer: 1,
            })],
            Frame::SyncStep1(vector) => {
                // The first question of a connection is no digest.
                let asks = self.received > 0 && self.room.standing(vector).unwrap().ahead;
                let asks = asks.then(|| frame::sync_step_1(&self.room.state_vector()));
                let answer = frame::sync_step_2(&self.room.missing_for(vector).unwrap());
                asks.into_iter().chain([answer]).collect()
            }
            Frame::SyncStep2(update) | Frame::Update(update) => {
                self.received += 1;
                match self.room.apply(who, self.rights, update) {
                    Ok(_) => vec![frame::server_frame(&ServerFrame::Ack {
                        received: self.received,
                        epoch: self.epoch,
                        seq: 1,
                    })],
                    Err(Violation::Gap) => panic!("gap"),
                    Err(violation) => vec![frame::server_frame(&ServerFrame::Refused {
                        code: violation.code().to_owned(),
                    })],
                }
            }
            _ => Vec::new(),
        }
    }

    /// Lets frames go to and fro until all is quiet; what the page reported.
    fn talk(&mut self, page: &mut ClientRoom, frames: Vec<Vec<u8>>) -> Vec<Outcome> {
        let mut out = Vec::new();
        let mut to_server: VecDeque<_> = frames.into();
        while let Some(sent) = to_server.pop_front() {
            for answer in self.handle(page.me, &sent) {
                for outcome in page.on_frame(&answer) {
                    match outcome {
                        Outcome::Send(bytes) => to_server.push_back(bytes),
                        other => out.push(other),
                    }
                }
            }
        }
        out
    }

    fn open(&mut self, page: &mut ClientRoom) -> Vec<Outcome> {
        self.received = 0;
        let question = frame::sync_step_1(&self.room.state_vector());
        assert_eq!(page.on_open().len(), 3);
        page.on_close();
        let frames = page.on_open();
        assert!(
            page.on_frame(&question).is_empty(),
            "no content before the welcome"
        );
        self.talk(page, frames)
    }
}

#[test]
fn edits_are_acknowledged() {
    let mut server = Server::new();
    let mut page = ClientRoom::new(77, account(1));
    assert_eq!(page.put_annotation("a", &length()), Err(EditError::NotReady));
    let out = server.open(&mut page);
    assert!(out.contains(&Outcome::Synced));
    assert_eq!(page.saved(), Saved::Saved);
    let mut frames = page.put_annotation("a", &length()).unwrap();
    frames.extend(page.set_opinion("甲").unwrap());
    assert_eq!(page.saved(), Saved::Saving(2));
    server.talk(&mut page, frames);
    assert_eq!(page.saved(), Saved::Saved);
    assert_eq!(server.room.document().opinion(account(1)), "甲");
    assert_eq!(page.set_presenter(None), Err(EditError::NotAllowed));
    assert_eq!(page.set_opinion(&"x".repeat(20_001)), Err(EditError::TooLong));
}

#[test]
fn offline_edits_arrive_after_reconnecting() {
    let mut server = Server::new();
    let mut page = ClientRoom::new(77, account(1));
    server.open(&mut page);
    // Sent but lost on the way, then more without a connection.
    let _lost = page.set_opinion("one").unwrap();
    page.on_close();
    assert!(page.set_opinion("one two").unwrap().is_empty());
    assert!(page.put_annotation("a", &length()).unwrap().is_empty());
    page.remove_annotation("a").unwrap();
    assert_eq!(page.saved(), Saved::Offline(4));
    server.open(&mut page);
    assert_eq!(page.saved(), Saved::Saved);
    assert_eq!(server.room.document().opinion(account(1)), "one two");
    // And the next edit follows on without a gap.
    let frames = page.set_opinion("one two three").unwrap();
    server.talk(&mut page, frames);
    assert_eq!(server.room.document().opinion(account(1)), "one two three");
}

#[test]
fn refused_edits_are_shown() {
    let mut server = Server::new();
    let mut page = ClientRoom::new(77, account(1));
    server.open(&mut page);
    let frames = page.set_opinion("kept").unwrap();
    server.talk(&mut page, frames);
    page.on_close();
    page.set_opinion("kept and late").unwrap();
    server.rights.opine = false;
    let out = server.open(&mut page);
    assert!(out.contains(&Outcome::Refused {
        code: "live.not_allowed".to_owned()
    }));
    page.on_close();
    let out = server.open(&mut page);
    let lost = out.iter().find_map(|outcome| match outcome {
        Outcome::Lost(lost) => Some(lost.clone()),
        _ => None,
    });
    assert_eq!(lost.unwrap().opinion.as_deref(), Some("kept and late"));
    assert_eq!(page.document().opinion(account(1)), "kept");
    assert_eq!(page.saved(), Saved::Saved);
    // The id goes on where the server knows it.
    let frames = page.put_annotation("a", &length()).unwrap();
    server.talk(&mut page, frames);
    assert_eq!(page.saved(), Saved::Saved);
}

#[test]
fn a_new_epoch_drops_the_copy() {
    let mut server = Server::new();
    let mut page = ClientRoom::new(77, account(1));
    server.open(&mut page);
    let frames = page.set_opinion("old room").unwrap();
    server.talk(&mut page, frames);
    page.on_close();
    server.room = Room::new();
    server.room.prepare(account(1), 901).unwrap();
    server.epoch = 2;
    let out = server.open(&mut page);
    assert!(out.contains(&Outcome::EpochChanged));
    assert!(
        out.iter()
            .any(|o| matches!(o, Outcome::Lost(lost) if lost.opinion.is_some()))
    );
    assert_eq!(server.room.document().opinion(account(1)), "");
    assert_eq!(page.document().encode(), server.room.document().encode());
    let frames = page.set_opinion("new room").unwrap();
    server.talk(&mut page, frames);
    assert_eq!(server.room.document().opinion(account(1)), "new room");
}

#[test]
fn others_are_seen() {
    let mut page = ClientRoom::new(77, account(1));
    let mut other = ClientRoom::new(88, account(2));
    assert_eq!(other.set_drawing(Some(length())), None, "nobody listens");
    let hello = other.on_open();
    page.on_open();
    assert_eq!(page.on_frame(&hello[2]), [Outcome::AwarenessChanged]);
    assert_eq!(page.others()[0].1.drawing, Some(length()));
    assert_eq!(page.on_frame(&hello[2]), [], "known");
    let renewed = other.renew().unwrap();
    assert_eq!(page.on_frame(&renewed), [Outcome::AwarenessChanged]);
    assert!(page.on_frame(&[1, 2, 3]).is_empty());
    page.on_close();
    assert_eq!(page.others(), []);
}

mod copies;
mod undo;
