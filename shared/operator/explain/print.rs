//! The printed form of explanations, in the site's time zone.

use std::fmt;

use super::shape::{Explained, FactShown, GroupExplained, Tense};
use super::who::{PersonInGroup, Told, Whose};
use crate::zone::Zone;
use doorstep_core::shown_line;

/// The most windows and records that are printed of one group. The JSON has more.
const MOST: usize = 8;

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let zone = Zone::named(&self.timezone);
        let who = &self.person;
        let name = who.name.as_deref().unwrap_or("nameless");
        let email = who
            .email
            .as_deref()
            .map(|email| format!(" <{email}>"))
            .unwrap_or_default();
        shown_line!(
            f,
            "{name}{email} at {}, {} ({})",
            self.site,
            zone.second(self.at),
            self.timezone
        )?;
        shown_line!(f, "{}", who.profiles.join(", "))?;
        for account in &who.accounts {
            let suspended = if account.active { "" } else { ", suspended" };
            shown_line!(
                f,
                "account {} at {}{suspended}",
                account.account,
                account.doors
            )?;
        }
        for remark in &self.remarks {
            shown_line!(f, "! {remark}")?;
        }
        for group in &self.groups {
            print_group(f, group, self.tense, &zone)?;
        }
        for problem in &self.problems {
            shown_line!(f, "! {problem}")?;
        }
        match self.next {
            Some(next) => write!(f, "settled next at {}", zone.second(next)),
            None => write!(f, "no access of this person begins or ends soon"),
        }
    }
}

fn print_group(
    f: &mut fmt::Formatter<'_>,
    one: &GroupExplained,
    tense: Tense,
    zone: &Zone,
) -> fmt::Result {
    let word = match (tense, one.has) {
        (Tense::Past, true) => "had",
        (Tense::Past, false) => "lacked",
        (Tense::Present, true) => "has",
        (Tense::Present, false) => "lacks",
        (Tense::Future, true) => "will have",
        (Tense::Future, false) => "will lack",
    };
    let name = one.name.as_deref().unwrap_or_default();
    shown_line!(f, "\n{word} {}/{name} ({})", one.doors, one.group)?;
    for text in &one.why {
        shown_line!(f, "  {text}")?;
    }
    for because in one.because.iter().take(MOST) {
        let sign = if because.open { "+" } else { " " };
        let until = because.window.until.map_or("on".to_owned(), |until| {
            format!("until {}", zone.second(until))
        });
        writeln!(
            f,
            "  {sign} from {} {until} by rule {} (line {})",
            zone.second(because.window.from),
            because.rule,
            because.line
        )?;
        for fact in &because.facts {
            shown_line!(f, "      {}", shown(fact, zone))?;
        }
    }
    let early = one.done.len().saturating_sub(MOST);
    for done in one.done.iter().skip(early) {
        let what = serde_json::to_value(done.what)
            .ok()
            .and_then(|word| Some(word.as_str()?.to_owned()));
        let (what, because) = (what.unwrap_or_default(), &done.because);
        shown_line!(
            f,
            "  {} {what}: {because} ({}, record {})",
            zone.second(done.at),
            done.answer,
            done.seq
        )?;
    }
    Ok(())
}

fn shown(fact: &FactShown, zone: &Zone) -> String {
    let version = fact
        .version
        .map(|at| format!(", version {}", zone.second(at)))
        .unwrap_or_default();
    let known = fact
        .known
        .map(|at| format!(", known since {}", zone.second(at)))
        .unwrap_or_default();
    let source = fact
        .source
        .as_ref()
        .map(|source| format!(" by {source}"))
        .unwrap_or_default();
    format!("{}{version}{known}{source}", fact.fact)
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let zone = Zone::named(&self.timezone);
        let name = self.name.as_deref().unwrap_or_default();
        let (doors, count) = (&self.doors, self.people.len());
        shown_line!(
            f,
            "{doors}/{name} ({}) at {} ({}): {count}",
            self.group,
            zone.second(self.at),
            self.timezone
        )?;
        for remark in &self.remarks {
            shown_line!(f, "! {remark}")?;
        }
        for inside in &self.people {
            print_inside(f, inside, &zone)?;
        }
        match self.tense {
            Tense::Past => {
                write!(
                    f,
                    "from the audit records of then, which do not include people who were added by hand"
                )
            }
            Tense::Present => write!(f, "as the door system lists it now"),
            Tense::Future => write!(f, "from the facts known today"),
        }
    }
}

fn print_inside(f: &mut fmt::Formatter<'_>, inside: &PersonInGroup, zone: &Zone) -> fmt::Result {
    let (sign, word) = match inside.whose {
        Whose::Ours => ("=", "ours"),
        Whose::Protected => ("#", "protected"),
        Whose::Foreign => ("?", "foreign"),
        Whose::Missing => ("!", "ours, but no longer in the group"),
        Whose::Expected => ("+", "expected"),
    };
    let name = inside.name.as_deref().unwrap_or("nameless");
    let email = inside
        .email
        .as_deref()
        .map(|email| format!(" <{email}>"))
        .unwrap_or_default();
    let since = inside
        .since
        .map(|at| format!(" since {}", zone.second(at)))
        .unwrap_or_default();
    let until = inside
        .until
        .map(|at| format!(" until {}", zone.second(at)))
        .unwrap_or_default();
    let because = inside
        .because
        .as_deref()
        .map(|because| format!(": {because}"))
        .unwrap_or_default();
    let suspended = if inside.suspended {
        " (the account is suspended and opens nothing)"
    } else {
        ""
    };
    shown_line!(
        f,
        "  {sign} {name}{email}: {word}{since}{until}{because}{suspended}"
    )
}
