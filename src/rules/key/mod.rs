//! How a KMS key itself is set up.

pub(super) mod material;
pub(super) mod rotation;
pub(super) mod state;
