//! What a rule lets a project settle: numbers and lists, each with its default.

use std::collections::HashMap;

use super::RuleInfo;

/// One option of a rule, set under `[rules.NAME]` of `kpl.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleOption {
    /// Its name.
    pub name: &'static str,
    /// What it may hold, and what holds by itself.
    pub kind: OptionKind,
    /// What it settles, a clause.
    pub about: &'static str,
}

/// What an option may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionKind {
    /// A whole number within bounds, both included.
    Number {
        /// What holds by itself.
        default: i64,
        /// The least that may be written.
        least: i64,
        /// The most that may be written.
        most: i64,
    },
    /// A list of texts.
    Texts {
        /// What holds by itself.
        default: &'static [&'static str],
    },
}

impl RuleOption {
    /// An option that is a number from `least` to `most`.
    #[must_use]
    pub const fn number(name: &'static str, default: i64, (least, most): (i64, i64), about: &'static str) -> Self {
        Self { name, kind: OptionKind::Number { default, least, most }, about }
    }

    /// An option that is a list.
    #[must_use]
    pub const fn texts(name: &'static str, default: &'static [&'static str], about: &'static str) -> Self {
        Self { name, kind: OptionKind::Texts { default }, about }
    }

    /// What may be written, in words.
    #[must_use]
    pub fn wanted(&self) -> String {
        match self.kind {
            OptionKind::Number { least, most, .. } => format!("a whole number from {least} to {most}"),
            OptionKind::Texts { .. } => "a string or a list of strings".to_owned(),
        }
    }

    /// What holds where nobody writes it.
    #[must_use]
    pub fn default_value(&self) -> OptionValue {
        match self.kind {
            OptionKind::Number { default, .. } => OptionValue::Number(default),
            OptionKind::Texts { default } => {
                OptionValue::Texts(default.iter().map(|text| (*text).to_owned()).collect())
            }
        }
    }
}

/// What an option is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OptionValue {
    /// A number within the option's bounds.
    Number(i64),
    /// A list.
    Texts(Vec<String>),
}

/// What a project settles of its rules' options; the others have their defaults.
#[derive(Clone, Debug, Default)]
pub struct RuleOptions(HashMap<(&'static str, &'static str), OptionValue>);

impl RuleOptions {
    /// Settles one.
    pub fn set(&mut self, rule: &'static RuleInfo, option: &RuleOption, value: OptionValue) {
        self.0.insert((rule.id, option.name), value);
    }

    /// What a number is.
    #[must_use]
    pub fn number(&self, rule: &RuleInfo, option: &RuleOption) -> i64 {
        match (self.0.get(&(rule.id, option.name)), option.kind) {
            (Some(OptionValue::Number(number)), _) => *number,
            (_, OptionKind::Number { default, .. }) => default,
            (_, OptionKind::Texts { .. }) => 0,
        }
    }

    /// Whether a list holds a text.
    #[must_use]
    pub fn holds(&self, rule: &RuleInfo, option: &RuleOption, text: &str) -> bool {
        self.texts(rule, option).any(|one| one == text)
    }

    /// The texts of a list.
    pub fn texts<'o>(&'o self, rule: &RuleInfo, option: &RuleOption) -> impl Iterator<Item = &'o str> {
        let (written, default) = match (self.0.get(&(rule.id, option.name)), option.kind) {
            (Some(OptionValue::Texts(texts)), _) => (texts.as_slice(), &[][..]),
            (_, OptionKind::Texts { default }) => (&[][..], default),
            _ => (&[][..], &[][..]),
        };
        written.iter().map(String::as_str).chain(default.iter().copied())
    }
}
