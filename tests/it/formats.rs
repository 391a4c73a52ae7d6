//! Every format: what others' text may do to it, and where it is written.

use std::fs;

use kpl::{
    finding::Report,
    lint::{self, Input, Options},
    render::{Format, Style, Tool},
    rules,
    source::{Origin, Source, Sources},
};
use serde_json::Value;

use crate::cli::kpl;

/// What a file may hold to mislead whoever shows it.
const EVIL: &str = "::error::x\u{1b}[31m\n::error::y\r\n]]></failure><b> ![i](https://x.example) `a` [l](https://x.example) \"&'\u{202e}@all";

fn style() -> Style {
    Style { color: false, unicode: true, width: 80, most: usize::MAX, verbose: true, suppressed: true, quiet: false }
}

fn written(format: Format, report: &Report, sources: &Sources) -> String {
    format.write(report, sources, &style(), &Tool { version: "0.1.0", reference: "2026-10-27", base: None })
}

/// A policy whose `Sid`, action, principal and file are all evil.
fn evil() -> (Sources, Report) {
    let policy = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": EVIL, "Effect": "Allow", "Action": format!("kms:{EVIL}"), "Resource": EVIL},
            {"Sid": EVIL, "Effect": EVIL, "Action": "s3:*", "Resource": "*", EVIL: EVIL},
        ],
    });
    let mut sources = Sources::default();
    let origin = Origin::File(format!("{EVIL}.json").into());
    let source = sources.push(Source::read(origin, policy.to_string().into_bytes()).unwrap());
    let input = Input { source, named: true, reported: true };
    let report = lint::lint(&sources, &[input], &Options::default());
    let told = report.findings.iter().filter(|finding| finding.message.contains("::error::")).count();
    assert!(told >= 3, "{:#?}", report.findings);
    (sources, report)
}

#[test]
fn no_format_lets_a_file_move_the_cursor_or_turn_the_writing() {
    let (sources, report) = evil();
    for format in Format::ALL {
        let text = written(format, &report, &sources);
        assert!(!text.contains('\u{1b}') && !text.contains('\r'), "{format}: {text}");
        // What a program reads says exactly what stands in the file; JSON writes no control character as it is.
        let is_read = matches!(format, Format::Text | Format::Concise | Format::Github | Format::Junit);
        assert!(!is_read || !text.contains('\u{202e}'), "{format}: {text}");
    }
}

#[test]
fn no_line_of_a_report_begins_with_a_command_of_others() {
    let (sources, report) = evil();
    for format in [Format::Text, Format::Concise, Format::Github] {
        let text = written(format, &report, &sources);
        let commands = text.lines().filter(|line| line.trim_start().starts_with("::")).count();
        let own = if format == Format::Github { report.findings.len() } else { 0 };
        assert_eq!(commands, own, "{format}: {text}");
    }
    let github = written(Format::Github, &report, &sources);
    assert!(
        github
            .lines()
            .all(|line| ["::error file=", "::warning file=", "::notice file="].iter().any(|own| line.starts_with(own)))
    );
}

#[test]
fn xml_stays_the_xml_that_it_was() {
    let (sources, report) = evil();
    let text = written(Format::Junit, &report, &sources);
    assert_eq!(text.matches("</failure>").count(), report.findings.len(), "{text}");
    assert!(!text.contains("]]>") && !text.contains("<b>"), "{text}");
}

#[test]
fn messages_that_are_shown_as_markdown_show_no_picture_and_no_link() {
    let (sources, report) = evil();
    let rdjson: Value = serde_json::from_str(&written(Format::Rdjson, &report, &sources)).unwrap();
    for diagnostic in rdjson["diagnostics"].as_array().unwrap() {
        let message = diagnostic["message"].as_str().unwrap();
        // Code shows what it holds; what stands outside must be escaped.
        let outside: String = message.split('`').step_by(2).collect();
        assert!(!outside.contains("](") && !outside.contains("<b>") && !outside.contains("@all"), "{message}");
    }
    let sarif: Value = serde_json::from_str(&written(Format::Sarif, &report, &sources)).unwrap();
    for result in sarif["runs"][0]["results"].as_array().unwrap() {
        let message = result["message"]["text"].as_str().unwrap();
        assert!(!message.replace("\\]", "").contains("]("), "{message}");
        let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'<' && byte != b'`'), "{uri}");
    }
}

