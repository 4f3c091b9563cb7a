//! Which portion of what people need one round does: pure. Where very many are due, what each of them costs calls of
//! their own for is done in small slices, and what many share a call for is done for all of them at once.

use doorstep_core::decide::action::Action;

/// What a round does of what people need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Accounts: made, woken, given their names. Calls of each one's own.
    Accounts,
    /// Groups: who comes in and who goes out. One call for all at door systems that have one for many.
    Groups,
    /// Everything.
    Whole,
}

impl Phase {
    /// Leaves in `moves` what is to be done in this round. Whether anything was left for another one.
    pub fn take(self, moves: &mut Vec<(String, Action)>) -> bool {
        let before = moves.len();
        let unmade = |doors: &String, step: &Action| (*step == Action::Create).then(|| doors.clone());
        let unmade: Vec<String> = moves.iter().filter_map(|(doors, step)| unmade(doors, step)).collect();
        moves.retain(|(doors, step)| match (self, step) {
            (Phase::Whole, _) => true,
            (Phase::Accounts, Action::Create | Action::Resume | Action::Rename(_)) => true,
            (Phase::Groups, Action::Revoke { .. } | Action::Tidy { .. }) => true,
            // Nobody without an account can be let in.
            (Phase::Groups, Action::Grant { .. }) => !unmade.contains(doors),
            (Phase::Accounts | Phase::Groups, _) => false,
        });
        moves.len() < before
    }

    /// Whether cards are looked at.
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
