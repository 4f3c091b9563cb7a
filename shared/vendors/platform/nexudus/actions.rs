//! Webhook actions of Nexudus. The last part of the address names the action, because the body does
//! not. `[D][C]`

use doorstep_core::model::fact::Kind;

/// Subject of an action's deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ActionSubject {
    /// The entity itself, of this kind.
    Itself(Kind),
    /// A desk of a floor plan. Desks have numbers of their own, apart from other resources.
    Desk,
    /// A check-in and its coworker. The check-in may use up a pass, and passes have no action of
    /// their own.
    Checkin,
    /// An expected visitor, and the coworker who invited the visitor. Invitations to bookings have
    /// no action of their own.
    Visit,
}

/// One action.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WebhookAction {
    /// Its number, with which the address ends.
    pub(super) number: u16,
    /// Its name, which may replace the number.
    pub(super) name: &'static str,
    /// Its subject.
    pub(super) about: ActionSubject,
    /// Whether it says that the entity is gone.
    pub(super) removes: bool,
    /// Whether changes would go unnoticed without it.
    pub(super) needed: bool,
}

const fn told(number: u16, name: &'static str, about: ActionSubject) -> WebhookAction {
    WebhookAction {
        number,
        name,
        about,
        removes: false,
        needed: false,
    }
}

const fn gone(number: u16, name: &'static str, about: ActionSubject) -> WebhookAction {
    WebhookAction {
        removes: true,
        ..told(number, name, about)
    }
}

const fn needed(action: WebhookAction) -> WebhookAction {
    WebhookAction {
        needed: true,
        ..action
    }
}

use ActionSubject::{Checkin, Desk, Itself, Visit};

/// The actions that Doorstep uses. `AccessControlUpdate` comes with every change of a person's
/// contracts, passes, check-ins, teams and cards, and a quarter of an hour before and after a
/// person's bookings. `[D]`
const ACTIONS: [WebhookAction; 30] = [
    told(2, "CoworkerUpdate", Itself(Kind::Member)),
    told(3, "CoworkerCreate", Itself(Kind::Member)),
    needed(told(6, "BookingCreate", Itself(Kind::Booking))),
    needed(told(7, "BookingUpdate", Itself(Kind::Booking))),
    needed(gone(8, "BookingDelete", Itself(Kind::Booking))),
    told(10, "CoworkerContractActivate", Itself(Kind::Membership)),
    told(11, "CoworkerContractCancel", Itself(Kind::Membership)),
    told(12, "CoworkerContractRenew", Itself(Kind::Membership)),
    told(
        13,
        "CoworkerContractUpgradeDowngrade",
        Itself(Kind::Membership),
    ),
    told(
        14,
        "CoworkerContractActivateFirst",
        Itself(Kind::Membership),
    ),
    told(41, "VisitorCheckedin", Visit),
    told(42, "VisitorRegistered", Visit),
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
    gone(64, "VisitorDeleted", Visit),
    told(71, "FloorPlanDeskCreate", Desk),
    gone(72, "FloorPlanDeskDelete", Desk),
    told(73, "FloorPlanDeskUpdate", Desk),
    told(74, "TariffCreate", Itself(Kind::Plan)),
    gone(75, "TariffDelete", Itself(Kind::Plan)),
    told(76, "TariffUpdate", Itself(Kind::Plan)),
    gone(77, "CoworkerContractDelete", Itself(Kind::Membership)),
];

/// Finds the action with this number or name; `None` if Doorstep does not use it.
pub(super) fn find(word: &str) -> Option<&'static WebhookAction> {
    let number = word
        .parse::<u16>()
        .ok()
        .filter(|_| word.bytes().all(|byte| byte.is_ascii_digit()));
    ACTIONS
        .iter()
        .find(|action| Some(action.number) == number || action.name.eq_ignore_ascii_case(word))
}

/// Returns the actions without which changes would go unnoticed.
pub(super) fn all_needed() -> impl Iterator<Item = &'static WebhookAction> {
    ACTIONS.iter().filter(|action| action.needed)
}
