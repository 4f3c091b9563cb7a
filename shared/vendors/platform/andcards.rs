//! andcards (its new name is Spacebring). It pushes changes to Doorstep by the contract in
//! `docs/contracts`.
//!
//! No read API of andcards is known `[?]`. The members of a company share its subscriptions, as in
//! andcards' own integration with SALTO KS `[D]`. andcards pushes no updates about plans, rooms and
//! locations: other updates name them, and a name is its own id. Each booking and each subscription
//! states its location.

use jiff::Timestamp;
use serde::Deserialize;

use super::push::fields::{
    Id, Instant, LocalDay, Name, PushedGuest, UNIDENTIFIED_GUEST, Word, address, guests, record,
};
use super::push::{Contract, PushEntity, PushPlatform, PushedThing, named, visits};
use doorstep_core::model::fact::{
    Booking as Booked, Fact, Holder, Kind, Membership, Profile, Team, What,
};

/// The andcards platform.
pub static PLATFORM: PushPlatform = PushPlatform(&CONTRACT);

/// The contract of andcards: what it pushes.
pub static CONTRACT: Contract = Contract {
    platform: "andcards",
    entities: &[
        PushEntity {
            word: "company",
            list: "companies",
            read: |value| record::<Company>(value, |_| Ok(())),
            kinds: &[Kind::Team],
            // A user may still name a removed company. Such a company gives no access.
            remains: |id| {
                vec![
                    Company {
                        id: Id(id.into()),
                        name: Name(String::new()),
                    }
                    .fact(false),
                ]
            },
            may_run_out: false,
            added_later: false,
        },
        PushEntity {
            word: "user",
            list: "users",
            read: |value| record::<AndcardsUser>(value, |_| Ok(())),
            kinds: &[Kind::Member],
            remains: |_| Vec::new(),
            may_run_out: false,
            added_later: false,
        },
        PushEntity {
            word: "subscription",
            list: "subscriptions",
            read: |value| record::<Subscription>(value, Subscription::check),
            kinds: &[Kind::Membership],
            remains: |_| Vec::new(),
            may_run_out: false,
            added_later: false,
        },
        PushEntity {
            word: "booking",
            list: "bookings",
            read: |value| record::<AndcardsBooking>(value, AndcardsBooking::check),
            kinds: &[Kind::Booking],
            remains: |_| Vec::new(),
            may_run_out: true,
            added_later: false,
        },
        visits::ANDCARDS,
    ],
    unknown: named,
};

/// A person with a profile at andcards.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "User"))]
#[serde(deny_unknown_fields)]
pub(crate) struct AndcardsUser {
    /// The unique id of the user.
    id: Id,
    /// The full name, as door systems show it.
    name: Name,
    /// The e-mail address, by which door systems find the account. Without it only the name
    /// identifies the person.
    #[serde(default)]
    email: Option<Name>,
    /// The id of the user's company.
    #[serde(default)]
    company: Option<Id>,
    /// Whether the user may have any access.
    active: bool,
}

/// A company. Its users share its subscriptions.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Company {
    /// The unique id of the company.
    id: Id,
    /// The name of the company.
    name: Name,
}

/// A subscription of a user or of a whole company to a plan. It has exactly one of `user` and
/// `company`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Subscription {
    /// The unique id of the subscription.
    id: Id,
    /// The name of the plan, as the site file writes it.
    plan: Word,
    /// The name of the location of the subscription, as the site file writes it.
    location: Word,
    /// The id of the user who has the subscription.
    #[serde(default)]
    user: Option<Id>,
    /// The id of the company whose users all have the subscription.
    #[serde(default)]
    company: Option<Id>,
    /// First day, in local time.
    start: LocalDay,
    /// Last day, in local time; null while it has no end.
    #[serde(default)]
    end: Option<LocalDay>,
    /// Whether the subscription is in force.
    active: bool,
}

