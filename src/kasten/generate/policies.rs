//! The policies: each lets through what its part of the set-up needs, and no more.

use super::{Identity, Plan};
use crate::rules::kasten::snapshots::{BLOCK_MODE, DELETE, EBS, NAMES};

/// The key policy. A key of the own account leaves it to the account's policies, since a statement for Kasten would let
/// it in whatever the alias; a key of another account has to name Kasten.
///
/// Source: KMS Developer Guide, "Default key policy", "Allowing users in other accounts to use a KMS key".
pub(super) fn key(plan: &Plan) -> String {
    let (partition, owner) = (&plan.key.partition, plan.key.account);
    let mut statements = vec![format!(
        r#"    {{
      "Sid": "Enable IAM User Permissions",
      "Effect": "Allow",
      "Principal": {{ "AWS": "arn:{partition}:iam::{owner}:root" }},
      "Action": "kms:*",
      "Resource": "*"
    }}"#
    )];
    if plan.is_foreign() {
        statements.push(format!(
            r#"    {{
      "Sid": "Kasten of another account",
      "Effect": "Allow",
      "Principal": {{ "AWS": "{caller}" }},
      "Action": ["kms:Decrypt", "kms:Encrypt"],
      "Resource": "*"
    }}"#,
            caller = plan.identity.caller().as_str()
        ));
    }
    policy(&statements)
}

/// The policy of the role or the user.
///
/// Source: Kasten's pages on KMS and on AWS permissions; KMS Developer Guide, "Use aliases to control access to KMS keys".
pub(super) fn identity(plan: &Plan) -> String {
    let keys = plan.key.sibling("*");
    let mut statements = vec![format!(
        r#"    {{
      "Sid": "KastenKms",
      "Effect": "Allow",
      "Action": ["kms:Decrypt", "kms:Encrypt"],
      "Resource": "{keys}",
      "Condition": {{ "ForAnyValue:StringEquals": {{ "kms:ResourceAliases": "{alias}" }} }}
    }}"#,
        alias = plan.alias.as_str()
    )];
    if plan.ebs {
        let [own, named] = NAMES;
        statements.push(snapshots());
        statements.push(deletion("KastenDeleteOwnSnapshots", own));
        statements.push(deletion("KastenDeleteNamedSnapshots", named));
        statements.push(blocks(&plan.key.partition));
    }
    policy(&statements)
}

/// What `ebs-permission-missing` asks for.
fn snapshots() -> String {
    let actions = EBS.map(|action| format!("        {action:?}")).join(",\n");
    format!(
        r#"    {{
      "Sid": "KastenSnapshots",
      "Effect": "Allow",
      "Action": [
{actions}
      ],
      "Resource": "*"
    }}"#
    )
}

/// The deletion of snapshots of one of Kasten's two names.
fn deletion(sid: &str, (tag, pattern, _): (&str, &str, &str)) -> String {
    format!(
        r#"    {{
      "Sid": "{sid}",
      "Effect": "Allow",
      "Action": "{DELETE}",
      "Resource": "*",
      "Condition": {{ "StringLike": {{ "{tag}": "{pattern}" }} }}
    }}"#
    )
}

fn blocks(partition: &str) -> String {
    let actions = BLOCK_MODE.map(|action| format!("{action:?}")).join(", ");
    format!(
        r#"    {{
      "Sid": "KastenReadSnapshotBlocks",
      "Effect": "Allow",
      "Action": [{actions}],
      "Resource": "arn:{partition}:ec2:*::snapshot/*"
    }}"#
    )
}

/// What the Location profile needs. Source: Kasten's page on AWS permissions, S3.
pub(super) fn export(plan: &Plan) -> Option<String> {
    let bucket = plan.export.as_ref()?.as_str();
    let (name, limit) = match bucket {
        "" => {
            let account = plan.identity.caller().account;
            let row = format!(r#"{{ "StringEquals": {{ "aws:ResourceAccount": "{account}" }} }}"#);
            ("*", format!(",\n      \"Condition\": {row}"))
        }
        name => (name, String::new()),
    };
    let partition = &plan.key.partition;
    let statement = |sid: &str, actions: &str, resource: &str| {
        format!(
            r#"    {{
      "Sid": "{sid}",
      "Effect": "Allow",
      "Action": [
{actions}
      ],
      "Resource": "arn:{partition}:s3:::{resource}"{limit}
    }}"#
        )
    };
    let of_bucket = r#"        "s3:DeleteBucketPolicy",
        "s3:GetBucketLocation",
        "s3:GetBucketPolicy",
        "s3:ListBucket",
        "s3:PutBucketPolicy""#;
    let of_objects = r#"        "s3:DeleteObject",
        "s3:GetObject",
        "s3:PutObject""#;
    Some(policy(&[
        statement("KastenExportBucket", of_bucket, name),
        statement("KastenExportObjects", of_objects, &format!("{name}/*")),
    ]))
}

/// The role's trust policy.
///
/// Source: EKS User Guide, "Assign IAM roles to Kubernetes service accounts", "EKS Pod Identity role".
pub(super) fn trust(plan: &Plan) -> Option<String> {
    let (namespace, account) = (plan.namespace.as_str(), plan.service_account.as_str());
    let statement = match &plan.identity {
        Identity::User(_) => return None,
        Identity::RoleByKeys { user, .. } => format!(
            r#"    {{
      "Sid": "KastensUser",
      "Effect": "Allow",
      "Principal": {{ "AWS": "{}" }},
      "Action": "sts:AssumeRole"
    }}"#,
            user.as_str()
        ),
        Identity::RoleByProvider { role, provider } => format!(
            r#"    {{
      "Sid": "KastensServiceAccount",
      "Effect": "Allow",
      "Principal": {{ "Federated": "arn:{partition}:iam::{owner}:oidc-provider/{host}" }},
      "Action": "sts:AssumeRoleWithWebIdentity",
      "Condition": {{
        "StringEquals": {{
          "{host}:aud": "sts.amazonaws.com",
          "{host}:sub": "system:serviceaccount:{namespace}:{account}"
        }}
      }}
    }}"#,
            partition = role.partition,
            owner = role.account,
            host = provider.host
        ),
        Identity::RoleByPodIdentity(_) => format!(
            r#"    {{
      "Sid": "KastensServiceAccount",
      "Effect": "Allow",
      "Principal": {{ "Service": "pods.eks.amazonaws.com" }},
      "Action": ["sts:AssumeRole", "sts:TagSession"],
      "Condition": {{
        "StringEquals": {{
          "aws:RequestTag/kubernetes-namespace": "{namespace}",
          "aws:RequestTag/kubernetes-service-account": "{account}"
        }}
      }}
    }}"#
        ),
    };
    Some(policy(&[statement]))
}

/// What the user needs whose access keys open the role.
pub(super) fn assume(plan: &Plan) -> Option<String> {
    let Identity::RoleByKeys { role, .. } = &plan.identity else { return None };
    Some(policy(&[format!(
        r#"    {{
      "Sid": "KastensRole",
      "Effect": "Allow",
      "Action": "sts:AssumeRole",
      "Resource": "{}"
    }}"#,
        role.as_str()
    )]))
}

fn policy(statements: &[String]) -> String {
    format!("{{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n{}\n  ]\n}}\n", statements.join(",\n"))
}
