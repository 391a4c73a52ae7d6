//! `kpl simulate`.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{
    Exit,
    args::SimulateArgs,
    argument::{self, LayerJson},
    policies::Shelf,
    screen,
};
use crate::{
    document,
    finding::{Complaint, Problem},
    policy::{Policy, PolicyKind},
    reference::{KeyInfo, Reference},
    render::{self, Format},
    semantics::{Caller, Context, Organization, Request, Value},
    simulate::{
        Because, Decision, Outcome, PolicyId,
        scenario::{
            self, Answer, Case, CasePolicies, Expectation, Outline, Wording, caller_of_text, wrong_action,
            wrong_resource,
        },
    },
    source::{SourceId, Span},
};

pub(super) fn run(args: &SimulateArgs) -> Exit {
    let style = screen::style(args.color);
    let mut shelf = Shelf::default();
    let case = match &args.scenario {
        Some(file) => of_scenario(file, args, &mut shelf),
        None => of_options(args, &mut shelf),
    };
    let has_troubles = shelf.tell(&style);
    let Some(case) = case.filter(|_| !has_troubles) else { return Exit::Failure };
    let compiled = case.compile(&shelf.library);
    let Some(answer) = case.decide(&compiled) else { return Exit::Failure };
    let trace = case.trace(&compiled, &answer);
    let text = match args.format {
        Format::Json => json(&answer, argument::json(&trace, &shelf.sources)),
        _ => argument::argument(&case, &answer, &trace)
            .map(|argument| render::argument(&argument, 0, &shelf.sources, &style))
            .unwrap_or_default(),
    };
    screen::print(&text);
    if answer.explained.decision.outcome() == Outcome::Allowed { Exit::Clean } else { Exit::Findings }
}

/// The answer for a program.
#[derive(Serialize)]
struct Report {
    version: u32,
    decision: &'static str,
    because: Option<&'static str>,
    level: Option<usize>,
    missing_context: Vec<String>,
    /// Why it is undecided.
    reasons: Vec<String>,
    trace: Vec<LayerJson>,
}

fn json(answer: &Answer, trace: Vec<LayerJson>) -> String {
    let explained = &answer.explained;
    let reasons = match &explained.decision {
        Decision::Undecided { reasons } => reasons.iter().map(|reason| reason.message.clone()).collect(),
        _ => Vec::new(),
    };
    let report = Report {
        version: 1,
        decision: explained.decision.outcome().word(),
        because: explained.because.map(Because::word),
        level: explained.level,
        missing_context: explained.missing.clone(),
        reasons,
        trace,
    };
    serde_json::to_string_pretty(&report).map(|text| text + "\n").unwrap_or_default()
}

/// The case that was named, or the only one.
fn of_scenario(file: &Path, args: &SimulateArgs, shelf: &mut Shelf) -> Option<Case> {
    let id = read(file, shelf)?;
    let outline = shelf.sources.get(id).map(Outline::of)?;
    let (mut cases, complaints) = scenario::read(outline, Expectation::Optional, shelf);
    let found = match &args.case {
        Some(name) => cases.iter().position(|case| case.name == *name),
        None if cases.len() == 1 => Some(0),
        None => None,
    };
    // A mistake in another case does not matter here.
    let Some(found) = found else {
        let is_broken = !complaints.is_empty();
        shelf.complaints.extend(complaints);
        if !is_broken {
            shelf.problems.push(no_case(file, args, &cases));
        }
        return None;
    };
    Some(cases.swap_remove(found))
}

fn no_case(file: &Path, args: &SimulateArgs, cases: &[Case]) -> Problem {
    let names: Vec<String> = cases.iter().take(10).map(|case| format!("`{}`", case.name)).collect();
    let more = if cases.len() > names.len() { ", …" } else { "" };
    let message = match &args.case {
        Some(name) => format!("no case has the name `{name}`"),
        None => "there are several cases in it".to_owned(),
    };
    let help = format!("--case names one of {}{more}", names.join(", "));
    Problem { file: file.display().to_string(), message, help: Some(help), fatal: true }
}

fn read(file: &Path, shelf: &mut Shelf) -> Option<SourceId> {
    match shelf.open(file) {
        Ok(id) => Some(id),
        Err(message) => {
            shelf.problems.push(problem(&file.display().to_string(), message, None));
            None
        }
    }
}

