//! From sources to a report: reads documents, asks the rules, and puts in order what they say.

mod fingerprint;
mod finish;
mod fix;
mod hide;
mod paths;
mod selection;
mod suppress;
mod write;

use std::{
    collections::HashSet,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, OnceLock},
};

use rayon::prelude::*;

pub use fix::{Before, Mended, mend};
pub use paths::{Globs, Home};
pub use selection::{PathSettings, Selection, Selector, UnknownSelector, nearest};
pub use suppress::{Acceptance, Accepted, Baseline, write_baseline};

use crate::{
    calendar,
    document::{self, Declared, Document, PolicyDocument, Project},
    finding::{DocumentInfo, Family, Finding, Problem, Report, RuleInfo, RuleOptions},
    policy::{PolicyKind, Statement},
    reference::Reference,
    rules::{
        Aws, Catalogue, Check, Findings, POLICY_UNKNOWN_AT_PLAN, REFERENCE_DAYS, RuleContext, Subject, UNKNOWN_ACTION,
        Unasked,
    },
    source::{self, Secrets, Source, SourceId, Sources, Span},
    syntax::{Cause, Fault},
};

/// How many bytes one policy may have, unless the user says otherwise.
pub const MAX_POLICY: u64 = 1 << 20;

/// What a run is to do.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the user says that the files do not.
    pub declared: Declared,
    /// The kind of every policy, where the user says it.
    pub kind: Option<PolicyKind>,
    /// Which rules there are.
    pub catalogue: Catalogue,
    /// Which rules speak, and how loud.
    pub selection: Selection,
    /// What is settled of the rules' options.
    pub rule_options: RuleOptions,
    /// How many bytes one policy may have.
    pub max_policy: u64,
    /// Whether a named file of no recognised kind is passed over.
    pub if_policy: bool,
    /// What AWS has.
    pub reference: Arc<Reference>,
    /// The day, counted from 1970, by which the reference's age is told; `None` where it does not matter.
    pub today: Option<i64>,
    /// From where files are named in fingerprints.
    pub home: Home,
    /// What holds for some files alone.
    pub paths: Vec<PathSettings>,
    /// Findings that are accepted.
    pub acceptance: Acceptance,
    /// Whether of a plan only what it creates, updates or replaces is told of.
    pub changed_only: bool,
}

impl Options {
    /// The kind that the user says a file's policies have.
    fn kind_of(&self, source: &Source) -> Option<PolicyKind> {
        let of_paths = || self.paths.iter().rev().filter(|path| path.kind.is_some());
        self.kind.or_else(|| of_paths().find(|path| path.files.cover(&source.name())).and_then(|path| path.kind))
    }

    fn aws(&self) -> Aws<'_> {
        let age = self.today.zip(calendar::day(self.reference.date())).map(|(today, made)| today - made);
        let old = self.rule_options.number(&UNKNOWN_ACTION, &REFERENCE_DAYS);
        Aws { reference: &self.reference, is_old: age.is_some_and(|age| age > old) }
    }
}

impl Default for Options {
    fn default() -> Self {
        let (declared, selection) = (Declared::default(), Selection::default());
        let reference = Arc::new(Reference::embedded().clone());
        Self {
            declared,
            kind: None,
            catalogue: Catalogue::default(),
            selection,
            rule_options: RuleOptions::default(),
            max_policy: MAX_POLICY,
            if_policy: false,
            reference,
            today: None,
            home: Home::default(),
            paths: Vec::new(),
            acceptance: Acceptance::default(),
            changed_only: false,
        }
    }
}

/// One text to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// Which source.
    pub source: SourceId,
    /// Whether the user named it, rather than a walk finding it.
    pub named: bool,
    /// Whether findings about it are reported; otherwise it only gives context to others.
    pub reported: bool,
}

/// Looks at all inputs and says what the rules find. One input's trouble never hides what others have to say.
#[must_use]
pub fn lint(sources: &Sources, inputs: &[Input], options: &Options) -> Report {
    lint_with(sources, inputs, options, &|| {})
}

/// [`lint`], telling of each input that is done.
#[must_use]
pub fn lint_with(sources: &Sources, inputs: &[Input], options: &Options, tick: &(dyn Fn() + Sync)) -> Report {
    join(sources, inputs, options, tick).report
}

/// A report, and the documents that it is about.
#[derive(Debug)]
pub struct Joined<'a> {
    /// What the rules found.
    pub report: Report,
    /// The documents of the run, joined.
    pub project: Project<'a>,
}

/// [`lint_with`], handing out the documents too.
#[must_use]
pub fn join<'a>(sources: &'a Sources, inputs: &[Input], options: &'a Options, tick: &(dyn Fn() + Sync)) -> Joined<'a> {
    let mut run = Run::new(sources, options);
    let opened: Vec<Opened<'_>> = map(inputs, |input| {
        let opened = run.open(*input);
        tick();
        opened
    });
    for opened in opened {
        run.add(opened);
    }
    run.ask();
    Joined { report: run.report, project: run.project }
}

