//! One tree with places, for every notation.
//!
//! Readers are tolerant: what is broken becomes a [`Fault`] beside the tree, with a repair where the intent is plain,
//! and the rest is read on. They know no policy.

pub mod embed;
pub mod json;
mod node;
pub mod print;
pub mod yaml;

pub use node::{Member, Node, Value};

use crate::source::{Edit, Span, shortened};

/// How deep objects and lists may be nested; what is deeper is not read.
pub const MAX_DEPTH: usize = 128;

/// A text as a tree, with what was wrong with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree<'a> {
    /// The first value of the text; [`Value::Null`] where there is none.
    pub root: Node<'a>,
    /// What is broken, in the order of the text.
    pub faults: Vec<Fault>,
}

/// One thing that is wrong with a text, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub cause: Cause,
    /// Where; of several places the first.
    pub span: Span,
    /// How many places share the cause; they are reported once.
    pub count: usize,
    /// What would mend all of them.
    pub repair: Option<Repair>,
}

/// Edits that make a broken text whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// What they do, as an order.
    pub title: String,
    /// Whether the text means the same afterwards whatever its author meant.
    pub safe: bool,
    /// The edits, in the order of the text.
    pub edits: Vec<Edit>,
}

/// What can be wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// There is nothing in it.
    Empty,
    /// A blank that JSON does not take for one; the character.
    Blank(char),
    /// A quotation mark of a word processor around a name or a value.
    CurlyQuote,
    /// A single quotation mark around a name or a value.
    SingleQuote,
    /// A name without quotes.
    BareName,
    /// A value without quotes; the word.
    BareWord(String),
    /// `True`, `False` or `None`, as Python writes them.
    PythonLiteral(String),
    /// A comment.
    Comment,
    /// A comma behind the last item.
    TrailingComma,
    /// A comma with nothing before it.
    ExtraComma,
    /// No comma between two items.
    MissingComma,
    /// No colon between a name and its value.
    MissingColon,
    /// A name without a value.
    MissingValue,
    /// A byte order mark.
    ByteOrderMark,
    /// An encoding other than UTF-8; its name.
    Encoding(&'static str),
    /// A byte that is no UTF-8.
    NotUtf8,
    /// A Markdown fence around the document.
    Fence,
    /// A whole document inside one string.
    EncodedTwice,
    /// A quotation mark is opened and not closed on its line.
    UnclosedString,
    /// A bracket or brace is never closed; the opening one.
    Unclosed(char),
    /// A bracket or brace closes nothing; the closing one.
    Unopened(char),
    /// A control character inside a string; its code point.
    ControlCharacter(u32),
    /// A backslash before a character that needs none; the character.
    Escape(char),
    /// Half of a surrogate pair.
    LoneSurrogate,
    /// Digits that are no number of JSON; as spelt.
    Number(String),
    /// A character that begins nothing.
    Stray(char),
    /// Text behind the end of the document.
    Trailing,
    /// Nesting beyond [`MAX_DEPTH`].
    TooDeep,
    /// More aliases than a reader follows.
    TooManyAliases,
    /// A name stands twice in one object of YAML; the name.
    Duplicate(String),
    /// The YAML reader's own words.
    Yaml(String),
}

impl Cause {
    /// Whether the text behind the fault may not have been read.
    #[must_use]
    pub const fn cuts(&self) -> bool {
        matches!(self, Self::Unclosed(_) | Self::UnclosedString | Self::TooDeep | Self::TooManyAliases | Self::Yaml(_))
    }

