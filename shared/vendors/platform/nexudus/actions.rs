//! Nexudus' actions: the last part of a webhook's address says which one it is, because the body does not. `[D][C]`

use doorstep_core::model::fact::Kind;

/// What a delivery of an action is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// The entity itself, of this kind.
    Itself(Kind),
    /// A desk of a floor plan, which are numbered apart from other resources.
    Desk,
    /// A check-in, and whoever came: it may use up a pass, and passes have no action of their own.
    Checkin,
    /// Whoever invited this visitor: invitations to bookings have no action of their own.
    Host,
}

/// One action.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WebhookAction {
    /// Its number, which is what the address ends with.
    pub(super) number: u16,
    /// Its name, which may stand there as well.
    pub(super) name: &'static str,
    /// What it is about.
    pub(super) about: About,
    /// Whether it says that the entity is gone.
    pub(super) removes: bool,
    /// Whether changes would go unheard without it.
    pub(super) needed: bool,
}

const fn told(number: u16, name: &'static str, about: About) -> WebhookAction {
    WebhookAction { number, name, about, removes: false, needed: false }
}

const fn gone(number: u16, name: &'static str, about: About) -> WebhookAction {
    WebhookAction { removes: true, ..told(number, name, about) }
}

const fn needed(action: WebhookAction) -> WebhookAction {
    WebhookAction { needed: true, ..action }
}

use About::{Checkin, Desk, Host, Itself};

/// Those that are our business. `AccessControlUpdate` comes with every change of somebody's contracts, passes, check-ins,
/// teams and cards, and a quarter of an hour before and after their bookings. `[D]`
const ACTIONS: [WebhookAction; 30] = [
    told(2, "CoworkerUpdate", Itself(Kind::Member)),
    told(3, "CoworkerCreate", Itself(Kind::Member)),
    needed(told(6, "BookingCreate", Itself(Kind::Booking))),
    needed(told(7, "BookingUpdate", Itself(Kind::Booking))),
    needed(gone(8, "BookingDelete", Itself(Kind::Booking))),
    told(10, "CoworkerContractActivate", Itself(Kind::Membership)),
    told(11, "CoworkerContractCancel", Itself(Kind::Membership)),
    told(12, "CoworkerContractRenew", Itself(Kind::Membership)),
    told(13, "CoworkerContractUpgradeDowngrade", Itself(Kind::Membership)),
    told(14, "CoworkerContractActivateFirst", Itself(Kind::Membership)),
    told(41, "VisitorCheckedin", Host),
    told(42, "VisitorRegistered", Host),
    told(47, "CheckinCreated", Checkin),
    told(48, "CheckinUpdated", Checkin),
    gone(49, "CheckinDeleted", Checkin),
    gone(50, "CoworkerDelete", Itself(Kind::Member)),
    told(57, "TeamCreated", Itself(Kind::Team)),
    told(58, "TeamUpdated", Itself(Kind::Team)),
    gone(59, "TeamDeleted", Itself(Kind::Team)),
    told(60, "CoworkerContractUpdate", Itself(Kind::Membership)),
    needed(told(61, "AccessControlUpdate", Itself(Kind::Member))),
    told(62, "CoworkerContractCreate", Itself(Kind::Membership)),
    told(64, "VisitorDeleted", Host),
    told(71, "FloorPlanDeskCreate", Desk),
    gone(72, "FloorPlanDeskDelete", Desk),
    told(73, "FloorPlanDeskUpdate", Desk),
    told(74, "TariffCreate", Itself(Kind::Plan)),
    gone(75, "TariffDelete", Itself(Kind::Plan)),
    told(76, "TariffUpdate", Itself(Kind::Plan)),
    gone(77, "CoworkerContractDelete", Itself(Kind::Membership)),
];

/// The action of that number or name, where it is our business.
pub(super) fn find(word: &str) -> Option<&'static WebhookAction> {
    let number = word.parse::<u16>().ok().filter(|_| word.bytes().all(|byte| byte.is_ascii_digit()));
    ACTIONS.iter().find(|action| Some(action.number) == number || action.name.eq_ignore_ascii_case(word))
}

/// Those without which changes would go unheard.
pub(super) fn all_needed() -> impl Iterator<Item = &'static WebhookAction> {
    ACTIONS.iter().filter(|action| action.needed)
}
