//! ARNs of resources, held against those that the reference knows.

use crate::{
    finding::{Finding, RuleInfo},
    policy::{Arn, ResourcePattern, Statement, glob, is_placeholder},
    reference::{ArnForm as Form, Reference, ResourceType, Service, fact, facts},
    rules::{Aws, Check, Findings, RuleContext, declare::declare_rules},
    source::{Span, Spanned},
};

declare_rules! { Validity:
    /// ## What it does
    /// Flags an ARN with an account or a Region where no ARN of its service has one: `arn:aws:s3::111122223333:bucket`. A
    /// Region in an ARN of IAM has a rule of its own.
    ///
    /// ## Why it matters
    /// No resource has such an ARN, so the statement never matches.
    ///
    /// ## How to fix it
    /// Leave the field empty.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", ARN account not allowed, ARN Region not allowed; Service
    /// Authorization Reference, resource types of each service.
    pub ARN_FIELD_NOT_ALLOWED = {
        id: "arn-field-not-allowed", code: Some("ARN_ACCOUNT_NOT_ALLOWED"),
        further_codes: &["ARN_REGION_NOT_ALLOWED"],
        severity: Error, confidence: High, persona: Regular,
        summary: "an ARN with a field that its service leaves empty",
    }

    /// ## What it does
    /// Flags an ARN without an account or a Region where every ARN of its kind has one: `arn:aws:sqs::111122223333:queue`.
    ///
    /// ## Why it matters
    /// No resource has such an ARN, so the statement never matches.
    ///
    /// ## How to fix it
    /// Write the account or the Region, or `*`.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", missing ARN Region, missing ARN account; Service Authorization
    /// Reference, resource types of each service.
    pub ARN_FIELD_MISSING = {
        id: "arn-field-missing", code: Some("MISSING_ARN_REGION"),
        further_codes: &["MISSING_ARN_ACCOUNT"],
        severity: Error, confidence: High, persona: Regular,
        summary: "an ARN without a field that its kind has",
    }

    /// ## What it does
    /// Flags an ARN that begins its resource as no resource of its service does: `arn:aws:ec2:…:vpc-endpoint:vpce-…`, which
    /// has a slash. ARNs with a wildcard or a variable are left out, and of KMS, which has a rule of its own.
    ///
    /// ## Why it matters
    /// No resource has such an ARN, so the statement never matches.
    ///
    /// ## How to fix it
    /// Write the resource as the Service Authorization Reference does, letter case included.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", invalid ARN resource; Service Authorization Reference,
    /// resource types of each service.
    pub ARN_RESOURCE_UNKNOWN = {
        id: "arn-resource-unknown", code: Some("INVALID_ARN_RESOURCE"),
        severity: Warning, confidence: Medium, persona: Regular,
        summary: "an ARN of no kind of resource that its service has",
    }

    /// ## What it does
    /// Flags an ARN whose service is not written in lower case.
    ///
    /// ## Why it matters
    /// Letter case counts in an ARN: the statement never matches.
    ///
    /// ## How to fix it
    /// Write the service in lower case.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", invalid ARN service case.
    pub ARN_SERVICE_CASE = {
        id: "arn-service-case", code: Some("INVALID_ARN_SERVICE_CASE"),
        severity: Error, confidence: High, persona: Regular,
        summary: "an ARN whose service is not in lower case",
    }

    /// ## What it does
    /// Flags an ARN of a service that AWS does not have.
    ///
    /// ## Why it matters
    /// The statement never matches.
    ///
    /// ## How to fix it
    /// Write the service as the ARNs of its resources do.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", invalid service.
    pub ARN_SERVICE_UNKNOWN = {
        id: "arn-service-unknown", code: Some("INVALID_SERVICE"),
        severity: Error, confidence: High, persona: Regular,
        summary: "an ARN of no service",
    }

    /// ## What it does
    /// Flags a wildcard in the service of an ARN.
    ///
    /// ## Why it matters
    /// It takes in services of which its author did not think, and those that are yet to come.
    ///
    /// ## How to fix it
    /// Write an ARN for each service.
    ///
    /// ## Source
    /// IAM User Guide, "Access Analyzer policy check reference", wildcard in service name.
    pub ARN_SERVICE_WILDCARD = {
        id: "arn-service-wildcard", code: Some("WILDCARD_IN_SERVICE_NAME"),
        severity: Note, confidence: High, persona: Pedantic,
        summary: "a wildcard in the service of an ARN",
    }
}

/// The resources of a statement.
pub(crate) struct ArnForm;

