//! The size of each function's package: its one binary, zipped.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use crate::figure::Figure;
use crate::{Options, Outcome};

/// At most so many MiB.
const AIM: f64 = 4.0;
/// What a zip file says about the one file in it.
const FRAME: usize = 130;

/// Measures.
pub fn measure(options: &Options) -> Outcome<Vec<Figure>> {
    ["receive", "entries", "settle", "reconcile"]
        .iter()
        .map(|name| one(options, name))
        .collect()
}

fn one(options: &Options, name: &str) -> Outcome<Figure> {
    let path = options.function(name);
    let binary = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::default());
    packed.write_all(&binary)?;
    let mib = (packed.finish()?.len() + FRAME) as f64 / f64::from(1 << 20);
    Ok(Figure::count(format!("package of {name}, zipped"), "MiB", mib).at_most(AIM))
}
