//! Why a file could not be read as a document.

/// A source could not be read as a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// Neither its name nor its content says what it is.
    #[error("cannot tell what kind of file this is")]
    UnknownKind,
    /// A plan or a state in a later layout.
    #[error("Terraform's JSON format `{found}` is not known here (known: 0.x and 1.x)")]
    TerraformFormat {
        /// The version that it names.
        found: String,
    },
    /// A raw state in another layout.
    #[error("a raw Terraform state of version {found} is not known here (known: 4)")]
    StateVersion {
        /// The version that it names.
        found: String,
    },
    /// What `terraform plan -json` and its kin print while they work.
    #[error("this is a log, as `terraform plan -json` prints it, not a plan")]
    PlanLog,
}

impl DocumentError {
    /// What to do about it.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self {
            Self::UnknownKind => {
                "kpl reads policies as JSON or YAML, what the AWS CLI answers, Terraform's plans, states and outputs, manifests and \
                 Helm values; \
                 --if-policy passes over others"
            }
            Self::TerraformFormat { .. } => "a newer kpl may know it",
            Self::StateVersion { .. } => "`terraform show -json` prints the state in a layout that is known",
            Self::PlanLog => "`terraform plan -out FILE`, then `terraform show -json FILE` prints the plan",
        }
    }

    /// Whether it tells of a file that was recognised, and must not be passed over as something else.
    #[must_use]
    pub const fn is_recognised(&self) -> bool {
        !matches!(self, Self::UnknownKind)
    }
}
