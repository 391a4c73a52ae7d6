//! What a run of scenario files came to.

use serde::Serialize;

use super::{
    Done, Run, Runs,
    coverage::{Coverage, Unexercised},
};
use crate::{
    cli::{
        args::TestArgs,
        argument::{self, LayerJson},
        policies::Shelf,
    },
    render::{self, Style, TestCase, TestSuite, Tone, counted},
    source::{Source, SourceId},
};

fn name_of(file: SourceId, shelf: &Shelf) -> String {
    shelf.sources.get(file).map(Source::name).unwrap_or_default()
}

/// What a case got, where that is not what it expects: one clause.
fn difference(done: &Done) -> String {
    let got = &done.answer.explained;
    let (got, because) = (got.decision.outcome(), got.because.map(crate::simulate::Because::word));
    match (&done.case.expect, &done.case.because) {
        (Some(expect), _) if expect.value != got => format!("expected {}, got {got}", expect.value),
        (_, Some(expected)) => {
            format!("{got} as expected, but because of {}, not {}", because.unwrap_or("nothing"), expected.value.word())
        }
        _ => format!("got {got}"),
    }
}

/// Failures with their arguments, and the sums.
pub(super) fn text(runs: &Runs, coverage: Option<&Coverage>, shelf: &Shelf, args: &TestArgs, style: &Style) -> String {
    let mut out = String::new();
    for done in runs.cases() {
        if !done.is_met {
            push_failure(&mut out, done, shelf, style);
        } else if args.verbose {
            let place = render::place_of(done.case.span, &shelf.sources).unwrap_or_default();
            out.push_str(&render::status("ok", Tone::Good, &format!("{} ({place})", done.case.name), style));
        }
    }
    if let Some(coverage) = coverage {
        push_coverage(&mut out, coverage, style);
    }
    if !args.quiet {
        out.push_str(&closing(runs));
    }
    out
}

fn push_failure(out: &mut String, done: &Done, shelf: &Shelf, style: &Style) {
    let place = render::place_of(done.case.span, &shelf.sources).unwrap_or_default();
    out.push_str(&render::status("failed", Tone::Bad, &format!("{} ({place})", done.case.name), style));
    out.push_str(&render::paragraph(&difference(done), 2, style));
    if let Some(argument) = argument::argument(&done.case, &done.answer, &done.trace) {
        out.push_str(&render::argument(&argument, 2, &shelf.sources, style));
    }
    out.push('\n');
}

fn push_coverage(out: &mut String, coverage: &Coverage, style: &Style) {
    let exercised = coverage.statements - coverage.unexercised.len();
    let sum = format!("{exercised} of {} exercised by a case", counted(coverage.statements, "statement"));
    out.push_str(&render::paragraph(&sum, 0, style));
    for missed in &coverage.unexercised {
        out.push_str(&render::paragraph(&format!("never: {} {}", missed.place, missed.statement), 2, style));
    }
    out.push('\n');
}

fn closing(runs: &Runs) -> String {
    let (passed, failed) = sums(runs);
    let (cases, files) = (counted(passed + failed, "case"), counted(runs.runs.len(), "file"));
    let unread = match runs.unread() {
        (0, 0) => String::new(),
        (0, files) => format!("; {} not read", counted(files, "file")),
        (cases, 0) => format!("; {} not read", counted(cases, "case")),
        (cases, files) => format!("; {} and {} not read", counted(cases, "case"), counted(files, "file")),
    };
    format!("{cases} in {files}: {passed} passed, {failed} failed{unread}\n")
}

fn sums(runs: &Runs) -> (usize, usize) {
    let passed = runs.cases().filter(|done| done.is_met).count();
    (passed, runs.cases().count() - passed)
}

#[derive(Serialize)]
struct Report<'r> {
    version: u32,
    cases: Vec<CaseJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<CoverageJson<'r>>,
    summary: Summary,
}

