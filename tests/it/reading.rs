//! Reading: trees that are printed and read back, and every kind of file that the AWS CLI answers with.

use std::borrow::Cow;

use kpl::{
    document::{self, Carrier, Document, Holder},
    policy::PolicyKind,
    source::{Origin, Source, SourceId, Span},
    syntax::{Member, Node, Value, json, print},
};
use proptest::prelude::*;

fn source(name: &str, text: &str) -> Source {
    Source::of_text(Origin::File(name.into()), text.to_owned())
}

const NOWHERE: Span = Span { source: SourceId(0), start: 0, end: 0 };

fn node(value: Value<'static>) -> Node<'static> {
    Node { value, span: NOWHERE }
}

fn trees() -> impl Strategy<Value = Node<'static>> {
    let number = prop_oneof![Just("0"), Just("-1"), Just("12.50"), Just("1e9"), Just("123456789012")];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number.prop_map(|text| Value::Number(Cow::Borrowed(text))),
        ".{0,12}".prop_map(|text| Value::String(Cow::Owned(text))),
    ];
    leaf.prop_map(node).prop_recursive(6, 60, 6, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..6).prop_map(Value::List);
        let member =
            (".{0,6}", inner).prop_map(|(key, value)| Member { key: Cow::Owned(key), key_span: NOWHERE, value });
        let map = prop::collection::vec(member, 0..6).prop_map(Value::Map);
        prop_oneof![list, map].prop_map(node)
    })
}

/// The tree that a text is read into, free of places; a fault is a failure.
fn read_back(text: &str) -> Node<'static> {
    let source = source("tree.json", text);
    let tree = json::read(&source, json::Dialect::Json);
    assert_eq!(tree.faults, vec![], "{text}");
    let mut root = tree.root.into_owned();
    root.map_spans(&|_| NOWHERE);
    root
}

/// A root that is a string of JSON is read as that document; that is a recovery, no tree.
fn is_document_in_a_string(tree: &Node<'_>) -> bool {
    tree.as_str().is_some_and(kpl::syntax::embed::looks_like_json)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_tree_that_is_printed_is_read_back(tree in trees()) {
        prop_assume!(!is_document_in_a_string(&tree));
        prop_assert_eq!(read_back(&print::compact(&tree)), tree.clone());
        prop_assert_eq!(read_back(&print::pretty(&tree)), tree);
    }

    #[test]
    fn the_length_of_a_tree_is_that_of_its_text(tree in trees()) {
        prop_assert_eq!(print::compact_length(&tree), print::compact(&tree).chars().count());
    }

    #[test]
    fn what_is_printed_is_json_for_others_too(tree in trees()) {
        let text = print::compact(&tree);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{}", text);
    }

    /// One character of a good text is taken away or put in: both readers take it, or neither does.
    #[test]
    fn a_text_is_without_fault_exactly_where_serde_takes_it(
        tree in trees(),
        at in any::<prop::sample::Index>(),
        put in prop::option::of("[\\[\\]{}:,\"\\\\u0-9a-f.eE+\u{a0} \n-]"),
    ) {
        let mut characters: Vec<char> = print::compact(&tree).chars().collect();
        let at = at.index(characters.len());
        match put {
            Some(put) => characters.splice(at..at, put.chars()).for_each(drop),
            None => drop(characters.remove(at)),
        }
        let text: String = characters.into_iter().collect();
        let source = source("text.json", &text);
        let read = json::read(&source, json::Dialect::Json);
        let twice = read.faults.iter().any(|fault| fault.cause == kpl::syntax::Cause::EncodedTwice);
        prop_assume!(!twice);
        let taken = serde_json::from_str::<serde_json::Value>(&text).map(drop).map_err(|error| error.to_string());
        // serde's own bound on numbers is no matter of syntax.
        prop_assume!(!taken.as_ref().is_err_and(|message| message.starts_with("number out of range")));
        prop_assert_eq!(taken.is_ok(), read.faults.is_empty(), "{} {:?}", text, read.faults);
    }

    #[test]
    fn every_place_lies_in_its_text(text in r#"[\[\]{}:,"'\\/#*a-c0-9“”\u{a0} \n`]{0,60}"#) {
        let source = source("text.json", &text);
        let tree = json::read(&source, json::Dialect::Json);
        prop_assert!(within(&tree.root, &text), "{:?}", tree.root);
        for fault in &tree.faults {
            prop_assert!(text.get(fault.span.range()).is_some(), "{:?}", fault);
        }
    }
}

fn within(node: &Node<'_>, text: &str) -> bool {
    let inside = text.get(node.span.range()).is_some();
    let children = match &node.value {
        Value::List(items) => items.iter().all(|item| within(item, text)),
        Value::Map(members) => members.iter().all(|member| within(&member.value, text)),
        _ => true,
    };
    inside && children
}

fn documents_folder() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/documents")
}

