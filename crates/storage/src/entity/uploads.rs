//! Resumable uploads.

entity! {
    /// Uploads, under way and over.
    upload "uploads" {
        #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
        account: Uuid,
        kind: String,
        purpose: Option<String>,
        consultation: Option<Uuid>,
        state: String,
        length: i64,
        received: i64,
        pieces: i32,
        attempts: i32,
        detail: Option<Vec<u8>>,
        outcome: Option<Vec<u8>>,
        created_at: i64,
        expires_at: i64,
    }
}
