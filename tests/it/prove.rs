//! Every case of `fixtures/prove`: the verdict, what the witness calls, and what is said besides.

use std::{fs, path::Path};

use crate::cli::kpl;

use kpl::{
    policy::{self, Policy, PolicyKind, Principal},
    prove::{Answer, Budget, Claim, Question, ResourceType, Verdict, prove},
    reference::Reference,
    semantics::{Caller, Found, Request},
    source::{Origin, Source},
    syntax::{Node, yaml},
};

struct Case<'n, 'a>(&'n Node<'a>);

impl<'n> Case<'n, '_> {
    fn text(&self, field: &str) -> Option<&'n str> {
        self.0.get(field).and_then(Node::as_str)
    }

    fn texts(&self, field: &str) -> Vec<String> {
        let items = self.0.get(field).map(Node::items).unwrap_or_default();
        items.iter().map(|item| item.as_str().unwrap().to_owned()).collect()
    }

    fn policy(&self, field: &str) -> Option<Policy> {
        self.0.get(field).map(read)
    }

    fn kind(&self) -> PolicyKind {
        let otherwise = if self.text("claim") == Some("keeps-admin") { "key" } else { "identity" };
        self.text("kind").unwrap_or(otherwise).parse().unwrap()
    }

    fn answer(&self) -> Answer {
        let policies: Vec<Policy> =
            self.0.get("policies").map(Node::items).unwrap_or_default().iter().map(read).collect();
        let [old, new, policy] = ["old", "new", "policy"].map(|field| self.policy(field));
        let claim = match self.text("claim").unwrap() {
            "no-new-access" => Claim::NoNewAccess { old: old.as_ref().unwrap(), new: new.as_ref().unwrap() },
            "not-granted" => Claim::NotGranted {
                policies: policies.iter().collect(),
                actions: self.texts("actions"),
                resources: self.texts("resources"),
                principals: self.texts("principals"),
                context: Vec::new(),
                delegated: true,
            },
            "not-public" => Claim::NotPublic {
                policy: policy.as_ref().unwrap(),
                trusted_accounts: Vec::new(),
                trusted_orgs: Vec::new(),
            },
            _ => Claim::KeepsAdmin {
                key_policy: policy.as_ref().unwrap(),
                caller: self.text("caller").map(|text| {
                    let principal: Principal = text.parse().unwrap();
                    Caller::of(&principal, text).unwrap()
                }),
            },
        };
        let account = self.text("account").map(|account| account.parse().unwrap());
        let question = Question { claim, kind: self.kind(), account, resource_type: None };
        prove(&question, Reference::embedded(), Budget::default()).unwrap()
    }

    /// What is not as the case says.
    fn complaints(&self) -> Vec<String> {
        let answer = self.answer();
        let mut wrong = Vec::new();
        if answer.verdict.word() != self.text("expect").unwrap() {
            wrong.push(format!("{:?}", answer.verdict));
        }
        if answer.notes != self.text("note").into_iter().map(str::to_owned).collect::<Vec<_>>() {
            wrong.push(format!("{:?}", answer.notes));
        }
        if let Verdict::Refuted { witness: Some(witness) } = &answer.verdict {
            let request = &witness.request;
            if self.text("action").is_some_and(|action| action != request.action()) {
                wrong.push(request.action().to_owned());
            }
            let lacks = |key: &str| request.context.find(&key.to_ascii_lowercase()) == Found::Absent;
            if self.text("lacks").is_some_and(|key| !lacks(key)) {
                wrong.push(format!("{:?}", request.context));
            }
        }
        wrong
    }
}

fn read(node: &Node<'_>) -> Policy {
    let (policy, faults) = policy::read(node);
    assert!(faults.is_empty(), "{faults:?}");
    policy
}

