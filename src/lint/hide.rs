//! Findings about values that are marked as sensitive: they say what is wrong, and repeat nothing.

use crate::{
    finding::Finding,
    source::{Secrets, without_access_keys},
};

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

/// Takes out of a finding what a sensitive policy could have given it. `sensitive` are the places of such policies.
pub(super) fn hide(finding: &mut Finding, sensitive: &Secrets) {
    if sensitive.is_empty() {
        return;
    }
    for label in finding.related.iter_mut().filter(|label| sensitive.touch(label.span)) {
        label.message.clear();
        label.path = elements(&label.path);
    }
    if sensitive.touch(finding.primary.span) {
        finding.rule.summary.clone_into(&mut finding.message);
        finding.help = Some(format!("what it holds is sensitive and not shown; see `kpl explain {}`", finding.rule.id));
        finding.fix = None;
        finding.primary.message.clear();
        finding.primary.path = elements(&finding.primary.path);
    }
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
    use super::elements;

    #[test]
    fn a_pointer_ends_before_a_name_that_the_file_gives() {
        assert_eq!(elements("/Statement/0/Principal/AWS/1"), "/Statement/0/Principal/AWS/1");
        assert_eq!(elements("/Statement/0/Condition/StringEquals/secret:key"), "/Statement/0/Condition");
    }
}
