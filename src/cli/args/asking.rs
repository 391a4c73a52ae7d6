//! The words of `kpl simulate` and `kpl test`.

use std::path::PathBuf;

use clap::ArgAction;

use super::ColorWhen;
use crate::{policy::AccountId, render::Format};

/// Decides one request.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct SimulateArgs {
    /// Files and folders from which the policies are joined, each as what it is
    #[arg(value_name = "PATH")]
    pub(in crate::cli) paths: Vec<PathBuf>,

    /// Who calls: the ARN of a user, a role, a session, an account's root or an identity provider; a service's name; or anonymous
    #[arg(long, value_name = "ARN", required_unless_present = "scenario", conflicts_with = "scenario")]
    pub(in crate::cli) principal: Option<String>,

    /// What is called: kms:Decrypt
    #[arg(long, value_name = "ACTION", required_unless_present = "scenario", conflicts_with = "scenario")]
    pub(in crate::cli) action: Option<String>,

    /// On what: an ARN, or * for an action that takes no resource
    #[arg(long, value_name = "ARN", required_unless_present = "scenario", conflicts_with = "scenario")]
    pub(in crate::cli) resource: Option<String>,

    /// The account that owns the resource, where its ARN does not say
    #[arg(long, value_name = "ID", value_parser = account)]
    pub(in crate::cli) account: Option<AccountId>,

    /// A condition key that the request carries; given twice, it has two values
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair, action = ArgAction::Append)]
    pub(in crate::cli) context: Vec<(String, String)>,

    /// A condition key of which it is not known whether the request carries it
    #[arg(long, value_name = "KEY", action = ArgAction::Append)]
    pub(in crate::cli) unknown: Vec<String>,

    /// An identity policy of the caller, or of a group of it
    #[arg(long, value_name = "FILE", action = ArgAction::Append)]
    pub(in crate::cli) identity: Vec<PathBuf>,

    /// The policy of the key
    #[arg(long, value_name = "FILE", conflicts_with_all = ["resource_policy", "trust"])]
    pub(in crate::cli) key_policy: Option<PathBuf>,

    /// The policy of the resource
    #[arg(long, value_name = "FILE", conflicts_with = "trust")]
    pub(in crate::cli) resource_policy: Option<PathBuf>,

    /// The trust policy of the role
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) trust: Option<PathBuf>,

    /// The caller's permissions boundary
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) boundary: Option<PathBuf>,

    /// A policy that was passed when the session started
    #[arg(long, value_name = "FILE", action = ArgAction::Append)]
    pub(in crate::cli) session: Vec<PathBuf>,

    /// The service control policies of one level of the organisation, separated by commas; levels from the root down
    #[arg(long, value_name = "FILE,…", action = ArgAction::Append)]
    pub(in crate::cli) scp: Vec<String>,

    /// The resource control policies of one level, likewise
    #[arg(long, value_name = "FILE,…", action = ArgAction::Append)]
    pub(in crate::cli) rcp: Vec<String>,

    /// A policy of the VPC endpoint through which the call comes
    #[arg(long, value_name = "FILE", action = ArgAction::Append)]
    pub(in crate::cli) endpoint: Vec<PathBuf>,

    /// The grants on the key: a list, as in a scenario file
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) grants: Option<PathBuf>,

    /// Take request and policies from a scenario file
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) scenario: Option<PathBuf>,

    /// Which case of the scenario file, by its name
    #[arg(long, value_name = "NAME", requires = "scenario")]
    pub(in crate::cli) case: Option<String>,

    /// How the answer is written: text or json
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = super::catalogue_format, hide_default_value = true)]
    pub(in crate::cli) format: Format,

    /// When to colour: auto, always or never
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_possible_values = true, hide_default_value = true)]
    pub(in crate::cli) color: ColorWhen,
}

/// Runs scenario files.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct TestArgs {
    /// Scenario files, folders and globs; without one, *.kpl-test.yaml, .yml, .json and .jsonl below the current folder
    #[arg(value_name = "PATH")]
    pub(in crate::cli) paths: Vec<PathBuf>,

    /// Name the statements that no case exercised
    #[arg(long)]
    pub(in crate::cli) coverage: bool,

    /// Write a first scenario file for a policy, beside it
    #[arg(long, value_name = "POLICY", conflicts_with_all = ["paths", "coverage"])]
    pub(in crate::cli) init: Option<PathBuf>,

    /// How the result is written: text, json or junit
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = format, hide_default_value = true)]
    pub(in crate::cli) format: Format,

    /// Failures only
    #[arg(short, long, conflicts_with = "verbose")]
    pub(in crate::cli) quiet: bool,

    /// Also name the cases that passed
    #[arg(short, long)]
    pub(in crate::cli) verbose: bool,

    /// When to colour: auto, always or never
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_possible_values = true, hide_default_value = true)]
    pub(in crate::cli) color: ColorWhen,
}

fn format(text: &str) -> Result<Format, String> {
    match text.parse() {
        Ok(format @ (Format::Text | Format::Json | Format::Junit)) => Ok(format),
        _ => Err("it is text, json or junit".to_owned()),
    }
}

pub(super) fn account(text: &str) -> Result<AccountId, String> {
    text.parse().map_err(|error: crate::policy::AccountIdError| error.to_string())
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("it is KEY=VALUE")?;
    if !key.contains(':') {
        return Err("a condition key has a prefix, as in aws:SourceIp".to_owned());
    }
    Ok((key.to_owned(), value.to_owned()))
}
