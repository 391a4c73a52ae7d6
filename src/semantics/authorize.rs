//! The order in which AWS decides, as data.
//!
//! A request is explicitly denied where a statement of any policy denies it. Else every gate must be open and one of the
//! paths must lead through. `simulate` runs the formulas, `prove` solves them; neither knows the order.
//!
//! Source: IAM User Guide, "Policy evaluation logic", "Cross-account policy evaluation logic" and "Permissions boundaries
//! for IAM entities"; KMS Developer Guide, "Determining access to AWS KMS keys".

use super::{
    Fact, Formula,
    caller::MatchClass,
    fact::Open,
    layers::{Layer, Order, Policies, laid_out},
    lower::{Layout, Matching, lower_grant, lower_policy},
    traits::Trait,
};
use crate::policy::{Effect, Policy, PolicySet};

/// What decides, and lets through or keeps out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Because {
    /// An identity policy.
    Identity,
    /// The resource's policy.
    Resource,
    /// A grant on the key.
    Grant,
    /// The key policy, which leaves the decision to the account's identity policies, or does not.
    Delegation,
    /// The permissions boundary.
    Boundary,
    /// The session policy.
    Session,
    /// A service control policy.
    Scp,
    /// A resource control policy.
    Rcp,
    /// The policy of a VPC endpoint.
    Endpoint,
    /// The role's trust policy.
    Trust,
    /// That caller and resource are of two accounts.
    CrossAccount,
}

impl Because {
    /// Every one, in the order of the command line's help.
    pub const ALL: [Self; 11] = [
        Self::Identity,
        Self::Resource,
        Self::Grant,
        Self::Delegation,
        Self::Boundary,
        Self::Session,
        Self::Scp,
        Self::Rcp,
        Self::Endpoint,
        Self::Trust,
        Self::CrossAccount,
    ];

    /// Its word in scenario files and in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Resource => "resource",
            Self::Grant => "grant",
            Self::Delegation => "delegation",
            Self::Boundary => "boundary",
            Self::Session => "session",
            Self::Scp => "scp",
            Self::Rcp => "rcp",
            Self::Endpoint => "endpoint",
            Self::Trust => "trust",
            Self::CrossAccount => "cross-account",
        }
    }
}

/// A question to the layers or about the call.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// A statement of the layer allows, and names the caller at least so strongly.
    Allows(usize, MatchClass),
    /// A statement of the layer denies, and names the caller at least so strongly.
    Denies(usize, MatchClass),
    /// Something about the whole call.
    Call(Trait),
    /// What AWS does not document.
    Open(Open),
}

/// What must hold, and what keeps the request out where it does not.
pub type Need = (Because, Formula<Ask>);

/// One way to be let in.
#[derive(Clone, Debug)]
pub struct Path {
    /// What lets the request in.
    pub because: Because,
    /// Whether it is open to the request at all.
    pub applies: Formula<Ask>,
    /// What it needs, in the order in which a lack is told.
    pub needs: Vec<Need>,
}

/// The decision on every request of a policy set.
#[derive(Clone, Debug)]
pub struct Authorization {
    /// The policies.
    pub layers: Vec<Layer>,
    /// What needs no leave and minds no denial.
    pub free: Formula<Ask>,
    /// What denies explicitly, in the order in which it is told.
    pub denials: Vec<Need>,
    /// What must hold on every path.
    pub gates: Vec<Need>,
    /// The paths, the strongest first.
    pub paths: Vec<Path>,
}

use Trait::{
    AsksForToken, AsksWhoCalls, AssumesRole, ByFederated, ByFederatedUser, ByRoot, ByServiceLinkedRole, Federates,
    OfAnAccount, OfManagementAccount, OnKey, OnManagedKey, OnReservedAlias, OnRole, OnServiceLinkedRole, RetiresGrant,
    SameAccount, SamePartition, TakesResourceControlPolicies, UnsignedToKms, WorksAcrossAccounts,
};

