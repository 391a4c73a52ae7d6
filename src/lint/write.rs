//! A fix as its file must hold it.
//!
//! Rules write their changes in JSON. YAML takes JSON's tokens, lists and objects, but where a member or an item is put in
//! or taken out, its lines and their indentation count: only what is known to hold there is offered.

use crate::{
    document::{Document, Notation, PolicyDocument},
    finding::{Finding, Fix},
    source::{Edit, Source},
    syntax::yaml,
};

/// Writes a finding's fix as its file must hold it.
pub(super) fn in_policy(finding: &mut Finding, policy: &PolicyDocument<'_>, notation: Notation, source: &Source) {
    let Some(fix) = &mut finding.fix else { return };
    // What is JSON inside a scalar is changed as JSON.
    if notation == Notation::Yaml && policy.writing.is_plain() && !fits_yaml(fix, source) {
        finding.fix = None;
        return;
    }
    if !policy.writing.is_plain() {
        for edit in &mut fix.edits {
            edit.text = policy.writing.encode(&edit.text);
        }
    }
}

/// Leaves a fix of what is no policy where the file itself is what one writes: not in plans, not in strings of another
/// notation.
pub(super) fn beside_policies(finding: &mut Finding, document: &Document<'_>, source: &Source) {
    let is_written = document.kind == "kubernetes-manifest" || document.kind == "helm-values";
    if !is_written || finding.fix.as_ref().is_some_and(|fix| !fits_yaml(fix, source)) {
        finding.fix = None;
    }
}

/// How large a file may be that is read once more to see whether a change leaves it whole.
const MAX_READ: usize = 256 << 10;

/// Whether YAML takes a fix as it is.
fn fits_yaml(fix: &Fix, source: &Source) -> bool {
    let edits = &fix.edits;
    if edits.iter().any(|edit| is_in_block_scalar(edit, source)) {
        return false;
    }
    if edits.iter().all(is_token) {
        return true;
    }
    let known = |edit: &Edit| is_token(edit) || is_value(edit, source) || takes_out_item(edit, source);
    source.text().len() <= MAX_READ && edits.iter().all(known) && leaves_whole(edits, source)
}

/// Whether a change puts one token in the place of another, which JSON and YAML write alike.
fn is_token(edit: &Edit) -> bool {
    edit.span.start < edit.span.end && edit.text.starts_with('"')
}

/// Whether a change puts a list or an object in the place of what stands on one line.
fn is_value(edit: &Edit, source: &Source) -> bool {
    edit.span.start < edit.span.end && edit.text.starts_with(['[', '{']) && !source.slice(edit.span).contains('\n')
}

/// Whether a change takes out one item: `, b` of a list in brackets, or a line that begins with a dash.
fn takes_out_item(edit: &Edit, source: &Source) -> bool {
    let removed = source.slice(edit.span);
    if !edit.text.is_empty() || removed.contains(['#', '&']) {
        return false;
    }
    let trimmed = removed.trim();
    match removed.matches('\n').count() {
        0 => trimmed.starts_with(',') || trimmed.ends_with(','),
        1 => trimmed.starts_with("- ") || trimmed.ends_with('-'),
        _ => false,
    }
}

/// Whether a place lies in a scalar of several lines, where quotes would be text.
fn is_in_block_scalar(edit: &Edit, source: &Source) -> bool {
    let before = source.text().get(..edit.span.start as usize).unwrap_or_default();
    let words = before.trim_end();
    let last = words.rsplit([' ', '\t', '\n']).next().unwrap_or_default();
    let indicators = |character: char| matches!(character, '-' | '+') || character.is_ascii_digit();
    before[words.len()..].contains('\n') && matches!(last.trim_end_matches(indicators), "|" | ">")
}

fn leaves_whole(edits: &[Edit], source: &Source) -> bool {
    let mended = Source::of_text(source.origin.clone(), Edit::apply(source.text(), edits));
    yaml::read_all(&mended).iter().all(|part| part.tree.faults.is_empty())
}
