//! What was typed.

use std::path::PathBuf;

use clap::{ArgAction, Parser, Subcommand, ValueEnum};

use crate::{
    finding::{Persona, Severity},
    lint::Selector,
    policy::{AccountId, PolicyKind, Principal},
    reference::Reference,
    render::Format,
    rules,
};

/// A policy linter for AWS IAM and KMS that needs no network and no account
#[derive(Debug, Parser)]
#[command(name = "kpl", version = version(), max_term_width = 100, arg_required_else_help = true)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check policies and keys, in files, folders or on stdin
    Check(Box<CheckArgs>),
    /// Say what a rule does, why it matters and how to mend it
    Explain(ExplainArgs),
    /// List the rules
    Rules(RulesArgs),
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorWhen {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// From which severity on findings fail the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    Error,
    Warning,
    Note,
    Never,
}

impl FailOn {
    pub(super) fn severity(self) -> Option<Severity> {
        match self {
            Self::Error => Some(Severity::Error),
            Self::Warning => Some(Severity::Warning),
            Self::Note => Some(Severity::Note),
            Self::Never => None,
        }
    }
}

/// Looks policies and keys over, alone and together.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own, as it is typed")]
#[derive(Debug, clap::Args)]
pub(super) struct CheckArgs {
    /// Files, folders and globs; `-` is stdin, and nothing is the current folder
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,

    /// How the report is written: text, concise, json, jsonl, sarif, github, gitlab, junit or rdjson; FORMAT=FILE writes
    /// it to a file, beside what else is asked for
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = output, action = ArgAction::Append)]
    pub(super) format: Vec<Output>,

    /// Write the report to this file
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,

    /// What kind of policy the files hold: auto, identity, key, resource, trust, scp, rcp, boundary, session, endpoint
    #[arg(long, value_name = "KIND", default_value = "auto", value_parser = kind, hide_default_value = true)]
    pub(super) kind: KindArg,

    /// The account that owns what is checked, where the files do not say
    #[arg(long, value_name = "ID", value_parser = account)]
    pub(super) account: Option<AccountId>,

    /// Who uses the key: a role, a user or a session
    #[arg(long, value_name = "ARN", value_parser = workload, action = ArgAction::Append)]
    pub(super) workload: Vec<Principal>,

    /// Who may administer the key
    #[arg(long, value_name = "ARN", value_parser = admin, action = ArgAction::Append)]
    pub(super) admin: Vec<Principal>,

    /// The alias that conditions must name
    #[arg(long, value_name = "NAME", value_parser = alias, action = ArgAction::Append)]
    pub(super) alias: Vec<String>,

    /// Another account that is meant to have access
    #[arg(long, value_name = "ID", value_parser = account, action = ArgAction::Append)]
    pub(super) trusted_account: Vec<AccountId>,

    /// Only these rules: names, families or Access Analyzer codes
    #[arg(long, value_name = "RULES", value_delimiter = ',', action = ArgAction::Append)]
    pub(super) select: Vec<Selector>,

    /// All but these rules
    #[arg(long, value_name = "RULES", value_delimiter = ',', action = ArgAction::Append)]
    pub(super) ignore: Vec<Selector>,

    /// The severity of a rule
    #[arg(long, value_name = "RULE=LEVEL", value_parser = severity, action = ArgAction::Append)]
    pub(super) severity: Vec<(&'static str, Severity)>,

    /// Who reads: regular, pedantic (style too) or auditor (guesses too)
    #[arg(long, value_name = "PERSONA", default_value = "regular", value_parser = persona, hide_default_value = true)]
    pub(super) persona: Persona,

    /// The least severity that ends the run with 1
    #[arg(long, value_name = "LEVEL", default_value = "error")]
    pub(super) fail_on: FailOn,

    /// End with 1 also where a rule could not be asked
    #[arg(long)]
    pub(super) fail_on_undecided: bool,

    /// The name under which stdin is reported
    #[arg(long, value_name = "NAME")]
    pub(super) stdin_filename: Option<String>,

    /// Pass over named files that hold no policy
    #[arg(long)]
    pub(super) if_policy: bool,

    /// Files that rules may look at, and that are not reported on
    #[arg(long, value_name = "GLOB", action = ArgAction::Append)]
    pub(super) context: Vec<String>,

    /// A newer service reference, as scripts/refresh-reference writes it
    #[arg(long, value_name = "FILE")]
    pub(super) reference: Option<PathBuf>,

    /// Read no configuration; there is none yet, so this changes nothing
    #[arg(long, hide = true)]
    pub(super) isolated: bool,

    /// How many bytes a file and a policy may have
    #[arg(long, value_name = "BYTES")]
    pub(super) max_size: Option<u64>,

    /// Show every finding in full, however many there are
    #[arg(long)]
    pub(super) all: bool,

    /// Findings only, no summary
    #[arg(short, long, conflicts_with = "verbose")]
    pub(super) quiet: bool,

    /// Also say what each file was taken for, and what was passed over
    #[arg(short, long)]
    pub(super) verbose: bool,

    /// When to colour: auto, always or never
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_possible_values = true, hide_default_value = true)]
    pub(super) color: ColorWhen,
}

