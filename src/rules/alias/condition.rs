//! Conditions on kms:ResourceAliases and kms:RequestAlias, row by row.

use crate::{
    finding::{Applicability, Finding, RuleInfo, RuleOption},
    policy::{Comparison, Condition, Operator, PolicyKind, Quantifier, Statement, glob, is_placeholder_value},
    rules::{Check, Findings, RuleContext, declare::declare_rules, edits::rename_operator},
    source::{Edit, Spanned},
    syntax::print,
};

declare_rules! { Alias:
    /// ## What it does
    /// Flags an operator without `ForAnyValue:` or `ForAllValues:` on `kms:ResourceAliases`.
    ///
    /// ## Why it matters
    /// A key may have several aliases, so the condition key has several values. Without a set operator the condition does
    /// not match: nobody is let in, or, in a `Deny`, nobody is kept out.
    ///
    /// ## How to fix it
    /// Write `ForAnyValue:` before the operator.
    ///
    /// ## Source
    /// KMS Developer Guide, "AWS KMS condition keys", kms:ResourceAliases; IAM User Guide, "Access Analyzer policy check
    /// reference", missing qualifier.
    pub RESOURCE_ALIASES_WITHOUT_SET_OPERATOR = {
        id: "resource-aliases-without-set-operator", code: Some("MISSING_QUALIFIER"),
        severity: Error, confidence: High, persona: Regular,
        summary: "kms:ResourceAliases without ForAnyValue or ForAllValues",
    }

    /// ## What it does
    /// Flags `ForAllValues:` on `kms:ResourceAliases` in an `Allow`, where no condition beside it asks for an alias at all.
    ///
    /// ## Why it matters
    /// `ForAllValues` also holds where there is no value: keys without any alias are let through.
    ///
    /// ## How to fix it
    /// Use `ForAnyValue:`, or add a second row with it.
    ///
    /// ## Source
    /// IAM User Guide, "Set operators for multivalued context keys"; KMS Developer Guide, "AWS KMS condition keys".
    pub RESOURCE_ALIASES_FORALL_ALONE = {
        id: "resource-aliases-forall-alone", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "ForAllValues lets keys without an alias through",
    }

    /// ## What it does
    /// Flags `ForAnyValue:` or `ForAllValues:` on `kms:RequestAlias`.
    ///
    /// ## Why it matters
    /// A request names at most one alias, so the key has one value. `ForAllValues` also holds for requests that name none.
    ///
    /// ## How to fix it
    /// Take the set operator away.
    ///
    /// ## Source
    /// KMS Developer Guide, "AWS KMS condition keys", kms:RequestAlias; IAM User Guide, "Access Analyzer policy check
    /// reference", `ForAllValues` with a single-valued key.
    pub REQUEST_ALIAS_WITH_SET_OPERATOR = {
        id: "request-alias-with-set-operator", code: None,
        further_codes: &["FORALLVALUES_WITH_SINGLE_VALUED_KEY"],
        severity: Warning, confidence: High, persona: Regular,
        summary: "kms:RequestAlias has one value and needs no set operator",
    }

    /// ## What it does
    /// Flags an alias ARN as the value of an alias condition.
    ///
    /// ## Why it matters
    /// The condition keys hold alias names. An ARN never matches as it is written.
    ///
    /// ## How to fix it
    /// Write the name: `alias/kasten`.
    ///
    /// ## Source
    /// KMS Developer Guide, "AWS KMS condition keys", kms:ResourceAliases and kms:RequestAlias.
    pub ALIAS_ARN_IN_CONDITION = {
        id: "alias-arn-in-condition", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "an alias condition names an ARN",
    }

    /// ## What it does
    /// Flags a value of an alias condition without `alias/` at its start, or with it twice.
    ///
    /// ## Why it matters
    /// The prefix is part of the name, so the condition matches no alias. The console puts it in by itself: who types it
    /// there gets an alias `alias/alias/…`; name that one with `--alias` if it is meant.
    ///
    /// ## How to fix it
    /// Write the whole name, with the prefix once.
    ///
    /// ## Source
    /// KMS API Reference, "`CreateAlias`"; KMS Developer Guide, "AWS KMS condition keys".
    pub ALIAS_CONDITION_PREFIX = {
        id: "alias-condition-prefix", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "an alias name without its prefix, or with it twice",
    }

    /// ## What it does
    /// Flags `*` or `?` in an alias condition whose operator knows no wildcards.
    ///
    /// ## Why it matters
    /// It is then a plain character, which no alias can hold: the condition never matches.
    ///
    /// ## How to fix it
    /// Use `StringLike`, or write the whole name.
    ///
    /// ## Source
    /// IAM User Guide, "IAM JSON policy elements: Condition operators"; "Access Analyzer policy check reference", wildcard
    /// without like operator.
    pub ALIAS_CONDITION_WILDCARD_WITH_EQUALS = {
        id: "alias-condition-wildcard-with-equals", code: Some("WILDCARD_WITHOUT_LIKE_OPERATOR"),
        severity: Error, confidence: High, persona: Regular,
        summary: "a wildcard in an alias condition under StringEquals",
    }

    /// ## What it does
    /// Flags an alias condition of an `Allow` whose pattern says next to nothing: `alias/*`, `*`, `alias/k*`. The option
    /// `letters` says how many characters must stand before the first wildcard.
    ///
    /// ## Why it matters
    /// Nearly every key has such an alias. Whoever may create aliases chooses which keys the statement covers.
    ///
    /// ## How to fix it
    /// Write the name, or enough of it that only the keys that are meant have it.
    ///
    /// ## Source
    /// KMS Developer Guide, "Use aliases to control access to KMS keys".
    pub ALIAS_WILDCARD_TOO_BROAD = {
        id: "alias-wildcard-too-broad", code: None,
        severity: Warning, confidence: High, persona: Regular,
        options: &[LETTERS],
        summary: "an alias pattern that nearly every key has",
    }
}

