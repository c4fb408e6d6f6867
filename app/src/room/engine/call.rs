//! The call: everybody sends to everybody over WebRTC, with descriptions and candidates carried by the room's
//! socket. The side with the smaller number makes the first offer; later both may, and where offers collide the
//! side with the larger number gives way.

use std::collections::HashMap;

use consilium_protocol::{
    limits::CALL_PEERS,
    live::{CallPeer, IceServer, Media},
};
use js_sys::{Array, JSON};
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    MediaStream, MediaStreamConstraints, MediaStreamTrack, RtcConfiguration, RtcIceCandidateInit,
    RtcPeerConnection, RtcPeerConnectionIceEvent, RtcSdpType, RtcSessionDescriptionInit, RtcSignalingState,
    RtcTrackEvent,
};

use super::{Controls, Engine, warn};
use crate::room::{
    model::{CallState, CallWish, Tile, set},
    text::CallTexts,
};

/// One connection to another page in the call; closed when dropped.
struct Link {
    connection: RtcPeerConnection,
    /// In a collision of offers this side gives way.
    polite: bool,
    making_offer: bool,
    ignoring: bool,
    /// What comes from the other side.
    stream: MediaStream,
    _candidate: Closure<dyn FnMut(RtcPeerConnectionIceEvent)>,
    _track: Closure<dyn FnMut(RtcTrackEvent)>,
    _needed: Closure<dyn FnMut()>,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.connection.set_onicecandidate(None);
        self.connection.set_ontrack(None);
        self.connection.set_onnegotiationneeded(None);
        self.connection.close();
    }
}

/// The call as this page takes part in it.
#[derive(Default)]
pub(super) struct Call {
    /// This connection, as others see it.
    pub(super) peer: u64,
    own: Option<MediaStream>,
    media: Media,
    peers: Vec<CallPeer>,
    /// By which servers the others are reached; none asks nobody.
    pub(super) servers: Vec<IceServer>,
    links: HashMap<u64, Link>,
}

fn tracks(stream: &MediaStream, audio: bool) -> Vec<MediaStreamTrack> {
    let list: Array = if audio {
        stream.get_audio_tracks()
    } else {
        stream.get_video_tracks()
    };
    list.iter()
        .filter_map(|track| track.dyn_into::<MediaStreamTrack>().ok())
        .collect()
}

/// Asks the browser for microphone or camera.
async fn devices(audio: bool, video: bool) -> Result<MediaStream, JsValue> {
    let wanted = MediaStreamConstraints::new();
    wanted.set_audio(&JsValue::from_bool(audio));
    wanted.set_video(&JsValue::from_bool(video));
    let asked = window()
        .navigator()
        .media_devices()?
        .get_user_media_with_constraints(&wanted)?;
    JsFuture::from(asked).await?.dyn_into()
}

impl Engine {
    pub(super) fn on_call_wish(&mut self, wish: CallWish) {
        match wish {
            CallWish::Join => self.join_call(),
            CallWish::Leave => self.leave_call(),
            CallWish::Audio(on) => {
                if let Some(own) = &self.call.own {
                    for track in tracks(own, true) {
                        track.set_enabled(on);
                    }
                }
                self.call.media.audio = on;
                self.send_media();
            }
            CallWish::Video(true) => self.camera_on(),
            CallWish::Video(false) => {
                if let Some(own) = &self.call.own {
                    for track in tracks(own, false) {
                        track.stop();
                        own.remove_track(&track);
                        for link in self.call.links.values() {
                            drop_track(&link.connection, &track);
                        }
                    }
                }
                self.call.media.video = false;
                self.send_media();
            }
        }
        self.tell_call();
    }

    fn join_call(&mut self) {
        if self.call.own.is_some() {
            return;
        }
        if self.call.peers.len() >= CALL_PEERS {
            return self.tell(CallTexts::of(self.locale).full);
        }
        let controls = self.controls;
        spawn_local(async move {
            let own = devices(true, false).await;
            controls.with(move |engine| match own {
                Ok(own) => {
                    engine.call.own = Some(own);
                    engine.call.media = Media {
                        audio: true,
                        video: false,
                    };
                    engine.send_media();
                    engine.tell_call();
                }
                Err(error) => {
                    warn("open the microphone", Err(error));
                    engine.tell(CallTexts::of(engine.locale).no_device);
                }
            });
        });
    }

    fn leave_call(&mut self) {
        if let Some(own) = self.call.own.take() {
            for track in tracks(&own, true).into_iter().chain(tracks(&own, false)) {
                track.stop();
            }
        }
        self.call.links.clear();
        self.call.media = Media::default();
        let frame = self.client.call(None);
        self.send(&frame.into_iter().collect::<Vec<_>>());
    }

