//! `kpl simulate`.

mod found;
mod joined;
mod layers;

use std::path::{Path, PathBuf};

use serde::Serialize;

use self::joined::{Joined, Taken};
use super::{
    Exit,
    args::SimulateArgs,
    argument::{self, LayerJson},
    policies::Shelf,
    screen,
};
use crate::{
    finding::Problem,
    policy::{Arn, PolicyKind},
    reference::{KeyInfo, Reference},
    render::{self, Format},
    semantics::{Caller, Context, Organization, Request, Value},
    simulate::{
        Because, Decision, Outcome, PolicyId,
        scenario::{
            self, Answer, Case, CasePolicies, Contents, Expectation, Outline, Wording, caller_of_text, wrong_action,
            wrong_resource,
        },
    },
    source::{SourceId, Span},
};

pub(super) fn run(args: &SimulateArgs) -> Exit {
    let Some((outcome, text)) = decide(args) else { return Exit::Failure };
    screen::print(&text);
    if outcome == Outcome::Allowed { Exit::Clean } else { Exit::Findings }
}

/// What a request gets, and the argument for it; what could not be read is told on stderr.
pub(super) fn decide(args: &SimulateArgs) -> Option<(Outcome, String)> {
    let style = screen::style(args.color);
    let mut shelf = Shelf::default();
    let asked = match &args.scenario {
        Some(file) => of_scenario(file, args, &mut shelf).map(|case| (case, None)),
        None => of_options(args, &mut shelf),
    };
    let has_troubles = shelf.tell(&style);
    let (case, joined) = asked.filter(|_| !has_troubles)?;
    let compiled = case.compile(&shelf.library);
    let mut answer = case.decide(&compiled)?;
    let mut trace = case.trace(&compiled, &answer);
    if let Some(joined) = &joined {
        joined.forget_levels(&mut answer, &mut trace);
    }
    let assumed = joined.as_ref().map(|joined| joined.assumed(&case, &answer, &shelf.library)).unwrap_or_default();
    let text = match args.format {
        Format::Json => json(&answer, joined.as_ref(), assumed, argument::json(&trace, &shelf.sources)),
        _ => argument::argument(&case, &answer, &trace)
            .map(|mut argument| {
                argument.notes.extend(joined.and_then(|joined| joined.told()).map(|text| ("joined", text)));
                argument.notes.extend(assumed);
                render::argument(&argument, 0, &shelf.sources, &style)
            })
            .unwrap_or_default(),
    };
    Some((answer.explained.decision.outcome(), text))
}

/// The answer for a program.
#[derive(Serialize)]
struct Report<'r> {
    version: u32,
    decision: &'static str,
    because: Option<&'static str>,
    level: Option<usize>,
    missing_context: Vec<String>,
    /// Why it is undecided.
    reasons: Vec<String>,
    /// Which policies of paths take part, and as what.
    #[serde(skip_serializing_if = "Option::is_none")]
    joined: Option<Vec<TakenJson<'r>>>,
    /// What is assumed of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    assumed: Vec<String>,
    trace: Vec<LayerJson>,
}

/// A policy of a path.
#[derive(Serialize)]
struct TakenJson<'r> {
    layer: &'static str,
    file: &'r str,
    document: Option<&'r str>,
}

impl<'r> From<&'r Taken> for TakenJson<'r> {
    fn from(taken: &'r Taken) -> Self {
        Self { layer: taken.layer().word(), file: &taken.file, document: taken.name.as_deref() }
    }
}

fn json(answer: &Answer, joined: Option<&Joined>, assumed: Vec<(&str, String)>, trace: Vec<LayerJson>) -> String {
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
        joined: joined.map(|joined| joined.taken.iter().map(TakenJson::from).collect()),
        assumed: assumed.into_iter().map(|(_, text)| text).collect(),
        trace,
    };
    serde_json::to_string_pretty(&report).map(|text| text + "\n").unwrap_or_default()
}

/// The case that was named, or the only one.
fn of_scenario(file: &Path, args: &SimulateArgs, shelf: &mut Shelf) -> Option<Case> {
    let id = read(file, shelf)?;
    let outline = shelf.sources.get(id).map(Outline::of)?;
    let Contents { mut cases, complaints, .. } = scenario::read(outline, Expectation::Optional, shelf);
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

fn of_options(args: &SimulateArgs, shelf: &mut Shelf) -> Option<(Case, Option<Joined>)> {
    let (principal, action, resource) =
        (args.principal.as_deref()?, args.action.as_deref()?, args.resource.as_deref()?);
    let caller = caller(principal);
    if caller.is_none() {
        let message = format!("`{principal}` is no principal that can call");
        let help = "it is the ARN of a user, a role, a session, an account's root or an identity provider, a service's name, \
                    or anonymous";
        shelf.problems.push(problem("--principal", message, Some(help.to_owned())));
    }
    let wording = Wording { caller: caller.unwrap_or(Caller::Anonymous), action, resource, account: args.account };
    let wrong = [("--action", wrong_action(action)), ("--resource", wrong_resource(action, resource))];
    for (option, wrong) in wrong {
        shelf.problems.extend(wrong.map(|wrong| problem(option, wrong.message, Some(wrong.help.to_owned()))));
    }
    let requests = wording.requests(&context(args), Organization::default());
    let mut policies = policies(args, requests.first()?, shelf);
    let first = requests.first().filter(|_| !args.paths.is_empty());
    let joined = first.map(|request| joined(args, request, &mut policies, shelf));
    let name = format!("{action} on {resource}");
    Some((Case { name, span: NOWHERE, requests, policies, expect: None, because: None }, joined))
}

fn caller(text: &str) -> Option<Caller> {
    match text {
        "anonymous" => Some(Caller::Anonymous),
        _ if text.contains(".amazonaws.com") && !text.starts_with("arn:") => Some(Caller::Service(text.to_owned())),
        _ if text.contains(":saml-provider/") || text.contains(":oidc-provider/") => {
            Arn::parse(text).is_ok().then(|| Caller::Federated(text.to_owned()))
        }
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

/// The policies of paths, beside those that options name.
fn joined(args: &SimulateArgs, request: &Request, policies: &mut CasePolicies, shelf: &mut Shelf) -> Joined {
    use PolicyKind::{Boundary, Endpoint, Identity, Key, Resource, ResourceControl, ServiceControl, Session, Trust};
    let given = [
        (!policies.identity.is_empty(), &[Identity][..]),
        (policies.resource.is_some(), &[Key, Trust, Resource]),
        (policies.scps.is_some(), &[ServiceControl]),
        (policies.rcps.is_some(), &[ResourceControl]),
        (policies.boundary.is_some(), &[Boundary]),
        (policies.session.is_some(), &[Session]),
        (policies.endpoint.is_some(), &[Endpoint]),
    ];
    let told = given.into_iter().filter(|(is_given, _)| *is_given).flat_map(|(_, kinds)| kinds).copied().collect();
    let levels = args.scp.iter().chain(&args.rcp).flat_map(|level| level.split(',')).map(PathBuf::from);
    let lists = [&args.identity, &args.session, &args.endpoint].into_iter().flatten();
    let single = [&args.key_policy, &args.resource_policy, &args.trust, &args.boundary, &args.grants];
    let by_options = levels.chain(lists.cloned()).chain(single.into_iter().flatten().cloned());
    found::join(&args.paths, by_options, told, request, (policies, shelf))
}

/// The policies that options name.
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
}
