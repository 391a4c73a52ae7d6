//! The typed policy: IAM's own words, every value with its place.
//!
//! [`read`] turns a tree into a [`Policy`] and tells what the grammar does not allow as [`Fault`]s. Nothing is dropped:
//! a malformed value keeps its text, an unknown one its place. What a policy *means* is not decided here.

mod action;
pub mod arn;
mod condition;
pub mod glob;
mod kind;
mod model;
mod principal;
mod read;
mod resource;
mod set;
pub mod view;

pub use action::ActionPattern;
pub use arn::{AccountId, AccountIdError, Arn, ArnError};
pub use condition::{Comparison, Condition, ConditionKey, Operator, Quantifier};
pub use kind::PolicyKind;
pub use model::{Clause, Effect, Element, Listed, Policy, PolicyVersion, Statement};
pub use principal::{
    Principal, PrincipalArn, PrincipalError, PrincipalKind, is_placeholder, is_placeholder_value, names_account_root,
    placeholder_in,
};
use read::STATEMENT_ELEMENTS;
pub use read::{Fault, Level, Trouble, read};
pub use resource::ResourcePattern;
pub use set::PolicySet;
