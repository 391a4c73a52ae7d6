//! An account as the stub has it.

use super::stub::{Asked, Reply};

pub(super) const ACCOUNT: &str = "111122223333";

/// Percent-encoded, as IAM writes documents; the plus is a plus.
const TRUST: &str = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Sid%22%3A%22a+b%22%2C%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22AWS%22%3A%22AIDACKCEVSQ6C2EXAMPLE%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D";

const INLINE: &str = "{&quot;Version&quot;:&quot;2012-10-17&quot;,&quot;Statement&quot;:{&quot;Effect&quot;:&quot;Allow&quot;,&quot;Action&quot;:&quot;kms:Decrypt&quot;,&quot;Resource&quot;:&quot;arn:aws:kms:eu-central-1:111122223333:key/00000001-0000-4000-8000-000000000000&quot;}}";

/// The id of a key by its number; 0 is the key of AWS.
pub(super) fn id_of(number: usize) -> String {
    format!("{number:08}-0000-4000-8000-000000000000")
}

pub(super) fn key_arn(id: &str) -> String {
    format!("arn:aws:kms:eu-central-1:{ACCOUNT}:key/{id}")
}

fn role(name: &str) -> String {
    format!(
        "<Path>/</Path><RoleName>{name}</RoleName><RoleId>AROAEXAMPLE</RoleId><Arn>arn:aws:iam::{ACCOUNT}:role/{name}</Arn>\
         <CreateDate>2026-03-07T00:00:00Z</CreateDate><AssumeRolePolicyDocument>{TRUST}</AssumeRolePolicyDocument>"
    )
}

/// The id of the key that a request is about.
fn key_id(asked: &Asked) -> String {
    let after = asked.body.split("\"KeyId\":\"").nth(1).unwrap_or_default();
    let named = after.split('"').next().unwrap_or_default();
    named.rsplit('/').next().unwrap_or_default().to_owned()
}

fn list(name: &str, items: &[String]) -> Reply {
    Reply::Json(format!("{{\"{name}\":[{}],\"Truncated\":false}}", items.join(",")))
}

