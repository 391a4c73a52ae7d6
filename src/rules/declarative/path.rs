//! JSONPath (RFC 9535) over the view of a policy: read once, checked for what the library would misread, then walked.

use std::ops::Range;

use jsonpath_rust::{
    parser::{
        errors::JsonPathError,
        model::{
            Comparable, Filter, FilterAtom, FnArg, JpQuery, Segment, Selector, SingularQuery, SingularQuerySegment,
            Test, TestFunction,
        },
        parse_json_path,
    },
    query::{QueryRef, js_path_process},
};
use pest::error::InputLocation;

use crate::{
    policy::{
        Effect,
        view::{self, View},
    },
    spelling,
};

/// What a rule looks at.
#[derive(Debug)]
pub(super) enum Path {
    /// `$`: the policy itself.
    Policy,
    /// `$.Statement[*]`, or those of one effect: walked without the library.
    Statements(Option<Effect>),
    /// A name below what was selected, as `$.Action`: looked up without the library.
    Element(String),
    /// Anything else.
    Query(JpQuery),
}

/// Why a path cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PathError {
    pub(super) message: String,
    pub(super) help: String,
    /// Where in the path it stands, in bytes; `None` of the path as a whole.
    pub(super) place: Option<Range<usize>>,
}

impl PathError {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into(), place: None }
    }

    /// The same at a word of the path: where the word is held against something, else where it stands first.
    fn at(self, text: &str, word: &str, is_compared: bool) -> Self {
        let is_part = |character: Option<char>| character.is_some_and(|found| found.is_alphanumeric() || found == '_');
        let places = text.match_indices(word).map(|(start, word)| start..start + word.len()).filter(|place| {
            let (before, behind) = (text.get(..place.start), text.get(place.end..));
            !is_part(before.and_then(|text| text.chars().next_back()))
                && !is_part(behind.and_then(|text| text.chars().next()))
        });
        let meets_operator = |place: &Range<usize>| {
            let (before, behind) =
                (text.get(..place.start).unwrap_or_default(), text.get(place.end..).unwrap_or_default());
            let before = before.trim_end_matches(['@', '$', '.', '[', '\'', '"', ' ']);
            let behind = behind.trim_start_matches(['\'', '"', ']', ' ']);
            before.ends_with(['=', '<', '>']) || behind.starts_with(['=', '!', '<', '>'])
        };
        let mut places: Vec<Range<usize>> = places.collect();
        if is_compared && let Some(compared) = places.iter().position(meets_operator) {
            places.swap(0, compared);
        }
        Self { place: places.into_iter().next(), ..self }
    }
}

/// So long a path, and so many brackets within each other, are read.
const MAX_LENGTH: usize = 1000;
const MAX_BRACKETS: usize = 16;

const LIKE_AWS: &str = "elements, operators and condition keys are spelt as AWS spells them: `Action`, `StringEquals`";

const GRAMMAR: &str = "RFC 9535 is its grammar: `$.Statement[?@.Effect == 'Allow'].Action[*]`";

const PREDICATES: &str =
    "`where` asks what a statement means, whatever its spelling: `action: { covers: kms:Decrypt }`";

impl Path {
    /// A path from the policy's root.
    ///
    /// # Errors
    /// Text that is no path, and text that the library would take for another path.
    pub(super) fn of_policy(text: &str) -> Result<Self, PathError> {
        let squeezed: String = text.chars().filter(|character| !character.is_whitespace()).collect();
        Ok(match squeezed.replace('"', "'").as_str() {
            "$" => Self::Policy,
            "$.Statement[*]" => Self::Statements(None),
            "$.Statement[?@.Effect=='Allow']" => Self::Statements(Some(Effect::Allow)),
            "$.Statement[?@.Effect=='Deny']" => Self::Statements(Some(Effect::Deny)),
            _ => Self::Query(read(text)?),
        })
    }

