//! Values of Kasten's Helm chart: their paths, and by what Kasten calls AWS.

use std::collections::BTreeMap;

use crate::{
    document::kasten::{Facts, Field, Origin, Values},
    finding::{Confidence, Finding, RuleInfo},
    policy::{Principal, is_placeholder, is_placeholder_value},
    rules::{Check, Findings, declare::declare_rules},
    source::Span,
};

declare_rules! { Kasten:
    /// ## What it does
    /// Flags a value of Kasten's chart that stands at another path, or is spelt in another case, than the chart reads:
    /// `awsIamRole` instead of `secrets.awsIamRole`.
    ///
    /// ## Why it matters
    /// Helm passes over a value that the chart does not ask for. Kasten then calls AWS as somebody else, or with no key.
    ///
    /// ## How to fix it
    /// Move the value to its path.
    ///
    /// ## Source
    /// The README of Kasten's chart `k10`.
    pub HELM_VALUE_PATH = {
        id: "helm-value-path", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "a Helm value stands where Kasten's chart does not look",
    }

    /// ## What it does
    /// Flags values with `secrets.awsAccessKeyId` and no `secrets.awsSecretAccessKey`, or the other way round, where no other
    /// file of values in the folder has the other half.
    ///
    /// ## Why it matters
    /// The chart asks for both as soon as one is there, and Helm refuses to install it.
    ///
    /// ## How to fix it
    /// Give both, or neither: `secrets.awsClientSecretName` names a Secret that has them.
    ///
    /// ## Source
    /// The templates of Kasten's chart `k10`.
    pub HELM_HALF_CREDENTIALS = {
        id: "helm-half-credentials", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "half of a pair of access keys",
    }

    /// ## What it does
    /// Flags `secrets.awsClientSecretName` beside access keys in the same values.
    ///
    /// ## Why it matters
    /// Which of the two Kasten uses does not show.
    ///
    /// ## How to fix it
    /// Keep the Secret's name, and take the keys away.
    ///
    /// ## Source
    /// The README of Kasten's chart `k10`.
    pub HELM_CLIENT_SECRET_CONFLICT = {
        id: "helm-client-secret-conflict", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "a Secret with access keys, and access keys beside it",
    }

    /// ## What it does
    /// Flags what stands where the ARN of Kasten's role belongs and is none: in `secrets.awsIamRole`, in the annotation
    /// `eks.amazonaws.com/role-arn` of a service account, and in the entry `role` of a Secret.
    ///
    /// ## Why it matters
    /// AWS takes a role by its ARN alone, so that Kasten cannot assume it.
    ///
    /// ## How to fix it
    /// Write the ARN, as `aws iam get-role` tells it.
    ///
    /// ## Source
    /// STS API Reference, "`AssumeRole`", `RoleArn`; the README of Kasten's chart `k10`.
    pub IAM_ROLE_NOT_ARN = {
        id: "iam-role-not-arn", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "what stands for Kasten's role is no ARN of a role",
    }

    /// ## What it does
    /// Flags access keys in Helm values.
    ///
    /// ## Why it matters
    /// They do not expire, and whoever reads the values, or Helm's record of the release, can use them.
    ///
    /// ## How to fix it
    /// On EKS give Kasten's service account a role. Elsewhere put the keys into a Secret and name it in
    /// `secrets.awsClientSecretName`.
    ///
    /// ## Source
    /// IAM User Guide, "Security best practices in IAM"; Kasten's page on IAM roles.
    pub STATIC_CREDENTIALS = {
        id: "static-credentials", code: None,
        severity: Warning, confidence: Medium, persona: Regular,
        summary: "access keys that do not expire",
    }

    /// ## What it does
    /// Flags a secret access key in a file of values, or in `set` or `values` of a `helm_release`.
    ///
    /// ## Why it matters
    /// It stands in the repository, or in the plan and the output of every run, for all to read.
    ///
    /// ## How to fix it
    /// Take it out, and delete the access key, which counts as known. Name a Secret in `secrets.awsClientSecretName`; in
    /// Terraform, `set_sensitive` keeps a value out of the output, though not out of the state.
    ///
    /// ## Source
    /// IAM User Guide, "Secure access keys"; the documentation of Terraform's Helm provider, `helm_release`.
    pub SECRET_IN_PLAIN_SET = {
        id: "secret-in-plain-set", code: None,
        severity: Error, confidence: High, persona: Regular,
        summary: "a secret access key that everybody can read",
    }
}

/// What one set of values decides.
pub(crate) struct HelmValues;