fn opened(name: &str, check: impl FnOnce(&Document<'_>, &Source)) {
    let source = source(name, &std::fs::read_to_string(documents_folder().join(name)).unwrap());
    let [document] = document::open(&source, None).unwrap().try_into().unwrap();
    assert_eq!(document.faults, vec![], "{name}");
    check(&document, &source);
}

/// Each policy's name, kind and number of statements.
fn policies(document: &Document<'_>) -> Vec<(Option<String>, PolicyKind, usize)> {
    document.policies.iter().map(|policy| (policy.name.clone(), policy.kind, policy.policy.statements.len())).collect()
}

#[test]
fn get_key_policy_holds_the_policy_in_a_string() {
    opened("get-key-policy.json", |document, source| {
        assert_eq!(document.kind, "get-key-policy");
        assert_eq!(policies(document), [(None, PolicyKind::Key, 1)]);
        let actions = document.policies[0].policy.statements[0].listed_actions().unwrap();
        assert_eq!(source.slice(actions.read[0].span), r#"\"kms:*\""#);
    });
}

#[test]
fn get_policy_version_holds_the_policy_as_an_object() {
    opened("get-policy-version.json", |document, _| {
        assert_eq!(policies(document), [(None, PolicyKind::Identity, 1)]);
    });
}

#[test]
fn get_role_policy_tells_who_carries_it() {
    opened("get-role-policy.json", |document, source| {
        assert_eq!(policies(document), [(None, PolicyKind::Identity, 1)]);
        assert_eq!(document.policies[0].holders, [Carrier::new(Holder::Role, "kasten")]);
        let actions = document.policies[0].policy.statements[0].listed_actions().unwrap();
        assert_eq!(source.slice(actions.read[0].span), "%22kms:Decrypt%22");
    });
}

#[test]
fn get_role_holds_the_trust_policy() {
    opened("get-role.json", |document, _| assert_eq!(policies(document), [(None, PolicyKind::Trust, 1)]));
}

#[test]
fn a_kind_that_is_said_overrules_what_an_answer_tells() {
    let text = std::fs::read_to_string(documents_folder().join("get-role.json")).unwrap();
    let source = source("get-role.json", &text);
    let [document] = document::open(&source, Some(PolicyKind::Resource)).unwrap().try_into().unwrap();
    assert_eq!((document.policies[0].kind, document.policies[0].because), (PolicyKind::Resource, "--kind"));
}

#[test]
fn account_details_hold_every_document_raw_or_percent_encoded() {
    opened("get-account-authorization-details.json", |document, _| {
        let named = |name: &str, kind| (Some(name.to_owned()), kind, 1);
        assert_eq!(
            policies(document),
            [
                named("role/kasten/trust", PolicyKind::Trust),
                named("role/kasten/kms", PolicyKind::Identity),
                named("user/backup/snapshots", PolicyKind::Identity),
                named("group/operators/read", PolicyKind::Identity),
                named("policy/KastenKms/v2", PolicyKind::Identity),
                named("policy/KastenKms/v1", PolicyKind::Identity),
            ]
        );
        let holders: Vec<&[Carrier]> = document.policies.iter().map(|policy| policy.holders.as_slice()).collect();
        assert_eq!(holders[4], [Carrier::new(Holder::Role, "kasten")]);
        assert!(holders[5].is_empty());
    });
}

#[test]
fn what_the_cli_tells_of_keys_aliases_and_grants_is_read() {
    opened("describe-key.json", |document, _| {
        assert_eq!(document.keys[0].spec.as_ref().unwrap().value, "RSA_4096");
    });
    opened("list-aliases.json", |document, _| {
        let names: Vec<&str> = document.aliases.iter().map(|alias| alias.name.value.as_str()).collect();
        assert_eq!(names, ["alias/aws/ebs", "alias/kasten"]);
        assert!(document.aliases[0].target.is_none());
    });
    opened("list-grants.json", |document, _| {
        let [first, second] = &document.grants[..] else { panic!("{:?}", document.grants) };
        assert_eq!(first.key.as_deref(), Some("1234abcd-12ab-34cd-56ef-1234567890ab"));
        assert_eq!(first.grant.grantee.value, "arn:aws:iam::111122223333:role/kasten");
        assert_eq!(first.grant.subset, Some(vec![("app".to_owned(), "kasten".to_owned())]));
        assert_eq!((second.grant.operations.len(), &second.grant.subset, second.is_open), (3, &None, false));
    });
    opened("get-key-rotation-status.json", |document, source| {
        let rotation = &document.rotations[0];
        assert_eq!(document.kind, "get-key-rotation-status");
        assert_eq!(source.slice(rotation.key.as_ref().unwrap().span), "\"1234abcd-12ab-34cd-56ef-1234567890ab\"");
        assert_eq!((source.slice(rotation.enabled.span), rotation.enabled.value), ("true", true));
        assert_eq!(source.slice(rotation.period.as_ref().unwrap().span), "365");
    });
}

#[test]
fn a_policy_in_yaml_is_read_like_one_in_json() {
    opened("key-policy.yaml", |document, source| {
        assert_eq!(policies(document), [(None, PolicyKind::Key, 1)]);
        let actions = document.policies[0].policy.statements[0].listed_actions().unwrap();
        assert_eq!(source.slice(actions.read[0].span), "kms:*");
    });
}
