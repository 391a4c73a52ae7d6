//! Conditions that say less than they seem to, row by row.

use std::{cell::OnceCell, collections::HashSet};

use crate::{
    finding::{Applicability, Finding, RuleInfo, Severity},
    policy::{Comparison, Condition, Effect, Operator, PolicyKind, Quantifier, Statement},
    reference::{KeyInfo, Reference, fact},
    rules::{Check, Findings, RuleContext, declare::declare_rules, edits::rename_operator},
    source::Edit,
    syntax::print,
};

declare_rules! { Security:
    /// ## What it does
    /// Flags `aws:SourceIp` in a statement on actions of KMS: an `Allow` for some addresses, or a `Deny` for all others,
    /// where no condition leaves out the calls of services.
    ///
    /// ## Why it matters
    /// Services such as Amazon EBS call KMS from addresses of their own, and requests by way of a VPC endpoint have no source
    /// address: both are refused.
    ///
    /// ## How to fix it
    /// For a VPC endpoint use `aws:SourceVpce` or `aws:SourceVpc`. For services add a condition on `aws:ViaAWSService`, or
    /// write a statement of their own with `kms:ViaService`.
    ///
    /// ## Source
    /// KMS Developer Guide, "AWS global condition keys", using the IP address condition in policies with AWS KMS permissions.
    pub SOURCE_IP_FOR_KMS = {
        id: "source-ip-for-kms", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "an address condition that services and VPC endpoints fail",
    }

    /// ## What it does
    /// Flags `ForAllValues:` on a key with one value in an `Allow`; as a note where a condition beside it asks for the key.
    /// Silent on keys of which it does not know how many values they have. `kms:RequestAlias` has a rule of its own.
    ///
    /// ## Why it matters
    /// `ForAllValues` also holds where the request does not carry the key: what was to limit the statement lets it through.
    ///
    /// ## How to fix it
    /// Take `ForAllValues:` away.
    ///
    /// ## Source
    /// IAM User Guide, "Single-valued vs. multivalued context keys"; "Access Analyzer policy check reference", `ForAllValues`
    /// with single valued key.
    pub FORALLVALUES_SINGLE_VALUED = {
        id: "forallvalues-single-valued", code: Some("FORALLVALUES_WITH_SINGLE_VALUED_KEY"),
        severity: Warning, confidence: High, persona: Regular,
        summary: "ForAllValues lets requests without the key through",
    }

    /// ## What it does
    /// Flags `ForAnyValue:` on a key with one value. Silent on keys of which it does not know how many values they have, and
    /// on `kms:ViaService`, before which AWS's own examples write it.
    ///
    /// ## Why it matters
    /// It says nothing; a reader takes the key for one with several values. With a negated operator it also changes what
    /// happens where the request does not carry the key.
    ///
    /// ## How to fix it
    /// Take `ForAnyValue:` away.
    ///
    /// ## Source
    /// IAM User Guide, "Single-valued vs. multivalued context keys"; KMS Developer Guide, "AWS KMS condition keys".
    pub FORANYVALUE_SINGLE_VALUED = {
        id: "foranyvalue-single-valued", code: None,
        severity: Note, confidence: High, persona: Pedantic,
        summary: "ForAnyValue on a key with one value",
    }

    /// ## What it does
    /// Flags an operator with `IfExists` in an `Allow`, on a key that says who calls, from where, by way of what or with which
    /// second factor, where nothing else asks for the key.
    ///
    /// ## Why it matters
    /// A request that does not carry the key passes. Callers of another organisation carry no `aws:PrincipalOrgID` of it,
    /// access keys of a user carry no `aws:MultiFactorAuthPresent`, requests over the internet carry no `aws:SourceVpce`.
    ///
    /// ## How to fix it
    /// Take `IfExists` away. It is meant for statements on several actions of which some never carry the key, and for a `Deny`.
    ///
    /// ## Source
    /// IAM User Guide, "IAM JSON policy elements: Condition operators", `IfExists`; "AWS global condition context keys",
    /// availability of each key.
    pub IFEXISTS_IN_ALLOW = {
        id: "ifexists-in-allow", code: None,
        severity: Warning, confidence: Medium, persona: Regular,
        summary: "IfExists lets requests without the key through",
    }

    /// ## What it does
    /// Flags `True` or `FALSE` where `true` or `false` is meant, with `Bool` and with `Null`.
    ///
    /// ## Why it matters
    /// IAM takes it, but other tools that read the policy may not.
    ///
    /// ## How to fix it
    /// Write it in lower case.
    ///
    /// ## Source
    /// IAM User Guide, "IAM JSON policy elements: Condition operators", Boolean condition operators; "Access Analyzer policy
    /// check reference", type mismatch Boolean.
    pub BOOL_STRING_IN_WRONG_CASE = {
        id: "bool-string-in-wrong-case", code: None,
        severity: Note, confidence: High, persona: Pedantic,
        summary: "a Boolean in capitals",
    }
}

