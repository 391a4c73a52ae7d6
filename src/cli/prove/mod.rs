//! `kpl prove`.

mod program;
mod screen;

use std::path::{Path, PathBuf};

use super::{
    Exit,
    args::{ClaimArgs, CommonArgs, KeepsAdminArgs, NoNewAccessArgs, NotGrantedArgs, NotPublicArgs, ProveArgs},
    policies::Shelf,
    screen::{print, style},
};
use crate::{
    document,
    finding::Problem,
    policy::{Policy, PolicyKind},
    prove::{Budget, Claim, Question, ResourceType, Verdict, prove},
    reference::Reference,
    render::Format,
    simulate::scenario::{self, caller_of_text},
};

pub(super) fn run(args: &ProveArgs) -> Exit {
    match &args.claim {
        ClaimArgs::NoNewAccess(args) => no_new_access(args),
        ClaimArgs::NotGranted(args) => not_granted(args),
        ClaimArgs::NotPublic(args) => not_public(args),
        ClaimArgs::KeepsAdmin(args) => keeps_admin(args),
    }
}

fn no_new_access(args: &NoNewAccessArgs) -> Exit {
    let mut desk = Desk::new(&args.common);
    let (old, new) = (desk.one(&args.old, args.common.kind.0), desk.one(&args.new, args.common.kind.0));
    let (Some(old), Some(new)) = (old, new) else { return desk.give_up() };
    if old.kind != new.kind {
        let message =
            format!("it is a policy of kind {}, and {} is one of kind {}", new.kind, args.old.display(), old.kind);
        return desk.fail(&args.new.display().to_string(), message, Some("--kind says what both are"));
    }
    let claim = Claim::NoNewAccess { old: &old.policy, new: &new.policy };
    desk.answer(claim, old.kind, None, &[&new, &old])
}

fn not_granted(args: &NotGrantedArgs) -> Exit {
    let mut desk = Desk::new(&args.common);
    let mut read = Vec::new();
    for path in &args.policies {
        read.extend(desk.all(path, args.common.kind.0));
    }
    let Some(kind) = read.first().map(|one| one.kind).filter(|_| !desk.has_trouble()) else { return desk.give_up() };
    if let Some(other) = read.iter().find(|one| one.kind != kind) {
        let message = format!("it is a policy of kind {}, and others are of kind {kind}", other.kind);
        return desk.fail(&other.name, message, Some("ask of each kind apart, or say with --kind what all are"));
    }
    let claim = Claim::NotGranted {
        policies: read.iter().map(|one| &one.policy).collect(),
        actions: args.action.clone(),
        resources: args.resource.clone(),
        principals: args.principal.clone(),
        context: Vec::new(),
        delegated: true,
    };
    desk.answer(claim, kind, None, &read.iter().collect::<Vec<_>>())
}

fn not_public(args: &NotPublicArgs) -> Exit {
    let mut desk = Desk::new(&args.common);
    let kind = args.resource_type.map(ResourceType::kind).or(args.common.kind.0);
    let Some(policy) = desk.one(&args.policy, kind) else { return desk.give_up() };
    let claim = Claim::NotPublic {
        policy: &policy.policy,
        trusted_accounts: args.trusted_account.clone(),
        trusted_orgs: args.trusted_org.clone(),
    };
    desk.answer(claim, policy.kind, args.resource_type, &[&policy])
}

fn keeps_admin(args: &KeepsAdminArgs) -> Exit {
    let mut desk = Desk::new(&args.common);
    let Some(policy) = desk.one(&args.key_policy, args.common.kind.0.or(Some(PolicyKind::Key))) else {
        return desk.give_up();
    };
    let caller = args.caller.as_deref().map(caller_of_text);
    if let (Some(None), Some(text)) = (&caller, &args.caller) {
        return desk.fail("--caller", format!("`{text}` is no ARN of a user, a role or a session"), None);
    }
    let claim = Claim::KeepsAdmin { key_policy: &policy.policy, caller: caller.flatten() };
    desk.answer(claim, policy.kind, None, &[&policy])
}

