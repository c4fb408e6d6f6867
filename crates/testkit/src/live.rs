//! A person in a live room: our own client's logic over a WebSocket of the test's.

use std::{
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use consilium_collab::client::{ClientRoom, EditError, Outcome, Saved};
use futures::{SinkExt as _, StreamExt as _};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message, client::IntoClientRequest as _},
};

use crate::Person;

/// How long a condition may take to become true.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why a room could not be entered.
#[derive(Debug)]
pub enum JoinError {
    /// Refused with an HTTP status and body.
    Refused(u16, String),
    /// Anything else.
    Other(anyhow::Error),
}

impl std::fmt::Display for JoinError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(status, body) => write!(f, "refused with {status}: {body}"),
            Self::Other(error) => write!(f, "{error:#}"),
        }
    }
}

impl std::error::Error for JoinError {}

/// A person in a room.
#[derive(Debug)]
pub struct LiveClient {
    /// The local copy.
    pub room: ClientRoom,
    /// Everything that happened, oldest first.
    pub outcomes: Vec<Outcome>,
    /// Close code, once the server has closed.
    pub closed: Option<u16>,
    socket: WebSocketStream<TlsStream<TcpStream>>,
}

fn client_id() -> u64 {
    RandomState::new().hash_one(0_u8) >> 11
}

impl LiveClient {
    /// Enters with the session's cookie and waits until the room is there.
    ///
    /// # Errors
    /// [`JoinError::Refused`] when the server answers instead of upgrading.
    pub async fn join(person: &Person, consultation: &str) -> Result<Self, JoinError> {
        Self::enter(Self::socket(person, consultation, None).await?, person).await
    }

    /// Enters one's own private document of the room, with the cookie or a ticket.
    ///
    /// # Errors
    /// As [`LiveClient::join`].
    pub async fn join_notes(
        person: &Person,
        consultation: &str,
        ticket: Option<&str>,
    ) -> Result<Self, JoinError> {
        let socket = Self::socket_at(person, &format!("{consultation}/live/notes"), ticket).await?;
        Self::enter(socket, person).await
    }

    async fn enter(
        socket: WebSocketStream<TlsStream<TcpStream>>,
        person: &Person,
    ) -> Result<Self, JoinError> {
        let mut client = Self {
            room: ClientRoom::new(client_id(), person.me.account_id),
            outcomes: Vec::new(),
            closed: None,
            socket,
        };
        for frame in client.room.on_open() {
            client.send(frame).await.map_err(JoinError::Other)?;
        }
        client
            .until("the room is there", |room, _| room.connected() && room.ready())
            .await
            .map_err(JoinError::Other)?;
        Ok(client)
    }

    /// Connects again with the same local copy, wherever the server is now, and waits until the room is there.
    ///
    /// # Errors
    /// As [`LiveClient::join`].
    pub async fn rejoin(&mut self, person: &Person, consultation: &str) -> Result<(), JoinError> {
        self.room.on_close();
        self.closed = None;
        self.socket = Self::socket(person, consultation, None).await?;
        for frame in self.room.on_open() {
            self.send(frame).await.map_err(JoinError::Other)?;
        }
        self.until("the room is there", |room, _| room.connected() && room.ready())
            .await
            .map_err(JoinError::Other)
    }

    /// The bare socket, with the cookie or a ticket.
    ///
    /// # Errors
    /// As [`LiveClient::join`].
    pub async fn socket(
        person: &Person,
        consultation: &str,
        ticket: Option<&str>,
    ) -> Result<WebSocketStream<TlsStream<TcpStream>>, JoinError> {
        Self::socket_at(person, &format!("{consultation}/live"), ticket).await
    }

