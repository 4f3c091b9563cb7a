//! Decides what of a site needs the operator, and what to do about it. Pure.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::shape::{Need, NeedKind, NeedTarget, NotReadReason};
use super::state::SiteState;
use super::whom;
use doorstep_cloud::store::runs::Runs;
use doorstep_cloud::store::sites::PlatformRead;
use doorstep_cloud::trigger_queue::QueueDepth;
use doorstep_core::decide::guard::{Hold, Scope};
use doorstep_core::model::account::GroupRef;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::webhook_sender::WebhookSender;
use doorstep_core::site::Mode;
use doorstep_vendors::doors::Seats;

/// Without a reconcile that ended within this time, a site counts as not read. It is three times the
/// usual cadence.
const STOPPED_AFTER: SignedDuration = SignedDuration::from_mins(45);
/// How long an unreadable delivery needs the operator. A reconcile finds what it announced.
const UNREADABLE_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Returns the need of a site that cannot be read.
pub(super) fn unread(site: SiteId, kind: NeedKind) -> Need {
    let (advice, command) = match &kind {
        NeedKind::SiteFile { .. } => (
            "push a file that this version of Doorstep can read",
            vec!["show", site.as_str()],
        ),
        _ => (
            "try again in a minute, and see the state of DynamoDB",
            vec!["doctor", site.as_str()],
        ),
    };
    let target = match kind {
        NeedKind::SiteFile { .. } => NeedTarget::Rules,
        _ => NeedTarget::None,
    };
    Need {
        command: command.into_iter().map(str::to_owned).collect(),
        timezone: "UTC".to_owned(),
        whom: Vec::new(),
        more: 0,
        since: None,
        advice: advice.to_owned(),
        site: Some(site),
        target,
        kind,
    }
}

/// Returns the need of the trigger queue, which all sites share.
pub(super) fn of_queue(queue: Result<QueueDepth>) -> Vec<Need> {
    let (kind, advice) = match queue {
        Ok(QueueDepth {
            dead: Some(count), ..
        }) if count > 0 => (
            NeedKind::DeadLetters { count },
            "correct what the log of settle reports, and return them with `aws sqs start-message-move-task`",
        ),
        Ok(_) => return Vec::new(),
        Err(error) => (
            NeedKind::QueueUnknown {
                why: error.why().to_owned(),
            },
            "the operator's credentials need sqs:GetQueueAttributes and sqs:GetQueueUrl",
        ),
    };
    vec![Need {
        kind,
        site: None,
        timezone: "UTC".to_owned(),
        whom: Vec::new(),
        more: 0,
        since: None,
        advice: advice.to_owned(),
        target: NeedTarget::None,
        command: vec!["doctor".to_owned()],
    }]
}

/// Returns the order of two needs: by kind, then the oldest, then by site.
pub(super) fn order(one: &Need, other: &Need) -> Ordering {
    let since = |need: &Need| need.since.unwrap_or(Timestamp::MAX);
    one.kind
        .place()
        .cmp(&other.kind.place())
        .then_with(|| since(one).cmp(&since(other)))
        .then_with(|| one.site.cmp(&other.site))
}

impl NeedKind {
    /// Returns the place in the list: what keeps people out, or in wrongly, comes first.
    fn place(&self) -> u8 {
        match self {
            NeedKind::SiteFile { .. } => 0,
            NeedKind::Unanswered { .. } => 1,
            NeedKind::NotRead { .. } => 2,
            NeedKind::DeadLetters { .. } => 3,
            NeedKind::QueueUnknown { .. } => 4,
            NeedKind::Paused { .. } => 5,
            NeedKind::Retiring => 6,
            NeedKind::Held { .. } => 7,
            NeedKind::People { .. } => 8,
            NeedKind::RemovedByHand { .. } => 9,
            NeedKind::AddedByHand { .. } => 10,
            NeedKind::UnreadableItems { .. } => 11,
            NeedKind::DoorsNotRead { .. } => 12,
            NeedKind::Seats { .. } => 13,
            NeedKind::Webhook { .. } => 14,
            NeedKind::UnreadableDeliveries { .. } => 15,
            NeedKind::Observing { .. } => 16,
        }
    }
}

