//! What lets in too much.

pub(super) mod exception;
pub(super) mod identity;
pub(super) mod role;
