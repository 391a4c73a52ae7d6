//! `kpl.toml`: what a project settles once, for every run.
//!
//! [`read`] takes a text apart and gives every value its place. It knows which keys there are and what each may hold
//! ([`KEYS`]), and no rule, account or policy: whether a rule exists is asked by whoever knows the rules.

mod keys;
mod schema;
mod table;
mod toml;

pub use keys::{IGNORE_KEYS, KEYS, Key, PATH_KEYS, Shape};
pub use schema::{schema, shape_of_texts};

use crate::{
    finding::Complaint,
    source::{Source, Span, Spanned},
};
use table::Table;

/// The name of the file.
pub const FILE_NAME: &str = "kpl.toml";

/// Values of a list, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    /// Where their key stands.
    pub key: Span,
    /// The values.
    pub values: Vec<Spanned<String>>,
}

/// What stands in a `kpl.toml`. A key that is not written is `None`, or empty.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Rules that alone speak.
    pub select: Option<Texts>,
    /// Rules that keep silent.
    pub ignore: Option<Texts>,
    /// Severities of rules, by their names.
    pub severity: Vec<(Spanned<String>, Spanned<String>)>,
    /// Folders of rules as data.
    pub rules: Option<Texts>,
    /// Options of rules.
    pub options: Vec<OptionsConfig>,
    /// Packs whose rules speak beside the others.
    pub packs: Option<Texts>,
    /// Who reads.
    pub persona: Option<Spanned<String>>,
    /// From which severity on a run fails.
    pub fail_on: Option<Spanned<String>>,
    /// Whether a run fails where a rule could not be asked.
    pub fail_on_undecided: Option<Spanned<bool>>,
    /// The account that owns what is checked.
    pub account: Option<Spanned<String>>,
    /// Its Region.
    pub region: Option<Spanned<String>>,
    /// Its partition.
    pub partition: Option<Spanned<String>>,
    /// What a resource policy hangs on.
    pub resource_type: Option<Spanned<String>>,
    /// Who uses the key.
    pub workload: Option<Texts>,
    /// Who may administer it.
    pub admin: Option<Texts>,
    /// The aliases that conditions must name.
    pub alias: Option<Texts>,
    /// Other accounts that are meant to have access.
    pub trusted_account: Option<Texts>,
    /// Organisations that are meant to have access.
    pub trusted_org: Option<Texts>,
    /// Files that rules may look at without reporting on them.
    pub context: Option<Texts>,
    /// Files that are passed over.
    pub exclude: Option<Texts>,
    /// Whether they are passed over also where they are named.
    pub force_exclude: Option<Spanned<bool>>,
    /// A baseline.
    pub baseline: Option<Spanned<String>>,
    /// A newer service reference.
    pub reference: Option<Spanned<String>>,
    /// Settings of some files.
    pub paths: Vec<PathConfig>,
    /// Findings that are accepted.
    pub accepted: Vec<IgnoreConfig>,
}

/// One `[rules.NAME]`: the options of a rule.
#[derive(Clone, Debug)]
pub struct OptionsConfig {
    /// Which rule.
    pub rule: Spanned<String>,
    /// Each option with its value.
    pub options: Vec<(Spanned<String>, Spanned<OptionConfig>)>,
}

/// What is written of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OptionConfig {
    /// A number, as it is spelt.
    Number(String),
    /// One text.
    Text(String),
    /// A list of texts.
    Texts(Vec<String>),
    /// Anything else, in TOML's words.
    Other(&'static str),
}

/// One `[[path]]`: settings of some files.
#[derive(Clone, Debug)]
pub struct PathConfig {
    /// Which files.
    pub files: Vec<Spanned<String>>,
    /// What kind of policy they hold.
    pub kind: Option<Spanned<String>>,
    /// Rules that keep silent about them.
    pub ignore: Vec<Spanned<String>>,
    /// Severities of rules there.
    pub severity: Vec<(Spanned<String>, Spanned<String>)>,
}

