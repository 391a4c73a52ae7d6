//! The order in which AWS decides.

use kpl::policy::{Clause, Effect, Policy};

use super::{Caller, Decision, Grant, Held, Layer, Layers, Reach, Request, Truth, Twist};

/// The services whose resources RCPs protect, as far as the tests ask for them.
///
/// Source: AWS Organizations User Guide, "Resource control policies (RCPs)".
const RCP_SERVICES: [&str; 4] = ["s3", "sqs", "kms", "sts"];

/// The KMS operations that work on a key of another account.
///
/// Source: AWS KMS Developer Guide, "Allowing users in other accounts to use a KMS key".
const ACROSS_ACCOUNTS: [&str; 22] = [
    "CreateGrant",
    "Decrypt",
    "Decapsulate",
    "DeriveSharedSecret",
    "DescribeKey",
    "Encapsulate",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateMac",
    "GetKeyRotationStatus",
    "GetPublicKey",
    "ListGrants",
    "ReEncryptFrom",
    "ReEncryptTo",
    "RetireGrant",
    "RevokeGrant",
    "Sign",
    "Verify",
    "VerifyMac",
];

pub(super) struct Judge<'a> {
    pub(super) request: &'a Request,
    pub(super) layers: &'a Layers,
    pub(super) twist: Twist,
}

