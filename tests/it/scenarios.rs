//! `kpl test` and `kpl simulate`, as a user has them.

use std::{fs, path::Path};

use crate::cli::{Ran, kpl};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs the command in a folder that holds these files.
fn among(files: &[(&str, &str)], args: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    kpl(folder.path(), args)
}

const CASE: &str = r#"request: { principal: "arn:aws:iam::111122223333:role/app", action: "s3:GetObject", resource: "arn:aws:s3:::b/k" }"#;

const ALLOWS: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Sid":"Read","Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#;

#[test]
fn every_scenario_of_the_documentation_holds() {
    let ran = kpl(root(), &["test", "fixtures/simulate"]);
    assert_eq!((ran.stderr.as_str(), ran.code), ("", 0), "{}", ran.stdout);
    let cases: usize = ran.stdout.split(' ').next().unwrap().parse().unwrap();
    assert!(cases >= 500, "{cases} cases are too few: are all files found?");
}

#[test]
fn a_failing_case_shows_why_it_got_what_it_got() {
    let text = format!(
        "cases:\n  - name: too hopeful\n    {CASE}\n    policies:\n      identity:\n        - Version: \"2012-10-17\"\n          Statement: {{ Sid: Read, Effect: Allow, Action: s3:GetObject, Resource: \"*\", Condition: {{ Bool: {{ aws:SecureTransport: true }} }} }}\n    expect: allowed\n"
    );
    let ran = among(&[("a.kpl-test.yaml", &text)], &["test"]);
    insta::assert_snapshot!(ran.stdout);
    assert_eq!((ran.stderr.as_str(), ran.code), ("", 1));
}

#[test]
fn a_mistake_has_its_place_and_the_other_cases_and_files_still_run() {
    let broken = format!(
        "cases:\n  - name: misspelt\n    request: {{ principal: kasten, action: \"kms:*\", resorce: \"*\" }}\n    expect: alowed\n  - name: missing\n    {CASE}\n    policies: {{ identity: [none.json] }}\n    expect: allowed\n  - name: unknown operator\n    {CASE}\n    policies: {{ identity: [operator.json] }}\n    expect: allowed\n  - name: sound\n    {CASE}\n    expect: implicitly-denied\n"
    );
    let operator =
        ALLOWS.replace(r#""Resource":"*""#, r#""Resource":"*","Condition":{"StringEqual":{"aws:username":"x"}}"#);
    let sound = format!("cases:\n  - name: elsewhere\n    {CASE}\n    expect: implicitly-denied\n");
    let files = [("a.kpl-test.yaml", &*broken), ("b.kpl-test.yaml", &*sound), ("operator.json", &*operator)];
    let ran = among(&files, &["test"]);
    insta::assert_snapshot!(ran.stderr);
    assert_eq!((ran.stdout.as_str(), ran.code), ("2 cases in 2 files: 2 passed, 0 failed; 3 cases not read\n", 2));
}

#[test]
fn a_request_that_no_service_would_decide_is_told() {
    let case = |name: &str, principal: &str, action: &str, resource: &str, more: &str| {
        format!(
            "  - name: {name}\n    request: {{ principal: {principal}, action: {action}, resource: \"{resource}\" }}\n    expect: implicitly-denied\n{more}"
        )
    };
    let role = "\"arn:aws:iam::111122223333:role/app\"";
    let grants = format!("    policies: {{ grants: [{{ grantee: {role}, operations: [Decryptt] }}] }}\n");
    let text = [
        "cases:\n".to_owned(),
        case("any key", role, "kms:Decrypt", "*", ""),
        case("any role", role, "sts:AssumeRole", "*", ""),
        case(
            "nobody's key",
            role,
            "kms:Decrypt",
            "arn:aws:kms:eu-central-1::key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "",
        ),
        case("several keys", role, "kms:Decrypt", "arn:aws:kms:eu-central-1:111122223333:key/*", ""),
        case("no service", "{ service: backup }", "kms:Decrypt", KEY, ""),
        case("no operation", role, "kms:Decrypt", KEY, &grants),
        case("sound", role, "kms:Decrypt", KEY, ""),
    ];
    let ran = among(&[("a.kpl-test.yaml", &text.concat())], &["test"]);
    insta::assert_snapshot!(ran.stderr);
    assert_eq!(ran.code, 2);
}

#[test]
fn a_case_a_line_and_a_mistake_in_one_line() {
    let line = |expect: &str| {
        format!(
            r#"{{"name":"{expect}","request":{{"principal":"arn:aws:iam::111122223333:role/app","action":"s3:GetObject","resource":"*"}},"expect":"{expect}"}}"#
        )
    };
    let text = format!("{}\n{}\n\n{}\n", line("implicitly-denied"), "{\"name\": ", line("allowed"));
    let ran = among(&[("a.kpl-test.jsonl", &text)], &["test", "--format", "json"]);
    assert_eq!(ran.code, 2);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        report["summary"],
        serde_json::json!({ "passed": 1, "failed": 1, "not_read": { "cases": 1, "files": 0 } })
    );
    assert_eq!(report["cases"][0]["pass"], true);
    assert!(ran.stderr.contains("a.kpl-test.jsonl:2:"), "{}", ran.stderr);
}

