//! The audit log.

entity! {
    /// Records.
    audit "audit" {
        #[sea_orm(primary_key, auto_increment = false)] seq: i64,
        at: i64,
        operator: String,
        operator_name: String,
        action: String,
        target: String,
        result: String,
        ip: String,
        device: String,
        institution: String,
        consultation: Option<String>,
        request_id: String,
        prev_hash: Vec<u8>,
        hash: Vec<u8>,
    }
}

entity! {
    /// How long the log is and where it ends.
    audit_head "audit_head" {
        #[sea_orm(primary_key, auto_increment = false)] id: i32,
        size: i64,
        head: Vec<u8>,
    }
}
