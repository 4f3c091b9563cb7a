//! Which portion of what people need one round does: pure. Where very many are due, what each of them costs calls of
//! their own for is done in small slices, and what many share a call for is done for all of them at once.

use doorstep_core::decide::action::Move;

/// What a round does of what people need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Portion {
    /// Accounts: made, woken, given their names. Calls of each one's own.
    Accounts,
    /// Groups: who comes in and who goes out. One call for all at door systems that have one for many.
    Groups,
    /// Everything.
    Whole,
}

impl Portion {
    /// Leaves in `moves` what is to be done in this round. Whether anything was left for another one.
    pub fn take(self, moves: &mut Vec<(String, Move)>) -> bool {
        let before = moves.len();
        let unmade = |doors: &String, step: &Move| (*step == Move::Create).then(|| doors.clone());
        let unmade: Vec<String> = moves.iter().filter_map(|(doors, step)| unmade(doors, step)).collect();
        moves.retain(|(doors, step)| match (self, step) {
            (Portion::Whole, _) => true,
            (Portion::Accounts, Move::Create | Move::Resume | Move::Rename(_)) => true,
            (Portion::Groups, Move::Revoke { .. } | Move::Tidy { .. }) => true,
            // Nobody without an account can be let in.
            (Portion::Groups, Move::Grant { .. }) => !unmade.contains(doors),
            (Portion::Accounts | Portion::Groups, _) => false,
        });
        moves.len() < before
    }

    /// Whether cards are looked at.
    pub fn has_cards(self) -> bool {
        self == Portion::Whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorstep_core::model::account::{AccountId, GroupId, Row};

    #[test]
    fn what_costs_calls_of_its_own_is_apart_from_what_is_shared() {
        let at = |doors: &str, step: Move| (doors.to_owned(), step);
        let grant =
            || Move::Grant { group: GroupId("g".into()), until: None, replaces: Vec::new(), because: "b".to_owned() };
        let row = Row { account: AccountId("a".into()), handle: None, from: None, until: None };
        let tidy = Move::Tidy { group: GroupId("g".into()), row };
        let all = vec![
            at("one", Move::Create),
            at("one", grant()),
            at("two", Move::Resume),
            at("two", grant()),
            at("two", tidy.clone()),
            at("two", Move::Rename("n".to_owned())),
            at("three", Move::Suspend),
        ];
        let taken = |portion: Portion| {
            let mut moves = all.clone();
            let left = portion.take(&mut moves);
            (moves, left)
        };
        assert_eq!(taken(Portion::Whole), (all.clone(), false));
        let accounts = vec![all[0].clone(), all[2].clone(), all[5].clone()];
        assert_eq!(taken(Portion::Accounts), (accounts, true));
        let groups = vec![at("two", grant()), at("two", tidy)];
        assert_eq!(taken(Portion::Groups), (groups, true), "whoever has no account yet is left for later");
        assert!(!Portion::Groups.take(&mut vec![at("two", grant())]));
    }
}
