//! The policies of files and folders: which of them could have a say.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use super::{
    joined::Joined,
    layers::{Found, Holdings, Joiner},
    problem, read,
};
use crate::{
    cli::{inputs, policies::Shelf},
    document::{self, Carrier, Declared, Document, Holder, PolicyDocument, Project},
    finding::{Complaint, Problem},
    key::{self, Grant},
    policy::{Clause, PolicyKind, Statement},
    semantics::Request,
    simulate::{
        Library,
        scenario::{self, CasePolicies},
    },
    source::{Source, SourceId, Sources, Span},
};

/// Joins the policies of paths to those of options, which are all that there is of the kinds that are told.
pub(super) fn join(
    paths: &[PathBuf],
    by_options: impl Iterator<Item = PathBuf>,
    told: Vec<PolicyKind>,
    request: &Request,
    (policies, shelf): (&mut CasePolicies, &mut Shelf),
) -> Joined {
    let mut opener = Opener { shelf, seen: by_options.map(own_path).collect(), files: Vec::new() };
    paths.iter().enumerate().for_each(|(number, path)| opener.path(number, path));
    let files = opener.files;
    let Shelf { sources, library, complaints, problems } = &mut *shelf;
    let mut chooser = Chooser { request, told: &told, library, complaints, held: Holdings::default() };
    let mut is_silent = vec![true; paths.len()];
    let (project, of) = understood(&files, sources, problems);
    for (document, at) in project.documents.iter().zip(of) {
        let (Some(file), Some(source)) = (files.get(at), sources.get(document.source)) else { continue };
        let before = chooser.held.found.len();
        chooser.choose(document, source, file.is_named);
        if let Some(is_silent) = is_silent.get_mut(file.path) {
            *is_silent &= chooser.held.found.len() == before;
        }
    }
    let held = chooser.held;
    for (path, _) in paths.iter().zip(is_silent).filter(|(path, is_silent)| *is_silent && path.is_dir()) {
        if complaints.is_empty() {
            let message = "no policy in it is of the caller or of the resource".to_owned();
            problems.push(problem(&path.display().to_string(), message, None));
        }
    }
    drop(project);
    Joiner { shelf, request, told }.put(held, policies)
}

/// A path as it is told from others.
fn own_path(path: PathBuf) -> PathBuf {
    path.strip_prefix(".").map(Path::to_owned).unwrap_or(path)
}

/// A file of a path.
struct File {
    /// Which of the paths, by its number from 0.
    path: usize,
    source: SourceId,
    /// Whether the user named it, rather than a walk finding it.
    is_named: bool,
}

/// Opens the files of paths, each once.
struct Opener<'o> {
    shelf: &'o mut Shelf,
    seen: HashSet<PathBuf>,
    files: Vec<File>,
}

impl Opener<'_> {
    fn path(&mut self, number: usize, path: &Path) {
        if !path.is_dir() {
            return self.file(number, path, true);
        }
        let (files, problems) = inputs::files_below(path);
        self.shelf.problems.extend(problems);
        for file in files {
            self.file(number, &file, false);
        }
    }

    fn file(&mut self, number: usize, path: &Path, is_named: bool) {
        let path = &own_path(path.to_owned());
        if !self.seen.insert(path.clone()) {
            return;
        }
        // A picture under another file's name is nothing that a walk should remark on; what cannot be read may be a policy.
        let opened =
            if is_named || inputs::bytes(path).is_err() { read(path, self.shelf) } else { self.shelf.open(path).ok() };
        self.files.extend(opened.map(|source| File { path: number, source, is_named }));
    }
}

/// What the files are, together, and of which file each document is; what a walk comes upon and is no file of policies is
/// passed over.
fn understood<'s>(files: &[File], sources: &'s Sources, problems: &mut Vec<Problem>) -> (Project<'s>, Vec<usize>) {
    let (mut project, mut of) = (Project::new(Declared::default()), Vec::new());
    for (at, file) in files.iter().enumerate() {
        let Some(source) = sources.get(file.source) else { continue };
        match document::open(source, None) {
            Ok(documents) => {
                of.resize(of.len() + documents.len(), at);
                project.documents.extend(documents);
            }
            Err(error) if file.is_named || error.is_recognised() => {
                let help = "a file of policies is wanted: JSON, YAML, or what the AWS CLI or Terraform prints";
                problems.push(problem(&source.name(), error.to_string(), Some(help.to_owned())));
            }
            Err(_) => {}
        }
    }
    project.derive();
    (project, of)
}

/// Chooses among the policies of documents.
struct Chooser<'c> {
    request: &'c Request,
    told: &'c [PolicyKind],
    library: &'c mut Library,
    complaints: &'c mut Vec<Complaint>,
    held: Holdings,
}

