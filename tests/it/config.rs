//! `kpl.toml` as a user has it: where it is found, what it settles, and what is said of a mistake in it.

use std::{fs, path::Path};

use crate::cli::{Ran, kpl, kpl_with};

/// A key policy of which `kms-star-in-key-policy` and its kin say something.
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
      "Sid": "Other",
      "Effect": "Allow",
      "Principal": { "AWS": "arn:aws:iam::444455556666:role/app" },
      "Action": "kms:Decrypt",
      "Resource": "*"
    }
  ]
}
"#;

const OTHER: &str = "warning[cross-account-principal]";

/// A repository with a policy in `policies/key.json` and a configuration.
fn repository(config: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join(".git")).unwrap();
    fs::create_dir_all(folder.path().join("policies/legacy")).unwrap();
    fs::write(folder.path().join("policies/key.json"), POLICY).unwrap();
    fs::write(folder.path().join("kpl.toml"), config).unwrap();
    folder
}

fn check(folder: &Path, args: &[&str]) -> Ran {
    kpl(folder, &[&["check", "-q"], args].concat())
}

#[test]
fn it_is_found_upward_to_the_root_of_the_repository_and_not_beyond() {
    let repository = repository("trusted-account = '444455556666'\n");
    let inside = repository.path().join("policies");
    assert!(!check(&inside, &["key.json"]).stdout.contains(OTHER));
    fs::create_dir(inside.join(".git")).unwrap();
    assert!(check(&inside, &["key.json"]).stdout.contains(OTHER));
}

#[test]
fn outside_of_a_repository_only_the_current_folder_is_searched() {
    let repository = repository("trusted-account = '444455556666'\n");
    fs::remove_dir(repository.path().join(".git")).unwrap();
    assert!(!check(repository.path(), &["policies/key.json"]).stdout.contains(OTHER));
    assert!(check(&repository.path().join("policies"), &["key.json"]).stdout.contains(OTHER));
}

#[test]
fn another_is_named_and_none_is_asked_for() {
    let repository = repository("trusted-account = '444455556666'\n");
    fs::write(repository.path().join("other.toml"), "ignore = 'security'\n").unwrap();
    assert!(check(repository.path(), &["policies", "--isolated"]).stdout.contains(OTHER));
    assert!(check(repository.path(), &["policies", "--config", "other.toml"]).stdout.contains(OTHER));
    let ran = check(repository.path(), &["policies", "--config", "none.toml"]);
    assert_eq!(
        (ran.stderr.as_str(), ran.code),
        ("error: none.toml: no such file or folder\n  help: a configuration is a file of TOML\n", 2)
    );
}

#[test]
fn the_command_line_wins_and_an_ignore_adds() {
    let repository = repository("ignore = 'cross-account-principal'\nfail-on = 'warning'\npersona = 'pedantic'\n");
    let code = |args: &[&str]| check(repository.path(), &[&["policies"], args].concat()).code;
    let told = |args: &[&str]| check(repository.path(), &[&["policies"], args].concat()).stdout;
    assert!(!told(&[]).contains(OTHER));
    assert!(!told(&["--ignore", "security"]).contains(OTHER));
    // What is selected by hand speaks, whatever the file ignores.
    assert!(told(&["--select", "cross-account-principal"]).contains(OTHER));
    assert_eq!(code(&["--select", "cross-account-principal"]), 1);
    assert_eq!(code(&["--select", "cross-account-principal", "--fail-on", "error"]), 0);
    assert!(
        told(&["--select", "cross-account-principal", "--severity", "cross-account-principal=error"])
            .contains("error[")
    );
}

