//! Relations: one thing belongs to another, and a list says so instead of the thing itself.
//! Examples are a guest of a booking, a person of a team and a desk of a contract.
//!
//! Doorstep asks for a thing by its id before a list that leaves it out makes it gone. The same
//! holds for a relation: if a read no longer shows it, Doorstep asks the platform for that relation
//! before anyone loses access.

use std::fmt;

use super::ReadPlatform;
use doorstep_core::model::error::Error;
use doorstep_core::model::fact::{Fact, FactId, Holder, Id, Kind, What};

/// Membership of one thing in another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relation {
    /// A guest is invited to a booking.
    Guest {
        /// The booking.
        booking: Id,
        /// The guest.
        visitor: Id,
    },
    /// A member is in a team.
    TeamMember {
        /// The team.
        team: Id,
        /// The member.
        member: Id,
    },
    /// A team shares the passes of one of its members.
    SharedPass {
        /// The team.
        team: Id,
        /// The member who owns the passes.
        owner: Id,
    },
    /// A desk or office comes with a membership.
    Assigned {
        /// The membership.
        membership: Id,
        /// The assignment.
        assignment: Id,
        /// The desk or office.
        resource: Id,
    },
    /// A membership pauses.
    Paused {
        /// The membership.
        membership: Id,
        /// The pause.
        pause: Id,
    },
    /// An invoice of the member is overdue.
    Overdue {
        /// The membership.
        membership: Id,
        /// The member.
        member: Id,
    },
    /// A desk or office is on a floor.
    OnFloor {
        /// The desk or office.
        resource: Id,
        /// The floor.
        floor: Id,
    },
    /// A pass was used for a check-in.
    UsedPass {
        /// The check-in.
        checkin: Id,
        /// The pass.
        pass: Id,
    },
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Relation::Guest { booking, visitor } => {
                write!(f, "visitor {visitor} of booking {booking}")
            }
            Relation::TeamMember { team, .. } => write!(f, "the people of team {team}"),
            Relation::SharedPass { team, .. } => write!(f, "the passes of team {team}"),
            Relation::Assigned { membership, .. } => {
                write!(f, "the desks of membership {membership}")
            }
            Relation::Paused { membership, .. } => {
                write!(f, "the pauses of membership {membership}")
            }
            Relation::Overdue { membership, .. } => {
                write!(f, "the unpaid invoices of membership {membership}")
            }
            Relation::OnFloor { resource, .. } => write!(f, "the floor of resource {resource}"),
            Relation::UsedPass { checkin, .. } => write!(f, "the pass of checkin {checkin}"),
        }
    }
}

impl Relation {
    /// Returns the thing that belongs to the other one, if it is a thing with an id of its own.
    pub fn part(&self) -> Option<FactId> {
        match self {
            Relation::Guest { visitor, .. } => Some(FactId::new(Kind::Visitor, visitor.clone())),
            _ => None,
        }
    }
}

