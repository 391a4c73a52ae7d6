//! Names of actions.

use crate::{
    finding::{Applicability, Finding, RuleInfo, RuleOption, Severity},
    policy::{ActionPattern, Listed, Statement, glob},
    reference::{Service, fact},
    rules::{Aws, Check, Findings, RuleContext, declare::declare_rules, edits},
    source::{Edit, Spanned},
    syntax::print,
};

declare_rules! { Validity:
    /// ## What it does
    /// Flags an entry of `Action` that is the name of a condition key: `ec2:ResourceTag/*`, `kms:ViaService`.
    ///
    /// ## Why it matters
    /// It matches no action. Whoever wrote it believes that it limits the statement, and it does not.
    ///
    /// ## How to fix it
    /// Take it away, which changes no permission; write a `Condition` if a limit was meant.
    ///
    /// ## Source
    /// Service Authorization Reference, "Amazon EC2" and "AWS Key Management Service", condition keys.
    pub CONDITION_KEY_AS_ACTION = {
        id: "condition-key-as-action", code: Some("INVALID_ACTION"),
        severity: Error, confidence: High, persona: Regular,
        supersedes: &["non-kms-action-in-key-policy"],
        summary: "a condition key stands among the actions",
    }

    /// ## What it does
    /// Flags an action whose service prefix no AWS service has: `km:Decrypt`, `aws-kms:Decrypt`.
    ///
    /// ## Why it matters
    /// It matches no action.
    ///
    /// ## How to fix it
    /// Write the prefix of the Service Authorization Reference.
    ///
    /// ## Source
    /// Service Authorization Reference; IAM User Guide, "Access Analyzer policy check reference", invalid service in action.
    pub UNKNOWN_SERVICE_PREFIX = {
        id: "unknown-service-prefix", code: Some("INVALID_SERVICE_IN_ACTION"),
        severity: Error, confidence: High, persona: Regular,
        summary: "no service has this prefix",
    }

    /// ## What it does
    /// Flags an action that its service does not have. Where the reference is older than 120 days, or than the option
    /// `reference-days` says, this is a warning that names its date, since the action may be newer.
    ///
    /// ## Why it matters
    /// It matches no action: what it was to allow is denied, what it was to deny is allowed.
    ///
    /// ## How to fix it
    /// Write the name of the Service Authorization Reference. An API call may need an action of another name.
    ///
    /// ## Source
    /// Service Authorization Reference; IAM User Guide, "Access Analyzer policy check reference", invalid action.
    pub UNKNOWN_ACTION = {
        id: "unknown-action", code: Some("INVALID_ACTION"),
        severity: Error, confidence: High, persona: Regular,
        options: &[REFERENCE_DAYS],
        summary: "the service has no such action",
    }

    /// ## What it does
    /// Flags an action, or a service, that AWS once had and has no more.
    ///
    /// ## Why it matters
    /// It matches nothing. It is no mistake of spelling, so nothing breaks; it only says that the policy is old.
    ///
    /// ## How to fix it
    /// Take it away.
    ///
    /// ## Source
    /// Service Authorization Reference, in its earlier and its present form.
    pub RETIRED_ACTION = {
        id: "retired-action", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "AWS has this action no more",
    }

    /// ## What it does
    /// Flags an action with a wildcard that no action of its service fits.
    ///
    /// ## Why it matters
    /// It matches nothing today, and whatever AWS names so tomorrow.
    ///
    /// ## How to fix it
    /// Write the pattern that was meant.
    ///
    /// ## Source
    /// Service Authorization Reference; IAM User Guide, "Access Analyzer policy check reference", invalid action.
    pub WILDCARD_ACTION_MATCHES_NOTHING = {
        id: "wildcard-action-matches-nothing", code: Some("INVALID_ACTION"),
        severity: Warning, confidence: High, persona: Regular,
        summary: "no action fits this pattern",
    }

    /// ## What it does
    /// Flags an action in another letter case than AWS writes it.
    ///
    /// ## Why it matters
    /// It matches all the same; whoever searches for the name does not find it.
    ///
    /// ## How to fix it
    /// Write it as AWS does.
    ///
    /// ## Source
    /// IAM User Guide, "IAM JSON policy elements: Action".
    pub ACTION_CASE = {
        id: "action-case", code: None,
        severity: Note, confidence: High, persona: Pedantic,
        summary: "an action in another letter case",
    }
}

