//! The examples of a rule, and whether it behaves on them.

use super::{Check, Rule};
use crate::{
    document::{Declared, PolicyDocument, Project},
    finding::{Complaint, Finding, RuleInfo, RuleOptions},
    policy::PolicyKind,
    reference::Reference,
    rules::{Aws, Findings, RuleContext},
    simulate::scenario::fields,
    syntax::{Member, Node},
};

/// Policies that the rule must flag, and those that it must not.
pub(super) struct Examples<'t> {
    fail: Vec<Example<'t>>,
    pass: Vec<Example<'t>>,
}

struct Example<'t> {
    policy: Node<'t>,
    kind: PolicyKind,
    declared: Declared,
}

const EXAMPLES: [&str; 2] = ["fail", "pass"];
const SETTINGS: [&str; 6] = ["name", "kind", "account", "workload", "admin", "policy"];

/// Reads `examples`: a policy or a list of them under `fail` and under `pass`; a policy stands bare, or under `policy`
/// beside what the user would declare.
pub(super) fn read<'t>(node: &Node<'t>, kind: PolicyKind, complaints: &mut Vec<Complaint>) -> Examples<'t> {
    let fields = fields::of(node, "`examples`", &EXAMPLES, complaints);
    let mut list = |name: &'static str| {
        let Some(found) = fields.need(name, "`examples`", node, complaints) else { return Vec::new() };
        if found.items().is_empty() {
            complaints.push(Complaint::new(found.span, format!("`{name}` holds no example")));
        }
        found.items().iter().filter_map(|item| example(item, kind, complaints)).collect()
    };
    Examples { fail: list("fail"), pass: list("pass") }
}

fn example<'t>(node: &Node<'t>, kind: PolicyKind, complaints: &mut Vec<Complaint>) -> Option<Example<'t>> {
    if node.get("policy").is_none() {
        if node.get("Statement").is_none() {
            let complaint = Complaint::new(node.span, "an example is a policy: an object with `Statement`");
            complaints.push(complaint.help("or `policy`, beside `name`, `kind`, `account`, `workload` and `admin`"));
            return None;
        }
        return Some(Example { policy: node.clone(), kind, declared: Declared::default() });
    }
    let fields = fields::of(node, "an example", &SETTINGS, complaints);
    let kind = match fields.get("kind") {
        Some(node) => super::read::kinds(node, complaints).first().copied().unwrap_or(kind),
        None => kind,
    };
    let mut principals = |name: &str| {
        let items = fields.get(name).map(Node::items).unwrap_or_default();
        let read = |item: &Node<'_>| item.as_str().and_then(|text| text.parse().ok());
        let unread = items.iter().filter(|item| read(item).is_none());
        complaints.extend(unread.map(|item| Complaint::new(item.span, "this is the ARN of no principal")));
        items.iter().filter_map(read).collect()
    };
    let (workloads, admins) = (principals("workload"), principals("admin"));
    let account = fields.get("account").and_then(|node| {
        let account = fields::scalar(node).and_then(|text| text.parse().ok());
        if account.is_none() {
            complaints.push(Complaint::new(node.span, "an account is a number of twelve digits, in quotes"));
        }
        account
    });
    let policy = fields.get("policy")?.clone();
    Some(Example { policy, kind, declared: Declared { account, workloads, admins, ..Declared::default() } })
}

impl Examples<'_> {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.fail.len() + self.pass.len()
    }

    /// Runs all of them: a fail example that is not flagged, a pass example that is.
    pub(super) fn run(&self, rule: &Rule) -> Vec<Complaint> {
        let fails = self.fail.iter().filter_map(|example| match rule.look_at(example).as_slice() {
            [] => Some(
                Complaint::new(example.start(), format!("`{}` does not flag this fail example", rule.info.id))
                    .help(silent(rule, example)),
            ),
            _ => None,
        });
        let passes = self.pass.iter().flat_map(|example| {
            rule.look_at(example).into_iter().take(1).map(|finding| {
                let message = format!("`{}` flags this in a pass example", rule.info.id);
                Complaint::new(finding.primary.span, message).help("mend the example, or narrow `where`")
            })
        });
        fails.chain(passes).collect()
    }
}

/// Why a rule may have said nothing of an example.
fn silent(rule: &Rule, example: &Example<'_>) -> String {
    if !rule.speaks_of(example.kind) {
        return format!("`applies_to` leaves out policies of the kind {}", example.kind.word());
    }
    "what the path selects, or a predicate of `where`, does not hold of it".to_owned()
}

impl Example<'_> {
    /// What to underline: the policy's statements tell more than its braces.
    fn start(&self) -> crate::source::Span {
        let statements = self.policy.get("Statement");
        let first = statements.and_then(|node| node.items().first()).unwrap_or(&self.policy);
        first.as_map().and_then(|members| members.first()).map_or(first.span, Member::span)
    }
}

impl Rule {
    fn look_at(&self, example: &Example<'_>) -> Vec<Finding> {
        if !self.speaks_of(example.kind) {
            return Vec::new();
        }
        let document = PolicyDocument::read(example.policy.clone(), Some((example.kind, "")));
        let project = Project::new(example.declared.clone());
        let aws = Aws { reference: Reference::embedded(), is_old: false };
        let cx = RuleContext { document: &document, project: &project, aws, may_be_kms: true };
        let all = |_: &'static RuleInfo| true;
        let options = RuleOptions::default();
        let mut out = Findings::new(Some(0), &all, &options);
        Check::one(self, &document.policy, &cx, &mut out);
        out.into_parts().0
    }
}
