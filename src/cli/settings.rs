//! What is in force: what was typed, else what stands in `kpl.toml`, else the default.

mod file;
mod merge;
mod options;
mod own_rules;

use std::path::PathBuf;

pub(super) use file::{ConfigFile, Folders, Trouble, source};
pub(super) use merge::{Setting, Settled};
pub(super) use options::{schemas as option_schemas, shown as option_shown};
pub(super) use own_rules::{catalogue_of as catalogue, loaded as own_rules};

use serde_json::{Value, json};

use super::args::{
    FailOn, SettingsArgs,
    settings::{
        account, admin, alias, organisation, partition, persona, region, resource_type, rule, selector, workload,
    },
};
use crate::{
    config::{Config, IgnoreConfig, PathConfig},
    document::Declared,
    finding::{Complaint, Persona, RuleOptions, Severity},
    lint::{Accepted, Globs, Home, PathSettings, Selection, Selector},
    policy::{AccountId, Principal},
    reference::Reference,
    rules::Catalogue,
    source::{Origin, Source, Spanned},
};
use merge::{Merge, Words};

/// Everything that a run goes by.
pub(super) struct Settings {
    pub(super) declared: Declared,
    pub(super) catalogue: Catalogue,
    pub(super) selection: Selection,
    pub(super) rule_options: RuleOptions,
    pub(super) fail_on: FailOn,
    pub(super) fail_on_undecided: bool,
    /// Globs from the current folder.
    pub(super) context: Vec<String>,
    pub(super) exclude: Globs,
    pub(super) force_exclude: bool,
    pub(super) reference: Option<PathBuf>,
    pub(super) paths: Vec<PathSettings>,
    pub(super) baseline: Option<PathBuf>,
    pub(super) accepted: Vec<Accepted>,
    /// Each setting with its value and where it comes from, in the order of the file's keys.
    pub(super) listing: Vec<Setting>,
}

/// Finds the configuration that holds here, and settles what is in force.
///
/// # Errors
/// Where the file cannot be read, or something is wrong with it.
pub(super) fn read(folders: &Folders, args: &SettingsArgs) -> Result<(Option<ConfigFile>, Settings), Trouble> {
    let file = folders.config(args)?;
    let catalogue = own_rules::catalogue(args, file.as_ref())?;
    own_rules::typed(args, &catalogue)?;
    match settle(args, file.as_ref(), catalogue) {
        Ok(settings) => Ok((file, settings)),
        Err(complaints) => Err(match file {
            Some(file) => Trouble::Wrong(Box::new(file.source), complaints),
            None => Trouble::Wrong(Box::new(Source::of_text(Origin::Stdin(None), String::new())), complaints),
        }),
    }
}

/// Settles what is typed and what is written.
///
/// # Errors
/// What is wrong with the values of the file, each at its place.
fn settle(args: &SettingsArgs, file: Option<&ConfigFile>, catalogue: Catalogue) -> Result<Settings, Vec<Complaint>> {
    let nothing = Config::default();
    let config = file.map_or(&nothing, |file| &file.config);
    let home = file.map(|file| file.home.clone()).unwrap_or_default();
    let mut merge = Merge::new(file.map(|file| &file.source));
    let selection = selection(args, config, &catalogue, &mut merge);
    let rule_options = options::settle(&config.options, &catalogue, &mut merge);
    let levels = Words { read: fail_on, word: FailOn::word, default: FailOn::Error };
    let fail_on = merge.word("fail-on", args.fail_on, config.fail_on.as_ref(), &levels);
    let undecided = merge.flag("fail-on-undecided", args.fail_on_undecided, config.fail_on_undecided.as_ref());
    let declared = declared(args, config, &mut merge);
    let context = merge.list("context", &args.context, config.context.as_ref(), text, String::clone);
    // What is typed counts from the current folder, what is written from the file's.
    let context = match file.filter(|_| args.context.is_empty()) {
        Some(file) => context.iter().map(|glob| file.beside(glob)).collect(),
        None => context,
    };
    let (no_globs, excluded) = (Vec::<String>::new(), config.exclude.as_ref());
    merge.list("exclude", &no_globs, excluded, text, String::clone);
    let exclude = globs(excluded.map_or(&[][..], |texts| &texts.values), &home, &mut merge);
    let force_exclude = merge.flag("force-exclude", args.force_exclude, config.force_exclude.as_ref());
    let baseline = file_setting("baseline", args.baseline.as_ref(), config.baseline.as_ref(), file, &mut merge);
    let reference = file_setting("reference", args.reference.as_ref(), config.reference.as_ref(), file, &mut merge);
    let paths = config.paths.iter().map(|path| path_settings(path, args, &home, &catalogue, &mut merge)).collect();
    let accepted = config.accepted.iter().filter_map(|entry| accepted(entry, &home, &catalogue, &mut merge)).collect();
    let listing = merge.finish()?;
    Ok(Settings {
        declared,
        catalogue,
        selection,
        rule_options,
        fail_on,
        fail_on_undecided: undecided,
        context,
        exclude,
        force_exclude,
        reference,
        paths,
        baseline,
        accepted,
        listing,
    })
}

