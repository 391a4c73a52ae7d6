//! Rules as data: a YAML file is a rule, its page and its examples.
//!
//! JSONPath selects nodes of a policy's canonical view ([`crate::policy::view`]); typed predicates judge the statement
//! in which each stands. Nothing here is read unless the user names a folder of rules, or a pack.

mod example;
mod load;
mod never;
mod pack;
mod path;
mod predicate;
mod read;
mod schema;
mod shipped;

use std::cell::OnceCell;

pub use load::{Loaded, Rejected, Want, load};
pub use pack::{Control, Pack};
pub use schema::schema;
pub use shipped::{Shipped, names as shipped_names};

use crate::{
    finding::{Finding, RuleInfo},
    policy::{
        Policy, PolicyKind, Statement,
        view::{self, View},
    },
    rules::{Findings, RuleContext},
    source::Span,
};
use never::Never;
use path::Path;
use predicate::{Judged, Subject, Where};

/// A rule to start from; `NAME` stands for its id.
pub const STARTER: &str = include_str!("starter.yaml");

/// One rule of a file.
#[derive(Debug)]
pub(crate) struct Rule {
    info: &'static RuleInfo,
    /// The kinds of policies that it speaks of; all where it is empty.
    kinds: Vec<PolicyKind>,
    asks: Asks,
    message: String,
    help: String,
}

/// What a rule asks.
#[derive(Debug)]
enum Asks {
    /// What is written.
    Demand(Box<Demand>),
    /// What is allowed.
    Never(Never),
}

/// What a rule forbids or requires.
#[derive(Debug)]
struct Demand {
    requires: bool,
    select: Path,
    conditions: Where,
    mark: Option<Path>,
}

impl Rule {
    fn speaks_of(&self, kind: PolicyKind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }
}

/// The rules that were read, as one check: they share the view of each policy, which is made where a path needs it.
#[derive(Debug)]
pub(crate) struct Check {
    infos: &'static [&'static RuleInfo],
    rules: Vec<Rule>,
}

impl Check {
    fn new(rules: Vec<Rule>) -> Self {
        Self { infos: rules.iter().map(|rule| rule.info).collect::<Vec<_>>().leak(), rules }
    }

    /// Asks one rule alone.
    fn one(rule: &Rule, policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        Asking { policy, cx, view: OnceCell::new() }.ask(rule, out);
    }
}

impl super::Check for Check {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        self.infos
    }

    fn speaks_of(&self, kind: PolicyKind) -> bool {
        self.rules.iter().any(|rule| rule.speaks_of(kind))
    }

    fn policy(&self, policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        let asking = Asking { policy, cx, view: OnceCell::new() };
        for rule in self.rules.iter().filter(|rule| rule.speaks_of(cx.kind())) {
            if out.asks(rule.info) {
                asking.ask(rule, out);
            }
        }
    }
}

/// One policy of which rules are asked.
struct Asking<'c, 'p, 'a> {
    policy: &'c Policy,
    cx: &'c RuleContext<'p, 'a>,
    view: OnceCell<View>,
}

/// One node that a path selected.
#[derive(Clone, Copy)]
struct Selected<'v> {
    statement: Option<&'v Statement>,
    /// The node; `None` where it was found without the view.
    node: Option<&'v View>,
    span: Span,
}

/// Why a rule could not be asked.
const UNKNOWN: &str = "a part of a statement is not known from this file";

