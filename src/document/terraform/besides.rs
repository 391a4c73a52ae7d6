//! What a file of Terraform's tells that no policy, key or alias does, for the rules on Terraform.

use crate::{
    document::Carrier,
    source::{Span, Spanned},
};

/// What a plan, a state or outputs tell besides policies, keys and aliases.
#[derive(Debug, Default)]
pub struct Besides {
    /// Keys whose policy two resources set.
    pub set_twice: Vec<SetTwice>,
    /// Keys whose policy no resource sets, in a plan whose configuration tells it.
    pub unset: Vec<Unset>,
    /// Aliases whose names get an end that Terraform makes up.
    pub prefixes: Vec<AliasPrefix>,
    /// Statements of one `Sid` that a policy document would merge.
    pub merged_twice: Vec<MergedTwice>,
    /// Roles with `inline_policy` blocks: their addresses.
    pub inline_blocks: Vec<Spanned<String>>,
    /// Those with many attached policies.
    pub attached: Vec<Carried>,
    /// Those with inline policies: how many characters these have together.
    pub inline: Vec<Carried>,
    /// Outputs that show a secret and are not marked as sensitive: their addresses.
    pub shown: Vec<Spanned<String>>,
    /// Attachments of policies that cannot be attached.
    pub stranded: Vec<Stranded>,
}

/// A key with a policy of its own and one that a resource sets.
#[derive(Debug)]
pub struct SetTwice {
    /// The key's address.
    pub key: String,
    /// Where the key sets its policy.
    pub place: Span,
    /// The other resource's address, and where it sets the policy.
    pub other: Spanned<String>,
}

/// A key without a policy of its own and without a resource that sets one.
#[derive(Debug)]
pub struct Unset {
    /// Its address.
    pub key: String,
    /// Where the file says that its policy is AWS's.
    pub place: Span,
    /// Whether it is a replica of a key in another Region.
    pub is_replica: bool,
}

/// An alias whose name begins so, and ends in a way that Terraform makes up.
#[derive(Debug)]
pub struct AliasPrefix {
    /// Its address.
    pub address: String,
    /// How its name begins, `alias/` included.
    pub prefix: Spanned<String>,
}

/// Two statements of one name that are to be merged.
#[derive(Debug)]
pub struct MergedTwice {
    /// The `Sid`.
    pub sid: String,
    /// Where it stands first.
    pub first: Span,
    /// Where it stands again.
    pub again: Span,
}

/// How much somebody carries: policies, or characters of inline policies, the largest first.
#[derive(Debug)]
pub struct Carried {
    /// What carries it.
    pub holder: Carrier,
    /// Each with its size; one policy, or so many characters.
    pub parts: Vec<(usize, Span)>,
}

/// An attachment of a policy that will not be there to be attached.
#[derive(Debug)]
pub struct Stranded {
    /// Where the policy is named.
    pub place: Span,
    /// Why it cannot be attached.
    pub because: Because,
}

/// Why a policy cannot be attached.
#[derive(Debug)]
pub enum Because {
    /// The plan destroys it: its address.
    Destroyed(String),
    /// It is of one account, and who is to carry it of another.
    Foreign {
        /// The policy's account.
        policy: String,
        /// The other account.
        holder: String,
    },
}
