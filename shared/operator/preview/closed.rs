//! What closures keep closed, for the diff of one person. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;

use doorstep_core::decide::entitlement::{ClosedEntitlement, Desired, Entitlement};
use doorstep_core::model::account::GroupRef;
use doorstep_core::model::reasons::{ClosedReason, Reason, Reasons};
use doorstep_core::model::window::Window;
use doorstep_jobs::compare::decide::PersonComparison;

/// Access to one group that a closure takes away, and that nothing else opens.
pub(crate) struct KeptClosed {
    /// The group.
    pub at: GroupRef,
    /// When the person would have had access.
    pub window: Window,
    /// The closure.
    pub closed: ClosedReason,
    /// What would have opened the group.
    pub because: Reasons,
}

/// Returns the closure that keeps a group closed for the person at `now`.
pub(super) fn closure_at(
    result: &PersonComparison,
    at: &GroupRef,
    now: Timestamp,
) -> Option<ClosedReason> {
    let here = |one: &&ClosedEntitlement| is_of(&one.entitlement, at);
    let mut all = result.closed.iter().filter(here);
    all.find(|one| one.entitlement.window.holds(now))
        .map(|one| one.closed)
}

/// Returns what closures keep closed in some part of `span`, in the order of the groups.
pub(crate) fn kept_closed(
    desired: &Desired,
    closed: &[ClosedEntitlement],
    span: &Window,
) -> Vec<KeptClosed> {
    let mut kept: BTreeMap<(GroupRef, Window, ClosedReason), Vec<Reason>> = BTreeMap::new();
    for ClosedEntitlement {
        entitlement,
        closed,
    } in closed
    {
        let at = GroupRef::new(&entitlement.doors, &entitlement.group);
        let open = desired.get(&at).map(Vec::as_slice);
        let mut left = vec![entitlement.window];
        for interval in open.unwrap_or_default() {
            let parts = left.iter();
            left = parts
                .flat_map(|part| part.without(&interval.window))
                .collect();
        }
        for window in left.into_iter().filter(|part| part.overlap(span).is_some()) {
            let key = (at.clone(), window, *closed);
            kept.entry(key).or_default().push(entitlement.reason());
        }
    }
    let kept = kept.into_iter();
    kept.map(|((at, window, closed), because)| KeptClosed {
        at,
        window,
        closed,
        because: because.into_iter().collect(),
    })
    .collect()
}

fn is_of(entitlement: &Entitlement, at: &GroupRef) -> bool {
    entitlement.doors == at.doors && entitlement.group == at.group
}