#[test]
fn every_format_of_json_is_json() {
    let (sources, report) = evil();
    for format in [Format::Json, Format::Sarif, Format::Gitlab, Format::Rdjson] {
        serde_json::from_str::<Value>(&written(format, &report, &sources))
            .unwrap_or_else(|error| panic!("{format}: {error}"));
    }
    for line in written(Format::Jsonl, &report, &sources).lines() {
        serde_json::from_str::<Value>(line).unwrap();
    }
}

/// Source: GitHub Docs, "SARIF support for code scanning", reportingDescriptor object.
#[test]
fn every_rule_has_a_page_within_the_limits_of_code_scanning() {
    let mut sources = Sources::default();
    let source = sources.push(Source::of_text(Origin::File("a.json".into()), "{}".to_owned()));
    let place = sources.get(source).unwrap().span();
    let findings = rules::all().map(|rule| kpl::finding::Finding::new(rule, place, "x")).collect();
    let report = Report { findings, ..Report::default() };
    let sarif: Value = serde_json::from_str(&written(Format::Sarif, &report, &sources)).unwrap();
    let described = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(described.len(), rules::all().count());
    for rule in described {
        let id = rule["id"].as_str().unwrap();
        let within = |text: &Value, most: usize| {
            text.as_str().is_some_and(|text| !text.trim().is_empty() && text.chars().count() <= most)
        };
        assert!(within(&rule["name"], 255), "{id}");
        assert!(within(&rule["shortDescription"]["text"], 1024), "{id}");
        assert!(within(&rule["fullDescription"]["text"], 1024), "{id}");
        assert!(within(&rule["help"]["text"], 10_000) && within(&rule["help"]["markdown"], 10_000), "{id}");
        assert!(rule["help"]["markdown"].as_str().unwrap().starts_with("## What it does\n"), "{id}");
        let tags = rule["properties"]["tags"].as_array().unwrap();
        assert!(
            tags.len() <= 10 && tags.iter().all(|tag| tags.iter().filter(|other| *other == tag).count() == 1),
            "{id}"
        );
        assert!(rule["properties"]["security-severity"].as_str().unwrap().parse::<f32>().is_ok(), "{id}");
    }
}

#[test]
fn several_reports_are_written_in_one_run() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("key.json"), r#"{"Version": "2012-10-17", "Statement": []}"#).unwrap();
    let args = ["check", "key.json", "--kind", "key", "--format", "sarif=out.sarif", "--format", "junit=out.xml"];
    let ran = kpl(folder.path(), &args);
    assert!(ran.stdout.contains("in 1 file"), "{}", ran.stdout);
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(read("out.sarif").contains("\"version\": \"2.1.0\""));
    assert!(read("out.xml").starts_with("<?xml"));
    let ran = kpl(folder.path(), &[&args[..], &["--format", "json", "-o", "out.json"]].concat());
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    assert!(read("out.json").starts_with("{\n  \"version\": 1"));
}

#[test]
fn two_reports_for_one_place_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let ran = kpl(folder.path(), &["check", "--format", "json", "--format", "sarif"]);
    assert_eq!(
        (ran.stderr.as_str(), ran.code),
        (
            "error: --format: json and sarif cannot both go to one place\n  help: FORMAT=FILE writes one of them to a file\n",
            2
        )
    );
    let ran = kpl(folder.path(), &["check", "--format", "json=x", "--format", "sarif=x"]);
    assert_eq!((ran.stdout.as_str(), ran.code), ("", 2));
    let ran = kpl(folder.path(), &["check", "--format", "json=missing/x"]);
    let told = "error: missing/x: the report cannot be written: no such file or folder\n";
    assert_eq!((ran.stderr.as_str(), ran.code), (told, 2));
}
