//! Decides which observations are findings, and what to do about each: pure.

use jiff::{SignedDuration, Timestamp};

use super::vitals::{Doors, Platform, Troubled, Vitals};
use super::{About, Checkup, Finding};
use doorstep_cloud::trigger_queue::Waiting;
use doorstep_core::model::error::Error;
use doorstep_core::site::Mode;

/// The largest clock error. A larger one makes due minutes wrong, and soon the verification of webhooks.
const SKEW: SignedDuration = SignedDuration::from_secs(30);
/// The age from which a read is a finding.
const OLD: SignedDuration = SignedDuration::from_hours(1);

/// Decides the findings.
pub fn judge(vitals: &Vitals) -> Checkup {
    let mut checkup = Checkup { site: vitals.site.id.clone(), at: vitals.now, ..Checkup::default() };
    checkup.mode(vitals);
    checkup.platform(&vitals.platform, &vitals.site.platform.secret);
    checkup.reads(&vitals.platform, vitals.now);
    for (name, doors) in &vitals.doors {
        let secret = vitals.site.doors.get(name).map_or("", |config| config.secret.as_str());
        checkup.doors(name, doors, secret, vitals);
    }
    checkup.each(About::Names, &vitals.names, "mend the site file, or the thing's name, and push it");
    checkup.people(vitals);
    checkup.waiting(vitals);
    checkup.line(&vitals.line);
    checkup.schedules(vitals);
    checkup.clock(vitals.ahead);
    checkup.table(&vitals.unreadable);
    checkup.findings.sort();
    checkup
}

impl Checkup {
    fn find(&mut self, about: About, what: impl Into<String>, advice: impl Into<String>) {
        self.findings.push(Finding { about, what: what.into(), advice: advice.into() });
    }

    fn fine(&mut self, what: impl Into<String>) {
        self.fine.push(what.into());
    }

    fn each(&mut self, about: About, what: &[String], advice: &str) {
        what.iter().for_each(|what| self.find(about, what, advice));
    }

    fn table(&mut self, unreadable: &[String]) {
        let advice =
            "find the item by this hash, and restore it from a backup: docs/operations.md, Items that cannot be read";
        self.each(About::Table, unreadable, advice);
    }

    fn mode(&mut self, vitals: &Vitals) {
        let remarks = vitals.stored.remarks(&vitals.site.id);
        let mode = vitals.site.mode.word();
        match vitals.site.mode {
            _ if !remarks.is_empty() => {
                self.each(About::Mode, &remarks, "see docs/operations.md, From a new file to full");
            }
            Mode::Observe => self.find(
                About::Mode,
                "the site file says observe, so nothing is changed at the doors",
                "push it with mode = \"full\" once its diff is what you want",
            ),
            Mode::GrantOnly | Mode::Full => self.fine(format!("version {} in force, mode {mode}", vitals.stored.n)),
        }
    }

    fn platform(&mut self, platform: &Platform, secret: &str) {
        let Platform { word, verifies, answers, hearing, read: _ } = platform;
        match verifies {
            Ok(true) => self.fine(format!("{word}: there is a secret that proves its deliveries")),
            Ok(false) => self.find(
                About::Credentials,
                format!("{word}: there is no webhook secret \"{secret}\", so no delivery is taken"),
                "put {\"webhook_secrets\": [\"...\"]} there, as docs/operations.md, Secrets, says",
            ),
            Err(error) => self.refused(word, secret, error),
        }
        match answers {
            None => {}
            Some(Ok(())) => self.fine(format!("{word}: answers with our credentials")),
            Some(Err(error)) => self.refused(word, secret, error),
        }
        match hearing {
            Ok(hearing) if hearing.problems.is_empty() && hearing.silence.is_none() => {}
            Ok(hearing) => {
                let said: Vec<String> = hearing.problems.iter().chain(&hearing.silence).cloned().collect();
                self.each(About::Webhooks, &said, "until then changes are found by reconcile only");
            }
            Err(error) => self.find(
                About::Webhooks,
                format!("{word}: its webhooks cannot be looked at: {}", error.why()),
                "give the user the right to read them",
            ),
        }
    }

    fn refused(&mut self, who: &str, secret: &str, error: &Error) {
        let advice = match error {
            Error::Retry { .. } => "it may be away: try again in some minutes, and look at its status page".to_owned(),
            _ => format!("put the right credentials under \"{secret}\", and ask the doctor again"),
        };
        self.find(About::Credentials, format!("{who}: {}", error.why()), advice);
    }

    fn reads(&mut self, platform: &Platform, now: Timestamp) {
        let word = platform.word;
        match (platform.read.complete, platform.read.failing) {
            (_, Some(since)) => self.find(
                About::Reads,
                format!("{word}: not read whole since {}", since.strftime("%F %R UTC")),
                "the report of a reconcile says what fails; after a day nothing new is opened",
            ),
            (None, None) => {
                self.find(About::Reads, format!("{word}: never read whole"), "wait for a reconcile, or ask for one");
            }
            (Some(at), None) if now.duration_since(at) > OLD => self.find(
                About::Reads,
                format!("{word}: last read whole at {}", at.strftime("%F %R UTC")),
                "reconcile does not run: look at its log and its schedule",
            ),
            (Some(at), None) => self.fine(format!("{word}: read whole at {}", at.strftime("%F %R UTC"))),
        }
    }