#[test]
fn a_case_without_a_name_keeps_its_number_where_one_before_it_cannot_be_read() {
    let case = format!("  - {CASE}\n    expect: implicitly-denied\n");
    let text = format!("cases:\n  - expect: allowed\n{case}{case}");
    let ran = among(&[("a.kpl-test.yaml", &text)], &["test", "-v"]);
    assert!(ran.stdout.contains("ok: case 2 ") && ran.stdout.contains("ok: case 3 "), "{}", ran.stdout);
    let lines = "{\"name\": \n{\"request\":{\"principal\":\"arn:aws:iam::111122223333:role/app\",\"action\":\"s3:GetObject\",\"resource\":\"*\"},\"expect\":\"implicitly-denied\"}\n";
    let ran = among(&[("a.kpl-test.jsonl", lines)], &["test", "-v"]);
    assert!(ran.stdout.contains("ok: case 2 "), "{}", ran.stdout);
}

#[test]
fn files_that_cannot_be_read_are_counted_too() {
    let sound = format!("cases:\n  - name: sound\n    {CASE}\n    expect: implicitly-denied\n");
    let files = [("a.kpl-test.yaml", sound.as_str()), ("b.kpl-test.yaml", "cases: [\n")];
    let ran = among(&files, &["test", "a.kpl-test.yaml", "b.kpl-test.yaml", "none.kpl-test.yaml"]);
    assert_eq!((ran.stdout.as_str(), ran.code), ("1 case in 2 files: 1 passed, 0 failed; 2 files not read\n", 2));
}

#[test]
fn coverage_names_the_statements_that_no_case_exercised() {
    let two = ALLOWS.replace("}]}", r#"},{"Sid":"Write","Effect":"Allow","Action":"s3:PutObject","Resource":"*"}]}"#);
    let text = format!(
        "defaults: {{ policies: {{ identity: [two.json] }} }}\ncases:\n  - name: reads\n    {CASE}\n    expect: allowed\n"
    );
    let ran = among(&[("a.kpl-test.yaml", &text), ("two.json", &two)], &["test", "--coverage"]);
    insta::assert_snapshot!(ran.stdout);
    assert_eq!(ran.code, 0);
}

#[test]
fn a_call_that_takes_no_resource_is_first_asked_for_on_all() {
    let text = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["kms:ListKeys", "s3:ListAllMyBuckets"], "Resource": ["arn:aws:s3:::b", "*"]}]}"#;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("policy.json"), text).unwrap();
    assert_eq!(kpl(folder.path(), &["test", "--init", "policy.json"]).code, 0);
    insta::assert_snapshot!(fs::read_to_string(folder.path().join("policy.kpl-test.yaml")).unwrap());
    assert_eq!(kpl(folder.path(), &["test"]).code, 0);
}

#[test]
fn a_first_scenario_file_passes_as_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("policy.json"), ALLOWS).unwrap();
    let first = kpl(folder.path(), &["test", "--init", "policy.json"]);
    assert_eq!((first.stderr.as_str(), first.code), ("", 0));
    insta::assert_snapshot!(fs::read_to_string(folder.path().join("policy.kpl-test.yaml")).unwrap());
    assert_eq!(kpl(folder.path(), &["test"]).code, 0);
    // What is there is never overwritten.
    assert_eq!(kpl(folder.path(), &["test", "--init", "policy.json"]).code, 2);
}

#[test]
fn junit_has_a_case_for_each_case() {
    let text = format!("cases:\n  - name: a <b> & \"c\"\n    {CASE}\n    expect: allowed\n");
    let ran = among(&[("a.kpl-test.yaml", &text)], &["test", "--format", "junit"]);
    insta::assert_snapshot!(ran.stdout);
}

const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn simulate(args: &[&str]) -> Ran {
    let request = ["simulate", "--principal", "arn:aws:iam::111122223333:role/kasten", "--resource", KEY];
    kpl(&root().join("fixtures/seed/mended"), &[&request[..], args].concat())
}

