//! `kpl test`.

mod coverage;
mod files;
mod init;
mod report;

use super::{Exit, args::TestArgs, policies::Shelf, screen};
use crate::{
    finding::Problem,
    render::Format,
    simulate::{
        Compiled, LayerTrace,
        scenario::{self, Answer, Case, Expectation, Outline},
    },
    source::SourceId,
};

/// A scenario file that was run.
struct Run {
    file: SourceId,
    cases: Vec<Done>,
    /// How many cases could not be read; `None` where not even that can be told.
    unread: Option<usize>,
}

/// All of them, and how many files could not be opened.
struct Runs {
    runs: Vec<Run>,
    unopened: usize,
}

impl Runs {
    fn cases(&self) -> impl Iterator<Item = &Done> {
        self.runs.iter().flat_map(|run| &run.cases)
    }

    /// How many cases, and how many files, could not be read.
    fn unread(&self) -> (usize, usize) {
        let cases = self.runs.iter().filter_map(|run| run.unread).sum();
        let files = self.runs.iter().filter(|run| run.unread.is_none()).count();
        (cases, files + self.unopened)
    }
}

/// A case that was run.
struct Done {
    case: Case,
    answer: Answer,
    trace: Vec<LayerTrace>,
    is_met: bool,
}

pub(super) fn run(args: &TestArgs) -> Exit {
    if let Some(policy) = &args.init {
        return init::run(policy, args);
    }
    let mut shelf = Shelf::default();
    let runs = run_files(args, &mut shelf);
    let style = screen::style(args.color);
    let has_troubles = shelf.tell(&style);
    let coverage = args.coverage.then(|| coverage::of(&runs, &shelf));
    let text = match args.format {
        Format::Json => report::json(&runs, coverage.as_ref(), &shelf),
        Format::Junit => report::junit(&runs, &shelf),
        _ => report::text(&runs, coverage.as_ref(), &shelf, args, &style),
    };
    screen::print(&text);
    if has_troubles {
        Exit::Failure
    } else if runs.cases().all(|done| done.is_met) {
        Exit::Clean
    } else {
        Exit::Findings
    }
}

fn run_files(args: &TestArgs, shelf: &mut Shelf) -> Runs {
    let mut runs = Vec::new();
    let mut unopened = 0;
    for path in files::find(&args.paths, &mut shelf.problems) {
        let file = match shelf.open(&path) {
            Ok(file) => file,
            Err(message) => {
                shelf.problems.push(Problem { file: path.display().to_string(), message, help: None, fatal: true });
                unopened += 1;
                continue;
            }
        };
        let Some(outline) = shelf.sources.get(file).map(Outline::of) else { continue };
        let read = scenario::read(outline, Expectation::Needed, shelf);
        shelf.complaints.extend(read.complaints);
        runs.push(Run { file, cases: decide(read.cases, shelf), unread: read.unread });
    }
    Runs { runs, unopened }
}

/// Decides cases; policies that the next case has too are laid out once.
fn decide(cases: Vec<Case>, shelf: &Shelf) -> Vec<Done> {
    let mut done: Vec<Done> = Vec::new();
    let mut last: Option<Compiled> = None;
    for case in cases {
        let is_same = done.last().is_some_and(|before| is_laid_out_alike(&before.case, &case));
        let compiled = match last.take().filter(|_| is_same) {
            Some(compiled) => compiled,
            None => case.compile(&shelf.library),
        };
        if let Some(answer) = case.decide(&compiled) {
            let trace = case.trace(&compiled, &answer);
            let is_met = case.is_met(&answer);
            done.push(Done { case, answer, trace, is_met });
        }
        last = Some(compiled);
    }
    done
}

fn is_laid_out_alike(one: &Case, other: &Case) -> bool {
    let kind = |case: &Case| case.requests.first().map(scenario::resource_kind);
    one.policies == other.policies && kind(one) == kind(other)
}
