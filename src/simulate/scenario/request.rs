//! The request of a case.

use std::collections::HashSet;

use super::fields::{self, flag, list, shortened, text};
use crate::{
    finding::Complaint,
    policy::{AccountId, Arn, Principal, glob},
    reference::Reference,
    semantics::{Caller, Context, Found, Organization, Request, ServiceFacts, Value},
    source::Span,
    syntax::Node,
};

const FIELDS: [&str; 6] = ["principal", "action", "resource", "resource_account", "context", "unknown"];

/// Reads `request`, and `organization` beside it.
pub(super) fn read(
    node: &Node<'static>,
    organization: Option<&Node<'static>>,
    complaints: &mut Vec<Complaint>,
) -> Option<Vec<Request>> {
    let before = complaints.len();
    let found = fields::of(node, "`request`", &FIELDS, complaints);
    let who = found.need("principal", "`request`", node, complaints).and_then(|who| caller(who, complaints));
    let action = found.need("action", "`request`", node, complaints);
    let action = action.and_then(|node| Some((text(node, "`action`", complaints)?, node.span)));
    let resource = found.need("resource", "`request`", node, complaints);
    let resource = resource.and_then(|node| Some((text(node, "`resource`", complaints)?, node.span)));
    let account =
        found.get("resource_account").filter(|node| !fields::is_null(node)).and_then(|node| account(node, complaints));
    let mut context = Context::default();
    if let Some(node) = found.get("context").filter(|node| !fields::is_null(node)) {
        read_context(node, &mut context, complaints);
    }
    if let Some(node) = found.get("unknown").filter(|node| !fields::is_null(node)) {
        read_unknown(node, &mut context, complaints);
    }
    let organization = organization.map(|node| read_organization(node, complaints)).unwrap_or_default();
    if let Some((action, span)) = action {
        complaints.extend(wrong_action(action).map(|wrong| wrong.at(span)));
    }
    if let Some((resource, span)) = resource {
        complaints.extend(wrong_resource(action.map_or("", |(name, _)| name), resource).map(|wrong| wrong.at(span)));
    }
    let wording = Wording { caller: who?, action: action?.0, resource: resource?.0, account };
    (complaints.len() == before).then(|| wording.requests(&context, organization))
}

/// What is asked, before it is known to make sense.
#[derive(Clone, Debug)]
pub struct Wording<'w> {
    /// Who calls.
    pub caller: Caller,
    /// The action.
    pub action: &'w str,
    /// The resource: an ARN or `*`.
    pub resource: &'w str,
    /// The account that owns it, where the ARN does not say.
    pub account: Option<AccountId>,
}

impl Wording<'_> {
    /// The requests: two for `kms:ReEncrypt`, which KMS decides as two permissions.
    ///
    /// Source: KMS API Reference, "`ReEncrypt`".
    #[must_use]
    pub fn requests(&self, context: &Context, organization: Organization) -> Vec<Request> {
        let actions = if self.action.eq_ignore_ascii_case("kms:ReEncrypt") {
            vec!["kms:ReEncryptFrom", "kms:ReEncryptTo"]
        } else {
            vec![self.action]
        };
        let service = self.action.split(':').next().unwrap_or_default();
        let takes_resource_control_policies = Reference::embedded().is_rcp_service(service);
        let facts = ServiceFacts { takes_resource_control_policies };
        let owner = || Arn::parse(self.resource).ok()?.account.parse().ok();
        let account = self.account.or_else(owner);
        let resource = if Reference::embedded().takes_no_resource(self.action) { "*" } else { self.resource };
        let request = |action: &str| {
            Request::new(self.caller.clone(), action, resource, account, context.clone()).within(organization, facts)
        };
        actions.into_iter().map(request).collect()
    }
}

/// What makes no sense, and what would.
#[derive(Clone, Debug)]
pub struct Wrong {
    /// What makes no sense, one clause.
    pub message: String,
    /// What would.
    pub help: &'static str,
}

impl Wrong {
    fn at(self, span: Span) -> Complaint {
        Complaint::new(span, self.message).help(self.help)
    }
}

