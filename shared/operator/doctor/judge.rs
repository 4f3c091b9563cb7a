//! Decides which observations are findings, and what to do about each: pure.

use jiff::{SignedDuration, Timestamp};

use super::vitals::{DoorsVitals, PlatformVitals, Troubled, Vitals};
use super::{Checkup, DoctorFinding, FindingSubject};
use doorstep_cloud::trigger_queue::QueueDepth;
use doorstep_core::model::error::Error;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::site::Mode;

/// The largest clock error. A larger one makes due minutes wrong, and soon the verification of
/// webhooks.
const SKEW: SignedDuration = SignedDuration::from_secs(30);
/// The age from which a read is a finding.
const OLD: SignedDuration = SignedDuration::from_hours(1);

/// Decides the findings.
pub fn judge(vitals: &Vitals) -> Checkup {
    let mut checkup = Checkup {
        site: vitals.site.id.clone(),
        at: vitals.now,
        timezone: vitals
            .site
            .timezone
            .iana_name()
            .unwrap_or_default()
            .to_owned(),
        ..Checkup::default()
    };
    checkup.mode(vitals);
    checkup.platform(&vitals.platform, &vitals.site.platform.secret);
    checkup.reads(&vitals.platform, vitals.now);
    for (name, doors) in &vitals.doors {
        let secret = vitals
            .site
            .doors
            .get(name)
            .map_or("", |config| config.secret.as_str());
        checkup.doors(name, doors, secret, vitals);
    }
    checkup.each(
        FindingSubject::Names,
        &vitals.names,
        "correct the site file, or the name at the vendor, and push the file",
    );
    checkup.people(vitals);
    checkup.waiting(vitals);
    checkup.queue(&vitals.queue);
    checkup.schedules(vitals);
    checkup.clock(vitals.ahead);
    checkup.table(&vitals.unreadable);
    checkup.findings.sort();
    checkup
}

impl Checkup {
    fn find(&mut self, about: FindingSubject, what: impl Into<String>, advice: impl Into<String>) {
        self.findings.push(DoctorFinding {
            about,
            what: what.into(),
            advice: advice.into(),
        });
    }

    fn fine(&mut self, what: impl Into<String>) {
        self.fine.push(what.into());
    }

    fn each(&mut self, about: FindingSubject, what: &[String], advice: &str) {
        what.iter().for_each(|what| self.find(about, what, advice));
    }

    fn table(&mut self, unreadable: &[String]) {
        let advice = "find the item by this hash, and restore it from a backup: docs/operations.md, Items that cannot be read";
        self.each(FindingSubject::Table, unreadable, advice);
    }

    fn mode(&mut self, vitals: &Vitals) {
        let remarks = vitals.stored.remarks(&vitals.site.id);
        let mode = vitals.site.mode.word();
        match vitals.site.mode {
            _ if !remarks.is_empty() => {
                self.each(
                    FindingSubject::Mode,
                    &remarks,
                    "see docs/operations.md, From a new file to full",
                );
            }
            Mode::Observe => self.find(
                FindingSubject::Mode,
                "the site file has mode observe, so Doorstep changes nothing at the doors",
                "push it with mode = \"full\" once its diff is what you want",
            ),
            Mode::GrantOnly | Mode::Full => {
                self.fine(format!("version {} in force, mode {mode}", vitals.stored.n))
            }
        }
    }

