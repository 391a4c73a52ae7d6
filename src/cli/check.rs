//! `kpl check`.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use super::{Exit, args::CheckArgs, inputs, progress::Progress, screen};
use crate::{
    document::Declared,
    finding::{Problem, Report},
    lint::{self, Options, Selection},
    reference::Reference,
    render::{self, Format, Tool},
};

/// How many findings a person is shown in full, unless all are asked for.
const SHOWN: usize = 100;

pub(super) fn run(args: &CheckArgs) -> Exit {
    let reference = match reference(args) {
        Ok(reference) => reference,
        Err(problem) => {
            screen::complain(&render::problem_line(&problem, &screen::style(args.color)));
            return Exit::Failure;
        }
    };
    let loaded = inputs::load(args);
    let options = options(args, reference);
    let progress = Progress::start(loaded.inputs.len(), args.quiet);
    let mut report = lint::lint_with(&loaded.sources, &loaded.inputs, &options, &|| progress.tick());
    drop(progress);
    report.skipped.extend(loaded.skipped);
    report.skipped.sort_by(|one, other| one.file.cmp(&other.file));
    let mut problems = loaded.problems;
    problems.append(&mut report.problems);
    report.problems = problems;
    let mut style = screen::style(args.color);
    (style.verbose, style.quiet) = (args.verbose, args.quiet);
    if !args.all {
        style.most = SHOWN;
    }
    let complaints: String = report.problems.iter().map(|problem| render::problem_line(problem, &style)).collect();
    screen::complain(&complaints);
    let text = match args.format {
        Format::Text => render::text(&report, &loaded.sources, &style),
        Format::Concise => render::concise(&report, &loaded.sources, &style),
        Format::Jsonl => render::jsonl(&report, &loaded.sources),
        Format::Json => {
            let tool = Tool { version: env!("CARGO_PKG_VERSION"), reference: options.reference.date() };
            render::json(&report, &loaded.sources, &tool)
        }
    };
    screen::print(&text);
    exit(&report, args)
}

/// The reference that was named, else the one that this kpl was built with.
fn reference(args: &CheckArgs) -> Result<Arc<Reference>, Problem> {
    let Some(path) = &args.reference else { return Ok(Arc::new(Reference::embedded().clone())) };
    let read = inputs::text(path).and_then(|text| Reference::read(&text).map_err(|error| error.to_string()));
    read.map(Arc::new).map_err(|message| Problem {
        file: path.display().to_string(),
        message,
        help: Some("scripts/refresh-reference writes a reference".to_owned()),
        fatal: true,
    })
}

/// Days since 1970, of today or of the day that `SOURCE_DATE_EPOCH` fixes.
fn today() -> Option<i64> {
    let fixed = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse::<i64>().ok());
    let now = || i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs()).ok();
    fixed.or_else(now).map(|seconds| seconds.div_euclid(86_400))
}

fn options(args: &CheckArgs, reference: Arc<Reference>) -> Options {
    let declared = Declared {
        account: args.account,
        workloads: args.workload.clone(),
        admins: args.admin.clone(),
        aliases: args.alias.clone(),
        trusted_accounts: args.trusted_account.clone(),
    };
    let selection = Selection {
        select: args.select.clone(),
        ignore: args.ignore.clone(),
        severity: args.severity.iter().copied().collect(),
        persona: args.persona,
    };
    Options {
        declared,
        kind: args.kind.0,
        selection,
        max_policy: args.max_size.unwrap_or(lint::MAX_POLICY).max(lint::MAX_POLICY),
        if_policy: args.if_policy,
        reference,
        today: today(),
    }
}

fn exit(report: &Report, args: &CheckArgs) -> Exit {
    if report.problems.iter().any(|problem| problem.fatal) {
        return Exit::Failure;
    }
    let undecided = args.fail_on_undecided && !report.not_evaluated.is_empty();
    if undecided || args.fail_on.severity().is_some_and(|severity| report.reaches(severity)) {
        Exit::Findings
    } else {
        Exit::Clean
    }
}