impl Chooser<'_> {
    fn choose(&mut self, document: &Document<'_>, source: &Source, is_named: bool) {
        let first = first_character(source.span());
        if is_named || !document.policies.is_empty() || document::promises_policy(source) {
            self.complaints.extend(document.faults.iter().map(scenario::of_syntax));
        }
        if is_caller(&document.unseen_boundaries, self.request) && !self.told.contains(&PolicyKind::Boundary) {
            let message = "the caller has a permissions boundary that is not in these files";
            self.complaints.push(Complaint::new(first, message).help("give it with --boundary"));
        }
        if is_caller(&document.unseen, self.request) {
            self.held.unseen.get_or_insert(first);
        }
        let (known, open) = grants_on(document, self.request);
        self.held.grants.extend(known);
        self.complaints.extend(open);
        let bounds = document.policies.iter().filter(|policy| is_caller(&policy.bounds, self.request));
        for policy in bounds {
            self.take(policy, document, source, true);
        }
        for policy in document.policies.iter().filter(|policy| self.may_speak(policy, document)).collect::<Vec<_>>() {
            self.complaints.extend(policy.faults.iter().map(scenario::of_grammar));
            self.complaints.extend(unclear(policy, source));
            self.take(policy, document, source, false);
        }
    }

    /// Puts a policy on the shelf; what is marked as sensitive keeps its names to itself.
    fn take(&mut self, found: &PolicyDocument<'_>, document: &Document<'_>, source: &Source, is_bound: bool) {
        let mut policy = found.policy.clone();
        if found.is_sensitive {
            policy.statements.iter_mut().for_each(|statement| statement.sid = None);
        }
        let is_plan = document.kind.starts_with("terraform");
        let kind = if is_bound { PolicyKind::Boundary } else { found.kind };
        let one = Found {
            kind,
            span: policy.span,
            file: source.name(),
            name: found.name.clone(),
            key: found.key.clone(),
            is_unattached: kind == PolicyKind::Identity && is_plan && found.holders.is_empty(),
            is_bound,
            allows: policy.statements.iter().any(Statement::allows),
            id: self.library.add(policy),
        };
        self.complaints.extend(scenario::misplaced(self.library, one.id, one.kind));
        self.held.found.push(one);
    }

    /// Whether a policy could have a say: it is not known to be another principal's or another resource's.
    fn may_speak(&self, found: &PolicyDocument<'_>, document: &Document<'_>) -> bool {
        match found.kind {
            PolicyKind::Identity => {
                let is_carried = self.request.caller.arn().is_some_and(|caller| found.may_be_carried_by(caller));
                is_carried && !(found.holders.is_empty() && document.told.every_holder)
            }
            // Of whom it is the boundary, its file tells.
            PolicyKind::Boundary if !found.bounds.is_empty() => false,
            PolicyKind::Key | PolicyKind::Trust | PolicyKind::Resource => {
                found.kind == scenario::resource_kind(self.request) && self.may_hang_on_the_resource(found)
            }
            _ => true,
        }
    }

    fn may_hang_on_the_resource(&self, found: &PolicyDocument<'_>) -> bool {
        let resource = self.request.resource();
        let own = resource.rsplit(['/', ':']).next().unwrap_or(resource);
        match found.kind {
            PolicyKind::Key => found.key.as_ref().is_none_or(|id| id == own || !key::is_key_id(id)),
            PolicyKind::Trust => found.may_be_with(&Carrier::new(Holder::Role, own)),
            // One that names other resources alone hangs on one of them.
            _ => found.policy.statements.iter().any(|statement| match &statement.resources {
                Some(Clause::Only(listed)) => {
                    !listed.unknown.is_empty() || listed.values().any(|pattern| pattern.covers(resource))
                }
                Some(Clause::AllBut(_)) | None => true,
            }),
        }
    }
}

/// Whether the caller of a request is among those that are named.
fn is_caller(named: &[Carrier], request: &Request) -> bool {
    request.caller.arn().is_some_and(|caller| named.iter().any(|carrier| carrier.is(caller)))
}

/// The grants of a file on the key of a request; one that is not known, and could let the caller in, is complained of.
fn grants_on(document: &Document<'_>, request: &Request) -> (Vec<Grant>, Vec<Complaint>) {
    let id = request.resource().rsplit('/').next().filter(|id| key::is_key_id(id));
    let (mut known, mut complaints) = (Vec::new(), Vec::new());
    for grant in &document.grants {
        // A key of a plan has no id yet: where there is one key alone, it is the one.
        let is_of_key = match grant.key.as_deref() {
            Some(key) if key::is_key_id(key) && id.is_some() => id == Some(key),
            _ => document.keys.len() == 1,
        };
        if is_of_key && grant.is_open {
            let message = "whether this grant lets the caller in is not known until apply";
            let help = "give the state after apply, or the grants in a file of their own, with --grants";
            complaints.push(Complaint::new(first_character(grant.grant.span), message).help(help));
        } else if is_of_key {
            known.push(grant.grant.clone());
        }
    }
    (known, complaints)
}

/// A policy that names no principal is an identity policy, unless its file's name says that it is another: which the text
/// cannot tell.
fn unclear(found: &PolicyDocument<'_>, source: &Source) -> Option<Complaint> {
    if found.kind != PolicyKind::Identity || found.name.is_some() || !found.holders.is_empty() {
        return None;
    }
    let name = source.name().to_ascii_lowercase();
    let mut words = name.split(|character: char| !character.is_ascii_alphanumeric());
    let option = words.find_map(|word| match word {
        "scp" | "scps" => Some("--scp"),
        "boundary" | "boundaries" => Some("--boundary"),
        _ => None,
    })?;
    let message = "whether this is a policy of the caller or a bound of it cannot be told";
    let help = format!("name the file with {option} or with --identity");
    Some(Complaint::new(first_character(found.policy.span), message).help(help))
}

pub(super) fn first_character(span: Span) -> Span {
    Span { end: span.start.saturating_add(1), ..span }
}