    fn platform(&mut self, platform: &PlatformVitals, secret: &str) {
        let PlatformVitals {
            word,
            verifies,
            answers,
            hearing,
            read: _,
        } = platform;
        match verifies {
            Ok(true) => self.fine(format!("{word}: a webhook secret verifies its deliveries")),
            Ok(false) => self.find(
                FindingSubject::Credentials,
                format!("{word}: no webhook secret \"{secret}\", so every delivery is rejected"),
                "store {\"webhook_secrets\": [\"...\"]} there: see docs/operations.md, Secrets",
            ),
            Err(error) => self.refused(word, secret, error),
        }
        match answers {
            None => {}
            Some(Ok(())) => self.fine(format!("{word}: accepts the credentials")),
            Some(Err(error)) => self.refused(word, secret, error),
        }
        match hearing {
            Ok(hearing) if hearing.problems.is_empty() && hearing.silence.is_none() => {}
            Ok(hearing) => {
                let said: Vec<String> = hearing
                    .problems
                    .iter()
                    .chain(&hearing.silence)
                    .cloned()
                    .collect();
                // Each of them says itself what to do.
                self.each(FindingSubject::Webhooks, &said, "");
            }
            Err(error) => self.find(
                FindingSubject::Webhooks,
                format!("{word}: its webhooks cannot be read: {}", error.why()),
                "give the user the right to read them",
            ),
        }
    }

    fn refused(&mut self, who: &str, secret: &str, error: &Error) {
        let advice = match error {
            Error::Retry { .. } => {
                "the vendor may be down: try again in a few minutes, and see its status page"
                    .to_owned()
            }
            _ => {
                format!("store the right credentials under \"{secret}\", and run the doctor again")
            }
        };
        self.find(
            FindingSubject::Credentials,
            format!("{who}: {}", error.why()),
            advice,
        );
    }

    fn reads(&mut self, platform: &PlatformVitals, now: Timestamp) {
        let word = platform.word;
        match (platform.read.complete, platform.read.failing) {
            (_, Some(since)) => self.find(
                FindingSubject::Reads,
                format!("{word}: no complete read since {}", self.local(since)),
                "the report of a reconcile shows what fails. After one day, Doorstep grants nothing new",
            ),
            (None, None) => {
                self.find(
                    FindingSubject::Reads,
                    format!("{word}: no complete read yet"),
                    "wait for the next reconcile, or request one",
                );
            }
            (Some(at), None) if now.duration_since(at) > OLD => self.find(
                FindingSubject::Reads,
                format!("{word}: the last complete read was at {}", self.local(at)),
                "reconcile does not run: see its log and its schedule",
            ),
            (Some(at), None) => self.fine(format!("{word}: complete read at {}", self.local(at))),
        }
    }

    fn doors(&mut self, name: &DoorsName, doors: &DoorsVitals, secret: &str, vitals: &Vitals) {
        let DoorsVitals {
            answers,
            shut,
            seats,
            missing,
            hearing,
            read,
        } = doors;
        if let Err(error) = answers {
            return self.refused(name, secret, error);
        }
        self.fine(format!("{name}: accepts the credentials"));
        if read.is_none() {
            self.find(
                FindingSubject::Reads,
                format!("{name}: no complete read yet"),
                "wait for the next reconcile, or request one",
            );
        }
        for other in read.iter().flat_map(|read| &read.shared) {
            let site = &other.site;
            self.fine(format!(
                "{name}: site {site} has rules for some of its groups too. A person with access by both sites loses it when both end it"
            ));
        }
        for (group, why) in shut {
            let advice = "give the group a schedule and locks at the door system, or remove it from the site file";
            self.find(
                FindingSubject::Groups,
                format!("{name}: {group}: {why}"),
                advice,
            );
        }
        match seats.and_then(|seats| Some((seats, seats.shortage()))) {
            Some((_, Some(shortage))) => {
                self.find(
                    FindingSubject::Seats,
                    format!("{name}: {shortage}"),
                    "buy seats, or free some: new people get no access without a seat",
                );
            }
            Some((seats, None)) => {
                let paid = seats
                    .paid
                    .map(|paid| format!(" of {paid}"))
                    .unwrap_or_default();
                self.fine(format!("{name}: {}{paid} seats in use", seats.used));
            }
            None => {}
        }
        for number in missing {
            self.find(
                FindingSubject::Protected,
                format!("{name}: protected address {number} has no account there"),
                "correct the address in the site file, or create an account for it",
            );
        }
        let listed = vitals
            .site
            .doors
            .get(name)
            .map_or(0, |config| config.protected.len());
        if listed < 2 && vitals.site.mode != Mode::Full {
            self.find(
                FindingSubject::Protected,
                format!("{name}: {listed} protected people"),
                "protect two people who can correct a wrong rule. Mode full needs them",
            );
        }
        if let Some(trouble) = hearing {
            self.find(
                FindingSubject::Webhooks,
                format!("{name}: {trouble}"),
                "access attempts are missing until then. Access is not affected",
            );
        }
    }

