//! Goes through an order step by step, and asks the simulator after each what Kasten still gets.
//!
//! What a change to an alias or a policy does is not seen at once: until the wait is over, a request may be decided by what was
//! before. And whether Kasten uses the new Passkey is not known until somebody looks. So each step is held against every
//! way in which the world may stand.
//!
//! Source: KMS Developer Guide, "Use aliases to control access to KMS keys" (up to five minutes).

use std::collections::BTreeSet;

use super::{Amendment, Boundary, Deed, Situation, situation};
use crate::{
    policy::{Policy, PolicyKind, PolicySet},
    semantics::{Context, Request, Value},
    simulate::{Compiled, Outcome, Scratch},
};

/// How the key policies are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    AsIs,
    /// Without the statements that let Kasten in by name.
    WithoutNaming,
}

/// What Kasten gets once a step has taken effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answers {
    /// `kms:Decrypt` with the old key; `None` once it is disabled.
    pub old_decrypt: Option<Outcome>,
    /// `kms:Encrypt` with the new key; `None` until there is one.
    pub new_encrypt: Option<Outcome>,
    /// `kms:Decrypt` with the new key.
    pub new_decrypt: Option<Outcome>,
}

/// A step that was gone through.
#[derive(Clone, Debug)]
pub struct Done {
    /// What it did.
    pub deed: Deed,
    /// What Kasten then gets.
    pub answers: Answers,
    /// What is wrong with it at this place.
    pub trouble: Option<Trouble>,
}

/// Why a step must not stand where it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// What is encrypted cannot be read.
    #[error("Kasten may not decrypt with the old key then, and its master key is still wrapped with it")]
    OldLost,
    /// Restore points cannot be read.
    #[error("Kasten may not decrypt with the old key then, which restore points still need")]
    RestoreLost,
    /// What the new Passkey wraps cannot be read.
    #[error("Kasten may not decrypt with the new key then")]
    NewLost,
    /// The new Passkey cannot be made.
    #[error("Kasten may not encrypt with the new key yet, so that the Passkey fails")]
    NoEncrypt,
    /// What was just changed may not count yet.
    #[error("a change to an alias or a policy takes up to five minutes to count, and until then Kasten is cut off")]
    TooSoon,
    /// Nobody has looked whether the new Passkey is in use.
    #[error("nobody has looked whether the new Passkey is in use: the old one may still be")]
    NotLooked,
    /// The old key may still be needed, and deletion cannot be taken back.
    #[error("the key is still enabled: disabling it first shows who needs it, and can be taken back; deletion cannot")]
    NotDisabled,
    /// Restore points may still need the old key.
    #[error("restore points for disaster recovery may still need the key, and deletion cannot be taken back")]
    RestorePoints,
    /// The files do not decide it.
    #[error("these files do not decide whether Kasten may still use both keys")]
    Undecided,
}

/// By what a request is decided.
#[derive(Clone, Debug)]
struct World {
    old_aliases: BTreeSet<String>,
    new_aliases: BTreeSet<String>,
    is_amended: bool,
}

/// Which Passkey Kasten uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Used {
    Old,
    Either,
    New,
}

struct Walker<'s> {
    situation: &'s Situation,
    /// Old and new key, each with the caller's policies as they are and as they are amended.
    compiled: [[Compiled; 2]; 2],
    now: World,
    /// What may still count.
    before: Vec<World>,
    used: Used,
    has_new_key: bool,
    is_disabled: bool,
    is_outlived: bool,
}

#[derive(Clone, Copy)]
enum Which {
    Old,
    New,
}

/// Whether Kasten reaches its key before anything is done.
pub(super) fn starts_well(situation: &Situation, reading: Reading) -> bool {
    let walker = Walker::new(situation, &Amendment::None, reading);
    let answer = |action| walker.asks(action, Which::Old, &walker.now);
    answer("kms:Decrypt") == Outcome::Allowed
}

/// Goes through an order.
pub(super) fn walk(situation: &Situation, amendment: &Amendment, deeds: &[Deed], reading: Reading) -> Vec<Done> {
    let mut walker = Walker::new(situation, amendment, reading);
    deeds.iter().map(|deed| walker.step(deed)).collect()
}

impl<'s> Walker<'s> {
    fn new(situation: &'s Situation, amendment: &Amendment, reading: Reading) -> Self {
        let plain = situation.identity.clone();
        let amended = amendment.apply(&plain, situation.old_key.as_str());
        let key = |policy: &Policy| match reading {
            Reading::AsIs => policy.clone(),
            Reading::WithoutNaming => {
                let mut policy = policy.clone();
                policy.statements.retain(|statement| !situation::names(statement, &situation.principal));
                policy
            }
        };
        let (old, new) = (key(&situation.old_policy), key(&situation.new_policy));
        let laid_out = |key: &Policy, own: &[Policy]| {
            Compiled::new(&PolicySet {
                identity: own.iter().collect(),
                resource: Some(key),
                resource_kind: PolicyKind::Key,
                boundary: situation.boundary.policy(),
                ..PolicySet::default()
            })
        };
        Self {
            situation,
            compiled: [
                [laid_out(&old, &plain), laid_out(&old, &amended)],
                [laid_out(&new, &plain), laid_out(&new, &amended)],
            ],
            now: World {
                old_aliases: situation.old_aliases.clone(),
                new_aliases: situation.new_aliases.clone(),
                is_amended: false,
            },
            before: Vec::new(),
            used: Used::Old,
            has_new_key: situation.new_key.is_some(),
            is_disabled: false,
            is_outlived: false,
        }
    }

    fn step(&mut self, deed: &Deed) -> Done {
        let guard = self.guard(deed);
        self.act(deed);
        let trouble = guard.or_else(|| self.trouble(deed));
        Done { deed: deed.clone(), answers: self.answers(), trouble }
    }

