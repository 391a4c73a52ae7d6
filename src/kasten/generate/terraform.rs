//! The set-up's AWS side as Terraform, which reads the policies from the files beside it.

use std::fmt::Write as _;

use super::{ASSUME_POLICY, EXPORT_POLICY, HolderArn, IDENTITY_POLICY, Identity, KEY_POLICY, Plan, TRUST_POLICY};

/// The file.
///
/// Source: the documentation of Terraform's AWS provider: `aws_kms_key_policy`, `aws_kms_alias`, `aws_iam_role`,
/// `aws_iam_policy`.
pub(super) fn text(plan: &Plan) -> String {
    let caller = plan.identity.caller();
    let mut out = format!(
        "# What is in AWS already is imported before the first apply, among it the alias and the role.\n\
         terraform {{\n  required_providers {{\n    aws = {{ source = \"hashicorp/aws\" }}\n  }}\n}}\n\n\
         # Account {}.\nprovider \"aws\" {{\n  region = \"{}\"\n}}\n",
        caller.account, plan.key.region
    );
    if plan.is_foreign() {
        let _ = write!(
            out,
            "\n# Account {}, which owns the key: give it a profile or a role to assume.\n\
             provider \"aws\" {{\n  alias  = \"key\"\n  region = \"{}\"\n}}\n",
            plan.key.account, plan.key.region
        );
    }
    key(plan, &mut out);
    identity(plan, &mut out);
    out
}

fn key(plan: &Plan, out: &mut String) {
    let provider = if plan.is_foreign() { "  provider      = aws.key\n" } else { "" };
    let short = provider.replace("provider      ", "provider ");
    let _ = write!(
        out,
        "\nresource \"aws_kms_key_policy\" \"kasten\" {{\n{short}  key_id{pad} = \"{key}\"\n  policy{pad} = \
         file(\"${{path.module}}/{KEY_POLICY}\")\n}}\n\n\
         resource \"aws_kms_alias\" \"kasten\" {{\n{provider}  name          = \"{alias}\"\n  target_key_id = \"{key}\"\n}}\n",
        pad = if plan.is_foreign() { "  " } else { "" },
        key = plan.key,
        alias = plan.alias.as_str(),
    );
}

fn identity(plan: &Plan, out: &mut String) {
    if let Some(role) = plan.identity.role() {
        let _ = write!(
            out,
            "\nresource \"aws_iam_role\" \"kasten\" {{\n  name               = \"{}\"\n  path               = \"{}\"\n  \
             assume_role_policy = file(\"${{path.module}}/{TRUST_POLICY}\")\n}}\n",
            role.name(),
            role.path()
        );
    }
    let holder = plan.identity.caller();
    attached(plan, "kasten", IDENTITY_POLICY, holder, out);
    if plan.export.is_some() {
        attached(plan, "kasten_export", EXPORT_POLICY, holder, out);
    }
    if let Identity::RoleByKeys { user, .. } = &plan.identity {
        attached(plan, "kasten_user", ASSUME_POLICY, user, out);
    }
}

/// A policy, and its attachment to the role, which stands here too, or to a user.
fn attached(plan: &Plan, label: &str, file: &str, holder: &HolderArn, out: &mut String) {
    let (kind, name) = if plan.identity.role() == Some(holder) {
        ("role", "aws_iam_role.kasten.name".to_owned())
    } else {
        ("user", format!("\"{}\"", holder.name()))
    };
    let _ = write!(
        out,
        "\nresource \"aws_iam_policy\" \"{label}\" {{\n  name   = \"{}\"\n  policy = file(\"${{path.module}}/{file}\")\n}}\n\n\
         resource \"aws_iam_{kind}_policy_attachment\" \"{label}\" {{\n  {kind}       = {name}\n  policy_arn = \
         aws_iam_policy.{label}.arn\n}}\n",
        label.replace('_', "-")
    );
}
