//! Any edit of any file: it changes its own cell and nothing else, or it is refused.

use std::collections::BTreeSet;

use proptest::prelude::*;

use doorstep_core::site::resolve::{IdSelection, resolve};
use doorstep_core::site::{Audience, Selector, Site, ThingSelection};

use super::super::{Edit, NewTimes, Times, edited};
use crate::rules::fixture::{HEAD, cell, lists};
use crate::rules::thing::ThingKey;

const ROOMS: [(&str, &str); 5] = [
    ("r-board", "Boardroom"),
    ("r-half", "Boardroom half"),
    ("r-studio", "Studio"),
    ("r-booth1", "r-booth1"),
    ("r-booth2", "r-booth2"),
];
const PLANS: [(&str, &str); 2] = [("p-hot", "Hot desk"), ("p-office", "Office")];
const GROUPS: [(&str, &str); 4] = [
    ("1", "Front door"),
    ("2", "Meeting floor"),
    ("3", "Members"),
    ("4", "Roof"),
];

/// One of the forms in which a list can be written.
fn written(names: &[String], form: u8) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    match (form, quoted.as_slice()) {
        (0, [one]) => one.clone(),
        (0 | 1, all) => format!("[{}]", all.join(", ")),
        (2, all) => format!("[ {}, ]  # kept", all.join(" , ")),
        (3, all) => format!("[\n  {}\n]", all.join(",  # kept\n  ")),
        (_, all) => format!("[\n  {},\n  # kept\n] # kept", all.join(",\n  ")),
    }
}

fn names(of: &'static [(&'static str, &'static str)]) -> impl Strategy<Value = Vec<String>> {
    let one = (prop::sample::select(of), any::<bool>());
    let name = one.prop_map(|((id, name), by_id)| if by_id { id } else { name }.to_owned());
    let unknown = Just("Nothing like it".to_owned());
    let names = prop::collection::vec(prop_oneof![9 => name, 1 => unknown], 1..4);
    names.prop_map(|mut names| {
        names.sort();
        names.dedup();
        names
    })
}

fn rule() -> impl Strategy<Value = String> {
    let every = Just(vec!["*".to_owned()]);
    let rooms = prop_oneof![5 => names(&ROOMS), 1 => every.clone()];
    let plans = prop_oneof![5 => names(&PLANS), 1 => every];
    let things = prop_oneof![
        rooms.prop_map(|names| ("resource", names)),
        plans.prop_map(|names| ("plan", names)),
    ];
    let more = prop::sample::subsequence(
        vec![
            "before = \"20m\"  # kept",
            "after  = \"1h\"",
            "for = \"members\"",
            "with_parent = true",
            "at = \"Riverside\"",
            "hours = \"Mon-Fri 08:00-20:00\"",
        ],
        0..3,
    );
    (things, names(&GROUPS), more, 0u8..5, 0u8..5, any::<bool>()).prop_map(
        |((selector, things), opens, more, form, other, first)| {
            let own = format!("{selector} = {}", written(&things, form));
            let opens = format!("opens = {}", written(&opens, other));
            let more = more.into_iter().filter(|line| {
                let only_bookings = !line.starts_with("at") && !line.starts_with("hours");
                selector == "resource" || !only_bookings
            });
            let more: String = more.map(|line| format!("{line}\n")).collect();
            match first {
                true => format!("\n# kept, apart\n\n[[rule]] # kept\n{opens}\n{more}{own}\n"),
                false => format!("\n[[rule]]\n{own}\n{opens}\n{more}# kept, below\n"),
            }
        },
    )
}

