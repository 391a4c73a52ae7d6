//! The AWS service reference: which actions, resource types and condition keys there are, and which belongs to which.
//!
//! What AWS publishes stands as text in `data/service-reference.tsv`. The build script packs it (`pack`) into bytes that
//! are embedded and read in place: nothing is parsed or allocated at start, and every look-up is a search in a sorted
//! table. Another table of the same form can be read at run time ([`Reference::read`]).
//!
//! Letter case counts nowhere but in the names of partitions and regions. The reference knows what AWS had published on
//! its [date](Reference::date): a name that it lacks may be newer. It knows nothing of what a policy means.
//!
//! Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS services".

mod action;
mod blob;
mod facts;
mod key;
mod matching;
mod nearest;
mod pack;
mod partition;
mod service;
#[cfg(test)]
mod tests;

pub use action::{Action, ActionResource};
use blob::Blob;
pub use facts::{Fact, fact, facts};
pub use key::{KeyInfo, KeyOwner};
use pack::layout;
pub use pack::{AccessLevel, KeyType, ReferenceError};
pub use partition::Partition;
pub use service::{ArnForm, ResourceType, Service};

/// The service reference: the embedded one, or one that was read from a text.
#[derive(Clone)]
pub struct Reference {
    blob: Blob,
}

impl std::fmt::Debug for Reference {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Reference").field("date", &self.date()).finish_non_exhaustive()
    }
}

static EMBEDDED: Reference =
    Reference { blob: Blob::embedded(include_bytes!(concat!(env!("OUT_DIR"), "/service-reference.bin"))) };

impl Reference {
    /// The reference that this kpl was built with.
    #[must_use]
    pub fn embedded() -> &'static Self {
        &EMBEDDED
    }

    /// Reads the text form, that of `data/service-reference.tsv`.
    ///
    /// # Errors
    ///
    /// Names the first line found that is no record, stands twice, or names what the text does not define; and a text
    /// that has no date.
    pub fn read(text: &str) -> Result<Self, ReferenceError> {
        pack::pack(text).map(|bytes| Self { blob: Blob::owned(bytes) })
    }

    /// The day of the newest source, `2026-10-27`.
    #[must_use]
    pub fn date(&self) -> &str {
        self.blob.text(self.blob.word(layout::DATE))
    }

    /// The packages that the table was derived from, each with its version.
    pub fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut texts = self.blob.list(self.blob.word(layout::SOURCES)).map(|text| self.blob.text(text));
        std::iter::from_fn(move || Some((texts.next()?, texts.next()?)))
    }

    /// Every service, in the order of their prefixes.
    pub fn services(&self) -> impl Iterator<Item = Service<'_>> {
        self.blob.rows(layout::SERVICES).map(|row| Service { reference: self, row })
    }

    /// The service of a prefix: `kms`.
    #[must_use]
    pub fn service(&self, prefix: &str) -> Option<Service<'_>> {
        let slots = self.blob.rows(layout::SERVICE_SLOTS);
        let row = self.blob.find_in_slots(layout::SERVICE_SLOTS, slots, prefix)?;
        Some(Service { reference: self, row })
    }

    /// Whether resource control policies apply to a service.
    ///
    /// Source: AWS Organizations User Guide, "Resource control policies (RCPs)", list of AWS services that support RCPs.
    #[must_use]
    pub fn is_rcp_service(&self, service: &str) -> bool {
        self.service(service).is_some_and(Service::takes_resource_control_policies)
    }

    /// The action of a service, by its whole name: `kms`, `Decrypt`.
    #[must_use]
    pub fn action(&self, service: &str, name: &str) -> Option<Action<'_>> {
        self.service(service)?.action(name)
    }

    /// Whether an action, `kms:ListKeys`, is known to take no resource: it is asked for on `*`, and no ARN in a policy
    /// covers it.
    ///
    /// Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS services".
    #[must_use]
    pub fn takes_no_resource(&self, action: &str) -> bool {
        let known = action.split_once(':').and_then(|(service, name)| self.action(service, name));
        known.is_some_and(|action| action.resource_types().next().is_none())
    }

    /// The actions that an entry of an `Action` list covers: `kms:Get*`, `kms:*Key?`, `*:Tag*`, `*`.
    ///
    /// What stands before the first wildcard is looked up; only behind it every name is tried.
    pub fn actions_matching<'r>(&'r self, pattern: &str) -> impl Iterator<Item = Action<'r>> {
        matching::actions(self, pattern)
    }

    /// Whether older tables have an action that the newest lacks: `codestar:CreateProject`.
    #[must_use]
    pub fn is_retired(&self, service: &str, action: &str) -> bool {
        self.is_retired_name(&format!("{service}:{action}"))
    }

    /// Whether older tables have a service that the newest lacks: `codestar`.
    #[must_use]
    pub fn is_retired_service(&self, service: &str) -> bool {
        self.is_retired_name(service)
    }

    fn is_retired_name(&self, name: &str) -> bool {
        self.blob.find(layout::RETIRED, self.blob.rows(layout::RETIRED), layout::retired::NAME, name).is_some()
    }
}
