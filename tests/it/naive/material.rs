//! What random layers and requests are made of: services, operators with their values, keys.

use kpl::policy::{Comparison, PolicyKind};

use super::Held;

/// What a set of layers is about.
#[derive(Debug)]
pub(crate) struct Theme {
    pub(super) service: &'static str,
    pub(super) actions: &'static [&'static str],
    pub(super) resource: &'static str,
    pub(super) elsewhere: &'static str,
    pub(super) has_owner: bool,
}

impl Theme {
    /// What the resource's policy is.
    pub(crate) fn resource_kind(&self) -> PolicyKind {
        match self.service {
            "kms" => PolicyKind::Key,
            "sts" => PolicyKind::Trust,
            _ => PolicyKind::Resource,
        }
    }
}

pub(super) const THEMES: [Theme; 6] = [
    Theme {
        service: "s3",
        actions: &["s3:GetObject", "s3:PutObject"],
        resource: "arn:aws:s3:::reports/red/a:b:c",
        elsewhere: "arn:aws:s3:::other/*",
        has_owner: true,
    },
    Theme {
        service: "sqs",
        actions: &["sqs:SendMessage", "sqs:ReceiveMessage"],
        resource: "arn:aws:sqs:eu-central-1:111122223333:red",
        elsewhere: "arn:aws:sqs:eu-central-1:111122223333:other",
        has_owner: true,
    },
    Theme {
        service: "sns",
        actions: &["sns:Publish"],
        resource: "arn:aws:sns:eu-central-1:111122223333:red",
        elsewhere: "arn:aws:sns:eu-central-1:111122223333:other",
        has_owner: true,
    },
    Theme {
        service: "kms",
        actions: &["kms:Decrypt", "kms:Encrypt", "kms:DescribeKey", "kms:PutKeyPolicy", "kms:RetireGrant"],
        resource: "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        elsewhere: "arn:aws:kms:eu-central-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321",
        has_owner: true,
    },
    Theme {
        service: "kms",
        actions: &["kms:ListAliases", "kms:CreateKey"],
        resource: "*",
        elsewhere: "arn:aws:kms:eu-central-1:111122223333:key/*",
        has_owner: false,
    },
    Theme {
        service: "sts",
        actions: &["sts:AssumeRole"],
        resource: "arn:aws:iam::111122223333:role/target",
        elsewhere: "arn:aws:iam::111122223333:role/other",
        has_owner: true,
    },
];

pub(super) const PROVIDER: &str = "arn:aws:iam::111122223333:saml-provider/corp";

/// Operators that compare one type: keys, values of policies, values of requests.
pub(super) struct Family {
    pub(super) comparisons: &'static [Comparison],
    pub(super) keys: &'static [&'static str],
    pub(super) listed: &'static [&'static str],
    pub(super) held: &'static [&'static str],
}

