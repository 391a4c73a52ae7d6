//! How much work a proof may take, counted in steps, so that the same question ends the same way on every machine.

/// What ended before an answer was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Exhausted {
    /// The texts of one key, of resources or of actions fall into too many classes.
    #[error("the wildcards fall into too many classes for the budget")]
    Classes,
    /// The conditions hang together in too many ways.
    #[error("the conditions hang together in too many ways for the budget")]
    Diagram,
}

/// The steps that are left.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    left: u64,
}

/// How many steps a millisecond stands for: about what one takes on a slow machine.
const STEPS_A_MILLISECOND: u64 = 10_000;

impl Budget {
    /// The budget where nothing else is said, in milliseconds.
    pub const DEFAULT: u64 = 5_000;

    /// What about so many milliseconds allow.
    #[must_use]
    pub const fn of_milliseconds(milliseconds: u64) -> Self {
        Self { left: milliseconds.saturating_mul(STEPS_A_MILLISECOND) }
    }

    /// Takes steps from it.
    ///
    /// # Errors
    /// `what`, where fewer are left.
    pub fn take(&mut self, steps: usize, what: Exhausted) -> Result<(), Exhausted> {
        self.left = self.left.checked_sub(steps as u64).ok_or(what)?;
        Ok(())
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::of_milliseconds(Self::DEFAULT)
    }
}