const LETTERS: RuleOption =
    RuleOption::number("letters", 2, (1, 64), "how many characters must stand before the first wildcard");

/// The alias conditions of a statement.
pub(crate) struct AliasConditions;

/// Several values: every alias of the key.
const RESOURCE: &str = "kms:ResourceAliases";
/// One value: the alias that the request names.
const REQUEST: &str = "kms:RequestAlias";

impl Check for AliasConditions {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        for condition in statement.conditions_on(RESOURCE) {
            // In a key policy the condition key itself is the mistake.
            if cx.kind() != PolicyKind::Key {
                resource_aliases(condition, statement, out);
            }
            values(condition, statement, cx, out);
        }
        for condition in statement.conditions_on(REQUEST) {
            request_alias(condition, statement, out);
            values(condition, statement, cx, out);
        }
    }
}

fn resource_aliases(condition: &Condition, statement: &Statement, out: &mut Findings<'_>) {
    let operator = condition.operator.value;
    if operator.comparison.asks_presence() {
        return;
    }
    match operator.quantifier {
        None => {
            let name = operator.to_string();
            // Of a negated operator, that no alias is this one says what was meant.
            let set = if operator.comparison.is_negated() { "ForAllValues" } else { "ForAnyValue" };
            let fixed = format!("{set}:{name}");
            let message = format!("kms:ResourceAliases has several values, and `{name}` compares one");
            let finding = Finding::new(&RESOURCE_ALIASES_WITHOUT_SET_OPERATOR, condition.key.span, message);
            out.push(finding.fix(
                format!("write \"{fixed}\""),
                Applicability::Unsafe,
                vec![Edit::replace(condition.operator.span, print::quoted(&fixed))],
            ));
        }
        // "All but these" is well said by ForAllValues of a negated operator.
        Some(Quantifier::ForAllValues)
            if statement.allows() && !operator.comparison.is_negated() && !asks_for_an_alias(statement) =>
        {
            let message = "keys without any alias are let through too";
            let finding = Finding::new(&RESOURCE_ALIASES_FORALL_ALONE, condition.operator.span, message)
                .help("use ForAnyValue, or add a row with it");
            let fixed = Operator { quantifier: Some(Quantifier::ForAnyValue), ..operator }.to_string();
            out.push(finding.fix(
                format!("write \"{fixed}\""),
                Applicability::Unsafe,
                vec![Edit::replace(condition.operator.span, print::quoted(&fixed))],
            ));
        }
        Some(_) => {}
    }
}

