//! How a rule is declared: its page stands above its name.

/// Declares the rules of one file, and lists them as `RULES`.
///
/// The documentation comment of each is its page; its fixture is read at compile time, so that a rule without one does
/// not build. Codes that a case answers to instead of the rule's stand under `further_codes`. A rule that is decided where
/// another family is walked names its own: `family: Alias`. What a project may settle of it stands under `options`.
macro_rules! declare_rules {
    ($family:ident: $(
        $(#[doc = $doc:literal])+
        pub $name:ident = {
            id: $id:literal, code: $code:expr,
            $(further_codes: $further_codes:expr,)?
            $(family: $own:ident,)?
            severity: $severity:ident, confidence: $confidence:ident, persona: $persona:ident,
            $(supersedes: $supersedes:expr,)?
            $(options: $options:expr,)?
            summary: $summary:literal,
        }
    )+) => {
        $(
            $(#[doc = $doc])+
            pub(crate) static $name: crate::finding::RuleInfo = crate::finding::RuleInfo {
                id: $id,
                code: $code,
                further_codes: declare_rules!(@or_none $($further_codes)?),
                family: declare_rules!(@family $family $($own)?),
                severity: crate::finding::Severity::$severity,
                confidence: crate::finding::Confidence::$confidence,
                persona: crate::finding::Persona::$persona,
                summary: $summary,
                supersedes: declare_rules!(@or_none $($supersedes)?),
                options: declare_rules!(@or_none $($options)?),
                documentation: concat!($($doc, "\n",)+),
                fixture: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/rules/", $id, ".yaml")),
            };
        )+

        /// The rules of this file.
        static RULES: &[&crate::finding::RuleInfo] = &[$(&$name,)+];
    };
    (@family $family:ident) => { crate::finding::Family::$family };
    (@family $family:ident $own:ident) => { crate::finding::Family::$own };
    (@or_none) => { &[] };
    (@or_none $supersedes:expr) => { $supersedes };
}

pub(crate) use declare_rules;