/// Returns what needs the operator at one site.
pub(super) fn of_site(state: &SiteState, now: Timestamp) -> Vec<Need> {
    let judging = Judging { state, now };
    let single = [
        judging.of_version(),
        judging.of_platform(),
        judging.of_deliveries(),
        judging.of_items(),
    ];
    let mut needs: Vec<Need> = single.into_iter().flatten().collect();
    needs.extend(state.holds.iter().map(|hold| judging.of_hold(hold)));
    needs.extend(judging.of_seats_and_reads());
    needs.extend(judging.of_webhooks());
    needs.extend(whom::of_people(state));
    needs.extend(whom::of_hands(state));
    needs
}

/// The decisions about one site.
struct Judging<'a> {
    state: &'a SiteState,
    now: Timestamp,
}

impl Judging<'_> {
    /// Returns why the site does less than its file says.
    fn of_version(&self) -> Option<Need> {
        let stored = &self.state.stored;
        if let Some(retiring) = &stored.retiring {
            let advice = "when no one is left, run the command again with --yes and its checksum";
            let mut need = self
                .state
                .need(NeedKind::Retiring, advice, NeedTarget::None, "retire");
            need.command.push("--revoke-access".to_owned());
            need.since = Some(retiring.at);
            return Some(need);
        }
        if let Some(paused) = &stored.paused {
            let why = paused.why.clone();
            let kind = NeedKind::Paused { why };
            let advice = "resume the site when its doors may change again";
            let need = self.state.need(kind, advice, NeedTarget::Pause, "resume");
            return Some(Need {
                since: Some(paused.at),
                ..need
            });
        }
        if !stored.observing && self.state.site.mode != Mode::Observe {
            return None;
        }
        let kind = NeedKind::Observing {
            first_push: stored.observing,
        };
        let advice = "push the file with mode = \"full\" once its diff is what you want";
        let need = self.state.need(kind, advice, NeedTarget::Rules, "diff");
        let words = ["diff", "--site", self.state.site.id.as_str()];
        Some(Need {
            since: stored.at,
            command: words.map(str::to_owned).into(),
            ..need
        })
    }

    /// Returns the need of a platform that is not read.
    fn of_platform(&self) -> Option<Need> {
        let SiteState {
            read, runs, stored, ..
        } = self.state;
        let (how, since) = not_read(read, runs, stored.at, self.now)?;
        let kind = NeedKind::NotRead {
            platform: self.state.site.platform.kind,
            how,
        };
        let advice = match how {
            NotReadReason::Failing | NotReadReason::Stale => {
                "see what fails: the platform may be down, or refuse the credentials"
            }
            NotReadReason::Stopped => "see the log of reconcile, and its schedule",
        };
        let target = NeedTarget::Deliveries;
        let need = self.state.need(kind, advice, target, "doctor");
        Some(Need {
            since: Some(since),
            ..need
        })
    }

    fn of_hold(&self, hold: &Hold) -> Need {
        let group_name = match &hold.scope {
            Scope::Group(doors, group) => {
                let at = GroupRef::new(doors, group);
                self.state.groups.get(&at).cloned()
            }
            Scope::Site | Scope::Doors(_) => None,
        };
        let kind = NeedKind::Held {
            hold: hold.clone(),
            group_name,
        };
        let advice = "look at the changes, and approve them if they are right";
        let target = NeedTarget::Hold(hold.checksum.clone());
        Need {
            since: Some(hold.since),
            command: vec!["approve".to_owned(), hold.checksum.to_string()],
            ..self.state.need(kind, advice, target, "approve")
        }
    }

    /// Returns the needs of door systems that are not read, and of those with few seats.
    fn of_seats_and_reads(&self) -> Vec<Need> {
        let mut needs = Vec::new();
        for (doors, observed) in self.state.observed_doors() {
            if let Some(since) = observed.failing {
                let kind = NeedKind::DoorsNotRead {
                    doors: doors.clone(),
                };
                let advice = "see what fails: it may be down, or refuse the credentials";
                let target = NeedTarget::Deliveries;
                needs.push(Need {
                    since: Some(since),
                    ..self.state.need(kind, advice, target, "doctor")
                });
            }
            let seats = observed.seats.map(|seats| Seats {
                used: seats.used,
                paid: seats.paid,
            });
            if let Some(Seats {
                used,
                paid: Some(paid),
            }) = seats.filter(|seats| seats.shortage().is_some())
            {
                let doors = doors.clone();
                let kind = NeedKind::Seats { doors, used, paid };
                let advice = "buy seats, or suspend accounts without access";
                needs.push(self.state.need(kind, advice, NeedTarget::None, "doctor"));
            }
        }
        needs
    }

    fn of_webhooks(&self) -> Vec<Need> {
        let of_platform = self.state.observed.iter();
        let of_platform = of_platform.flat_map(|observed| &observed.webhooks);
        let of_platform = of_platform.map(|trouble| (WebhookSender::Platform, trouble));
        let of_doors = self.state.observed_doors().filter_map(|(doors, observed)| {
            let sender = WebhookSender::Doors(doors.clone());
            Some((sender, observed.webhook.as_ref()?))
        });
        let each = of_platform.chain(of_doors).map(|(sender, trouble)| {
            let what = trouble.what.clone();
            let kind = NeedKind::Webhook { sender, what };
            let advice = "switch it on again at the sender";
            let target = NeedTarget::Deliveries;
            Need {
                since: Some(trouble.since),
                ..self.state.need(kind, advice, target, "doctor")
            }
        });
        each.collect()
    }

    fn of_deliveries(&self) -> Option<Need> {
        let of_late = |at: Option<Timestamp>| {
            at.is_none_or(|at| self.now.duration_since(at) < UNREADABLE_FOR)
        };
        let lately = self.state.unreadable.iter();
        let lately: Vec<_> = lately.filter(|one| of_late(one.at)).collect();
        let first = lately.iter().filter_map(|one| one.at).min();
        let reasons: BTreeSet<String> = lately.iter().map(|one| one.why.clone()).collect();
        let kind = NeedKind::UnreadableDeliveries {
            count: lately.len(),
            reasons: reasons.into_iter().collect(),
        };
        let advice = "the sender's format changed: report it to the project";
        let target = NeedTarget::Deliveries;
        let need = self.state.need(kind, advice, target, "deliveries");
        (!lately.is_empty()).then_some(Need {
            since: first,
            ..need
        })
    }

    fn of_items(&self) -> Option<Need> {
        let count = self.state.unreadable_items;
        let kind = NeedKind::UnreadableItems { count };
        let advice = "find them with the doctor, and restore them from a backup";
        let need = self.state.need(kind, advice, NeedTarget::None, "doctor");
        (count > 0).then_some(need)
    }
}

/// Returns how a platform is not read, and since when. The file is in force since `in_force`.
pub(super) fn not_read(
    read: &PlatformRead,
    runs: &Runs,
    in_force: Option<Timestamp>,
    now: Timestamp,
) -> Option<(NotReadReason, Timestamp)> {
    if let Some(since) = read.failing {
        let how = match read.is_stale(now) {
            true => NotReadReason::Stale,
            false => NotReadReason::Failing,
        };
        return Some((how, since));
    }
    // A reconcile that reads the platform and then fails has no end.
    let ended = match runs.begun > runs.ended {
        true => runs.ended_at,
        false => runs.ended_at.max(read.complete),
    };
    let since = ended.or(in_force)?;
    let is_late = now.duration_since(since) > STOPPED_AFTER;
    is_late.then_some((NotReadReason::Stopped, since))
}