/// The conditions of a statement.
pub(crate) struct Conditions;

impl Check for Conditions {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if statement.conditions.is_empty() {
            return;
        }
        source_ip(statement, cx.kind(), out);
        let rows = Rows { statement, reference: cx.aws.reference, demanded: OnceCell::new() };
        for row in &statement.conditions {
            let operator = row.operator.value;
            if matches!(operator.comparison, Comparison::Bool | Comparison::Null) {
                boolean(row, out);
            }
            if operator.comparison.asks_presence() {
                continue;
            }
            match operator.quantifier {
                Some(Quantifier::ForAllValues) if statement.allows() => rows.for_all(row, out),
                Some(Quantifier::ForAnyValue) => rows.for_any(row, out),
                _ => {}
            }
            if operator.if_exists && !operator.comparison.is_negated() && grants(statement, cx.kind()) {
                rows.if_exists(row, out);
            }
        }
    }
}

/// Whether a statement lets somebody do something, rather than bound what others let him do.
fn grants(statement: &Statement, kind: PolicyKind) -> bool {
    use PolicyKind::{Endpoint, Identity, Key, Resource, Trust};
    statement.allows() && matches!(kind, Endpoint | Identity | Key | Resource | Trust)
}

fn source_ip(statement: &Statement, kind: PolicyKind, out: &mut Findings<'_>) {
    const SERVICES: [&str; 6] = [
        "aws:CalledVia",
        "aws:CalledViaFirst",
        "aws:CalledViaLast",
        "aws:PrincipalIsAWSService",
        "aws:ViaAWSService",
        "kms:ViaService",
    ];
    let wanted = match statement.effect.as_ref().map(|effect| effect.value) {
        Some(Effect::Allow) => Comparison::IpAddress,
        Some(Effect::Deny) => Comparison::NotIpAddress,
        None => return,
    };
    let refuses = |row: &&Condition| {
        let Operator { comparison, if_exists, .. } = row.operator.value;
        comparison == wanted && !if_exists && row.key.value.is("aws:SourceIp")
    };
    let Some(row) = statement.conditions.iter().find(refuses) else { return };
    let of_kms = statement.listed_actions().is_some_and(|actions| actions.values().any(|action| action.is_of("kms")));
    let knows = |row: &Condition| SERVICES.iter().any(|key| row.key.value.is(key));
    if !matches!(kind, PolicyKind::Identity | PolicyKind::Key)
        || !of_kms
        || !statement.unread_conditions.is_empty()
        || statement.conditions.iter().any(knows)
    {
        return;
    }
    let message = if statement.allows() {
        "calls by a service or a VPC endpoint are not let through"
    } else {
        "calls by a service or a VPC endpoint are denied too"
    };
    let finding = Finding::new(&SOURCE_IP_FOR_KMS, row.key.span, message);
    out.push(finding.help("for a VPC endpoint use aws:SourceVpce; leave services out by aws:ViaAWSService"));
}

/// The rows of a statement, and which keys they ask for, gathered once where a rule wants to know.
struct Rows<'s> {
    statement: &'s Statement,
    reference: &'s Reference,
    demanded: OnceCell<HashSet<String>>,
}

/// Whether a request may carry several values of a key; also where nothing tells.
fn has_several_values(key: &str, reference: &Reference) -> bool {
    reference.condition_key(key).is_none_or(KeyInfo::is_multi_valued) || fact("several-values-key", key).is_some()
}