/// Of which kinds of policies a claim is asked, for one that it is not.
const fn kinds(claim: &Claim<'_>) -> &'static str {
    match claim {
        Claim::NoNewAccess { .. } => {
            "--kind says what both are: identity, key, trust, resource, scp, boundary or session"
        }
        Claim::NotGranted { .. } => "--kind says what it is: identity, key, trust or resource",
        Claim::NotPublic { .. } => "--kind says what it is: key, trust or resource",
        Claim::KeepsAdmin { .. } => "it is asked of key policies",
    }
}

/// A policy of a file.
struct Read {
    name: String,
    path: PathBuf,
    kind: PolicyKind,
    policy: Policy,
}

/// What is on the table while a claim is looked at.
struct Desk<'a> {
    shelf: Shelf,
    common: &'a CommonArgs,
}

impl<'a> Desk<'a> {
    fn new(common: &'a CommonArgs) -> Self {
        Self { shelf: Shelf::default(), common }
    }

    fn has_trouble(&self) -> bool {
        !self.shelf.problems.is_empty() || !self.shelf.complaints.is_empty()
    }

    fn problem(&mut self, what: &str, message: String, help: Option<&str>) {
        let help = help.map(str::to_owned);
        self.shelf.problems.push(Problem { file: what.to_owned(), message, help, fatal: true });
    }

    fn fail(&mut self, what: &str, message: String, help: Option<&str>) -> Exit {
        self.problem(what, message, help);
        self.give_up()
    }

    fn give_up(&self) -> Exit {
        self.shelf.tell(&style(self.common.color));
        Exit::Failure
    }

    /// Every policy of a file. What is wrong is told later.
    fn all(&mut self, path: &Path, kind: Option<PolicyKind>) -> Vec<Read> {
        let name = path.display().to_string();
        let source = match self.shelf.open(path) {
            Ok(source) => source,
            Err(message) => {
                self.problem(&name, message, None);
                return Vec::new();
            }
        };
        let Some(source) = self.shelf.sources.get(source) else { return Vec::new() };
        let Ok(documents) = document::open(source, kind) else {
            self.problem(&name, "there is no policy in it".to_owned(), None);
            return Vec::new();
        };
        let mut complaints = Vec::new();
        let mut read = Vec::new();
        for document in documents {
            complaints.extend(document.faults.iter().map(scenario::of_syntax));
            for found in document.policies {
                complaints.extend(found.faults.iter().map(scenario::of_grammar));
                let kind = kind.unwrap_or(found.kind);
                read.push(Read { name: name.clone(), path: path.to_owned(), kind, policy: found.policy });
            }
        }
        self.shelf.complaints.extend(complaints);
        if read.is_empty() && !self.has_trouble() {
            self.problem(&name, "there is no policy in it".to_owned(), None);
        }
        read
    }

    /// The one policy of a file.
    fn one(&mut self, path: &Path, kind: Option<PolicyKind>) -> Option<Read> {
        let mut read = self.all(path, kind);
        if self.has_trouble() {
            return None;
        }
        if read.len() > 1 {
            let message = "there are several policies in it".to_owned();
            self.problem(&path.display().to_string(), message, Some("put each into a file of its own"));
            return None;
        }
        read.pop()
    }

    /// Answers a question, and says so.
    fn answer(
        &mut self,
        claim: Claim<'_>,
        kind: PolicyKind,
        resource_type: Option<ResourceType>,
        read: &[&Read],
    ) -> Exit {
        let question = Question { claim, kind, account: self.common.account, resource_type };
        let budget = Budget::of_milliseconds(self.common.budget);
        let answer = match prove(&question, Reference::embedded(), budget) {
            Ok(answer) => answer,
            Err(error) => {
                let name = read.first().map(|one| one.name.clone()).unwrap_or_default();
                return self.fail(&name, error.to_string(), Some(kinds(&question.claim)));
            }
        };
        let sources = &self.shelf.sources;
        let text = match self.common.format {
            Format::Json => program::report(&question, &answer, sources, read),
            _ => screen::report(&question, &answer, sources, read, &style(self.common.color)),
        };
        print(&text);
        if matches!(answer.verdict, Verdict::Proven) { Exit::Clean } else { Exit::Findings }
    }
}
