//! `kpl kasten rotate-plan`.

use super::{commands, rotation_script};
use crate::{
    cli::{
        Exit,
        args::{PlanFormat, RotatePlanArgs},
        inputs, screen,
        settings::{self, Folders},
    },
    document::{Document, Project},
    finding::Problem,
    kasten::rotation::{self, Deed, Done, Rotation, Situation, Trouble},
    lint::{self, Options},
    render::{self, Style, place_of},
    source::Sources,
};

pub(super) fn run(args: &RotatePlanArgs) -> Exit {
    let style = screen::style(args.color);
    let folders = Folders::search();
    let (file, settings) = match settings::read(&folders, &args.settings) {
        Ok(settled) => settled,
        Err(trouble) => return trouble.tell(&style),
    };
    let loaded = inputs::load_from(&args.paths, None, None, &settings);
    let home = folders.home(file.as_ref());
    let options = Options { declared: settings.declared, catalogue: settings.catalogue, home, ..Options::default() };
    let joined = lint::join(&loaded.sources, &loaded.inputs, &options, &|| {});
    let problems: Vec<&Problem> = loaded.problems.iter().chain(&joined.report.problems).collect();
    screen::complain(&problems.iter().map(|problem| render::problem_line(problem, &style)).collect::<String>());
    screen::complain(&broken(&joined.project, &loaded.sources, &style));
    let is_fatal = problems.iter().any(|problem| problem.fatal);
    match rotation::plan(&joined.project, args.new_key.as_ref()) {
        Ok(rotation) => {
            screen::print(&match args.format {
                PlanFormat::Text => told(&rotation, args.explain, &loaded.sources, &style),
                PlanFormat::Shell => rotation_script::shell(&rotation, args.explain, &loaded.sources),
                PlanFormat::Markdown => rotation_script::markdown(&rotation, args.explain, &loaded.sources),
            });
            match (is_fatal, rotation.is_clean()) {
                (true, _) => Exit::Failure,
                (false, true) => Exit::Clean,
                (false, false) => Exit::Findings,
            }
        }
        Err(stuck) => {
            let help = Some(stuck.help.to_owned());
            let problem = Problem { file: "kasten rotate-plan".to_owned(), message: stuck.message, help, fatal: true };
            screen::complain(&render::problem_line(&problem, &style));
            Exit::Failure
        }
    }
}

/// The files whose text is broken: a policy in them may be missing, or known in part alone.
fn broken(project: &Project<'_>, sources: &Sources, style: &Style) -> String {
    let faults = |document: &Document<'_>| {
        let all = document.faults.iter().chain(&document.embedded_faults);
        all.filter(|fault| fault.cause.cuts()).map(|fault| fault.span).next()
    };
    let places = project.documents.iter().filter_map(faults).filter_map(|span| place_of(span, sources));
    let problem = |file: String| Problem {
        file,
        message: "the text is broken here, and what follows is not known".to_owned(),
        help: Some("`kpl check` tells how to mend it".to_owned()),
        fatal: false,
    };
    places.map(|place| render::problem_line(&problem(place), style)).collect()
}

fn told(rotation: &Rotation, explain: bool, sources: &Sources, style: &Style) -> String {
    let situation = &rotation.situation;
    let mut out = String::new();
    if explain {
        out.push_str(&state(situation, sources, style));
    }
    out.push_str(&render::heading("the order of Kasten's article on KMS keys", style));
    out.push_str(&verdict(&rotation.article, situation, style));
    if let Some(hidden) = &rotation.hidden {
        out.push_str(&over_grant(rotation, hidden, sources, style));
    }
    let title = if rotation.is_clean() { "an order that is clean at every step" } else { "no order is clean" };
    out.push('\n');
    out.push_str(&render::heading(title, style));
    for (number, done) in (1..).zip(&rotation.steps) {
        out.push_str(&step(number, done, (situation, sources), explain, style));
        if done.trouble.is_some() {
            break;
        }
    }
    out.push('\n');
    out.push_str(&render::heading("good to know", style));
    for note in rotation::notes(rotation) {
        out.push_str(&render::paragraph(&note, 2, style));
    }
    out
}

