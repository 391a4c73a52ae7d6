//! Characters that a policy may not hold.

use crate::{
    finding::{Finding, RuleInfo},
    policy::{Policy, PolicyKind},
    rules::{Check, Findings, RuleContext, declare::declare_rules},
    source::Span,
    syntax::{Node, Value},
};

declare_rules! { Validity:
    /// ## What it does
    /// Flags a character beyond Latin-1 (U+00FF) inside a string: a curly quote, a dash of a word processor, a letter of
    /// another script.
    ///
    /// ## Why it matters
    /// IAM and KMS take the characters U+0020 to U+00FF alone, and refuse the policy.
    ///
    /// ## How to fix it
    /// Write a character of that range.
    ///
    /// ## Source
    /// IAM API Reference, "`CreatePolicy`", `PolicyDocument`; KMS Developer Guide, "Key policies in AWS KMS".
    pub ILLEGAL_CHARACTER = {
        id: "illegal-character", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "a character that IAM and KMS refuse",
    }
}

/// The characters of a policy.
pub(crate) struct Characters;

impl Check for Characters {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn policy(&self, _policy: &Policy, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if cx.document.is_plain {
            return;
        }
        // Other services keep their own policies, each with characters of its own; Organizations takes any.
        let elsewhere =
            [PolicyKind::Resource, PolicyKind::Endpoint, PolicyKind::ServiceControl, PolicyKind::ResourceControl];
        if !elsewhere.contains(&cx.kind()) {
            walk(&cx.document.node, out);
        }
    }
}

fn walk(node: &Node<'_>, out: &mut Findings<'_>) {
    match &node.value {
        Value::String(text) => look(text, node.span, out),
        Value::List(items) => items.iter().for_each(|item| walk(item, out)),
        Value::Map(members) => {
            for member in members {
                look(&member.key, member.key_span, out);
                walk(&member.value, out);
            }
        }
        _ => {}
    }
}

fn look(text: &str, span: Span, out: &mut Findings<'_>) {
    if text.is_ascii() {
        return;
    }
    // What the reader could not make out is told with the text's own faults.
    let illegal = |character: &char| *character > '\u{ff}' && *character != char::REPLACEMENT_CHARACTER;
    let Some(character) = text.chars().find(illegal) else { return };
    let message = format!("`{character}` (U+{:04X}) may not stand in a policy", u32::from(character));
    out.push(Finding::new(&ILLEGAL_CHARACTER, span, message).help("write a character of Latin-1 (up to U+00FF)"));
}
