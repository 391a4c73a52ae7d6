//! What `kpl check` holds for any file: no rule crashes on it, and every place that a finding names is one of the file.
//!
//! The input is a policy; what stands behind its first 0xFF byte, if it has one, is a description of its key.

#![no_main]

use std::sync::LazyLock;

use kpl::{
    document::Declared,
    finding::Report,
    lint::{self, Input, Options},
    render::{self, Style},
    source::{Origin, Source, Sources, Span},
};
use libfuzzer_sys::fuzz_target;

/// Nothing declared, and all that rules may ask for.
static OPTIONS: LazyLock<[Options; 2]> = LazyLock::new(|| {
    let declared = Declared {
        account: "111122223333".parse().ok(),
        workloads: "arn:aws:iam::111122223333:role/kasten".parse().into_iter().collect(),
        admins: "arn:aws:iam::111122223333:role/admin".parse().into_iter().collect(),
        aliases: vec!["alias/kasten".to_owned()],
            ..Declared::default()
        };
    [Options::default(), Options { declared, ..Options::default() }]
});

const STYLE: Style = Style { color: false, unicode: true, width: 100, most: 50, verbose: true, quiet: false };

fuzz_target!(|bytes: &[u8]| {
    let mut sources = Sources::default();
    let mut parts = bytes.splitn(2, |byte| *byte == 0xff);
    for name in ["policy.json", "describe-key.json"] {
        let Some(part) = parts.next() else { continue };
        if let Ok(source) = Source::read(Origin::File(name.into()), part.to_vec()) {
            sources.push(source);
        }
    }
    let inputs: Vec<Input> =
        sources.iter().map(|source| Input { source: source.id, named: true, reported: true }).collect();
    for options in OPTIONS.iter() {
        let report = lint::lint(&sources, &inputs, options);
        let crash = report.problems.iter().find(|problem| problem.message.starts_with("internal error"));
        assert_eq!(crash, None);
        places_hold(&report, &sources);
        renders(&report, &sources);
    }
});

/// A report is shown without a crash, and as JSON it is JSON.
fn renders(report: &Report, sources: &Sources) {
    assert!(!render::text(report, sources, &STYLE).contains('\u{1b}'), "a file's escape code reaches the screen");
    let printed = render::json(report, sources, "0");
    assert!(serde_json::from_str::<serde_json::Value>(&printed).is_ok(), "{printed}");
}

fn places_hold(report: &Report, sources: &Sources) {
    for finding in &report.findings {
        assert!(lies_in(finding.primary.span, sources), "{finding:?}");
        assert!(finding.related.iter().all(|label| lies_in(label.span, sources)), "{finding:?}");
        let mut edits = finding.fix.iter().flat_map(|fix| &fix.edits);
        assert!(edits.all(|edit| lies_in(edit.span, sources)), "{finding:?}");
    }
}

fn lies_in(span: Span, sources: &Sources) -> bool {
    sources.get(span.source).is_some_and(|source| source.text().get(span.range()).is_some())
}
