//! Condition keys: found by name, or by the template that they fill.
//!
//! A template holds one `${…}`, which stands for any text but none: `kms:EncryptionContext:${EncryptionContextKey}` is
//! filled by `kms:EncryptionContext:aws:s3:arn`, `aws:RequestTag/${TagKey}` by `aws:RequestTag/team`. One that begins with
//! it, `${Provider}:sub`, is filled by a host name: `token.actions.githubusercontent.com:sub`.

use std::fmt;

use super::{
    KeyType, Reference, Service,
    blob::{compare, partition_point},
    layout::{self, foreign, key, template},
};

/// What is known of a condition key.
///
/// Source: Service Authorization Reference, the table "Condition keys" of its service; IAM User Guide, "AWS global
/// condition context keys".
#[derive(Clone, Copy)]
pub struct KeyInfo<'r> {
    reference: &'r Reference,
    row: usize,
}

impl<'r> KeyInfo<'r> {
    fn cell(self, column: usize) -> usize {
        self.reference.blob.cell(layout::KEYS, self.row, column)
    }

    /// Its name as AWS spells it, or the template that it fills: `kms:ViaService`, `aws:RequestTag/${TagKey}`.
    #[must_use]
    pub fn name(self) -> &'r str {
        self.reference.key_name(self.row)
    }

    /// What its values are.
    #[must_use]
    pub fn value_type(self) -> KeyType {
        KeyType::ALL.get(self.cell(key::TYPE)).map_or(KeyType::String, |(kind, _)| *kind)
    }

    /// Whether a request can have several values of it, so that an operator needs `ForAnyValue` or `ForAllValues`.
    ///
    /// Source: IAM User Guide, "Single-valued vs. multivalued context keys".
    #[must_use]
    pub fn is_multi_valued(self) -> bool {
        self.cell(key::FLAGS) & key::MULTI_VALUED != 0
    }

    /// Whether it is a key of every service.
    #[must_use]
    pub fn is_global(self) -> bool {
        self.reference.is_global_row(self.row)
    }

    /// The services that define it. A global key may have none.
    pub fn services(self) -> impl Iterator<Item = Service<'r>> {
        let rows = self.reference.blob.list(self.cell(key::SERVICES));
        rows.map(move |row| Service { reference: self.reference, row })
    }
}

impl fmt::Debug for KeyInfo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyInfo({})", self.name())
    }
}

/// Whose a condition key is, by what stands before its first colon.
#[derive(Clone, Copy, Debug)]
pub enum KeyOwner<'r> {
    /// `aws:`, of every service.
    Global,
    /// A service's own prefix (`kms:`), or one that this service alone knows (`saml:` and
    /// `token.actions.githubusercontent.com:`, which are of `sts`).
    Service(Service<'r>),
    /// The host of an OIDC provider that the reference does not name: its keys are of `sts` too.
    ///
    /// Source: IAM User Guide, "Available keys for AWS OIDC federation".
    Provider,
}