pub(super) const FAMILIES: [Family; 8] = [
    Family {
        comparisons: &[
            Comparison::StringEquals,
            Comparison::StringNotEquals,
            Comparison::StringEqualsIgnoreCase,
            Comparison::StringNotEqualsIgnoreCase,
            Comparison::StringLike,
            Comparison::StringNotLike,
        ],
        keys: &["aws:RequestTag/team", "aws:TagKeys"],
        listed: &["red", "blue", "RED", "r*", "?lue", "${aws:PrincipalTag/team}", "${aws:PrincipalTag/team, 'blue'}"],
        held: &["red", "blue", "Red", "green", ""],
    },
    Family {
        comparisons: &[
            Comparison::NumericEquals,
            Comparison::NumericNotEquals,
            Comparison::NumericLessThan,
            Comparison::NumericLessThanEquals,
            Comparison::NumericGreaterThan,
            Comparison::NumericGreaterThanEquals,
        ],
        keys: &["s3:max-keys"],
        listed: &["10", "10.5", "-3", "ten"],
        held: &["10", "10.50", "-3.0", "9", "11", "10x"],
    },
    Family {
        comparisons: &[
            Comparison::DateEquals,
            Comparison::DateNotEquals,
            Comparison::DateLessThan,
            Comparison::DateLessThanEquals,
            Comparison::DateGreaterThan,
            Comparison::DateGreaterThanEquals,
        ],
        keys: &["aws:TokenIssueTime"],
        listed: &["2020-01-01T00:00:00Z", "1577836801", "2024-02-29", "soon"],
        held: &["2020-01-01T00:00:00Z", "2020-01-01T01:00:01+01:00", "2024-02-29T00:00:00Z", "2026-07-01T12:00:00Z"],
    },
    Family {
        comparisons: &[Comparison::Bool],
        keys: &["aws:MultiFactorAuthPresent"],
        listed: &["true", "false"],
        held: &["true", "false", "True"],
    },
    Family {
        comparisons: &[Comparison::BinaryEquals],
        keys: &["example:Digest"],
        listed: &["cmVk", "Ymx1ZQ=="],
        held: &["red", "blue", "green"],
    },
    Family {
        comparisons: &[Comparison::IpAddress, Comparison::NotIpAddress],
        keys: &["aws:SourceIp"],
        listed: &["203.0.113.0/25", "203.0.113.200", "2001:db8::/33", "0.0.0.0/0", "203.0.113.0/33"],
        held: &["203.0.113.7", "203.0.113.200", "2001:DB8::1", "2001:db8:8000::1"],
    },
    Family {
        comparisons: &[Comparison::ArnEquals, Comparison::ArnLike, Comparison::ArnNotEquals, Comparison::ArnNotLike],
        keys: &["aws:SourceArn", "aws:PrincipalArn"],
        listed: &[
            "arn:aws:sns:*:111122223333:red",
            "arn:aws:sns:eu-central-1:*:*",
            "arn:aws:iam::111122223333:role/a*",
            "arn:aws:iam::*:role/team/app",
            "arn:aws:iam::*:user/${aws:username}",
            "arn:aws:sns:*",
        ],
        held: &[
            "arn:aws:sns:eu-central-1:111122223333:red",
            "arn:aws:sns:eu-west-1:111122223333:red:1",
            "arn:aws:sns:eu-west-1:444455556666:red",
            "red",
        ],
    },
    Family {
        comparisons: &[Comparison::Null],
        keys: &["aws:RequestTag/team", "aws:TagKeys", "aws:PrincipalTag/team", "aws:SourceArn"],
        listed: &["true", "false"],
        held: &["red"],
    },
];

/// The keys that a request may carry, with their values.
pub(super) const CARRIED: [(&str, usize); 9] = [
    ("aws:RequestTag/team", 0),
    ("aws:TagKeys", 0),
    ("aws:PrincipalTag/team", 0),
    ("s3:max-keys", 1),
    ("aws:TokenIssueTime", 2),
    ("aws:MultiFactorAuthPresent", 3),
    ("example:Digest", 4),
    ("aws:SourceIp", 5),
    ("aws:SourceArn", 6),
];

/// What else a request may carry, beyond what policies and requests are made of.
const BEYOND: [&[&str]; 7] = [
    &["RED", "r*", "?lue", "${aws:PrincipalTag/team}", "${aws:PrincipalTag/team, 'blue'}"],
    &["-4", "12"],
    &["2019-01-01T00:00:00Z", "2020-01-01T00:00:02Z"],
    &[],
    &[],
    &["198.51.100.1"],
    &[
        "arn:aws:iam::111122223333:role/app",
        "arn:aws:iam::111122223333:role/team/app",
        "arn:aws:iam::111122223333:user/ana",
    ],
];

/// What a key may hold that a request lacks: each value alone, and of a key that takes lists, as the one of a list.
pub(super) fn tried(key: &str, takes_lists: bool) -> Vec<Held> {
    let family = CARRIED.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, family)| *family);
    let own = family.map_or(&["alpha", "beta"][..], |family| FAMILIES[family].held);
    let beyond = family.and_then(|family| BEYOND.get(family)).copied().unwrap_or_default();
    let texts: Vec<String> = own.iter().chain(beyond).map(|text| (*text).to_owned()).collect();
    let mut all: Vec<Held> = texts.iter().map(|text| Held::One(text.clone())).collect();
    if takes_lists {
        all.extend(texts.into_iter().map(|text| Held::Many(vec![text])));
    }
    all
}
