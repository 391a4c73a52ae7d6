//! What of a whole call the order of evaluation turns on.

use super::{
    caller::Caller,
    request::{Context, Found, Request},
};
use crate::policy::Arn;

/// Something about the whole call, on which the evaluation order turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Trait {
    /// Caller and resource are of one account, or the resource's is not told.
    SameAccount,
    /// Caller and resource are of one partition, or one of them tells none.
    SamePartition,
    /// The caller is of an account: no service, nobody's session.
    OfAnAccount,
    /// The caller is an account's root user.
    ByRoot,
    /// The caller is a federated user's session.
    ByFederatedUser,
    /// The caller is an identity provider's user, who calls for a role.
    ByFederated,
    /// The caller is a service-linked role.
    ByServiceLinkedRole,
    /// The caller is of the organisation's management account.
    OfManagementAccount,
    /// The resource is a KMS key.
    OnKey,
    /// The call assumes a role, or belongs to it.
    OnRole,
    /// The action is `sts:AssumeRole`.
    AssumesRole,
    /// The action is one by which an identity provider's user assumes a role.
    Federates,
    /// The action is a KMS operation that works for callers of other accounts.
    WorksAcrossAccounts,
    /// The action is `kms:RetireGrant`.
    RetiresGrant,
    /// The action is `sts:GetCallerIdentity`.
    AsksWhoCalls,
    /// The action is `sts:GetSessionToken`, and the caller a user or a root user, who may always call it.
    AsksForToken,
    /// The service is behind gateway endpoints.
    ThroughGateway,
    /// Resource control policies apply to the service, and the action takes a resource.
    TakesResourceControlPolicies,
    /// A service calls KMS on the caller's behalf.
    ThroughService,
    /// The request names a resource: it is not `*`.
    HasResource,
    /// The resource is an alias that AWS keeps for itself.
    OnReservedAlias,
    /// The request tells that the key is one that AWS manages: it has an alias that AWS keeps for itself.
    OnManagedKey,
    /// The call assumes a service-linked role, or belongs to it.
    OnServiceLinkedRole,
    /// Nobody signed, and KMS is called.
    UnsignedToKms,
}

/// The traits of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Traits(u32);

impl Traits {
    pub(super) fn has(self, what: Trait) -> bool {
        self.0 & (1 << what as u8) != 0
    }

    pub(super) fn set(&mut self, what: Trait, is: bool) {
        self.0 = (self.0 & !(1 << what as u8)) | (u32::from(is) << what as u8);
    }

    pub(super) fn of(request: &Request) -> Self {
        let (caller, action) = (&request.caller, request.lower_action());
        let arn = Arn::parse(request.resource()).ok();
        let is_kms = request.service() == "kms";
        let of_kms =
            |start: &str| is_kms && arn.is_some_and(|arn| arn.service == "kms" && arn.resource.starts_with(start));
        let partition = caller.partition();
        let same_partition =
            arn.is_none_or(|arn| arn.partition.is_empty() || partition.is_none_or(|own| own == arn.partition));
        let same_account =
            caller.account().is_some_and(|own| request.resource_account().is_none_or(|owner| owner == own));
        let through = request.context.find("kms:viaservice") != Found::Absent
            || request.context.find("aws:viaawsservice") == Found::One("true");
        let all = [
            (Trait::SameAccount, same_account),
            (Trait::SamePartition, same_partition),
            (Trait::OfAnAccount, caller.account().is_some()),
            (Trait::ByRoot, matches!(caller, Caller::Root { .. })),
            (Trait::ByFederatedUser, matches!(caller, Caller::FederatedUser(_))),
            (Trait::ByFederated, matches!(caller, Caller::Federated(_))),
            (Trait::ByServiceLinkedRole, caller.is_service_linked_role()),
            (Trait::OnKey, of_kms("key/")),
            (Trait::OnReservedAlias, of_kms("alias/aws/")),
            (Trait::OnRole, is_of_a_role(action) && request.resource() != "*"),
            (Trait::AssumesRole, action == "sts:assumerole"),
            (Trait::Federates, matches!(action, "sts:assumerolewithsaml" | "sts:assumerolewithwebidentity")),
            (Trait::WorksAcrossAccounts, super::kms::works_across_accounts(action)),
            (Trait::RetiresGrant, action == "kms:retiregrant"),
            (Trait::AsksWhoCalls, action == "sts:getcalleridentity"),
            (
                Trait::AsksForToken,
                action == "sts:getsessiontoken" && matches!(caller, Caller::User(_) | Caller::Root { .. }),
            ),
            (Trait::ThroughGateway, matches!(request.service(), "s3" | "dynamodb")),
            (Trait::ThroughService, is_kms && through),
            (Trait::HasResource, request.resource() != "*"),
            (Trait::OnManagedKey, is_kms && has_reserved_alias(&request.context)),
            (Trait::OnServiceLinkedRole, is_of_a_role(action) && request.resource().contains(SERVICE_LINKED)),
            (Trait::UnsignedToKms, is_kms && *caller == Caller::Anonymous),
        ];
        let mut traits = Self::default();
        for (what, is) in all {
            traits.set(what, is);
        }
        traits
    }
}

/// What stands before the names of service-linked roles in their ARNs.
///
/// Source: IAM User Guide, "Create a service-linked role".
pub(super) const SERVICE_LINKED: &str = ":role/aws-service-role/";

/// Whether the key is told to have an alias that AWS keeps for its own keys.
///
/// Source: KMS Developer Guide, "Aliases in AWS KMS".
fn has_reserved_alias(context: &Context) -> bool {
    let is_reserved = |alias: &str| alias.starts_with("alias/aws/");
    match context.find("kms:resourcealiases") {
        Found::One(alias) => is_reserved(alias),
        Found::Many(aliases) => aliases.iter().any(|alias| is_reserved(alias)),
        Found::Absent | Found::Unknown | Found::Ambiguous => false,
    }
}

/// Actions that a role's trust policy decides on.
///
/// Source: IAM User Guide, "Update a role trust policy"; STS API Reference, "`AssumeRole`".
fn is_of_a_role(action: &str) -> bool {
    let name = action.strip_prefix("sts:").unwrap_or_default();
    name.starts_with("assumerole") || matches!(name, "tagsession" | "setsourceidentity" | "setcontext")
}
