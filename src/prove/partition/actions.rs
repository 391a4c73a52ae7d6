//! Actions, parted by the lists of a question: those of the reference, and those that it does not have yet.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::LazyLock,
};

use super::material::{Material, list_of_actions};
use crate::{
    policy::glob,
    prove::{
        budget::{Budget, Exhausted},
        domain::{
            glob::{Glob, Kind, Step},
            text,
        },
    },
    reference::Reference,
    semantics::{Caller, Context, Request, Trait},
};

/// Actions that no list tells apart.
#[derive(Clone, Debug)]
pub(in crate::prove) struct ActionClass {
    /// Those of the reference, or one that stands for those that it does not have.
    pub(in crate::prove) names: Vec<String>,
    /// Whether the reference has them.
    pub(in crate::prove) is_known: bool,
    matched: Vec<u32>,
}

/// Every action, in classes.
#[derive(Debug, Default)]
pub(in crate::prove) struct Actions {
    /// The classes.
    pub(in crate::prove) classes: Vec<ActionClass>,
    lists: HashMap<String, u32>,
}

/// The classes by their lists and traits, in a fixed order.
type Parted = BTreeMap<(Vec<u32>, u32), ActionClass>;

impl Actions {
    /// The numbers of the classes of which a list has the actions.
    pub(in crate::prove) fn of_list<'s>(&'s self, name: &str) -> impl Iterator<Item = u32> + 's {
        let list = self.lists.get(name).copied();
        let classes = self.classes.iter().zip(0..);
        classes
            .filter(move |(class, _)| list.is_some_and(|list| class.matched.binary_search(&list).is_ok()))
            .map(|(_, at)| at)
    }

    /// Parts the actions, those of some services alone if any are named.
    ///
    /// # Errors
    /// [`Exhausted`] where the budget ends.
    pub(in crate::prove) fn part(
        material: &Material<'_>,
        services: Option<&[&str]>,
        reference: &Reference,
        budget: &mut Budget,
    ) -> Result<Self, Exhausted> {
        let mut lists = HashMap::new();
        let mut universal = Vec::new();
        let mut patterns: HashMap<&str, Vec<u32>> = HashMap::new();
        for (tests, number) in material.actions.iter().zip(0..) {
            lists.insert(list_of_actions(tests), number);
            for test in tests {
                let text = test.pattern.as_str();
                if text == "*" {
                    universal.push(number);
                } else {
                    patterns.entry(text).or_default().push(number);
                }
            }
        }
        universal.dedup();
        let mut patterns: Vec<(&str, Vec<u32>)> = patterns.into_iter().collect();
        patterns.sort_unstable();
        let mut parter = Parter { reference, services, universal, patterns, parted: Parted::new() };
        parter.known(budget)?;
        parter.unknown(budget)?;
        Ok(Self { classes: parter.parted.into_values().collect(), lists })
    }
}

struct Parter<'m> {
    reference: &'m Reference,
    services: Option<&'m [&'m str]>,
    /// The lists that have every action.
    universal: Vec<u32>,
    /// The other patterns, with the lists that have them.
    patterns: Vec<(&'m str, Vec<u32>)>,
    parted: Parted,
}

/// Actions that most readers know.
const FAMILIAR: [&str; 12] = [
    "s3:GetObject",
    "s3:PutObject",
    "s3:ListBucket",
    "kms:Decrypt",
    "kms:Encrypt",
    "ec2:DescribeInstances",
    "sqs:SendMessage",
    "sns:Publish",
    "dynamodb:GetItem",
    "lambda:InvokeFunction",
    "secretsmanager:GetSecretValue",
    "sts:AssumeRole",
];

