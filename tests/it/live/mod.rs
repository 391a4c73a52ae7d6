//! `kpl fetch` against a stub of AWS: what comes, what does not, and that nothing leaks.

mod account;
mod stub;

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use kpl::live::CALLS;

use account::{ACCOUNT, answer, id_of, key_arn};
use stub::{Asked, Reply, Stub};

use crate::cli::Ran;

const SECRET: &str = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY01";
const TOKEN: &str = "FwoGZXIvYXdzEXAMPLETOKEN";
const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";

fn command(folder: &Path, address: &str, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kpl"));
    command.args(args).current_dir(folder).env_clear().stdin(Stdio::null());
    let variables = [
        ("AWS_ENDPOINT_URL", address),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", KEY_ID),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_SESSION_TOKEN", TOKEN),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_MAX_ATTEMPTS", "1"),
        ("AWS_CONFIG_FILE", "none"),
        ("AWS_SHARED_CREDENTIALS_FILE", "none"),
        ("SOURCE_DATE_EPOCH", "1772841600"),
        ("RUST_LOG", "trace"),
        ("RUST_BACKTRACE", "1"),
    ];
    command.envs(variables);
    command
}

/// Fetches into `out`, and holds that neither screen nor folder shows a credential.
fn fetch(folder: &Path, stub: &Stub, args: &[&str]) -> Ran {
    ended(folder, &mut command(folder, &stub.address, &[&["fetch"], args, &["--out", "out"]].concat()))
}

fn ended(folder: &Path, command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let ran = Ran { stdout: text(output.stdout), stderr: text(output.stderr), code: output.status.code().unwrap() };
    holds_no_credential(&ran.stdout);
    holds_no_credential(&ran.stderr);
    for file in files(&folder.join("out")) {
        holds_no_credential(&fs::read_to_string(folder.join("out").join(file)).unwrap());
    }
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran
}

fn holds_no_credential(text: &str) {
    for credential in [SECRET, TOKEN, KEY_ID] {
        assert!(!text.contains(credential), "{text}");
    }
}

/// The files below a folder, by their paths in it.
fn files(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()).into_iter().map(|file| format!("{name}/{file}")));
        } else {
            found.insert(name);
        }
    }
    found
}

fn read(folder: &Path, file: &str) -> String {
    fs::read_to_string(folder.join("out").join(file)).unwrap()
}

/// The path of an answer about the first key.
fn of_key(file: &str) -> String {
    format!("kms/{}/{file}", id_of(1))
}

/// An account of two keys and three roles in which one operation is answered otherwise.
fn with(operation: &'static str, reply: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static) -> Stub {
    Stub::start(move |asked| {
        let own = if asked.operation == operation { reply(asked) } else { None };
        own.unwrap_or_else(|| answer(asked, 2, 3))
    })
}

#[test]
fn an_account_is_fetched_whole_by_calls_of_the_table_alone() {
    let (folder, stub) = (tempfile::tempdir().unwrap(), Stub::start(|asked| answer(asked, 2, 250)));
    let ran = fetch(folder.path(), &stub, &["account"]);
    assert_eq!((ran.stdout.as_str(), ran.code), ("18 answers of account 111122223333 in out\n", 0), "{}", ran.stderr);
    let asked: BTreeSet<String> = stub.operations().into_iter().collect();
    let known: BTreeSet<String> = CALLS.iter().map(|call| call.operation.to_owned()).collect();
    let wanted = [
        "DescribeKey",
        "GetAccountAuthorizationDetails",
        "GetCallerIdentity",
        "GetKeyPolicy",
        "GetKeyRotationStatus",
        "ListAliases",
        "ListGrants",
        "ListKeyPolicies",
        "ListKeyRotations",
        "ListKeys",
        "ListResourceTags",
    ];
    assert_eq!(asked, wanted.iter().map(ToString::to_string).collect());
    assert!(asked.is_subset(&known));
    let details: serde_json::Value =
        serde_json::from_str(&read(folder.path(), "iam/get-account-authorization-details.json")).unwrap();
    assert_eq!(details["RoleDetailList"].as_array().unwrap().len(), 250, "three pages");
    let trust = &details["RoleDetailList"][249]["AssumeRolePolicyDocument"];
    assert_eq!(trust["Statement"][0]["Sid"], "a+b", "a plus is a plus");
    let inline = &details["RoleDetailList"][0]["RolePolicyList"][0]["PolicyDocument"];
    assert_eq!(inline["Statement"]["Action"], "kms:Decrypt", "a raw document");
    insta::assert_snapshot!(read(folder.path(), &of_key("describe-key.json")));
    let of_aws: Vec<String> = files(&folder.path().join("out/kms").join(id_of(0))).into_iter().collect();
    assert_eq!(of_aws, ["describe-key.json"], "a key of AWS is described, and no more");
    let manifest: serde_json::Value = serde_json::from_str(&read(folder.path(), "manifest.json")).unwrap();
    assert_eq!((manifest["account"].as_str(), manifest["region"].as_str()), (Some(ACCOUNT), Some("eu-central-1")));
    assert_eq!(manifest["calls"].as_array().unwrap().len(), 19);
}

