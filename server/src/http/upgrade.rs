//! From a request to a WebSocket whose single frames can be written: what is large goes out in pieces, so
//! that nobody's copy of a document stands in a buffer of the own.

use axum::{
    body::Body,
    extract::{
        FromRequestParts, WebSocketUpgrade,
        ws::rejection::{ConnectionNotUpgradable, WebSocketUpgradeRejection},
    },
    response::Response,
};
use http::{HeaderValue, StatusCode, header, request::Parts};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::derive_accept_key,
        protocol::{Role, WebSocketConfig},
    },
};

/// The server's end of a WebSocket.
pub type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// A request that asks for a WebSocket, its headers checked (RFC 6455, section 4.2.1).
pub struct Upgrade {
    on_upgrade: OnUpgrade,
    accept: HeaderValue,
}

impl<S: Send + Sync> FromRequestParts<S> for Upgrade {
    type Rejection = WebSocketUpgradeRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let on_upgrade = parts.extensions.get::<OnUpgrade>().cloned();
        let _checked = WebSocketUpgrade::from_request_parts(parts, state).await?;
        let key = parts.headers.get(header::SEC_WEBSOCKET_KEY);
        let accept = key.map(|key| HeaderValue::try_from(derive_accept_key(key.as_bytes())));
        match (on_upgrade, accept) {
            (Some(on_upgrade), Some(Ok(accept))) => Ok(Self { on_upgrade, accept }),
            // Without a key: not HTTP/1.1.
            _ => Err(ConnectionNotUpgradable::default().into()),
        }
    }
}

impl Upgrade {
    /// Answers the request and serves the socket in a task of its own.
    pub(crate) fn run<F>(
        self,
        config: WebSocketConfig,
        serve: impl FnOnce(Socket) -> F + Send + 'static,
    ) -> Response
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let Self { on_upgrade, accept } = self;
        tokio::spawn(async move {
            match on_upgrade.await {
                Ok(upgraded) => {
                    let stream = TokioIo::new(upgraded);
                    serve(Socket::from_raw_socket(stream, Role::Server, Some(config)).await).await;
                }
                Err(error) => tracing::debug!(%error, "a client went away before its socket was open"),
            }
        });
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
        response
    }
}
