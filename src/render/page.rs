//! Prose for a terminal: headings, paragraphs, and a rule's Markdown page.

use super::{
    Style,
    screen::{Ink, columns, painted, push_hanging, shown, wrapped},
};

/// How far the text of a page is indented.
const INDENT: usize = 2;

/// A line that stands out.
#[must_use]
pub fn heading(text: &str, style: &Style) -> String {
    wrapped(text, 0, 0, style).iter().map(|line| painted(line, Ink::Strong, style) + "\n").collect()
}

/// Text in lines of the screen's width.
#[must_use]
pub fn paragraph(text: &str, indent: usize, style: &Style) -> String {
    let mut out = " ".repeat(indent);
    push_hanging(&mut out, &wrapped(text, indent, indent, style), indent);
    out
}

/// Rows of three columns; the first two are as wide as their longest text, the last is broken into lines.
#[must_use]
pub fn rows(rows: &[[String; 3]], style: &Style) -> String {
    let wide = |column: usize| rows.iter().map(|row| columns(&row[column])).max().unwrap_or_default();
    let (first, second) = (wide(0), wide(1));
    let indent = first + second + 4;
    let mut out = String::new();
    for [name, origin, value] in rows {
        let pad = |text: &str, width: usize| " ".repeat(width - columns(text) + 2);
        out.push_str(&painted(&shown(name, style), Ink::Strong, style));
        out.push_str(&pad(name, first));
        out.push_str(&painted(&shown(origin, style), Ink::Faint, style));
        out.push_str(&pad(origin, second));
        push_hanging(&mut out, &wrapped(value, indent, indent, style), indent);
    }
    out
}

/// A page of Markdown with headings of the second level and paragraphs.
#[must_use]
pub fn document(markdown: &str, style: &Style) -> String {
    let mut out = String::new();
    for block in markdown.split("\n\n").flat_map(|block| split_heading(block.trim())) {
        match block.strip_prefix("## ") {
            Some(title) => {
                out.push('\n');
                out.push_str(&heading(title, style));
            }
            None if block.is_empty() => {}
            None => {
                let words: Vec<&str> = block.split_whitespace().collect();
                out.push_str(&paragraph(&words.join(" "), INDENT, style));
            }
        }
    }
    out
}

/// A heading and the paragraph that follows it without a blank line.
fn split_heading(block: &str) -> Vec<&str> {
    match block.split_once('\n') {
        Some((first, rest)) if first.starts_with("## ") => vec![first, rest],
        _ => vec![block],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_wrapped_under_its_headings() {
        let style =
            Style { color: false, unicode: true, width: 20, most: 0, verbose: false, suppressed: false, quiet: false };
        let page = document(" ## Why it matters\n Everybody may\n read it.\n\n ## Source\n A page.\n", &style);
        assert_eq!(page, "\nWhy it matters\n  Everybody may read\n  it.\n\nSource\n  A page.\n");
    }
}