/// The age of the reference from which on a name that it lacks may be new; the other rules of names go by it too.
pub(crate) const REFERENCE_DAYS: RuleOption = RuleOption::number(
    "reference-days",
    120,
    (1, 3650),
    "the age of the service reference from which on a name that it lacks may be new, for every rule that asks it",
);

/// The entries of `Action` and `NotAction`.
pub(crate) struct Actions;

impl Check for Actions {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        let Some(clause) = &statement.actions else { return };
        let listed = clause.listed();
        // Actions of one service mostly stand together: it is looked up once for all of them.
        let mut last = Last::default();
        for action in &listed.read {
            look(action, listed, &mut last, cx.aws, out);
        }
    }
}

/// Whether an entry holds a policy variable or a placeholder, which is told of elsewhere. No action of AWS does.
fn has_gap(action: &ActionPattern) -> bool {
    action.as_str().contains(['$', '<', '{'])
}

/// The service that was looked up last, and by what prefix.
#[derive(Default)]
struct Last<'s, 'r> {
    prefix: &'s str,
    service: Option<Service<'r>>,
}

fn look<'s, 'r>(
    action: &'s Spanned<ActionPattern>,
    listed: &Listed<ActionPattern>,
    last: &mut Last<'s, 'r>,
    aws: Aws<'r>,
    out: &mut Findings<'_>,
) {
    let Some(service) = action.value.service() else {
        if !action.value.is_every_action() && !has_gap(&action.value) {
            out.push(without_service(action));
        }
        return;
    };
    let name = action.value.name();
    // What AWS has is nearly all there is, so it is looked up first.
    if action.value.leaves_service_open() {
        return;
    }
    if last.prefix != service {
        *last = Last { prefix: service, service: aws.reference.service(service) };
    }
    let known_service = last.service;
    if action.value.is_pattern() {
        let is_known = known_service.is_some_and(|known| known.has_action_matching(name));
        if !is_known && !has_gap(&action.value) {
            out.push(unmatched_pattern(action, service, name, listed, aws));
        }
        return;
    }
    if let Some(known) = known_service.and_then(|known| known.action(name)) {
        if out.asks(&ACTION_CASE) && !known.is_spelt(service, name) {
            out.push(other_case(action, &known.to_string()));
        }
    } else if has_gap(&action.value) {
        // It names no action yet.
    } else if is_condition_key(&action.value, aws) {
        out.push(condition_key(action, listed));
    } else if known_service.is_none() {
        if standing(service) != Some("service") {
            out.push(no_service(action, service, aws));
        }
    } else if standing(action.value.as_str()) != Some("action") {
        out.push(no_action(action, service, name, aws));
    }
}

/// What is known of a name that AWS itself uses and no table lists.
fn standing(name: &str) -> Option<&'static str> {
    fact("unlisted-name", name).map(|fact| fact.value)
}

fn unmatched_pattern(
    action: &Spanned<ActionPattern>,
    service: &str,
    name: &str,
    listed: &Listed<ActionPattern>,
    aws: Aws<'_>,
) -> Finding {
    if is_condition_key(&action.value, aws) {
        condition_key(action, listed)
    } else if aws.reference.service(service).is_none() {
        no_service(action, service, aws)
    } else {
        matches_nothing(action, service, name, aws)
    }
}

fn without_service(action: &Spanned<ActionPattern>) -> Finding {
    let message = format!("`{}` names no service", action.value.as_str());
    Finding::new(&UNKNOWN_ACTION, action.span, message).help("an action is written SERVICE:NAME, such as kms:Decrypt")
}

