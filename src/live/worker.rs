//! The calls of each job, and what is kept of their answers.

use std::{future::Future, sync::Arc};

use super::{
    calls::{self, Call},
    failure::{Failure, Kind},
    fetching::{File, Job},
    holder::Holder,
    iam::DETAILS,
    json::{Json, Shape},
    name_of, region_of,
    session::{Made, Page, Session},
};

/// What a job brought.
#[derive(Default)]
pub(super) struct Done {
    pub(super) made: Vec<Made>,
    pub(super) files: Vec<File>,
    pub(super) next: Vec<Job>,
}

/// Makes the calls of a job.
pub(super) async fn do_job(session: Session, job: Job) -> Done {
    let mut worker = Worker { session, done: Done::default() };
    match job {
        Job::Details => worker.details().await,
        Job::Aliases => worker.aliases().await,
        Job::Keys => worker.keys().await,
        Job::Key { key, is_of_account } => worker.key(&key, is_of_account).await,
        Job::Holder { holder, name } => worker.holder(holder, &name).await,
        Job::Policy { arn, is_boundary } => worker.policy(&arn, is_boundary).await,
    }
    worker.done
}

/// Makes the calls of one job and keeps what came.
pub(super) struct Worker {
    pub(super) session: Session,
    pub(super) done: Done,
}

type Parameters<'p> = &'p [(&'p str, &'p str)];

impl Worker {
    /// One call whose answer is a file.
    pub(super) async fn one(
        &mut self,
        call: &'static Call,
        parameters: Parameters<'_>,
        folder: &str,
        answer: impl Future<Output = Result<Json, Failure>>,
    ) -> Option<Json> {
        self.named(call, parameters, &path(folder, call, None), answer).await
    }

    async fn named(
        &mut self,
        call: &'static Call,
        parameters: Parameters<'_>,
        path: &str,
        answer: impl Future<Output = Result<Json, Failure>>,
    ) -> Option<Json> {
        match self.session.ask(answer).await {
            Ok(json) => {
                self.keep(call, parameters, path, &json, None);
                Some(json)
            }
            Err(failure) => {
                self.note(call, parameters, None, Some(failure));
                None
            }
        }
    }

    /// A list of several pages, whose answer is one file. A list that broke off is no file that rules may read as whole.
    async fn list<F, A>(
        &mut self,
        call: &'static Call,
        parameters: Parameters<'_>,
        folder: &str,
        member: &'static str,
        page: F,
    ) -> Json
    where
        F: FnMut(Option<String>) -> A,
        A: Future<Output = Result<Page, Failure>>,
    {
        let (items, failure) = self.session.pages(page).await;
        let is_empty = items.is_empty();
        let json = Shape::default().with(member, &Json::List(items)).done();
        self.keep_list(call, parameters, &path(folder, call, None), &json, is_empty, failure);
        json
    }

    fn keep_list(
        &mut self,
        call: &'static Call,
        parameters: Parameters<'_>,
        path: &str,
        json: &Json,
        is_empty: bool,
        failure: Option<Failure>,
    ) {
        match failure {
            None => self.keep(call, parameters, path, json, None),
            Some(failure) if is_empty => self.note(call, parameters, None, Some(failure)),
            Some(failure) => self.keep(call, parameters, &format!("{path}.partial"), json, Some(failure)),
        }
    }

    fn keep(
        &mut self,
        call: &'static Call,
        parameters: Parameters<'_>,
        path: &str,
        json: &Json,
        failure: Option<Failure>,
    ) {
        self.done.files.push(File { path: path.to_owned(), text: json.written() });
        self.note(call, parameters, Some(path.to_owned()), failure);
    }

    fn note(
        &mut self,
        call: &'static Call,
        parameters: Parameters<'_>,
        file: Option<String>,
        failure: Option<Failure>,
    ) {
        self.done.made.push(Made { call, typed: call.typed(parameters), file, failure });
    }

    async fn details(&mut self) {
        let session = self.session.clone();
        let call = &calls::GET_ACCOUNT_AUTHORIZATION_DETAILS;
        let (items, failure) = session.pages(|token| session.authorization_details(token)).await;
        let is_empty = items.is_empty();
        let shape = DETAILS.into_iter().fold(Shape::default(), |shape, name| {
            let list = items.iter().filter_map(|item| item.get(name).cloned());
            shape.with(name, &Json::List(list.collect()))
        });
        drop(items);
        self.keep_list(call, &[], &path("iam", call, None), &shape.done(), is_empty, failure);
    }

