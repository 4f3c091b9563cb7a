//! Resolves the names in a site file to ids of the platform and of the door systems. Pure: a name
//! that cannot be resolved is a problem of its rule, and resolving goes on.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::catalogue::Catalogue;
use super::named::{NamedThing, meaning};
use super::{Place, Rule, Selector, Site, SiteProblem, ThingSelection};
use crate::model::account::{Group, GroupId};
use crate::model::fact::{DESK, Id};
use crate::model::ids::DoorsName;

/// The meaning of every name in a site file, and the problems that were found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolved {
    /// One entry for each rule of the site, in the same order.
    pub rules: Vec<ResolvedRule>,
    /// The ids of the locations that count. `None`: all.
    pub locations: Option<BTreeSet<String>>,
    /// The locations of each closure of the site, in the same order. `None`: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closed: Vec<Option<IdSelection>>,
    /// Problems for the operator, each with its place in the file and what to do.
    pub problems: Vec<SiteProblem>,
    /// The id that each name last meant while it was clear, by what the name stands for. It keeps
    /// access in place if a thing is renamed.
    #[serde(default)]
    known: BTreeMap<String, BTreeMap<String, String>>,
}

/// The meaning of the names in one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedRule {
    /// The plans, rooms and so on that the rule is about. Passes are kept as the file names them:
    /// they match by name or id.
    pub wanted: IdSelection,
    /// The groups that the rule opens.
    pub groups: Vec<GroupId>,
    /// The locations to which the rule is limited, if it is.
    pub at: Option<IdSelection>,
}

/// A selection of things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IdSelection {
    /// All things.
    Any,
    /// The things with these ids. Empty if no name could be resolved.
    Of(BTreeSet<String>),
}

impl IdSelection {
    /// Returns whether the selection includes the thing with this id.
    pub fn covers(&self, id: &str) -> bool {
        match self {
            IdSelection::Any => true,
            IdSelection::Of(ids) => ids.contains(id),
        }
    }
}

/// Resolves every name of `site`.
///
/// `groups` holds the groups of each door system, by its name in the file. If a door system is
/// missing, its groups were not read, and its names keep their former meaning. A name that had a
/// meaning in `before` keeps it as long as that thing exists, even if the thing was renamed.
pub fn resolve(
    site: &Site,
    catalogue: &Catalogue,
    groups: &BTreeMap<DoorsName, Vec<Group>>,
    before: Option<&Resolved>,
) -> Resolved {
    let mut resolving = Resolving {
        site,
        catalogue,
        groups,
        before,
        resolved: Resolved::default(),
    };
    resolving.resolved.problems = unserved(site);
    resolving.locations();
    for (number, rule) in site.rules.iter().enumerate() {
        let resolved = resolving.rule(rule);
        resolving.resolved.rules.push(resolved);
        if let Some(first) = site
            .rules
            .iter()
            .take(number)
            .find(|first| first.says_the_same(rule))
        {
            resolving.problem(
                rule,
                &format!(
                    "this says the same as the rule in line {}: remove one of them",
                    first.line
                ),
            );
        }
    }
    for closure in &site.closed {
        let at = closure.at.as_ref();
        let at = at.map(|at| resolving.at(closure.line, at));
        resolving.resolved.closed.push(at);
    }
    resolving.resolved
}

struct Resolving<'a> {
    site: &'a Site,
    catalogue: &'a Catalogue,
    groups: &'a BTreeMap<DoorsName, Vec<Group>>,
    before: Option<&'a Resolved>,
    resolved: Resolved,
}

/// The names of one key of one rule: their place in the file, what they stand for, and the word for
/// one of them in a problem.
struct NameQuery<'q> {
    place: Place,
    scope: String,
    one: &'q str,
    /// The limit on where a thing must be, in the operator's words. Empty if there is none.
    within: String,
}

impl<'a> Resolving<'a> {
    fn locations(&mut self) {
        let Some(names) = &self.site.platform.locations else {
            return;
        };
        let asked = NameQuery {
            place: Place::platform().key("locations"),
            scope: "location".to_owned(),
            one: "location",
            within: String::new(),
        };
        let things = self.location_things(None);
        self.resolved.locations = Some(
            names
                .iter()
                .filter_map(|name| self.one(&asked, name, &things))
                .collect(),
        );
    }

    fn rule(&mut self, rule: &Rule) -> ResolvedRule {
        let at = rule.at.as_ref().map(|at| self.at(rule.line, at));
        let wanted = match &rule.wanted {
            ThingSelection::Any => IdSelection::Any,
            ThingSelection::Named(names) if rule.selector == Selector::Pass => {
                self.passes(rule, names)
            }
            ThingSelection::Named(names) => self.things_of(rule, names, at.as_ref()),
        };
        let wanted = if rule.with_parent {
            with_parents(wanted, self.catalogue)
        } else {
            wanted
        };
        ResolvedRule {
            wanted,
            groups: self.opened(rule),
            at,
        }
    }

