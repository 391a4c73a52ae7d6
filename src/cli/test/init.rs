//! `kpl test --init`: a first scenario file, as a person would start one.

use std::{
    fmt::Write as _,
    fs::OpenOptions,
    io::Write as _,
    path::{Path, PathBuf},
};

use crate::{
    cli::{Exit, args::TestArgs, inputs, policies::Shelf, screen},
    document,
    finding::Problem,
    policy::{Condition, Policy, PolicyKind, Principal, Statement, glob},
    reference::{KeyInfo, Reference},
    simulate::{
        Outcome,
        scenario::{self, Expectation, Outline},
    },
    source::{Origin, Source},
};

/// An account of AWS's documentation.
const ACCOUNT: &str = "111122223333";
/// The id of a key of AWS's documentation.
const KEY: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

pub(super) fn run(path: &Path, args: &TestArgs) -> Exit {
    let style = screen::style(args.color);
    let mut shelf = Shelf::default();
    let written = write(path, &mut shelf);
    if let Err(message) = &written {
        let file = path.display().to_string();
        shelf.problems.push(Problem { file, message: message.clone(), help: None, fatal: true });
    }
    if shelf.tell(&style) {
        return Exit::Failure;
    }
    let Ok(Some(target)) = written else { return Exit::Failure };
    let written = format!("wrote {}", target.display());
    screen::print(&format!("{written}\nrun it with `kpl test {}`\n", target.display()));
    Exit::Clean
}

/// Writes the file beside the policy; `Ok(None)` where what is wrong with the policy has been told.
fn write(path: &Path, shelf: &mut Shelf) -> Result<Option<PathBuf>, String> {
    let Some(id) = shelf.policy(path)? else { return Ok(None) };
    let Some(policy) = shelf.library.get(id) else { return Ok(None) };
    let (kind, _) = document::policy_kind(policy);
    let (account, asked) = (account(policy), asked(policy, kind));
    let cases = first_cases(&asked, &account, kind);
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let target = path.with_file_name(format!("{stem}.kpl-test.yaml"));
    let expected: Vec<Outcome> = vec![Outcome::Allowed; cases.len()];
    let draft = text(&name, kind, &cases, &expected, &target);
    let text = text(&name, kind, &cases, &decided(draft, &target, shelf), &target);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&target)
        .map_err(|error| format!("{} cannot be written: {}", target.display(), inputs::cause(&error)))?;
    file.write_all(text.as_bytes()).map_err(|error| inputs::cause(&error))?;
    Ok(Some(target))
}

/// What the policy says to each case of a draft.
fn decided(draft: String, target: &Path, shelf: &mut Shelf) -> Vec<Outcome> {
    let file = shelf.sources.push(Source::of_text(Origin::File(target.to_owned()), draft));
    let Some(outline) = shelf.sources.get(file).map(Outline::of) else { return Vec::new() };
    let read = scenario::read(outline, Expectation::Needed, shelf);
    shelf.complaints.extend(read.complaints);
    let answers = read.cases.iter().filter_map(|case| case.decide(&case.compile(&shelf.library)));
    answers.map(|answer| answer.explained.decision.outcome()).collect()
}

/// One request of the file.
struct First {
    name: String,
    principal: String,
    action: String,
    resource: String,
    /// The condition keys that it carries, as the file writes them.
    context: Vec<String>,
}

/// The first statement that allows something, of which a request is made.
fn asked(policy: &Policy, kind: PolicyKind) -> First {
    let allowing = || policy.statements.iter().filter(|statement| statement.allows());
    let delegates = |statement: &&Statement| {
        statement
            .named_principals()
            .is_some_and(|listed| listed.values().all(|principal| matches!(principal, Principal::Account(_))))
    };
    let named = || allowing().filter(|statement| !delegates(statement));
    let uses = |statement: &&Statement| kind == PolicyKind::Key && statement.covers_action("kms:Decrypt");
    let chosen = named().find(uses).or_else(|| named().next()).or_else(|| allowing().next());
    let action = chosen.and_then(action).unwrap_or_else(|| default_action(kind).to_owned());
    let resource = chosen.and_then(resource).unwrap_or_default();
    let principal = chosen.and_then(principal).unwrap_or_default();
    let context = chosen.map(|statement| statement.conditions.iter().filter_map(carried).collect()).unwrap_or_default();
    First { name: String::new(), principal, action, resource, context }
}

const fn default_action(kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::Trust => "sts:AssumeRole",
        PolicyKind::Key => "kms:Decrypt",
        _ => "s3:GetObject",
    }
}

/// The first action of a statement; for a pattern the first action that it covers.
fn action(statement: &Statement) -> Option<String> {
    if statement.may_speak_of("kms") && statement.covers_action("kms:Decrypt") {
        return Some("kms:Decrypt".to_owned());
    }
    let pattern = statement.listed_actions()?.values().next()?;
    if pattern.is_every_action() {
        return None;
    }
    if !glob::is_pattern(pattern.as_str()) {
        return Some(pattern.as_str().to_owned());
    }
    let mut covered = Reference::embedded().actions_matching(pattern.as_str());
    covered.next().map(|action| format!("{}:{}", action.service().prefix(), action.name()))
}

/// The first resource of a statement, its wildcards filled in; `None` where it may be any.
fn resource(statement: &Statement) -> Option<String> {
    let pattern = statement.listed_resources()?.values().next()?;
    let arn = pattern.arn().ok()?;
    let account = arn.account.replace('*', ACCOUNT);
    let region = arn.region.replace('*', "eu-central-1");
    let name = if arn.service == "kms" { arn.resource.replace('*', KEY) } else { arn.resource.replace('*', "example") };
    Some(format!("arn:{}:{}:{region}:{account}:{name}", arn.partition.replace('*', "aws"), arn.service))
}

