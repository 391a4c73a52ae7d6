//! How the places of a Kasten set-up stand, a line each.

use super::{
    Style,
    screen::{Ink, painted, push_hanging, wrapped},
};
use crate::finding::{Place, Standing, State};

/// The lines, and a blank one below; nothing where there are none.
pub(super) fn lines(set_up: &[Standing], style: &Style) -> String {
    let mut out = String::new();
    if set_up.is_empty() {
        return out;
    }
    let widest = Place::ALL.iter().map(|place| place.title().len()).max().unwrap_or_default();
    let states = [State::Ok, State::Wrong, State::Unknown].map(|state| told(state).0.len());
    let of_state = states.into_iter().max().unwrap_or_default();
    for standing in set_up {
        let (word, ink) = told(standing.state);
        let title = standing.place.title();
        out.push_str(&painted(title, Ink::Strong, style));
        out.push_str(&" ".repeat(widest - title.len() + 2));
        out.push_str(&painted(word, ink, style));
        out.push_str(&" ".repeat(of_state - word.len() + 2));
        let indent = widest + of_state + 4;
        push_hanging(&mut out, &wrapped(&standing.because, indent, indent, style), indent);
    }
    out.push('\n');
    out
}

const fn told(state: State) -> (&'static str, Ink) {
    match state {
        State::Ok => ("ok", Ink::Fix),
        State::Wrong => ("wrong", Ink::Error),
        State::Unknown => ("cannot tell", Ink::Warning),
    }
}
