//! Resources, parted by the lists of a question, each wildcard staying within its part of an ARN.
//!
//! Whether a wildcard crosses a colon is documented in part alone. Were both readings followed, a name full of colons could
//! match any set of patterns. So where a pattern might reach further is only noted, by what stands before its first
//! wildcard; a proof takes it either way there.

use std::collections::{BTreeMap, HashMap};

use super::{
    actions::Actions,
    crossing::{crossing_name, may_cross},
    material::{ACCOUNT, Material, has_variable, list_of_resources, sample},
};
use crate::{
    policy::glob::is_stars,
    prove::{
        budget::{Budget, Exhausted},
        domain::{
            glob::{Glob, Kind, Step},
            text::{self, Class},
        },
    },
    reference::{ActionResource, Reference},
    semantics::{ResourceTest, ShortArn},
};

/// Resources that no list tells apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::prove) struct ResourceClass {
    /// One of them.
    pub(in crate::prove) text: String,
    /// The lists that have it where wildcards stay within the parts of an ARN.
    pub(in crate::prove) by_parts: Vec<u32>,
    /// The patterns that may have it where wildcards cross colons.
    pub(in crate::prove) reached: Vec<u32>,
    /// The patterns with a filled variable that match it.
    filled: Vec<u32>,
}

/// Every resource, in classes.
#[derive(Debug, Default)]
pub(in crate::prove) struct Resources {
    /// The classes.
    pub(in crate::prove) classes: Vec<ResourceClass>,
    lists: HashMap<String, u32>,
    /// The patterns that may reach further, by their name.
    pub(in crate::prove) crossing: Vec<String>,
}

/// Which resources there are.
#[derive(Clone, Debug, Default)]
pub(in crate::prove) struct Reach {
    /// Patterns of ARNs, of which each resource fits one; nothing: every ARN, and `*` for what takes no resource.
    pub(in crate::prove) only: Vec<String>,
    /// Whether calls that take no resource count.
    pub(in crate::prove) with_none: bool,
    /// Accounts that are told apart.
    pub(in crate::prove) accounts: Vec<String>,
}

impl Resources {
    /// The number of a list.
    #[must_use]
    pub(in crate::prove) fn list(&self, name: &str) -> Option<u32> {
        self.lists.get(name).copied()
    }

    /// Parts the resources.
    ///
    /// # Errors
    /// [`Exhausted`] where the budget ends.
    pub(in crate::prove) fn part(
        material: &Material<'_>,
        reach: &Reach,
        actions: &Actions,
        reference: &Reference,
        budget: &mut Budget,
    ) -> Result<Self, Exhausted> {
        let mut atoms = Atoms::default();
        let mut lists = HashMap::new();
        for (tests, list) in material.resources.iter().zip(0..) {
            lists.insert(list_of_resources(tests), list);
            for test in tests {
                atoms.add(test, list);
            }
        }
        let partitions = atoms.partitions();
        for account in &reach.accounts {
            atoms.account(account);
        }
        let base = base(&partitions, &reach.only);
        let candidates = candidates(material, reach, actions, reference);
        let found = text::classes_of_lists(&atoms.globs, &atoms.says(), &base, &candidates, budget)?;
        let mut parted: BTreeMap<_, ResourceClass> = BTreeMap::new();
        for class in found {
            let class = atoms.class(&class);
            let account = account_of(&class.text).filter(|account| reach.accounts.iter().any(|own| own == account));
            let key = (class.by_parts.clone(), class.reached.clone(), class.filled.clone(), account.map(str::to_owned));
            parted.entry(key).or_insert(class);
        }
        let mut classes: Vec<ResourceClass> = parted.into_values().collect();
        if reach.with_none {
            let all = atoms.everything;
            classes.push(ResourceClass {
                text: "*".to_owned(),
                by_parts: all,
                reached: Vec::new(),
                filled: Vec::new(),
            });
        }
        Ok(Self { classes, lists, crossing: atoms.crossing })
    }
}

/// The account in an ARN.
#[must_use]
pub(in crate::prove) fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}

/// The patterns of all lists, each with the lists that it speaks for.
#[derive(Default)]
struct Atoms<'f> {
    globs: Vec<Glob>,
    roles: Vec<Vec<Role>>,
    known: HashMap<Glob, u32>,
    everything: Vec<u32>,
    texts: Vec<&'f str>,
    crossing: Vec<String>,
}

/// What it says of a resource that a pattern matches it.
#[derive(Clone, Copy)]
enum Role {
    ByParts(u32),
    Reached(u32),
    Filled,
    /// Nothing: it only tells classes apart.
    Split,
}