/// What the account answers: `keys` keys of customers and one of AWS, of which the first has a replica and the second waits for
/// its deletion; roles in pages of a hundred.
pub(super) fn answer(asked: &Asked, keys: usize, roles: usize) -> Reply {
    let id = key_id(asked);
    match asked.operation.as_str() {
        "GetCallerIdentity" => Reply::Xml(format!(
            "<Arn>arn:aws:iam::{ACCOUNT}:user/auditor</Arn><UserId>AIDAEXAMPLE</UserId><Account>{ACCOUNT}</Account>"
        )),
        "GetAccountAuthorizationDetails" => {
            let marker = asked.body.split('&').find_map(|pair| pair.strip_prefix("Marker=")).unwrap_or("0");
            let first: usize = marker.parse().unwrap();
            let last = (first + 100).min(roles);
            let detail = |number: usize| {
                let role = role(&format!("role-{number}"));
                let inline = format!("<PolicyName>inline</PolicyName><PolicyDocument>{INLINE}</PolicyDocument>");
                format!("<member>{role}<RolePolicyList><member>{inline}</member></RolePolicyList></member>")
            };
            let details = (first..last).map(detail).collect::<Vec<_>>().concat();
            let more = if last < roles {
                format!("<IsTruncated>true</IsTruncated><Marker>{last}</Marker>")
            } else {
                "<IsTruncated>false</IsTruncated>".to_owned()
            };
            Reply::Xml(format!("<RoleDetailList>{details}</RoleDetailList><UserDetailList/>{more}"))
        }
        "GetRole" => Reply::Xml(format!("<Role>{}</Role>", role("kasten"))),
        "ListRolePolicies" => {
            Reply::Xml("<PolicyNames><member>inline</member></PolicyNames><IsTruncated>false</IsTruncated>".to_owned())
        }
        "GetRolePolicy" => Reply::Xml(format!(
            "<RoleName>kasten</RoleName><PolicyName>inline</PolicyName><PolicyDocument>{INLINE}</PolicyDocument>"
        )),
        "ListAttachedRolePolicies" => Reply::Xml("<AttachedPolicies/><IsTruncated>false</IsTruncated>".to_owned()),
        "SimulatePrincipalPolicy" => Reply::Xml(
            "<EvaluationResults><member><EvalActionName>kms:Decrypt</EvalActionName><EvalDecision>implicitDeny\
             </EvalDecision><MissingContextValues><member>kms:ResourceAliases</member></MissingContextValues></member>\
             </EvaluationResults><IsTruncated>false</IsTruncated>"
                .to_owned(),
        ),
        "ListKeys" => {
            let ids = (0..=keys).map(id_of);
            let entry = |id: String| format!("{{\"KeyId\":\"{id}\",\"KeyArn\":\"{}\"}}", key_arn(&id));
            list("Keys", &ids.map(entry).collect::<Vec<_>>())
        }
        // The predefined alias of a service has no key before its first use.
        "ListAliases" => list(
            "Aliases",
            &[
                format!(
                    "{{\"AliasName\":\"alias/kasten\",\"AliasArn\":\"arn:aws:kms:eu-central-1:{ACCOUNT}:alias/kasten\",\"TargetKeyId\":\"key-1\"}}"
                ),
                format!(
                    "{{\"AliasName\":\"alias/aws/ebs\",\"AliasArn\":\"arn:aws:kms:eu-central-1:{ACCOUNT}:alias/aws/ebs\"}}"
                ),
            ],
        ),
        "DescribeKey" => {
            let id = if id == "kasten" { id_of(1) } else { id };
            let manager = if id == id_of(0) { "AWS" } else { "CUSTOMER" };
            let state = if id == id_of(2) { "PendingDeletion" } else { "Enabled" };
            let replica = if id == id_of(1) {
                format!(
                    ",\"MultiRegion\":true,\"MultiRegionConfiguration\":{{\"MultiRegionKeyType\":\"PRIMARY\",\"PrimaryKey\":{{\"Arn\":\"{0}\",\"Region\":\"eu-central-1\"}},\"ReplicaKeys\":[{{\"Arn\":\"{0}\",\"Region\":\"eu-west-1\"}}]}}",
                    key_arn(&id)
                )
            } else {
                String::new()
            };
            // Neither `KeyUsage` nor `Description`: what an answer lacks is no reason to stumble.
            Reply::Json(format!(
                "{{\"KeyMetadata\":{{\"AWSAccountId\":\"{ACCOUNT}\",\"KeyId\":\"{id}\",\"Arn\":\"{}\",\"CreationDate\":1772841600.25,\"Enabled\":true,\"KeyState\":\"{state}\",\"KeyManager\":\"{manager}\",\"KeySpec\":\"SYMMETRIC_DEFAULT\"{replica}}}}}",
                key_arn(&id)
            ))
        }
        "ListKeyPolicies" => list("PolicyNames", &["\"default\"".to_owned()]),
        "GetKeyPolicy" => Reply::Json(format!(
            "{{\"Policy\":\"{{\\\"Version\\\":\\\"2012-10-17\\\",\\\"Statement\\\":[{{\\\"Effect\\\":\\\"Allow\\\",\\\"Principal\\\":{{\\\"AWS\\\":\\\"arn:aws:iam::{ACCOUNT}:root\\\"}},\\\"Action\\\":\\\"kms:*\\\",\\\"Resource\\\":\\\"*\\\"}}]}}\",\"PolicyName\":\"default\"}}"
        )),
        "GetKeyRotationStatus" => Reply::Json("{\"KeyRotationEnabled\":true,\"RotationPeriodInDays\":365}".to_owned()),
        "ListKeyRotations" => list("Rotations", &[]),
        "ListGrants" => list("Grants", &[]),
        "ListResourceTags" => list("Tags", &[]),
        other => panic!("the stub knows no {other}"),
    }
}
