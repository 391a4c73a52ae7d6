//! What Terraform's plans and states tell beside the policies in them.

pub(super) mod changes;
pub(super) mod incomplete;
pub(super) mod unknown;
