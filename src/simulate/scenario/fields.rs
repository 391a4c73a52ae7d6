//! The fields of a file that tells kpl what to do, a scenario or a rule: those that may stand where, and complaints about others.

use crate::{
    finding::Complaint,
    spelling,
    syntax::{Member, Node, Value},
};

/// The members of an object by the names that may stand there; what else stands there is told.
pub(crate) fn of<'n, 'a>(
    node: &'n Node<'a>,
    what: &str,
    known: &[&'static str],
    complaints: &mut Vec<Complaint>,
) -> Fields<'n, 'a> {
    let mut fields = Fields { members: Vec::new(), meant: Vec::new(), is_object: true };
    let Some(members) = node.as_map() else {
        complaints.push(Complaint::new(node.span, format!("{what} is an object, not {}", node.kind())));
        fields.is_object = false;
        return fields;
    };
    for member in members {
        let Some(name) = known.iter().find(|name| **name == member.key) else {
            fields.meant.push(nearest(&member.key, known));
            complaints.push(unknown(member, what, known));
            continue;
        };
        if fields.members.iter().any(|(other, _)| other == name) {
            let message = format!("`{name}` stands twice in {what}");
            complaints.push(Complaint::new(member.key_span, message).help("keep one of them"));
            continue;
        }
        fields.members.push((name, member));
    }
    fields
}

/// The members of an object, each at most once.
pub(crate) struct Fields<'n, 'a> {
    members: Vec<(&'static str, &'n Member<'a>)>,
    /// For each unknown field, the name that was probably meant.
    meant: Vec<Option<&'static str>>,
    is_object: bool,
}

impl<'n, 'a> Fields<'n, 'a> {
    /// The value of a field.
    pub(crate) fn get(&self, name: &str) -> Option<&'n Node<'a>> {
        self.members.iter().find(|(known, _)| *known == name).map(|(_, member)| &member.value)
    }

    /// Whether all that stands there is known.
    pub(crate) fn are_known(&self) -> bool {
        self.is_object && self.meant.is_empty()
    }

    /// The value of a field that must be there; a lack that another complaint explains is not told.
    pub(crate) fn need(
        &self,
        name: &'static str,
        what: &str,
        place: &Node<'_>,
        complaints: &mut Vec<Complaint>,
    ) -> Option<&'n Node<'a>> {
        let found = self.get(name);
        let is_told = !self.is_object || self.meant.contains(&Some(name));
        if found.is_none() && !is_told {
            complaints.push(Complaint::new(place.span, format!("{what} has no `{name}`")));
        }
        found
    }
}

fn unknown(member: &Member<'_>, what: &str, known: &[&'static str]) -> Complaint {
    let complaint = Complaint::new(member.key_span, format!("{what} has no field `{}`", shortened(&member.key)));
    match nearest(&member.key, known) {
        Some(meant) => complaint.help(format!("did you mean `{meant}`?")),
        None => complaint.help(format!("its fields are {}", known.join(", "))),
    }
}

/// The known name that a misspelt one was probably meant to be.
pub(crate) fn nearest(name: &str, known: &[&'static str]) -> Option<&'static str> {
    let folded = |text: &str| text.to_ascii_lowercase().replace('-', "_");
    spelling::by_edits(name, known.iter().copied(), folded)
}

/// How many characters of a file's own text a message repeats.
const SHOWN: usize = 60;

pub(crate) fn shortened(text: &str) -> String {
    crate::source::shortened(text, SHOWN)
}

/// The text of a string; anything else is told.
pub(crate) fn text<'n>(node: &'n Node<'_>, what: &str, complaints: &mut Vec<Complaint>) -> Option<&'n str> {
    let text = node.as_str();
    if text.is_none() {
        complaints.push(Complaint::new(node.span, format!("{what} is a string, not {}", node.kind())));
    }
    text
}

/// A Boolean; anything else is told.
pub(crate) fn flag(node: &Node<'_>, what: &str, complaints: &mut Vec<Complaint>) -> bool {
    if let Value::Bool(value) = node.value {
        return value;
    }
    complaints.push(Complaint::new(node.span, format!("{what} is true or false, not {}", node.kind())));
    false
}

/// A string, and a number or a Boolean by its spelling.
pub(crate) fn scalar(node: &Node<'_>) -> Option<String> {
    match &node.value {
        Value::String(text) | Value::Number(text) => Some(text.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// The items of a list; anything else is told.
pub(crate) fn list<'n, 'a>(node: &'n Node<'a>, what: &str, complaints: &mut Vec<Complaint>) -> Option<&'n [Node<'a>]> {
    let items = node.as_list();
    if items.is_none() {
        complaints.push(Complaint::new(node.span, format!("{what} is a list, not {}", node.kind())));
    }
    items
}

pub(crate) fn is_null(node: &Node<'_>) -> bool {
    node.value == Value::Null
}
