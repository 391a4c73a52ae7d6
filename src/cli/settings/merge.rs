//! One setting after another: the command line's value, else the file's, else none, and where it came from.

use serde_json::{Value, json};

use crate::{
    config::Texts,
    finding::Complaint,
    source::{Source, Span, Spanned},
};

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Settled {
    /// Nobody said anything.
    Default,
    /// It stands in the file.
    File(Span),
    /// It was typed.
    CommandLine,
}

impl Settled {
    pub(super) fn file<T>(value: &Spanned<T>) -> Self {
        Self::File(value.span)
    }
}

/// A setting as it is shown.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Setting {
    pub(in crate::cli) key: String,
    pub(in crate::cli) value: Value,
    pub(in crate::cli) from: Settled,
    /// The line of the file, from 1.
    pub(in crate::cli) line: Option<usize>,
}

/// A choice among words.
pub(super) struct Words<T> {
    pub(super) read: fn(&str) -> Result<T, String>,
    pub(super) word: fn(T) -> &'static str,
    pub(super) default: T,
}

/// Gathers settings, and what is wrong with them.
pub(super) struct Merge<'s> {
    source: Option<&'s Source>,
    complaints: Vec<Complaint>,
    listing: Vec<Setting>,
}

impl<'s> Merge<'s> {
    pub(super) fn new(source: Option<&'s Source>) -> Self {
        Self { source, complaints: Vec::new(), listing: Vec::new() }
    }

    pub(super) fn complain(&mut self, complaint: Complaint) {
        self.complaints.push(complaint);
    }

    pub(super) fn show(&mut self, key: &str, value: Value, from: Settled) {
        let line = match (from, self.source) {
            (Settled::File(span), Some(source)) => Some(source.position(span.start).line),
            _ => None,
        };
        self.listing.push(Setting { key: key.to_owned(), value, from, line });
    }

    /// A value of the file, as it is meant.
    pub(super) fn value<T>(
        &mut self,
        key: &str,
        written: &Spanned<String>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        match read(&written.value) {
            Ok(value) => Some(value),
            Err(why) => {
                let message = format!("`{key}` does not take this value");
                self.complaints.push(Complaint::new(written.span, message).label(why));
                None
            }
        }
    }

    pub(super) fn values<T>(
        &mut self,
        key: &str,
        written: &[Spanned<String>],
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        written.iter().filter_map(|value| self.value(key, value, &read)).collect()
    }

    pub(super) fn one<T>(
        &mut self,
        key: &'static str,
        typed: Option<T>,
        written: Option<&Spanned<String>>,
        read: impl Fn(&str) -> Result<T, String>,
        shown: impl Fn(&T) -> String,
    ) -> Option<T> {
        // Read in any case, so that what is wrong with it is told.
        let written = written.and_then(|written| Some((self.value(key, written, read)?, Settled::file(written))));
        let settled = typed.map(|value| (value, Settled::CommandLine)).or(written);
        let (value, from) = settled.map_or((None, Settled::Default), |(value, from)| (Some(value), from));
        self.show(key, value.as_ref().map_or(Value::Null, |value| json!(shown(value))), from);
        value
    }

    /// A word that has a default.
    pub(super) fn word<T: Copy>(
        &mut self,
        key: &'static str,
        typed: Option<T>,
        written: Option<&Spanned<String>>,
        words: &Words<T>,
    ) -> T {
        let settled = self.one(key, typed, written, words.read, |value| (words.word)(*value).to_owned());
        if settled.is_none() {
            self.listing.pop();
            self.show(key, json!((words.word)(words.default)), Settled::Default);
        }
        settled.unwrap_or(words.default)
    }

    pub(super) fn list<T: Clone>(
        &mut self,
        key: &'static str,
        typed: &[T],
        written: Option<&Texts>,
        read: impl Fn(&str) -> Result<T, String>,
        shown: impl Fn(&T) -> String,
    ) -> Vec<T> {
        let read = written.map(|texts| (self.values(key, &texts.values, read), Settled::File(texts.key)));
        let (values, from) = match read {
            _ if !typed.is_empty() => (typed.to_vec(), Settled::CommandLine),
            Some((values, from)) => (values, from),
            None => (Vec::new(), Settled::Default),
        };
        let texts: Vec<String> = values.iter().map(shown).collect();
        self.show(key, json!(texts), from);
        values
    }

    pub(super) fn flag(&mut self, key: &'static str, typed: bool, written: Option<&Spanned<bool>>) -> bool {
        let (value, from) = match written {
            _ if typed => (true, Settled::CommandLine),
            Some(written) => (written.value, Settled::file(written)),
            None => (false, Settled::Default),
        };
        self.show(key, json!(value), from);
        value
    }

    /// All that was settled.
    ///
    /// # Errors
    /// Whatever is wrong, in the order of the text.
    pub(super) fn finish(mut self) -> Result<Vec<Setting>, Vec<Complaint>> {
        if self.complaints.is_empty() {
            return Ok(self.listing);
        }
        self.complaints.sort_by_key(|complaint| complaint.place.span);
        Err(self.complaints)
    }
}
