//! The tables of the documentation, and what is open in it.

use super::{Compiled, Decision, Outcome, Scratch};
use crate::{
    policy::{self, AccountId, Policy, PolicyKind, PolicySet, Principal},
    semantics::{Because, Caller, Context, Request, Value},
    source::SourceId,
    syntax::json,
};

const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const OBJECT: &str = "arn:aws:s3:::bucket/object";
const ROLE: &str = "arn:aws:iam::111122223333:role/app";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/app/one";
const USER: &str = "arn:aws:iam::111122223333:user/bob";
const FEDERATED: &str = "arn:aws:sts::111122223333:federated-user/bob";
const STRANGER: &str = "arn:aws:iam::444455556666:role/app";

fn policy(statements: &str) -> Policy {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
    policy::read(&json::read_text(&text, SourceId(0)).root).0
}

/// A policy that allows actions to a principal of a resource's policy, or, without one, to whoever carries it.
fn allowing(principal: &str, action: &str) -> Policy {
    let principal = if principal.is_empty() { String::new() } else { format!(r#""Principal":{principal},"#) };
    policy(&format!(r#"{{"Effect":"Allow",{principal}"Action":"{action}","Resource":"*"}}"#))
}

fn arn(text: &str) -> String {
    format!(r#"{{"AWS":"{text}"}}"#)
}

fn request(caller: &str, action: &str, resource: &str) -> Request {
    let principal: Principal = caller.parse().unwrap();
    let account: AccountId = "111122223333".parse().unwrap();
    Request::new(Caller::of(&principal, caller).unwrap(), action, resource, Some(account), Context::default())
}

fn get(set: &PolicySet<'_>, request: &Request) -> (Outcome, Option<Because>) {
    let compiled = Compiled::new(set);
    let explained = compiled.decide(request);
    assert_eq!(compiled.outcome(request, &mut Scratch::default()), explained.decision.outcome());
    (explained.decision.outcome(), explained.because)
}

/// The documented table of grants by a resource's policy under implicit denies. Source: IAM User Guide, "Policy evaluation
/// logic".
#[test]
fn how_a_resource_policy_names_the_caller_decides_what_limits_the_grant() {
    let nothing = allowing("", "ec2:RunInstances");
    let bypass = |caller: &str, named: &str| {
        let granting = allowing(&arn(named), "s3:GetObject");
        let set = PolicySet {
            resource: Some(&granting),
            boundary: Some(&nothing),
            session: Some(vec![&nothing]),
            ..PolicySet::default()
        };
        get(&set, &request(caller, "s3:GetObject", OBJECT))
    };
    assert_eq!(bypass(SESSION, ROLE), (Outcome::ImplicitlyDenied, Some(Because::Boundary)));
    assert_eq!(bypass(SESSION, SESSION), (Outcome::Allowed, Some(Because::Resource)));
    assert_eq!(bypass(USER, USER), (Outcome::Allowed, Some(Because::Resource)));
    assert_eq!(bypass(FEDERATED, USER), (Outcome::ImplicitlyDenied, Some(Because::Boundary)));
    assert_eq!(bypass(FEDERATED, FEDERATED), (Outcome::Allowed, Some(Because::Resource)));
    let root = "arn:aws:iam::111122223333:root";
    assert_eq!(bypass(root, root), (Outcome::Allowed, Some(Because::Resource)));
}

#[test]
fn an_identity_policy_uses_a_key_only_where_the_key_policy_lets_the_account_in() {
    let own = allowing("", "kms:Decrypt");
    let decide = |key_policy: &Policy| {
        let set = PolicySet {
            identity: vec![&own],
            resource: Some(key_policy),
            resource_kind: PolicyKind::Key,
            ..PolicySet::default()
        };
        get(&set, &request(ROLE, "kms:Decrypt", KEY))
    };
    assert_eq!(decide(&allowing(&arn("111122223333"), "kms:*")), (Outcome::Allowed, Some(Because::Identity)));
    assert_eq!(decide(&allowing(&arn(ROLE), "kms:Decrypt")), (Outcome::Allowed, Some(Because::Resource)));
    let other = allowing(&arn("111122223333"), "kms:Encrypt");
    assert_eq!(decide(&other), (Outcome::ImplicitlyDenied, Some(Because::Delegation)));
}

#[test]
fn across_accounts_both_must_agree_and_the_operation_must_work_there() {
    let own = allowing("", "kms:*");
    let key_policy = allowing(&arn(STRANGER), "kms:*");
    let set = PolicySet {
        identity: vec![&own],
        resource: Some(&key_policy),
        resource_kind: PolicyKind::Key,
        ..PolicySet::default()
    };
    assert_eq!(get(&set, &request(STRANGER, "kms:Decrypt", KEY)), (Outcome::Allowed, Some(Because::CrossAccount)));
    let managing = request(STRANGER, "kms:PutKeyPolicy", KEY);
    assert_eq!(get(&set, &managing), (Outcome::ImplicitlyDenied, Some(Because::CrossAccount)));
    let alone = PolicySet { identity: Vec::new(), ..set };
    let decrypting = request(STRANGER, "kms:Decrypt", KEY);
    assert_eq!(get(&alone, &decrypting), (Outcome::ImplicitlyDenied, Some(Because::Identity)));
}

#[test]
fn a_wildcard_that_may_cross_a_colon_leaves_the_answer_open_only_where_it_decides() {
    let open = policy(r#"{"Effect":"Allow","Action":"sqs:*","Resource":"arn:aws:sqs:*:queue"}"#);
    let plain = allowing("", "sqs:SendMessage");
    let queue = "arn:aws:sqs:eu-central-1:111122223333:queue";
    let asked = request(ROLE, "sqs:SendMessage", queue);
    let alone = PolicySet { identity: vec![&open], ..PolicySet::default() };
    let Decision::Undecided { reasons } = Compiled::new(&alone).decide(&asked).decision else { panic!("decided") };
    assert_eq!(reasons.len(), 1);
    let beside = PolicySet { identity: vec![&open, &plain], ..PolicySet::default() };
    assert_eq!(get(&beside, &asked).0, Outcome::Allowed);
}

#[test]
fn only_keys_that_could_change_the_answer_are_missing() {
    let own = policy(
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}},
           {"Effect":"Allow","Action":"s3:PutObject","Resource":"*","Condition":{"StringEquals":{"aws:SourceVpce":"vpce-1"}}}"#,
    );
    let set = PolicySet { identity: vec![&own], ..PolicySet::default() };
    let explained = Compiled::new(&set).decide(&request(ROLE, "s3:GetObject", OBJECT));
    assert_eq!(explained.decision, Decision::ImplicitlyDenied);
    assert_eq!(explained.missing, ["aws:MultiFactorAuthPresent"]);
}

/// The keys that are missing where one policy is the caller's own.
fn missing(statements: &str, asked: &Request) -> Vec<String> {
    let own = policy(statements);
    Compiled::new(&PolicySet { identity: vec![&own], ..PolicySet::default() }).decide(asked).missing
}

#[test]
fn a_key_is_missing_only_where_some_value_changes_the_answer() {
    let asked = request(ROLE, "s3:GetObject", OBJECT);
    let allow =
        |condition: &str| format!(r#"{{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{condition}}}"#);
    let both = allow(r#"{"StringEquals":{"aws:SourceVpce":"vpce-1","aws:PrincipalTag/team":"red"}}"#);
    assert_eq!(missing(&both, &asked), ["aws:PrincipalTag/team", "aws:SourceVpce"], "together they do");
    let never = allow(r#"{"StringEquals":{"aws:SourceVpce":"vpce-1","aws:PrincipalAccount":"444455556666"}}"#);
    assert!(missing(&never, &asked).is_empty(), "the other row fails whatever the endpoint is");
    let both_ways =
        allow(r#"{"StringEquals":{"aws:SourceVpce":"vpce-1"},"StringNotEquals":{"aws:SourceVpce":"vpce-1"}}"#);
    assert!(missing(&both_ways, &asked).is_empty(), "no value meets both rows");
    let dates = allow(r#"{"DateGreaterThan":{"aws:TokenIssueTime":"2026-01-01T00:00:00Z"}}"#);
    assert_eq!(missing(&dates, &asked), ["aws:TokenIssueTime"]);
    let home = r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::bucket/${aws:PrincipalTag/home}"}"#;
    assert_eq!(missing(home, &request(ROLE, "s3:GetObject", "arn:aws:s3:::bucket/red")), ["aws:PrincipalTag/home"]);
    assert!(missing(home, &request(ROLE, "s3:GetObject", "arn:aws:s3:::other/red")).is_empty());
    let team = allow(r#"{"StringEquals":{"aws:ResourceTag/team":"${aws:PrincipalTag/team}"}}"#);
    assert_eq!(missing(&team, &asked), ["aws:PrincipalTag/team", "aws:ResourceTag/team"]);
}

#[test]
fn a_key_of_unknown_value_is_not_taken_for_absent() {
    let own = policy(
        r#"{"Effect":"Allow","Action":"*","Resource":"*"},
           {"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:SourceVpce":"vpce-1"}}}"#,
    );
    let set = PolicySet { identity: vec![&own], ..PolicySet::default() };
    let mut context = Context::default();
    let caller = || Caller::of(&ROLE.parse().unwrap(), ROLE).unwrap();
    let asked = Request::new(caller(), "s3:GetObject", OBJECT, None, context.clone());
    assert_eq!(get(&set, &asked).0, Outcome::Allowed);
    context.set("aws:SourceVpce", Value::Unknown);
    let asked = Request::new(caller(), "s3:GetObject", OBJECT, None, context);
    assert_eq!(get(&set, &asked).0, Outcome::Undecided);
}
