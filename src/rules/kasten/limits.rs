//! What takes the workload's access away again, and limits on it that are idle.

use crate::{
    document::{PolicyDocument, Project, WHOSE},
    finding::{Finding, RuleInfo},
    policy::{ActionPattern, Condition, Effect, Policy, PolicyKind, Statement},
    rules::{Check, Findings, declare::declare_rules, operations},
    semantics::Because,
    source::{Span, Spanned},
};

use super::{
    access::{self, Access, INCOMPLETE, NEEDED, Naming, actions_place},
    asked::{self, Asked, Basis},
    conditions::{Caller, Certainty},
};

declare_rules! { Kasten:
    /// ## What it does
    /// Flags a `Deny`, in the key policy or in a policy of the workload that `--workload` declares, that takes `kms:Encrypt`
    /// or `kms:Decrypt` from that workload. A `Deny` under a condition that the files leave open is left out.
    ///
    /// ## Why it matters
    /// A `Deny` outweighs every `Allow`. With Kasten, this is found when a backup is to be written, or restored.
    ///
    /// ## How to fix it
    /// Leave these actions, or the workload, out of the `Deny`; a condition on `aws:PrincipalArn` excepts a role.
    ///
    /// ## Source
    /// IAM User Guide, "Policy evaluation logic"; KMS Developer Guide, "Determining access to AWS KMS keys".
    pub DENY_BLOCKS_WORKLOAD = {
        id: "deny-blocks-workload", code: None,
        family: KeyPolicy,
        severity: Error, confidence: High, persona: Regular,
        summary: "a Deny keeps the workload from its key",
    }

    /// ## What it does
    /// Flags a condition on `kms:ViaService` on which the access of the workload that `--workload` declares rests. Where
    /// another statement lets the workload in without it, this rule keeps silent.
    ///
    /// ## Why it matters
    /// Kasten calls KMS by itself. Its requests do not carry the key, so the condition never holds for them.
    ///
    /// ## How to fix it
    /// Take the condition away from `kms:Encrypt` and `kms:Decrypt`. For volumes that EBS encrypts, a statement of its own
    /// may keep it.
    ///
    /// ## Source
    /// KMS Developer Guide, "AWS KMS condition keys", `kms:ViaService`.
    pub VIA_SERVICE_ON_DIRECT_CALLER = {
        id: "via-service-on-direct-caller", code: None,
        family: Alias,
        severity: Error, confidence: High, persona: Regular,
        supersedes: &["via-service-bad-value"],
        summary: "kms:ViaService for a workload that calls KMS by itself",
    }

    /// ## What it does
    /// Flags a statement that allows the role that files give Kasten more of its key than `kms:Encrypt`, `kms:Decrypt` and
    /// `kms:DescribeKey`. Where the role's policies allow snapshots of EBS too, what volumes that a key encrypts need is left
    /// out, and `kms:GenerateDataKey` where they allow writing to S3. Of several identity policies those count that a file
    /// gives the role, and those with Kasten's or the role's name.
    ///
    /// ## Why it matters
    /// Kasten needs two operations of the key. Whatever else its role may do, whoever takes over its pod may do as well.
    ///
    /// ## How to fix it
    /// List `kms:Encrypt` and `kms:Decrypt`.
    ///
    /// ## Source
    /// Kasten's page on protecting snapshots with AWS KMS; Amazon EBS User Guide, "Requirements for Amazon EBS encryption";
    /// Amazon S3 User Guide, "Using server-side encryption with AWS KMS keys (SSE-KMS)".
    pub KMS_MORE_THAN_MINIMUM = {
        id: "kms-more-than-minimum", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "Kasten's role may do more with the key than Kasten needs",
    }

    /// ## What it does
    /// Flags a condition on `kms:RequestAlias` on which Kasten's access rests, where its Passkey, Secret or Helm value names
    /// the key by the ARN.
    ///
    /// ## Why it matters
    /// A request carries `kms:RequestAlias` only where it names the key by an alias. Kasten's does not, and is denied.
    ///
    /// ## How to fix it
    /// Ask for the key's aliases in the identity policy instead: `ForAnyValue:StringEquals` on `kms:ResourceAliases`. In a key
    /// policy take the condition away.
    ///
    /// ## Source
    /// KMS Developer Guide, "AWS KMS condition keys", `kms:RequestAlias` and `kms:ResourceAliases`.
    pub REQUEST_ALIAS_VS_CALLER_USES_ARN = {
        id: "request-alias-vs-caller-uses-arn", code: None,
        family: Alias,
        severity: Error, confidence: High, persona: Regular,
        summary: "kms:RequestAlias for a workload that names the key by its ARN",
    }

    /// ## What it does
    /// Flags a statement of a key policy that lets the workload in without a condition, where a policy of the workload's own
    /// asks for an alias. Kasten's page has one add the role to the key policy, so this is for the pedantic.
    ///
    /// ## Why it matters
    /// In one account either policy is enough. The alias condition limits nothing: whatever the key's alias, the workload may
    /// use it.
    ///
    /// ## How to fix it
    /// Take the statement away, and let the account in, so that the workload's own policy decides. Or take the alias condition
    /// for what it is.
    ///
    /// ## Source
    /// KMS Developer Guide, "Determining access to AWS KMS keys"; "Use aliases to control access to KMS keys".
    pub ALIAS_CONDITION_BYPASSED_BY_KEY_POLICY = {
        id: "alias-condition-bypassed-by-key-policy", code: None,
        family: Alias,
        severity: Warning, confidence: High, persona: Pedantic,
        summary: "the key policy lets the workload in, whatever its alias condition says",
    }
}

