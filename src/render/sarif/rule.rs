//! A rule as a reporting descriptor.

use super::{
    layout::{Configuration, Help, Message, RuleOutput, RuleProperties},
    level,
};
use crate::finding::{Confidence, RuleInfo, Severity};

pub(super) fn rule(rule: &'static RuleInfo) -> RuleOutput {
    let markdown = markdown(rule);
    RuleOutput {
        id: rule.id,
        name: pascal_case(rule.id),
        short_description: Message { text: rule.summary.to_owned() },
        full_description: Message { text: what_it_does(&markdown) },
        default_configuration: Configuration { level: level(rule.severity) },
        help: Help { text: without_marks(&markdown), markdown },
        properties: RuleProperties {
            tags: tags(rule),
            precision: match rule.confidence {
                Confidence::High => "high",
                Confidence::Medium => "medium",
                Confidence::Low => "low",
            },
            problem_severity: match rule.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "recommendation",
            },
            // GitHub: from 7.0 on high, from 4.0 on medium, below that low.
            security_severity: match rule.severity {
                Severity::Error => "8.0",
                Severity::Warning => "5.0",
                Severity::Note => "2.0",
            },
        },
    }
}

/// GitHub shows the severity of security of what has that tag; no tag may stand twice.
fn tags(rule: &RuleInfo) -> Vec<&'static str> {
    let family = Some(rule.family.word()).filter(|word| *word != "security");
    std::iter::once("security").chain(family).chain(rule.code).collect()
}

/// The rule's page, without the blank that a documentation comment begins its lines with.
fn markdown(rule: &RuleInfo) -> String {
    let lines = rule.documentation.lines().map(|line| line.strip_prefix(' ').unwrap_or(line));
    let page: Vec<&str> = lines.collect();
    format!("{}\n\nExamples: `kpl explain {}`\n", page.join("\n").trim(), rule.id)
}

/// The text below the page's first heading, on one line.
fn what_it_does(markdown: &str) -> String {
    let lines = markdown.lines().skip_while(|line| line.starts_with("## ")).take_while(|line| !line.starts_with("## "));
    lines.map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The page as plain text.
fn without_marks(markdown: &str) -> String {
    markdown.lines().map(|line| line.trim_start_matches("## ").replace('`', "")).collect::<Vec<_>>().join("\n")
}

fn pascal_case(id: &str) -> String {
    let word = |word: &str| {
        let mut characters = word.chars();
        characters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + characters.as_str())
    };
    id.split('-').map(word).collect()
}
