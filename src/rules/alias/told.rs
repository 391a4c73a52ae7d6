//! Alias conditions, held against the aliases that files list.

use crate::{
    document::{Project, alias_name, kasten_key_ids},
    finding::{Applicability, Confidence, Finding, RuleInfo, Severity},
    key::Alias,
    policy::{Condition, PolicyKind, Statement, glob, is_placeholder_value},
    rules::{Check, Findings, RuleContext, declare::declare_rules},
    source::{Edit, Spanned},
    spelling,
    syntax::print,
};

declare_rules! { Alias:
    /// ## What it does
    /// Flags an alias, in an alias condition of an `Allow` or as the key that files tell Kasten to use, that the answer to
    /// `list-aliases` does not hold. It must be a whole answer, with AWS's own aliases, for the account and Region of
    /// `Resource`; where `Resource` leaves these open this is a warning. Of Terraform's files only the auditor is told, and
    /// only where an alias of nearly this name is there.
    ///
    /// ## Why it matters
    /// The condition matches no key, so the statement allows nothing.
    ///
    /// ## How to fix it
    /// Write the name of the alias that is there, or create it: `aws kms create-alias`.
    ///
    /// ## Source
    /// KMS API Reference, "`ListAliases`"; KMS Developer Guide, "Use aliases to control access to KMS keys".
    pub ALIAS_NOT_FOUND = {
        id: "alias-not-found", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "no listed alias has the name of the condition",
    }

    /// ## What it does
    /// Flags an alias that differs in its letter case alone from one that files list, where none is spelt like it: in an
    /// alias condition of an `Allow`, or as the key that files tell Kasten to use.
    ///
    /// ## Why it matters
    /// Alias names are case-sensitive, and so are `StringEquals` and `StringLike`: the condition matches no key.
    ///
    /// ## How to fix it
    /// Write the name as `aws kms list-aliases` tells it.
    ///
    /// ## Source
    /// KMS Developer Guide, "Aliases in AWS KMS"; IAM User Guide, "IAM JSON policy elements: Condition operators".
    pub ALIAS_CASE_DIFFERS = {
        id: "alias-case-differs", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "an alias is listed in other letter case",
    }

    /// ## What it does
    /// Flags a condition on `kms:ResourceAliases` of an `Allow` to encrypt or decrypt, where files list its alias and tell
    /// Kasten to use a key, and the alias points to another one. Silent where another statement of the policy allows the
    /// same without such a condition.
    ///
    /// ## Why it matters
    /// KMS looks for the alias among those of the key that is used: the statement does not cover Kasten's key.
    ///
    /// ## How to fix it
    /// Give the alias to Kasten's key (`aws kms update-alias`), or name an alias that it has. While a key is replaced by
    /// another, let the condition name an alias of each.
    ///
    /// ## Source
    /// KMS Developer Guide, "AWS KMS condition keys", `kms:ResourceAliases`; "Use aliases to control access to KMS keys".
    pub ALIAS_TARGET_MISMATCH = {
        id: "alias-target-mismatch", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "the condition's alias points to another key than Kasten's",
    }

    /// ## What it does
    /// Flags an alias condition of an `Allow` whose `Resource` leaves the account or the Region open, where files list
    /// aliases of this name in several accounts or Regions that point to keys of different ids.
    ///
    /// ## Why it matters
    /// The statement covers each of these keys. Which one was meant cannot be told from the policy.
    ///
    /// ## How to fix it
    /// Write the account and the Region of the key: `arn:aws:kms:REGION:ACCOUNT:key/*`.
    ///
    /// ## Source
    /// KMS Developer Guide, "Aliases in AWS KMS"; "Best practices for IAM policies".
    pub ALIAS_REGION_AMBIGUITY = {
        id: "alias-region-ambiguity", code: None,
        severity: Note, confidence: High, persona: Pedantic,
        summary: "the condition's alias stands for keys of several Regions or accounts",
    }
}

/// Alias conditions beside the aliases that files list.
pub(crate) struct ToldAliases;

impl Check for ToldAliases {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn speaks_of(&self, kind: PolicyKind) -> bool {
        matches!(kind, PolicyKind::Identity | PolicyKind::Key | PolicyKind::Boundary | PolicyKind::Session)
    }

