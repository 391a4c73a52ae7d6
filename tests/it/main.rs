//! One binary for every test that crosses a module.

mod catalogue;
mod cli;
mod fixtures;
mod inputs;
mod layers;
mod reading;
mod seed;
mod set_ups;
