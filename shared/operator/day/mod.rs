//! One local day of a site: a row for each group, a bar for each window that overlaps the day. The
//! past comes from the audit records, the future and what is due now from the facts and rules, what
//! is open from the claims. No vendor is asked.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use futures_util::FutureExt;
use futures_util::future::try_join;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::known_site::{KnownSite, name_of};
use crate::nearest::in_force;
use doorstep_cloud::environment::Environment;
use doorstep_core::decide::entitlement::days::{DayWindow, days};
use doorstep_core::decide::entitlement::{
    Derived, Desired, HORIZON, PersonFacts, RuleIndex, derive_by, desired,
};
use doorstep_core::model::account::GroupRef;
use doorstep_core::model::audit::Record;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::person::Person;
use doorstep_core::model::window::Window;
use doorstep_core::site::Site;
use doorstep_jobs::compare::people::{AddressSource, Projection};

mod bars;
mod judge;
mod next;
mod people;
pub mod shape;
mod stays;
#[cfg(test)]
mod tests;

use bars::Bars;
use next::Openings;
use people::{DayContext, PersonDay};
pub use shape::Day;
use shape::{Bar, DayBasis, DayGroup};
use stays::by_person;

/// How long the facts of ended bookings and check-ins are stored.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(3 * 24);
/// How long after a past day the end of a span is looked for in the audit records.
const AFTERWARDS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Returns a local day of a site; without a date today.
///
/// # Errors
/// [`Error::Invalid`] for an unknown site and for a day that does not exist.
pub async fn day(environment: &Environment, site: &SiteId, date: Option<Date>) -> Result<Day> {
    let now = environment.time.now();
    let stored = in_force(environment, site).await?;
    let asked = AskedDay::of(&stored.site()?, date, now)?;
    let records = asked.records(environment, site).boxed();
    let known = KnownSite::of(environment, stored, now).boxed();
    let (known, records) = try_join(known, records).await?;
    Ok(asked.shown(&known, &records))
}

/// The day of a question.
struct AskedDay {
    date: Date,
    from: Timestamp,
    until: Timestamp,
    basis: DayBasis,
    now: Timestamp,
}

impl AskedDay {
    fn of(site: &Site, date: Option<Date>, now: Timestamp) -> Result<Self> {
        let nowhere = || Error::invalid("this day does not exist: write a day such as 2026-03-02");
        let date = date.unwrap_or_else(|| now.to_zoned(site.timezone.clone()).date());
        let DayWindow::Window(Window {
            from,
            until: Some(until),
        }) = days(Some(date), Some(date), &site.timezone)
        else {
            return Err(nowhere());
        };
        let oldest = now.checked_sub(REMEMBERED).map_err(|_| nowhere())?;
        let furthest = now.checked_add(HORIZON).map_err(|_| nowhere())?;
        let basis = if from < oldest {
            DayBasis::Records
        } else if until > furthest {
            DayBasis::Incomplete
        } else {
            DayBasis::Facts
        };
        Ok(AskedDay {
            date,
            from,
            until,
            basis,
            now,
        })
    }

    fn window(&self) -> Window {
        Window {
            from: self.from,
            until: Some(self.until),
        }
    }

    /// Loads the records from the begin of the day on. The end of a span may follow after the day.
    async fn records(&self, environment: &Environment, site: &SiteId) -> Result<Vec<Record>> {
        if self.from > self.now {
            return Ok(Vec::new());
        }
        let until = self.until.checked_add(AFTERWARDS).unwrap_or(self.until);
        let store = &environment.store;
        store.audit_between(site, self.from, until).await
    }

    /// Returns the instant around which recurring times are expanded.
    fn seen_at(&self) -> Timestamp {
        self.now.clamp(self.from, self.until)
    }

    /// Decides the whole day. Pure.
    fn shown(&self, known: &KnownSite, records: &[Record]) -> Day {
        let records = by_person(records);
        let context = DayContext {
            known,
            day: self.window(),
            now: self.now,
            with_facts: self.basis != DayBasis::Records,
        };
        let (mut bars, mut openings) = (Bars::of(context.day), Openings::after(self.now));
        let index = RuleIndex::of(known.rules.by(&known.site));
        let projected = Projection::of(AddressSource::Confirmed, &known.people, &known.facts);
        let mut unknown = records.clone();
        for one in &projected.people {
            unknown.remove(&one.person.id);
            let facts = known.facts.facts_of(one.person.profiles.iter());
            let derived = self.derived(&index, &facts);
            let person = PersonDay {
                person: &one.person,
                name: name_of(one, &facts),
                desired: desired(&derived.entitlements),
                closed: derived.closed,
                records: records.get(&one.person.id),
            };
            openings.add(&self.coming(&index, &facts, &person.desired));
            person.add_to(&mut bars, context);
        }
        for (id, records) in &unknown {
            let person = Person::new((*id).clone(), None);
            PersonDay::of_records(&person, records).add_to(&mut bars, context);
        }
        Day {
            site: known.site.id.clone(),
            day: self.date,
            timezone: known.timezone(),
            as_of: self.now,
            from: self.from,
            until: self.until,
            mode: known.site.mode,
            basis: self.basis,
            remarks: known.remarks(),
            groups: rows(known, bars.joined()),
            next: openings.first(known),
        }
    }

    /// Derives the windows of the day. They are not known on a day of which only records tell.
    fn derived(&self, index: &RuleIndex<'_>, facts: &PersonFacts) -> Derived {
        match self.basis {
            DayBasis::Records => Derived::default(),
            DayBasis::Facts | DayBasis::Incomplete => derive_by(index, facts, self.seen_at()),
        }
    }

    /// Returns the windows as seen now: those of the day, if it is today.
    fn coming<'d>(
        &self,
        index: &RuleIndex<'_>,
        facts: &PersonFacts,
        of_day: &'d Desired,
    ) -> Cow<'d, Desired> {
        match self.seen_at() == self.now {
            true => Cow::Borrowed(of_day),
            false => Cow::Owned(desired(&derive_by(index, facts, self.now).entitlements)),
        }
    }
}

/// Returns a row for each group that a rule opens or that has a bar, by door system and name.
fn rows(known: &KnownSite, mut bars: BTreeMap<GroupRef, Vec<Bar>>) -> Vec<DayGroup> {
    let ruled = known.rules.ruled(&known.site);
    let all: BTreeSet<GroupRef> = ruled.chain(bars.keys().cloned()).collect();
    let row = |at: GroupRef| {
        let group = known.group(&at);
        DayGroup {
            bars: bars.remove(&at).unwrap_or_default(),
            name: group.map(|group| group.name.clone()),
            problem: group.and_then(|group| group.problem.clone()),
            doors: at.doors,
            group: at.group,
        }
    };
    let mut rows: Vec<DayGroup> = all.into_iter().map(row).collect();
    rows.sort_by(|one, other| {
        (&one.doors, &one.name, &one.group).cmp(&(&other.doors, &other.name, &other.group))
    });
    rows
}