#[test]
fn settings_of_some_files_hold_for_them_alone() {
    let config = "[severity]\ncross-account-principal = 'note'\n[[path]]\nfiles = 'policies/legacy/**'\nseverity = { cross-account-principal = 'error' }\n\
                  [[path]]\nfiles = ['*.tmp.json']\nignore = ['key-policy']\n";
    let repository = repository(config);
    fs::write(repository.path().join("policies/legacy/old.json"), POLICY).unwrap();
    fs::write(repository.path().join("policies/a.tmp.json"), POLICY).unwrap();
    let ran = check(repository.path(), &["--format", "concise", "--select", "cross-account-principal"]);
    let lines: Vec<&str> = ran.stdout.lines().map(|line| line.split("] ").next().unwrap()).collect();
    let expected = [
        "policies/key.json:14:29: note[cross-account-principal",
        "policies/legacy/old.json:14:29: error[cross-account-principal",
    ];
    assert_eq!(lines, expected);
    let typed =
        ["--format", "concise", "--select", "cross-account-principal", "--severity", "cross-account-principal=warning"];
    assert_eq!(check(repository.path(), &typed).stdout.matches(" warning[").count(), 2);
}

#[test]
fn the_kind_of_some_files_may_be_written() {
    let repository = repository("[[path]]\nfiles = 'policies'\nkind = 'resource'\n");
    let ran = kpl(repository.path(), &["check", "-v", "policies"]);
    assert!(ran.stdout.contains("policies/key.json: resource policy (--kind)"), "{}", ran.stdout);
    let ran = kpl(repository.path(), &["check", "-v", "policies", "--kind", "key"]);
    assert!(ran.stdout.contains("policies/key.json: key policy (--kind)"), "{}", ran.stdout);
}

#[test]
fn what_is_excluded_is_passed_over_in_a_walk_and_where_it_is_named_only_by_force() {
    let repository = repository("exclude = ['legacy']\n");
    fs::write(repository.path().join("policies/legacy/old.json"), POLICY).unwrap();
    let told = |args: &[&str]| check(repository.path(), &[args, &["--format", "concise"]].concat()).stdout;
    assert!(!told(&["."]).contains("old.json"));
    assert!(told(&["policies/legacy/old.json"]).contains("old.json"));
    assert!(told(&["policies/legacy"]).contains("old.json"));
    assert!(!told(&["policies/legacy/old.json", "--force-exclude"]).contains("old.json"));
    assert!(!told(&["policies/legacy", "--force-exclude"]).contains("old.json"));
    let ran = kpl(repository.path(), &["check", "policies/legacy/old.json", "--force-exclude", "-v"]);
    assert_eq!(ran.stdout, "passed over\n  policies/legacy/old.json: kpl.toml excludes it\n\nno policies found\n");
    assert_eq!((ran.stderr.as_str(), ran.code), ("", 0));
    let args = ["check", "-", "--stdin-filename", "policies/legacy/x.json", "--force-exclude"];
    assert_eq!(kpl_with(repository.path(), &args, POLICY.as_bytes()).stdout, "no policies found\n");
}

