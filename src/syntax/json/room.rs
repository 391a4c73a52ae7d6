//! The room that a reader keeps what it has read in until brackets close.

use std::cell::RefCell;

use super::{Member, Node};

/// The lists of a reader. To ask for them anew takes longer than to read a short text, so each thread keeps its last.
pub(super) struct Room<'a> {
    pub(super) open: Vec<(u8, usize)>,
    pub(super) members: Vec<Member<'a>>,
    pub(super) items: Vec<Node<'a>>,
}

/// How many items the lists that are kept have room for; those of a larger text are given back.
const MOST: usize = 1024;

thread_local! {
    static KEPT: RefCell<Option<Room<'static>>> = const { RefCell::new(None) };
}

impl Room<'_> {
    /// Empty lists.
    pub(super) fn take() -> Self {
        KEPT.take().unwrap_or_else(|| Self {
            open: Vec::with_capacity(8),
            members: Vec::with_capacity(16),
            items: Vec::with_capacity(16),
        })
    }

    /// Keeps the lists for the next text of this thread.
    pub(super) fn keep(mut self) {
        if self.members.capacity().max(self.items.capacity()) > MOST {
            return;
        }
        self.open.clear();
        // What a list holds is dropped, and its room serves for the items of another text, which live otherwise long.
        let members = self.members.into_iter().map_while(|_| None).collect();
        let items = self.items.into_iter().map_while(|_| None).collect();
        KEPT.set(Some(Room { open: self.open, members, items }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_lists_are_empty_and_have_their_room() {
        let mut room = Room::take();
        room.open.push((b'{', 0));
        room.items.reserve(100);
        room.keep();
        let room = Room::take();
        assert!(room.open.is_empty() && room.members.is_empty() && room.items.is_empty());
        assert!(room.items.capacity() >= 100);
    }
}