    async fn aliases(&mut self) {
        let session = self.session.clone();
        self.list(&calls::LIST_ALIASES, &[], "kms", "Aliases", |token| session.aliases(None, token)).await;
    }

    async fn keys(&mut self) {
        let session = self.session.clone();
        let listed = self.list(&calls::LIST_KEYS, &[], "kms", "Keys", |token| session.keys(token)).await;
        let keys = listed.items("Keys").iter().filter_map(|key| key.text("KeyArn").or_else(|| key.text("KeyId")));
        self.done.next.extend(keys.map(|key| Job::Key { key: key.to_owned(), is_of_account: true }));
    }

    async fn key(&mut self, named: &str, is_of_account: bool) {
        if let Some(region) = region_of(named) {
            self.session = self.session.in_region(region);
        }
        let session = self.session.clone();
        let described = session.ask(session.describe_key(named)).await;
        let (key, folder) = match &described {
            Ok(json) => {
                let metadata = json.get("KeyMetadata");
                let id = metadata.and_then(|of| of.text("KeyId")).unwrap_or(named);
                let arn = metadata.and_then(|of| of.text("Arn")).unwrap_or(id);
                (arn.to_owned(), format!("kms/{}", file_name(id)))
            }
            Err(_) => (named.to_owned(), format!("kms/{}", file_name(named.rsplit('/').next().unwrap_or(named)))),
        };
        let asked = [("key-id", named)];
        let is_alias = named.starts_with("alias/") || named.contains(":alias/");
        let metadata = match described {
            Ok(json) => {
                self.keep(&calls::DESCRIBE_KEY, &asked, &path(&folder, &calls::DESCRIBE_KEY, None), &json, None);
                json.get("KeyMetadata").cloned()
            }
            Err(failure) => {
                let is_lost = is_alias || matches!(failure.kind, Kind::Absent | Kind::Credentials);
                self.note(&calls::DESCRIBE_KEY, &asked, None, Some(failure));
                if is_lost {
                    return;
                }
                None
            }
        };
        let is_managed = metadata.as_ref().and_then(|of| of.text("KeyManager")) == Some("AWS");
        if is_of_account && is_managed {
            return;
        }
        self.about_key(&key, &folder, metadata.as_ref(), is_of_account).await;
    }

    async fn about_key(&mut self, key: &str, folder: &str, metadata: Option<&Json>, is_of_account: bool) {
        let session = Arc::new(self.session.clone());
        let asked = [("key-id", key)];
        let of_names = |token| session.key_policies(key, token);
        let listed = self.list(&calls::LIST_KEY_POLICIES, &asked, folder, "PolicyNames", of_names).await;
        let mut names = listed.texts("PolicyNames");
        if names.is_empty() {
            names.push(DEFAULT.to_owned());
        }
        for name in names {
            let asked = [("key-id", key), ("policy-name", name.as_str())];
            let suffix = (name != DEFAULT).then_some(name.as_str());
            let path = path(folder, &calls::GET_KEY_POLICY, suffix);
            self.named(&calls::GET_KEY_POLICY, &asked, &path, session.get_key_policy(key, &name)).await;
        }
        // KMS rotates no other keys. Source: KMS API Reference, `GetKeyRotationStatus`.
        let spec = metadata.and_then(|of| of.text("KeySpec").or_else(|| of.text("CustomerMasterKeySpec")));
        if spec.is_none_or(|spec| spec == "SYMMETRIC_DEFAULT") {
            self.one(&calls::GET_KEY_ROTATION_STATUS, &asked, folder, session.rotation_status(key)).await;
            let of_rotations = |token| session.rotations(key, token);
            self.list(&calls::LIST_KEY_ROTATIONS, &asked, folder, "Rotations", of_rotations).await;
        }
        self.list(&calls::LIST_GRANTS, &asked, folder, "Grants", |token| session.grants(key, token)).await;
        self.list(&calls::LIST_RESOURCE_TAGS, &asked, folder, "Tags", |token| session.tags(key, token)).await;
        if !is_of_account {
            let of_aliases = |token| session.aliases(Some(key), token);
            self.list(&calls::LIST_ALIASES, &asked, folder, "Aliases", of_aliases).await;
        }
    }

