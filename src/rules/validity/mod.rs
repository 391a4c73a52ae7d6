//! The grammar of IAM's JSON: what AWS refuses, or reads otherwise than its author.

pub(super) mod action;
pub(super) mod elements;
pub(super) mod grammar;
pub(super) mod sid;
pub(super) mod syntax;
pub(super) mod value;
