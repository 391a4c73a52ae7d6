//! What will fail, or never match, once a plan is applied.

use std::collections::HashMap;

use crate::{
    document::{AliasPrefix, Awaited, Document, Project},
    finding::{Finding, RuleInfo},
    policy::{Condition, Policy, PolicyKind, Statement},
    rules::{Check, Findings, RuleContext, declare::declare_rules, operations},
    source::{Span, Spanned},
};

declare_rules! { Terraform:
    /// ## What it does
    /// Flags an `aws_iam_policy_document` that is read during apply and in which the ARN of an alias, as
    /// `aws_kms_alias.NAME.arn`, stands for a key: in `resources` of a statement on KMS's cryptographic operations alone, or
    /// as a value of `kms:ResourceAliases` or `kms:RequestAlias`. Where the ARN is known, `alias-arn-in-resource` and
    /// `alias-arn-in-condition` tell.
    ///
    /// ## Why it matters
    /// The ARN of an alias is that of the alias, not of its key: the statement covers no key. The condition keys hold names of
    /// aliases, not ARNs.
    ///
    /// ## How to fix it
    /// In `resources`, refer to the key: `aws_kms_alias.NAME.target_key_arn`. In a condition, refer to the name:
    /// `aws_kms_alias.NAME.name`.
    ///
    /// ## Source
    /// KMS Developer Guide, "Specifying KMS keys in IAM policy statements" and "Use aliases to control access to KMS keys";
    /// Terraform AWS provider, `aws_kms_alias`.
    pub ALIAS_ARN_USED = {
        id: "alias-arn-used", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "the ARN of an alias will stand for a key",
    }

    /// ## What it does
    /// Flags an alias condition of an `Allow` that compares with what an `aws_kms_alias` has as `name_prefix`, without a
    /// wildcard behind it, while no listed alias has that name.
    ///
    /// ## Why it matters
    /// Terraform puts an end of its own behind the prefix, another one whenever the alias is made anew. The condition never
    /// matches.
    ///
    /// ## How to fix it
    /// Refer to `aws_kms_alias.NAME.name`, or give the alias a `name`; or compare by `StringLike` with a wildcard behind the
    /// prefix.
    ///
    /// ## Source
    /// Terraform AWS provider, `aws_kms_alias`, `name_prefix`; IAM User Guide, "IAM JSON policy elements: Condition operators".
    pub ALIAS_NAME_PREFIX_WITH_CONDITION = {
        id: "alias-name-prefix-with-condition", code: None,
        severity: Warning, confidence: High, persona: Regular,
        supersedes: &["alias-not-found"],
        summary: "an alias condition names what is only the beginning of an alias",
    }

    /// ## What it does
    /// Flags an `aws_iam_policy_document` that is read during apply and whose `source_policy_documents` hold two statements of
    /// one `Sid`. One that is read while planning fails then and there.
    ///
    /// ## Why it matters
    /// The provider refuses to merge them: the apply fails half-way.
    ///
    /// ## How to fix it
    /// Name the statements differently, or take the names away. Where one statement is to take the place of the other, use
    /// `override_policy_documents`.
    ///
    /// ## Source
    /// Terraform AWS provider, `aws_iam_policy_document`, `source_policy_documents`.
    pub POLICY_DOCUMENT_SID_COLLISION = {
        id: "policy-document-sid-collision", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "two statements that are to be merged have one Sid",
    }

}

/// What only the apply would show.
pub(crate) struct Apply;

impl Check for Apply {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn policy(&self, policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        for awaited in &cx.document.awaits {
            let [name] = &awaited.on[..] else { continue };
            if is_alias_arn(name) && cx.kind() != PolicyKind::Key {
                alias_arn(awaited, name, policy, out);
            }
        }
    }

    fn project(&self, project: &Project<'_>, out: &mut Findings<'_>) {
        prefixes(project, out);
        for document in &project.documents {
            told(document, out);
        }
    }
}

/// Whether a reference is to the ARN of an alias.
fn is_alias_arn(name: &str) -> bool {
    let is_alias = name.starts_with("aws_kms_alias.") || name.contains(".aws_kms_alias.");
    is_alias && name.strip_suffix(".arn").is_some() && !name.contains("data.aws_kms_alias.")
}