fn file() -> impl Strategy<Value = String> {
    let closed = prop::collection::vec(prop::collection::btree_set(1usize..6, 0..3), 0..3);
    (prop::collection::vec(rule(), 0..6), closed).prop_map(|(rules, closed)| {
        let count = rules.len();
        let closures = closed.into_iter().enumerate().map(|(day, numbers)| {
            let numbers: Vec<String> = numbers
                .into_iter()
                .filter(|number| *number <= count)
                .map(|number| number.to_string())
                .collect();
            let rules = match numbers.as_slice() {
                [] => String::new(),
                [one] => format!("rules = {one} # kept\n"),
                all => format!("rules = [{}]\n", all.join(", ")),
            };
            format!("\n[[closed]]\ndays = \"2026-12-2{day}\"\n{rules}")
        });
        let closures: String = closures.collect();
        format!("{HEAD}{}{closures}# kept at the end\n", rules.concat())
    })
}

fn edit() -> impl Strategy<Value = Edit> {
    let thing = prop_oneof![
        prop::sample::select(&ROOMS[..]).prop_map(|(id, _)| (Selector::Resource, id)),
        prop::sample::select(&PLANS[..]).prop_map(|(id, _)| (Selector::Plan, id)),
        Just((Selector::Resource, "*")),
        Just((Selector::Plan, "*")),
    ];
    let cell = (thing.clone(), prop::sample::select(&GROUPS[..]))
        .prop_map(|((selector, thing), (group, _))| cell(selector, thing, group));
    let times = (0u32..90, 0u32..90, prop::sample::select(&Audience::ALL[..]));
    let times = times.prop_map(|(before, after, audience)| Times {
        before,
        after,
        audience,
    });
    let new = (thing, 1usize..6, times).prop_map(|((selector, thing), rule, times)| NewTimes {
        selector,
        thing: super::cell(selector, thing, "1").thing,
        rule,
        times,
    });
    prop_oneof![
        cell.clone().prop_map(Edit::Open),
        cell.prop_map(Edit::Close),
        new.prop_map(Edit::Times),
    ]
}

/// A thing, a group and the conditions under which it opens, as texts.
type Access = (Selector, String, String, String);

/// Returns what each rule opens, by the ids that the site's own resolution finds. Names that mean
/// nothing stand for themselves.
fn opened(text: &str) -> Vec<BTreeSet<Access>> {
    let site = Site::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let lists = lists();
    let mut plain = site.clone();
    plain
        .rules
        .iter_mut()
        .for_each(|rule| rule.with_parent = false);
    let resolved = resolve(&plain, &lists.survey.catalogue, &lists.survey.groups, None);
    let rules = (1..).zip(&site.rules).zip(&resolved.rules);
    let of_rule = |((number, rule), resolved): ((usize, &doorstep_core::site::Rule), &_)| {
        let resolved: &doorstep_core::site::resolve::ResolvedRule = resolved;
        let things: Vec<String> = match (&rule.wanted, &resolved.wanted) {
            (ThingSelection::Named(names), IdSelection::Of(ids)) => {
                let unknown = names.iter().filter(|name| *name == "Nothing like it");
                ids.iter().chain(unknown).cloned().collect()
            }
            _ => vec!["*".to_owned()],
        };
        let unknown = rule.opens.iter().filter(|name| *name == "Nothing like it");
        let groups = resolved.groups.iter().map(|group| &group.0);
        let groups: Vec<String> = groups.chain(unknown).cloned().collect();
        let days: BTreeSet<String> = site
            .closed
            .iter()
            .filter(|closure| {
                closure
                    .rules
                    .as_ref()
                    .is_none_or(|rules| rules.contains(&number))
            })
            .map(|closure| format!("{:?}", closure.days))
            .collect();
        let terms = format!(
            "{} {} {:?} {:?} {:?} {} {days:?}",
            rule.before, rule.after, rule.audience, rule.at, rule.hours, rule.with_parent
        );
        let each = things.iter().flat_map(|thing| {
            let terms = &terms;
            groups
                .iter()
                .map(move |group| (rule.selector, thing.clone(), group.clone(), terms.clone()))
        });
        each.collect()
    };
    rules.map(of_rule).collect()
}

fn id(thing: &ThingKey) -> &str {
    match thing {
        ThingKey::Every => "*",
        ThingKey::Listed(id) | ThingKey::Unlisted(id) => id,
    }
}

