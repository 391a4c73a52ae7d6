//! The types of resources whose policies Access Analyzer checks for public access.

use crate::{
    policy::{AccountId, PolicyKind},
    spelling,
};

/// A type of resource, the service whose actions its policy speaks of, and a call that a reader knows.
///
/// Source: IAM Access Analyzer API Reference, "`CheckNoPublicAccess`", resourceType.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceType {
    /// Its name.
    pub name: &'static str,
    /// The service.
    pub service: &'static str,
    /// An action on it.
    pub action: &'static str,
    /// The ARN of one without its partition, with `ACCOUNT` in the place of its owner.
    example: &'static str,
}

impl ResourceType {
    /// Every one, in the order of their names.
    pub const ALL: [Self; 26] = {
        const fn of(
            name: &'static str,
            service: &'static str,
            action: &'static str,
            example: &'static str,
        ) -> ResourceType {
            ResourceType { name, service, action, example }
        }
        [
            of(
                "AWS::ApiGateway::RestApi",
                "execute-api",
                "execute-api:Invoke",
                "execute-api:us-east-1:ACCOUNT:a1b2c3d4e5/prod/GET/example",
            ),
            of(
                "AWS::Backup::BackupVault",
                "backup",
                "backup:CopyIntoBackupVault",
                "backup:us-east-1:ACCOUNT:backup-vault:example",
            ),
            of(
                "AWS::CloudTrail::Dashboard",
                "cloudtrail",
                "cloudtrail:StartDashboardRefresh",
                "cloudtrail:us-east-1:ACCOUNT:dashboard/example",
            ),
            of(
                "AWS::CloudTrail::EventDataStore",
                "cloudtrail",
                "cloudtrail:StartQuery",
                "cloudtrail:us-east-1:ACCOUNT:eventdatastore/1234abcd-12ab-34cd-56ef-1234567890ab",
            ),
            of(
                "AWS::CodeArtifact::Domain",
                "codeartifact",
                "codeartifact:GetAuthorizationToken",
                "codeartifact:us-east-1:ACCOUNT:domain/example",
            ),
            of(
                "AWS::DynamoDB::Stream",
                "dynamodb",
                "dynamodb:GetRecords",
                "dynamodb:us-east-1:ACCOUNT:table/example/stream/2026-01-01T00:00:00.000",
            ),
            of("AWS::DynamoDB::Table", "dynamodb", "dynamodb:GetItem", "dynamodb:us-east-1:ACCOUNT:table/example"),
            of(
                "AWS::EFS::FileSystem",
                "elasticfilesystem",
                "elasticfilesystem:ClientMount",
                "elasticfilesystem:us-east-1:ACCOUNT:file-system/fs-0123456789abcdef0",
            ),
            of("AWS::IAM::AssumeRolePolicyDocument", "sts", "sts:AssumeRole", "iam::ACCOUNT:role/example"),
            of("AWS::KMS::Key", "kms", "kms:Decrypt", "kms:us-east-1:ACCOUNT:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
            of("AWS::Kinesis::Stream", "kinesis", "kinesis:GetRecords", "kinesis:us-east-1:ACCOUNT:stream/example"),
            of(
                "AWS::Kinesis::StreamConsumer",
                "kinesis",
                "kinesis:SubscribeToShard",
                "kinesis:us-east-1:ACCOUNT:stream/example/consumer/example:1700000000",
            ),
            of("AWS::Lambda::Function", "lambda", "lambda:InvokeFunction", "lambda:us-east-1:ACCOUNT:function:example"),
            of("AWS::OpenSearchService::Domain", "es", "es:ESHttpGet", "es:us-east-1:ACCOUNT:domain/example"),
            of("AWS::S3::AccessPoint", "s3", "s3:GetObject", "s3:us-east-1:ACCOUNT:accesspoint/example/object/example"),
            of("AWS::S3::Bucket", "s3", "s3:GetObject", "s3:::example-bucket/example"),
            of("AWS::S3::Glacier", "glacier", "glacier:UploadArchive", "glacier:us-east-1:ACCOUNT:vaults/example"),
            of(
                "AWS::S3Express::AccessPoint",
                "s3express",
                "s3express:CreateSession",
                "s3express:us-east-1:ACCOUNT:accesspoint/example--use1-az4--xa-s3",
            ),
            of(
                "AWS::S3Express::DirectoryBucket",
                "s3express",
                "s3express:CreateSession",
                "s3express:us-east-1:ACCOUNT:bucket/example--use1-az4--x-s3",
            ),
            of(
                "AWS::S3Outposts::AccessPoint",
                "s3-outposts",
                "s3-outposts:ListBucket",
                "s3-outposts:us-east-1:ACCOUNT:outpost/op-01ac5d28a6a232904/accesspoint/example",
            ),
            of(
                "AWS::S3Outposts::Bucket",
                "s3-outposts",
                "s3-outposts:GetObject",
                "s3-outposts:us-east-1:ACCOUNT:outpost/op-01ac5d28a6a232904/bucket/example/object/example",
            ),
            of(
                "AWS::S3Tables::Table",
                "s3tables",
                "s3tables:GetTableData",
                "s3tables:us-east-1:ACCOUNT:bucket/example/table/1234abcd-12ab-34cd-56ef-1234567890ab",
            ),
            of(
                "AWS::S3Tables::TableBucket",
                "s3tables",
                "s3tables:ListTables",
                "s3tables:us-east-1:ACCOUNT:bucket/example",
            ),
            of("AWS::SNS::Topic", "sns", "sns:Publish", "sns:us-east-1:ACCOUNT:example"),
            of("AWS::SQS::Queue", "sqs", "sqs:SendMessage", "sqs:us-east-1:ACCOUNT:example"),
            of(
                "AWS::SecretsManager::Secret",
                "secretsmanager",
                "secretsmanager:GetSecretValue",
                "secretsmanager:us-east-1:ACCOUNT:secret:example-AbCdEf",
            ),
        ]
    };

    /// The type of a name, letter case not counting.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name.eq_ignore_ascii_case(name))
    }