/// What makes no sense of an action.
#[must_use]
pub fn wrong_action(action: &str) -> Option<Wrong> {
    if glob::is_pattern(action) {
        let message = format!("`{}` is a pattern, and a request is for one action", shortened(action));
        return Some(Wrong { message, help: "name one action" });
    }
    let is_name =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let is_action = action.split_once(':').is_some_and(|(service, name)| is_name(service) && is_name(name));
    let message = format!("`{}` is no action", shortened(action));
    (!is_action).then_some(Wrong { message, help: "write `service:Action`, as in `kms:Decrypt`" })
}

/// What makes no sense of the resource of an action.
#[must_use]
pub fn wrong_resource(action: &str, resource: &str) -> Option<Wrong> {
    if resource == "*" {
        return wrong_everything(action);
    }
    let no_arn = |help| Some(Wrong { message: format!("`{}` is no ARN", shortened(resource)), help });
    let Ok(arn) = Arn::parse(resource) else {
        return no_arn("write all six parts, or `*` for an action that takes no resource");
    };
    if arn.partition.is_empty() || arn.service.is_empty() || arn.resource.is_empty() {
        return no_arn("an ARN names its partition, its service and its resource");
    }
    if !arn.account.is_empty() && arn.account.parse::<AccountId>().is_err() && arn.account != "aws" {
        let message = format!("`{}` is no account", shortened(arn.account));
        return Some(Wrong { message, help: "an account number has 12 digits" });
    }
    if arn.service == "kms" { wrong_kms_resource(action, arn) } else { None }
}

/// A key's ARN, and an alias's, name their Region and their account.
///
/// Source: KMS Developer Guide, "Key identifiers (`KeyId`)", "Controlling access to aliases".
fn wrong_kms_resource(action: &str, arn: Arn<'_>) -> Option<Wrong> {
    let wrong = |message: &str, help| Some(Wrong { message: message.to_owned(), help });
    if arn.region.is_empty() || arn.account.is_empty() {
        return wrong("an ARN of KMS names its Region and its account", KEY_ARN);
    }
    let name = action.to_ascii_lowercase();
    let takes_alias = name.ends_with("alias") || name.ends_with("aliases");
    if name.starts_with("kms:") && !takes_alias && arn.resource.starts_with("alias/") {
        let help = "write the key's ARN, and the alias as kms:RequestAlias in the context";
        return wrong("KMS decides on the key, not on the alias by which a request names it", help);
    }
    if glob::is_pattern(arn.resource) {
        return wrong("this ARN is a pattern, and a request is for one key", KEY_ARN);
    }
    None
}

const KEY_ARN: &str = "write it as arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// An action whose resource's own policy decides has no answer without one.
fn wrong_everything(action: &str) -> Option<Wrong> {
    let (service, name) = action.split_once(':')?;
    let action = Reference::embedded().action(service, name)?;
    let needs = |kind: &str| action.resource_types().any(|of| of.is_required() && of.resource_type().name() == kind);
    let (what, help) = match action.service().prefix() {
        "kms" if needs("alias") => ("an alias or a key", "write its ARN"),
        "kms" if needs("key") => ("one key", KEY_ARN),
        "sts" if needs("role") => ("one role", "write the role's ARN"),
        _ => return None,
    };
    let message = format!("{}:{} is decided for {what}, not for `*`", action.service().prefix(), action.name());
    Some(Wrong { message, help })
}

fn account(node: &Node<'_>, complaints: &mut Vec<Complaint>) -> Option<AccountId> {
    let found = fields::scalar(node).and_then(|text| text.parse().ok());
    if found.is_none() {
        complaints.push(
            Complaint::new(node.span, "an account number has 12 digits").help("quote it, as in \"111122223333\""),
        );
    }
    found
}

const FORMS: [&str; 4] = ["service", "federated", "account-root", "anonymous"];

const FORMS_HELP: &str = "write the ARN of a user, a role, a session or an account's root, or one of {service: …}, \
                          {federated: …}, {account-root: …}, {anonymous: true}";

