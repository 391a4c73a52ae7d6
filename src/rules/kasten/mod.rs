//! What Kasten K10 needs, across the files of a set-up.

pub(super) mod access;
mod admission;
pub(super) mod agreement;
mod asked;
pub(super) mod changes;
mod conditions;
pub(super) mod limits;
pub(super) mod passkey;
pub(super) mod secret;
pub(crate) mod snapshots;
pub(crate) mod standing;
mod supposed;
pub(super) mod trust;
pub(super) mod values;
pub(super) mod version;
