//! Reads the other things that a trigger may concern.
//!
//! `AccessControlUpdate` says that something about a person changed, but not what `[D]`. Everything
//! that concerns the person is therefore read. A renewed contract and a moved booking are each a
//! new record that replaces an old one. Doorstep must know the new record before the end of the old
//! one revokes any access.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::entity::{self, BOOKING, CANCELLED, CHECKIN, CONTRACT, DESK, NexudusEntity, PASS};
use super::list;
use super::lists::instant;
use super::reader::NexudusReader;
use super::successor::Successor;
use super::team_members::TeamMembers;
use super::wire::{self, is};
use crate::platform::found::{FactList, Lookup};
use crate::platform::{Around, ReadPlatform};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::{Fact, FactId, Holder, Kind, What};

/// How far back a person's bookings and check-ins are read. Reconcile reads equally far.
const BACK: SignedDuration = SignedDuration::from_hours(3 * 24);
/// How long Doorstep waits for the record that replaces another one.
const PATIENCE: SignedDuration = SignedDuration::from_mins(5);

/// Most owners of a team whose passes are read one owner at a time. For more owners all passes are
/// read. Also the most contracts of one desk that are fetched.
const FEW: usize = 20;

impl NexudusReader {
    /// Implements [`crate::platform::ReadPlatform::around`].
    pub(super) async fn all_around(
        &self,
        about: &FactId,
        what: Option<&What>,
        gone: bool,
    ) -> Result<Around> {
        match (about.kind, what) {
            (Kind::Member, Some(_)) if !gone => self.around_person(&about.id).await,
            (Kind::Team, _) => self.around_team(&about.id, gone).await,
            (Kind::Resource, _) if !gone => self.around_desk(&about.id).await,
            // Its own lookup read the list that should hold it.
            (Kind::Visit, _) if gone => Ok(Around {
                unlisted: true,
                ..Around::default()
            }),
            (Kind::Booking, Some(What::Booking(booking))) if gone => match &booking.booker {
                Some(booker) => {
                    self.around_cancelled(&about.id, booker, booking.alias.as_deref())
                        .await
                }
                None => Ok(Around::default()),
            },
            (Kind::Membership, Some(What::Membership(membership)))
                if gone || membership.until.is_some() =>
            {
                match &membership.holder {
                    Some(Holder::Member(coworker)) => {
                        let FactList {
                            facts, unreadable, ..
                        } = self
                            .contracts(&of(&CONTRACT, coworker), Some(coworker))
                            .await?;
                        Ok(Around {
                            facts,
                            unreadable,
                            ..Around::default()
                        }
                        .without(about))
                    }
                    _ => Ok(Around::default()),
                }
            }
            _ => Ok(Around::default()),
        }
    }

    async fn around_person(&self, coworker: &str) -> Result<Around> {
        let back = instant(self.back());
        let mut all = vec![
            self.contracts(&of(&CONTRACT, coworker), Some(coworker))
                .await?,
        ];
        let mut filters = of(&BOOKING, coworker);
        filters.push((BOOKING.from("ToTime"), back.clone()));
        all.push(self.bookings(&filters, Some(coworker)).await?);
        let team_members_lists = self.team_members_of(coworker).await?;
        all.push(
            self.passes(
                &of(&PASS, coworker),
                &team_members_lists,
                Some(&|it| is(it, "CoworkerId", coworker)),
            )
            .await?,
        );
        let mut filters = of(&CHECKIN, coworker);
        filters.push((CHECKIN.from("FromTime"), back));
        all.push(self.checkins(&filters, Some(coworker)).await?);
        let kinds = &[Kind::Membership, Kind::Booking, Kind::Pass, Kind::Checkin];
        let (facts, unreadable): (Vec<_>, Vec<_>) =
            all.into_iter().map(|it| (it.facts, it.unreadable)).unzip();
        let (facts, unreadable) = (facts.concat(), unreadable.concat());
        let holder = Some(Holder::Member(coworker.into()));
        Ok(Around {
            facts,
            unreadable,
            holder,
            kinds,
            since: Some(self.back()),
            ..Around::default()
        })
    }

