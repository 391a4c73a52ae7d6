use super::*;
use crate::source::{Edit, Origin};

fn source(text: &str) -> Source {
    Source::of_text(Origin::Stdin(None), text.to_owned())
}

/// A tree as text: each value behind its place's text, where the two differ.
fn shown(source: &Source, node: &Node<'_>) -> String {
    let raw = source.slice(node.span);
    match &node.value {
        Value::List(items) => {
            let items: Vec<_> = items.iter().map(|item| shown(source, item)).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Map(members) => {
            let member = |member: &Member<'_>| format!("{}={}", member.key, shown(source, &member.value));
            let members: Vec<_> = members.iter().map(member).collect();
            format!("{{{}}}", members.join(" "))
        }
        Value::String(text) if text == raw => format!("'{text}'"),
        Value::String(text) => format!("'{text}'<{raw}>"),
        Value::Number(text) => format!("#{text}"),
        Value::Bool(value) => value.to_string(),
        Value::Null => format!("null<{raw}>"),
        Value::Unknown => format!("?<{raw}>"),
    }
}

fn read_shown(text: &str) -> String {
    let source = source(text);
    shown(&source, &read(&source).root)
}

/// The faults of a text: words, place, count.
fn faults(text: &str) -> Vec<(String, String, usize)> {
    let source = source(text);
    let told = |fault: Fault| (fault.cause.message(1), source.slice(fault.span).to_owned(), fault.count);
    read(&source).faults.into_iter().map(told).collect()
}

/// The text at the place of the value at a path.
fn slice<'a>(source: &'a Source, path: &[&str]) -> &'a str {
    let tree = read(source);
    let node = path
        .iter()
        .try_fold(&tree.root, |node, name| node.get(name).or_else(|| node.as_list()?.get(name.parse::<usize>().ok()?)));
    source.slice(node.unwrap().span)
}

#[test]
fn plain_words_mean_what_the_core_schema_says() {
    assert_eq!(
        read_shown("[true, False, null, ~, yes, off, 1, -1.5e3, 123456789012]"),
        "[true false null<null> null<~> 'yes' 'off' #1 #-1.5e3 #123456789012]"
    );
}

#[test]
fn digits_that_are_no_number_of_json_keep_their_spelling_as_text() {
    assert_eq!(
        read_shown("[012345678901, 2012-10-17, 0o17, 0x1f, 1_000, .5, +1, 1., .inf]"),
        "['012345678901' '2012-10-17' '0o17' '0x1f' '1_000' '.5' '+1' '1.' '.inf']"
    );
}