impl Check for ArnForm {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn statement(&self, statement: &Statement, cx: &RuleContext<'_, '_>, out: &mut Findings<'_>) {
        let Some(resources) = &statement.resources else { return };
        // Resources of one service mostly stand together: it is looked up once for all of them.
        let mut last: Option<Service<'_>> = None;
        for resource in &resources.listed().read {
            look(resource, cx.aws, &mut last, out);
        }
    }
}

fn forms(service: Service<'_>) -> impl Iterator<Item = Form<'_>> {
    service.resource_types().flat_map(ResourceType::arn_forms)
}

fn look<'r>(resource: &Spanned<ResourcePattern>, aws: Aws<'r>, last: &mut Option<Service<'r>>, out: &mut Findings<'_>) {
    if resource.value.is_everything() {
        return;
    }
    let Ok(arn) = resource.value.arn() else { return };
    if glob::is_pattern(arn.service) {
        let finding = Finding::new(&ARN_SERVICE_WILDCARD, resource.span, "a wildcard stands for the service");
        out.push(finding.help("write an ARN for each service"));
        return;
    }
    if arn.service.contains('$') {
        return;
    }
    if arn.service.bytes().any(|byte| byte.is_ascii_uppercase()) {
        if !is_placeholder(arn.service) {
            let message = format!("`{}` is not in lower case", arn.service);
            let finding = Finding::new(&ARN_SERVICE_CASE, resource.span, message);
            out.push(finding.help(format!("write `{}`", arn.service.to_ascii_lowercase())));
        }
        return;
    }
    // A bucket or an object may have any name.
    if arn.service == "s3" && arn.region.is_empty() && arn.account.is_empty() {
        return;
    }
    if last.is_none_or(|service| service.prefix() != arn.service) {
        *last = aws.reference.service(arn.service);
    }
    match *last {
        Some(service) => {
            fields(&arn, resource.span, service, out);
            kind(&arn, resource.span, service, aws, out);
        }
        None if is_placeholder(arn.service) => {}
        None => unknown(&arn, resource.span, aws, out),
    }
}

fn unknown(arn: &Arn<'_>, span: Span, aws: Aws<'_>, out: &mut Findings<'_>) {
    if arn.service.is_empty()
        || is_named_in_arns(aws.reference, arn.service)
        || aws.reference.is_retired_service(arn.service)
    {
        return;
    }
    let finding = Finding::new(&ARN_SERVICE_UNKNOWN, span, format!("no service is called `{}`", arn.service));
    out.push(match aws.reference.nearest_service(arn.service) {
        Some(meant) => finding.help(format!("did you mean `{}`?", meant.prefix())),
        None => finding.help(format!("by the service reference of {}", aws.reference.date())),
    });
}

/// Whether a resource that is written out begins as one of its service's.
fn kind(arn: &Arn<'_>, span: Span, service: Service<'_>, aws: Aws<'_>, out: &mut Findings<'_>) {
    let own = Resource::of(arn);
    // How many parts follow is not held against the reference: services take older, shorter forms.
    if !own.is_whole || own.start.is_empty() || arn.service == "kms" || forms(service).any(|form| own.is_of(&form)) {
        return;
    }
    let is_like = |pattern: &str| {
        let mut parts = pattern.splitn(6, ':');
        parts.nth(2) == Some(arn.service)
            && parts
                .nth(2)
                .and_then(|resource| resource.split("${").next())
                .is_some_and(|start| arn.resource.starts_with(start))
    };
    let mut patterns = aws.reference.services().flat_map(Service::resource_types).flat_map(ResourceType::arn_patterns);
    let has_forms = forms(service).next().is_some();
    if !has_forms || is_placeholder(arn.resource) || is_unlisted(arn) || patterns.any(is_like) {
        return;
    }
    let message = format!("no resource of {} has an ARN that ends in `{}`", arn.service, arn.resource);
    let finding = Finding::new(&ARN_RESOURCE_UNKNOWN, span, message);
    out.push(match meant(arn, service) {
        Some(form) => finding.help(format!("did you mean `{form}`?")),
        None => finding.help("the Service Authorization Reference lists the ARNs that there are"),
    });
}

