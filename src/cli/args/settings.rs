//! What may be typed and also stands in `kpl.toml`.

use std::path::PathBuf;

use clap::{ArgAction, ValueEnum};

use crate::{
    finding::{Persona, Severity},
    lint::Selector,
    policy::{AccountId, Principal},
    reference::{Reference, fact, facts},
    rules::Catalogue,
};

/// From which severity on findings fail the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum FailOn {
    Error,
    Warning,
    Note,
    Never,
}

impl FailOn {
    pub(in crate::cli) fn severity(self) -> Option<Severity> {
        match self {
            Self::Error => Some(Severity::Error),
            Self::Warning => Some(Severity::Warning),
            Self::Note => Some(Severity::Note),
            Self::Never => None,
        }
    }

    pub(in crate::cli) fn word(self) -> &'static str {
        self.severity().map_or("never", Severity::word)
    }
}

/// What holds for a project. What is not typed stands in `kpl.toml`, or is the default.
#[derive(Debug, Default, clap::Args)]
pub(in crate::cli) struct SettingsArgs {
    /// The account that owns what is checked, where the files do not say
    #[arg(long, value_name = "ID", value_parser = account)]
    pub(in crate::cli) account: Option<AccountId>,

    /// Its Region, where the files do not say
    #[arg(long, value_name = "REGION", value_parser = region)]
    pub(in crate::cli) region: Option<String>,

    /// Its partition, where the files do not say: aws, aws-cn, aws-us-gov
    #[arg(long, value_name = "PARTITION", value_parser = partition)]
    pub(in crate::cli) partition: Option<String>,

    /// What a resource policy hangs on, by its name in CloudFormation
    #[arg(long, value_name = "TYPE", value_parser = resource_type)]
    pub(in crate::cli) resource_type: Option<String>,

    /// Who uses the key: a role, a user or a session
    #[arg(long, value_name = "ARN", value_parser = workload, action = ArgAction::Append)]
    pub(in crate::cli) workload: Vec<Principal>,

    /// Who may administer the key
    #[arg(long, value_name = "ARN", value_parser = admin, action = ArgAction::Append)]
    pub(in crate::cli) admin: Vec<Principal>,

    /// The alias that conditions must name
    #[arg(long, value_name = "NAME", value_parser = alias, action = ArgAction::Append)]
    pub(in crate::cli) alias: Vec<String>,

    /// Another account that is meant to have access
    #[arg(long, value_name = "ID", value_parser = account, action = ArgAction::Append)]
    pub(in crate::cli) trusted_account: Vec<AccountId>,

    /// An organisation whose accounts are meant to have access
    #[arg(long, value_name = "ID", value_parser = organisation, action = ArgAction::Append)]
    pub(in crate::cli) trusted_org: Vec<String>,

    /// Only these rules: names, families, packs or Access Analyzer codes
    #[arg(long, value_name = "RULES", value_delimiter = ',', action = ArgAction::Append)]
    pub(in crate::cli) select: Vec<String>,

    /// All but these rules
    #[arg(long, value_name = "RULES", value_delimiter = ',', action = ArgAction::Append)]
    pub(in crate::cli) ignore: Vec<String>,

    /// The severity of a rule
    #[arg(long, value_name = "RULE=LEVEL", value_parser = severity, action = ArgAction::Append)]
    pub(in crate::cli) severity: Vec<(String, Severity)>,

    /// A folder of rules as data: each speaks beside kpl's own
    #[arg(long, value_name = "DIR", action = ArgAction::Append)]
    pub(in crate::cli) rules: Vec<PathBuf>,

    /// Who reads: regular, pedantic (style too) or auditor (guesses too)
    #[arg(long, value_name = "PERSONA", value_parser = persona)]
    pub(in crate::cli) persona: Option<Persona>,

    /// The least severity that ends the run with 1: error unless set
    #[arg(long, value_name = "LEVEL")]
    pub(in crate::cli) fail_on: Option<FailOn>,

    /// End with 1 also where a rule could not be asked
    #[arg(long)]
    pub(in crate::cli) fail_on_undecided: bool,

    /// Files that rules may look at, and that are not reported on
    #[arg(long, value_name = "GLOB", action = ArgAction::Append)]
    pub(in crate::cli) context: Vec<String>,

