//! Rules as data: what kpl ships behaves, costs nothing until it is named, and what is wrong with a file is told.

use std::{fs, path::Path};

use kpl::{
    rules::declarative::{Want, load},
    source::{Origin, Source, Sources},
};
use serde_json::{Value, json};

use crate::cli::kpl;

fn sources(texts: &[&str]) -> Sources {
    let mut sources = Sources::default();
    for (index, text) in texts.iter().enumerate() {
        sources.push(Source::of_text(Origin::File(format!("{index}.yaml").into()), (*text).to_owned()));
    }
    sources
}

/// What is said of files of rules, each complaint with the text that it underlines.
fn told(texts: &[&str]) -> Vec<(String, String)> {
    let sources = sources(texts);
    let Err(rejected) = load(&sources, Want::Own) else { return Vec::new() };
    let place = |span: kpl::source::Span| sources.get(span.source).unwrap().slice(span).to_owned();
    rejected.0.into_iter().map(|complaint| (complaint.message, place(complaint.place.span))).collect()
}

fn rule(id: &str, demand: &str, action: [&str; 2]) -> String {
    let statement = |action: &str| format!("{{ Statement: [ {{ Effect: Allow, Action: {action}, Resource: '*' }} ] }}");
    format!(
        "id: {id}\nseverity: note\nsummary: s\n{demand}\nwhy: w\nfix: f\nexamples:\n  fail: {}\n  pass: {}\n",
        statement(action[0]),
        statement(action[1])
    )
}

const DECRYPT: &str = "forbid: { where: { action: { covers: kms:Decrypt } } }";

#[test]
fn every_shipped_rule_behaves_on_its_examples_and_every_pack_names_rules_that_exist() {
    let catalogue = load(&Sources::default(), Want::All).unwrap().catalogue;
    let shipped: Vec<_> = kpl::rules::declarative::shipped_names().filter_map(|file| file.rule).collect();
    let read: Vec<_> = catalogue.of_data().iter().map(|rule| rule.id).collect();
    assert_eq!(read, shipped);
    assert_eq!(catalogue.packs().len(), 5);
    for pack in catalogue.packs() {
        assert!(!pack.rules.is_empty(), "{}", pack.name);
        assert!(pack.controls.iter().all(|control| !control.rules.is_empty()), "{}", pack.name);
    }
}

#[test]
fn shipped_rules_are_read_only_where_one_of_them_is_named() {
    let names = |words: &[&str]| {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let catalogue = load(&Sources::default(), Want::Named { chosen: &words, mentioned: &[] }).unwrap().catalogue;
        (catalogue.of_data().len(), catalogue.packs().len())
    };
    assert_eq!(names(&["security", "public-key-policy"]), (0, 0));
    assert_eq!(names(&["data-perimeter"]), (2, 5));
}

#[test]
fn a_shipped_rule_that_is_only_mentioned_does_not_speak() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    fs::write(folder.path().join("key.json"), POLICY).unwrap();
    let about = |config: &str, args: &[&str]| {
        fs::write(folder.path().join("kpl.toml"), config).unwrap();
        let ran = kpl(folder.path(), &[&["check", "key.json", "--kind", "key"], args].concat());
        assert_eq!(ran.stderr, "");
        ran.stdout.contains("key-used-by-iam-user")
    };
    assert!(about("packs = ['kasten']\n", &[]));
    assert!(about("", &["--select", "kasten"]));
    assert!(!about("severity = { key-used-by-iam-user = 'error' }\n", &[]));
    assert!(!about("", &["--severity", "key-used-by-iam-user=error"]));
    assert!(!about("[[path]]\nfiles = 'other/*'\nignore = 'kasten'\n", &[]));
    assert!(!about("[[ignore]]\nrule = 'key-used-by-iam-user'\npath = 'other/*'\nreason = 'it is known'\n", &[]));
}

/// A rule of a pack that speaks without having been chosen must be one that a reviewer would want.
#[test]
fn few_rules_of_packs_speak_by_default() {
    let catalogue = load(&Sources::default(), Want::All).unwrap().catalogue;
    let speaks = |id: &&str| kpl::rules::find(id).is_some_and(|rule| rule.persona == kpl::finding::Persona::Regular);
    let mut by_default: Vec<&str> =
        catalogue.packs().iter().flat_map(|pack| &pack.rules).copied().filter(speaks).collect();
    by_default.sort_unstable();
    by_default.dedup();
    assert!(by_default.len() <= 15, "{by_default:?}");
}

