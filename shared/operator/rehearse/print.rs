//! The printed form of a rehearsal: one line for each interval.

use std::collections::BTreeSet;
use std::fmt;

use super::{AccessDifference, DifferenceKind, Rehearsal};
use crate::zone::Zone;
use doorstep_core::shown_line;

impl fmt::Display for Rehearsal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rehearsal {
            site,
            version,
            day,
            timezone,
            findings: _,
            changes,
            problems,
        } = self;
        let zone = Zone::named(timezone);
        if let (Some(site), Some(version), Some(day)) = (site, version, day) {
            let name = day.strftime("%A");
            shown_line!(
                f,
                "site {site}, {name} {day} in the time zone {timezone}, beside version {version}"
            )?;
        }
        let mut head = None;
        for AccessDifference {
            doors,
            group,
            name,
            who,
            what,
            from,
            until,
            because,
            closed,
        } in changes
        {
            if head != Some((doors, group)) {
                shown_line!(f, "\n{doors}: {name} ({group})")?;
                head = Some((doors, group));
            }
            let (sign, word) = match what {
                DifferenceKind::Gains => ('+', "would have had access"),
                DifferenceKind::Loses => ('-', "would not have had access"),
            };
            let closed = match (closed, what) {
                (Some(closed), DifferenceKind::Loses) => format!("{closed}; otherwise "),
                (Some(closed), DifferenceKind::Gains) => {
                    format!("{closed} of the file in force; now ")
                }
                (None, _) => String::new(),
            };
            shown_line!(
                f,
                "  {sign} {who} {word} from {} until {}: {closed}{because}",
                zone.minute(*from),
                zone.minute(*until)
            )?;
        }
        if !problems.is_empty() {
            shown_line!(f, "\nproblems")?;
        }
        for problem in problems {
            shown_line!(f, "  ! {problem}")?;
        }
        let people = |wanted: DifferenceKind| {
            let of = changes
                .iter()
                .filter(|change| change.what == wanted)
                .map(|change| &change.who);
            of.collect::<BTreeSet<_>>().len()
        };
        match (people(DifferenceKind::Gains), people(DifferenceKind::Loses)) {
            (0, 0) => write!(f, "\nthe day would have been the same"),
            (gain, lose) => write!(
                f,
                "\n{gain} would have gained access, {lose} would have lost it"
            ),
        }
    }
}
