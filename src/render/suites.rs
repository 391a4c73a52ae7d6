//! What a run of test cases came to, as a `JUnit` report.

use super::{
    junit::{counts, xml},
    plain,
};

/// The cases of one file.
#[derive(Clone, Debug, Default)]
pub struct TestSuite {
    /// The file.
    pub name: String,
    /// Its cases.
    pub cases: Vec<TestCase>,
    /// What kept the file, or some of its cases, from being run.
    pub errors: Vec<String>,
}

/// One case.
#[derive(Clone, Debug)]
pub struct TestCase {
    /// Its name.
    pub name: String,
    /// The line on which it stands, from 1.
    pub line: usize,
    /// Why it failed, one clause, and the whole argument; `None` where it passed.
    pub failure: Option<(String, String)>,
}

/// The whole run as XML.
#[must_use]
pub fn suites(suites: &[TestSuite]) -> String {
    let failed = |suite: &TestSuite| suite.cases.iter().filter(|case| case.failure.is_some()).count();
    let tests = |suite: &TestSuite| suite.cases.len() + suite.errors.len();
    let sum = |count: &dyn Fn(&TestSuite) -> usize| suites.iter().map(count).sum::<usize>();
    let whole = counts(sum(&tests), sum(&failed), sum(&|suite| suite.errors.len()), 0);
    let mut out = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"kpl test\" {whole}>\n");
    for suite in suites {
        let of_suite = counts(tests(suite), failed(suite), suite.errors.len(), 0);
        let name = xml(&plain::line(&suite.name));
        out.extend(["  <testsuite name=\"", &name, "\" ", &of_suite, ">\n"]);
        for error in &suite.errors {
            let message = xml(&plain::line(error));
            out.extend(["    <testcase classname=\"", &name, "\" name=\"is read\">"]);
            out.extend(["<error type=\"problem\" message=\"", &message, "\"/></testcase>\n"]);
        }
        for case in &suite.cases {
            push_case(&mut out, case, &name);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn push_case(out: &mut String, case: &TestCase, file: &str) {
    let (name, line) = (xml(&plain::line(&case.name)), case.line.to_string());
    out.extend([
        "    <testcase classname=\"",
        file,
        "\" name=\"",
        &name,
        "\" file=\"",
        file,
        "\" line=\"",
        &line,
        "\"",
    ]);
    let Some((message, argument)) = &case.failure else {
        out.push_str("/>\n");
        return;
    };
    let message = xml(&plain::line(message));
    out.extend(["><failure type=\"decision\" message=\"", &message, "\">", &xml(argument), "</failure></testcase>\n"]);
}
