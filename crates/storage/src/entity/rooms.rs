//! Live rooms.

entity! {
    /// Where each room's log stands.
    room "rooms" {
        #[sea_orm(primary_key, auto_increment = false)] consultation: Uuid,
        #[sea_orm(primary_key, auto_increment = false)] owner: Uuid,
        epoch: i64,
        seq: i64,
        head: Vec<u8>,
    }
}

entity! {
    /// Updates.
    log_entry "room_log" {
        #[sea_orm(primary_key, auto_increment = false)] consultation: Uuid,
        #[sea_orm(primary_key, auto_increment = false)] owner: Uuid,
        #[sea_orm(primary_key, auto_increment = false)] epoch: i64,
        #[sea_orm(primary_key, auto_increment = false)] seq: i64,
        author: Uuid,
        client_id: i64,
        at: i64,
        update: Vec<u8>,
        prev_hash: Vec<u8>,
        hash: Vec<u8>,
    }
}

entity! {
    /// Snapshots.
    snapshot "room_snapshots" {
        #[sea_orm(primary_key, auto_increment = false)] consultation: Uuid,
        #[sea_orm(primary_key, auto_increment = false)] owner: Uuid,
        #[sea_orm(primary_key, auto_increment = false)] epoch: i64,
        #[sea_orm(primary_key, auto_increment = false)] seq: i64,
        state: Vec<u8>,
    }
}

entity! {
    /// Who writes under which client id.
    room_client "room_clients" {
        #[sea_orm(primary_key, auto_increment = false)] consultation: Uuid,
        #[sea_orm(primary_key, auto_increment = false)] owner: Uuid,
        #[sea_orm(primary_key, auto_increment = false)] client_id: i64,
        account: Uuid,
    }
}
