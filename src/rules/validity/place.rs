//! Partitions and Regions: where on AWS a policy's names belong.

use crate::{
    finding::{Finding, RuleInfo, Severity},
    policy::{Arn, Condition, Policy, Statement, glob, is_placeholder},
    rules::{Aws, Check, Findings, RuleContext, declare::declare_rules},
    source::{Span, Spanned},
};

declare_rules! { Validity:
    /// ## What it does
    /// Flags an ARN whose partition AWS does not have: `arn:aws-eu:…`, `arn:amazon:…`.
    ///
    /// ## Why it matters
    /// AWS refuses the policy, or the statement never matches.
    ///
    /// ## How to fix it
    /// Write `aws`, or `aws-cn` for China and `aws-us-gov` for GovCloud (US).
    ///
    /// ## Source
    /// IAM User Guide, "Identify AWS resources with Amazon Resource Names (ARNs)"; "Access Analyzer policy check reference",
    /// invalid partition.
    pub PARTITION_INVALID = {
        id: "partition-invalid", code: Some("INVALID_PARTITION"),
        severity: Error, confidence: High, persona: Regular,
        summary: "AWS has no such partition",
    }

    /// ## What it does
    /// Flags a policy whose principals or resources are of two partitions.
    ///
    /// ## Why it matters
    /// A policy lives in one partition, and nothing of another can be reached from it. One of the two is a slip, or dead.
    ///
    /// ## How to fix it
    /// Keep to the partition in which the policy stands.
    ///
    /// ## Source
    /// IAM User Guide, "Identify AWS resources with Amazon Resource Names (ARNs)".
    pub PARTITION_MIXED = {
        id: "partition-mixed", code: None,
        severity: Warning, confidence: Medium, persona: Pedantic,
        summary: "names of two partitions in one policy",
    }

    /// ## What it does
    /// Flags an ARN, or a value of `aws:RequestedRegion`, with a Region that its partition does not have, and an IAM ARN with
    /// any Region.
    ///
    /// ## Why it matters
    /// The statement never matches.
    ///
    /// ## How to fix it
    /// Write the Region as AWS does, such as `eu-central-1`; leave it empty in ARNs of IAM.
    ///
    /// ## Source
    /// IAM User Guide, "Identify AWS resources with Amazon Resource Names (ARNs)"; "Access Analyzer policy check reference",
    /// invalid ARN Region, invalid Region, ARN Region not allowed.
    pub REGION_INVALID = {
        id: "region-invalid", code: Some("INVALID_ARN_REGION"),
        further_codes: &["ARN_REGION_NOT_ALLOWED", "INVALID_REGION"],
        severity: Error, confidence: High, persona: Regular,
        summary: "AWS has no such Region there",
    }
}

/// Where a policy's names belong.
pub(crate) struct Place;

impl Check for Place {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        for (arn, span) in arns(statement) {
            place(&arn, span, cx.aws, out);
        }
        let asks_for_values = |row: &&Condition| !row.operator.value.comparison.asks_presence();
        for condition in statement.conditions_on("aws:RequestedRegion").filter(asks_for_values) {
            condition.values.read.iter().for_each(|value| requested_region(value, cx.aws, out));
        }
    }

    fn policy(&self, policy: &Policy, _cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if !out.asks(&PARTITION_MIXED) {
            return;
        }
        let mut first: Option<(&str, Span)> = None;
        for (arn, span) in policy.statements.iter().flat_map(arns) {
            if is_open(arn.partition) {
                continue;
            }
            match first {
                None => first = Some((arn.partition, span)),
                Some((partition, _)) if partition == arn.partition => {}
                Some((partition, place)) => {
                    let message = format!("`{}` here, and `{partition}` elsewhere", arn.partition);
                    let finding = Finding::new(&PARTITION_MIXED, span, message).related(place, "the other partition");
                    out.push(finding.help("keep to the partition in which the policy stands"));
                    return;
                }
            }
        }
    }
}

/// The principals by ARN and the resources of a statement.
fn arns(statement: &Statement) -> impl Iterator<Item = (Arn<'_>, Span)> {
    let principals = statement.principals.iter().flat_map(|clause| &clause.listed().read);
    let principals =
        principals.filter_map(|principal| Some((Arn::parse(principal.value.arn()?.as_str()).ok()?, principal.span)));
    let resources = statement.resources.iter().flat_map(|clause| &clause.listed().read);
    principals.chain(resources.filter_map(|resource| Some((resource.value.arn().ok()?, resource.span))))
}

/// Whether a part may be anything, or is told of by another rule.
fn is_open(part: &str) -> bool {
    part.is_empty() || part.contains('$') || glob::is_pattern(part) || is_placeholder(part)
}

fn place(arn: &Arn<'_>, span: Span, aws: Aws<'_>, out: &mut Findings<'_>) {
    let partition = aws.reference.partition(arn.partition);
    if partition.is_none() && !is_open(arn.partition) {
        let finding = Finding::new(&PARTITION_INVALID, span, format!("AWS has no partition `{}`", arn.partition));
        out.push(finding.help("it is aws, aws-cn in China, aws-us-gov in GovCloud (US)"));
        return;
    }
    // `*` is what an empty field matches too.
    if arn.service == "iam" && !arn.region.bytes().all(|byte| byte == b'*') {
        let finding = Finding::new(&REGION_INVALID, span, "an ARN of IAM has no Region").code("ARN_REGION_NOT_ALLOWED");
        out.push(finding.help("leave the Region empty: arn:aws:iam::ACCOUNT:…"));
        return;
    }
    let Some(partition) = partition.filter(|_| !is_open(arn.region)) else { return };
    if partition.is_region(arn.region) || partition.lists_region(arn.region) {
        return;
    }
    out.push(match aws.reference.partition_of_region(arn.region) {
        Some(other) => {
            let message = format!("{} is a Region of {}, not of {}", arn.region, other.name(), arn.partition);
            Finding::new(&REGION_INVALID, span, message).help(format!("write arn:{}:…", other.name()))
        }
        None => no_region(arn.region, span, aws),
    });
}

fn requested_region(value: &Spanned<String>, aws: Aws<'_>, out: &mut Findings<'_>) {
    let region = value.value.as_str();
    if is_open(region) || aws.reference.partition_of_region(region).is_some() {
        return;
    }
    let is_known =
        aws.reference.partitions().any(|partition| partition.is_region(region) || partition.lists_region(region));
    if !is_known {
        out.push(no_region(region, value.span, aws).code("INVALID_REGION"));
    }
}

fn no_region(region: &str, span: Span, aws: Aws<'_>) -> Finding {
    let finding = Finding::new(&REGION_INVALID, span, format!("AWS has no Region `{region}`"))
        .help(format!("by the service reference of {}", aws.reference.date()));
    if aws.is_old { finding.severity(Severity::Warning) } else { finding }
}