#[test]
fn an_action_is_what_it_means_not_how_it_is_spelt() {
    for (fail, pass) in [
        ("'kms:*'", "'kms:DescribeKey'"),
        ("'KMS:De*'", "'kms:De?'"),
        ("'*'", "'s3:*'"),
        ("[ s3:GetObject, kms:decrypt ]", "[ s3:GetObject, kms:DecryptX ]"),
    ] {
        assert_eq!(told(&[&rule("own", DECRYPT, [fail, pass])]), [], "{fail} {pass}");
    }
}

#[test]
fn what_overlaps_an_exception_is_not_covered_whole() {
    let of = |predicate: &str, fail: &str, pass: &str| {
        let policy = |members: &str| format!("{{ Statement: [ {{ Effect: Allow, {members} }} ] }}");
        let (fail, pass) = (policy(fail), policy(pass));
        format!(
            "id: own\nseverity: note\nsummary: s\nforbid: {{ where: {predicate} }}\nwhy: w\nfix: f\n\
             examples: {{ fail: {fail}, pass: {pass} }}\n"
        )
    };
    let actions = of(
        "{ action: { covers: 'kms:*Key' } }",
        "NotAction: 'kms:*Grants', Resource: '*'",
        "NotAction: 'kms:Create*', Resource: '*'",
    );
    let resources = of(
        "{ resource: { covers: 'arn:aws:s3:::*-backup/*' } }",
        "Action: '*', NotResource: 'arn:aws:s3:::logs'",
        "Action: '*', NotResource: 'arn:aws:s3:::logs-*'",
    );
    for rule in [actions, resources] {
        assert_eq!(told(&[&rule]), []);
    }
}

#[test]
fn an_example_that_does_not_behave_is_told_at_its_place() {
    let silent = rule("own", DECRYPT, ["kms:Encrypt", "kms:Encrypt"]);
    assert_eq!(told(&[&silent]), [("`own` does not flag this fail example".into(), "Effect: Allow".into())]);
    let loud = rule("own", DECRYPT, ["kms:Decrypt", "'kms:D*'"]);
    assert_eq!(told(&[&loud]), [("`own` flags this in a pass example".into(), "'kms:D*'".into())]);
}

#[test]
fn a_path_that_the_library_would_misread_is_told_at_its_place() {
    let demand = "forbid: { select: \"$.Statement[?@.Action in ['*']]\" }";
    let message = "this path asks for a member named `Action in`, which no policy has";
    let wrong = rule("own", demand, ["'*'", "kms:Decrypt"]);
    assert_eq!(told(&[&wrong]), [(message.into(), "Action in".into())]);
}

#[test]
fn a_predicate_that_does_not_exist_is_told_at_its_place() {
    let wrong = rule("own", "forbid: { where: { actions: { covers: kms:Decrypt } } }", ["'*'", "kms:Encrypt"]);
    assert!(told(&[&wrong]).contains(&("`where` has no field `actions`".into(), "actions".into())));
}

#[test]
fn names_that_are_taken_are_told_at_their_place() {
    let own = rule("own", DECRYPT, ["kms:Decrypt", "kms:Encrypt"]);
    assert_eq!(told(&[&own, &own]), [("`0.yaml` has this name already".into(), "own".into())]);
    let taken = rule("public-key-policy", DECRYPT, ["kms:Decrypt", "kms:Encrypt"]);
    let message = "kpl has a rule or a pack of this name";
    assert_eq!(told(&[&taken]), [(message.into(), "public-key-policy".into())]);
}

#[test]
fn a_pack_that_includes_itself_or_nothing_that_exists_is_told_at_its_place() {
    let one = "pack: one\nincludes: [two]\n";
    let two = "pack: two\nincludes: [one]\n";
    let said = told(&[one, two]);
    assert!(said.contains(&("`one` includes `two`, which includes it again".into(), "one".into())));
    assert_eq!(told(&["pack: own\nincludes: own\n"]), [("the pack `own` includes itself".into(), "own".into())]);
    let missing = "pack: one\nincludes: [nowhere]\nrules: [nothing]\n";
    let said = told(&[missing]);
    assert!(said.contains(&("there is no pack `nowhere`".into(), "nowhere".into())));
    assert!(said.contains(&("there is no rule `nothing`".into(), "nothing".into())));
}

#[test]
fn the_rule_to_start_from_behaves() {
    assert_eq!(told(&[&kpl::rules::declarative::STARTER.replace("NAME", "own-rule")]), []);
}