fn problem(what: &str, message: String, help: Option<String>) -> Problem {
    Problem { file: what.to_owned(), message, help, fatal: true }
}

/// A place that is in no file.
const NOWHERE: Span = Span { source: SourceId(u32::MAX), start: 0, end: 0 };

fn of_options(args: &SimulateArgs, shelf: &mut Shelf) -> Option<Case> {
    let (principal, action, resource) =
        (args.principal.as_deref()?, args.action.as_deref()?, args.resource.as_deref()?);
    let caller = caller(principal);
    if caller.is_none() {
        let message = format!("`{principal}` is no principal that can call");
        let help = "it is the ARN of a user, a role, a session or an account's root, a service's name, or anonymous";
        shelf.problems.push(problem("--principal", message, Some(help.to_owned())));
    }
    let wording = Wording { caller: caller.unwrap_or(Caller::Anonymous), action, resource, account: args.account };
    let wrong = [("--action", wrong_action(action)), ("--resource", wrong_resource(action, resource))];
    for (option, wrong) in wrong {
        shelf.problems.extend(wrong.map(|wrong| problem(option, wrong.message, Some(wrong.help.to_owned()))));
    }
    let requests = wording.requests(&context(args), Organization::default());
    let policies = policies(args, requests.first()?, shelf);
    let name = format!("{action} on {resource}");
    Some(Case { name, span: NOWHERE, requests, policies, expect: None, because: None })
}

fn caller(text: &str) -> Option<Caller> {
    match text {
        "anonymous" => Some(Caller::Anonymous),
        _ if text.contains(".amazonaws.com") && !text.starts_with("arn:") => Some(Caller::Service(text.to_owned())),
        _ => caller_of_text(text),
    }
}

/// The keys of the request: those that the reference knows to have several values have a list of them.
fn context(args: &SimulateArgs) -> Context {
    let mut context = Context::default();
    let reference = Reference::embedded();
    for (key, _) in &args.context {
        let given = args.context.iter().filter(|(other, _)| other == key).map(|(_, value)| value.clone());
        let mut values: Vec<String> = given.collect();
        let is_list = values.len() > 1 || reference.condition_key(key).is_some_and(KeyInfo::is_multi_valued);
        let value = if is_list { Value::Many(values) } else { Value::One(values.pop().unwrap_or_default()) };
        context.set(key, value);
    }
    for key in &args.unknown {
        context.set(key, Value::Unknown);
    }
    context
}

/// The policies that options name, and those of paths, each put where its kind belongs.
fn policies(args: &SimulateArgs, request: &Request, shelf: &mut Shelf) -> CasePolicies {
    let mut options = Options { shelf };
    let of_resource = args.key_policy.as_ref().or(args.resource_policy.as_ref()).or(args.trust.as_ref());
    let kind = scenario::resource_kind(request);
    let mut policies = CasePolicies {
        identity: options.several(&args.identity, PolicyKind::Identity),
        resource: of_resource.and_then(|path| options.one(path, kind)),
        boundary: args.boundary.as_ref().and_then(|path| options.one(path, PolicyKind::Boundary)),
        session: given(&args.session).map(|paths| options.several(paths, PolicyKind::Session)),
        scps: given(&args.scp).map(|levels| options.levels(levels, PolicyKind::ServiceControl)),
        rcps: given(&args.rcp).map(|levels| options.levels(levels, PolicyKind::ResourceControl)),
        endpoint: given(&args.endpoint).map(|paths| options.several(paths, PolicyKind::Endpoint)),
        ..CasePolicies::default()
    };
    if let Some(path) = &args.grants {
        options.grants(path, &mut policies);
    }
    for path in &args.paths {
        options.join(path, request, &mut policies);
    }
    policies
}

fn given<T>(list: &[T]) -> Option<&[T]> {
    (!list.is_empty()).then_some(list)
}

struct Options<'s> {
    shelf: &'s mut Shelf,
}

