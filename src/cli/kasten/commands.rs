//! Commands on a screen: broken before an option, so that a shell takes them as they stand.

use crate::render::{self, Style};

/// How far commands are indented.
pub(super) const INDENT: usize = 8;

/// A step with its number.
pub(super) fn numbered(number: usize, text: &str, style: &Style) -> String {
    render::rows(&[[format!("{number:>3}."), String::new(), text.to_owned()]], style)
}

/// A command in lines of the screen's width; every line but the last ends with `\`.
pub(super) fn lines(command: &str, style: &Style) -> String {
    if command.contains('\n') {
        return verbatim(command);
    }
    let mut lines: Vec<String> = Vec::new();
    for part in parts(command) {
        let indent = if lines.is_empty() { INDENT } else { INDENT + 2 };
        match lines.last_mut() {
            // Room for the blank and the backslash of a line that goes on.
            Some(line) if line.len() + 1 + part.len() + 2 <= style.width => {
                line.push(' ');
                line.push_str(part);
            }
            _ => lines.push(format!("{}{part}", " ".repeat(indent))),
        }
    }
    lines.join(" \\\n") + "\n"
}

/// A document within a command ends with a word at the start of its line, so that nothing may be put before it.
fn verbatim(command: &str) -> String {
    command.to_owned() + "\n"
}

/// A command's words with what belongs to them: an option with its value, and what follows `&&`.
fn parts(command: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = command;
    while let Some(at) = rest.get(1..).and_then(|tail| next(tail).map(|at| at + 1)) {
        let (part, tail) = rest.split_at(at);
        parts.push(part.trim());
        rest = tail.trim_start();
    }
    parts.push(rest.trim());
    parts
}

fn next(text: &str) -> Option<usize> {
    [" --", " && "].iter().filter_map(|mark| text.find(mark)).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_command_is_broken_before_its_options() {
        let style =
            Style { color: false, unicode: true, width: 40, most: 0, verbose: false, suppressed: false, quiet: false };
        let command = "aws kms create-alias --alias-name alias/kasten --target-key-id abc";
        let expected =
            "        aws kms create-alias \\\n          --alias-name alias/kasten \\\n          --target-key-id abc\n";
        assert_eq!(lines(command, &style), expected);
    }
}
