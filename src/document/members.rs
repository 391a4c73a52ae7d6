//! Which users belong to which groups.

use std::collections::HashMap;

/// The users of groups, by the groups' names.
#[derive(Debug, Default)]
pub(super) struct Members(HashMap<String, Vec<String>>);

impl Members {
    /// Notes that users belong to a group.
    pub(super) fn add(&mut self, group: String, users: impl IntoIterator<Item = String>) {
        self.0.entry(group).or_default().extend(users);
    }

    /// The names, and of groups also those of their users.
    pub(super) fn with(&self, mut names: Vec<String>) -> Vec<String> {
        let members: Vec<String> = names.iter().filter_map(|name| self.0.get(name)).flatten().cloned().collect();
        names.extend(members);
        names
    }
}
