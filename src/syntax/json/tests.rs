//! Strict JSON, and one test for each row of the table of recoveries.

use super::{super::print, *};
use crate::source::Origin;

fn source(text: &str) -> Source {
    Source::of_text(Origin::Stdin(None), text.to_owned())
}

fn bytes(bytes: &[u8]) -> Source {
    Source::read(Origin::Stdin(None), bytes.to_vec()).unwrap()
}

/// What is read, as compact JSON, and each fault as its cause, its text, and whether its repair is safe.
#[derive(Debug, PartialEq)]
struct Read {
    json: String,
    faults: Vec<(Cause, String, Option<bool>)>,
}

fn read_source(source: &Source) -> Read {
    let tree = read(source, Dialect::Json);
    let faults = tree.faults.iter().map(|fault| {
        let safe = fault.repair.as_ref().map(|repair| repair.safe);
        (fault.cause.clone(), source.slice(fault.span).to_owned(), safe)
    });
    Read { json: print::compact(&tree.root), faults: faults.collect() }
}

fn faults(text: &str) -> Vec<(Cause, String, Option<bool>)> {
    read_source(&source(text)).faults
}

fn one(cause: Cause, text: &str, safe: Option<bool>) -> Vec<(Cause, String, Option<bool>)> {
    vec![(cause, text.to_owned(), safe)]
}

fn json(text: &str) -> String {
    read_source(&source(text)).json
}

/// The text after every repair, read again: no fault may be left.
fn mended(text: &str) -> String {
    let source = source(text);
    let edits: Vec<Edit> = read(&source, Dialect::Json)
        .faults
        .into_iter()
        .filter_map(|fault| fault.repair)
        .flat_map(|r| r.edits)
        .collect();
    let mended = Edit::apply(text, &edits);
    assert_eq!(faults(&mended), vec![], "{mended}");
    mended
}

#[test]
fn strict_json_keeps_every_place() {
    let text = "{\"a\": [1, -2.5e3, true, null, \"x\\u00e9\\n\"]}";
    let source = source(text);
    let tree = read(&source, Dialect::Json);
    assert_eq!(tree.faults, vec![]);
    let items = tree.root.get("a").unwrap().items();
    let spelt: Vec<&str> = items.iter().map(|item| source.slice(item.span)).collect();
    assert_eq!(spelt, ["1", "-2.5e3", "true", "null", "\"x\\u00e9\\n\""]);
    assert_eq!(items[4].as_str(), Some("xé\n"));
}