    /// Reads the members of a team and the passes that it shares or shared. A team can begin and
    /// stop to share them.
    async fn around_team(&self, team: &str, gone: bool) -> Result<Around> {
        self.earlier(|earlier| earlier.team_members_lists.remove(team));
        let team_members = if gone {
            None
        } else {
            self.team_members(team).await?
        };
        let owners = team_members
            .as_ref()
            .map(TeamMembers::owners)
            .unwrap_or_default();
        let mut listed = FactList::default();
        if owners.len() > FEW {
            let team_members: Vec<TeamMembers> = team_members.iter().cloned().collect();
            let theirs = |record: &Value| {
                wire::pass_of(record)
                    .0
                    .is_some_and(|owner| owners.contains(&owner))
            };
            listed = self.passes(&[], &team_members, Some(&theirs)).await?;
        } else {
            for owner in &owners {
                let team_members_lists = self.team_members_of(owner).await?;
                let theirs = self
                    .passes(
                        &of(&PASS, owner),
                        &team_members_lists,
                        Some(&|it| is(it, "CoworkerId", owner)),
                    )
                    .await?;
                listed.facts.extend(theirs.facts);
                listed.unreadable.extend(theirs.unreadable);
            }
        }
        let FactList {
            facts, unreadable, ..
        } = listed;
        let people = team_members
            .map(|team_members| team_members.people)
            .unwrap_or_default();
        let holder = Some(Holder::Team(team.into()));
        Ok(Around {
            facts,
            unreadable,
            holder,
            kinds: &[Kind::Pass],
            people: Some(people),
            ..Around::default()
        })
    }

    /// Reads the contracts that a desk names, and those of the coworker whom it names. A contract
    /// that gains a desk says so itself, but its webhook may not. Only Doorstep's table knows which
    /// contract lost the desk.
    async fn around_desk(&self, id: &str) -> Result<Around> {
        let Some((entity, desk)) =
            entity::of(Kind::Resource, id).filter(|(entity, _)| entity.name == DESK.name)
        else {
            return Ok(Around::default());
        };
        let Some(record) = self.record(entity, desk).await? else {
            return Ok(Around::default());
        };
        let mut around = Around::default();
        if let Some(coworker) = wire::pass_of(&record).0 {
            let theirs = self
                .contracts(&of(&CONTRACT, &coworker), Some(&coworker))
                .await?;
            (around.facts, around.unreadable) = (theirs.facts, theirs.unreadable);
        }
        let named = wire::contracts_of_desk(&record)
            .into_iter()
            .map(|id| FactId::new(Kind::Membership, id));
        let others: Vec<FactId> = named
            .filter(|contract| !around.has(contract))
            .take(FEW)
            .collect();
        for contract in others {
            match self.fetch(&contract).await? {
                Lookup::Fact(fact) => around.facts.push(fact),
                Lookup::Unreadable(unreadable) => around.unreadable.push(unreadable),
                Lookup::Missing => {}
            }
        }
        Ok(around)
    }

    /// Reads the bookings of the person whose booking is gone. If that booking was moved, waits for
    /// the new one for a while.
    async fn around_cancelled(
        &self,
        id: &str,
        booker: &str,
        alias: Option<&str>,
    ) -> Result<Around> {
        let mut filters = of(&BOOKING, booker);
        filters.push((BOOKING.from("ToTime"), instant(self.back())));
        let FactList {
            facts, unreadable, ..
        } = self.bookings(&filters, Some(booker)).await?;
        let cancellations = match alias {
            Some(alias) => self.cancellations(alias).await?,
            None => Vec::new(),
        };
        if let Some(at) = cancellations.iter().filter_map(wire::rebooked).max() {
            let new = |fact: &Fact| {
                fact.id != id
                    && fact
                        .changed
                        .is_none_or(|changed| changed.duration_until(at) <= PATIENCE)
            };
            if self.lately(at) && !facts.iter().any(new) {
                return Err(Error::retry(
                    "a booking of Nexudus was moved, and the new one is not there yet",
                ));
            }
        }
        let called_off = !cancellations.is_empty();
        Ok(Around {
            facts,
            unreadable,
            called_off,
            ..Around::default()
        }
        .without(&FactId::new(Kind::Booking, id)))
    }