fn caller(node: &Node<'static>, complaints: &mut Vec<Complaint>) -> Option<Caller> {
    if let Some(text) = node.as_str() {
        let found = caller_of_text(text);
        if found.is_none() {
            let message = format!("`{}` is no principal that can call", shortened(text));
            complaints.push(Complaint::new(node.span, message).help(FORMS_HELP));
        }
        return found;
    }
    let found = fields::of(node, "`principal`", &FORMS, complaints);
    let given: Vec<(&str, &Node<'_>)> = FORMS.iter().filter_map(|name| Some((*name, found.get(name)?))).collect();
    let [(form, value)] = given[..] else {
        if found.are_known() {
            complaints.push(Complaint::new(node.span, "`principal` takes one form").help(FORMS_HELP));
        }
        return None;
    };
    match form {
        "service" => service(value, complaints).map(Caller::Service),
        "federated" => Some(Caller::Federated(text(value, "`federated`", complaints)?.to_owned())),
        "account-root" => Some(Caller::Root { account: account(value, complaints)?, partition: None }),
        _ if flag(value, "`anonymous`", complaints) => Some(Caller::Anonymous),
        _ => {
            complaints.push(Complaint::new(value.span, "`anonymous` is true, or is left out"));
            None
        }
    }
}

/// The caller of an ARN.
#[must_use]
pub fn caller_of_text(text: &str) -> Option<Caller> {
    if !text.starts_with("arn:") {
        return None;
    }
    Caller::of(&text.parse::<Principal>().ok()?, text)
}

/// A service's name, as policies have it: a name of its own, and that of the partition's hosts.
fn service(node: &Node<'_>, complaints: &mut Vec<Complaint>) -> Option<String> {
    let name = text(node, "`service`", complaints)?;
    if !name.split('.').all(|part| !part.is_empty()) || !name.contains('.') {
        let message = format!("`{}` is no service principal", shortened(name));
        complaints.push(Complaint::new(node.span, message).help("write it as in ec2.amazonaws.com"));
        return None;
    }
    Some(name.to_owned())
}

fn read_context(node: &Node<'_>, context: &mut Context, complaints: &mut Vec<Complaint>) {
    let Some(members) = node.as_map() else {
        complaints.push(Complaint::new(node.span, format!("`context` is an object, not {}", node.kind())));
        return;
    };
    let mut seen = HashSet::new();
    for member in members {
        complaints
            .extend(wrong_key(&member.key).map(|message| Complaint::new(member.key_span, message).help(KEY_HELP)));
        if !seen.insert(&member.key) {
            complaints.push(Complaint::new(member.key_span, format!("`{}` stands twice", shortened(&member.key))));
            continue;
        }
        let value = match member.value.as_list() {
            Some(items) => items.iter().map(fields::scalar).collect::<Option<Vec<String>>>().map(Value::Many),
            None => fields::scalar(&member.value).map(Value::One),
        };
        let Some(value) = value else {
            let message = "a value is a string, a number, a Boolean, or a list of them";
            complaints.push(Complaint::new(member.value.span, message).help(VALUE_HELP));
            continue;
        };
        context.set(&member.key, value);
    }
}

const VALUE_HELP: &str =
    "leave the key out where the request does not carry it; name it under `unknown` where that is not known";

fn read_unknown(node: &Node<'static>, context: &mut Context, complaints: &mut Vec<Complaint>) {
    for item in list(node, "`unknown`", complaints).unwrap_or_default() {
        let Some(key) = text(item, "a condition key", complaints) else { continue };
        complaints.extend(wrong_key(key).map(|message| Complaint::new(item.span, message).help(KEY_HELP)));
        if context.find(&key.to_ascii_lowercase()) == Found::Absent {
            context.set(key, Value::Unknown);
        } else {
            let message = format!("`{}` stands in `context`, or twice in `unknown`", shortened(key));
            complaints.push(Complaint::new(item.span, message).help("keep one of them"));
        }
    }
}

const KEY_HELP: &str = "a condition key has a prefix, as in aws:SourceIp";

fn wrong_key(key: &str) -> Option<String> {
    let has_prefix = key.split_once(':').is_some_and(|(prefix, name)| !prefix.is_empty() && !name.is_empty());
    (!has_prefix).then(|| format!("`{}` is no condition key", shortened(key)))
}

fn read_organization(node: &Node<'static>, complaints: &mut Vec<Complaint>) -> Organization {
    if fields::is_null(node) {
        return Organization::default();
    }
    let known = ["management_account", "service_linked_role"];
    let found = fields::of(node, "`organization`", &known, complaints);
    let mut is = |name: &'static str| found.get(name).is_some_and(|node| flag(node, &format!("`{name}`"), complaints));
    Organization { management_account: is(known[0]), service_linked_role: is(known[1]) }
}
