//! Reads OfficeRnD: one thing by its id, or a list from the first page to the last.
//!
//! The result is the whole list or an error. An unreadable record costs only itself; an unreadable
//! page costs the list. An id that occurs twice means that a record moved between pages during the
//! read. The list is then read once more. After that, two equal records with one id count as one,
//! and two different ones cost the list.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use super::calls::OfficerndApi;
use super::limiter::Priority;
use super::{hooks, wire};
use crate::access::{Access, Extras};
use crate::platform::found::{FactList, Lookup, ResourceAssignments, Translated, Unreadable};
use crate::platform::list_read::ListRead;
use crate::platform::relation::Relation;
use crate::platform::{Hearing, ReadPlatform, Span};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::{Fact, FactId, Id, Kind, What};
use doorstep_core::model::ids::SiteId;

/// The largest page that OfficeRnD returns. `[D]`
const PAGE: &str = "50";
/// Most pages of a list. A longer list is taken for an endless one.
const MOST_PAGES: usize = 4_000;

/// Most pages of a list of changes: 500 things.
const MOST_PAGES_OF_CHANGES: usize = 10;

/// Reader of one organisation.
pub(super) struct OfficerndReader {
    calls: OfficerndApi,
    card_property: Option<String>,
    extras: Extras,
}

impl OfficerndReader {
    /// Returns a reader of `organization`, given by its slug. It sends no request yet.
    pub(super) fn new(organization: &str, access: Access) -> Self {
        let (card_property, extras) = (access.card_property.clone(), access.extras);
        OfficerndReader {
            calls: OfficerndApi::new(organization, access),
            card_property,
            extras,
        }
    }

    /// Translates a record. A member also gets the numbers of the member's cards.
    fn fact(&self, kind: Kind, record: &Value) -> Option<Translated> {
        let mut read = wire::fact(kind, record)?;
        if let (Ok(fact), Some(property)) = (&mut read, &self.card_property)
            && let What::Member(profile) = &mut fact.what
        {
            profile.cards = wire::cards(record, property);
        }
        Some(read)
    }

    /// Returns the values that `read` extracts from a list, and the number of records.
    async fn list<T>(
        &self,
        word: &str,
        filter: Option<(&str, &str)>,
        priority: Priority,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<(Vec<T>, usize)> {
        let all = self.list_once(word, filter, priority, &read).await?;
        let all = if all.twice {
            self.list_once(word, filter, priority, &read).await?
        } else {
            all
        };
        if all.differing {
            return Err(Error::retry(format!(
                "OfficeRnD listed one of its {word} twice with different content"
            )));
        }
        let records = all.records();
        Ok((all.things, records))
    }

    /// Reads one list page by page. The raw records of a large list would take most of a function's
    /// memory, so each page is translated before the next one is fetched.
    async fn list_once<T>(
        &self,
        word: &str,
        filter: Option<(&str, &str)>,
        priority: Priority,
        read: &impl Fn(&Value) -> Option<T>,
    ) -> Result<ListRead<T>> {
        let mut all = ListRead::default();
        let mut cursor: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let page = self.page(word, filter, cursor.as_deref(), priority).await?;
            let page = page.ok_or_else(|| {
                Error::permanent(format!(
                    "OfficeRnD has no {word} for this organisation: check organization in the site file"
                ))
            })?;
            let (results, next) = opened(page, cursor.is_none())
                .ok_or_else(|| Error::retry(format!("a page of {word} cannot be read")))?;
            for record in &results {
                all.add(wire::id(record), record, read);
            }
            if next.is_none() {
                return Ok(all);
            }
            if next == cursor {
                break;
            }
            cursor = next;
        }
        Err(Error::retry(format!(
            "OfficeRnD's list of {word} has no end"
        )))
    }

    /// Fetches one page of a list; `None` if there is no such list.
    async fn page(
        &self,
        word: &str,
        filter: Option<(&str, &str)>,
        cursor: Option<&str>,
        priority: Priority,
    ) -> Result<Option<Value>> {
        let mut query = vec![("$limit", PAGE)];
        query.extend(filter);
        query.extend(cursor.map(|cursor| ("$cursorNext", cursor)));
        self.calls.ask(&[word], &query, priority).await
    }

    async fn assigned(
        &self,
        by: &str,
        id: &str,
        priority: Priority,
    ) -> Result<ResourceAssignments> {
        let (all, records) = self
            .list("assignments", Some((by, id)), priority, wire::assignment)
            .await?;
        let mut assigned = ResourceAssignments {
            nameless: records - all.len(),
            ..ResourceAssignments::default()
        };
        for one in all {
            match one {
                wire::AssignmentContent::To(membership, assignment) => {
                    assigned.read.push((membership, assignment))
                }
                wire::AssignmentContent::ToNone => {}
                wire::AssignmentContent::Unreadable(unreadable) => {
                    assigned.unreadable.push(unreadable)
                }
            }
        }
        Ok(assigned)
    }
}

#[async_trait]
impl ReadPlatform for OfficerndReader {
    fn kinds(&self) -> Vec<Kind> {
        self.extras.kinds(&Kind::ALL)
    }

