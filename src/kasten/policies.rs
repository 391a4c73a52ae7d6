//! The key policy, and the policies of the role or the user.

use crate::{
    document::PolicyDocument,
    policy::Statement,
    rules::kasten::standing::{Certainty, Gets, Standing as Workload},
};

use super::{
    credentials,
    set_up::{Told, View, ok, unknown},
};

const NO_KEY_POLICY: &str = "no key policy among these files; `aws kms get-key-policy` would tell";
const SEVERAL: &str = "there are several key policies, and nothing tells which is that of Kasten's key";
const OPEN: &str = "these files do not decide a condition, a principal or a part of it";
const NO_OWN_POLICY: &str = "the key policy leaves it to the account, and no policy of the role or user is here; `aws iam get-role-policy` would tell";

const NO_OWN_OF_FOREIGN: &str = "a key of another account needs a policy of the role or user too, and none is here; `aws iam get-role-policy` would tell";

/// Whether the key policy does its part.
pub(super) fn key_policy(view: &View<'_, '_>) -> Told {
    let policies = view.key_policies();
    if policies.is_empty() {
        return unknown(NO_KEY_POLICY);
    }
    if let ([], [only]) = (&view.workloads[..], &policies[..])
        && let Some(names) = let_in(only).filter(|_| !credentials::is_role_unknown(view))
    {
        return unknown(format!("lets in {names}; whether Kasten is among them no file says, --workload would tell"));
    }
    view.worst(|workload| {
        let Some(gets) = workload.gets else {
            return unknown(if workload.keys.is_empty() { NO_KEY_POLICY } else { SEVERAL });
        };
        match (gets.by_name, gets.by_account) {
            (Certainty::Yes, _) => ok(format!("lets in {}", name(workload))),
            (_, Certainty::Yes) => ok(format!("leaves it to the account's own policies{}", unhelped(gets))),
            _ => unknown(OPEN),
        }
    })
}

/// Whom a key policy lets decrypt, in words; `None` where it lets nobody, or one of them is not known.
fn let_in(policy: &PolicyDocument<'_>) -> Option<String> {
    let allowing = policy.policy.statements.iter().filter(|statement| statement.allows());
    let decrypting = allowing.filter(|statement| statement.covers_action("kms:Decrypt"));
    let mut names = Vec::new();
    for principal in decrypting.filter_map(Statement::named_principals).flat_map(|listed| &listed.read) {
        names.push(match (principal.value.arn(), principal.value.account()) {
            (Some(arn), _) => format!("`{}`", arn.as_str()),
            (None, account) => format!("account {}", account?),
        });
    }
    names.dedup();
    match &names[..] {
        [] => None,
        [one] => Some(one.clone()),
        [one, other] => Some(format!("{one} and {other}")),
        [one, others @ ..] => Some(format!("{one} and {} more", others.len())),
    }
}

fn unhelped(gets: Gets) -> &'static str {
    if gets.foreign { ", which is another than the key's" } else { "" }
}

/// Whether the role or the user may encrypt and decrypt.
pub(super) fn permissions(view: &View<'_, '_>) -> Told {
    view.worst(|workload| {
        let Some(gets) = workload.gets else {
            let reason = if workload.keys.is_empty() {
                "whether it may encrypt and decrypt rests on the key policy, which is not here"
            } else {
                "whether it may encrypt and decrypt rests on the key policy, and which of these it is no file tells"
            };
            return unknown(reason);
        };
        match (gets.in_all, gets.by_own, gets.by_name) {
            // What the key policy keeps from it is told of the key policy.
            (Certainty::Yes | Certainty::No, Certainty::Yes, _) => {
                ok(format!("{} allows kms:Encrypt and kms:Decrypt", file_of(view, workload)))
            }
            (Certainty::Yes, _, Certainty::Yes) => ok("the key policy alone lets it encrypt and decrypt"),
            (Certainty::Yes, ..) => ok("the policies together let it encrypt and decrypt"),
            _ if workload.own.is_empty() && gets.foreign => unknown(NO_OWN_OF_FOREIGN),
            (_, _, Certainty::No) if workload.own.is_empty() => unknown(NO_OWN_POLICY),
            _ => unknown(OPEN),
        }
    })
}

fn name(workload: &Workload<'_, '_>) -> String {
    workload.principal.arn().map_or_else(|| "the workload".to_owned(), |arn| format!("`{}`", arn.as_str()))
}

/// What a person calls the policies.
fn file_of(view: &View<'_, '_>, workload: &Workload<'_, '_>) -> &'static str {
    let is_own = |policy: &&&PolicyDocument<'_>| view.project.is_own(policy, workload.principal);
    match (workload.own.len(), workload.own.iter().any(|policy| is_own(&policy))) {
        (1, _) => "its policy",
        (_, true) => "one of its policies",
        (_, false) => "one of these policies, if it is its own,",
    }
}
