//! The policies: each lets through what its part of the set-up needs, and no more.

use super::{Identity, Plan};

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
        statements.push(SNAPSHOTS.to_owned());
        statements.push(OWN_SNAPSHOTS.to_owned());
        statements.push(NAMED_SNAPSHOTS.to_owned());
        statements.push(blocks(&plan.key.partition));
    }
    policy(&statements)
}

const SNAPSHOTS: &str = r#"    {
      "Sid": "KastenSnapshots",
      "Effect": "Allow",
      "Action": [
        "ec2:CopySnapshot",
        "ec2:CreateSnapshot",
        "ec2:CreateTags",
        "ec2:CreateVolume",
        "ec2:DeleteTags",
        "ec2:DeleteVolume",
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeRegions",
        "ec2:DescribeSnapshotAttribute",
        "ec2:DescribeSnapshots",
        "ec2:DescribeTags",
        "ec2:DescribeVolumeAttribute",
        "ec2:DescribeVolumeStatus",
        "ec2:DescribeVolumes",
        "ec2:DescribeVolumesModifications",
        "ec2:ModifySnapshotAttribute"
      ],
      "Resource": "*"
    }"#;

const OWN_SNAPSHOTS: &str = r#"    {
      "Sid": "KastenDeleteOwnSnapshots",
      "Effect": "Allow",
      "Action": "ec2:DeleteSnapshot",
      "Resource": "*",
      "Condition": { "StringLike": { "ec2:ResourceTag/name": "kasten__snapshot*" } }
    }"#;

const NAMED_SNAPSHOTS: &str = r#"    {
      "Sid": "KastenDeleteNamedSnapshots",
      "Effect": "Allow",
      "Action": "ec2:DeleteSnapshot",
      "Resource": "*",
      "Condition": { "StringLike": { "ec2:ResourceTag/Name": "Kasten: Snapshot*" } }
    }"#;

fn blocks(partition: &str) -> String {
    format!(
        r#"    {{
      "Sid": "KastenReadSnapshotBlocks",
      "Effect": "Allow",
      "Action": ["ebs:GetSnapshotBlock", "ebs:ListChangedBlocks", "ebs:ListSnapshotBlocks"],
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