    /// A path from what was selected.
    ///
    /// # Errors
    /// As for a path from the root.
    pub(super) fn of_selected(text: &str) -> Result<Self, PathError> {
        match text.strip_prefix("$.") {
            Some(name) if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
                match Text(text).member(name) {
                    None => Ok(Self::Element(name.to_owned())),
                    Some(error) => Err(error),
                }
            }
            _ if text == "$" => Ok(Self::Policy),
            _ => Ok(Self::Query(read(text)?)),
        }
    }

    /// Whether it leads into the statements, of which alone predicates can be asked.
    pub(super) fn reaches_statements(&self) -> bool {
        match self {
            Self::Policy => false,
            Self::Statements(_) | Self::Element(_) => true,
            Self::Query(query) => match query.segments.first() {
                Some(Segment::Selector(Selector::Name(name))) => name == "Statement" && query.segments.len() > 1,
                _ => true,
            },
        }
    }
}

/// What a query selects, in the order of the file.
pub(super) fn run<'v>(query: &JpQuery, view: &'v View) -> Vec<&'v View> {
    js_path_process(query, view).map_or_else(|_| Vec::new(), |found| found.into_iter().map(QueryRef::val).collect())
}

fn read(text: &str) -> Result<JpQuery, PathError> {
    let error = |message: &str, help: &str| Err(PathError::new(message, help));
    if text.len() > MAX_LENGTH || text.bytes().filter(|byte| matches!(byte, b'[' | b'(')).count() > MAX_BRACKETS {
        return error("this path is too long to be read", "the predicates of `where` say most things in one line");
    }
    if !text.starts_with('$') {
        return error("a path begins with `$`", "`$` is the policy; under `mark`, what was selected");
    }
    match parse_json_path(text) {
        Ok(query) => Text(text).segments(&query.segments).map_or(Ok(query), Err),
        Err(error) => Err(broken(text, &error)),
    }
}

/// What is wrong with a text that is no path, at its place.
fn broken(text: &str, error: &JsonPathError) -> PathError {
    match unclosed(text) {
        Some((at, sign)) => {
            let place = Some(at..at + sign.len_utf8());
            PathError { place, ..PathError::new(format!("this `{sign}` is never closed"), GRAMMAR) }
        }
        None => PathError { place: stop(text, error), ..PathError::new("this is no JSONPath", GRAMMAR) },
    }
}

/// The last bracket or quotation mark that nothing closes.
fn unclosed(text: &str) -> Option<(usize, char)> {
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        let is_quoted = |last: &(usize, char)| matches!(last.1, '\'' | '"');
        match (open.last().copied().filter(is_quoted), character) {
            (Some(_), '\\') => {
                characters.next();
            }
            (Some((_, quote)), found) if quote == found => {
                open.pop();
            }
            (None, '[' | '(' | '\'' | '"') => open.push((at, character)),
            (None, ']' | ')') => {
                open.pop();
            }
            _ => {}
        }
    }
    open.pop()
}

/// The character at which a text stops being a path: the last one where it stops too early.
fn stop(text: &str, error: &JsonPathError) -> Option<Range<usize>> {
    let JsonPathError::PestError(error) = error else { return None };
    let at = match error.location {
        InputLocation::Pos(at) => at,
        InputLocation::Span((start, _)) => start,
    };
    let blanks = text.get(at..)?.len() - text.get(at..)?.trim_start().len();
    let (start, character) = text
        .get(at + blanks..)?
        .char_indices()
        .next()
        .map_or_else(|| text.char_indices().next_back(), |(_, character)| Some((at + blanks, character)))?;
    Some(start..start + character.len_utf8())
}

/// The text of a path, at which its parts are held against what the library would misread.
#[derive(Clone, Copy)]
struct Text<'t>(&'t str);

