//! Names that an alias can have, and those that AWS keeps for itself.

use crate::{
    finding::{Finding, RuleInfo},
    policy::{Condition, PolicyKind, ResourcePattern, Statement, is_placeholder_value},
    rules::{Check, Findings, RuleContext, declare::declare_rules},
    source::{Span, Spanned},
};

declare_rules! { Alias:
    /// ## What it does
    /// Flags an `Allow` to create, update or delete an alias under `alias/aws/`. Where `--workload` or `--alias` says that
    /// Kasten uses the key, it also flags an alias condition on such a name over encryption or decryption.
    ///
    /// ## Why it matters
    /// The prefix is reserved: KMS refuses to make, move or delete such an alias. The keys behind these aliases are AWS's own
    /// and let in one service of AWS alone, so Kasten can never use them.
    ///
    /// ## How to fix it
    /// Use an alias and a key of your own.
    ///
    /// ## Source
    /// KMS API Reference, "`CreateAlias`", `AliasName`; KMS Developer Guide, "AWS KMS concepts", AWS managed keys.
    pub ALIAS_RESERVED = {
        id: "alias-reserved", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "an alias under alias/aws/, which is reserved for AWS",
    }

    /// ## What it does
    /// Flags an alias name, in an alias condition or at the end of an alias ARN, that no alias can have: with a character
    /// other than letters, digits, `/`, `_` and `-`, or of more than 256 characters.
    ///
    /// ## Why it matters
    /// The condition or the resource never matches.
    ///
    /// ## How to fix it
    /// Write the name of the alias as `aws kms list-aliases` tells it.
    ///
    /// ## Source
    /// KMS API Reference, "`CreateAlias`", `AliasName`.
    pub ALIAS_NAME_INVALID = {
        id: "alias-name-invalid", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "no alias can have this name",
    }
}

/// Alias names, in conditions and in resources.
pub(crate) struct AliasNames;

const RESERVED: &str = "alias/aws/";

impl Check for AliasNames {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        for condition in &statement.conditions {
            let key = &condition.key.value;
            if key.is("kms:ResourceAliases") || key.is("kms:RequestAlias") {
                values(condition, statement, cx, out);
            }
        }
        if let Some(resources) = &statement.resources {
            resources.listed().read.iter().for_each(|item| resource(item, statement, cx, out));
        }
    }
}

fn values(condition: &Condition, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
    let comparison = condition.operator.value.comparison;
    if comparison.asks_presence() {
        return;
    }
    for value in &condition.values.read {
        // A wildcard where none is known, an ARN, a prefix too many or too few: other rules tell of these.
        let name = value.value.as_str();
        if name.starts_with("alias/") && !name.starts_with("alias/alias/") {
            name_of(name, value.span, out);
        }
        let uses = ["kms:Decrypt", "kms:Encrypt"].iter().any(|action| statement.covers_action(action));
        let asks_for_it = statement.allows() && !comparison.is_negated() && uses;
        if asks_for_it && name.starts_with(RESERVED) && cx.project.names_a_workload() {
            let message = format!("the key of `{name}` is AWS's own and lets in one service alone");
            let finding = Finding::new(&ALIAS_RESERVED, value.span, message);
            out.push(finding.help("use an alias and a key of your own"));
        }
    }
}

fn resource(item: &Spanned<ResourcePattern>, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
    let Ok(arn) = item.value.arn() else { return };
    if arn.service != "kms" || !arn.resource.starts_with("alias/") {
        return;
    }
    name_of(arn.resource, item.span, out);
    let changes = ["kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"];
    let allows = statement.allows() && changes.iter().any(|action| statement.covers_action(action));
    let is_listed = statement.listed_resources().is_some() && cx.kind() == PolicyKind::Identity;
    if allows && is_listed && arn.resource.starts_with(RESERVED) {
        let finding = Finding::new(&ALIAS_RESERVED, item.span, "`alias/aws/` is reserved for AWS");
        out.push(finding.help("use an alias of your own: KMS refuses to make, move or delete this one"));
    }
}

/// How many characters an alias name may have, its prefix included.
const LONGEST: usize = 256;

fn name_of(name: &str, span: Span, out: &mut Findings<'_>) {
    if name.contains("${") || is_placeholder_value(name) {
        return;
    }
    // The API's own pattern lets a colon through.
    let legal = |character: char| character.is_ascii_alphanumeric() || "/_-:*?".contains(character);
    let message = match name.chars().find(|character| !legal(*character)) {
        Some(character) => format!("no alias name holds {}", shown(character)),
        None if name.len() > LONGEST && !crate::policy::glob::is_pattern(name) => {
            format!("an alias name has at most {LONGEST} characters, not {}", name.len())
        }
        None => return,
    };
    let finding = Finding::new(&ALIAS_NAME_INVALID, span, message).label("never matches");
    out.push(finding.help("write letters, digits, `/`, `_` and `-` alone"));
}

fn shown(character: char) -> String {
    if character == ' ' { "a blank".to_owned() } else { format!("`{}`", character.escape_debug()) }
}
