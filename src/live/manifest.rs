//! What was asked, when, and what came: `manifest.json` of a fetched folder.

use super::{
    failure::{Failure, Kind},
    json::{Json, Shape},
    session::Made,
};

/// What stands at the top of a manifest.
pub(super) struct Head<'h> {
    pub(super) account: Option<&'h str>,
    pub(super) region: Option<&'h str>,
    /// When the run began, in ISO 8601.
    pub(super) started: &'h str,
}

/// The text of the manifest.
pub(super) fn written(head: &Head<'_>, made: &[Made], ended: Option<&Failure>) -> String {
    let text = |text: Option<&str>| text.map(str::to_owned);
    let shape = Shape::default()
        .with("version", &1)
        .with("tool", &format!("kpl {}", env!("CARGO_PKG_VERSION")))
        .with("account", &text(head.account))
        .with("region", &text(head.region))
        .with("started", &head.started.to_owned())
        .with("ended_early", &ended.map(|failure| failure.message.clone()))
        .with("calls", &made.iter().map(call).collect::<Vec<Json>>());
    shape.done().written()
}

fn call(made: &Made) -> Json {
    let failure = made.failure.as_ref();
    let outcome = failure.map_or("fetched", |failure| match failure.kind {
        Kind::Denied => "denied",
        Kind::Absent => "absent",
        Kind::Unsupported => "unsupported",
        Kind::Credentials | Kind::Failed => "failed",
    });
    let shape = Shape::default()
        .with("call", &made.typed)
        .with("action", &made.call.action())
        .with("outcome", &outcome.to_owned())
        .with("file", &made.file)
        .with("code", &failure.and_then(|failure| failure.code.clone()))
        .with("message", &failure.map(|failure| failure.message.clone()));
    shape.done()
}