/// So few inputs are done sooner than threads are started.
const FEW: usize = 16;

/// Maps a list in its order, several items at a time where there are many.
fn map<T: Sync, R: Send>(items: &[T], each: impl Fn(&T) -> R + Sync + Send) -> Vec<R> {
    if items.len() < FEW { items.iter().map(each).collect() } else { items.par_iter().map(each).collect() }
}

/// What became of one input.
#[derive(Default)]
struct Opened<'a> {
    documents: Vec<Document<'a>>,
    problems: Vec<Problem>,
    skipped: Option<Problem>,
}

/// What the rules said of one document, or of all.
#[derive(Default)]
struct Said {
    found: Vec<Finding>,
    unasked: Vec<Unasked>,
    crashes: Vec<Problem>,
}

struct Run<'a> {
    sources: &'a Sources,
    options: &'a Options,
    project: Project<'a>,
    report: Report,
}

impl<'a> Run<'a> {
    fn new(sources: &'a Sources, options: &'a Options) -> Self {
        let project = Project::new(options.declared.clone());
        Self { sources, options, project, report: Report::default() }
    }

    fn open(&self, input: Input) -> Opened<'a> {
        let Some(source) = self.sources.get(input.source) else { return Opened::default() };
        let Ok(opened) = catch_unwind(AssertUnwindSafe(|| document::open(source, self.options.kind_of(source)))) else {
            let problem = problem(source, "internal error while it was read", None, true);
            return Opened { problems: vec![problem], ..Opened::default() };
        };
        match opened {
            Ok(documents) if documents.iter().flat_map(faults).any(|fault| fault.cause == Cause::TooDeep) => {
                let problem = problem(source, Cause::TooDeep.message(1), Cause::TooDeep.help(), input.named);
                Opened { problems: vec![problem], ..Opened::default() }
            }
            Ok(documents) if input.named || documents.iter().any(|document| is_for_rules(document, source)) => {
                let mut opened = Opened::default();
                for mut document in documents {
                    document.reported = input.reported;
                    opened.problems.extend(self.bound(&mut document, source, input.named));
                    opened.problems.extend(document.note.map(|note| problem(source, note, None, false)));
                    let is_still = document.plan.as_ref().is_some_and(|plan| !plan.changes);
                    if self.options.changed_only && is_still {
                        opened.problems.push(problem(source, UNCHANGED, None, false));
                    }
                    opened.documents.push(document);
                }
                opened
            }
            Err(error) if error.is_recognised() || (input.named && !self.options.if_policy) => {
                let problem = problem(source, error.to_string(), Some(error.help()), input.named);
                Opened { problems: vec![problem], ..Opened::default() }
            }
            Ok(_) | Err(_) => {
                let skipped = problem(source, "no policy, key or alias in it", None, false);
                Opened { skipped: Some(skipped), ..Opened::default() }
            }
        }
    }

    /// Leaves out policies that are larger than the bound.
    fn bound(&self, document: &mut Document<'a>, source: &Source, named: bool) -> Option<Problem> {
        let max = self.options.max_policy;
        let fits = |policy: &PolicyDocument<'_>| {
            u64::from(policy.policy.span.end) - u64::from(policy.policy.span.start) <= max
        };
        let before = document.policies.len();
        document.policies.retain(fits);
        if document.policies.len() == before {
            return None;
        }
        document.reported &= !document.policies.is_empty();
        let message = format!("a policy in it has more than {max} bytes");
        Some(problem(source, message, Some("--max-size BYTES raises the bound"), named))
    }

    fn add(&mut self, opened: Opened<'a>) {
        self.report.problems.extend(opened.problems);
        self.report.skipped.extend(opened.skipped);
        self.report.files += usize::from(opened.documents.first().is_some_and(|document| document.reported));
        opened.documents.into_iter().for_each(|document| self.add_document(document));
    }

    fn add_document(&mut self, document: Document<'a>) {
        let info = |name: Option<String>, policy_kind, because: &str, place: Option<Span>| {
            let unchanged =
                document.reported && self.options.changed_only && place.is_some_and(|place| document.leaves(place));
            DocumentInfo {
                source: document.source,
                name,
                kind: document.kind,
                policy_kind,
                because: because.to_owned(),
                reported: document.reported && !unchanged,
                unchanged,
            }
        };
        for policy in &document.policies {
            let name = policy.name.clone().or_else(|| document.name.clone());
            let place = Some(policy.node.span);
            self.report.documents.push(info(name, Some(policy.kind.word()), policy.because, place));
        }
        if document.has_own_entry() {
            self.report.documents.push(info(document.name.clone(), None, document.because, None));
        }
        for resource in &document.resources {
            let (name, place) = (Some(resource.value.clone()), Some(resource.span));
            self.report.documents.push(info(name, None, document.because, place));
        }
        self.project.documents.push(document);
    }

    fn ask(&mut self) {
        self.project.derive();
        self.tell_kinds();
        let is_selected = |rule: &'static RuleInfo| self.options.selection.includes(rule);
        let catalogue = &self.options.catalogue;
        let mut checks = Vec::with_capacity(catalogue.checks().count());
        checks.extend(catalogue.checks().filter(|check| check.rules().iter().any(|rule| is_selected(rule))));
        let asking = Asking {
            checks,
            of_kinds: Default::default(),
            is_selected: &is_selected,
            options: &self.options.rule_options,
            project: &self.project,
            aws: self.options.aws(),
            changed_only: self.options.changed_only,
        };
        let mut first = 0;
        let numbered: Vec<(usize, &Document<'_>)> = self
            .project
            .documents
            .iter()
            .map(|document| {
                let number = first;
                first += document.entries();
                (number, document)
            })
            .collect();
        let mut said = map(&numbered, |(number, document)| {
            match self.sources.get(document.source).filter(|_| document.reported) {
                Some(source) => asking.ask(document, *number, source),
                None => Said::default(),
            }
        });
        said.extend(self.sources.iter().next().map(|source| asking.ask_project(source)));
        let mut all = Said::default();
        for mut said in said {
            all.found.append(&mut said.found);
            all.unasked.append(&mut said.unasked);
            all.crashes.append(&mut said.crashes);
        }
        self.report.problems.append(&mut all.crashes);
        self.report.hidden = self.hidden(&all.found);
        finish::finish(&mut self.report, all.found, all.unasked, &self.project, self.sources, self.options);
    }

    /// Tells again of which kind the policies are: what a policy is for may stand in another file.
    fn tell_kinds(&mut self) {
        let mut first = 0;
        for document in &self.project.documents {
            let infos = self.report.documents.get_mut(first..).unwrap_or_default();
            for (info, policy) in infos.iter_mut().zip(&document.policies) {
                if info.policy_kind != Some(policy.kind.word()) {
                    (info.policy_kind, info.because) = (Some(policy.kind.word()), policy.because.to_owned());
                }
                info.name = info.name.take().or_else(|| policy.name.clone());
            }
            first += document.entries();
        }
    }

    /// What no report may show: what formats tell of as secret, and access keys wherever a shown file has them.
    fn hidden(&self, found: &[Finding]) -> Secrets {
        let told = self.project.documents.iter().flat_map(|document| &document.hidden).copied();
        let labels = found.iter().flat_map(|finding| std::iter::once(&finding.primary).chain(&finding.related));
        let shown: HashSet<SourceId> = labels.map(|label| label.span.source).collect();
        let shown = self.sources.iter().filter(|source| shown.contains(&source.id));
        Secrets::new(told.chain(shown.flat_map(source::access_keys)).collect())
    }
}