    fn camera_on(&self) {
        let controls = self.controls;
        spawn_local(async move {
            let got = devices(false, true).await;
            controls.with(move |engine| match (got, engine.call.own.clone()) {
                (Ok(stream), Some(own)) => {
                    for track in tracks(&stream, false) {
                        own.add_track(&track);
                        for link in engine.call.links.values() {
                            link.connection.add_track_0(&track, &own);
                        }
                    }
                    engine.call.media.video = true;
                    engine.send_media();
                    engine.tell_call();
                }
                (Ok(_), None) => {}
                (Err(error), _) => {
                    warn("open the camera", Err(error));
                    engine.tell(CallTexts::of(engine.locale).no_device);
                }
            });
        });
    }

    /// Says what one sends; joins the call when one is not in it.
    pub(super) fn send_media(&mut self) {
        if self.call.own.is_some() {
            let frame = self.client.call(Some(self.call.media));
            self.send(&frame.into_iter().collect::<Vec<_>>());
        }
    }

    /// The server says who is in the call now.
    pub(super) fn on_call(&mut self, peers: Vec<CallPeer>) {
        let mine = self.call.peer;
        self.call
            .links
            .retain(|peer, _| peers.iter().any(|other| other.peer == *peer));
        let inside = self.call.own.is_some() && peers.iter().any(|peer| peer.peer == mine);
        if inside {
            for other in peers.iter().filter(|other| other.peer != mine) {
                if !self.call.links.contains_key(&other.peer) {
                    match self.link(other.peer) {
                        Ok(link) => {
                            self.call.links.insert(other.peer, link);
                        }
                        Err(error) => warn("open a line of the call", Err(error)),
                    }
                }
            }
        }
        self.call.peers = peers;
        self.tell_call();
    }

    /// The connection was cut: lines are made anew once the room is back.
    pub(super) fn call_cut(&mut self) {
        self.call.links.clear();
        self.call.peers.clear();
        self.tell_call();
    }

    fn link(&self, peer: u64) -> Result<Link, JsValue> {
        let connection = RtcPeerConnection::new_with_configuration(&self.reaching()?)?;
        let stream = MediaStream::new()?;
        let controls = self.controls;
        let candidate =
            Closure::<dyn FnMut(RtcPeerConnectionIceEvent)>::new(move |event: RtcPeerConnectionIceEvent| {
                if let Some(candidate) = event.candidate() {
                    controls.with(move |engine| engine.signal(peer, &candidate));
                }
            });
        connection.set_onicecandidate(Some(candidate.as_ref().unchecked_ref()));
        // The trait's clone is the same stream; the browser's own `clone` would be another one.
        let arriving = Clone::clone(&stream);
        let track = Closure::<dyn FnMut(RtcTrackEvent)>::new(move |event: RtcTrackEvent| {
            arriving.add_track(&event.track());
            controls.with(Engine::tell_call);
        });
        connection.set_ontrack(Some(track.as_ref().unchecked_ref()));
        let needed = Closure::<dyn FnMut()>::new(move || offer(controls, peer));
        connection.set_onnegotiationneeded(Some(needed.as_ref().unchecked_ref()));
        if let Some(own) = &self.call.own {
            for track in tracks(own, true).into_iter().chain(tracks(own, false)) {
                connection.add_track_0(&track, own);
            }
        }
        Ok(Link {
            connection,
            polite: self.call.peer > peer,
            making_offer: false,
            ignoring: false,
            stream,
            _candidate: candidate,
            _track: track,
            _needed: needed,
        })
    }

    /// The servers in the browser's own form.
    fn reaching(&self) -> Result<RtcConfiguration, JsValue> {
        let servers = serde_json::to_string(&self.call.servers).unwrap_or_default();
        let configuration = RtcConfiguration::new();
        configuration.set_ice_servers(&JSON::parse(&servers)?);
        Ok(configuration)
    }

    /// Sends a description or candidate to another page.
    fn signal(&mut self, to: u64, what: &JsValue) {
        let Some(text) = JSON::stringify(what).ok().and_then(|text| text.as_string()) else {
            return;
        };
        let frame = self.client.signal(to, text);
        self.send(&frame.into_iter().collect::<Vec<_>>());
    }

