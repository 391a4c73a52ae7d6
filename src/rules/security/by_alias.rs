//! Who may move the aliases and tags by which other policies decide.

use crate::{
    document::Project,
    finding::{Finding, RuleInfo},
    policy::{Policy, PolicyKind, Principal, Statement},
    rules::{Check, Findings, RuleContext, declare::declare_rules},
    source::Span,
};

declare_rules! { Security:
    /// ## What it does
    /// Flags an identity or key policy that allows to create, update or delete aliases, or to tag keys, without a condition,
    /// where another policy of the run lets somebody use keys by `kms:ResourceAliases` or `kms:RequestAlias`, or by
    /// `aws:ResourceTag`. Silent for whoever may also rewrite the key policy, for principals named with `--admin`, and for
    /// `kms:*`, of which other rules tell.
    ///
    /// ## Why it matters
    /// Who moves an alias or a tag decides who may use which key: he can let others in, or lock them out.
    ///
    /// ## How to fix it
    /// Leave these actions to key administrators, or limit them to aliases and keys that no condition names.
    ///
    /// ## Source
    /// KMS Developer Guide, "Use aliases to control access to KMS keys"; "Use tags to control access to KMS keys".
    pub ALIAS_OR_TAG_ADMIN_WITH_ABAC = {
        id: "alias-or-tag-admin-with-abac", code: None,
        severity: Warning, confidence: Medium, persona: Regular,
        summary: "somebody may move what other policies decide by",
    }
}

/// Powers over aliases and tags.
pub(crate) struct ByAlias;

/// What changes that by which a condition decides.
const ALIASES: [&str; 3] = ["kms:UpdateAlias", "kms:CreateAlias", "kms:DeleteAlias"];
const TAGS: [&str; 2] = ["kms:TagResource", "kms:UntagResource"];

impl Check for ByAlias {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn speaks_of(&self, kind: PolicyKind) -> bool {
        matches!(kind, PolicyKind::Identity | PolicyKind::Key)
    }

    fn speaks_of_kms_alone(&self) -> bool {
        true
    }

    fn policy(&self, policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        let rewrites = |statement: &Statement| statement.allows() && statement.covers_action("kms:PutKeyPolicy");
        if cx.kind() == PolicyKind::Identity && (policy.statements.iter().any(rewrites) || cx.is_carried_by_admins()) {
            return;
        }
        for statement in policy.statements.iter().filter(|statement| statement.allows() && !statement.is_conditional())
        {
            if rewrites(statement) || (cx.kind() == PolicyKind::Key && !names_a_user(statement, cx.project)) {
                continue;
            }
            for (actions, decides) in [
                (&ALIASES[..], cx.project.decides_by_alias(policy.span)),
                (&TAGS, cx.project.decides_by_tag(policy.span).map(|place| (place, &[][..]))),
            ] {
                if let Some(place) = decides {
                    tell(statement, actions, place, out);
                }
            }
        }
    }
}

fn tell(statement: &Statement, actions: &[&'static str], (place, names): (Span, &[String]), out: &mut Findings<'_>) {
    let Some((action, pattern)) = actions
        .iter()
        .find_map(|action| Some((action, statement.pattern_for(action)?)))
        .filter(|(_, pattern)| !pattern.value.is_every_action())
    else {
        return;
    };
    if !may_reach(statement, names) {
        return;
    }
    let what = if actions == ALIASES { "aliases" } else { "tags" };
    let message = format!("{action} is allowed to somebody, and a policy decides by {what}");
    let finding = Finding::new(&ALIAS_OR_TAG_ADMIN_WITH_ABAC, pattern.span, message).related(place, "it decides here");
    out.push(finding.help("leave it to key administrators (--admin names them), or limit it to others"));
}

/// Whether a statement reaches one of the aliases by which a policy decides: named aliases may all be others.
fn may_reach(statement: &Statement, names: &[String]) -> bool {
    let Some(resources) = statement.listed_resources() else { return true };
    let aliases: Vec<_> = resources.values().filter(|resource| resource.is_alias()).collect();
    let is_open = aliases.is_empty() || !resources.unknown.is_empty() || names.is_empty();
    let reaches = |name: &String| {
        let ending = |resource: &str| resource.split_once(":alias/").map(|(_, ending)| format!("alias/{ending}"));
        aliases
            .iter()
            .filter_map(|alias| ending(alias.as_str()))
            .any(|pattern| crate::policy::glob::matches(&pattern, name))
    };
    is_open || names.iter().any(reaches)
}

/// Whether a statement of a key policy names a user or role that is no administrator.
fn names_a_user(statement: &Statement, project: &Project<'_>) -> bool {
    let Some(listed) = statement.named_principals() else { return false };
    let is_admin = |principal: &Principal| project.declared.admins.iter().any(|admin| admin.names(principal));
    listed.values().any(|principal| principal.arn().is_some() && !is_admin(principal))
}
