//! Tests of this room, from small to large: hours, the file, names, checks.

mod faults;
mod file;
mod hours;
mod names;
mod wild;

/// The whole example of the contract, to the letter.
const EXAMPLE: &str = include_str!("tests/example.toml");

/// The least that a site file can say.
const LEAST: &str = r#"
site = "riverside"
timezone = "Europe/London"
mode = "observe"
[platform]
kind = "officernd"
organization = "riverside-hub"
secret = "riverside/officernd"
[doors.main]
kind = "kisi"
secret = "riverside/kisi"
"#;