    /// A description or candidate of another page.
    pub(super) fn on_signal(&mut self, from: u64, payload: &str) {
        let Some(link) = self.call.links.get_mut(&from) else {
            return;
        };
        let Ok(what) = JSON::parse(payload) else { return };
        let field = |name: &str| js_sys::Reflect::get(&what, &name.into()).ok();
        let text = |name: &str| field(name).and_then(|value| value.as_string());
        let connection = link.connection.clone();
        let controls = self.controls;
        let Some(kind) = text("type") else {
            if link.ignoring {
                return;
            }
            let candidate: RtcIceCandidateInit = what.unchecked_into();
            let added = connection.add_ice_candidate_with_opt_rtc_ice_candidate_init(Some(&candidate));
            spawn_local(async move {
                if let Err(error) = JsFuture::from(added).await {
                    warn("take a candidate of the call", Err(error));
                }
            });
            return;
        };
        let offered = kind == "offer";
        let collision =
            offered && (link.making_offer || connection.signaling_state() != RtcSignalingState::Stable);
        link.ignoring = collision && !link.polite;
        if link.ignoring {
            return;
        }
        let description = RtcSessionDescriptionInit::new(if offered {
            RtcSdpType::Offer
        } else {
            RtcSdpType::Answer
        });
        description.set_sdp(&text("sdp").unwrap_or_default());
        spawn_local(async move {
            let done: Result<(), JsValue> = async {
                JsFuture::from(connection.set_remote_description(&description)).await?;
                if offered {
                    let answer = JsFuture::from(connection.create_answer()).await?;
                    let answer: RtcSessionDescriptionInit = answer.unchecked_into();
                    JsFuture::from(connection.set_local_description(&answer)).await?;
                    if let Some(local) = connection.local_description() {
                        controls.with(move |engine| engine.signal(from, &local));
                    }
                }
                Ok(())
            }
            .await;
            warn("agree on a line of the call", done);
        });
    }

    pub(super) fn tell_call(&mut self) {
        let mine = self.call.peer;
        let tiles = self
            .call
            .peers
            .iter()
            .map(|of| {
                let author = self.directory.get(of.person.id);
                Tile {
                    peer: of.peer,
                    name: of.person.name.clone(),
                    colour: author.map_or("", |author| author.colour),
                    media: of.media,
                    own: of.peer == mine,
                }
            })
            .collect();
        let state = CallState {
            inside: self.call.own.is_some(),
            media: self.call.media,
            tiles,
        };
        set(self.room.call, state);
    }
}

fn drop_track(connection: &RtcPeerConnection, track: &MediaStreamTrack) {
    for sender in connection.get_senders().iter() {
        let Ok(sender) = sender.dyn_into::<web_sys::RtcRtpSender>() else {
            continue;
        };
        if sender.track().is_some_and(|of| of.id() == track.id()) {
            connection.remove_track(&sender);
        }
    }
}

/// Offers to another page what is sent now.
fn offer(controls: Controls, peer: u64) {
    let Some((connection, polite)) = controls.line(peer) else {
        return;
    };
    // The first offer comes from the other side, and the answer has everything: a first offer that gives way to
    // another leaves Chromium now and then without candidates of its own.
    if polite && connection.remote_description().is_none() {
        return;
    }
    controls.with(move |engine| engine.offering(peer, true));
    spawn_local(async move {
        let done: Result<(), JsValue> = async {
            let offer = JsFuture::from(connection.create_offer()).await?;
            if connection.signaling_state() != RtcSignalingState::Stable {
                return Ok(());
            }
            let offer: RtcSessionDescriptionInit = offer.unchecked_into();
            JsFuture::from(connection.set_local_description(&offer)).await?;
            if let Some(local) = connection.local_description() {
                controls.with(move |engine| engine.signal(peer, &local));
            }
            Ok(())
        }
        .await;
        // Where offers collided this side has taken the other's: nothing is lost.
        if connection.signaling_state() == RtcSignalingState::Stable {
            warn("offer a line of the call", done);
        }
        controls.with(move |engine| engine.offering(peer, false));
    });
}

impl Engine {
    fn offering(&mut self, peer: u64, on: bool) {
        if let Some(link) = self.call.links.get_mut(&peer) {
            link.making_offer = on;
        }
    }
}

impl Controls {
    /// The connection to another page, and whether this side gives way.
    fn line(self, peer: u64) -> Option<(RtcPeerConnection, bool)> {
        let engine = self.engine()?;
        let engine = engine.try_borrow().ok()?;
        let link = engine.call.links.get(&peer)?;
        Some((link.connection.clone(), link.polite))
    }

    /// What comes from another page in the call, or one's own picture; `None` while there is nothing.
    #[must_use]
    pub fn stream(self, peer: u64) -> Option<MediaStream> {
        let engine = self.engine()?;
        let engine = engine.try_borrow().ok()?;
        if peer == engine.call.peer {
            return engine.call.own.clone();
        }
        engine
            .call
            .links
            .get(&peer)
            .map(|link| Clone::clone(&link.stream))
    }
}
