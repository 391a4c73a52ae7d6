//! What findings offer, applied: texts go in and mended texts come out.
//!
//! Of fixes that touch the same bytes one is applied in a round; then everything is read and linted anew, until nothing is
//! offered or the rounds are over. A fix that would break a text that could be read is not applied.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Options, keeping::Known};
use crate::{
    document,
    finding::{Applicability, Finding, Fix, Report},
    render::place_of,
    source::{Edit, Source, SourceId, Sources, Span},
};

/// More rounds than fixes ever need that hang on each other.
const ROUNDS: usize = 20;
/// How often one finding may be fixed that comes back.
const TIMES: usize = 3;

/// What was mended.
#[derive(Debug)]
pub struct Mended {
    /// What is found in the mended texts.
    pub report: Report,
    /// How many fixes were applied.
    pub fixed: usize,
    /// The texts that changed, as they were before.
    pub before: BTreeMap<SourceId, Before>,
    /// What was not applied as safe.
    pub held_back: Vec<HeldBack>,
}

/// A text as it was before anything was mended.
#[derive(Debug)]
pub struct Before {
    /// The text.
    pub text: String,
    /// The places of secrets in it, in order.
    pub hidden: Vec<Span>,
}

/// A fix that a rule calls safe, and that was not applied: that it keeps access is not proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldBack {
    /// The rule.
    pub rule: &'static str,
    /// Where: file, line and column.
    pub place: String,
    /// What it would have done.
    pub title: String,
    /// What it would change, or why that is not known.
    pub reason: String,
    fingerprint: String,
}

/// Applies every fix that claims no more than `claim` allows: the safe ones, or the unsafe ones too. A safe one that
/// touches what a policy grants is applied only where it is proven that nothing changes.
///
/// `report` is what was found in `sources`; `look` finds again in changed ones.
pub fn mend(
    sources: &mut Sources,
    report: Report,
    claim: Applicability,
    options: &Options,
    look: &dyn Fn(&Sources) -> Report,
) -> Mended {
    let mut mending = Mending { claim, times: HashMap::new(), left_alone: HashSet::new() };
    let mut mended = Mended { report, fixed: 0, before: BTreeMap::new(), held_back: Vec::new() };
    for _ in 0..ROUNDS {
        let round = mending.round(&mended.report, sources);
        if round.is_empty() {
            break;
        }
        let mut changes = false;
        for (id, offers) in round {
            let Some(source) = sources.get(id) else { continue };
            let offers = if claim == Applicability::Safe {
                mending.proven(source, offers, sources, options, &mut mended.held_back)
            } else {
                offers
            };
            if offers.is_empty() {
                continue;
            }
            let (text, whole) = (source.text().to_owned(), source.span());
            let candidate = applied(source, &offers);
            if faults(&candidate) > faults(source) || candidate.text() == text {
                mending.left_alone.insert(id);
                continue;
            }
            sources.replace(candidate);
            let hidden = mended.report.hidden.touching(whole).collect();
            mended.before.entry(id).or_insert_with(|| Before { text, hidden });
            mended.fixed += offers.len();
            changes = true;
        }
        if !changes {
            break;
        }
        mended.report = look(sources);
    }
    mended.before.retain(|id, before| sources.get(*id).is_some_and(|source| source.text() != before.text));
    claim_less(&mut mended);
    mended
}

/// What was held back is offered as unsafe.
fn claim_less(mended: &mut Mended) {
    for finding in &mut mended.report.findings {
        let is_this = |held: &HeldBack| held.rule == finding.rule.id && held.fingerprint == finding.fingerprint;
        if let Some(fix) = finding.fix.as_mut().filter(|_| mended.held_back.iter().any(is_this)) {
            fix.applicability = fix.applicability.max(Applicability::Unsafe);
        }
    }
}

/// A fix of a round.
struct Offer {
    rule: &'static str,
    fingerprint: String,
    place: Span,
    fix: Fix,
}

/// A text with the changes of fixes.
fn applied(source: &Source, offers: &[Offer]) -> Source {
    let edits: Vec<Edit> = offers.iter().flat_map(|offer| offer.fix.edits.iter().cloned()).collect();
    source.with_text(Edit::apply(source.text(), &edits))
}