fn call(what: Trait) -> Formula<Ask> {
    Formula::Fact(Ask::Call(what))
}

fn not(what: Trait) -> Formula<Ask> {
    call(what).negated()
}

/// The layers of a policy set, and how they decide together.
#[must_use]
pub fn authorize(set: &PolicySet<'_>) -> Authorization {
    let under_boundary = set.boundary.is_some();
    let lowered = |policies: &[&Policy], kind| -> Vec<Matching> {
        let mut all = Vec::with_capacity(policies.iter().map(|policy| policy.statements.len()).sum());
        all.extend(policies.iter().flat_map(|policy| lower_policy(policy, kind, under_boundary)));
        all
    };
    let grants = set.grants.iter().enumerate().map(|(index, grant)| lower_grant(grant, index)).collect();
    let (layers, order) = laid_out(set, lowered, grants);
    Authorization { layers, free: free(), denials: order.denials(), gates: order.gates(), paths: order.paths() }
}

/// The decision on one request of a policy set, of which only what the request asks for is lowered.
#[derive(Clone, Debug)]
pub(crate) struct Outline<'p> {
    /// The policies.
    pub(crate) layers: Vec<Layer<Policies<'p>>>,
    /// What needs no leave and minds no denial.
    pub(crate) free: Formula<Ask>,
    /// What denies explicitly.
    pub(crate) denied: Formula<Ask>,
    /// What lets through.
    pub(crate) granted: Formula<Ask>,
}

/// The same as [`authorize`], for a single request.
pub(crate) fn outline<'p>(set: &PolicySet<'p>) -> Outline<'p> {
    let under_boundary = set.boundary.is_some();
    let unlowered = |policies: &[&'p Policy], kind| {
        let laid = policies.iter().map(|policy| (*policy, Layout::of(policy, kind, under_boundary)));
        Policies { policies: laid.collect(), grants: &[] }
    };
    let (layers, order) = laid_out(set, unlowered, Policies { policies: Vec::new(), grants: set.grants });
    let needed = |needs: Vec<Need>| needs.into_iter().map(|(_, formula)| formula);
    let through =
        order.paths().into_iter().map(|path| Formula::All(needed(path.needs).chain([path.applies]).collect()));
    let through = Formula::Any(through.collect());
    Outline {
        layers,
        free: free(),
        denied: Formula::Any(needed(order.denials()).collect()),
        granted: Formula::All(needed(order.gates()).chain([through]).collect()),
    }
}

/// Source: STS API Reference, "`GetCallerIdentity`"; IAM User Guide, "Permissions for `GetSessionToken`".
fn free() -> Formula<Ask> {
    Formula::Any(vec![call(AsksWhoCalls), call(AsksForToken)])
}

impl Order {
    /// A denial counts on every path, but policies of a principal only for callers that can carry them.
    fn denials(&self) -> Vec<Need> {
        let denies = |layer| Formula::Fact(Ask::Denies(layer, MatchClass::Account));
        let only = |when: Formula<Ask>, layer| Formula::All(vec![when, denies(layer)]);
        let mut all = Vec::new();
        all.extend(self.scps.iter().map(|layer| (Because::Scp, only(bound_by_scps(), *layer))));
        all.extend(self.rcps.iter().map(|layer| (Because::Rcp, only(bound_by_rcps(), *layer))));
        all.push((Because::Resource, denies(self.resource)));
        let own = [
            (Because::Identity, Some(self.identity)),
            (Because::Boundary, self.boundary),
            (Because::Session, self.session),
        ];
        let carries = || Formula::All(vec![call(OfAnAccount), not(ByRoot)]);
        let own = own.into_iter().filter_map(|(because, layer)| Some((because, only(carries(), layer?))));
        all.extend(own);
        all.extend(self.endpoint.map(|layer| (Because::Endpoint, denies(layer))));
        all
    }

