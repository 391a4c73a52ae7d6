//! `kpl fetch`.

use std::{
    fs,
    io::{IsTerminal, stderr},
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Parser;

use super::{
    Exit,
    args::{Args, Command, FetchArgs, FetchCommand, HowArgs},
    check, clock, inputs, screen, simulate,
};
use crate::{
    calendar,
    finding::Problem,
    live::{self, Fetched, File, Kind, Options, Trouble, Wanted},
    render,
    simulate::Outcome,
};

/// Fetches, lists the calls, or prints the permissions.
pub(super) fn run(args: FetchArgs) -> Exit {
    if args.permissions {
        screen::print(&live::permissions());
        return Exit::Clean;
    }
    let Some(what) = args.what else { return Exit::Failure };
    let (wanted, how) = match what {
        FetchCommand::Key { key, how } => (Wanted::Key(key), how),
        FetchCommand::Role { role, how } => (Wanted::Role(role), how),
        FetchCommand::User { user, how } => (Wanted::User(user), how),
        FetchCommand::Account { how } => (Wanted::Account, how),
        FetchCommand::Kasten { role, user, alias, key, how } => {
            let key = alias.map(|alias| with_prefix(&alias)).or(key).unwrap_or_default();
            (Wanted::Kasten { role, user, key }, how)
        }
        FetchCommand::Compare { principal, action, resource, context, how } => {
            return compare(&Asked { principal, action, resource, context }, &how);
        }
    };
    if let Some(trouble) = wrong_endpoint() {
        return fail(&trouble, &how);
    }
    if how.dry_run {
        screen::print(&lines(&live::planned(&wanted)));
        return Exit::Clean;
    }
    let folder = how.out.clone().unwrap_or_else(|| PathBuf::from("fetched"));
    match into_folder(&wanted, &how, &folder) {
        Ok(fetched) => told(&fetched, &folder, &how),
        Err(trouble) => fail(&trouble, &how),
    }
}

fn lines(typed: &[String]) -> String {
    typed.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

/// Of an endpoint without a scheme the SDK says little, and late.
fn wrong_endpoint() -> Option<Trouble> {
    const NAMES: [&str; 4] =
        ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL_KMS", "AWS_ENDPOINT_URL_STS"];
    let set = NAMES.iter().filter_map(|name| Some((name, std::env::var(name).ok()?)));
    let (name, value) = set.into_iter().find(|(_, value)| !value.is_empty() && !value.contains("://"))?;
    let help = "write it as http://HOST:PORT or https://HOST".to_owned();
    Some(Trouble { message: format!("{name} has no scheme: `{value}`"), help })
}

/// `kasten` as `alias/kasten`.
fn with_prefix(alias: &str) -> String {
    if alias.starts_with("alias/") || alias.starts_with("arn:") { alias.to_owned() } else { format!("alias/{alias}") }
}

fn fail(trouble: &Trouble, how: &HowArgs) -> Exit {
    let problem = Problem {
        file: "fetch".to_owned(),
        message: trouble.message.clone(),
        help: Some(trouble.help.clone()),
        fatal: true,
    };
    screen::complain(&render::problem_line(&problem, &screen::style(how.color)));
    Exit::Failure
}

/// Fetches into a folder that holds nothing yet: what an earlier run left there would be taken for what AWS has.
fn into_folder(wanted: &Wanted, how: &HowArgs, folder: &Path) -> Result<Fetched, Trouble> {
    must_be_empty(folder)?;
    let mut write = |file: &File| {
        let path = file.path.split('/').fold(folder.to_path_buf(), |path, name| path.join(name));
        write_file(&path, &file.text)
    };
    let mut fetched = live::fetch(wanted, &options(how), &now(), progress(), &mut write)?;
    clear();
    if fetched.files > 0 {
        write(&File { path: "manifest.json".to_owned(), text: std::mem::take(&mut fetched.manifest) })?;
    }
    Ok(fetched)
}

fn must_be_empty(folder: &Path) -> Result<(), Trouble> {
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        let message = format!("the folder {} is not empty", folder.display());
        return Err(Trouble { message, help: "name another with --out, or take it away".to_owned() });
    }
    Ok(())
}

fn write_file(path: &Path, text: &str) -> Result<(), Trouble> {
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::write(path, text)).map_err(|error| Trouble {
        message: format!("{} cannot be written: {}", path.display(), inputs::cause(&error)),
        help: "name another folder with --out".to_owned(),
    })
}

