//! A service and its resource types.

use std::fmt;

use super::{
    Action, Reference,
    blob::is_same,
    layout::{self, form, service},
    matching,
};

/// A service, known in policies by its prefix.
#[derive(Clone, Copy)]
pub struct Service<'r> {
    pub(super) reference: &'r Reference,
    pub(super) row: usize,
}

impl<'r> Service<'r> {
    fn cell(self, column: usize) -> usize {
        self.reference.blob.cell(layout::SERVICES, self.row, column)
    }

    /// What stands before the colon: `kms`.
    #[must_use]
    pub fn prefix(self) -> &'r str {
        self.reference.blob.text(self.cell(service::PREFIX))
    }

    /// Whether it is the service of a prefix, whatever the letter case.
    #[must_use]
    pub fn is_of(self, prefix: &str) -> bool {
        is_same(self.reference.blob.text_bytes(self.cell(service::PREFIX)), prefix.as_bytes())
    }

    /// Its name: `AWS Key Management Service`.
    #[must_use]
    pub fn name(self) -> &'r str {
        self.reference.blob.text(self.cell(service::NAME))
    }

    /// Whether resource control policies apply to it.
    pub(super) fn takes_resource_control_policies(self) -> bool {
        self.cell(service::RCP) == 1
    }

    pub(super) fn action_rows(self) -> std::ops::Range<usize> {
        let [first, end] = service::ACTIONS.map(|column| self.cell(column));
        first..end
    }

    /// Its actions, in the order of their names.
    pub fn actions(self) -> impl Iterator<Item = Action<'r>> {
        self.action_rows().map(move |row| Action { service: self, row })
    }

    /// The action of a name: `Decrypt`.
    #[must_use]
    pub fn action(self, name: &str) -> Option<Action<'r>> {
        let [first, end] = service::SLOTS.map(|column| self.cell(column));
        let row = self.reference.blob.find_in_slots(layout::ACTION_SLOTS, first..end, name)?;
        Some(Action { service: self, row })
    }

    /// Its actions whose names a pattern covers: `Get*`, `*Key?`.
    pub fn actions_matching(self, pattern: &str) -> impl Iterator<Item = Action<'r>> {
        matching::named(self, pattern)
    }

    /// Whether a pattern covers any of its actions.
    #[must_use]
    pub fn has_action_matching(self, pattern: &str) -> bool {
        matching::fits_any(self, pattern)
    }

    /// Its resource types, in the order of their names.
    pub fn resource_types(self) -> impl Iterator<Item = ResourceType<'r>> {
        let [first, end] = service::RESOURCES.map(|column| self.cell(column));
        (first..end).map(move |row| ResourceType { reference: self.reference, row })
    }
}

impl fmt::Debug for Service<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Service({})", self.prefix())
    }
}

/// A kind of resource of one service.
#[derive(Clone, Copy)]
pub struct ResourceType<'r> {
    pub(super) reference: &'r Reference,
    pub(super) row: usize,
}

impl<'r> ResourceType<'r> {
    /// Its name within the service: `key`.
    #[must_use]
    pub fn name(self) -> &'r str {
        self.reference.blob.cell_text(layout::RESOURCES, self.row, layout::resource::NAME)
    }

    /// What its ARNs look like: `arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}`.
    pub fn arn_patterns(self) -> impl Iterator<Item = &'r str> {
        let blob = &self.reference.blob;
        let items = blob.cell_list(layout::RESOURCES, self.row, layout::resource::PATTERNS);
        items.step_by(form::WIDTH).map(|text| blob.text(text))
    }

    /// What those of its ARNs that have six parts look like, part by part.
    pub fn arn_forms(self) -> impl Iterator<Item = ArnForm<'r>> {
        let blob = &self.reference.blob;
        let first = blob.cell(layout::RESOURCES, self.row, layout::resource::PATTERNS);
        let places = (first + 1..).step_by(form::WIDTH).take(blob.word(first) / form::WIDTH);
        places.filter_map(move |place| {
            let [pattern, flags, resource, variable] =
                [form::PATTERN, form::FLAGS, form::RESOURCE, form::VARIABLE].map(|item| blob.word(place + item));
            let has = |flag| flags & flag as usize != 0;
            let start = blob.text_bytes(pattern).get(resource..variable).filter(|_| resource > 0);
            start.map(|resource_start| ArnForm {
                has_region: has(form::REGION),
                has_account: has(form::ACCOUNT),
                resource_start,
            })
        })
    }

    pub(super) fn key_rows(self) -> impl Iterator<Item = usize> + 'r {
        self.reference.blob.cell_list(layout::RESOURCES, self.row, layout::resource::KEYS)
    }

    /// The condition keys that every action on such a resource takes, templates as they are.
    pub fn condition_keys(self) -> impl Iterator<Item = &'r str> {
        self.key_rows().map(move |row| self.reference.key_name(row))
    }
}

/// A form that ARNs of a resource type have.
#[derive(Clone, Copy, Debug)]
pub struct ArnForm<'r> {
    /// Whether it has a Region.
    pub has_region: bool,
    /// Whether it has an account.
    pub has_account: bool,
    /// What stands before the first variable of its sixth part: `key/`.
    pub resource_start: &'r [u8],
}

impl fmt::Debug for ResourceType<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResourceType({})", self.name())
    }
}
