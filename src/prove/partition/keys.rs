//! The values of one condition key, parted by the tests of a question.

use super::{
    callers::glob_of,
    material::{ACCOUNT, KeyMaterial, sample},
};
use crate::{
    prove::{
        budget::{Budget, Exhausted},
        domain::{
            address, date,
            glob::{Glob, Kind, Step},
            number, text,
        },
    },
    reference::{KeyInfo, KeyType, Reference},
    semantics::{
        AddressRange,
        operator::{Base, Operand, Reach},
        pattern::Pattern,
    },
};

/// One condition key, as requests may carry it.
#[derive(Clone, Debug)]
pub(in crate::prove) struct KeyAxis {
    /// Its name.
    pub(in crate::prove) name: String,
    /// Its name in small letters.
    pub(in crate::prove) lower: String,
    /// Whether a request carries several values of it.
    pub(in crate::prove) is_multi_valued: bool,
    /// Whether every request carries it.
    pub(in crate::prove) is_always_present: bool,
    /// A value of each class.
    pub(in crate::prove) values: Vec<String>,
    /// Why the classes may lack a value, where they may.
    pub(in crate::prove) gap: Option<String>,
}

/// Keys that every request carries.
///
/// Source: IAM User Guide, "AWS global condition context keys", availability.
pub(in crate::prove) const ALWAYS: [&str; 6] = [
    "aws:currenttime",
    "aws:epochtime",
    "aws:requestedregion",
    "aws:securetransport",
    "aws:useragent",
    "aws:viaawsservice",
];

impl KeyAxis {
    /// Parts the values of a key.
    ///
    /// # Errors
    /// [`Exhausted`] where the budget ends.
    pub(in crate::prove) fn part(
        key: &KeyMaterial<'_>,
        extra: &[String],
        reference: &Reference,
        budget: &mut Budget,
    ) -> Result<Self, Exhausted> {
        let lower = &key.name.lower;
        let info = reference.condition_key(lower);
        let has_set_operator = key.tests.iter().any(|test| test.reach != Reach::Single);
        let is_multi_valued = info.map_or(has_set_operator, KeyInfo::is_multi_valued);
        let parter = Parter { key, extra, kind: info.map(KeyInfo::value_type) };
        let (values, gap) = parter.values(budget)?;
        Ok(Self {
            name: key.name.spelt.to_string(),
            lower: lower.to_string(),
            is_multi_valued,
            is_always_present: ALWAYS.contains(&&**lower),
            values,
            gap,
        })
    }
}

struct Parter<'k, 'f> {
    key: &'k KeyMaterial<'f>,
    /// Values that must be told apart besides.
    extra: &'k [String],
    kind: Option<KeyType>,
}

impl Parter<'_, '_> {
    fn operands(&self) -> impl Iterator<Item = (Base, &Operand)> {
        self.key.tests.iter().flat_map(|test| test.operands.iter().map(|operand| (test.base, operand)))
    }

    fn patterns(&self) -> impl Iterator<Item = (Base, &Pattern)> {
        self.operands().filter_map(|(base, operand)| match operand {
            Operand::Pattern(pattern) => Some((base, pattern)),
            _ => None,
        })
    }

    fn has(&self, wanted: impl Fn(Base) -> bool) -> bool {
        self.key.tests.iter().any(|test| wanted(test.base))
    }

    fn values(&self, budget: &mut Budget) -> Result<(Vec<String>, Option<String>), Exhausted> {
        let is_text = |base| matches!(base, Base::Text | Base::TextWhateverCase | Base::TextPattern | Base::Arn);
        let families = [
            self.has(is_text)
                || self.key.is_variable
                || self.extra.iter().any(|text| AddressRange::read(text).is_none()),
            self.has(|base| matches!(base, Base::Number(_))),
            self.has(|base| matches!(base, Base::Instant(_))),
            self.has(|base| base == Base::Address),
            self.has(|base| base == Base::Bytes),
        ];
        let is_flag =
            self.kind == Some(KeyType::Bool) || (self.has(|base| base == Base::Flag) && !families.contains(&true));
        if is_flag {
            return Ok((vec!["true".to_owned(), "false".to_owned()], None));
        }
        let mut values = Vec::new();
        if families[1] || self.kind == Some(KeyType::Numeric) {
            let named: Vec<&str> = self.operands().filter_map(|(_, operand)| number_of(operand)).collect();
            values.extend(number::classes(&named));
        }
        if families[2] || self.kind == Some(KeyType::Date) {
            let named: Vec<_> = self.operands().filter_map(|(_, operand)| instant_of(operand)).collect();
            values.extend(date::classes(&named));
        }
        if families[3] || self.kind == Some(KeyType::IpAddress) {
            let mut named: Vec<_> = self.operands().filter_map(|(_, operand)| range_of(operand)).collect();
            named.extend(self.extra.iter().filter_map(|text| AddressRange::read(text)));
            values.extend(address::classes(&named));
        }
        if families[4] {
            values.extend(self.operands().filter_map(|(_, operand)| bytes_of(operand)));
            values.push("example".to_owned());
        }
        let is_typed = !values.is_empty();
        if families[0] || !is_typed {
            values.extend(self.texts(budget)?);
        }
        if self.has(|base| base == Base::Flag) {
            values.extend(["true".to_owned(), "false".to_owned()]);
        }
        let mixed = families.iter().filter(|is| **is).count() > 1 || (is_typed && families[0]);
        let broken = mixed || (self.has(|base| base == Base::Flag) && families.contains(&true));
        let mut seen = std::collections::HashSet::new();
        values.retain(|value| seen.insert(value.clone()));
        let gap = broken.then(|| format!("{} is compared as values of several kinds", self.key.name.spelt));
        Ok((values, gap.or_else(|| self.binary_gap())))
    }

