//! What the policies of Kasten's role or user say of EBS snapshots and of buckets.
//!
//! A policy is taken for Kasten's where it names Kasten's snapshot tags, or where files give Kasten a role that carries it
//! or may.

use crate::{
    document::{Carrier, Part, PolicyDocument, Project, WHOSE},
    finding::{Finding, Persona, RuleInfo},
    policy::{Policy, PolicyKind, Principal, ResourcePattern, Statement, glob},
    rules::{Check, Findings, RuleContext, declare::declare_rules},
};

use super::access::actions_place;

declare_rules! { Kasten:
    /// ## What it does
    /// Flags a policy of Kasten's that allows snapshots of EBS to be made and lacks other actions of the list that Kasten
    /// gives for them, where no other policy that may be Kasten's has them.
    ///
    /// ## Why it matters
    /// A backup or a restore fails at the first call that is not allowed.
    ///
    /// ## How to fix it
    /// Allow the actions on `*`.
    ///
    /// ## Source
    /// Kasten's page on AWS permissions, "Using Kasten K10 with Amazon EBS".
    pub EBS_PERMISSION_MISSING = {
        id: "ebs-permission-missing", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "an action that Kasten needs for EBS snapshots is missing",
    }

    /// ## What it does
    /// Flags a policy of Kasten's that lets it delete snapshots of one of the two names that Kasten gives its snapshots, and
    /// not of the other: the tag `name` with `kasten__snapshot*`, the tag `Name` with `Kasten: Snapshot*`.
    ///
    /// ## Why it matters
    /// Snapshots of the other name are never deleted: they stay, and are paid for.
    ///
    /// ## How to fix it
    /// Allow `ec2:DeleteSnapshot` with a `StringLike` condition for each of them.
    ///
    /// ## Source
    /// Kasten's page on AWS permissions, "Using Kasten K10 with Amazon EBS".
    pub DELETE_SNAPSHOT_TAG_INCOMPLETE = {
        id: "delete-snapshot-tag-incomplete", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "Kasten cannot delete some of its snapshots",
    }

    /// ## What it does
    /// Flags a policy of Kasten's that allows `ec2:DeleteSnapshot` on every snapshot without a condition.
    ///
    /// ## Why it matters
    /// Whoever has the pod can delete every snapshot of the account and the Region, those of other tools included.
    ///
    /// ## How to fix it
    /// Add a `StringLike` condition on `ec2:ResourceTag/name` with `kasten__snapshot*`, and a second statement with
    /// `ec2:ResourceTag/Name` and `Kasten: Snapshot*`.
    ///
    /// ## Source
    /// Kasten's page on AWS permissions, "Using Kasten K10 with Amazon EBS".
    pub DELETE_SNAPSHOT_UNCONDITIONED = {
        id: "delete-snapshot-unconditioned", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "Kasten may delete every snapshot",
    }

    /// ## What it does
    /// Notes a policy of Kasten's that allows snapshots of EBS and nothing of what volumes encrypted with a customer managed
    /// key need; or `kms:CreateGrant`, and not the rest.
    ///
    /// ## Why it matters
    /// A volume that is encrypted with a key of one's own cannot be restored without it. Who has no such volumes needs none
    /// of it.
    ///
    /// ## How to fix it
    /// Allow `kms:CreateGrant` with `kms:GrantIsForAWSResource`, `kms:Decrypt`, `kms:DescribeKey`,
    /// `kms:GenerateDataKeyWithoutPlaintext` and `kms:ReEncrypt*` on the volumes' keys.
    ///
    /// ## Source
    /// Amazon EBS User Guide, "Requirements for Amazon EBS encryption".
    pub EBS_CMK_PERMISSIONS = {
        id: "ebs-cmk-permissions", code: None,
        severity: Note, confidence: Medium, persona: Pedantic,
        summary: "volumes that a key of one's own encrypts cannot be restored",
    }

    /// ## What it does
    /// Notes a policy of Kasten's that allows some of the three actions that the export of EBS snapshots in block mode needs,
    /// and not all; auditors are told of one that allows none.
    ///
    /// ## Why it matters
    /// Kasten cannot export in block mode.
    ///
    /// ## How to fix it
    /// Allow `ebs:ListSnapshotBlocks`, `ebs:ListChangedBlocks` and `ebs:GetSnapshotBlock` on
    /// `arn:aws:ec2:*::snapshot/*`.
    ///
    /// ## Source
    /// Kasten's page on AWS permissions, the EBS direct APIs.
    pub BLOCK_MODE_EXPORT = {
        id: "block-mode-export", code: None,
        severity: Note, confidence: Medium, persona: Regular,
        summary: "an action that the export in block mode needs is missing",
    }

    /// ## What it does
    /// Flags a policy of Kasten's that lets it write to or delete from every bucket of S3.
    ///
    /// ## Why it matters
    /// Buckets belong in a location profile, with credentials of their own. A role that reaches all of them reaches the
    /// backups too, and whatever else is stored.
    ///
    /// ## How to fix it
    /// Give the location profile credentials for its bucket, and take the statement away; or name the bucket.
    ///
    /// ## Source
    /// Kasten's page on AWS permissions, "Using Kasten K10 with AWS S3".
    pub S3_PERMISSIONS_IN_INSTALL_ROLE = {
        id: "s3-permissions-in-install-role", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "Kasten's role reaches every bucket",
    }
}

