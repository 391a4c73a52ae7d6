//! A manual rotation of Kasten's key, in an order of which every step is simulated.
//!
//! KMS decrypts only with the key that encrypted, and Kasten wraps its master key anew only for a new Passkey. So the old key
//! stays within Kasten's reach until the new Passkey is in use, and comes back until no restore point needs it.
//!
//! Source: KMS Developer Guide, "Rotate keys manually", "Use aliases to control access to KMS keys"; Kasten's page on
//! changing Passkeys.

mod amendment;
mod deed;
mod situation;
mod told;
mod walk;

use crate::{document::Project, kasten::given::KeyArn, source::Span};
pub use amendment::Amendment;
pub use deed::Deed;
pub use situation::{Boundary, Passkey, Situation, Stuck};
pub use told::{notes, shell_word};
pub use walk::{Answers, Done, Trouble};

/// What came of looking for an order.
#[derive(Debug)]
pub struct Rotation {
    /// What it reasons from.
    pub situation: Situation,
    /// The first order that is clean at every step, each step with what Kasten then gets; or the one that comes furthest.
    pub steps: Vec<Done>,
    /// What the policies of the caller need besides.
    pub amendment: Amendment,
    /// The order of the article, step by step.
    pub article: Vec<Done>,
    /// Where the key policy lets Kasten in by name: the article's order as it is without that.
    pub hidden: Option<Vec<Done>>,
}

impl Rotation {
    /// Whether every step is clean.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.steps.iter().all(|done| done.trouble.is_none())
    }

    /// Statements of the key policy that let Kasten in whatever the alias.
    #[must_use]
    pub fn over_grants(&self) -> &[Span] {
        &self.situation.over_grants
    }
}

/// Looks for an order that never cuts Kasten off.
///
/// # Errors
/// [`Stuck`] where the files do not say who rotates what.
pub fn plan(project: &Project<'_>, new_key: Option<&KeyArn>) -> Result<Rotation, Stuck> {
    let situation = Situation::of(project, new_key)?;
    let article = walk::walk(&situation, &Amendment::None, &deed::article(&situation), walk::Reading::AsIs);
    let is_over_granted = !situation.over_grants.is_empty();
    let hidden = is_over_granted
        .then(|| walk::walk(&situation, &Amendment::None, &deed::article(&situation), walk::Reading::WithoutNaming));
    let (amendment, steps) = first_clean(&situation);
    Ok(Rotation { situation, steps, amendment, article, hidden })
}

/// The first candidate that is clean, also where nobody is let in by name; else the one that comes furthest.
fn first_clean(situation: &Situation) -> (Amendment, Vec<Done>) {
    let mut best: Option<(Amendment, Vec<Done>)> = None;
    for amendment in Amendment::candidates(situation) {
        let deeds = deed::mended(situation, &amendment);
        let steps = walk::walk(situation, &amendment, &deeds, walk::Reading::AsIs);
        let strict = walk::walk(situation, &amendment, &deeds, walk::Reading::WithoutNaming);
        let clean = |steps: &[Done]| steps.iter().take_while(|done| done.trouble.is_none()).count();
        if clean(&steps) == steps.len() && (clean(&strict) == strict.len() || !situation.works_without_naming()) {
            return (amendment, steps);
        }
        if best.as_ref().is_none_or(|(_, best)| clean(&steps) > clean(best)) {
            best = Some((amendment, steps));
        }
    }
    best.unwrap_or((Amendment::None, Vec::new()))
}

#[cfg(test)]
mod tests;
