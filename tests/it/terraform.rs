//! Reads `fixtures/terraform`: what real Terraform wrote, and beside each file what kpl must say of it.

use std::{fmt::Write as _, fs, path::Path};

use kpl::{
    document::Declared,
    finding::{Applicability, Persona, Report},
    lint::{self, Options},
    render::{self, Format},
    source::Sources,
};

use crate::fixtures;

/// Everything that a report says, a line each.
fn told(report: &Report, sources: &Sources) -> String {
    let mut out = String::new();
    for problem in &report.problems {
        let _ = writeln!(out, "problem: {}", problem.message);
    }
    for document in &report.documents {
        let name = document.name.as_deref().unwrap_or("-");
        let _ = writeln!(out, "document: {name} ({}, {})", document.kind, document.policy_kind.unwrap_or("-"));
    }
    for finding in &report.findings {
        let document = report.documents[finding.document].name.as_deref().unwrap_or("-");
        let place = sources.get(finding.primary.span.source).unwrap().position(finding.primary.span.start);
        let _ = writeln!(
            out,
            "{}[{}]: {document} {} at {}:{}: {}",
            finding.severity, finding.rule.id, finding.primary.path, place.line, place.column, finding.message
        );
    }
    for silent in &report.not_evaluated {
        let document = report.documents[silent.document].name.as_deref().unwrap_or("-");
        let _ = writeln!(out, "not evaluated: {} of {document}: {}", silent.rule, silent.reason);
    }
    out
}

fn report(name: &str, text: String) -> (Report, Sources) {
    let (sources, inputs) = fixtures::sources(&[(name.to_owned(), text)]);
    let mut options = Options::default();
    options.selection.persona = Persona::Regular;
    (lint::lint(&sources, &inputs, &options), sources)
}

/// Set `ACCEPT` to write what is said, and read the difference.
#[test]
fn what_terraform_wrote_is_read_as_it_must_be() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/terraform");
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_none_or(|end| end != "expected"));
    files.sort();
    assert!(files.len() >= 16);
    for path in files {
        let name = path.file_name().unwrap().to_str().unwrap();
        let (report, sources) = report(name, fs::read_to_string(&path).unwrap());
        let told = told(&report, &sources);
        let expected = folder.join(format!("{name}.expected"));
        if std::env::var_os("ACCEPT").is_some() {
            fs::write(&expected, &told).unwrap();
        }
        assert_eq!(told, fs::read_to_string(&expected).unwrap_or_default(), "{name}");
    }
}

fn fixture(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/terraform").join(name)).unwrap()
}

fn changed_only(name: &str, text: String) -> (Report, Sources) {
    let (sources, inputs) = fixtures::sources(&[(name.to_owned(), text)]);
    (lint::lint(&sources, &inputs, &Options { changed_only: true, ..Options::default() }), sources)
}

#[test]
fn of_a_plan_that_changes_nothing_changed_only_says_so() {
    let (report, _) = changed_only("plan.json", fixture("kasten-aws.plan-noop.json"));
    let problems: Vec<&str> = report.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(problems, ["this plan changes nothing, so that --changed-only leaves nothing to check"]);
    assert!(!report.problems[0].fatal);
    assert_eq!((report.findings.len(), report.not_evaluated.len()), (0, 0));
    assert_eq!((report.policies(), report.unchanged(), report.files), (0, 8, 1));
}

#[test]
fn changed_only_leaves_what_a_plan_touches() {
    let text = fixture("kasten-aws.plan-replace.json");
    let (report, sources) = changed_only("plan.json", text.clone());
    let told = told(&report, &sources);
    assert!(told.contains("policy-unknown-at-plan") && !told.contains("kms-star-in-identity-policy"), "{told}");
    assert!(report.problems.is_empty() && report.unchanged() > 0);
    // What cannot be read may be anywhere.
    let cut = text.rfind("\"configuration\"").unwrap();
    let (report, _) = changed_only("plan.json", text[..cut].to_owned());
    assert!(report.findings.iter().any(|finding| finding.rule.id == "json-syntax"));
}

#[test]
fn changed_only_leaves_states_as_they_are() {
    let text = fixture("kasten-aws.state-show.json");
    let (all, _) = report("state.json", text.clone());
    let (changed, _) = changed_only("state.json", text);
    let lines = |report: &Report| report.findings.iter().map(|finding| finding.fingerprint.clone()).collect::<Vec<_>>();
    assert_eq!((lines(&all), all.policies()), (lines(&changed), changed.policies()));
}