/// Whether an entry is a condition key: no action has its name, and a key has.
fn is_condition_key(action: &ActionPattern, aws: Aws<'_>) -> bool {
    let name = action.name();
    let before_tag = name.split(['/', ':']).next().unwrap_or(name);
    if before_tag.is_empty() || glob::is_pattern(before_tag) || action.as_str().contains(char::is_whitespace) {
        return false;
    }
    let service = action.service().unwrap_or_default();
    let is_action = aws.reference.action(service, name).is_some() || aws.reference.is_retired(service, name);
    let key = || aws.reference.condition_key(action.as_str()).is_some();
    // A key that takes a tag, without one.
    let tag_key = || aws.reference.condition_key(&format!("{service}:{before_tag}/x")).is_some();
    !is_action && (key() || tag_key())
}

fn condition_key(action: &Spanned<ActionPattern>, listed: &Listed<ActionPattern>) -> Finding {
    let message = format!("`{}` is a condition key, not an action", action.value.as_str());
    let finding = Finding::new(&CONDITION_KEY_AS_ACTION, action.span, message)
        .label("matches no action")
        .help("write a `Condition` if it was meant as a limit");
    match edits::remove_from(listed, action.span) {
        Some(edit) => finding.fix("take it away", Applicability::Safe, vec![edit]),
        None => finding,
    }
}

fn no_service(action: &Spanned<ActionPattern>, service: &str, aws: Aws<'_>) -> Finding {
    if standing(service) == Some("retired") || aws.reference.is_retired_service(service) {
        return retired(action, format!("AWS has no service `{service}` any more"), aws);
    }
    let message = format!("no service has the prefix `{service}`");
    let finding = Finding::new(&UNKNOWN_SERVICE_PREFIX, action.span, message);
    let meant = aws.reference.nearest_service(service).map(|meant| meant.prefix().to_owned());
    renamed(dated(finding, aws), action, meant.map(|meant| format!("{meant}:{}", action.value.name())))
}

fn no_action(action: &Spanned<ActionPattern>, service: &str, name: &str, aws: Aws<'_>) -> Finding {
    if aws.reference.is_retired(service, name) || standing(action.value.as_str()) == Some("retired") {
        return retired(action, format!("AWS has no action `{}` any more", action.value.as_str()), aws);
    }
    let message = format!("{service} has no action `{name}`");
    let finding = dated(Finding::new(&UNKNOWN_ACTION, action.span, message), aws);
    renamed(finding, action, aws.reference.nearest_action(service, name).map(|meant| meant.to_string()))
}

fn matches_nothing(action: &Spanned<ActionPattern>, service: &str, name: &str, aws: Aws<'_>) -> Finding {
    let message = format!("no action of {service} fits `{name}`");
    let finding = Finding::new(&WILDCARD_ACTION_MATCHES_NOTHING, action.span, message);
    finding.help(format!("by the service reference of {}", aws.reference.date()))
}

fn retired(action: &Spanned<ActionPattern>, message: String, aws: Aws<'_>) -> Finding {
    let help = format!("take it away; the service reference of {} lacks it", aws.reference.date());
    Finding::new(&RETIRED_ACTION, action.span, message).help(help)
}

/// An old reference makes a warning of what may only be new.
fn dated(finding: Finding, aws: Aws<'_>) -> Finding {
    if !aws.is_old {
        return finding;
    }
    let label = format!("unknown to the reference of {}; it may be newer", aws.reference.date());
    finding.severity(Severity::Warning).label(label)
}

fn renamed(finding: Finding, action: &Spanned<ActionPattern>, meant: Option<String>) -> Finding {
    let Some(meant) = meant else { return finding.help("the Service Authorization Reference lists what there is") };
    let edits = vec![Edit::replace(action.span, print::quoted(&meant))];
    finding.help(format!("did you mean `{meant}`?")).fix(format!("write \"{meant}\""), Applicability::Unsafe, edits)
}

fn other_case(action: &Spanned<ActionPattern>, known: &str) -> Finding {
    let edits = vec![Edit::replace(action.span, print::quoted(known))];
    Finding::new(&ACTION_CASE, action.span, format!("AWS writes `{known}`")).fix(
        format!("write \"{known}\""),
        Applicability::Safe,
        edits,
    )
}
