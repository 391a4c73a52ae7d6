//! From sources to a report: reads documents, asks the rules, and puts in order what they say.

mod asking;
mod checks;
mod fingerprint;
mod finish;
mod fix;
mod hide;
mod keeping;
mod opening;
mod paths;
mod selection;
mod suppress;
mod write;

use std::{collections::HashSet, sync::Arc};

use rayon::prelude::*;

pub use fix::{Before, HeldBack, Mended, mend};
pub use paths::{Globs, Home};
pub use selection::{PathSettings, Selection, Selector, UnknownSelector, nearest};
pub use suppress::{Acceptance, Accepted, Baseline, write_baseline};

use self::{
    asking::{Asking, Said},
    checks::Checks,
    opening::{Opened, Opening},
};
use crate::{
    calendar,
    document::{Declared, Document, Project},
    finding::{DocumentInfo, Finding, Report, RuleInfo, RuleOptions},
    policy::PolicyKind,
    reference::Reference,
    rules::{Aws, Catalogue, REFERENCE_DAYS, UNKNOWN_ACTION},
    source::{self, Secrets, Source, SourceId, Sources, Span},
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
        let age = self.today.and_then(|today| Some(today - calendar::day(self.reference.date())?));
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
    let opening = Opening { sources, options };
    let opened: Vec<Opened<'_>> = map(inputs, |input| {
        let opened = opening.open(*input);
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
        let (selection, catalogue) = (&self.options.selection, &self.options.catalogue);
        let included = selection.is_long().then(|| {
            let rules = catalogue.rules().filter(|rule| selection.includes(rule));
            rules.map(|rule| rule.id).collect::<HashSet<_>>()
        });
        let is_selected = |rule: &'static RuleInfo| match &included {
            Some(included) => included.contains(rule.id),
            None => selection.includes(rule),
        };
        let own;
        let checks = if selection.is_of_persona() && catalogue.is_shipped() {
            Checks::of_persona(selection.persona)
        } else {
            own = Checks::of(catalogue, &is_selected);
            &own
        };
        let asking = Asking {
            checks,
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