    fn gates(&self) -> Vec<Need> {
        let allows = |layer| Formula::Fact(Ask::Allows(layer, MatchClass::Account));
        let mut all = vec![
            (Because::CrossAccount, call(SamePartition)),
            // Source: STS API Reference, "AssumeRole": root users may not assume roles.
            (Because::Trust, Formula::All(vec![call(ByRoot), call(AssumesRole)]).negated()),
        ];
        let scp = |layer: &usize| (Because::Scp, Formula::Any(vec![bound_by_scps().negated(), allows(*layer)]));
        all.extend(self.scps.iter().map(scp));
        // Resource control policies only deny: `RCPFullAWSAccess`, which cannot be detached, allows at every level.
        all.extend(self.endpoint.map(|layer| (Because::Endpoint, allows(layer))));
        let effective = vec![call(SameAccount), not(OfAnAccount), not(OnKey), call(WorksAcrossAccounts)];
        all.push((Because::CrossAccount, Formula::Any(effective)));
        // Source: KMS Developer Guide, "Controlling access to aliases"; the prefix is AWS's own.
        all.push((Because::Resource, not(OnReservedAlias)));
        // Source: KMS API Reference, "Welcome": requests must be signed.
        all.push((Because::Resource, not(UnsignedToKms)));
        all
    }

    fn paths(&self) -> Vec<Path> {
        let named = |class| Formula::Fact(Ask::Allows(self.resource, class));
        // `kms:RetireGrant` is not effective in a key policy, and no policy alone allows it.
        let within = |what: [Formula<Ask>; 2]| Formula::All(std::iter::once(not(RetiresGrant)).chain(what).collect());
        let by_name = |class| within([call(SameAccount), named(class)]);
        let limits =
            vec![(Because::Boundary, Self::limit(self.boundary)), (Because::Session, Self::limit(self.session))];
        let with_own = |need: Need| std::iter::once(need).chain(self.own()).collect();
        let open = vec![
            (Because::Boundary, Self::limit_or(self.boundary, Open::GrantUnderBoundary)),
            (Because::Session, Self::limit_or(self.session, Open::GrantUnderSession)),
        ];
        let retires = (Because::Grant, Formula::Fact(Ask::Open(Open::WhoRetires)));
        let in_own_account = Formula::All(vec![not(RetiresGrant), call(SameAccount)]);
        let delegated = Formula::Any(vec![Formula::All(vec![not(OnKey), not(OnRole)]), named(MatchClass::Account)]);
        let foreign = Formula::Any(vec![not(ByFederated), call(Federates)]);
        let granted = Formula::All(vec![call(OnKey), Formula::Fact(Ask::Allows(self.grants, MatchClass::Account))]);
        let path = |because, applies, needs| Path { because, applies, needs };
        vec![
            path(Because::Resource, by_name(MatchClass::Direct), Vec::new()),
            path(Because::Resource, by_name(MatchClass::RoleArn), limits),
            path(Because::Grant, granted, open),
            path(Because::Identity, in_own_account, with_own((Because::Delegation, delegated))),
            path(
                Because::CrossAccount,
                within([not(SameAccount), call(OfAnAccount)]),
                with_own((Because::Resource, named(MatchClass::Account))),
            ),
            path(
                Because::Resource,
                within([not(OfAnAccount), foreign]),
                vec![(Because::Resource, named(MatchClass::Direct))],
            ),
            path(Because::Grant, call(RetiresGrant), self.own().into_iter().chain([retires]).collect()),
        ]
    }

    /// What the caller's own policies must give.
    fn own(&self) -> [Need; 3] {
        [
            (Because::Identity, self.identity_allows()),
            (Because::Boundary, Self::limit(self.boundary)),
            (Because::Session, Formula::All(vec![Self::limit(self.session), self.is_passed()])),
        ]
    }