/// A policy of which everything is sensitive, a plan on one line with a secret beside a finding, and an access key.
const SECRETIVE: &str = r#"{"format_version":"1.2","output_changes":{"key":{"actions":["create"],"after":"{\"Statement\":[{\"Sid\":\"HushSid\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:role/hush-role\"},\"Action\":\"kms:*\",\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{\"hush:key\":\"x\"}}}]}","after_sensitive":true}},"resource_changes":[{"address":"helm_release.k10","type":"helm_release","name":"k10","change":{"actions":["create"],"after":{"set_sensitive":[{"value":"hush-token"}]},"after_sensitive":{"set_sensitive":true}}},{"address":"aws_iam_policy.p","type":"aws_iam_policy","name":"p","change":{"actions":["create"],"after":{"secret":"hush-value","policy":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"kms:*\",\"Resource\":\"*\"}]}"},"after_sensitive":{"secret":true}}}],"configuration":{"root_module":{"resources":[{"type":"helm_release","name":"k10","expressions":{"set_sensitive":[{"value":{"constant_value":"hush-token"}}]}}]}}}"#;

/// What every format shows of a report, with its name.
fn shown(report: &Report, sources: &Sources) -> Vec<(Format, String)> {
    let style = render::Style {
        color: false,
        unicode: true,
        width: 2000,
        most: 99,
        verbose: true,
        suppressed: true,
        quiet: false,
    };
    let tool = render::Tool { version: "0", reference: "0", base: None };
    Format::ALL.map(|format| (format, format.write(report, sources, &style, &tool))).into()
}

#[test]
fn what_is_sensitive_appears_in_no_format() {
    let (report, sources) = report("plan.json", SECRETIVE.to_owned());
    assert!(report.findings.iter().any(|finding| finding.rule.id == "workload-has-kms-star"));
    assert!(report.findings.iter().any(|finding| finding.rule.id == "kms-star-in-identity-policy"));
    let shown = shown(&report, &sources);
    for (format, text) in &shown {
        assert!(!text.to_ascii_lowercase().contains("hush"), "{format}: {text}");
        assert!(text.contains("kms-star-in-identity-policy"), "{format}: {text}");
    }
    assert!(shown.iter().any(|(format, text)| *format == Format::Text && text.contains("***")));
}

/// Resources that rules speak of beside policies, and in each of them what Terraform marks as sensitive.
const SENSITIVE: &str = r#"{"format_version":"1.2","terraform_version":"1.11.4","planned_values":{"root_module":{}},"resource_changes":[{"address":"helm_release.k10","mode":"managed","type":"helm_release","name":"k10","provider_name":"registry.terraform.io/hashicorp/helm","change":{"actions":["create"],"before":null,"after":{"name":"k10","namespace":"Hushns","chart":"k10","repository":"https://charts.kasten.io/","version":"4.0.12","values":["secrets:\n  awsIamRole: Hushrole\nencryption:\n  primaryKey:\n    awsCmkKeyId: Hushkey\n"],"set":[{"name":"secrets.awsClientSecretName","type":null,"value":"Hushcs"}],"set_list":[],"set_sensitive":[{"name":"secrets.awsIamRole","value":"Hushrole2"}]},"after_unknown":{},"before_sensitive":false,"after_sensitive":{"set_sensitive":true,"values":[true],"set":true,"version":true,"namespace":true}}},{"address":"kubernetes_manifest.passkey","mode":"managed","type":"kubernetes_manifest","name":"passkey","provider_name":"registry.terraform.io/hashicorp/kubernetes","change":{"actions":["create"],"before":null,"after":{"manifest":{"apiVersion":"vault.kio.kasten.io/v1alpha1","kind":"Passkey","metadata":{"name":"Hush_name"},"spec":{"usenow":true,"awscmkkeyid":"Hushkey2","Hush":1}}},"after_unknown":{},"before_sensitive":false,"after_sensitive":{"manifest":true}}},{"address":"aws_kms_alias.a","mode":"managed","type":"aws_kms_alias","name":"a","provider_name":"registry.terraform.io/hashicorp/aws","change":{"actions":["create"],"before":null,"after":{"name":"alias/aws/Hushalias","target_key_id":"Hushid"},"after_unknown":{},"before_sensitive":false,"after_sensitive":{"name":true,"target_key_id":true}}},{"address":"aws_kms_key.a","mode":"managed","type":"aws_kms_key","name":"a","provider_name":"registry.terraform.io/hashicorp/aws","change":{"actions":["create"],"before":null,"after":{"description":"Hushdesc","customer_master_key_spec":"Hushspec","key_usage":"Hushusage","deletion_window_in_days":7,"enable_key_rotation":true,"rotation_period_in_days":5,"multi_region":true,"policy":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"Hushsid\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::1234:role/Hushp\"},\"Action\":\"kms:Hushact\",\"Resource\":\"Hushres\",\"Condition\":{\"StringEquals\":{\"Hushck\":\"Hushcv\"}}}]}"},"after_unknown":{},"before_sensitive":false,"after_sensitive":{"description":true,"customer_master_key_spec":true,"key_usage":true,"policy":true}}},{"address":"aws_iam_role_policy_attachment.x","mode":"managed","type":"aws_iam_role_policy_attachment","name":"x","provider_name":"registry.terraform.io/hashicorp/aws","change":{"actions":["create"],"before":null,"after":{"role":"Hushrole","policy_arn":"arn:aws:iam::111122223333:policy/Hushpol"},"after_unknown":{},"before_sensitive":false,"after_sensitive":{"role":true,"policy_arn":true}}},{"address":"aws_lambda_permission.x","mode":"managed","type":"aws_lambda_permission","name":"x","provider_name":"registry.terraform.io/hashicorp/aws","change":{"actions":["create"],"before":null,"after":{"action":"lambda:Hushact","function_name":"Hushf","principal":"Hushprinc","source_arn":"Hushsa"},"after_unknown":{},"before_sensitive":false,"after_sensitive":{"action":true,"principal":true,"source_arn":true,"function_name":true}}},{"address":"aws_kms_grant.g","mode":"managed","type":"aws_kms_grant","name":"g","provider_name":"registry.terraform.io/hashicorp/aws","change":{"actions":["create"],"before":null,"after":{"key_id":"x","grantee_principal":"arn:aws:iam::111122223333:role/Hushg","operations":["Hushop","CreateGrant"],"constraints":[],"name":"n"},"after_unknown":{},"before_sensitive":false,"after_sensitive":{"grantee_principal":true,"operations":true}}}],"output_changes":{"pol":{"actions":["create"],"before":null,"after":{"Version":"Hushv","Statement":[{"Effect":"Hushe","Action":"Husha","Resource":"Hushr"}]},"after_unknown":false,"before_sensitive":false,"after_sensitive":true}}}"#;

