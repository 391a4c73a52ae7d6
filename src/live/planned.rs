//! The calls that a run would make, told without making any.

use super::{
    Wanted, calls,
    fetching::{Job, first_jobs},
    holder::Holder,
};

/// The calls of a run as the AWS CLI takes them; what only answers tell stands in brackets.
#[must_use]
pub fn planned(wanted: &Wanted) -> Vec<String> {
    let first = calls::GET_CALLER_IDENTITY.typed(&[]);
    std::iter::once(first).chain(first_jobs(wanted).iter().flat_map(of_job)).collect()
}

/// What stands where only an answer tells the name.
const EACH: &str = "[each]";

fn of_job(job: &Job) -> Vec<String> {
    match job {
        Job::Details => vec![calls::GET_ACCOUNT_AUTHORIZATION_DETAILS.typed(&[])],
        Job::Aliases => vec![calls::LIST_ALIASES.typed(&[])],
        Job::Keys => {
            let each = of_job(&Job::Key { key: EACH.to_owned(), is_of_account: true });
            [vec![calls::LIST_KEYS.typed(&[])], each].concat()
        }
        Job::Key { key, is_of_account } => of_key(key, *is_of_account),
        Job::Holder { holder, name } => of_holder(*holder, name),
        Job::Policy { arn, .. } => vec![
            calls::GET_POLICY.typed(&[("policy-arn", arn)]),
            calls::GET_POLICY_VERSION.typed(&[("policy-arn", arn), ("version-id", "[its default]")]),
        ],
    }
}

fn of_key(key: &str, is_of_account: bool) -> Vec<String> {
    let asked = [("key-id", key)];
    let mut lines = vec![calls::DESCRIBE_KEY.typed(&asked), calls::LIST_KEY_POLICIES.typed(&asked)];
    lines.push(calls::GET_KEY_POLICY.typed(&[("key-id", key), ("policy-name", EACH)]));
    let others = [&calls::GET_KEY_ROTATION_STATUS, &calls::LIST_KEY_ROTATIONS, &calls::LIST_GRANTS];
    let others = others.into_iter().chain([&calls::LIST_RESOURCE_TAGS]);
    let others = others.chain((!is_of_account).then_some(&calls::LIST_ALIASES));
    lines.extend(others.map(|call| call.typed(&asked)));
    lines
}

fn of_holder(holder: Holder, name: &str) -> Vec<String> {
    let asked = (holder.parameter(), name);
    let own = holder.get().into_iter().chain([holder.list_inline(), holder.list_attached()]);
    let mut lines: Vec<String> = own.map(|call| call.typed(&[asked])).collect();
    lines.push(holder.get_inline().typed(&[asked, ("policy-name", EACH)]));
    lines.extend(of_job(&Job::Policy { arn: EACH.to_owned(), is_boundary: false }));
    if holder == Holder::User {
        lines.push(calls::LIST_GROUPS_FOR_USER.typed(&[asked]));
        lines.extend(of_holder(Holder::Group, EACH));
    }
    lines
}
