//! One binary for every test that crosses a module.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says where and why")]

mod agree;
mod allocations;
mod audit;
mod catalogue;
mod cli;
mod config;
mod declarative;
mod fetched;
mod fingerprints;
mod fixes;
mod fixtures;
mod formats;
mod inputs;
mod kasten;
mod kasten_generate;
mod kasten_rotation;
mod layers;
#[cfg(feature = "live")]
mod live;
mod naive;
mod prove;
mod prove_agree;
mod prove_kinds;
mod reading;
mod scenarios;
mod schema;
mod seed;
mod set_ups;
mod suppression;
mod terraform;
mod terraform_attributes;
mod unknown;
mod validity;
mod yaml_inputs;
