//! Answers of one folder that belong together though they do not say so.

use std::collections::HashMap;

use super::Project;
use crate::policy::PolicyKind;

impl Project<'_> {
    /// Gives the answer to `get-key-policy`, which does not name its key, the key that `describe-key` tells in the same
    /// folder, where there is one of each.
    pub(super) fn join_key_policies(&mut self) {
        let mut keys: HashMap<String, Vec<String>> = HashMap::new();
        let mut policies: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, document) in self.documents.iter().enumerate() {
            if document.kind == "describe-key" {
                let ids = document.keys.iter().filter_map(|key| key.id()).map(str::to_owned);
                keys.entry(document.folder.clone()).or_default().extend(ids);
            }
            let is_open = |policy: &super::PolicyDocument<'_>| policy.kind == PolicyKind::Key && policy.key.is_none();
            let open = document.policies.iter().filter(|policy| is_open(policy)).count();
            if open > 0 {
                policies.entry(document.folder.clone()).or_default().extend(std::iter::repeat_n(index, open));
            }
        }
        for (folder, ids) in keys {
            let ([id], Some([index])) = (ids.as_slice(), policies.get(&folder).map(Vec::as_slice)) else { continue };
            let Some(document) = self.documents.get_mut(*index).filter(|document| document.kind == "get-key-policy")
            else {
                continue;
            };
            let policies = document.policies.iter_mut().filter(|policy| policy.kind == PolicyKind::Key);
            policies.for_each(|policy| policy.key = Some(id.clone()));
        }
    }
}
