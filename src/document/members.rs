//! Which users belong to which groups.

use std::collections::HashMap;

use super::carrier::{Carrier, Holder};

/// The users of groups, by the groups' names.
#[derive(Debug, Default)]
pub(super) struct Members(HashMap<String, Vec<String>>);

impl Members {
    /// Notes that users belong to a group.
    pub(super) fn add(&mut self, group: String, users: impl IntoIterator<Item = String>) {
        self.0.entry(group).or_default().extend(users);
    }

    /// Those given, and of groups also their users.
    pub(super) fn with(&self, mut carriers: Vec<Carrier>) -> Vec<Carrier> {
        let groups = carriers.iter().filter(|carrier| carrier.kind == Holder::Group);
        let users = groups.filter_map(|group| self.0.get(&group.name)).flatten();
        let members: Vec<Carrier> = users.map(|user| Carrier::new(Holder::User, user)).collect();
        carriers.extend(members);
        carriers
    }
}
