//! Looks at identity in clear; consultations reduced to what must stay.

entity! {
    /// Looks at one field in clear.
    unmasking "unmaskings" {
        #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
        account: Uuid,
        consultation: Uuid,
        field: String,
        purpose: String,
        reason: Vec<u8>,
        at: i64,
    }
}

entity! {
    /// Consultations of which only what must stay is left.
    reduction "reductions" {
        #[sea_orm(primary_key, auto_increment = false)] consultation: Uuid,
        at: i64,
    }
}
