//! The types of resources whose policies Access Analyzer checks for public access.

use crate::policy::PolicyKind;

/// A type of resource, and the services whose actions its policy speaks of.
///
/// Source: IAM Access Analyzer API Reference, "`CheckNoPublicAccess`", resourceType.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceType {
    /// Its name.
    pub name: &'static str,
    /// The services.
    pub services: &'static [&'static str],
}

impl ResourceType {
    /// Every one, in the order of their names.
    pub const ALL: [Self; 26] = {
        const fn of(name: &'static str, services: &'static [&'static str]) -> ResourceType {
            ResourceType { name, services }
        }
        [
            of("AWS::ApiGateway::RestApi", &["execute-api"]),
            of("AWS::Backup::BackupVault", &["backup"]),
            of("AWS::CloudTrail::Dashboard", &["cloudtrail"]),
            of("AWS::CloudTrail::EventDataStore", &["cloudtrail"]),
            of("AWS::CodeArtifact::Domain", &["codeartifact"]),
            of("AWS::DynamoDB::Stream", &["dynamodb"]),
            of("AWS::DynamoDB::Table", &["dynamodb"]),
            of("AWS::EFS::FileSystem", &["elasticfilesystem"]),
            of("AWS::IAM::AssumeRolePolicyDocument", &["sts"]),
            of("AWS::KMS::Key", &["kms"]),
            of("AWS::Kinesis::Stream", &["kinesis"]),
            of("AWS::Kinesis::StreamConsumer", &["kinesis"]),
            of("AWS::Lambda::Function", &["lambda"]),
            of("AWS::OpenSearchService::Domain", &["es"]),
            of("AWS::S3::AccessPoint", &["s3"]),
            of("AWS::S3::Bucket", &["s3"]),
            of("AWS::S3::Glacier", &["glacier"]),
            of("AWS::S3Express::AccessPoint", &["s3express"]),
            of("AWS::S3Express::DirectoryBucket", &["s3express"]),
            of("AWS::S3Outposts::AccessPoint", &["s3-outposts"]),
            of("AWS::S3Outposts::Bucket", &["s3-outposts"]),
            of("AWS::S3Tables::Table", &["s3tables"]),
            of("AWS::S3Tables::TableBucket", &["s3tables"]),
            of("AWS::SNS::Topic", &["sns"]),
            of("AWS::SQS::Queue", &["sqs"]),
            of("AWS::SecretsManager::Secret", &["secretsmanager"]),
        ]
    };

    /// The type of a name, letter case not counting.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name.eq_ignore_ascii_case(name))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Reference;

    #[test]
    fn every_type_is_of_services_that_the_reference_has() {
        assert!(ResourceType::ALL.is_sorted_by_key(|known| known.name));
        for known in ResourceType::ALL {
            let services = known.services.iter();
            assert!(services.into_iter().all(|service| Reference::embedded().service(service).is_some()), "{known:?}");
        }
    }
}
