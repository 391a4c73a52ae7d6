//! Folders that `kpl fetch` wrote: its manifest tells of which key, user, role or policy an answer is that does not say so.

use std::collections::{HashMap, HashSet};

use super::Project;
use crate::{
    document::{
        Carrier, Document, Holder,
        aws_cli::{Call, Outcome},
        members::Members,
    },
    policy::{AccountId, Arn, PolicyKind, Principal},
};

/// Where `kpl fetch` puts a permissions boundary.
const BOUNDARIES: &str = "iam/boundary/";

/// Who carries what, by the answers of one folder.
#[derive(Default)]
struct Links {
    /// Who carries a managed policy, by its ARN: users, groups and roles.
    carriers: HashMap<String, Vec<Carrier>>,
    /// Of whom a managed policy is the boundary, by its ARN.
    bounded: HashMap<String, Vec<Carrier>>,
    members: Members,
    /// Whose policies did not all come.
    unseen: Vec<Carrier>,
}

/// Who is in the accounts that files list.
#[derive(Debug, Default)]
pub(super) struct Rosters {
    by_account: HashMap<AccountId, Rows>,
    /// Who was asked for and is not there: the account, whether it is a role, and the name.
    absent: HashSet<(AccountId, bool, String)>,
}

#[derive(Debug, Default)]
struct Rows {
    users: Option<HashSet<String>>,
    roles: Option<HashSet<String>>,
}

impl Project<'_> {
    /// Joins what the manifests among the files tell.
    pub(super) fn join_fetched(&mut self) {
        let mut calls = HashMap::new();
        let mut links = Links::default();
        for (index, document) in self.documents.iter().enumerate() {
            let Some(manifest) = &document.told.manifest else { continue };
            for (number, call) in manifest.calls.iter().enumerate() {
                match (&call.file, call.outcome) {
                    (Some(file), Outcome::Fetched) => {
                        let home = &document.folder;
                        let path = if home.is_empty() { file.clone() } else { format!("{home}/{file}") };
                        calls.insert(path, (index, number));
                    }
                    (_, Outcome::Open) => links.unseen.extend(holder_asked(call)),
                    _ => {}
                }
            }
        }
        if calls.is_empty() {
            return;
        }
        let of: Vec<Option<(usize, usize)>> =
            self.documents.iter().map(|document| calls.get(&document.path).copied()).collect();
        let call_of = |documents: &[Document<'_>], place: Option<(usize, usize)>| -> Option<Asked> {
            let (index, number) = place?;
            Asked::of(documents.get(index)?.told.manifest.as_ref()?.calls.get(number)?)
        };
        let asked: Vec<Option<Asked>> = of.into_iter().map(|place| call_of(&self.documents, place)).collect();
        for (document, asked) in self.documents.iter().zip(&asked) {
            if let Some(asked) = asked {
                links.read(document, asked);
            }
        }
        let mut seen = HashSet::new();
        for (document, asked) in self.documents.iter_mut().zip(&asked) {
            if let Some(asked) = asked {
                links.give(document, asked, &mut seen);
            }
        }
        let unseen = links.unseen_of(&seen);
        if let Some(manifest) = self.documents.iter_mut().find(|document| document.told.manifest.is_some()) {
            manifest.unseen.extend(unseen);
            manifest.unseen_boundaries.extend(links.unseen_boundaries(&seen));
        }
    }

    /// Who is there, by all files.
    pub(super) fn rosters(&self) -> Rosters {
        let mut found = Rosters::default();
        for document in &self.documents {
            if let Some(roster) = &document.told.roster {
                let listed = [&roster.users, &roster.roles];
                let first = listed.into_iter().flatten().flatten().next();
                let account = first.and_then(|arn| Arn::parse(arn).ok()?.account.parse().ok());
                let Some(account) = account else { continue };
                let rows = found.by_account.entry(account).or_insert_with(Rows::default);
                let whole = |arns: &Option<Vec<String>>| arns.as_ref().map(|arns| arns.iter().cloned().collect());
                (rows.users, rows.roles) = (whole(&roster.users), whole(&roster.roles));
            }
            if let Some(manifest) = &document.told.manifest {
                let account = manifest.account.as_ref().and_then(|account| account.parse().ok());
                let absent = manifest.calls.iter().filter(|call| call.outcome == Outcome::Absent);
                let holders = absent.filter_map(|call| match call.command()? {
                    "get-role" => Some((account?, true, call.parameter("role-name")?.to_owned())),
                    "get-user" => Some((account?, false, call.parameter("user-name")?.to_owned())),
                    _ => None,
                });
                found.absent.extend(holders);
            }
        }
        found
    }

    /// Whether files show that a user or a role is not there; where one of its name and another path is, its ARN.
    #[must_use]
    pub fn missing(&self, principal: &Principal) -> Option<Option<&str>> {
        let (arn, is_role) = match principal {
            Principal::Role(arn) => (arn, true),
            Principal::User(arn) => (arn, false),
            _ => return None,
        };
        let rosters = self.listed_rosters();
        let rows = rosters.by_account.get(&arn.account());
        let listed = rows.and_then(|rows| if is_role { rows.roles.as_ref() } else { rows.users.as_ref() });
        match listed {
            Some(listed) if listed.contains(arn.as_str()) => None,
            Some(listed) => {
                let name = arn.as_str().rsplit('/').next();
                let mut alike: Vec<&String> = listed.iter().filter(|other| other.rsplit('/').next() == name).collect();
                alike.sort();
                Some(alike.first().map(|other| other.as_str()))
            }
            None => {
                let key = (arn.account(), is_role, arn.holder().to_owned());
                rosters.absent.contains(&key).then_some(None)
            }
        }
    }

    /// When the files of `kpl fetch` were fetched, in seconds from 1970: the first of several runs.
    #[must_use]
    pub fn fetched_at(&self) -> Option<i64> {
        let manifests = self.documents.iter().filter_map(|document| document.told.manifest.as_ref());
        manifests.filter_map(|manifest| manifest.started).min()
    }
}

