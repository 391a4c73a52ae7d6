//! Which policies speak when a request is decided, and as what.

use super::{Policy, PolicyKind};
use crate::key::Grant;

/// The policies and grants that take part in the decision on requests of one caller for one resource.
///
/// Source: IAM User Guide, "Policy evaluation logic".
#[derive(Clone, Debug)]
pub struct PolicySet<'p> {
    /// The caller's own, and those of its groups.
    pub identity: Vec<&'p Policy>,
    /// What hangs on the resource: a key policy, a role's trust policy, or another; `None` where there is none.
    pub resource: Option<&'p Policy>,
    /// What the resource's policy is: [`PolicyKind::Key`], [`PolicyKind::Trust`] or [`PolicyKind::Resource`].
    pub resource_kind: PolicyKind,
    /// The caller's permissions boundary; `None` where none is attached.
    pub boundary: Option<&'p Policy>,
    /// What was passed when the session started; `None` where nothing was.
    pub session: Option<Vec<&'p Policy>>,
    /// The service control policies of the caller's account, a list a level, root first; `None` without an organisation.
    pub scps: Option<Vec<Vec<&'p Policy>>>,
    /// The resource control policies of the resource's account, likewise. `RCPFullAWSAccess` is implied at each level.
    pub rcps: Option<Vec<Vec<&'p Policy>>>,
    /// The policies of the VPC endpoint that the call came through; `None` where it came through none.
    pub endpoint: Option<Vec<&'p Policy>>,
    /// The grants on the key.
    pub grants: &'p [Grant],
}

impl Default for PolicySet<'_> {
    fn default() -> Self {
        Self {
            identity: Vec::new(),
            resource: None,
            resource_kind: PolicyKind::Resource,
            boundary: None,
            session: None,
            scps: None,
            rcps: None,
            endpoint: None,
            grants: &[],
        }
    }
}