#[test]
fn what_was_fetched_is_checked_as_any_folder() {
    let (folder, stub) = (tempfile::tempdir().unwrap(), Stub::start(|asked| answer(asked, 2, 1)));
    let ran = fetch(folder.path(), &stub, &["account", "--check"]);
    assert!(
        ran.stdout.contains("key-not-enabled") && ran.stdout.contains(&format!("{}/describe-key.json", id_of(2))),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("principal-unique-id"), "a principal that is no more: {}", ran.stdout);
}

#[test]
fn a_set_up_of_kasten_is_fetched_by_role_and_alias() {
    let (folder, stub) = (tempfile::tempdir().unwrap(), Stub::start(|asked| answer(asked, 1, 1)));
    let role = format!("arn:aws:iam::{ACCOUNT}:role/kasten");
    let ran = fetch(folder.path(), &stub, &["kasten", "--role", &role, "--alias", "kasten"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let found: Vec<String> = files(&folder.path().join("out")).into_iter().collect();
    insta::assert_snapshot!(found.join("\n"));
}

#[test]
fn denied_calls_are_told_and_the_rest_goes_on() {
    let (folder, stub) =
        (tempfile::tempdir().unwrap(), with("ListGrants", |_| Some(Reply::Error(400, "AccessDeniedException", ""))));
    let ran = fetch(folder.path(), &stub, &["key", "alias/kasten"]);
    assert_eq!(ran.code, 0);
    assert!(
        ran.stdout.contains(&format!("denied: aws kms list-grants --key-id {}", key_arn(&id_of(1)))),
        "{}",
        ran.stdout
    );
    assert!(files(&folder.path().join("out")).contains(&of_key("get-key-policy.json")));
    let manifest: serde_json::Value = serde_json::from_str(&read(folder.path(), "manifest.json")).unwrap();
    let denied = manifest["calls"].as_array().unwrap().iter().filter(|call| call["outcome"] == "denied");
    assert_eq!(denied.map(|call| call["action"].as_str().unwrap()).collect::<Vec<_>>(), ["kms:ListGrants"]);
}

#[test]
fn nothing_but_denials_cannot_be_called_done() {
    let (folder, stub) =
        (tempfile::tempdir().unwrap(), with("DescribeKey", |_| Some(Reply::Error(400, "AccessDeniedException", ""))));
    let ran = fetch(folder.path(), &stub, &["key", "alias/kasten"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("nothing came back") && ran.stderr.contains("--permissions"), "{}", ran.stderr);
}

#[test]
fn a_throttled_call_is_made_again() {
    let throttled = |asked: &Asked| {
        let header = "\r\nRetry-After: 1\r\nx-amz-retry-after: 50";
        (asked.before < 2).then_some(Reply::Error(400, "ThrottlingException", header))
    };
    let (folder, stub) = (tempfile::tempdir().unwrap(), with("DescribeKey", throttled));
    let args = ["fetch", "key", "alias/kasten", "--out", "out"];
    let ran = ended(folder.path(), command(folder.path(), &stub.address, &args).env("AWS_MAX_ATTEMPTS", "3"));
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(stub.operations().iter().filter(|operation| *operation == "DescribeKey").count(), 3);
}

/// A call that fails, by what the server does, and what is said of it.
fn fails(operation: &'static str, reply: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static, said: &str) {
    let (folder, stub) = (tempfile::tempdir().unwrap(), with(operation, reply));
    let ran = fetch(folder.path(), &stub, &["role", "kasten", "--timeout", "1"]);
    assert_eq!(ran.code, 0, "what came is kept: {}", ran.stderr);
    assert!(ran.stdout.contains("failed: aws iam get-role-policy"), "{}", ran.stdout);
    assert!(ran.stdout.contains(said), "{}", ran.stdout);
    assert!(files(&folder.path().join("out")).contains("iam/role/kasten/get-role.json"));
}

#[test]
fn xml_that_is_cut_off() {
    fails(
        "GetRolePolicy",
        |_| Some(Reply::Broken("<GetRolePolicyResponse><GetRolePolicyResult><Rol")),
        "cannot be read",
    );
}

#[test]
fn a_page_of_html() {
    fails("GetRolePolicy", |_| Some(Reply::Html), "HTTP 500 without a word of AWS");
}

#[test]
fn a_connection_that_is_cut() {
    fails("GetRolePolicy", |_| Some(Reply::Cut), "cannot be read");
}

#[test]
fn an_answer_that_is_late() {
    let slow = |asked: &Asked| Some(Reply::Slow(Duration::from_secs(3), Box::new(answer(asked, 1, 1))));
    fails("GetRolePolicy", slow, "no answer in time");
}

#[test]
fn pages_that_never_end() {
    let endless = |_: &Asked| {
        Some(Reply::Json("{\"Keys\":[{\"KeyId\":\"00000001-0000-4000-8000-000000000000\"}],\"Truncated\":true,\"NextMarker\":\"again\"}".to_owned()))
    };
    let (folder, stub) = (tempfile::tempdir().unwrap(), with("ListKeys", endless));
    let ran = fetch(folder.path(), &stub, &["account"]);
    assert_eq!(ran.code, 0);
    assert!(ran.stdout.contains("the service gives the same page token again"), "{}", ran.stdout);
    let found = files(&folder.path().join("out"));
    assert!(
        found.contains("kms/list-keys.json.partial") && !found.contains("kms/list-keys.json"),
        "no list that seems whole"
    );
    assert!(found.contains(&of_key("get-key-policy.json")), "the keys that came are fetched");
}

#[test]
fn credentials_that_expire_end_the_run_and_what_came_is_kept() {
    let expired = |_: &Asked| Some(Reply::Error(400, "ExpiredTokenException", ""));
    let (folder, stub) = (tempfile::tempdir().unwrap(), with("GetKeyPolicy", expired));
    let ran = fetch(folder.path(), &stub, &["key", "alias/kasten"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("not all was asked: the credentials have expired"), "{}", ran.stderr);
    assert!(files(&folder.path().join("out")).contains(&of_key("describe-key.json")));
    assert!(!stub.operations().contains(&"ListGrants".to_owned()), "no call after it");
    assert!(read(folder.path(), "manifest.json").contains("\"ended_early\": \"the credentials have expired\""));
}

#[test]
fn an_interrupted_run_keeps_what_came() {
    let slow = |asked: &Asked| Some(Reply::Slow(Duration::from_secs(60), Box::new(answer(asked, 1, 1))));
    let (folder, stub) = (tempfile::tempdir().unwrap(), with("ListGrants", slow));
    let args = ["fetch", "key", "alias/kasten", "--out", "out"];
    let child =
        command(folder.path(), &stub.address, &args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while !stub.operations().contains(&"ListGrants".to_owned()) {
        thread::sleep(Duration::from_millis(10));
    }
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{complaint}");
    assert!(complaint.contains("interrupted"), "{complaint}");
    assert!(files(&folder.path().join("out")).contains(&of_key("get-key-policy.json")));
}

/// What ctrl-C sends.
fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn no_more_calls_are_under_way_than_are_allowed() {
    let (folder, stub) = (
        tempfile::tempdir().unwrap(),
        Stub::start(|asked| Reply::Slow(Duration::from_millis(5), Box::new(answer(asked, 200, 5000)))),
    );
    let ran = fetch(folder.path(), &stub, &["account", "--calls", "5"]);
    assert_eq!(ran.code, 0);
    assert_eq!(stub.most_at_once(), 5);
}

#[test]
fn what_the_environment_lacks_is_told_before_any_call() {
    let (folder, stub) = (tempfile::tempdir().unwrap(), with("none", |_| None));
    let without = |name: &str, value: Option<&str>| {
        let mut command = command(folder.path(), &stub.address, &["fetch", "key", "alias/kasten"]);
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
        let ran = ended(folder.path(), &mut command);
        assert_eq!((ran.stdout.as_str(), ran.code), ("", 2));
        ran.stderr
    };
    let told = [
        without("AWS_REGION", None),
        without("AWS_ACCESS_KEY_ID", None),
        without("AWS_ENDPOINT_URL", Some("127.0.0.1:5555")),
    ];
    insta::assert_snapshot!(told.join("\n"));
    assert_eq!(stub.operations(), Vec::<String>::new());
}

#[test]
fn a_folder_that_holds_something_is_left_alone() {
    let (folder, stub) = (tempfile::tempdir().unwrap(), with("none", |_| None));
    fs::create_dir(folder.path().join("out")).unwrap();
    fs::write(folder.path().join("out/notes.txt"), "mine").unwrap();
    let ran = fetch(folder.path(), &stub, &["key", "alias/kasten"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("the folder out is not empty"), "{}", ran.stderr);
    assert_eq!(stub.operations(), Vec::<String>::new());
}

#[test]
fn a_dry_run_lists_the_calls_and_makes_none() {
    let (folder, stub) = (tempfile::tempdir().unwrap(), with("none", |_| None));
    let ran = fetch(folder.path(), &stub, &["account", "--dry-run"]);
    insta::assert_snapshot!(ran.stdout);
    assert_eq!((stub.operations(), ran.code), (Vec::new(), 0));
}

#[test]
fn the_permissions_are_a_policy_that_passes() {
    let folder = tempfile::tempdir().unwrap();
    let printed = ended(folder.path(), &mut command(folder.path(), "", &["fetch", "--permissions"]));
    insta::assert_snapshot!(printed.stdout);
    fs::write(folder.path().join("permissions.json"), &printed.stdout).unwrap();
    let checked = ended(folder.path(), &mut command(folder.path(), "", &["check", "permissions.json"]));
    assert_eq!((checked.stdout.as_str(), checked.code), ("no findings in 1 file (1 policy)\n", 0));
    for call in CALLS.iter().filter(|call| call.service != "sts") {
        assert!(printed.stdout.contains(&format!("\"{}\"", call.action())), "{} is missing", call.action());
    }
}

#[test]
fn both_simulators_are_asked_and_where_they_differ_is_told() {
    let (folder, stub) = (tempfile::tempdir().unwrap(), with("none", |_| None));
    let (role, key) = (format!("arn:aws:iam::{ACCOUNT}:role/kasten"), key_arn(&id_of(1)));
    let asked = ["compare", "--principal", &role, "--action", "kms:Decrypt", "--resource", &key];
    let ran = fetch(folder.path(), &stub, &asked);
    insta::assert_snapshot!(ran.stdout.replace(folder.path().to_str().unwrap(), "FOLDER"));
    assert_eq!((ran.stderr.as_str(), ran.code), ("", 1));
}

#[test]
fn a_grant_that_was_fetched_counts_beside_awss_simulator() {
    let role = format!("arn:aws:iam::{ACCOUNT}:role/kasten");
    let grantee = role.clone();
    let stub = Stub::start(move |asked| match asked.operation.as_str() {
        "ListRolePolicies" => Reply::Xml("<PolicyNames/><IsTruncated>false</IsTruncated>".to_owned()),
        "ListGrants" => Reply::Json(format!(
            "{{\"Grants\":[{{\"KeyId\":\"{}\",\"GrantId\":\"1\",\"GranteePrincipal\":\"{grantee}\",\"Operations\":[\"Decrypt\"]}}],\"Truncated\":false}}",
            key_arn(&id_of(1))
        )),
        _ => answer(asked, 1, 1),
    });
    let folder = tempfile::tempdir().unwrap();
    let key = key_arn(&id_of(1));
    let ran =
        fetch(folder.path(), &stub, &["compare", "--principal", &role, "--action", "kms:Decrypt", "--resource", &key]);
    assert!(ran.stdout.contains("kpl: allowed"), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("they differ") && ran.stdout.contains("grant"), "{}", ran.stdout);
}

#[test]
fn policies_of_one_name_that_aws_and_the_account_own_are_kept_apart() {
    let stub = Stub::start(|asked| {
        let arn = asked.body.split('&').find_map(|pair| pair.strip_prefix("PolicyArn="));
        match (asked.operation.as_str(), arn) {
            ("ListAttachedRolePolicies", _) => {
                let owners = ["aws", ACCOUNT];
                let attached = owners.map(|owner| format!("<member><PolicyName>Audit</PolicyName><PolicyArn>arn:aws:iam::{owner}:policy/Audit</PolicyArn></member>"));
                Reply::Xml(format!(
                    "<AttachedPolicies>{}</AttachedPolicies><IsTruncated>false</IsTruncated>",
                    attached.concat()
                ))
            }
            ("GetPolicy", Some(arn)) => {
                let arn = arn.replace("%3A", ":").replace("%2F", "/");
                Reply::Xml(format!("<Policy><Arn>{arn}</Arn><DefaultVersionId>v1</DefaultVersionId></Policy>"))
            }
            ("GetPolicyVersion", _) => Reply::Xml(
                "<PolicyVersion><Document>%7B%7D</Document><VersionId>v1</VersionId></PolicyVersion>".to_owned(),
            ),
            _ => answer(asked, 1, 1),
        }
    });
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(fetch(folder.path(), &stub, &["role", "kasten"]).code, 0);
    assert!(read(folder.path(), "iam/policy/Audit/get-policy.json").contains(&format!("iam::{ACCOUNT}:policy")));
    assert!(read(folder.path(), "iam/policy/aws/Audit/get-policy.json").contains("iam::aws:policy"));
}