/// What Kasten's own policies say of snapshots and buckets.
pub(crate) struct KastenSnapshots;

/// What Kasten asks for, but for `ec2:DeleteSnapshot`, of which other rules speak.
///
/// Source: Kasten's page on AWS permissions, "Using Kasten K10 with Amazon EBS".
pub(crate) const EBS: [&str; 16] = [
    "ec2:CopySnapshot",
    "ec2:CreateSnapshot",
    "ec2:CreateTags",
    "ec2:CreateVolume",
    "ec2:DeleteTags",
    "ec2:DeleteVolume",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeRegions",
    "ec2:DescribeSnapshotAttribute",
    "ec2:DescribeSnapshots",
    "ec2:DescribeTags",
    "ec2:DescribeVolumeAttribute",
    "ec2:DescribeVolumeStatus",
    "ec2:DescribeVolumes",
    "ec2:DescribeVolumesModifications",
    "ec2:ModifySnapshotAttribute",
];

/// So many of them make a policy one for Kasten's snapshots, not one that allows a few things by chance.
const MANY: usize = 8;

/// How Kasten names its snapshots: the tag, the pattern, and a name that it covers. Source: as above.
pub(crate) const NAMES: [(&str, &str, &str); 2] = [
    ("ec2:ResourceTag/name", "kasten__snapshot*", "kasten__snapshot-x"),
    ("ec2:ResourceTag/Name", "Kasten: Snapshot*", "Kasten: Snapshot x"),
];

pub(crate) const DELETE: &str = "ec2:DeleteSnapshot";

/// Source: Kasten's page on AWS permissions, the EBS direct APIs.
pub(crate) const BLOCK_MODE: [&str; 3] = ["ebs:GetSnapshotBlock", "ebs:ListChangedBlocks", "ebs:ListSnapshotBlocks"];

/// Source: Amazon EBS User Guide, "Requirements for Amazon EBS encryption".
const ENCRYPTED: [&str; 5] =
    ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"];

impl Check for KastenSnapshots {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn speaks_of(&self, kind: PolicyKind) -> bool {
        kind == PolicyKind::Identity
    }

    fn policy(&self, policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        let may = |service: &str| policy.statements.iter().any(|statement| statement.may_speak_of(service));
        if !(may("ec2") || may("s3")) {
            return;
        }
        let allowing = || policy.statements.iter().filter(|statement| statement.allows());
        match whose(policy, cx) {
            Whose::Kastens => {}
            Whose::Another => return,
            Whose::Unclear => {
                for rule in allowing().flat_map(|statement| [unconditioned(statement), buckets(statement)]).flatten() {
                    out.not_evaluated(rule.rule, WHOSE);
                }
                return;
            }
        }
        for finding in allowing().flat_map(|statement| [unconditioned(statement), buckets(statement)]).flatten() {
            out.push(finding);
        }
        if cx.is_complete(policy, &DELETE_SNAPSHOT_TAG_INCOMPLETE, out) {
            tags(policy, out);
        }
        if cx.is_complete(policy, &EBS_PERMISSION_MISSING, out) {
            missing(policy, cx, out);
        }
    }
}

