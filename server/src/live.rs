//! Interface placeholder while the room actor is being written; replaced by its author.
use axum::extract::ws::WebSocket;
use consilium_domain::{AccountId, ConsultationId, Timestamp, permission::RoomRights};
use consilium_protocol::live::{Annotation, Person};
use consilium_storage::Store;

use crate::clock::Clock;

pub type SessionKey = [u8; 32];
#[derive(Debug, thiserror::Error)]
pub enum LiveError { #[error("store")] Store(#[from] consilium_storage::StoreError) }
#[derive(Clone)]
pub struct Rooms;
pub struct RoomStats { pub rooms: usize, pub connections: usize }
pub struct Join { pub consultation: ConsultationId, pub person: Person, pub rights: RoomRights, pub session: SessionKey, pub expires_at: Timestamp, pub ip: String, pub device: String, pub request_id: String }
impl Rooms {
    pub fn new(_: Store, _: Clock) -> Self { Self }
    pub async fn serve(&self, _: WebSocket, _: Join) {}
    pub async fn refresh(&self, _: ConsultationId, _: &(dyn Fn(AccountId) -> Option<RoomRights> + Send + Sync), _: &str) {}
    pub async fn close_session(&self, _: SessionKey) {}
    pub async fn annotations(&self, _: ConsultationId) -> Result<Vec<(AccountId, String, Annotation)>, LiveError> { Ok(vec![]) }
    pub async fn shutdown(&self) {}
    pub fn stats(&self) -> RoomStats { RoomStats { rooms: 0, connections: 0 } }
}