impl Check for HelmValues {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn facts(&self, facts: &Facts, out: &mut Findings<'_>) {
        for values in &facts.values {
            for (path, meant) in &values.misplaced {
                let message = format!("Kasten's chart does not read `{}`", path.value);
                out.push(Finding::new(&HELM_VALUE_PATH, path.span, message).help(format!("it reads `{meant}`")));
            }
            credentials(values, out);
            role(&values.role, out);
        }
        facts.accounts.iter().for_each(|account| role(&account.role, out));
        facts.secrets.iter().for_each(|secret| role_in_secret(&secret.role, out));
    }

    fn project(&self, project: &crate::document::Project<'_>, out: &mut Findings<'_>) {
        let mut by_folder: BTreeMap<_, Vec<&Values>> = BTreeMap::new();
        for document in &project.documents {
            by_folder.entry(&document.folder).or_default().extend(&document.facts.values);
        }
        for document in project.documents.iter().filter(|document| document.reported) {
            let others = by_folder.get(&document.folder).map_or(&[][..], Vec::as_slice);
            document.facts.values.iter().for_each(|values| half(values, others, out));
        }
    }
}

fn half(values: &Values, others: &[&Values], out: &mut Findings<'_>) {
    let (id, secret) = (&values.access_key_id, &values.secret_access_key);
    if !values.is_whole || values.client_secret.is_set() || id.is_set() == secret.is_set() {
        return;
    }
    let (there, missing, elsewhere) = if id.is_set() {
        (id, "secrets.awsSecretAccessKey", others.iter().any(|other| other.secret_access_key.is_set()))
    } else {
        (secret, "secrets.awsAccessKeyId", others.iter().any(|other| other.access_key_id.is_set()))
    };
    let Some(place) = there.span().filter(|_| !elsewhere) else { return };
    let finding = Finding::new(&HELM_HALF_CREDENTIALS, place, format!("`{missing}` is missing"));
    let finding = finding.help("give both halves or neither; secrets.awsClientSecretName names a Secret that has them");
    // A half may come with --set, which no file shows.
    out.push(if values.origin == Origin::File { finding.confidence(Confidence::Medium) } else { finding });
}

fn credentials(values: &Values, out: &mut Findings<'_>) {
    let (id, secret) = (&values.access_key_id, &values.secret_access_key);
    let Some(place) = id.span().or(secret.span()) else { return };
    let finding = Finding::new(&STATIC_CREDENTIALS, place, "Kasten calls AWS with access keys, which do not expire");
    out.push(finding.help("on EKS give its service account a role; else name a Secret in secrets.awsClientSecretName"));
    if let Some(name) = values.client_secret.given() {
        let finding =
            Finding::new(&HELM_CLIENT_SECRET_CONFLICT, name.span, "a Secret is named, and access keys are given");
        out.push(finding.related(place, "the access keys").help("take the access keys away"));
    }
    let plain = match values.origin {
        Origin::File => secret.span().filter(|_| matches!(secret, Field::Hidden(_))),
        Origin::Terraform => values.plain_secret,
    };
    if let Some(place) = plain {
        let message = match values.origin {
            Origin::File => "the secret access key stands in this file",
            Origin::Terraform => "the secret access key stands in plans and outputs",
        };
        let finding = Finding::new(&SECRET_IN_PLAIN_SET, place, message);
        out.push(finding.help("take it out and delete the key; name a Secret in secrets.awsClientSecretName"));
    }
}

const ROLE_HELP: &str = "write the role's ARN, as aws iam get-role tells it";

fn role(role: &Field, out: &mut Findings<'_>) {
    let Some(role) = role.given() else { return };
    if let Some(message) = fault(&role.value) {
        out.push(Finding::new(&IAM_ROLE_NOT_ARN, role.span, message).help(ROLE_HELP));
    }
}

/// What a Secret holds is not repeated.
fn role_in_secret(role: &Field, out: &mut Findings<'_>) {
    let told = |place: Span| {
        Finding::new(&IAM_ROLE_NOT_ARN, place, "the role in this Secret is no ARN of a role").help(ROLE_HELP)
    };
    out_of(role).map(told).into_iter().for_each(|finding| out.push(finding));
}

fn out_of(role: &Field) -> Option<Span> {
    let role = role.given()?;
    fault(&role.value).map(|_| role.span)
}

fn fault(text: &str) -> Option<String> {
    // A placeholder is told as one.
    if is_placeholder(text) || is_placeholder_value(text) {
        return None;
    }
    match text.parse() {
        Ok(Principal::Role(_)) => None,
        Ok(Principal::User(_)) => Some("this is the ARN of a user, not of a role".to_owned()),
        Ok(Principal::AssumedRole(_)) => Some("this is the ARN of a role's session, not of the role".to_owned()),
        _ => Some(format!("`{text}` is no ARN of a role")),
    }
}