impl Judge<'_> {
    pub(super) fn decide(&self) -> Decision {
        let is_long_term = matches!(self.request.caller, Caller::User { .. } | Caller::Root { .. });
        let asks_for_token = self.request.is("sts:GetSessionToken") && is_long_term;
        if self.request.is("sts:GetCallerIdentity") || asks_for_token {
            return Decision::Allowed;
        }
        let denied = self.denied();
        if denied == Truth::Yes {
            return Decision::ExplicitlyDenied;
        }
        let allowed = Truth::all([self.scps_allow(), self.endpoint_allows(), self.granted()]);
        match (denied, allowed) {
            (Truth::No, Truth::No) => Decision::ImplicitlyDenied,
            (Truth::No, Truth::Yes) => Decision::Allowed,
            _ => Decision::Undecided,
        }
    }

    fn has(&self, layer: Layer) -> bool {
        self.twist != Twist::Layer(layer)
    }

    fn identity(&self) -> &[Policy] {
        let applies = self.request.caller.has_policies() && self.has(Layer::Identity);
        if applies { &self.layers.identity } else { &[] }
    }

    fn resource(&self) -> Option<&Policy> {
        self.layers.resource.as_ref().filter(|_| self.has(Layer::Resource))
    }

    pub(super) fn boundary(&self) -> Option<&Policy> {
        self.layers.boundary.as_ref().filter(|_| self.request.caller.has_policies() && self.has(Layer::Boundary))
    }

    fn session(&self) -> Option<&[Policy]> {
        let sessions = self.layers.session.as_deref();
        sessions.filter(|_| self.request.caller.has_policies() && self.has(Layer::Session))
    }

    fn endpoint(&self) -> Option<&[Policy]> {
        self.layers.endpoint.as_deref().filter(|_| self.has(Layer::Endpoint))
    }

    /// SCPs bind the users, roles and root users of member accounts, but no service-linked role.
    ///
    /// Source: AWS Organizations User Guide, "Service control policies (SCPs)".
    fn scps(&self) -> Option<&[Vec<Policy>]> {
        let Request { caller, is_management_account, is_service_linked_role, .. } = self.request;
        let bound = caller.account().is_some() && !is_management_account && !is_service_linked_role;
        self.layers.scps.as_deref().filter(|_| bound && self.has(Layer::Scp))
    }

    /// RCPs protect the resources of member accounts, in some services, from everybody but service-linked roles.
    ///
    /// Source: AWS Organizations User Guide, "Resource control policies (RCPs)"; AWS KMS Developer Guide, "Resource
    /// control policies in AWS KMS".
    fn rcps(&self) -> Option<&[Vec<Policy>]> {
        let Request { owner, is_management_account, is_service_linked_role, .. } = self.request;
        let is_free = *is_service_linked_role
            || self.is_beyond_rcps()
            || self.request.is("kms:RetireGrant")
            || (*is_management_account && self.is_same_account());
        let protects = RCP_SERVICES.contains(&self.request.service()) && owner.is_some() && !is_free;
        self.layers.rcps.as_deref().filter(|_| protects && self.has(Layer::Rcp))
    }

    /// AWS's own keys, and the trust of service-linked roles.
    ///
    /// Source: AWS Organizations User Guide, "Resource control policies (RCPs)", resources and entities not restricted.
    fn is_beyond_rcps(&self) -> bool {
        let of_aws = |alias: &String| alias.starts_with("alias/aws/");
        let is_managed = self.request.context.iter().any(|(key, held)| {
            key.eq_ignore_ascii_case("kms:ResourceAliases")
                && match held {
                    Held::One(alias) => of_aws(alias),
                    Held::Many(aliases) => aliases.iter().any(of_aws),
                    Held::Unknown => false,
                }
        });
        let is_assuming = self.request.action.starts_with("sts:AssumeRole");
        is_managed && self.request.service() == "kms"
            || is_assuming && self.request.resource.contains("role/aws-service-role/")
    }

    fn is_same_account(&self) -> bool {
        match &self.request.owner {
            Some(owner) => self.request.caller.account() == Some(owner),
            None => true,
        }
    }

    fn denied(&self) -> Truth {
        let levels = self.scps().into_iter().flatten().flatten();
        let plain = self
            .identity()
            .iter()
            .chain(self.boundary())
            .chain(self.session().into_iter().flatten())
            .map(|policy| self.speaks(policy, Effect::Deny))
            .chain(levels.map(|policy| self.bounds(policy, Effect::Deny)));
        let naming = self
            .resource()
            .into_iter()
            .chain(self.rcps().into_iter().flatten().flatten())
            .map(|policy| self.reaches(policy, Effect::Deny, Reach::Account));
        let passing = self.endpoint().into_iter().flatten().map(|policy| self.passes(policy, Effect::Deny));
        Truth::any(plain.chain(naming).chain(passing))
    }

    /// Every level must allow.
    fn scps_allow(&self) -> Truth {
        let levels = self.scps().into_iter().flatten();
        Truth::all(levels.map(|level| Truth::any(level.iter().map(|policy| self.bounds(policy, Effect::Allow)))))
    }

    fn endpoint_allows(&self) -> Truth {
        let Some(policies) = self.endpoint() else { return Truth::Yes };
        Truth::any(policies.iter().map(|policy| self.passes(policy, Effect::Allow)))
    }

    /// The policy of a gateway endpoint names everybody, or an account, which is its root user alone; S3 has endpoints of
    /// either sort.
    ///
    /// Source: Amazon VPC User Guide, "Control access to VPC endpoints using endpoint policies".
    fn passes(&self, policy: &Policy, effect: Effect) -> Truth {
        let by_account = self.reaches(policy, effect, Reach::Account);
        if self.request.service() != "s3" {
            return by_account;
        }
        let mut plain = policy.clone();
        for statement in &mut plain.statements {
            if let Some(Clause::Only(listed)) = &mut statement.principals {
                listed.read.retain(|principal| principal.value.arn().is_none());
            }
        }
        self.reaches(&plain, effect, Reach::Role).max(by_account.min(Truth::Maybe))
    }

    fn identity_allows(&self) -> Truth {
        if matches!(self.request.caller, Caller::Root { .. }) {
            return Truth::Yes;
        }
        Truth::any(self.identity().iter().map(|policy| self.speaks(policy, Effect::Allow)))
    }

    fn boundary_allows(&self) -> Truth {
        self.boundary().map_or(Truth::Yes, |policy| self.speaks(policy, Effect::Allow))
    }

    fn session_allows(&self) -> Truth {
        match self.session() {
            Some(policies) => Truth::any(policies.iter().map(|policy| self.speaks(policy, Effect::Allow))),
            None => Truth::Yes,
        }
    }

    /// Whether the resource policy allows, to a caller whom it names at least so strongly.
    fn resource_allows(&self, reach: Reach) -> Truth {
        self.resource().map_or(Truth::No, |policy| self.reaches(policy, Effect::Allow, reach))
    }

    /// Whether anything gives the permission, layers that only limit left aside.
    fn granted(&self) -> Truth {
        let caller = self.caller();
        if matches!(caller, Caller::Root { .. }) && self.request.is("sts:AssumeRole") {
            return Truth::No;
        }
        if *caller == Caller::Anonymous && self.request.service() == "kms" {
            // KMS takes no request that nobody signed. Source: AWS KMS API Reference, "Welcome".
            return Truth::No;
        }
        if caller.account().is_none() {
            return self.resource_allows(Reach::Itself);
        }
        let limits = Truth::all([self.boundary_allows(), self.session_allows()]);
        let by_identity = Truth::all([self.identity_allows(), limits, self.federation_has_session()]);
        if self.request.is("kms:RetireGrant") {
            // Identity policies count for the account that made the grant, which is not told.
            return Truth::any([by_identity.min(Truth::Maybe), self.grant(limits)]);
        }
        if !self.is_same_account() {
            let crosses = Truth::of(self.works_across_accounts());
            let policies = Truth::all([by_identity, self.resource_allows(Reach::Account)]);
            return Truth::all([crosses, Truth::any([policies, self.grant(limits)])]);
        }
        let delegated = if self.needs_delegation() { self.resource_allows(Reach::Account) } else { Truth::Yes };
        Truth::any([
            self.resource_allows(Reach::Itself),
            Truth::all([self.resource_allows(Reach::Role), limits]),
            Truth::all([by_identity, delegated]),
            self.grant(limits),
        ])
    }

    /// A federated user's session has no permission without a session policy. Source: STS API Reference,
    /// "`GetFederationToken`".
    fn federation_has_session(&self) -> Truth {
        Truth::of(!matches!(self.request.caller, Caller::FederatedUser { .. }) || self.session().is_some())
    }

    /// Keys and roles take identity policies only where their own policy hands over to the account.
    fn needs_delegation(&self) -> bool {
        let takes = match self.request.service() {
            "kms" => self.request.owner.is_some(),
            "sts" => self.request.action.starts_with("sts:AssumeRole"),
            _ => false,
        };
        takes && self.has(Layer::Delegation)
    }

    fn works_across_accounts(&self) -> bool {
        match self.request.action.split_once(':') {
            Some(("kms", name)) => ACROSS_ACCOUNTS.contains(&name),
            _ => true,
        }
    }

    /// Whether a grant allows. No page says whether a boundary or a session policy limits it.
    ///
    /// Source: AWS KMS Developer Guide, "Grants in AWS KMS".
    fn grant(&self, limits: Truth) -> Truth {
        let applies = self.request.service() == "kms" && self.request.owner.is_some() && self.has(Layer::Grant);
        let grants = self.layers.grants.iter().filter(|_| applies);
        let given = Truth::any(grants.map(|grant| self.grant_matches(grant)));
        let certain = limits == Truth::Yes;
        if certain { given } else { given.min(Truth::Maybe) }
    }

    fn grant_matches(&self, grant: &Grant) -> Truth {
        let name = self.request.action.trim_start_matches("kms:");
        if !grant.operations.iter().any(|operation| operation == name) || !is_grantee(&grant.grantee, self.caller()) {
            return Truth::No;
        }
        if matches!(name, "DescribeKey" | "RetireGrant") {
            return Truth::Yes;
        }
        // The names and the values of the encryption context count by letter case here.
        let pairs: Vec<(&str, &Held)> = self
            .request
            .context
            .iter()
            .filter_map(|(key, held)| Some((key.strip_prefix("kms:EncryptionContext:")?, held)))
            .collect();
        let holds = |(name, value): &(String, String)| {
            let of_name = pairs.iter().filter(|(key, _)| key == name);
            Truth::any(of_name.map(|(_, held)| match held {
                Held::Unknown => Truth::Maybe,
                Held::One(found) => Truth::of(found == value),
                Held::Many(_) => Truth::No,
            }))
        };
        let no_other = |equals: &[(String, String)]| {
            let listed = |key: &str| equals.iter().any(|(name, _)| name == key);
            Truth::all(pairs.iter().filter(|(key, _)| !listed(key)).map(|(_, held)| match held {
                Held::Unknown => Truth::Maybe,
                _ => Truth::No,
            }))
        };
        let equals = if grant.equals.is_empty() { Truth::Yes } else { Truth::all([no_other(&grant.equals)]) };
        let wanted = grant.equals.iter().chain(&grant.subset).map(holds);
        Truth::all(wanted.chain([equals]))
    }

    fn caller(&self) -> &Caller {
        &self.request.caller
    }
}

/// Whether a grant to one principal reaches the caller: a role's reaches its sessions.
fn is_grantee(grantee: &Caller, caller: &Caller) -> bool {
    match (grantee, caller) {
        (Caller::Role { account, name }, Caller::Session { account: own, role, .. }) => account == own && name == role,
        _ => grantee == caller,
    }
}