/// The rules that docs/rules-as-data.md shows.
#[test]
fn rules_of_an_organisation_behave_on_what_is_spelt_otherwise() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/declarative");
    let page = std::fs::read_to_string(folder.join("../../docs/rules-as-data.md")).unwrap();
    let mut paths: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let texts: Vec<String> = paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    assert_eq!(told(&texts), []);
    assert_eq!(texts.len(), 10);
    for text in texts {
        let demand = text.split("\nwhy:").next().unwrap();
        assert!(page.contains(demand), "docs/rules-as-data.md does not show\n{demand}");
    }
}

/// A policy of which each rule of [`SELECTING`] selects one place.
const POLICY: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "Root",
      "Effect": "Allow",
      "Principal": { "AWS": "arn:aws:iam::111122223333:root" },
      "Action": "kms:*",
      "Resource": "*"
    },
    {
      "Sid": "Users",
      "Effect": "Allow",
      "Principal": { "AWS": ["arn:aws:iam::111122223333:role/app", "arn:aws:iam::111122223333:user/ada"] },
      "Action": ["kms:Encrypt", "KMS:de*"],
      "Resource": "*",
      "Condition": { "stringequals": { "KMS:viaservice": "s3.eu-central-1.amazonaws.com" } }
    }
  ]
}"#;

/// Rules, and the text that each underlines, without its quotes.
const SELECTING: [(&str, &str, &str); 6] = [
    (
        "an-item",
        "{ select: \"$.Statement[*].Principal.AWS[?@ == 'arn:aws:iam::111122223333:user/ada']\" }",
        "arn:aws:iam::111122223333:user/ada",
    ),
    ("a-second-item", "{ select: '$.Statement[?@.Condition.StringEquals].Action[1]' }", "KMS:de*"),
    ("a-value-of-a-condition", "{ select: \"$..StringEquals['kms:ViaService'][0]\" }", "s3.eu-central-1.amazonaws.com"),
    ("a-mark", "{ select: \"$.Statement[?@.Sid == 'Users']\", mark: $.Sid }", "Users"),
    ("a-predicate", "{ where: { action: { covers: kms:Decrypt }, principal: { is: user } } }", "KMS:de*"),
    ("the-version", "{ select: $.Version }", "2012-10-17"),
];

/// What the rules underline in a file of a name and a text, each without the quotes and escapes of the file.
fn underlined(name: &str, text: &str) -> Vec<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("own")).unwrap();
    for (id, demand, _) in SELECTING {
        let fail: Value = serde_json::from_str(POLICY).unwrap();
        let pass = json!({ "Statement": { "Effect": "Deny", "Action": "s3:*", "Resource": "*" } });
        let rule = format!(
            "id: {id}\nseverity: note\nsummary: s\nforbid: {demand}\napplies_to: key\nwhy: w\nfix: f\nexamples: {{ fail: {fail}, pass: {pass} }}\n"
        );
        fs::write(folder.path().join(format!("own/{id}.yaml")), rule).unwrap();
    }
    fs::write(folder.path().join(name), text).unwrap();
    let ids = SELECTING.map(|(id, ..)| id).join(",");
    let ran =
        kpl(folder.path(), &["check", name, "--kind", "key", "--rules", "own", "--select", &ids, "--format", "json"]);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr));
    let place = |finding: &Value, end: &str| usize::try_from(finding["span"][end]["offset"].as_u64().unwrap()).unwrap();
    let plain = |text: &str| text.replace("\\\"", "\"").trim_matches('"').to_owned();
    let mut told: Vec<(String, String)> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            (finding["rule"].as_str().unwrap().to_owned(), plain(&text[place(finding, "start")..place(finding, "end")]))
        })
        .collect();
    told.sort();
    told
}

fn expected() -> Vec<(String, String)> {
    let mut all = SELECTING.map(|(id, _, text)| (id.to_owned(), text.to_owned())).to_vec();
    all.sort();
    all
}

#[test]
fn what_a_path_selects_is_underlined_in_json() {
    assert_eq!(underlined("key.json", POLICY), expected());
    assert_eq!(underlined("key.json", &POLICY.replace('\n', "\r\n")), expected());
}

#[test]
fn what_a_path_selects_is_underlined_in_yaml() {
    let yaml = "Version: 2012-10-17
Statement:
  - Sid: Root
    Effect: Allow
    Principal: { AWS: arn:aws:iam::111122223333:root }
    Action: kms:*
    Resource: '*'
  - Sid: Users
    Effect: Allow
    Principal:
      AWS:
        - arn:aws:iam::111122223333:role/app
        - arn:aws:iam::111122223333:user/ada
    Action: [kms:Encrypt, KMS:de*]
    Resource: '*'
    Condition:
      stringequals:
        KMS:viaservice: s3.eu-central-1.amazonaws.com
";
    assert_eq!(underlined("key.yaml", yaml), expected());
}

