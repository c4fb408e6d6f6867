//! The call of a room: who is in it, and what WebRTC needs carried between two of them. Nothing of it is
//! stored, and no media pass here.

use consilium_protocol::{
    limits::{CALL_PEERS, SIGNAL_BYTES},
    live::{CLOSE_MALFORMED, CallPeer, Media, ServerFrame},
};

use super::Actor;
use consilium_collab::frame;

/// Connections in the call, in order of entry.
#[derive(Default)]
pub(super) struct Call(Vec<(u64, Media)>);

impl Call {
    fn has(&self, connection: u64) -> bool {
        self.0.iter().any(|(peer, _)| *peer == connection)
    }
}

impl Actor {
    /// Enters the call, changes what one sends, or leaves. Who finds the call full is told who is in it.
    pub(super) fn call(&mut self, connection: u64, media: Option<Media>) {
        // Nobody is called from a private document, nor where the hospital's own system is used.
        if self.key.owner.is_some() || !self.rooms.0.calls.own() {
            return;
        }
        let place = self.call.0.iter().position(|(peer, _)| *peer == connection);
        match (place, media) {
            (Some(_), None) => return self.hang_up(connection),
            (None, None) => return,
            (Some(place), Some(media)) => match self.call.0.get_mut(place) {
                Some((_, known)) if *known != media => *known = media,
                _ => return,
            },
            (None, Some(_)) if self.call.0.len() >= CALL_PEERS => {
                if let Some(seat) = self.seats.get(&connection) {
                    seat.outbox.push(frame::server_frame(&self.call_frame()).into());
                }
                return;
            }
            (None, Some(media)) => {
                self.call.0.push((connection, media));
                self.tell_servers();
            }
        }
        self.tell(&self.call_frame());
    }

    /// Takes a connection out of the call.
    pub(super) fn hang_up(&mut self, connection: u64) {
        if self.call.has(connection) {
            self.call.0.retain(|(peer, _)| *peer != connection);
            self.tell(&self.call_frame());
        }
    }

    /// Tells everybody in the call by which servers the others are reached; each gets credentials of their own.
    fn tell_servers(&self) {
        let now = (self.rooms.0.clock)();
        for seat in self.call.0.iter().filter_map(|(peer, _)| self.seats.get(peer)) {
            let servers = self.rooms.0.calls.servers(seat.join.person.id, now);
            if !servers.is_empty() {
                seat.outbox
                    .push(frame::server_frame(&ServerFrame::Ice { servers }).into());
            }
        }
    }

    /// Carries a description or candidate to another connection in the call.
    pub(super) fn signal(&mut self, from: u64, to: u64, payload: String) {
        if payload.len() > SIGNAL_BYTES {
            return self.refuse(from, "live.too_large", CLOSE_MALFORMED);
        }
        // Either may just have left: nothing is owed to who is not in the call.
        if from == to || !self.call.has(from) || !self.call.has(to) {
            return;
        }
        if let Some(seat) = self.seats.get(&to) {
            let frame = ServerFrame::Signal { from, payload };
            seat.outbox.push(frame::server_frame(&frame).into());
        }
    }

    /// Whether anybody is in the call.
    pub(super) fn has_call(&self) -> bool {
        !self.call.0.is_empty()
    }

    /// Who is in the call.
    pub(super) fn call_frame(&self) -> ServerFrame {
        let peers = self.call.0.iter().filter_map(|(peer, media)| {
            Some(CallPeer {
                peer: *peer,
                person: self.seats.get(peer)?.join.person.clone(),
                media: *media,
            })
        });
        ServerFrame::Call {
            peers: peers.collect(),
        }
    }
}