/// Whether a row of the statement holds, or may hold, only for keys that have an alias.
fn asks_for_an_alias(statement: &Statement) -> bool {
    let asks = |condition: &Condition| {
        let operator = condition.operator.value;
        if operator.comparison.asks_presence() {
            let values = &condition.values;
            return !values.unknown.is_empty() || values.values().any(|value| value.eq_ignore_ascii_case("false"));
        }
        operator.quantifier == Some(Quantifier::ForAnyValue) && !operator.if_exists
    };
    !statement.unread_conditions.is_empty() || statement.conditions_on(RESOURCE).any(asks)
}

fn request_alias(condition: &Condition, statement: &Statement, out: &mut Findings<'_>) {
    let operator = condition.operator.value;
    let Some(quantifier) = operator.quantifier else { return };
    let plain = Operator { quantifier: None, ..operator };
    // With one value ForAnyValue of a positive operator is the operator itself; a negated one, or one of what may be missing,
    // differs without the key.
    let is_plain = !operator.comparison.is_negated() && !operator.if_exists && !operator.comparison.asks_presence();
    let same = quantifier == Quantifier::ForAnyValue && is_plain;
    let applicability = if same { Applicability::Safe } else { Applicability::Unsafe };
    let message = "kms:RequestAlias has one value and takes no set operator";
    let finding = match quantifier {
        Quantifier::ForAllValues if statement.allows() => {
            Finding::new(&REQUEST_ALIAS_WITH_SET_OPERATOR, condition.key.span, message)
                .code("FORALLVALUES_WITH_SINGLE_VALUED_KEY")
                .label("requests that name no alias are let through too")
        }
        _ => Finding::new(&REQUEST_ALIAS_WITH_SET_OPERATOR, condition.operator.span, message),
    };
    out.push(match rename_operator(condition, plain, statement) {
        Some(edit) => finding.fix(format!("write \"{plain}\""), applicability, vec![edit]),
        None => finding.help(format!("write `{plain}`")),
    });
}

fn values(condition: &Condition, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
    if condition.operator.value.comparison.asks_presence() {
        return;
    }
    for value in condition.values.read.iter().filter(|value| !is_placeholder_value(&value.value)) {
        if !is_told_by_name(value, condition, cx, out) {
            wildcards(value, condition, statement, cx.kind(), out);
        }
    }
}

/// Tells of a value that is no alias's name; false where it may be one.
fn is_told_by_name(
    value: &Spanned<String>,
    condition: &Condition,
    cx: &RuleContext<'_, '_>,
    out: &mut Findings<'_>,
) -> bool {
    let text = value.value.as_str();
    if text.starts_with("arn:") {
        out.push(arn(value, condition));
        return true;
    }
    if text.starts_with(['*', '?', '$']) || text.is_empty() || cx.project.aliases().contains(&text) {
        return false;
    }
    let (bare, prefixes) = without_prefix(text);
    let literal = text.split(['*', '?']).next().unwrap_or(text);
    let can_begin = "alias/".starts_with(literal) && literal.len() < text.len();
    if (prefixes == 1 && text.starts_with("alias/")) || (prefixes == 0 && can_begin) {
        return false;
    }
    let fixed = print::quoted(&format!("alias/{bare}"));
    let message = match prefixes {
        0 | 1 => "an alias name starts with `alias/`",
        _ => "`alias/` stands here twice",
    };
    let finding = Finding::new(&ALIAS_CONDITION_PREFIX, value.span, message);
    let edits = vec![Edit::replace(value.span, fixed.clone())];
    out.push(finding.fix(format!("write {fixed}"), Applicability::Unsafe, edits));
    true
}

