//! Everything that kpl objects to.
//!
//! A rule is declared, documented and decided in one file, beside those that look at the same element. A [`Check`] is
//! one walk that decides one rule or several; [`CHECKS`] lists them all, once. Rules read documents; they never parse
//! and never fail, and they know no screen.

mod catalogue;
mod context;
mod declare;
mod edits;
mod operations;
mod proof;

mod alias;
pub mod declarative;
pub(crate) mod kasten;
mod key;
mod key_policy;
mod rotation;
mod security;
pub(crate) mod suppression;
mod terraform;
mod validity;

pub use catalogue::Catalogue;
pub use context::{Aws, Findings, RuleContext, Subject, Unasked};
pub(crate) use key_policy::conditions::RENAMED as RENAMED_KEYS;
pub(crate) use terraform::unknown::POLICY_UNKNOWN_AT_PLAN;
pub(crate) use validity::action::{REFERENCE_DAYS, UNKNOWN_ACTION};

use crate::{
    document::{Document, Project, kasten::Facts},
    finding::RuleInfo,
    key::{Key, Rotation},
    policy::{Policy, PolicyKind, Statement},
    source::Source,
};

/// One walk over a document that decides one rule or several.
///
/// Every level defaults to nothing, and the engine calls all of them.
pub trait Check: Sync {
    /// The rules that it decides.
    fn rules(&self) -> &'static [&'static RuleInfo];

    /// Whether it has anything to say of policies of a kind, or of their statements. It is not shown any others.
    fn speaks_of(&self, _kind: PolicyKind) -> bool {
        true
    }

    /// Whether it has something to say only of policies with a statement that [may speak of](Statement::may_speak_of) KMS.
    fn speaks_of_kms_alone(&self) -> bool {
        false
    }

    /// Looks at a file as text.
    fn document(&self, _document: &Document<'_>, _source: &Source, _out: &mut Findings<'_>) {}

    /// Looks at one statement.
    fn statement(&self, _statement: &Statement, _cx: &RuleContext<'_, '_>, _out: &mut Findings<'_>) {}

    /// Looks at one policy.
    fn policy(&self, _policy: &Policy, _cx: &RuleContext<'_, '_>, _out: &mut Findings<'_>) {}

    /// Looks at one described key.
    fn key(&self, _key: &Key, _project: &Project<'_>, _out: &mut Findings<'_>) {}

    /// Looks at what is told of a key's rotation.
    fn rotation(&self, _rotation: &Rotation, _project: &Project<'_>, _out: &mut Findings<'_>) {}

    /// Looks at what a file tells of a Kasten installation.
    fn facts(&self, _facts: &Facts, _out: &mut Findings<'_>) {}

    /// Looks at all documents of the run together.
    fn project(&self, _project: &Project<'_>, _out: &mut Findings<'_>) {}
}

/// Lists every check once; the catalogue, its help and its tests derive from it.
macro_rules! catalogue {
    ($($family:ident::$module:ident::$check:ident,)+) => {
        /// Every check, in the order of the catalogue.
        pub static CHECKS: &[&dyn Check] = &[$(&$family::$module::$check,)+];
    };
}

catalogue! {
    validity::syntax::Syntax,
    validity::grammar::Grammar,
    validity::elements::Elements,
    validity::sid::Sids,
    validity::value::Values,
    validity::action::Actions,
    validity::condition::Conditions,
    validity::place::Place,
    validity::principal::Principals,
    validity::known_key::KnownKeys,
    validity::service_key::ServiceKeys,
    validity::fit::Fit,
    validity::typed::Typed,
    validity::arn_form::ArnForm,
    validity::hung::Hung,
    validity::trust_form::TrustForm,
    validity::rcp::ResourceControl,
    validity::address::Addresses,
    validity::presence::Presence,
    validity::shape::Shape,
    validity::redundant::Redundant,
    validity::denied::Denied,
    validity::variable::Variables,
    validity::characters::Characters,
    validity::size::Size,
    validity::example_account::ExampleAccounts,
    validity::wrong_kind::Kind,
    security::identity::IdentityGrants,
    security::kms_reach::KmsReach,
    security::kms_power::KmsPower,
    security::by_alias::ByAlias,
    security::role::Roles,
    security::exception::Exceptions,
    security::service::Services,
    security::trust::Trust,
    security::condition::Conditions,
    key_policy::root::RootStatement,
    key_policy::holders::Holders,
    key_policy::anyone::Anyone,
    key_policy::outsiders::Outsiders,
    key_policy::grants::Grants,
    key_policy::denial::Denial,
    key_policy::content::Content,
    key_policy::conditions::KmsConditions,
    key_policy::duties::Duties,
    key_policy::absent::Absent,
    alias::condition::AliasConditions,
    alias::scope::AliasScope,
    alias::names::AliasNames,
    alias::operations::AliasOperations,
    alias::unsupported::Unsupported,
    alias::rows::Rows,
    alias::told::ToldAliases,
    alias::quota::AliasQuota,
    key::state::KeyState,
    key::material::KeyMaterial,
    key::rotation::KeyRotation,
    key::deletion::KeyDeletion,
    key::upkeep::KeyUpkeep,
    key::regions::KeyRegions,
    key::drift::PolicyDrift,
    kasten::access::KastenAccess,
    kasten::limits::KastenLimits,
    kasten::passkey::Passkeys,
    kasten::agreement::Agreement,
    kasten::secret::ClusterSecret,
    kasten::changes::KastenChanges,
    kasten::snapshots::KastenSnapshots,
    kasten::trust::KastenTrust,
    kasten::values::HelmValues,
    kasten::version::KastenVersion,
    rotation::passkeys::PasskeyNames,
    rotation::new_key::NewKey,
    rotation::retention::Retentions,
    rotation::history::History,
    rotation::planned::Planned,
    rotation::order::RotationOrder,
    terraform::unknown::Unknown,
    terraform::incomplete::Incomplete,
    terraform::changes::Changes,
    terraform::key_policies::KeyPolicies,
    terraform::carried::CarriedPolicies,
    terraform::apply::Apply,
    terraform::outputs::Outputs,
    terraform::kasten_key::KastenKey,
    suppression::entries::Entries,
}

/// Every rule, in the order of the catalogue.
pub fn all() -> impl Iterator<Item = &'static RuleInfo> {
    CHECKS.iter().flat_map(|check| check.rules().iter().copied())
}

/// The rule of a name.
#[must_use]
pub fn find(id: &str) -> Option<&'static RuleInfo> {
    all().find(|rule| rule.id == id)
}
