//! Facts: what the platform says, in Doorstep's own terms. This module has no vendor field names,
//! no rules and no doors.

use std::fmt;

use compact_str::CompactString;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::counted::plural;

mod things;

pub use things::*;

/// Kinds of things that platforms have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A building or center.
    Location,
    /// A floor of a location.
    Floor,
    /// Something that can be booked or assigned: a room, desk or office.
    Resource,
    /// A membership product.
    Plan,
    /// A company whose people share its memberships, bookings and passes.
    Team,
    /// A person with a profile at the platform.
    Member,
    /// A guest of a booking, or an expected visitor.
    Visitor,
    /// An expected visit without a booking.
    Visit,
    /// A plan that a person, or a whole team, is on.
    Membership,
    /// A booking, or a series of bookings.
    Booking,
    /// A number of days, bought in advance.
    Pass,
    /// A check-in: a person came in.
    Checkin,
}

impl Kind {
    /// Every kind: the catalogue first, and each kind before those that refer to it.
    pub const ALL: [Kind; 12] = [
        Kind::Location,
        Kind::Floor,
        Kind::Resource,
        Kind::Plan,
        Kind::Team,
        Kind::Member,
        Kind::Visitor,
        Kind::Visit,
        Kind::Membership,
        Kind::Booking,
        Kind::Pass,
        Kind::Checkin,
    ];

    /// The kinds that describe a person.
    pub const PROFILES: [Kind; 2] = [Kind::Member, Kind::Visitor];

    /// Returns the word for this kind in keys and logs.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Location => "location",
            Kind::Floor => "floor",
            Kind::Resource => "resource",
            Kind::Plan => "plan",
            Kind::Team => "team",
            Kind::Member => "member",
            Kind::Visitor => "visitor",
            Kind::Visit => "visit",
            Kind::Membership => "membership",
            Kind::Booking => "booking",
            Kind::Pass => "pass",
            Kind::Checkin => "checkin",
        }
    }

    /// Returns the word for several things of this kind, as texts for people have it.
    pub fn plural(self) -> String {
        plural(self.word())
    }
}

/// Prefix of the ids of desks and offices, on platforms that number them apart from other
/// resources.
pub const DESK: &str = "desk-";

/// A platform's own id of a thing. Most ids are short enough to be stored inline: a large site has
/// tens of thousands in memory at once.
pub type Id = CompactString;

/// The name of one thing of one platform.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FactId {
    /// The kind of thing.
    pub kind: Kind,
    /// The platform's own id.
    pub id: Id,
}

impl FactId {
    /// Names the thing of `kind` that the platform calls `id`.
    pub fn new(kind: Kind, id: impl Into<Id>) -> Self {
        FactId {
            kind,
            id: id.into(),
        }
    }
}

impl fmt::Display for FactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.word(), self.id)
    }
}

/// The person or team that a fact concerns.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Holder {
    /// A member by the platform's id.
    Member(Id),
    /// A guest by the platform's id.
    Visitor(Id),
    /// A team by the platform's id. The fact concerns everyone in it.
    Team(Id),
}

impl Holder {
    /// Returns the holder that a person's profile describes.
    pub fn of_profile(profile: &FactId) -> Holder {
        match profile.kind {
            Kind::Visitor => Holder::Visitor(profile.id.clone()),
            _ => Holder::Member(profile.id.clone()),
        }
    }

    /// Returns the fact that describes the holder itself.
    pub fn profile(&self) -> FactId {
        match self {
            Holder::Member(id) => FactId::new(Kind::Member, id.clone()),
            Holder::Visitor(id) => FactId::new(Kind::Visitor, id.clone()),
            Holder::Team(id) => FactId::new(Kind::Team, id.clone()),
        }
    }
}

/// One thing, as the platform last described it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// The platform's id of the thing. The kind follows from `what`.
    pub id: Id,
    /// The body of the fact.
    pub what: What,
    /// When the thing last changed according to the platform, if the platform says so.
    pub changed: Option<Timestamp>,
}

impl Fact {
    /// Returns the kind and id of this fact.
    pub fn name(&self) -> FactId {
        FactId::new(self.what.kind(), self.id.clone())
    }

    /// Returns this fact as it would be if every invoice were paid; `None` if none is overdue.
    pub fn as_paid(&self) -> Option<Fact> {
        match &self.what {
            What::Membership(membership) if membership.overdue_since().is_some() => {
                let paid = Membership {
                    unpaid_since: None,
                    ..membership.clone()
                };
                Some(Fact {
                    what: What::Membership(paid),
                    ..self.clone()
                })
            }
            _ => None,
        }
    }

