//! What lets in too much.

pub(super) mod by_alias;
pub(super) mod condition;
pub(super) mod exception;
pub(super) mod identity;
pub(super) mod kms_power;
pub(super) mod kms_reach;
pub(super) mod role;
pub(super) mod service;
pub(super) mod trust;
