//! Day passes: the balances of people and companies, and their use.
//!
//! Spacebring keeps day passes as balances, each with the date on which it expires, and lists no
//! balances. The records of people and companies say how many days they have `[D]`. The use of a
//! day is a transaction of the type `booking` `[D]`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::bookings::instant;
use super::calls::{SpacebringList, id};
use super::id::PassId;
use super::memory::PassUses;
use super::reader::{MEMBERS, SpacebringReader};
use super::wire;
use crate::platform::fields::JsonRecord;
use crate::platform::found::{FactList, Lookup, Translated};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::{Checkin, Fact, Holder, Id, Pass, What};

pub(super) const COMPANIES: SpacebringList = SpacebringList {
    path: &["community", "companies", "v1"],
    word: "companies",
    one: "company",
    is_paged: true,
};
const TRANSACTIONS: SpacebringList = SpacebringList {
    path: &["transactions", "day_passes", "v1"],
    word: "transactions",
    one: "",
    is_paged: true,
};

impl SpacebringReader {
    /// Returns the uses of day passes from `from` on. Reads them once.
    pub(super) async fn pass_uses(&self, from: Timestamp) -> Result<&PassUses> {
        self.uses.get_or_try_init(|| self.read_uses(from)).await
    }

    async fn read_uses(&self, from: Timestamp) -> Result<PassUses> {
        let mut uses = PassUses::default();
        for location in self.locations().await? {
            let filters = [
                ("locationRef", location.id.to_string()),
                ("type", "booking".to_owned()),
                ("createDate[gte]", instant(from)),
            ];
            let (all, records) = self.api.list(&TRANSACTIONS, &filters, pass_use).await?;
            uses.checkins.nameless += records - all.len();
            for PassUse { checkin, passes } in all {
                uses.checkins.extend([checkin]);
                uses.passes.extend(
                    passes
                        .into_iter()
                        .map(|pass| (pass, Some(location.id.clone()))),
                );
            }
        }
        Ok(uses)
    }

    /// Returns the day passes of everyone who has or lately used one.
    pub(super) async fn passes(&self, from: Timestamp) -> Result<FactList> {
        let used = self.pass_uses(from).await?;
        let mut holders: BTreeMap<Holder, Option<Id>> = BTreeMap::new();
        for (pass, location) in &used.passes {
            holders.insert(pass.holder.clone(), location.clone());
        }
        for location in self.locations().await? {
            let filters = [("locationRef", location.id.to_string())];
            let members = self.people_at(&location.id, with_days).await?.0;
            let companies = self.api.list(&COMPANIES, &filters, with_days).await?.0;
            let members = members.into_iter().flatten().map(Holder::Member);
            let companies = companies.into_iter().flatten().map(Holder::Team);
            holders.extend(
                members
                    .chain(companies)
                    .map(|holder| (holder, Some(location.id.clone()))),
            );
        }
        let mut all = FactList::default();
        for (holder, location) in holders {
            all.extend(self.balances(&holder, location).await?);
        }
        let listed: BTreeSet<Id> = all.names().map(|name| name.id).collect();
        // A balance that was used up today may have left the list.
        let spent = used
            .passes
            .iter()
            .filter(|(pass, _)| !listed.contains(&pass.id()));
        let spent = spent.map(|(pass, location)| spent_pass(pass, location.clone()));
        all.facts.extend(spent.collect::<Vec<_>>());
        Ok(all)
    }

    /// Fetches one day pass.
    pub(super) async fn pass(&self, id: &str, from: Timestamp) -> Result<Lookup> {
        let Some(pass) = PassId::read(id) else {
            return Ok(Lookup::Missing);
        };
        let used = self.pass_uses(from).await?.passes.get(&pass).cloned();
        let location = match &used {
            Some(location) => location.clone(),
            None => self.location_of(&pass.holder).await?,
        };
        let all = self.balances(&pass.holder, location).await?;
        let is_it = |read: &Translated| match read {
            Ok(fact) => fact.id == id,
            Err(unreadable) => unreadable.name.id == id,
        };
        let found = all.into_iter().find(is_it);
        let spent = || used.map(|location| Ok(spent_pass(&pass, location)));
        Ok(found.or_else(spent).into())
    }

    /// Fetches one use of a day pass.
    ///
    /// # Errors
    /// Besides those of the calls: the recent transactions lack it. A refund is a transaction of
    /// its own and leaves the use in the list `[I]`, so this list is wrong.
    pub(super) async fn checkin(&self, id: &str, from: Timestamp) -> Result<Lookup> {
        let all = &self.pass_uses(from).await?.checkins;
        if let Some(one) = all.unreadable.iter().find(|one| one.name.id == id) {
            return Ok(Lookup::Unreadable(one.clone()));
        }
        match all.facts.iter().find(|fact| fact.id == id) {
            Some(fact) => Ok(Lookup::Fact(fact.clone())),
            None => Err(Error::retry(
                "the list of transactions lacks a use of a day pass, and Spacebring removes none",
            )),
        }
    }

