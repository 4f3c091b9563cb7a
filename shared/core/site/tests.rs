//! Tests of this module, from small to large: hours, the file, names, checks.

mod faults;
mod file;
mod hours;
mod names;
mod wild;

/// The complete example of the contract, word for word.
const EXAMPLE: &str = include_str!("tests/example.toml");

/// The shortest valid site file.
const LEAST: &str = include_str!("tests/least.toml");