    fn at(&mut self, line: usize, at: &ThingSelection) -> IdSelection {
        let ThingSelection::Named(names) = at else {
            return IdSelection::Any;
        };
        let chosen = self.resolved.locations.clone();
        let asked = NameQuery {
            place: Place::Rule(line),
            scope: "location of a rule".to_owned(),
            one: "location",
            within: "among the `locations` of [platform]".to_owned(),
        };
        let things = self.location_things(chosen.as_ref());
        IdSelection::Of(
            names
                .iter()
                .filter_map(|name| self.one(&asked, name, &things))
                .collect(),
        )
    }

    /// Resolves names of passes. Passes have no list, so the names are kept. A name that no pass
    /// has is reported if the passes were read.
    fn passes(&mut self, rule: &Rule, names: &[String]) -> IdSelection {
        let unknown = |name: &&String| {
            self.catalogue
                .passes
                .as_ref()
                .is_some_and(|passes| !passes.contains(*name))
        };
        for name in names
            .iter()
            .filter(|name| unknown(name) && !may_be_id(name))
        {
            self.problem(
                rule,
                &format!("no pass is named \"{name}\" now: write its exact name, its id, or pass = \"*\" for any"),
            );
        }
        IdSelection::Of(names.iter().cloned().collect())
    }

    fn things_of(
        &mut self,
        rule: &Rule,
        names: &[String],
        at: Option<&IdSelection>,
    ) -> IdSelection {
        // An `at` that resolves to nothing is a problem of its own. It is not repeated for every
        // name.
        let at = match at {
            Some(IdSelection::Of(ids)) if !ids.is_empty() => Some(ids),
            _ => None,
        };
        let chosen = self.resolved.locations.clone();
        let allowed = match (chosen, at) {
            (Some(chosen), Some(at)) => Some(chosen.intersection(at).cloned().collect()),
            (chosen, at) => chosen.or_else(|| at.cloned()),
        };
        let word = match rule.selector {
            Selector::Visitor => Selector::Location.word(),
            selector => selector.word(),
        };
        let limits = at.and(rule.at.as_ref()).map(listed);
        let asked = NameQuery {
            place: Place::Rule(rule.line),
            scope: limits
                .as_ref()
                .map_or_else(|| word.to_owned(), |limits| format!("{word} at {limits}")),
            one: word,
            within: limits.map_or_else(
                || "among the `locations` of [platform]".to_owned(),
                |limits| format!("at {limits}"),
            ),
        };
        let things = self.things(rule.selector, allowed.as_ref());
        IdSelection::Of(
            names
                .iter()
                .filter_map(|name| self.one(&asked, name, &things))
                .collect(),
        )
    }