/// An answer's call, as far as it counts here.
enum Asked {
    AttachedTo { carrier: Carrier },
    GroupsOf { user: String },
    PolicyOfGroup,
    Described,
    Version { arn: String },
    KeyPolicy { key: String },
}

impl Asked {
    fn of(call: &Call) -> Option<Self> {
        let given = |name: &str| call.parameter(name).map(str::to_owned);
        let attached = |kind, name: &str| Some(Self::AttachedTo { carrier: Carrier::new(kind, call.parameter(name)?) });
        Some(match call.command()? {
            "list-attached-user-policies" => attached(Holder::User, "user-name")?,
            "list-attached-role-policies" => attached(Holder::Role, "role-name")?,
            "list-attached-group-policies" => attached(Holder::Group, "group-name")?,
            "list-groups-for-user" => Self::GroupsOf { user: given("user-name")? },
            "get-group-policy" => Self::PolicyOfGroup,
            "get-user" | "get-role" => Self::Described,
            "get-policy-version" => Self::Version { arn: given("policy-arn")? },
            "get-key-policy" => Self::KeyPolicy { key: given("key-id")? },
            _ => return None,
        })
    }
}

/// Whose policies a call would have told; those of a group are told by its members.
fn holder_asked(call: &Call) -> Option<Carrier> {
    let is_about_policies = matches!(
        call.command()?,
        "list-role-policies"
            | "get-role-policy"
            | "list-attached-role-policies"
            | "list-user-policies"
            | "get-user-policy"
            | "list-attached-user-policies"
            | "list-groups-for-user"
            | "list-group-policies"
            | "get-group-policy"
            | "list-attached-group-policies"
    );
    let kinds = [("role-name", Holder::Role), ("user-name", Holder::User), ("group-name", Holder::Group)];
    let asked = || kinds.into_iter().find_map(|(name, kind)| Some(Carrier::new(kind, call.parameter(name)?)));
    is_about_policies.then(asked).flatten()
}

impl Links {
    fn read(&mut self, document: &Document<'_>, asked: &Asked) {
        match asked {
            Asked::AttachedTo { carrier } => {
                for arn in &document.told.attached {
                    self.carriers.entry(arn.clone()).or_default().push(carrier.clone());
                }
            }
            Asked::GroupsOf { user } => {
                for group in &document.told.groups {
                    self.members.add(group.clone(), [user.clone()]);
                }
            }
            Asked::Described => {
                if let Some((carrier, arn)) = &document.told.boundary {
                    self.bounded.entry(arn.clone()).or_default().push(carrier.clone());
                }
            }
            _ => {}
        }
    }

    fn give(&self, document: &mut Document<'_>, asked: &Asked, seen: &mut HashSet<(String, bool)>) {
        match asked {
            Asked::PolicyOfGroup => {
                for policy in &mut document.policies {
                    policy.holders = self.members.with(std::mem::take(&mut policy.holders));
                }
            }
            Asked::Version { arn } => {
                let is_boundary = document.path.contains(BOUNDARIES);
                seen.insert((arn.clone(), is_boundary));
                let empty = Vec::new();
                document.told.every_holder = true;
                for policy in &mut document.policies {
                    policy.name = policy.name.take().or_else(|| Some(arn.clone()));
                    if is_boundary {
                        (policy.kind, policy.because) = (PolicyKind::Boundary, "it is somebody's permissions boundary");
                        policy.bounds.clone_from(self.bounded.get(arn).unwrap_or(&empty));
                    } else {
                        policy.holders = self.members.with(self.carriers.get(arn).cloned().unwrap_or_default());
                    }
                }
            }
            Asked::KeyPolicy { key } => {
                let id = key.rsplit('/').next().filter(|id| crate::key::is_key_id(id));
                let policies = document.policies.iter_mut().filter(|policy| policy.kind == PolicyKind::Key);
                policies.for_each(|policy| policy.key = id.map(str::to_owned));
            }
            _ => {}
        }
    }

    /// Who carries a policy whose text did not come.
    fn unseen_of(&self, seen: &HashSet<(String, bool)>) -> Vec<Carrier> {
        let lacking = self.carriers.iter().filter(|(arn, _)| !seen.contains(&((*arn).clone(), false)));
        let mut names: Vec<Carrier> = lacking.flat_map(|(_, names)| names.clone()).collect();
        names.extend(self.unseen.iter().cloned());
        let mut names = self.members.with(names);
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Whose boundary did not come.
    fn unseen_boundaries(&self, seen: &HashSet<(String, bool)>) -> Vec<Carrier> {
        let lacking = self.bounded.iter().filter(|(arn, _)| !seen.contains(&((*arn).clone(), true)));
        let mut names: Vec<Carrier> = lacking.flat_map(|(_, names)| names.clone()).collect();
        names.sort_unstable();
        names
    }
}