/// What limits the workload, or fails to.
pub(crate) struct KastenLimits;

impl Check for KastenLimits {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn project(&self, project: &Project<'_>, out: &mut Findings<'_>) {
        for workload in Caller::workloads(project) {
            let keys = project.policies_for(workload.principal, PolicyKind::Key);
            let key = if let [key] = keys[..] { Some(key) } else { None };
            denials(workload, key, out);
            let Some(key) = key else { continue };
            let access = Access::new(workload, key);
            if access.is_complete() {
                never_met(&access, out);
                bypassed(&access, out);
                beyond(&access, out);
            } else {
                out.not_evaluated_at(&VIA_SERVICE_ON_DIRECT_CALLER, key.policy.span, INCOMPLETE);
            }
        }
    }
}

/// Tells of each statement that takes what the workload needs from it for certain, as the simulator has it.
fn denials(workload: Caller<'_, '_>, key: Option<&PolicyDocument<'_>>, out: &mut Findings<'_>) {
    let own: Vec<&PolicyDocument<'_>> = access::own_policies(workload).collect();
    let (certain, others): (Vec<&PolicyDocument<'_>>, Vec<&PolicyDocument<'_>>) =
        own.into_iter().partition(|policy| workload.project.is_own(policy, workload.principal));
    let takes = |policy: &&PolicyDocument<'_>| {
        let mut denying = policy.policy.statements.iter().filter(|statement| statement.denies());
        denying.any(|statement| NEEDED.iter().any(|action| statement.covers_action(action)))
    };
    for other in others.into_iter().filter(takes) {
        out.not_evaluated_at(&DENY_BLOCKS_WORKLOAD, other.policy.span, WHOSE);
    }
    let own: Vec<&Policy> = certain.into_iter().map(|document| &document.policy).collect();
    let key = key.map(|document| &document.policy);
    let all = || own.iter().copied().chain(key).flat_map(|policy| &policy.statements);
    if !all().any(Statement::denies) {
        return;
    }
    let asked = Asked::new(workload, &Basis { key, own: own.clone(), ..Basis::default() });
    let denying = NEEDED.map(|action| {
        let both = [Because::Identity, Because::Resource];
        let statements = both.into_iter().flat_map(|because| asked.statements(action, Effect::Deny, because));
        let certain = statements.filter(|(_, certainty)| *certainty == Certainty::Yes);
        (action, certain.map(|(span, _)| span).collect::<Vec<Span>>())
    });
    for statement in all() {
        let by_this = denying.iter().filter(|(_, spans)| spans.contains(&statement.span));
        let denied: Vec<&str> = by_this.map(|(action, _)| *action).collect();
        if !denied.is_empty() {
            out.push(denial(statement, &denied, workload));
        }
    }
}