/// Where an order is refused.
fn verdict(order: &[Done], situation: &Situation, style: &Style) -> String {
    let mut out = String::new();
    let mut told = Vec::new();
    for (number, done) in (1..).zip(order) {
        // What a step did wrong stays wrong after the next ones.
        let Some(trouble) = done.trouble.filter(|trouble| !told.contains(trouble)) else { continue };
        told.extend([trouble, Trouble::RestoreLost]);
        let text = format!("refused at step {number}, {}: {trouble}", done.deed.words(situation));
        out.push_str(&render::paragraph(&text, 2, style));
    }
    if out.is_empty() { render::paragraph("clean at every step", 2, style) } else { out }
}

/// What a statement that names Kasten hides.
fn over_grant(rotation: &Rotation, hidden: &[Done], sources: &Sources, style: &Style) -> String {
    let places = rotation.over_grants().iter().filter_map(|span| place_of(*span, sources));
    let at = places.collect::<Vec<_>>().join(", ");
    let text = format!(
        "the key policy lets Kasten in by name, whatever the key's alias ({at}): that hides what follows without the statement"
    );
    render::paragraph(&text, 2, style) + &verdict(hidden, &rotation.situation, style)
}

fn step(
    number: usize,
    done: &Done,
    (situation, sources): (&Situation, &Sources),
    explain: bool,
    style: &Style,
) -> String {
    let mut out = commands::numbered(number, &done.deed.words(situation), style);
    if let Deed::Amend(amendment) = &done.deed {
        let places = amendment.places(situation).into_iter().filter_map(|span| place_of(span, sources));
        let at = places.map(|place| format!("at {place}")).collect::<Vec<_>>().join(", ");
        out.push_str(&render::paragraph(&at, commands::INDENT, style));
    }
    for command in done.deed.commands(situation) {
        out.push_str(&commands::lines(&command, style));
    }
    if let Some(trouble) = done.trouble {
        out.push_str(&render::paragraph(&format!("refused: {trouble}"), commands::INDENT, style));
    } else if explain {
        out.push_str(&render::paragraph(&format!("simulated: {}", done.answers.words()), commands::INDENT, style));
    }
    out
}

/// What the plan reasons from, on a screen.
fn state(situation: &Situation, sources: &Sources, style: &Style) -> String {
    let rows = facts(situation, sources).map(|(name, value)| [format!("  {name}"), String::new(), value]);
    render::heading("what this plan reasons from", style) + &render::rows(&rows, style) + "\n"
}

/// What the plan reasons from, each under its name.
pub(super) fn facts(situation: &Situation, sources: &Sources) -> [(&'static str, String); 9] {
    let listed = |names: Vec<&str>| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let place = |span| place_of(span, sources).unwrap_or_default();
    let who = situation.principal.arn().map_or_else(String::new, |arn| arn.as_str().to_owned());
    let new_key = situation.new_key.as_ref().map_or("is to be made", |key| key.as_str());
    let own: Vec<String> = situation.identity.iter().map(|policy| place(policy.span)).collect();
    let new_policy =
        if situation.has_new_policy { place(situation.new_policy.span) } else { "the old key's".to_owned() };
    let passkey = situation.passkey.name.as_deref().unwrap_or("in no file");
    let in_use = if situation.passkey.is_in_use { ", in use" } else { "" };
    let aliases = |names: &std::collections::BTreeSet<String>| listed(names.iter().map(String::as_str).collect());
    [
        ("who calls", who),
        ("old key", situation.old_key.to_string()),
        ("its aliases", aliases(&situation.old_aliases)),
        ("its policy", place(situation.old_policy.span)),
        ("new key", new_key.to_owned()),
        ("its aliases", aliases(&situation.new_aliases)),
        ("its policy", new_policy),
        ("own policies", listed(own.iter().map(String::as_str).collect())),
        ("Passkey", format!("{passkey}{in_use}")),
    ]
}
