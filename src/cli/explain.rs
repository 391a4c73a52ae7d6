//! `kpl explain`.

use super::{Exit, args::ExplainArgs, screen};
use crate::{
    finding::{Problem, RuleInfo},
    lint,
    render::{self, Style},
    rules,
    source::{Origin, Source},
    syntax::{Node, print, yaml},
};

pub(super) fn run(args: &ExplainArgs) -> Exit {
    let style = screen::style(args.color);
    if let Some(rule) = rules::find(&args.rule) {
        screen::print(&page(rule, &style));
        return Exit::Clean;
    }
    let help = match lint::nearest(&args.rule) {
        Some(meant) => format!("did you mean `{meant}`? `kpl rules` lists all"),
        None => "`kpl rules` lists all".to_owned(),
    };
    let problem =
        Problem { file: args.rule.clone(), message: "no rule has this name".to_owned(), help: Some(help), fatal: true };
    screen::complain(&render::problem_line(&problem, &style));
    Exit::Failure
}

/// The page of a rule: what it declares, its documentation, and its first examples.
fn page(rule: &RuleInfo, style: &Style) -> String {
    let mut out = render::heading(&format!("{}: {}", rule.id, rule.summary), style);
    let mut facts = vec![format!("{} of family {}", rule.severity, rule.family)];
    facts.push(format!("confidence {}", rule.confidence));
    facts.push(format!("shown to the persona {}", rule.persona));
    let codes: Vec<&str> = rule.codes().collect();
    let word = if codes.len() == 1 { "code" } else { "codes" };
    facts.extend((!codes.is_empty()).then(|| format!("Access Analyzer {word} {}", codes.join(", "))));
    facts.extend((!rule.supersedes.is_empty()).then(|| format!("speaks for {}", rule.supersedes.join(", "))));
    out.push_str(&render::paragraph(&facts.join("; "), 2, style));
    out.push_str(&render::document(rule.documentation, style));
    let source = Source::of_text(Origin::Stdin(None), rule.fixture.to_owned());
    let fixture = yaml::read(&source).root;
    for (list, title) in [("fail", "Example that it flags"), ("pass", "Example that it does not")] {
        let Some(case) = fixture.get(list).and_then(|cases| cases.items().first()) else { continue };
        let name = case.get("name").and_then(Node::as_str).unwrap_or_default();
        out.push('\n');
        out.push_str(&render::heading(&format!("{title}: {name}"), style));
        out.push_str(&example(case));
    }
    out
}

/// A case's files as they would stand on disk, indented.
fn example(case: &Node<'_>) -> String {
    let mut out = String::new();
    if let Some(files) = case.get("files").and_then(Node::as_map) {
        for file in files {
            push_indented(&mut out, &file.key);
            push_content(&mut out, &file.value);
        }
    } else if let Some(content) = ["policy", "text"].iter().find_map(|name| case.get(name)) {
        push_content(&mut out, content);
    }
    out
}

fn push_content(out: &mut String, node: &Node<'_>) {
    match node.as_str() {
        Some(text) => push_indented(out, text),
        None => push_indented(out, &print::pretty(node)),
    }
}

fn push_indented(out: &mut String, text: &str) {
    for line in text.lines() {
        out.push_str("  ");
        out.push_str(line);
        out.push('\n');
    }
}
