//! The tables, row by row. Here a record's names become the rows that they stand for.

use std::collections::HashSet;

use super::{
    AccessLevel, KeyType, ReferenceError,
    layout::{self, Table},
    parts::{Sorted, Written, word},
    records::{Record, Records, items},
};

type Rows = Result<Vec<u32>, ReferenceError>;

/// All records that have a table, in its order.
pub(super) struct Names<'t> {
    partitions: Sorted<'t, 3>,
    foreign: Sorted<'t, 1>,
    rcp: Sorted<'t, 0>,
    globals: Sorted<'t, 2>,
    services: Sorted<'t, 1>,
    /// The global ones too.
    keys: Sorted<'t, 3>,
    resources: Sorted<'t, 2>,
    actions: Sorted<'t, 4>,
    retired: Sorted<'t, 0>,
}

impl<'t> Names<'t> {
    pub(super) fn sort(records: Records<'t>) -> Result<Self, ReferenceError> {
        let mut keys = records.keys;
        let defined: HashSet<String> = keys.iter().map(|key| key.name.to_ascii_lowercase()).collect();
        let only_global = records.globals.iter().filter(|key| !defined.contains(&key.name.to_ascii_lowercase()));
        keys.extend(only_global.map(|key| {
            let [kind, arity] = key.columns;
            Record { line: key.line, name: key.name, columns: [kind, arity, "-"] }
        }));
        Ok(Self {
            partitions: Sorted::by_name(records.partitions)?,
            foreign: Sorted::by_name(records.foreign)?,
            rcp: Sorted::by_name(records.rcp)?,
            globals: Sorted::by_name(records.globals)?,
            services: Sorted::by_name(records.services)?,
            keys: Sorted::by_name(keys)?,
            resources: Sorted::by_service(records.resources)?,
            actions: Sorted::by_service(records.actions)?,
            retired: Sorted::by_name(records.retired)?,
        })
    }

    /// The rows of every table, one behind the other.
    pub(super) fn tables(&self, written: &mut Written<'t>) -> Result<Vec<(Table, Vec<u32>)>, ReferenceError> {
        Ok(vec![
            (layout::SERVICES, self.services(written)?),
            (layout::ACTIONS, self.actions(written)?),
            (layout::RESOURCES, self.resources(written)?),
            (layout::KEYS, self.keys(written)?),
            (layout::TEMPLATES, self.templates(written)?),
            (layout::RETIRED, self.retired.records().map(|record| written.texts.put(record.name)).collect()),
            (layout::FOREIGN, self.foreign(written)?),
            (layout::PARTITIONS, self.partitions(written)),
            (layout::ACTION_SLOTS, self.action_slots(written)),
            (layout::SERVICE_SLOTS, slots(self.services.records().map(|record| record.name), 0, written)),
            (layout::KEY_SLOTS, slots(self.keys.records().map(|record| record.name), 0, written)),
        ])
    }