impl Parter<'_> {
    fn is_meant(&self, service: &str) -> bool {
        self.services.is_none_or(|services| services.contains(&service))
    }

    fn known(&mut self, budget: &mut Budget) -> Result<(), Exhausted> {
        let mut matched: HashMap<String, Vec<u32>> = HashMap::new();
        let mut order: Vec<String> = Vec::new();
        let mut meet = |name: String, lists: &[u32]| {
            let entry = matched.entry(name.clone()).or_insert_with(|| {
                order.push(name);
                Vec::new()
            });
            entry.extend_from_slice(lists);
        };
        FAMILIAR.iter().filter(|name| self.is_meant(service_of(name))).for_each(|name| meet((*name).to_owned(), &[]));
        // What KMS and STS decide otherwise tells their actions apart; those of a named service are asked for one by one.
        let special = self.services.unwrap_or(&["kms", "sts"]);
        for service in special.iter().filter_map(|prefix| self.reference.service(prefix)) {
            service.actions().for_each(|action| meet(action.to_string(), &[]));
        }
        for (pattern, lists) in &self.patterns {
            for action in self.reference.actions_matching(pattern) {
                budget.take(1, Exhausted::Classes)?;
                if self.is_meant(action.service().prefix()) {
                    meet(action.to_string(), lists);
                }
            }
        }
        for name in order {
            let lists = matched.remove(&name).unwrap_or_default();
            self.add(name, lists, true);
        }
        Ok(())
    }

    /// What of the patterns an action that is not known yet may match.
    fn unknown(&mut self, budget: &mut Budget) -> Result<(), Exhausted> {
        let is_known = |text: &str| {
            text.split_once(':').is_some_and(|(service, name)| self.reference.action(service, name).is_some())
        };
        let open: Vec<(&str, Vec<u32>)> = self.patterns.iter().filter(|(text, _)| !is_known(text)).cloned().collect();
        let mut globs: Vec<Glob> = open.iter().map(|(text, _)| Glob::wild(text)).collect();
        let special = ["kms:*", "sts:*", "sts:assumerole*"];
        globs.extend(special.iter().filter(|_| self.services.is_none()).map(|text| Glob::wild(text)));
        let base = self.base();
        let said = |(_, lists): &(&str, Vec<u32>)| {
            lists.iter().map(|list| (0, *list)).collect::<BTreeSet<(u8, u32)>>().into_iter().collect()
        };
        let mut says: Vec<Vec<(u8, u32)>> = open.iter().map(said).collect();
        says.extend((0..).take(globs.len() - open.len()).map(|special| vec![(1, special)]));
        let candidates: Vec<String> = open.iter().map(|(text, _)| Glob::wild(text).example("newaction", 'x')).collect();
        let classes = text::classes_of_lists(&globs, &says, &base, &candidates, budget)?;
        let lists_of = |matching: &mut dyn Iterator<Item = &(&str, Vec<u32>)>| {
            matching.flat_map(|(_, lists)| lists.iter().copied()).collect::<BTreeSet<u32>>()
        };
        for class in classes {
            let lists = lists_of(&mut class.matched.iter().filter_map(|index| open.get(*index as usize)));
            // The shortest text of a class may be the name of an action that the reference has.
            let longer = ["", "x", "xx"].map(|more| format!("{}{more}", class.text));
            let matches = |name: &str| lists_of(&mut open.iter().filter(|(pattern, _)| glob::matches(pattern, name)));
            let fresh = longer.into_iter().find(|name| !is_named(self.reference, name) && matches(name) == lists);
            if let Some(name) = fresh {
                self.add(name, lists.into_iter().collect(), false);
            }
        }
        Ok(())
    }

    fn base(&self) -> Vec<Glob> {
        let name = [Step::Is(':'), Step::One(Kind::Name), Step::Many(Kind::Name)];
        let Some(services) = self.services else {
            let service = [Step::One(Kind::Label), Step::Many(Kind::Label)];
            return vec![Glob([&service[..], &name].concat())];
        };
        services.iter().map(|service| Glob([Glob::literal(service).0, name.to_vec()].concat())).collect()
    }

    fn add(&mut self, name: String, mut lists: Vec<u32>, is_known: bool) {
        lists.extend_from_slice(&self.universal);
        lists.sort_unstable();
        lists.dedup();
        let traits = SPECIAL.get(&name).copied().unwrap_or_else(|| traits(&name));
        let class = self.parted.entry((lists.clone(), traits)).or_insert_with(|| ActionClass {
            names: Vec::new(),
            is_known,
            matched: lists,
        });
        if class.is_known == is_known {
            class.names.push(name);
        }
    }
}

