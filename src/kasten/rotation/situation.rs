//! What a rotation reasons from: who calls, the two keys, their aliases and policies, and the Passkey.

use std::collections::BTreeSet;

use crate::{
    document::{Carrier, PolicyDocument, Project, alias_name, kasten_key_ids},
    kasten::given::KeyArn,
    policy::{Policy, PolicyKind, Principal, Statement},
    semantics::Caller,
    source::Span,
};

/// Where the files do not say who rotates what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Stuck {
    /// What is missing.
    pub message: String,
    /// What would tell.
    pub help: &'static str,
}

fn stuck<T>(message: impl Into<String>, help: &'static str) -> Result<T, Stuck> {
    Err(Stuck { message: message.into(), help })
}

/// The Passkey that files show.
#[derive(Clone, Debug, Default)]
pub struct Passkey {
    /// Its name.
    pub name: Option<String>,
    /// Whether the cluster said that it is in use.
    pub is_in_use: bool,
    /// Whether it names its key by an alias.
    pub by_alias: bool,
}

/// A permissions boundary.
#[derive(Clone, Debug)]
pub enum Boundary {
    /// No file tells of one.
    None,
    /// There is one, and no file holds it.
    Unseen,
    /// This one.
    Told(Box<Policy>),
}

impl Boundary {
    pub(super) fn policy(&self) -> Option<&Policy> {
        match self {
            Self::Told(policy) => Some(policy),
            Self::None | Self::Unseen => None,
        }
    }
}

/// What a rotation reasons from.
#[derive(Debug)]
pub struct Situation {
    /// Who calls KMS.
    pub principal: Principal,
    pub(super) caller: Caller,
    /// The key that wraps Kasten's master key now.
    pub old_key: KeyArn,
    /// The key that is to wrap it; `None` where the plan makes it.
    pub new_key: Option<KeyArn>,
    /// The old key's aliases.
    pub old_aliases: BTreeSet<String>,
    /// The aliases that the new key has already.
    pub new_aliases: BTreeSet<String>,
    /// Whether the aliases stand in a list of KMS's, and are not only what policies name.
    pub aliases_are_listed: bool,
    /// The alias that keeps the old key within reach.
    pub second_alias: String,
    /// The old key's policy.
    pub old_policy: Policy,
    /// The new key's policy: its own, or the old one's.
    pub new_policy: Policy,
    /// Whether a file holds the new key's own policy.
    pub has_new_policy: bool,
    /// The caller's own policies.
    pub identity: Vec<Policy>,
    /// The caller's permissions boundary.
    pub boundary: Boundary,
    /// Whether it carries policies that no file holds.
    pub has_unseen: bool,
    /// How many days restore points for disaster recovery are kept, at the longest, where a file tells.
    pub retention: Option<u64>,
    /// Statements of the old key's policy that name the caller.
    pub over_grants: Vec<Span>,
    /// The Passkey.
    pub passkey: Passkey,
}

/// What stands for the new key's id until it is made.
const NEW_KEY: &str = "00000000-0000-0000-0000-000000000000";

impl Situation {
    pub(super) fn of(project: &Project<'_>, new_key: Option<&KeyArn>) -> Result<Self, Stuck> {
        let principal = principal(project)?;
        let Some(caller) = principal.arn().and_then(|arn| Caller::of(&principal, arn.as_str())) else {
            return stuck("Kasten's identity is no role and no user", WHO);
        };
        let old_key = old_key(project, new_key)?;
        if new_key.is_some_and(|new| *new == old_key) {
            return stuck("--new-key is the key that Kasten uses now", "give the key that takes its place");
        }
        if let Some(new) = new_key.filter(|new| (new.account, &new.region) != (old_key.account, &old_key.region)) {
            let message = format!("{new} is of another account or Region than {old_key}: no alias moves there");
            return stuck(message, "make the new key beside the old one");
        }
        let (old_policy, own_new) = key_policies(project, &principal, &old_key, new_key)?;
        let identity: Vec<Policy> = own_policies(project, &principal).map(|found| found.policy.clone()).collect();
        let listed = aliases_of(project, old_key.id());
        let aliases_are_listed = project.documents.iter().any(|document| !document.aliases.is_empty());
        let old_aliases = if aliases_are_listed { listed } else { named_aliases(project, &identity) };
        let over_grants = statements_naming(&old_policy, &principal);
        let is_named =
            |named: &[Carrier]| principal.arn().is_some_and(|arn| named.iter().any(|carrier| carrier.is(arn)));
        let mut policies = project.documents.iter().flat_map(|document| &document.policies);
        let boundary = policies.find(|policy| is_named(&policy.bounds)).map(|found| found.policy.clone());
        let boundary = match boundary {
            _ if project.documents.iter().any(|document| is_named(&document.unseen_boundaries)) => Boundary::Unseen,
            Some(policy) => Boundary::Told(Box::new(policy)),
            None => Boundary::None,
        };
        let has_unseen = project.documents.iter().any(|document| is_named(&document.unseen));
        let retentions = project.documents.iter().flat_map(|document| &document.facts.retentions);
        let retention = retentions.map(|retention| retention.days).max();
        let has_new_policy = own_new.is_some();
        Ok(Self {
            second_alias: second_alias(project, &old_aliases, old_key.id()),
            new_aliases: new_key.map(|new| aliases_of(project, new.id())).unwrap_or_default(),
            new_policy: own_new.unwrap_or_else(|| old_policy.clone()),
            passkey: passkey(project),
            new_key: new_key.cloned(),
            has_new_policy,
            principal,
            caller,
            old_key,
            old_aliases,
            aliases_are_listed,
            old_policy,
            identity,
            boundary,
            has_unseen,
            retention,
            over_grants,
        })
    }

