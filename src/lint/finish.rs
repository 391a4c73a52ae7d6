//! What the rules said, put in order: one remark a fault, each with its document, its pointer and its fingerprint.

use std::collections::{HashMap, HashSet};

use super::{
    Home, Options, PathSettings,
    fingerprint::{Content, Fingerprints, Whereabouts},
    hide::{Marked, hide_access_keys},
    suppress::Suppressor,
};
use crate::{
    document::{Document, PolicyDocument, Project},
    finding::{Applicability, DocumentInfo, Finding, NotEvaluated, Report},
    rules::{Subject, Unasked},
    source::{SourceId, Sources, Span},
    syntax::Node,
};

pub(super) fn finish(
    report: &mut Report,
    mut found: Vec<Finding>,
    unasked: Vec<Unasked>,
    project: &Project<'_>,
    sources: &Sources,
    options: &Options,
) {
    let selection = &options.selection;
    let places = Places::new(project);
    let local = Local::new(report, sources, &options.paths);
    for finding in &mut found {
        if finding.document == usize::MAX {
            finding.document = places.document_of(finding.primary.span);
        }
        if let Some(severity) = selection.severity.get(finding.rule.id) {
            finding.severity = *severity;
        }
        local.set_severity(finding);
    }
    found.retain(|finding| !local.silences(finding));
    let copies: HashSet<SourceId> =
        project.documents.iter().filter(|document| document.is_copy).map(|document| document.source).collect();
    for fix in found.iter_mut().filter_map(|finding| finding.fix.as_mut()) {
        if fix.edits.iter().any(|edit| copies.contains(&edit.span.source)) {
            fix.applicability = Applicability::DisplayOnly;
        }
    }
    let scope = Scope::new(project, options);
    found.retain(|finding| {
        let document = report.documents.get(finding.document);
        document.is_some_and(|document| document.reported || document.unchanged) && scope.holds(finding)
    });
    let mut suppressor = Suppressor::new(report, project, sources, options);
    suppressor.suppress(&mut found, &places);
    found.extend(suppressor.say(&unasked, &places));
    // What the reader is not shown must not speak for what he would be.
    found.retain(|finding| selection.shows(finding));
    let mut found = superseded(found);
    found.sort_by(|one, other| {
        let key = |finding: &Finding| (finding.primary.span, finding.rule.id);
        key(one).cmp(&key(other)).then_with(|| one.message.cmp(&other.message))
    });
    identify(&mut found, &places, project, report, sources, &options.home);
    report.findings = found;
    if let Some(baseline) = &options.acceptance.baseline {
        baseline.suppress(report, sources, &options.home);
    }
    let silent = unasked.into_iter().map(|unasked| {
        let document = places.document_of_subject(unasked.of);
        NotEvaluated { rule: unasked.rule.id, document, reason: unasked.reason }
    });
    let is_left_out = |index: usize| report.documents.get(index).is_some_and(|document| document.unchanged);
    report.not_evaluated = silent.filter(|silent| !is_left_out(silent.document)).collect();
    report.not_evaluated.sort_by(|one, other| (one.document, one.rule).cmp(&(other.document, other.rule)));
    report.not_evaluated.dedup();
}

/// What is told of plans: all, or what they change.
struct Scope<'p, 'a>(HashMap<SourceId, &'p Document<'a>>);

impl<'p, 'a> Scope<'p, 'a> {
    fn new(project: &'p Project<'a>, options: &Options) -> Self {
        let plans = project.documents.iter().filter(|document| options.changed_only && document.plan.is_some());
        Self(plans.map(|document| (document.source, document)).collect())
    }

    /// Whether a finding is about something that changes, or has its cause there.
    fn holds(&self, finding: &Finding) -> bool {
        let is_left = |place: Span| self.0.get(&place.source).map(|plan| plan.leaves(place));
        let causes = || finding.related.iter().filter_map(|label| is_left(label.span));
        is_left(finding.primary.span) != Some(true) || causes().any(|is_left| !is_left)
    }
}

/// The settings of each source that has some of its own, the last to be written first.
struct Local<'o>(HashMap<SourceId, Vec<&'o PathSettings>>);

impl<'o> Local<'o> {
    fn new(report: &Report, sources: &Sources, paths: &'o [PathSettings]) -> Self {
        let mut local = HashMap::new();
        for document in report.documents.iter().filter(|_| !paths.is_empty()) {
            let Some(source) = sources.get(document.source) else { continue };
            local.entry(document.source).or_insert_with(|| {
                let name = source.name();
                paths.iter().rev().filter(|path| path.files.cover(&name)).collect()
            });
        }
        Self(local)
    }