    fn doors(&mut self, name: &str, doors: &Doors, secret: &str, vitals: &Vitals) {
        let Doors { answers, shut, seats, missing, hearing, read } = doors;
        if let Err(error) = answers {
            return self.refused(name, secret, error);
        }
        self.fine(format!("{name}: answers with our credentials"));
        if read.is_none() {
            self.find(About::Reads, format!("{name}: never read whole"), "wait for a reconcile, or ask for one");
        }
        for other in read.iter().flat_map(|read| &read.shared) {
            let site = &other.site;
            self.fine(format!(
                "{name}: site {site} rules some of its groups, too; who is in both stays until both end it"
            ));
        }
        for (group, why) in shut {
            let advice = "give it a schedule and locks at the door system, or take it out of the site file";
            self.find(About::Groups, format!("{name}: {group}: {why}"), advice);
        }
        match seats.and_then(|seats| Some((seats, seats.shortage()))) {
            Some((_, Some(shortage))) => {
                self.find(About::Seats, format!("{name}: {shortage}"), "without a seat nobody new can open anything");
            }
            Some((seats, None)) => {
                let paid = seats.paid.map(|paid| format!(" of {paid}")).unwrap_or_default();
                self.fine(format!("{name}: {}{paid} seats in use", seats.used));
            }
            None => {}
        }
        for number in missing {
            self.find(
                About::Protected,
                format!("{name}: protected number {number} has no account there"),
                "correct the address in the site file, or give this person an account",
            );
        }
        let listed = vitals.site.doors.get(name).map_or(0, |config| config.protected.len());
        if listed < 2 && vitals.site.mode != Mode::Full {
            self.find(
                About::Protected,
                format!("{name}: {listed} protected people"),
                "name two who can mend things if a rule is wrong; mode full asks for them",
            );
        }
        if let Some(trouble) = hearing {
            self.find(About::Webhooks, format!("{name}: {trouble}"), "openings are missing until then; access is not");
        }
    }

    fn people(&mut self, vitals: &Vitals) {
        for Troubled { person, email, problems } in &vitals.troubled {
            let who = email.as_ref().map_or_else(|| person.clone(), |email| format!("{email} ({person})"));
            let advice = format!("see `doorstep explain {} --person {person}`", vitals.site.id);
            problems.iter().for_each(|problem| self.find(About::People, format!("{who}: {problem}"), advice.as_str()));
        }
        for (doors, count) in &vitals.out_of_reach {
            self.find(
                About::People,
                format!("{count} people have access at \"{doors}\", which the site file no longer names"),
                format!("push the file with [doors.{doors}] again, or with was = \"{doors}\" under its new name"),
            );
        }
        if vitals.troubled.is_empty() && vitals.out_of_reach.is_empty() {
            self.fine("no person needs anything");
        }
    }

    fn waiting(&mut self, vitals: &Vitals) {
        for hold in &vitals.holds {
            self.find(
                About::Holds,
                format!("{}: {} wait: {}", hold.scope, hold.what(), hold.reason),
                format!("look at them, and `doorstep approve {}` if they are right", hold.checksum),
            );
        }
        match vitals.unread {
            0 => {}
            count => self.find(
                About::Unread,
                format!("{count} proven deliveries could not be read"),
                "their sender's format changed: reconcile finds what they were about; tell us",
            ),
        }
        match vitals.overdue {
            0 => {}
            count => self.find(
                About::Line,
                format!("{count} are due since longer than two minutes"),
                "the log of settle says what fails; a door system that is away is tried again by itself",
            ),
        }
    }

    fn line(&mut self, line: &Result<Waiting, Error>) {
        match line {
            Err(error) => {
                let advice = "the operator's credentials need sqs:GetQueueAttributes and sqs:GetQueueUrl";
                self.find(About::Line, error.why(), advice);
            }
            Ok(Waiting { waiting, dead }) => match dead {
                Some(0) => self.fine(format!("no dead letters, {waiting} bells in the line")),
                None => self.fine(format!("{waiting} bells in the line")),
                Some(count) => self.find(
                    About::Line,
                    format!("{count} dead letters, of all sites of the stack"),
                    "mend what the log of settle says, and give them back with `aws sqs start-message-move-task`",
                ),
            },
        }
    }

    fn schedules(&mut self, vitals: &Vitals) {
        match &vitals.schedules {
            Err(error) => {
                self.find(
                    About::Schedules,
                    error.why(),
                    "the schedule group may be gone: `make deploy` makes it again",
                );
            }
            Ok(set) if vitals.due_soon > *set => self.find(
                About::Schedules,
                format!("somebody is due in {} minutes of the next hour, and {set} schedules are set", vitals.due_soon),
                "the next reconcile sets them again; if it does not, look at its log",
            ),
            Ok(set) => self.fine(format!("{set} schedules are set")),
        }
    }

    fn clock(&mut self, ahead: Option<SignedDuration>) {
        let Some(ahead) = ahead else { return };
        let seconds = ahead.as_secs();
        if ahead.abs() > SKEW {
            let way = if seconds < 0 { "behind" } else { "ahead of" };
            self.find(
                About::Clock,
                format!("the clock of this machine is {} s {way} AWS's", seconds.abs()),
                "set it by NTP: deliveries are proven, and minutes judged, by the clock",
            );
        } else {
            self.fine(format!("the clock is within {} s of AWS's", SKEW.as_secs()));
        }
    }
}