#[test]
fn what_a_path_selects_is_underlined_in_a_plan() {
    let plan = json!({
        "format_version": "1.2",
        "terraform_version": "1.9.8",
        "resource_changes": [{
            "address": "aws_kms_key.this",
            "mode": "managed",
            "type": "aws_kms_key",
            "name": "this",
            "provider_name": "registry.terraform.io/hashicorp/aws",
            "change": { "actions": ["create"], "before": null, "after": { "policy": POLICY }, "after_unknown": {} },
        }],
    });
    assert_eq!(underlined("plan.json", &plan.to_string()), expected());
    assert_eq!(underlined("plan.json", &format!("{plan:#}")), expected());
}

#[test]
fn what_a_path_selects_is_underlined_in_the_answer_to_get_key_policy() {
    let answer = json!({ "Policy": POLICY, "PolicyName": "default" });
    assert_eq!(underlined("answer.json", &format!("{answer:#}")), expected());
}

/// What is said of a folder of rules, `check` and `rules test` alike; both end with 2.
fn refused(files: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("own")).unwrap();
    for (name, text) in files {
        fs::write(folder.path().join("own").join(name), text).unwrap();
    }
    fs::write(folder.path().join("key.json"), POLICY).unwrap();
    let check = kpl(folder.path(), &["check", "key.json", "--rules", "own"]);
    let test = kpl(folder.path(), &["rules", "test", "own"]);
    assert_eq!((check.code, check.stdout.as_str()), (2, ""));
    assert_eq!((test.code, test.stdout.as_str()), (2, ""));
    assert_eq!(check.stderr, test.stderr);
    check.stderr
}

#[test]
fn a_broken_path_ends_the_run_at_its_place() {
    let wrong = rule("own", "forbid: { select: \"$.Statement[?@.Effect = 'Allow']\" }", ["'*'", "kms:Encrypt"]);
    insta::assert_snapshot!(refused(&[("wrong.yaml", &wrong)]));
}

#[test]
fn a_path_that_would_be_misread_ends_the_run_at_its_place() {
    let word = rule("own", "forbid: { select: \"$.Statement[?@.Action in ['*']]\" }", ["'*'", "kms:Encrypt"]);
    let list = rule("other", "forbid: { select: \"$.Statement[?@.Action == '*']\" }", ["'*'", "kms:Encrypt"]);
    insta::assert_snapshot!(refused(&[("list.yaml", &list), ("word.yaml", &word)]));
}

#[test]
fn an_unknown_predicate_ends_the_run_at_its_place() {
    let wrong = rule("own", "forbid: { where: { action: { cover: kms:Decrypt } } }", ["'*'", "kms:Encrypt"]);
    insta::assert_snapshot!(refused(&[("wrong.yaml", &wrong)]));
}

#[test]
fn a_cyclic_pack_ends_the_run_at_its_place() {
    let (one, two) = ("pack: one\nsummary: s\nincludes: [two]\n", "pack: two\nsummary: s\nincludes: [one]\n");
    insta::assert_snapshot!(refused(&[("one.yaml", one), ("two.yaml", two)]));
}

#[test]
fn a_missing_pack_ends_the_run_at_its_place() {
    insta::assert_snapshot!(refused(&[("one.yaml", "pack: one\nsummary: s\nincludes: [kmss]\n")]));
}

#[test]
fn a_pack_that_no_file_holds_cannot_be_selected() {
    let ran = kpl(
        Path::new(env!("CARGO_MANIFEST_DIR")),
        &["check", "fixtures/documents/key-policy.json", "--select", "kmss"],
    );
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    let told = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("did you mean `kms`?"), "{told}");
}

#[test]
fn an_example_that_does_not_behave_ends_the_run_at_its_place() {
    let silent = rule("own", DECRYPT, ["kms:Encrypt", "kms:Encrypt"]);
    let loud = rule("other", DECRYPT, ["kms:Decrypt", "'kms:D*'"]);
    insta::assert_snapshot!(refused(&[("loud.yaml", &loud), ("silent.yaml", &silent)]));
}

