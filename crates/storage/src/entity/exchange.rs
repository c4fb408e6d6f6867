//! Exchange messages.

entity! {
    /// Messages at their sender, until acknowledged and after.
    outgoing "outbox" {
        #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
        consultation: Uuid,
        sender: Uuid,
        receiver: Uuid,
        seq: i64,
        kind: String,
        envelope: Vec<u8>,
        state: String,
        tries: i32,
        run: i32,
        next_at: Option<i64>,
        cause: Option<String>,
        created_at: i64,
        received_at: Option<i64>,
        settled_at: Option<i64>,
        reason: Option<Vec<u8>>,
    }
}

entity! {
    /// Messages their receiver has taken in.
    received "inbox" {
        #[sea_orm(primary_key, auto_increment = false)] message: Uuid,
        #[sea_orm(primary_key, auto_increment = false)] receiver: Uuid,
        consultation: Uuid,
        sender: Uuid,
        seq: i64,
        kind: String,
        digest: Vec<u8>,
        received_at: i64,
    }
}