    /// The new key's ARN, or what stands for it until it is made.
    #[must_use]
    pub fn new_key(&self) -> String {
        self.new_key.as_ref().map_or_else(|| self.old_key.sibling(NEW_KEY), |key| key.as_str().to_owned())
    }

    /// The aliases that go over to the new key.
    pub(super) fn moving(&self) -> Vec<String> {
        self.old_aliases.iter().filter(|name| **name != self.second_alias).cloned().collect()
    }

    /// Whether the new key's policy may go without the statements that name Kasten.
    pub(super) fn can_narrow(&self) -> bool {
        !self.over_grants.is_empty() && self.works_without_naming()
    }

    /// Whether Kasten reaches its key also where the key policy does not name it.
    pub(super) fn works_without_naming(&self) -> bool {
        self.over_grants.is_empty() || super::walk::starts_well(self, super::walk::Reading::WithoutNaming)
    }
}

const WHO: &str = "Helm values with secrets.awsIamRole, or --workload ARN, tell";
const WHICH: &str = "a Passkey that names the key by its ARN tells; `kubectl get passkeys.vault.kio.kasten.io -o yaml`";

fn principal(project: &Project<'_>) -> Result<Principal, Stuck> {
    let mut workloads = project.workloads();
    match (workloads.next(), workloads.next()) {
        (Some(one), None) => Ok(one.clone()),
        (None, _) => stuck("no file says who Kasten is", WHO),
        (Some(_), Some(_)) => stuck("several principals could be Kasten", "give the files of one set-up"),
    }
}

fn old_key(project: &Project<'_>, new_key: Option<&KeyArn>) -> Result<KeyArn, Stuck> {
    let named = project.documents.iter().flat_map(kasten_key_ids).map(|id| id.value);
    let listed = || project.documents.iter().flat_map(|document| &document.aliases);
    let resolved = named.map(|id| match alias_name(&id) {
        None => id,
        Some(name) => {
            let alias = listed().find(|alias| alias.name.value == name && alias.target.is_some());
            let arn = alias.and_then(|alias| alias.arn.as_ref()).map(|arn| arn.value.as_str());
            let target = alias.and_then(|alias| alias.target.as_ref()).map(|target| target.value.as_str());
            match (arn.and_then(|arn| arn.strip_suffix(name)), target) {
                (Some(stem), Some(target)) => format!("{stem}key/{target}"),
                _ => id,
            }
        }
    });
    let described = project.keys().filter_map(|key| key.arn.as_ref()).map(|arn| arn.value.clone());
    let mut keys: Vec<KeyArn> = resolved.filter_map(|id| id.parse().ok()).collect();
    if keys.is_empty() {
        keys = described.filter_map(|id| id.parse().ok()).collect();
    }
    // What is to be new may have its Passkey already.
    if keys.len() > 1 {
        keys.retain(|key| Some(key) != new_key);
    }
    keys.dedup();
    match &keys[..] {
        [one] => Ok(one.clone()),
        [] => stuck("no file says which key Kasten uses", WHICH),
        _ => stuck("the files name several keys, and none is known to be in use", WHICH),
    }
}

