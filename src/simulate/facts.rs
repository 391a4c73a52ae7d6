//! Whether a fact holds for a request, and what is to be said where that cannot be told.

use crate::{
    policy::{Effect, Principal},
    semantics::{
        Caller, ContextTest, ExceptionTest, Fact, Found, KeyTest, Open, PrincipalTest, Request, ResourceTest, ShortArn,
        Trait, Truth, Value, classify, is_excepted, kms,
        operator::{Match, Reach, compare, may_match_with_path},
        pattern::{self, Filled},
    },
    source::Span,
};

/// Why an answer is undecided.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    /// Where the policies leave it open.
    pub span: Option<Span>,
    /// What is not known, or not documented; one clause.
    pub message: String,
}

/// Whether a fact holds. `buffer` serves to fill in variables.
pub(crate) fn holds(fact: &Fact, request: &Request, buffer: &mut Vec<u8>) -> Truth {
    match fact {
        Fact::Action(test) => match test.pattern.fill(&request.context, buffer) {
            Filled::Bytes(bytes) => pattern::matches(bytes, request.lower_action().as_bytes()).into(),
            _ => Truth::False,
        },
        Fact::Resource(test) => resource(test, request, buffer),
        Fact::Principal(test) => principal(test, &request.caller),
        Fact::Outside(test) => outside(test, &request.caller),
        Fact::Key(test) => key(test, request, buffer),
        Fact::Present(key) => match request.context.find(&key.lower) {
            Found::Absent => Truth::False,
            Found::Unknown => Truth::Unknown,
            Found::One(_) | Found::Many(_) | Found::Ambiguous => Truth::True,
        },
        Fact::HasValue(key) => match request.context.find(&key.lower) {
            Found::Absent | Found::Many([]) => Truth::False,
            Found::Unknown => Truth::Unknown,
            Found::One(_) | Found::Many(_) | Found::Ambiguous => Truth::True,
        },
        Fact::EncryptionContext(test) => encryption_context(test, request),
        Fact::Call(what) => request.is(*what).into(),
        Fact::Unread(_) | Fact::Open(_) => Truth::Unknown,
    }
}

/// Source: IAM User Guide, "IAM JSON policy elements: Resource". Whether a wildcard crosses a colon is documented for the
/// end of a part alone, and not in detail: where it decides, the answer is unknown.
fn resource(test: &ResourceTest, request: &Request, buffer: &mut Vec<u8>) -> Truth {
    match test.pattern.fill(&request.context, buffer) {
        Filled::Bytes(bytes) => covers(bytes, test.short, request.resource()),
        Filled::Doubtful(bytes) | Filled::Open(bytes) => {
            covers(bytes, test.short, request.resource()).and(Truth::Unknown)
        }
        Filled::Null => Truth::False,
    }
}

fn covers(bytes: &[u8], short: ShortArn, resource: &str) -> Truth {
    if pattern::is_everything(bytes) {
        return Truth::True;
    }
    // An action without a resource is covered by `*` alone.
    if resource == "*" {
        return Truth::False;
    }
    let text = resource.as_bytes();
    let whole = pattern::matches(bytes, text);
    let (by_parts, is_short) = match pattern::matches_by_parts(bytes, text) {
        Some(by_parts) => (by_parts, false),
        None => (pattern::matches_completed(bytes, text), true),
    };
    match (by_parts, whole) {
        (true, true) => Truth::True,
        (false, false) => Truth::False,
        (true, false) if is_short && short == ShortArn::Completed => Truth::True,
        _ => Truth::Unknown,
    }
}

fn principal(test: &PrincipalTest, caller: &Caller) -> Truth {
    match classify(&test.principal, caller) {
        Ok(class) => (class >= test.at_least).into(),
        Err(class) if class >= test.at_least => Truth::Unknown,
        Err(_) => Truth::False,
    }
}

fn outside(test: &ExceptionTest, caller: &Caller) -> Truth {
    if test.effect == Effect::Deny && test.under_boundary && caller.arn().is_some() {
        return Truth::True;
    }
    let excepted = is_excepted(&test.listed, caller);
    !if test.has_unknown { excepted.or(Truth::Unknown) } else { excepted }
}

fn key(test: &KeyTest, request: &Request, buffer: &mut Vec<u8>) -> Truth {
    let none = || Truth::from(test.reach.without_values(test.negated));
    let found = request.context.find(&test.key.lower);
    let one;
    let values: &[&str] = match found {
        Found::Absent | Found::Many([]) => return none(),
        Found::Unknown | Found::Ambiguous => return Truth::Unknown,
        // AWS's pages differ on the address that such a call carries.
        Found::One(_) if is_address_of_a_service_call(test, request) => return Truth::Unknown,
        Found::One(value) => {
            one = [value];
            &one
        }
        // A set operator is required; that nothing matches without one rests on observation.
        Found::Many(_) if test.reach == Reach::Single => return Truth::False,
        Found::Many(values) => return several(test, values.iter().map(String::as_str), request, buffer),
    };
    match test.reach {
        Reach::Single => holds_for(test, one_of(values), request, buffer),
        Reach::Some | Reach::Every => several(test, values.iter().copied(), request, buffer),
    }
}

