//! Outputs of Terraform's that show secrets.

use crate::{
    document::Project,
    finding::{Finding, RuleInfo},
    rules::{Check, Findings, declare::declare_rules},
};

declare_rules! { Terraform:
    /// ## What it does
    /// Flags an output that is not marked as sensitive and gives the secret of an access key or imported key material: what a
    /// resource of the file holds as such, what the configuration refers to, or a value of the form of a secret access key
    /// under a name that says so. kpl does not show the value.
    ///
    /// ## Why it matters
    /// `terraform apply` and `terraform output` print it, and so do the logs of every pipeline.
    ///
    /// ## How to fix it
    /// Set `sensitive = true`, and give the key another secret where it may have been seen. Better, let the workload assume a
    /// role, which needs no key.
    ///
    /// ## Source
    /// Terraform documentation, "Output values", `sensitive`; IAM User Guide, "Security best practices in IAM".
    pub SENSITIVE_OUTPUT = {
        id: "sensitive-output", code: None,
        severity: Warning, confidence: High, persona: Regular,
        summary: "an output shows a secret",
    }
}

/// What outputs show.
pub(crate) struct Outputs;

impl Check for Outputs {
    fn rules(&self) -> &'static [&'static RuleInfo] {
        RULES
    }

    fn project(&self, project: &Project<'_>, out: &mut Findings<'_>) {
        for output in project.documents.iter().flat_map(|document| &document.besides.shown) {
            let message = format!("{} shows a secret, and is not marked as sensitive", output.value);
            let finding = Finding::new(&SENSITIVE_OUTPUT, output.span, message);
            out.push(finding.help("set `sensitive = true`, and change the secret if a log may hold it"));
        }
    }
}