    /// What has to be done before a step.
    fn guard(&self, deed: &Deed) -> Option<Trouble> {
        let is_looked_at = self.used == Used::New;
        match deed {
            Deed::DeletePasskey | Deed::Disable | Deed::ScheduleDeletion(_) if !is_looked_at => {
                Some(Trouble::NotLooked)
            }
            Deed::ScheduleDeletion(_) if !self.is_disabled => Some(Trouble::NotDisabled),
            Deed::ScheduleDeletion(_) if !self.is_outlived => Some(Trouble::RestorePoints),
            _ => None,
        }
    }

    fn act(&mut self, deed: &Deed) {
        let was = self.now.clone();
        match deed {
            Deed::Amend(_) => self.now.is_amended = true,
            Deed::SecondAlias(name) => {
                self.now.old_aliases.insert(name.clone());
            }
            Deed::MoveAliases(names) => {
                for name in names {
                    self.now.old_aliases.remove(name);
                    self.now.new_aliases.insert(name.clone());
                }
            }
            Deed::Wait => self.before.clear(),
            Deed::CreateKey => self.has_new_key = true,
            Deed::CreatePasskey => self.used = Used::Either,
            Deed::CheckInUse => self.used = if self.used == Used::Old { Used::Old } else { Used::New },
            Deed::Disable => self.is_disabled = true,
            Deed::OutliveRestorePoints => self.is_outlived = true,
            Deed::DeletePasskey | Deed::ScheduleDeletion(_) => {}
        }
        if matches!(deed, Deed::Amend(_) | Deed::SecondAlias(_) | Deed::MoveAliases(_)) {
            self.before.push(was);
        }
    }

    /// What is wrong after a step: as all changes count at last, and as some may not count yet.
    fn trouble(&self, deed: &Deed) -> Option<Trouble> {
        self.trouble_in(&self.now, deed).or_else(|| {
            let earlier = self.before.iter().find_map(|world| self.trouble_in(world, deed));
            earlier.map(|trouble| if trouble == Trouble::Undecided { trouble } else { Trouble::TooSoon })
        })
    }

    fn trouble_in(&self, world: &World, deed: &Deed) -> Option<Trouble> {
        let mut needs = Vec::new();
        if !self.is_disabled {
            let lost = if self.used == Used::New { Trouble::RestoreLost } else { Trouble::OldLost };
            needs.push(("kms:Decrypt", Which::Old, lost));
        }
        if *deed == Deed::CreatePasskey {
            needs.push(("kms:Encrypt", Which::New, Trouble::NoEncrypt));
        }
        if self.used != Used::Old {
            needs.push(("kms:Decrypt", Which::New, Trouble::NewLost));
        }
        needs.into_iter().find_map(|(action, key, trouble)| match self.asks(action, key, world) {
            Outcome::Allowed => None,
            Outcome::Undecided => Some(Trouble::Undecided),
            Outcome::ExplicitlyDenied | Outcome::ImplicitlyDenied => Some(trouble),
        })
    }

    fn answers(&self) -> Answers {
        let new = |action| self.has_new_key.then(|| self.asks(action, Which::New, &self.now));
        Answers {
            old_decrypt: (!self.is_disabled).then(|| self.asks("kms:Decrypt", Which::Old, &self.now)),
            new_encrypt: new("kms:Encrypt"),
            new_decrypt: new("kms:Decrypt"),
        }
    }

    fn asks(&self, action: &str, key: Which, world: &World) -> Outcome {
        let (row, arn, aliases, policy) = match key {
            Which::Old => (
                &self.compiled[0],
                self.situation.old_key.as_str().to_owned(),
                &world.old_aliases,
                &self.situation.old_policy,
            ),
            Which::New => (&self.compiled[1], self.situation.new_key(), &world.new_aliases, &self.situation.new_policy),
        };
        let all = self.situation.identity.iter().chain(self.situation.boundary.policy()).chain([policy]);
        if !all.into_iter().all(Policy::is_complete) {
            return Outcome::Undecided;
        }
        let compiled = &row[usize::from(world.is_amended)];
        let request = Request::new(self.situation.caller.clone(), action, &arn, None, context(aliases));
        match compiled.outcome(&request, &mut Scratch::default()) {
            Outcome::Allowed if matches!(self.situation.boundary, Boundary::Unseen) => Outcome::Undecided,
            outcome => outcome,
        }
    }
}

/// What Kasten's requests carry. Source: KMS Developer Guide, "AWS KMS condition keys"; what depends on where Kasten runs is
/// not known.
fn context(aliases: &BTreeSet<String>) -> Context {
    const OPEN: [&str; 11] = [
        "aws:PrincipalOrgID",
        "aws:PrincipalOrgPaths",
        "aws:ResourceOrgID",
        "aws:ResourceOrgPaths",
        "aws:SourceIp",
        "aws:SourceVpc",
        "aws:SourceVpce",
        "aws:VpcSourceIp",
        "kms:KeyOrigin",
        "kms:MultiRegion",
        "kms:MultiRegionKeyType",
    ];
    let mut context = Context::default();
    context.set("kms:ResourceAliases", Value::Many(aliases.iter().cloned().collect()));
    context.set("kms:EncryptionAlgorithm", Value::One("SYMMETRIC_DEFAULT".to_owned()));
    context.set("kms:KeySpec", Value::One("SYMMETRIC_DEFAULT".to_owned()));
    context.set("kms:KeyUsage", Value::One("ENCRYPT_DECRYPT".to_owned()));
    for key in OPEN {
        context.set(key, Value::Unknown);
    }
    context
}
