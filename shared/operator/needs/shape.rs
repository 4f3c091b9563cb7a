//! What needs the operator, as values.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::preview::diff::ShownPerson;
use doorstep_core::decide::guard::Hold;
use doorstep_core::model::account::GroupId;
use doorstep_core::model::ids::{Checksum, DoorsName, PersonId, SiteId};
use doorstep_core::model::platform_kind::PlatformKind;
use doorstep_core::model::problem::Problem;
use doorstep_core::model::webhook_sender::WebhookSender;

/// What needs the operator, at all sites.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NeedsYou {
    /// The instant of the answer.
    pub as_of: Timestamp,
    /// The IANA name of the time zone of all sites; UTC if they have several.
    pub timezone: String,
    /// The needs. What keeps people out, or in wrongly, comes first.
    pub needs: Vec<Need>,
    /// The next opening, at whatever site.
    pub next: Option<NextAnywhere>,
}

/// One need.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Need {
    /// What it is.
    #[serde(flatten)]
    pub kind: NeedKind,
    /// The site; `None` for a need of the whole stack.
    pub site: Option<SiteId>,
    /// The IANA name of the site's time zone.
    pub timezone: String,
    /// The people whom it concerns.
    #[serde(default)]
    pub whom: Vec<ShownPerson>,
    /// How many people it concerns beside these.
    #[serde(default)]
    pub more: usize,
    /// Since when, if that is known.
    pub since: Option<Timestamp>,
    /// The one thing to do.
    pub advice: String,
    /// The screen where it is done or explained.
    pub target: NeedTarget,
    /// The words of the `doorstep` command that does or explains it, without `doorstep`.
    pub command: Vec<String>,
}

/// The kinds of needs, in the order in which they are shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum NeedKind {
    /// The site file in force cannot be read, so nothing is done at the site.
    SiteFile {
        /// The reason.
        why: String,
    },
    /// The table did not answer about the site.
    Unanswered {
        /// The reason.
        why: String,
    },
    /// The platform is not read, so nothing new is learnt of bookings and memberships.
    NotRead {
        /// The platform.
        platform: PlatformKind,
        /// How it fails.
        how: NotReadReason,
    },
    /// A door system is not read, so a change by hand there is not seen.
    DoorsNotRead {
        /// The door system.
        doors: DoorsName,
    },
    /// Triggers that settle could not serve, over all sites.
    DeadLetters {
        /// Their number.
        count: u64,
    },
    /// The trigger queue did not answer.
    QueueUnknown {
        /// The reason.
        why: String,
    },
    /// The site is paused.
    Paused {
        /// The operator's reason.
        why: Option<String>,
    },
    /// The site is being retired.
    Retiring,
    /// A set of changes waits for an approval.
    Held {
        /// The hold.
        hold: Hold,
        /// The name of the group, if the scope is one.
        group_name: Option<String>,
    },
    /// A vendor refuses people, or people cannot be linked to an account.
    People {
        /// Their problems. All of the people have these.
        problems: Vec<Problem>,
    },
    /// Memberships that Doorstep granted, and that a hand removed.
    RemovedByHand {
        /// The group.
        #[serde(flatten)]
        group: NeedGroup,
    },
    /// Accounts that a hand added to a group.
    AddedByHand {
        /// The group.
        #[serde(flatten)]
        group: NeedGroup,
        /// Whether Doorstep removes them.
        goes: bool,
    },
    /// Few seats are left at a door system.
    Seats {
        /// The door system.
        doors: DoorsName,
        /// The seats in use.
        used: u32,
        /// The seats paid for.
        paid: u32,
    },
    /// A webhook does not work.
    Webhook {
        /// The sender.
        sender: WebhookSender,
        /// What is wrong and what to do, in words.
        what: String,
    },
    /// Verified deliveries of the last day that could not be read.
    UnreadableDeliveries {
        /// Their number.
        count: usize,
        /// The reasons, each once.
        reasons: Vec<String>,
    },
    /// Items of the table that cannot be read.
    UnreadableItems {
        /// Their number.
        count: usize,
    },
    /// The site only observes.
    Observing {
        /// Whether it does so because its first push is not confirmed.
        first_push: bool,
    },
}

/// How the read of a platform fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotReadReason {
    /// No read was complete.
    Failing,
    /// No read was complete for a day, so nothing new is opened.
    Stale,
    /// No reconcile ended for 45 minutes.
    Stopped,
}

/// A group of one door system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NeedGroup {
    /// The door system.
    pub doors: DoorsName,
    /// The id of the group.
    pub group: GroupId,
    /// The name of the group, where it is known.
    pub group_name: Option<String>,
}

/// The screen of the console that a need leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NeedTarget {
    /// The hold with this checksum.
    Hold(Checksum),
    /// The person.
    Person(PersonId),
    /// The people and groups of the site.
    Groups,
    /// The deliveries of the site.
    Deliveries,
    /// The rules of the site.
    Rules,
    /// The pause of the site.
    Pause,
    /// No screen: it is done elsewhere.
    None,
}

/// The next opening of all sites.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NextAnywhere {
    /// The instant.
    pub at: Timestamp,
    /// The site.
    pub site: SiteId,
    /// The IANA name of the site's time zone.
    pub timezone: String,
    /// The door system.
    pub doors: DoorsName,
    /// The id of the group.
    pub group: GroupId,
    /// The name of the group, where it is known.
    pub group_name: Option<String>,
    /// The person for whom it opens.
    pub who: ShownPerson,
}