    /// The root user needs no identity policy in its own account.
    fn identity_allows(&self) -> Formula<Ask> {
        Formula::Any(vec![call(ByRoot), Formula::Fact(Ask::Allows(self.identity, MatchClass::Account))])
    }

    /// A federated user's session has no permission of an identity policy that no session policy passes on.
    ///
    /// Source: IAM User Guide, "Permissions for `GetFederationToken`".
    fn is_passed(&self) -> Formula<Ask> {
        let allows = |layer| Formula::Fact(Ask::Allows(layer, MatchClass::Account));
        Formula::Any(vec![not(ByFederatedUser), self.session.map_or_else(Formula::never, allows)])
    }

    fn limit(layer: Option<usize>) -> Formula<Ask> {
        let Some(layer) = layer else { return Formula::always() };
        Formula::Any(vec![call(ByRoot), not(OfAnAccount), Formula::Fact(Ask::Allows(layer, MatchClass::Account))])
    }

    fn limit_or(layer: Option<usize>, open: Open) -> Formula<Ask> {
        Formula::Any(vec![Self::limit(layer), Formula::Fact(Ask::Open(open))])
    }
}

/// Service control policies bind users, roles and root users of member accounts.
///
/// Source: Organizations User Guide, "Service control policies (SCPs)".
fn bound_by_scps() -> Formula<Ask> {
    Formula::All(vec![call(OfAnAccount), not(OfManagementAccount), not(ByServiceLinkedRole)])
}

/// Resource control policies bind every caller but service-linked roles, for resources of member accounts but the trust of
/// service-linked roles and the keys that AWS manages.
///
/// Source: Organizations User Guide, "Resource control policies (RCPs)"; KMS Developer Guide, "Resource control policies".
fn bound_by_rcps() -> Formula<Ask> {
    let of_management = Formula::All(vec![call(OfManagementAccount), call(SameAccount)]);
    Formula::All(vec![
        call(TakesResourceControlPolicies),
        call(Trait::HasResource),
        not(ByServiceLinkedRole),
        not(OnServiceLinkedRole),
        not(OnManagedKey),
        not(RetiresGrant),
        of_management.negated(),
    ])
}

impl Authorization {
    /// What must hold for a request to be allowed.
    #[must_use]
    pub fn allowed(&self) -> Formula<Ask> {
        let holds = |needs: &[Need]| needs.iter().map(|(_, formula)| formula.clone()).collect::<Vec<_>>();
        let through = |path: &Path| {
            let needs = path.needs.iter().map(|(_, formula)| formula.clone());
            Formula::All(std::iter::once(path.applies.clone()).chain(needs).collect())
        };
        let denied = Formula::Any(holds(&self.denials));
        let mut granted = vec![denied.negated()];
        granted.extend(holds(&self.gates));
        granted.push(Formula::Any(self.paths.iter().map(through).collect()));
        Formula::Any(vec![self.free.clone(), Formula::All(granted)])
    }

    /// What must hold for a layer to allow or deny, in facts.
    #[must_use]
    pub fn expand(&self, ask: &Ask) -> Formula<Fact> {
        match ask {
            Ask::Allows(layer, class) => self.any_of(*layer, Effect::Allow, *class),
            Ask::Denies(layer, class) => self.any_of(*layer, Effect::Deny, *class),
            Ask::Call(what) => Formula::Fact(Fact::Call(*what)),
            Ask::Open(open) => Formula::Fact(Fact::Open(*open)),
        }
    }

    fn any_of(&self, layer: usize, effect: Effect, class: MatchClass) -> Formula<Fact> {
        let statements = self.layers.get(layer).map_or(&[][..], |layer| &layer.statements);
        let chosen = statements.iter().filter(|statement| statement.effect == effect);
        let both = chosen.map(|statement| Formula::All(vec![statement.principal.at_least(class), statement.body()]));
        Formula::Any(both.collect())
    }
}
