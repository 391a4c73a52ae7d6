//! From a tree to a typed policy, telling on the way what the grammar does not allow.
//!
//! Source: IAM User Guide, "Grammar of the IAM JSON policy language".

mod clause;
mod fault;

use std::collections::HashMap;

pub use fault::{Fault, Level, Trouble};

use super::{Condition, ConditionKey, Effect, Element, Operator, Policy, PolicyVersion, Statement};
use crate::{
    source::{Span, Spanned, scan},
    spelling,
    syntax::{Member, Node, Value},
};

/// The elements of a policy.
const POLICY_ELEMENTS: [&str; 3] = ["Version", "Id", "Statement"];

/// The elements of a statement.
pub(super) const STATEMENT_ELEMENTS: [&str; 9] =
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

/// Reads a tree as a policy: an object with `Statement`, a bare statement, or a list of them.
#[must_use]
pub fn read(root: &Node<'_>) -> (Policy, Vec<Fault>) {
    let mut reader = Reader { faults: Vec::new(), unknown: Vec::new() };
    let mut policy = Policy {
        version: None,
        version_element: None,
        id: None,
        statements: Vec::new(),
        statement_element: None,
        fragment: false,
        unknown: Vec::new(),
        is_cut: false,
        span: root.span,
    };
    match &root.value {
        Value::Map(members) if is_bare_statement(root) => {
            policy.fragment = true;
            policy.statements.push(reader.statement(0, root, members));
        }
        Value::Map(members) => reader.policy(members, &mut policy),
        Value::List(_) => {
            policy.fragment = true;
            reader.statements(root, &mut policy);
        }
        _ if reader.is_unknown(root) => {}
        _ => reader.wrong_type("the document", "an object", root),
    }
    policy.unknown = reader.unknown;
    (policy, reader.faults)
}

/// Whether an object is a statement rather than a policy.
fn is_bare_statement(root: &Node<'_>) -> bool {
    let has = |name: &str| root.get(name).is_some();
    !has("Statement") && has("Effect") && ["Action", "NotAction", "Resource", "Principal"].iter().any(|name| has(name))
}

/// How many members are compared with one another rather than by a table.
const FEW: usize = 12;

struct Reader {
    faults: Vec<Fault>,
    unknown: Vec<Span>,
}

impl Reader {
    fn fault(&mut self, trouble: Trouble, span: Span) {
        self.faults.push(Fault { trouble, span });
    }

    fn wrong_type(&mut self, element: &'static str, expected: &'static str, node: &Node<'_>) {
        self.fault(Trouble::WrongType { element, expected, found: node.kind() }, node.span);
    }