#[test]
fn one_request_on_the_screen() {
    let files = ["--identity", "kasten-iam-policy.json", "--key-policy", "key-policy.json"];
    let allowed =
        simulate(&[&["--action", "kms:Decrypt", "--context", "kms:ResourceAliases=alias/kasten"][..], &files].concat());
    insta::assert_snapshot!(allowed.stdout);
    assert_eq!(allowed.code, 0);
    let denied = simulate(&[&["--action", "kms:Decrypt"][..], &files].concat());
    insta::assert_snapshot!(denied.stdout);
    assert_eq!(denied.code, 1);
}

/// A request that the mended files of the seed allow.
const ENCRYPTS: [&str; 4] = ["--action", "kms:Encrypt", "--context", "kms:ResourceAliases=alias/kasten"];

#[test]
fn layers_are_joined_from_files_and_folders_alike() {
    let json = |paths: &[&str]| {
        let ran = simulate(&[&ENCRYPTS, paths, &["--format", "json"]].concat());
        serde_json::from_str::<serde_json::Value>(&ran.stdout).unwrap()
    };
    let files = json(&["kasten-iam-policy.json", "key-policy.json"]);
    assert_eq!((&files["decision"], &files["because"]), (&"allowed".into(), &"identity".into()));
    assert_eq!(json(&["."]), files);
    assert_eq!(json(&["key-policy.json", ".", "kasten-iam-policy.json"])["trace"], files["trace"]);
}

/// Runs the request on the mended files of the seed and others beside them.
fn beside_the_seed(files: &[(&str, &str)], args: &[&str]) -> Ran {
    let seed = root().join("fixtures/seed/mended");
    let read = |name: &str| fs::read_to_string(seed.join(name)).unwrap();
    let (identity, key) = (read("kasten-iam-policy.json"), read("key-policy.json"));
    let own = [("kasten-iam-policy.json", identity.as_str()), ("key-policy.json", key.as_str())];
    let request = ["simulate", "--principal", "arn:aws:iam::111122223333:role/kasten", "--resource", KEY];
    among(&[&own, files].concat(), &[&request[..], &ENCRYPTS, args].concat())
}

#[test]
fn every_bad_file_of_a_folder_is_told_and_what_is_no_policy_is_passed_over() {
    let files = [
        (
            "effect.json",
            r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Alow", "Action": "s3:*", "Resource": "*"}]}"#,
        ),
        ("unclosed.json", r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*""#),
        ("package.json", r#"{"name": "unclosed""#),
        ("notes.yaml", "a: b\n"),
    ];
    let ran = beside_the_seed(&files, &["."]);
    insta::assert_snapshot!(ran.stderr);
    assert_eq!((ran.stdout.as_str(), ran.code), ("", 2));
}

#[test]
fn what_is_assumed_of_policies_of_an_organisation_is_said() {
    let rcp = r#"{"Version": "2012-10-17", "Statement": [{"Sid": "OwnOrganisation", "Effect": "Deny", "Principal": "*", "Action": ["kms:*", "s3:*"], "Resource": "*", "Condition": {"StringNotEquals": {"aws:ResourceAccount": "111122223333"}}}]}"#;
    let ran = beside_the_seed(&[("plan.json", BOUNDS_IN_A_PLAN), ("rcp.json", rcp)], &["."]);
    insta::assert_snapshot!(ran.stdout);
    assert_eq!((ran.stderr.as_str(), ran.code), ("", 0));
}

/// A plan with two service control policies that allow, an endpoint's policy, and a policy that nobody carries.
const BOUNDS_IN_A_PLAN: &str = r#"{"format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": [
    {"address": "aws_organizations_policy.keys", "mode": "managed", "type": "aws_organizations_policy", "name": "keys", "provider_name": "registry.terraform.io/hashicorp/aws", "change": {"actions": ["create"], "before": null, "after": {"type": "SERVICE_CONTROL_POLICY", "content": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"Keys\",\"Effect\":\"Allow\",\"Action\":\"kms:*\",\"Resource\":\"*\"}]}"}, "after_unknown": {}}},
    {"address": "aws_organizations_policy.buckets", "mode": "managed", "type": "aws_organizations_policy", "name": "buckets", "provider_name": "registry.terraform.io/hashicorp/aws", "change": {"actions": ["create"], "before": null, "after": {"type": "SERVICE_CONTROL_POLICY", "content": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}]}"}, "after_unknown": {}}},
    {"address": "aws_vpc_endpoint.kms", "mode": "managed", "type": "aws_vpc_endpoint", "name": "kms", "provider_name": "registry.terraform.io/hashicorp/aws", "change": {"actions": ["create"], "before": null, "after": {"policy": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"s3:*\",\"Resource\":\"*\"}]}"}, "after_unknown": {}}},
    {"address": "aws_iam_policy.spare", "mode": "managed", "type": "aws_iam_policy", "name": "spare", "provider_name": "registry.terraform.io/hashicorp/aws", "change": {"actions": ["create"], "before": null, "after": {"policy": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Deny\",\"Action\":\"kms:*\",\"Resource\":\"*\"}]}"}, "after_unknown": {}}}]}"#;