/// So many texts are compared in a round of one text: past them nothing more is applied in it.
const MOST_COMPARED: usize = 64;

/// How many faults a text has; of what is no document at all, as many as there can be.
fn faults(source: &Source) -> usize {
    document::open(source, None)
        .map_or(usize::MAX, |documents| documents.iter().map(|document| document.faults.len()).sum())
}

/// What has been done in earlier rounds.
struct Mending {
    claim: Applicability,
    /// How often each finding was fixed.
    times: HashMap<(&'static str, String), usize>,
    /// Texts in which a fix went wrong.
    left_alone: HashSet<SourceId>,
}

impl Mending {
    /// Those of the fixes of a text of which it is proven that they keep access; of the others it is told why not.
    fn proven(
        &mut self,
        source: &Source,
        offers: Vec<Offer>,
        sources: &Sources,
        options: &Options,
        held_back: &mut Vec<HeldBack>,
    ) -> Vec<Offer> {
        let (kind, known) = (options.kind_of(source), Known::of(sources, &options.reference));
        let mut waiting = vec![offers];
        let mut kept: Vec<Offer> = Vec::new();
        let mut compared = 0;
        while let Some(mut part) = waiting.pop() {
            compared += 1;
            if compared > MOST_COMPARED {
                break;
            }
            let first = kept.len();
            kept.append(&mut part);
            let Err(reason) = known.keeps_access(source, &applied(source, &kept), kind) else { continue };
            let mut part = kept.split_off(first);
            if part.len() > 1 {
                let behind = part.split_off(part.len() / 2);
                waiting.extend([behind, part]);
            } else if let Some(offer) = part.pop() {
                // It is not asked about again.
                self.times.insert((offer.rule, offer.fingerprint.clone()), TIMES);
                let place = place_of(offer.place, sources).unwrap_or_default();
                let Offer { rule, fingerprint, fix, .. } = offer;
                held_back.push(HeldBack { rule, place, title: fix.title, reason, fingerprint });
            }
        }
        kept
    }

    /// The fixes of a round, by text: safe ones first, then by place.
    fn round(&mut self, report: &Report, sources: &Sources) -> BTreeMap<SourceId, Vec<Offer>> {
        let mut offers: Vec<(&Finding, &Fix)> = report
            .counted()
            .filter_map(|finding| Some((finding, finding.fix.as_ref()?)))
            .filter(|(_, fix)| fix.applicability <= self.claim && !fix.edits.is_empty())
            .collect();
        offers.sort_by_key(|(_, fix)| fix.applicability);
        let mut round: BTreeMap<SourceId, Vec<Offer>> = BTreeMap::new();
        let mut taken = Taken::default();
        for (finding, fix) in offers {
            let id = fix.edits[0].span.source;
            // Of bytes that are no text only a stand-in is known, which must not be written.
            let is_open = sources.get(id).is_some_and(|source| source.damaged.is_empty());
            if !is_open || self.left_alone.contains(&id) || !taken.is_free(&fix.edits) {
                continue;
            }
            let times = self.times.entry((finding.rule.id, finding.fingerprint.clone())).or_insert(0);
            if *times == TIMES {
                continue;
            }
            *times += 1;
            taken.take(&fix.edits);
            round.entry(id).or_default().push(Offer {
                rule: finding.rule.id,
                fingerprint: finding.fingerprint.clone(),
                place: finding.primary.span,
                fix: fix.clone(),
            });
        }
        round
    }
}

/// The ranges that a round changes: from each start in a source to its end.
#[derive(Default)]
struct Taken(BTreeMap<(SourceId, u32), u32>);

impl Taken {
    /// Whether no edit touches what is taken; two texts put in at one place would touch too.
    fn is_free(&self, edits: &[Edit]) -> bool {
        edits.iter().all(|edit| {
            let (source, start, end) = (edit.span.source, edit.span.start, edit.span.end);
            let before = self.0.range((source, 0)..=(source, end)).next_back();
            before.is_none_or(|(_, taken_end)| *taken_end < start)
        })
    }

