//! What was typed.

mod asking;
#[cfg(feature = "live")]
mod fetching;
mod proving;
mod setting_up;
pub(super) mod settings;

use std::path::PathBuf;

use clap::{ArgAction, ArgGroup, Parser, Subcommand, ValueEnum};

pub(super) use asking::{SimulateArgs, TestArgs};
#[cfg(feature = "live")]
pub(super) use fetching::{FetchArgs, FetchCommand, HowArgs};
pub(super) use proving::{
    ClaimArgs, CommonArgs, KeepsAdminArgs, NoNewAccessArgs, NotGrantedArgs, NotPublicArgs, ProveArgs,
};
pub(super) use setting_up::{GenerateArgs, PlanFormat, RotatePlanArgs};
pub(super) use settings::{FailOn, SettingsArgs};

use crate::{finding::Applicability, lint::Home, policy::PolicyKind, reference::Reference, render::Format};

/// A policy linter, simulator and prover for AWS IAM and KMS that needs no network and no account
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
    /// Say whether one request is allowed, and why
    Simulate(Box<SimulateArgs>),
    /// Run scenario files: requests, and what is expected of them
    Test(TestArgs),
    /// Say whether a claim holds for every request, and show one for which it does not
    Prove(Box<ProveArgs>),
    /// A set-up of Kasten K10 with a key of KMS, as a whole
    #[command(subcommand)]
    Kasten(KastenCommand),
    /// Say what a rule does, why it matters and how to mend it
    Explain(ExplainArgs),
    /// List the rules
    Rules(RulesArgs),
    /// What kpl.toml and the command line settle
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print a JSON Schema: of kpl.toml, of the report in JSON, or of a rule as data
    Schema(SchemaArgs),
    /// Fetch keys, roles and users from AWS into a folder, as the AWS CLI writes them
    #[cfg(feature = "live")]
    Fetch(Box<FetchArgs>),
    /// Say how to get a kpl that fetches
    #[cfg(not(feature = "live"))]
    #[command(hide = true)]
    Fetch(WithoutArgs),
}

/// What is done with a Kasten set-up.
#[derive(Debug, Subcommand)]
pub(super) enum KastenCommand {
    /// Say of each of the seven places that must agree whether it is right, wrong, or not told by these files
    Check(Box<CheckArgs>),
    /// Write the policies, the Helm values, the Passkey and the scenarios of a set-up
    Generate(Box<GenerateArgs>),
    /// Put the steps of a manual rotation in an order that never cuts Kasten off, each simulated
    RotatePlan(Box<RotatePlanArgs>),
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

/// Looks policies and keys over, alone and together.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own, as it is typed")]
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("mending").args(["fix", "diff"]).multiple(true))]
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

    #[command(flatten)]
    pub(super) settings: SettingsArgs,

    /// Apply the safe fixes, and tell what is left
    #[arg(long)]
    pub(super) fix: bool,

    /// With --fix or --diff: apply fixes that may change who has access too
    #[arg(long, requires = "mending")]
    pub(super) unsafe_fixes: bool,

    /// Show what --fix would change, and write nothing; ends with 1 where it would change anything
    #[arg(long, conflicts_with_all = ["format", "output"])]
    pub(super) diff: bool,

    /// Write what is found to this file, for --baseline
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    pub(super) write_baseline: Option<PathBuf>,

    /// List also what is suppressed
    #[arg(long)]
    pub(super) show_suppressed: bool,

    /// The name under which stdin is reported
    #[arg(long, value_name = "NAME")]
    pub(super) stdin_filename: Option<String>,

    /// Pass over named files that hold no policy
    #[arg(long)]
    pub(super) if_policy: bool,

    /// Of plans, check only what they create, update or replace
    #[arg(long)]
    pub(super) changed_only: bool,

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

impl CheckArgs {
    /// What the fixes that are applied or shown may claim; `None` where none is.
    pub(super) fn claim(&self) -> Option<Applicability> {
        let claim = if self.unsafe_fixes { Applicability::Unsafe } else { Applicability::Safe };
        (self.fix || self.diff).then_some(claim)
    }

    /// Whether the paths are folders around a folder: nothing in it is left out.
    pub(super) fn covers(&self, folder: &Home) -> bool {
        let here = [PathBuf::from(".")];
        let paths = if self.paths.is_empty() { &here[..] } else { &self.paths };
        paths.iter().any(|path| path.is_dir() && folder.is_within(&path.to_string_lossy()))
    }
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

    /// A folder of rules as data
    #[arg(long, value_name = "DIR", action = ArgAction::Append)]
    pub(super) rules: Vec<PathBuf>,

    /// When to colour: auto, always or never
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_possible_values = true, hide_default_value = true)]
    pub(super) color: ColorWhen,
}

/// Prints the catalogue.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct RulesArgs {
    #[command(subcommand)]
    pub(super) command: Option<RulesCommand>,

    /// How the catalogue is written: text or json
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = catalogue_format, hide_default_value = true)]
    pub(super) format: Format,

    /// A folder of rules as data
    #[arg(long, value_name = "DIR", action = ArgAction::Append)]
    pub(super) rules: Vec<PathBuf>,

    /// When to colour: auto, always or never
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_possible_values = true, hide_default_value = true)]
    pub(super) color: ColorWhen,
}

#[derive(Debug, Subcommand)]
pub(super) enum RulesCommand {
    /// Read rules as data, and run each on its examples
    Test {
        /// A folder of rules
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Write a rule to start from, NAME.yaml
    New {
        /// The rule's name, words joined by hyphens
        #[arg(value_name = "NAME")]
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Print what is in force here, and where each value comes from
    Show(Box<ConfigShowArgs>),
}

/// Prints what is in force.
#[derive(Debug, clap::Args)]
pub(super) struct ConfigShowArgs {
    /// How it is written: text or json
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = catalogue_format, hide_default_value = true)]
    pub(super) format: Format,

    #[command(flatten)]
    pub(super) settings: SettingsArgs,

    /// When to colour: auto, always or never
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_possible_values = true, hide_default_value = true)]
    pub(super) color: ColorWhen,
}

/// Prints a schema.
#[derive(Debug, clap::Args)]
pub(super) struct SchemaArgs {
    /// Of what
    #[arg(value_name = "NAME")]
    pub(super) name: SchemaName,
}

/// What has a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaName {
    /// kpl.toml
    Config,
    /// What `check --format json` writes
    Report,
    /// A rule as data
    Rule,
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

pub(in crate::cli) fn kind(text: &str) -> Result<KindArg, String> {
    if text == "auto" {
        return Ok(KindArg(None));
    }
    let words: Vec<&str> = PolicyKind::ALL.into_iter().map(PolicyKind::word).collect();
    text.parse().map(|kind| KindArg(Some(kind))).map_err(|_| format!("it is auto, {}", words.join(", ")))
}

/// Whatever was asked of a command that this kpl was built without.
#[cfg(not(feature = "live"))]
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(super) struct WithoutArgs {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    pub(super) words: Vec<String>,
}
