//! Policy variables: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`.

use crate::{
    document::MayHold,
    finding::{Finding, RuleInfo},
    policy::{Policy, PolicyVersion, Statement},
    rules::{Check, Findings, RuleContext, declare::declare_rules},
    source::{Span, Spanned, scan},
};

declare_rules! { Validity:
    /// ## What it does
    /// Flags a policy variable that is not written as one: without its closing brace, empty, with a blank in its name, with a
    /// default value out of quotes, or of a tag whose name does not stand behind a slash; and one where no variable may stand, such as in `Action`.
    ///
    /// ## Why it matters
    /// AWS refuses the policy, or the text never matches.
    ///
    /// ## How to fix it
    /// Write `${key}` or `${key, 'default'}`, in `Resource` or in a condition's values.
    ///
    /// ## Source
    /// IAM User Guide, "IAM policy elements: Variables and tags"; "Access Analyzer policy check reference", the checks on
    /// variables.
    pub POLICY_VARIABLE_SYNTAX = {
        id: "policy-variable-syntax", code: Some("MISSING_BRACE_IN_VARIABLE"),
        further_codes: &[
            "EMPTY_VARIABLE",
            "MISSING_QUOTE_IN_VARIABLE",
            "UNSUPPORTED_SPACE_IN_VARIABLE",
            "VARIABLE_UNSUPPORTED_IN_ELEMENT",
        ],
        severity: Error, confidence: High, persona: Regular,
        summary: "a policy variable is not written as one",
    }

    /// ## What it does
    /// Flags a policy variable in a policy without `Version`, or in one of the language of 2008.
    ///
    /// ## Why it matters
    /// In that language `${aws:username}` is plain text: what names it matches nothing.
    ///
    /// ## How to fix it
    /// Write `"Version": "2012-10-17"`.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", variable unsupported in version; "IAM JSON policy elements:
    /// Version".
    pub VARIABLE_IN_OLD_VERSION = {
        id: "variable-in-old-version", code: Some("VARIABLE_UNSUPPORTED_IN_VERSION"),
        severity: Error, confidence: High, persona: Regular,
        summary: "a policy variable that is plain text",
    }
}

/// The variables of a policy in the language of 2012; in that of 2008 there are none.
pub(crate) struct Variables;

impl Check for Variables {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        if cx.document.variables == MayHold::NoVariables {
            return;
        }
        if !has_variables(&cx.document.policy) {
            old(statement, &cx.document.policy, out);
            return;
        }
        if let Some(resources) = &statement.resources {
            resources.listed().read.iter().for_each(|item| look(item.value.as_str(), item.span, out));
        }
        for value in statement.conditions.iter().flat_map(|condition| &condition.values.read) {
            look(&value.value, value.span, out);
        }
        misplaced(statement, out);
    }
}

fn has_variables(policy: &Policy) -> bool {
    policy.version.as_ref().is_some_and(|version| version.value == PolicyVersion::V2012) || policy.fragment
}

/// Variables in the language of 2008.
fn old(statement: &Statement, policy: &Policy, out: &mut Findings<'_>) {
    let is_old = match (&policy.version, policy.version_element) {
        (Some(version), _) => version.value == PolicyVersion::V2008,
        (None, Some(_)) => false,
        (None, None) => policy.is_complete(),
    };
    if !is_old {
        return;
    }
    let resources = statement.resources.iter().flat_map(|clause| &clause.listed().read);
    let resources = resources.map(|item| (item.value.as_str(), item.span));
    let values = statement.conditions.iter().flat_map(|condition| &condition.values.read);
    for (text, span) in resources.chain(values.map(|value| (value.value.as_str(), value.span))) {
        if let Some(name) = holds_one(text).then(|| variable(text)).flatten() {
            let message = format!("`${{{name}}}` is plain text in the 2008 version of the policy language");
            let finding = Finding::new(&VARIABLE_IN_OLD_VERSION, span, message);
            out.push(finding.help("write `\"Version\": \"2012-10-17\"`"));
        }
    }
}

/// The first variable of a text that names a condition key: `aws:username`.
fn variable(text: &str) -> Option<&str> {
    text.split("${")
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name)
        .find(|name| name.contains(':'))
}

fn misplaced(statement: &Statement, out: &mut Findings<'_>) {
    let Some(actions) = &statement.actions else { return };
    for Spanned { value, span } in actions.listed().read.iter().filter(|action| holds_one(action.value.as_str())) {
        let message = format!("no policy variable may stand in `{}`", value.as_str());
        let finding = Finding::new(&POLICY_VARIABLE_SYNTAX, *span, message).code("VARIABLE_UNSUPPORTED_IN_ELEMENT");
        out.push(finding.help("write the action out; variables stand in Resource and in conditions"));
    }
}

/// What is wrong with a variable: what to say, and the code it answers to.
type Mistake = (&'static str, &'static str);

/// Whether a text holds a variable. Most hold no dollar at all, which is told sooner.
fn holds_one(text: &str) -> bool {
    scan::find(text.as_bytes(), |word| scan::is(word, b'$')).is_some() && text.contains("${")
}

fn look(text: &str, span: Span, out: &mut Findings<'_>) {
    if !holds_one(text) {
        return;
    }
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("${") {
        let (mistake, behind) = match after.split_once('}') {
            None => (Some(("a policy variable is not closed", "MISSING_BRACE_IN_VARIABLE")), ""),
            Some((inside, behind)) => (mistake(inside), behind),
        };
        if let Some((message, code)) = mistake {
            let finding = Finding::new(&POLICY_VARIABLE_SYNTAX, span, message).code(code);
            out.push(finding.help("write `${key}`, or `${key, 'default'}`"));
            return;
        }
        if let Some(key) = after.split_once('}').and_then(|(inside, _)| tag_without_a_slash(inside)) {
            let finding = Finding::new(
                &POLICY_VARIABLE_SYNTAX,
                span,
                format!("a variable on {key} names its tag behind a slash"),
            );
            out.push(finding.no_code().help(format!("write `${{{key}/NAME}}`")));
            return;
        }
        rest = behind;
    }
}

/// The key of a variable on a tag that does not name it behind a slash: such a variable has no value. Source: IAM User Guide,
/// "AWS global condition context keys", which have their tags' names there.
fn tag_without_a_slash(inside: &str) -> Option<&'static str> {
    const ON_TAGS: [&str; 3] = ["aws:PrincipalTag", "aws:RequestTag", "aws:ResourceTag"];
    let behind = |key: &str| {
        inside.get(..key.len()).filter(|start| start.eq_ignore_ascii_case(key)).map(|_| &inside[key.len()..])
    };
    ON_TAGS.into_iter().find(|key| behind(key).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', ','])))
}

fn mistake(inside: &str) -> Option<Mistake> {
    let (name, default) = match inside.split_once(',') {
        Some((name, default)) => (name, Some(default.trim())),
        None => (inside, None),
    };
    if name.is_empty() {
        return Some(("a policy variable is empty", "EMPTY_VARIABLE"));
    }
    // A tag's name may hold blanks.
    if name.split('/').next().is_some_and(|key| key.contains(' ')) {
        return Some(("a blank in the name of a policy variable", "UNSUPPORTED_SPACE_IN_VARIABLE"));
    }
    let quoted = |default: &str| default.len() >= 2 && default.starts_with('\'') && default.ends_with('\'');
    default
        .is_some_and(|default| !quoted(default))
        .then_some(("a policy variable's default stands without quotes", "MISSING_QUOTE_IN_VARIABLE"))
}
