//! Which identity policies are a workload's own, as far as files tell.

use std::collections::{HashMap, HashSet};

use super::{Part, Project};
use crate::{
    document::PolicyDocument,
    policy::{PolicyKind, Principal, PrincipalArn},
    source::{SourceId, Span},
};

/// Why a rule does not speak of a policy that may be the workload's and may be another's.
pub(crate) const WHOSE: &str = "there are several identity policies, and nothing tells whose this one is";

impl Project<'_> {
    /// Whether an identity policy is a workload's own: a file says that the workload carries it; or no file says who does,
    /// and it is the only one, or one that bears Kasten's or the workload's name.
    #[must_use]
    pub fn is_own(&self, policy: &PolicyDocument<'_>, workload: &Principal) -> bool {
        let own = self.own.get_or_init(|| self.all_own());
        self.workloads()
            .position(|other| other == workload)
            .is_some_and(|number| own.contains(&(number, policy.policy.span)))
    }

    /// Where the policies stand that are the workloads' own, each with its workload's number.
    fn all_own(&self) -> HashSet<(usize, Span)> {
        let files: HashMap<SourceId, &str> =
            self.documents.iter().map(|document| (document.source, file_name(&document.path))).collect();
        let mut own = HashSet::new();
        for (number, workload) in self.workloads().enumerate() {
            let Some(arn) = workload.arn() else { continue };
            let all = self.policies_for(workload, PolicyKind::Identity);
            let is_only = all.len() == 1;
            let is_own = |policy: &&PolicyDocument<'_>| {
                let file = files.get(&policy.policy.span.source).copied().unwrap_or_default();
                let open =
                    || is_only || is_named(file, arn) || policy.name.as_deref().is_some_and(|name| is_named(name, arn));
                policy.may_be_carried_by(arn) && (!policy.holders.is_empty() || open())
            };
            own.extend(all.into_iter().filter(is_own).map(|policy| (number, policy.policy.span)));
        }
        own
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Whether a name has Kasten's in it as a word, or the whole name of the workload.
fn is_named(text: &str, workload: &PrincipalArn) -> bool {
    let name = workload.name().to_ascii_lowercase();
    Project::part_by_name(text) == Part::LooksLikeKasten
        || (name.len() >= SHORTEST && text.to_ascii_lowercase().contains(&name))
}

/// A shorter name stands in too many others.
const SHORTEST: usize = 4;