fn alias_arn(awaited: &Awaited, name: &str, policy: &Policy, out: &mut Findings<'_>) {
    let Some(statement) = policy.statements.iter().find(|statement| statement.span.contains(awaited.place)) else {
        return;
    };
    let is_here = |unknown: &[Span]| unknown.contains(&awaited.place);
    let bare = name.strip_suffix(".arn").unwrap_or(name);
    let stands_for_key = statement.listed_resources().is_some_and(|listed| is_here(&listed.unknown));
    if stands_for_key && is_on_keys_alone(statement) {
        let message = format!("{name} is the ARN of the alias, which is no key's");
        let help = format!("refer to the key: {bare}.target_key_arn");
        out.push(Finding::new(&ALIAS_ARN_USED, awaited.place, message).help(help));
    }
    let by_alias = |row: &&Condition| row.key.value.is("kms:ResourceAliases") || row.key.value.is("kms:RequestAlias");
    if statement.conditions.iter().filter(by_alias).any(|row| is_here(&row.values.unknown)) {
        let message = format!("{name} is an ARN, and the condition compares names of aliases");
        let help = format!("refer to the name: {bare}.name");
        out.push(Finding::new(&ALIAS_ARN_USED, awaited.place, message).help(help));
    }
}

/// Whether a statement is about cryptographic operations and nothing else, and names no other resource that may be meant.
fn is_on_keys_alone(statement: &Statement) -> bool {
    let Some(actions) = statement.listed_actions() else { return false };
    let is_cryptographic = |name: &str| operations::cryptographic().any(|one| one.eq_ignore_ascii_case(name));
    let all = actions.values().all(|action| operations::covers_only(action, is_cryptographic));
    let is_whole = actions.is_read_whole() && !actions.read.is_empty();
    let others = statement.listed_resources().is_some_and(|listed| listed.len() > 1);
    all && is_whole && !others
}

/// Conditions on what is only the beginning of an alias.
fn prefixes(project: &Project<'_>, out: &mut Findings<'_>) {
    let mut by_name: HashMap<&str, &AliasPrefix> = HashMap::new();
    for alias in project.documents.iter().flat_map(|document| &document.besides.prefixes) {
        let prefix = alias.prefix.value.as_str();
        by_name.insert(prefix, alias);
        by_name.insert(prefix.trim_end_matches(['-', '_', '/']), alias);
    }
    if by_name.is_empty() {
        return;
    }
    let policies = project.documents.iter().flat_map(|document| &document.policies);
    for statement in policies.flat_map(|policy| &policy.policy.statements).filter(|statement| statement.allows()) {
        for row in statement.conditions.iter().filter(|row| is_compared(row)) {
            for value in &row.values.read {
                let found = by_name.get(value.value.as_str()).filter(|_| !is_listed(&value.value, project));
                if let Some(alias) = found {
                    out.push(prefix(value, alias));
                }
            }
        }
    }
}

fn is_compared(row: &Condition) -> bool {
    let is_by_alias = row.key.value.is("kms:ResourceAliases") || row.key.value.is("kms:RequestAlias");
    is_by_alias && row.names_values()
}

fn is_listed(name: &str, project: &Project<'_>) -> bool {
    project.aliases_like(name).iter().any(|alias| alias.name.value == name)
}

fn prefix(value: &Spanned<String>, alias: &AliasPrefix) -> Finding {
    let message = format!("the name of {} only begins so", alias.address);
    Finding::new(&ALIAS_NAME_PREFIX_WITH_CONDITION, value.span, message)
        .related(alias.prefix.span, "its name_prefix")
        .help(format!("refer to {}.name, or give the alias a `name`", alias.address))
}

fn told(document: &Document<'_>, out: &mut Findings<'_>) {
    for twice in &document.besides.merged_twice {
        let message = format!("another statement that is merged here is named `{}` too", twice.sid);
        let finding = Finding::new(&POLICY_DOCUMENT_SID_COLLISION, twice.again, message);
        out.push(finding.related(twice.first, "here first").help("name them differently: the apply fails"));
    }
}