/// Whose a policy is.
enum Whose {
    /// That of Kasten's role or user.
    Kastens,
    /// That of somebody else, as far as files tell.
    Another,
    /// Kasten's or another's: several may be meant.
    Unclear,
}

/// Whose a policy is: by the names of its snapshots, or by whom files call Kasten.
fn whose(policy: &Policy, cx: &RuleContext<'_, '_>) -> Whose {
    let rows = policy.statements.iter().flat_map(|statement| &statement.conditions);
    let mut values = rows.filter(|row| row.key.value.is(NAMES[0].0)).flat_map(|row| &row.values.read);
    if values.any(|value| value.value.starts_with("kasten__snapshot") || value.value.starts_with("Kasten: Snapshot")) {
        return Whose::Kastens;
    }
    let project = cx.project;
    let derived = project.derived.iter().map(|derived| &derived.principal);
    let by_name = |principal: &&Principal| {
        principal.arn().is_some_and(|arn| Project::part_by_name(arn.name()) == Part::LooksLikeKasten)
    };
    let mut kastens = derived.chain(project.declared.workloads.iter().filter(by_name)).peekable();
    if kastens.peek().is_none() {
        return Whose::Another;
    }
    let kastens: Vec<&Principal> = kastens.filter(|kasten| may_carry(kasten, cx)).collect();
    match &kastens[..] {
        [] => Whose::Another,
        some if some.iter().any(|kasten| project.is_own(cx.document, kasten)) => Whose::Kastens,
        _ => Whose::Unclear,
    }
}

fn may_carry(kasten: &Principal, cx: &RuleContext<'_, '_>) -> bool {
    let Some(arn) = kasten.arn() else { return false };
    cx.document.may_be_carried_by(arn) && {
        let all = cx.project.policies_for(kasten, PolicyKind::Identity);
        all.iter().any(|policy| policy.policy.span == cx.document.policy.span)
    }
}

/// The policies that may be carried by whoever carries this one.
fn beside<'p, 'a>(cx: &RuleContext<'p, 'a>) -> Vec<&'p PolicyDocument<'a>> {
    let holders = &cx.document.holders;
    let shares =
        |other: &&PolicyDocument<'_>| holders.is_empty() || holders.iter().any(|holder| other.may_be_with(holder));
    cx.project.policies(PolicyKind::Identity).filter(shares).collect()
}

const UNSEEN: &str = "the role or user carries policies whose text is not among these files";

fn missing(policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
    let allowing = || policy.statements.iter().filter(|statement| statement.allows());
    let own = |action: &&str| allowing().any(|statement| statement.covers_action(action));
    let Some(first) = allowing().find(|statement| statement.covers_action("ec2:CreateSnapshot")) else { return };
    if EBS.into_iter().filter(own).count() < MANY {
        return;
    }
    let is_unseen = |carrier: &Carrier| cx.document.may_be_with(carrier);
    if cx.project.documents.iter().any(|document| document.unseen.iter().any(is_unseen)) {
        out.not_evaluated(&EBS_PERMISSION_MISSING, UNSEEN);
        return;
    }
    let all = beside(cx);
    let statements = || all.iter().flat_map(|other| &other.policy.statements).filter(|statement| statement.allows());
    let lacks = |action: &&str| !statements().any(|statement| statement.covers_action(action));
    let place = actions_place(first);
    let lacking: Vec<&str> = EBS.into_iter().filter(lacks).collect();
    if !lacking.is_empty() {
        let message = format!("{} missing for Kasten's snapshots", listed(&lacking));
        let finding = Finding::new(&EBS_PERMISSION_MISSING, place, message);
        out.push(finding.help(format!("allow {} on `*`", lacking.join(", "))));
    }
    let lacking: Vec<&str> = BLOCK_MODE.into_iter().filter(lacks).collect();
    if !lacking.is_empty() {
        let message = format!("{} missing for exports in block mode", listed(&lacking));
        let finding = Finding::new(&BLOCK_MODE_EXPORT, place, message);
        let finding =
            finding.help("allow them on `arn:aws:ec2:*::snapshot/*`, if snapshots are exported in block mode");
        let is_part = lacking.len() < BLOCK_MODE.len();
        out.push(if is_part { finding } else { finding.persona(Persona::Auditor) });
    }
    let can_grant = !lacks(&"kms:CreateGrant");
    let lacking: Vec<&str> = ENCRYPTED.into_iter().filter(lacks).collect();
    if !can_grant {
        let message = "volumes that are encrypted with a key of one's own cannot be restored";
        let finding = Finding::new(&EBS_CMK_PERMISSIONS, place, message).persona(Persona::Auditor);
        out.push(
            finding
                .help("allow kms:CreateGrant with kms:GrantIsForAWSResource, and what goes with it, if there are any"),
        );
    } else if !lacking.is_empty() {
        let message = format!("{} missing for volumes that are encrypted with a key of one's own", listed(&lacking));
        let finding = Finding::new(&EBS_CMK_PERMISSIONS, place, message);
        out.push(finding.help(format!("allow {} on the volumes' keys", lacking.join(", "))));
    }
}