/// Which rules speak. `--select` stands for both lists of the file; `--ignore` and `--severity` add to it.
fn selection(args: &SettingsArgs, config: &Config, catalogue: &Catalogue, merge: &mut Merge<'_>) -> Selection {
    let selector = |text: &str| selector(text, catalogue);
    let rule = |text: &str| rule(text, catalogue);
    // What was typed names something: that was asked before.
    let typed = |words: &[String]| words.iter().filter_map(|word| selector(word).ok()).collect::<Vec<_>>();
    let (typed_select, typed_ignore) = (typed(&args.select), typed(&args.ignore));
    let name = |selector: &Selector| selector.to_string();
    let mut select = merge.list("select", &typed_select, config.select.as_ref(), selector, name);
    let written = config.ignore.as_ref();
    let mut ignore = match written {
        // Read all the same, so that what is wrong is told.
        Some(texts) if !args.select.is_empty() => {
            merge.values("ignore", &texts.values, selector);
            Vec::new()
        }
        _ if written.is_some() || args.ignore.is_empty() => merge.list("ignore", &[], written, selector, name),
        _ => Vec::new(),
    };
    if !args.ignore.is_empty() {
        ignore.extend(merge.list("ignore", &typed_ignore, None, selector, name));
    }
    let mut severity = std::collections::HashMap::new();
    for (written, level) in &config.severity {
        let settled = Settled::file(written);
        let read = (merge.value("severity", written, rule), merge.value("severity", level, self::level));
        if let (Some(rule), Some(level)) = read {
            severity.insert(rule, level);
            merge.show(&format!("severity.{rule}"), json!(level.word()), settled);
        }
    }
    for (written, level) in &args.severity {
        let Ok(rule) = rule(written) else { continue };
        severity.insert(rule, *level);
        merge.show(&format!("severity.{rule}"), json!(level.word()), Settled::CommandLine);
    }
    let folders: Vec<String> = args.rules.iter().map(|folder| folder.display().to_string()).collect();
    merge.list("rules", &folders, config.rules.as_ref(), text, String::clone);
    let pack = |text: &str| match selector(text) {
        Ok(pack @ Selector::Pack(_)) => Ok(pack),
        _ => Err("there is no pack of this name; `kpl rules` lists them".to_owned()),
    };
    let packs = merge.list("packs", &[], config.packs.as_ref(), pack, name);
    if !select.is_empty() {
        select.extend(packs);
    }
    let personas = Words { read: persona, word: Persona::word, default: Persona::Regular };
    let persona = merge.word("persona", args.persona, config.persona.as_ref(), &personas);
    Selection { select, ignore, severity, persona }
}

fn declared(args: &SettingsArgs, config: &Config, merge: &mut Merge<'_>) -> Declared {
    let named = |principal: &Principal| match (principal.arn(), principal.account()) {
        (Some(arn), _) => arn.as_str().to_owned(),
        (None, account) => account.map_or_else(String::new, |account| account.to_string()),
    };
    let number = AccountId::to_string;
    let accounts = config.trusted_account.as_ref();
    let account = merge.one("account", args.account, config.account.as_ref(), self::account, number);
    let region = merge.one("region", args.region.clone(), config.region.as_ref(), region, String::clone);
    Declared {
        account,
        partition: merge
            .one("partition", args.partition.clone(), config.partition.as_ref(), partition, String::clone)
            .or_else(|| Reference::embedded().partition_of_region(region.as_ref()?).map(|one| one.name().to_owned())),
        workloads: merge.list("workload", &args.workload, config.workload.as_ref(), workload, named),
        admins: merge.list("admin", &args.admin, config.admin.as_ref(), admin, named),
        aliases: merge.list("alias", &args.alias, config.alias.as_ref(), alias, String::clone),
        trusted_accounts: merge.list("trusted-account", &args.trusted_account, accounts, self::account, number),
        region,
        resource_type: merge.one(
            "resource-type",
            args.resource_type.clone(),
            config.resource_type.as_ref(),
            resource_type,
            String::clone,
        ),
        trusted_orgs: merge.list(
            "trusted-org",
            &args.trusted_org,
            config.trusted_org.as_ref(),
            organisation,
            String::clone,
        ),
    }
}

