//! The text form as lines: which record each is, and what its columns hold. Nothing is looked up here.

use super::ReferenceError;

/// A record: the line it stands on, the name it is found by, and its other columns.
pub(super) struct Record<'t, const N: usize> {
    pub(super) line: usize,
    pub(super) name: &'t str,
    pub(super) columns: [&'t str; N],
}

impl<const N: usize> Record<'_, N> {
    /// What is wrong with this record.
    pub(super) fn error(&self, message: impl Into<String>) -> ReferenceError {
        ReferenceError { line: self.line, message: message.into() }
    }
}

const KINDS: [&str; 11] =
    ["date", "source", "partition", "foreign", "rcp", "global", "service", "key", "resource", "action", "retired"];

/// All records of a text, by kind, in its order.
#[derive(Default)]
pub(super) struct Records<'t> {
    pub(super) dates: Vec<Record<'t, 0>>,
    pub(super) sources: Vec<Record<'t, 1>>,
    pub(super) partitions: Vec<Record<'t, 3>>,
    pub(super) foreign: Vec<Record<'t, 1>>,
    pub(super) rcp: Vec<Record<'t, 0>>,
    pub(super) globals: Vec<Record<'t, 2>>,
    pub(super) services: Vec<Record<'t, 1>>,
    pub(super) keys: Vec<Record<'t, 3>>,
    pub(super) resources: Vec<Record<'t, 2>>,
    pub(super) actions: Vec<Record<'t, 4>>,
    pub(super) retired: Vec<Record<'t, 0>>,
}

impl<'t> Records<'t> {
    /// Takes every line that is neither empty nor a comment.
    pub(super) fn read(text: &'t str) -> Result<Self, ReferenceError> {
        let mut records = Self::default();
        for (index, text) in text.lines().enumerate() {
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let columns: Vec<&str> = text.split('\t').collect();
            records.take(index + 1, &columns).map_err(|message| ReferenceError { line: index + 1, message })?;
        }
        Ok(records)
    }

    fn take(&mut self, line: usize, columns: &[&'t str]) -> Result<(), String> {
        if columns.contains(&"") {
            return Err("a column is empty (`-` stands for nothing)".to_owned());
        }
        match *columns {
            ["date", name] => self.dates.push(Record { line, name, columns: [] }),
            ["source", name, version] => self.sources.push(Record { line, name, columns: [version] }),
            ["partition", name, suffix, prefixes, regions] => {
                self.partitions.push(Record { line, name, columns: [suffix, prefixes, regions] });
            }
            ["foreign", name, service] => self.foreign.push(Record { line, name, columns: [service] }),
            ["rcp", name] => self.rcp.push(Record { line, name, columns: [] }),
            ["global", name, kind, arity] => self.globals.push(Record { line, name, columns: [kind, arity] }),
            ["service", name, title] => self.services.push(Record { line, name, columns: [title] }),
            ["key", name, kind, arity, services] => {
                self.keys.push(Record { line, name, columns: [kind, arity, services] });
            }
            ["resource", name, patterns, keys] => self.resources.push(Record { line, name, columns: [patterns, keys] }),
            ["action", name, level, resources, keys, dependents] => {
                self.actions.push(Record { line, name, columns: [level, resources, keys, dependents] });
            }
            ["retired", name] => self.retired.push(Record { line, name, columns: [] }),
            [kind, ..] if KINDS.contains(&kind) => return Err(format!("too few or too many columns for `{kind}`")),
            [kind, ..] => return Err(format!("`{kind}` is no kind of record")),
            [] => {}
        }
        Ok(())
    }
}

/// The items of a column.
pub(super) fn items(column: &str) -> impl Iterator<Item = &str> {
    column.split(',').filter(|item| *item != "-")
}