/// The old key's policy, and the new one's where a file holds it.
fn key_policies(
    project: &Project<'_>,
    principal: &Principal,
    old_key: &KeyArn,
    new_key: Option<&KeyArn>,
) -> Result<(Policy, Option<Policy>), Stuck> {
    const HELP: &str = "`aws kms get-key-policy --key-id ID --policy-name default` tells";
    let all: Vec<&PolicyDocument<'_>> = project.policies(PolicyKind::Key).collect();
    let is_of = |policy: &&&PolicyDocument<'_>, id: &str| policy.key.as_deref() == Some(id);
    let of_new = new_key.and_then(|new| all.iter().find(|policy| is_of(policy, new.id())));
    let of_old = all.iter().find(|policy| is_of(policy, old_key.id()));
    let near = project.policies_for(principal, PolicyKind::Key);
    let only = || match near[..] {
        [one] => Some(one),
        _ => None,
    };
    let Some(old) = of_old.copied().or_else(only) else {
        return match near[..] {
            [] => stuck("the old key's policy is not among these files", HELP),
            _ => stuck(
                "there are several key policies, and none says of which key it is",
                "give that of the old key alone",
            ),
        };
    };
    Ok((old.policy.clone(), of_new.map(|new| new.policy.clone())))
}

fn own_policies<'p, 'a>(
    project: &'p Project<'a>,
    principal: &'p Principal,
) -> impl Iterator<Item = &'p PolicyDocument<'a>> {
    let all = project.policies_for(principal, PolicyKind::Identity);
    all.into_iter()
        .filter(move |policy| principal.arn().map_or(policy.holders.is_empty(), |arn| policy.may_be_carried_by(arn)))
}

fn aliases_of(project: &Project<'_>, id: &str) -> BTreeSet<String> {
    let listed = project.documents.iter().flat_map(|document| &document.aliases);
    let of = listed.filter(|alias| alias.target.as_ref().is_some_and(|target| target.value.ends_with(id)));
    of.map(|alias| alias.name.value.clone()).collect()
}

/// The aliases that the user declared, or else those that the caller's policies name, since no list is there.
fn named_aliases(project: &Project<'_>, identity: &[Policy]) -> BTreeSet<String> {
    let declared: BTreeSet<String> = project.aliases().into_iter().map(str::to_owned).collect();
    if !declared.is_empty() {
        return declared;
    }
    let rows = identity.iter().flat_map(|policy| &policy.statements).flat_map(|statement| &statement.conditions);
    let of_aliases = rows.filter(|row| row.key.value.is("kms:ResourceAliases"));
    let values = of_aliases.flat_map(|row| row.values.values().take(1).cloned().collect::<Vec<_>>());
    values.map(|value| value.trim_end_matches(['*', '/', '-']).to_owned()).collect()
}

/// A name for the alias that stays with the old key: one that no other key has.
fn second_alias(project: &Project<'_>, aliases: &BTreeSet<String>, id: &str) -> String {
    let stem = aliases.iter().next().map_or("alias/kasten", String::as_str);
    let listed = || project.documents.iter().flat_map(|document| &document.aliases);
    let is_taken = |name: &str| {
        let target = |alias: &crate::key::Alias| alias.target.as_ref().is_some_and(|target| target.value.ends_with(id));
        listed().any(|alias| alias.name.value == name && !target(alias))
    };
    let first = format!("{stem}-previous");
    let further = (2..100).map(|number| format!("{first}-{number}"));
    std::iter::once(first.clone()).chain(further).find(|name| !is_taken(name)).unwrap_or(first)
}

/// The statements of a key policy that let a principal in by name.
fn statements_naming(policy: &Policy, principal: &Principal) -> Vec<Span> {
    let naming = policy.statements.iter().filter(|statement| names(statement, principal));
    naming.map(|statement| statement.span).collect()
}

/// Whether a statement lets a principal in by name.
pub(super) fn names(statement: &Statement, principal: &Principal) -> bool {
    let is_named = |listed: &crate::policy::Listed<Principal>| listed.values().any(|named| named.names(principal));
    statement.allows() && statement.named_principals().is_some_and(is_named)
}

fn passkey(project: &Project<'_>) -> Passkey {
    let passkeys = || project.documents.iter().flat_map(|document| &document.facts.passkeys);
    let in_use = passkeys().find(|passkey| passkey.in_use.as_ref().is_some_and(|flag| flag.value));
    let Some(chosen) = in_use.or_else(|| passkeys().last()) else { return Passkey::default() };
    Passkey {
        name: chosen.name.given().map(|name| name.value.clone()),
        is_in_use: in_use.is_some(),
        by_alias: chosen.key.given().is_some_and(|key| alias_name(&key.value).is_some()),
    }
}