impl Options<'_> {
    fn one(&mut self, path: &Path, kind: PolicyKind) -> Option<PolicyId> {
        match self.shelf.policy(path) {
            Ok(id) => {
                let misplaced = scenario::misplaced(&self.shelf.library, id?, kind);
                let is_good = misplaced.is_empty();
                self.shelf.complaints.extend(misplaced);
                id.filter(|_| is_good)
            }
            Err(message) => {
                self.shelf.problems.push(problem(&path.display().to_string(), message, None));
                None
            }
        }
    }

    fn several(&mut self, paths: &[PathBuf], kind: PolicyKind) -> Vec<PolicyId> {
        paths.iter().filter_map(|path| self.one(path, kind)).collect()
    }

    fn levels(&mut self, levels: &[String], kind: PolicyKind) -> Vec<Vec<PolicyId>> {
        let level = |level: &String| level.split(',').filter_map(|path| self.one(Path::new(path), kind)).collect();
        levels.iter().map(level).collect()
    }

    fn grants(&mut self, path: &Path, policies: &mut CasePolicies) {
        let Some(id) = read(path, self.shelf) else { return };
        let Some(source) = self.shelf.sources.get(id) else { return };
        let (grants, complaints) = scenario::read_grants(source);
        self.shelf.complaints.extend(complaints);
        policies.grants = grants;
    }

    /// Puts each policy of a file where its kind belongs.
    fn join(&mut self, path: &Path, request: &Request, policies: &mut CasePolicies) {
        let Some(id) = read(path, self.shelf) else { return };
        let Some(source) = self.shelf.sources.get(id) else { return };
        let Ok(documents) = document::open(source, None) else {
            self.shelf.problems.push(problem(&source.name(), "there is no policy in it".to_owned(), None));
            return;
        };
        let mut joined: Vec<(PolicyKind, Policy)> = Vec::new();
        let holder = request.caller.arn().map(|arn| arn.holder().to_owned());
        let mut complaints = Vec::new();
        for document in documents {
            complaints.extend(document.faults.iter().map(scenario::of_syntax));
            for found in document.policies {
                let is_of_another =
                    !found.holders.is_empty() && holder.as_ref().is_none_or(|name| !found.holders.contains(name));
                if found.kind == PolicyKind::Identity && is_of_another {
                    continue;
                }
                complaints.extend(found.faults.iter().map(scenario::of_grammar));
                joined.push((found.kind, found.policy));
            }
        }
        self.shelf.complaints.extend(complaints);
        for (kind, policy) in joined {
            self.put(kind, policy, request, policies);
        }
    }

    fn put(&mut self, kind: PolicyKind, policy: Policy, request: &Request, policies: &mut CasePolicies) {
        let span = policy.span;
        let wanted = scenario::resource_kind(request);
        let is_of_resource = kind == wanted;
        let id = self.shelf.library.add(policy);
        match kind {
            PolicyKind::Identity => policies.identity.push(id),
            PolicyKind::ResourceControl => policies.rcps.get_or_insert_default().push(vec![id]),
            _ if is_of_resource && policies.resource.is_none() => policies.resource = Some(id),
            _ if is_of_resource => {
                let message = "which of several policies hangs on the resource cannot be told";
                let help = "name it with --key-policy, --trust or --resource-policy";
                self.shelf.complaints.push(Complaint::new(first_character(span), message).help(help));
            }
            // A policy of another sort of resource has no say.
            PolicyKind::Key | PolicyKind::Trust | PolicyKind::Resource => {}
            PolicyKind::ServiceControl => self.limit(span, "--scp", policies.scps.is_some()),
            PolicyKind::Boundary => self.limit(span, "--boundary", policies.boundary.is_some()),
            PolicyKind::Session => self.limit(span, "--session", policies.session.is_some()),
            PolicyKind::Endpoint => self.limit(span, "--endpoint", policies.endpoint.is_some()),
        }
    }

    /// A policy that only limits others: whom it is for, or at which level, no file tells, and to leave it out would let in
    /// too much. Where its option says what there is of the kind, that is all.
    fn limit(&mut self, span: Span, option: &str, is_given: bool) {
        if !is_given {
            let message = "whether this policy limits the caller cannot be told";
            let help = format!("give what limits the caller in files of its own, with {option}");
            self.shelf.complaints.push(Complaint::new(first_character(span), message).help(help));
        }
    }
}

fn first_character(span: Span) -> Span {
    Span { end: span.start.saturating_add(1), ..span }
}
