//! Writes a proposal into a site file. Comments, order and form of the rest stay as they are.

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, Value};

use doorstep_core::model::error::{Error, Result};
use doorstep_core::site::Selector;

use super::proposal::{Proposal, ProposedRule};
use super::quoted::quoted;
use super::words::Word;

/// Returns the file `text` with the rules of a proposal after its own, and with comments at its end
/// about everything that has no rule.
///
/// # Errors
/// [`Error::Invalid`] for a text that is not TOML, or whose rules are not tables of their own.
pub fn written(text: &str, proposal: &Proposal, has_several_doors: bool) -> Result<String> {
    let mut file: DocumentMut = text
        .parse()
        .map_err(|error| Error::invalid(format!("the file is not TOML: {error}")))?;
    if !proposal.rules.is_empty() {
        let rules = file
            .entry("rule")
            .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
        let rules = rules.as_array_of_tables_mut().ok_or_else(|| {
            Error::invalid("the rules are one value: write each rule as a [[rule]] of its own")
        })?;
        for rule in &proposal.rules {
            rules.push(table(rule, has_several_doors)?);
        }
    }
    let mut written = file.to_string();
    let comments = comments(proposal, &written);
    if !comments.is_empty() {
        let gap = if written.ends_with("\n\n") { "" } else { "\n" };
        written.push_str(gap);
        written.push_str(&comments);
    }
    Ok(written)
}

fn table(rule: &ProposedRule, has_several_doors: bool) -> Result<Table> {
    let mut table = Table::new();
    let mut before = "\n".to_owned();
    if let Some(guess) = rule.guess {
        before.push_str(&format!("# Guess: {guess}\n"));
    }
    table.decor_mut().set_prefix(before);
    table.insert(rule.selector.word(), words(&rule.things)?);
    if has_several_doors {
        table.insert("doors", toml_edit::value(rule.doors.as_str()));
    }
    let opens = list(&rule.opens)?;
    table.insert("opens", Item::Value(with_names(opens.into(), &rule.opens)));
    Ok(table)
}

/// Returns one word as the text of a value, and several as that of a list, with the names of ids in a
/// comment.
pub(crate) fn one_or_list(all: &[Word]) -> Result<String> {
    Ok(words(all)?.to_string())
}

/// Returns words as the text of a list, with the names of ids in a comment.
pub(crate) fn list_of(all: &[Word]) -> Result<String> {
    Ok(with_names(list(all)?.into(), all).to_string())
}

/// Returns one word as a text, and several as a list.
fn words(words: &[Word]) -> Result<Item> {
    let value = match words {
        [word] => value(&word.text)?,
        words => list(words)?.into(),
    };
    Ok(Item::Value(with_names(value, words)))
}

fn list(words: &[Word]) -> Result<Array> {
    let mut array = Array::new();
    for word in words {
        array.push_formatted(value(&word.text)?);
    }
    array.fmt();
    Ok(array)
}

/// Returns a text as a value in one line.
fn value(text: &str) -> Result<Value> {
    quoted(text)
        .parse()
        .map_err(|_| Error::permanent("a name cannot be written into a site file"))
}

/// Adds the names of ids in a comment.
fn with_names(mut value: Value, words: &[Word]) -> Value {
    let comment = comment_of_names(words.iter());
    if !comment.is_empty() {
        value.decor_mut().set_suffix(comment);
    }
    value
}

/// Returns comments about what has no rule. What a comment of the file names already is left out.
fn comments(proposal: &Proposal, file: &str) -> String {
    let commented: Vec<&str> = file.lines().filter(|line| line.starts_with('#')).collect();
    let commented = commented.join("\n");
    let left_out = proposal.left_out.iter().map(|one| format!("# {one}\n"));
    let left_out: String = left_out
        .filter(|line| !commented.contains(line.trim_end()))
        .collect();
    let mut parts = Vec::new();
    if !left_out.is_empty() {
        let said = "# The platform's own bridge opens this too, and no rule can say it:\n";
        parts.push(format!("{said}{left_out}"));
    }
    for (selector, words) in &proposal.unused.things {
        parts.extend(Fresh::of(words, &commented).map(|fresh| fresh.rule(*selector)));
    }
    for (doors, words) in &proposal.unused.groups {
        let fresh = Fresh::of(words, &commented);
        parts.extend(fresh.map(|Fresh { texts, names }| {
            format!("# No rule opens these groups of [doors.{doors}]: {texts}{names}\n")
        }));
    }
    parts.join("\n")
}

/// Words that no comment of the file has yet.
struct Fresh {
    /// The words as TOML, separated by commas.
    texts: String,
    /// A comment with the names of those that are ids; empty if there are none.
    names: String,
}

impl Fresh {
    /// Returns `None` if there is no such word.
    fn of(words: &[Word], commented: &str) -> Option<Fresh> {
        let fresh: Vec<&Word> = words
            .iter()
            .filter(|word| !commented.contains(&quoted(&word.text)))
            .collect();
        let texts: Vec<String> = fresh.iter().map(|word| quoted(&word.text)).collect();
        (!fresh.is_empty()).then(|| Fresh {
            texts: texts.join(", "),
            names: comment_of_names(fresh.into_iter()),
        })
    }

    /// Returns a rule for these things, in comments.
    fn rule(self, selector: Selector) -> String {
        let Fresh { texts, names } = self;
        let word = selector.word();
        let about = match selector {
            Selector::Resource => {
                "No rule names these. For a desk or office that is assigned, write assignable instead of resource."
            }
            _ => "No rule names these.",
        };
        format!("# {about}\n# [[rule]]\n# {word} = [{texts}]{names}\n# opens = []\n")
    }
}

/// Returns a comment with the names of the words that are ids; empty if there are none.
fn comment_of_names<'a>(words: impl Iterator<Item = &'a Word>) -> String {
    let names: Vec<String> = words
        .filter_map(|word| word.name.as_deref().map(quoted))
        .collect();
    match names.is_empty() {
        true => String::new(),
        false => format!("   # {}", names.join(", ")),
    }
}