fn one_of<'v>(values: &[&'v str]) -> &'v str {
    values.first().copied().unwrap_or_default()
}

/// Under a set operator an empty text counts as no value.
///
/// Source: IAM User Guide, "Set operators for multivalued context keys".
fn several<'v>(
    test: &KeyTest,
    values: impl Iterator<Item = &'v str> + Clone,
    request: &Request,
    buffer: &mut Vec<u8>,
) -> Truth {
    if values.clone().all(str::is_empty) {
        return test.reach.without_values(test.negated).into();
    }
    let mut truth = Truth::from(test.reach == Reach::Every);
    for value in values {
        let holds = holds_for(test, value, request, buffer);
        truth = if test.reach == Reach::Every { truth.and(holds) } else { truth.or(holds) };
    }
    truth
}

/// Whether one value of the request is as the operator asks.
fn holds_for(test: &KeyTest, value: &str, request: &Request, buffer: &mut Vec<u8>) -> Truth {
    let mut any = Truth::from(false);
    let mut is_broken = false;
    for operand in test.operands.iter() {
        match compare(test.base, operand, value, &request.context, buffer) {
            Match::Yes => {
                any = Truth::True;
                break;
            }
            Match::No if is_of_open_path(test, request) => {
                if may_match_with_path(operand, value, &request.context, buffer) {
                    any = Truth::Unknown;
                }
            }
            Match::No => {}
            Match::Broken => is_broken = true,
            Match::Unknown | Match::Doubtful => any = Truth::Unknown,
        }
    }
    if test.has_unknown {
        any = any.or(Truth::Unknown);
    }
    match (test.negated, any) {
        (true, Truth::False) if is_broken => Truth::Unknown,
        (true, any) => !any,
        (false, any) => any,
    }
}

/// Whether the key holds the ARN of a role whose path is not known.
fn is_of_open_path(test: &KeyTest, request: &Request) -> bool {
    request.is_path_open() && &*test.key.lower == "aws:principalarn"
}

fn is_address_of_a_service_call(test: &KeyTest, request: &Request) -> bool {
    &*test.key.lower == "aws:sourceip" && request.is(Trait::ThroughService)
}

/// The prefix of the condition keys that hold an encryption context, in small letters.
pub(super) const CONTEXT: &str = "kms:encryptioncontext:";

/// Source: KMS API Reference, "`GrantConstraints`".
fn encryption_context(test: &ContextTest, request: &Request) -> Truth {
    if !kms::is_constrained(request.lower_action()) {
        return Truth::True;
    }
    let carried = || request.context.under(CONTEXT);
    let pair = |(key, listed): &(String, String)| match carried().find(|(name, _)| name == key) {
        Some((_, Value::One(value))) => (value == listed).into(),
        None | Some((_, Value::Many(_))) => Truth::False,
        Some((_, Value::Unknown)) => Truth::Unknown,
    };
    let mut truth = test.pairs.iter().map(pair).fold(Truth::True, Truth::and);
    if test.exactly {
        for (_, value) in carried().filter(|(name, _)| test.pairs.iter().all(|(key, _)| key != name)) {
            truth = truth.and(if *value == Value::Unknown { Truth::Unknown } else { Truth::False });
        }
    }
    truth
}

/// Why a fact that is unknown cannot be told.
pub(super) fn reason(fact: &Fact, request: &Request) -> Reason {
    let (span, message) = match fact {
        Fact::Resource(test) => (Some(test.span), resource_reason(test, request)),
        Fact::Principal(test) => (Some(test.span), principal_reason(&test.principal)),
        Fact::Outside(test) => {
            let message = if test.has_unknown {
                UNREAD
            } else {
                "`NotPrincipal` names the caller only in part, which services treat differently"
            };
            (Some(test.span), message.to_owned())
        }
        Fact::Key(test) => (Some(test.span), key_reason(test, request)),
        Fact::Present(key) | Fact::HasValue(key) => (None, not_known(&key.spelt)),
        Fact::EncryptionContext(test) => (Some(test.span), "the encryption context is not known".to_owned()),
        Fact::Unread(span) => (Some(*span), UNREAD.to_owned()),
        Fact::Open(open) => (None, undocumented(*open).to_owned()),
        Fact::Action(_) | Fact::Call(_) => (None, UNREAD.to_owned()),
    };
    Reason { span, message }
}

const UNREAD: &str = "the file does not give this part of the policy";

fn not_known(key: &str) -> String {
    format!("{key} is not known")
}

