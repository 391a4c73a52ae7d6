//! The tree that every notation is read into.

use std::borrow::Cow;

use crate::source::Span;

/// A value and its place. The place of a quoted string holds its quotes.
#[derive(Clone, Debug, PartialEq)]
pub struct Node<'a> {
    /// What was read.
    pub value: Value<'a>,
    /// Where it stands.
    pub span: Span,
}

/// What a node may be: JSON's values, and one that the file does not give.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it is spelt.
    Number(Cow<'a, str>),
    /// A string, its escapes resolved.
    String(Cow<'a, str>),
    /// A list.
    List(Vec<Node<'a>>),
    /// An object; its members in the order of the file, those that occur twice included.
    Map(Vec<Member<'a>>),
    /// A value that the file does not give: it may be anything.
    Unknown,
}

/// One member of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Member<'a> {
    /// Its name, escapes resolved.
    pub key: Cow<'a, str>,
    /// Where the name stands, quotes included.
    pub key_span: Span,
    /// Its value.
    pub value: Node<'a>,
}

impl<'a> Node<'a> {
    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The members of an object.
    #[must_use]
    pub fn as_map(&self) -> Option<&[Member<'a>]> {
        match &self.value {
            Value::Map(members) => Some(members),
            _ => None,
        }
    }

    /// The items of a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Node<'a>]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The items of a list, or the node itself as the only one: IAM takes both wherever it takes a list.
    #[must_use]
    pub fn items(&self) -> &[Node<'a>] {
        self.as_list().unwrap_or(std::slice::from_ref(self))
    }

    /// The value of a member, by its exact name; the first one where it occurs twice.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Node<'a>> {
        self.as_map()?.iter().find(|member| member.key == name).map(|member| &member.value)
    }

    /// What the value is, in JSON's words, for messages.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "null",
            Value::Bool(_) => "a Boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::List(_) => "a list",
            Value::Map(_) => "an object",
            Value::Unknown => "not known",
        }
    }

    /// The same tree, free of the text that it was read from.
    #[must_use]
    pub fn into_owned(self) -> Node<'static> {
        let value = match self.value {
            Value::Null => Value::Null,
            Value::Bool(value) => Value::Bool(value),
            Value::Number(text) => Value::Number(Cow::Owned(text.into_owned())),
            Value::String(text) => Value::String(Cow::Owned(text.into_owned())),
            Value::List(items) => Value::List(items.into_iter().map(Node::into_owned).collect()),
            Value::Map(members) => Value::Map(members.into_iter().map(Member::into_owned).collect()),
            Value::Unknown => Value::Unknown,
        };
        Node { value, span: self.span }
    }

    /// Replaces every place of the tree, as when a text inside another is placed in the outer one.
    pub fn map_spans(&mut self, place: &impl Fn(Span) -> Span) {
        self.span = place(self.span);
        match &mut self.value {
            Value::List(items) => items.iter_mut().for_each(|item| item.map_spans(place)),
            Value::Map(members) => {
                for member in members {
                    member.key_span = place(member.key_span);
                    member.value.map_spans(place);
                }
            }
            _ => {}
        }
    }

    /// The deepest value that holds a place, and its JSON pointer (RFC 6901). A member's name counts as its value.
    #[must_use]
    pub fn find(&self, place: Span) -> (String, &Self) {
        let mut pointer = String::new();
        let mut here = self;
        loop {
            let step = match &here.value {
                Value::List(items) => item_at(items, place)
                    .or_else(|| items.iter().position(|item| item.span.contains(place)))
                    .and_then(|index| Some((index.to_string(), items.get(index)?, true))),
                Value::Map(members) => member_at(members, place).map(|member| {
                    let name = member.key.replace('~', "~0").replace('/', "~1");
                    (name, &member.value, member.value.span.contains(place))
                }),
                _ => None,
            };
            let Some((name, value, is_within)) = step else { return (pointer, here) };
            pointer.push('/');
            pointer.push_str(&name);
            here = value;
            if !is_within {
                return (pointer, here);
            }
        }
    }
}

/// The member that holds a place; looked for by its place first, as for items.
fn member_at<'n, 'a>(members: &'n [Member<'a>], place: Span) -> Option<&'n Member<'a>> {
    let index = members.partition_point(|member| member.value.span.end <= place.start);
    let near = members.get(index).filter(|member| member.holds(place));
    near.or_else(|| members.iter().find(|member| member.holds(place)))
}

/// The item that holds a place, where the items stand in the order of the text, as all but YAML's aliases do.
fn item_at(items: &[Node<'_>], place: Span) -> Option<usize> {
    let index = items.partition_point(|item| item.span.end <= place.start);
    items.get(index).filter(|item| item.span.contains(place)).map(|_| index)
}

impl Member<'_> {
    fn into_owned(self) -> Member<'static> {
        Member { key: Cow::Owned(self.key.into_owned()), key_span: self.key_span, value: self.value.into_owned() }
    }

    /// The member's whole place: name, colon and value.
    #[must_use]
    pub fn span(&self) -> Span {
        self.key_span.to(self.value.span)
    }

    fn holds(&self, place: Span) -> bool {
        self.key_span.contains(place) || self.value.span.contains(place) || self.span().contains(place)
    }
}
