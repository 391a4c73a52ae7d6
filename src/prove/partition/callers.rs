//! Callers, each kind parted by one text that holds its account, path and name, so that these cannot contradict one another.

use std::collections::BTreeSet;

use super::material::{ACCOUNT, Material};
use crate::{
    policy::{AccountId, Principal},
    prove::{
        budget::{Budget, Exhausted},
        domain::{
            glob::{Glob, Kind, Step},
            text,
        },
    },
    semantics::{
        Caller,
        operator::{Base, Operand},
        pattern::Pattern,
    },
};

/// Who may call.
#[derive(Clone, Debug)]
pub(in crate::prove) enum Who {
    /// Whoever can carry an identity policy: the users and roles of one account, or of any.
    Carriers(Option<AccountId>),
    /// Everybody.
    Anyone,
    /// One caller.
    One(Caller),
}

/// An account that no policy of a question is likely to name. AWS's pages use it in examples.
const STRANGER: &str = "444455556666";

/// Parts the callers. `accounts` are told apart besides those that policies name.
///
/// # Errors
/// [`Exhausted`] where the budget ends.
pub(in crate::prove) fn part(
    material: &Material<'_>,
    who: &Who,
    accounts: &[AccountId],
    budget: &mut Budget,
) -> Result<Vec<Caller>, Exhausted> {
    let parter = Parter { material, accounts, partitions: partitions(material) };
    match who {
        Who::One(caller) => Ok(vec![caller.clone()]),
        Who::Carriers(account) => {
            let mut all = parter.role(*account, budget)?;
            all.extend(parter.user(*account, budget)?);
            Ok(all)
        }
        Who::Anyone => {
            let mut all = parter.role(None, budget)?;
            all.extend(parter.user(None, budget)?);
            all.extend(parter.sessions());
            all.extend(parter.federated_user(budget)?);
            all.extend(parter.root(budget)?);
            all.extend(parter.service(budget)?);
            all.extend(parter.federated());
            all.push(Caller::Anonymous);
            Ok(all)
        }
    }
}

struct Parter<'m, 'f> {
    material: &'m Material<'f>,
    accounts: &'m [AccountId],
    partitions: Vec<String>,
}

/// The partitions of principals and patterns, `aws` first.
fn partitions(material: &Material<'_>) -> Vec<String> {
    let arns = material.principals.iter().filter_map(|principal| principal.arn()).map(|arn| arn.as_str().to_owned());
    let patterns = operands(material, "aws:principalarn").map(|(_, pattern)| pattern.as_str().to_owned());
    let mut all = vec!["aws".to_owned()];
    for text in arns.chain(patterns) {
        let named = text.split(':').nth(1).unwrap_or_default();
        if named.starts_with("aws-") && !named.contains(['*', '?']) && all.iter().all(|known| known != named) {
            all.push(named.to_owned());
        }
    }
    all
}

/// The patterns of the tests of a key.
fn operands<'f>(material: &Material<'f>, lower: &str) -> impl Iterator<Item = (Base, &'f Pattern)> {
    let tests: Vec<_> = material.tests_of(lower).collect();
    tests.into_iter().flat_map(|test| {
        test.operands.iter().filter_map(move |operand| match operand {
            Operand::Pattern(pattern) => Some((test.base, pattern)),
            _ => None,
        })
    })
}

/// A pattern as an operator takes it.
#[must_use]
pub(in crate::prove) fn glob_of(base: Base, pattern: &Pattern, filled: &impl Fn(&str) -> Option<String>) -> Glob {
    match base {
        Base::TextWhateverCase => Glob::whole(pattern, filled).whatever_case(),
        Base::Arn => Glob::by_parts(pattern, filled),
        _ => Glob::whole(pattern, filled),
    }
}

/// The same with wildcards that stay within one name.
fn within_name(glob: Glob) -> Vec<Step> {
    let within = |step| match step {
        Step::One(_) => Step::One(Kind::Name),
        Step::Many(_) => Step::Many(Kind::Name),
        other => other,
    };
    glob.0.into_iter().map(within).collect()
}

fn open(_: &str) -> Option<String> {
    None
}

const DIGITS: [Step; 12] = [Step::One(Kind::Digit); 12];

