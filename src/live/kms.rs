//! The answers of KMS.
//!
//! Source: the model of the AWS CLI (botocore), kms 2014-11-01, for names and order of members.

use aws_sdk_kms::types::{
    AliasListEntry, EncryptionAlgorithmSpec, ExpirationModelType, GrantConstraints, GrantListEntry, GrantOperation,
    ImportState, KeyAgreementAlgorithmSpec, KeyListEntry, KeyManagerType, KeyMaterialState, KeyMetadata, KeySpec,
    KeyState, KeyUsageType, MacAlgorithmSpec, MultiRegionConfiguration, MultiRegionKey, MultiRegionKeyType, OriginType,
    RotationType, RotationsListEntry, SigningAlgorithmSpec, Tag, XksKeyConfigurationType,
};

use super::{
    failure::Failure,
    iam::answer,
    json::{Json, Shape, ToJson, words},
    session::{Page, Session},
};

words!(
    EncryptionAlgorithmSpec,
    ExpirationModelType,
    GrantOperation,
    ImportState,
    KeyAgreementAlgorithmSpec,
    KeyManagerType,
    KeyMaterialState,
    KeySpec,
    KeyState,
    KeyUsageType,
    MacAlgorithmSpec,
    MultiRegionKeyType,
    OriginType,
    RotationType,
    SigningAlgorithmSpec,
);

/// Sends a request for one page of a list.
macro_rules! page {
    ($request:expr, $items:ident) => {
        match Box::pin($request.send()).await {
            Ok(out) => {
                let next = out.next_marker.clone().filter(|_| out.truncated);
                let items = out.$items.unwrap_or_default();
                Ok(Page { items: items.iter().filter_map(ToJson::json).collect(), next })
            }
            Err(error) => Err(Failure::of(&error)),
        }
    };
}

impl Session {
    pub(super) async fn describe_key(&self, key: &str) -> Result<Json, Failure> {
        answer!(self.kms.describe_key().key_id(key), out => Shape::default().with("KeyMetadata", &out.key_metadata))
    }

    pub(super) async fn key_policies(&self, key: &str, token: Option<String>) -> Result<Page, Failure> {
        page!(self.kms.list_key_policies().key_id(key).set_marker(token), policy_names)
    }

    pub(super) async fn get_key_policy(&self, key: &str, name: &str) -> Result<Json, Failure> {
        answer!(self.kms.get_key_policy().key_id(key).policy_name(name), out => Shape::default()
            .with("Policy", &out.policy)
            .with("PolicyName", &out.policy_name))
    }

    pub(super) async fn rotation_status(&self, key: &str) -> Result<Json, Failure> {
        answer!(self.kms.get_key_rotation_status().key_id(key), out => Shape::default()
            .with("KeyRotationEnabled", &out.key_rotation_enabled)
            .with("KeyId", &out.key_id)
            .with("RotationPeriodInDays", &out.rotation_period_in_days)
            .with("NextRotationDate", &out.next_rotation_date)
            .with("OnDemandRotationStartDate", &out.on_demand_rotation_start_date))
    }

    pub(super) async fn rotations(&self, key: &str, token: Option<String>) -> Result<Page, Failure> {
        page!(self.kms.list_key_rotations().key_id(key).set_marker(token), rotations)
    }

    pub(super) async fn grants(&self, key: &str, token: Option<String>) -> Result<Page, Failure> {
        page!(self.kms.list_grants().key_id(key).set_marker(token), grants)
    }

    pub(super) async fn tags(&self, key: &str, token: Option<String>) -> Result<Page, Failure> {
        page!(self.kms.list_resource_tags().key_id(key).set_marker(token), tags)
    }

    pub(super) async fn aliases(&self, key: Option<&str>, token: Option<String>) -> Result<Page, Failure> {
        page!(self.kms.list_aliases().set_key_id(key.map(str::to_owned)).set_marker(token), aliases)
    }

    pub(super) async fn keys(&self, token: Option<String>) -> Result<Page, Failure> {
        page!(self.kms.list_keys().set_marker(token), keys)
    }
}

