//! The printed form of a diff: one line for each change, with a sign for its kind.

use super::diff::{
    AccessChange, AccountChangeKind, AccountDiff, ClosedAccess, Counts, GroupDiff, ShownPerson,
    SiteDiff, Soon, TagDiff, TagDone,
};
use crate::zone::Zone;
use doorstep_core::shown_line;
use doorstep_core::site::Mode;
use std::fmt;

/// Maximum number of windows, and of closed windows, that are printed. The JSON has all of them.
const MOST_SOON: usize = 20;

impl fmt::Display for SiteDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SiteDiff {
            site,
            mode,
            at,
            timezone,
            groups,
            accounts,
            tags,
            soon,
            closed,
            problems,
            counts,
        } = self;
        let zone = Zone::named(timezone);
        shown_line!(
            f,
            "site {site}, mode {}, as of {} in the time zone {timezone}",
            mode.word(),
            zone.minute(*at)
        )?;
        if *mode == Mode::Observe {
            shown_line!(
                f,
                "mode observe would change nothing: this is the effect of mode full"
            )?;
        }
        for group in groups {
            print_group(f, group, &zone)?;
        }
        if !accounts.is_empty() {
            shown_line!(f, "\naccounts")?;
        }
        for AccountDiff { doors, what, who } in accounts {
            let (sign, word) = word(*what);
            shown_line!(f, "  {sign} {who}: {word} at {doors}")?;
        }
        if !tags.is_empty() {
            shown_line!(f, "\ntags")?;
        }
        for TagDiff {
            doors,
            what,
            tag,
            who,
            because,
        } in tags
        {
            let (sign, word) = tag_word(*what);
            shown_line!(f, "  {sign} {who}: tag {tag} {word} at {doors}: {because}")?;
        }
        print_soon(f, soon, &zone)?;
        print_closed(f, closed, &zone)?;
        if !problems.is_empty() {
            shown_line!(f, "\nproblems")?;
        }
        for problem in problems {
            shown_line!(f, "  ! {problem}")?;
        }
        write!(f, "\n{counts}")
    }
}

fn print_group(f: &mut fmt::Formatter<'_>, group: &GroupDiff, zone: &Zone) -> fmt::Result {
    let GroupDiff {
        doors,
        group,
        name,
        opens,
        closes,
        extends,
        adopts,
        releases,
        foreign,
    } = group;
    shown_line!(f, "\n{doors}: {name} ({group})")?;
    for (sign, word, changes) in [
        ("+", "", opens),
        ("-", "", closes),
        ("~", "stays, with another end; ", extends),
        ("=", "", adopts),
        ("=", "is no longer ours; ", releases),
    ] {
        for AccessChange {
            who,
            until,
            because,
            closed,
        } in changes
        {
            let until = zone.until(*until);
            let closed = closed
                .map(|closed| format!("{closed}; "))
                .unwrap_or_default();
            shown_line!(f, "  {sign} {who}{until}: {word}{closed}{because}")?;
        }
    }
    for who in foreign {
        shown_line!(f, "  ? {who}: foreign, stays")?;
    }
    Ok(())
}

fn print_soon(f: &mut fmt::Formatter<'_>, soon: &[Soon], zone: &Zone) -> fmt::Result {
    if !soon.is_empty() {
        shown_line!(f, "\nwithin a day")?;
    }
    for Soon {
        from,
        doors,
        name,
        change,
    } in soon.iter().take(MOST_SOON)
    {
        let until = zone.until(change.until);
        shown_line!(
            f,
            "  {} {doors}: {name} for {}{until}: {}",
            zone.minute(*from),
            change.who,
            change.because
        )?;
    }
    print_more(f, soon.len())
}

fn print_closed(f: &mut fmt::Formatter<'_>, all: &[ClosedAccess], zone: &Zone) -> fmt::Result {
    if !all.is_empty() {
        shown_line!(f, "\nkept closed within a day")?;
    }
    for ClosedAccess {
        from,
        until,
        doors,
        name,
        who,
        closed,
        because,
    } in all.iter().take(MOST_SOON)
    {
        let until = zone.until(*until);
        let from = zone.minute(*from);
        shown_line!(
            f,
            "  {from} {doors}: {name} for {who}{until}: {closed}; otherwise {because}"
        )?;
    }
    print_more(f, all.len())
}

/// Prints how many windows of a list are not printed.
fn print_more(f: &mut fmt::Formatter<'_>, all: usize) -> fmt::Result {
    match all.saturating_sub(MOST_SOON) {
        0 => Ok(()),
        more => shown_line!(f, "  and {more} more"),
    }
}

fn word(what: AccountChangeKind) -> (&'static str, &'static str) {
    match what {
        AccountChangeKind::Made => ("+", "an account would be made"),
        AccountChangeKind::Resumed => ("~", "the account would be resumed"),
        AccountChangeKind::Renamed => ("~", "the account would be given the platform's name"),
        AccountChangeKind::Suspended => ("-", "the account would be suspended"),
        AccountChangeKind::Deleted => ("-", "the account would be deleted"),
    }
}

fn tag_word(what: TagDone) -> (&'static str, &'static str) {
    match what {
        TagDone::Tagged => ("+", "would be theirs"),
        TagDone::Untagged => ("-", "would be taken back"),
        TagDone::Adopted => ("=", "is theirs, and ours from then on,"),
        TagDone::Released => ("=", "would no longer be ours"),
    }
}

impl fmt::Display for ShownPerson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ShownPerson {
            name,
            email,
            person: _,
            account,
        } = self;
        match (email, account) {
            (Some(email), _) => write!(f, "{name} <{email}>"),
            (None, Some(account)) => write!(f, "{name} (account {account})"),
            (None, None) => f.write_str(name),
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts {
            opens,
            closes,
            extends,
            adopts,
            releases,
            foreign,
            tidied,
            accounts,
            tags,
            soon,
            closed,
            problems,
        } = self;
        let always = [(opens, "opened"), (closes, "closed")];
        let sometimes = [
            (extends, "with another end"),
            (adopts, "adopted"),
            (releases, "no longer ours"),
            (tidied, "tidied away"),
            (accounts, "accounts changed"),
            (tags, "tags changed"),
            (foreign, "foreign that stay"),
            (soon, "within a day"),
            (closed, "kept closed within a day"),
            (problems, "problems"),
        ];
        let sometimes = sometimes.into_iter().filter(|(count, _)| **count > 0);
        let words: Vec<String> = always
            .into_iter()
            .chain(sometimes)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        let nothing = if self.is_empty() {
            "nothing would change: "
        } else {
            ""
        };
        write!(f, "{nothing}{}", words.join(", "))
    }
}
