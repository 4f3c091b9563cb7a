//! A site file read for the table of rules: the meaning of each single name, and what each rule
//! opens for whom.

use std::collections::{BTreeMap, BTreeSet};

use doorstep_core::model::account::{GroupId, GroupRef};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::DoorsName;
use doorstep_core::site::resolve::{IdSelection, Resolved};
use doorstep_core::site::{Audience, ClosedDays, Hours, Rule, Selector, Site, ThingSelection};

use super::lists::Lists;
use super::thing::{GroupKey, ThingKey};
use crate::moving::words::{Names, names};

/// A name as the file has it, with its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named<K> {
    /// The text in the file.
    pub text: String,
    /// The meaning.
    pub key: K,
}

/// The conditions of a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Terms {
    pub before: u32,
    pub after: u32,
    pub audience: Audience,
    pub at: Option<ThingSelection>,
    pub hours: Option<Hours>,
    pub with_parent: bool,
    pub open_when_closed: bool,
    /// The closures that close the rule.
    pub closed: BTreeSet<(Vec<ClosedDays>, Option<ThingSelection>)>,
}

/// One rule.
#[derive(Debug, Clone)]
pub(super) struct RuleReading {
    /// The line of its `[[rule]]`.
    pub line: usize,
    pub selector: Selector,
    pub doors: DoorsName,
    pub things: Vec<Named<ThingKey>>,
    pub groups: Vec<Named<GroupKey>>,
    pub terms: Terms,
    /// Whether a closure names the rule by its number.
    pub is_closed_by_number: bool,
    /// Every thing that the rule is about, with those that follow from `with_parent`.
    pub covers: IdSelection,
}

/// One thing for which a rule opens one group, and when.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Opened {
    pub selector: Selector,
    pub thing: ThingKey,
    pub group: GroupKey,
    pub terms: Terms,
}

/// A site file, read.
#[derive(Debug)]
pub(super) struct Reading {
    pub site: Site,
    pub rules: Vec<RuleReading>,
    pub resolved: Resolved,
}

impl Reading {
    /// Reads a text.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a text that is no valid site file.
    pub(super) fn of_text(text: &str, lists: &Lists) -> Result<Reading> {
        let site = Site::parse(text).map_err(|error| {
            let first = error.0.into_iter().next();
            let first = first.map(|fault| fault.to_string()).unwrap_or_default();
            Error::invalid(format!(
                "the file has an error, so correct it first: {first}"
            ))
        })?;
        Ok(Reading::of(site, lists))
    }

    /// Reads a valid file.
    pub(super) fn of(site: Site, lists: &Lists) -> Reading {
        let resolved = lists.resolve(&site);
        let meanings = Meanings::of(&site, lists, &resolved);
        let rules = (1..).zip(&site.rules).zip(&resolved.rules);
        let rules = rules.map(|((number, rule), resolved)| RuleReading {
            line: rule.line,
            selector: rule.selector,
            doors: rule.doors.clone(),
            things: meanings.things(rule),
            groups: meanings.groups(rule),
            terms: terms(&site, rule, number),
            is_closed_by_number: site.closed.iter().any(|closure| {
                let numbers = closure.rules.as_ref();
                numbers.is_some_and(|numbers| numbers.contains(&number))
            }),
            covers: resolved.wanted.clone(),
        });
        Reading {
            rules: rules.collect(),
            site,
            resolved,
        }
    }

    /// Returns what each rule opens, with the index of the rule.
    pub(super) fn opened(&self) -> impl Iterator<Item = (usize, Opened)> {
        self.rules
            .iter()
            .enumerate()
            .flat_map(|(index, rule)| rule.opened().map(move |opened| (index, opened)))
    }
}

impl RuleReading {
    fn opened(&self) -> impl Iterator<Item = Opened> {
        self.things.iter().flat_map(move |thing| {
            self.groups.iter().map(move |group| Opened {
                selector: self.selector,
                thing: thing.key.clone(),
                group: group.key.clone(),
                terms: self.terms.clone(),
            })
        })
    }

    /// Returns whether the rule names the thing.
    pub(super) fn names(&self, thing: &ThingKey) -> bool {
        self.things.iter().any(|named| named.key == *thing)
    }

    /// Returns whether the rule is about this thing and nothing else.
    pub(super) fn is_only_about(&self, thing: &ThingKey) -> bool {
        self.things.iter().all(|named| named.key == *thing)
    }

    /// Returns whether the rule is about `"*"`.
    pub(super) fn is_about_all(&self) -> bool {
        self.names(&ThingKey::Every)
    }

