//! From files to rules: each is read, named once, and held against its own examples.

use std::collections::HashMap;

use rayon::prelude::*;

use super::{
    Check, Rule,
    example::Examples,
    pack::{self, Pack, PackFile},
    read, shipped,
};
use crate::{
    finding::{Complaint, Family},
    rules::{self, Catalogue},
    source::{Source, Sources, Span},
};

/// Which of the shipped rules and packs a run may need.
#[derive(Clone, Copy, Debug)]
pub enum Want<'w> {
    /// None, unless a pack of the user includes one.
    Own,
    /// Those that words name, if any does.
    Named {
        /// The rules and packs that are chosen: these speak.
        chosen: &'w [String],
        /// What is named otherwise, to be ignored or to be given a severity: it means something, but speaks no sooner.
        mentioned: &'w [String],
    },
    /// All of them.
    All,
}

/// What rule files hold.
#[derive(Debug)]
pub struct Loaded {
    /// Every rule and pack that may be named now.
    pub catalogue: Catalogue,
    /// How many rules the files hold.
    pub rules: usize,
    /// How many examples were run, all of which behave.
    pub examples: usize,
}

/// What is wrong with rule files, in their order.
#[derive(Debug)]
pub struct Rejected(pub Vec<Complaint>);

/// What one file holds.
enum File {
    Rule(Box<Held>),
    Pack(PackFile),
}

/// A rule whose examples were run.
struct Held {
    rule: Rule,
    id: Span,
    examples: usize,
}

/// Reads rule files and packs, those of the user first.
///
/// # Errors
/// Everything that is wrong with the user's files, each at its place: what cannot be read, names that clash, packs that
/// include themselves or what does not exist, examples on which a rule does not behave.
pub fn load(own: &Sources, want: Want<'_>) -> Result<Loaded, Rejected> {
    let mut complaints = Vec::new();
    let (held, mut packs) = read_all(own, &mut complaints);
    complaints.extend(clashes(&held, &packs, own));
    let needs_shipped = match want {
        Want::All => true,
        Want::Own => !packs.is_empty(),
        Want::Named { chosen, mentioned } => {
            !packs.is_empty() || chosen.iter().chain(mentioned).any(|word| shipped::is_named(word))
        }
    };
    let (count, examples) = (held.len(), held.iter().map(|held| held.examples).sum());
    let mut rules: Vec<Rule> = held.into_iter().map(|held| held.rule).collect();
    let mut shipped_rules = Vec::new();
    if needs_shipped {
        let sources = shipped::sources();
        let (held, shipped_packs) = read_all(&sources, &mut Vec::new());
        shipped_rules = held.into_iter().map(|held| held.rule).collect();
        packs.extend(shipped_packs.into_iter().map(PackFile::shipped));
    }
    let known = |id: &str| {
        let of_files = rules.iter().chain(&shipped_rules).map(|rule| rule.info);
        rules::find(id).or_else(|| of_files.into_iter().find(|rule| rule.id == id)).map(|rule| rule.id)
    };
    let packs = pack::resolve(&packs, &known, &mut complaints);
    if !complaints.is_empty() {
        complaints.sort_by_key(|complaint| complaint.place.span);
        return Err(Rejected(complaints));
    }
    rules.extend(shipped_rules.into_iter().filter(|rule| is_wanted(rule.info.id, want, &packs)));
    let infos = rules.iter().map(|rule| rule.info).collect();
    // INVARIANT: files are read once in a run, as are rules.
    let check = (!rules.is_empty()).then(|| -> &'static dyn rules::Check { Box::leak(Box::new(Check::new(rules))) });
    Ok(Loaded { catalogue: Catalogue::with(infos, packs, check), rules: count, examples })
}

/// Whether a shipped rule is asked for, by its name or by a pack that holds it.
fn is_wanted(id: &str, want: Want<'_>, packs: &[&'static Pack]) -> bool {
    let chosen = match want {
        Want::All => return true,
        Want::Own => return false,
        Want::Named { chosen, .. } => chosen,
    };
    let in_pack = |word: &String| packs.iter().any(|pack| pack.name == *word && pack.rules.contains(&id));
    chosen.iter().any(|word| word == id || in_pack(word))
}

/// So few files are read sooner than threads are started.
const FEW: usize = 16;

fn read_all(sources: &Sources, complaints: &mut Vec<Complaint>) -> (Vec<Held>, Vec<PackFile>) {
    let all: Vec<&Source> = sources.iter().collect();
    let read: Vec<Result<File, Vec<Complaint>>> =
        if all.len() < FEW { all.into_iter().map(file).collect() } else { all.into_par_iter().map(file).collect() };
    let (mut held, mut packs) = (Vec::new(), Vec::new());
    for read in read {
        match read {
            Ok(File::Rule(rule)) => held.push(*rule),
            Ok(File::Pack(pack)) => packs.push(pack),
            Err(mut told) => complaints.append(&mut told),
        }
    }
    (held, packs)
}

fn file(source: &Source) -> Result<File, Vec<Complaint>> {
    let root = read::tree(source)?;
    if root.get("pack").is_some() {
        return pack::read(&root).map(File::Pack);
    }
    let written = read::read(source, &root)?;
    let complaints = written.examples.run(&written.rule);
    if !complaints.is_empty() {
        return Err(complaints);
    }
    let examples = Examples::len(&written.examples);
    Ok(File::Rule(Box::new(Held { rule: written.rule, id: written.id, examples })))
}

/// Names that stand for something else already.
fn clashes(held: &[Held], packs: &[PackFile], sources: &Sources) -> Vec<Complaint> {
    let mut first: HashMap<&str, Span> = HashMap::new();
    let mut complaints = Vec::new();
    let rules = held.iter().map(|held| (held.rule.info.id, held.id, true));
    let names = rules.chain(packs.iter().map(|pack| (pack.name.value.as_str(), pack.name.span, false)));
    for (name, place, is_rule) in names {
        let taken = if rules::find(name).is_some() || (is_rule && shipped::is_named(name)) || shipped::is_pack(name) {
            Some("kpl has a rule or a pack of this name")
        } else if name.parse::<Family>().is_ok() {
            Some("a family of rules has this name")
        } else {
            None
        };
        if let Some(message) = taken {
            complaints
                .push(Complaint::new(place, message).help("choose another; names are shared by all rules and packs"));
        } else if let Some(other) = first.get(name) {
            let of = sources.get(other.source).map(Source::name).unwrap_or_default();
            complaints.push(Complaint::new(place, format!("`{of}` has this name already")).help("choose another"));
        } else {
            first.insert(name, place);
        }
    }
    complaints
}
