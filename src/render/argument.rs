//! An answer with what speaks for it, as a few lines for a person.

use super::{
    Style,
    screen::{Ink, painted, push_hanging, shown, wrapped},
};
use crate::source::{Sources, Span};

/// How an answer is meant to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As good news.
    Good,
    /// As bad news.
    Bad,
    /// As a question that is still open.
    Open,
    /// As plain.
    Plain,
}

/// An answer with what speaks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// How the answer is to be taken.
    pub tone: Tone,
    /// The answer, a word or two.
    pub answer: String,
    /// What was asked.
    pub about: String,
    /// What decided, one clause.
    pub because: String,
    /// What speaks for it.
    pub points: Vec<Point>,
    /// What else is to be said: a word, and a clause.
    pub notes: Vec<(&'static str, String)>,
}

/// One thing that speaks for an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// What it does, a word.
    pub word: &'static str,
    /// How that is to be taken.
    pub tone: Tone,
    /// Where it stands.
    pub span: Option<Span>,
    /// What it is, one clause.
    pub text: String,
}

const INDENT: usize = 2;

impl Tone {
    const fn ink(self) -> Ink {
        match self {
            Self::Good => Ink::Fix,
            Self::Bad => Ink::Error,
            Self::Open => Ink::Warning,
            Self::Plain => Ink::Faint,
        }
    }
}

/// The lines of an argument, each further in than `indent`.
#[must_use]
pub fn argument(argument: &Argument, indent: usize, sources: &Sources, style: &Style) -> String {
    let mut out = " ".repeat(indent);
    out.push_str(&painted(&argument.answer, argument.tone.ink(), style));
    out.push_str(": ");
    let inner = indent + INDENT;
    push_hanging(&mut out, &wrapped(&argument.about, indent + argument.answer.len() + 2, inner, style), inner);
    out.push_str(&" ".repeat(inner));
    push_hanging(&mut out, &wrapped(&argument.because, inner, inner, style), inner);
    let widest = argument.points.iter().map(|point| point.word.len()).max().unwrap_or_default();
    for point in &argument.points {
        push_point(&mut out, point, widest, inner + INDENT, sources, style);
    }
    for (word, text) in &argument.notes {
        out.push_str(&" ".repeat(inner));
        out.push_str(&painted(word, Ink::Note, style));
        out.push_str(": ");
        push_hanging(&mut out, &wrapped(text, inner + word.len() + 2, inner + INDENT, style), inner + INDENT);
    }
    out
}

/// A line with a word that says how something went.
#[must_use]
pub fn status(word: &str, tone: Tone, text: &str, style: &Style) -> String {
    let mut out = painted(word, tone.ink(), style);
    out.push_str(": ");
    push_hanging(&mut out, &wrapped(text, word.len() + 2, INDENT, style), INDENT);
    out
}

fn push_point(out: &mut String, point: &Point, widest: usize, indent: usize, sources: &Sources, style: &Style) {
    out.push_str(&" ".repeat(indent));
    out.push_str(&painted(point.word, point.tone.ink(), style));
    let behind = indent + widest + 2;
    out.push_str(&" ".repeat(widest - point.word.len() + 2));
    let place = point.span.and_then(|span| place_of(span, sources));
    let text = match place {
        Some(place) => format!("{}  {}", shown(&place, style), point.text),
        None => point.text.clone(),
    };
    push_hanging(out, &wrapped(&text, behind, behind, style), behind);
}

/// `file:line:column`.
#[must_use]
pub fn place_of(span: Span, sources: &Sources) -> Option<String> {
    let source = sources.get(span.source)?;
    let position = source.position(span.start);
    Some(format!("{}:{}:{}", source.name(), position.line, position.column))
}
