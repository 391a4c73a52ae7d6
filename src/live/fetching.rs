//! What is asked, in which order, and where the answers go.

use std::{
    collections::{HashSet, VecDeque},
    future::Future,
    sync::Arc,
};

use tokio::task::JoinSet;

use super::{
    Options, Trouble, Wanted,
    calls::{self, Call},
    failure::{Failure, Kind},
    iam::DETAILS,
    json::{Json, Shape},
    manifest::{self, Head},
    name_of, region_of,
    session::{Made, Page, Session},
};

/// One answer.
#[derive(Clone, Debug)]
pub struct File {
    /// Its path in the folder, with `/` between names.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// How many files were handed out.
    pub files: usize,
    /// The account that was asked, where STS told it.
    pub account: Option<String>,
    /// The calls that gave nothing, as typed, with the reason.
    pub missing: Vec<(String, Failure)>,
    /// Why not all calls were made.
    pub ended: Option<Failure>,
    /// The manifest's text.
    pub manifest: String,
}

/// Fetches what is wanted; hands out each file when its answer is there.
///
/// `started` is the time for the manifest; `tick` hears of each answer, with the count so far; `write` takes the files and may
/// fail, which ends the run.
///
/// # Errors
/// [`Trouble`] where nothing could be asked, or a file was not taken.
pub fn fetch(
    wanted: &Wanted,
    options: &Options,
    started: &str,
    tick: impl Fn(usize) + Send + Sync + 'static,
    write: &mut dyn FnMut(&File) -> Result<(), Trouble>,
) -> Result<Fetched, Trouble> {
    runtime()?.block_on(async {
        let session = Session::open(options, wanted.needs_region(), Box::new(tick)).await?;
        let mut run = Run { journal: Vec::new(), files: 0, account: None, write };
        run.who_am_i(&session).await?;
        run.work(&session, first_jobs(wanted), options.at_once.max(1)).await?;
        let head = Head { account: run.account.as_deref(), region: session.region.as_deref(), started };
        let manifest = manifest::written(&head, &run.journal, session.ended().as_ref());
        let missing = run.journal.iter().filter_map(|made| Some((made.typed.clone(), made.failure.clone()?)));
        Ok(Fetched {
            files: run.files,
            account: run.account.clone(),
            missing: missing.collect(),
            ended: session.ended(),
            manifest,
        })
    })
}

/// What AWS's own simulator says of a request.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Its word: `allowed`, `explicitDeny` or `implicitDeny`.
    pub decision: String,
    /// The context keys that it misses.
    pub missing_context: Vec<String>,
    /// The answer as the AWS CLI writes it.
    pub text: String,
}

/// Asks AWS's simulator.
///
/// # Errors
/// [`Trouble`] where it gives no answer.
pub fn compare(options: &Options, principal: &str, action: &str, resource: &str) -> Result<Comparison, Trouble> {
    runtime()?.block_on(async {
        let session = Session::open(options, false, Box::new(|_| ())).await?;
        let call = &calls::SIMULATE_PRINCIPAL_POLICY;
        let (results, failure) = session.pages(|token| session.simulate(principal, action, resource, token)).await;
        if let Some(failure) = failure {
            let help = "kpl fetch --permissions prints the policy that allows it";
            return Err(Trouble::new(format!("{}: {}", call.action(), failure.message), help));
        }
        let decision = results.first().and_then(|result| result.text("EvalDecision")).unwrap_or("none").to_owned();
        let missing_context = results.first().map(|result| result.texts("MissingContextValues")).unwrap_or_default();
        let text = Shape::default().with("EvaluationResults", &Json::List(results)).done().written();
        Ok(Comparison { decision, missing_context, text })
    })
}

fn runtime() -> Result<tokio::runtime::Runtime, Trouble> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|error| Trouble::new(format!("no connection can be made: {error}"), "try again"))
}

/// One piece of work, whose calls are made one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Job {
    Details,
    Aliases,
    Keys,
    Key { key: String, is_of_account: bool },
    Role(String),
    User(String),
    Group(String),
    Policy { arn: String, is_boundary: bool },
}

