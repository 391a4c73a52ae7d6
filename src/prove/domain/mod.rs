//! Values of one kind, parted into classes that no test of a policy tells apart: one value of each class stands for all.

pub(super) mod address;
pub(super) mod date;
pub(super) mod glob;
pub(super) mod number;
mod places;
pub(super) mod text;