const fn undocumented(open: Open) -> &'static str {
    match open {
        Open::GrantUnderBoundary => "whether a permissions boundary limits a grant is not documented",
        Open::GrantUnderSession => "whether a session policy limits a grant is not documented",
        Open::WhoRetires => "whether the caller's account made the grant, or may retire it, is not known",
        Open::KindOfEndpoint => {
            "an account in a gateway endpoint's policy is its root user alone, and the endpoint's kind is not known"
        }
        Open::NamedAtEndpoint => {
            "a gateway endpoint's policy names principals by aws:PrincipalArn alone, and the endpoint's kind is not known"
        }
        Open::AllowNotPrincipal => "an Allow with `NotPrincipal` is not supported, and services treat it differently",
    }
}

fn principal_reason(principal: &Principal) -> String {
    match principal {
        Principal::User(_) => "whether this user made the federated session is not known".to_owned(),
        Principal::CanonicalUser(_) => "which account a canonical user id belongs to is not known".to_owned(),
        _ => "whether the caller is this session of the role is not known".to_owned(),
    }
}

/// The first variable of a pattern whose value is not known.
fn unknown_variable(pattern: &pattern::Pattern, request: &Request) -> Option<String> {
    let is_unknown = |key: &&str| matches!(request.context.find(key), Found::Unknown | Found::Ambiguous);
    pattern.variables().find(is_unknown).map(|key| match request.context.find(key) {
        Found::Ambiguous => ambiguous(key),
        _ => not_known(key),
    })
}

fn ambiguous(key: &str) -> String {
    format!("the request carries {key} in two spellings, and which one counts is not documented")
}

fn resource_reason(test: &ResourceTest, request: &Request) -> String {
    if let Some(message) = unknown_variable(&test.pattern, request) {
        return message;
    }
    let mut buffer = Vec::new();
    match test.pattern.fill(&request.context, &mut buffer) {
        Filled::Doubtful(_) => EMPTY_VARIABLE.to_owned(),
        Filled::Bytes(bytes) if pattern::matches_by_parts(bytes, b"arn:::::").is_none() => {
            "what an ARN of fewer than six parts matches here is not documented".to_owned()
        }
        _ => "whether a wildcard crosses a colon here is not documented".to_owned(),
    }
}

const EMPTY_VARIABLE: &str = "whether a variable without text counts as a missing one is not documented";

fn key_reason(test: &KeyTest, request: &Request) -> String {
    let key = &test.key.spelt;
    match request.context.find(&test.key.lower) {
        Found::Unknown => return not_known(key),
        Found::Ambiguous => return ambiguous(key),
        Found::One(_) if is_address_of_a_service_call(test, request) => {
            return "whether aws:SourceIp is kept when a service calls KMS is documented in two ways".to_owned();
        }
        _ => {}
    }
    if test.has_unknown {
        return UNREAD.to_owned();
    }
    if is_of_open_path(test, request) {
        return "a session does not tell its role's path, which decides here: aws:PrincipalArn in the context does"
            .to_owned();
    }
    let patterns = || {
        test.operands.iter().filter_map(|operand| match operand {
            crate::semantics::operator::Operand::Pattern(pattern) => Some(pattern),
            _ => None,
        })
    };
    if let Some(message) = patterns().find_map(|pattern| unknown_variable(pattern, request)) {
        return message;
    }
    let is_empty = |key: &str| request.context.find(key) == Found::One("");
    if patterns().any(|pattern| pattern.variables().any(is_empty)) {
        return EMPTY_VARIABLE.to_owned();
    }
    format!(
        "a value of {key} is not of the operator's kind, and what a negated operator makes of that is not documented"
    )
}

/// A variable's key as a pattern spells it.
fn spelt(key: &str, pattern: &pattern::Pattern) -> String {
    let text = pattern.as_str();
    let start = text.to_ascii_lowercase().find(&format!("${{{key}")).map(|at| at + "${".len());
    start.and_then(|start| text.get(start..start + key.len())).unwrap_or(key).to_owned()
}

/// The condition keys that a fact asks for, as they are spelt.
pub(super) fn keys_of(fact: &Fact) -> Vec<String> {
    let variables = |pattern: &pattern::Pattern| pattern.variables().map(|key| spelt(key, pattern)).collect::<Vec<_>>();
    match fact {
        Fact::Resource(test) => variables(&test.pattern),
        Fact::Key(test) => {
            let mut keys = vec![test.key.spelt.to_string()];
            for operand in test.operands.iter() {
                if let crate::semantics::operator::Operand::Pattern(pattern) = operand {
                    keys.extend(variables(pattern));
                }
            }
            keys
        }
        Fact::Present(key) | Fact::HasValue(key) => vec![key.spelt.to_string()],
        Fact::EncryptionContext(test) => {
            test.pairs.iter().map(|(key, _)| format!("kms:EncryptionContext:{key}")).collect()
        }
        _ => Vec::new(),
    }
}
