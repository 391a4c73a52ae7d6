//! Who a policy speaks of.

use std::str::FromStr;

use super::{AccountId, Arn, glob};
use crate::source::scan;

/// The member of a `Principal` element under which a principal is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PrincipalKind {
    /// Accounts, users, roles and their sessions.
    Aws,
    /// AWS services.
    Service,
    /// Identity providers.
    Federated,
    /// S3's canonical user ids.
    CanonicalUser,
}

impl PrincipalKind {
    /// The names, in the order of the documentation.
    pub const NAMES: [&str; 4] = ["AWS", "Service", "Federated", "CanonicalUser"];

    /// The kind of a member's name; letter case counts.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Some(match name {
            "AWS" => Self::Aws,
            "Service" => Self::Service,
            "Federated" => Self::Federated,
            "CanonicalUser" => Self::CanonicalUser,
            _ => return None,
        })
    }
}

/// Who a policy speaks of.
///
/// Source: IAM User Guide, "AWS JSON policy elements: Principal".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// `*`: everybody, signed or not.
    Anyone,
    /// An account, by its number or its root ARN: whoever of it has leave from an identity policy.
    Account(AccountId),
    /// A role: every session of it.
    Role(PrincipalArn),
    /// An IAM user.
    User(PrincipalArn),
    /// One session of a role.
    AssumedRole(PrincipalArn),
    /// One session of a federated user.
    FederatedUser(PrincipalArn),
    /// An AWS service.
    Service(String),
    /// An identity provider.
    Federated(String),
    /// An S3 canonical user.
    CanonicalUser(String),
    /// The unique id that stands in a policy once its user or role is gone (`AIDA…`, `AROA…`).
    UniqueId(String),
}

/// The ARN of a principal, its account a true one and its name free of wildcards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalArn {
    text: String,
    account: AccountId,
}

impl PrincipalArn {
    /// The whole ARN.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The account.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// The last part of its path: the user's or the role's name, or a session's.
    #[must_use]
    pub fn name(&self) -> &str {
        self.text.rsplit('/').next().unwrap_or_default()
    }

    /// The name of the user or role whose policies decide: of a session, its role's.
    #[must_use]
    pub fn holder(&self) -> &str {
        match self.text.split(':').nth(2) {
            Some("sts") => self.session_role().unwrap_or_default(),
            _ => self.name(),
        }
    }

    /// The partition: `aws`, `aws-cn` and others.
    #[must_use]
    pub fn partition(&self) -> &str {
        self.text.split(':').nth(1).unwrap_or_default()
    }

    /// Whether a session is of this role; the session's ARN leaves out the role's path.
    #[must_use]
    pub fn is_role_of(&self, session: &Self) -> bool {
        self.account == session.account
            && session.session_role() == Some(self.name())
            && self.partition() == session.partition()
    }

    /// The role of `assumed-role/NAME/SESSION`.
    fn session_role(&self) -> Option<&str> {
        self.text.split('/').nth(1)
    }
}

/// The text names no principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no ARN of an account, a user, a role or a session")]
pub struct PrincipalError;

impl Principal {
    /// A principal from its text and the member under which it is listed.
    ///
    /// # Errors
    /// [`PrincipalError`] for text that names no principal: a placeholder, a bad account number, a wildcard in an ARN.
    pub fn read(kind: PrincipalKind, text: &str) -> Result<Self, PrincipalError> {
        match kind {
            PrincipalKind::Aws => text.parse(),
            PrincipalKind::Service => Ok(Self::Service(text.to_owned())),
            PrincipalKind::Federated => Ok(Self::Federated(text.to_owned())),
            PrincipalKind::CanonicalUser => Ok(Self::CanonicalUser(text.to_owned())),
        }
    }

    /// The account it belongs to, where it has one.
    #[must_use]
    pub const fn account(&self) -> Option<AccountId> {
        match self {
            Self::Account(account) => Some(*account),
            Self::Role(arn) | Self::User(arn) | Self::AssumedRole(arn) | Self::FederatedUser(arn) => Some(arn.account),
            _ => None,
        }
    }

    /// The ARN of a user, a role or a session.
    #[must_use]
    pub const fn arn(&self) -> Option<&PrincipalArn> {
        match self {
            Self::Role(arn) | Self::User(arn) | Self::AssumedRole(arn) | Self::FederatedUser(arn) => Some(arn),
            _ => None,
        }
    }

