//! What a KMS key policy must hold, and must not.

pub(super) mod content;
pub(super) mod holders;
pub(super) mod root;
