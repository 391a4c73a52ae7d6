//! `never`: a request that no policy may allow, which the prover looks for among all requests.

use crate::{
    finding::{Complaint, Finding},
    policy::{AccountId, Clause, Policy, PolicyKind, Statement},
    prove::{Carried, Claim, Witness},
    rules::{
        Findings, RuleContext, key_policy,
        proof::{self, Proof},
    },
    simulate::scenario::fields,
    source::Span,
    syntax::{Node, Value},
};

/// The requests that must not be allowed; an empty list means any.
#[derive(Debug)]
pub(super) struct Never {
    principals: Vec<String>,
    actions: Vec<String>,
    resources: Vec<String>,
    context: Vec<Carried>,
}

const KNOWN: [&str; 4] = ["principal", "action", "resource", "context"];

/// The kinds of policies that grant by themselves, of which alone it can be asked.
pub(super) const KINDS: [PolicyKind; 4] =
    [PolicyKind::Identity, PolicyKind::Key, PolicyKind::Trust, PolicyKind::Resource];

/// So much is tried for one policy, in milliseconds of a slow machine; where it ends, nothing is decided.
const BUDGET: u64 = 200;

impl Never {
    pub(super) fn read(node: &Node<'_>, complaints: &mut Vec<Complaint>) -> Self {
        let fields = fields::of(node, "`never`", &KNOWN, complaints);
        super::predicate::must_ask(node, "`never`", &KNOWN, complaints);
        let mut list = |name: &str, is_one: fn(&str) -> bool, form: &str| {
            let Some(node) = fields.get(name) else { return Vec::new() };
            for item in node.items() {
                if item.as_str().is_some_and(|text| !is_one(text)) {
                    complaints.push(Complaint::new(item.span, form.to_owned()));
                }
            }
            super::predicate::texts(node, &format!("`{name}`"), complaints)
        };
        let principals =
            list("principal", is_principal, "a principal is `*`, an ARN, an account's number or a service");
        let actions = list("action", is_action, "an action names its service: `kms:Decrypt`, `kms:*`, or `*`");
        let resources = list("resource", is_resource, "a resource is an ARN or `*`");
        let context = fields.get("context").map_or_else(Vec::new, |node| context(node, complaints));
        Self { principals, actions, resources, context }
    }

    /// Says which request is allowed, or that nothing could be shown.
    pub(super) fn ask(&self, policy: &Policy, rule: &super::Rule, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        let claim = Claim::NotGranted {
            policies: vec![policy],
            actions: self.actions.clone(),
            resources: self.resources.clone(),
            principals: self.principals.clone(),
            context: self.context.clone(),
            delegated: false,
        };
        let kind = cx.kind();
        let owner = if kind == PolicyKind::Key { key_policy::owner(policy, cx.project) } else { cx.project.owner() };
        match proof::ask_within(BUDGET, claim, kind, owner, cx) {
            Proof::Holds | Proof::Fails(None) => {}
            Proof::Fails(Some(witness)) => out.push(finding(rule, &witness, policy, kind)),
            Proof::Open(reason) => out.not_evaluated(rule.info, reason),
        }
    }
}

fn finding(rule: &super::Rule, witness: &Witness, policy: &Policy, kind: PolicyKind) -> Finding {
    let allowing =
        |span: &Span| policy.statements.iter().find(|statement| statement.span == *span && statement.allows());
    let place = |statement: &Statement| place(statement, witness.request.action());
    let mut places = witness.statements.iter().filter_map(allowing).map(place);
    let first = places.next().unwrap_or(policy.span);
    let help = proof::help(&rule.help, Some(witness), kind);
    let finding = Finding::new(rule.info, first, rule.message.clone()).label("lets it in").help(help);
    places.fold(finding, |finding, place| finding.related(place, "lets it in too"))
}

/// Where a statement lets an action in: the item that covers it, or `NotAction`.
fn place(statement: &Statement, action: &str) -> Span {
    let Some(clause) = &statement.actions else { return statement.span };
    let item = match clause {
        Clause::Only(listed) => listed.read.iter().find(|item| item.value.covers(action)).map(|item| item.span),
        Clause::AllBut(_) => None,
    };
    item.unwrap_or(clause.listed().element.value)
}

/// What the request carries: a value, several of which one is meant, or `null` where the key is absent.
fn context(node: &Node<'_>, complaints: &mut Vec<Complaint>) -> Vec<Carried> {
    let Some(members) = node.as_map() else {
        complaints.push(Complaint::new(node.span, "`context` is an object of condition keys"));
        return Vec::new();
    };
    let mut all = Vec::new();
    for member in members {
        if !member.key.contains(':') {
            let complaint = Complaint::new(member.key_span, "a condition key names its service: `kms:ViaService`");
            complaints.push(complaint);
        }
        let (absent, given): (Vec<_>, Vec<_>) = member.value.items().iter().partition(|item| item.value == Value::Null);
        let mut values = Vec::new();
        for item in given {
            if let Some(text) = fields::scalar(item) {
                values.push(text);
            } else {
                let message = format!("a value is a text or `null`, not {}", item.kind());
                complaints.push(Complaint::new(item.span, message));
            }
        }
        if member.value.items().is_empty() {
            complaints.push(Complaint::new(member.value.span, format!("`{}` lists nothing", member.key)));
        }
        all.push(Carried { key: member.key.to_string(), values, or_absent: !absent.is_empty() });
    }
    all
}

fn is_principal(text: &str) -> bool {
    text == "*" || text.starts_with("arn:") || text.ends_with(".amazonaws.com") || text.parse::<AccountId>().is_ok()
}

fn is_action(text: &str) -> bool {
    text == "*" || text.contains(':')
}

fn is_resource(text: &str) -> bool {
    text == "*" || text.starts_with("arn:")
}
