//! `kpl config`.

use serde::Serialize;
use serde_json::Value;

use super::{
    Exit,
    args::{ConfigCommand, ConfigShowArgs},
    screen,
    settings::{self, ConfigFile, Folders, Setting, Settled},
};
use crate::render::{self, Format, Style};

/// The layout of the JSON.
const LAYOUT: u32 = 1;

pub(super) fn run(command: &ConfigCommand) -> Exit {
    match command {
        ConfigCommand::Show(args) => show(args),
    }
}

/// Prints what is in force, and where each value comes from.
fn show(args: &ConfigShowArgs) -> Exit {
    let style = screen::style(args.color);
    let (file, settings) = match settings::read(&Folders::search(), &args.settings) {
        Ok(settled) => settled,
        Err(trouble) => return trouble.tell(&style),
    };
    let text = match args.format {
        Format::Json => json(file.as_ref(), &settings.listing),
        _ => text(file.as_ref(), &settings.listing, &style),
    };
    screen::print(&text);
    Exit::Clean
}

#[derive(Serialize)]
struct Output<'a> {
    version: u32,
    /// The configuration that was read.
    file: Option<String>,
    settings: Vec<SettingOutput<'a>>,
}

#[derive(Serialize)]
struct SettingOutput<'a> {
    key: &'a str,
    value: &'a Value,
    from: &'static str,
    line: Option<usize>,
}

fn json(file: Option<&ConfigFile>, settings: &[Setting]) -> String {
    let output = Output {
        version: LAYOUT,
        file: file.map(|file| file.source.name()),
        settings: settings.iter().map(setting).collect(),
    };
    format!("{}\n", serde_json::to_string_pretty(&output).unwrap_or_default())
}

fn setting(setting: &Setting) -> SettingOutput<'_> {
    let from = match setting.from {
        Settled::Default => "default",
        Settled::File(_) => "file",
        Settled::CommandLine => "command-line",
    };
    SettingOutput { key: &setting.key, value: &setting.value, from, line: setting.line }
}

/// A line for each setting, with its origin.
fn text(file: Option<&ConfigFile>, settings: &[Setting], style: &Style) -> String {
    let name = file.map(|file| file.source.name());
    let origin = |setting: &Setting| match (setting.from, setting.line) {
        (Settled::File(_), Some(line)) => format!("{}:{line}", name.as_deref().unwrap_or_default()),
        (Settled::CommandLine, _) => "command line".to_owned(),
        _ => "default".to_owned(),
    };
    let rows: Vec<[String; 3]> = settings
        .iter()
        .map(|setting| {
            let value = if setting.value.is_null() { "-".to_owned() } else { setting.value.to_string() };
            [setting.key.clone(), origin(setting), value]
        })
        .collect();
    render::rows(&rows, style)
}
