//! What limits a statement.

use super::{Judged, Subject, must_ask, texts};
use crate::{
    finding::Complaint,
    policy::{Condition, Operator, glob},
    semantics::operator::{self, Base},
    simulate::scenario::fields,
    syntax::Node,
};

/// The predicates of `condition`.
#[derive(Debug)]
pub(super) enum OfCondition {
    /// `none`: nothing limits the statement.
    None,
    /// `any`: something does.
    Any,
    /// Limits that it has, each of them, and limits that it lacks, all of them.
    Limits { has: Vec<Limit>, lacks: Vec<Limit> },
}

/// One limit: a key, and what the row must ask of it.
#[derive(Debug)]
pub(super) struct Limit {
    key: String,
    operator: Option<Operator>,
    values: Vec<String>,
}

const KNOWN: [&str; 2] = ["has", "lacks"];
const LIMIT: [&str; 3] = ["key", "operator", "value"];

impl OfCondition {
    pub(super) fn read(node: &Node<'_>, complaints: &mut Vec<Complaint>) -> Self {
        match node.as_str() {
            Some("none") => return Self::None,
            Some("any") => return Self::Any,
            Some(_) => {
                let complaint = Complaint::new(node.span, "`condition` is `none`, `any`, or says what it has or lacks");
                complaints.push(complaint);
                return Self::Any;
            }
            None => {}
        }
        let fields = fields::of(node, "`condition`", &KNOWN, complaints);
        must_ask(node, "`condition`", &KNOWN, complaints);
        let mut limits = |name: &str| {
            let items = fields.get(name).map(Node::items).unwrap_or_default();
            items.iter().filter_map(|item| Limit::read(item, name, complaints)).collect()
        };
        Self::Limits { has: limits("has"), lacks: limits("lacks") }
    }

    pub(super) fn judge(&self, subject: &Subject<'_>) -> Judged {
        let statement = subject.statement;
        match self {
            Self::None => Judged::of(!statement.is_conditional()),
            Self::Any => Judged::of(statement.is_conditional()),
            Self::Limits { has, lacks } => {
                let found = |limit: &Limit| limit.among(subject);
                let has = has.iter().fold(Judged::Yes(None), |all, limit| all.and(|| found(limit)));
                lacks.iter().fold(has, |all, limit| {
                    all.and(|| match found(limit) {
                        Judged::No => Judged::Yes(None),
                        Judged::Unknown => Judged::Unknown,
                        Judged::Yes(_) => Judged::No,
                    })
                })
            }
        }
    }
}

impl Limit {
    fn read(node: &Node<'_>, name: &str, complaints: &mut Vec<Complaint>) -> Option<Self> {
        let what = format!("`{name}`");
        if let Some(key) = node.as_str() {
            return Some(Self { key: key.to_owned(), operator: None, values: Vec::new() });
        }
        let fields = fields::of(node, &what, &LIMIT, complaints);
        let key = fields.need("key", &what, node, complaints)?;
        let operator = fields.get("operator").and_then(|node| {
            let read = node.as_str().and_then(|text| text.parse().ok());
            if read.is_none() {
                let complaint = Complaint::new(node.span, "IAM knows no such condition operator");
                complaints
                    .push(complaint.help("`StringEquals`, `Bool`, `ForAnyValue:StringLike`, `StringEqualsIfExists`"));
            }
            read
        });
        let values = fields.get("value").map_or_else(Vec::new, |node| texts(node, "`value`", complaints));
        Some(Self { key: fields::text(key, "`key`", complaints)?.to_owned(), operator, values })
    }

    /// Whether a row of the statement is this limit.
    fn among(&self, subject: &Subject<'_>) -> Judged {
        let statement = subject.statement;
        let mut best = if statement.unread_conditions.is_empty() { Judged::No } else { Judged::Unknown };
        for row in &statement.conditions {
            match self.is(row) {
                Judged::Yes(place) => return Judged::Yes(place),
                Judged::Unknown => best = Judged::Unknown,
                Judged::No => {}
            }
        }
        best
    }

    fn is(&self, row: &Condition) -> Judged {
        if !glob::matches_ignoring_case(&self.key, row.key.value.as_str()) || !self.operates(row) {
            return Judged::No;
        }
        if self.values.is_empty() {
            return Judged::Yes(Some(row.element.value));
        }
        let fits = |value: &String| self.values.iter().any(|wanted| same(row, wanted, value));
        if row.values.is_empty() || !row.values.malformed.is_empty() || !row.values.values().all(fits) {
            return Judged::No;
        }
        if row.values.unknown.is_empty() { Judged::Yes(Some(row.element.value)) } else { Judged::Unknown }
    }

    /// Whether a row's operator is the one that is asked for; where none is, whether the row demands the key and does not
    /// take any value of it.
    fn operates(&self, row: &Condition) -> bool {
        let own = row.operator.value;
        match self.operator {
            Some(wanted) => {
                let if_exists = own.if_exists == wanted.if_exists || own.comparison.is_negated();
                own.comparison == wanted.comparison && own.quantifier == wanted.quantifier && if_exists
            }
            None => row.demands_key() && (row.names_values() || own.comparison.asks_presence()),
        }
    }
}

/// Whether a row's value lets through nothing but what is wanted: a pattern of the rule's author held against the text of a
/// policy, so no request is judged; how the operator reads the text, its row of the table says.
fn same(row: &Condition, wanted: &str, value: &str) -> bool {
    match operator::row(row.operator.value.comparison).base {
        Base::Flag | Base::Presence => wanted.eq_ignore_ascii_case(value),
        Base::TextWhateverCase => glob::matches_ignoring_case(wanted, value),
        Base::TextPattern | Base::Arn => glob::includes(wanted, value),
        _ => glob::matches(wanted, value),
    }
}
