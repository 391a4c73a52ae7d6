//! How a KMS key itself is set up.

pub(super) mod deletion;
pub(super) mod drift;
pub(super) mod material;
pub(super) mod regions;
pub(super) mod rotation;
pub(super) mod state;
pub(super) mod upkeep;
