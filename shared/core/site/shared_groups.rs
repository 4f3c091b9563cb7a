//! Finds the groups that the rules of two site files open. Nothing is wrong with that; the operator should know it, because
//! a person of both sites leaves such a group only when both sites end the access.

use super::Site;
use super::resolve::Resolved;
use crate::model::account::DoorsKind;

/// A site file, and the vendors' ids of its names where the vendors were asked.
#[derive(Clone, Copy)]
pub struct RuledSite<'s> {
    /// The site.
    pub site: &'s Site,
    /// The ids.
    pub resolved: Option<&'s Resolved>,
}

/// Says which groups of `sites` an earlier one of them rules too, with the number of the site it is said of.
pub fn shared_groups(sites: &[RuledSite<'_>]) -> Vec<(usize, String)> {
    let mut remarks = Vec::new();
    for (number, ours) in sites.iter().enumerate() {
        let earlier = sites.iter().take(number).filter(|theirs| theirs.site.id != ours.site.id);
        remarks.extend(earlier.flat_map(|theirs| of_two(*ours, *theirs)).map(|remark| (number, remark)));
    }
    remarks
}

fn of_two(ours: RuledSite<'_>, theirs: RuledSite<'_>) -> Vec<String> {
    let other = ruled(theirs);
    let shared = ruled(ours).into_iter().filter(|group| other.iter().any(|theirs| group.is_same(theirs)));
    let remark = |RuledGroup { line, word, .. }: RuledGroup<'_>| {
        let site = &theirs.site.id;
        format!(
            "line {line}: site \"{site}\" also rules group \"{word}\": a person of both sites stays in it until both sites \
             end the access"
        )
    };
    shared.map(remark).collect()
}

/// A group that a rule of a site opens.
struct RuledGroup<'s> {
    kind: DoorsKind,
    /// The place of the door system, or else the secret that leads to it.
    place: &'s str,
    /// The group's name or id, as the file gives it.
    word: &'s str,
    /// The vendor's id, where it is known.
    id: Option<&'s str>,
    /// The line of the first rule that opens it.
    line: usize,
}

impl RuledGroup<'_> {
    /// Whether both are one group of one door system. One file may give its name and the other its id.
    fn is_same(&self, other: &RuledGroup<'_>) -> bool {
        let names = |a: &RuledGroup<'_>, b: &RuledGroup<'_>| a.id == Some(b.word) || a.id.is_some() && a.id == b.id;
        let same = self.word == other.word || names(self, other) || names(other, self);
        (self.kind, self.place) == (other.kind, other.place) && same
    }
}

fn ruled<'s>(RuledSite { site, resolved }: RuledSite<'s>) -> Vec<RuledGroup<'s>> {
    let mut groups: Vec<RuledGroup<'_>> = Vec::new();
    for (number, rule) in site.rules.iter().enumerate() {
        let Some(config) = site.doors.get(&rule.doors) else { continue };
        let ids = resolved.and_then(|resolved| resolved.rules.get(number)).map(|rule| rule.groups.as_slice());
        // A name without an id, or with two, leaves no way to tell which id belongs to which name.
        let ids = ids.filter(|ids| ids.len() == rule.opens.len()).unwrap_or_default();
        for (position, word) in rule.opens.iter().enumerate() {
            let id = ids.get(position).map(|id| id.0.as_str());
            let place = config.place.as_deref().unwrap_or(&config.secret);
            let group = RuledGroup { kind: config.kind, place, word, id, line: rule.line };
            if !groups.iter().any(|known| known.is_same(&group)) {
                groups.push(group);
            }
        }
    }
    groups
}