    /// Pass over what kpl.toml excludes also where it is named
    #[arg(long)]
    pub(in crate::cli) force_exclude: bool,

    /// Findings that are known, as --write-baseline writes them
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) baseline: Option<PathBuf>,

    /// A newer service reference, as scripts/refresh-reference writes it
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) reference: Option<PathBuf>,

    /// This configuration, not the kpl.toml of the current folder or the ones above it
    #[arg(long, value_name = "FILE", conflicts_with = "isolated")]
    pub(in crate::cli) config: Option<PathBuf>,

    /// Read no kpl.toml
    #[arg(long)]
    pub(in crate::cli) isolated: bool,
}

pub(in crate::cli) fn account(text: &str) -> Result<AccountId, String> {
    text.parse().map_err(|error: crate::policy::AccountIdError| error.to_string())
}

pub(in crate::cli) fn region(text: &str) -> Result<String, String> {
    match Reference::embedded().partition_of_region(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err("it is a Region such as eu-central-1".to_owned()),
    }
}

pub(in crate::cli) fn resource_type(text: &str) -> Result<String, String> {
    let names = || facts("resource-type").iter().map(|known| known.name).collect::<Vec<_>>().join(", ");
    fact("resource-type", text).map(|known| known.name.to_owned()).ok_or_else(|| format!("it is one of {}", names()))
}

pub(in crate::cli) fn partition(text: &str) -> Result<String, String> {
    let reference = Reference::embedded();
    if reference.partition(text).is_some() {
        return Ok(text.to_owned());
    }
    let names: Vec<&str> = reference.partitions().map(crate::reference::Partition::name).collect();
    Err(format!("it is one of {}", names.join(", ")))
}

pub(in crate::cli) fn workload(text: &str) -> Result<Principal, String> {
    match text.parse() {
        Ok(principal @ (Principal::Role(_) | Principal::User(_) | Principal::AssumedRole(_))) => Ok(principal),
        Ok(_) | Err(_) => Err("it is the ARN of a role, a user or a role's session".to_owned()),
    }
}

pub(in crate::cli) fn admin(text: &str) -> Result<Principal, String> {
    match text.parse() {
        Ok(Principal::Anyone | Principal::UniqueId(_)) | Err(_) => {
            Err("it is the ARN of a role, a user, a role's session or an account's root".to_owned())
        }
        Ok(principal) => Ok(principal),
    }
}

/// An alias's whole name; the prefix may be left out.
pub(in crate::cli) fn alias(text: &str) -> Result<String, String> {
    let name = text.strip_prefix("alias/").unwrap_or(text);
    let legal = |character: char| character.is_ascii_alphanumeric() || matches!(character, '/' | '_' | '-');
    if name.is_empty() || !name.chars().all(legal) {
        return Err("it is an alias's name such as alias/kasten, no ARN".to_owned());
    }
    Ok(format!("alias/{name}"))
}

/// The id of an organisation.
///
/// Source: AWS Organizations API Reference, "Organization", `Id`.
pub(in crate::cli) fn organisation(text: &str) -> Result<String, String> {
    let is_id = text.strip_prefix("o-").is_some_and(|id| {
        (10..=32).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    });
    if is_id { Ok(text.to_owned()) } else { Err("it is an organisation's id such as o-a1b2c3d4e5".to_owned()) }
}

fn severity(text: &str) -> Result<(String, Severity), String> {
    let (rule, level) = text.split_once('=').ok_or("it is RULE=LEVEL")?;
    Ok((rule.to_owned(), level.parse().map_err(|_| "the level is error, warning or note".to_owned())?))
}

/// One rule, by its name.
pub(in crate::cli) fn rule(text: &str, catalogue: &Catalogue) -> Result<&'static str, String> {
    match selector(text, catalogue)? {
        Selector::Rule(id) => Ok(id),
        Selector::Family(_) | Selector::Pack(_) | Selector::Code(_) => {
            Err(format!("`{text}` is not the name of one rule"))
        }
    }
}

pub(in crate::cli) fn selector(text: &str, catalogue: &Catalogue) -> Result<Selector, String> {
    Selector::read(text, catalogue).map_err(|error| error.to_string())
}

pub(in crate::cli) fn persona(text: &str) -> Result<Persona, String> {
    text.parse().map_err(|_| "it is regular, pedantic or auditor".to_owned())
}