impl<'f> Atoms<'f> {
    fn push(&mut self, glob: Glob, role: Role) {
        let next = u32::try_from(self.globs.len()).unwrap_or(u32::MAX);
        let at = *self.known.entry(glob.clone()).or_insert(next);
        if at == next {
            self.globs.push(glob);
            self.roles.push(Vec::new());
        }
        if let Some(roles) = self.roles.get_mut(at as usize) {
            roles.push(role);
        }
    }

    fn add(&mut self, test: &'f ResourceTest, list: u32) {
        let pattern = &test.pattern;
        self.texts.push(pattern.as_str());
        let is_everything = is_stars(pattern.as_str());
        if is_everything {
            self.everything.push(list);
        }
        let open = |_: &str| None;
        let is_short = parts(pattern.as_str()) < 6;
        let by_parts = match (is_everything, is_short) {
            (true, _) => Glob::whole(pattern, &open),
            (false, true) => Glob::completed(pattern, &open),
            (false, false) => Glob::by_parts(pattern, &open),
        };
        if !is_everything && may_cross(pattern.as_str(), is_short) {
            let reached = self.reached(crossing_name(pattern));
            let mut start = by_parts.0.clone();
            start.truncate(start.iter().position(|step| !matches!(step, Step::Is(_))).unwrap_or(start.len()));
            start.push(Step::Many(Kind::Any));
            self.push(Glob(start), Role::Reached(reached));
        }
        let is_open = !is_everything && is_short && test.short == ShortArn::Open;
        self.push(by_parts, if is_open { Role::Split } else { Role::ByParts(list) });
        if has_variable(pattern) {
            self.push(Glob::by_parts(pattern, &|key: &str| Some(sample(key).to_owned())), Role::Filled);
        }
    }