/// Returns the relations that `old` had and `new` does not show. `new` is the same thing, read
/// later.
pub fn lost(old: &Fact, new: &Fact) -> Vec<Relation> {
    let id = || old.id.clone();
    match (&old.what, &new.what) {
        (What::Booking(old), What::Booking(new)) => {
            let guest = |visitor| Relation::Guest {
                booking: id(),
                visitor,
            };
            without(&old.visitors, &new.visitors).map(guest).collect()
        }
        (What::Member(old), What::Member(new)) => without(&old.teams, &new.teams)
            .map(|team| Relation::TeamMember { team, member: id() })
            .collect(),
        (What::Pass(old), What::Pass(new)) => {
            let owner = new.holders.iter().find_map(|holder| match holder {
                Holder::Member(owner) => Some(owner.clone()),
                _ => None,
            });
            let shared = without(&old.holders, &new.holders).filter_map(|holder| match holder {
                Holder::Team(team) => Some(Relation::SharedPass {
                    team,
                    owner: owner.clone()?,
                }),
                _ => None,
            });
            shared.collect()
        }
        (What::Membership(old), What::Membership(new)) => {
            let gone = old
                .assignments
                .iter()
                .filter(|old| !new.assignments.iter().any(|new| new.id == old.id));
            let assigned = gone.map(|old| Relation::Assigned {
                membership: id(),
                assignment: old.id.clone(),
                resource: old.resource.clone(),
            });
            let over = old
                .pauses
                .iter()
                .filter(|old| !new.pauses.iter().any(|new| new.id == old.id));
            let paused = over.filter_map(|old| {
                Some(Relation::Paused {
                    membership: id(),
                    pause: old.id.clone()?,
                })
            });
            let overdue = new.holder.iter().filter_map(|holder| match holder {
                Holder::Member(member) => Some(Relation::Overdue {
                    membership: id(),
                    member: member.clone(),
                }),
                _ => None,
            });
            let owed = old.overdue_since().is_some() && new.approved && new.unpaid_since.is_none();
            let overdue = overdue.filter(|_| owed);
            assigned.chain(paused).chain(overdue).collect()
        }
        (What::Resource(old), What::Resource(new)) if new.floor.is_none() => old
            .floor
            .iter()
            .map(|floor| Relation::OnFloor {
                resource: id(),
                floor: floor.clone(),
            })
            .collect(),
        (What::Checkin(old), What::Checkin(new)) if new.pass.is_none() => old
            .pass
            .iter()
            .map(|pass| Relation::UsedPass {
                checkin: id(),
                pass: pass.clone(),
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn without<'a, T: Clone + PartialEq>(old: &'a [T], new: &'a [T]) -> impl Iterator<Item = T> + 'a {
    old.iter().filter(|one| !new.contains(one)).cloned()
}

/// Restores in `new` a relation that `old` had.
fn restore(relation: &Relation, old: &Fact, new: &mut Fact) {
    match (relation, &old.what, &mut new.what) {
        (Relation::Guest { visitor, .. }, What::Booking(old), What::Booking(new)) => {
            put_back(&old.visitors, &mut new.visitors, visitor);
        }
        (Relation::TeamMember { team, .. }, What::Member(old), What::Member(new)) => {
            put_back(&old.teams, &mut new.teams, team);
        }
        (Relation::SharedPass { team, .. }, What::Pass(old), What::Pass(new)) => {
            put_back(&old.holders, &mut new.holders, &Holder::Team(team.clone()));
        }
        (Relation::Assigned { assignment, .. }, What::Membership(old), What::Membership(new)) => {
            new.assignments.extend(
                old.assignments
                    .iter()
                    .filter(|old| old.id == *assignment)
                    .cloned(),
            );
            new.assignments.sort_by(|a, b| a.id.cmp(&b.id));
        }
        (Relation::Paused { pause, .. }, What::Membership(old), What::Membership(new)) => {
            if let Some(one) = old.pauses.iter().find(|old| old.id.as_ref() == Some(pause)) {
                put_back(&old.pauses, &mut new.pauses, one);
            }
        }
        (Relation::Overdue { .. }, What::Membership(old), What::Membership(new)) => {
            new.unpaid_since = old.unpaid_since;
        }
        (Relation::OnFloor { .. }, What::Resource(old), What::Resource(new)) => {
            new.floor.clone_from(&old.floor);
        }
        (Relation::UsedPass { .. }, What::Checkin(old), What::Checkin(new)) => {
            new.pass.clone_from(&old.pass)
        }
        _ => {}
    }
}

/// Inserts `one` in the order of `old`. A later list that shows it again then shows no change.
fn put_back<T: Clone + PartialEq>(old: &[T], new: &mut Vec<T>, one: &T) {
    let mut all: Vec<T> = old
        .iter()
        .filter(|it| new.contains(it) || *it == one)
        .cloned()
        .collect();
    all.extend(without(new, old));
    *new = all;
}

/// Restores in `new` every relation that `old` had and that the platform still confirms. Also
/// restores each relation for which the platform could not be asked, and returns it with the error.
/// `known` answers for relations that need no request.
pub async fn confirm(
    reader: &dyn ReadPlatform,
    old: &Fact,
    new: &mut Fact,
    known: impl Fn(&Relation) -> Option<bool> + Send,
) -> Vec<(Relation, Error)> {
    let mut unanswered = Vec::new();
    for relation in lost(old, new) {
        let holds = match known(&relation) {
            Some(holds) => Ok(holds),
            None => reader.confirms(&relation).await,
        };
        if !matches!(holds, Ok(false)) {
            restore(&relation, old, new);
        }
        unanswered.extend(holds.err().map(|error| (relation, error)));
    }
    unanswered
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorstep_core::model::fact::Profile;

    fn member(teams: &[&str]) -> Fact {
        let teams = teams.iter().map(|team| Id::from(*team)).collect();
        let what = What::Member(Profile {
            name: "Ada".into(),
            email: None,
            teams,
            location: None,
            shares_team: true,
            active: true,
            cards: Vec::new(),
        });
        Fact {
            id: "m".into(),
            what,
            changed: None,
        }
    }

    fn teams(fact: &Fact) -> Vec<&str> {
        let What::Member(profile) = &fact.what else {
            return Vec::new();
        };
        profile.teams.iter().map(Id::as_str).collect()
    }

    #[test]
    fn what_a_read_lost_is_named_and_comes_back_in_its_place() {
        let old = member(&["a", "b", "c"]);
        let mut new = member(&["d", "c"]);
        let lost = lost(&old, &new);
        let team = |team: &str| Relation::TeamMember {
            team: team.into(),
            member: "m".into(),
        };
        assert_eq!(lost, [team("a"), team("b")]);
        for relation in lost.iter().rev() {
            restore(relation, &old, &mut new);
        }
        assert_eq!(teams(&new), ["a", "b", "c", "d"]);
        let mut same = member(&["c", "a"]);
        restore(&team("b"), &old, &mut same);
        assert_eq!(same, old, "a list that shows it again shows no change");
    }
}