fn denial(statement: &Statement, denied: &[&str], workload: Caller<'_, '_>) -> Finding {
    let message = format!("`{}` is denied {}", workload.arn.as_str(), denied.join(" and "));
    let finding =
        Finding::new(&DENY_BLOCKS_WORKLOAD, place_of(denied, statement), message).label("outweighs every Allow");
    finding.help("leave them, or the workload, out of the Deny: Kasten needs both to encrypt and to decrypt")
}

/// The one entry that covers all these actions, or the whole list.
fn place_of(actions: &[&str], statement: &Statement) -> Span {
    let listed = statement.listed_actions();
    let covers_all = |pattern: &&Spanned<ActionPattern>| actions.iter().all(|action| pattern.value.covers(action));
    let one = listed.and_then(|listed| listed.read.iter().find(covers_all));
    one.map_or_else(|| actions_place(statement), |pattern| pattern.span)
}

/// Tells of each condition on how KMS is called without which the workload would have what it needs.
fn never_met(access: &Access<'_, '_>, out: &mut Findings<'_>) {
    let anyhow = access.anyhow();
    let kept = |action: &&str| access.allows(action) == Certainty::No && anyhow.allows(action) != Certainty::No;
    let kept: Vec<&str> = NEEDED.into_iter().filter(kept).collect();
    let workload = access.workload;
    let names =
        |statement: &&Statement| matches!(access::naming(statement, workload), Naming::Directly | Naming::ByAccount);
    let by_key = access.key.foreseen().statements.iter().filter(names);
    for statement in by_key.chain(access.own_statements()).filter(|statement| statement.allows()) {
        if !kept.iter().any(|action| statement.covers_action(action)) {
            continue;
        }
        let rows = statement.conditions.iter().filter(|row| asked::row(row, statement, workload) == Certainty::No);
        for row in rows {
            if row.key.value.is("kms:ViaService") {
                out.push(via_service(row, &kept, workload));
            } else if row.key.value.is("kms:RequestAlias") {
                out.push(request_alias(row, statement, workload));
            }
        }
    }
}

fn via_service(row: &Condition, kept: &[&str], workload: Caller<'_, '_>) -> Finding {
    let message = format!("`{}` calls KMS by itself, by way of no service", workload.arn.as_str());
    let finding = Finding::new(&VIA_SERVICE_ON_DIRECT_CALLER, row.element.value, message);
    finding.label("never holds for the workload").help(format!("take the condition away from {}", kept.join(" and ")))
}

fn request_alias(row: &Condition, statement: &Statement, workload: Caller<'_, '_>) -> Finding {
    let message = format!("`{}` names the key by its ARN, not by an alias", workload.arn.as_str());
    let finding = Finding::new(&REQUEST_ALIAS_VS_CALLER_USES_ARN, row.element.value, message);
    let finding =
        finding.label("no request of the workload carries an alias").help(if statement.principals.is_some() {
            "take the condition away, or leave the decision to the role's own policy"
        } else {
            "ask with `ForAnyValue:StringEquals` for `kms:ResourceAliases`, which looks at the key's aliases"
        });
    match workload.names_the_key_by_arn() {
        Some(place) => finding.related(place, "the key is named here"),
        None => finding,
    }
}

/// Tells of each statement of the key policy that makes the workload's own alias condition idle.
fn bypassed(access: &Access<'_, '_>, out: &mut Findings<'_>) {
    let workload = access.workload;
    // Across accounts both policies must agree, so that the condition does limit.
    if access.foreign {
        return;
    }
    let direct = |statement: &&Statement| {
        let by_name = statement.named_principals().is_some_and(|listed| {
            listed.values().any(|principal| principal.arn().is_some() && principal.names(workload.principal))
        });
        statement.allows() && !statement.is_conditional() && by_name
    };
    for statement in access.key.foreseen().statements.iter().filter(direct) {
        let idle = access.certain_statements().filter(|own| own.allows()).find_map(|own| {
            let condition = own.conditions.iter().find(|condition| asks_for_an_alias(condition))?;
            let shared = NEEDED.into_iter().find(|action| own.covers_action(action) && statement.covers_action(action));
            Some((condition, shared?))
        });
        let Some((condition, action)) = idle else { continue };
        let message = format!("`{}` may call {action} here, whatever the key's alias", workload.arn.as_str());
        let place = place_of(&[action], statement);
        let finding = Finding::new(&ALIAS_CONDITION_BYPASSED_BY_KEY_POLICY, place, message)
            .related(condition.element.value, "this condition limits nothing");
        let by_account = access.key_grants(action, Naming::ByAccount) == Certainty::Yes;
        out.push(finding.help(if by_account {
            "take the statement away: the account is let in, so the workload's own policy decides"
        } else {
            "let the account in, and take the statement away, so that the workload's own policy decides"
        }));
    }
}