/// A booking of a room or desk.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Booking"))]
#[serde(deny_unknown_fields)]
pub(crate) struct AndcardsBooking {
    /// The unique id of the booking.
    id: Id,
    /// The name of the room or desk, as the site file writes it.
    room: Word,
    /// The name of the location of the booking, as the site file writes it.
    location: Word,
    /// The id of the user who booked.
    #[serde(default)]
    user: Option<Id>,
    /// The guest who booked, if it was not a user.
    #[serde(default)]
    guest: Option<PushedGuest>,
    /// The guests who are invited to the booking.
    #[serde(default)]
    guests: Option<Vec<PushedGuest>>,
    /// The start of the booking.
    start: Instant,
    /// The end of the booking.
    end: Instant,
    /// Whether the booking was cancelled.
    #[serde(default)]
    cancelled: bool,
}

impl PushedThing for AndcardsUser {
    fn id(&self) -> &str {
        &self.id.0
    }

    fn facts(&self) -> Vec<Fact> {
        let profile = Profile {
            name: self.name.0.as_str().into(),
            email: address(&self.email),
            teams: self
                .company
                .iter()
                .map(|company| company.0.clone())
                .collect(),
            location: None,
            shares_team: true,
            active: self.active,
            cards: Vec::new(),
        };
        vec![Fact {
            id: self.id.0.clone(),
            what: What::Member(profile),
            changed: None,
        }]
    }
}

impl Company {
    fn fact(&self, active: bool) -> Fact {
        let team = Team {
            name: self.name.0.clone(),
            location: None,
            active,
        };
        Fact {
            id: self.id.0.clone(),
            what: What::Team(team),
            changed: None,
        }
    }
}

impl PushedThing for Company {
    fn id(&self) -> &str {
        &self.id.0
    }

    fn facts(&self) -> Vec<Fact> {
        vec![self.fact(true)]
    }
}

impl Subscription {
    fn check(&self) -> Result<(), &'static str> {
        match (&self.user, &self.company) {
            (Some(_), None) | (None, Some(_)) => Ok(()),
            _ => Err("exactly one of user and company has it"),
        }
    }
}

impl PushedThing for Subscription {
    fn id(&self) -> &str {
        &self.id.0
    }

    fn facts(&self) -> Vec<Fact> {
        let user = self
            .user
            .as_ref()
            .map(|user| Holder::Member(user.0.clone()));
        let membership = Membership {
            items: Vec::new(),
            plan: Some(self.plan.0.clone()),
            holder: user.or_else(|| {
                self.company
                    .as_ref()
                    .map(|company| Holder::Team(company.0.clone()))
            }),
            location: Some(self.location.0.clone()),
            from: Some(self.start.0),
            until: self.end.map(|end| end.0),
            approved: self.active,
            unpaid_since: None,
            assignments: Vec::new(),
            pauses: Vec::new(),
            awaits_next: false,
        };
        vec![Fact {
            id: self.id.0.clone(),
            what: What::Membership(membership),
            changed: None,
        }]
    }
}

impl AndcardsBooking {
    fn check(&self) -> Result<(), &'static str> {
        if self.participants().all(PushedGuest::is_identified) {
            Ok(())
        } else {
            Err(UNIDENTIFIED_GUEST)
        }
    }

    fn participants(&self) -> impl Iterator<Item = &PushedGuest> {
        self.guest.iter().chain(self.guests.iter().flatten())
    }
}

impl PushedThing for AndcardsBooking {
    fn id(&self) -> &str {
        &self.id.0
    }

    fn facts(&self) -> Vec<Fact> {
        let mut facts = guests(&self.id.0, self.participants());
        // A guest who made the booking is the first entry of `facts`. The guests that the booking
        // lists come after it.
        let guest = self
            .guest
            .as_ref()
            .and_then(|_| facts.first())
            .map(|guest| guest.id.clone());
        let booking = Booked {
            resource: Some(self.room.0.clone()),
            location: Some(self.location.0.clone()),
            booker: self.user.as_ref().map(|user| user.0.clone()).or(guest),
            members: Vec::new(),
            visitors: facts.iter().map(|guest| guest.id.clone()).collect(),
            teams: Vec::new(),
            start: self.start.0,
            end: self.end.0,
            timezone: None,
            series: None,
            cancelled: self.cancelled,
            alias: None,
            tentative: false,
            unpaid: false,
        };
        facts.push(Fact {
            id: self.id.0.clone(),
            what: What::Booking(Box::new(booking)),
            changed: None,
        });
        facts
    }

    fn is_over(&self, at: Timestamp) -> bool {
        self.end.0 <= at
    }
}
