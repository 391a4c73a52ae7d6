//! What Access Analyzer goes by and AWS publishes nowhere as data: `data/access-analyzer.tsv`, a source for each fact.

use std::sync::LazyLock;

/// One fact of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is about: a condition key, a service, a resource type.
    pub name: &'static str,
    /// What is known of it; `-` where that it is listed says all.
    pub value: &'static str,
    /// The page that says so.
    pub source: &'static str,
}

impl Fact {
    /// The values, where there are several.
    pub fn values(&self) -> impl Iterator<Item = &'static str> {
        self.value.split(',')
    }
}

/// The facts by their kinds, which are so few that looking through them is sooner done than hashing.
static TABLE: LazyLock<Vec<(&'static str, Vec<Fact>)>> = LazyLock::new(|| {
    let mut table: Vec<(&'static str, Vec<Fact>)> = Vec::new();
    let lines = include_str!("../../data/access-analyzer.tsv").lines().filter(|line| !line.starts_with('#'));
    for line in lines {
        let mut columns = line.split('\t');
        if let (Some(kind), Some(name), Some(value), Some(source)) =
            (columns.next(), columns.next(), columns.next(), columns.next())
        {
            let fact = Fact { name, value, source };
            // The table is sorted by kind.
            match table.last_mut().filter(|(last, _)| *last == kind) {
                Some((_, facts)) => facts.push(fact),
                None => table.push((kind, vec![fact])),
            }
        }
    }
    table
});

/// All facts of a kind, in the order of their names.
#[must_use]
pub fn facts(kind: &str) -> &'static [Fact] {
    TABLE.iter().find(|(known, _)| *known == kind).map_or(&[], |(_, facts)| facts.as_slice())
}

/// The fact of a name, letter case not counting.
#[must_use]
pub fn fact(kind: &str, name: &str) -> Option<Fact> {
    facts(kind).iter().copied().find(|fact| fact.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_its_four_columns_and_names_its_source() {
        let text = include_str!("../../data/access-analyzer.tsv");
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(lines.is_sorted());
        for line in lines {
            let columns: Vec<&str> = line.split('\t').collect();
            assert!(columns.len() == 4 && columns[3].contains('"'), "{line}");
        }
    }

    #[test]
    fn a_name_is_found_whatever_its_case() {
        assert!(fact("sensitive-key", "aws:principalorgid").is_some());
        assert_eq!(fact("sensitive-key", "aws:PrincipalArn"), None);
    }
}
