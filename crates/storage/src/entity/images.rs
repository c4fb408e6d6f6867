//! Files, series, instances.

entity! {
    /// Encrypted files.
    file "files" {
        #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
        purpose: String,
        bytes: i64,
        sha256: Vec<u8>,
        path: String,
        created_at: i64,
    }
}

entity! {
    /// The patient named in an institution's images.
    source_patient "source_patients" {
        #[sea_orm(primary_key, auto_increment = false)] consultation: Uuid,
        #[sea_orm(primary_key, auto_increment = false)] institution: Uuid,
        source_hash: Vec<u8>,
    }
}

entity! {
    /// Series.
    series "series" {
        #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
        consultation: Uuid,
        institution: Uuid,
        series_key: Vec<u8>,
        meta: Vec<u8>,
        received_at: i64,
    }
}

entity! {
    /// Instances.
    instance "instances" {
        #[sea_orm(primary_key, auto_increment = false)] id: Uuid,
        series: Uuid,
        sop_key: Vec<u8>,
        position: i32,
        meta: Vec<u8>,
        original: Uuid,
        frames: Uuid,
        sha256: Vec<u8>,
    }
}