fn first_jobs(wanted: &Wanted) -> Vec<Job> {
    let key = |key: &str| Job::Key { key: key.to_owned(), is_of_account: false };
    let role = |role: &String| Job::Role(name_of(role).to_owned());
    let user = |user: &String| Job::User(name_of(user).to_owned());
    match wanted {
        Wanted::Key(named) => vec![key(named)],
        Wanted::Role(named) => vec![role(named)],
        Wanted::User(named) => vec![user(named)],
        Wanted::Account => vec![Job::Details, Job::Aliases, Job::Keys],
        Wanted::Kasten { role: of_role, user: of_user, key: named } => {
            let holders = of_role.iter().map(role).chain(of_user.iter().map(user));
            holders.chain([key(named), Job::Aliases]).collect()
        }
    }
}

/// What a job brought.
#[derive(Default)]
struct Done {
    made: Vec<Made>,
    files: Vec<File>,
    next: Vec<Job>,
}

struct Run<'w> {
    journal: Vec<Made>,
    files: usize,
    account: Option<String>,
    write: &'w mut dyn FnMut(&File) -> Result<(), Trouble>,
}

impl Run<'_> {
    async fn who_am_i(&mut self, session: &Session) -> Result<(), Trouble> {
        let mut worker = Worker { session: session.clone(), done: Done::default() };
        let me = worker.one(&calls::GET_CALLER_IDENTITY, &[], "sts", session.caller_identity()).await;
        self.account = me.as_ref().and_then(|me| me.text("Account")).map(str::to_owned);
        self.take(worker.done).map(|_| ())
    }

    /// Does jobs, several at once, and those that come of them.
    async fn work(&mut self, session: &Session, jobs: Vec<Job>, at_once: usize) -> Result<(), Trouble> {
        let mut seen: HashSet<Job> = jobs.iter().cloned().collect();
        let mut waiting: VecDeque<Job> = jobs.into();
        let mut running = JoinSet::new();
        let interrupt = tokio::signal::ctrl_c();
        tokio::pin!(interrupt);
        let mut listens = true;
        loop {
            while running.len() < at_once
                && let Some(job) = waiting.pop_front()
            {
                running.spawn(do_job(session.clone(), job));
            }
            let joined = tokio::select! {
                joined = running.join_next() => joined,
                interrupted = &mut interrupt, if listens => {
                    listens = false;
                    if interrupted.is_ok() {
                        session.end(Failure::new(Kind::Failed, "interrupted"));
                    }
                    continue;
                }
            };
            let Some(joined) = joined else { break };
            // A job that crashed has brought nothing; the others go on.
            if let Ok(done) = joined {
                for job in self.take(done)? {
                    if seen.insert(job.clone()) {
                        waiting.push_back(job);
                    }
                }
            }
        }
        self.journal.sort_by(|one, other| one.typed.cmp(&other.typed));
        Ok(())
    }

    fn take(&mut self, done: Done) -> Result<Vec<Job>, Trouble> {
        for file in &done.files {
            (self.write)(file)?;
            self.files += 1;
        }
        self.journal.extend(done.made);
        Ok(done.next)
    }
}

async fn do_job(session: Session, job: Job) -> Done {
    let mut worker = Worker { session, done: Done::default() };
    match job {
        Job::Details => worker.details().await,
        Job::Aliases => worker.aliases().await,
        Job::Keys => worker.keys().await,
        Job::Key { key, is_of_account } => worker.key(&key, is_of_account).await,
        Job::Role(name) => worker.role(&name).await,
        Job::User(name) => worker.user(&name).await,
        Job::Group(name) => worker.group(&name).await,
        Job::Policy { arn, is_boundary } => worker.policy(&arn, is_boundary).await,
    }
    worker.done
}

/// Makes the calls of one job and keeps what came.
struct Worker {
    session: Session,
    done: Done,
}

type Parameters<'p> = &'p [(&'p str, &'p str)];