/// A name without its prefixes, in whatever letter case, and how many there were.
fn without_prefix(text: &str) -> (&str, usize) {
    let mut bare = text;
    let mut prefixes = 0;
    while bare.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("alias/")) {
        bare = &bare[6..];
        prefixes += 1;
    }
    (bare, prefixes)
}

fn arn(value: &Spanned<String>, condition: &Condition) -> Finding {
    let finding = Finding::new(&ALIAS_ARN_IN_CONDITION, value.span, "the condition takes alias names, not ARNs")
        .label("matches no alias");
    let name = value.value.split_once(":alias/").map(|(_, name)| name);
    let is_text = !condition.operator.value.comparison.name().starts_with("Arn");
    let Some(name) = name.filter(|_| is_text) else { return finding.help("write the alias's name: `alias/NAME`") };
    let fixed = print::quoted(&format!("alias/{name}"));
    let edits = vec![Edit::replace(value.span, fixed.clone())];
    finding.fix(format!("write {fixed}"), Applicability::Unsafe, edits)
}

fn wildcards(
    value: &Spanned<String>,
    condition: &Condition,
    statement: &Statement,
    kind: PolicyKind,
    out: &mut Findings<'_>,
) {
    let text = without_escapes(&value.value);
    if !glob::is_pattern(&text) {
        return;
    }
    let operator = condition.operator.value;
    if !operator.comparison.takes_wildcards() {
        let comparison =
            if operator.comparison.is_negated() { Comparison::StringNotLike } else { Comparison::StringLike };
        let fixed = Operator { comparison, ..operator }.to_string();
        let message = format!("`{}` knows no wildcards", operator.comparison.name());
        let finding = Finding::new(&ALIAS_CONDITION_WILDCARD_WITH_EQUALS, value.span, message)
            .label("a wildcard is a plain character here, which no alias holds")
            .help("write the whole name, or use an operator that knows wildcards");
        let edits = vec![Edit::replace(condition.operator.span, print::quoted(&fixed))];
        out.push(finding.fix(format!("write \"{fixed}\""), Applicability::Unsafe, edits));
        return;
    }
    let name = text.strip_prefix("alias/").unwrap_or(&text);
    let literal = name.find(['*', '?']).unwrap_or(name.len());
    let least = usize::try_from(out.options().number(&ALIAS_WILDCARD_TOO_BROAD, &LETTERS)).unwrap_or(2);
    let says_little = literal < least && name[literal..].bytes().all(|byte| matches!(byte, b'*' | b'?'));
    // A key policy speaks of one key alone, and another row may say more.
    let matters = kind != PolicyKind::Key && statement.allows() && !has_narrower_row(statement, condition, least);
    if matters && !operator.comparison.is_negated() && says_little {
        let message = "this pattern says next to nothing of which keys are meant";
        let finding = Finding::new(&ALIAS_WILDCARD_TOO_BROAD, value.span, message);
        out.push(finding.help("write the alias, or enough of it to mean these keys alone"));
    }
}

/// Whether another row on the same key names more of the alias, or one that is not known may.
fn has_narrower_row(statement: &Statement, condition: &Condition, least: usize) -> bool {
    let says_more = |value: &String| {
        value.strip_prefix("alias/").is_some_and(|name| name.find(['*', '?']).is_none_or(|at| at >= least))
    };
    if !statement.unread_conditions.is_empty() {
        return true;
    }
    let others = statement.conditions_on(condition.key.value.as_str());
    let others =
        others.filter(|other| other.element != condition.element && !other.operator.value.comparison.is_negated());
    others.into_iter().any(|other| other.values.values().all(says_more))
}

/// The text without `${*}` and `${?}`, which stand for the characters themselves.
///
/// Source: IAM User Guide, "IAM policy elements: Variables and tags", special characters.
fn without_escapes(text: &str) -> String {
    text.replace("${*}", "").replace("${?}", "")
}
