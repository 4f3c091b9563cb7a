//! The problems of one person that need the operator's attention: pure.

use super::evaluate::Evaluation;
use super::failure::Failure;
use super::person_work::PersonWork;
use super::site_context::SiteContext;
use doorstep_core::model::account::Standing;
use doorstep_core::model::problem::{DoorsProblem, Problem};

/// Returns the problems that follow from a person's failures and facts, in the order of their
/// texts.
pub fn problems_of(
    context: &SiteContext,
    evaluation: &Evaluation,
    work: &PersonWork,
) -> Vec<Problem> {
    let mut problems = evaluation.derived.problems.clone();
    problems.extend(work.failures.iter().map(Failure::problem));
    problems.extend(
        work.uncounted
            .iter()
            .map(|doors| Problem::at(doors, DoorsProblem::Counted)),
    );
    problems.extend(work.decision.card_problems());
    for (doors, linked) in &work.person.accounts {
        if work.person.has_moved_on_from(linked) {
            problems.push(Problem::at(doors, DoorsProblem::OtherAddress));
        }
        if linked.refused_name.is_some() {
            problems.push(Problem::at(doors, DoorsProblem::RefusedName));
        }
        if work.person.claims_at(doors) && linked.account.standing == Standing::Suspended {
            let what = if linked.suspended {
                DoorsProblem::NoSeat
            } else {
                DoorsProblem::Suspended
            };
            problems.push(Problem::at(doors, what));
        }
    }
    problems.extend(context.stale.then_some(Problem::PlatformUnread));
    Problem::in_order(problems)
}
