//! The phase of a round: pure. If very many people are due, work that costs calls of its own is done in small batches,
//! and work that shares a call is done for all people at once.

use doorstep_core::decide::action::Action;

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
    /// Keeps the actions of this phase in `moves`. Returns whether actions of another phase were left out.
    pub fn take(self, moves: &mut Vec<(String, Action)>) -> bool {
        let before = moves.len();
        let unmade = |doors: &String, step: &Action| (*step == Action::Create).then(|| doors.clone());
        let unmade: Vec<String> = moves.iter().filter_map(|(doors, step)| unmade(doors, step)).collect();
        moves.retain(|(doors, step)| match (self, step) {
            (Phase::Whole, _) => true,
            (Phase::Accounts, Action::Create | Action::Resume | Action::Rename(_)) => true,
            (Phase::Groups, Action::Revoke { .. } | Action::Tidy { .. }) => true,
            // Access needs an account.
            (Phase::Groups, Action::Grant { .. }) => !unmade.contains(doors),
            (Phase::Accounts | Phase::Groups, _) => false,
        });
        moves.len() < before
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

    #[test]
    fn what_costs_calls_of_its_own_is_apart_from_what_is_shared() {
        let at = |doors: &str, step: Action| (doors.to_owned(), step);
        let grant =
            || Action::Grant { group: GroupId("g".into()), until: None, replaces: Vec::new(), because: "b".to_owned() };
        let row = GroupMember { account: AccountId("a".into()), handle: None, from: None, until: None };
        let tidy = Action::Tidy { group: GroupId("g".into()), row };
        let all = vec![
            at("one", Action::Create),
            at("one", grant()),
            at("two", Action::Resume),
            at("two", grant()),
            at("two", tidy.clone()),
            at("two", Action::Rename("n".to_owned())),
            at("three", Action::Suspend),
        ];
        let taken = |portion: Phase| {
            let mut moves = all.clone();
            let left = portion.take(&mut moves);
            (moves, left)
        };
        assert_eq!(taken(Phase::Whole), (all.clone(), false));
        let accounts = vec![all[0].clone(), all[2].clone(), all[5].clone()];
        assert_eq!(taken(Phase::Accounts), (accounts, true));
        let groups = vec![at("two", grant()), at("two", tidy)];
        assert_eq!(taken(Phase::Groups), (groups, true), "whoever has no account yet is left for later");
        assert!(!Phase::Groups.take(&mut vec![at("two", grant())]));
    }
}
