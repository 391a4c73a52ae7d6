//! `kpl explain`.

use super::{Exit, args::ExplainArgs, screen, settings};
use crate::{
    finding::{Problem, RuleInfo},
    lint,
    render::{self, Style},
    source::{Origin, Source},
    syntax::{Node, print, yaml},
};

pub(super) fn run(args: &ExplainArgs) -> Exit {
    let style = screen::style(args.color);
    let catalogue = match settings::catalogue(&args.rules) {
        Ok(catalogue) => catalogue,
        Err(trouble) => return trouble.tell(&style),
    };
    if let Some(rule) = catalogue.find(&args.rule) {
        screen::print(&page(rule, &style));
        return Exit::Clean;
    }
    let help = match lint::nearest(&args.rule, &catalogue) {
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
    out.push_str(&options(rule, style));
    let source = Source::of_text(Origin::Stdin(None), rule.fixture.to_owned());
    let fixture = yaml::read(&source).root;
    for (list, title) in [("fail", "Example that it flags"), ("pass", "Example that it does not")] {
        // A rule as data holds its examples itself.
        let cases = fixture.get("examples").unwrap_or(&fixture);
        let Some(case) = cases.get(list).and_then(|cases| cases.items().first()) else { continue };
        let name = case.get("name").and_then(Node::as_str).unwrap_or_default();
        out.push('\n');
        let title = if name.is_empty() { title.to_owned() } else { format!("{title}: {name}") };
        out.push_str(&render::heading(&title, style));
        out.push_str(&example(case));
    }
    out
}

/// What a project may settle of a rule, and how it writes that.
fn options(rule: &RuleInfo, style: &Style) -> String {
    if rule.options.is_empty() {
        return String::new();
    }
    let title = format!("Options, under [rules.{}] of kpl.toml", rule.id);
    let mut out = format!("\n{}", render::heading(&title, style));
    for option in rule.options {
        let default = settings::option_shown(&option.default_value());
        let text = format!("{} = {default}: {}; {}", option.name, option.about, option.wanted());
        out.push_str(&render::paragraph(&text, 2, style));
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
    } else if case.get("Statement").is_some() {
        push_content(&mut out, case);
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