/// A file: as it is typed, or beside the `kpl.toml` that names it.
fn file_setting(
    key: &'static str,
    typed: Option<&PathBuf>,
    written: Option<&Spanned<String>>,
    file: Option<&ConfigFile>,
    merge: &mut Merge<'_>,
) -> Option<PathBuf> {
    let shown = |path: &PathBuf| path.display().to_string();
    let read = |text: &str| Ok(PathBuf::from(file.map_or_else(|| text.to_owned(), |file| file.beside(text))));
    merge.one(key, typed.cloned(), written, read, shown)
}

fn path_settings(
    written: &PathConfig,
    args: &SettingsArgs,
    home: &Home,
    catalogue: &Catalogue,
    merge: &mut Merge<'_>,
) -> PathSettings {
    let selector = |text: &str| selector(text, catalogue);
    let rule = |text: &str| rule(text, catalogue);
    let files = globs(&written.files, home, merge);
    let kind = written
        .kind
        .as_ref()
        .and_then(|kind| merge.value("kind", kind, |text| text.parse().map_err(|_| String::new())));
    let ignore = merge.values("ignore", &written.ignore, selector);
    let mut severity = std::collections::HashMap::new();
    for (name, level) in &written.severity {
        if let (Some(rule), Some(level)) = (merge.value("severity", name, rule), merge.value("severity", level, self::level))
            // What is typed wins.
            && args.severity.iter().all(|(typed, _)| typed != rule)
        {
            severity.insert(rule, level);
        }
    }
    let mut shown = serde_json::Map::from_iter([("files".to_owned(), json!(texts(&written.files)))]);
    if let Some(kind) = &written.kind {
        shown.insert("kind".to_owned(), json!(kind.value));
    }
    if !written.ignore.is_empty() {
        shown.insert("ignore".to_owned(), json!(texts(&written.ignore)));
    }
    for (rule, level) in &severity {
        shown.insert(format!("severity.{rule}"), json!(level.word()));
    }
    if let Some(first) = written.files.first() {
        merge.show("path", shown.into(), Settled::file(first));
    }
    PathSettings { files, kind, ignore, severity }
}

fn accepted(written: &IgnoreConfig, home: &Home, catalogue: &Catalogue, merge: &mut Merge<'_>) -> Option<Accepted> {
    let lists = [
        ("rule", &written.rule),
        ("path", &written.path),
        ("address", &written.address),
        ("arn", &written.arn),
        ("sid", &written.sid),
        ("action", &written.action),
    ];
    let mut shown: serde_json::Map<String, Value> = lists
        .into_iter()
        .filter(|(_, values)| !values.is_empty())
        .map(|(key, values)| (key.to_owned(), json!(texts(values))))
        .collect();
    shown.insert("reason".to_owned(), json!(written.reason.value));
    shown.extend(written.expires.as_ref().map(|day| ("expires".to_owned(), json!(day.value))));
    merge.show("ignore", shown.into(), Settled::File(written.span));
    match Accepted::read(written, home, catalogue) {
        Ok(accepted) => Some(accepted),
        Err(complaints) => {
            for complaint in complaints {
                merge.complain(complaint);
            }
            None
        }
    }
}

fn texts(values: &[Spanned<String>]) -> Vec<&str> {
    values.iter().map(|value| value.value.as_str()).collect()
}

fn globs(written: &[Spanned<String>], home: &Home, merge: &mut Merge<'_>) -> Globs {
    match Globs::new(home, written.iter().map(|pattern| pattern.value.as_str())) {
        Ok(globs) => globs,
        Err((number, why)) => {
            if let Some(pattern) = written.get(number) {
                merge.complain(Complaint::new(pattern.span, "this pattern is broken").label(why));
            }
            Globs::default()
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it stands where others may fail")]
fn text(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

fn level(text: &str) -> Result<Severity, String> {
    text.parse().map_err(|_| "it is error, warning or note".to_owned())
}

fn fail_on(text: &str) -> Result<FailOn, String> {
    clap::ValueEnum::from_str(text, false)
}
