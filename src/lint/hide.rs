//! Findings about values that are marked as sensitive: they say what is wrong, and repeat nothing.

use std::collections::{HashMap, HashSet};

use crate::{
    document::Project,
    finding::{Finding, Report, RuleInfo},
    source::{Secrets, SourceId, Sources, Span, without_access_keys},
};

/// The shortest part of a secret that a text must not repeat: what is shorter stands in any text.
const TOLD: usize = 4;

/// The elements of the grammar: all that may stand in the pointer of a place in a sensitive policy.
const ELEMENTS: [&str; 16] = [
    "Version",
    "Id",
    "Statement",
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
    "AWS",
    "Service",
    "Federated",
    "CanonicalUser",
];

/// What Terraform marks as sensitive, and the policies in which any of it stands.
pub(super) struct Marked<'s> {
    policies: Secrets,
    hidden: &'s Secrets,
    sources: &'s Sources,
    /// The sensitive texts of each of Terraform's files that has any.
    texts: HashMap<SourceId, HashSet<&'s str>>,
}

impl<'s> Marked<'s> {
    pub(super) fn new(project: &Project<'_>, report: &'s Report, sources: &'s Sources) -> Self {
        let policies = project.documents.iter().flat_map(|document| &document.policies);
        let policies = policies.filter(|policy| policy.is_sensitive).map(|policy| policy.node.span);
        let of_terraform = project.documents.iter().filter(|document| document.kind.starts_with("terraform-"));
        let mut texts: HashMap<SourceId, HashSet<&str>> = HashMap::new();
        for source in of_terraform.filter_map(|document| sources.get(document.source)) {
            let told = report.hidden.touching(source.span()).flat_map(|place| strings(source.slice(place)));
            let told: HashSet<&str> = told.filter(|text| text.len() >= TOLD).collect();
            if !told.is_empty() {
                texts.insert(source.id, told);
            }
        }
        Self { policies: Secrets::new(policies.collect()), hidden: &report.hidden, sources, texts }
    }

    /// Whether a place is in a sensitive policy.
    pub(super) fn is_of_policy(&self, place: Span) -> bool {
        self.policies.touch(place)
    }

    /// Takes out of a finding what is marked as sensitive.
    pub(super) fn hide(&self, finding: &mut Finding) {
        for label in &mut finding.related {
            if self.policies.touch(label.span) || self.repeats(&label.message, label.span, finding.rule) {
                label.message.clear();
                label.path = elements(&label.path);
            }
        }
        let place = finding.primary.span;
        let is_told =
            self.policies.touch(place) || self.repeats(&finding.message, place, finding.rule) || self.quotes(finding);
        if is_told {
            finding.rule.summary.clone_into(&mut finding.message);
            finding.help =
                Some(format!("what it holds is sensitive and not shown; see `kpl explain {}`", finding.rule.id));
            finding.primary.message.clear();
            finding.primary.path = elements(&finding.primary.path);
        }
        if is_told || (self.is_value(place) && !is_of_form(finding.rule)) {
            finding.fix = None;
        }
    }

    /// Whether a place is that of a sensitive value of a resource; the names beside the values are the provider's.
    fn is_value(&self, place: Span) -> bool {
        let Some(source) = self.sources.get(place.source).filter(|source| self.texts.contains_key(&source.id)) else {
            return false;
        };
        let after = source.text().get(place.end as usize..).unwrap_or_default().trim_start();
        self.hidden.touch(place) && !after.starts_with(':')
    }

    /// Whether a text has a sensitive value at a place, or a word of it that is none of the rule's own.
    fn repeats(&self, text: &str, place: Span, rule: &RuleInfo) -> bool {
        if is_of_form(rule) || !self.is_value(place) {
            return false;
        }
        let slice = self.sources.get(place.source).map_or("", |source| source.slice(place)).trim_matches('"');
        let is_whole = slice.len() >= TOLD && text.contains(slice);
        is_whole || words(text).any(|word| slice.contains(word) && !rule.summary.contains(word))
    }

    /// Whether a finding quotes a sensitive value of its file, wherever that stands.
    fn quotes(&self, finding: &Finding) -> bool {
        let Some(sensitive) = self.texts.get(&finding.primary.span.source) else { return false };
        let mut texts = [&finding.message, &finding.primary.message].into_iter().chain(&finding.help);
        texts.any(|text| quoted(text).any(|text| sensitive.contains(text)))
    }
}

/// Whether a rule tells of a fault in the form of a text: it names a character, a member or a word without quotes.
fn is_of_form(rule: &RuleInfo) -> bool {
    matches!(rule.id, "json-syntax" | "yaml-syntax")
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric()).filter(|word| word.len() >= TOLD)
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The strings of a part of a text of JSON, as written and without their quotes; names of members are none.
fn strings(part: &str) -> Vec<&str> {
    if !part.contains('"') {
        return vec![part.trim()];
    }
    let (mut found, mut rest) = (Vec::new(), part);
    while let Some(begin) = rest.find('"') {
        let inner = &rest[begin + 1..];
        let mut escaped = false;
        let end = inner.find(|character| {
            let ends = character == '"' && !escaped;
            escaped = character == '\\' && !escaped;
            ends
        });
        let end = end.unwrap_or(inner.len());
        rest = inner.get(end + 1..).unwrap_or_default();
        if !rest.trim_start().starts_with(':') {
            found.push(&inner[..end]);
        }
    }
    found
}

/// Takes the ids of access keys out of what a finding says, wherever the rule has them from.
pub(super) fn hide_access_keys(finding: &mut Finding) {
    let labels = std::iter::once(&mut finding.primary).chain(&mut finding.related);
    let told = labels.flat_map(|label| [&mut label.message, &mut label.path]);
    for text in told.chain([&mut finding.message]).chain(&mut finding.help) {
        if let Some(without) = without_access_keys(text) {
            *text = without;
        }
    }
    let holds = |text: &str| without_access_keys(text).is_some();
    let shows = |fix: &crate::finding::Fix| holds(&fix.title) || fix.edits.iter().any(|edit| holds(&edit.text));
    if finding.fix.as_ref().is_some_and(shows) {
        finding.fix = None;
    }
}

/// A pointer up to the first name that is no element of the grammar.
fn elements(path: &str) -> String {
    let is_plain =
        |step: &&str| step.is_empty() || ELEMENTS.contains(step) || step.bytes().all(|byte| byte.is_ascii_digit());
    path.split('/').take_while(is_plain).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::{elements, quoted, strings};

    #[test]
    fn the_strings_of_a_sensitive_value_are_found_without_the_names_beside_them() {
        assert_eq!(strings(r#"{"a": "x\"y", "b": ["z"], "c": 1}"#), [r#"x\"y"#, "z"]);
        assert_eq!(strings("plain"), ["plain"]);
        assert_eq!(strings(r#""cut"#), ["cut"]);
        assert_eq!(quoted("a `b` and `c d`").collect::<Vec<_>>(), ["b", "c d"]);
    }

    #[test]
    fn a_pointer_ends_before_a_name_that_the_file_gives() {
        assert_eq!(elements("/Statement/0/Principal/AWS/1"), "/Statement/0/Principal/AWS/1");
        assert_eq!(elements("/Statement/0/Condition/StringEquals/secret:key"), "/Statement/0/Condition");
    }
}
