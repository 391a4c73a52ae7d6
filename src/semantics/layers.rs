//! The layers of a policy set: which policies speak together, as what.

use super::{
    authorize::Because,
    lower::{Layout, Matching},
};
use crate::{
    key::Grant,
    policy::{Policy, PolicyKind, PolicySet},
};

/// The policies of one sort that speak together: those of one level, for an organisation's.
#[derive(Clone, Debug)]
pub struct Layer<T = Vec<Matching>> {
    /// What they are.
    pub because: Because,
    /// Which level, from 0 at the root, for an organisation's.
    pub level: usize,
    /// Their statements.
    pub statements: T,
}

/// The policies of a layer, of which no statement is lowered yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policies<'p> {
    /// The policies, and how their statements are read.
    pub(crate) policies: Vec<(&'p Policy, Layout)>,
    /// The grants.
    pub(crate) grants: &'p [Grant],
}

/// The layers of a policy set, each as `lowered` has it.
pub(super) fn laid_out<'p, T: Default>(
    set: &PolicySet<'p>,
    lowered: impl Fn(&[&'p Policy], PolicyKind) -> T,
    grants: T,
) -> (Vec<Layer<T>>, Order) {
    let mut layers = Layers(Vec::new());
    let scps = layers.levels(Because::Scp, set.scps.as_deref(), |level| lowered(level, PolicyKind::ServiceControl));
    let rcps = layers.levels(Because::Rcp, set.rcps.as_deref(), |level| lowered(level, PolicyKind::ResourceControl));
    let of_resource = set.resource.map(|policy| lowered(&[policy], set.resource_kind)).unwrap_or_default();
    let resource = layers.push(Because::Resource, of_resource);
    let identity = layers.push(Because::Identity, lowered(&set.identity, PolicyKind::Identity));
    let boundary = set.boundary.map(|policy| layers.push(Because::Boundary, lowered(&[policy], PolicyKind::Boundary)));
    let session = set.session.as_deref().map(|of| layers.push(Because::Session, lowered(of, PolicyKind::Session)));
    let endpoint = set.endpoint.as_deref().map(|of| layers.push(Because::Endpoint, lowered(of, PolicyKind::Endpoint)));
    let grants = layers.push(Because::Grant, grants);
    (layers.0, Order { scps, rcps, resource, identity, boundary, session, endpoint, grants })
}

/// The layers so far.
struct Layers<T>(Vec<Layer<T>>);

impl<T> Layers<T> {
    fn push(&mut self, because: Because, statements: T) -> usize {
        self.0.push(Layer { because, level: 0, statements });
        self.0.len() - 1
    }

    fn levels<'p>(
        &mut self,
        because: Because,
        levels: Option<&[Vec<&'p Policy>]>,
        lowered: impl Fn(&[&'p Policy]) -> T,
    ) -> Vec<usize> {
        let levels = levels.unwrap_or_default().iter().enumerate();
        levels
            .map(|(level, policies)| {
                self.0.push(Layer { because, level, statements: lowered(policies) });
                self.0.len() - 1
            })
            .collect()
    }
}

/// Which layers there are, by their index.
pub(super) struct Order {
    pub(super) scps: Vec<usize>,
    pub(super) rcps: Vec<usize>,
    pub(super) resource: usize,
    pub(super) identity: usize,
    pub(super) boundary: Option<usize>,
    pub(super) session: Option<usize>,
    pub(super) endpoint: Option<usize>,
    pub(super) grants: usize,
}