    /// A request's bytes may be no text.
    fn binary_gap(&self) -> Option<String> {
        let is_lost = self
            .operands()
            .any(|(_, operand)| matches!(operand, Operand::Bytes(bytes) if std::str::from_utf8(bytes).is_err()));
        is_lost.then(|| format!("{} is compared with bytes that are no text", self.key.name.spelt))
    }

    fn texts(&self, budget: &mut Budget) -> Result<Vec<String>, Exhausted> {
        let open = |_: &str| None;
        let filled = |key: &str| Some(sample(key).to_owned());
        let mut globs: Vec<Glob> = self.patterns().map(|(base, pattern)| glob_of(base, pattern, &open)).collect();
        globs.extend(
            self.patterns()
                .filter(|(_, pattern)| pattern.variables().next().is_some())
                .map(|(base, pattern)| glob_of(base, pattern, &filled)),
        );
        globs.extend(self.extra.iter().map(|text| Glob::literal(text)));
        if self.key.is_variable {
            globs.push(Glob::literal(sample(&self.key.name.lower)));
        }
        let arn = arn();
        let base = match self.kind {
            Some(KeyType::Arn) => vec![arn],
            _ if is_account(&self.key.name.lower) => vec![Glob(vec![Step::One(Kind::Digit); 12])],
            _ => {
                if self.has(|base| base == Base::Arn) {
                    globs.push(Glob(
                        [
                            Glob::literal("arn:").0,
                            [Step::Many(Kind::NoColon), Step::Is(':')].repeat(4),
                            vec![Step::Many(Kind::Any)],
                        ]
                        .concat(),
                    ));
                }
                vec![Glob(vec![Step::Many(Kind::Any)])]
            }
        };
        globs.sort_by_key(|glob| glob.0.len());
        globs.dedup();
        let mut classes = text::classes(&globs, &base, budget)?;
        let mut candidates: Vec<String> = likely(&self.key.name.lower).iter().map(|text| (*text).to_owned()).collect();
        candidates.extend(self.patterns().map(|(_, pattern)| super::resources::filled_in(pattern.as_str(), ACCOUNT)));
        candidates.push("example".to_owned());
        text::prefer(&mut classes, &globs, &base, &candidates);
        Ok(classes.into_iter().map(|class| class.text).collect())
    }
}

/// Any ARN: six parts, a partition, a service and a name.
fn arn() -> Glob {
    let label = [Step::One(Kind::Label), Step::Many(Kind::Label), Step::Is(':')];
    let rest = [
        Step::Many(Kind::Label),
        Step::Is(':'),
        Step::Many(Kind::Label),
        Step::Is(':'),
        Step::One(Kind::Any),
        Step::Many(Kind::Any),
    ];
    Glob([Glob::literal("arn:").0, label.to_vec(), label.to_vec(), rest.to_vec()].concat())
}

pub(in crate::prove) fn is_account(lower: &str) -> bool {
    matches!(
        lower,
        "aws:sourceaccount" | "aws:resourceaccount" | "aws:sourceowner" | "aws:vpceaccount" | "s3:resourceaccount"
    )
}

/// Values that read well where a policy tells none.
fn likely(lower: &str) -> &'static [&'static str] {
    match lower {
        "aws:sourceaccount" | "aws:resourceaccount" | "aws:sourceowner" | "s3:resourceaccount" => {
            &["444455556666", "111122223333"]
        }
        "aws:principalorgid" | "aws:sourceorgid" | "aws:resourceorgid" => &["o-otherorgid"],
        "aws:principalorgpaths" | "aws:sourceorgpaths" => &["o-otherorgid/r-ab12/"],
        "aws:sourcevpce" => &["vpce-0abcd1234example"],
        "aws:sourcevpc" => &["vpc-0abcd1234example"],
        "aws:sourcearn" => &["arn:aws:s3:::example-bucket", "arn:aws:sns:us-east-1:444455556666:example"],
        "aws:requestedregion" => &["us-east-1", "eu-central-1"],
        "kms:viaservice" => &["s3.us-east-1.amazonaws.com"],
        "aws:userid" => &["AROAEXAMPLE:session"],
        _ => &["example"],
    }
}

fn number_of(operand: &Operand) -> Option<&str> {
    match operand {
        Operand::Number(text) => Some(text),
        _ => None,
    }
}

fn instant_of(operand: &Operand) -> Option<crate::semantics::Instant> {
    match operand {
        Operand::Instant(instant) => Some(*instant),
        _ => None,
    }
}

fn range_of(operand: &Operand) -> Option<AddressRange> {
    match operand {
        Operand::Range(range) => Some(*range),
        _ => None,
    }
}

fn bytes_of(operand: &Operand) -> Option<String> {
    match operand {
        Operand::Bytes(bytes) => String::from_utf8(bytes.clone()).ok(),
        _ => None,
    }
}
