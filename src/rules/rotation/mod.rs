//! How Kasten's key is renewed, and what becomes of the old one.

pub(super) mod history;
pub(super) mod new_key;
pub(super) mod order;
pub(super) mod passkeys;
pub(super) mod planned;
pub(super) mod retention;
