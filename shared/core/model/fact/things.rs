//! The bodies of facts: places, people, and what people have.

use compact_str::CompactString;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Holder, Id};
use crate::model::usual::is_usual;

/// A building or center.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// Its name, as rules may give it.
    pub name: String,
    /// Its own IANA time zone, which takes precedence over the site's.
    pub timezone: Option<String>,
}

/// A floor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Floor {
    /// Its name, as rules may give it.
    pub name: String,
    /// The location it is in.
    pub location: Option<Id>,
}

/// A room, desk or office.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// Its name, as rules may give it.
    pub name: String,
    /// The location it is in.
    pub location: Option<Id>,
    /// The floor it is on.
    pub floor: Option<Id>,
    /// The resource that it is a part of.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub parent: Option<Id>,
}

/// A membership product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Its name, as rules may give it.
    pub name: String,
    /// The location that sells it; `None` if every location does. Two locations may sell plans of
    /// the same name.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub location: Option<Id>,
}

/// A company.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Team {
    /// Its name.
    pub name: String,
    /// The location that the team belongs to.
    pub location: Option<Id>,
    /// Whether the team's memberships, bookings and passes count for its people.
    #[serde(default = "yes", skip_serializing_if = "is_usual_yes")]
    pub active: bool,
}

/// A member or a guest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// The name as the platform shows it.
    pub name: CompactString,
    /// The address as the platform has it. Compare addresses with
    /// [`crate::model::email::email_key`].
    pub email: Option<String>,
    /// The teams that the person is in.
    #[serde(
        default,
        alias = "team",
        deserialize_with = "one_or_many",
        skip_serializing_if = "is_usual"
    )]
    pub teams: Vec<Id>,
    /// The location that the person belongs to.
    pub location: Option<Id>,
    /// Whether the memberships, bookings and passes of the teams count for this person.
    pub shares_team: bool,
    /// Whether the person may have access at all. `false` for a person who is suspended, archived
    /// or inactive.
    #[serde(default = "yes", skip_serializing_if = "is_usual_yes")]
    pub active: bool,
    /// Numbers of the person's cards or tags. If a door system takes only one card, the first that
    /// is available counts.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub cards: Vec<String>,
}

impl Profile {
    /// Returns the profile of a guest or visitor, who has no team, no location and no cards.
    pub fn guest(name: impl Into<CompactString>, email: Option<String>) -> Self {
        Profile {
            name: name.into(),
            email,
            teams: Vec::new(),
            location: None,
            shares_team: false,
            active: true,
            cards: Vec::new(),
        }
    }
}

/// An expected visit without a booking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Visit {
    /// The visitor.
    pub visitor: Id,
    /// The location.
    pub location: Option<Id>,
    /// When the visitor is expected.
    pub start: Timestamp,
    /// When the visit ends, if the platform says so.
    pub end: Option<Timestamp>,
    /// Whether the visitor may come. `false` until the host approves, where the platform asks that,
    /// and for a visit that is cancelled.
    #[serde(default = "yes", skip_serializing_if = "is_usual_yes")]
    pub approved: bool,
}

/// A person, or a whole team, on a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Membership {
    /// The plan. `None` if the plans are among `items`.
    pub plan: Option<Id>,
    /// The plans of a membership that has several, each with its own dates.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub items: Vec<MembershipItem>,
    /// The member, or the team and thereby everyone in it. `None` opens nothing.
    pub holder: Option<Holder>,
    /// The location it is for.
    pub location: Option<Id>,
    /// First local day.
    pub from: Option<Date>,
    /// Last local day. `None`: no end.
    pub until: Option<Date>,
    /// Whether the membership counts at all.
    pub approved: bool,
    /// The local day since which the membership is not paid, if the platform says so. See
    /// [`Membership::overdue_since`].
    #[serde(default, skip_serializing_if = "is_usual")]
    pub unpaid_since: Option<Date>,
    /// Desks and offices that come with it.
    pub assignments: Vec<Assignment>,
    /// Periods in which the membership runs but opens nothing.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub pauses: Vec<Pause>,
    /// It ends because another membership follows, and the platform does not show that one yet.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub awaits_next: bool,
}

impl Membership {
    /// How long after the end of a membership Doorstep looks for the one that follows it. It is a
    /// little longer than the time until the last refetch.
    pub const NEXT_WITHIN: SignedDuration = SignedDuration::from_mins(6);

    /// Returns the day on which the oldest unpaid invoice of the member was due. The platform lets
    /// such a membership run, and a ledger beside it says what is not paid. A membership that the
    /// platform itself does not let run is not approved.
    pub fn overdue_since(&self) -> Option<Date> {
        self.unpaid_since.filter(|_| self.approved)
    }

    /// Returns the plans of the membership.
    pub fn plans(&self) -> impl Iterator<Item = &Id> {
        let items = self.items.iter().map(|item| &item.plan);
        self.plan.iter().chain(items)
    }
}

/// One of several plans of a membership.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MembershipItem {
    /// The plan.
    pub plan: Id,
    /// First local day. `None`: the membership's.
    pub from: Option<Date>,
    /// Last local day. `None`: the membership's.
    pub until: Option<Date>,
}