#[test]
fn a_file_that_may_be_a_bound_and_a_second_key_policy_are_told_with_their_options() {
    let second = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"}]}"#;
    let files = [("scps/regions.json", SCP), ("second-key.json", second)];
    let ran = beside_the_seed(&files, &["."]);
    insta::assert_snapshot!(ran.stderr);
    assert_eq!((ran.stdout.as_str(), ran.code), ("", 2));
    let told = beside_the_seed(&files, &[".", "--scp", "scps/regions.json", "--key-policy", "key-policy.json"]);
    assert!(told.stdout.starts_with("explicitly denied"), "{}{}", told.stdout, told.stderr);
}

/// A plan with one policy of an organisation.
const SCP_IN_A_PLAN: &str = r#"{"format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": [{"address": "aws_organizations_policy.deny", "mode": "managed", "type": "aws_organizations_policy", "name": "deny", "provider_name": "registry.terraform.io/hashicorp/aws", "change": {"actions": ["create"], "before": null, "after": {"type": "SERVICE_CONTROL_POLICY", "content": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Deny\",\"Action\":\"kms:*\",\"Resource\":\"*\"}]}"}, "after_unknown": {}}}]}"#;

const SCP: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "kms:*", "Resource": "*"}]}"#;

#[test]
fn a_policy_that_limits_is_never_left_out_without_a_word() {
    let files = [("plan.json", SCP_IN_A_PLAN), ("scp.json", SCP)];
    let joined = beside_the_seed(&files, &["key-policy.json", "kasten-iam-policy.json", "plan.json"]);
    insta::assert_snapshot!(joined.stdout);
    assert_eq!((joined.stderr.as_str(), joined.code), ("", 1));
    let named = beside_the_seed(&files, &["key-policy.json", "plan.json", "--scp", "scp.json"]);
    assert!(named.stdout.contains("  denies  scp.json:1:"), "{}{}", named.stdout, named.stderr);
}

#[test]
fn the_grants_that_files_list_count_for_their_own_key() {
    let grants = root().join("fixtures/documents/list-grants.json");
    let context = "kms:EncryptionContext:app=kasten";
    let with = |action: &str, context: &str| {
        let files = ["--context", context, "--format", "json", grants.to_str().unwrap()];
        let report = simulate(&[&["--action", action][..], &files].concat());
        let report: serde_json::Value = serde_json::from_str(&report.stdout).unwrap();
        (report["decision"].clone(), report["because"].clone())
    };
    assert_eq!(with("kms:Decrypt", context), ("allowed".into(), "grant".into()));
    assert_eq!(with("kms:Decrypt", "kms:EncryptionContext:app=other").0, "implicitly-denied");
    // That is for another service, with another key.
    assert_eq!(with("kms:CreateGrant", context).0, "implicitly-denied");
}

/// A role that may do everything within a boundary, by a plan that makes both and by an account's details.
const BOUNDED: [(&str, &str); 2] = [
    (
        "plan.json",
        r#"{"format_version": "1.2", "resource_changes": [
    {"address": "aws_iam_policy.limit", "type": "aws_iam_policy", "name": "limit", "change": {"actions": ["create"], "after": {"name": "limit", "policy": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"Reads\",\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}]}"}, "after_unknown": {"arn": true}}},
    {"address": "aws_iam_role.app", "type": "aws_iam_role", "name": "app", "change": {"actions": ["create"], "after": {"name": "app"}, "after_unknown": {"permissions_boundary": true}}},
    {"address": "aws_iam_role_policy.own", "type": "aws_iam_role_policy", "name": "own", "change": {"actions": ["create"], "after": {"role": "app", "policy": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"All\",\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}]}"}}}],
    "configuration": {"root_module": {"resources": [{"address": "aws_iam_role.app", "mode": "managed", "type": "aws_iam_role", "name": "app", "expressions": {"permissions_boundary": {"references": ["aws_iam_policy.limit.arn", "aws_iam_policy.limit"]}}}]}}}"#,
    ),
    (
        "details.json",
        r#"{"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [{"RoleName": "app", "Arn": "arn:aws:iam::111122223333:role/app",
    "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}]}}],
    "AttachedManagedPolicies": [], "PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": "arn:aws:iam::111122223333:policy/limit"}}],
    "Policies": [{"PolicyName": "limit", "Arn": "arn:aws:iam::111122223333:policy/limit", "DefaultVersionId": "v1",
    "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": true, "Document": {"Version": "2012-10-17", "Statement": [{"Sid": "Reads", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}}]}]}"#,
    ),
];