impl Text<'_> {
    fn segments(self, all: &[Segment]) -> Option<PathError> {
        all.iter().find_map(|part| self.segment(part))
    }

    fn segment(self, segment: &Segment) -> Option<PathError> {
        match segment {
            // The library reads one selector below `..`; its parser bounds how deep these stand within each other.
            Segment::Descendant(below) => self.segment(below),
            Segment::Selector(selector) => self.selector(selector),
            Segment::Selectors(selectors) => selectors.iter().find_map(|one| self.selector(one)),
        }
    }

    fn selector(self, selector: &Selector) -> Option<PathError> {
        match selector {
            Selector::Name(name) => self.member(name),
            Selector::Filter(filter) => self.filter(filter),
            Selector::Wildcard | Selector::Index(_) | Selector::Slice(..) => None,
        }
    }

    /// A name that no policy has: of `@.Action in ['*']` the library makes a member named `Action in`, and what is misspelt
    /// selects nothing.
    fn member(self, name: &str) -> Option<PathError> {
        if view::may_have(name) {
            return None;
        }
        let message = format!("this path asks for a member named `{name}`, which no policy has");
        let help = if name.contains([' ', '=', '~']) {
            "RFC 9535 has no `in`, `size` or `=~`; `where` asks for what a statement means".to_owned()
        } else {
            let meant = spelling::by_edits(name, view::elements(), str::to_ascii_lowercase);
            meant.map_or_else(|| LIKE_AWS.to_owned(), |meant| format!("did you mean `{meant}`?"))
        };
        Some(PathError::new(message, help).at(self.0, name, false))
    }

    fn filter(self, filter: &Filter) -> Option<PathError> {
        match filter {
            Filter::Or(parts) | Filter::And(parts) => parts.iter().find_map(|part| self.filter(part)),
            Filter::Atom(FilterAtom::Filter { expr, .. }) => self.filter(expr),
            Filter::Atom(FilterAtom::Test { expr, .. }) => self.test(expr),
            Filter::Atom(FilterAtom::Comparison(comparison)) => {
                let (left, right) = comparison.vals();
                self.comparable(left).or_else(|| self.comparable(right)).or_else(|| self.list_as_text(left, right))
            }
        }
    }

    /// A list or an object beside a text, which it never equals: `@.Action == 'kms:*'`.
    fn list_as_text(self, left: &Comparable, right: &Comparable) -> Option<PathError> {
        let ((Comparable::SingularQuery(query), Comparable::Literal(_))
        | (Comparable::Literal(_), Comparable::SingularQuery(query))) = (left, right)
        else {
            return None;
        };
        let (SingularQuery::Current(steps) | SingularQuery::Root(steps)) = query;
        let Some(SingularQuerySegment::Name(name)) = steps.last() else { return None };
        let help = "compare an item of it, as in `?@.Action[?@ == 'kms:*']`; `where` asks what a statement means";
        let shape = view::shape(name)?;
        Some(
            PathError::new(format!("`{name}` is {shape} for a path, which equals no text"), help)
                .at(self.0, name, true),
        )
    }

    fn comparable(self, comparable: &Comparable) -> Option<PathError> {
        match comparable {
            Comparable::Literal(_) => None,
            Comparable::Function(function) => self.function(function),
            Comparable::SingularQuery(SingularQuery::Current(steps) | SingularQuery::Root(steps)) => {
                steps.iter().find_map(|step| match step {
                    SingularQuerySegment::Name(name) => self.member(name),
                    SingularQuerySegment::Index(_) => None,
                })
            }
        }
    }

    fn test(self, test: &Test) -> Option<PathError> {
        match test {
            Test::RelQuery(all) => self.segments(all),
            Test::AbsQuery(query) => self.segments(&query.segments),
            Test::Function(function) => self.function(function),
        }
    }

    /// `match` and `search` compile a regular expression for every node, and what is no function of RFC 9535 is the library's.
    fn function(self, function: &TestFunction) -> Option<PathError> {
        let refused = |name: &str| {
            Some(PathError::new(format!("`{name}()` is not supported in a path"), PREDICATES).at(self.0, name, false))
        };
        match function {
            TestFunction::Match(..) => refused("match"),
            TestFunction::Search(..) => refused("search"),
            TestFunction::Custom(name, _) => refused(name),
            TestFunction::Length(argument) => self.argument(argument),
            TestFunction::Value(argument) | TestFunction::Count(argument) => self.argument(argument),
        }
    }

    fn argument(self, argument: &FnArg) -> Option<PathError> {
        match argument {
            FnArg::Literal(_) => None,
            FnArg::Test(test) => self.test(test),
            FnArg::Filter(filter) => self.filter(filter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        Path::of_policy(text).unwrap_err().message
    }

    #[test]
    fn a_word_that_the_library_takes_for_a_part_of_a_name_is_refused() {
        assert_eq!(
            message("$.Statement[?@.Action in ['*']]"),
            "this path asks for a member named `Action in`, which no policy has"
        );
        assert!(message("$.Statement[?@.Action size 2]").contains("Action size"));
    }

    #[test]
    fn a_name_that_no_policy_has_is_refused() {
        let told = Path::of_policy("$.Statement[*].Actions").unwrap_err();
        assert_eq!(told.message, "this path asks for a member named `Actions`, which no policy has");
        assert_eq!(told.help, "did you mean `Action`?");
        assert!(message("$.Statement[?@.Condition.stringEquals]").contains("`stringEquals`"));
    }

    #[test]
    fn a_list_that_is_held_against_a_text_is_refused() {
        let wrong = "`Action` is a list for a path, which equals no text";
        assert_eq!(message("$.Statement[?@.Action == 'kms:*']"), wrong);
        assert_eq!(message("$.Statement[?'kms:*' == @.Action]"), wrong);
        assert!(Path::of_policy("$.Statement[?@.Action[?@ == 'kms:*']]").is_ok());
        assert!(Path::of_policy("$.Statement[?@.Action[0] == 'kms:*']").is_ok());
        assert!(Path::of_policy("$.Statement[?@.Sid == 'x']").is_ok());
        assert!(Path::of_selected("$.Actions").is_err());
    }

    #[test]
    fn functions_that_compile_an_expression_a_node_are_refused() {
        assert_eq!(message("$.Statement[*].Action[?match(@, 'kms:.*')]"), "`match()` is not supported in a path");
        assert_eq!(message("$.Statement[?search(@.Sid, 'x')]"), "`search()` is not supported in a path");
    }

    #[test]
    fn what_is_no_path_is_told() {
        assert_eq!(message("Statement[*]"), "a path begins with `$`");
        assert_eq!(message("$.Statement[?@.Effect = 'Allow']"), "this is no JSONPath");
    }

    #[test]
    fn the_place_inside_of_a_path_is_told() {
        let marked = |text: &str| {
            let place = Path::of_policy(text).unwrap_err().place;
            place.map(|place| (place.start, text[place].to_owned()))
        };
        let at = |start: usize, text: &str| Some((start, text.to_owned()));
        assert_eq!(marked("$.Statement[?@.Effect = 'Allow']"), at(22, "="));
        assert_eq!(marked("$.Statement[?@.Effect == 'Allow'"), at(11, "["));
        assert_eq!(marked("$.Statement[?@.Effect == 'Allow]"), at(25, "'"));
        assert_eq!(marked("$.Statement[?@.Effect == 'A\\'\"(' && ]"), at(36, "]"));
        assert_eq!(marked("$.Statement[?@.Action in ['*']]"), at(15, "Action in"));
        assert_eq!(marked("$.Statement[?@.Actions && @.Action == 'x']"), at(15, "Actions"));
        assert_eq!(marked("$.Statement[?@.Action && @.Action == 'x']"), at(27, "Action"));
        assert_eq!(marked("$.Statement[?'x' == @['Action']]"), at(23, "Action"));
        assert_eq!(marked("$.Statement[*].Action[?match(@, 'a')]"), at(23, "match"));
        assert_eq!(marked("Statement"), None);
    }

    #[test]
    fn common_paths_need_no_library() {
        for text in ["$.Statement[*]", "$.Statement[?@.Effect == 'Allow']", "$.Statement[?@.Effect==\"Deny\"]"] {
            assert!(matches!(Path::of_policy(text), Ok(Path::Statements(_))), "{text}");
        }
        assert!(matches!(Path::of_selected("$.Action"), Ok(Path::Element(_))));
    }

    #[test]
    fn keys_of_conditions_are_names() {
        assert!(Path::of_policy("$.Statement[*].Condition.StringEquals['kms:EncryptionContext:app']").is_ok());
    }
}