fn options(how: &HowArgs) -> Options {
    Options {
        profile: how.profile.clone(),
        region: how.region.clone(),
        timeout: Duration::from_secs(how.timeout),
        at_once: usize::from(how.calls),
    }
}

/// Shows how many calls are answered, on a terminal only.
fn progress() -> impl Fn(usize) + Send + Sync + 'static {
    let shows = stderr().is_terminal();
    move |count| {
        if shows {
            screen::complain(&format!("\r{count} calls"));
        }
    }
}

fn clear() {
    if stderr().is_terminal() {
        screen::complain("\r\u{1b}[K");
    }
}

/// The time in ISO 8601.
fn now() -> String {
    format!("{}Z", calendar::second(clock::seconds().unwrap_or_default()))
}

/// How many calls that gave nothing are named on the screen; the manifest has all.
const SHOWN: usize = 20;

fn told(fetched: &Fetched, folder: &Path, how: &HowArgs) -> Exit {
    let answers = fetched.files.saturating_sub(usize::from(fetched.account.is_some()));
    let of = fetched.account.as_deref().map(|account| format!(" of account {account}")).unwrap_or_default();
    screen::print(&format!("{}{of} in {}\n", render::counted(answers, "answer"), folder.display()));
    for (typed, failure) in fetched.missing.iter().take(SHOWN) {
        let word = match failure.kind {
            Kind::Denied => "denied",
            Kind::Absent => "not there",
            Kind::Unsupported => "not for this key",
            Kind::Credentials | Kind::Failed => "failed",
        };
        screen::print(&format!("{word}: {typed}\n  {}\n", failure.message));
    }
    let more = fetched.missing.len().saturating_sub(SHOWN);
    if more > 0 {
        screen::print(&format!("and {} more, in manifest.json\n", render::counted(more, "call")));
    }
    if let Some(why) = &fetched.ended {
        let trouble = Trouble {
            message: format!("not all was asked: {}", why.message),
            help: "what came is kept; run it again into another folder".to_owned(),
        };
        return fail(&trouble, how);
    }
    if answers == 0 {
        let is_denied = fetched.missing.iter().any(|(_, failure)| failure.kind == Kind::Denied);
        let help = if is_denied {
            "kpl fetch --permissions prints the policy that allows it"
        } else {
            "--dry-run lists what is asked; --profile and --region say of which account and Region"
        };
        return fail(&Trouble { message: "nothing came back".to_owned(), help: help.to_owned() }, how);
    }
    if how.check { checked(folder) } else { Exit::Clean }
}

/// `kpl check` on what was fetched.
fn checked(folder: &Path) -> Exit {
    let words = [Path::new("kpl"), Path::new("check"), folder];
    match Args::try_parse_from(words.map(Path::as_os_str)).map(|args| args.command) {
        Ok(Command::Check(args)) => check::run(&args),
        _ => Exit::Failure,
    }
}

/// One request.
struct Asked {
    principal: String,
    action: String,
    resource: String,
    context: Vec<String>,
}

/// Fetches who calls and what is called, asks AWS's simulator and kpl's, and shows both.
fn compare(asked: &Asked, how: &HowArgs) -> Exit {
    if how.dry_run {
        for wanted in parts(asked) {
            screen::print(&lines(&live::planned(&wanted)));
        }
        let Asked { principal, action, resource, .. } = asked;
        let line = format!("aws iam simulate-principal-policy --policy-source-arn {principal}");
        screen::print(&format!("{line} --action-names {action} --resource-arns {resource}\n"));
        return Exit::Clean;
    }
    match compared(asked, how) {
        Ok(exit) => exit,
        Err(trouble) => fail(&trouble, how),
    }
}

/// What must be fetched for a request.
fn parts(asked: &Asked) -> Vec<Wanted> {
    let is_user = asked.principal.contains(":user/");
    let holder = asked.principal.clone();
    let holder = if is_user { Wanted::User(holder) } else { Wanted::Role(holder) };
    let is_key = asked.resource.contains(":kms:") && asked.resource.contains(":key/");
    let key = is_key.then(|| Wanted::Key(asked.resource.clone()));
    let role = is_assumed(asked).then(|| Wanted::Role(asked.resource.clone()));
    [holder].into_iter().chain(key).chain(role).collect()
}

/// Whether a role is asked for, of which the trust policy decides.
fn is_assumed(asked: &Asked) -> bool {
    asked.resource.contains(":role/") && asked.action.to_ascii_lowercase().starts_with("sts:assumerole")
}