    fn services(&self, written: &mut Written<'t>) -> Rows {
        for record in self.rcp.records() {
            self.service(record, record.name)?;
        }
        let mut last_slot = 0;
        let row = |record: &Record<'t, 1>| {
            let [name] = record.columns;
            let (actions, resources) = (self.actions.rows_of(record.name), self.resources.rows_of(record.name));
            let first_slot = last_slot;
            last_slot += slot_count(actions.len());
            let bounds = [actions.start, actions.end, resources.start, resources.end, first_slot, last_slot].map(word);
            let rcp = self.rcp.row(record.name).is_some();
            let [first_action, last_action, first_resource, last_resource, first_slot, last_slot] = bounds;
            [
                written.texts.put(record.name),
                written.texts.put(name),
                first_action,
                last_action,
                first_resource,
                last_resource,
                rcp.into(),
                first_slot,
                last_slot,
            ]
        };
        Ok(self.services.records().flat_map(row).collect())
    }

    fn actions(&self, written: &mut Written<'t>) -> Rows {
        let mut rows = Vec::new();
        for record in self.actions.records() {
            let [level, resources, keys, dependents] = record.columns;
            let (service, name) = self.of_service(record)?;
            let mut traits = vec![place(record, &AccessLevel::ALL, "access level", level)?, 0, 0, 0];
            traits[layout::action::RESOURCES] = self.resources_of(record, service, resources, written)?;
            traits[layout::action::KEYS] = self.key_list(record, items(keys), written)?;
            traits[layout::action::DEPENDENTS] = self.dependents(record, dependents, written)?;
            rows.extend([written.texts.put(name), written.lists.put(traits)]);
        }
        Ok(rows)
    }

    fn action_slots(&self, written: &mut Written<'t>) -> Vec<u32> {
        let of_service = |service: &Record<'t, 1>| {
            let rows = self.actions.rows_of(service.name);
            let records = self.actions.records().skip(rows.start).take(rows.len());
            let names = records.map(|record| record.name.split_once(':').map_or("", |(_, name)| name));
            slots(names, rows.start, written)
        };
        self.services.records().flat_map(of_service).collect()
    }

    /// The resource types of an action: `key*`, `profile[aws:TagKeys]`.
    fn resources_of(
        &self,
        record: &Record<'t, 4>,
        service: &str,
        column: &str,
        written: &mut Written<'t>,
    ) -> Result<u32, ReferenceError> {
        let mut list = Vec::new();
        for item in items(column) {
            let (resource, keys) = item.strip_suffix(']').and_then(|item| item.split_once('[')).unwrap_or((item, ""));
            let name = resource.strip_suffix('*').unwrap_or(resource);
            let row = self.resources.row(&format!("{service}:{name}"));
            let row = row.ok_or_else(|| record.error(format!("no resource type `{name}` of `{service}`")))?;
            let keys = self.key_list(record, keys.split_ascii_whitespace(), written)?;
            list.extend([word(row), (name != resource).into(), keys]);
        }
        Ok(written.lists.put(list))
    }

    fn dependents(
        &self,
        record: &Record<'t, 4>,
        column: &str,
        written: &mut Written<'t>,
    ) -> Result<u32, ReferenceError> {
        let row = |name| self.actions.row(name).map(word).ok_or_else(|| record.error(format!("no action `{name}`")));
        let list: Result<Vec<u32>, _> = items(column).map(row).collect();
        Ok(written.lists.put(list?))
    }

    fn resources(&self, written: &mut Written<'t>) -> Rows {
        let mut rows = Vec::new();
        for record in self.resources.records() {
            let [patterns, keys] = record.columns;
            let (_, name) = self.of_service(record)?;
            let patterns = items(patterns).flat_map(|pattern| form(pattern, written)).collect();
            let name = written.texts.put(name);
            rows.extend([name, written.lists.put(patterns), self.key_list(record, items(keys), written)?]);
        }
        Ok(rows)
    }

    fn keys(&self, written: &mut Written<'t>) -> Rows {
        let mut rows = Vec::new();
        for record in self.keys.records() {
            let [kind, arity, services] = record.columns;
            let kind = place(record, &KeyType::ALL, "type", kind)?;
            let multi = match arity {
                "multi" => layout::key::MULTI_VALUED,
                "single" => 0,
                _ => return Err(record.error(format!("`{arity}` is neither `single` nor `multi`"))),
            };
            let global = if self.globals.row(record.name).is_some() { layout::key::GLOBAL } else { 0 };
            let services: Result<Vec<u32>, _> = items(services).map(|service| self.service(record, service)).collect();
            rows.extend([written.texts.put(record.name), kind, word(multi + global), written.lists.put(services?)]);
        }
        Ok(rows)
    }

    fn templates(&self, written: &mut Written<'t>) -> Rows {
        let mut found = Vec::new();
        for (row, record) in self.keys.records().enumerate() {
            if let Some((prefix, suffix)) = placeholder(record)? {
                let start = record.name.get(..prefix).unwrap_or_default().to_ascii_lowercase();
                let name = written.texts.put(record.name);
                found.push((start, record.name.len() - suffix, [word(row), name, word(prefix), word(suffix)]));
            }
        }
        found.sort();
        Ok(found.into_iter().flat_map(|(_, _, row)| row).collect())
    }

    fn foreign(&self, written: &mut Written<'t>) -> Rows {
        let mut rows = Vec::new();
        for record in self.foreign.records() {
            let [service] = record.columns;
            let (prefix, suffix) = placeholder(record)?.unwrap_or((record.name.len(), record.name.len()));
            rows.extend([written.texts.put(record.name), word(prefix), word(suffix), self.service(record, service)?]);
        }
        Ok(rows)
    }

    fn partitions(&self, written: &mut Written<'t>) -> Vec<u32> {
        let row = |record: &Record<'t, 3>| {
            let [dns_suffix, prefixes, regions] = record.columns;
            let [prefixes, regions] =
                [prefixes, regions].map(|column| items(column).map(|item| written.texts.put(item)).collect());
            let lists = [written.lists.put(prefixes), written.lists.put(regions)];
            [written.texts.put(record.name), written.texts.put(dns_suffix), lists[0], lists[1]]
        };
        self.partitions.records().flat_map(row).collect()
    }

    /// The list of condition keys, in the order of their table.
    fn key_list<'k, const N: usize>(
        &self,
        record: &Record<'t, N>,
        keys: impl Iterator<Item = &'k str>,
        written: &mut Written<'t>,
    ) -> Result<u32, ReferenceError> {
        let row = |key| self.keys.row(key).map(word).ok_or_else(|| record.error(format!("no condition key `{key}`")));
        let mut rows: Vec<u32> = keys.map(row).collect::<Result<_, _>>()?;
        rows.sort_unstable();
        Ok(written.lists.put(rows))
    }

    /// The parts of `service:name`, where there is such a service.
    fn of_service<const N: usize>(&self, record: &Record<'t, N>) -> Result<(&'t str, &'t str), ReferenceError> {
        let parts = record.name.split_once(':');
        let (service, name) = parts.ok_or_else(|| record.error(format!("`{}` has no colon", record.name)))?;
        self.service(record, service).map(|_| (service, name))
    }

    fn service<const N: usize>(&self, record: &Record<'t, N>, prefix: &str) -> Result<u32, ReferenceError> {
        self.services.row(prefix).map(word).ok_or_else(|| record.error(format!("no service `{prefix}`")))
    }
}