impl Parter<'_, '_> {
    /// Patterns of `aws:PrincipalArn`, and of the account, for ARNs that begin so (`arn:aws:iam::`) and go on so (`:role/`).
    fn common(&self, service: &str, kind: &str) -> Vec<Glob> {
        let mut globs: Vec<Glob> =
            operands(self.material, "aws:principalarn").map(|(base, pattern)| glob_of(base, pattern, &open)).collect();
        let head = |account: Vec<Step>| {
            let start =
                [Glob::literal("arn:").0, vec![Step::Many(Kind::NoColon)], Glob::literal(&format!(":{service}::")).0];
            Glob([start.concat(), account, Glob::literal(kind).0, vec![Step::Many(Kind::Any)]].concat())
        };
        for key in ["aws:principalaccount", "kms:calleraccount"] {
            globs.extend(
                operands(self.material, key).map(|(base, pattern)| head(within_name(glob_of(base, pattern, &open)))),
            );
            if self.material.is_variable(key) {
                globs.push(head(Glob::literal(ACCOUNT).0));
            }
        }
        if self.material.is_variable("aws:principalarn") {
            globs.push(Glob::literal(super::material::sample("aws:principalarn")));
        }
        globs.extend(self.named_accounts().iter().map(|account| head(Glob::literal(account).0)));
        globs
    }

    fn named_accounts(&self) -> BTreeSet<String> {
        let named = self.material.principals.iter().filter_map(|principal| principal.account());
        named.chain(self.accounts.iter().copied()).map(|account| account.to_string()).collect()
    }

    /// ARNs of a service and kind, in one account or any.
    fn base(&self, service: &str, kind: &str, account: Option<AccountId>, name: &[Step]) -> Vec<Glob> {
        let account = account.map_or(DIGITS.to_vec(), |account| Glob::literal(account.as_str()).0);
        let of = |partition: &String| {
            let start = Glob::literal(&format!("arn:{partition}:{service}::")).0;
            Glob([start, account.clone(), Glob::literal(kind).0, name.to_vec()].concat())
        };
        self.partitions.iter().map(of).collect()
    }

    /// Those of users or roles, with a path or without.
    fn with_paths(&self, kind: &str, account: Option<AccountId>) -> Vec<Glob> {
        let mut all = self.base("iam", kind, account, &[Step::One(Kind::Name)]);
        let name = [Step::One(Kind::Name), Step::Many(Kind::NoColon), Step::One(Kind::Name)];
        all.extend(self.base("iam", kind, account, &name));
        all
    }

    /// Readable ARNs of one kind.
    fn candidates(&self, service: &str, kind: &str, name: &str, account: Option<AccountId>) -> Vec<String> {
        let mut accounts: Vec<String> = account.iter().map(ToString::to_string).collect();
        if account.is_none() {
            accounts.extend([ACCOUNT.to_owned(), STRANGER.to_owned(), "777788889999".to_owned()]);
            accounts.extend(self.named_accounts());
        }
        let mut all = Vec::new();
        let patterns: Vec<String> =
            operands(self.material, "aws:principalarn").map(|(_, pattern)| pattern.as_str().to_owned()).collect();
        for account in &accounts {
            for partition in &self.partitions {
                all.push(format!("arn:{partition}:{service}::{account}{kind}{name}"));
            }
            for pattern in &patterns {
                let names: Vec<&str> = pattern.splitn(6, ':').collect();
                if let [arn, _, of, region, _, rest] = names[..] {
                    let rest = if rest == "*" {
                        format!("{}{name}", &kind[1..])
                    } else {
                        rest.replace('*', "example").replace('?', "x")
                    };
                    let of = if of.contains('*') { service } else { of };
                    all.push(format!("{arn}:aws:{of}:{}:{account}:{rest}", region.replace('*', "")));
                    all.push(super::resources::filled_in(pattern, account));
                }
            }
        }
        all
    }

    fn parted(
        globs: &[Glob],
        base: &[Glob],
        candidates: &[String],
        budget: &mut Budget,
    ) -> Result<Vec<Caller>, Exhausted> {
        let mut classes = text::classes(globs, base, budget)?;
        text::prefer(&mut classes, globs, base, candidates);
        let caller = |text: &str| Caller::of(&text.parse().ok()?, text);
        Ok(classes.iter().filter_map(|class| caller(&class.text)).collect())
    }

    fn role(&self, account: Option<AccountId>, budget: &mut Budget) -> Result<Vec<Caller>, Exhausted> {
        let mut globs = self.common("iam", ":role/");
        for principal in &self.material.principals {
            match principal {
                Principal::Role(arn) => globs.push(Glob::literal(arn.as_str())),
                Principal::AssumedRole(arn) => {
                    let start = [Glob::literal("arn:").0, vec![Step::Many(Kind::NoColon)]].concat();
                    let start = [start, Glob::literal(&format!(":iam::{}:role/", arn.account())).0].concat();
                    let name = Glob::literal(arn.holder()).0;
                    globs.push(Glob([start.clone(), name.clone()].concat()));
                    globs.push(Glob([start, vec![Step::Many(Kind::NoColon), Step::Is('/')], name].concat()));
                }
                _ => {}
            }
        }
        let base = self.with_paths(":role/", account);
        Self::parted(&globs, &base, &self.candidates("iam", ":role/", "example", account), budget)
    }