    fn things(
        &self,
        selector: Selector,
        allowed: Option<&BTreeSet<String>>,
    ) -> Vec<NamedThing<'a>> {
        let catalogue = self.catalogue;
        // A thing without a location may be anywhere, so it fits.
        let fits = |location: Option<&str>| match (location, allowed) {
            (Some(location), Some(allowed)) => allowed.contains(location),
            _ => true,
        };
        match selector {
            Selector::Location | Selector::Visitor => self.location_things(allowed),
            Selector::Plan => {
                let plan = |(id, plan): (&'a Id, &'a crate::model::fact::Plan)| NamedThing {
                    id,
                    number: None,
                    name: &plan.name,
                    fits: fits(plan.location.as_deref()),
                };
                catalogue.plans.iter().map(plan).collect()
            }
            Selector::Floor => {
                let floor = |(id, floor): (&'a Id, &'a crate::model::fact::Floor)| NamedThing {
                    id,
                    number: None,
                    name: &floor.name,
                    fits: fits(floor.location.as_deref()),
                };
                catalogue.floors.iter().map(floor).collect()
            }
            Selector::Assignable | Selector::Resource | Selector::Pass => {
                let resource =
                    |(id, resource): (&'a Id, &'a crate::model::fact::Resource)| NamedThing {
                        id,
                        number: id.strip_prefix(DESK),
                        name: &resource.name,
                        fits: fits(catalogue.location_of_resource(id)),
                    };
                let mut things: Vec<NamedThing<'a>> =
                    catalogue.resources.iter().map(resource).collect();
                if selector == Selector::Assignable {
                    // A room may have a desk's number. The desk is the one that can be assigned.
                    things.sort_by_key(|thing| thing.number.is_none());
                }
                things
            }
        }
    }

    fn location_things(&self, allowed: Option<&BTreeSet<String>>) -> Vec<NamedThing<'a>> {
        let fits = |id: &str| allowed.is_none_or(|allowed| allowed.contains(id));
        self.catalogue
            .locations
            .iter()
            .map(|(id, location)| NamedThing {
                id,
                number: None,
                name: &location.name,
                fits: fits(id),
            })
            .collect()
    }

    fn opened(&mut self, rule: &Rule) -> Vec<GroupId> {
        let asked = NameQuery {
            place: Place::Rule(rule.line),
            scope: format!("group of {}", rule.doors),
            one: "group",
            within: String::new(),
        };
        let groups: &'a [Group] = self.groups.get(&rule.doors).map_or(&[], Vec::as_slice);
        let things: Vec<NamedThing<'a>> = groups
            .iter()
            .map(|group| NamedThing {
                id: &group.id.0,
                number: None,
                name: &group.name,
                fits: true,
            })
            .collect();
        let mut opened = Vec::new();
        for name in &rule.opens {
            let before = self.known(&asked, name);
            let Some(id) = self.one(&asked, name, &things).map(GroupId) else {
                continue;
            };
            let group = groups.iter().find(|group| group.id == id);
            let ours = group.is_none_or(|group| self.judge_group(rule, name, group));
            if !ours && before != Some(&id.0) {
                self.forget(&asked, name);
            } else if !opened.contains(&id) {
                opened.push(id);
            }
        }
        opened
    }

    /// Reports what is wrong with a group. Returns `false` if Doorstep may not manage the group.
    fn judge_group(&mut self, rule: &Rule, name: &str, group: &Group) -> bool {
        if let Some(problem) = &group.problem {
            self.problem(
                rule,
                &format!("group \"{name}\" opens nothing for the people in it: {problem}"),
            );
        }
        let prefix = self
            .site
            .doors
            .get(&rule.doors)
            .and_then(|doors| doors.prefix.as_deref());
        match prefix {
            Some(prefix) if !group.name.starts_with(prefix) => {
                let advice = "give the group such a name at the door system, or choose another";
                self.problem(
                    rule,
                    &format!(
                        "the name of group \"{name}\" does not start with \"{prefix}\": {advice}"
                    ),
                );
                false
            }
            _ => true,
        }
    }

    /// Returns the id that `name` means, and remembers it for the next time.
    fn one(
        &mut self,
        asked: &NameQuery<'_>,
        name: &str,
        things: &[NamedThing<'a>],
    ) -> Option<String> {
        let before = self.known(asked, name);
        let meaning = meaning(name, things, before.map(String::as_str));
        if asked.one != "group" && self.names_stand_for_themselves() && !meaning.is_a_slip() {
            return Some(name.to_owned());
        }
        if let Some(problem) = meaning.problem(name, asked.one, &asked.within) {
            self.resolved
                .problems
                .push(SiteProblem::new(asked.place.clone(), problem));
        }
        // A thing that is gone may return, for example after a bad read. Until then its name keeps
        // the meaning.
        let id = meaning.id().map(str::to_owned);
        if let Some(kept) = id.clone().or_else(|| before.cloned()) {
            self.resolved
                .known
                .entry(asked.scope.clone())
                .or_default()
                .insert(name.to_owned(), kept);
        }
        id
    }

    /// Returns whether names need no list: a platform without a read API cannot be asked for its
    /// plans and rooms, so a name is accepted as it is.
    fn names_stand_for_themselves(&self) -> bool {
        !self.site.platform.kind.has_read_api()
    }

    fn known(&self, asked: &NameQuery<'_>, name: &str) -> Option<&'a String> {
        self.before?.known.get(&asked.scope)?.get(name)
    }

    fn forget(&mut self, asked: &NameQuery<'_>, name: &str) {
        if let Some(known) = self.resolved.known.get_mut(&asked.scope) {
            known.remove(name);
        }
    }

    fn problem(&mut self, rule: &Rule, text: &str) {
        self.resolved
            .problems
            .push(SiteProblem::new(Place::Rule(rule.line), text));
    }
}

/// Adds the resources that the selected ones are part of, whatever the number of levels.
fn with_parents(wanted: IdSelection, catalogue: &Catalogue) -> IdSelection {
    let IdSelection::Of(mut ids) = wanted else {
        return wanted;
    };
    let mut added: Vec<String> = ids.iter().cloned().collect();
    while let Some(id) = added.pop() {
        let resource = catalogue.resources.get(id.as_str());
        let parent = resource.and_then(|resource| resource.parent.as_deref());
        added.extend(
            parent
                .filter(|parent| ids.insert((*parent).to_owned()))
                .map(str::to_owned),
        );
    }
    IdSelection::Of(ids)
}

fn listed(wanted: &ThingSelection) -> String {
    match wanted {
        ThingSelection::Any => "any location".to_owned(),
        ThingSelection::Named(names) => names
            .iter()
            .map(|name| format!("\"{name}\""))
            .collect::<Vec<_>>()
            .join(" or "),
    }
}

/// Returns whether a text looks like a platform's id: a number, or hexadecimal with or without
/// dashes.
fn may_be_id(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        && text.bytes().any(|byte| byte.is_ascii_digit())
}

/// Returns the problems of rules that can never match, because the platform sends nothing that they
/// are about.
pub fn unserved(site: &Site) -> Vec<SiteProblem> {
    let platform = site.platform.kind;
    if platform.has_read_api() {
        return Vec::new();
    }
    let served = [Selector::Plan, Selector::Resource, Selector::Visitor];
    let unserved = site
        .rules
        .iter()
        .filter(|rule| !served.contains(&rule.selector));
    let said = unserved.map(|rule| {
        let (word, platform) = (rule.selector.word(), platform.word());
        let said = format!(
            "{platform} tells of no {word}, so this can never match: write plan, resource or visitor"
        );
        SiteProblem::new(Place::Rule(rule.line), said)
    });
    said.collect()
}