    fn of(&self, finding: &Finding) -> &[&'o PathSettings] {
        self.0.get(&finding.primary.span.source).map_or(&[], Vec::as_slice)
    }

    fn set_severity(&self, finding: &mut Finding) {
        if let Some(severity) = self.of(finding).iter().find_map(|path| path.severity.get(finding.rule.id)) {
            finding.severity = *severity;
        }
    }

    fn silences(&self, finding: &Finding) -> bool {
        self.of(finding).iter().any(|path| path.ignore.iter().any(|selector| selector.names(finding)))
    }
}

/// Where the documents of a report stand.
pub(super) struct Places<'p, 'a> {
    /// The tree of each document of the report: a policy's, or that of the file; `None` where nothing could be pointed at.
    nodes: Vec<Option<&'p Node<'a>>>,
    /// The policy of each document; `None` for one without.
    policies: Vec<Option<&'p PolicyDocument<'a>>>,
    /// The documents of each source: the first, and one past the last.
    of_source: HashMap<SourceId, (usize, usize)>,
    /// The files that hold resources, each with the number of its first document.
    with_resources: Vec<(usize, &'p Document<'a>)>,
}

impl<'p, 'a> Places<'p, 'a> {
    fn new(project: &'p Project<'a>) -> Self {
        let mut nodes = Vec::new();
        let mut policies = Vec::new();
        let mut of_source: HashMap<SourceId, (usize, usize)> = HashMap::new();
        let mut with_resources = Vec::new();
        for document in &project.documents {
            let first = nodes.len();
            policies.extend(document.policies.iter().map(Some));
            policies.resize(first + document.entries(), None);
            nodes.extend(document.policies.iter().map(|policy| Some(&policy.node)));
            nodes.extend(document.has_own_entry().then_some(document.tree.as_ref()));
            // The resources of Terraform's files are no documents with a root of their own.
            let tree = document.tree.as_ref().filter(|_| !document.is_copy);
            let items = document.resources.iter().filter_map(|item| tree.map(|tree| Some(tree.find(item.span).1)));
            nodes.extend(items);
            nodes.resize(first + document.entries(), None);
            with_resources.extend((!document.resources.is_empty()).then_some((first, document)));
            of_source.entry(document.source).or_insert((first, first)).1 = nodes.len();
        }
        Self { nodes, policies, of_source, with_resources }
    }

    /// The document that holds a place; the first of its file where no policy does.
    fn document_of(&self, place: Span) -> usize {
        self.document_in(place).unwrap_or_default()
    }

    /// The same; `None` for a file that is no document of the run.
    pub(super) fn document_in(&self, place: Span) -> Option<usize> {
        let (first, end) = self.of_source.get(&place.source).copied()?;
        let holds = |index: &usize| self.node(*index).is_some_and(|node| node.span.contains(place));
        if let Some(policy) = (first..end).find(|index| holds(index) && !self.is_whole_file(*index)) {
            return Some(policy);
        }
        let mut files = self.with_resources.iter().filter(|(_, document)| document.source == place.source);
        let resource = files.find_map(|(first, document)| Some(first + document.entry_at(place)?));
        Some(resource.or_else(|| (first..end).find(holds)).unwrap_or(first))
    }

    /// Whether a document of the report stands for all that a file with resources tells besides its policies.
    fn is_whole_file(&self, index: usize) -> bool {
        self.with_resources.iter().any(|(first, document)| index == first + document.policies.len())
    }

    /// The document that a rule could not be asked of.
    pub(super) fn document_of_subject(&self, subject: Subject) -> usize {
        match subject {
            Subject::Document(document) => document,
            Subject::Place(place) => self.document_of(place),
        }
    }

    pub(super) fn policy(&self, document: usize) -> Option<&'p PolicyDocument<'a>> {
        self.policies.get(document).copied().flatten()
    }

    /// The pointer of a place in a document, and what stands there.
    fn content<'s>(&self, document: usize, place: Span, sources: &'s Sources) -> (String, Content<'s>)
    where
        'p: 's,
    {
        match self.node(document).map(|root| within(root, place)) {
            Some((pointer, node)) => (pointer, Content::Node(node)),
            None => (String::new(), Content::Text(sources.get(place.source).map_or("", |source| source.slice(place)))),
        }
    }

    fn node(&self, document: usize) -> Option<&'p Node<'a>> {
        self.nodes.get(document).copied().flatten()
    }
}