fn is_named(reference: &Reference, text: &str) -> bool {
    text.split_once(':').is_some_and(|(service, name)| reference.action(service, name).is_some())
}

/// The service of an action.
#[must_use]
pub(in crate::prove) fn service_of(action: &str) -> &str {
    action.split(':').next().unwrap_or_default()
}

/// The traits of the actions of KMS and STS, which every question asks for.
static SPECIAL: LazyLock<HashMap<String, u32>> = LazyLock::new(|| {
    let services = ["kms", "sts"].into_iter().filter_map(|prefix| Reference::embedded().service(prefix));
    let names = services.flat_map(|service| service.actions().map(|action| action.to_string()).collect::<Vec<_>>());
    names.map(|name| (traits(&name), name)).map(|(traits, name)| (name, traits)).collect()
});

/// What the evaluation order asks of an action, as bits.
fn traits(action: &str) -> u32 {
    let lower = action.to_ascii_lowercase();
    if !matches!(service_of(&lower), "kms" | "sts") {
        return 0;
    }
    let asked = |resource: &str| Request::new(Caller::Anonymous, &lower, resource, None, Context::default());
    let key = asked("arn:aws:kms:us-east-1:111122223333:key/x");
    let alias = asked("arn:aws:kms:us-east-1:111122223333:alias/aws/x");
    let bits = [
        key.is(Trait::OnKey),
        alias.is(Trait::OnReservedAlias),
        key.is(Trait::OnRole),
        key.is(Trait::AssumesRole),
        key.is(Trait::Federates),
        key.is(Trait::WorksAcrossAccounts),
        key.is(Trait::RetiresGrant),
        key.is(Trait::AsksWhoCalls),
        lower == "sts:getsessiontoken",
    ];
    bits.iter().fold(1, |all, bit| all << 1 | u32::from(*bit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::semantics::{
        ActionTest,
        pattern::{Pattern, Reading},
    };
    use crate::source::{SourceId, Span};

    fn test(text: &str) -> ActionTest {
        let pattern = Pattern::read(text, Reading { wildcards: true, variables: false });
        ActionTest { pattern, span: Span { source: SourceId(0), start: 0, end: 0 } }
    }

    fn parted(lists: &[&[&str]]) -> Actions {
        let tests: Vec<Vec<ActionTest>> =
            lists.iter().map(|list| list.iter().map(|text| test(text)).collect()).collect();
        let mut material = Material::default();
        material.actions.extend(tests.iter().map(|list| list.iter().collect::<Vec<_>>()));
        Actions::part(&material, None, Reference::embedded(), &mut Budget::default()).unwrap()
    }

    #[test]
    fn an_action_that_is_not_known_yet_has_a_class_of_its_own() {
        let actions = parted(&[&["kms:decrypt"], &["kms:*"]]);
        let of = |list: &str| actions.of_list(list).map(|at| &actions.classes[at as usize]).collect::<Vec<_>>();
        assert_eq!(of("kms:decrypt").iter().map(|class| class.names.as_slice()).collect::<Vec<_>>(), [["kms:Decrypt"]]);
        assert!(of("kms:*").iter().any(|class| class.names == ["kms:Decrypt"]));
        assert!(of("kms:*").iter().any(|class| !class.is_known || class.names.contains(&"kms:EnableKey".to_owned())));
        assert!(actions.classes.iter().any(|class| class.matched.is_empty()));
    }

    #[test]
    fn every_list_and_the_reference_agree_on_each_action() {
        let lists: [&[&str]; 3] = [&["s3:get*", "kms:*"], &["*:list*", "s3:getobject"], &["*"]];
        let actions = parted(&lists);
        for class in &actions.classes {
            for (list, number) in lists.iter().zip(0..) {
                for name in &class.names {
                    let covered = list.iter().any(|text| crate::policy::glob::matches_ignoring_case(text, name));
                    assert_eq!(covered, class.matched.contains(&number), "{name} {list:?}");
                }
            }
        }
    }
}
