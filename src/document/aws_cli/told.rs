//! What answers tell besides policies, keys and aliases: who is there, who carries what, and what a run of `kpl fetch` asked.

use super::text;
use crate::{
    calendar,
    document::{Carrier, Holder},
    source::{Span, Spanned},
    syntax::{Node, Value},
};

/// What an answer tells besides policies, keys and aliases.
#[derive(Debug, Default)]
pub struct Told {
    /// The ARNs of the managed policies that somebody carries; whose list it is, a manifest tells.
    pub attached: Vec<String>,
    /// The names of the groups that a user belongs to; whose list it is, a manifest tells.
    pub groups: Vec<String>,
    /// A user or a role, and the ARN of its permissions boundary.
    pub boundary: Option<(Carrier, String)>,
    /// Who is there.
    pub roster: Option<Roster>,
    /// When keys got new material.
    pub renewals: Vec<Renewal>,
    /// The principals that scenarios expect to be let in to a key.
    pub expected: Vec<String>,
    /// What a run of `kpl fetch` asked.
    pub manifest: Option<Manifest>,
    /// Whether whoever carries one of its policies is named, so that a policy of no holder is in nobody's hands.
    pub every_holder: bool,
}

/// The users and roles of an account.
#[derive(Debug, Default)]
pub struct Roster {
    /// The ARNs of its users; `None` where they were not all asked for.
    pub users: Option<Vec<String>>,
    /// The ARNs of its roles, likewise.
    pub roles: Option<Vec<String>>,
}

/// A renewal of a key's material. Source: KMS API Reference, `RotationsListEntry`.
#[derive(Clone, Debug)]
pub struct Renewal {
    /// The key's id or ARN.
    pub key: String,
    /// The second, counted from 1970.
    pub second: i64,
    /// The day, as in `2026-03-07`.
    pub day: String,
    /// Whether somebody asked for it.
    pub on_demand: bool,
    /// Where the file tells of it.
    pub place: Span,
}

/// What a run of `kpl fetch` asked, and what came of it.
#[derive(Debug)]
pub struct Manifest {
    /// The account that was asked.
    pub account: Option<String>,
    /// When the run began, in seconds from 1970.
    pub started: Option<i64>,
    /// Every call.
    pub calls: Vec<Call>,
}

/// One call of a run.
#[derive(Debug)]
pub struct Call {
    /// What a user of the AWS CLI would type.
    pub typed: String,
    /// Whether an answer came.
    pub outcome: Outcome,
    /// The file of the answer, by its path from the manifest.
    pub file: Option<String>,
}

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// An answer.
    Fetched,
    /// The word that there is no such thing.
    Absent,
    /// Nothing that tells.
    Open,
}

impl Told {
    /// Whether it tells nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let names_none = self.attached.is_empty() && self.groups.is_empty() && self.renewals.is_empty();
        names_none
            && self.expected.is_empty()
            && self.boundary.is_none()
            && self.roster.is_none()
            && self.manifest.is_none()
    }
}

impl Call {
    /// The operation, as in `get-role`.
    #[must_use]
    pub fn command(&self) -> Option<&str> {
        self.typed.split(' ').nth(2)
    }

    /// What was given for a parameter.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let mut words = self.typed.split(' ');
        words.find(|word| word.strip_prefix("--") == Some(name))?;
        words.next()
    }
}

/// The texts of a member of each item.
pub(super) fn texts(list: Option<&Node<'_>>, member: &str) -> Vec<String> {
    list.map_or(&[][..], Node::items).iter().filter_map(|item| text(item, member)).collect()
}

/// The boundary of a user or a role that an answer describes.
pub(super) fn boundary(holder: &Node<'_>, name: &str, kind: Holder) -> Option<(Carrier, String)> {
    text(holder, name)
        .map(|name| Carrier::new(kind, name))
        .zip(text(holder.get("PermissionsBoundary")?, "PermissionsBoundaryArn"))
}

/// Who an account's details list. A list that is empty may not have been asked for.
///
/// Source: IAM API Reference, "`GetAccountAuthorizationDetails`", `Filter`.
pub(super) fn roster(root: &Node<'_>) -> Option<Roster> {
    let goes_on = root.get("IsTruncated").is_some_and(|flag| flag.value == Value::Bool(true));
    if goes_on || root.get("Marker").is_some() || root.get("NextToken").is_some() {
        return None;
    }
    let listed = |list: &str| Some(texts(root.get(list), "Arn")).filter(|arns| !arns.is_empty());
    Some(Roster { users: listed("UserDetailList"), roles: listed("RoleDetailList") })
}

/// What an answer to `list-key-rotations` lists; material that waits to be used is no renewal yet.
pub(super) fn renewal(entry: &Node<'_>) -> Option<Renewal> {
    let date = entry.get("RotationDate")?;
    let second = instant(date)?;
    let kind = text(entry, "RotationType")?;
    let day = calendar::second(second).split('T').next()?.to_owned();
    Some(Renewal { key: text(entry, "KeyId")?, second, day, on_demand: kind == "ON_DEMAND", place: date.span })
}

/// A moment as the AWS CLI writes it: in ISO 8601, or as a number of seconds.
pub(super) fn instant(node: &Node<'_>) -> Option<i64> {
    match &node.value {
        Value::Number(text) => text.split('.').next()?.parse().ok(),
        _ => calendar::instant(node.as_str()?),
    }
}

/// The manifest of a run.
pub(super) fn manifest(root: &Node<'_>) -> Manifest {
    let calls = root.get("calls").map_or(&[][..], Node::items).iter().filter_map(call).collect();
    Manifest { account: text(root, "account"), started: root.get("started").and_then(instant), calls }
}

fn call(entry: &Node<'_>) -> Option<Call> {
    let outcome = match entry.get("outcome")?.as_str()? {
        "fetched" => Outcome::Fetched,
        "absent" => Outcome::Absent,
        _ => Outcome::Open,
    };
    Some(Call { typed: text(entry, "call")?, outcome, file: text(entry, "file") })
}

/// When a key was made.
pub(super) fn created(metadata: &Node<'_>) -> Option<Spanned<i64>> {
    let date = metadata.get("CreationDate")?;
    Some(Spanned::new(instant(date)?, date.span))
}