    /// Fetches the records of the cancellation of the booking with this other id.
    async fn cancellations(&self, alias: &str) -> Result<Vec<Value>> {
        let theirs = |record: &Value| {
            let said = record.get("OriginalBookingId").and_then(Value::as_str)?;
            said.eq_ignore_ascii_case(alias).then(|| record.clone())
        };
        let filter = (CANCELLED.filter("OriginalBookingId"), alias.to_owned());
        list::all(&self.calls, &CANCELLED, &[filter], theirs).await
    }

    /// Returns whether this contract needs a successor, and whether it exists. Fetches the other
    /// contracts of the coworker for that.
    ///
    /// # Errors
    /// [`Error::Retry`] while the successor is missing and this contract is already over.
    pub(super) async fn successor_of(&self, record: &Value) -> Result<Successor> {
        let Some(coworker) = wire::pass_of(record).0.filter(|_| self.hands_over(record)) else {
            return Ok(Successor::NotDue);
        };
        let all = list::all(&self.calls, &CONTRACT, &of(&CONTRACT, &coworker), |other| {
            Some(other.clone())
        })
        .await?;
        match self.successor_among(record, &all) {
            Successor::Missing if self.ended_lately(record) => Err(Error::retry(
                "a contract of Nexudus was renewed or changed, and the new one is not there yet",
            )),
            successor => Ok(successor),
        }
    }

    /// Finds the successor of this contract in `all`.
    pub(super) fn successor_among(&self, record: &Value, all: &[Value]) -> Successor {
        let (Some(end), id, coworker) = (
            wire::followed(record),
            list::id(record),
            wire::pass_of(record).0,
        ) else {
            return Successor::NotDue;
        };
        if !self.hands_over(record) {
            return Successor::NotDue;
        }
        let follows = |other: &Value| {
            let theirs = wire::pass_of(other).0 == coworker && list::id(other) != id;
            let fact = wire::contract(other, None, Ok(Vec::new())).filter(|_| theirs);
            let what = fact.and_then(Result::ok).map(|fact| fact.what);
            matches!(what, Some(What::Membership(next)) if next.until.is_none_or(|until| until > end))
        };
        if all.iter().any(follows) {
            Successor::There
        } else {
            Successor::Missing
        }
    }

    /// Returns whether a contract with a successor ended yesterday, ends later, or was ended a
    /// moment ago.
    fn hands_over(&self, record: &Value) -> bool {
        let yesterday = self
            .calls
            .now()
            .to_zoned(jiff::tz::TimeZone::UTC)
            .date()
            .yesterday();
        wire::followed(record).is_some_and(|end| yesterday.is_ok_and(|yesterday| end >= yesterday))
            || self.ended_lately(record)
    }

    /// Returns whether a contract with a successor is over and was changed a moment ago.
    pub(super) fn ended_lately(&self, record: &Value) -> bool {
        let today = self.calls.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let changed = record
            .get("UpdatedOn")
            .and_then(crate::platform::fields::instant);
        wire::followed(record).is_some_and(|end| end <= today)
            && changed.is_some_and(|changed| self.lately(changed))
    }

    fn lately(&self, at: Timestamp) -> bool {
        self.calls.now().duration_since(at) < PATIENCE
    }

    fn back(&self) -> Timestamp {
        let now = self.calls.now();
        now.checked_sub(BACK).unwrap_or(now)
    }
}

fn of(entity: &NexudusEntity, coworker: &str) -> Vec<list::QueryParameter> {
    vec![(entity.filter("Coworker"), coworker.to_owned())]
}
