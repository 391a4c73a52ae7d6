//! Conditions on aliases of KMS keys, and what else may be wrong with a condition on a key of KMS.

pub(super) mod condition;
pub(super) mod names;
pub(super) mod operations;
pub(super) mod quota;
pub(super) mod rows;
pub(super) mod scope;
pub(super) mod told;
pub(super) mod unsupported;