    fn speaks_of_kms_alone(&self) -> bool {
        true
    }

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if !statement.allows() || !cx.project.lists_aliases() {
            return;
        }
        for condition in &statement.conditions {
            let key = &condition.key.value;
            if !is_compared(condition) || !(key.is("kms:ResourceAliases") || key.is("kms:RequestAlias")) {
                continue;
            }
            for value in condition.values.read.iter().filter(|value| is_name(&value.value)) {
                named(value, &Reach::of(statement, cx), cx.project, true, out);
            }
            if key.is("kms:ResourceAliases") && cx.kind() == PolicyKind::Identity {
                target(condition, statement, cx, out);
            }
        }
    }

    fn project(&self, project: &Project<'_>, out: &mut Findings<'_>) {
        if !project.lists_aliases() {
            return;
        }
        for id in project.documents.iter().flat_map(kasten_key_ids) {
            let Some(name) = alias_name(&id.value).filter(|name| is_name(name)) else { continue };
            let reach = Reach::of_id(&id.value);
            named(&Spanned::new(name.to_owned(), id.span), &reach, project, false, out);
        }
    }
}

/// Whether letter case counts in a row, and each of its values is one that lets something through.
fn is_compared(condition: &Condition) -> bool {
    let operator = condition.operator.value;
    operator.comparison.asks_for_text() && !operator.if_exists
}

/// Whether a value is the whole name of an alias that somebody made.
fn is_name(text: &str) -> bool {
    let is_own = text.starts_with("alias/") && !text.starts_with("alias/aws/");
    is_own && !glob::is_pattern(text) && !text.contains("${") && !is_placeholder_value(text)
}

/// In which accounts and Regions the keys may be that a statement, or an id, speaks of.
struct Reach {
    /// Account and Region; empty where either is open.
    places: Vec<(String, String)>,
}

impl Reach {
    fn of(statement: &Statement, cx: &RuleContext<'_, '_>) -> Self {
        let resources = statement.listed_resources().map_or(&[][..], |listed| &listed.read);
        // The policy of a key speaks of this key, wherever it is.
        if cx.kind() == PolicyKind::Key || resources.is_empty() {
            return Self { places: Vec::new() };
        }
        let place = |arn: crate::policy::Arn<'_>| {
            let is_open = [arn.account, arn.region].into_iter().any(|part| part.is_empty() || glob::is_pattern(part));
            (!is_open && arn.service == "kms").then(|| (arn.account.to_owned(), arn.region.to_owned()))
        };
        let places: Option<Vec<_>> = resources.iter().map(|resource| place(resource.value.arn().ok()?)).collect();
        Self { places: places.unwrap_or_default() }
    }

    fn of_id(id: &str) -> Self {
        let place = crate::policy::Arn::parse(id).ok().map(|arn| (arn.account.to_owned(), arn.region.to_owned()));
        Self { places: place.into_iter().collect() }
    }

    fn is_open(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether whole lists tell of every place; of one at least, where any may be meant.
    fn is_listed(&self, project: &Project<'_>) -> bool {
        let lists = project.whole_lists();
        if self.is_open() { !lists.is_empty() } else { self.places.iter().all(|place| lists.contains(place)) }
    }
}

/// Looks a name up. `is_policy` where it stands in one, and a fix may be offered.
fn named(name: &Spanned<String>, reach: &Reach, project: &Project<'_>, is_policy: bool, out: &mut Findings<'_>) {
    let like = project.aliases_like(&name.value);
    let exact: Vec<&Alias> = like.iter().copied().filter(|alias| alias.name.value == name.value).collect();
    if exact.is_empty() {
        match like.first() {
            Some(other) => out.push(other_case(name, other, is_policy)),
            None => missing(name, reach, project, out),
        }
    } else if is_policy && reach.is_open() {
        ambiguous(name, &exact, out);
    }
}

fn other_case(name: &Spanned<String>, other: &Alias, is_policy: bool) -> Finding {
    let message = format!("the alias is spelt `{}`", other.name.value);
    let finding = Finding::new(&ALIAS_CASE_DIFFERS, name.span, message)
        .label("matches no alias")
        .related(other.name.span, "listed here");
    if !is_policy {
        return finding.help(format!("write {}", other.name.value));
    }
    let fixed = print::quoted(&other.name.value);
    let edits = vec![Edit::replace(name.span, fixed.clone())];
    finding.fix(format!("write {fixed}"), Applicability::Unsafe, edits)
}

