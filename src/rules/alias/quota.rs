//! How many aliases a key has.

use std::collections::HashMap;

use crate::{
    document::Project,
    finding::{Finding, RuleInfo, RuleOption, Severity},
    key::Alias,
    rules::{Check, Findings, declare::declare_rules},
};

declare_rules! { Alias:
    /// ## What it does
    /// Flags a key with more aliases than its quota, and one that is near it: with more than nine tenths, which is a warning.
    /// The quota is 50 unless AWS has raised it; the option `quota` then says how many there may be.
    ///
    /// ## Why it matters
    /// KMS creates no further alias. Where a key has more, whoever may use it by a condition on `kms:ResourceAliases` is
    /// denied.
    ///
    /// ## How to fix it
    /// Delete aliases that nobody uses (`aws kms delete-alias`), or ask AWS for a higher quota.
    ///
    /// ## Source
    /// KMS Developer Guide, "Resource quotas", aliases per KMS key; "Use aliases to control access to KMS keys".
    pub ALIAS_QUOTA = {
        id: "alias-quota", code: None,
        severity: Error, confidence: High, persona: Regular,
        options: &[QUOTA],
        summary: "a key has more aliases than it may",
    }
}

const QUOTA: RuleOption = RuleOption::number("quota", 50, (1, 10_000), "how many aliases a key may have");

/// The aliases of each key.
pub(crate) struct AliasQuota;

impl Check for AliasQuota {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn project(&self, project: &Project<'_>, out: &mut Findings<'_>) {
        let quota = usize::try_from(out.options().number(&ALIAS_QUOTA, &QUOTA)).unwrap_or(usize::MAX);
        let mut keys: Vec<(&str, Vec<&Alias>)> = Vec::new();
        let mut numbers: HashMap<(&str, &str), usize> = HashMap::new();
        let own = |alias: &&Alias| !alias.name.value.starts_with("alias/aws/");
        for document in &project.documents {
            for alias in document.aliases.iter().filter(own) {
                let Some(target) = &alias.target else { continue };
                // A key of several Regions has aliases of its own in each.
                let region = alias.arn.as_ref().and_then(|arn| arn.value.split(':').nth(3)).unwrap_or_default();
                let number = *numbers.entry((&target.value, region)).or_insert(keys.len());
                if number == keys.len() {
                    keys.push((&target.value, Vec::new()));
                }
                if let Some((_, aliases)) = keys.get_mut(number) {
                    aliases.push(alias);
                }
            }
        }
        for (key, mut aliases) in keys {
            // Several files may list the same, in any order.
            aliases.sort_by_key(|alias| &alias.name.value);
            aliases.dedup_by_key(|alias| &alias.name.value);
            tell(key, &aliases, quota, out);
        }
    }
}

fn tell(key: &str, aliases: &[&Alias], quota: usize, out: &mut Findings<'_>) {
    let count = aliases.len();
    let place = |number: usize| aliases.get(number).map(|alias| alias.name.span);
    if let Some(place) = place(quota) {
        let message = format!("{count} aliases point to key {key}, which may have {quota}");
        let finding = Finding::new(&ALIAS_QUOTA, place, message).label("one too many");
        out.push(finding.help("delete some; if AWS has raised the quota, write it under [rules.alias-quota]"));
    } else if count * 10 > quota * 9
        && let Some(place) = place(count - 1)
    {
        let message = format!("{count} aliases point to key {key}, which may have {quota}");
        let finding = Finding::new(&ALIAS_QUOTA, place, message).severity(Severity::Warning);
        out.push(finding.help("delete aliases that nobody uses: aws kms delete-alias"));
    }
}
