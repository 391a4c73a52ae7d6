//! What a policy means, apart from who asks.
//!
//! A statement is lowered once to formulas over facts of a request ([`lower()`]), and the order in which AWS decides is data
//! too ([`mod@authorize`]). `simulate` evaluates those formulas, `prove` solves them. Neither knows what
//! `StringNotLikeIfExists` means: only [`operator`] does. What AWS does not document is unknown, never guessed.

pub mod authorize;
mod caller;
mod fact;
mod formula;
pub mod kms;
mod layers;
mod lower;
mod operand;
pub mod operator;
pub mod pattern;
mod request;
mod spoken;
mod traits;
mod truth;

pub use authorize::{Ask, Authorization, Because, Need, Path, authorize};
pub(crate) use authorize::{Outline, outline};
pub use caller::{Caller, MatchClass, classify, is_excepted};
pub use fact::{
    ActionTest, ContextTest, ExceptionTest, Fact, KeyName, KeyTest, Open, PrincipalTest, ResourceTest, ShortArn,
};
pub use formula::Formula;
pub use layers::Layer;
pub(crate) use layers::Policies;
pub use lower::{Element, Layout, Matching, Naming, Part, lower, lower_grant, lower_policy};
pub use operand::{AddressRange, Instant, Number};
pub(crate) use request::FOLLOWING;
pub use request::{Context, Found, Organization, Request, ServiceFacts, Value};
pub(crate) use spoken::{NOT_GIVEN, Spoken, spoken};
pub use traits::Trait;
pub use truth::Truth;