/// A rule with `never`, and its examples.
fn never(demand: &str, fail: &str, pass: &str) -> String {
    format!(
        "id: own\nseverity: error\nsummary: s\napplies_to: key\nnever: {demand}\nwhy: w\nfix: f\nexamples:\n  fail: {{ Statement: [ {fail} ] }}\n  pass: {{ Statement: [ {pass} ] }}\n"
    )
}

const USERS: &str = "{ principal: 'arn:aws:iam::*:user/*', action: kms:ScheduleKeyDeletion }";
const ADA: &str =
    "{ Effect: Allow, Principal: { AWS: 'arn:aws:iam::111122223333:user/ada' }, Action: 'kms:*', Resource: '*' }";

#[test]
fn a_request_that_must_not_be_allowed_is_searched_among_all() {
    for (fail, pass) in [
        (ADA.to_owned(), ADA.replace("user/ada", "role/user")),
        (ADA.replace("kms:*", "KMS:sched*"), ADA.replace("kms:*", "kms:De*")),
        (
            ADA.replace("Action: 'kms:*'", "NotAction: kms:Decrypt"),
            ADA.replace("Action: 'kms:*'", "NotAction: 'kms:Schedule*'"),
        ),
        (
            format!("{ADA}, {{ Effect: Deny, Principal: '*', Action: 'kms:Delete*', Resource: '*' }}"),
            format!("{ADA}, {{ Effect: Deny, Principal: '*', NotAction: 'kms:De*', Resource: '*' }}"),
        ),
        (
            "{ Effect: Allow, Principal: '*', Action: '*', Resource: '*', Condition: { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:*/ada' } } }".to_owned(),
            "{ Effect: Allow, Principal: '*', Action: '*', Resource: '*', Condition: { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/*' } } }".to_owned(),
        ),
        // What the key policy leaves to the account's own policies, it does not grant.
        (ADA.to_owned(), ADA.replace("user/ada", "root")),
    ] {
        assert_eq!(told(&[&never(USERS, &fail, &pass)]), [], "{fail} {pass}");
    }
}

#[test]
fn a_request_that_must_not_be_allowed_may_carry_or_lack_a_key() {
    let demand = "{ action: kms:PutKeyPolicy, context: { 'aws:MultiFactorAuthPresent': [false, null] } }";
    let under = |operator: &str| {
        ADA.replace("'*' }", &format!("'*', Condition: {{ {operator}: {{ 'aws:MultiFactorAuthPresent': true }} }} }}"))
    };
    assert_eq!(told(&[&never(demand, &under("BoolIfExists"), &under("Bool"))]), []);
    let absent = "{ action: kms:PutKeyPolicy, context: { 'aws:MultiFactorAuthPresent': false } }";
    assert_eq!(told(&[&never(absent, ADA, &under("BoolIfExists"))]), []);
}

#[test]
fn the_request_that_is_allowed_is_shown_and_what_is_undecided_is_said() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("own")).unwrap();
    fs::write(folder.path().join("own/own.yaml"), never(USERS, ADA, &ADA.replace("user/ada", "root"))).unwrap();
    fs::write(folder.path().join("key.yaml"), format!("Version: '2012-10-17'\nStatement:\n  - {ADA}\n")).unwrap();
    let check = |args: &[&str]| {
        kpl(folder.path(), &[&["check", "key.yaml", "--rules", "own", "--select", "own"], args].concat())
    };
    insta::assert_snapshot!(check(&["--kind", "key"]).stdout);
    fs::write(
        folder.path().join("key.yaml"),
        format!("Version: '2012-10-17'\nStatement:\n  - {}\n", ADA.replace("'kms:*'", "!Ref Action")),
    )
    .unwrap();
    let report: Value = serde_json::from_str(&check(&["--kind", "key", "--format", "json"]).stdout).unwrap();
    assert_eq!(report["findings"], json!([]));
    assert_eq!(report["not_evaluated"][0]["rule"], "own");
    assert!(report["not_evaluated"][0]["reason"].as_str().unwrap().starts_with("neither a proof nor a request"));
}

#[test]
fn what_never_cannot_ask_is_told_at_its_place() {
    let wrong = never("{ principal: user, action: Decrypt, context: { MultiFactorAuthPresent: true } }", ADA, ADA);
    let said: Vec<String> = told(&[&wrong]).into_iter().map(|(_, place)| place).collect();
    assert_eq!(said, ["user", "Decrypt", "MultiFactorAuthPresent"]);
    let scp = never(USERS, ADA, ADA).replace("applies_to: key", "applies_to: scp");
    assert_eq!(told(&[&scp])[0], ("`never` is asked of policies that grant by themselves".into(), "scp".into()));
}
