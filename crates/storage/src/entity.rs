//! The tables as sea-orm sees them. Private: no other crate names a column.
#![expect(unreachable_pub, reason = "sea-orm's derive wants its parts public")]

macro_rules! entity {
    ($(#[$doc:meta])* $module:ident $table:tt { $($(#[$attr:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        pub(crate) mod $module {
            use sea_orm::entity::prelude::*;

            #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
            #[sea_orm(table_name = $table)]
            pub struct Model { $($(#[$attr])* pub $field: $type),* }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}
        }
    };
}

mod conduct;
mod consultations;
mod data;
mod duties;
mod exchange;
mod images;
mod ledger;
mod masking;
mod packages;
mod people;
mod rooms;
mod uploads;

pub(crate) use conduct::*;
pub(crate) use consultations::*;
pub(crate) use data::*;
pub(crate) use duties::*;
pub(crate) use exchange::*;
pub(crate) use images::*;
pub(crate) use ledger::*;
pub(crate) use masking::*;
pub(crate) use packages::*;
pub(crate) use people::*;
pub(crate) use rooms::*;
pub(crate) use uploads::*;
