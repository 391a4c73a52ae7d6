//! Whether a mended text grants what it granted before. A safe fix that touches access is applied only where that is proven.
//!
//! Statements that stand where they stood are held against one another one by one, and of each only the elements that
//! differ: what is not known beside them takes nothing from the answer. Otherwise the whole policies are compared.

use crate::{
    document,
    policy::{
        ActionPattern, Clause, ConditionKey, Effect, Element, Listed, Policy, PolicyKind, Principal, ResourcePattern,
        Statement,
    },
    prove::{Budget, Claim, Question, Verdict, prove},
    reference::Reference,
    rules::RENAMED_KEYS,
    source::{Source, Sources, Span, Spanned},
    syntax::{Node, print},
};

/// So much is tried for one answer, in milliseconds of a slow machine.
const BUDGET: u64 = 200;

/// What is known besides the texts that are compared.
pub(super) struct Known<'r> {
    /// What AWS has.
    pub(super) reference: &'r Reference,
    /// The ARN of the one key that the files of a run describe.
    pub(super) key: Option<String>,
}

impl<'r> Known<'r> {
    pub(super) fn of(sources: &Sources, reference: &'r Reference) -> Self {
        let documents = sources.iter().filter_map(|source| document::open(source, None).ok()).flatten();
        let mut arns: Vec<String> =
            documents.flat_map(|document| document.keys).filter_map(|key| Some(key.arn?.value)).collect();
        arns.dedup();
        Self { reference, key: arns.pop().filter(|_| arns.is_empty()) }
    }

    /// Whether each policy of a text lets through what it let through before, and nothing else.
    ///
    /// # Errors
    /// A clause that says what it would change, or why that is not known.
    pub(super) fn keeps_access(&self, before: &Source, after: &Source, kind: Option<PolicyKind>) -> Result<(), String> {
        let (Ok(old), Ok(new)) = (document::open(before, kind), document::open(after, kind)) else { return Ok(()) };
        let [old, new] =
            [&old, &new].map(|documents| documents.iter().flat_map(|document| &document.policies).collect::<Vec<_>>());
        if old.len() != new.len() {
            // What could not be read granted nothing.
            return if old.is_empty() { Ok(()) } else { Err("it would change which policies there are".to_owned()) };
        }
        for (old, new) in old.into_iter().zip(new) {
            let comparison = Comparison { kind: old.kind, known: self };
            comparison.policies((&old.policy, &old.node), (&new.policy, &new.node))?;
        }
        Ok(())
    }
}

/// The elements of a statement that say whom and what it speaks of.
const WHOM: [&str; 2] = ["Principal", "NotPrincipal"];
const ACTIONS: [&str; 2] = ["Action", "NotAction"];
const RESOURCES: [&str; 2] = ["Resource", "NotResource"];
const CONDITION: [&str; 1] = ["Condition"];

struct Comparison<'r> {
    kind: PolicyKind,
    known: &'r Known<'r>,
}

