//! From the text of a scenario file to its cases.

use super::{
    Case, CasePolicies,
    fields::{self, is_null, list, shortened, text},
    policies::PolicyReader,
    request, resource_kind,
};
use crate::{
    finding::Complaint,
    policy::PolicyKind,
    semantics::Because,
    simulate::{
        Outcome,
        library::{self, Library, PolicyId},
    },
    source::{Source, SourceId, Span, Spanned},
    syntax::{Node, json, yaml},
};

/// Where the policies of a run are kept, and found by their paths.
pub trait PolicyShelf {
    /// The policies.
    fn library(&mut self) -> &mut Library;

    /// The policy of a path, which counts from the file that names it. `Ok(None)`: what is wrong with it has been told.
    ///
    /// # Errors
    /// Why the file cannot be read, one clause.
    fn load(&mut self, path: &str, from: SourceId) -> Result<Option<PolicyId>, String>;
}

/// Whether each case must say what is expected of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// It must: the file is a test.
    Needed,
    /// It may.
    Optional,
}

/// The tree of a scenario file.
#[derive(Debug)]
pub struct Outline {
    file: SourceId,
    content: Content,
    /// What is broken in its text.
    complaints: Vec<Complaint>,
}

#[derive(Debug)]
enum Content {
    /// `{defaults, cases}`.
    File(Node<'static>),
    /// The cases of JSON Lines.
    Lines {
        /// Each with its number, from 1, among the lines that are not empty.
        lines: Vec<(usize, Node<'static>)>,
        /// How many lines are no JSON.
        broken: usize,
    },
}

impl Outline {
    /// Reads the text of a file, in the notation that its name tells: YAML where none.
    #[must_use]
    pub fn of(source: &Source) -> Self {
        let mut complaints = Vec::new();
        let name = source.name();
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
        let content = if matches!(ending.as_str(), "jsonl" | "ndjson") {
            let (lines, broken) = lines(source, &mut complaints);
            Content::Lines { lines, broken }
        } else {
            let tree = if ending == "json" { json::read(source, json::Dialect::Json) } else { yaml::read(source) };
            complaints.extend(tree.faults.iter().map(library::of_syntax));
            Content::File(tree.root.into_owned())
        };
        Self { file: source.id, content, complaints }
    }
}

/// The values of JSON Lines, each with its number, and how many lines are broken.
fn lines(source: &Source, complaints: &mut Vec<Complaint>) -> (Vec<(usize, Node<'static>)>, usize) {
    let mut values = Vec::new();
    let mut broken = 0;
    let mut start = 0;
    for line in source.text().split_inclusive('\n') {
        let mark = if line.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let offset = u32::try_from(start + mark).unwrap_or(u32::MAX);
        start += line.len();
        let line = &line[mark..];
        if line.trim().is_empty() {
            continue;
        }
        let moved = |span: Span| Span {
            start: span.start.saturating_add(offset),
            end: span.end.saturating_add(offset),
            ..span
        };
        let tree = json::read_text(line, source.id);
        let is_whole = tree.faults.is_empty();
        complaints.extend(tree.faults.iter().map(library::of_syntax).map(|mut complaint| {
            complaint.place.span = moved(complaint.place.span);
            complaint
        }));
        if is_whole {
            let mut node = tree.root.into_owned();
            node.map_spans(&moved);
            values.push((values.len() + broken + 1, node));
        } else {
            broken += 1;
        }
    }
    if values.is_empty() && complaints.is_empty() {
        complaints.push(Complaint::new(source.span(), "there is no case in this file"));
    }
    (values, broken)
}

/// What was read of a scenario file.
#[derive(Debug, Default)]
pub struct Contents {
    /// Its cases, but for those with a mistake.
    pub cases: Vec<Case>,
    /// What is wrong with it.
    pub complaints: Vec<Complaint>,
    /// How many cases have a mistake; `None` where the file cannot be read that far.
    pub unread: Option<usize>,
}

/// Reads the cases of a file, and tells what is wrong with it.
pub fn read(outline: Outline, expectation: Expectation, shelf: &mut dyn PolicyShelf) -> Contents {
    let Outline { file, content, complaints } = outline;
    let is_broken = !complaints.is_empty();
    let policies = PolicyReader { file, shelf, is_lacking: false };
    let mut reader = Reader { expectation, policies, cases: Vec::new(), complaints };
    let all = match content {
        Content::Lines { lines, broken } => {
            for (number, node) in &lines {
                reader.case(*number, node, &CasePolicies::default());
            }
            Some(lines.len() + broken)
        }
        Content::File(root) if !is_broken => reader.file(&root),
        Content::File(_) => None,
    };
    let Reader { cases, mut complaints, .. } = reader;
    complaints.sort_by_key(|complaint| (complaint.place.span.source, complaint.place.span.start));
    let unread = all.map(|all| all - cases.len());
    Contents { cases, complaints, unread }
}

struct Reader<'r> {
    expectation: Expectation,
    policies: PolicyReader<'r>,
    cases: Vec<Case>,
    complaints: Vec<Complaint>,
}

const CASE: [&str; 8] = ["name", "request", "policies", "organization", "expect", "because", "source", "note"];

impl Reader<'_> {
    /// `{defaults, cases}`; how many cases there are, where that can be told.
    fn file(&mut self, root: &Node<'static>) -> Option<usize> {
        let found = fields::of(root, "a scenario file", &["defaults", "cases"], &mut self.complaints);
        let defaults = found.get("defaults").filter(|node| !is_null(node));
        let defaults = defaults.map(|node| fields::of(node, "`defaults`", &["policies"], &mut self.complaints));
        let shared = defaults.and_then(|defaults| defaults.get("policies")).filter(|node| !is_null(node));
        // What the resource's policy is, each case decides; AWS's own rules on it are asked there.
        let base = match shared {
            Some(node) => {
                self.policies.read(node, PolicyKind::Resource, &CasePolicies::default(), &mut self.complaints)
            }
            None => CasePolicies::default(),
        };
        // Without the policies that are meant no case means what it says.
        if self.policies.is_lacking || !self.complaints.is_empty() {
            return found.get("cases").and_then(Node::as_list).map(<[_]>::len);
        }
        let cases = found.need("cases", "a scenario file", root, &mut self.complaints)?;
        let items = list(cases, "`cases`", &mut self.complaints)?;
        if items.is_empty() {
            self.complaints.push(Complaint::new(cases.span, "there is no case in this file"));
        }
        for (number, item) in (1..).zip(items) {
            self.case(number, item, &base);
        }
        Some(items.len())
    }

    fn case(&mut self, number: usize, node: &Node<'static>, base: &CasePolicies) {
        let before = self.complaints.len();
        self.policies.is_lacking = false;
        let found = fields::of(node, "a case", &CASE, &mut self.complaints);
        let given = found.get("name").and_then(|node| text(node, "`name`", &mut self.complaints));
        let name = given.map_or_else(|| format!("case {number}"), str::to_owned);
        let asked = found.need("request", "a case", node, &mut self.complaints);
        let requests = asked.and_then(|asked| request::read(asked, found.get("organization"), &mut self.complaints));
        let kind = requests.as_ref().and_then(|all| all.first()).map_or(PolicyKind::Resource, resource_kind);
        let policies = match found.get("policies").filter(|node| !is_null(node)) {
            Some(node) => self.policies.read(node, kind, base, &mut self.complaints),
            None => base.clone(),
        };
        let expect = found.get("expect").and_then(|node| self.expected(node));
        if found.get("expect").is_none() && self.expectation == Expectation::Needed && node.as_map().is_some() {
            let help = "write `expect: allowed`, or explicitly-denied, implicitly-denied, undecided";
            self.complaints.push(Complaint::new(node.span, "this case says nothing of what it expects").help(help));
        }
        let because = found.get("because").filter(|node| !is_null(node)).and_then(|node| self.because(node));
        let is_whole = self.complaints.len() == before && !self.policies.is_lacking;
        if let Some(requests) = requests.filter(|_| is_whole) {
            self.cases.push(Case { name, span: node.span, requests, policies, expect, because });
        }
    }

    fn expected(&mut self, node: &Node<'_>) -> Option<Spanned<Outcome>> {
        let word = text(node, "`expect`", &mut self.complaints)?;
        let Ok(outcome) = word.parse() else {
            let words: Vec<&'static str> = Outcome::ALL.into_iter().map(Outcome::word).collect();
            self.wrong_word(node, word, "decision", &words);
            return None;
        };
        Some(Spanned::new(outcome, node.span))
    }

    fn because(&mut self, node: &Node<'_>) -> Option<Spanned<Because>> {
        let word = text(node, "`because`", &mut self.complaints)?;
        let Some(because) = Because::ALL.into_iter().find(|because| because.word() == word) else {
            let words: Vec<&'static str> = Because::ALL.into_iter().map(Because::word).collect();
            self.wrong_word(node, word, "layer", &words);
            return None;
        };
        Some(Spanned::new(because, node.span))
    }

    fn wrong_word(&mut self, node: &Node<'_>, word: &str, what: &str, words: &[&'static str]) {
        let help = match fields::nearest(word, words) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("it is one of {}", words.join(", ")),
        };
        let message = format!("`{}` is no {what}", shortened(word));
        self.complaints.push(Complaint::new(node.span, message).help(help));
    }
}
