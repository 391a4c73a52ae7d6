//! Policies of files and folders, each put into the layer that it is of.
//!
//! What a file is tells the layer. Where that leaves a choice, one is taken and said; where there is none to be taken, the
//! option that tells it is named.

use crate::{
    policy::PolicyKind,
    simulate::{
        Because, LayerTrace, Library, Outcome,
        scenario::{Answer, Case, CasePolicies},
    },
};

/// What became of the policies of files and folders.
#[derive(Default)]
pub(super) struct Joined {
    /// Each policy that takes part: what it was taken for, and where it stands.
    pub(super) taken: Vec<Taken>,
    /// What is assumed of them, whatever the answer.
    assumed: Vec<String>,
    /// What else the policies could mean.
    pub(super) readings: Vec<Reading>,
}

/// A policy that takes part.
pub(super) struct Taken {
    /// What it was taken for.
    pub(super) kind: PolicyKind,
    /// Its file.
    pub(super) file: String,
    /// Its address in the file, where the file holds several.
    pub(super) name: Option<String>,
}

/// Another reading of the same files.
pub(super) struct Reading {
    /// What is said where the answer would be another: one clause, which goes on with the answer.
    pub(super) text: String,
    /// The policies, so read.
    pub(super) policies: CasePolicies,
}

impl Joined {
    /// Notes what is assumed, whatever the answer.
    pub(super) fn assume(&mut self, what: String) {
        self.assumed.push(what);
    }

    /// What was taken for what, one clause; `None` where nothing takes part.
    pub(super) fn told(&self) -> Option<String> {
        let mut parts: Vec<String> = Vec::new();
        let mut of_kind = self.taken.iter();
        while let Some(first) = of_kind.as_slice().first() {
            let alike: Vec<String> =
                of_kind.as_slice().iter().take_while(|one| one.kind == first.kind).map(Taken::place).collect();
            parts.push(format!("{} as {}", listed(&alike), words(first.kind, alike.len())));
            of_kind.nth(alike.len() - 1);
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// What is assumed of policies whose files leave a choice, and what else would change the answer; each with its word.
    pub(super) fn assumed(&self, case: &Case, answer: &Answer, library: &Library) -> Vec<(&'static str, String)> {
        let mut assumed: Vec<_> = self.assumed.iter().map(|what| ("assumed", what.clone())).collect();
        let got = answer.explained.decision.outcome();
        for reading in &self.readings {
            let case = Case { policies: reading.policies.clone(), ..case.clone() };
            let other = case.decide(&case.compile(library)).map(|answer| answer.explained.decision.outcome());
            let other = other.filter(|other| *other != got && (got == Outcome::Allowed || is_open(got, *other)));
            assumed.extend(other.map(|other| ("note", format!("{} {}", reading.text, other.word().replace('-', " ")))));
        }
        assumed
    }

    /// No file tells which level of the organisation a policy of a path stands at.
    pub(super) fn forget_levels(&self, answer: &mut Answer, trace: &mut [LayerTrace]) {
        let has = |kind| self.taken.iter().any(|one| one.kind == kind);
        let is_joined = |because| match because {
            Because::Scp => has(PolicyKind::ServiceControl),
            Because::Rcp => has(PolicyKind::ResourceControl),
            _ => false,
        };
        if answer.explained.because.is_some_and(is_joined) {
            answer.explained.level = None;
        }
        trace.iter_mut().filter(|layer| is_joined(layer.because)).for_each(|layer| layer.level = None);
    }
}

/// Whether one of two answers lets the request in, or may.
fn is_open(one: Outcome, other: Outcome) -> bool {
    [one, other].iter().any(|outcome| matches!(outcome, Outcome::Allowed | Outcome::Undecided))
}

/// How many files are named one by one.
const SHOWN: usize = 5;

fn listed(names: &[String]) -> String {
    let more = names.len().saturating_sub(SHOWN);
    let (shown, last) = match names {
        [one] => return one.clone(),
        _ if more > 0 => (names.get(..SHOWN).unwrap_or_default(), format!("{more} more")),
        [first @ .., last] => (first, last.clone()),
        [] => return String::new(),
    };
    format!("{} and {last}", shown.join(", "))
}

const fn words(kind: PolicyKind, count: usize) -> &'static str {
    match kind {
        PolicyKind::Identity if count == 1 => "identity policy of the caller",
        PolicyKind::Identity => "identity policies of the caller",
        PolicyKind::Key => "key policy",
        PolicyKind::Trust => "trust policy",
        PolicyKind::ServiceControl if count == 1 => "service control policy",
        PolicyKind::ServiceControl => "service control policies",
        PolicyKind::ResourceControl if count == 1 => "resource control policy",
        PolicyKind::ResourceControl => "resource control policies",
        PolicyKind::Boundary => "permissions boundary of the caller",
        _ => "policy of the resource",
    }
}

impl Taken {
    /// The layer that it takes part in.
    pub(super) const fn layer(&self) -> Because {
        match self.kind {
            PolicyKind::ServiceControl => Because::Scp,
            PolicyKind::ResourceControl => Because::Rcp,
            PolicyKind::Trust => Because::Trust,
            PolicyKind::Key | PolicyKind::Resource => Because::Resource,
            PolicyKind::Boundary => Because::Boundary,
            PolicyKind::Session => Because::Session,
            PolicyKind::Endpoint => Because::Endpoint,
            PolicyKind::Identity => Because::Identity,
        }
    }

    fn place(&self) -> String {
        place(self.name.as_deref(), &self.file)
    }
}

/// A policy's address and file.
pub(super) fn place(name: Option<&str>, file: &str) -> String {
    match name {
        Some(name) => format!("{name} in {file}"),
        None => file.to_owned(),
    }
}
