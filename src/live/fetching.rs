//! What is asked, in which order, and where the answers go.

use std::collections::{HashSet, VecDeque};

use tokio::task::JoinSet;

use super::{
    Options, Trouble, Wanted, calls,
    failure::{Failure, Kind},
    holder::Holder,
    json::{Json, Shape},
    manifest::{self, Head},
    name_of,
    session::{Made, Session},
    worker::{Done, Worker, do_job},
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
pub(super) enum Job {
    Details,
    Aliases,
    Keys,
    Key { key: String, is_of_account: bool },
    Holder { holder: Holder, name: String },
    Policy { arn: String, is_boundary: bool },
}

pub(super) fn first_jobs(wanted: &Wanted) -> Vec<Job> {
    let key = |key: &str| Job::Key { key: key.to_owned(), is_of_account: false };
    let role = |role: &String| Job::Holder { holder: Holder::Role, name: name_of(role).to_owned() };
    let user = |user: &String| Job::Holder { holder: Holder::User, name: name_of(user).to_owned() };
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
            match joined {
                Ok(done) => {
                    let next = self.take(done)?;
                    waiting.extend(next.into_iter().filter(|job| seen.insert(job.clone())));
                }
                Err(_) => session.end(Failure::new(Kind::Failed, "internal error in kpl")),
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