/// The form of an ARN, as [`layout::form`] has it.
fn form<'t>(pattern: &'t str, written: &mut Written<'t>) -> [u32; layout::form::WIDTH] {
    // No variable of a form holds a colon.
    let mut parts = pattern.splitn(6, ':').skip(3);
    let [region, account, resource] = [parts.next(), parts.next(), parts.next()];
    let flag = |part: Option<&str>, flag| if part.is_some_and(|part| !part.is_empty()) { flag } else { 0 };
    let flags = flag(region, layout::form::REGION) + flag(account, layout::form::ACCOUNT);
    let start = resource.map_or(0, |resource| pattern.len() - resource.len());
    let variable = resource.and_then(|resource| resource.find("${")).map_or(pattern.len(), |at| start + at);
    [written.texts.put(pattern), flags, word(start), word(variable)]
}

/// The slots of rows with these names, of which the first has a number.
fn slots<'t>(names: impl Iterator<Item = &'t str>, first: usize, written: &mut Written<'t>) -> Vec<u32> {
    let names: Vec<&str> = names.collect();
    let mut slots = vec![[0; layout::ACTION_SLOTS.width]; slot_count(names.len())];
    for (row, name) in (first..).zip(names) {
        let (mut slot, mark) = layout::slot_of(name.as_bytes(), slots.len());
        while slots[slot][layout::slot::ROW] != 0 {
            slot = (slot + 1) % slots.len();
        }
        slots[slot][layout::slot::ROW] = word(row + 1) | word(mark) << layout::slot::ROW_BITS;
        slots[slot][layout::slot::NAME] = written.texts.put(name);
    }
    slots.into_iter().flatten().collect()
}

/// How many slots a number of names has.
fn slot_count(names: usize) -> usize {
    (names * 4 / 3 + 1).next_power_of_two()
}

/// The place of a word in its fixed set.
fn place<T, const N: usize>(
    record: &Record<'_, N>,
    all: &[(T, &str)],
    what: &str,
    text: &str,
) -> Result<u32, ReferenceError> {
    let place = all.iter().position(|(_, word)| *word == text);
    place.map(word).ok_or_else(|| record.error(format!("no {what} `{text}`")))
}

/// Where the `${…}` of a name starts and ends, in bytes.
fn placeholder<const N: usize>(record: &Record<'_, N>) -> Result<Option<(usize, usize)>, ReferenceError> {
    let Some((prefix, rest)) = record.name.split_once("${") else { return Ok(None) };
    match rest.split_once('}') {
        Some((_, suffix)) if !suffix.contains("${") => Ok(Some((prefix.len(), record.name.len() - suffix.len()))),
        _ => Err(record.error(format!("`{}` must hold one whole `${{…}}`", record.name))),
    }
}