/// The form of an ARN whose first word differs in letter case, hyphens or what stands behind it alone.
fn meant<'r>(arn: &Arn<'_>, service: Service<'r>) -> Option<&'r str> {
    let plain = |text: &str| -> String {
        let word = text.trim_start_matches('/').split([':', '/', '$']).next().unwrap_or_default();
        word.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let word = plain(arn.resource);
    let mut resources = service
        .resource_types()
        .flat_map(ResourceType::arn_patterns)
        .filter_map(|pattern| pattern.splitn(6, ':').nth(5));
    resources.find(|resource| !word.is_empty() && plain(resource) == word)
}

/// Whether ARNs of some other service's resources name a service so: its own name in ARNs differs from its prefix.
fn is_named_in_arns(reference: &Reference, service: &str) -> bool {
    let is_so = |pattern: &str| pattern.split(':').nth(2) == Some(service);
    reference.services().any(|known| known.resource_types().flat_map(ResourceType::arn_patterns).any(is_so))
        || fact("unlisted-name", service).is_some()
}

/// A field of an ARN that some kinds of resources leave empty.
#[derive(Clone, Copy)]
struct Field {
    name: &'static str,
    of: fn(&Form<'_>) -> bool,
    not_allowed: &'static str,
    missing: &'static str,
}

const REGION: Field = Field {
    name: "Region",
    of: |form| form.has_region,
    not_allowed: "ARN_REGION_NOT_ALLOWED",
    missing: "MISSING_ARN_REGION",
};

const ACCOUNT: Field = Field {
    name: "account",
    of: |form| form.has_account,
    not_allowed: "ARN_ACCOUNT_NOT_ALLOWED",
    missing: "MISSING_ARN_ACCOUNT",
};

fn fields(arn: &Arn<'_>, span: Span, service: Service<'_>, out: &mut Findings<'_>) {
    let may_tell = |(field, text): &(Field, &str)| {
        let is_open = glob::is_stars(text);
        // IAM's own Region has a rule that says so; `aws` stands for AWS's own resources.
        let is_told = (arn.service == "iam" && field.name == "Region") || *text == "aws";
        !is_open && !is_told && !text.contains('$') && !is_placeholder(text)
    };
    let asked = [(REGION, arn.region), (ACCOUNT, arn.account)].map(|asked| may_tell(&asked).then_some(asked));
    // Most ARNs that have both to be told of are right in both.
    let given = [!arn.region.is_empty(), !arn.account.is_empty()];
    let own = Resource::of(arn);
    let may_be = |form: &Form<'_>| own.may_be(form);
    let is_of = |form: &Form<'_>| own.is_of(form);
    let is_right = |form: Form<'_>| [form.has_region, form.has_account] == given && may_be(&form);
    if asked.iter().all(Option::is_some) && forms(service).any(is_right) {
        return;
    }
    for (field, text) in asked.into_iter().flatten() {
        let has = !text.is_empty();
        let is_kind = |with: bool, fits: &dyn Fn(&Form<'_>) -> bool| {
            forms(service).any(|form| (field.of)(&form) == with && fits(&form))
        };
        // What the reference lacks must not be told of: the resource's own kind must be known, and no other may fit.
        if is_kind(has, &may_be) || !is_kind(!has, &is_of) || is_unlisted(arn) {
            continue;
        }
        let article = article(field.name);
        out.push(if has {
            let message = format!("an ARN like this of {} has no {}", arn.service, field.name);
            let finding = Finding::new(&ARN_FIELD_NOT_ALLOWED, span, message).code(field.not_allowed);
            finding.help(format!("leave the {} empty", field.name))
        } else {
            let message = format!("an ARN like this of {} has {article} {}", arn.service, field.name);
            let finding = Finding::new(&ARN_FIELD_MISSING, span, message).code(field.missing);
            finding.help(format!("write the {}, or `*`", field.name))
        });
    }
}

fn article(name: &str) -> &'static str {
    if name.starts_with('a') { "an" } else { "a" }
}

/// Whether AWS has resources like this whose ARNs no table lists.
fn is_unlisted(arn: &Arn<'_>) -> bool {
    let of_service = facts("unlisted-arn").iter().filter(|fact| fact.name == arn.service);
    of_service.map(|fact| fact.value).any(|known| glob::includes(known, arn.resource))
}

/// The resource of an ARN.
struct Resource<'a> {
    /// What stands before its first variable or wildcard.
    start: &'a [u8],
    /// Whether that is all of it.
    is_whole: bool,
}

impl<'a> Resource<'a> {
    fn of(arn: &Arn<'a>) -> Self {
        let plain = arn.resource.split("${").next().unwrap_or_default();
        let start = glob::literal_start(plain);
        Self { start: start.as_bytes(), is_whole: start.len() == arn.resource.len() }
    }

    /// Whether it could be of a kind, by what stands before the first variable of one and the first wildcard of the other.
    fn may_be(&self, form: &Form<'_>) -> bool {
        self.is_of(form) || (!self.is_whole && form.resource_start.starts_with(self.start))
    }

    /// Whether it is of a kind, as far as its start tells.
    fn is_of(&self, form: &Form<'_>) -> bool {
        self.start.starts_with(form.resource_start)
    }
}