impl ToJson for KeyMetadata {
    fn json(&self) -> Option<Json> {
        let shape = Shape::default()
            .with("AWSAccountId", &self.aws_account_id)
            .with("KeyId", &self.key_id)
            .with("Arn", &self.arn)
            .with("CreationDate", &self.creation_date)
            .with("Enabled", &self.enabled)
            .with("Description", &self.description)
            .with("KeyUsage", &self.key_usage)
            .with("KeyState", &self.key_state)
            .with("DeletionDate", &self.deletion_date)
            .with("ValidTo", &self.valid_to)
            .with("Origin", &self.origin)
            .with("CustomKeyStoreId", &self.custom_key_store_id)
            .with("CloudHsmClusterId", &self.cloud_hsm_cluster_id)
            .with("ExpirationModel", &self.expiration_model)
            .with("KeyManager", &self.key_manager)
            .with("CustomerMasterKeySpec", &old_name(self))
            .with("KeySpec", &self.key_spec)
            .with("EncryptionAlgorithms", &self.encryption_algorithms)
            .with("SigningAlgorithms", &self.signing_algorithms)
            .with("KeyAgreementAlgorithms", &self.key_agreement_algorithms)
            .with("MultiRegion", &self.multi_region)
            .with("MultiRegionConfiguration", &self.multi_region_configuration)
            .with("PendingDeletionWindowInDays", &self.pending_deletion_window_in_days)
            .with("MacAlgorithms", &self.mac_algorithms)
            .with("XksKeyConfiguration", &self.xks_key_configuration)
            .with("CurrentKeyMaterialId", &self.current_key_material_id);
        Some(shape.done())
    }
}

/// The key spec under the name that it had once.
#[expect(deprecated, reason = "KMS still answers with it, and so does the AWS CLI")]
fn old_name(key: &KeyMetadata) -> Option<String> {
    key.customer_master_key_spec.as_ref().map(|spec| spec.as_str().to_owned())
}

impl ToJson for MultiRegionConfiguration {
    fn json(&self) -> Option<Json> {
        let shape = Shape::default()
            .with("MultiRegionKeyType", &self.multi_region_key_type)
            .with("PrimaryKey", &self.primary_key)
            .with("ReplicaKeys", &self.replica_keys);
        Some(shape.done())
    }
}

impl ToJson for MultiRegionKey {
    fn json(&self) -> Option<Json> {
        Some(Shape::default().with("Arn", &self.arn).with("Region", &self.region).done())
    }
}

impl ToJson for XksKeyConfigurationType {
    fn json(&self) -> Option<Json> {
        Some(Shape::default().with("Id", &self.id).done())
    }
}

impl ToJson for KeyListEntry {
    fn json(&self) -> Option<Json> {
        Some(Shape::default().with("KeyId", &self.key_id).with("KeyArn", &self.key_arn).done())
    }
}

impl ToJson for AliasListEntry {
    fn json(&self) -> Option<Json> {
        let shape = Shape::default()
            .with("AliasName", &self.alias_name)
            .with("AliasArn", &self.alias_arn)
            .with("TargetKeyId", &self.target_key_id)
            .with("CreationDate", &self.creation_date)
            .with("LastUpdatedDate", &self.last_updated_date);
        Some(shape.done())
    }
}

impl ToJson for GrantListEntry {
    fn json(&self) -> Option<Json> {
        let shape = Shape::default()
            .with("KeyId", &self.key_id)
            .with("GrantId", &self.grant_id)
            .with("Name", &self.name)
            .with("CreationDate", &self.creation_date)
            .with("GranteePrincipal", &self.grantee_principal)
            .with("RetiringPrincipal", &self.retiring_principal)
            .with("IssuingAccount", &self.issuing_account)
            .with("Operations", &self.operations)
            .with("Constraints", &self.constraints);
        Some(shape.done())
    }
}

impl ToJson for GrantConstraints {
    fn json(&self) -> Option<Json> {
        let shape = Shape::default().with("EncryptionContextSubset", &self.encryption_context_subset);
        Some(shape.with("EncryptionContextEquals", &self.encryption_context_equals).done())
    }
}

impl ToJson for RotationsListEntry {
    fn json(&self) -> Option<Json> {
        let shape = Shape::default()
            .with("KeyId", &self.key_id)
            .with("KeyMaterialId", &self.key_material_id)
            .with("KeyMaterialDescription", &self.key_material_description)
            .with("ImportState", &self.import_state)
            .with("KeyMaterialState", &self.key_material_state)
            .with("ExpirationModel", &self.expiration_model)
            .with("ValidTo", &self.valid_to)
            .with("RotationDate", &self.rotation_date)
            .with("RotationType", &self.rotation_type);
        Some(shape.done())
    }
}

impl ToJson for Tag {
    fn json(&self) -> Option<Json> {
        Some(Shape::default().with("TagKey", &self.tag_key).with("TagValue", &self.tag_value).done())
    }
}
