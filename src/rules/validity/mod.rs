//! The grammar of IAM's JSON: what AWS refuses, or reads otherwise than its author.

pub(super) mod action;
pub(super) mod address;
pub(super) mod arn_form;
pub(super) mod characters;
pub(super) mod condition;
pub(super) mod elements;
pub(super) mod example_account;
pub(super) mod fit;
pub(super) mod grammar;
pub(super) mod hung;
pub(super) mod known_key;
pub(super) mod place;
pub(super) mod presence;
pub(super) mod principal;
pub(super) mod rcp;
pub(super) mod redundant;
pub(super) mod service_key;
pub(super) mod shape;
pub(super) mod sid;
pub(super) mod size;
pub(super) mod syntax;
pub(super) mod trust_form;
pub(super) mod typed;
pub(super) mod value;
pub(super) mod variable;
pub(super) mod wrong_kind;