#[test]
fn what_is_quoted_is_a_string_and_its_place_holds_the_quotes() {
    assert_eq!(
        read_shown(r#"{a: "1", 'b': 'it''s', "c": "\u00e9"}"#),
        r#"{a='1'<"1"> b='it's'<'it''s'> c='é'<"\u00e9">}"#
    );
}

#[test]
fn text_that_stands_in_the_source_as_it_is_is_borrowed() {
    let source = source("a: plain\nb: \"quoted\"\nc: |\n  one line");
    let tree = read(&source);
    let members = tree.root.as_map().unwrap().iter();
    let borrowed = members.map(|member| matches!(member.value.value, Value::String(Cow::Borrowed(_))));
    assert_eq!(borrowed.collect::<Vec<_>>(), [true, true, false]);
}

#[test]
fn a_block_collection_ends_with_its_last_value() {
    let source = source("a:\r\n  - x\r\n  - y: é\r\n    z: [1] # c\r\n\r\n# d\r\nb: 1\r\n");
    assert_eq!(slice(&source, &["a"]), "- x\r\n  - y: é\r\n    z: [1]");
    assert_eq!(slice(&source, &["a", "1"]), "y: é\r\n    z: [1]");
    assert_eq!(slice(&source, &["a", "1", "z"]), "[1]");
    assert_eq!(slice(&source, &["b"]), "1");
}

#[test]
fn a_list_no_deeper_than_its_key_starts_at_its_first_dash() {
    let source = source("a-b: &c-d # - e\n- - 1\n- 2\n");
    assert_eq!(slice(&source, &["a-b"]), "- - 1\n- 2");
    assert_eq!(slice(&source, &["a-b", "0"]), "- 1");
}

#[test]
fn a_block_scalar_stands_from_its_text_to_its_end() {
    let source = source("é: >-\n  two\n  lines\n\n# c\nb: |+\n\n  {}\n\n");
    assert_eq!(slice(&source, &["é"]), "two\n  lines");
    assert_eq!(slice(&source, &["b"]), "{}");
    assert_eq!(read_shown("a: >-\n  two\n  lines\n"), "{a='two lines'<two\n  lines>}");
}

#[test]
fn a_value_that_is_left_out_stands_behind_its_mark() {
    let source = source("a:   # c\nb:\n- # d\n- 1");
    let tree = read(&source);
    let end = |node: &Node<'_>| (node.span.start, node.span.end);
    assert_eq!(end(tree.root.get("a").unwrap()), (2, 2));
    assert_eq!(end(&tree.root.get("b").unwrap().items()[0]), (13, 13));
}

#[test]
fn names_are_text_whatever_they_look_like() {
    assert_eq!(read_shown("{1: a, true: b, : c, [x, y]: d}"), "{1='a' true='b' ='c' [x, y]='d'}");
}

#[test]
fn a_member_that_occurs_twice_is_kept_twice() {
    assert_eq!(read_shown("a: 1\na: 2"), "{a=#1 a=#2}");
}

#[test]
fn a_tag_of_its_own_makes_a_value_unknown() {
    assert_eq!(
        read_shown("a: !Sub 'x'\nb: !Ref\nc: !If\n- d\n# e\nf: !!str 1\ng: ! 2\nh: !!int 3"),
        "{a=?<!Sub 'x'> b=?<!Ref> c=?<!If\n- d> f='1' g='2' h=#3}"
    );
}

#[test]
fn an_alias_stands_where_it_is_written_and_its_items_at_the_anchor() {
    let source = source("a: &x [1, z]\nb: *x\n*x : c\n");
    assert_eq!(slice(&source, &["b"]), "*x");
    assert_eq!(slice(&source, &["b", "1"]), "z");
    assert_eq!(read_shown("- &k v\n- *k : 1\n"), "['v' {v=#1}]");
}

#[test]
fn merged_members_yield_to_those_that_are_written() {
    let text = "- &a {x: 1, y: 2}\n- &b {y: 3, z: 4}\n- <<: [*a, *b]\n  x: 0\n- <<: *a\n- '<<': 5\n";
    assert_eq!(read_shown(text), "[{x=#1 y=#2} {y=#3 z=#4} {x=#0 y=#2 z=#4} {x=#1 y=#2} {<<=#5}]");
}

#[test]
fn an_alias_that_leads_nowhere_is_unknown_and_the_rest_is_read() {
    let text = "a: &a [*a, *b]\nb: *a\nc: *b\nd: 1";
    assert_eq!(read_shown(text), "{a=[?<*a> ?<*b>] b=[?<*a> ?<*b>] c=?<*b> d=#1}");
    let told = [(OWN_ANCHOR.to_owned(), "*a".to_owned(), 1), (NO_ANCHOR.to_owned(), "*b".to_owned(), 2)];
    assert_eq!(faults(text), told);
}

#[test]
fn aliases_are_followed_until_the_budget_is_spent() {
    let level = |level: usize| format!("l{level}: &l{level} [{}]\n", format!("*l{}, ", level - 1).repeat(10));
    let levels: String = (1..9).map(level).collect();
    let source = source(&format!("l0: &l0 x\n{levels}last: 1"));
    let tree = read(&source);
    let causes: Vec<_> = tree.faults.iter().map(|fault| &fault.cause).collect();
    assert_eq!(causes, [&Cause::TooManyAliases]);
    assert_eq!(slice(&source, &["last"]), "1");
}

#[test]
fn what_is_nested_too_deep_is_left_out_and_the_rest_is_read() {
    let text = format!("[{}{}, 1]", "[".repeat(100_000), "]".repeat(100_000));
    let source = source(&text);
    let tree = read(&source);
    assert_eq!(tree.root.items()[1].value, Value::Number("1".into()));
    assert_eq!(tree.faults, [fault(Cause::TooDeep, source.place(MAX_DEPTH, MAX_DEPTH + 1))]);
}

#[test]
fn a_text_without_a_value_is_empty() {
    let told = |text: &str| vec![("the file is empty".to_owned(), text.to_owned(), 1)];
    assert_eq!(faults(""), told(""));
    assert_eq!(faults("# c\n"), told("# c\n"));
    assert_eq!(faults("---\n# c\n"), told("---\n# c\n"));
    assert_eq!(faults("\u{feff}"), told("\u{feff}"));
}

#[test]
fn of_several_documents_the_first_is_read() {
    assert_eq!(read_shown("a: 1\n---\nb: 2\n---\nc: 3"), "{a=#1}");
    let told = |place: &str| vec![("text behind the end of the document".to_owned(), place.to_owned(), 1)];
    assert_eq!(faults("a: 1\n--- # c\nb: 2\n---\nc: 3"), told("--- # c"));
    assert_eq!(faults("a: 1\n...\nb: 2\n"), told("b: 2"));
    assert_eq!(faults("{a: 1}\n{b: 2}\n"), told("{b: 2}"));
    assert_eq!(faults("---\na: 1\n---\n# c\n...\n"), []);
}

#[test]
fn what_stands_before_a_broken_place_is_kept() {
    assert_eq!(read_shown("a: 1\nb: [1, 2\nc: \"x"), "{a=#1 b=[#1]}");
    assert_eq!(read_shown("a: 1\nb: \"x"), "{a=#1 b=?<>}");
    assert_eq!(faults("é: [1, 2"), [("this `[` is never closed".to_owned(), "[".to_owned(), 1)]);
    assert_eq!(faults("é: \"x"), [("unclosed quote".to_owned(), "\"".to_owned(), 1)]);
    assert_eq!(faults("a: @x"), [("a value that begins with `@` must stand in quotes".to_owned(), "@".to_owned(), 1)]);
}

#[test]
fn a_star_without_quotes_is_a_string_with_a_repair() {
    let text = "Action: *\nResource: [*, a]\nx: *";
    let source = source(text);
    let tree = read(&source);
    assert_eq!(shown(&source, &tree.root), "{Action='*' Resource=['*' 'a'] x='*'}");
    let [fault] = tree.faults.as_slice() else { panic!("{:?}", tree.faults) };
    let mended = Edit::apply(text, &fault.repair.as_ref().unwrap().edits);
    assert_eq!((fault.count, mended.as_str()), (3, "Action: \"*\"\nResource: [\"*\", a]\nx: \"*\""));
}

#[test]
fn bytes_that_are_no_utf8_are_told_and_read_over() {
    let text = b"# Schl\xfcssel\na: \xe9x\nb: \"y\"\n".to_vec();
    let source = Source::read(Origin::Stdin(None), text).unwrap();
    let tree = read(&source);
    assert_eq!(shown(&source, &tree.root), "{a='\u{1a}x' b='y'<\"y\">}");
    assert_eq!(tree.faults, [Fault { count: 2, ..fault(Cause::NotUtf8, source.place(6, 7)) }]);
}

#[test]
fn a_byte_order_mark_and_a_hundred_comments_shift_nothing() {
    let text = format!("\u{feff}a:\n{}  b: 1\n", "# é\n".repeat(100));
    let source = source(&text);
    assert_eq!(read(&source).faults, []);
    assert_eq!(slice(&source, &["a"]), "b: 1");
}

/// The parts of a text, each as its tree and the words of its faults.
fn parts(text: &str) -> Vec<(String, Vec<String>)> {
    let source = source(text);
    let told = |part: Part<'_>| {
        let faults = part.tree.faults.iter().map(|fault| fault.cause.message(1)).collect();
        (shown(&source, &part.tree.root), faults)
    };
    read_all(&source).into_iter().map(told).collect()
}

