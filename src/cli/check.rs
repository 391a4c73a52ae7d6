//! `kpl check`.

use std::{fs, path::Path, sync::Arc};

use super::{
    Exit,
    args::{CheckArgs, FailOn},
    clock,
    inputs::{self, Loaded},
    mend,
    outputs::Outputs,
    progress::Progress,
    screen,
    settings::{self, Folders, Settings, Trouble},
};
use crate::{
    finding::{Problem, Report},
    lint::{self, Acceptance, Baseline, Home, Input, Joined, Mended, Options},
    reference::Reference,
    render,
    source::Sources,
};

/// What looks at the inputs of a run.
pub(super) type Look = fn(&Sources, &[Input], &Options, &(dyn Fn() + Sync)) -> Report;

pub(super) fn run(args: &CheckArgs) -> Exit {
    // A run that mends looks several times, and gives back what it no longer needs.
    run_with(args, if args.claim().is_none() { look_once } else { lint::lint_with })
}

/// Looks at the inputs of a run that ends soon: to give back the documents value by value would be a tenth of its work.
fn look_once(sources: &Sources, inputs: &[Input], options: &Options, tick: &(dyn Fn() + Sync)) -> Report {
    let Joined { report, project } = lint::join(sources, inputs, options, tick);
    std::mem::forget(project);
    report
}

/// `kpl check` with another look at the inputs.
pub(super) fn run_with(args: &CheckArgs, look: Look) -> Exit {
    let folders = Folders::search();
    let (file, settings) = match settings::read(&folders, &args.settings) {
        Ok(settled) => settled,
        Err(trouble) => return trouble.tell(&screen::style(args.color)),
    };
    let reference = reference(settings.reference.as_deref());
    let (reference, outputs) = match reference.and_then(|reference| Ok((reference, Outputs::new(args)?))) {
        Ok(ready) => ready,
        Err(problem) => {
            complain(&[problem], args);
            return Exit::Failure;
        }
    };
    let baseline = match baseline(settings.baseline.as_deref().filter(|_| args.write_baseline.is_none())) {
        Ok(baseline) => baseline,
        Err(trouble) => return trouble.tell(&screen::style(args.color)),
    };
    let mut loaded = inputs::load(args, &settings);
    let ends = Ends { fail_on: settings.fail_on, undecided: settings.fail_on_undecided };
    let whole = file.as_ref().is_some_and(|file| args.covers(&file.home));
    let mut options = options(args, settings, reference, folders.home(file.as_ref()));
    (options.acceptance.baseline, options.acceptance.whole) = (baseline, whole);
    if let Some(file) = file {
        let source = loaded.sources.push(file.source);
        let entries = std::mem::take(&mut options.acceptance.entries);
        options.acceptance.entries = entries.into_iter().map(|entry| entry.placed(source)).collect();
    }
    let progress = Progress::start(loaded.inputs.len(), args.quiet);
    let mut report = look(&loaded.sources, &loaded.inputs, &options, &|| progress.tick());
    drop(progress);
    if let Some(claim) = args.claim() {
        let again = |sources: &Sources| look(sources, &loaded.inputs, &options, &|| {});
        let mut mended = lint::mend(&mut loaded.sources, report, claim, &options, &again);
        if args.diff {
            return diff(&mended, &loaded, args);
        }
        mended.report.problems.extend(mend::write(&mended, &loaded.sources));
        mend::tell(&mended, args);
        report = mended.report;
    }
    report.skipped.extend(loaded.skipped);
    report.skipped.sort_by(|one, other| one.file.cmp(&other.file));
    report.problems.splice(0..0, loaded.problems);
    tell(&mut report, &loaded.sources, &options, &outputs, args).unwrap_or_else(|| ends.exit(&report))
}

/// Tells of what was found, wherever it is to be told; how the run ends where that fails.
fn tell(
    report: &mut Report,
    sources: &Sources,
    options: &Options,
    outputs: &Outputs,
    args: &CheckArgs,
) -> Option<Exit> {
    complain(&report.problems, args);
    let mut unwritten = Vec::new();
    if let Some(file) = &args.write_baseline {
        unwritten.extend(write_baseline(file, report, sources, &options.home).err());
    }
    unwritten.extend(outputs.write(report, sources, options.reference.date(), args));
    complain(&unwritten, args);
    (!unwritten.is_empty()).then_some(Exit::Failure)
}

