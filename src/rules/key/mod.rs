//! How a KMS key itself is set up.

pub(super) mod state;
