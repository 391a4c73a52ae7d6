//! JSONPath (RFC 9535) over the view of a policy: read once, checked for what the library would misread, then walked.

use jsonpath_rust::{
    parser::{
        model::{
            Comparable, Filter, FilterAtom, FnArg, JpQuery, Segment, Selector, SingularQuery, SingularQuerySegment,
            Test, TestFunction,
        },
        parse_json_path,
    },
    query::{QueryRef, js_path_process},
};

use crate::policy::{Effect, view::View};

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
    pub(super) help: &'static str,
}

/// So long a path, and so many brackets within each other, are read.
const MAX_LENGTH: usize = 1000;
const MAX_BRACKETS: usize = 16;

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
                Ok(Self::Element(name.to_owned()))
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
    let error = |message: &str, help| Err(PathError { message: message.to_owned(), help });
    if text.len() > MAX_LENGTH || text.bytes().filter(|byte| matches!(byte, b'[' | b'(')).count() > MAX_BRACKETS {
        return error("this path is too long to be read", "the predicates of `where` say most things in one line");
    }
    if !text.starts_with('$') {
        return error("a path begins with `$`", "`$` is the policy; under `mark`, what was selected");
    }
    let Ok(query) = parse_json_path(text) else {
        return error("this is no JSONPath", "RFC 9535 is its grammar: `$.Statement[?@.Effect == 'Allow'].Action[*]`");
    };
    match segments(&query.segments) {
        Some(fault) => Err(fault),
        None => Ok(query),
    }
}

fn segments(all: &[Segment]) -> Option<PathError> {
    all.iter().find_map(segment)
}

fn segment(segment: &Segment) -> Option<PathError> {
    match segment {
        // The library reads one selector below `..`; its parser bounds how deep these stand within each other.
        Segment::Descendant(below) => self::segment(below),
        Segment::Selector(selector) => self::selector(selector),
        Segment::Selectors(selectors) => selectors.iter().find_map(selector),
    }
}

fn selector(selector: &Selector) -> Option<PathError> {
    match selector {
        Selector::Name(name) => member(name),
        Selector::Filter(filter) => self::filter(filter),
        Selector::Wildcard | Selector::Index(_) | Selector::Slice(..) => None,
    }
}

/// A name with blanks: of `@.Action in ['*']` the library makes a member named `Action in`, which no policy has.
fn member(name: &str) -> Option<PathError> {
    let is_name = |character: char| character.is_alphanumeric() || ":/_-.*=${}+@".contains(character);
    if !name.is_empty() && name.chars().all(is_name) {
        return None;
    }
    let message = format!("this path asks for a member named `{name}`, which no policy has");
    Some(PathError { message, help: "RFC 9535 has no `in`, `size` or `=~`; `where` asks for what a statement means" })
}

fn filter(filter: &Filter) -> Option<PathError> {
    match filter {
        Filter::Or(parts) | Filter::And(parts) => parts.iter().find_map(self::filter),
        Filter::Atom(FilterAtom::Filter { expr, .. }) => self::filter(expr),
        Filter::Atom(FilterAtom::Test { expr, .. }) => test(expr),
        Filter::Atom(FilterAtom::Comparison(comparison)) => {
            let (left, right) = comparison.vals();
            comparable(left).or_else(|| comparable(right))
        }
    }
}

fn comparable(comparable: &Comparable) -> Option<PathError> {
    match comparable {
        Comparable::Literal(_) => None,
        Comparable::Function(function) => self::function(function),
        Comparable::SingularQuery(SingularQuery::Current(steps) | SingularQuery::Root(steps)) => {
            steps.iter().find_map(|step| match step {
                SingularQuerySegment::Name(name) => member(name),
                SingularQuerySegment::Index(_) => None,
            })
        }
    }
}

fn test(test: &Test) -> Option<PathError> {
    match test {
        Test::RelQuery(all) => segments(all),
        Test::AbsQuery(query) => segments(&query.segments),
        Test::Function(function) => self::function(function),
    }
}

/// `match` and `search` compile a regular expression for every node, and what is no function of RFC 9535 is the library's.
fn function(function: &TestFunction) -> Option<PathError> {
    let refused =
        |name: &str| Some(PathError { message: format!("`{name}()` is not supported in a path"), help: PREDICATES });
    match function {
        TestFunction::Match(..) => refused("match"),
        TestFunction::Search(..) => refused("search"),
        TestFunction::Custom(name, _) => refused(name),
        TestFunction::Length(argument) => self::argument(argument),
        TestFunction::Value(argument) | TestFunction::Count(argument) => self::argument(argument),
    }
}

fn argument(argument: &FnArg) -> Option<PathError> {
    match argument {
        FnArg::Literal(_) => None,
        FnArg::Test(test) => self::test(test),
        FnArg::Filter(filter) => self::filter(filter),
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