    fn user(&self, account: Option<AccountId>, budget: &mut Budget) -> Result<Vec<Caller>, Exhausted> {
        let mut globs = self.common("iam", ":user/");
        for principal in &self.material.principals {
            if let Principal::User(arn) = principal {
                globs.push(Glob::literal(arn.as_str()));
            }
        }
        let mut names: Vec<Vec<Step>> = operands(self.material, "aws:username")
            .map(|(base, pattern)| within_name(glob_of(base, pattern, &open)))
            .collect();
        if self.material.is_variable("aws:username") {
            names.push(Glob::literal(super::material::sample("aws:username")).0);
        }
        let start = [Glob::literal("arn:").0, vec![Step::Many(Kind::NoColon)], Glob::literal(":iam::").0].concat();
        let start = [start, DIGITS.to_vec(), Glob::literal(":user/").0].concat();
        for name in names {
            globs.push(Glob([start.clone(), name.clone()].concat()));
            globs.push(Glob([start.clone(), vec![Step::Many(Kind::NoColon), Step::Is('/')], name].concat()));
        }
        let base = self.with_paths(":user/", account);
        let mut candidates = self.candidates("iam", ":user/", "alice", account);
        for (_, pattern) in operands(self.material, "aws:username") {
            let name = pattern.as_str().replace('*', "example").replace('?', "x");
            candidates.extend(self.candidates("iam", ":user/", &name, account));
        }
        Self::parted(&globs, &base, &candidates, budget)
    }

    /// The sessions that policies name, and for each another one of its role.
    fn sessions(&self) -> Vec<Caller> {
        let mut texts = BTreeSet::new();
        for principal in &self.material.principals {
            if let Principal::AssumedRole(arn) = principal {
                texts.insert(arn.as_str().to_owned());
                if let Some((role, _)) = arn.as_str().rsplit_once('/') {
                    texts.insert(format!("{role}/another-session"));
                }
            }
        }
        texts.iter().filter_map(|text| Caller::of(&text.parse().ok()?, text)).collect()
    }

    fn federated_user(&self, budget: &mut Budget) -> Result<Vec<Caller>, Exhausted> {
        let mut globs = self.common("sts", ":federated-user/");
        for principal in &self.material.principals {
            match principal {
                Principal::FederatedUser(arn) => globs.push(Glob::literal(arn.as_str())),
                Principal::User(arn) => {
                    let start = [Glob::literal("arn:").0, vec![Step::Many(Kind::NoColon)]].concat();
                    let rest = Glob::literal(&format!(":sts::{}:federated-user/{}", arn.account(), arn.name())).0;
                    globs.push(Glob([start, rest].concat()));
                }
                _ => {}
            }
        }
        let base = self.base("sts", ":federated-user/", None, &[Step::One(Kind::Name), Step::Many(Kind::Name)]);
        Self::parted(&globs, &base, &self.candidates("sts", ":federated-user/", "alice", None), budget)
    }

    fn root(&self, budget: &mut Budget) -> Result<Vec<Caller>, Exhausted> {
        let globs = self.common("iam", ":root");
        let base = self.base("iam", ":root", None, &[]);
        Self::parted(&globs, &base, &self.candidates("iam", ":root", "", None), budget)
    }

    fn service(&self, budget: &mut Budget) -> Result<Vec<Caller>, Exhausted> {
        let named: Vec<&String> = self
            .material
            .principals
            .iter()
            .filter_map(|principal| match principal {
                Principal::Service(name) => Some(name),
                _ => None,
            })
            .collect();
        let mut globs: Vec<Glob> = named.iter().map(|name| Glob::literal(name)).collect();
        globs.extend(
            operands(self.material, "aws:principalservicename").map(|(base, pattern)| glob_of(base, pattern, &open)),
        );
        let tail = Glob::literal(".amazonaws.com").0;
        let host = [vec![Step::One(Kind::Label), Step::Many(Kind::NoColon)], tail].concat();
        let mut base = vec![Glob(host)];
        base.extend(named.iter().map(|name| Glob::literal(name)));
        let mut candidates: Vec<String> = SERVICES.iter().map(|name| format!("{name}.amazonaws.com")).collect();
        candidates.extend(named.iter().map(|name| (*name).clone()));
        let mut classes = text::classes(&globs, &base, budget)?;
        text::prefer(&mut classes, &globs, &base, &candidates);
        Ok(classes.into_iter().map(|class| Caller::Service(class.text)).collect())
    }

    fn federated(&self) -> Vec<Caller> {
        let mut names: BTreeSet<String> = BTreeSet::from(["accounts.example.com".to_owned()]);
        for principal in &self.material.principals {
            if let Principal::Federated(name) = principal {
                names.insert(name.clone());
            }
        }
        names.into_iter().map(Caller::Federated).collect()
    }
}

/// Services that call others by themselves.
const SERVICES: [&str; 5] = ["events", "s3", "sns", "lambda", "cloudtrail"];