impl Comparison<'_> {
    fn policies(&self, old: (&Policy, &Node<'_>), new: (&Policy, &Node<'_>)) -> Result<(), String> {
        if access(old.1, "Id") == access(new.1, "Id") || self.statements(old, new).is_ok() {
            return Ok(());
        }
        let [old, new] = [old.0, new.0].map(|policy| self.plain(policy));
        self.same(&old, &new, asked_as(self.kind))?;
        // What a policy denies counts for what others allow.
        if old.statements.iter().chain(&new.statements).any(Statement::denies) {
            let [old, new] = [&old, &new].map(|policy| self.denials_of_everything(policy));
            self.same(&old, &new, asked_as(self.kind))?;
        }
        Ok(())
    }

    /// Whether each statement matches what the one in its place matched.
    fn statements(&self, old: (&Policy, &Node<'_>), new: (&Policy, &Node<'_>)) -> Result<(), String> {
        let version = |node: &Node<'_>| node.get("Version").map(print::compact);
        let [old_nodes, new_nodes] = [old.1, new.1].map(|node| node.get("Statement").unwrap_or(node).items());
        let [old_read, new_read] = [&old.0.statements, &new.0.statements];
        let counts = [new_nodes.len(), old_read.len(), new_read.len()];
        if version(old.1) != version(new.1) || counts.iter().any(|count| *count != old_nodes.len()) {
            return Err("it would change how many statements there are".to_owned());
        }
        for ((old_node, new_node), (one, other)) in old_nodes.iter().zip(new_nodes).zip(old_read.iter().zip(new_read)) {
            let differs = |names: &[&str]| {
                names
                    .iter()
                    .any(|name| old_node.get(name).map(print::compact) != new_node.get(name).map(print::compact))
            };
            if differs(&["Effect"])
                || one.effect.as_ref().map(|of| of.value) != other.effect.as_ref().map(|of| of.value)
            {
                return Err("it would change what a statement does".to_owned());
            }
            let kept = Kept {
                principals: !differs(&WHOM),
                actions: !differs(&ACTIONS),
                resources: !differs(&RESOURCES),
                conditions: !differs(&CONDITION),
            };
            if kept.principals && kept.actions && kept.resources && kept.conditions {
                continue;
            }
            let kind = match self.kind {
                PolicyKind::Key | PolicyKind::Trust => self.kind,
                _ if kept.principals => PolicyKind::Identity,
                _ => asked_as(self.kind),
            };
            let alone = |policy: &Policy, statement: &Statement| {
                let statement = kept.of(statement, kind != PolicyKind::Identity);
                let policy = Policy { unknown: Vec::new(), is_cut: false, ..policy.with_statements(vec![statement]) };
                self.plain(&policy)
            };
            self.same(&alone(old.0, one), &alone(new.0, other), kind)?;
        }
        Ok(())
    }

    /// Whether two policies grant the same.
    fn same(&self, old: &Policy, new: &Policy, kind: PolicyKind) -> Result<(), String> {
        self.grants_no_more(old, new, kind, "it would newly allow this request")?;
        self.grants_no_more(new, old, kind, "it would no longer allow this request")
    }

    fn grants_no_more(&self, old: &Policy, new: &Policy, kind: PolicyKind, otherwise: &str) -> Result<(), String> {
        let question = Question { claim: Claim::NoNewAccess { old, new }, kind, account: None, resource_type: None };
        match prove(&question, self.known.reference, Budget::of_milliseconds(BUDGET)).map(|answer| answer.verdict) {
            Ok(Verdict::Proven) => Ok(()),
            Ok(Verdict::Refuted { witness: Some(witness) }) => Err(format!("{otherwise}: {}", witness.clause(kind))),
            Ok(Verdict::Refuted { witness: None }) => Err(otherwise.to_owned()),
            Ok(Verdict::Undecided { reasons }) => {
                Err(reasons.first().map_or_else(String::new, |reason| reason.message.clone()))
            }
            Err(error) => Err(error.to_string()),
        }
    }

    /// The same in plain words: without condition keys that are listed as actions, since no action has such a name, with the
    /// names that keys have today, and in the policy of the one key that is described `*` in the place of its ARN.
    fn plain(&self, policy: &Policy) -> Policy {
        let statements = policy.statements.iter().map(|statement| self.plain_statement(statement)).collect();
        policy.with_statements(statements)
    }

    fn plain_statement(&self, statement: &Statement) -> Statement {
        let is_action = |pattern: &Spanned<ActionPattern>| {
            let text = pattern.value.as_str();
            pattern.value.is_pattern() || self.known.reference.condition_key(text).is_none() || self.is_known(text)
        };
        let actions = statement.actions.as_ref().map(|clause| {
            let listed = clause.listed();
            let read = listed.read.iter().filter(|pattern| is_action(pattern)).cloned().collect();
            let listed = Listed { read, ..listed.clone() };
            if clause.only().is_some() { Clause::Only(listed) } else { Clause::AllBut(listed) }
        });
        let mut resources = statement.resources.clone();
        if let (PolicyKind::Key, Some(key), Some(Clause::Only(listed))) = (self.kind, &self.known.key, &mut resources) {
            for resource in listed.read.iter_mut().filter(|resource| resource.value.as_str() == key) {
                resource.value = ResourcePattern::new("*");
            }
        }
        let mut conditions = statement.conditions.clone();
        for row in &mut conditions {
            if let Some((_, today)) = RENAMED_KEYS.iter().find(|(old, _)| row.key.value.is(old)) {
                row.key.value = ConditionKey::new(*today);
            }
        }
        Statement { actions, resources, conditions, ..statement.clone() }
    }

    fn is_known(&self, action: &str) -> bool {
        action.split_once(':').is_some_and(|(service, name)| self.known.reference.action(service, name).is_some())
    }

    /// What a policy denies, where everything is allowed.
    fn denials_of_everything(&self, policy: &Policy) -> Policy {
        let denials = policy.statements.iter().filter(|statement| statement.denies()).cloned();
        let Some(first) = policy.statements.first() else { return policy.clone() };
        let nothing_kept = Kept { principals: true, actions: true, resources: true, conditions: true };
        let everything = nothing_kept.of(first, asked_as(self.kind) != PolicyKind::Identity);
        policy.with_statements(std::iter::once(everything).chain(denials).collect())
    }
}

/// As policies of which kind two are compared.
fn asked_as(kind: PolicyKind) -> PolicyKind {
    match kind {
        PolicyKind::Key | PolicyKind::Trust => kind,
        PolicyKind::Resource | PolicyKind::ResourceControl | PolicyKind::Endpoint => PolicyKind::Resource,
        _ => PolicyKind::Identity,
    }
}

/// Which elements of a statement are as they were.
#[expect(clippy::struct_excessive_bools, reason = "one for each element")]
struct Kept {
    principals: bool,
    actions: bool,
    resources: bool,
    conditions: bool,
}

impl Kept {
    /// The statement as an `Allow`, in which what is as it was limits nothing.
    fn of(&self, statement: &Statement, names_principals: bool) -> Statement {
        let place = statement.span;
        let principals = match (self.principals, names_principals) {
            (true, true) => Some(everything(Principal::Anyone, place)),
            (true, false) => None,
            (false, _) => statement.principals.clone(),
        };
        let conditions = if self.conditions { Vec::new() } else { statement.conditions.clone() };
        let actions = Some(everything(ActionPattern::new("*"), place)).filter(|_| self.actions);
        let resources = Some(everything(ResourcePattern::new("*"), place)).filter(|_| self.resources);
        Statement {
            effect: Some(Spanned::new(Effect::Allow, place)),
            principals,
            actions: actions.or_else(|| statement.actions.clone()),
            resources: resources.or_else(|| statement.resources.clone()),
            conditions,
            unread_conditions: if self.conditions { Vec::new() } else { statement.unread_conditions.clone() },
            ..statement.clone()
        }
    }
}

fn everything<T>(value: T, place: Span) -> Clause<T> {
    let element = Element { key: place, value: place };
    Clause::Only(Listed { read: vec![Spanned::new(value, place)], ..Listed::new(element, false) })
}

/// What of an object or a list of them bears on access, as text: all but a name.
fn access(node: &Node<'_>, name: &str) -> Vec<String> {
    let members = node.items().iter().flat_map(|item| item.as_map().unwrap_or_default());
    let bearing = members.filter(|member| member.key != name);
    bearing.map(|member| format!("{}:{}", member.key, print::compact(&member.value))).collect()
}