#[derive(Serialize)]
struct CaseJson {
    file: String,
    name: String,
    expected: Option<&'static str>,
    got: &'static str,
    pass: bool,
    because: Option<&'static str>,
    expected_because: Option<&'static str>,
    missing_context: Vec<String>,
    /// For what failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Vec<LayerJson>>,
}

#[derive(Serialize)]
struct CoverageJson<'r> {
    statements: usize,
    unexercised: &'r [Unexercised],
}

#[derive(Serialize)]
struct Summary {
    passed: usize,
    failed: usize,
    /// What could not be read, where there is any.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_read: Option<NotRead>,
}

#[derive(Serialize)]
struct NotRead {
    cases: usize,
    files: usize,
}

/// The run for a program.
pub(super) fn json(runs: &Runs, coverage: Option<&Coverage>, shelf: &Shelf) -> String {
    let (passed, failed) = sums(runs);
    let (cases, files) = runs.unread();
    let not_read = (cases + files > 0).then_some(NotRead { cases, files });
    let cases = runs.runs.iter().flat_map(|run| run.cases.iter().map(|done| case_json(run.file, done, shelf)));
    let coverage = coverage.map(|found| CoverageJson { statements: found.statements, unexercised: &found.unexercised });
    let report = Report { version: 1, cases: cases.collect(), coverage, summary: Summary { passed, failed, not_read } };
    serde_json::to_string_pretty(&report).map(|text| text + "\n").unwrap_or_default()
}

fn case_json(file: SourceId, done: &Done, shelf: &Shelf) -> CaseJson {
    let explained = &done.answer.explained;
    CaseJson {
        file: name_of(file, shelf),
        name: done.case.name.clone(),
        expected: done.case.expect.as_ref().map(|expect| expect.value.word()),
        got: explained.decision.outcome().word(),
        pass: done.is_met,
        because: explained.because.map(crate::simulate::Because::word),
        expected_because: done.case.because.as_ref().map(|because| because.value.word()),
        missing_context: explained.missing.clone(),
        trace: (!done.is_met).then(|| argument::json(&done.trace, &shelf.sources)),
    }
}

/// The run for whatever shows tests.
pub(super) fn junit(runs: &Runs, shelf: &Shelf) -> String {
    let plain = crate::cli::screen::plain(false);
    let suite = |run: &Run| TestSuite {
        name: name_of(run.file, shelf),
        cases: run.cases.iter().map(|done| test_case(done, shelf, &plain)).collect(),
        errors: shelf
            .complaints
            .iter()
            .filter(|complaint| complaint.place.span.source == run.file)
            .map(|complaint| complaint.message.clone())
            .collect(),
    };
    let mut suites: Vec<TestSuite> = runs.runs.iter().map(suite).collect();
    let is_of_a_run = |file: SourceId| runs.runs.iter().any(|run| run.file == file);
    let elsewhere = shelf.complaints.iter().filter(|complaint| !is_of_a_run(complaint.place.span.source));
    suites.extend(elsewhere.map(|complaint| TestSuite {
        name: name_of(complaint.place.span.source, shelf),
        cases: Vec::new(),
        errors: vec![complaint.message.clone()],
    }));
    suites.extend(shelf.problems.iter().map(|problem| TestSuite {
        name: problem.file.clone(),
        cases: Vec::new(),
        errors: vec![problem.message.clone()],
    }));
    render::suites(&suites)
}

fn test_case(done: &Done, shelf: &Shelf, style: &Style) -> TestCase {
    let line = shelf.sources.get(done.case.span.source).map_or(1, |source| source.position(done.case.span.start).line);
    let argument = || {
        let argument = argument::argument(&done.case, &done.answer, &done.trace);
        argument.map(|argument| render::argument(&argument, 0, &shelf.sources, style)).unwrap_or_default()
    };
    let failure = (!done.is_met).then(|| (difference(done), argument()));
    TestCase { name: done.case.name.clone(), line, failure }
}