impl Rows<'_> {
    fn for_all(&self, row: &Condition, out: &mut Findings<'_>) {
        let key = row.key.value.as_str();
        if has_rule_of_its_own(row) || has_several_values(key, self.reference) {
            return;
        }
        let plain = Operator { quantifier: None, ..row.operator.value };
        let mut finding =
            Finding::new(&FORALLVALUES_SINGLE_VALUED, row.key.span, format!("`{key}` has one value, or none"));
        if self.ask_for(key) {
            finding = finding.severity(Severity::Note);
        } else if !plain.comparison.is_negated() {
            finding = finding.label("also holds where there is none");
        }
        out.push(self.written(finding, row, plain, Applicability::Unsafe));
    }

    fn for_any(&self, row: &Condition, out: &mut Findings<'_>) {
        let key = row.key.value.as_str();
        if has_rule_of_its_own(row) || row.key.value.is("kms:ViaService") || has_several_values(key, self.reference) {
            return;
        }
        let plain = Operator { quantifier: None, ..row.operator.value };
        // With one value it is the operator itself; a negated one, or one of what may be missing, differs without the key.
        let same = !plain.comparison.is_negated() && !plain.if_exists && !plain.comparison.asks_presence();
        let applicability = if same { Applicability::Safe } else { Applicability::Unsafe };
        let finding = Finding::new(&FORANYVALUE_SINGLE_VALUED, row.key.span, format!("`{key}` has one value"));
        out.push(self.written(finding, row, plain, applicability));
    }

    fn if_exists(&self, row: &Condition, out: &mut Findings<'_>) {
        let key = row.key.value.as_str();
        let asks_for_no =
            row.operator.value.comparison == Comparison::Bool && !row.values.values().any(|value| is_true(value));
        if !limits(key) || !row.names_values() || asks_for_no || self.ask_for(key) {
            return;
        }
        let plain = Operator { if_exists: false, ..row.operator.value };
        let message = format!("a request without `{key}` passes too");
        let finding = Finding::new(&IFEXISTS_IN_ALLOW, row.key.span, message);
        out.push(self.written(finding, row, plain, Applicability::Unsafe));
    }

    /// Whether a row fails where the request does not carry the key.
    fn ask_for(&self, key: &str) -> bool {
        let gather = || {
            let demanding = self.statement.conditions.iter().filter(|row| row.demands_key());
            demanding.map(|row| row.key.value.as_str().to_ascii_lowercase()).collect()
        };
        let demanded = self.demanded.get_or_init(gather);
        !self.statement.unread_conditions.is_empty() || demanded.contains(&key.to_ascii_lowercase())
    }

    /// The finding with the operator as it should be.
    fn written(&self, finding: Finding, row: &Condition, plain: Operator, applicability: Applicability) -> Finding {
        match rename_operator(row, plain, self.statement) {
            Some(edit) => finding.fix(format!("write \"{plain}\""), applicability, vec![edit]),
            None => finding.help(format!("write `{plain}`")),
        }
    }
}

/// Of kms:RequestAlias the rules on aliases tell.
fn has_rule_of_its_own(row: &Condition) -> bool {
    row.key.value.is("kms:RequestAlias")
}

fn is_true(value: &str) -> bool {
    value.eq_ignore_ascii_case("true")
}

/// Whether a key says who calls, from where or by way of what, and a request may come without it.
///
/// Source: IAM User Guide, "AWS global condition context keys", availability of each key; KMS Developer Guide, "AWS KMS
/// condition keys".
fn limits(key: &str) -> bool {
    const KEYS: [&str; 20] = [
        "aws:MultiFactorAuthAge",
        "aws:MultiFactorAuthPresent",
        "aws:PrincipalAccount",
        "aws:PrincipalArn",
        "aws:PrincipalOrgID",
        "aws:PrincipalOrgPaths",
        "aws:SourceAccount",
        "aws:SourceArn",
        "aws:SourceIp",
        "aws:SourceOrgID",
        "aws:SourceOrgPaths",
        "aws:SourceVpc",
        "aws:SourceVpcArn",
        "aws:SourceVpce",
        "aws:VpceAccount",
        "aws:VpceOrgID",
        "aws:VpceOrgPaths",
        "kms:RequestAlias",
        "kms:ResourceAliases",
        "kms:ViaService",
    ];
    const TAG: &str = "aws:PrincipalTag/";
    let is_tag = key.get(..TAG.len()).is_some_and(|start| start.eq_ignore_ascii_case(TAG));
    is_tag || KEYS.iter().any(|known| known.eq_ignore_ascii_case(key))
}

fn boolean(row: &Condition, out: &mut Findings<'_>) {
    for value in &row.values.read {
        let is = |word: &&&str| word.eq_ignore_ascii_case(&value.value) && value.value != **word;
        let Some(word) = ["true", "false"].iter().find(is) else { continue };
        let fixed = print::quoted(word);
        let finding = Finding::new(&BOOL_STRING_IN_WRONG_CASE, value.span, format!("`{}` in capitals", value.value));
        let edits = vec![Edit::replace(value.span, fixed.clone())];
        out.push(finding.fix(format!("write {fixed}"), Applicability::Safe, edits));
    }
}