    fn people(&mut self, vitals: &Vitals) {
        for Troubled {
            person,
            email,
            problems,
        } in &vitals.troubled
        {
            let who = email
                .as_ref()
                .map_or_else(|| person.to_string(), |email| format!("{email} ({person})"));
            let advice = format!(
                "see `doorstep explain {} --person {person}`",
                vitals.site.id
            );
            problems.iter().for_each(|problem| {
                self.find(
                    FindingSubject::People,
                    format!("{who}: {problem}"),
                    advice.as_str(),
                )
            });
        }
        for (doors, count) in &vitals.out_of_reach {
            self.find(
                FindingSubject::People,
                format!("{count} people have access at \"{doors}\", which is not in the site file"),
                format!(
                    "push a file with [doors.{doors}], or with was = \"{doors}\" under the new name"
                ),
            );
        }
        if vitals.troubled.is_empty() && vitals.out_of_reach.is_empty() {
            self.fine("no person has a problem");
        }
    }

    fn waiting(&mut self, vitals: &Vitals) {
        for hold in &vitals.holds {
            self.find(
                FindingSubject::Holds,
                format!("{}: {} held: {}", hold.scope, hold.what(), hold.reason),
                format!(
                    "check the changes, and run `doorstep approve {}` if they are right",
                    hold.checksum
                ),
            );
        }
        match vitals.unread {
            0 => {}
            count => self.find(
                FindingSubject::Unread,
                format!("{count} verified deliveries could not be parsed"),
                "the format of the sender changed. A reconcile finds what they announced. Report this to the project",
            ),
        }
        match vitals.overdue {
            0 => {}
            count => self.find(
                FindingSubject::Queue,
                format!("{count} people or things are overdue by more than two minutes"),
                "see the log of settle. A door system that does not answer is tried again",
            ),
        }
    }

    fn queue(&mut self, queue: &Result<QueueDepth, Error>) {
        match queue {
            Err(error) => {
                let advice = "the operator's credentials need sqs:GetQueueAttributes and sqs:GetQueueUrl";
                self.find(FindingSubject::Queue, error.why(), advice);
            }
            Ok(QueueDepth { waiting, dead }) => match dead {
                Some(0) => self.fine(format!("no dead letters, {waiting} triggers in the queue")),
                None => self.fine(format!("{waiting} triggers in the queue")),
                Some(count) => self.find(
                    FindingSubject::Queue,
                    format!("{count} dead letters, counted over all sites of the stack"),
                    "correct what the log of settle reports, and return them with `aws sqs start-message-move-task`",
                ),
            },
        }
    }

    fn schedules(&mut self, vitals: &Vitals) {
        match &vitals.schedules {
            Err(error) => {
                self.find(
                    FindingSubject::Schedules,
                    error.why(),
                    "the schedule group may be missing: `make deploy` creates it",
                );
            }
            Ok(set) if vitals.due_soon > *set => self.find(
                FindingSubject::Schedules,
                format!(
                    "people are due in {} minutes of the next hour, and only {set} schedules are set",
                    vitals.due_soon
                ),
                "the next reconcile sets the missing ones. If it does not, see its log",
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
                FindingSubject::Clock,
                format!(
                    "the clock of this machine is {} s {way} AWS's",
                    seconds.abs()
                ),
                "set the clock by NTP: signatures and due minutes depend on it",
            );
        } else {
            self.fine(format!("the clock is within {} s of AWS's", SKEW.as_secs()));
        }
    }
}
