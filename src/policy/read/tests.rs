//! What the reader makes of a document, and what it faults.

use super::*;
use crate::{
    policy::{Clause, Principal},
    source::{Origin, Source, SourceId},
    syntax::json,
};

fn faults_of(text: &str) -> Vec<(Trouble, String)> {
    let source = Source::of_text(Origin::Stdin(None), text.to_owned());
    let tree = json::read(&source, json::Dialect::Json);
    assert_eq!(tree.faults, vec![]);
    read(&tree.root).1.into_iter().map(|fault| (fault.trouble, source.slice(fault.span).to_owned())).collect()
}

fn policy_of(text: &str) -> Policy {
    read(&json::read_text(text, SourceId(0)).root).0
}

#[test]
fn a_bare_value_and_a_list_of_one_are_the_same() {
    let one = policy_of(r#"{"Statement":{"Effect":"Allow","Action":"kms:Decrypt","Resource":["*"]}}"#);
    assert_eq!(one.statements.len(), 1);
    assert!(one.statements[0].covers_action("kms:decrypt"));
}

#[test]
fn a_malformed_principal_keeps_its_text_and_matches_nobody() {
    let policy = policy_of(r#"{"Statement":[{"Principal":{"AWS":["<role>","111122223333"]}}]}"#);
    let principals = policy.statements[0].named_principals().unwrap();
    assert_eq!(principals.malformed[0].value, "<role>");
    assert!(matches!(principals.read[0].value, Principal::Account(_)));
}

#[test]
fn an_intrinsic_function_is_unknown_not_absent() {
    let policy =
        policy_of(r#"{"Statement":[{"Resource":{"Fn::GetAtt":["Key","Arn"]},"Principal":{"AWS":{"Ref":"R"}}}]}"#);
    assert_eq!(policy.unknown.len(), 2);
    assert!(matches!(&policy.statements[0].resources, Some(Clause::Only(listed)) if listed.unknown.len() == 1));
}

#[test]
fn a_misspelt_element_names_the_one_that_was_meant() {
    let meant = |name: &str| match &faults_of(&format!(r#"{{"Statement":[{{"{name}":"x"}}]}}"#))[..] {
        [(Trouble::UnknownElement { meant, .. }, _), ..] => *meant,
        other => panic!("{other:?}"),
    };
    assert_eq!(meant("Actions"), Some("Action"));
    assert_eq!(meant("Principle"), Some("Principal"));
    assert_eq!(meant("effect"), Some("Effect"));
    assert_eq!(meant("Comment"), None);
}

#[test]
fn a_misspelt_element_is_read_as_the_one_that_was_meant() {
    let policy =
        policy_of(r#"{"Statements":[{"effect":"Allow","Actions":"kms:*","Principle":{"AWs":"111122223333"}}]}"#);
    let statement = &policy.statements[0];
    assert!(statement.allows() && statement.covers_action("kms:Decrypt"));
    assert!(matches!(statement.named_principals().unwrap().read[0].value, Principal::Account(_)));
}

#[test]
fn a_misspelt_operator_keeps_its_set_operator_and_never_turns_round() {
    assert_eq!(meant_operator("ForAnyValues:StringEqual"), Some("ForAnyValue:StringEquals".to_owned()));
    assert_eq!(meant_operator("NotStringEquals"), None);
}

#[test]
fn condition_keys_that_differ_in_case_alone_are_one_key() {
    let text = r#"{"Statement":[{"Condition":{"StringEquals":{"kms:ViaService":"a","kms:viaservice":"b"}}}]}"#;
    let faults = faults_of(text);
    assert!(
        matches!(&faults[0], (Trouble::DuplicateMember { other_case: true, .. }, at) if at == "\"kms:viaservice\"")
    );
}

#[test]
fn an_effect_in_the_wrong_case_is_read_and_faulted() {
    let text = r#"{"Statement":[{"Effect":"allow"}]}"#;
    assert!(policy_of(text).statements[0].allows());
    assert!(matches!(&faults_of(text)[0].0, Trouble::Effect { meant: Some(Effect::Allow), .. }));
}

#[test]
fn a_condition_that_cannot_be_read_still_limits_the_statement() {
    let policy = policy_of(r#"{"Statement":[{"Condition":{"StringMatches":{"a:b":"c"}}}]}"#);
    assert!(policy.statements[0].is_conditional());
}
