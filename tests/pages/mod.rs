//! The pages for people: README, CONTRIBUTING, CHANGELOG and everything below `docs/`. Their links
//! lead somewhere, their tables render, and their commands exist.

mod page;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use page::{Link, Page};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `folder` whose name has one of these endings.
fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            if path
                .file_name()
                .is_some_and(|name| name != "target" && name != "node_modules")
            {
                found.extend(files(&path, endings));
            }
        } else if path
            .extension()
            .is_some_and(|ending| endings.iter().any(|one| ending == *one))
        {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn pages() -> Vec<Page> {
    let top = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| root().join(name));
    let top = top.into_iter().filter(|path| path.exists());
    top.chain(files(&root().join("docs"), &["md"]))
        .map(Page::read)
        .collect()
}

#[test]
fn every_relative_link_leads_to_a_file_and_a_heading() {
    let mut broken = Vec::new();
    for page in pages() {
        for Link { line, target } in page.links() {
            let (file, anchor) = target
                .split_once('#')
                .map_or((target, None), |(file, anchor)| (file, Some(anchor)));
            let path = if file.is_empty() {
                page.path.clone()
            } else {
                page.folder().join(file)
            };
            let leads = match anchor {
                _ if !path.exists() => false,
                Some(anchor) => Page::read(path).anchors().contains(anchor),
                None => true,
            };
            if !leads {
                broken.push(format!("{}:{line}: {target}", page.name()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_table_begins_with_its_head() {
    let broken: Vec<String> = pages()
        .iter()
        .flat_map(|page| {
            page.headless_tables()
                .into_iter()
                .map(|line| format!("{}:{line}", page.name()))
        })
        .collect();
    assert!(broken.is_empty(), "a blank line ends a table: {broken:#?}");
}

#[test]
fn every_make_target_in_a_page_exists() {
    let makefile = fs::read_to_string(root().join("Makefile")).expect("the Makefile");
    let target = |line: &str| {
        line.split_once(':')
            .filter(|(_, rest)| !rest.starts_with('='))
            .map(|(name, _)| name.to_owned())
    };
    let targets: BTreeSet<String> = makefile.lines().filter_map(target).collect();
    let mut named = 0;
    for page in pages() {
        for (line, word) in page.arguments("make", usize::MAX) {
            assert!(
                targets.contains(&word),
                "{}:{line}: make {word}",
                page.name()
            );
            named += 1;
        }
    }
    assert!(named > 10, "the pages name the commands");
}

#[cfg(feature = "operator")]
#[test]
fn every_verb_in_a_page_exists() {
    let named: Vec<(String, usize, String)> = pages()
        .iter()
        .flat_map(|page| {
            page.arguments("doorstep", 1)
                .into_iter()
                .map(|(line, verb)| (page.name(), line, verb))
        })
        .collect();
    let verbs: BTreeSet<&str> = named.iter().map(|(_, _, verb)| verb.as_str()).collect();
    assert!(verbs.len() > 10, "the pages name the verbs: {verbs:?}");
    let unknown = verbs.into_iter().filter(|verb| {
        let help = std::process::Command::new(env!("CARGO_BIN_EXE_doorstep"))
            .args([verb, "--help"])
            .output();
        !help.expect("it runs").status.success()
    });
    let unknown: BTreeSet<&str> = unknown.collect();
    let broken: Vec<_> = named
        .iter()
        .filter(|(_, _, verb)| unknown.contains(verb.as_str()))
        .collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_page_that_a_file_names_exists() {
    let folders = ["functions", "infra", "shared", "tests"];
    let endings = ["rs", "toml", "yaml", "sh", "json"];
    let mut all: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| files(&root().join(folder), &endings))
        .collect();
    all.extend(["Cargo.toml", "Makefile", "template.yaml"].map(|name| root().join(name)));
    let mut broken = Vec::new();
    for path in all {
        let text = fs::read_to_string(&path).expect("text");
        let words =
            text.split(|letter: char| !letter.is_ascii_alphanumeric() && !"/._-".contains(letter));
        let named = words
            .map(|word| word.trim_end_matches('.'))
            .filter(|word| word.starts_with("docs/") && word.ends_with(".md"));
        let missing = named.filter(|word| !root().join(word).exists());
        broken.extend(missing.map(|word| format!("{}: {word}", path.display())));
    }
    assert!(broken.is_empty(), "{broken:#?}");
}