/// What a request carries that meets a row of a condition, in the notation of the file; `None` where it needs to carry
/// nothing, or what it needs is not written out.
fn carried(row: &Condition) -> Option<String> {
    if !row.demands_key() || !row.names_values() {
        return None;
    }
    let value = row.values.values().next().filter(|value| !value.contains("${"))?;
    let takes_wildcards = row.operator.value.comparison.takes_wildcards();
    let value = if takes_wildcards { value.replace('*', "example").replace('?', "x") } else { value.clone() };
    let value = quoted(&value);
    let key = row.key.value.as_str();
    let known = Reference::embedded().condition_key(&key.to_ascii_lowercase());
    let has_several = known.map_or(row.operator.value.quantifier.is_some(), KeyInfo::is_multi_valued);
    Some(format!("{}: {}", quoted(key), if has_several { format!("[{value}]") } else { value }))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The first principal of a statement, as a scenario file writes it.
fn principal(statement: &Statement) -> Option<String> {
    statement.named_principals()?.values().find_map(|principal| match principal {
        Principal::Service(name) => Some(format!("{{ service: {name} }}")),
        Principal::Federated(name) => Some(format!("{{ federated: \"{name}\" }}")),
        other => other.arn().map(|arn| arn.as_str().to_owned()),
    })
}

fn account(policy: &Policy) -> String {
    let named = policy.statements.iter().filter_map(Statement::named_principals);
    let mut accounts = named.flat_map(|listed| listed.values().filter_map(Principal::account).collect::<Vec<_>>());
    accounts.next().map_or_else(|| ACCOUNT.to_owned(), |account| account.to_string())
}

/// The request that the policy is for, and one that it should not let through.
fn first_cases(asked: &First, account: &str, kind: PolicyKind) -> Vec<First> {
    let principal = match asked.principal.as_str() {
        "" => format!("arn:aws:iam::{account}:role/example"),
        given => given.to_owned(),
    };
    let is_kms = asked.action.to_ascii_lowercase().starts_with("kms:");
    let resource = match (asked.resource.as_str(), kind) {
        (_, PolicyKind::Trust) => format!("arn:aws:iam::{account}:role/example"),
        _ if Reference::embedded().takes_no_resource(&asked.action) => "*".to_owned(),
        ("", _) if is_kms => format!("arn:aws:kms:eu-central-1:{account}:key/{KEY}"),
        ("", _) if asked.action.to_ascii_lowercase().starts_with("s3:") => "arn:aws:s3:::example/example".to_owned(),
        ("", _) => "*".to_owned(),
        (given, _) => given.to_owned(),
    };
    let case = |principal: &str, action: &str, resource: &str| First {
        name: format!("{} calls {action}", short(principal)),
        principal: principal.to_owned(),
        action: action.to_owned(),
        resource: resource.to_owned(),
        context: Vec::new(),
    };
    let other = match kind {
        PolicyKind::Trust => case("arn:aws:iam::444455556666:role/stranger", "sts:AssumeRole", &resource),
        _ if is_kms || kind == PolicyKind::Key => {
            let key = format!("arn:aws:kms:eu-central-1:{account}:key/{KEY}");
            let key = if resource.contains(":key/") { &resource } else { &key };
            case(&principal, "kms:ScheduleKeyDeletion", key)
        }
        _ => case(&principal, "iam:CreateAccessKey", &format!("arn:aws:iam::{account}:user/example")),
    };
    let plain = case(&principal, &asked.action, &resource);
    if asked.context.is_empty() {
        return vec![plain, other];
    }
    let meant = First { context: asked.context.clone(), ..case(&principal, &asked.action, &resource) };
    vec![meant, First { name: format!("{}, without its condition keys", plain.name), ..plain }, other]
}

/// A principal's name without what all ARNs have in common.
fn short(principal: &str) -> &str {
    let name = principal.rsplit(':').next().unwrap_or(principal);
    name.trim_matches([' ', '{', '}', '"'])
}

fn text(policy: &str, kind: PolicyKind, cases: &[First], expected: &[Outcome], target: &Path) -> String {
    let file = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let quoted = quoted(policy);
    let layer = match kind {
        PolicyKind::Identity => format!("identity: [{quoted}]"),
        PolicyKind::ServiceControl => format!("scps: [[{quoted}]]"),
        PolicyKind::ResourceControl => format!("rcps: [[{quoted}]]"),
        PolicyKind::Boundary => format!("boundary: {quoted}"),
        PolicyKind::Session => format!("session: [{quoted}]"),
        PolicyKind::Endpoint => format!("endpoint: [{quoted}]"),
        PolicyKind::Key | PolicyKind::Trust | PolicyKind::Resource => format!("resource: {quoted}"),
    };
    let mut out = format!(
        "# What {policy} should do, and what not: kpl test {file}\n\
         # Other layers may stand beside: identity, resource, boundary, session, scps, rcps, endpoint, grants.\n\
         defaults:\n  policies:\n    {layer}\ncases:\n"
    );
    for (case, expect) in cases.iter().zip(expected) {
        let principal = match case.principal.as_str() {
            form if form.starts_with('{') => form.to_owned(),
            arn => format!("\"{arn}\""),
        };
        let _ = write!(
            out,
            "  - name: \"{}\"\n    request:\n      principal: {principal}\n      action: \"{}\"\n      resource: \"{}\"\n      context: {}\n    expect: {expect}\n",
            case.name,
            case.action,
            case.resource,
            if case.context.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", case.context.join(", ")) }
        );
    }
    out
}