fn compared(asked: &Asked, how: &HowArgs) -> Result<Exit, Trouble> {
    let theirs = live::compare(&options(how), &asked.principal, &asked.action, &asked.resource)?;
    let mut folder = Folder::new(how.out.clone())?;
    let mut paths = Vec::new();
    for (number, wanted) in parts(asked).iter().enumerate() {
        let mut write = |file: &File| {
            let path = folder.path.join(number.to_string()).join(&file.path);
            paths.push((number, file.path.clone(), path.clone()));
            write_file(&path, &file.text)
        };
        live::fetch(wanted, &options(how), &now(), progress(), &mut write)?;
        clear();
    }
    folder.is_kept = how.out.is_some();
    let mut words = vec!["kpl".to_owned(), "simulate".to_owned()];
    let given = [("--principal", &asked.principal), ("--action", &asked.action), ("--resource", &asked.resource)];
    for (option, value) in given {
        words.extend([option.to_owned(), value.clone()]);
    }
    words.extend(asked.context.iter().flat_map(|pair| ["--context".to_owned(), pair.clone()]));
    for (number, name, path) in &paths {
        let of = if *number == 0 { Of::Caller } else { Of::Resource };
        let path = path.display().to_string();
        match layer_of(name, of) {
            Some(Layer::Option(option)) => words.extend([option.to_owned(), path]),
            Some(Layer::Path) => words.push(path),
            None => {}
        }
    }
    let ours = match Args::try_parse_from(words).map(|args| args.command) {
        Ok(Command::Simulate(args)) => simulate::decide(&args),
        _ => None,
    };
    let Some((outcome, argument)) = ours else { return Ok(Exit::Failure) };
    Ok(shown(&theirs, outcome, &argument))
}

/// Whom an answer of AWS is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Caller,
    Resource,
}

/// How an answer is given to the simulator.
enum Layer {
    Option(&'static str),
    /// As a path: the file tells of which key it is.
    Path,
}

/// Which layer of a request an answer of AWS is.
fn layer_of(name: &str, of: Of) -> Option<Layer> {
    let (folder, file) = name.rsplit_once('/')?;
    Some(match (file.split('.').next()?, of) {
        ("get-key-policy", Of::Resource) if file == "get-key-policy.json" => Layer::Option("--key-policy"),
        ("list-grants", Of::Resource) => Layer::Path,
        ("get-role", Of::Resource) => Layer::Option("--trust"),
        ("get-policy-version", Of::Caller) if folder.starts_with("iam/boundary/") => Layer::Option("--boundary"),
        ("get-role-policy" | "get-user-policy" | "get-group-policy" | "get-policy-version", Of::Caller) => {
            Layer::Option("--identity")
        }
        _ => return None,
    })
}

fn shown(theirs: &live::Comparison, outcome: Outcome, argument: &str) -> Exit {
    let their_word = match theirs.decision.as_str() {
        "allowed" => "allowed",
        "explicitDeny" => "explicitly denied",
        _ => "implicitly denied",
    };
    let our_word = match outcome {
        Outcome::Allowed => "allowed",
        Outcome::ExplicitlyDenied => "explicitly denied",
        Outcome::ImplicitlyDenied => "implicitly denied",
        Outcome::Undecided => "undecided",
    };
    screen::print(&format!("AWS's simulator: {their_word}\n"));
    if !theirs.missing_context.is_empty() {
        screen::print(&format!("  it misses {}\n", theirs.missing_context.join(", ")));
    }
    screen::print(&format!("kpl: {our_word}\n\n{argument}\n"));
    let verdict = if their_word == our_word { "both say the same" } else { "they differ" };
    screen::print(&format!(
        "{verdict}\n\
         AWS's simulator looks at identity policies, the boundary and SCPs without\n\
         conditions; at no key or trust policy, grant, RCP or endpoint policy.\n\
         kpl looked at identity policies, the boundary, the key or trust policy and the\n\
         grants; at no SCP, RCP, session or endpoint policy.\n"
    ));
    if outcome == Outcome::Allowed && their_word == our_word { Exit::Clean } else { Exit::Findings }
}

/// Where answers go for the time of a comparison.
struct Folder {
    path: PathBuf,
    is_kept: bool,
}

impl Folder {
    fn new(out: Option<PathBuf>) -> Result<Self, Trouble> {
        let is_kept = out.is_some();
        let path = out.unwrap_or_else(|| std::env::temp_dir().join(format!("kpl-compare-{}", std::process::id())));
        must_be_empty(&path)?;
        Ok(Self { path, is_kept })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.is_kept {
            // It lies in the folder for such files, which is emptied anyway.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}
