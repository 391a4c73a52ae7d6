//! `kpl kasten generate`.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::Path,
};

use super::commands;
use crate::{
    cli::{Exit, args::GenerateArgs, inputs, screen},
    finding::Problem,
    kasten::generate::{File, Identity, Plan, unknown},
    render::{self, Style},
};

pub(super) fn run(args: &GenerateArgs) -> Exit {
    let style = screen::style(args.color);
    let plan = plan(args);
    match plan.and_then(|plan| write(&plan.files(), args).map(|()| plan)) {
        Ok(plan) => {
            screen::print(&told(&plan, args, &style));
            Exit::Clean
        }
        Err(problem) => {
            screen::complain(&render::problem_line(&problem, &style));
            Exit::Failure
        }
    }
}

/// What was asked for, if its parts go together.
fn plan(args: &GenerateArgs) -> Result<Plan, Problem> {
    let identity = match (&args.role, &args.user, &args.oidc_provider) {
        (Some(role), Some(user), _) => Identity::RoleByKeys { role: role.clone(), user: user.clone() },
        (Some(role), None, Some(provider)) => {
            Identity::RoleByProvider { role: role.clone(), provider: provider.clone() }
        }
        (Some(role), None, None) => Identity::RoleByPodIdentity(role.clone()),
        (None, Some(user), _) => Identity::User(user.clone()),
        (None, None, _) => return Err(problem("--role", "a role or a user uses the key".to_owned(), None)),
    };
    let plan = Plan {
        identity,
        key: args.key.clone(),
        alias: args.alias.clone(),
        namespace: args.namespace.clone(),
        service_account: args.service_account.clone(),
        ebs: args.ebs,
        export: args.s3_export.clone(),
        bootstrap: args.bootstrap,
        terraform: args.terraform,
    };
    match plan.agrees() {
        Ok(()) => Ok(plan),
        Err(mismatch) => Err(problem("kasten generate", mismatch.to_string(), None)),
    }
}

fn problem(file: &str, message: String, help: Option<&str>) -> Problem {
    Problem { file: file.to_owned(), message, help: help.map(str::to_owned), fatal: true }
}

/// Writes all files, or none where one is there already.
fn write(files: &[File], args: &GenerateArgs) -> Result<(), Problem> {
    let folder = &args.out;
    let there: Vec<&str> = files.iter().map(|file| file.name).filter(|name| folder.join(name).exists()).collect();
    if !there.is_empty() && !args.force {
        let message = format!("there already: {}; nothing was written", there.join(", "));
        let help = "give another folder, or --force to write over them";
        return Err(problem(&folder.display().to_string(), message, Some(help)));
    }
    let failed = |path: &Path, error: &std::io::Error| {
        problem(&path.display().to_string(), format!("cannot be written: {}", inputs::cause(error)), None)
    };
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    for file in files {
        let path = folder.join(file.name);
        let mut options = OpenOptions::new();
        options.write(true);
        if args.force {
            options.create(true).truncate(true)
        } else {
            options.create_new(true)
        };
        let written = options.open(&path).and_then(|mut open| open.write_all(file.text.as_bytes()));
        written.map_err(|error| failed(&path, &error))?;
    }
    Ok(())
}

/// What was written, what is to be done with it, and what is not known.
fn told(plan: &Plan, args: &GenerateArgs, style: &Style) -> String {
    let folder = args.out.display();
    let files = plan.files();
    let mut out = render::heading(&format!("wrote {} files to {folder}", files.len()), style);
    let wide = files.iter().map(|file| file.name.len()).max().unwrap_or_default();
    for file in &files {
        out.push_str(&render::paragraph(&format!("{:wide$}  {}", file.name, file.purpose), 2, style));
    }
    out.push('\n');
    out.push_str(&render::heading("look them over", style));
    let caller = plan.identity.caller().as_str();
    let workload = if plan.is_told() { String::new() } else { format!(" --workload {caller}") };
    out.push_str(&commands::lines(&format!("kpl kasten check {folder}{workload} && kpl test {folder}"), style));
    out.push('\n');
    out.push_str(&render::heading("put them to use, in that folder", style));
    for (number, step) in (1..).zip(plan.steps()) {
        out.push_str(&commands::numbered(number, &step.what, style));
        for command in &step.commands {
            out.push_str(&commands::lines(command, style));
        }
    }
    let open = unknown(plan);
    if !open.is_empty() {
        out.push('\n');
        out.push_str(&render::heading("not in these files", style));
        for line in open {
            out.push_str(&render::paragraph(&line, 2, style));
        }
    }
    out
}
