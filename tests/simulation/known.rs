//! The state of the platform, and the states that Doorstep may know of it. A test cannot say which
//! of them Doorstep acts on.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Value, json};

use crate::property::scenario::GeneratedScenario;
use crate::reference_model::{Entry, Minute, list};

/// One thing of a world: its kind, and its id.
type Name = (String, String);

/// The people who may be in each group.
pub type Open = Rc<BTreeSet<Entry>>;

/// The results that were computed already, by world and minute.
type Cache = BTreeMap<(usize, Minute), (Rc<Value>, Open)>;

pub struct Known {
    scenario: GeneratedScenario,
    /// A late delivery reports an earlier state, and may be too old to count.
    has_webhooks: bool,
    pub truth: Rc<Value>,
    pub heard: Rc<Value>,
    /// Worlds that were one of these until an instant.
    past: Vec<(Minute, Rc<Value>)>,
    /// Changes that Doorstep was not told of, each with the things as it left them.
    unheard: BTreeMap<usize, BTreeMap<Name, Option<Value>>>,
    /// The number of the last change of each thing that Doorstep was told of.
    latest: BTreeMap<Name, usize>,
    cache: RefCell<Cache>,
}

impl Known {
    pub fn new(scenario: GeneratedScenario, world: Value, has_webhooks: bool) -> Known {
        let truth = Rc::new(world);
        Known {
            scenario,
            has_webhooks,
            heard: truth.clone(),
            truth,
            past: Vec::new(),
            unheard: BTreeMap::new(),
            latest: BTreeMap::new(),
            cache: RefCell::default(),
        }
    }

    /// Records that change `number` made the platform what it is now, and that Doorstep was not told.
    pub fn changed(&mut self, number: usize, world: Value, now: Minute) {
        let touched = touched(&self.truth, &world);
        self.past.push((now, self.truth.clone()));
        self.truth = Rc::new(world);
        self.unheard.insert(number, touched);
    }

    /// Records that Doorstep was told of change `number`.
    pub fn hear(&mut self, number: usize, now: Minute) {
        let Some(touched) = self.unheard.remove(&number) else {
            return;
        };
        self.past.push((now, self.heard.clone()));
        let mut heard = (*self.heard).clone();
        for (name, told) in touched {
            let latest = self.latest.entry(name.clone()).or_default();
            if self.has_webhooks && *latest > number {
                continue;
            }
            *latest = number.max(*latest);
            let thing = if self.has_webhooks {
                told
            } else {
                find(&self.truth, &name).cloned()
            };
            put(&mut heard, &name, thing);
        }
        self.heard = Rc::new(heard);
    }

    /// Records that Doorstep read everything.
    pub fn heard_all(&mut self, now: Minute) {
        for number in self.unheard.keys().copied().collect::<Vec<_>>() {
            for name in self.unheard[&number].keys() {
                let latest = self.latest.entry(name.clone()).or_default();
                *latest = number.max(*latest);
            }
        }
        self.unheard.clear();
        self.past.push((now, self.heard.clone()));
        self.heard = self.truth.clone();
    }

    pub fn forget(&mut self, before: Minute) {
        self.past.retain(|(until, _)| *until > before);
        self.cache
            .borrow_mut()
            .retain(|(_, minute), _| *minute >= before - 900);
    }

    /// Returns every world that Doorstep may act on at some instant after `since`.
    pub fn credible(&self, since: Minute) -> Vec<Rc<Value>> {
        let mut worlds = vec![self.truth.clone(), self.heard.clone()];
        worlds.extend(
            self.past
                .iter()
                .filter(|(until, _)| *until > since)
                .map(|(_, world)| world.clone()),
        );
        worlds.dedup_by(|one, other| Rc::ptr_eq(one, other));
        worlds
    }

    /// Returns the people who may be in at an instant.
    pub fn open(&self, world: &Rc<Value>, at: Minute) -> Open {
        let minute = at.div_euclid(60) * 60;
        let key = (Rc::as_ptr(world) as usize, minute);
        let mut cache = self.cache.borrow_mut();
        let worked_out = || (world.clone(), Rc::new(self.scenario.open(world, minute)));
        cache.entry(key).or_insert_with(worked_out).1.clone()
    }

    /// Returns the people whom all of these worlds admit at all of these instants, and the people
    /// whom any of them admits.
    pub fn bounds(
        &self,
        worlds: &[Rc<Value>],
        instants: &[Minute],
    ) -> (BTreeSet<Entry>, BTreeSet<Entry>) {
        // Most worlds and instants admit the same people.
        let mut different: Vec<Open> = Vec::new();
        for world in worlds {
            for at in instants {
                let open = self.open(world, *at);
                if !different.contains(&open) {
                    different.push(open);
                }
            }
        }
        let Some((first, others)) = different.split_first() else {
            return Default::default();
        };
        let everywhere = |entry: &&Entry| others.iter().all(|open| open.contains(*entry));
        let all = first.iter().filter(everywhere).cloned().collect();
        let any: BTreeSet<&Entry> = different.iter().flat_map(|open| open.iter()).collect();
        (all, any.into_iter().cloned().collect())
    }
}

fn kinds(world: &Value) -> impl Iterator<Item = &String> {
    world
        .as_object()
        .expect("a world")
        .iter()
        .filter(|(_, things)| things.is_array())
        .map(|(kind, _)| kind)
}

fn find<'w>(world: &'w Value, (kind, id): &Name) -> Option<&'w Value> {
    list(world, kind)
        .iter()
        .find(|thing| thing["_id"] == json!(id))
}

fn put(world: &mut Value, (kind, id): &Name, thing: Option<Value>) {
    let Some(all) = world[kind].as_array_mut() else {
        return;
    };
    let place = all.iter().position(|thing| thing["_id"] == json!(id));
    match (place, thing) {
        (Some(place), Some(thing)) => all[place] = thing,
        (Some(place), None) => drop(all.remove(place)),
        (None, Some(thing)) => all.push(thing),
        (None, None) => {}
    }
}

/// Returns each thing that changed, as it is now.
fn touched(old: &Value, new: &Value) -> BTreeMap<Name, Option<Value>> {
    let mut touched = BTreeMap::new();
    for kind in kinds(new) {
        let id = |thing: &Value| thing["_id"].as_str().unwrap_or_default().to_owned();
        for thing in list(new, kind)
            .iter()
            .filter(|thing| !list(old, kind).contains(thing))
        {
            touched.insert((kind.clone(), id(thing)), Some(thing.clone()));
        }
        for thing in list(old, kind) {
            let name = (kind.clone(), id(thing));
            if find(new, &name).is_none() {
                touched.insert(name, None);
            }
        }
    }
    touched
}