    async fn fetch(&self, about: &FactId) -> Result<Lookup> {
        // The application may lack the scope.
        if about.kind == Kind::Visit && !self.extras.visits {
            return Ok(Lookup::Missing);
        }
        let word = word(about.kind);
        let Some(record) = self
            .calls
            .ask(&[word, &about.id], &[], Priority::Refetch)
            .await?
        else {
            return Ok(Lookup::Missing);
        };
        if wire::id(&record).as_deref() != Some(about.id.as_str()) {
            return Err(Error::retry(format!(
                "OfficeRnD returned another thing than the requested one of its {word}"
            )));
        }
        let mut read = self.fact(about.kind, &record);
        if let Some(Ok(fact)) = &mut read
            && let What::Membership(membership) = &mut fact.what
        {
            let assigned = self
                .assigned("membership", &about.id, Priority::Refetch)
                .await?;
            if let Some(unreadable) = assigned.unreadable.first() {
                let field = format!("{} of assignment {}", unreadable.field, unreadable.id);
                return Ok(Lookup::Unreadable(Unreadable {
                    name: about.clone(),
                    field,
                }));
            }
            membership.assignments = assigned
                .read
                .into_iter()
                .map(|(_, assignment)| assignment)
                .collect();
        }
        Ok(read.into())
    }

    async fn read(&self, kind: Kind, span: &Span) -> Result<FactList> {
        let word = word(kind);
        let filter = match (kind, span.changed_since) {
            (Kind::Checkin, _) => Some(("start[$gte]", span.checkins_from.to_string())),
            (_, Some(since)) if has_change_filter(kind) => {
                Some(("modifiedAt[$gte]", since.to_string()))
            }
            _ => None,
        };
        let filter = filter.as_ref().map(|(name, value)| (*name, value.as_str()));
        let (read, records) = self
            .list(word, filter, Priority::List, |record| {
                self.fact(kind, record)
            })
            .await?;
        let nameless = records - read.len();
        Ok(FactList {
            nameless,
            ..read.into_iter().collect()
        })
    }

    fn lists_changes(&self, kind: Kind) -> bool {
        kind == Kind::Booking
    }

    async fn changes(&self, kind: Kind, since: Timestamp) -> Result<Vec<Fact>> {
        let since = since.to_string();
        let filter = Some(("modifiedAt[$gte]", since.as_str()));
        let (mut facts, mut cursor): (Vec<Fact>, Option<String>) = Default::default();
        for _ in 0..MOST_PAGES_OF_CHANGES {
            let page = self
                .page(word(kind), filter, cursor.as_deref(), Priority::Refetch)
                .await?;
            let Some((results, next)) = page.and_then(|page| opened(page, cursor.is_none())) else {
                break;
            };
            facts.extend(
                results
                    .iter()
                    .filter_map(|record| self.fact(kind, record)?.ok()),
            );
            if next.is_none() || next == cursor {
                break;
            }
            cursor = next;
        }
        Ok(facts)
    }

    /// Asks for an assignment by its membership and by its resource. One of the two lists is
    /// enough.
    async fn confirms(&self, relation: &Relation) -> Result<bool> {
        let Relation::Assigned {
            membership,
            assignment,
            resource,
        } = relation
        else {
            return Ok(false);
        };
        for (by, id) in [("membership", membership), ("resource", resource)] {
            let ResourceAssignments {
                read, unreadable, ..
            } = self.assigned(by, id, Priority::Refetch).await?;
            let mut ids = read
                .iter()
                .map(|(_, read)| &read.id)
                .chain(unreadable.iter().map(|unread| &unread.id));
            if ids.any(|id| id == assignment) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn relates(&self, kind: Kind) -> bool {
        kind == Kind::Membership
    }

    async fn hearing(&self, site: &SiteId) -> Result<Hearing> {
        if !self.calls.may_read_webhooks().await? {
            return Ok(hooks::unknown());
        }
        match self
            .list("webhooks", None, Priority::List, |record| {
                hooks::of(record, site)
            })
            .await
        {
            Ok((hooks, _)) => Ok(hooks::hearing(&hooks, site)),
            Err(Error::Permanent(_)) => Ok(hooks::unknown()),
            Err(error) => Err(error),
        }
    }

    async fn assignments(&self, resources: &[Id]) -> Result<ResourceAssignments> {
        let mut all = ResourceAssignments::default();
        for resource in resources {
            let ResourceAssignments {
                read,
                unreadable,
                nameless,
            } = self.assigned("resource", resource, Priority::List).await?;
            all.read.extend(read);
            all.unreadable.extend(unreadable);
            all.nameless += nameless;
        }
        Ok(all)
    }
}

/// Returns the last part of the path to the list of a kind.
fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Location => "locations",
        Kind::Floor => "floors",
        Kind::Resource => "resources",
        Kind::Plan => "plans",
        Kind::Team => "companies",
        Kind::Member => "members",
        Kind::Visitor => "visitors",
        Kind::Visit => "visits",
        Kind::Membership => "memberships",
        Kind::Booking => "bookings",
        Kind::Pass => "passes",
        Kind::Checkin => "checkins",
    }
}

/// Returns whether the list of a kind can be filtered by change. OfficeRnD answers 400 for any
/// other kind. `[D]`
fn has_change_filter(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Member | Kind::Team | Kind::Membership | Kind::Pass | Kind::Resource | Kind::Booking
    )
}

/// Returns the records of a page, and the cursor of the next page if there is one. The `first` page
/// may be a bare list, which is then the whole list.
fn opened(mut page: Value, first: bool) -> Option<(Vec<Value>, Option<String>)> {
    if let Value::Array(all) = page {
        return first.then_some((all, None));
    }
    let Value::Array(results) = page.get_mut("results")?.take() else {
        return None;
    };
    let next = match page.get("cursorNext") {
        None | Some(Value::Null) => None,
        Some(Value::String(cursor)) if cursor.is_empty() => None,
        Some(Value::String(cursor)) => Some(cursor.clone()),
        Some(Value::Number(cursor)) => Some(cursor.to_string()),
        Some(_) => return None,
    };
    Some((results, next))
}
