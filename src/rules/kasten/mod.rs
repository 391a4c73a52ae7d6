//! What Kasten K10 needs, across the files of a set-up.

pub(super) mod access;
mod conditions;
pub(super) mod limits;