/// Shows what would be fixed, and nothing else.
fn diff(mended: &Mended, loaded: &Loaded, args: &CheckArgs) -> Exit {
    let problems: Vec<Problem> = loaded.problems.iter().chain(&mended.report.problems).cloned().collect();
    complain(&problems, args);
    mend::show(mended, &loaded.sources, args);
    if problems.iter().any(|problem| problem.fatal) {
        Exit::Failure
    } else if mended.before.is_empty() {
        Exit::Clean
    } else {
        Exit::Findings
    }
}

/// Tells of problems on stderr.
fn complain(problems: &[Problem], args: &CheckArgs) {
    let style = screen::style(args.color);
    let complaints: String = problems.iter().map(|problem| render::problem_line(problem, &style)).collect();
    screen::complain(&complaints);
}

/// The baseline that was named.
fn baseline(named: Option<&Path>) -> Result<Option<Baseline>, Trouble> {
    let Some(path) = named else { return Ok(None) };
    let source = settings::source(path, "--write-baseline writes one")?;
    match Baseline::read(&source) {
        Ok(baseline) => Ok(Some(baseline)),
        Err(complaints) => Err(Trouble::Wrong(Box::new(source), complaints)),
    }
}

/// Writes what counts as a baseline; what was just written is known from now on.
fn write_baseline(file: &Path, report: &mut Report, sources: &Sources, home: &Home) -> Result<(), Problem> {
    let text = lint::write_baseline(report, sources, home);
    fs::write(file, text).map_err(|error| Problem {
        file: file.display().to_string(),
        message: format!("the baseline cannot be written: {}", inputs::cause(&error)),
        help: None,
        fatal: true,
    })?;
    Baseline::of(report, sources, home).suppress(report, sources, home);
    Ok(())
}

/// The reference that was named, else the one that this kpl was built with.
fn reference(named: Option<&Path>) -> Result<Arc<Reference>, Problem> {
    let Some(path) = named else { return Ok(Arc::new(Reference::embedded().clone())) };
    let read = inputs::text(path).and_then(|text| Reference::read(&text).map_err(|error| error.to_string()));
    read.and_then(whole).map(Arc::new).map_err(|message| Problem {
        file: path.display().to_string(),
        message,
        help: Some("scripts/refresh-reference writes a reference".to_owned()),
        fatal: true,
    })
}

/// Refuses a reference that breaks off: actions stand behind services, and every service has some.
fn whole(reference: Reference) -> Result<Reference, String> {
    let bare = reference.services().find(|service| service.actions().next().is_none());
    match bare.map(|service| service.prefix().to_owned()) {
        Some(prefix) => Err(format!("`{prefix}` has no action: the file breaks off")),
        None if reference.services().next().is_none() => Err("no service stands in it".to_owned()),
        None => Ok(reference),
    }
}

fn options(args: &CheckArgs, settings: Settings, reference: Arc<Reference>, home: Home) -> Options {
    Options {
        declared: settings.declared,
        kind: args.kind.0,
        catalogue: settings.catalogue,
        selection: settings.selection,
        rule_options: settings.rule_options,
        max_policy: args.max_size.unwrap_or(lint::MAX_POLICY).max(lint::MAX_POLICY),
        if_policy: args.if_policy,
        reference,
        today: clock::seconds().map(|seconds| seconds.div_euclid(86_400)),
        home,
        paths: settings.paths,
        acceptance: Acceptance { entries: settings.accepted, ..Acceptance::default() },
        changed_only: args.changed_only,
    }
}

/// What ends a run with 1.
struct Ends {
    fail_on: FailOn,
    undecided: bool,
}

impl Ends {
    fn exit(&self, report: &Report) -> Exit {
        if report.problems.iter().any(|problem| problem.fatal) {
            return Exit::Failure;
        }
        let undecided = self.undecided && report.leaves_open();
        let wrong = self.fail_on.severity().is_some() && report.is_set_up_wrong();
        if undecided || wrong || self.fail_on.severity().is_some_and(|severity| report.reaches(severity)) {
            Exit::Findings
        } else {
            Exit::Clean
        }
    }
}