    async fn socket_at(
        person: &Person,
        place: &str,
        ticket: Option<&str>,
    ) -> Result<WebSocketStream<TlsStream<TcpStream>>, JoinError> {
        let other = |error: anyhow::Error| JoinError::Other(error);
        let stream = person.target.connect().await.map_err(other)?;
        let query = ticket.map(|t| format!("?ticket={t}")).unwrap_or_default();
        let address = person.target.url.replacen("https:", "wss:", 1);
        let url = format!("{address}/api/v1/consultations/{place}{query}");
        let mut request = url.into_client_request().map_err(|e| other(e.into()))?;
        if ticket.is_none() {
            let cookie = person.cookie.parse().context("cookie").map_err(other)?;
            request.headers_mut().insert("cookie", cookie);
        }
        match client_async(request, stream).await {
            Ok((socket, _)) => Ok(socket),
            Err(tungstenite::Error::Http(response)) => Err(JoinError::Refused(
                response.status().as_u16(),
                response
                    .body()
                    .as_deref()
                    .map(String::from_utf8_lossy)
                    .unwrap_or_default()
                    .into_owned(),
            )),
            Err(error) => Err(other(error.into())),
        }
    }

    /// Sends a frame as it is.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn send(&mut self, frame: Vec<u8>) -> Result<()> {
        Ok(self.socket.send(Message::binary(frame)).await?)
    }

    /// Makes an edit and sends it.
    ///
    /// # Errors
    /// The rights do not allow it, or the connection is gone.
    pub async fn edit(
        &mut self,
        edit: impl FnOnce(&mut ClientRoom) -> Result<Vec<Vec<u8>>, EditError>,
    ) -> Result<()> {
        for frame in edit(&mut self.room)? {
            self.send(frame).await?;
        }
        Ok(())
    }

    /// Shows something that passes: pointer, view, stroke.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn show(&mut self, show: impl FnOnce(&mut ClientRoom) -> Option<Vec<u8>>) -> Result<()> {
        match show(&mut self.room) {
            Some(frame) => self.send(frame).await,
            None => Ok(()),
        }
    }

    /// Takes one message; `false` when the connection has ended.
    ///
    /// # Errors
    /// The connection broke, or nothing came for too long.
    pub async fn take(&mut self) -> Result<bool> {
        let message = timeout(PATIENCE, self.socket.next())
            .await
            .context("nothing came")?;
        match message {
            Some(Ok(Message::Binary(bytes))) => {
                for outcome in self.room.on_frame(&bytes) {
                    if let Outcome::Send(frame) = &outcome {
                        self.send(frame.clone()).await?;
                    }
                    self.outcomes.push(outcome);
                }
                Ok(true)
            }
            Some(Ok(Message::Close(why))) => {
                self.closed = why.map(|w| w.code.into());
                self.room.on_close();
                Ok(false)
            }
            Some(Ok(_)) => Ok(true),
            Some(Err(_)) | None => {
                self.room.on_close();
                Ok(false)
            }
        }
    }

    /// Takes messages until the condition holds.
    ///
    /// # Errors
    /// The connection ended first, or it took too long.
    pub async fn until(
        &mut self,
        words: &str,
        holds: impl Fn(&ClientRoom, &[Outcome]) -> bool,
    ) -> Result<()> {
        let waited = timeout(PATIENCE, async {
            while !holds(&self.room, &self.outcomes) {
                if !self.take().await? {
                    bail!("closed with {:?} before: {words}", self.closed);
                }
            }
            Ok(())
        });
        waited.await.with_context(|| format!("not in time: {words}"))?
    }

    /// Waits until everything one wrote is durable.
    ///
    /// # Errors
    /// As [`LiveClient::until`].
    pub async fn saved(&mut self) -> Result<()> {
        self.until("everything is saved", |room, _| room.saved() == Saved::Saved)
            .await
    }

    /// Waits until the server closes; the code.
    ///
    /// # Errors
    /// It does not.
    pub async fn until_closed(&mut self) -> Result<Option<u16>> {
        let waited = timeout(PATIENCE, async {
            while self.take().await? {}
            Ok(self.closed)
        });
        waited.await.context("not closed in time")?
    }
}
