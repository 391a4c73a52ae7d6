//! The statement that an `aws_lambda_permission` adds to the policy of its function.
//!
//! Source: Lambda API Reference, `AddPermission`; Lambda Developer Guide, "Viewing resource-based IAM policies in
//! Lambda".

use std::borrow::Cow;

use super::resource::Resource;
use crate::{
    source::Span,
    syntax::{Member, Node, Value},
};

/// What an argument of the permission becomes: a row of the statement's condition.
const CONDITIONS: [(&str, &str, &str); 4] = [
    ("source_arn", "ArnLike", "AWS:SourceArn"),
    ("source_account", "StringEquals", "AWS:SourceAccount"),
    ("principal_org_id", "StringEquals", "aws:PrincipalOrgID"),
    ("function_url_auth_type", "StringEquals", "lambda:FunctionUrlAuthType"),
];

/// The policy of one statement; every part stands where the argument does that gives it.
pub(super) fn policy<'a>(resource: &Resource<'_, 'a>) -> Node<'a> {
    let span = resource.values.span;
    let opening = Span { end: (span.start + 1).min(span.end), ..span };
    let mut elements = vec![member("Effect", opening, text("Allow", opening))];
    let given = |name: &str| argument(resource, name);
    elements.extend(given("statement_id").map(|(key, value)| member("Sid", key, value)));
    elements.extend(given("principal").map(|(key, value)| member("Principal", key, principal(value))));
    elements.extend(given("action").map(|(key, value)| member("Action", key, value)));
    elements.extend(given("function_name").map(|(key, value)| member("Resource", key, function(value))));
    let mut rows: Vec<Member<'a>> = Vec::new();
    for (name, operator, condition_key) in CONDITIONS {
        let Some((key, value)) = given(name) else { continue };
        let row = member(condition_key, key, value);
        match rows.iter_mut().find(|known| known.key == operator) {
            Some(Member { value: Node { value: Value::Map(rows), .. }, .. }) => rows.push(row),
            _ => rows.push(member(operator, key, Node { value: Value::Map(vec![row]), span })),
        }
    }
    if !rows.is_empty() {
        elements.push(member("Condition", opening, Node { value: Value::Map(rows), span }));
    }
    let statement = Node { value: Value::Map(elements), span };
    let members = vec![
        member("Version", opening, text("2012-10-17", opening)),
        member("Statement", opening, Node { value: Value::List(vec![statement]), span }),
    ];
    Node { value: Value::Map(members), span }
}

/// An argument that is set: its name's place, and its value or that it is not known yet.
fn argument<'a>(resource: &Resource<'_, 'a>, name: &str) -> Option<(Span, Node<'a>)> {
    if let Some(mark) = resource.unknown_at(name) {
        let span = resource.values.span;
        let opening = Span { end: (span.start + 1).min(span.end), ..span };
        // Terraform lists it elsewhere, outside the values that the statement is made of.
        debug_assert!(mark.span != span);
        return Some((opening, Node { value: Value::Unknown, span: opening }));
    }
    let found = resource.values.as_map()?.iter().find(|member| member.key == name)?;
    let is_set = found.value.as_str().is_some_and(|text| !text.is_empty());
    is_set.then(|| (found.key_span, found.value.clone()))
}

fn principal(value: Node<'_>) -> Node<'_> {
    let Some(name) = value.as_str() else { return value };
    if name == "*" {
        return value;
    }
    let span = value.span;
    let kind = if name.contains(".amazonaws.com") || name.contains(".amazon.com") { "Service" } else { "AWS" };
    Node { value: Value::Map(vec![member(kind, span, value)]), span }
}

/// A function by its ARN; one that is only named is that of any account and Region.
fn function(value: Node<'_>) -> Node<'_> {
    let Some(name) = value.as_str().filter(|name| !name.starts_with("arn:")) else { return value };
    // `account:function:name` is a partial ARN.
    let name = name.rsplit(':').next().unwrap_or(name);
    text(format!("arn:aws:lambda:*:*:function:{name}"), value.span)
}

fn member<'a>(key: &'static str, key_span: Span, value: Node<'a>) -> Member<'a> {
    Member { key: Cow::Borrowed(key), key_span, value }
}

fn text<'a>(text: impl Into<Cow<'a, str>>, span: Span) -> Node<'a> {
    Node { value: Value::String(text.into()), span }
}
