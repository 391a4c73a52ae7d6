//! The aliases that files list, and the keys that they tell Kasten to use, by name and by folder.

use std::collections::HashMap;

use super::{Project, kasten_key_ids};
use crate::{
    key::Alias,
    policy::{Arn, Statement, glob},
    source::{SourceId, Span, Spanned},
};

/// What files list, found once.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// Where each alias stands, its document and its number there, by its name in lower case.
    by_name: HashMap<String, Vec<(usize, usize)>>,
    /// Account and Region of every answer to `list-aliases` that is whole.
    whole: Vec<(String, String)>,
    /// What Kasten is told to use, with the folder of the file.
    kastens: Vec<(String, Spanned<String>)>,
    /// The folder of each file, where Kasten is told anything.
    folders: HashMap<SourceId, String>,
    /// Where policies decide by aliases: the place, and the policy around it, of two policies at most.
    by_alias: Vec<(Span, Span)>,
    /// By which; empty where a pattern or what is not known leaves them open.
    alias_names: Vec<String>,
    /// Where policies decide by a key's tags.
    by_tag: Vec<(Span, Span)>,
}

/// So many names are compared with one that is not listed.
const FEW: usize = 1000;

/// The one key that files tell Kasten to use.
#[derive(Clone, Debug)]
pub struct KastensKey {
    id: String,
    /// What its ARN begins with, up to the account, where it is named by its ARN.
    home: Option<String>,
    /// Where the files say so.
    pub place: Span,
}

impl KastensKey {
    /// The id of the key.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether an alias is of the key's account and Region, as far as that is told: elsewhere its name means another one.
    #[must_use]
    pub fn is_beside(&self, alias: &Alias) -> bool {
        let home = alias.arn.as_ref().map(|arn| home(&arn.value));
        self.home.as_deref().zip(home).is_none_or(|(key, alias)| key == alias)
    }
}

impl Listed {
    pub(super) fn of(project: &Project<'_>) -> Self {
        let mut found = Self::default();
        for (number, document) in project.documents.iter().enumerate() {
            for (place, alias) in document.aliases.iter().enumerate() {
                let name = alias.name.value.to_ascii_lowercase();
                found.by_name.entry(name).or_default().push((number, place));
            }
            found.whole.extend(whole_list(document.lists_all_aliases, &document.aliases));
            let ids = kasten_key_ids(document).into_iter();
            found.kastens.extend(ids.map(|id| (document.folder.clone(), id)));
        }
        found.conditions(project);
        if !found.kastens.is_empty() {
            let folders = project.documents.iter().map(|document| (document.source, document.folder.clone()));
            found.folders = folders.collect();
        }
        found
    }

    /// Finds by what policies let somebody use keys.
    fn conditions(&mut self, project: &Project<'_>) {
        let mut is_open = false;
        for policy in project.documents.iter().flat_map(|document| &document.policies).map(|policy| &policy.policy) {
            let statements = policy.statements.iter().filter(|statement| statement.allows() && names_kms(statement));
            for row in statements.flat_map(|statement| &statement.conditions).filter(|row| row.names_values()) {
                let key = row.key.value.as_str().to_ascii_lowercase();
                if matches!(key.as_str(), "kms:resourcealiases" | "kms:requestalias") {
                    is_open |= row.values.read.len() != row.values.len();
                    self.alias_names.extend(row.values.values().cloned());
                    note(&mut self.by_alias, row.key.span, policy.span);
                } else if key.starts_with("aws:resourcetag/") {
                    note(&mut self.by_tag, row.key.span, policy.span);
                }
            }
        }
        self.alias_names.sort_unstable();
        self.alias_names.dedup();
        if is_open || self.alias_names.iter().any(|name| glob::is_pattern(name) || name.contains("${")) {
            self.alias_names.clear();
        }
    }
}

/// Notes a place of a policy, of two policies at most: of any one, there is then another where there is one.
fn note(places: &mut Vec<(Span, Span)>, place: Span, policy: Span) {
    if places.len() < 2 && places.iter().all(|(_, known)| *known != policy) {
        places.push((place, policy));
    }
}

