//! kpl: a policy linter, simulator and prover for AWS IAM and KMS.
//!
//! The modules below stand in the order of their layers: each may import only those above it, which
//! `tests/it/layers.rs` holds. A file becomes a [`source::Source`], its text a tree ([`syntax::Node`]), the tree a typed
//! policy ([`policy::Policy`]) in a [`document::Document`]; [`rules`] read those and say what they find; [`lint`]
//! gathers it into a [`finding::Report`], which [`render`] turns into text.

pub mod calendar;
pub mod source;
mod spelling;

pub mod finding;
pub mod key;
#[cfg(feature = "live")]
pub mod live;
pub mod syntax;

pub mod config;
pub mod policy;
pub mod render;

pub mod document;
pub mod reference;
pub mod semantics;

pub mod simulate;

pub mod prove;

pub mod rules;

pub mod lint;

pub mod kasten;

pub mod cli;