    fn take(&mut self, edits: &[Edit]) {
        for edit in edits {
            let end = self.0.entry((edit.span.source, edit.span.start)).or_insert(edit.span.end);
            *end = edit.span.end.max(*end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        lint::{Input, lint},
        source::Origin,
    };

    fn mended(text: &str, claim: Applicability) -> (String, Mended) {
        let mut sources = Sources::default();
        let source = Source::read(Origin::File("policy.json".into()), text.as_bytes().to_vec()).unwrap();
        let id = sources.push(source);
        let inputs = [Input { source: id, named: true, reported: true }];
        let options = Options::default();
        let look = |sources: &Sources| lint(sources, &inputs, &options);
        let report = look(&sources);
        let mended = mend(&mut sources, report, claim, &options, &look);
        (sources.get(id).unwrap().text().to_owned(), mended)
    }

    #[test]
    fn layout_order_line_ends_and_a_missing_last_one_are_kept() {
        let text = "\u{feff}{\r\n\t\"Version\" : \"2008-10-17\",\r\n  \"Statement\": [ {\"Sid\": \"A\", \"Effect\":\"Allow\",\r\n \
                    \"Action\": \"s3:GetObject\", \"Resource\":\"arn:aws:s3:::a/*\"} ]\r\n}";
        let (after, done) = mended(text, Applicability::Safe);
        assert_eq!(after, text.trim_start_matches('\u{feff}').replace("2008-10-17", "2012-10-17"));
        assert!(done.fixed >= 1);
    }

    #[test]
    fn of_fixes_that_touch_each_round_takes_one() {
        let text = r#"{"Version": "2012-10-17", "Statement": [{"Sid": "A", "Effect": "Allow", "Resource": "arn:aws:s3:::a/*",
            "Action": ["s3:GetObject", "kms:ViaService", "kms:CallerAccount"]}]}"#;
        let (after, done) = mended(text, Applicability::Safe);
        assert!(after.contains(r#""Action": ["s3:GetObject"]}"#), "{after}");
        assert_eq!(done.fixed, 2);
    }

    #[test]
    fn what_is_unsafe_waits_to_be_asked_for() {
        let text = r#"{"Version": "2012-10-17", "Statement": [{"Sid": "A", "Effect": "allow", "Resource": "arn:aws:s3:::a/*",
            "Action": "s3:GetObject"}]}"#;
        assert_eq!(mended(text, Applicability::Safe).0, text);
        assert!(mended(text, Applicability::Unsafe).0.contains("\"Allow\""));
    }

    #[test]
    fn bytes_that_are_no_text_are_left_alone() {
        let mut sources = Sources::default();
        let bytes = b"{\"Version\": \"2008-10-17\", \"Statement\": [], \"Id\": \"\xff\"}".to_vec();
        let id = sources.push(Source::read(Origin::File("policy.json".into()), bytes).unwrap());
        let inputs = [Input { source: id, named: true, reported: true }];
        let options = Options::default();
        let look = |sources: &Sources| lint(sources, &inputs, &options);
        let report = look(&sources);
        assert_eq!(mend(&mut sources, report, Applicability::Unsafe, &options, &look).fixed, 0);
    }

    #[test]
    fn a_finding_that_comes_back_is_not_fixed_for_ever() {
        let mut sources = Sources::default();
        let text = r#"{"Version": "2012-10-17", "Statement": []}"#.to_owned();
        let id = sources.push(Source::of_text(Origin::File("policy.json".into()), text));
        let look = |sources: &Sources| {
            let place = sources.get(id).unwrap().place(1, 1);
            let finding = Finding::new(crate::rules::all().next().unwrap(), place, "never enough");
            let finding = finding.fix("add a blank", Applicability::Safe, vec![Edit::before(place, " ")]);
            Report { findings: vec![finding], ..Report::default() }
        };
        let report = look(&sources);
        assert_eq!(mend(&mut sources, report, Applicability::Safe, &Options::default(), &look).fixed, TIMES);
    }
}
