//! What a multi-Region key's primary and replicas do not share: their policies and aliases, side by side.

use std::collections::HashMap;

use crate::{
    document::{PolicyDocument, Project},
    finding::{Finding, RuleInfo},
    key::{Alias, Key},
    policy::{Arn, PolicyKind},
    rules::{Check, Findings, declare::declare_rules},
    source::{SourceId, Span},
    syntax::{Node, Value},
};

declare_rules! { Key:
    /// ## What it does
    /// Flags a replica of a multi-Region key whose key policy says something else than its primary's. The order of statements
    /// and lists, `Sid`, and the names of the two Regions do not count. Which policy is whose is told by Terraform's files, or
    /// by the folder: one described key and one key policy in it.
    ///
    /// ## Why it matters
    /// The policy of a primary is not copied to its replicas. Where the other Region has to take over, whoever is let in here
    /// and not there cannot decrypt. It may be meant: AWS allows both.
    ///
    /// ## How to fix it
    /// Write the same policy for both, or say in the statement's `Sid` why it differs.
    ///
    /// ## Source
    /// KMS Developer Guide, "Control access to multi-Region keys".
    pub MRK_POLICY_DRIFT = {
        id: "mrk-policy-drift", code: None,
        severity: Note, confidence: Medium, persona: Regular,
        summary: "a replica's key policy differs from its primary's",
    }

    /// ## What it does
    /// Flags an alias of a multi-Region key, primary or replica, whose name no alias has in the other's Region. It is asked
    /// where the files hold the whole answer of `list-aliases` there.
    ///
    /// ## Why it matters
    /// Aliases are not replicated. Where the other Region has to take over, whoever names the key by the alias, or is let in
    /// by a condition on it, gets no further.
    ///
    /// ## How to fix it
    /// Create an alias of the same name there: `aws kms create-alias --region …`.
    ///
    /// ## Source
    /// KMS Developer Guide, "Aliases in AWS KMS": an alias is of one account and Region; "Multi-Region keys in AWS KMS",
    /// aliases are no shared property.
    pub MRK_ALIAS_IN_ONE_REGION = {
        id: "mrk-alias-in-one-region", code: None,
        severity: Note, confidence: Medium, persona: Regular,
        summary: "an alias of a multi-Region key is missing in the other Region",
    }
}

/// The policies of related keys.
pub(crate) struct PolicyDrift;

impl Check for PolicyDrift {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn project(&self, project: &Project<'_>, out: &mut Findings<'_>) {
        let replicas: Vec<&Key> = project.keys().filter(|key| key.is_replica()).collect();
        if replicas.is_empty() || !(out.asks(&MRK_POLICY_DRIFT) || out.asks(&MRK_ALIAS_IN_ONE_REGION)) {
            return;
        }
        let policies = Policies::of(project);
        let mut primaries: HashMap<&str, &Key> = HashMap::new();
        for key in project.keys().filter(|key| key.multi_region.as_ref().is_some_and(|kind| kind.value == "PRIMARY")) {
            for name in [key.id(), key.address.as_deref()].into_iter().flatten() {
                primaries.entry(name).or_insert(key);
            }
        }
        for replica in replicas {
            let primary = replica.primary.as_ref().map(|primary| primary.value.as_str()).or(replica.id());
            let Some(primary) = primary.and_then(|id| primaries.get(id)) else { continue };
            missing_aliases(primary, replica, project, out);
            missing_aliases(replica, primary, project, out);
            let (Some(one), Some(other)) = (policies.policy(primary), policies.policy(replica)) else { continue };
            if !one.policy.is_complete() || !other.policy.is_complete() {
                let reason = "a part of the primary's or the replica's policy is not known from these files";
                out.not_evaluated_at(&MRK_POLICY_DRIFT, other.policy.span, reason);
                continue;
            }
            compare(&Side::new(primary, one), &Side::new(replica, other), out);
        }
    }
}

/// The aliases of one key that the Region of the other lacks, as far as the files list all of that Region.
fn missing_aliases(key: &Key, other: &Key, project: &Project<'_>, out: &mut Findings<'_>) {
    let place = |key: &Key| {
        let arn = Arn::parse(&key.arn.as_ref()?.value).ok()?;
        Some((arn.account.to_owned(), arn.region.to_owned()))
    };
    let (Some(here), Some(there)) = (place(key), place(other)) else { return };
    if here == there || !project.whole_lists().contains(&there) {
        return;
    }
    let is_there = |alias: &&Alias| {
        let arn = alias.arn.as_ref().and_then(|arn| Arn::parse(&arn.value).ok());
        arn.is_some_and(|arn| (arn.account, arn.region) == (there.0.as_str(), there.1.as_str()))
    };
    let listed = project.documents.iter().flat_map(|document| &document.aliases);
    for alias in listed.filter(|alias| alias.points_to(key)) {
        let name = alias.name.value.as_str();
        if project.aliases_like(name).iter().any(|alias| alias.name.value == name && is_there(alias)) {
            continue;
        }
        let message = format!("no alias in {} is called `{name}`", there.1);
        let finding = Finding::new(&MRK_ALIAS_IN_ONE_REGION, alias.name.span, message);
        let finding = match &other.arn {
            Some(arn) => finding.related(arn.span, "the same key there"),
            None => finding,
        };
        out.push(finding.help(format!(
            "create it there, if that Region is to take over: aliases are not replicated from {}",
            here.1
        )));
    }
}