    /// The number of a pattern that may reach further.
    fn reached(&mut self, name: String) -> u32 {
        let known = self.crossing.iter().position(|other| *other == name);
        let at = known.unwrap_or_else(|| {
            self.crossing.push(name);
            self.crossing.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    fn account(&mut self, account: &str) {
        let steps = [
            [Step::Many(Kind::NoColon), Step::Is(':')].repeat(4),
            Glob::literal(account).0,
            vec![Step::Is(':'), Step::Many(Kind::Any)],
        ];
        self.push(Glob(steps.concat()), Role::Split);
    }

    /// The partitions that are named, `aws` first.
    fn partitions(&self) -> Vec<String> {
        let mut all = vec!["aws".to_owned()];
        for text in &self.texts {
            let named =
                text.split(':').nth(1).filter(|part| text.starts_with("arn:") && !part.contains(['*', '?', '$']));
            if let Some(named) = named.filter(|named| !named.is_empty() && all.iter().all(|known| known != named)) {
                all.push(named.to_owned());
            }
        }
        all
    }

    /// What each pattern says where it matches, as far as a proof goes.
    fn says(&self) -> Vec<Vec<(u8, u32)>> {
        let of = |(own, roles): (u32, &Vec<Role>)| {
            let mut said: Vec<(u8, u32)> = roles
                .iter()
                .map(|role| match role {
                    Role::ByParts(list) => (0, *list),
                    Role::Reached(pattern) => (1, *pattern),
                    Role::Filled => (2, own),
                    Role::Split => (3, own),
                })
                .collect();
            said.sort_unstable();
            said.dedup();
            said
        };
        (0..).zip(&self.roles).map(of).collect()
    }

    fn class(&self, class: &Class) -> ResourceClass {
        let (mut by_parts, mut reached, mut filled) = (Vec::new(), Vec::new(), Vec::new());
        for matched in &class.matched {
            for role in self.roles.get(*matched as usize).into_iter().flatten() {
                match role {
                    Role::ByParts(list) => by_parts.push(*list),
                    Role::Reached(pattern) => reached.push(*pattern),
                    Role::Filled => filled.push(*matched),
                    Role::Split => {}
                }
            }
        }
        for lists in [&mut by_parts, &mut reached, &mut filled] {
            lists.sort_unstable();
            lists.dedup();
        }
        ResourceClass { text: class.text.clone(), by_parts, reached, filled }
    }
}

/// How many parts a pattern of ARNs has, those in variables not counting.
fn parts(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut colons = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' if at > 0 && text.as_bytes().get(at - 1) == Some(&b'$') => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b':' if depth == 0 => colons += 1,
            _ => {}
        }
    }
    colons + 1
}

fn base(partitions: &[String], only: &[String]) -> Vec<Glob> {
    if !only.is_empty() {
        return only.iter().map(|text| named(text)).collect();
    }
    let label = [Step::One(Kind::Label), Step::Many(Kind::Label), Step::Is(':')];
    let accounts = [vec![Step::One(Kind::Digit); 12], Vec::new(), Glob::literal("aws").0];
    let mut all = Vec::new();
    for partition in partitions {
        for account in &accounts {
            let steps = [
                Glob::literal(&format!("arn:{partition}:")).0,
                label.to_vec(),
                vec![Step::Many(Kind::Label), Step::Is(':')],
                account.clone(),
                vec![Step::Is(':'), Step::One(Kind::Any), Step::Many(Kind::Any)],
            ];
            all.push(Glob(steps.concat()));
        }
    }
    all
}

/// A pattern of ARNs in which a `*` stands for a name that is not empty: without colons, and in a Region of small letters.
fn named(text: &str) -> Glob {
    let mut steps = Vec::new();
    let mut colons = 0;
    for character in text.chars() {
        colons += usize::from(character == ':');
        match character {
            '*' if colons < 5 => steps.extend([Step::One(Kind::Label), Step::Many(Kind::Label)]),
            '*' => steps.extend([Step::One(Kind::NoColon), Step::Many(Kind::NoColon)]),
            other => steps.push(Step::Is(other)),
        }
    }
    Glob(steps)
}

/// Readable ARNs: those that the patterns suggest, and those of the resource types of the actions.
fn candidates(material: &Material<'_>, reach: &Reach, actions: &Actions, reference: &Reference) -> Vec<String> {
    let account = reach.accounts.first().map_or(ACCOUNT, String::as_str);
    let mut all: Vec<String> = reach.only.iter().map(|text| filled_in(text, account)).collect();
    for test in material.resources.iter().flatten() {
        all.push(filled_in(test.pattern.as_str(), account));
        all.push(filled_in(&with_samples(test), account));
    }
    for own in &reach.accounts {
        all.extend(material.resources.iter().flatten().map(|test| filled_in(test.pattern.as_str(), own)));
    }
    for name in actions.classes.iter().filter(|class| class.is_known).filter_map(|class| class.names.first()).take(MOST)
    {
        all.extend(arns_of(name, reference, account));
    }
    all.extend(["arn:aws:s3:::example-bucket/example".to_owned(), format!("arn:aws:sqs:us-east-1:{account}:example")]);
    all.extend(reach.accounts.iter().map(|account| format!("arn:aws:sqs:us-east-1:{account}:example")));
    all
}

/// So many actions suggest ARNs.
const MOST: usize = 200;

fn with_samples(test: &ResourceTest) -> String {
    let open = |key: &str| Some(sample(key).to_owned());
    Glob::whole(&test.pattern, &open).example("*", '?')
}

/// A pattern of ARNs with something readable in the place of its wildcards.
#[must_use]
pub(in crate::prove) fn filled_in(pattern: &str, account: &str) -> String {
    let mut parts: Vec<String> = pattern.splitn(6, ':').map(str::to_owned).collect();
    let usual = ["arn", "aws", "example", "us-east-1", account];
    for (part, usual) in parts.iter_mut().zip(usual) {
        if part == "*" {
            usual.clone_into(part);
        }
    }
    let key = if pattern.contains(":kms:") && pattern.ends_with("key/*") { KEY_ID } else { "example" };
    parts.join(":").replace('*', key).replace('?', "x")
}

/// The key of AWS's examples.
const KEY_ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

/// ARNs of the resource types on which an action works.
#[must_use]
pub(in crate::prove) fn arns_of(action: &str, reference: &Reference, account: &str) -> Vec<String> {
    let found = action.split_once(':').and_then(|(service, name)| reference.action(service, name));
    let types = found.into_iter().flat_map(|action| action.resource_types().map(ActionResource::resource_type));
    let mut all: Vec<String> = types
        .flat_map(|kind| kind.arn_patterns().map(|pattern| of_template(pattern, account)).collect::<Vec<_>>())
        .collect();
    // A bucket is what a reader expects, before the ways to it.
    all.sort_by_key(|arn| arn.contains(":accesspoint/"));
    all
}

fn of_template(template: &str, account: &str) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once("${") {
        let (name, after) = behind.split_once('}').unwrap_or((behind, ""));
        out.push_str(before);
        out.push_str(match name {
            "Partition" => "aws",
            "Region" => "us-east-1",
            "Account" => account,
            "KeyId" => KEY_ID,
            "BucketName" => "example-bucket",
            _ => "example",
        });
        rest = after;
    }
    out.push_str(rest);
    out
}