/// Local days, both included, in which a membership opens nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pause {
    /// The platform's id of the pause, if it has one.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub id: Option<Id>,
    /// First day.
    pub from: Date,
    /// Last day. `None`: the pause goes on until it is ended.
    pub until: Option<Date>,
}

/// A desk or office that comes with a membership.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// The platform's id of the assignment.
    pub id: Id,
    /// The desk or office.
    pub resource: Id,
    /// First local day, if limited.
    pub from: Option<Date>,
    /// Last local day, if limited.
    pub until: Option<Date>,
}

/// A booking, or a series of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Booking {
    /// The resource that is booked.
    pub resource: Option<Id>,
    /// The location. Without one, the resource's location counts.
    pub location: Option<Id>,
    /// The person who booked: a member, or one of the visitors. With `None`, the booking opens only
    /// for the other people named here.
    pub booker: Option<Id>,
    /// Other members who take part.
    pub members: Vec<Id>,
    /// Guests, by visitor id.
    pub visitors: Vec<Id>,
    /// Teams of which everyone takes part.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub teams: Vec<Id>,
    /// Start of the booking, or of the first of the series.
    pub start: Timestamp,
    /// End of the booking, or of the first of the series.
    pub end: Timestamp,
    /// The zone in which a series repeats, if the platform says so.
    pub timezone: Option<String>,
    /// How the booking repeats.
    pub series: Option<Series>,
    /// Another id of the booking, which the platform uses once the booking is cancelled.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub alias: Option<Id>,
    /// Whether the booking is cancelled.
    pub cancelled: bool,
    /// Whether the booking is not confirmed yet.
    pub tentative: bool,
    /// Whether the booking must be paid and is not.
    pub unpaid: bool,
}

/// How a booking repeats.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// An RFC 5545 recurrence rule.
    pub rule: String,
    /// Starts of occurrences that do not take place.
    pub except: Vec<Timestamp>,
    /// The end of the series: no occurrence starts after this instant.
    pub until: Option<Timestamp>,
}

/// Days bought in advance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pass {
    /// Its name, if the platform has one.
    pub name: Option<String>,
    /// Members, or teams and thereby everyone in them.
    #[serde(default, alias = "holder", deserialize_with = "one_or_many")]
    pub holders: Vec<Holder>,
    /// How many days were bought. `None`: no limit. Half days exist.
    pub count: Option<f64>,
    /// How many days are used.
    pub used: f64,
    /// First local day.
    pub from: Option<Date>,
    /// Last local day.
    pub until: Option<Date>,
    /// The location that the pass is for. Without one, the holder's location counts.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub location: Option<Id>,
    /// When the pass was last used, if the platform says so. The holder keeps access until the end
    /// of that local day.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub used_at: Option<Timestamp>,
}

/// A check-in: a person came in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checkin {
    /// The member.
    pub member: Option<Id>,
    /// The location.
    pub location: Option<Id>,
    /// The instant.
    pub at: Timestamp,
    /// The pass that was used for it, if the platform says so.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub pass: Option<Id>,
}

/// Reads a list, or the single value that an earlier version stored. Stored items may have either
/// form.
fn one_or_many<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany<T> {
        Many(Vec<T>),
        One(Option<T>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::Many(all) => all,
        OneOrMany::One(one) => one.into_iter().collect(),
    })
}

/// The default of a flag that most items leave out.
fn yes() -> bool {
    true
}

/// Returns whether the flag is set. A flag that is set is left out of the stored item, because it
/// is set for almost everyone.
#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_usual_yes(active: &bool) -> bool {
    *active
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fact::{Fact, What};

    #[test]
    fn facts_of_the_first_version_are_read() {
        let old = r#"{"id":"m","what":{"member":{"name":"Ada","email":null,"team":"c","location":null,"shares_team":true}},"changed":null}"#;
        let fact: Fact = serde_json::from_str(old).expect("a fact");
        let What::Member(profile) = &fact.what else {
            panic!("not a member")
        };
        assert_eq!(
            (profile.teams.as_slice(), profile.active),
            (["c".into()].as_slice(), true)
        );
        let kept = serde_json::to_string(&fact).expect("JSON");
        assert_eq!(serde_json::from_str::<Fact>(&kept).expect("a fact"), fact);
        let old = r#"{"id":"p","what":{"pass":{"name":null,"holder":{"team":"c"},"count":1.0,"used":0.0,"from":null,"until":null}},"changed":null}"#;
        let fact: Fact = serde_json::from_str(old).expect("a fact");
        let What::Pass(pass) = &fact.what else {
            panic!("not a pass")
        };
        assert_eq!(pass.holders, [Holder::Team("c".into())]);
        let no_holder = old.replace(r#"{"team":"c"}"#, "null");
        let fact: Fact = serde_json::from_str(&no_holder).expect("a fact");
        assert!(matches!(&fact.what, What::Pass(pass) if pass.holders.is_empty()));
        let old = r#"{"id":"c","what":{"team":{"name":"Acme","location":null}},"changed":null}"#;
        assert!(
            matches!(serde_json::from_str::<Fact>(old).expect("a fact").what, What::Team(team) if team.active)
        );
    }
}