fn whole(tree: &str) -> (String, Vec<String>) {
    (tree.to_owned(), Vec::new())
}

#[test]
fn every_document_of_a_text_is_read_at_its_own_places() {
    assert_eq!(parts("# c\n---\na: é\n---\n# nothing\n---\nb: 2\n"), [whole("{a='é'}"), whole("{b=#2}")]);
    assert_eq!(parts("a: &x 1\n...\n%YAML 1.2\n---\nb: *x\n").len(), 2);
    assert_eq!(parts("---\n"), [("null<---\n>".to_owned(), vec!["the file is empty".to_owned()])]);
}

#[test]
fn what_is_broken_in_one_document_hides_no_other() {
    let read = parts("a: [1\n---\nb: 2\n---\nc: \"x\n---\nd: 4\n");
    assert_eq!(read[1], whole("{b=#2}"));
    assert_eq!(read[3], whole("{d=#4}"));
    assert_eq!((read.len(), read[0].1.len(), read[2].1.len()), (4, 1, 1));
}

#[test]
fn an_anchor_is_known_in_its_own_document_alone() {
    assert_eq!(parts("a: &x 1\n---\nb: *x\n")[1], ("{b=?<*x>}".to_owned(), vec![NO_ANCHOR.to_owned()]));
}

#[test]
fn what_a_template_fills_in_is_unknown_and_the_rest_is_read() {
    let text =
        "a: {{ .Values.é }}\nb: \"x-{{ .x }}\"\n{{- if .c }}\nc: 1\n{{- end }}\nd:\n  {{ toYaml .d }}\n{{ .k }}: 5\n";
    let read = parts(text);
    assert_eq!(read, [whole("{a=?<{{ .Values.é }}> b=?<\"x-{{ .x }}\"> c=#1 d=?<{{ toYaml .d }}> {{ .k }}=#5}")]);
}

#[test]
fn lines_that_a_template_adds_are_left_out_and_told() {
    let source = source("a:\n  b: 1\n  {{- include \"labels\" . | nindent 2 }}\nc: {{ \"}}\" }}\n");
    let [part] = read_all(&source).try_into().unwrap();
    assert_eq!(shown(&source, &part.tree.root), "{a={b=#1} c=?<{{ \"}}\" }}>}");
    let filled: Vec<_> = part.filled.iter().map(|span| source.slice(*span)).collect();
    assert_eq!(filled, ["{{- include \"labels\" . | nindent 2 }}", "{{ \"}}\" }}"]);
}

#[test]
fn a_template_that_is_no_yaml_until_it_is_filled_in_is_broken() {
    let source = source("- {{ .x }}\nb: 1\n");
    assert!(read_all(&source)[0].tree.faults.iter().any(|fault| fault.cause.cuts()));
}

#[test]
fn a_value_left_out_before_a_templates_lines_is_unknown() {
    assert_eq!(
        parts("a:\n  {{- range .x }}\n  - {{ . }}\n  {{- end }}\nb:\n  {{- if .y }}\n  {{- end }}\n"),
        [whole("{a=[?<{{ . }}>] b=?<>}")]
    );
}
