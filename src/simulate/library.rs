//! The policies of a run, read once, and refused where AWS would refuse them.

use std::collections::HashMap;

use crate::{
    document::{self, PolicyDocument},
    finding::Complaint,
    policy::{Clause, Fault, Policy, PolicyKind, ResourcePattern, Statement, Trouble},
    source::Source,
    syntax,
};

/// A policy of a [`Library`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyId(u32);

/// The policies of a run.
#[derive(Debug, Default)]
pub struct Library {
    policies: Vec<Policy>,
    by_path: HashMap<String, Option<PolicyId>>,
}

impl Library {
    /// Adds a policy.
    pub fn add(&mut self, policy: Policy) -> PolicyId {
        self.policies.push(policy);
        PolicyId(u32::try_from(self.policies.len() - 1).unwrap_or(u32::MAX))
    }

    /// A policy.
    #[must_use]
    pub fn get(&self, id: PolicyId) -> Option<&Policy> {
        self.policies.get(id.0 as usize)
    }

    /// Every policy, in the order in which they were added.
    pub fn iter(&self) -> std::slice::Iter<'_, Policy> {
        self.policies.iter()
    }

    /// What became of a file that was asked for before.
    #[must_use]
    pub fn known(&self, path: &str) -> Option<Option<PolicyId>> {
        self.by_path.get(path).copied()
    }

    /// Notes what became of a file.
    pub fn note(&mut self, path: String, id: Option<PolicyId>) {
        self.by_path.insert(path, id);
    }
}

impl<'l> IntoIterator for &'l Library {
    type Item = &'l Policy;
    type IntoIter = std::slice::Iter<'l, Policy>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Reads a file that holds one policy, in any form in which `check` takes one.
///
/// # Errors
/// What is wrong with it, in the order of the text: its syntax, or what the grammar does not allow.
pub fn read_policy(source: &Source) -> Result<Policy, Vec<Complaint>> {
    let Ok(documents) = document::open(source, None) else {
        return Err(vec![Complaint::new(first_line(source), "this is no policy").help(WANTED)]);
    };
    let broken: Vec<Complaint> = documents.iter().flat_map(|document| &document.faults).map(of_syntax).collect();
    if !broken.is_empty() {
        return Err(broken);
    }
    let mut policies = documents.into_iter().flat_map(|document| document.policies);
    match (policies.next(), policies.next()) {
        (Some(one), None) => of_document(one),
        (None, _) => Err(vec![Complaint::new(first_line(source), "there is no policy in this file").help(WANTED)]),
        (Some(_), Some(other)) => {
            let message = "there are several policies in this file";
            Err(vec![Complaint::new(other.policy.span, message).help("put each into a file of its own")])
        }
    }
}

const WANTED: &str = "a policy has `Version` and `Statement`";

fn of_document(document: PolicyDocument<'_>) -> Result<Policy, Vec<Complaint>> {
    let complaints: Vec<Complaint> = document.faults.iter().map(of_grammar).collect();
    if complaints.is_empty() { Ok(document.policy) } else { Err(complaints) }
}

/// The first line's place, without its end.
fn first_line(source: &Source) -> crate::source::Span {
    let range = source.line_range(0);
    source.place(range.start, range.end)
}

/// What a fault of a text says.
#[must_use]
pub fn of_syntax(fault: &syntax::Fault) -> Complaint {
    let complaint = Complaint::new(fault.span, fault.cause.message(fault.count));
    match fault.cause.help() {
        Some(help) => complaint.help(help),
        None => complaint,
    }
}

/// What the grammar does not allow.
#[must_use]
pub fn of_grammar(fault: &Fault) -> Complaint {
    let (message, help) = match &fault.trouble {
        Trouble::DuplicateMember { name, .. } => {
            (format!("`{name}` stands twice here"), Some("keep one of them".to_owned()))
        }
        Trouble::UnknownElement { name, level, meant } => {
            (format!("{} has no element `{name}`", level.name()), meant.map(|meant| format!("did you mean `{meant}`?")))
        }
        Trouble::WrongType { element, expected, found } => (format!("{element} is {expected}, not {found}"), None),
        Trouble::Effect { found, .. } => {
            (format!("`{found}` is no effect"), Some("write `Allow` or `Deny`".to_owned()))
        }
        Trouble::Version { found } => {
            (format!("`{found}` is no version of the policy language"), Some("write `2012-10-17`".to_owned()))
        }
        Trouble::BothForms { names: [one, other], .. } => {
            (format!("a statement has `{one}` or `{other}`, not both"), Some("keep one of them".to_owned()))
        }
        Trouble::Operator { found, meant } => (
            format!("`{found}` is no condition operator"),
            meant.as_ref().map(|meant| format!("did you mean `{meant}`?")),
        ),
    };
    let complaint = Complaint::new(fault.span, message);
    match help {
        Some(help) => complaint.help(help),
        None => complaint,
    }
}

/// What keeps a policy from standing where it is put: AWS refuses it there.
///
/// Source: IAM User Guide, "AWS JSON policy elements: Principal", "IAM JSON policy elements: Effect"; "Identify AWS
/// resources with Amazon Resource Names (ARNs)", session policies.
#[must_use]
pub fn misplaced(library: &Library, id: PolicyId, kind: PolicyKind) -> Vec<Complaint> {
    let statements = library.get(id).map(|policy| policy.statements.iter());
    statements.into_iter().flatten().filter_map(|statement| misplaced_statement(statement, kind)).collect()
}

fn misplaced_statement(statement: &Statement, kind: PolicyKind) -> Option<Complaint> {
    if statement.effect_element.is_none() {
        return Some(Complaint::new(statement.span, "this statement has no `Effect`").help("write `Allow` or `Deny`"));
    }
    if let Some(principals) = statement.principals.as_ref().filter(|_| !kind.names_principals()) {
        let message = format!("a policy that is put under `{kind}` names no principal");
        let help = "take the element away, or put the policy under `resource`";
        return Some(Complaint::new(principals.listed().element.key, message).help(help));
    }
    let is_short = |pattern: &ResourcePattern| !pattern.is_everything() && pattern.arn().is_err();
    let listed = statement.resources.as_ref().map(Clause::listed)?;
    let short = listed.read.iter().find(|pattern| is_short(&pattern.value)).filter(|_| kind == PolicyKind::Session)?;
    let message = "AWS refuses a session policy with an ARN of fewer than six parts";
    Some(Complaint::new(short.span, message).help("write all six parts"))
}
