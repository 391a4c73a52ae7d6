//! What was typed to claim something of policies.

use std::path::PathBuf;

use clap::{ArgAction, Subcommand};

use super::{ColorWhen, KindArg};
use crate::{
    policy::AccountId,
    prove::{Budget, ResourceType},
    render::Format,
};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ProveArgs {
    #[command(subcommand)]
    pub(in crate::cli) claim: ClaimArgs,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ClaimArgs {
    /// No request is allowed by NEW and not by OLD
    NoNewAccess(NoNewAccessArgs),
    /// No request for these actions, on these resources, by these principals is allowed
    NotGranted(NotGrantedArgs),
    /// Nobody is let in but those whom the policy names, or who are trusted
    NotPublic(NotPublicArgs),
    /// Somebody of the account can still change the key policy
    KeepsAdmin(KeepsAdminArgs),
}

/// Compares two policies.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct NoNewAccessArgs {
    /// The policy as it was
    #[arg(value_name = "OLD")]
    pub(in crate::cli) old: PathBuf,

    /// The policy as it is to be
    #[arg(value_name = "NEW")]
    pub(in crate::cli) new: PathBuf,

    #[command(flatten)]
    pub(in crate::cli) common: CommonArgs,
}

/// Asks for access that must not be there.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").args(["action", "resource", "principal"]).required(true).multiple(true))]
pub(in crate::cli) struct NotGrantedArgs {
    /// The policies: identity policies speak together, others each for its resource
    #[arg(value_name = "POLICY", required = true)]
    pub(in crate::cli) policies: Vec<PathBuf>,

    /// An action, or a pattern of actions; may be repeated
    #[arg(long, value_name = "ACTION", action = ArgAction::Append)]
    pub(in crate::cli) action: Vec<String>,

    /// A resource's ARN, or a pattern of ARNs; may be repeated
    #[arg(long, value_name = "ARN", action = ArgAction::Append)]
    pub(in crate::cli) resource: Vec<String>,

    /// A principal's ARN or a pattern of ARNs, an account, or a service principal; may be repeated
    #[arg(long, value_name = "PRINCIPAL", action = ArgAction::Append)]
    pub(in crate::cli) principal: Vec<String>,

    #[command(flatten)]
    pub(in crate::cli) common: CommonArgs,
}

/// Asks whether strangers are let in.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct NotPublicArgs {
    /// The resource's policy
    #[arg(value_name = "POLICY")]
    pub(in crate::cli) policy: PathBuf,

    #[arg(
        long,
        value_name = "TYPE",
        value_parser = resource_type,
        help = "The type of the policy's resource: AWS::S3::Bucket, AWS::KMS::Key and the like",
        long_help = resource_types()
    )]
    pub(in crate::cli) resource_type: Option<ResourceType>,

    /// An account that is trusted besides; may be repeated
    #[arg(long, value_name = "ID", value_parser = super::asking::account, action = ArgAction::Append)]
    pub(in crate::cli) trusted_account: Vec<AccountId>,

    /// An organisation that is trusted besides; may be repeated
    #[arg(long, value_name = "ORG", action = ArgAction::Append)]
    pub(in crate::cli) trusted_org: Vec<String>,

    #[command(flatten)]
    pub(in crate::cli) common: CommonArgs,
}

/// Asks whether a key policy locks everybody out.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct KeepsAdminArgs {
    /// The key policy
    #[arg(value_name = "KEY_POLICY")]
    pub(in crate::cli) key_policy: PathBuf,

    /// The ARN of the user, role or session that must be able to
    #[arg(long, value_name = "ARN")]
    pub(in crate::cli) caller: Option<String>,

    #[command(flatten)]
    pub(in crate::cli) common: CommonArgs,
}

/// What every claim takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct CommonArgs {
    /// What kind of policy the files hold: auto, identity, key, resource, trust, scp, boundary, session
    #[arg(long, value_name = "KIND", default_value = "auto", value_parser = super::kind, hide_default_value = true)]
    pub(in crate::cli) kind: KindArg,

    /// The account that owns the resource or carries the identity policy
    #[arg(long, value_name = "ID", value_parser = super::asking::account)]
    pub(in crate::cli) account: Option<AccountId>,

    /// How much work the proof may take, in milliseconds of a slow machine; beyond it the answer is undecided
    #[arg(long, value_name = "MILLISECONDS", default_value_t = Budget::DEFAULT)]
    pub(in crate::cli) budget: u64,

    /// How the answer is written: text or json
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = super::catalogue_format, hide_default_value = true)]
    pub(in crate::cli) format: Format,

    /// When to colour: auto, always or never
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_possible_values = true, hide_default_value = true)]
    pub(in crate::cli) color: ColorWhen,
}

fn resource_type(text: &str) -> Result<ResourceType, String> {
    ResourceType::of(text).ok_or_else(|| match ResourceType::nearest(text) {
        Some(meant) => format!("did you mean `{}`?", meant.name),
        None => format!("known are:\n{}", list_of_types()),
    })
}

fn resource_types() -> String {
    format!("The type of the policy's resource:\n{}", list_of_types())
}

/// The names of all types, one a line.
fn list_of_types() -> String {
    let names = ResourceType::ALL.map(|known| format!("  {}", known.name));
    names.join("\n")
}