/// Which key policies may be a key's: by file and address, or by the folder of an answer.
#[derive(Default)]
struct Policies<'p, 'a> {
    by_address: HashMap<(SourceId, &'p str), Vec<&'p PolicyDocument<'a>>>,
    /// The folder of each file, with how many keys it describes.
    folders: HashMap<&'p str, (usize, Vec<&'p PolicyDocument<'a>>)>,
    folder_of: HashMap<SourceId, &'p str>,
}

impl<'p, 'a> Policies<'p, 'a> {
    fn of(project: &'p Project<'a>) -> Self {
        let mut found = Self::default();
        for document in &project.documents {
            found.folder_of.insert(document.source, &document.folder);
            let folder = found.folders.entry(&document.folder).or_default();
            folder.0 += document.keys.len();
            let policies = document.policies.iter().filter(|policy| policy.kind == PolicyKind::Key);
            for policy in policies {
                folder.1.push(policy);
                let name = policy.name.as_deref().map(|name| name.strip_suffix(".policy").unwrap_or(name));
                let key = policy.key.as_deref().filter(|key| Some(*key) != name);
                for address in [name, key].into_iter().flatten() {
                    found.by_address.entry((document.source, address)).or_default().push(policy);
                }
            }
        }
        found
    }

    /// The policy of a key: the one that its resource holds or that names it, else the only one in the folder of the only
    /// key.
    fn policy(&self, key: &Key) -> Option<&'p PolicyDocument<'a>> {
        let source = key.span.source;
        let found = if let Some(address) = &key.address {
            self.by_address.get(&(source, address.as_str()))?
        } else {
            let (keys, policies) = self.folders.get(*self.folder_of.get(&source)?)?;
            Some(policies).filter(|_| *keys == 1)?
        };
        match found[..] {
            [only] => Some(only),
            _ => None,
        }
    }
}

/// A key with its policy, each statement as text of one form.
struct Side<'p, 'a> {
    document: &'p PolicyDocument<'a>,
    statements: Vec<(String, Span)>,
}

impl<'p, 'a> Side<'p, 'a> {
    fn new(key: &Key, document: &'p PolicyDocument<'a>) -> Self {
        let region = key.arn.as_ref().and_then(|arn| arn.value.split(':').nth(3)).unwrap_or_default();
        let nodes = document.node.get("Statement").map_or(&[][..], Node::items);
        let statements = nodes.iter().zip(&document.policy.statements).map(|(node, statement)| {
            let place = statement.sid.as_ref().map(|sid| sid.span);
            let place = place.or_else(|| statement.effect_element.map(|element| element.value));
            (same_form(node, region), place.unwrap_or(statement.span))
        });
        Self { document, statements: statements.collect() }
    }

    /// The first statement that another side lacks.
    fn beyond(&self, other: &Self) -> Option<Span> {
        let has = |text: &String| other.statements.iter().any(|(known, _)| known == text);
        self.statements.iter().find(|(text, _)| !has(text)).map(|(_, place)| *place)
    }
}

fn compare(primary: &Side<'_, '_>, replica: &Side<'_, '_>, out: &mut Findings<'_>) {
    let (more, less) = (replica.beyond(primary), primary.beyond(replica));
    let element = |side: &Side<'_, '_>| {
        side.document.policy.statement_element.map_or(side.document.policy.span, |element| element.key)
    };
    let finding = match (more, less) {
        (Some(place), other) => {
            let message = "the key policy of the primary has no statement like this one of its replica";
            Finding::new(&MRK_POLICY_DRIFT, place, message).related(other.unwrap_or(element(primary)), "the primary's")
        }
        (None, Some(other)) => {
            let message = "the key policy of the primary has a statement that this one of its replica lacks";
            Finding::new(&MRK_POLICY_DRIFT, element(replica), message).related(other, "the primary's")
        }
        (None, None) => return,
    };
    out.push(finding.help("write the same for both, if the replica is to take over: a key policy is not replicated"));
}

/// A statement as text in which only its meaning counts: no `Sid`, no order, no Region of its key's own.
fn same_form(node: &Node<'_>, region: &str) -> String {
    match &node.value {
        Value::Map(members) => {
            let counted = members.iter().filter(|member| member.key != "Sid");
            let mut parts: Vec<String> =
                counted.map(|member| format!("{}={}", member.key, same_form(&member.value, region))).collect();
            parts.sort_unstable();
            format!("{{{}}}", parts.join(";"))
        }
        Value::List(items) => {
            let mut parts: Vec<String> = items.iter().map(|item| same_form(item, region)).collect();
            parts.sort_unstable();
            parts.dedup();
            match parts.as_slice() {
                [only] => only.clone(),
                _ => format!("[{}]", parts.join(",")),
            }
        }
        Value::String(text) => plain(text, region),
        Value::Number(text) => text.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Null | Value::Unknown => String::new(),
    }
}

/// A text with its key's Region named as such, and the account's number for its root.
fn plain(text: &str, region: &str) -> String {
    let text = if region.is_empty() { text.to_owned() } else { text.replace(region, "REGION") };
    let account = text.strip_suffix(":root").and_then(|rest| rest.split_once(":iam::")).map(|(_, account)| account);
    format!("{:?}", account.unwrap_or(&text))
}
