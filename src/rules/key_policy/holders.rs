//! Who a key policy lets use, manage or destroy its key.

use crate::{
    document::{Part, Project},
    finding::{Applicability, Confidence, Finding, RuleInfo, Severity},
    policy::{ActionPattern, Listed, Policy, PolicyKind, Principal, PrincipalKind, Statement, names_account_root},
    rules::{Check, Findings, RuleContext, declare::declare_rules},
    source::{Edit, Spanned},
};

declare_rules! { KeyPolicy:
    /// ## What it does
    /// Flags a key policy that allows `kms:*` to a user or a role. It is an error for a workload that was declared, a
    /// warning for a principal of which nothing is known, and silent for one that `--admin` names.
    ///
    /// ## Why it matters
    /// Who may use a key for backups should not be able to destroy it. With `kms:*`, whoever owns the workload can rewrite
    /// the key policy and schedule the key for deletion, and every backup is lost with the key.
    ///
    /// ## How to fix it
    /// List what is needed: `kms:Encrypt` and `kms:Decrypt` for Kasten. Name key administrators with `--admin`.
    ///
    /// ## Source
    /// KMS Developer Guide, "Best practices for IAM policies"; "Default key policy", key administrators and key users.
    pub WORKLOAD_HAS_KMS_STAR = {
        id: "workload-has-kms-star", code: None,
        severity: Error, confidence: High, persona: Regular,
        supersedes: &["workload-can-destroy-key", "alias-condition-bypassed-by-key-policy", "kms-more-than-minimum"],
        summary: "a workload may do everything with the key",
    }

    /// ## What it does
    /// Flags a key policy that lets a workload schedule the key for deletion, disable it, rewrite its policy, delete its
    /// material or stop its rotation.
    ///
    /// ## Why it matters
    /// Whoever owns the workload can make every backup unreadable, or gain the right to.
    ///
    /// ## How to fix it
    /// Leave these actions to key administrators.
    ///
    /// ## Source
    /// KMS Developer Guide, "Default key policy", key administrators and key users; "Deleting AWS KMS keys".
    pub WORKLOAD_CAN_DESTROY_KEY = {
        id: "workload-can-destroy-key", code: None,
        severity: Error, confidence: High, persona: Regular,
        supersedes: &["kms-more-than-minimum"],
        summary: "a workload may destroy the key",
    }
}

/// The principals of a key policy and what they hold.
pub(crate) struct Holders;

impl Check for Holders {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn speaks_of(&self, kind: PolicyKind) -> bool {
        kind == PolicyKind::Key
    }

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if !statement.allows() {
            return;
        }
        if let Some(holder) = holder(statement, cx.project) {
            powers(statement, &holder, out);
        }
    }

    fn policy(&self, policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        // A plan may tell whose ARN will stand there.
        let Some(foreseen) = &cx.document.foreseen else { return };
        for (statement, coming) in policy.statements.iter().zip(&foreseen.statements) {
            let is_told = || holder(statement, cx.project).is_some();
            if let Some(holder) =
                holder(coming, cx.project).filter(|holder| holder.part == Part::Workload && !is_told())
            {
                powers(coming, &holder, out);
            }
        }
    }
}

fn powers(statement: &Statement, holder: &Holder, out: &mut Findings<'_>) {
    let Some(actions) = statement.listed_actions().filter(|_| statement.allows()) else { return };
    for action in &actions.read {
        everything(action, actions, holder, out);
        destruction(action, holder, out);
    }
}

/// The principal of a statement that weighs most: a declared workload, else one that is no administrator.
struct Holder {
    name: String,
    part: Part,
    /// Whether the statement names only declared workloads, so that it may be narrowed to what they need.
    alone: bool,
}

