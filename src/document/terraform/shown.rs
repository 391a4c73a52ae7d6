//! Outputs that show a secret without being marked as sensitive.
//!
//! Source: Terraform documentation, "Output values", `sensitive`; Terraform AWS provider, `aws_iam_access_key`.

use super::{configuration::Origin, policies::Policies};
use crate::{
    source::{Span, Spanned, hash},
    syntax::{Node, Value},
};

/// Attributes that are secrets, by resource type.
const SECRETS: [(&str, &str); 4] = [
    ("aws_iam_access_key", "secret"),
    ("aws_iam_access_key", "ses_smtp_password_v4"),
    ("aws_kms_external_key", "key_material_base64"),
    ("aws_kms_replica_external_key", "key_material_base64"),
];

/// How long a secret access key is.
const SECRET_KEY: usize = 40;

impl<'a> Policies<'_, '_, 'a> {
    /// Looks at the outputs of a state, or of `terraform output -json`.
    pub(super) fn shown(&mut self, outputs: Option<&Node<'a>>) {
        let secrets = self.secrets_of_resources();
        for output in outputs.and_then(Node::as_map).unwrap_or_default() {
            let is_marked = output.value.get("sensitive").is_some_and(|told| told.value == Value::Bool(true));
            let Some(value) = output.value.get("value").filter(|_| !is_marked) else { continue };
            if is_secret(&output.key, value, &secrets) {
                self.shows(&output.key, value.span);
            }
        }
        self.in_order();
    }

    /// Looks at the outputs as a plan will leave them.
    pub(super) fn shown_by_plan(&mut self, root: &Node<'a>, changes: Option<&Node<'a>>) {
        let secrets = self.secrets_of_resources();
        let configured = root.get("configuration").and_then(|found| found.get("root_module")?.get("outputs"));
        for output in changes.and_then(Node::as_map).unwrap_or_default() {
            let change = &output.value;
            if change.get("after_sensitive").is_some_and(|told| told.value == Value::Bool(true)) {
                continue;
            }
            if let Some(value) = change.get("after").filter(|value| value.value != Value::Null) {
                if is_secret(&output.key, value, &secrets) {
                    self.shows(&output.key, value.span);
                }
                continue;
            }
            let expression = configured.and_then(|outputs| outputs.get(&output.key)?.get("expression"));
            let origin = expression.map(|expression| self.configuration.origin("", expression));
            let Some(Origin::Attribute(target)) = origin else { continue };
            let is_of = |(kind, attribute): &(&str, &str)| {
                target.resource.strip_prefix(kind).is_some_and(|name| name.starts_with('.'))
                    && target.attribute == *attribute
            };
            if let Some(unknown) = change.get("after_unknown").filter(|_| SECRETS.iter().any(is_of)) {
                self.shows(&output.key, unknown.span);
            }
        }
        self.in_order();
    }

    fn in_order(&mut self) {
        self.document.resources.sort_by_key(|resource| resource.span);
    }

    fn shows(&mut self, name: &str, place: Span) {
        let name = format!("output.{name}");
        self.document.hidden.push(place);
        self.document.resources.push(Spanned::new(name.clone(), place));
        self.document.besides.shown.push(Spanned::new(name, place));
    }

    /// The secrets that resources of the file hold.
    fn secrets_of_resources(&self) -> Vec<u64> {
        let secrets = |(kind, attribute): (&'static str, &'static str)| {
            let of_kind = self.resources.iter().filter(move |resource| resource.kind == kind);
            of_kind.filter_map(move |resource| resource.text(attribute).filter(|text| !text.is_empty()))
        };
        let mut found: Vec<u64> = SECRETS.into_iter().flat_map(secrets).map(|text| hash(text.bytes())).collect();
        found.sort_unstable();
        found
    }
}

/// Whether a value is a secret of a resource, or is called a secret key and has the form of one.
fn is_secret(name: &str, value: &Node<'_>, secrets: &[u64]) -> bool {
    let Some(text) = value.as_str() else { return false };
    let letters: String =
        name.chars().filter(char::is_ascii_alphabetic).map(|letter| letter.to_ascii_lowercase()).collect();
    let is_named = ["secretaccesskey", "secretkey", "accesskeysecret"].iter().any(|word| letters.contains(word));
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let has_form = text.len() == SECRET_KEY && text.bytes().all(is_base64);
    secrets.binary_search(&hash(text.bytes())).is_ok() || (is_named && has_form)
}
