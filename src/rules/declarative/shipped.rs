//! The rules and packs that kpl ships: text, until one of them is named.

use crate::source::{Origin, Source, Sources};

/// A file that kpl ships.
#[derive(Clone, Copy, Debug)]
pub struct Shipped {
    /// Of which pack it is, or which it is.
    pub pack: &'static str,
    /// The rule's id; `None` for the pack's own file.
    pub rule: Option<&'static str>,
    text: &'static str,
}

/// Lists the packs with the rules that are theirs alone.
macro_rules! shipped {
    ($($pack:literal: [$($rule:literal),*],)+) => {
        static FILES: &[Shipped] = &[$(
            Shipped { pack: $pack, rule: None, text: include_str!(concat!("../../../rules/", $pack, "/pack.yaml")) },
            $(Shipped {
                pack: $pack,
                rule: Some($rule),
                text: include_str!(concat!("../../../rules/", $pack, "/", $rule, ".yaml")),
            },)*
        )+];
    };
}

shipped! {
    "kms": ["decrypt-without-via-service", "decrypt-without-encryption-context", "put-key-policy-without-mfa"],
    "kasten": ["key-used-by-iam-user"],
    "cis": [],
    "security-hub": ["service-wildcard-allowed"],
    "data-perimeter": ["grant-without-organisation", "scp-lets-account-leave"],
}

/// Every file, the packs in the order of the catalogue.
pub fn names() -> impl Iterator<Item = &'static Shipped> {
    FILES.iter()
}

/// The names of the packs.
pub(super) fn pack_names() -> Vec<&'static str> {
    names().filter(|file| file.rule.is_none()).map(|file| file.pack).collect()
}

/// Whether a word names a shipped rule or pack.
pub(super) fn is_named(word: &str) -> bool {
    names().any(|file| file.rule == Some(word)) || is_pack(word)
}

pub(super) fn is_pack(word: &str) -> bool {
    names().any(|file| file.pack == word)
}

/// The files as sources, named as they stand in the repository.
pub(super) fn sources() -> Sources {
    let mut sources = Sources::default();
    for file in names() {
        let name = format!("rules/{}/{}.yaml", file.pack, file.rule.unwrap_or("pack"));
        sources.push(Source::of_text(Origin::File(name.into()), file.text.to_owned()));
    }
    sources
}
