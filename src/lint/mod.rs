//! From sources to a report: reads documents, asks the rules, and puts in order what they say.

mod finish;
mod selection;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use selection::{Selection, Selector, UnknownSelector, nearest};

use crate::{
    document::{self, Declared, Document, PolicyDocument, Project},
    finding::{DocumentInfo, Finding, Problem, Report, RuleInfo},
    policy::PolicyKind,
    rules::{CHECKS, Check, Findings, RuleContext, Unasked},
    source::{Source, SourceId, Sources},
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
    /// Which rules speak, and how loud.
    pub selection: Selection,
    /// How many bytes one policy may have.
    pub max_policy: u64,
    /// Whether a named file of no recognised kind is passed over.
    pub if_policy: bool,
}

impl Default for Options {
    fn default() -> Self {
        let (declared, selection) = (Declared::default(), Selection::default());
        Self { declared, kind: None, selection, max_policy: MAX_POLICY, if_policy: false }
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
    let mut run = Run::new(sources, options);
    for input in inputs {
        run.open(*input);
    }
    run.ask();
    run.report
}

struct Run<'a> {
    sources: &'a Sources,
    options: &'a Options,
    project: Project<'a>,
    report: Report,
}

impl<'a> Run<'a> {
    fn new(sources: &'a Sources, options: &'a Options) -> Self {
        let project = Project { documents: Vec::new(), declared: options.declared.clone() };
        Self { sources, options, project, report: Report::default() }
    }

    fn open(&mut self, input: Input) {
        let Some(source) = self.sources.get(input.source) else { return };
        let Ok(opened) = catch_unwind(AssertUnwindSafe(|| document::open(source, self.options.kind))) else {
            self.problem(source, "internal error while it was read", None, true);
            return;
        };
        match opened {
            Ok(mut document) if document.kind != "unknown" || input.named || promises_policy(source) => {
                document.reported = input.reported;
                self.bound(&mut document, source, input.named);
                self.add(document);
            }
            Err(error) if input.named && !self.options.if_policy => {
                let help =
                    "kpl reads policies as JSON or YAML, and what the AWS CLI answers; --if-policy passes over others";
                self.problem(source, error.to_string(), Some(help), true);
            }
            Ok(_) | Err(_) => {
                let message = "no policy, key or alias in it".to_owned();
                self.report.skipped.push(Problem { file: source.name(), message, help: None, fatal: false });
            }
        }
    }

    /// Leaves out policies that are larger than the bound.
    fn bound(&mut self, document: &mut Document<'a>, source: &Source, named: bool) {
        let max = self.options.max_policy;
        let fits = |policy: &PolicyDocument<'_>| {
            u64::from(policy.policy.span.end) - u64::from(policy.policy.span.start) <= max
        };
        let before = document.policies.len();
        document.policies.retain(fits);
        if document.policies.len() < before {
            let message = format!("a policy in it has more than {max} bytes");
            self.problem(source, message, Some("--max-size BYTES raises the bound"), named);
            document.reported &= !document.policies.is_empty();
        }
    }

    fn problem(&mut self, source: &Source, message: impl Into<String>, help: Option<&str>, fatal: bool) {
        let help = help.map(str::to_owned);
        self.report.problems.push(Problem { file: source.name(), message: message.into(), help, fatal });
    }

    fn add(&mut self, document: Document<'a>) {
        self.report.files += usize::from(document.reported);
        let info = |name: Option<String>, policy_kind, because: &str| DocumentInfo {
            source: document.source,
            name,
            kind: document.kind,
            policy_kind,
            because: because.to_owned(),
            reported: document.reported,
        };
        if document.policies.is_empty() {
            self.report.documents.push(info(None, None, document.because));
        }
        for policy in &document.policies {
            let info = info(policy.name.clone(), Some(policy.kind.word()), policy.because);
            self.report.documents.push(info);
        }
        self.project.documents.push(document);
    }

    fn ask(&mut self) {
        let is_selected = |rule: &'static RuleInfo| self.options.selection.includes(rule);
        let checks: Vec<&dyn Check> =
            CHECKS.iter().copied().filter(|check| check.rules().iter().any(|rule| is_selected(rule))).collect();
        let mut found = Vec::new();
        let mut unasked = Vec::new();
        let mut crashes = Vec::new();
        let mut index = 0;
        for document in &self.project.documents {
            let first = index;
            index += document.policies.len().max(1);
            let Some(source) = self.sources.get(document.source).filter(|_| document.reported) else { continue };
            for check in &checks {
                let mut asked = Findings::new(Some(first), &is_selected);
                let done = catch_unwind(AssertUnwindSafe(|| {
                    check.document(document, source, &mut asked);
                    document.keys.iter().for_each(|key| check.key(key, &self.project, &mut asked));
                }));
                let mut gathered = gather(asked, done.is_ok(), *check, source, &mut crashes);
                found.append(&mut gathered.0);
                unasked.append(&mut gathered.1);
                for (number, policy) in document.policies.iter().enumerate() {
                    let mut asked = Findings::new(Some(first + number), &is_selected);
                    let done = catch_unwind(AssertUnwindSafe(|| self.ask_policy(*check, policy, &mut asked)));
                    let (mut findings, mut open) = gather(asked, done.is_ok(), *check, source, &mut crashes);
                    for finding in &mut findings {
                        finish::write_in_file(finding, policy);
                    }
                    found.append(&mut findings);
                    unasked.append(&mut open);
                }
            }
        }
        self.ask_project(&checks, &is_selected, &mut found, &mut unasked, &mut crashes);
        self.report.problems.append(&mut crashes);
        finish::finish(&mut self.report, found, unasked, &self.project, self.sources, &self.options.selection);
    }

    fn ask_policy(&self, check: &dyn Check, document: &PolicyDocument<'_>, asked: &mut Findings<'_>) {
        let context = RuleContext { document, project: &self.project };
        check.policy(&document.policy, &context, asked);
        for statement in &document.policy.statements {
            check.statement(statement, &context, asked);
        }
    }

    fn ask_project(
        &self,
        checks: &[&dyn Check],
        is_selected: &dyn Fn(&'static RuleInfo) -> bool,
        found: &mut Vec<Finding>,
        unasked: &mut Vec<Unasked>,
        crashes: &mut Vec<Problem>,
    ) {
        let Some(first) = self.sources.iter().next() else { return };
        for check in checks {
            let mut asked = Findings::new(None, is_selected);
            let done = catch_unwind(AssertUnwindSafe(|| check.project(&self.project, &mut asked)));
            let (mut findings, mut open) = gather(asked, done.is_ok(), *check, first, crashes);
            found.append(&mut findings);
            unasked.append(&mut open);
        }
    }
}

/// What one check said; a check that crashed is told of as a fault of kpl's own.
fn gather(
    asked: Findings<'_>,
    is_done: bool,
    check: &dyn Check,
    source: &Source,
    crashes: &mut Vec<Problem>,
) -> (Vec<Finding>, Vec<Unasked>) {
    if !is_done {
        let rule = check.rules().first().map_or("", |rule| rule.id);
        let message = format!("internal error in rule {rule}");
        let help = Some("what other rules found is told all the same; please report this with the file".to_owned());
        crashes.push(Problem { file: source.name(), message, help, fatal: true });
    }
    asked.into_parts()
}

/// Whether broken text that nobody named was meant as a policy.
fn promises_policy(source: &Source) -> bool {
    let text = source.text();
    ["Statement", "Effect"].iter().all(|word| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some())
}
