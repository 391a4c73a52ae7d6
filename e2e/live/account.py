"""The account that the walk-through leaves behind: a role by a cluster's tokens, two keys, the alias on the newer one, the older
one waiting for its deletion; beside it a user with a group, a boundary and a grant. Prints the ARN of the new key."""

import json
import sys

import boto3

ACCOUNT = "123456789012"
PROVIDER = "oidc.eks.us-east-1.amazonaws.com/id/ABC"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/kasten"

iam, kms = boto3.client("iam"), boto3.client("kms")
trust = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{PROVIDER}"},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {f"{PROVIDER}:sub": "system:serviceaccount:kasten-io:k10-k10"}},
        }
    ],
}
iam.create_role(RoleName="kasten", AssumeRolePolicyDocument=json.dumps(trust))
iam.put_role_policy(RoleName="kasten", PolicyName="kasten", PolicyDocument=open(sys.argv[1]).read())

old = kms.create_key()["KeyMetadata"]["KeyId"]
kms.create_alias(AliasName="alias/kasten", TargetKeyId=old)
policy = json.loads(kms.get_key_policy(KeyId=old, PolicyName="default")["Policy"])
policy["Statement"].append({"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "kms:*", "Resource": "*"})
kms.put_key_policy(KeyId=old, PolicyName="default", Policy=json.dumps(policy))
new = kms.create_key(Policy=json.dumps(policy), Tags=[{"TagKey": "team", "TagValue": "backup"}])["KeyMetadata"]
kms.update_alias(AliasName="alias/kasten", TargetKeyId=new["KeyId"])
kms.schedule_key_deletion(KeyId=old, PendingWindowInDays=7)
kms.create_grant(
    KeyId=new["KeyId"],
    GranteePrincipal=ROLE,
    Operations=["Decrypt"],
    Constraints={"EncryptionContextSubset": {"cluster": "one"}},
)

own = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": new["Arn"]}]}
)
shared = iam.create_policy(PolicyName="shared", PolicyDocument=own)["Policy"]["Arn"]
iam.put_role_permissions_boundary(RoleName="kasten", PermissionsBoundary=shared)
iam.create_user(UserName="reader")
iam.create_group(GroupName="readers")
iam.add_user_to_group(UserName="reader", GroupName="readers")
iam.put_user_policy(UserName="reader", PolicyName="own+1", PolicyDocument=own)
iam.put_group_policy(GroupName="readers", PolicyName="group", PolicyDocument=own)
iam.attach_user_policy(UserName="reader", PolicyArn=shared)
print(new["Arn"])
