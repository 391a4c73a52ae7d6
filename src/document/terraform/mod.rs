//! Terraform's and OpenTofu's JSON: plans, states and outputs.
//!
//! A policy stands there in an attribute of a resource, mostly as a string. Findings point into the file, at the text
//! inside the string, and name the resource's address. What is not known until apply is never taken for absent: it is
//! put together from what the plan tells, and what is left is said to be open.
//!
//! Source: Terraform documentation, "JSON Output Format".

mod accounts;
mod attributes;
mod awaited;
mod besides;
mod carried;
mod carriers;
mod changes;
mod clusters;
mod configuration;
mod deferred;
mod joined;
mod key_policies;
mod keys;
mod output;
mod permission;
mod plan;
mod policies;
mod resource;
mod secret;
mod shown;

use self::{accounts::Accounts, configuration::Configuration, policies::Policies, resource::Resource};
pub use besides::{AliasPrefix, Because, Besides, Carried, MergedTwice, SetTwice, Stranded, Unset};
pub use plan::{Destroyed, Moved, Plan, Replaced};

use super::{Document, DocumentError};
use crate::{
    policy::PolicyKind,
    source::{Source, Span},
    syntax::{Fault, Node, Value},
};

/// What a file of Terraform's is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Plan,
    State,
    RawState,
    Outputs,
}

/// Takes out what a file of Terraform's holds; false where the tree is none.
///
/// # Errors
/// What looks like a plan or a state and is of a version that is not known, or the log of a plan.
pub(super) fn recognise<'a>(
    root: &Node<'a>,
    source: &Source,
    declared: Option<PolicyKind>,
    document: &mut Document<'a>,
) -> Result<bool, DocumentError> {
    let Some(form) = form(root)? else { return Ok(false) };
    (document.kind, document.because) = match form {
        Form::Plan => ("terraform-plan", "it has a `format_version` and `resource_changes` or what else a plan has"),
        Form::State => ("terraform-state", "it has a `format_version` and no changes"),
        Form::RawState => ("terraform-state", "it has `resources` and the `version` of a raw state"),
        Form::Outputs => ("terraform-output", "each of its members has a `value`, a `type` and `sensitive`"),
    };
    document.is_copy = true;
    document.plan = (form == Form::Plan).then(|| Plan::read(root));
    let secrets = secret::places(root);
    document.hidden.extend(secrets.iter());
    if form == Form::Plan {
        document.facts.changes = changes::of_plan(root);
    }
    let (mut resources, configuration) = match form {
        Form::Plan => (Resource::of_plan(root), Configuration::of_plan(root)),
        Form::RawState => (Resource::of_raw_state(root), Configuration::default()),
        Form::State | Form::Outputs => (Vec::new(), Configuration::default()),
    };
    match form {
        Form::State => {
            Resource::of_module(root.get("values").and_then(|values| values.get("root_module")), &mut resources);
        }
        Form::Plan => add_prior_data(root, &mut resources),
        _ => {}
    }
    let accounts = Accounts::read(root, &resources, &configuration);
    let mut policies = Policies::new(source, declared, document, &resources, &configuration, &accounts, &secrets);
    policies.join();
    policies.resources();
    policies.inline();
    let outputs = match form {
        Form::Plan => root.get("output_changes"),
        Form::State => root.get("values").and_then(|values| values.get("outputs")),
        Form::RawState => root.get("outputs"),
        Form::Outputs => Some(root),
    };
    if form == Form::Plan {
        policies.shown_by_plan(root, outputs);
        policies.planned_outputs(outputs);
    } else {
        policies.shown(outputs);
        policies.outputs(outputs);
    }
    Ok(true)
}

/// What may be a secret in a file of Terraform's that is cut off; `None` where it is none, or that cannot be told.
pub(super) fn hidden_in_cut(root: &Node<'_>, faults: &[Fault], source: &Source) -> Option<Vec<Span>> {
    form(root).ok().flatten()?;
    secret::in_cut(root, faults, source.span().end)
}

/// Data sources that were read while the plan was made stand in the prior state alone.
fn add_prior_data<'r, 'a>(root: &'r Node<'a>, resources: &mut Vec<Resource<'r, 'a>>) {
    let prior = || root.get("prior_state")?.get("values")?.get("root_module");
    let mut stood = Vec::new();
    Resource::of_module(prior(), &mut stood);
    let planned: std::collections::HashSet<String> =
        resources.iter().filter(|resource| resource.is_data).map(|resource| resource.address.to_string()).collect();
    resources.extend(stood.into_iter().filter(|found| found.is_data && !planned.contains(found.address.as_ref())));
}

/// What told by its members a file is; `None` where it is nothing of Terraform's.
fn form(root: &Node<'_>) -> Result<Option<Form>, DocumentError> {
    let Some(members) = root.as_map() else { return Ok(None) };
    let has = |name: &str| members.iter().any(|member| member.key == name);
    if has("@level") && has("@message") && has("@module") {
        return Err(DocumentError::PlanLog);
    }
    if let Some(version) = root.get("format_version").and_then(Node::as_str) {
        let is_plan = ["resource_changes", "planned_values", "output_changes", "prior_state"].into_iter().any(has);
        if !is_plan && !has("values") && !has("terraform_version") {
            return Ok(None);
        }
        return match version.split('.').next() {
            Some("0" | "1") => Ok(Some(if is_plan { Form::Plan } else { Form::State })),
            _ => Err(DocumentError::TerraformFormat { found: version.to_owned() }),
        };
    }
    if has("resources") && (has("lineage") || has("serial")) {
        return match root.get("version").map(|version| &version.value) {
            Some(Value::Number(number)) if number == "4" => Ok(Some(Form::RawState)),
            Some(Value::Number(number)) => Err(DocumentError::StateVersion { found: number.to_string() }),
            _ => Ok(None),
        };
    }
    let is_output = |node: &Node<'_>| ["value", "type", "sensitive"].into_iter().all(|name| node.get(name).is_some());
    let are_outputs = !members.is_empty() && members.iter().all(|member| is_output(&member.value));
    Ok(are_outputs.then_some(Form::Outputs))
}