#[test]
fn what_is_sensitive_in_resources_appears_in_no_message() {
    let (report, sources) = report("plan.json", SENSITIVE.to_owned());
    let found = |rule: &str| report.findings.iter().find(|finding| finding.rule.id == rule).unwrap();
    assert_eq!(found("passkey-key-id-shape").message, found("passkey-key-id-shape").rule.summary);
    assert_eq!(found("rotation-period-out-of-range").message, "a rotation period has 90 to 2560 days, not 5");
    for (format, text) in &shown(&report, &sources) {
        assert!(!text.contains("Hush"), "{format}: {text}");
    }
}

/// Where no rule expects one: as a principal, in a Sid, as a value, and beside a finding on one line.
const ACCESS_KEYS: &str = r#"{"Version": "2012-10-17", "SecretAccessKey": "hushhushhush", "Statement": [{"Sid": "AKIAIOSFODNN7EXAMPLE", "Effect": "Allow", "Principal": {"AWS": "AKIAIOSFODNN7EXAMPLE"}, "Action": ["kms:AKIAIOSFODNN7EXAMPLE", "kms:*"], "Resource": "*", "Condition": {"Bool": {"ASIAIOSFODNN7EXAMPLE": "ASIAIOSFODNN7EXAMPLE"}}}]}"#;

#[test]
fn access_keys_are_shown_in_no_format_wherever_they_stand() {
    for name in ["policy.json", "policy.yaml"] {
        let (report, sources) = report(name, ACCESS_KEYS.to_owned());
        assert!(report.findings.len() > 3, "{:?}", report.findings);
        let shown = shown(&report, &sources);
        for (format, text) in &shown {
            let is_clean = ["hush", "AKIAIOS", "ASIAIOS"].iter().all(|secret| !text.contains(secret));
            assert!(is_clean, "{format}: {text}");
        }
    }
}

