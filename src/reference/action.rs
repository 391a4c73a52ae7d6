//! An action: what it works on, and which condition keys it takes.

use std::fmt;

use super::{AccessLevel, Reference, ResourceType, Service, layout, layout::action};

/// An action, which a policy names by its service and its own name.
///
/// Source: Service Authorization Reference, the table "Actions" of its service.
#[derive(Clone, Copy)]
pub struct Action<'r> {
    pub(super) service: Service<'r>,
    pub(super) row: usize,
}

impl<'r> Action<'r> {
    fn reference(self) -> &'r Reference {
        self.service.reference
    }

    /// The service that it belongs to.
    #[must_use]
    pub fn service(self) -> Service<'r> {
        self.service
    }

    /// What stands behind the colon: `Decrypt`.
    #[must_use]
    pub fn name(self) -> &'r str {
        self.reference().blob.cell_text(layout::ACTIONS, self.row, action::NAME)
    }

    pub(super) fn name_bytes(self) -> &'r [u8] {
        let blob = &self.reference().blob;
        blob.text_bytes(blob.cell(layout::ACTIONS, self.row, action::NAME))
    }

    /// Whether this is how AWS spells its service and its name, letter case counting.
    #[must_use]
    pub fn is_spelt(self, service: &str, name: &str) -> bool {
        self.name_bytes() == name.as_bytes() && self.service.prefix() == service
    }

    fn trait_at(self, place: usize) -> usize {
        let blob = &self.reference().blob;
        // A list starts with its length.
        blob.word(blob.cell(layout::ACTIONS, self.row, action::TRAITS) + 1 + place)
    }

    fn trait_list(self, place: usize) -> impl Iterator<Item = usize> + 'r {
        self.reference().blob.list(self.trait_at(place))
    }

    /// What it does, in AWS's classes.
    #[must_use]
    pub fn access_level(self) -> AccessLevel {
        AccessLevel::ALL.get(self.trait_at(action::LEVEL)).map_or(AccessLevel::Write, |(level, _)| *level)
    }

    /// The resource types that it can be limited to. Where there is none, `Resource` must be `*`.
    pub fn resource_types(self) -> impl Iterator<Item = ActionResource<'r>> {
        let reference = self.reference();
        let mut words = self.trait_list(action::RESOURCES);
        std::iter::from_fn(move || {
            let resource_type = ResourceType { reference, row: words.next()? };
            Some(ActionResource { resource_type, required: words.next()? == 1, keys: words.next()? })
        })
    }

    /// The condition keys that it takes whatever it works on, templates as they are. See [`Action::lists_key`] for all.
    pub fn condition_keys(self) -> impl Iterator<Item = &'r str> {
        self.trait_list(action::KEYS).map(move |row| self.reference().key_name(row))
    }

    /// What a caller must be allowed besides.
    pub fn dependents(self) -> impl Iterator<Item = Action<'r>> {
        self.trait_list(action::DEPENDENTS).filter_map(move |row| self.reference().action_in_row(row))
    }

    /// Whether a condition may ask for this key: one that it lists, or one that every service has.
    ///
    /// A global key can still be absent from its requests, as `aws:RequestTag/…` is where nothing is tagged.
    #[must_use]
    pub fn accepts_key(self, key: &str) -> bool {
        self.reference().key_rows(key).any(|row| self.reference().is_global_row(row) || self.lists_row(row))
    }

    /// Whether the reference lists this key for it: among its own keys, or those of a resource type that it works on.
    ///
    /// The keys of resource types count: `kms:ResourceAliases` is listed for the type `key`, and so for `kms:Decrypt`.
    #[must_use]
    pub fn lists_key(self, key: &str) -> bool {
        self.reference().key_rows(key).any(|row| self.lists_row(row))
    }

    fn lists_row(self, row: usize) -> bool {
        let own = self.trait_list(action::KEYS).any(|own| own == row);
        own || self.resource_types().any(|resource| resource.lists_row(row))
    }
}

/// In the spelling of the reference: `kms:Decrypt`.
impl fmt::Display for Action<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service.prefix(), self.name())
    }
}

impl fmt::Debug for Action<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Action({self})")
    }
}

/// A resource type, as one action works on it.
#[derive(Clone, Copy, Debug)]
pub struct ActionResource<'r> {
    resource_type: ResourceType<'r>,
    required: bool,
    keys: usize,
}

impl<'r> ActionResource<'r> {
    /// The resource type.
    #[must_use]
    pub fn resource_type(self) -> ResourceType<'r> {
        self.resource_type
    }

    /// Whether the action cannot be called without a resource of this type.
    #[must_use]
    pub fn is_required(self) -> bool {
        self.required
    }

    fn key_rows(self) -> impl Iterator<Item = usize> + 'r {
        self.resource_type.reference.blob.list(self.keys)
    }

    /// The condition keys that the action takes for this type, besides those that the type itself has.
    pub fn condition_keys(self) -> impl Iterator<Item = &'r str> {
        self.key_rows().map(move |row| self.resource_type.reference.key_name(row))
    }

    fn lists_row(self, row: usize) -> bool {
        self.key_rows().chain(self.resource_type.key_rows()).any(|own| own == row)
    }
}

impl Reference {
    /// The action in a row: its service is the last that begins no later.
    fn action_in_row(&self, row: usize) -> Option<Action<'_>> {
        let services = self.blob.rows(layout::SERVICES);
        let service = |row| Service { reference: self, row };
        let row_of_service = super::blob::partition_point(services, |row_of| service(row_of).action_rows().end <= row);
        let service = service(row_of_service);
        service.action_rows().contains(&row).then_some(Action { service, row })
    }
}