fn missing(name: &Spanned<String>, reach: &Reach, project: &Project<'_>, out: &mut Findings<'_>) {
    // The prefix that all have in common says nothing.
    let own =
        project.alias_names().filter_map(|name| name.strip_prefix("alias/")).filter(|name| !name.starts_with("aws/"));
    let near = name.value.strip_prefix("alias/").and_then(|bare| spelling::by_likeness(bare, own));
    let help = match near {
        Some(near) => format!("did you mean alias/{near}? else create it: aws kms create-alias"),
        None => "create it (aws kms create-alias), or write the name of the alias that is there".to_owned(),
    };
    let message = format!("no alias `{}` is listed", name.value);
    let finding = Finding::new(&ALIAS_NOT_FOUND, name.span, message).help(help);
    if reach.is_listed(project) {
        let is_open = reach.is_open();
        out.push(if is_open { finding.severity(Severity::Warning).confidence(Confidence::Medium) } else { finding });
    } else if near.is_some() && project.whole_lists().is_empty() {
        out.push(finding.severity(Severity::Warning).confidence(Confidence::Low));
    }
}

fn ambiguous(name: &Spanned<String>, found: &[&Alias], out: &mut Findings<'_>) {
    let place = |alias: &Alias| {
        let arn = crate::policy::Arn::parse(&alias.arn.as_ref()?.value).ok()?;
        Some(format!("{} of {}", arn.region, arn.account))
    };
    let [first, rest @ ..] = found else { return };
    let differs = |other: &&&Alias| {
        let is_elsewhere = place(first).zip(place(other)).is_some_and(|(one, other)| one != other);
        is_elsewhere
            && first.target.as_ref().zip(other.target.as_ref()).is_some_and(|(one, other)| one.value != other.value)
    };
    let Some(other) = rest.iter().find(differs) else { return };
    let places = [first, other].map(|alias| place(alias).unwrap_or_default());
    let message = format!("`{}` means other keys in {} and in {}", name.value, places[0], places[1]);
    let finding = Finding::new(&ALIAS_REGION_AMBIGUITY, name.span, message)
        .related(first.name.span, "one")
        .related(other.name.span, "another");
    out.push(finding.help("write the account and the Region into Resource"));
}

/// What Kasten does with its key.
const USES: [&str; 2] = ["kms:Encrypt", "kms:Decrypt"];

fn target(condition: &Condition, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
    let used = |action: &&&str| statement.covers_action(action);
    let Some(action) = USES.iter().find(used) else { return };
    let values = &condition.values;
    if values.is_empty() || values.read.len() != values.len() || !values.values().all(|value| is_name(value)) {
        return;
    }
    let Some(key) = cx.project.kastens_only_key(cx.document.policy.span.source) else { return };
    // Another statement may let Kasten use the key, whatever its aliases.
    let elsewhere = |other: &Statement| {
        let is_bound = other.conditions_on("kms:ResourceAliases").next().is_some();
        other.allows() && other.span != statement.span && other.covers_action(action) && !is_bound
    };
    if cx.document.policy.statements.iter().any(elsewhere) || !cx.document.policy.is_complete() {
        return;
    }
    let mut other = None;
    for name in values.values() {
        let listed = cx.project.aliases_like(name);
        let is_meant = |alias: &&&Alias| alias.name.value == *name && key.is_beside(alias);
        let mut exact = listed.iter().filter(is_meant).peekable();
        if exact.peek().is_none() {
            // Where it points to is not told.
            return;
        }
        for alias in exact {
            match &alias.target {
                // A plan that moves it is told of there.
                Some(_) if is_moved_from(key.id(), name, cx.project) => return,
                Some(target) if target.value != key.id() => other = Some(target.span),
                _ => return,
            }
        }
    }
    let first = values.read.iter().min_by(|one, other| one.value.cmp(&other.value));
    let (Some(place), Some(first)) = (other, first) else { return };
    let message = format!("`{}` points to another key than the one that Kasten is told to use", first.value);
    let finding = Finding::new(&ALIAS_TARGET_MISMATCH, first.span, message)
        .related(place, "the alias's key")
        .related(key.place, "Kasten's key");
    out.push(finding.help("give the alias to Kasten's key, or name an alias that it has"));
}

/// Whether a plan moves an alias away from a key that somebody is known to use.
fn is_moved_from(id: &str, name: &str, project: &Project<'_>) -> bool {
    let mut moved = project.documents.iter().filter_map(|document| document.plan.as_ref()).flat_map(|plan| &plan.moved);
    project.workloads().next().is_some() && moved.any(|moved| moved.from == id && moved.name == *name)
}