#[test]
fn a_boundary_that_a_file_names_limits_the_caller() {
    for file in BOUNDED {
        let asked = |action: &str, resource: &str| {
            let request = ["simulate", "--principal", "arn:aws:iam::111122223333:role/app", "--action", action];
            among(&[file], &[&request[..], &["--resource", resource, file.0]].concat())
        };
        let kept_out = asked("sqs:SendMessage", "arn:aws:sqs:eu-central-1:111122223333:q");
        let told = "the permissions boundary does not allow it";
        assert!(kept_out.stdout.contains(told) && kept_out.code == 1, "{}{}", kept_out.stdout, kept_out.stderr);
        assert!(kept_out.stdout.contains("as permissions boundary of the"), "{}", kept_out.stdout);
        let let_in = asked("s3:GetObject", "arn:aws:s3:::b/k");
        assert!(let_in.stdout.contains("Reads") && let_in.code == 0, "{}{}", let_in.stdout, let_in.stderr);
    }
}

#[test]
fn a_grant_that_is_not_known_and_a_boundary_that_is_not_given_are_never_left_out_without_a_word() {
    let plan = r#"{"format_version": "1.2", "resource_changes": [
        {"address": "aws_kms_key.k", "type": "aws_kms_key", "name": "k", "change": {"actions": ["create"], "after": {}}},
        {"address": "aws_kms_grant.g", "type": "aws_kms_grant", "name": "g", "change": {"actions": ["create"],
         "after": {"operations": ["Decrypt"]}, "after_unknown": {"grantee_principal": true, "key_id": true}}},
        {"address": "aws_iam_role.kasten", "type": "aws_iam_role", "name": "kasten", "change": {"actions": ["create"],
         "after": {"name": "kasten", "permissions_boundary": "arn:aws:iam::111122223333:policy/limit"}}}]}"#;
    let request = ["simulate", "--principal", "arn:aws:iam::111122223333:role/kasten", "--resource", KEY, "--action"];
    let ran = among(&[("plan.json", plan)], &[&request[..], &["kms:Decrypt", "plan.json"]].concat());
    insta::assert_snapshot!(ran.stderr);
    assert_eq!((ran.stdout.as_str(), ran.code), ("", 2));
}

#[test]
fn a_grant_that_comes_near_both_parts_of_reencrypt_and_a_provider_are_said() {
    let grants = r#"[{"grantee": "arn:aws:iam::111122223333:role/kasten", "operations": ["ReEncryptFrom"], "constraints": {"subset": {"app": "kasten"}}}]"#;
    let request = ["simulate", "--principal", "arn:aws:iam::111122223333:role/kasten", "--action", "kms:ReEncrypt"];
    let ran =
        among(&[("grants.json", grants)], &[&request[..], &["--resource", KEY, "--grants", "grants.json"]].concat());
    assert!(ran.stdout.contains("grant 1, Condition"), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("one of the two permissions that kms:ReEncrypt needs"), "{}", ran.stdout);
    let provider = "arn:aws:iam::111122223333:oidc-provider/example.org";
    let trust = format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Principal": {{"Federated": "{provider}"}}, "Action": "sts:AssumeRoleWithWebIdentity"}}]}}"#
    );
    let request = ["simulate", "--principal", provider, "--action", "sts:AssumeRoleWithWebIdentity", "--resource"];
    let role = ["arn:aws:iam::111122223333:role/app", "--trust", "trust.json"];
    assert_eq!(among(&[("trust.json", &trust)], &[&request[..], &role].concat()).code, 0);
}

#[test]
fn what_makes_no_sense_on_the_command_line_ends_with_2() {
    let ran = kpl(root(), &["simulate", "--principal", "kasten", "--action", "kms:*", "--resource", "key/1"]);
    insta::assert_snapshot!(ran.stderr);
    assert_eq!((ran.stdout.as_str(), ran.code), ("", 2));
}

#[test]
fn a_scenario_file_is_nothing_for_check_to_object_to() {
    let text = format!("cases:\n  - name: a\n    {CASE}\n    expect: allowed\n");
    let ran = among(&[("a.kpl-test.yaml", &text)], &["check", "a.kpl-test.yaml"]);
    assert_eq!((ran.stderr.as_str(), ran.code), ("", 0));
}
