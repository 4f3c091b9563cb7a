//! The walls between the crates, and the circles inside them, read from the manifests and the `use`
//! lines.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The crates from the lowest to the highest. Each may use only those before it.
const CRATES: [&str; 6] = ["core", "vendors", "cloud", "jobs", "operator", "console"];
/// What core must not name: a runtime, HTTP, AWS, randomness.
const OUTSIDE_OF_CORE: [&str; 9] = [
    "tokio",
    "futures-util",
    "async-trait",
    "reqwest",
    "http",
    "aws-",
    "lambda_runtime",
    "uuid",
    "rand",
];

/// The command and the local cloud: nothing of the project is above them.
const ENDS: [&str; 2] = ["functions/doorstep", "infra/local/src"];

fn folder(name: &str) -> PathBuf {
    root().join("shared").join(name)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn dependencies(name: &str) -> String {
    let manifest = fs::read_to_string(folder(name).join("Cargo.toml")).expect("a manifest");
    let (_, rest) = manifest.split_once("[dependencies]").expect("dependencies");
    rest.split("\n[").next().unwrap_or_default().to_owned()
}

#[test]
fn each_crate_names_only_crates_below_it() {
    for (place, name) in CRATES.iter().enumerate() {
        let dependencies = dependencies(name);
        for above in &CRATES[place..] {
            assert!(
                !dependencies.contains(&format!("doorstep-{above}.")),
                "{name} names {above}"
            );
        }
    }
}

#[test]
fn core_names_no_runtime_no_http_no_aws_and_no_randomness() {
    for line in dependencies("core").lines() {
        let outside = OUTSIDE_OF_CORE
            .iter()
            .find(|outside| line.starts_with(**outside));
        assert_eq!(outside, None, "core depends on {line}");
    }
}

#[test]
fn core_reads_no_clock() {
    for (name, text) in sources(&folder("core")) {
        for clock in [
            "Timestamp::now(",
            "Zoned::now(",
            "SystemTime",
            "Instant::now(",
        ] {
            assert!(!text.contains(clock), "{name}: {clock}");
        }
    }
}

#[test]
fn no_two_files_of_a_crate_import_each_other_in_a_circle() {
    let roots = CRATES
        .map(folder)
        .into_iter()
        .chain(ENDS.map(|end| root().join(end)));
    for root in roots {
        let files = sources(&root);
        let imports: BTreeMap<&str, BTreeSet<&str>> = files
            .iter()
            .map(|(file, text)| (file.as_str(), imported(file, text, &files)))
            .collect();
        let circle: Vec<&String> = files
            .keys()
            .filter(|file| reaches(&imports, file, file))
            .collect();
        assert!(
            circle.is_empty(),
            "{}: files that import each other in a circle: {circle:?}",
            root.display()
        );
    }
}

/// The files of a crate by module path (`settle/apply`), without its tests.
fn sources(root: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let relative = path
                .strip_prefix(root)
                .expect("below")
                .with_extension("")
                .display()
                .to_string();
            let is_test = relative.contains("tests")
                || relative.ends_with("script")
                || relative == "settle/model";
            if is_test || relative == "lib" {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a file");
                let code = text
                    .split("#[cfg(test)]\nmod tests {")
                    .next()
                    .unwrap_or_default()
                    .to_owned();
                found.insert(relative.trim_end_matches("/mod").to_owned(), code);
            }
        }
    }
    found
}

/// The files that the `use` lines of `file` name.
fn imported<'f>(file: &str, text: &str, files: &'f BTreeMap<String, String>) -> BTreeSet<&'f str> {
    let mut found = BTreeSet::new();
    for item in uses(text) {
        let mut parts: Vec<&str> = item.split("::").map(str::trim).collect();
        let mut base: Vec<&str> = file.split('/').collect();
        match parts.first() {
            Some(&"crate") => base.clear(),
            Some(&"super") => {}
            _ => continue,
        }
        while parts
            .first()
            .is_some_and(|part| matches!(*part, "crate" | "super"))
        {
            if parts.remove(0) == "super" {
                base.pop();
            }
        }
        base.extend(parts);
        let named = (1..=base.len())
            .rev()
            .find_map(|length| files.get_key_value(&base[..length].join("/")));
        found.extend(
            named
                .map(|(name, _)| name.as_str())
                .filter(|name| *name != file),
        );
    }
    found
}

/// Every path that the `use` declarations name, one for each item of a group.
fn uses(text: &str) -> Vec<String> {
    let declarations = text.split(";\n").filter_map(|part| {
        let line = part
            .rsplit_once("\nuse ")
            .map(|(_, tree)| tree)
            .or(part.strip_prefix("use "))?;
        Some(line.split_whitespace().collect::<Vec<_>>().join(" "))
    });
    declarations.flat_map(|tree| expand("", &tree)).collect()
}

fn expand(before: &str, tree: &str) -> Vec<String> {
    let Some((head, group)) = tree.split_once('{') else {
        return vec![format!("{before}{}", tree.trim())];
    };
    let group = group.trim_end().trim_end_matches('}');
    let before = format!("{before}{}", head.trim());
    let (mut items, mut depth, mut item) = (Vec::new(), 0, String::new());
    for c in group.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if c == ',' && depth == 0 {
            items.extend(expand(&before, item.trim()));
            item.clear();
        } else {
            item.push(c);
        }
    }
    if !item.trim().is_empty() {
        items.extend(expand(&before, item.trim()));
    }
    items
}

fn reaches(imports: &BTreeMap<&str, BTreeSet<&str>>, from: &str, to: &str) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(file) = open.pop() {
        for next in imports.get(file).into_iter().flatten() {
            if *next == to {
                return true;
            }
            if seen.insert(*next) {
                open.push(next);
            }
        }
    }
    false
}