#[test]
fn a_later_format_is_named_and_a_truncated_plan_is_read_as_far_as_it_goes() {
    let (later, _) = report("plan.json", r#"{"format_version": "2.0", "resource_changes": []}"#.to_owned());
    assert_eq!(later.problems[0].message, "Terraform's JSON format `2.0` is not known here (known: 0.x and 1.x)");
    let whole = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/terraform/kasten-aws.plan-create.json"),
    );
    let whole = whole.unwrap();
    let cut = whole.find("\"address\": \"module.kms.aws_kms_alias.this\",\n      \"module_address\"").unwrap();
    let (report, _) = report("plan.json", whole[..cut].to_owned());
    let rules: Vec<&str> = report.findings.iter().map(|finding| finding.rule.id).collect();
    assert!(rules.contains(&"json-syntax") && rules.contains(&"kms-star-in-identity-policy"), "{rules:?}");
    assert!(
        report
            .findings
            .iter()
            .all(|finding| finding.fix.as_ref().is_none_or(|fix| fix.applicability == Applicability::DisplayOnly))
    );
}

/// Source: Terraform documentation, "JSON Output Format", plan representation, `deferred_changes`.
#[test]
fn policies_of_deferred_changes_are_read_or_said_to_be_open() {
    let change = |name: &str, after: &str, unknown: &str| {
        format!(
            r#"{{"reason": "provider_config_unknown", "resource_change": {{"address": "aws_iam_policy.{name}", "type": "aws_iam_policy", "name": "{name}", "change": {{"actions": ["create"], "before": null, "after": {after}, "after_unknown": {unknown}}}}}}}"#
        )
    };
    let policy = r#"{"policy": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"kms:*\",\"Resource\":\"*\"}]}"}"#;
    let (known, open) = (change("known", policy, "{}"), change("open", "{}", r#"{"policy": true}"#));
    let plan = format!(r#"{{"format_version": "1.2", "resource_changes": [], "deferred_changes": [{known}, {open}]}}"#);
    for (report, sources) in [report("plan.json", plan.clone()), changed_only("plan.json", plan)] {
        let told = told(&report, &sources);
        assert!(told.contains("warning[kms-star-in-identity-policy]: aws_iam_policy.known"), "{told}");
        assert!(told.contains("note[policy-unknown-at-plan]: aws_iam_policy.open"), "{told}");
        assert!(told.contains("note[plan-incomplete]"), "{told}");
        assert!(report.problems.is_empty(), "{told}");
    }
}

/// A role and a group of one name, of which the group alone carries what Kasten needs.
const NAMESAKES: &str = r#"{"format_version": "1.0", "terraform_version": "1.11.4", "values": {"root_module": {"resources": [
  {"address": "aws_iam_role.kasten", "mode": "managed", "type": "aws_iam_role", "name": "kasten", "values": {"name": "kasten", "arn": "arn:aws:iam::111122223333:role/kasten", "assume_role_policy": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"ec2.amazonaws.com\"},\"Action\":\"sts:AssumeRole\"}]}"}},
  {"address": "aws_iam_role_policy.own", "mode": "managed", "type": "aws_iam_role_policy", "name": "own", "values": {"role": "kasten", "policy": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"Own\",\"Effect\":\"Allow\",\"Action\":\"kms:Encrypt\",\"Resource\":\"arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab\"}]}"}},
  {"address": "aws_iam_group_policy.other", "mode": "managed", "type": "aws_iam_group_policy", "name": "other", "values": {"group": "kasten", "policy": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"Other\",\"Effect\":\"Allow\",\"Action\":\"kms:Decrypt\",\"Resource\":\"arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab\"}]}"}},
  {"address": "aws_kms_key.k", "mode": "managed", "type": "aws_kms_key", "name": "k", "values": {"arn": "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", "key_id": "1234abcd-12ab-34cd-56ef-1234567890ab", "enable_key_rotation": true, "policy": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"Root\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:root\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}]}"}}]}}}"#;

/// Source: IAM User Guide, "IAM identifiers": names are unique among roles, and among groups.
#[test]
fn a_role_does_not_carry_what_a_group_of_its_name_does() {
    let workload = |arn: &str| Declared { workloads: vec![arn.parse().unwrap()], ..Declared::default() };
    let told = |arn: &str| {
        let (sources, inputs) = fixtures::sources(&[("state.json".to_owned(), NAMESAKES.to_owned())]);
        told(&lint::lint(&sources, &inputs, &Options { declared: workload(arn), ..Options::default() }), &sources)
    };
    let of_role = told("arn:aws:iam::111122223333:role/kasten");
    assert!(of_role.contains("kms-minimum-missing"), "{of_role}");
    // Nobody tells what a user of that name carries, and neither policy is his.
    let of_user = told("arn:aws:iam::111122223333:user/kasten");
    assert!(!of_user.contains("kms-minimum-missing]: aws_iam_role_policy.own"), "{of_user}");
}