    async fn location_of(&self, holder: &Holder) -> Result<Option<Id>> {
        let list = match holder {
            Holder::Team(_) => &COMPANIES,
            Holder::Member(_) | Holder::Visitor(_) => &MEMBERS,
        };
        let record = self.api.one(list, &holder.profile().id).await?;
        let location = record
            .as_ref()
            .and_then(|record| record.get("locationRef")?.as_str());
        Ok(location.map(Id::from))
    }

    /// Returns the balances of one holder as passes.
    async fn balances(&self, holder: &Holder, location: Option<Id>) -> Result<Vec<Translated>> {
        let holder_id = holder.profile().id;
        let path = ["transactions", "v1", "balances", &holder_id, "day_passes"];
        let Some(body) = self.api.body(&path, "balances").await? else {
            return Ok(Vec::new());
        };
        let zone = self.zone(location.as_deref().unwrap_or_default()).await?;
        let all = body.get("balances").and_then(Value::as_array);
        let read = all.into_iter().flatten().filter_map(|balance| {
            let record = JsonRecord::of(balance)?;
            Some(pass(&record, holder, location.clone(), zone.as_ref()))
        });
        Ok(read.collect())
    }
}

/// Returns the holder of a record if the record has days; `Some(None)` if it has none.
fn with_days(record: &Value) -> Option<Option<Id>> {
    let holder = id(record)?;
    let days = record.get("dayPasses").and_then(JsonRecord::of);
    let has = |field: &str| {
        let days = days.as_ref().and_then(|days| days.number(field));
        days.is_some_and(|days| days > 0.0)
    };
    Some((has("expiring") || has("permanent")).then_some(holder))
}

/// Translates a balance. Its last local day is the one that holds the last moment before it
/// expires. `[I]`
fn pass(
    record: &JsonRecord<'_>,
    holder: &Holder,
    location: Option<Id>,
    zone: Option<&TimeZone>,
) -> Translated {
    let left = record
        .must("amount", record.number("amount"))
        .unwrap_or_default();
    let count = record.number("allocation").unwrap_or_default().max(left);
    let pass_id = PassId {
        holder: holder.clone(),
        subscription: record.text("subscriptionRef").unwrap_or_default(),
        expires: record.text("expirationDate").unwrap_or_default(),
    };
    let pass = Pass {
        name: None,
        holders: vec![holder.clone()],
        count: Some(count),
        used: count - left,
        from: None,
        until: wire::last_day(record, "expirationDate", zone),
        location,
        used_at: None,
    };
    record.translated(Fact {
        id: pass_id.id(),
        what: What::Pass(pass),
        changed: None,
    })
}

/// Returns a pass of which no day is left and no balance is listed.
fn spent_pass(pass: &PassId, location: Option<Id>) -> Fact {
    let what = What::Pass(Pass {
        name: None,
        holders: vec![pass.holder.clone()],
        count: Some(1.0),
        used: 1.0,
        from: None,
        until: None,
        location,
        used_at: None,
    });
    Fact {
        id: pass.id(),
        what,
        changed: None,
    }
}

/// One transaction that used days.
struct PassUse {
    checkin: Translated,
    passes: Vec<PassId>,
}

/// Translates a transaction of the type `booking`.
fn pass_use(record: &Value) -> Option<PassUse> {
    let record = &JsonRecord::of(record)?;
    let member = record.reference("membershipRef");
    let company = record.reference("companyRef");
    let customer = record.value("customer").and_then(JsonRecord::of);
    let of_customer = customer.and_then(|customer| {
        let id = customer.reference("id")?;
        Some(match customer.text("type").as_deref() {
            Some("company") => Holder::Team(id),
            _ => Holder::Member(id),
        })
    });
    let holder = of_customer
        .or_else(|| company.map(Holder::Team))
        .or_else(|| member.clone().map(Holder::Member));
    let amounts = record.value("amounts").and_then(Value::as_array);
    let used = amounts.into_iter().flatten().filter_map(|amount| {
        let amount = JsonRecord::of(amount)?;
        Some(PassId {
            holder: holder.clone()?,
            subscription: amount.text("subscriptionRef").unwrap_or_default(),
            expires: amount.text("expirationDate").unwrap_or_default(),
        })
    });
    let passes: Vec<PassId> = used.collect();
    let person = member.or_else(|| match &holder {
        Some(Holder::Member(id)) => Some(id.clone()),
        _ => record.reference("membershipRefCreator"),
    });
    let checkin = Checkin {
        member: person,
        location: record.reference("locationRef"),
        at: record
            .must("createDate", record.instant("createDate"))
            .unwrap_or_default(),
        pass: passes.first().map(PassId::id),
    };
    Some(PassUse {
        checkin: wire::fact(record, What::Checkin(checkin))?,
        passes,
    })
}
