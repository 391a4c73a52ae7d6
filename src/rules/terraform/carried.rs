//! Policies that roles, users and groups carry by Terraform.

use crate::{
    document::{Because, Carried, Document, Holder, Project, Stranded},
    finding::{Finding, RuleInfo, Severity},
    rules::{Check, Findings, declare::declare_rules},
};

declare_rules! { Terraform:
    /// ## What it does
    /// Says of an `aws_iam_role` in a plan that it sets policies in `inline_policy` blocks.
    ///
    /// ## Why it matters
    /// The provider has deprecated the argument. It removes every other inline policy of the role, also those that an
    /// `aws_iam_role_policy` sets.
    ///
    /// ## How to fix it
    /// Use `aws_iam_role_policy`, with `aws_iam_role_policies_exclusive` where no others are to be there.
    ///
    /// ## Source
    /// Terraform AWS provider, `aws_iam_role`, `inline_policy`.
    pub INLINE_POLICY_DEPRECATED = {
        id: "inline-policy-deprecated", code: None,
        severity: Note, confidence: High, persona: Pedantic,
        summary: "a role sets policies by a deprecated argument",
    }

    /// ## What it does
    /// Flags the inline policies of one role, user or group in a plan or a state that together have more characters than IAM
    /// takes: 10,240, 2,048 and 5,120. Blanks do not count.
    ///
    /// ## Why it matters
    /// IAM refuses the policy that passes the limit, and the apply fails.
    ///
    /// ## How to fix it
    /// Make managed policies of them, each of which may have 6,144 characters.
    ///
    /// ## Source
    /// IAM User Guide, "IAM and AWS STS quotas".
    pub INLINE_SUM_EXCEEDS = {
        id: "inline-sum-exceeds", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "the inline policies of one principal are too large together",
    }

    /// ## What it does
    /// Counts the managed policies that a plan or a state attaches to one role, user or group. More than ten are told of: an
    /// error where no quota allows as many (25 for a role, 20 for a user, 10 for a group), a warning for more than 20 on a
    /// role, else a note.
    ///
    /// ## Why it matters
    /// Above the account's quota the attachment fails; the quota is ten until a higher one is asked for, in newer accounts 20
    /// for roles.
    ///
    /// ## How to fix it
    /// Put several policies into one, or have the quota raised.
    ///
    /// ## Source
    /// IAM User Guide, "IAM and AWS STS quotas".
    pub TOO_MANY_MANAGED = {
        id: "too-many-managed", code: None,
        severity: Note, confidence: High, persona: Regular,
        summary: "more managed policies are attached than the quota may allow",
    }

    /// ## What it does
    /// Flags the attachment of a managed policy that the same plan destroys, or that is of another account than the one in
    /// which the plan works.
    ///
    /// ## Why it matters
    /// A policy that is still attached cannot be deleted, and none can be attached across accounts: the apply fails.
    ///
    /// ## How to fix it
    /// Take the attachment away too, or keep the policy. Create a policy of another account in this one.
    ///
    /// ## Source
    /// IAM API Reference, "`DeletePolicy`" and "`AttachRolePolicy`"; IAM User Guide, "Managed policies and inline policies".
    pub ATTACHMENT_TO_MISSING_POLICY = {
        id: "attachment-to-missing-policy", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "a policy is attached that cannot be",
    }
}

/// What is carried.
pub(crate) struct CarriedPolicies;

impl Check for CarriedPolicies {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn project(&self, project: &Project<'_>, out: &mut Findings<'_>) {
        project.documents.iter().for_each(|document| of_document(document, out));
    }
}

fn of_document(document: &Document<'_>, out: &mut Findings<'_>) {
    for role in &document.besides.inline_blocks {
        let message = format!("{} sets policies by `inline_policy`, which is deprecated", role.value);
        let finding = Finding::new(&INLINE_POLICY_DEPRECATED, role.span, message);
        out.push(finding.help("use aws_iam_role_policy, and aws_iam_role_policies_exclusive to allow no others"));
    }
    for carried in &document.besides.inline {
        if let Some(finding) = inline(carried) {
            out.push(finding);
        }
    }
    for carried in &document.besides.attached {
        if let Some(finding) = attached(carried) {
            out.push(finding);
        }
    }
    document.besides.stranded.iter().for_each(|attachment| out.push(stranded(attachment)));
}

/// How many characters the inline policies of a principal may have together.
const fn most_characters(holder: Holder) -> usize {
    match holder {
        Holder::Role => 10_240,
        Holder::User => 2_048,
        Holder::Group => 5_120,
    }
}

fn inline(carried: &Carried) -> Option<Finding> {
    let most = most_characters(carried.holder.kind);
    let total: usize = carried.parts.iter().map(|(size, _)| size).sum();
    let (_, largest) = carried.parts.first().filter(|_| total > most)?;
    let (word, name) = (carried.holder.kind.word(), &carried.holder.name);
    let message = format!("the inline policies of the {word} {name} have {total} characters, more than {most}");
    Some(
        Finding::new(&INLINE_SUM_EXCEEDS, *largest, message)
            .label("the largest of them")
            .help("make managed policies of them"),
    )
}

/// From more than so many attached policies on there is something to say, and how bad it is.
const fn steps(holder: Holder) -> &'static [(usize, Severity)] {
    match holder {
        Holder::Role => &[(25, Severity::Error), (20, Severity::Warning), (10, Severity::Note)],
        Holder::User => &[(20, Severity::Error), (10, Severity::Note)],
        Holder::Group => &[(10, Severity::Error)],
    }
}

fn attached(carried: &Carried) -> Option<Finding> {
    let count = carried.parts.len();
    let (most, severity) = steps(carried.holder.kind).iter().find(|(most, _)| count > *most)?;
    let (_, place) = carried.parts.get(*most)?;
    let (word, name) = (carried.holder.kind.word(), &carried.holder.name);
    let message = format!("{count} managed policies are attached to the {word} {name}");
    let help = match severity {
        Severity::Error => format!("put several into one: no quota allows more than {most}"),
        _ => format!("put several into one, unless the account's quota is above {most}"),
    };
    Some(Finding::new(&TOO_MANY_MANAGED, *place, message).severity(*severity).help(help))
}

fn stranded(attachment: &Stranded) -> Finding {
    let (message, help) = match &attachment.because {
        Because::Destroyed(address) => (
            format!("this plan destroys {address}, which stays attached here"),
            "take the attachment away too, or keep the policy".to_owned(),
        ),
        Because::Foreign { policy, holder } => (
            format!("this policy is of account {policy}, and is attached in account {holder}"),
            format!("create the policy in account {holder}"),
        ),
    };
    Finding::new(&ATTACHMENT_TO_MISSING_POLICY, attachment.place, message).help(help)
}
