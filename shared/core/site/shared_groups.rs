//! Finds the groups that the rules of two site files open. This is allowed. The operator should
//! know it, because a person of both sites leaves such a group only when both sites end the access.

use super::resolve::Resolved;
use super::{Place, Site, SiteProblem};
use crate::model::account::DoorsKind;

/// A site file, with the vendors' ids of its names if they were resolved.
#[derive(Clone, Copy)]
pub struct RuledSite<'s> {
    /// The site.
    pub site: &'s Site,
    /// The ids. `None` if the names were not resolved.
    pub resolved: Option<&'s Resolved>,
}

/// Returns a remark for each group of `sites` that an earlier site rules, too, with the index of
/// the later site.
pub fn shared_groups(sites: &[RuledSite<'_>]) -> Vec<(usize, SiteProblem)> {
    let mut remarks = Vec::new();
    for (number, ours) in sites.iter().enumerate() {
        let earlier = sites
            .iter()
            .take(number)
            .filter(|theirs| theirs.site.id != ours.site.id);
        remarks.extend(
            earlier
                .flat_map(|theirs| of_two(*ours, *theirs))
                .map(|remark| (number, remark)),
        );
    }
    remarks
}

fn of_two(ours: RuledSite<'_>, theirs: RuledSite<'_>) -> Vec<SiteProblem> {
    let other = ruled(theirs);
    let shared = ruled(ours)
        .into_iter()
        .filter(|group| other.iter().any(|theirs| group.is_same(theirs)));
    let remark = |OpenedGroup { line, word, .. }: OpenedGroup<'_>| {
        let site = &theirs.site.id;
        let said = format!(
            "site \"{site}\" also rules group \"{word}\": a person of both sites stays in it until both sites end the access"
        );
        SiteProblem::new(Place::Rule(line), said)
    };
    shared.map(remark).collect()
}

/// A group that a rule of a site opens.
struct OpenedGroup<'s> {
    kind: DoorsKind,
    /// The place of the door system, or the secret if there is no place.
    place: &'s str,
    /// The group's name or id, as the file has it.
    word: &'s str,
    /// The vendor's id, if it is known.
    id: Option<&'s str>,
    /// The line of the first rule that opens the group.
    line: usize,
}

impl OpenedGroup<'_> {
    /// Returns whether both are the same group of the same door system. One file may give its name
    /// and the other its id.
    fn is_same(&self, other: &OpenedGroup<'_>) -> bool {
        let names = |a: &OpenedGroup<'_>, b: &OpenedGroup<'_>| {
            a.id == Some(b.word) || a.id.is_some() && a.id == b.id
        };
        let same = self.word == other.word || names(self, other) || names(other, self);
        (self.kind, self.place) == (other.kind, other.place) && same
    }
}

fn ruled<'s>(RuledSite { site, resolved }: RuledSite<'s>) -> Vec<OpenedGroup<'s>> {
    let mut groups: Vec<OpenedGroup<'_>> = Vec::new();
    for (number, rule) in site.rules.iter().enumerate() {
        let Some(config) = site.doors.get(&rule.doors) else {
            continue;
        };
        let ids = resolved
            .and_then(|resolved| resolved.rules.get(number))
            .map(|rule| rule.groups.as_slice());
        // If a name has no id, or two, the ids cannot be matched to the names.
        let ids = ids
            .filter(|ids| ids.len() == rule.opens.len())
            .unwrap_or_default();
        for (position, word) in rule.opens.iter().enumerate() {
            let id = ids.get(position).map(|id| id.0.as_str());
            let place = config.place.as_deref().unwrap_or(&config.secret);
            let group = OpenedGroup {
                kind: config.kind,
                place,
                word,
                id,
                line: rule.line,
            };
            if !groups.iter().any(|known| known.is_same(&group)) {
                groups.push(group);
            }
        }
    }
    groups
}