fn kept(text: &str) -> usize {
    text.matches("kept at the end").count() + text.matches("# kept, apart").count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_edit_changes_its_own_cell_and_nothing_else(text in file(), edit in edit()) {
        let is_valid = Site::parse(&text).is_ok();
        prop_assert!(is_valid, "{:?}\n{text}", Site::parse(&text));
        let was = opened(&text);
        let Ok(new) = edited(&text, &lists(), &edit) else {
            prop_assert!(may_be_refused(&was, &edit), "{edit:?}\n{text}");
            return Ok(());
        };
        let was_all: BTreeSet<Access> = was.iter().flatten().cloned().collect();
        let is: BTreeSet<Access> = opened(&new).into_iter().flatten().collect();
        let added: Vec<&Access> = is.difference(&was_all).collect();
        let gone: Vec<&Access> = was_all.difference(&is).collect();
        let is_of = |access: &Access, selector: Selector, thing: &ThingKey| {
            (access.0, access.1.as_str()) == (selector, id(thing))
        };
        match &edit {
            Edit::Open(cell) => {
                let is_here = |access: &Access| is_of(access, cell.selector, &cell.thing) && access.2 == cell.group.group.0;
                prop_assert!(gone.is_empty() && added.len() <= 1, "{gone:?} {added:?}\n{new}");
                prop_assert!(added.iter().all(|access| is_here(access)), "{added:?}\n{new}");
                prop_assert!(is.iter().any(is_here), "it is open now\n{new}");
            }
            Edit::Close(cell) => {
                let is_here = |access: &Access| is_of(access, cell.selector, &cell.thing) && access.2 == cell.group.group.0;
                prop_assert!(added.is_empty(), "{added:?}\n{new}");
                prop_assert!(gone.iter().all(|access| is_here(access)), "{gone:?}\n{new}");
                prop_assert!(!is.iter().any(is_here), "it is closed now\n{new}");
            }
            Edit::Times(times) => {
                let changed = added.iter().chain(&gone);
                let is_here = |access: &Access| is_of(access, times.selector, &times.thing);
                prop_assert!(changed.clone().all(|access| is_here(access)), "{gone:?} {added:?}\n{new}");
                let start = format!("{} {} {:?} ", times.times.before, times.times.after, times.times.audience);
                prop_assert!(added.iter().all(|access| access.3.starts_with(&start)), "{added:?}\n{new}");
                prop_assert!(is.iter().any(|access| is_here(access) && access.3.starts_with(&start)), "{new}");
            }
        }
        prop_assert!(new.starts_with(HEAD), "{new}");
        prop_assert_eq!(kept(&new), kept(&text), "comments that stand apart stay\n{}", new);
    }
}

/// Returns whether an edit may be refused: it is about a rule that does not name the thing, or two
/// rules that differ in their closures alone would say the same.
fn may_be_refused(was: &[BTreeSet<Access>], edit: &Edit) -> bool {
    let own = |access: &Access| {
        let (own, _closed) = access.3.split_once('{').unwrap_or_default();
        (access.0, access.1.clone(), access.2.clone(), own.to_owned())
    };
    let all: BTreeSet<Access> = was.iter().flatten().cloned().collect();
    let without_closures: BTreeSet<Access> = all.iter().map(own).collect();
    if without_closures.len() < all.len() {
        return true;
    }
    match edit {
        Edit::Open(_) => false,
        Edit::Close(cell) => {
            let mut all = was.iter().flatten();
            !all.any(|access| {
                (access.0, access.1.as_str(), &access.2)
                    == (cell.selector, id(&cell.thing), &cell.group.group.0)
            })
        }
        Edit::Times(times) => {
            let rule = times.rule.checked_sub(1).and_then(|index| was.get(index));
            let is_named = rule.is_some_and(|rule| {
                rule.iter().any(|access| {
                    (access.0, access.1.as_str()) == (times.selector, id(&times.thing))
                })
            });
            !is_named || times.selector == Selector::Plan
        }
    }
}
