//! How other programs name a file.

use std::{borrow::Cow, fmt::Write};

use super::screen::is_command;

/// A file's name relative to the folder that the run was started in, with `/` between its parts; a file that lies
/// elsewhere keeps the name that it was given.
pub(super) fn relative<'n>(name: &'n str, base: Option<&str>) -> &'n str {
    let inside = base.and_then(|base| name.strip_prefix(base)?.strip_prefix('/'));
    let mut name = inside.unwrap_or(name);
    while let Some(rest) = name.strip_prefix("./") {
        name = rest;
    }
    name
}

/// A file's name as a line may begin with it: one that a CI system would obey there is written as a path.
pub(super) fn at_line_start(name: &str) -> Cow<'_, str> {
    if is_command(name.trim_start()) { Cow::Owned(format!("./{name}")) } else { Cow::Borrowed(name) }
}

/// A file's name as a URI reference (RFC 3986): relative where the file lies below the folder of the run.
pub(super) fn uri(name: &str, base: Option<&str>) -> String {
    let name = relative(name, base);
    let has_drive = name.as_bytes().get(1..3) == Some(b":/");
    let mut out = match name.as_bytes() {
        [b'/', ..] => "file://".to_owned(),
        _ if has_drive => "file:///".to_owned(),
        _ => String::new(),
    };
    for byte in name.bytes() {
        // A colon in the first part would make a scheme of it.
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_below_the_folder_of_the_run_is_named_from_there() {
        assert_eq!(relative("/srv/repo/a/key.json", Some("/srv/repo")), "a/key.json");
        assert_eq!(relative("././a/key.json", Some("/srv/repo")), "a/key.json");
        assert_eq!(relative("/srv/repository/key.json", Some("/srv/repo")), "/srv/repository/key.json");
    }

    #[test]
    fn a_name_that_would_be_a_command_is_written_as_a_path() {
        assert_eq!(at_line_start("::error::x.json"), "./::error::x.json");
        assert_eq!(at_line_start("a::b.json"), "a::b.json");
    }

    #[test]
    fn a_uri_holds_nothing_that_could_end_it_or_make_a_scheme() {
        assert_eq!(uri("a b/ü?.json", None), "a%20b/%C3%BC%3F.json");
        assert_eq!(uri("javascript:x#\u{1b}\n%20", None), "javascript%3Ax%23%1B%0A%2520");
        assert_eq!(uri("/elsewhere/key.json", Some("/srv")), "file:///elsewhere/key.json");
        assert_eq!(uri("C:/x/key.json", None), "file:///C%3A/x/key.json");
        assert_eq!(uri("<stdin>", None), "%3Cstdin%3E");
    }
}