    /// The ARN of one, or of what is in it.
    #[must_use]
    pub fn arn(self, partition: &str, owner: AccountId) -> String {
        format!("arn:{partition}:{}", self.example.replace("ACCOUNT", &owner.to_string()))
    }

    /// The name that was meant by one that is none.
    #[must_use]
    pub fn nearest(name: &str) -> Option<Self> {
        let wanted = short(name);
        let holds = |known: &&Self| !wanted.is_empty() && short(known.name).contains(&wanted);
        let mut holding = Self::ALL.iter().filter(holds);
        if let (Some(only), None) = (holding.next(), holding.next()) {
            return Some(*only);
        }
        spelling::by_edits(name, Self::ALL.iter().map(|known| known.name), short).and_then(Self::of)
    }

    /// What its policy is.
    #[must_use]
    pub fn kind(self) -> PolicyKind {
        match self.name {
            "AWS::KMS::Key" => PolicyKind::Key,
            "AWS::IAM::AssumeRolePolicyDocument" => PolicyKind::Trust,
            _ => PolicyKind::Resource,
        }
    }
}

/// A name in small letters, without what all names have.
fn short(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let bare = lower.strip_prefix("aws::").unwrap_or(&lower);
    bare.chars().filter(char::is_ascii_alphanumeric).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Reference;

    #[test]
    fn every_type_has_a_call_that_the_reference_knows_on_such_an_arn() {
        let reference = Reference::embedded();
        assert!(ResourceType::ALL.is_sorted_by_key(|known| known.name));
        for known in ResourceType::ALL {
            let (service, name) = known.action.split_once(':').unwrap();
            assert_eq!(service, known.service);
            let action = reference.action(service, name).unwrap();
            let arn = known.arn("aws", "111122223333".parse().unwrap());
            let of_arn = |of: &str| crate::policy::glob::matches(&wild(of), &arn);
            assert!(action.resource_types().any(|on| on.resource_type().arn_patterns().any(of_arn)), "{arn}");
        }
    }

    /// The template of an ARN as a pattern.
    fn wild(template: &str) -> String {
        let parts = template.split("${").enumerate();
        parts
            .map(|(at, part)| if at == 0 { part.to_owned() } else { format!("*{}", part.split_once('}').unwrap().1) })
            .collect()
    }

    #[test]
    fn a_name_that_is_none_is_told_with_the_one_that_was_meant() {
        let meant = |name: &str| ResourceType::nearest(name).map(|known| known.name);
        assert_eq!(meant("opensearch"), Some("AWS::OpenSearchService::Domain"));
        assert_eq!(meant("AWS::S3::Buckt"), Some("AWS::S3::Bucket"));
        assert_eq!(meant("aws::sqs::qeue"), Some("AWS::SQS::Queue"));
        assert_eq!(meant("AWS::ECR::Repository"), None);
        assert_eq!(meant(""), None);
    }
}