    /// One short clause for a person.
    #[must_use]
    pub fn message(&self, count: usize) -> String {
        let many = |one: &str, several: &str| if count == 1 { one.to_owned() } else { format!("{count} {several}") };
        match self {
            Self::Empty => "the file is empty".to_owned(),
            Self::Blank(character) => {
                many(&format!("{} is no blank in JSON", blank_name(*character)), &blank_names(*character))
            }
            Self::CurlyQuote => many("a curly quotation mark", "strings in curly quotation marks"),
            Self::SingleQuote => many("a string in single quotes", "strings in single quotes"),
            Self::BareName => many("a name without quotes", "names without quotes"),
            Self::BareWord(word) => format!("`{}` stands without quotes", shortened(word, SHOWN)),
            Self::PythonLiteral(word) => format!("`{word}` is Python's spelling, not JSON's"),
            Self::Comment => many("a comment; JSON has none", "comments; JSON has none"),
            Self::TrailingComma => "a comma behind the last item".to_owned(),
            Self::ExtraComma => "a comma with nothing before it".to_owned(),
            Self::MissingComma => many("no comma before the next item", "commas are missing"),
            Self::MissingColon => "no colon between name and value".to_owned(),
            Self::MissingValue => "a name without a value".to_owned(),
            Self::ByteOrderMark => "the file starts with a byte order mark".to_owned(),
            Self::Encoding(name) => format!("the file is {name}, not UTF-8"),
            Self::NotUtf8 => many("a byte that is no UTF-8", "bytes that are no UTF-8"),
            Self::Fence => "the document stands in a Markdown fence".to_owned(),
            Self::EncodedTwice => "the document is encoded twice: it is one string".to_owned(),
            Self::UnclosedString => "a string is not closed on its line".to_owned(),
            Self::Unclosed(bracket) => format!("this `{bracket}` is never closed"),
            Self::Unopened(bracket) => format!("this `{bracket}` closes nothing"),
            Self::ControlCharacter(9) => many("a tab inside a string", "tabs inside strings"),
            Self::ControlCharacter(10 | 13) => many("a line end inside a string", "line ends inside strings"),
            Self::ControlCharacter(code) => {
                many(&format!("U+{code:04X} inside a string"), "control characters inside strings")
            }
            Self::Escape(character) => format!("`\\{character}` is no escape of JSON"),
            Self::LoneSurrogate => "half of a surrogate pair".to_owned(),
            Self::Number(text) => format!("`{}` is no number of JSON", shortened(text, SHOWN)),
            Self::Stray(character) => format!("`{character}` begins no value"),
            Self::Trailing => "text behind the end of the document".to_owned(),
            Self::TooDeep => format!("nested deeper than {MAX_DEPTH} levels"),
            Self::TooManyAliases => "its aliases expand to too many nodes".to_owned(),
            Self::Duplicate(name) => format!("`{}` stands twice in one object", shortened(name, SHOWN)),
            Self::Yaml(message) => message.clone(),
        }
    }

    /// What to do about it, where the repair's title does not already say so.
    #[must_use]
    pub const fn help(&self) -> Option<&'static str> {
        Some(match self {
            Self::Empty => "write a policy into it, or leave it out",
            Self::Blank('\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}') => {
                "take it away; a web page or a word processor put it there"
            }
            Self::Blank(_) => "type ordinary spaces; a web page or a word processor put these there",
            Self::NotUtf8 => "save the file as UTF-8",
            Self::LoneSurrogate => "write both halves, or the character itself",
            Self::MissingValue => "write its value, or take the name away",
            Self::Number(_) => "write it as JSON does, or in quotes",
            Self::Unclosed(_) => "close it where its content ends",
            Self::Stray(_) | Self::Unopened(_) => "take it away",
            Self::EncodedTwice => "AWS takes the document itself; `terraform output -raw NAME` prints it so",
            Self::Trailing => "keep one document in a file",
            Self::TooDeep => "flatten it; this bound is fixed, and no policy comes near it",
            Self::TooManyAliases => "write the values out",
            Self::Duplicate(_) => "keep one of the two: readers differ in which of them counts",
            _ => return None,
        })
    }
}

/// How many characters of a file's own text a message repeats.
const SHOWN: usize = 40;

fn blank_name(character: char) -> String {
    match character {
        '\u{a0}' => "a no-break space (U+00A0)".to_owned(),
        '\u{200b}' => "a zero-width space (U+200B)".to_owned(),
        '\u{feff}' => "a zero-width no-break space (U+FEFF)".to_owned(),
        other => format!("U+{:04X}", u32::from(other)),
    }
}

fn blank_names(character: char) -> String {
    match character {
        '\u{a0}' => "no-break spaces (U+00A0) where JSON wants ordinary blanks".to_owned(),
        '\u{200b}' => "zero-width spaces (U+200B) where JSON wants ordinary blanks".to_owned(),
        other => format!("blanks (U+{:04X}) that JSON does not take for blanks", u32::from(other)),
    }
}
