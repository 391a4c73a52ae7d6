//! What was typed to set Kasten up with a key.

use std::path::PathBuf;

use clap::{ArgGroup, ValueEnum};

use super::{ColorWhen, SettingsArgs};
use crate::kasten::generate::{AliasName, Bucket, HolderArn, KeyArn, ObjectName, Provider};

/// Writes a set-up.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own, as it is typed")]
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("identity").args(["role", "user"]).required(true).multiple(true))]
pub(in crate::cli) struct GenerateArgs {
    /// The role that uses the key. Kasten comes to it by --oidc-provider, or with the access keys of --user, or else by EKS
    /// Pod Identity
    #[arg(long, value_name = "ARN", value_parser = HolderArn::role)]
    pub(in crate::cli) role: Option<HolderArn>,

    /// The user whose access keys Kasten has; it uses the key itself, or assumes --role
    #[arg(long, value_name = "ARN", value_parser = HolderArn::user)]
    pub(in crate::cli) user: Option<HolderArn>,

    /// The key that wraps Kasten's master key
    #[arg(long, value_name = "ARN")]
    pub(in crate::cli) key: KeyArn,

    /// The key's alias, by which the policies know it
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) alias: AliasName,

    /// The cluster's identity provider, which opens the role for Kasten's service account: its ARN or its address
    #[arg(long, value_name = "PROVIDER", requires = "role", conflicts_with = "user")]
    pub(in crate::cli) oidc_provider: Option<Provider>,

    /// Kasten's namespace
    #[arg(long, value_name = "NAME", default_value = crate::document::kasten::NAMESPACE)]
    pub(in crate::cli) namespace: ObjectName,

    /// Kasten's service account
    #[arg(long, value_name = "NAME", default_value = crate::document::kasten::SERVICE_ACCOUNT)]
    pub(in crate::cli) service_account: ObjectName,

    /// Allow what snapshots of EBS volumes need
    #[arg(long)]
    pub(in crate::cli) ebs: bool,

    /// Write a policy for exports to a bucket of S3; without a name for every bucket of the account
    #[arg(long, value_name = "BUCKET", num_args = 0..=1, default_missing_value = "")]
    pub(in crate::cli) s3_export: Option<Bucket>,

    /// Write the Secret of a new installation in place of a Passkey
    #[arg(long)]
    pub(in crate::cli) bootstrap: bool,

    /// Write Terraform for the policies and the alias, too
    #[arg(long)]
    pub(in crate::cli) terraform: bool,

    /// The folder for the files; it is made where it is missing
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) out: PathBuf,

    /// Write over files that are there
    #[arg(long)]
    pub(in crate::cli) force: bool,

    /// When to colour: auto, always or never
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_possible_values = true, hide_default_value = true)]
    pub(in crate::cli) color: ColorWhen,
}

/// Plans a rotation.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct RotatePlanArgs {
    /// The set-up: policies of key and role or user, Helm values, the Passkey, what `list-aliases` answers; nothing is the
    /// current folder
    #[arg(value_name = "PATH")]
    pub(in crate::cli) paths: Vec<PathBuf>,

    /// The key that takes the old one's place, where it is there already
    #[arg(long, value_name = "ARN")]
    pub(in crate::cli) new_key: Option<KeyArn>,

    /// How the plan is written: text, a shell script, or markdown
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_default_value = true)]
    pub(in crate::cli) format: PlanFormat,

    /// Say what the plan reasons from, and what each step was simulated to give
    #[arg(long)]
    pub(in crate::cli) explain: bool,

    #[command(flatten)]
    pub(in crate::cli) settings: SettingsArgs,

    /// When to colour: auto, always or never
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_possible_values = true, hide_default_value = true)]
    pub(in crate::cli) color: ColorWhen,
}

/// How a rotation is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum PlanFormat {
    /// For a person at a screen
    Text,
    /// A script for a POSIX shell
    Shell,
    /// A page of Markdown
    Markdown,
}
