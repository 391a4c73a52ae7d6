//! The words of `kpl fetch`.

use std::path::PathBuf;

use clap::{ArgAction, Subcommand};

use super::ColorWhen;

/// Fetches what AWS has into a folder.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true, args_conflicts_with_subcommands = true)]
pub(in crate::cli) struct FetchArgs {
    /// Print the identity policy that allows every call that kpl may make, and no other
    #[arg(long)]
    pub(in crate::cli) permissions: bool,

    #[command(subcommand)]
    pub(in crate::cli) what: Option<FetchCommand>,
}

/// What to fetch.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum FetchCommand {
    /// A key: its description, policies, rotation, grants, tags and aliases
    Key {
        /// Its id, ARN, alias or alias ARN
        key: String,
        #[command(flatten)]
        how: HowArgs,
    },
    /// A role: its trust policy, its inline and attached policies, its boundary
    Role {
        /// Its name or ARN
        role: String,
        #[command(flatten)]
        how: HowArgs,
    },
    /// A user: inline and attached policies, those of its groups, its boundary
    User {
        /// Its name or ARN
        user: String,
        #[command(flatten)]
        how: HowArgs,
    },
    /// All users, groups, roles and policies, and the customer keys of the Region
    Account {
        #[command(flatten)]
        how: HowArgs,
    },
    /// What a Kasten set-up stands on: its role or user, and its key
    Kasten {
        /// The role, by name or ARN
        #[arg(long, value_name = "ROLE", required_unless_present = "user")]
        role: Option<String>,
        /// The user, by name or ARN
        #[arg(long, value_name = "USER")]
        user: Option<String>,
        /// The key, by its alias
        #[arg(long, value_name = "NAME", required_unless_present = "key", conflicts_with = "key")]
        alias: Option<String>,
        /// The key, by its id or ARN
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
        #[command(flatten)]
        how: HowArgs,
    },
    /// Ask AWS's policy simulator and kpl the same, and show where they differ
    Compare {
        /// The ARN of a user or a role
        #[arg(long, value_name = "ARN")]
        principal: String,
        /// The action: kms:Decrypt
        #[arg(long, value_name = "ACTION")]
        action: String,
        /// The ARN of the resource
        #[arg(long, value_name = "ARN", default_value = "*", hide_default_value = true)]
        resource: String,
        /// A condition key that the request carries; given twice, it has two values
        #[arg(long, value_name = "KEY=VALUE", action = ArgAction::Append)]
        context: Vec<String>,
        #[command(flatten)]
        how: HowArgs,
    },
}

/// How to ask, and where the answers go.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct HowArgs {
    /// The folder for the answers, new or empty; ./fetched where none is given
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) out: Option<PathBuf>,

    /// List the calls and make none
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,

    /// Check what was fetched at once
    #[arg(long, conflicts_with = "dry_run")]
    pub(in crate::cli) check: bool,

    /// The profile of the AWS CLI's configuration
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) profile: Option<String>,

    /// The Region whose keys are meant
    #[arg(long, value_name = "REGION")]
    pub(in crate::cli) region: Option<String>,

    /// How long one attempt of a call may take
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(in crate::cli) timeout: u64,

    /// How many calls are under way at once, at most
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(in crate::cli) calls: u16,

    /// When to colour: auto, always or never
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_possible_values = true, hide_default_value = true)]
    pub(in crate::cli) color: ColorWhen,
}