/// What is said of a plan without changes where only changes are looked at.
const UNCHANGED: &str = "this plan changes nothing, so that --changed-only leaves nothing to check";
/// Why no rule could look at a policy of a plan.
const UNKNOWN: &str = "the policy is not known until apply: no rule has looked at it";
/// Why rules could not look at all of a policy of a plan.
const UNKNOWN_IN_PART: &str = "a part of the policy is not known until apply";

/// The checks of a run, and what they may ask.
struct Asking<'r, 'a> {
    checks: Vec<&'static dyn Check>,
    /// Those of them that speak of each kind of policy, in the order of [`PolicyKind::ALL`], gathered where one occurs.
    of_kinds: [OnceLock<Vec<&'static dyn Check>>; PolicyKind::ALL.len()],
    is_selected: &'r (dyn Fn(&'static RuleInfo) -> bool + Sync),
    options: &'r RuleOptions,
    project: &'r Project<'a>,
    aws: Aws<'r>,
    changed_only: bool,
}

impl Asking<'_, '_> {
    /// The checks that speak of a kind of policy.
    fn of_kind(&self, kind: PolicyKind) -> &[&'static dyn Check] {
        let place = PolicyKind::ALL.iter().position(|one| *one == kind);
        let Some(checks) = place.and_then(|place| self.of_kinds.get(place)) else { return &self.checks };
        checks.get_or_init(|| {
            let mut checks = Vec::with_capacity(self.checks.len());
            checks.extend(self.checks.iter().copied().filter(|check| check.speaks_of(kind)));
            checks
        })
    }