impl Asking<'_, '_, '_> {
    fn ask(&self, rule: &Rule, out: &mut Findings<'_>) {
        match &rule.asks {
            Asks::Never(never) => never.ask(self.policy, rule, self.cx, out),
            Asks::Demand(demand) if demand.requires => self.require(rule, demand, out),
            Asks::Demand(demand) => self.forbid(rule, demand, out),
        }
    }

    /// Says something of every node that is selected and of which the predicates hold.
    fn forbid(&self, rule: &Rule, demand: &Demand, out: &mut Findings<'_>) {
        let mut is_open = false;
        self.selected(demand, |selected| match self.judge(demand, &selected) {
            Judged::No => {}
            Judged::Unknown => is_open = true,
            Judged::Yes(told) => {
                let place = self.marked(demand, &selected).or(told).unwrap_or(selected.span);
                let sid = selected.statement.and_then(|statement| statement.sid.as_ref());
                let label = sid.map_or_else(String::new, |sid| format!("in statement {}", sid.value));
                out.push(Finding::new(rule.info, place, rule.message.clone()).label(label).help(rule.help.clone()));
            }
        });
        if is_open {
            out.not_evaluated(rule.info, UNKNOWN);
        }
    }

    /// Says something of the policy unless the predicates hold of some node that is selected.
    fn require(&self, rule: &Rule, demand: &Demand, out: &mut Findings<'_>) {
        let mut is_met = false;
        self.selected(demand, |selected| {
            is_met |= matches!(self.judge(demand, &selected), Judged::Yes(_));
        });
        if is_met || !self.cx.is_complete(self.policy, rule.info, out) {
            return;
        }
        let root = Selected { statement: None, node: None, span: self.policy.span };
        let place = self.marked(demand, &root);
        let place = place.or(self.policy.statement_element.map(|element| element.key)).unwrap_or(self.policy.span);
        out.push(Finding::new(rule.info, place, rule.message.clone()).help(rule.help.clone()));
    }

    fn selected(&self, demand: &Demand, mut each: impl FnMut(Selected<'_>)) {
        match &demand.select {
            Path::Policy | Path::Element(_) => {
                each(Selected { statement: None, node: None, span: self.policy.span });
            }
            Path::Statements(effect) => {
                let counts = |statement: &&Statement| {
                    effect.is_none_or(|effect| statement.effect.as_ref().is_some_and(|own| own.value == effect))
                };
                for statement in self.policy.statements.iter().filter(counts) {
                    each(Selected { statement: Some(statement), node: None, span: statement.span });
                }
            }
            Path::Query(query) => {
                // A path costs more than all predicates: it is walked where some statement may satisfy them.
                if !demand.conditions.is_empty() && !self.may_hold(&demand.conditions) {
                    return;
                }
                for node in path::run(query, self.view()) {
                    let statement = node.statement().and_then(|index| self.policy.statements.get(index));
                    let around = statement.map_or(self.policy.span, |statement| statement.span);
                    each(Selected { statement, node: Some(node), span: node.span().unwrap_or(around) });
                }
            }
        }
    }

    fn may_hold(&self, conditions: &Where) -> bool {
        let judged = |statement: &Statement| conditions.judge(&self.subject(statement, None));
        self.policy.statements.iter().any(|statement| judged(statement) != Judged::No)
    }

    fn judge(&self, demand: &Demand, selected: &Selected<'_>) -> Judged {
        if demand.conditions.is_empty() {
            return Judged::Yes(None);
        }
        let Some(statement) = selected.statement else { return Judged::No };
        let item = selected.node.is_some_and(|node| node.span() != Some(statement.span)).then_some(selected.span);
        demand.conditions.judge(&self.subject(statement, item))
    }

    fn subject<'s>(&'s self, statement: &'s Statement, item: Option<Span>) -> Subject<'s> {
        Subject { statement, policy: self.policy, project: self.cx.project, item }
    }

    /// What the rule says is to be underlined, from what was selected.
    fn marked(&self, demand: &Demand, selected: &Selected<'_>) -> Option<Span> {
        match (demand.mark.as_ref()?, selected.statement) {
            (Path::Element(name), Some(statement)) if selected.node.is_none() => view::element_of(statement, name),
            (Path::Policy, _) => Some(selected.span),
            (Path::Element(name), _) => self.node_of(selected)?.member(name)?.span(),
            (Path::Query(query), _) => path::run(query, self.node_of(selected)?).first()?.span(),
            (Path::Statements(_), _) => None,
        }
    }

    /// The node of the view that was selected.
    fn node_of<'v>(&'v self, selected: &Selected<'v>) -> Option<&'v View> {
        match (selected.node, selected.statement) {
            (Some(node), _) => Some(node),
            (None, Some(statement)) => self.view().of_statement(statement.index),
            (None, None) => Some(self.view()),
        }
    }

    fn view(&self) -> &View {
        self.view.get_or_init(|| {
            let known = |key: &str| self.cx.aws.reference.condition_key(key).map(|known| known.name().to_owned());
            // The name of a template, `aws:ResourceTag/${TagKey}`, is no spelling of what fills it.
            let spell = |key: &str| known(key).filter(|name| name.eq_ignore_ascii_case(key));
            View::of(self.policy, &self.cx.document.node, &spell)
        })
    }
}
