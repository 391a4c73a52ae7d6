//! What a set-up of Kasten gives its workload, for those who tell how the whole stands.

use crate::{
    document::{Derived, PolicyDocument, Project},
    policy::{PolicyKind, Principal},
};

use super::{
    access::{self, Access, NEEDED, Naming},
    admission,
    conditions::Caller,
};
pub(crate) use super::{admission::Admission, conditions::Certainty};

/// What policies give a workload.
pub(crate) struct Standing<'p, 'a> {
    /// The workload.
    pub(crate) principal: &'p Principal,
    /// The key policies that may be those of its key.
    pub(crate) keys: Vec<&'p PolicyDocument<'a>>,
    /// The identity policies that it carries or may carry.
    pub(crate) own: Vec<&'p PolicyDocument<'a>>,
    /// Whether it may encrypt and decrypt: by all policies; by a statement of the key policy that names it; by one that
    /// leaves it to its account; by its own policies. `None` where there is not the one key policy.
    pub(crate) gets: Option<Gets>,
}

/// By what a workload may encrypt and decrypt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gets {
    pub(crate) in_all: Certainty,
    pub(crate) by_name: Certainty,
    pub(crate) by_account: Certainty,
    pub(crate) by_own: Certainty,
    /// Whether the key belongs to another account.
    pub(crate) foreign: bool,
}

/// Every workload that is declared or that files name, and what policies give it.
pub(crate) fn standings<'p, 'a>(project: &'p Project<'a>) -> Vec<Standing<'p, 'a>> {
    Caller::workloads(project)
        .map(|workload| {
            let keys = project.policies_for(workload.principal, PolicyKind::Key);
            let own = access::own_policies(workload).collect();
            let gets = if let [key] = keys[..] { Some(gets(&Access::new(workload, key))) } else { None };
            Standing { principal: workload.principal, keys, own, gets }
        })
        .collect()
}

fn gets(access: &Access<'_, '_>) -> Gets {
    let both = |asked: &dyn Fn(&str) -> Certainty| {
        let all = NEEDED.into_iter().map(asked).fold(Certainty::Yes, Certainty::and);
        if access.is_complete() { all } else { Certainty::Maybe.and(all) }
    };
    let open = NEEDED.iter().any(|action| access.may_be_denied(action));
    let in_all = both(&|action| access.allows(action));
    Gets {
        in_all: if open { Certainty::Maybe.and(in_all) } else { in_all },
        by_name: both(&|action| access.key_grants(action, Naming::Directly)),
        by_account: both(&|action| access.key_grants(action, Naming::ByAccount)),
        by_own: both(&|action| access.own_grants(action)),
        foreign: access.foreign,
    }
}

/// Whether each workload may decrypt with a key of these aliases, by the key's policy and its own; `None` where a part of a
/// policy is not known.
pub(crate) fn decrypts<'p>(
    project: &'p Project<'_>,
    key: &'p PolicyDocument<'_>,
    aliases: &'p [&'p str],
) -> Vec<(&'p str, Option<Certainty>)> {
    let asked = |workload: Caller<'p, '_>| {
        let access = Access::new(Caller { aliases: Some(aliases), ..workload }, key);
        let is_settled = access.is_complete() && !access.may_be_denied("kms:Decrypt");
        (workload.arn.as_str(), is_settled.then(|| access.allows("kms:Decrypt")))
    };
    Caller::workloads(project).map(asked).collect()
}

/// What the trust policy of a role means for Kasten; `None` where there is not the one.
pub(crate) fn admission<'p, 'a>(
    derived: &'p Derived,
    project: &'p Project<'a>,
) -> Option<(&'p PolicyDocument<'a>, Admission)> {
    let (trust, role) = admission::trust_of(derived, project)?;
    Some((trust, admission::admits(derived, role, trust, project)))
}

/// What a workload may do by the policy of one key and not by that of another.
pub(crate) struct Lost<'p> {
    /// The workload's ARN.
    pub(crate) principal: &'p str,
    /// What it needs and does not get.
    pub(crate) actions: Vec<&'static str>,
}

/// What each workload needs and gets by the policy of the old key, and not by that of the new one: by name or by its account.
pub(crate) fn lost<'p, 'a>(
    project: &'p Project<'a>,
    old: &'p PolicyDocument<'a>,
    new: &'p PolicyDocument<'a>,
) -> Vec<Lost<'p>> {
    let lets_in = |access: &Access<'_, '_>, action: &str| {
        access.key_grants(action, Naming::Directly).or(access.key_grants(action, Naming::ByAccount))
    };
    Caller::workloads(project)
        .filter_map(|workload| {
            let [old, new] = [old, new].map(|key| Access::new(workload, key));
            let is_lost =
                |action: &&str| lets_in(&old, action) == Certainty::Yes && lets_in(&new, action) == Certainty::No;
            let is_whole = old.is_complete() && new.is_complete();
            let actions: Vec<&str> = NEEDED.into_iter().filter(|action| is_whole && is_lost(action)).collect();
            (!actions.is_empty()).then_some(Lost { principal: workload.arn.as_str(), actions })
        })
        .collect()
}
