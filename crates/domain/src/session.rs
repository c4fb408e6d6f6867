//! What happens in a session besides the room's document (clause 7.3).

pub mod question;