/// `a is`, `a and b are`, `a, b and 3 more are`.
fn listed(actions: &[&str]) -> String {
    match actions {
        [] => String::new(),
        [one] => format!("{one} is"),
        [one, other] => format!("{one} and {other} are"),
        [one, other, more @ ..] => format!("{one}, {other} and {} more are", more.len()),
    }
}

fn unconditioned(statement: &Statement) -> Option<Finding> {
    let everywhere = |resource: &ResourcePattern| {
        resource.is_everything() || resource.covers("arn:aws:ec2:eu-central-1::snapshot/snap-0123456789abcdef0")
    };
    let pattern = statement.pattern_for(DELETE).filter(|_| !statement.is_conditional())?;
    statement.listed_resources().filter(|listed| listed.values().any(everywhere)).map(|_| {
        let finding = Finding::new(&DELETE_SNAPSHOT_UNCONDITIONED, pattern.span, "every snapshot may be deleted");
        let help = "add a `StringLike` condition on ec2:ResourceTag/name: `kasten__snapshot*`, and a second statement for \
                    `Kasten: Snapshot*`";
        finding.help(help)
    })
}

fn buckets(statement: &Statement) -> Option<Finding> {
    let writes = ["s3:PutObject", "s3:DeleteObject"].into_iter().find_map(|action| statement.pattern_for(action));
    let pattern = writes.filter(|_| !statement.is_conditional())?;
    // What allows everything is told of by other rules.
    if pattern.value.is_every_action() {
        return None;
    }
    let everywhere = |resource: &ResourcePattern| resource.covers("arn:aws:s3:::some-bucket/some-object");
    statement.listed_resources().filter(|listed| listed.values().any(everywhere)).map(|_| {
        let message = "Kasten's role may change every bucket";
        let finding = Finding::new(&S3_PERMISSIONS_IN_INSTALL_ROLE, pattern.span, message);
        finding.help("give the location profile credentials for its bucket, or name the bucket")
    })
}

/// Tells of the name that no statement lets Kasten delete, where one lets it delete the other.
fn tags(policy: &Policy, out: &mut Findings<'_>) {
    let deleting = || {
        let allowing = policy.statements.iter().filter(|statement| statement.allows());
        allowing.filter(|statement| statement.covers_action(DELETE))
    };
    // Without a condition every snapshot may be deleted; what could not be read may be the other name.
    if deleting().any(|statement| statement.conditions.is_empty() || !statement.unread_conditions.is_empty()) {
        return;
    }
    let values = || {
        let rows = deleting().flat_map(|statement| &statement.conditions);
        rows.filter(|row| row.key.value.is(NAMES[0].0)).flat_map(|row| &row.values.read)
    };
    let found = NAMES.map(|(_, _, name)| values().find(|value| glob::matches(&value.value, name)));
    let (value, (tag, pattern, _)) = match found {
        [Some(value), None] => (value, NAMES[1]),
        [None, Some(value)] => (value, NAMES[0]),
        _ => return,
    };
    let message = format!("snapshots of the name `{pattern}` cannot be deleted");
    let finding = Finding::new(&DELETE_SNAPSHOT_TAG_INCOMPLETE, value.span, message);
    out.push(finding.help(format!("add a statement for ec2:DeleteSnapshot with `{tag}`: `{pattern}`")));
}
