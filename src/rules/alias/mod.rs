//! Conditions on aliases of KMS keys.

pub(super) mod condition;
pub(super) mod scope;