/// Two data sources that are read during apply, the second of which merges the first and has a dynamic block besides.
const MERGED: &str = r#"{"format_version": "1.2", "resource_changes": [
  {"address": "aws_kms_key.k", "mode": "managed", "type": "aws_kms_key", "name": "k", "change": {"actions": ["create"], "after": {"enable_key_rotation": true}, "after_unknown": {"arn": true}}},
  {"address": "aws_iam_policy.p", "mode": "managed", "type": "aws_iam_policy", "name": "p", "change": {"actions": ["create"], "after": {}, "after_unknown": {"policy": true}}},
  {"address": "data.aws_iam_policy_document.base", "mode": "data", "type": "aws_iam_policy_document", "name": "base", "change": {"actions": ["read"], "after": {"statement": [{"sid": "Base", "actions": ["kms:Decrypts"], "resources": [null]}]}, "after_unknown": {"json": true, "statement": [{"actions": [false], "resources": [true]}]}}},
  {"address": "data.aws_iam_policy_document.all", "mode": "data", "type": "aws_iam_policy_document", "name": "all", "change": {"actions": ["read"], "after": {"source_policy_documents": ["{\"Statement\":[{\"Sid\":\"\",\"Effect\":\"Allow\",\"Action\":\"kms:One\",\"Resource\":\"*\"},{\"Sid\":\"\",\"Effect\":\"Allow\",\"Action\":\"kms:Two\",\"Resource\":\"*\"}]}", null], "statement": [{"sid": "Own", "actions": ["kms:Three"], "resources": [null]}]}, "after_unknown": {"json": true, "source_policy_documents": [false, true], "statement": [{"actions": [false], "resources": [true]}]}}}],
  "configuration": {"root_module": {"resources": [
  {"address": "aws_kms_key.k", "expressions": {}},
  {"address": "aws_iam_policy.p", "expressions": {"policy": {"references": ["data.aws_iam_policy_document.all.json", "data.aws_iam_policy_document.all"]}}},
  {"address": "data.aws_iam_policy_document.base", "expressions": {"statement": [{"resources": {"references": ["aws_kms_key.k.arn", "aws_kms_key.k", "count.index"]}}]}},
  {"address": "data.aws_iam_policy_document.all", "expressions": {"source_policy_documents": {"references": ["local.given", "data.aws_iam_policy_document.base.json", "data.aws_iam_policy_document.base"]}}}]}}}"#;

/// Source: Terraform AWS provider, `aws_iam_policy_document`, `source_policy_documents`.
#[test]
fn policies_that_are_merged_are_put_together_and_nothing_else_is_said_to_be_awaited() {
    let told = |text: &str| {
        let (report, sources) = report("plan.json", text.to_owned());
        told(&report, &sources)
    };
    let open = told(MERGED);
    assert!(open.contains("checked 2 of 4 statements, and others may come"), "anything may be merged: {open}");
    let whole = told(&MERGED.replace("local.given", "var.given"));
    for action in ["One", "Two", "Decrypts", "Three"] {
        let once = format!("kms has no action `{action}`");
        assert_eq!(whole.matches(&once).count(), 1, "{action}: {whole}");
    }
    let note = "aws_iam_policy.p /Statement/2/Resource at 4:234: not known until apply: it waits on aws_kms_key.k.arn; checked 2 of 4 statements\n";
    assert!(whole.contains(note), "{whole}");
}

/// Two keys with a policy each: the alias tells which of them the workload uses.
#[test]
fn the_alias_of_a_state_tells_which_key_policy_is_the_workloads() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/terraform/kasten-aws.state-show.json");
    // What the release and the secret tell of the key would settle it.
    let text = fs::read_to_string(path).unwrap();
    let text = text.replace("encryption.primaryKey.awsCmkKeyId", "encryption.other").replace("awscmkkeyid", "other");
    let (sources, inputs) = fixtures::sources(&[("state.json".to_owned(), text)]);
    let declared = |alias: &str| Declared {
        workloads: vec!["arn:aws:iam::123456789012:role/other".parse().unwrap()],
        aliases: vec![alias.to_owned()],
        ..Declared::default()
    };
    let several = "there are several key policies, and which key the workload uses cannot be told";
    let report =
        |alias: &str| lint::lint(&sources, &inputs, &Options { declared: declared(alias), ..Options::default() });
    let known = report("alias/kasten");
    assert!(known.not_evaluated.iter().all(|silent| silent.reason != several));
    let other = report("alias/other");
    assert!(other.not_evaluated.iter().any(|silent| silent.reason == several));
}