fn holder(statement: &Statement, project: &Project<'_>) -> Option<Holder> {
    let listed = statement.named_principals()?;
    let mut parts: Vec<(String, Part)> = named(listed, project);
    for (text, kind) in listed.malformed.iter().zip(&statement.malformed_principal_kinds) {
        if matches!(kind, Some(PrincipalKind::Aws) | None) && !names_account_root(&text.value) {
            parts.push((text.value.clone(), Project::part_by_name(&text.value)));
        }
    }
    let alone = parts.iter().all(|(_, part)| *part == Part::Workload) && parts.len() == listed.len();
    let rank = |part: Part| match part {
        Part::Workload => 0,
        Part::LooksLikeKasten => 1,
        Part::Unknown => 2,
        Part::Admin => 3,
    };
    let (name, part) =
        parts.into_iter().filter(|(_, part)| *part != Part::Admin).min_by_key(|(_, part)| rank(*part))?;
    Some(Holder { name, part, alone })
}

fn named(listed: &Listed<Principal>, project: &Project<'_>) -> Vec<(String, Part)> {
    // What manages a key has no effect across accounts (KMS Developer Guide, "Allowing users in other accounts to use a KMS
    // key").
    let owner = project.owner();
    let own = |principal: &&Principal| owner.is_none() || principal.account() == owner;
    let arns = listed.values().filter(own).filter_map(|principal| principal.arn().map(|arn| (arn, principal)));
    arns.map(|(arn, principal)| (arn.as_str().to_owned(), project.part(principal))).collect()
}

fn everything(
    action: &Spanned<ActionPattern>,
    actions: &Listed<ActionPattern>,
    holder: &Holder,
    out: &mut Findings<'_>,
) {
    let whole = action.value.is_whole_of("kms");
    let is_workload = holder.part == Part::Workload;
    // The console's own administrators hold kms:Put*; only a workload that does is remarkable.
    let rewrites = is_workload && action.value.name().contains('*') && action.value.covers("kms:PutKeyPolicy");
    if !(whole || rewrites) {
        return;
    }
    let deed = if whole { "do everything with this key" } else { "rewrite this key policy" };
    let message = format!("`{}` may {deed}", holder.name);
    let mut finding = Finding::new(&WORKLOAD_HAS_KMS_STAR, action.span, message);
    finding = match holder.part {
        Part::Workload => finding.help("list what it needs: kms:Decrypt and kms:Encrypt for Kasten"),
        Part::LooksLikeKasten => finding
            .severity(Severity::Warning)
            .help("by its name it is Kasten's: list kms:Decrypt and kms:Encrypt, or name it with --admin"),
        _ => finding.severity(Severity::Warning).help("name it with --admin, or list the actions it needs"),
    };
    if holder.alone && actions.len() == 1 {
        let edits = vec![Edit::replace(actions.element.value, "[\"kms:Decrypt\", \"kms:Encrypt\"]")];
        finding = finding.fix("allow kms:Decrypt and kms:Encrypt alone", Applicability::Unsafe, edits);
    }
    out.push(finding);
}

/// What makes every ciphertext of a key unreadable, lets who does it gain the right to, or weakens the key.
const DESTRUCTIVE: [&str; 5] = [
    "kms:ScheduleKeyDeletion",
    "kms:DisableKey",
    "kms:PutKeyPolicy",
    "kms:DeleteImportedKeyMaterial",
    "kms:DisableKeyRotation",
];

fn destruction(action: &Spanned<ActionPattern>, holder: &Holder, out: &mut Findings<'_>) {
    let Some(deed) = DESTRUCTIVE.into_iter().find(|deed| action.value.covers(deed)) else { return };
    let whole = action.value.is_whole_of("kms");
    // An administrator lists such actions by right: of an unknown principal only kms:* says anything.
    if holder.part == Part::Unknown && !whole {
        return;
    }
    let message = format!("`{}` may call {deed}", holder.name);
    let finding = Finding::new(&WORKLOAD_CAN_DESTROY_KEY, action.span, message)
        .help("leave it to a key administrator, named with --admin");
    out.push(match holder.part {
        Part::Workload => finding,
        _ => finding.severity(Severity::Warning).confidence(Confidence::Medium),
    });
}
