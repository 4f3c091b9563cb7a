//! The sentences of the needs. No code reads them.

use std::fmt;

use super::shape::{Need, NeedGroup, NeedKind, NeedsYou, NextAnywhere, NotReadReason};
use crate::preview::diff::ShownPerson;
use crate::zone::Zone;
use doorstep_core::decide::guard::Scope;
use doorstep_core::model::counted::counted;
use doorstep_core::model::shown::shown;
use doorstep_core::shown_line;

impl fmt::Display for NeedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NeedKind::SiteFile { why } => {
                write!(
                    f,
                    "nothing is done at this site, because its file cannot be read: {why}"
                )
            }
            NeedKind::Unanswered { why } => write!(f, "this site cannot be shown: {why}"),
            NeedKind::NotRead { platform, how } => {
                let how = match how {
                    NotReadReason::Failing => "could not be read completely",
                    NotReadReason::Stale => "could not be read for a day, so nothing new is opened",
                    NotReadReason::Stopped => "was not compared: no reconcile ended",
                };
                write!(f, "{} {how}", platform.word())
            }
            NeedKind::DoorsNotRead { doors } => {
                write!(
                    f,
                    "{doors} could not be read, so changes by hand are not seen"
                )
            }
            NeedKind::DeadLetters { count } => {
                let count = counted(usize::try_from(*count).unwrap_or(usize::MAX), "trigger");
                write!(f, "{count} could not be served, counted over all sites")
            }
            NeedKind::QueueUnknown { why } => f.write_str(why),
            NeedKind::Paused { why: Some(why) } => {
                write!(f, "paused ({why}): nothing is changed at the doors")
            }
            NeedKind::Paused { why: None } => {
                f.write_str("paused: nothing is changed at the doors")
            }
            NeedKind::Retiring => {
                f.write_str("being retired: Doorstep is revoking the access that it granted")
            }
            NeedKind::Held { hold, group_name } => {
                let place = match (&hold.scope, group_name) {
                    (Scope::Group(doors, _), Some(name)) => format!("{doors}: {name}"),
                    (scope, _) => scope.to_string(),
                };
                write!(f, "{} held at {place}: {}", hold.what(), hold.reason)
            }
            NeedKind::People { problems } => {
                let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
                f.write_str(&texts.join("; "))
            }
            NeedKind::RemovedByHand { group } => write!(f, "removed by hand from {group}"),
            NeedKind::AddedByHand { group, .. } => write!(f, "added by hand to {group}"),
            NeedKind::Seats { doors, used, paid } => {
                write!(f, "{used} of {paid} seats are in use at {doors}")
            }
            NeedKind::Webhook { sender, what } => write!(f, "webhook of {sender}: {what}"),
            NeedKind::UnreadableDeliveries { count, reasons } => {
                let word = if *count == 1 {
                    "delivery"
                } else {
                    "deliveries"
                };
                let reasons = reasons.join("; ");
                write!(f, "{count} verified {word} could not be read: {reasons}")
            }
            NeedKind::UnreadableItems { count } => {
                write!(f, "{} of the table cannot be read", counted(*count, "item"))
            }
            NeedKind::Observing { first_push: true } => {
                f.write_str("only observes, because its first push is not confirmed")
            }
            NeedKind::Observing { first_push: false } => {
                f.write_str("only observes: its file has mode observe")
            }
        }
    }
}

impl fmt::Display for NeedGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.group_name {
            Some(name) => write!(f, "{name} ({})", self.doors),
            None => write!(f, "group {} ({})", self.group, self.doors),
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let site = self.site.as_ref().map_or("all sites", |site| site.as_str());
        write!(f, "{site}: ")?;
        if !self.whom.is_empty() {
            let names: Vec<&str> = self.whom.iter().map(name).collect();
            f.write_str(&names.join(", "))?;
            match self.more {
                0 => f.write_str(": ")?,
                more => write!(f, " and {more} more: ")?,
            }
        }
        write!(f, "{}", self.kind)?;
        if let Some(since) = self.since {
            write!(f, "; since {}", Zone::named(&self.timezone).minute(since))?;
        }
        write!(
            f,
            ": {} (`doorstep {}`)",
            self.advice,
            self.command.join(" ")
        )
    }
}

/// Returns what a person is called: the name, or else the id.
fn name(who: &ShownPerson) -> &str {
    let id = who.person.as_deref().unwrap_or("unknown");
    match who.name.is_empty() {
        true => id,
        false => &who.name,
    }
}

impl fmt::Display for NextAnywhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = Zone::named(&self.timezone).minute(self.at);
        let group = self.group_name.as_deref().unwrap_or(&self.group.0);
        write!(f, "{at} {group} at {} for {}", self.site, name(&self.who))
    }
}

impl fmt::Display for NeedsYou {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for need in &self.needs {
            shown_line!(f, "! {need}")?;
        }
        let words = match self.needs.len() {
            0 => "Nothing needs you".to_owned(),
            1 => "1 thing needs you".to_owned(),
            count => format!("{count} things need you"),
        };
        let text = match &self.next {
            Some(next) => format!("{words}. Next: {next}"),
            None => format!("{words}. No opening is known"),
        };
        f.write_str(&shown(&text))
    }
}
