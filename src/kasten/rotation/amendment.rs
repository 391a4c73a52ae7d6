//! What the caller's own policies need so that both keys stay within reach.

use super::Situation;
use crate::{
    policy::{Clause, Condition, Policy, ResourcePattern, Statement, glob},
    source::{Span, Spanned},
};

/// A change to the caller's own policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amendment {
    /// None is needed.
    None,
    /// The conditions on aliases name a second one.
    SecondAlias(String),
    /// The statements that name the old key's ARN name the new one's too.
    NewKey(String),
}

impl Amendment {
    /// What is tried, the least first.
    pub(super) fn candidates(situation: &Situation) -> Vec<Self> {
        let mut all = vec![Self::None];
        if situation.identity.iter().flat_map(|policy| &policy.statements).any(by_alias) {
            all.push(Self::SecondAlias(situation.second_alias.clone()));
        }
        all.push(Self::NewKey(situation.new_key()));
        all
    }

    /// Whether the old key has to carry the second alias.
    pub(super) fn uses_second_alias(&self, situation: &Situation) -> bool {
        match self {
            Self::SecondAlias(_) => true,
            // A pattern such as `alias/kasten*` has the second alias already.
            _ => situation.identity.iter().flat_map(|policy| &policy.statements).any(by_alias),
        }
    }

    /// Where the change is made in the files.
    #[must_use]
    pub fn places(&self, situation: &Situation) -> Vec<Span> {
        let statements = situation.identity.iter().flat_map(|policy| &policy.statements);
        let wanted = statements.filter(|statement| statement.allows() && is_for_passkeys(statement));
        match self {
            Self::None => Vec::new(),
            Self::SecondAlias(_) => {
                let rows = wanted.flat_map(|statement| &statement.conditions).filter(|row| is_alias_row(row));
                rows.map(|row| row.element.value).collect()
            }
            Self::NewKey(_) => {
                let listed = wanted.filter_map(Statement::listed_resources);
                listed.map(|resources| resources.element.value).collect()
            }
        }
    }

    /// The policies with the change.
    pub(super) fn apply(&self, policies: &[Policy], old_key: &str) -> Vec<Policy> {
        let mut policies = policies.to_vec();
        let statements = policies.iter_mut().flat_map(|policy| &mut policy.statements);
        for statement in statements.filter(|statement| statement.allows() && is_for_passkeys(statement)) {
            match self {
                Self::None => {}
                Self::SecondAlias(name) => statement.conditions.iter_mut().for_each(|row| add_alias(row, name)),
                Self::NewKey(arn) => add_key(statement, old_key, arn),
            }
        }
        policies
    }
}

fn is_for_passkeys(statement: &Statement) -> bool {
    statement.covers_action("kms:Decrypt") || statement.covers_action("kms:Encrypt")
}

/// Whether a statement lets keys be used by their aliases.
fn by_alias(statement: &Statement) -> bool {
    statement.allows() && is_for_passkeys(statement) && statement.conditions.iter().any(is_alias_row)
}

fn is_alias_row(row: &Condition) -> bool {
    row.key.value.is("kms:ResourceAliases") && row.names_values()
}

fn add_alias(row: &mut Condition, name: &str) {
    if let Some(first) = row.values.read.first().filter(|_| is_alias_row(row)) {
        let value = Spanned::new(name.to_owned(), first.span);
        row.values.read.push(value);
    }
}

fn add_key(statement: &mut Statement, old_key: &str, arn: &str) {
    let Some(Clause::Only(listed)) = &mut statement.resources else { return };
    let names_old =
        |pattern: &Spanned<ResourcePattern>| pattern.value.covers(old_key) && !glob::is_pattern(pattern.value.as_str());
    if let Some(span) = listed.read.iter().find(|pattern| names_old(pattern)).map(|pattern| pattern.span) {
        listed.read.push(Spanned::new(ResourcePattern::new(arn), span));
    }
}
