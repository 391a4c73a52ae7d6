//! Packs data/service-reference.tsv into the bytes that the library embeds.

use std::{env, error::Error, fs, path::Path};

#[expect(dead_code, unreachable_pub, reason = "the module is the library's, which reads too")]
#[path = "src/reference/pack/mod.rs"]
mod pack;

const TABLE: &str = "data/service-reference.tsv";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={TABLE}");
    println!("cargo::rerun-if-changed=src/reference/pack");
    let packed = pack::pack(&fs::read_to_string(TABLE)?).map_err(|error| format!("{TABLE}: {error}"))?;
    let folder = env::var_os("OUT_DIR").ok_or("cargo names no OUT_DIR")?;
    fs::write(Path::new(&folder).join("service-reference.bin"), packed)?;
    Ok(())
}