/// One report of a run, as `--format` asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Output {
    pub(super) format: Format,
    /// Where it goes; `None` for where `--output` says, else stdout.
    pub(super) file: Option<PathBuf>,
}

/// The kind that `--kind` names; `None` for auto.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KindArg(pub(super) Option<PolicyKind>);

/// Prints the page of one rule.
#[derive(Debug, clap::Args)]
pub(super) struct ExplainArgs {
    /// The rule's name
    #[arg(value_name = "RULE")]
    pub(super) rule: String,

    /// When to colour: auto, always or never
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_possible_values = true, hide_default_value = true)]
    pub(super) color: ColorWhen,
}

/// Prints the catalogue.
#[derive(Debug, clap::Args)]
pub(super) struct RulesArgs {
    /// How the catalogue is written: text or json
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = catalogue_format, hide_default_value = true)]
    pub(super) format: Format,

    /// When to colour: auto, always or never
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_possible_values = true, hide_default_value = true)]
    pub(super) color: ColorWhen,
}

fn version() -> String {
    format!("{} (reference of {})", env!("CARGO_PKG_VERSION"), Reference::embedded().date())
}

fn output(text: &str) -> Result<Output, String> {
    let (format, file) = match text.split_once('=') {
        Some((_, "")) => return Err("a file's name follows the `=`".to_owned()),
        Some((format, file)) => (format, Some(PathBuf::from(file))),
        None => (text, None),
    };
    let format = format.parse().map_err(|error: crate::render::UnknownFormat| error.to_string())?;
    Ok(Output { format, file })
}

fn catalogue_format(text: &str) -> Result<Format, String> {
    match text.parse() {
        Ok(format @ (Format::Text | Format::Json)) => Ok(format),
        _ => Err("it is text or json".to_owned()),
    }
}

fn kind(text: &str) -> Result<KindArg, String> {
    if text == "auto" {
        return Ok(KindArg(None));
    }
    let words: Vec<&str> = PolicyKind::ALL.into_iter().map(PolicyKind::word).collect();
    text.parse().map(|kind| KindArg(Some(kind))).map_err(|_| format!("it is auto, {}", words.join(", ")))
}

fn account(text: &str) -> Result<AccountId, String> {
    text.parse().map_err(|error: crate::policy::AccountIdError| error.to_string())
}

fn workload(text: &str) -> Result<Principal, String> {
    match text.parse() {
        Ok(principal @ (Principal::Role(_) | Principal::User(_) | Principal::AssumedRole(_))) => Ok(principal),
        Ok(_) | Err(_) => Err("it is the ARN of a role, a user or a role's session".to_owned()),
    }
}

fn admin(text: &str) -> Result<Principal, String> {
    match text.parse() {
        Ok(Principal::Anyone | Principal::UniqueId(_)) | Err(_) => {
            Err("it is the ARN of a role, a user, a role's session or an account's root".to_owned())
        }
        Ok(principal) => Ok(principal),
    }
}

/// An alias's whole name; the prefix may be left out.
fn alias(text: &str) -> Result<String, String> {
    let name = text.strip_prefix("alias/").unwrap_or(text);
    let legal = |character: char| character.is_ascii_alphanumeric() || matches!(character, '/' | '_' | '-');
    if name.is_empty() || !name.chars().all(legal) {
        return Err("it is an alias's name such as alias/kasten, no ARN".to_owned());
    }
    Ok(format!("alias/{name}"))
}

fn severity(text: &str) -> Result<(&'static str, Severity), String> {
    let (rule, level) = text.split_once('=').ok_or("it is RULE=LEVEL")?;
    let rule = match rule.parse().map_err(|error: crate::lint::UnknownSelector| error.to_string())? {
        Selector::Rule(id) => id,
        Selector::Family(_) | Selector::Code(_) => return Err(format!("`{rule}` is not the name of one rule")),
    };
    debug_assert!(rules::find(rule).is_some());
    Ok((rule, level.parse().map_err(|_| "the level is error, warning or note".to_owned())?))
}

fn persona(text: &str) -> Result<Persona, String> {
    text.parse().map_err(|_| "it is regular, pedantic or auditor".to_owned())
}
