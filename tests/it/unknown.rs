//! What a file does not give may be anything: a rule says nothing of it that is not true of every value.

use std::{collections::BTreeSet, fs, path::Path};

use kpl::{
    finding::Persona,
    lint::{self, Options},
    policy::PolicyKind,
    syntax::{Node, Value, print},
};

use crate::fixtures;

/// What stands for a value that the file does not give.
const UNKNOWN: &str = r#"{"Ref":"Anything"}"#;

/// The tree as text, with one node after another in its place unknown.
fn with_an_unknown(root: &Node<'_>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let whole = print::compact(root);
    walk(root, &mut |path, node| {
        if !path.is_empty() {
            // A node stands once in the text at its own path: it is printed anew with a mark in its place.
            let marked = print::compact(&replaced(root, path)).replacen("\"\\u0001\"", UNKNOWN, 1);
            assert!(marked != whole || print::compact(node) == UNKNOWN);
            found.push((path.iter().map(ToString::to_string).collect::<Vec<_>>().join("/"), marked));
        }
    });
    found
}

fn walk<'n, 'a>(root: &'n Node<'a>, each: &mut impl FnMut(&[usize], &'n Node<'a>)) {
    fn down<'n, 'a>(node: &'n Node<'a>, path: &mut Vec<usize>, each: &mut impl FnMut(&[usize], &'n Node<'a>)) {
        each(path, node);
        let children: Vec<&Node<'a>> = match &node.value {
            Value::List(items) => items.iter().collect(),
            Value::Map(members) => members.iter().map(|member| &member.value).collect(),
            _ => Vec::new(),
        };
        for (index, child) in children.into_iter().enumerate() {
            path.push(index);
            down(child, path, each);
            path.pop();
        }
    }
    down(root, &mut Vec::new(), each);
}

fn replaced<'a>(node: &Node<'a>, path: &[usize]) -> Node<'a> {
    let Some((first, rest)) = path.split_first() else {
        return Node { value: Value::String("\u{1}".into()), span: node.span };
    };
    let mut node = node.clone();
    match &mut node.value {
        Value::List(items) => items[*first] = replaced(&items[*first], rest),
        Value::Map(members) => members[*first].value = replaced(&members[*first].value, rest),
        _ => unreachable!(),
    }
    node
}

/// What is said, by rule; a rule that another speaks for counts.
fn said(name: &str, text: &str, options: &Options) -> BTreeSet<&'static str> {
    let (sources, inputs) = fixtures::sources(&[(name.to_owned(), text.to_owned())]);
    let report = lint::lint(&sources, &inputs, options);
    let rules = report.findings.iter().flat_map(|finding| finding.also.iter().copied().chain([finding.rule.id]));
    rules.collect()
}

/// The kind of a policy that stands in its file as it is.
fn kind(policy: &Node<'_>, options: &Options) -> Option<PolicyKind> {
    policy.get("Statement").or_else(|| policy.get("Effect"))?;
    let (sources, inputs) = fixtures::sources(&[("policy.json".to_owned(), print::compact(policy))]);
    lint::lint(&sources, &inputs, options).documents.first()?.policy_kind?.parse().ok()
}

/// One value of what is unknown is the one that stood there: what is said of the unknown must be said of it, too.
#[test]
fn nothing_is_said_of_the_unknown_that_is_not_said_of_a_value() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rules");
    let mut wrong = BTreeSet::new();
    let mut tried = 0;
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for path in files {
        for list in ["fail", "pass"] {
            fixtures::with_cases(&path, list, |case| {
                let Some(policy) = case.policy() else { return };
                let mut options = case.options();
                options.selection.persona = Persona::Auditor;
                // What is unknown may also have told the kind of the policy, which is not the question here.
                options.kind = kind(policy, &options);
                if options.kind.is_none() {
                    return;
                }
                let before = said("policy.json", &print::compact(policy), &options);
                for (place, text) in with_an_unknown(policy) {
                    tried += 1;
                    let after = said("policy.json", &text, &options);
                    for rule in after.difference(&before) {
                        wrong.insert(format!("{rule}: {} at {place}: {text}", case.name));
                    }
                }
            });
        }
    }
    assert!(tried > 5000, "{tried}");
    let some: Vec<&String> = wrong.iter().take(400).collect();
    assert!(wrong.is_empty(), "{} of {tried}: {some:#?}", wrong.len());
}