impl Worker {
    /// One call whose answer is a file.
    async fn one(
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
        let path = path(folder, call, None);
        match failure {
            None => self.keep(call, parameters, &path, &json, None),
            Some(failure) if is_empty => self.note(call, parameters, None, Some(failure)),
            Some(failure) => self.keep(call, parameters, &format!("{path}.partial"), &json, Some(failure)),
        }
        json
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
        let path = path("iam", call, None);
        match failure {
            None => self.keep(call, &[], &path, &shape.done(), None),
            Some(failure) if is_empty => self.note(call, &[], None, Some(failure)),
            Some(failure) => self.keep(call, &[], &format!("{path}.partial"), &shape.done(), Some(failure)),
        }
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

    async fn role(&mut self, name: &str) {
        let session = self.session.clone();
        let (asked, folder) = ([("role-name", name)], format!("iam/role/{}", file_name(name)));
        let answer = self.one(&calls::GET_ROLE, &asked, &folder, session.get_role(name)).await;
        if self.is_absent() {
            return;
        }
        self.boundary(answer.as_ref().and_then(|answer| answer.get("Role")));
        let of_names = |token| session.role_policies(name, token);
        let listed = self.list(&calls::LIST_ROLE_POLICIES, &asked, &folder, "PolicyNames", of_names).await;
        for policy in listed.texts("PolicyNames") {
            let asked = [("role-name", name), ("policy-name", policy.as_str())];
            let path = path(&folder, &calls::GET_ROLE_POLICY, Some(&policy));
            self.named(&calls::GET_ROLE_POLICY, &asked, &path, session.get_role_policy(name, &policy)).await;
        }
        let of_attached = |token| session.attached_role_policies(name, token);
        let call = &calls::LIST_ATTACHED_ROLE_POLICIES;
        let attached = self.list(call, &asked, &folder, "AttachedPolicies", of_attached).await;
        self.attached(&attached);
    }

    async fn user(&mut self, name: &str) {
        let session = self.session.clone();
        let (asked, folder) = ([("user-name", name)], format!("iam/user/{}", file_name(name)));
        let answer = self.one(&calls::GET_USER, &asked, &folder, session.get_user(name)).await;
        if self.is_absent() {
            return;
        }
        self.boundary(answer.as_ref().and_then(|answer| answer.get("User")));
        let of_names = |token| session.user_policies(name, token);
        let listed = self.list(&calls::LIST_USER_POLICIES, &asked, &folder, "PolicyNames", of_names).await;
        for policy in listed.texts("PolicyNames") {
            let asked = [("user-name", name), ("policy-name", policy.as_str())];
            let path = path(&folder, &calls::GET_USER_POLICY, Some(&policy));
            self.named(&calls::GET_USER_POLICY, &asked, &path, session.get_user_policy(name, &policy)).await;
        }
        let of_attached = |token| session.attached_user_policies(name, token);
        let call = &calls::LIST_ATTACHED_USER_POLICIES;
        let attached = self.list(call, &asked, &folder, "AttachedPolicies", of_attached).await;
        self.attached(&attached);
        let of_groups = |token| session.groups_for_user(name, token);
        let groups = self.list(&calls::LIST_GROUPS_FOR_USER, &asked, &folder, "Groups", of_groups).await;
        let names = groups.items("Groups").iter().filter_map(|group| group.text("GroupName"));
        self.done.next.extend(names.map(|name| Job::Group(name.to_owned())));
    }

    async fn group(&mut self, name: &str) {
        let session = self.session.clone();
        let (asked, folder) = ([("group-name", name)], format!("iam/group/{}", file_name(name)));
        let of_names = |token| session.group_policies(name, token);
        let listed = self.list(&calls::LIST_GROUP_POLICIES, &asked, &folder, "PolicyNames", of_names).await;
        for policy in listed.texts("PolicyNames") {
            let asked = [("group-name", name), ("policy-name", policy.as_str())];
            let path = path(&folder, &calls::GET_GROUP_POLICY, Some(&policy));
            self.named(&calls::GET_GROUP_POLICY, &asked, &path, session.get_group_policy(name, &policy)).await;
        }
        let of_attached = |token| session.attached_group_policies(name, token);
        let call = &calls::LIST_ATTACHED_GROUP_POLICIES;
        let attached = self.list(call, &asked, &folder, "AttachedPolicies", of_attached).await;
        self.attached(&attached);
    }

    async fn policy(&mut self, arn: &str, is_boundary: bool) {
        let session = self.session.clone();
        let kind = if is_boundary { "boundary" } else { "policy" };
        let folder = format!("iam/{kind}/{}", file_name(name_of(arn)));
        let asked = [("policy-arn", arn)];
        let answer = self.one(&calls::GET_POLICY, &asked, &folder, session.get_policy(arn)).await;
        let version = answer.as_ref().and_then(|answer| answer.get("Policy")?.text("DefaultVersionId"));
        if let Some(version) = version {
            let asked = [("policy-arn", arn), ("version-id", version)];
            self.one(&calls::GET_POLICY_VERSION, &asked, &folder, session.get_policy_version(arn, version)).await;
        }
    }

    /// Whether the last call said that what it asked for is not there.
    fn is_absent(&self) -> bool {
        let last = self.done.made.last().and_then(|made| made.failure.as_ref());
        last.is_some_and(|failure| failure.kind == Kind::Absent)
    }

    fn boundary(&mut self, holder: Option<&Json>) {
        let boundary = holder.and_then(|holder| holder.get("PermissionsBoundary")?.text("PermissionsBoundaryArn"));
        self.done.next.extend(boundary.map(|arn| Job::Policy { arn: arn.to_owned(), is_boundary: true }));
    }

    fn attached(&mut self, listed: &Json) {
        let arns = listed.items("AttachedPolicies").iter().filter_map(|policy| policy.text("PolicyArn"));
        self.done.next.extend(arns.map(|arn| Job::Policy { arn: arn.to_owned(), is_boundary: false }));
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

/// The calls that a run would make, without making any; what only answers tell stands in brackets.
#[must_use]
pub fn planned(wanted: &Wanted) -> Vec<String> {
    let mut lines = vec![calls::GET_CALLER_IDENTITY.typed(&[])];
    for job in first_jobs(wanted) {
        lines.extend(planned_job(&job));
    }
    lines
}

/// What stands where only an answer tells the name.
const EACH: &str = "[each]";

fn planned_job(job: &Job) -> Vec<String> {
    match job {
        Job::Details => vec![calls::GET_ACCOUNT_AUTHORIZATION_DETAILS.typed(&[])],
        Job::Aliases => vec![calls::LIST_ALIASES.typed(&[])],
        Job::Keys => {
            let each = planned_job(&Job::Key { key: EACH.to_owned(), is_of_account: true });
            [vec![calls::LIST_KEYS.typed(&[])], each].concat()
        }
        Job::Key { key, is_of_account } => planned_key(key, *is_of_account),
        Job::Role(name) => {
            let own = [&calls::GET_ROLE, &calls::LIST_ROLE_POLICIES, &calls::LIST_ATTACHED_ROLE_POLICIES];
            planned_holder(("role-name", name), &own, &calls::GET_ROLE_POLICY)
        }
        Job::User(name) => {
            let own = [&calls::GET_USER, &calls::LIST_USER_POLICIES, &calls::LIST_ATTACHED_USER_POLICIES];
            let mut lines = planned_holder(("user-name", name), &own, &calls::GET_USER_POLICY);
            lines.push(calls::LIST_GROUPS_FOR_USER.typed(&[("user-name", name)]));
            lines.extend(planned_job(&Job::Group(EACH.to_owned())));
            lines
        }
        Job::Group(name) => {
            let own = [&calls::LIST_GROUP_POLICIES, &calls::LIST_ATTACHED_GROUP_POLICIES];
            planned_holder(("group-name", name), &own, &calls::GET_GROUP_POLICY)
        }
        Job::Policy { arn, .. } => vec![
            calls::GET_POLICY.typed(&[("policy-arn", arn)]),
            calls::GET_POLICY_VERSION.typed(&[("policy-arn", arn), ("version-id", "[its default]")]),
        ],
    }
}

fn planned_key(key: &str, is_of_account: bool) -> Vec<String> {
    let asked = [("key-id", key)];
    let mut lines = vec![calls::DESCRIBE_KEY.typed(&asked), calls::LIST_KEY_POLICIES.typed(&asked)];
    lines.push(calls::GET_KEY_POLICY.typed(&[("key-id", key), ("policy-name", EACH)]));
    let others = [&calls::GET_KEY_ROTATION_STATUS, &calls::LIST_KEY_ROTATIONS, &calls::LIST_GRANTS];
    let others = others.into_iter().chain([&calls::LIST_RESOURCE_TAGS]);
    let others = others.chain((!is_of_account).then_some(&calls::LIST_ALIASES));
    lines.extend(others.map(|call| call.typed(&asked)));
    lines
}

fn planned_holder(holder: (&str, &str), own: &[&Call], inline: &Call) -> Vec<String> {
    let mut lines: Vec<String> = own.iter().map(|call| call.typed(&[holder])).collect();
    lines.push(inline.typed(&[holder, ("policy-name", EACH)]));
    lines.extend(planned_job(&Job::Policy { arn: EACH.to_owned(), is_boundary: false }));
    lines
}
