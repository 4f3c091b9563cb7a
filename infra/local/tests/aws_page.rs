//! docs/aws.md: each row has a source and names tests that exist.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const PAGE: &str = include_str!("../../../docs/aws.md");
/// Columns of each table: what AWS does, its source, what Doorstep does, the tests.
const COLUMNS: usize = 4;
/// Grades of a source that is not AWS's own.
const GRADES: [&str; 3] = ["[C]", "[M]", "[?]"];
/// Fewest rows that the page has.
const FEWEST: usize = 50;

/// The rows of every table, each with its cells.
fn rows() -> Vec<Vec<&'static str>> {
    let lines = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = lines.map(|line| line.split(" | ").collect::<Vec<_>>());
    rows.filter(|row: &Vec<&str>| row.len() != 2 && row[0] != "what")
        .collect()
}

/// Every name in backticks.
fn names(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// Every test of the source tree: the folders and files that lead to it, and its name.
fn tests() -> Vec<(Vec<String>, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    for folder in [
        "shared",
        "functions",
        "tests",
        "infra/local/src",
        "infra/local/tests",
    ] {
        sources(&root.join(folder))
            .iter()
            .for_each(|file| found.extend(tests_of(file)));
    }
    found
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder of this repository");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let each = paths.map(|path| match path.is_dir() {
        true => sources(&path),
        false => vec![path]
            .into_iter()
            .filter(|path| path.extension().is_some_and(|kind| kind == "rs"))
            .collect(),
    });
    each.flatten().collect()
}

fn tests_of(file: &Path) -> Vec<(Vec<String>, String)> {
    let text = std::fs::read_to_string(file).expect("a source");
    let place = file.with_extension("");
    let place: Vec<String> = place
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    let mut marked = false;
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        let name = line
            .trim_start_matches("async ")
            .strip_prefix("fn ")
            .and_then(|rest| rest.split('(').next());
        match name {
            Some(name) if marked => found.push((place.clone(), name.to_owned())),
            _ => {}
        }
        marked = line.starts_with("#[test]")
            || line.starts_with("#[tokio::test")
            || marked && line.starts_with("#[");
    }
    found
}

#[test]
fn each_row_has_a_source() {
    let rows = rows();
    assert!(rows.len() >= FEWEST, "{}", rows.len());
    let mut seen = BTreeSet::new();
    for row in rows {
        assert_eq!(row.len(), COLUMNS, "{row:?}");
        assert!(row.iter().all(|cell| !cell.trim().is_empty()), "{row:?}");
        let of_aws = row[1].contains("](https://docs.aws.amazon.com/")
            || row[1].contains("](https://github.com/aws/")
            || row[1].contains("](https://aws.amazon.com/");
        let graded = GRADES.iter().any(|grade| row[1].contains(grade));
        assert!(of_aws || graded, "no document of AWS and no grade: {row:?}");
        assert!(seen.insert(row[0]), "twice: {}", row[0]);
    }
}

#[test]
fn each_row_is_held_by_tests_that_exist() {
    let tests = tests();
    for row in rows() {
        let held: Vec<&str> = names(row[3]).collect();
        assert!(!held.is_empty(), "nothing holds {row:?}");
        for name in held {
            let mut path: Vec<&str> = name.split("::").filter(|part| *part != "tests").collect();
            let test = path.pop().unwrap_or_default();
            let is_there = |(place, name): &(Vec<String>, String)| {
                name == test && path.iter().all(|part| place.iter().any(|one| one == part))
            };
            assert!(
                !path.is_empty() && tests.iter().any(is_there),
                "no such test: {name}"
            );
        }
    }
}
