//! Which keys a `kpl.toml` has, and what each may hold: the reader, its messages and the schema go by this list.

/// What a key may hold.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// A string.
    Text,
    /// A string, or a list of them.
    Texts,
    /// One of these words.
    Word(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A day, `2027-01-31`, as a date or a string.
    Day,
    /// A table of names, each with one of these words.
    Words(&'static [&'static str]),
    /// A string or a list of them; or a table of lists of these names, and of tables of options.
    TextsOrOptions(&'static str),
    /// A list of tables with these keys.
    Tables(&'static [Key]),
    /// A list of strings and of tables with these keys.
    TextsAndTables(&'static [Key]),
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it may hold.
    pub shape: Shape,
    /// Whether its table must have it.
    pub required: bool,
    /// What it settles, a clause.
    pub about: &'static str,
}

const fn key(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key { name, shape, required: false, about }
}

const fn required(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key { name, shape, required: true, about }
}

/// The severities that a rule may be given.
pub(super) const LEVELS: &[&str] = &["error", "warning", "note"];

/// The kinds of policies, as `--kind` names them.
pub(super) const KINDS: &[&str] =
    &["identity", "key", "resource", "trust", "scp", "rcp", "boundary", "session", "endpoint"];

/// The keys of the file.
pub const KEYS: &[Key] = &[
    key("select", Shape::Texts, "only these rules speak: names, families, packs or Access Analyzer codes"),
    key(
        "ignore",
        Shape::TextsAndTables(IGNORE_KEYS),
        "a string: a rule, family or code that keeps silent; a table: findings that are accepted, with the reason",
    ),
    key("severity", Shape::Words(LEVELS), "the severity of rules, by their names"),
    key(
        "rules",
        Shape::TextsOrOptions("folders"),
        "folders of rules as data, which speak beside kpl's own; or a table: these under `folders`, and options of rules by \
         their names",
    ),
    key("packs", Shape::Texts, "packs of rules that speak beside the others"),
    key("persona", Shape::Word(&["regular", "pedantic", "auditor"]), "who reads the report"),
    key("fail-on", Shape::Word(&["error", "warning", "note", "never"]), "the least severity that ends the run with 1"),
    key("fail-on-undecided", Shape::Flag, "whether the run ends with 1 also where a rule could not be asked"),
    key("account", Shape::Text, "the account that owns what is checked, where the files do not say"),
    key("resource-type", Shape::Text, "what a resource policy hangs on, by its name in CloudFormation"),
    key("region", Shape::Text, "the Region of the key, where the files do not say"),
    key("partition", Shape::Text, "the partition, where the files do not say: aws, aws-cn, aws-us-gov"),
    key("workload", Shape::Texts, "who uses the key: ARNs of roles, users or sessions"),
    key("admin", Shape::Texts, "who may administer the key: ARNs"),
    key("alias", Shape::Texts, "the aliases that conditions must name"),
    key("trusted-account", Shape::Texts, "other accounts that are meant to have access"),
    key("trusted-org", Shape::Texts, "organisations that are meant to have access: o-…"),
    key("context", Shape::Texts, "files and globs that rules may look at, and that are not reported on"),
    key("exclude", Shape::Texts, "files, folders and globs that are passed over"),
    key("force-exclude", Shape::Flag, "whether they are passed over also where they are named"),
    key("baseline", Shape::Text, "a file of findings that are known, as --write-baseline writes it"),
    key("reference", Shape::Text, "a newer service reference, as scripts/refresh-reference writes it"),
    key("path", Shape::Tables(PATH_KEYS), "settings of some files"),
];

/// The keys of a `[[path]]`.
pub const PATH_KEYS: &[Key] = &[
    required("files", Shape::Texts, "which files: paths and globs"),
    key("kind", Shape::Word(KINDS), "what kind of policy they hold"),
    key("ignore", Shape::Texts, "rules that keep silent about them"),
    key("severity", Shape::Words(LEVELS), "the severity of rules there, by their names"),
];

/// The keys of an `[[ignore]]`.
pub const IGNORE_KEYS: &[Key] = &[
    required("rule", Shape::Texts, "of which rules: names, families or codes"),
    key("path", Shape::Texts, "in which files: paths and globs"),
    key("address", Shape::Texts, "in which documents of a file, by their addresses; `*` and `?` are wildcards"),
    key("arn", Shape::Texts, "about which ARNs; `*` and `?` are wildcards"),
    key("sid", Shape::Texts, "in which statements, by their Sids; `*` and `?` are wildcards"),
    key("action", Shape::Texts, "about which actions, in any letter case; `*` and `?` are wildcards"),
    required("reason", Shape::Text, "why it is accepted"),
    key("expires", Shape::Day, "the last day on which it is accepted, as in 2027-01-31"),
];