    async fn holder(&mut self, holder: Holder, name: &str) {
        let session = self.session.clone();
        let asked = [(holder.parameter(), name)];
        let folder = format!("iam/{}/{}", holder.word(), file_name(name));
        if self.is_described_absent(holder, &asked, &folder).await {
            return;
        }
        let of_names = |token| session.inline_policies(holder, name, token);
        let listed = self.list(holder.list_inline(), &asked, &folder, "PolicyNames", of_names).await;
        for policy in listed.texts("PolicyNames") {
            let [own] = asked;
            let path = path(&folder, holder.get_inline(), Some(&policy));
            let answer = session.inline_policy(holder, name, &policy);
            self.named(holder.get_inline(), &[own, ("policy-name", &policy)], &path, answer).await;
        }
        let of_attached = |token| session.attached_policies(holder, name, token);
        let attached = self.list(holder.list_attached(), &asked, &folder, "AttachedPolicies", of_attached).await;
        let arns = attached.items("AttachedPolicies").iter().filter_map(|policy| policy.text("PolicyArn"));
        self.done.next.extend(arns.map(|arn| Job::Policy { arn: arn.to_owned(), is_boundary: false }));
        if holder == Holder::User {
            let of_groups = |token| session.groups_for_user(name, token);
            let groups = self.list(&calls::LIST_GROUPS_FOR_USER, &asked, &folder, "Groups", of_groups).await;
            let names = groups.items("Groups").iter().filter_map(|group| group.text("GroupName"));
            self.done.next.extend(names.map(|name| Job::Holder { holder: Holder::Group, name: name.to_owned() }));
        }
    }

    /// Describes a user or a role, from which its boundary follows; true where IAM says that there is none.
    async fn is_described_absent(&mut self, holder: Holder, asked: Parameters<'_>, folder: &str) -> bool {
        let [(_, name)] = asked else { return false };
        let session = self.session.clone();
        let (answer, member) = match holder {
            Holder::User => (self.one(&calls::GET_USER, asked, folder, session.get_user(name)).await, "User"),
            Holder::Role => (self.one(&calls::GET_ROLE, asked, folder, session.get_role(name)).await, "Role"),
            Holder::Group => return false,
        };
        let boundary = answer.as_ref().and_then(|answer| answer.get(member)?.get("PermissionsBoundary"));
        let arn = boundary.and_then(|boundary| boundary.text("PermissionsBoundaryArn"));
        self.done.next.extend(arn.map(|arn| Job::Policy { arn: arn.to_owned(), is_boundary: true }));
        let failure = self.done.made.last().and_then(|made| made.failure.as_ref());
        failure.is_some_and(|failure| failure.kind == Kind::Absent)
    }

    async fn policy(&mut self, arn: &str, is_boundary: bool) {
        let session = self.session.clone();
        let kind = if is_boundary { "boundary" } else { "policy" };
        // AWS and the account may each have a policy of a name.
        let owner = if arn.contains(":iam::aws:") { "aws/" } else { "" };
        let folder = format!("iam/{kind}/{owner}{}", file_name(name_of(arn)));
        let asked = [("policy-arn", arn)];
        let answer = self.one(&calls::GET_POLICY, &asked, &folder, session.get_policy(arn)).await;
        let version = answer.as_ref().and_then(|answer| answer.get("Policy")?.text("DefaultVersionId"));
        if let Some(version) = version {
            let asked = [("policy-arn", arn), ("version-id", version)];
            self.one(&calls::GET_POLICY_VERSION, &asked, &folder, session.get_policy_version(arn, version)).await;
        }
    }
}

/// The name under which every key has its policy.
///
/// Source: KMS API Reference, `GetKeyPolicy`.
const DEFAULT: &str = "default";

fn path(folder: &str, call: &Call, suffix: Option<&str>) -> String {
    let suffix = suffix.map(|suffix| format!(".{}", file_name(suffix))).unwrap_or_default();
    format!("{folder}/{}{suffix}.json", call.command())
}

/// A name as a file's: nothing in it leads out of its folder.
fn file_name(name: &str) -> String {
    let kept = |letter: char| letter.is_ascii_alphanumeric() || "+=,.@_-".contains(letter);
    let name: String = name.chars().map(|letter| if kept(letter) { letter } else { '_' }).collect();
    if name.chars().all(|letter| letter == '.') { "_".to_owned() } else { name }
}
