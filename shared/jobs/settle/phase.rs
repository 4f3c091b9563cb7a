//! The phase of a round: pure. If very many people are due, work that costs calls of its own is
//! done in small batches, and work that shares a call is done for all people at once.

use doorstep_core::decide::action::Action;
use doorstep_core::decide::person::PersonDecision;

/// The part of a person's actions that a round applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Accounts: create, resume, rename. Each costs calls of its own.
    Accounts,
    /// Groups: grant, revoke, tidy. People share one call at door systems that have bulk calls.
    Groups,
    /// All actions.
    Whole,
}

impl Phase {
    /// Keeps the actions of this phase in `decision`. Returns whether actions of another phase were
    /// left out.
    pub fn take(self, decision: &mut PersonDecision) -> bool {
        let before = decision.actions().count();
        for here in decision.by_doors.values_mut() {
            let creates = here.creates();
            here.actions.retain(|action| match (self, action) {
                (Phase::Whole, _) => true,
                (Phase::Accounts, Action::Create | Action::Resume | Action::Rename(_)) => true,
                (Phase::Groups, Action::Revoke { .. } | Action::Tidy { .. }) => true,
                // Access needs an account.
                (Phase::Groups, Action::Grant { .. }) => !creates,
                (Phase::Accounts | Phase::Groups, _) => false,
            });
        }
        decision.actions().count() < before
    }

    /// Returns whether this phase reads and changes cards.
    pub fn has_cards(self) -> bool {
        self == Phase::Whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorstep_core::model::account::{AccountId, GroupId, GroupMember};
    use doorstep_core::model::ids::DoorsName;
    use doorstep_core::model::reasons::Reasons;

    #[test]
    fn what_costs_calls_of_its_own_is_apart_from_what_is_shared() {
        let decision = |actions: &[(&str, Action)]| {
            let mut decision = PersonDecision::default();
            for (doors, action) in actions {
                decision
                    .by_doors
                    .entry((*doors).into())
                    .or_default()
                    .actions
                    .push(action.clone());
            }
            decision
        };
        let grant = || Action::Grant {
            group: GroupId("g".into()),
            until: None,
            replaces: Vec::new(),
            because: Reasons::default(),
        };
        let row = GroupMember {
            account: AccountId("a".into()),
            handle: None,
            from: None,
            until: None,
        };
        let tidy = Action::Tidy {
            group: GroupId("g".into()),
            row,
        };
        let all = [
            ("one", Action::Create),
            ("one", grant()),
            ("three", Action::Suspend),
            ("two", Action::Resume),
            ("two", grant()),
            ("two", tidy.clone()),
            ("two", Action::Rename("n".to_owned())),
        ];
        let taken = |phase: Phase| {
            let mut decision = decision(&all);
            let left = phase.take(&mut decision);
            let actions = decision
                .actions()
                .map(|(doors, action)| (doors.clone(), action.clone()));
            (actions.collect::<Vec<_>>(), left)
        };
        let these = |places: &[usize]| -> Vec<_> {
            places
                .iter()
                .map(|&place| (DoorsName::from(all[place].0), all[place].1.clone()))
                .collect()
        };
        assert_eq!(taken(Phase::Whole), (these(&[0, 1, 2, 3, 4, 5, 6]), false));
        assert_eq!(taken(Phase::Accounts), (these(&[0, 3, 6]), true));
        assert_eq!(
            taken(Phase::Groups),
            (these(&[4, 5]), true),
            "people without an account are left for later"
        );
        assert!(!Phase::Groups.take(&mut decision(&[("two", grant())])));
    }
}
