//! A rotation as a shell script, and as Markdown.

use super::rotate_plan;
use crate::{
    kasten::rotation::{self, Deed, Done, Rotation, Situation, Trouble},
    render::place_of,
    source::Sources,
};

/// The steps as a script for a POSIX shell. What a person has to do stops it until Enter is pressed; where no order is clean
/// it does nothing and ends with 1.
pub(super) fn shell(rotation: &Rotation, explain: bool, sources: &Sources) -> String {
    let situation = &rotation.situation;
    let mut out = "#!/bin/sh\nset -eu\n".to_owned();
    if explain {
        let facts = rotate_plan::facts(situation, sources);
        out.extend(facts.map(|(name, value)| comment(&format!("{name}: {value}"))));
    }
    if let Some((number, done, trouble)) = refused(&rotation.steps) {
        let words = format!("no order is clean: step {number}, {}: {trouble}", done.deed.words(situation));
        out.extend([format!("{}exit 1\n", comment(&words))]);
        return out;
    }
    out.push_str(
        "\npause() {\n    printf '%s\\n' \"$1\" 'Press Enter when it is done, or Ctrl-C to stop.'\n    read -r _\n}\n",
    );
    for (number, done) in (1..).zip(&rotation.steps) {
        out.push('\n');
        out.push_str(&comment(&format!("{number}. {}", done.deed.words(situation))));
        out.push_str(&match &done.deed {
            Deed::Amend(_) => pause(&at(&done.deed, situation, sources)),
            Deed::OutliveRestorePoints => pause("All restore points from before the new Passkey have expired."),
            Deed::CheckInUse => in_use(situation),
            Deed::CreateKey => new_key(&done.deed.commands(situation)),
            deed => deed.commands(situation).iter().map(|command| line(command)).collect(),
        });
        if explain {
            out.push_str(&comment(&format!("simulated: {}", done.answers.words())));
        }
    }
    out
}

/// Makes the new key, if no earlier run made it; what it is called is told, so that a later run can take it.
fn new_key(commands: &[String]) -> String {
    let lines = commands.iter().map(|command| format!("    {}", line(command)));
    let lines: String = lines.collect();
    format!(
        "# NEW_KEY=ARN in the environment takes a key that an earlier run made.\nif [ -z \"${{NEW_KEY:-}}\" ]; then\n{lines}fi\n\
         printf 'the new key is %s\\n' \"$NEW_KEY\"\n"
    )
}

/// A command; what a person does by hand stands among them as a comment.
fn line(command: &str) -> String {
    command.strip_prefix("# ").map_or_else(|| format!("{command}\n"), pause)
}

/// The first step that must not stand where it does.
fn refused(steps: &[Done]) -> Option<(usize, &Done, Trouble)> {
    (1..).zip(steps).find_map(|(number, done)| Some((number, done, done.trouble?)))
}

/// Lines that a shell passes over, whatever a name holds.
fn comment(text: &str) -> String {
    format!("# {}\n", text.replace(char::is_control, " "))
}

fn pause(text: &str) -> String {
    format!("pause {}\n", rotation::shell_word(text))
}

fn in_use(situation: &Situation) -> String {
    let name = situation.next_passkey();
    let name = rotation::shell_word(&name);
    let asked = format!("kubectl get passkeys.vault.kio.kasten.io {name} -o jsonpath='{{.status.inuse}}'");
    format!("until [ \"$({asked})\" = true ]; do\n    sleep 5\ndone\n")
}

/// What of the files a change to the policies is made in.
fn at(deed: &Deed, situation: &Situation, sources: &Sources) -> String {
    let words = deed.words(situation);
    let Deed::Amend(amendment) = deed else { return words };
    let places: Vec<String> =
        amendment.places(situation).into_iter().filter_map(|span| place_of(span, sources)).collect();
    if places.is_empty() { words } else { format!("{words} (at {})", places.join(", ")) }
}

/// The plan as a page of Markdown.
pub(super) fn markdown(rotation: &Rotation, explain: bool, sources: &Sources) -> String {
    let situation = &rotation.situation;
    let mut out = format!("# Rotate {}\n", code(situation.old_key.as_str()));
    if explain {
        out.push_str("\n## What this plan reasons from\n\n");
        let facts = rotate_plan::facts(situation, sources);
        out.extend(facts.map(|(name, value)| format!("- {name}: {}\n", plain(&value))));
    }
    out.push_str("\n## The order of Kasten's article\n\n");
    out.push_str(&verdict(&rotation.article, situation));
    if let Some(hidden) = &rotation.hidden {
        out.push_str("\nThe key policy lets Kasten in by name, whatever the key's alias. Without that statement:\n\n");
        out.push_str(&verdict(hidden, situation));
    }
    let title = if rotation.is_clean() { "An order that is clean at every step" } else { "No order is clean" };
    out.extend([format!("\n## {title}\n")]);
    for (number, done) in (1..).zip(&rotation.steps) {
        out.extend([format!("\n{:<4}{}\n", format!("{number}."), plain(&at(&done.deed, situation, sources)))]);
        let commands = done.deed.commands(situation);
        let mut lines = commands.iter().flat_map(|command| command.lines()).peekable();
        if lines.peek().is_some() {
            out.push_str("\n    ```sh\n");
            lines.for_each(|line| out.extend(["    ", line, "\n"]));
            out.push_str("    ```\n");
        }
        if let Some(trouble) = done.trouble {
            out.extend([format!("\n    **refused**: {trouble}\n")]);
            break;
        }
        if explain {
            out.extend([format!("\n    simulated: {}\n", done.answers.words())]);
        }
    }
    out.push_str("\n## Good to know\n\n");
    out.extend(rotation::notes(rotation).iter().map(|note| format!("- {}\n", plain(note))));
    out
}

fn verdict(order: &[Done], situation: &Situation) -> String {
    match refused(order) {
        Some((number, done, trouble)) => {
            format!("Refused at step {number}, {}: {trouble}.\n", plain(&done.deed.words(situation)))
        }
        None => "Clean at every step.\n".to_owned(),
    }
}

/// A text in which no name begins a line, a link or HTML.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' | '[' | '*' | '_' => out.extend(['\\', character]),
            character if character.is_control() => out.push(' '),
            character => out.push(character),
        }
    }
    out
}

fn code(text: &str) -> String {
    format!("`{text}`")
}