fn beside(places: &[(Span, Span)], policy: Span) -> Option<Span> {
    places.iter().find(|(_, other)| *other != policy).map(|(place, _)| *place)
}

/// The account and Region of an answer that holds every alias there.
fn whole_list(is_whole: bool, aliases: &[Alias]) -> Option<(String, String)> {
    let arn = aliases.iter().find_map(|alias| alias.arn.as_ref()).filter(|_| is_whole)?;
    let arn = Arn::parse(&arn.value).ok()?;
    Some((arn.account.to_owned(), arn.region.to_owned()))
}

/// Whether a statement lists actions of KMS.
fn names_kms(statement: &Statement) -> bool {
    statement.listed_actions().is_some_and(|actions| actions.values().any(|action| action.is_of("kms")))
}

impl Project<'_> {
    /// Where another policy than one lets somebody use keys by their aliases, and by which; by any, where there are no
    /// names.
    #[must_use]
    pub fn decides_by_alias(&self, policy: Span) -> Option<(Span, &[String])> {
        let listed = self.listed();
        beside(&listed.by_alias, policy).map(|place| (place, listed.alias_names.as_slice()))
    }

    /// Where another policy than one lets somebody use keys by their tags.
    #[must_use]
    pub fn decides_by_tag(&self, policy: Span) -> Option<Span> {
        beside(&self.listed().by_tag, policy)
    }

    /// Whether any file lists an alias.
    #[must_use]
    pub fn lists_aliases(&self) -> bool {
        // Rules ask this of every statement of every file.
        *self.has_aliases.get_or_init(|| self.documents.iter().any(|document| !document.aliases.is_empty()))
    }

    /// The aliases of a name that files list, whatever its letter case.
    #[must_use]
    pub fn aliases_like(&self, name: &str) -> Vec<&Alias> {
        let places = self.listed().by_name.get(&name.to_ascii_lowercase());
        let alias = |(document, number): &(usize, usize)| self.documents.get(*document)?.aliases.get(*number);
        places.into_iter().flatten().filter_map(alias).collect()
    }

    /// The names of aliases that files list, as many as are soon compared.
    pub fn alias_names(&self) -> impl Iterator<Item = &str> {
        let listed = self.documents.iter().flat_map(|document| &document.aliases);
        listed.map(|alias| alias.name.value.as_str()).take(FEW)
    }

    /// Account and Region of every whole answer to `list-aliases`.
    #[must_use]
    pub fn whole_lists(&self) -> &[(String, String)] {
        &self.listed().whole
    }

    /// What Kasten is told to use: by any file where a workload is known, else by those in the folder of a file.
    #[must_use]
    pub fn kastens_ids_beside(&self, source: SourceId) -> Vec<&Spanned<String>> {
        let listed = self.listed();
        let is_known = self.workloads().next().is_some();
        let folder = listed.folders.get(&source);
        let near = listed.kastens.iter().filter(|(of, _)| is_known || Some(of) == folder);
        near.map(|(_, id)| id).collect()
    }

    /// The only key that Kasten is told to use by itself, not by an alias.
    #[must_use]
    pub fn kastens_only_key(&self, source: SourceId) -> Option<KastensKey> {
        let ids = self.kastens_ids_beside(source);
        let first = ids.first()?;
        let key = |id: &Spanned<String>| {
            (!id.value.contains("alias/")).then(|| id.value.rsplit('/').next().map(str::to_owned))
        };
        let id = key(first)??;
        let is_only = ids.iter().all(|other| key(other).flatten().is_some_and(|other| other == id));
        let home = first.value.starts_with("arn:").then(|| home(&first.value).to_owned());
        is_only.then_some(KastensKey { id, home, place: first.span })
    }
}

/// What the ARN of a key or an alias begins with, up to the account.
fn home(arn: &str) -> &str {
    arn.rsplit_once(':').map_or(arn, |(home, _)| home)
}