/// The pointer of a place in a policy, and what stands there. A statement that a policy document of Terraform merges stands
/// outside of the others.
fn within<'n, 'a>(root: &'n Node<'a>, place: Span) -> (String, &'n Node<'a>) {
    let found = root.find(place);
    let merged = || {
        let statements = root.get("Statement")?.as_list()?;
        let index = statements.iter().position(|statement| statement.span.contains(place))?;
        let (pointer, node) = statements.get(index)?.find(place);
        Some((format!("/Statement/{index}{pointer}"), node))
    };
    if found.0.is_empty() && root.span != place { merged().unwrap_or(found) } else { found }
}

/// Drops what another rule says better of the same place, and names it there.
fn superseded(found: Vec<Finding>) -> Vec<Finding> {
    let place = |index: &usize| (found[*index].document, found[*index].primary.span);
    let mut at: Vec<usize> = (0..found.len()).collect();
    at.sort_by_key(place);
    // By whom each finding is superseded; a chain ends at the one that nobody supersedes.
    let mut by: Vec<Option<usize>> = vec![None; found.len()];
    for group in at.chunk_by(|one, other| place(one) == place(other)).filter(|group| group.len() > 1) {
        // The first of each rule: at one place there may be many findings, and only so many rules.
        let mut speakers: Vec<usize> = Vec::new();
        for index in group {
            if speakers.iter().all(|speaker| found[*speaker].rule.id != found[*index].rule.id) {
                speakers.push(*index);
            }
        }
        for other in group {
            let lesser = found[*other].rule.id;
            by[*other] = speakers.iter().copied().find(|speaker| found[*speaker].rule.supersedes.contains(&lesser));
        }
    }
    let mut also: Vec<Vec<&'static str>> = vec![Vec::new(); found.len()];
    for (index, mut winner) in by.iter().copied().enumerate() {
        let mut steps = 0;
        while let Some(next) = winner.and_then(|winner| by[winner]).filter(|_| steps < by.len()) {
            winner = Some(next);
            steps += 1;
        }
        if let Some(winner) = winner {
            also[winner].push(found[index].rule.id);
        }
    }
    let kept = found.into_iter().zip(also).zip(by).filter(|(_, by)| by.is_none());
    kept.map(|((mut finding, mut also), _)| {
        also.sort_unstable();
        also.dedup();
        finding.also = also;
        finding
    })
    .collect()
}

/// Gives findings their pointers and their fingerprints, and takes out of them what must not be told.
fn identify(
    found: &mut [Finding],
    places: &Places<'_, '_>,
    project: &Project<'_>,
    report: &Report,
    sources: &Sources,
    home: &Home,
) {
    let marked = Marked::new(project, report, sources);
    let mut names: HashMap<SourceId, String> = HashMap::new();
    let mut fingerprints = Fingerprints::default();
    for finding in found {
        let span = finding.primary.span;
        // A digest of a secret would help to guess it.
        let is_hidden = |place: Span| report.hides(place) || marked.is_of_policy(place);
        let content = |document: usize, place: Span| match places.content(document, place, sources) {
            (pointer, Content::Node(node)) if is_hidden(node.span) => (pointer, Content::Hidden),
            (pointer, _) if is_hidden(place) => (pointer, Content::Hidden),
            told => told,
        };
        let (pointer, here) = content(finding.document, span);
        finding.primary.path = pointer;
        let mut others = Vec::new();
        for label in &mut finding.related {
            let document = places.document_of(label.span);
            let (pointer, there) = content(document, label.span);
            label.path = pointer;
            others.extend((document == finding.document).then(|| (label.path.clone(), there)));
        }
        marked.hide(finding);
        hide_access_keys(finding);
        let file = names
            .entry(span.source)
            .or_insert_with(|| sources.get(span.source).map(|source| home.name(&source.name())).unwrap_or_default());
        let document = report.documents.get(finding.document);
        let file = if document.is_some_and(is_addressed) { folder(file) } else { file };
        let address = document.and_then(|document| document.name.as_deref()).unwrap_or_default();
        let place = Whereabouts { file, document: address, content: here, others };
        finding.fingerprint = fingerprints.of(finding, &place);
    }
}

/// Whether a file is written anew each time, under whatever name: of a plan, the address tells what is spoken of.
fn is_addressed(document: &DocumentInfo) -> bool {
    document.kind.starts_with("terraform-") && document.name.is_some()
}

/// The folder of a file, where it stands in its home.
fn folder(file: &str) -> &str {
    let is_inside = !file.starts_with(['/', '<']) && !file.starts_with("..");
    file.rsplit_once('/').filter(|_| is_inside).map_or("", |(folder, _)| folder)
}
