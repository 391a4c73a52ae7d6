//! A finding as a result.

use std::collections::BTreeMap;

use super::{
    layout::{
        ArtifactChange, ArtifactLocation, Fingerprints, FixOutput, Location, LogicalLocation, Message,
        PhysicalLocation, Region, RelatedLocation, Replacement, ResultOutput, ResultProperties, SuppressionOutput,
    },
    level,
};
use crate::{
    finding::{Applicability, Finding, Fix, Report, RuleInfo, Suppression, SuppressionKind},
    render::{Tool, file::uri, plain},
    source::{Source, Sources, Span},
};

/// How many places a result has at most; GitHub shows a hundred.
const MOST_PLACES: usize = 100;
/// How many bytes of new text a fix may have to be written into the log.
const LONGEST_FIX: usize = 1 << 16;
/// How many places a fix may change to be written into the log.
const MOST_EDITS: usize = 1_000;

/// What is written, and where its places stand.
pub(super) struct View<'a> {
    pub(super) report: &'a Report,
    pub(super) sources: &'a Sources,
    pub(super) tool: &'a Tool<'a>,
    pub(super) rules: &'a BTreeMap<&'static str, (usize, &'static RuleInfo)>,
    /// Whether any finding is suppressed: then every result says whether it is.
    pub(super) has_suppressed: bool,
}

impl<'a> View<'a> {
    /// A finding as a result; `None` of a place in no source, which there is not.
    pub(super) fn result(&self, finding: &'a Finding) -> Option<ResultOutput<'a>> {
        let document = self.report.documents.get(finding.document);
        let address = document.and_then(|document| document.name.as_deref());
        let message = match &finding.help {
            Some(help) => format!("{}\nhelp: {}", plain::line(&finding.message), plain::line(help)),
            None => plain::line(&finding.message),
        };
        let related = finding.related.iter().take(MOST_PLACES - 1).enumerate();
        Some(ResultOutput {
            rule_id: finding.rule.id,
            rule_index: self.rules.get(finding.rule.id)?.0,
            level: level(finding.severity),
            message: Message::new(&message),
            locations: [Location {
                physical_location: self.place(finding.primary.span)?,
                logical_locations: address
                    .map(|name| LogicalLocation { fully_qualified_name: name, kind: "resource" })
                    .into_iter()
                    .collect(),
            }],
            related_locations: related
                .filter_map(|(index, label)| {
                    let message = Message::new(&plain::line(&label.message));
                    Some(RelatedLocation { id: index + 1, physical_location: self.place(label.span)?, message })
                })
                .collect(),
            partial_fingerprints: Fingerprints {
                primary_location_line_hash: &finding.fingerprint,
                kpl: &finding.fingerprint,
            },
            fixes: finding.fix.iter().filter_map(|fix| self.fix(fix)).collect(),
            suppressions: self.has_suppressed.then(|| finding.suppressed.iter().map(suppression).collect()),
            properties: ResultProperties {
                confidence: finding.confidence.word(),
                code: finding.code,
                path: &finding.primary.path,
            },
        })
    }

    fn place(&self, span: Span) -> Option<PhysicalLocation> {
        let source = self.sources.get(span.source)?;
        Some(PhysicalLocation { artifact_location: self.file(source), region: region(source, span) })
    }

    fn file(&self, source: &Source) -> ArtifactLocation {
        ArtifactLocation { uri: uri(&source.name(), self.tool.base) }
    }

    fn fix(&self, fix: &Fix) -> Option<FixOutput> {
        let size: usize = fix.edits.iter().map(|edit| edit.text.len()).sum();
        let is_long = size > LONGEST_FIX || fix.edits.len() > MOST_EDITS;
        if fix.applicability == Applicability::DisplayOnly || is_long {
            return None;
        }
        let source = self.sources.get(fix.edits.first()?.span.source)?;
        let replacements = fix.edits.iter().map(|edit| Replacement {
            deleted_region: region(source, edit.span),
            inserted_content: Message { text: edit.text.clone() },
        });
        let description = format!("{} ({})", plain::line(&fix.title), fix.applicability);
        Some(FixOutput {
            description: Message::new(&description),
            artifact_changes: [ArtifactChange {
                artifact_location: self.file(source),
                replacements: replacements.collect(),
            }],
        })
    }
}

fn region(source: &Source, span: Span) -> Region {
    let (start, end) = (source.position(span.start), source.position(span.end));
    Region { start_line: start.line, start_column: start.column, end_line: end.line, end_column: end.column }
}

fn suppression(suppression: &Suppression) -> SuppressionOutput {
    let kind = match suppression.kind {
        SuppressionKind::Comment => "inSource",
        SuppressionKind::Config | SuppressionKind::Baseline => "external",
    };
    SuppressionOutput { kind, status: "accepted", justification: plain::line(&suppression.reason) }
}