impl Reference {
    /// A condition key of any service, or a global one. The key of a template is found by what fills it.
    #[must_use]
    pub fn condition_key(&self, key: &str) -> Option<KeyInfo<'_>> {
        self.key_rows(key).next().map(|row| KeyInfo { reference: self, row })
    }

    /// A condition key of every service.
    ///
    /// Source: IAM User Guide, "AWS global condition context keys".
    #[must_use]
    pub fn global_key(&self, key: &str) -> Option<KeyInfo<'_>> {
        self.key_rows(key).find(|row| self.is_global_row(*row)).map(|row| KeyInfo { reference: self, row })
    }

    /// Every condition key, in the order of their names.
    pub fn condition_keys(&self) -> impl Iterator<Item = KeyInfo<'_>> {
        self.blob.rows(layout::KEYS).map(|row| KeyInfo { reference: self, row })
    }

    /// Whose a key is, known or not; `None` where its prefix is neither a service's nor a host.
    #[must_use]
    pub fn service_of_key(&self, key: &str) -> Option<KeyOwner<'_>> {
        let (prefix, _) = key.split_once(':')?;
        if prefix.eq_ignore_ascii_case("aws") {
            return Some(KeyOwner::Global);
        }
        let service = self.service(prefix).or_else(|| self.service_of_foreign(prefix));
        service.map(KeyOwner::Service).or_else(|| prefix.contains('.').then_some(KeyOwner::Provider))
    }

    fn service_of_foreign(&self, prefix: &str) -> Option<Service<'_>> {
        let cell = |row, column| self.blob.cell(layout::FOREIGN, row, column);
        let name = |row| Template {
            name: self.blob.text_bytes(cell(row, foreign::NAME)),
            prefix: cell(row, foreign::PREFIX),
            suffix: cell(row, foreign::SUFFIX),
        };
        let row = self.blob.rows(layout::FOREIGN).find(|row| name(*row).is_filled_by(prefix.as_bytes()))?;
        Some(Service { reference: self, row: cell(row, foreign::SERVICE) })
    }

    pub(super) fn key_name(&self, row: usize) -> &str {
        self.blob.cell_text(layout::KEYS, row, key::NAME)
    }

    pub(super) fn is_global_row(&self, row: usize) -> bool {
        self.blob.cell(layout::KEYS, row, key::FLAGS) & key::GLOBAL != 0
    }

    /// The rows that a key belongs to: that of its name, then those of templates that it fills, the closest first.
    pub(super) fn key_rows(&self, key: &str) -> impl Iterator<Item = usize> {
        let exact = self.blob.find_in_slots(layout::KEY_SLOTS, self.blob.rows(layout::KEY_SLOTS), key);
        // Most keys are no template's, so those are not searched before they are asked for.
        exact.into_iter().chain(std::iter::once_with(|| self.templates_of(key)).flatten())
    }

    /// The keys of the templates that a key fills, those with a longer beginning first.
    ///
    /// A beginning sorts no later than what fills it. So the search goes backwards from where the key would stand; where
    /// a beginning differs, only one that fits in what both have in common can still be right.
    fn templates_of(&self, key: &str) -> impl Iterator<Item = usize> {
        let up_to = |end, key| partition_point(0..end, |row| compare(self.template(row).start(), key).is_le());
        let key = key.as_bytes();
        let mut end = up_to(self.blob.rows(layout::TEMPLATES).end, key);
        let starting = std::iter::from_fn(move || {
            loop {
                let row = end.checked_sub(1)?;
                let start = self.template(row).start();
                let common = key.iter().zip(start).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
                if common == start.len() {
                    end = row;
                    return Some(row);
                }
                end = up_to(row, key.get(..common).unwrap_or_default());
            }
        });
        let filled = starting.filter(move |row| self.template(*row).is_filled_by(key));
        filled.map(|row| self.blob.cell(layout::TEMPLATES, row, template::KEY))
    }

    fn template(&self, row: usize) -> Template<'_> {
        let [name, prefix, suffix] = [template::NAME, template::PREFIX, template::SUFFIX]
            .map(|column| self.blob.cell(layout::TEMPLATES, row, column));
        Template { name: self.blob.text_bytes(name), prefix, suffix }
    }
}

/// A name with one `${…}` in it, which starts and ends at two bytes. Where there is none, both are its length.
struct Template<'r> {
    name: &'r [u8],
    prefix: usize,
    suffix: usize,
}

impl<'r> Template<'r> {
    fn start(&self) -> &'r [u8] {
        self.name.get(..self.prefix).unwrap_or(self.name)
    }

    fn end(&self) -> &'r [u8] {
        self.name.get(self.suffix..).unwrap_or_default()
    }

    /// Whether a text is this name with something in the place of its `${…}`. Where that begins the name, it must be a
    /// host name.
    fn is_filled_by(&self, text: &[u8]) -> bool {
        let start = self.start().len();
        let end = text.len().checked_sub(self.end().len()).filter(|end| start <= *end);
        let Some((rest, behind)) = end.and_then(|end| text.split_at_checked(end)) else { return false };
        let Some((before, between)) = rest.split_at_checked(start) else { return false };
        before.eq_ignore_ascii_case(self.start())
            && behind.eq_ignore_ascii_case(self.end())
            && between.is_empty() == (self.prefix == self.suffix)
            && (start > 0 || between.contains(&b'.') && !between.contains(&b':'))
    }
}