    /// Whether a policy that names this principal names `caller` by itself, not by way of its account.
    ///
    /// A role stands for each of its sessions. Source: IAM User Guide, "AWS JSON policy elements: Principal", role and
    /// role session principals.
    #[must_use]
    pub fn names(&self, caller: &Self) -> bool {
        match (self, caller) {
            (Self::Anyone, _) => true,
            (Self::Role(role), Self::AssumedRole(session)) => role.is_role_of(session),
            _ => self == caller,
        }
    }
}

impl FromStr for Principal {
    type Err = PrincipalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "*" {
            return Ok(Self::Anyone);
        }
        if let Ok(account) = text.parse() {
            return Ok(Self::Account(account));
        }
        if is_unique_id(text) {
            return Ok(Self::UniqueId(text.to_owned()));
        }
        let arn = Arn::parse(text).map_err(|_| PrincipalError)?;
        let account: AccountId = arn.account.parse().map_err(|_| PrincipalError)?;
        if !arn.region.is_empty() || glob::is_pattern(text) || !arn.partition.starts_with("aws") {
            return Err(PrincipalError);
        }
        let named = PrincipalArn { text: text.to_owned(), account };
        match (arn.service, arn.typed_resource()) {
            ("iam", ("", "root")) => Ok(Self::Account(account)),
            ("iam", ("role", name)) if !name.is_empty() => Ok(Self::Role(named)),
            ("iam", ("user", name)) if !name.is_empty() => Ok(Self::User(named)),
            ("sts", ("assumed-role", name)) if name.contains('/') => Ok(Self::AssumedRole(named)),
            ("sts", ("federated-user", name)) if !name.is_empty() => Ok(Self::FederatedUser(named)),
            _ => Err(PrincipalError),
        }
    }
}