    /// Returns whether the rule opens the group.
    pub(super) fn opens(&self, group: &GroupRef) -> bool {
        self.groups.iter().any(|named| named.key.is(group))
    }

    /// Returns whether the rule opens this group and nothing else.
    pub(super) fn opens_only(&self, group: &GroupRef) -> bool {
        self.groups.iter().all(|named| named.key.is(group))
    }
}

fn terms(site: &Site, rule: &Rule, number: usize) -> Terms {
    let closes = site.closed.iter().filter(|closure| {
        let numbers = closure.rules.as_ref();
        numbers.is_none_or(|numbers| numbers.contains(&number))
    });
    Terms {
        before: rule.before,
        after: rule.after,
        audience: rule.audience,
        at: rule.at.clone(),
        hours: rule.hours.clone(),
        with_parent: rule.with_parent,
        open_when_closed: rule.open_when_closed,
        closed: closes
            .map(|closure| (closure.days.clone(), closure.at.clone()))
            .collect(),
    }
}

type ThingName<'s> = (Selector, Option<&'s ThingSelection>, &'s str);

/// The meanings of the single names of one file.
struct Meanings<'s> {
    things: BTreeMap<ThingName<'s>, ThingKey>,
    groups: BTreeMap<(&'s DoorsName, &'s str), GroupId>,
}

impl<'s> Meanings<'s> {
    /// Resolves each name by itself: a rule's own resolution has only the set of its ids.
    fn of(site: &'s Site, lists: &Lists, resolved: &Resolved) -> Self {
        let mut things: BTreeMap<ThingName<'s>, Rule> = BTreeMap::new();
        let mut groups: BTreeMap<(&DoorsName, &str), Rule> = BTreeMap::new();
        for rule in &site.rules {
            let alone = |wanted: ThingSelection, opens: Vec<String>| Rule {
                wanted,
                opens,
                with_parent: false,
                ..rule.clone()
            };
            if let ThingSelection::Named(names) = &rule.wanted {
                for name in names {
                    things
                        .entry((rule.selector, rule.at.as_ref(), name))
                        .or_insert_with(|| {
                            alone(ThingSelection::Named(vec![name.clone()]), Vec::new())
                        });
                }
            }
            for name in &rule.opens {
                groups
                    .entry((&rule.doors, name))
                    .or_insert_with(|| alone(ThingSelection::Any, vec![name.clone()]));
            }
        }
        let exploded = Site {
            rules: things.values().chain(groups.values()).cloned().collect(),
            closed: Vec::new(),
            ..site.clone()
        };
        let singles = lists.resolve(&exploded).rules;
        let (of_things, of_groups) = singles.split_at(things.len().min(singles.len()));
        let here = lists.survey.at(resolved.locations.as_ref());
        let of_platform: BTreeMap<Selector, Names<'_>> = Selector::ALL
            .map(|selector| (selector, names(&here, selector)))
            .into();
        let things = things.into_keys().zip(of_things).map(|(name, single)| {
            let id = match &single.wanted {
                IdSelection::Of(ids) => ids.first().map(String::as_str),
                IdSelection::Any => None,
            };
            let has = |id: &&str| of_platform.get(&name.0).is_some_and(|names| names.has(id));
            let listed = id.filter(has);
            let key = listed.map_or_else(
                || ThingKey::Unlisted(name.2.to_owned()),
                |id| ThingKey::Listed(id.to_owned()),
            );
            (name, key)
        });
        let groups = groups.into_keys().zip(of_groups);
        let groups =
            groups.filter_map(|(name, single)| Some((name, single.groups.first()?.clone())));
        Meanings {
            things: things.collect(),
            groups: groups.collect(),
        }
    }

    fn things(&self, rule: &'s Rule) -> Vec<Named<ThingKey>> {
        let ThingSelection::Named(names) = &rule.wanted else {
            return vec![Named {
                text: "*".to_owned(),
                key: ThingKey::Every,
            }];
        };
        let named = names.iter().map(|name| {
            let meaning = self.things.get(&(rule.selector, rule.at.as_ref(), name));
            let unlisted = || ThingKey::Unlisted(name.clone());
            Named {
                text: name.clone(),
                key: meaning.cloned().unwrap_or_else(unlisted),
            }
        });
        named.collect()
    }

    fn groups(&self, rule: &'s Rule) -> Vec<Named<GroupKey>> {
        let named = rule.opens.iter().map(|name| Named {
            text: name.clone(),
            key: match self.groups.get(&(&rule.doors, name.as_str())) {
                Some(id) => GroupKey::Listed(GroupRef::new(&rule.doors, id)),
                None => GroupKey::Unlisted(rule.doors.clone(), name.clone()),
            },
        });
        named.collect()
    }
}