#[test]
fn every_case_has_the_verdict_that_it_names() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/prove");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 4);
    let mut wrong = Vec::new();
    for file in files {
        let source = Source::of_text(Origin::File(file.clone()), fs::read_to_string(&file).unwrap());
        let tree = yaml::read(&source);
        assert!(tree.faults.is_empty(), "{}: {:?}", file.display(), tree.faults);
        let cases = tree.root.get("cases").unwrap().items();
        assert!(!cases.is_empty());
        for case in cases.iter().map(Case) {
            let name = case.text("name").unwrap();
            wrong.extend(case.complaints().iter().map(|found| format!("{name}: {found}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const OLD: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"Read","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::reports/*"}]}"#;
const NEW: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"Write","Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::reports/*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}]}"#;

fn written() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("old.json"), OLD).unwrap();
    fs::write(folder.path().join("new.json"), NEW).unwrap();
    folder
}

#[test]
fn a_witness_on_the_screen_is_a_case_that_the_simulator_confirms() {
    let folder = written();
    let ran = kpl(folder.path(), &["prove", "no-new-access", "old.json", "new.json"]);
    insta::assert_snapshot!(ran.stdout);
    assert_eq!((ran.stderr.as_str(), ran.code), ("", 1));
    let (_, case) = ran.stdout.split_once("as a case for `kpl test`:\n\n").unwrap();
    fs::write(folder.path().join("a.kpl-test.yaml"), format!("cases:\n{case}")).unwrap();
    let replayed = kpl(folder.path(), &["test"]);
    assert_eq!((replayed.stderr.as_str(), replayed.code), ("", 0), "{}", replayed.stdout);
}

#[test]
fn a_verdict_for_a_program() {
    let folder = written();
    let ran = kpl(folder.path(), &["prove", "no-new-access", "old.json", "new.json", "--format", "json"]);
    insta::assert_snapshot!(ran.stdout);
    assert_eq!((ran.stderr.as_str(), ran.code), ("", 1));
    let ran = kpl(folder.path(), &["prove", "no-new-access", "new.json", "new.json", "--format", "json"]);
    assert_eq!((ran.stderr.as_str(), ran.code), ("", 0));
    let ran = kpl(folder.path(), &["prove", "keeps-admin", "none.json", "--account", "111122223333"]);
    assert_eq!(ran.code, 2);
}

/// Wildcards over the same letters.
fn alike(count: u32) -> Vec<String> {
    let letters = |number: u32| format!("{number:08b}").replace('0', "a").replace('1', "b");
    (0..count).map(|number| format!("arn:aws:s3:::*{}*", letters(number))).collect()
}

fn granting(statements: &[String], action: &str, budget: u64) -> Verdict {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
    let (policy, _) = policy::read(&kpl::syntax::json::read_text(&text, kpl::source::SourceId(0)).root);
    let claim = Claim::NotGranted {
        policies: vec![&policy],
        actions: vec![action.to_owned()],
        resources: Vec::new(),
        principals: Vec::new(),
        context: Vec::new(),
        delegated: true,
    };
    let question = Question { claim, kind: PolicyKind::Identity, account: None, resource_type: None };
    prove(&question, Reference::embedded(), Budget::of_milliseconds(budget)).unwrap().verdict
}

#[test]
fn many_wildcards_of_one_list_over_the_same_letters_are_one_class() {
    let all = alike(200);
    let statements = [
        format!(r#"{{"Effect":"Allow","Action":"s3:*","Resource":{:?}}}"#, &all[..100]),
        format!(r#"{{"Effect":"Deny","Action":"s3:*","Resource":{:?}}}"#, &all[100..]),
    ];
    assert_eq!(granting(&statements, "s3:GetObject", 1_000).word(), "refuted");
}

/// Each in a statement of its own, they part texts into more classes than can be counted.
#[test]
fn many_lists_of_wildcards_over_the_same_letters_end_with_their_reason() {
    let statement = |(at, resource): (usize, &String)| {
        let effect = if at < 100 { "Allow" } else { "Deny" };
        format!(r#"{{"Effect":"{effect}","Action":"s3:*","Resource":"{resource}"}}"#)
    };
    let statements: Vec<String> = alike(200).iter().enumerate().map(statement).collect();
    let Verdict::Undecided { reasons } = granting(&statements, "s3:GetObject", 100) else { panic!() };
    assert_eq!(reasons[0].message, "the wildcards fall into too many classes for the budget");
}

#[test]
fn five_hundred_statements_of_conditions_end_in_an_answer() {
    let statement = |number: usize| {
        format!(
            r#"{{"Effect":"{}","Action":"s3:Get*","Resource":"arn:aws:s3:::bucket{number}/*","Condition":{{"StringEquals":{{"aws:RequestTag/t{}":"v{number}"}}}}}}"#,
            if number.is_multiple_of(2) { "Allow" } else { "Deny" },
            number % 20,
        )
    };
    let statements: Vec<String> = (0..500).map(statement).collect();
    assert_eq!(granting(&statements, "s3:PutObject", 5_000).word(), "proven");
    assert_eq!(granting(&statements, "s3:GetObject", 5_000).word(), "refuted");
}

#[test]
fn ten_thousand_actions_end_in_an_answer() {
    let actions: Vec<String> = (0..10_000).map(|number| format!("s3:Own{number}*")).collect();
    let statements = [format!(r#"{{"Effect":"Allow","Action":{actions:?},"Resource":"*"}}"#)];
    assert_eq!(granting(&statements, "kms:Decrypt", 5_000).word(), "proven");
    assert_eq!(granting(&statements, "s3:Own77Objects", 5_000).word(), "refuted");
}

/// The request by which strangers get in through a policy.
fn strangers_call(policy: &str, of: ResourceType) -> Request {
    let (policy, _) = policy::read(&kpl::syntax::json::read_text(policy, kpl::source::SourceId(0)).root);
    let claim = Claim::NotPublic { policy: &policy, trusted_accounts: Vec::new(), trusted_orgs: Vec::new() };
    let account = Some("444455556666".parse().unwrap());
    let question = Question { claim, kind: of.kind(), account, resource_type: Some(of) };
    match prove(&question, Reference::embedded(), Budget::default()).unwrap().verdict {
        Verdict::Refuted { witness: Some(witness) } => witness.request,
        verdict => panic!("{}: {verdict:?}", of.name),
    }
}

#[test]
fn each_type_of_resource_is_shown_with_a_call_of_its_own() {
    for of in ResourceType::ALL {
        for actions in ["*".to_owned(), format!("{}:*", of.service), of.action.to_owned()] {
            let resource = if of.kind() == PolicyKind::Trust { "" } else { r#","Resource":"*""# };
            let text = format!(
                r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":"*","Action":"{actions}"{resource}}}}}"#
            );
            let shown = strangers_call(&text, of);
            let expected = (of.action, of.arn("aws", "444455556666".parse().unwrap()));
            assert_eq!((shown.action(), shown.resource()), (expected.0, expected.1.as_str()), "{}", of.name);
        }
    }
}

#[test]
fn what_a_policy_names_is_shown_rather_than_an_example() {
    let of = ResourceType::of("AWS::OpenSearchService::Domain").unwrap();
    let arn = "arn:aws:es:eu-west-1:444455556666:domain/logs/_search";
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":"*","Action":"es:ESHttpPost","Resource":"{arn}"}}}}"#
    );
    let shown = strangers_call(&text, of);
    assert_eq!((shown.action(), shown.resource()), ("es:ESHttpPost", arn));
}