/// IAM's unique ids: four letters that tell the kind, then sixteen or more letters and digits.
///
/// Source: IAM User Guide, "IAM identifiers", unique identifiers.
fn is_unique_id(text: &str) -> bool {
    const PREFIXES: [&str; 10] = ["AIDA", "AROA", "AIPA", "ANPA", "AGPA", "ANVA", "ASCA", "APKA", "ABIA", "ACCA"];
    text.len() >= 16
        && PREFIXES.iter().any(|prefix| text.starts_with(prefix))
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Whether malformed text was meant as an account's root: `arn:aws:iam::123456789:root`, or a number of digits.
#[must_use]
pub fn names_account_root(text: &str) -> bool {
    let is_root = |arn: Arn<'_>| arn.service == "iam" && arn.resource == "root";
    Arn::parse(text).is_ok_and(is_root) || (text.len() >= 6 && text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether text stands for something that its author has yet to fill in: `<kasten_role>`, `YOUR_ACCOUNT_ID`, `${VAR}`
/// that is no policy variable.
#[must_use]
pub fn is_placeholder(text: &str) -> bool {
    placeholder_in(text).is_some() && !text.contains("{{resolve:")
}

/// Whether a condition's value is one. A value that is no ARN may well hold `<` beside wildcards, `{{`, or a word such as
/// `REGION`.
#[must_use]
pub fn is_placeholder_value(text: &str) -> bool {
    if text.starts_with("arn:") {
        return is_placeholder(text);
    }
    if !has_bracket(text) {
        return false;
    }
    let in_angles = angle(text).is_some_and(|found| found == text || !text.contains('*'));
    has_template_variable(text) || in_angles || braces(text).is_some_and(|found| found == text)
}

/// The part of a text that stands for something else.
#[must_use]
pub fn placeholder_in(text: &str) -> Option<&str> {
    // Nearly all text has none of what marks one: a bracket, or two characters of a shouted word side by side.
    let is_shouted = |word| {
        scan::is_within(word, b'A', b'Z') | scan::is_within(word, b'x', b'x') | scan::is_within(word, b'-', b'-')
    };
    if has_bracket(text)
        && let Some(found) = angle(text).or_else(|| template_variable(text)).or_else(|| braces(text))
    {
        return Some(found);
    }
    scan::has_pair(text.as_bytes(), is_shouted).then(|| shouted_word(text)).flatten()
}

fn has_bracket(text: &str) -> bool {
    scan::find(text.as_bytes(), |word| scan::is(word, b'<') | scan::is(word, b'{')).is_some()
}

/// `<kasten_role>`.
fn angle(text: &str) -> Option<&str> {
    let start = text.find('<')?;
    let end = start + text[start..].find('>')?;
    let inside = &text[start + 1..end];
    (!inside.is_empty() && !inside.contains(['<', '='])).then(|| &text[start..=end])
}

/// `{{ account }}`.
fn braces(text: &str) -> Option<&str> {
    let start = text.find("{{")?;
    let end = start + text[start..].find("}}")?;
    Some(&text[start..end + 2])
}

fn has_template_variable(text: &str) -> bool {
    template_variable(text).is_some()
}

/// `${ACCOUNT_ID}` or `${AWS::AccountId}`, a template's variable. IAM's own hold a colon (`${aws:username}`) or are one of
/// `${*}`, `${?}`, `${$}`. Source: IAM User Guide, "IAM policy elements: Variables and tags".
fn template_variable(text: &str) -> Option<&str> {
    let mut from = 0;
    while let Some(start) = text[from..].find("${").map(|at| from + at) {
        let end = start + text[start..].find('}')?;
        let inside = &text[start + 2..end];
        let is_own = inside.contains(':') && !inside.starts_with("AWS::");
        if !is_own && !matches!(inside, "*" | "?" | "$" | "") {
            return Some(&text[start..=end]);
        }
        from = end + 1;
    }
    None
}

/// `ACCOUNT_ID`, `$REGION`, `YOUR_ROLE`, `%ACCOUNT%` and the like as one part of an ARN, or a run of `x` where digits
/// belong.
fn shouted_word(text: &str) -> Option<&str> {
    const WORDS: [&str; 14] = [
        "ACCOUNT",
        "ACCOUNT_ID",
        "ACCOUNTID",
        "ACCOUNT-ID",
        "AWS_ACCOUNT_ID",
        "AWSACCOUNTID",
        "REGION",
        "AWS_REGION",
        "KEY_ID",
        "KEYID",
        "KEY-ID",
        "ROLE_NAME",
        "USER_NAME",
        "BUCKET_NAME",
    ];
    text.split([':', '/']).find(|part| {
        let word = part.trim_matches(['$', '%']);
        let filler = part.len() >= 4 && part.bytes().all(|byte| matches!(byte, b'x' | b'X' | b'-'));
        let filler = filler && part.contains(['x', 'X']);
        WORDS.contains(&word) || filler || word.starts_with("YOUR_") || word.starts_with("YOUR-")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Principal, PrincipalError> {
        text.parse()
    }

    #[test]
    fn an_account_may_be_named_in_two_ways() {
        assert_eq!(read("111122223333"), read("arn:aws:iam::111122223333:root"));
        assert!(matches!(read("111122223333"), Ok(Principal::Account(_))));
    }

    #[test]
    fn a_role_stands_for_its_sessions_whatever_its_path() {
        let role = read("arn:aws:iam::111122223333:role/team/kasten").unwrap();
        let session = read("arn:aws:sts::111122223333:assumed-role/kasten/backup").unwrap();
        assert!(role.names(&session));
        for stranger in ["aws:sts::444455556666:assumed-role/kasten", "aws-cn:sts::111122223333:assumed-role/kasten"] {
            assert!(!role.names(&read(&format!("arn:{stranger}/backup")).unwrap()));
        }
        assert!(!session.names(&role));
    }

    #[test]
    fn what_names_nobody_is_malformed() {
        for text in ["<kasten_role>", "arn:aws:iam::123456789:root", "arn:aws:iam::111122223333:role/*", "kasten"] {
            assert_eq!(read(text), Err(PrincipalError), "{text}");
        }
    }

    #[test]
    fn a_root_with_a_bad_number_was_meant_as_one() {
        assert!(names_account_root("arn:aws:iam::123456789:root"));
        assert!(!names_account_root("<kasten_role>"));
    }

    #[test]
    fn a_condition_may_speak_of_a_word_that_stands_for_nothing() {
        for text in ["REGION", "xxxx", "<script>*", "*{{x}}*"] {
            assert!(!is_placeholder_value(text), "{text}");
        }
        for text in ["<account>", "${ACCOUNT}", "arn:aws:iam::ACCOUNT_ID:root"] {
            assert!(is_placeholder_value(text), "{text}");
        }
    }

    #[test]
    fn placeholders_are_told_from_policy_variables() {
        for text in [
            "<kasten_role>",
            "arn:aws:iam::ACCOUNT_ID:root",
            "${ACCOUNT}",
            "{{ account }}",
            "arn:aws:kms:REGION:1:key/x",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in [
            "${aws:username}",
            "arn:aws:s3:::b/${*}",
            "a<b",
            "key/xxx",
            "{{resolve:ssm:/key/arn}}",
            "arn:aws:iam::111122223333:role/REGIONAL",
        ] {
            assert!(!is_placeholder(text), "{text}");
        }
    }
}
