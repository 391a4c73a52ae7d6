//! Which attributes of which resources hold a policy.

use std::{collections::HashMap, sync::OnceLock};

use crate::policy::PolicyKind;

/// The table, as the repository keeps it; what is not in it is no policy of IAM's grammar and is left alone.
const TABLE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/data/terraform-policy-attributes.tsv"));

/// An attribute that holds a policy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attribute {
    /// The block that it stands in, where it stands in one.
    pub(super) block: Option<&'static str>,
    /// Its name.
    pub(super) name: &'static str,
    /// The kind of policy; `None` where the resource's `type` tells it.
    pub(super) kind: Option<PolicyKind>,
}

/// The attributes of a resource type that hold policies, in the order in which they are told of.
pub(super) fn of(resource: &str) -> &'static [Attribute] {
    static PARSED: OnceLock<HashMap<&'static str, Vec<Attribute>>> = OnceLock::new();
    PARSED.get_or_init(parsed).get(resource).map_or(&[], Vec::as_slice)
}

fn parsed() -> HashMap<&'static str, Vec<Attribute>> {
    let mut table: HashMap<&'static str, Vec<Attribute>> = HashMap::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let mut columns = line.split('\t');
        let (Some(resource), Some(path), Some(kind)) = (columns.next(), columns.next(), columns.next()) else {
            continue;
        };
        let (block, name) = match path.split_once("[].") {
            Some((block, name)) => (Some(block), name),
            None => (None, path),
        };
        table.entry(resource).or_default().push(Attribute { block, name, kind: kind.parse().ok() });
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(parsed().values().map(Vec::len).sum::<usize>(), lines);
        let by_type: Vec<_> = parsed()
            .iter()
            .filter(|(_, found)| found.iter().any(|one| one.kind.is_none()))
            .map(|(name, _)| *name)
            .collect();
        assert_eq!(by_type, ["aws_organizations_policy"]);
    }

    #[test]
    fn a_role_has_its_trust_policy_and_policies_in_blocks() {
        let found: Vec<_> = of("aws_iam_role").iter().map(|one| (one.block, one.name, one.kind)).collect();
        assert_eq!(
            found,
            [
                (None, "assume_role_policy", Some(PolicyKind::Trust)),
                (Some("inline_policy"), "policy", Some(PolicyKind::Identity))
            ]
        );
    }

    #[test]
    fn what_is_not_iam_is_left_alone() {
        assert!(of("aws_ecr_lifecycle_policy").is_empty() && of("aws_iot_policy").is_empty());
    }
}
