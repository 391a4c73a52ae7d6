//! What must hold, as data.

use super::Truth;

/// A formula over facts of one sort.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Formula<F> {
    /// The fact holds.
    Fact(F),
    /// The formula does not hold.
    Not(Box<Self>),
    /// Every one holds; so it is where there is none.
    All(Vec<Self>),
    /// At least one holds; not so where there is none.
    Any(Vec<Self>),
}

impl<F> Formula<F> {
    /// What always holds.
    #[must_use]
    pub const fn always() -> Self {
        Self::All(Vec::new())
    }

    /// What never holds.
    #[must_use]
    pub const fn never() -> Self {
        Self::Any(Vec::new())
    }

    /// The opposite.
    #[must_use]
    pub fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// Whether it holds, by what is told of its facts.
    pub fn truth(&self, of: &mut impl FnMut(&F) -> Truth) -> Truth {
        match self {
            Self::Fact(fact) => of(fact),
            Self::Not(inner) => !inner.truth(of),
            Self::All(parts) => {
                let mut all = Truth::True;
                for part in parts {
                    all = all.and(part.truth(of));
                    if all == Truth::False {
                        break;
                    }
                }
                all
            }
            Self::Any(parts) => {
                let mut any = Truth::False;
                for part in parts {
                    any = any.or(part.truth(of));
                    if any == Truth::True {
                        break;
                    }
                }
                any
            }
        }
    }

    /// Every fact, in order.
    pub fn each(&self, visit: &mut impl FnMut(&F)) {
        match self {
            Self::Fact(fact) => visit(fact),
            Self::Not(inner) => inner.each(visit),
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.each(visit)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(name: &str) -> Truth {
        match name {
            "yes" => Truth::True,
            "no" => Truth::False,
            _ => Truth::Unknown,
        }
    }

    fn truth(formula: &Formula<&str>) -> Truth {
        formula.truth(&mut |name| settled(name))
    }

    #[test]
    fn one_false_part_settles_the_whole_whatever_is_unknown() {
        let both = |one, other| Formula::All(vec![Formula::Fact(one), Formula::Fact(other)]);
        assert_eq!(truth(&both("perhaps", "no")), Truth::False);
        assert_eq!(truth(&both("perhaps", "yes")), Truth::Unknown);
    }

    #[test]
    fn one_true_part_settles_a_choice_whatever_is_unknown() {
        let either = |one, other| Formula::Any(vec![Formula::Fact(one), Formula::Fact(other)]);
        assert_eq!(truth(&either("perhaps", "yes")), Truth::True);
        assert_eq!(truth(&either("perhaps", "no")), Truth::Unknown);
        assert_eq!(truth(&either("perhaps", "no").negated()), Truth::Unknown);
    }

    #[test]
    fn nothing_asked_holds_and_nothing_offered_does_not() {
        assert_eq!(truth(&Formula::always()), Truth::True);
        assert_eq!(truth(&Formula::never()), Truth::False);
    }
}