    /// Returns everyone whom this fact concerns. A member profile concerns the member and the
    /// member's teams. That is how the people of a team are found.
    pub fn holders(&self) -> Vec<Holder> {
        let member = |id: &Id| Holder::Member(id.clone());
        match &self.what {
            What::Member(profile) => {
                let own = std::iter::once(Holder::Member(self.id.clone()));
                own.chain(profile.teams.iter().cloned().map(Holder::Team))
                    .collect()
            }
            What::Team(_) => vec![Holder::Team(self.id.clone())],
            What::Visitor(_) => vec![Holder::Visitor(self.id.clone())],
            What::Visit(visit) => vec![Holder::Visitor(visit.visitor.clone())],
            What::Membership(membership) => membership.holder.iter().cloned().collect(),
            What::Pass(pass) => pass.holders.clone(),
            What::Checkin(checkin) => checkin.member.iter().map(member).collect(),
            What::Booking(booking) => {
                let members = booking.booker.iter().chain(&booking.members).map(member);
                let guests = booking.visitors.iter().cloned().map(Holder::Visitor);
                members
                    .chain(guests)
                    .chain(booking.teams.iter().cloned().map(Holder::Team))
                    .collect()
            }
            What::Location(_) | What::Floor(_) | What::Resource(_) | What::Plan(_) => Vec::new(),
        }
    }
}

impl What {
    /// Returns the things to which this one refers.
    pub fn speaks_of(&self) -> Vec<FactId> {
        let mut names = Vec::new();
        let mut add =
            |kind: Kind, id: &Option<Id>| names.extend(id.clone().map(|id| FactId::new(kind, id)));
        match self {
            What::Location(_) | What::Plan(_) => {}
            What::Floor(floor) => add(Kind::Location, &floor.location),
            What::Resource(resource) => {
                add(Kind::Location, &resource.location);
                add(Kind::Floor, &resource.floor);
                add(Kind::Resource, &resource.parent);
            }
            What::Team(team) => add(Kind::Location, &team.location),
            What::Member(profile) | What::Visitor(profile) => {
                add(Kind::Location, &profile.location);
                names.extend(
                    profile
                        .teams
                        .iter()
                        .map(|id| FactId::new(Kind::Team, id.clone())),
                );
            }
            What::Visit(visit) => {
                add(Kind::Location, &visit.location);
                names.push(FactId::new(Kind::Visitor, visit.visitor.clone()));
            }
            What::Membership(membership) => {
                add(Kind::Location, &membership.location);
                let plans = membership.plans().cloned();
                names.extend(plans.map(|id| FactId::new(Kind::Plan, id)));
                names.extend(membership.holder.iter().map(Holder::profile));
                let assigned = membership
                    .assignments
                    .iter()
                    .map(|assignment| assignment.resource.clone());
                names.extend(assigned.map(|id| FactId::new(Kind::Resource, id)));
            }
            What::Booking(booking) => {
                add(Kind::Resource, &booking.resource);
                add(Kind::Location, &booking.location);
                add(Kind::Member, &booking.booker);
                names.extend(
                    booking
                        .members
                        .iter()
                        .map(|id| FactId::new(Kind::Member, id.clone())),
                );
                names.extend(
                    booking
                        .visitors
                        .iter()
                        .map(|id| FactId::new(Kind::Visitor, id.clone())),
                );
                names.extend(
                    booking
                        .teams
                        .iter()
                        .map(|id| FactId::new(Kind::Team, id.clone())),
                );
            }
            What::Pass(pass) => names.extend(pass.holders.iter().map(Holder::profile)),
            What::Checkin(checkin) => add(Kind::Member, &checkin.member),
        }
        names
    }
}

/// The body of a fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// See [`Location`].
    Location(Location),
    /// See [`Floor`].
    Floor(Floor),
    /// See [`Resource`].
    Resource(Resource),
    /// See [`Plan`].
    Plan(Plan),
    /// See [`Team`].
    Team(Team),
    /// See [`Profile`].
    Member(Profile),
    /// See [`Profile`].
    Visitor(Profile),
    /// See [`Visit`].
    Visit(Visit),
    /// See [`Membership`].
    Membership(Membership),
    /// See [`Booking`]. Boxed, because it is twice as large as any other.
    Booking(Box<Booking>),
    /// See [`Pass`].
    Pass(Pass),
    /// See [`Checkin`].
    Checkin(Checkin),
}

impl What {
    /// Returns the kind of this thing.
    pub fn kind(&self) -> Kind {
        match self {
            What::Location(_) => Kind::Location,
            What::Floor(_) => Kind::Floor,
            What::Resource(_) => Kind::Resource,
            What::Plan(_) => Kind::Plan,
            What::Team(_) => Kind::Team,
            What::Member(_) => Kind::Member,
            What::Visitor(_) => Kind::Visitor,
            What::Visit(_) => Kind::Visit,
            What::Membership(_) => Kind::Membership,
            What::Booking(_) => Kind::Booking,
            What::Pass(_) => Kind::Pass,
            What::Checkin(_) => Kind::Checkin,
        }
    }
}
