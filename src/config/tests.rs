use std::path::PathBuf;

use super::*;
use crate::source::Origin;

fn source(text: &str) -> Source {
    Source::of_text(Origin::File(PathBuf::from(FILE_NAME)), text.to_owned())
}

/// Everything that is wrong with a text: what is underlined, and what is said.
fn wrong(text: &str) -> Vec<(String, String)> {
    let source = source(text);
    let complaints = read(&source).unwrap_err();
    let told = |complaint: &Complaint| {
        let words = [complaint.message.as_str(), &complaint.place.message].join("; ");
        (source.slice(complaint.place.span).to_owned(), words.trim_end_matches("; ").to_owned())
    };
    complaints.iter().map(told).collect()
}

#[test]
fn a_list_may_be_written_as_one_string() {
    let config = read(&source("workload = 'a'\nadmin = ['b', 'c']")).unwrap();
    let values =
        |texts: Option<Texts>| -> Vec<String> { texts.unwrap().values.into_iter().map(|value| value.value).collect() };
    assert_eq!((values(config.workload), values(config.admin)), (vec!["a".into()], vec!["b".into(), "c".into()]));
}

#[test]
fn every_mistake_is_told_at_its_place() {
    let text = "persona = 'pedantc'\nworklod = 'a'\naccount = 111122223333\nalias = ['x', 1]\nexclude = {}\n";
    let expected = [
        ("'pedantc'", "`persona` is one of regular, pedantic, auditor; did you mean `pedantic`?"),
        ("worklod", "`worklod` is no key that is known here; did you mean `workload`?"),
        ("111122223333", "`account` is a string; this is a number"),
        ("1", "`alias` is a string or a list of strings; this is a number"),
        ("{}", "`exclude` is a string or a list of strings; this is a table"),
    ];
    assert_eq!(wrong(text), expected.map(|(place, words)| (place.to_owned(), words.to_owned())));
}

#[test]
fn an_ignore_takes_rules_that_keep_silent_and_entries_with_a_reason() {
    let config = read(&source("ignore = ['a', { rule = 'b', reason = 'c', expires = 2028-02-29 }]")).unwrap();
    assert_eq!(config.ignore.unwrap().values[0].value, "a");
    assert_eq!(config.accepted[0].expires.as_ref().unwrap().value, "2028-02-29");
    let config = read(&source("[[ignore]]\nrule = ['a', 'b']\nreason = 'c'")).unwrap();
    assert_eq!((config.ignore, config.accepted[0].rule.len()), (None, 2));
}

#[test]
fn an_entry_says_why_and_until_a_day_that_exists() {
    let text = "[[ignore]]\nrule = 'a'\n[[ignore]]\nrule = 'a'\nreason = 'b'\nexpires = '2027-02-29'";
    let expected = [
        ("[[ignore]]", "this entry has no `reason`"),
        ("'2027-02-29'", "`expires` is a day such as 2027-01-31; this is a string"),
    ];
    assert_eq!(wrong(text), expected.map(|(place, words)| (place.to_owned(), words.to_owned())));
}

#[test]
fn an_entry_that_must_say_something_says_it() {
    let text = "[[ignore]]\nrule = []\nreason = ' '\n[[path]]\nfiles = ''";
    let expected = [("[]", "`rule` is empty"), ("' '", "`reason` is empty"), ("''", "`files` is empty")];
    assert_eq!(wrong(text), expected.map(|(place, words)| (place.to_owned(), words.to_owned())));
}

#[test]
fn what_is_no_toml_is_told_at_its_place() {
    assert_eq!(wrong("\u{feff}select = [\n").len(), 1);
    assert_eq!(wrong("a = 1\na = 2")[0], ("a".to_owned(), "duplicate key".to_owned()));
    assert_eq!(wrong("select = [[[[\n").len(), 1);
}

#[test]
fn the_schema_names_every_key() {
    let schema = schema(&serde_json::Map::new());
    for (keys, pointer) in [
        (KEYS, "/properties"),
        (PATH_KEYS, "/properties/path/items/properties"),
        (IGNORE_KEYS, "/properties/ignore/anyOf/1/items/anyOf/1/properties"),
    ] {
        let properties = schema.pointer(pointer).unwrap().as_object().unwrap();
        assert!(properties.keys().map(String::as_str).eq(sorted(keys)), "{pointer}");
    }
}

fn sorted(keys: &[Key]) -> Vec<&'static str> {
    let mut names: Vec<&str> = keys.iter().map(|key| key.name).collect();
    names.sort_unstable();
    names
}