#[test]
fn both_of_two_members_with_one_name_are_kept() {
    assert_eq!(json(r#"{"a":1,"a":2}"#), r#"{"a":1,"a":2}"#);
}

#[test]
fn no_break_spaces_are_one_fault_with_a_safe_repair() {
    let text = "{\u{a0}\"a\":\u{a0}\u{a0}1}";
    let source = source(text);
    let tree = read(&source, Dialect::Json);
    assert_eq!(tree.faults.len(), 1);
    assert_eq!((&tree.faults[0].cause, tree.faults[0].count), (&Cause::Blank('\u{a0}'), 3));
    assert_eq!(mended(text), "{ \"a\":  1}");
}

#[test]
fn a_zero_width_space_is_taken_away() {
    assert_eq!(mended("{\u{200b}\"a\":1}"), "{\"a\":1}");
}

#[test]
fn a_no_break_space_inside_a_string_is_content() {
    assert_eq!(faults("{\"a\":\"x\u{a0}y\"}"), vec![]);
}

#[test]
fn curly_quotes_are_read_as_straight_ones() {
    assert_eq!(faults("{“a”:1}"), one(Cause::CurlyQuote, "“a”", Some(true)));
    assert_eq!(mended("{“a”: “x”, “b\": 1}"), "{\"a\": \"x\", \"b\": 1}");
}

#[test]
fn a_string_that_a_curly_quote_closes_ends_there() {
    let text = "{\"a\": \"Allow”,\n\"b\": 1}";
    assert_eq!(json(text), r#"{"a":"Allow","b":1}"#);
    assert_eq!(faults(text), one(Cause::CurlyQuote, "”", Some(true)));
}

#[test]
fn single_quotes_are_read_as_double_ones() {
    assert_eq!(mended("{'a': 'say \"x\"'}"), "{\"a\": \"say \\\"x\\\"\"}");
}

#[test]
fn names_without_quotes_are_names() {
    assert_eq!(mended("{a: 1, b_c: 2}"), "{\"a\": 1, \"b_c\": 2}");
}

#[test]
fn a_word_without_quotes_is_a_string() {
    let text = r#"{"a": arn:aws:iam::111122223333:role/x}"#;
    assert_eq!(json(text), r#"{"a":"arn:aws:iam::111122223333:role/x"}"#);
    assert_eq!(faults(text)[0].2, Some(false));
}

#[test]
fn pythons_literals_are_read() {
    assert_eq!(mended(r#"{"a": True, "b": None}"#), r#"{"a": true, "b": null}"#);
}

#[test]
fn what_a_text_that_breaks_off_would_hold_is_not_known() {
    let read = |text: &str| {
        let source = source(text);
        let tree = super::read(&source, Dialect::Json);
        let told: Vec<_> = tree.faults.iter().map(|fault| (fault.cause.clone(), fault.repair.is_some())).collect();
        (print::compact(&tree.root), told)
    };
    let (unclosed, string) = (Cause::Unclosed('{'), Cause::UnclosedString);
    let expected = |json: &str, told| (json.to_owned(), told);
    let both = vec![(unclosed.clone(), true), (string.clone(), true)];
    assert_eq!(read(r#"{"a": "b c"#), expected(r#"{"a":null}"#, both));
    // No bracket at the end mends a name without a value.
    assert_eq!(read(r#"{"a": 1, "b"#), expected(r#"{"a":1}"#, vec![(unclosed.clone(), false), (string, false)]));
    assert_eq!(read(r#"{"a": 1, "b": "#), expected(r#"{"a":1,"b":null}"#, vec![(unclosed.clone(), false)]));
    assert_eq!(read(r#"{"a": {"#), expected(r#"{"a":null}"#, vec![(unclosed, true)]));
    assert_eq!(read(r#"{"a": ["#), expected(r#"{"a":null}"#, vec![(Cause::Unclosed('['), true)]));
    assert_eq!(read(r#"["a", "b c}"#).0, r#"["a","b c"]"#);
}

#[test]
fn comments_are_passed_over() {
    let text = "{ // one\n\"a\": /* two */ 1 # three\n}";
    let source = source(text);
    let tree = read(&source, Dialect::Json);
    assert_eq!((&tree.faults[0].cause, tree.faults[0].count), (&Cause::Comment, 3));
    assert_eq!(mended(text), "{ \n\"a\":  1 \n}");
}

#[test]
fn jsonc_may_hold_comments_and_trailing_commas() {
    let source = source("{ // one\n\"a\": [1,],\n}");
    assert_eq!(read(&source, Dialect::Jsonc).faults, vec![]);
}

#[test]
fn a_trailing_comma_is_taken_away() {
    assert_eq!(faults("[1,]"), one(Cause::TrailingComma, ",", Some(true)));
    assert_eq!(mended("{\"a\": [1, 2, ], }"), "{\"a\": [1, 2 ] }");
}

#[test]
fn a_doubled_comma_is_taken_away() {
    assert_eq!(faults("[1,,2]"), one(Cause::ExtraComma, ",", Some(true)));
    assert_eq!(mended("[,1,,2]"), "[1,2]");
}

#[test]
fn a_missing_comma_is_put_in_behind_the_item() {
    assert_eq!(faults("{\"a\": 1\n\"b\": 2}"), one(Cause::MissingComma, "1", Some(true)));
    assert_eq!(mended("{\"a\": 1\n\"b\": [{} {}]}"), "{\"a\": 1,\n\"b\": [{}, {}]}");
}

#[test]
fn a_comma_that_is_missing_before_what_begins_nothing_is_told_once() {
    let source = source("{\"a\": x {/} \"b\": 1}");
    let tree = read(&source, Dialect::Json);
    let commas = tree.faults.iter().find(|fault| fault.cause == Cause::MissingComma).unwrap();
    assert_eq!(commas.count, 1);
}

#[test]
fn a_missing_colon_is_put_in() {
    assert_eq!(mended(r#"{"a" 1}"#), r#"{"a": 1}"#);
}

#[test]
fn a_name_without_a_value_is_told_at_the_name() {
    assert_eq!(faults(r#"{"a":, "b":1}"#), one(Cause::MissingValue, "\"a\"", None));
    assert_eq!(faults(r#"{"a"}"#), one(Cause::MissingValue, "\"a\"", None));
}

#[test]
fn a_byte_order_mark_is_taken_away() {
    assert_eq!(faults("\u{feff}{}"), one(Cause::ByteOrderMark, "\u{feff}", Some(true)));
    assert_eq!(mended("\u{feff}{}"), "{}");
}

#[test]
fn utf16_is_read_and_told() {
    let read = read_source(&bytes(b"\xff\xfe{\0\"\0a\0\"\0:\x001\0}\0"));
    assert_eq!(read.json, r#"{"a":1}"#);
    assert_eq!(read.faults, one(Cause::Encoding("UTF-16"), "\u{feff}", Some(true)));
}

#[test]
fn a_byte_that_is_no_utf8_is_told_at_its_place() {
    let read = read_source(&bytes(b"{\"a\":\"caf\xe9\"}"));
    assert_eq!(read.faults[0].0, Cause::NotUtf8);
}

#[test]
fn a_document_in_a_string_is_read_in_its_place() {
    let text = r#""{\"a\": \"x\"}""#;
    assert_eq!(json(text), r#"{"a":"x"}"#);
    assert_eq!(faults(text), one(Cause::EncodedTwice, "\"", Some(true)));
    assert_eq!(mended(text), r#"{"a": "x"}"#);
}

#[test]
fn a_markdown_fence_is_left_out() {
    let text = "```json\n{\"a\": 1}\n```\n";
    assert_eq!(faults(text), one(Cause::Fence, "```", Some(true)));
    assert_eq!(mended(text), "{\"a\": 1}\n");
}

#[test]
fn prose_around_a_fence_makes_its_repair_unsafe() {
    let text = "Here is the policy:\n\n```json\n{\"a\": 1}\n```\nUse it well.\n";
    assert_eq!(json(text), r#"{"a":1}"#);
    assert_eq!(faults(text), one(Cause::Fence, "```", Some(false)));
}

#[test]
fn a_string_left_open_ends_with_its_line() {
    let text = "{\"a\": \"Allow,\n\"b\": 1}";
    assert_eq!(json(text), r#"{"a":"Allow","b":1}"#);
    assert_eq!(faults(text), one(Cause::UnclosedString, "\"Allow", Some(false)));
    assert_eq!(mended(text), "{\"a\": \"Allow\",\n\"b\": 1}");
}

#[test]
fn a_string_over_two_lines_is_one_string() {
    let text = "{\"a\": \"x\ny\"}";
    assert_eq!(json(text), r#"{"a":"x\ny"}"#);
    assert_eq!(faults(text), one(Cause::ControlCharacter(10), "\n", Some(false)));
}

#[test]
fn brackets_left_open_at_the_end_are_closed_together() {
    let text = "{\"a\": [1, {\"b\": 2\n";
    assert_eq!(faults(text), one(Cause::Unclosed('{'), "{", Some(false)));
    assert_eq!(mended(text), "{\"a\": [1, {\"b\": 2}]}\n");
}

#[test]
fn a_bracket_left_open_in_the_middle_is_closed_there() {
    let text = r#"{"a": [{"b": 1], "c": 2}"#;
    assert_eq!(json(text), r#"{"a":[{"b":1}],"c":2}"#);
    assert_eq!(mended(text), r#"{"a": [{"b": 1}], "c": 2}"#);
}

#[test]
fn a_bracket_that_closes_nothing_is_passed_over() {
    assert_eq!(json(r#"{"a": 1], "b": 2}"#), r#"{"a":1,"b":2}"#);
    assert_eq!(mended(r#"{"a": 1}}"#), r#"{"a": 1}"#);
}

#[test]
fn half_a_surrogate_pair_is_told() {
    assert_eq!(faults(r#"["\ud800"]"#), one(Cause::LoneSurrogate, r"\ud800", None));
    assert_eq!(faults(r#"["\ud83d\ude00"]"#), vec![]);
}

#[test]
fn a_backslash_that_escapes_nothing_is_told() {
    assert_eq!(mended(r#"["a\*b"]"#), r#"["a\\*b"]"#);
}

#[test]
fn digits_that_are_no_number_are_told() {
    for text in ["[012]", "[+1]", "[.5]", "[1.]", "[0x1f]", "[-]"] {
        assert_eq!(faults(text).len(), 1, "{text}");
    }
}

#[test]
fn a_second_document_is_told_on_its_line() {
    assert_eq!(faults("{}\n{\"a\": 1}\n"), one(Cause::Trailing, "{\"a\": 1}", None));
}

#[test]
fn nothing_at_all_is_told() {
    assert_eq!(faults(" \n"), one(Cause::Empty, " \n", None));
}

#[test]
fn nesting_ends_at_its_bound() {
    let deep = "[".repeat(100_000);
    let found = faults(&deep);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, Cause::TooDeep);
    let fits = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
    assert_eq!(faults(&fits), vec![]);
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_text_makes_the_reader_fail(text in "[{}\\[\\]\",:'\\\\a1 \u{a0}“”/*#\n`u]{0,60}") {
        let source = source(&text);
        let tree = read(&source, Dialect::Json);
        proptest::prop_assert!(tree.faults.len() <= MAX_FAULTS + 2);
    }
}