#[test]
fn files_of_context_are_found_beside_the_configuration() {
    let repository = repository("context = ['describe/*.json']\nalias = 'kasten'\n");
    fs::create_dir(repository.path().join("describe")).unwrap();
    let key = r#"{"KeyMetadata":{"AWSAccountId":"444455556666","Arn":"arn:aws:kms:eu-central-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab"}}"#;
    fs::write(repository.path().join("describe/key.json"), key).unwrap();
    let ran = kpl(&repository.path().join("policies"), &["check", "key.json", "-v"]);
    assert!(
        ran.stdout.contains("../describe/key.json: describe-key (it has `KeyMetadata`), for context only"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("account 111122223333 does not own this key"), "{}", ran.stdout);
}

#[test]
fn a_mistake_is_underlined_and_nothing_is_checked() {
    let config = "worklod = \"arn:aws:iam::111122223333:role/kasten\"\n\n[severity]\npublic-key-polcy = \"note\"\n\n[[path]]\nkind = \"keys\"\n";
    let repository = repository(config);
    let ran = check(repository.path(), &["policies"]);
    assert_eq!((ran.stdout.as_str(), ran.code), ("", 2));
    insta::assert_snapshot!(ran.stderr);
}

#[test]
fn a_value_that_means_nothing_is_underlined() {
    let config = "workload = [\"arn:aws:iam::111122223333:role/kasten\", \"kasten\"]\naccount = \"12345\"\nregion = \"europe\"\ntrusted-org = \"acme\"\nexclude = [\"a[\"]\nselect = [\"public-key-polcy\"]\n";
    let repository = repository(config);
    let ran = check(repository.path(), &["policies", "--format", "json"]);
    assert_eq!((ran.stdout.as_str(), ran.code), ("", 2));
    insta::assert_snapshot!(ran.stderr);
}

#[test]
fn what_a_configuration_holds_moves_no_cursor() {
    let repository = repository("\"\\u001b[2J\" = 1\npersona = \"\\u001b[31m\\n::error::x\"\n");
    let ran = check(repository.path(), &["policies", "--color", "never"]);
    assert!(!ran.stderr.contains('\u{1b}') && !ran.stderr.contains("\n::error"), "{}", ran.stderr);
    assert_eq!(ran.code, 2);
}

#[test]
fn what_is_in_force_is_shown_with_its_origin() {
    let config = "select = [\"key-policy\", \"alias\"]\nworkload = \"arn:aws:iam::111122223333:role/kasten\"\nregion = \"cn-north-1\"\n\n[severity]\npublic-key-policy = \"warning\"\n\n[[path]]\nfiles = \"legacy\"\nkind = \"key\"\n";
    let repository = repository(config);
    let ran = kpl(
        &repository.path().join("policies"),
        &["config", "show", "--persona", "auditor", "--ignore", "public-key-policy"],
    );
    insta::assert_snapshot!(ran.stdout);
    let ran = kpl(repository.path(), &["config", "show", "--format", "json"]);
    let shown: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&shown["version"], &shown["file"]), (&1.into(), &"kpl.toml".into()));
    let of = |key: &str| shown["settings"].as_array().unwrap().iter().find(|setting| setting["key"] == key).unwrap();
    assert_eq!(of("workload")["line"], 2);
    assert_eq!(of("workload")["value"][0], "arn:aws:iam::111122223333:role/kasten");
    assert_eq!((&of("account")["from"], &of("account")["value"]), (&"default".into(), &serde_json::Value::Null));
}

/// What an editor would say by the schema, for the parts of JSON Schema that it uses.
fn fits(schema: &serde_json::Value, value: &serde_json::Value) -> bool {
    if let Some(any) = schema["anyOf"].as_array() {
        return any.iter().any(|schema| fits(schema, value));
    }
    match schema["type"].as_str().unwrap() {
        "string" => value.is_string() && schema["enum"].as_array().is_none_or(|words| words.contains(value)),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64(),
        "array" => value.as_array().is_some_and(|items| items.iter().all(|item| fits(&schema["items"], item))),
        "object" => value.as_object().is_some_and(|members| {
            let known = |(name, value): (&String, &serde_json::Value)| match &schema["properties"][name] {
                serde_json::Value::Null => {
                    schema["additionalProperties"] != false && fits(&schema["additionalProperties"], value)
                }
                property => fits(property, value),
            };
            let required = schema["required"].as_array().into_iter().flatten();
            members.iter().all(known) && required.into_iter().all(|name| members.contains_key(name.as_str().unwrap()))
        }),
        other => panic!("the schema has a type {other}"),
    }
}

/// Every `toml` block of the documentation is taken by the reader and by the schema.
#[test]
fn the_documentation_shows_what_both_the_reader_and_the_schema_take() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md")).unwrap();
    let blocks: Vec<&str> = text.split("```toml\n").skip(1).map(|block| block.split("```").next().unwrap()).collect();
    assert!(blocks.len() >= 4);
    let schema: serde_json::Value = serde_json::from_str(&kpl(Path::new("."), &["schema", "config"]).stdout).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for block in blocks {
        let repository = repository(block);
        fs::create_dir(repository.path().join("house-rules")).unwrap();
        let rule = kpl::rules::declarative::STARTER.replace("NAME", "own-rule");
        fs::write(repository.path().join("house-rules/own-rule.yaml"), rule).unwrap();
        let ran = kpl(repository.path(), &["config", "show"]);
        assert_eq!(ran.stderr, "", "{block}");
        let value = toml_as_json(block);
        assert!(fits(&schema, &value), "{block}");
        seen.extend(value.as_object().unwrap().keys().cloned());
    }
    let keys = schema["properties"].as_object().unwrap().keys();
    let missing: Vec<&String> = keys.filter(|key| !seen.contains(*key)).collect();
    assert!(missing.is_empty(), "docs/configuration.md shows no example of {missing:?}");
    assert!(!fits(&schema, &serde_json::json!({ "worklod": "a" })));
    assert!(!fits(&schema, &serde_json::json!({ "path": [{ "kind": "key" }] })));
}

