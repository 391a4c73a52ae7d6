//! What is written so that findings do not count: entries of `kpl.toml`, and comments.

pub(crate) mod entries;