    /// Asks every check about one file; `first` is the number of its first document.
    fn ask(&self, document: &Document<'_>, first: usize, source: &Source) -> Said {
        let mut said = Said::default();
        self.gather(&mut said, &self.checks, Some(first), source, |check, asked| {
            check.document(document, source, asked);
            document.keys.iter().for_each(|key| check.key(key, self.project, asked));
            document.rotations.iter().for_each(|rotation| check.rotation(rotation, self.project, asked));
        });
        for finding in &mut said.found {
            finding.document = document.entry_at(finding.primary.span).map_or(first, |entry| first + entry);
        }
        if !document.facts.is_empty() {
            let (before, number) = (said.found.len(), first + document.policies.len());
            self.gather(&mut said, &self.checks, Some(number), source, |check, asked| {
                check.facts(&document.facts, asked);
            });
            for finding in &mut said.found[before..] {
                finding.document = document.entry_at(finding.primary.span).map_or(number, |entry| first + entry);
                write::beside_policies(finding, document, source);
            }
        }
        let is_asked_of = |policy: &PolicyDocument<'_>| !(self.changed_only && document.leaves(policy.node.span));
        for (number, policy) in document.policies.iter().enumerate().filter(|(_, policy)| is_asked_of(policy)) {
            let before = said.found.len();
            let context = RuleContext { document: policy, project: self.project, aws: self.aws };
            let may_be_kms = policy.policy.statements.iter().any(|statement| statement.may_speak_of("kms"));
            self.gather(&mut said, self.of_kind(policy.kind), Some(first + number), source, |check, asked| {
                if check.speaks_of_kms_alone() && !may_be_kms {
                    return;
                }
                check.policy(&policy.policy, &context, asked);
                for statement in &policy.policy.statements {
                    check.statement(statement, &context, asked);
                }
            });
            if let Some(broken_off) = policy.policy.broken_off() {
                let found = said.found.split_off(before);
                said.found.extend(found.into_iter().filter(|finding| is_sure_of(broken_off, finding)));
            }
            for finding in &mut said.found[before..] {
                write::in_policy(finding, policy, document.notation, source);
            }
        }
        for (number, policy) in document.policies.iter().enumerate().filter(|(_, policy)| !policy.awaits.is_empty()) {
            let (rule, of) = (&POLICY_UNKNOWN_AT_PLAN, Subject::Document(first + number));
            let reason = if policy.policy.is_unknown() { UNKNOWN } else { UNKNOWN_IN_PART };
            said.unasked.push(Unasked { rule, of, reason: reason.to_owned() });
        }
        said
    }

    /// Asks every check about all documents together; a crash is told of the first file.
    fn ask_project(&self, source: &Source) -> Said {
        let mut said = Said::default();
        self.gather(&mut said, &self.checks, None, source, |check, asked| check.project(self.project, asked));
        said
    }

    /// Gathers what checks say, one after the other. One that crashes is told of as a fault of kpl's own, and the next
    /// goes on.
    fn gather(
        &self,
        said: &mut Said,
        checks: &[&'static dyn Check],
        document: Option<usize>,
        source: &Source,
        ask: impl Fn(&dyn Check, &mut Findings<'_>),
    ) {
        let mut asked = Findings::new(document, self.is_selected, self.options);
        let mut left = checks.iter();
        loop {
            let mut asking = None;
            let all = catch_unwind(AssertUnwindSafe(|| {
                for check in left.by_ref() {
                    asking = Some(check);
                    ask(*check, &mut asked);
                }
            }));
            if all.is_ok() {
                break;
            }
            let rule = asking.and_then(|check| check.rules().first()).map_or("", |rule| rule.id);
            let help = "what other rules found is told all the same; please report this with the file";
            said.crashes.push(problem(source, format!("internal error in rule {rule}"), Some(help), true));
        }
        let (mut found, mut unasked) = asked.into_parts();
        said.found.append(&mut found);
        said.unasked.append(&mut unasked);
    }
}

/// Whether a finding stands whatever follows in a statement in which the text breaks off: a condition may have followed.
fn is_sure_of(broken_off: &Statement, finding: &Finding) -> bool {
    finding.rule.family == Family::Validity || !broken_off.span.contains(finding.primary.span)
}

fn problem(source: &Source, message: impl Into<String>, help: Option<&str>, fatal: bool) -> Problem {
    Problem { file: source.name(), message: message.into(), help: help.map(str::to_owned), fatal }
}

fn faults<'d>(document: &'d Document<'_>) -> impl Iterator<Item = &'d Fault> {
    document.faults.iter().chain(&document.embedded_faults)
}

/// Whether a document that nobody named is more than a file that happens to stand in the folder.
fn is_for_rules(document: &Document<'_>, source: &Source) -> bool {
    let is_broken = !document.faults.is_empty() || document.note.is_some();
    document.holds_something() || (is_broken && document::promises_policy(source))
}