fn toml_as_json(text: &str) -> serde_json::Value {
    fn json(value: toml::Value) -> serde_json::Value {
        match value {
            toml::Value::Datetime(day) => day.to_string().into(),
            toml::Value::Array(items) => items.into_iter().map(json).collect(),
            toml::Value::Table(members) => members.into_iter().map(|(name, value)| (name, json(value))).collect(),
            other => serde_json::to_value(other).unwrap(),
        }
    }
    json(toml::Value::Table(toml::from_str(text).unwrap()))
}

#[test]
fn the_words_of_the_schema_are_those_of_the_command_line() {
    use kpl::{config, policy::PolicyKind};
    let schema = config::schema(&serde_json::Map::new());
    let kinds = schema.pointer("/properties/path/items/properties/kind/enum").unwrap().as_array().unwrap();
    assert!(kinds.iter().map(|kind| kind.as_str().unwrap()).eq(PolicyKind::ALL.map(PolicyKind::word)));
}

#[test]
fn an_option_of_a_rule_holds_and_is_shown_with_its_origin() {
    let config = "[rules]\nfolders = []\n[rules.policy-too-large]\nwarn-percent = 1\n";
    let repository = repository(config);
    let ran = check(repository.path(), &["policies", "--select", "policy-too-large"]);
    assert!(ran.stdout.contains("bytes"), "{}", ran.stdout);
    let shown = kpl(repository.path(), &["config", "show"]).stdout;
    let line = |key: &str| shown.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
    assert!(line("rules.policy-too-large.warn-percent").contains("kpl.toml:4"), "{shown}");
    assert!(line("rules.deletion-window-short.minimum-days").contains("default"), "{shown}");
}

#[test]
fn a_mistake_in_an_option_is_told_at_its_place() {
    let told = |config: &str| {
        let repository = repository(config);
        let ran = check(repository.path(), &["policies"]);
        assert_eq!((ran.stdout.as_str(), ran.code), ("", 2));
        ran.stderr
    };
    insta::assert_snapshot!(told(
        "[rules.deletion-window-shrot]\nminimum-days = 20\n\
         [rules.deletion-window-short]\nminimum_days = 20\n\
         [rules.key-undocumented]\ntags = 7\n\
         [rules.weak-rsa]\nspecs = ['RSA_2048', 3]\n\
         [rules.allow-star-star]\nanything = true\n\
         [rules.rotation-period-out-of-range]\nmaximum-days = 80\n\
         [rules.policy-too-large]\nwarn-percent = '90'\n"
    ));
    assert!(told("[rules]\nfolder = 'a'\n").contains("did you mean `folders`?"));
}

/// Every option stands in the table of the documentation, as the catalogue has it.
#[test]
fn the_documentation_lists_every_option() {
    use kpl::{finding::OptionValue, rules};
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md")).unwrap();
    for rule in rules::all() {
        for option in rule.options {
            let default = match option.default_value() {
                OptionValue::Number(number) => format!("`{number}`"),
                OptionValue::Texts(texts) if texts.is_empty() => "none".to_owned(),
                OptionValue::Texts(texts) => format!("`{}`", texts.join("`, `")),
            };
            let row = format!("| `{}` | `{}` | {default} | {} |", rule.id, option.name, option.about);
            assert!(text.contains(&row), "docs/configuration.md lacks\n{row}");
        }
    }
}
