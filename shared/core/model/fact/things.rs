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
    /// Its name, as rules may say it.
    pub name: String,
    /// Its own IANA time zone, which wins over the site's.
    pub timezone: Option<String>,
}

/// A floor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Floor {
    /// Its name, as rules may say it.
    pub name: String,
    /// The location it is in.
    pub location: Option<Id>,
}

/// A room, desk or office.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// Its name, as rules may say it.
    pub name: String,
    /// The location it is in.
    pub location: Option<Id>,
    /// The floor it is on.
    pub floor: Option<Id>,
}

/// A membership product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Its name, as rules may say it.
    pub name: String,
    /// The location that sells it, where it is not every one: two may sell plans of one name.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub location: Option<Id>,
}

/// A company.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Team {
    /// Its name.
    pub name: String,
    /// Where it belongs.
    pub location: Option<Id>,
    /// Whether what it has reaches its people.
    #[serde(default = "yes", skip_serializing_if = "is_usual_yes")]
    pub active: bool,
}

/// A member or a guest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// The name as the platform shows it.
    pub name: CompactString,
    /// The address as given; compare with [`crate::model::person::email_key`].
    pub email: Option<String>,
    /// The teams they are in.
    #[serde(default, alias = "team", deserialize_with = "one_or_many", skip_serializing_if = "is_usual")]
    pub teams: Vec<Id>,
    /// Where they belong.
    pub location: Option<Id>,
    /// Whether what their teams have reaches them.
    pub shares_team: bool,
    /// Whether anything opens for them at all: not for who is suspended, archived or inactive.
    #[serde(default = "yes", skip_serializing_if = "is_usual_yes")]
    pub active: bool,
    /// Numbers of their cards or tags, the first before the others where a door system takes only one.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub cards: Vec<String>,
}

/// Somebody, or a whole team, on a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Membership {
    /// The plan.
    pub plan: Option<Id>,
    /// The member; or the team, and then everybody in it. `None` opens for nobody.
    pub holder: Option<Holder>,
    /// The location it is for.
    pub location: Option<Id>,
    /// First local day.
    pub from: Option<Date>,
    /// Last local day; open where there is none.
    pub until: Option<Date>,
    /// Whether it counts at all.
    pub approved: bool,
    /// Desks and offices that come with it.
    pub assignments: Vec<Assignment>,
    /// When it opens nothing although it runs.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub pauses: Vec<Pause>,
    /// It ends because another membership follows, and the platform does not show that one yet.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub awaits_next: bool,
}

impl Membership {
    /// How long the membership that follows another one is looked for after the end of that: a little longer than until
    /// the last look.
    pub const NEXT_WITHIN: SignedDuration = SignedDuration::from_mins(6);
}

/// Local days, both included, in which a membership opens nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pause {
    /// The platform's id of it, where it has one.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub id: Option<Id>,
    /// First day.
    pub from: Date,
    /// Last day; without one it goes on until it is ended.
    pub until: Option<Date>,
}

/// A desk or office that comes with a membership.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// The platform's id of it.
    pub id: Id,
    /// What is assigned.
    pub resource: Id,
    /// First local day, where limited.
    pub from: Option<Date>,
    /// Last local day, where limited.
    pub until: Option<Date>,
}

/// A booking, or a series of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Booking {
    /// What is booked.
    pub resource: Option<Id>,
    /// Where; the resource's location where the booking has none.
    pub location: Option<Id>,
    /// Whoever booked: a member, or one of the visitors. `None` opens for nobody but the others named here.
    pub booker: Option<Id>,
    /// Other members who take part.
    pub members: Vec<Id>,
    /// Guests, by visitor id.
    pub visitors: Vec<Id>,
    /// Teams of which everybody takes part.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub teams: Vec<Id>,
    /// Start of the booking, or of the first of the series.
    pub start: Timestamp,
    /// Its end.
    pub end: Timestamp,
    /// The zone in which a series repeats, where the platform says so.
    pub timezone: Option<String>,
    /// How it repeats.
    pub series: Option<Series>,
    /// Another id of it, by which the platform speaks of it once it is cancelled.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub alias: Option<Id>,
    /// Called off.
    pub cancelled: bool,
    /// Not yet confirmed.
    pub tentative: bool,
    /// Must be paid and is not.
    pub unpaid: bool,
}

/// How a booking repeats.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// An RFC 5545 recurrence rule.
    pub rule: String,
    /// Starts of occurrences that do not take place.
    pub except: Vec<Timestamp>,
    /// No occurrence starts after this.
    pub until: Option<Timestamp>,
}

/// Days bought ahead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pass {
    /// Its name, where the platform has one.
    pub name: Option<String>,
    /// Members; or teams, and then everybody in them.
    #[serde(default, alias = "holder", deserialize_with = "one_or_many")]
    pub holders: Vec<Holder>,
    /// How many were bought; `None` is without limit. Half days exist.
    pub count: Option<f64>,
    /// How many are used.
    pub used: f64,
    /// First local day.
    pub from: Option<Date>,
    /// Last local day.
    pub until: Option<Date>,
    /// Where it is for; where its holder belongs, if the platform does not say.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub location: Option<Id>,
    /// When it was last used, where the platform says so: it admits until that local day ends.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub used_at: Option<Timestamp>,
}

/// Somebody came in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checkin {
    /// Who.
    pub member: Option<Id>,
    /// Where.
    pub location: Option<Id>,
    /// When.
    pub at: Timestamp,
    /// The pass that was used for it, where the platform says so.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub pass: Option<Id>,
}

/// What used to be one at most, and may be many now: items of either form are in tables.
fn one_or_many<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Said<T> {
        Many(Vec<T>),
        One(Option<T>),
    }
    Ok(match Said::deserialize(deserializer)? {
        Said::Many(all) => all,
        Said::One(one) => one.into_iter().collect(),
    })
}

/// What a thing is that says nothing else.
fn yes() -> bool {
    true
}

/// Left out of what is kept: it is so for nearly everybody.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
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
        let What::Member(profile) = &fact.what else { panic!("not a member") };
        assert_eq!((profile.teams.as_slice(), profile.active), (["c".into()].as_slice(), true));
        let kept = serde_json::to_string(&fact).expect("JSON");
        assert_eq!(serde_json::from_str::<Fact>(&kept).expect("a fact"), fact);
        let old = r#"{"id":"p","what":{"pass":{"name":null,"holder":{"team":"c"},"count":1.0,"used":0.0,"from":null,"until":null}},"changed":null}"#;
        let fact: Fact = serde_json::from_str(old).expect("a fact");
        let What::Pass(pass) = &fact.what else { panic!("not a pass") };
        assert_eq!(pass.holders, [Holder::Team("c".into())]);
        let nobody = old.replace(r#"{"team":"c"}"#, "null");
        let fact: Fact = serde_json::from_str(&nobody).expect("a fact");
        assert!(matches!(&fact.what, What::Pass(pass) if pass.holders.is_empty()));
        let old = r#"{"id":"c","what":{"team":{"name":"Acme","location":null}},"changed":null}"#;
        assert!(matches!(serde_json::from_str::<Fact>(old).expect("a fact").what, What::Team(team) if team.active));
    }
}