/// What volumes of EBS need that a key encrypts. Source: Amazon EBS User Guide, "Requirements for Amazon EBS encryption".
const OF_VOLUMES: [&str; 4] =
    ["kms:CreateGrant", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"];

/// What writing to a bucket needs that a key encrypts. Source: Amazon S3 User Guide, "Using server-side encryption with AWS
/// KMS keys (SSE-KMS)".
const OF_OBJECTS: &str = "kms:GenerateDataKey";

/// Tells of each statement that gives Kasten's role more than it needs.
fn beyond(access: &Access<'_, '_>, out: &mut Findings<'_>) {
    let workload = access.workload;
    // Others than Kasten need other operations.
    if workload.project.derivation(workload.principal).is_none() {
        return;
    }
    let does = |action: &str| access.own_statements().any(|own| own.allows() && own.covers_action(action));
    let (makes_snapshots, writes_objects) = (does("ec2:CreateSnapshot"), does("s3:PutObject"));
    let is_needed = |action: &str| {
        NEEDED.contains(&action)
            || action == "kms:DescribeKey"
            || (makes_snapshots && OF_VOLUMES.contains(&action))
            || (writes_objects && action == OF_OBJECTS)
    };
    let by_key = access.key.policy.statements.iter();
    let by_key = by_key.filter(|statement| access::naming(statement, workload) == Naming::Directly);
    let of_the_key = |own: &&Statement| {
        let covers = |resource| access::covers_key(resource, workload) != Certainty::No;
        own.listed_resources().is_some_and(|listed| listed.values().any(covers))
    };
    for statement in by_key.chain(access.certain_statements().filter(of_the_key)).filter(|statement| statement.allows())
    {
        if let Some((place, message)) = excess(statement, workload, is_needed) {
            let finding = Finding::new(&KMS_MORE_THAN_MINIMUM, place, message);
            out.push(workload.where_named(finding.help("list kms:Encrypt and kms:Decrypt alone")));
        }
    }
    for policy in access.uncertain() {
        let mut allowing = policy.policy.statements.iter().filter(|statement| statement.allows());
        if allowing.any(|statement| of_the_key(&statement) && excess(statement, workload, is_needed).is_some()) {
            out.not_evaluated_at(&KMS_MORE_THAN_MINIMUM, policy.policy.span, WHOSE);
        }
    }
}

/// The first entry of a statement that allows more of the key than is needed, and what is said of it.
fn excess(statement: &Statement, workload: Caller<'_, '_>, is_needed: impl Fn(&str) -> bool) -> Option<(Span, String)> {
    // Of `*` other rules tell.
    let patterns = statement.listed_actions()?.read.iter().filter(|pattern| pattern.value.is_of("kms"));
    let mut excess = patterns
        .flat_map(|pattern| {
            operations::on_keys().filter(|action| pattern.value.covers(action)).map(move |action| (pattern, action))
        })
        .filter(|(_, action)| !is_needed(action));
    let (pattern, action) = excess.next()?;
    let more = match excess.count() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let who = workload.arn.as_str();
    Some((pattern.span, format!("`{who}` may call {action}{more}, which Kasten does not need")))
}

fn asks_for_an_alias(condition: &Condition) -> bool {
    let (key, operator) = (&condition.key.value, condition.operator.value);
    let on_alias = key.is("kms:ResourceAliases") || key.is("kms:RequestAlias");
    on_alias && operator.demands_text()
}
