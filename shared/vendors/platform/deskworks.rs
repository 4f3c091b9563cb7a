//! Deskworks. It pushes changes to Doorstep by the contract in `docs/contracts`.
//!
//! No read API of Deskworks is known `[?]`. A co-member has all access of its master, and the
//! master has none through the co-member `[D]`. Each member is therefore a team too:
//!
//! - The member's billings and reservations belong to that team.
//! - The member and its co-members are in that team.
//! - The team gives no access while the member is not active.
//!
//! Deskworks pushes no updates about units, products and centers: other updates name them, and a
//! name is its own id.

use jiff::Timestamp;
use serde::Deserialize;

use super::push::fields::{
    Id, Instant, LocalDay, Name, PushedGuest, UNIDENTIFIED_GUEST, Word, address, guests, record,
};
use super::push::{Contract, PushEntity, PushPlatform, PushedThing, named, visits};
use doorstep_core::model::fact::{
    Booking, Fact, FactId, Holder, Kind, Membership, Profile, Team, What,
};

/// The Deskworks platform.
pub static PLATFORM: PushPlatform = PushPlatform(&CONTRACT);

/// The contract of Deskworks: what it pushes.
pub static CONTRACT: Contract = Contract {
    platform: "deskworks",
    entities: &[
        PushEntity {
            word: "member",
            list: "members",
            read: |value| record::<DeskworksMember>(value, DeskworksMember::check),
            kinds: &[Kind::Member, Kind::Team],
            remains: |id| vec![empty_team(id)],
            may_run_out: false,
            added_later: false,
        },
        PushEntity {
            word: "billing",
            list: "billings",
            read: |value| record::<Billing>(value, |_| Ok(())),
            kinds: &[Kind::Membership],
            remains: |_| Vec::new(),
            may_run_out: false,
            added_later: false,
        },
        PushEntity {
            word: "reservation",
            list: "reservations",
            read: |value| record::<Reservation>(value, Reservation::check),
            kinds: &[Kind::Booking],
            remains: |_| Vec::new(),
            may_run_out: true,
            added_later: false,
        },
        visits::DESKWORKS,
    ],
    unknown,
};

/// Returns an inactive team for a member who was never pushed or was removed. Co-members share
/// nothing through it.
fn unknown(about: &FactId) -> Option<Fact> {
    match about.kind {
        Kind::Team => Some(empty_team(&about.id)),
        _ => named(about),
    }
}

fn empty_team(id: &str) -> Fact {
    let team = Team {
        name: String::new(),
        location: None,
        active: false,
    };
    Fact {
        id: id.into(),
        what: What::Team(team),
        changed: None,
    }
}

/// A member, or a co-member of one.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Member"))]
#[serde(deny_unknown_fields)]
pub(crate) struct DeskworksMember {
    /// The unique id of the member.
    id: Id,
    /// The full name, as door systems show it.
    name: Name,
    /// The e-mail address, by which door systems find the account. Without it only the name
    /// identifies the person.
    #[serde(default)]
    email: Option<Name>,
    /// The name of the member's center, as the site file writes it.
    center: Word,
    /// Whether the member, and co-members through the member, may have any access.
    active: bool,
    /// For a co-member: the id of the member whose access the co-member has.
    #[serde(default)]
    master: Option<Id>,
}

/// A recurring billing: a member on a membership product.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Billing {
    /// The unique id of the billing.
    id: Id,
    /// The id of the member who is billed.
    member: Id,
    /// The name of the membership product, which site files call a plan.
    product: Word,
    /// The name of the center of the billing, as the site file writes it.
    center: Word,
    /// First day, in local time.
    start: LocalDay,
    /// Last day, in local time; null while it has no end.
    #[serde(default)]
    end: Option<LocalDay>,
    /// Whether the billing is in force.
    active: bool,
}

/// A reservation of a unit.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Reservation {
    /// The unique id of the reservation.
    id: Id,
    /// The name of the reservation unit, which site files call a resource.
    unit: Word,
    /// The name of the center of the reservation, as the site file writes it.
    center: Word,
    /// The id of the member who reserved.
    #[serde(default)]
    member: Option<Id>,
    /// The guest who reserved, if it was not a member.
    #[serde(default)]
    guest: Option<PushedGuest>,
    /// The start of the reservation.
    start: Instant,
    /// The end of the reservation.
    end: Instant,
    /// Whether the reservation was cancelled.
    #[serde(default)]
    cancelled: bool,
}

impl DeskworksMember {
    fn check(&self) -> Result<(), &'static str> {
        if self.master.as_ref() == Some(&self.id) {
            Err("a member cannot be its own master")
        } else {
            Ok(())
        }
    }
}

impl PushedThing for DeskworksMember {
    fn id(&self) -> &str {
        &self.id.0
    }

    fn facts(&self) -> Vec<Fact> {
        let fact = |what| Fact {
            id: self.id.0.clone(),
            what,
            changed: None,
        };
        let location = Some(self.center.0.clone());
        let team = Team {
            name: self.name.0.clone(),
            location: location.clone(),
            active: self.active,
        };
        let profile = Profile {
            name: self.name.0.as_str().into(),
            email: address(&self.email),
            teams: std::iter::once(&self.id)
                .chain(&self.master)
                .map(|id| id.0.clone())
                .collect(),
            location,
            shares_team: true,
            active: self.active,
            cards: Vec::new(),
        };
        vec![fact(What::Team(team)), fact(What::Member(profile))]
    }
}

impl PushedThing for Billing {
    fn id(&self) -> &str {
        &self.id.0
    }

    fn facts(&self) -> Vec<Fact> {
        let membership = Membership {
            items: Vec::new(),
            plan: Some(self.product.0.clone()),
            holder: Some(Holder::Team(self.member.0.clone())),
            location: Some(self.center.0.clone()),
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

impl Reservation {
    fn check(&self) -> Result<(), &'static str> {
        if self.guest.iter().all(PushedGuest::is_identified) {
            Ok(())
        } else {
            Err(UNIDENTIFIED_GUEST)
        }
    }
}

impl PushedThing for Reservation {
    fn id(&self) -> &str {
        &self.id.0
    }

    fn facts(&self) -> Vec<Fact> {
        let mut facts = guests(&self.id.0, self.guest.iter());
        let member = self.member.as_ref().map(|member| member.0.clone());
        let booking = Booking {
            resource: Some(self.unit.0.clone()),
            location: Some(self.center.0.clone()),
            booker: member
                .clone()
                .or_else(|| facts.first().map(|guest| guest.id.clone())),
            members: Vec::new(),
            visitors: facts.iter().map(|guest| guest.id.clone()).collect(),
            teams: member.into_iter().collect(),
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