/// One `[[ignore]]`: findings that are accepted, and why.
#[derive(Clone, Debug)]
pub struct IgnoreConfig {
    /// Where the entry stands.
    pub span: Span,
    /// Of which rules.
    pub rule: Vec<Spanned<String>>,
    /// In which files; anywhere where it is empty. So are the next four.
    pub path: Vec<Spanned<String>>,
    /// In which documents of a file.
    pub address: Vec<Spanned<String>>,
    /// About which ARNs.
    pub arn: Vec<Spanned<String>>,
    /// In which statements.
    pub sid: Vec<Spanned<String>>,
    /// About which actions.
    pub action: Vec<Spanned<String>>,
    /// Why.
    pub reason: Spanned<String>,
    /// The last day on which it holds, `2027-01-31`.
    pub expires: Option<Spanned<String>>,
}

/// Reads a `kpl.toml`.
///
/// # Errors
/// Everything that is wrong with it, in the order of the text: what is no TOML, keys that do not exist, values that a key
/// does not take.
pub fn read(source: &Source) -> Result<Config, Vec<Complaint>> {
    let root = toml::read(source)?;
    let mut complaints = Vec::new();
    let table = Table::read(&root, KEYS, &mut complaints);
    let config = Config::of(&table, &mut complaints);
    if complaints.is_empty() {
        return Ok(config);
    }
    complaints.sort_by_key(|complaint| complaint.place.span);
    Err(complaints)
}

impl Config {
    fn of(table: &Table<'_>, complaints: &mut Vec<Complaint>) -> Self {
        let (ignore, accepted) = table.texts_and_tables("ignore");
        Self {
            select: table.texts("select"),
            ignore,
            severity: table.words("severity"),
            rules: table.texts_or_named("rules", "folders"),
            options: table.options("rules", "folders"),
            packs: table.texts("packs"),
            persona: table.text("persona"),
            fail_on: table.text("fail-on"),
            fail_on_undecided: table.flag("fail-on-undecided"),
            account: table.text("account"),
            region: table.text("region"),
            partition: table.text("partition"),
            resource_type: table.text("resource-type"),
            workload: table.texts("workload"),
            admin: table.texts("admin"),
            alias: table.texts("alias"),
            trusted_account: table.texts("trusted-account"),
            trusted_org: table.texts("trusted-org"),
            context: table.texts("context"),
            exclude: table.texts("exclude"),
            force_exclude: table.flag("force-exclude"),
            baseline: table.text("baseline"),
            reference: table.text("reference"),
            paths: table
                .tables("path")
                .iter()
                .filter_map(|node| PathConfig::of(&Table::read(node, PATH_KEYS, complaints)))
                .collect(),
            accepted: accepted
                .iter()
                .filter_map(|node| IgnoreConfig::of(&Table::read(node, IGNORE_KEYS, complaints)))
                .collect(),
        }
    }
}

/// The values of a list whose key is of no further use.
fn values(texts: Option<Texts>) -> Vec<Spanned<String>> {
    texts.map(|texts| texts.values).unwrap_or_default()
}

impl PathConfig {
    fn of(table: &Table<'_>) -> Option<Self> {
        Some(Self {
            files: table.texts("files")?.values,
            kind: table.text("kind"),
            ignore: values(table.texts("ignore")),
            severity: table.words("severity"),
        })
    }
}

impl IgnoreConfig {
    fn of(table: &Table<'_>) -> Option<Self> {
        Some(Self {
            span: table.span(),
            rule: table.texts("rule")?.values,
            path: values(table.texts("path")),
            address: values(table.texts("address")),
            arn: values(table.texts("arn")),
            sid: values(table.texts("sid")),
            action: values(table.texts("action")),
            reason: table.text("reason")?,
            expires: table.text("expires"),
        })
    }
}

#[cfg(test)]
mod tests;
