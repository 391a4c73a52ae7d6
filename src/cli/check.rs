//! `kpl check`.

use super::{Exit, args::CheckArgs, inputs, progress::Progress, screen};
use crate::{
    document::Declared,
    finding::Report,
    lint::{self, Options, Selection},
    render::{self, Format},
};

/// How many findings a person is shown in full, unless all are asked for.
const SHOWN: usize = 100;

pub(super) fn run(args: &CheckArgs) -> Exit {
    let loaded = inputs::load(args);
    let options = options(args);
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
        Format::Json => render::json(&report, &loaded.sources, env!("CARGO_PKG_VERSION")),
    };
    screen::print(&text);
    exit(&report, args)
}

fn options(args: &CheckArgs) -> Options {
    let declared = Declared {
        account: args.account,
        workloads: args.workload.clone(),
        admins: args.admin.clone(),
        aliases: args.alias.clone(),
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