    /// The text of a string; anything else but an unknown value is a fault.
    fn text<'n>(&mut self, element: &'static str, node: &'n Node<'_>) -> Option<&'n str> {
        if self.is_unknown(node) {
            return None;
        }
        let text = node.as_str();
        if text.is_none() {
            self.wrong_type(element, "a string", node);
        }
        text
    }

    /// The same, to be kept with its place.
    fn kept_text(&mut self, element: &'static str, node: &Node<'_>) -> Option<Spanned<String>> {
        self.text(element, node).map(|text| Spanned::new(text.to_owned(), node.span))
    }

    /// Whether a value is one that the file does not give, such as an intrinsic of CloudFormation; it is noted.
    fn is_unknown(&mut self, node: &Node<'_>) -> bool {
        let unknown = match &node.value {
            Value::Unknown => true,
            Value::Map(members) => is_intrinsic(members),
            Value::String(text) => is_dynamic_reference(text),
            _ => false,
        };
        if unknown {
            self.unknown.push(node.span);
        }
        unknown
    }

    /// The name that the grammar knows a member of an object by; of what it does not know, it tells.
    ///
    /// A misspelt member is read as the one that was meant, if that one is absent: AWS refuses the policy, and what else
    /// is wrong with it is still worth knowing.
    fn name(
        &mut self,
        member: &Member<'_>,
        members: &[Member<'_>],
        level: Level,
        known: &[&'static str],
    ) -> Option<&'static str> {
        let name = known.iter().find(|name| **name == member.key);
        if name.is_some() {
            return name.copied();
        }
        let meant = nearest(&member.key, known.iter().copied());
        let trouble = Trouble::UnknownElement { name: member.key.to_string(), level, meant };
        self.fault(trouble, member.key_span);
        meant.filter(|name| members.iter().all(|other| other.key != *name))
    }

    fn duplicates(&mut self, members: &[Member<'_>], ignores_case: bool) {
        // The elements of a statement are few: only long objects are worth a table.
        if members.len() <= FEW {
            for (index, member) in members.iter().enumerate() {
                let same = |first: &&Member<'_>| {
                    first.key == member.key || (ignores_case && first.key.eq_ignore_ascii_case(&member.key))
                };
                if let Some(first) = members[..index].iter().find(same) {
                    self.duplicate(first, member);
                }
            }
            return;
        }
        let mut seen: HashMap<String, &Member<'_>> = HashMap::with_capacity(members.len());
        for member in members {
            let name = if ignores_case { member.key.to_ascii_lowercase() } else { member.key.to_string() };
            match seen.get(&name) {
                Some(first) => self.duplicate(first, member),
                None => drop(seen.insert(name, member)),
            }
        }
    }

    fn duplicate(&mut self, first: &Member<'_>, member: &Member<'_>) {
        let other_case = first.key != member.key;
        let trouble = Trouble::DuplicateMember { name: member.key.to_string(), first: first.key_span, other_case };
        self.fault(trouble, member.key_span);
    }

    fn policy(&mut self, members: &[Member<'_>], policy: &mut Policy) {
        self.duplicates(members, false);
        for member in members {
            match self.name(member, members, Level::Policy, &POLICY_ELEMENTS).unwrap_or_default() {
                "Version" if policy.version_element.is_none() => {
                    policy.version_element = Some(element(member));
                    policy.version = self.version(&member.value);
                }
                "Id" if policy.id.is_none() => policy.id = self.kept_text("Id", &member.value),
                "Statement" if policy.statement_element.is_none() => {
                    policy.statement_element = Some(element(member));
                    self.statements(&member.value, policy);
                }
                _ => {}
            }
        }
    }

    fn version(&mut self, node: &Node<'_>) -> Option<Spanned<PolicyVersion>> {
        let text = self.text("Version", node)?;
        let version = match text {
            "2008-10-17" => PolicyVersion::V2008,
            "2012-10-17" => PolicyVersion::V2012,
            _ => {
                self.fault(Trouble::Version { found: text.to_owned() }, node.span);
                return None;
            }
        };
        Some(Spanned::new(version, node.span))
    }

    fn statements(&mut self, node: &Node<'_>, policy: &mut Policy) {
        if self.is_unknown(node) {
            return;
        }
        policy.statements.reserve_exact(node.items().len());
        for item in node.items() {
            if self.is_unknown(item) {
                continue;
            }
            let Value::Map(members) = &item.value else {
                self.wrong_type("Statement", "an object or a list of objects", item);
                continue;
            };
            let statement = self.statement(policy.statements.len(), item, members);
            policy.statements.push(statement);
        }
    }

    fn statement(&mut self, index: usize, node: &Node<'_>, members: &[Member<'_>]) -> Statement {
        let mut statement = Statement {
            index,
            sid: None,
            sid_element: None,
            effect: None,
            effect_element: None,
            principals: None,
            malformed_principal_kinds: Vec::new(),
            actions: None,
            resources: None,
            conditions: Vec::new(),
            unread_conditions: Vec::new(),
            condition_element: None,
            span: node.span,
        };
        self.duplicates(members, false);
        for member in members {
            if let Some(name) = self.name(member, members, Level::Statement, &STATEMENT_ELEMENTS) {
                self.element(name, member, &mut statement);
            }
        }
        self.both_forms(members);
        statement
    }

    /// Reads one element; of two with one name the first counts.
    fn element(&mut self, name: &'static str, member: &Member<'_>, statement: &mut Statement) {
        match name {
            "Sid" if statement.sid_element.is_none() => {
                statement.sid_element = Some(element(member));
                statement.sid = self.kept_text("Sid", &member.value);
            }
            "Effect" if statement.effect_element.is_none() => {
                statement.effect_element = Some(element(member));
                statement.effect = self.effect(&member.value);
            }
            "Principal" | "NotPrincipal" if statement.principals.is_none() => {
                self.principals(name, member, statement);
            }
            "Action" | "NotAction" if statement.actions.is_none() => {
                statement.actions = Some(self.actions(name, member));
            }
            "Resource" | "NotResource" if statement.resources.is_none() => {
                statement.resources = Some(self.resources(name, member));
            }
            "Condition" if statement.condition_element.is_none() => self.conditions(member, statement),
            _ => {}
        }
    }

    fn effect(&mut self, node: &Node<'_>) -> Option<Spanned<Effect>> {
        let text = self.text("Effect", node)?;
        let effect = match text {
            "Allow" => Effect::Allow,
            "Deny" => Effect::Deny,
            _ => {
                let meant = match text.trim().to_ascii_lowercase().as_str() {
                    "allow" => Some(Effect::Allow),
                    "deny" => Some(Effect::Deny),
                    _ => None,
                };
                self.fault(Trouble::Effect { found: text.to_owned(), meant }, node.span);
                // AWS refuses the policy; what else is wrong with it is still worth knowing.
                return meant.map(|effect| Spanned::new(effect, node.span));
            }
        };
        Some(Spanned::new(effect, node.span))
    }

    fn both_forms(&mut self, members: &[Member<'_>]) {
        if !members.iter().any(|member| member.key.starts_with("Not")) {
            return;
        }
        for names in [["Principal", "NotPrincipal"], ["Action", "NotAction"], ["Resource", "NotResource"]] {
            let place = |name: &str| members.iter().find(|member| member.key == name).map(|member| member.key_span);
            if let (Some(one), Some(other)) = (place(names[0]), place(names[1])) {
                let (first, second) = if one.start < other.start { (one, other) } else { (other, one) };
                self.fault(Trouble::BothForms { names, first }, second);
            }
        }
    }

    fn conditions(&mut self, member: &Member<'_>, statement: &mut Statement) {
        statement.condition_element = Some(element(member));
        if self.is_unknown(&member.value) {
            statement.unread_conditions.push(member.value.span);
            return;
        }
        let Value::Map(operators) = &member.value.value else {
            self.wrong_type("Condition", "an object", &member.value);
            statement.unread_conditions.push(member.value.span);
            return;
        };
        self.duplicates(operators, true);
        for operator in operators {
            self.operator(operator, statement);
        }
    }

    fn operator(&mut self, member: &Member<'_>, statement: &mut Statement) {
        let operator: Option<Operator> = member.key.parse().ok();
        if operator.is_none() {
            let trouble = Trouble::Operator { found: member.key.to_string(), meant: meant_operator(&member.key) };
            self.fault(trouble, member.key_span);
            statement.unread_conditions.push(member.span());
        }
        if self.is_unknown(&member.value) {
            statement.unread_conditions.push(member.span());
            return;
        }
        let Value::Map(keys) = &member.value.value else {
            if operator.is_some() {
                self.wrong_type("a condition operator", "an object of condition keys", &member.value);
            }
            statement.unread_conditions.push(member.span());
            return;
        };
        self.duplicates(keys, true);
        let Some(operator) = operator else { return };
        statement.conditions.reserve_exact(keys.len());
        for key in keys {
            let values = self.condition_values(key);
            statement.conditions.push(Condition {
                operator: Spanned::new(operator, member.key_span),
                key: Spanned::new(ConditionKey::new(&*key.key), key.key_span),
                values,
                element: element(key),
            });
        }
    }
}

fn element(member: &Member<'_>) -> Element {
    Element { key: member.key_span, value: member.value.span }
}

/// Whether an object is an intrinsic function of CloudFormation, whose value the file does not give.
///
/// Source: AWS CloudFormation User Guide, "Intrinsic function reference".
fn is_intrinsic(members: &[Member<'_>]) -> bool {
    matches!(members, [only] if only.key == "Ref" || only.key.starts_with("Fn::"))
}

/// Whether a string holds a dynamic reference, which CloudFormation fills in.
///
/// Source: AWS CloudFormation User Guide, "Get values stored in other services using dynamic references".
fn is_dynamic_reference(text: &str) -> bool {
    // Nearly every text has no brace at all.
    scan::find(text.as_bytes(), |word| scan::is(word, b'{')).is_some() && text.contains("{{resolve:")
}

/// The operator, set operator included, that a misspelt one was probably meant to be.
fn meant_operator(found: &str) -> Option<String> {
    let comparisons = || super::Comparison::ALL.iter().map(|comparison| comparison.name());
    let (prefix, name) = match found.split_once(':') {
        Some((prefix, name)) => (Some(nearest(prefix, ["ForAllValues", "ForAnyValue"].into_iter())?), name),
        None => (None, found),
    };
    // `NotStringEquals` is near `StringEquals`, and means the opposite.
    let meant = nearest(name, comparisons()).filter(|meant| meant.contains("Not") == name.contains("Not"))?;
    Some(prefix.map_or_else(|| meant.to_owned(), |prefix| format!("{prefix}:{meant}")))
}

/// The known name that a misspelt one was probably meant to be.
fn nearest(name: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    spelling::by_edits(name, known, str::to_ascii_lowercase)
}

#[cfg(test)]
mod tests;
