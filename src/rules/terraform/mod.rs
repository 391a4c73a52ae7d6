//! What Terraform's plans and states tell beside the policies in them.

pub(super) mod apply;
pub(super) mod carried;
pub(super) mod changes;
pub(super) mod incomplete;
pub(super) mod kasten_key;
pub(super) mod key_policies;
pub(super) mod outputs;
pub(super) mod unknown;
