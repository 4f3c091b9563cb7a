//! The problems of one person that need the operator's attention: pure. Each text says what to do.

use super::evaluate::Evaluation;
use super::person_work::PersonWork;
use super::problem_text::problem;
use super::site_context::SiteContext;
use doorstep_core::model::account::Standing;

/// Returns the problems that follow from a person's failures and facts, as text.
pub fn problems_of(context: &SiteContext, evaluation: &Evaluation, work: &PersonWork) -> Vec<String> {
    let mut problems = evaluation.derived.problems.clone();
    problems.extend(work.failures.iter().map(|(doors, error)| problem(doors, error)));
    problems.extend(work.waits.iter().cloned());
    problems.extend(work.decision.troubles().map(|(doors, trouble)| format!("{doors}: {trouble}")));
    for (doors, linked) in &work.person.accounts {
        if work.person.has_moved_on_from(linked) {
            problems.push(format!(
                "{doors}: the platform has another e-mail address now, which cannot be changed from here: change it \
                 at the door system, or delete the account so that a new one is made"
            ));
        }
        if linked.refused_name.is_some() {
            problems.push(format!("{doors}: the changed name cannot be carried over: change it at the door system"));
        }
        if work.person.claims_at(doors) && linked.account.standing == Standing::Suspended {
            problems.push(if linked.suspended {
                format!("{doors}: the account has no seat and opens nothing: buy or free a seat")
            } else {
                format!("{doors}: the account is suspended and opens nothing: resume it at the door system")
            });
        }
    }
    problems.extend(
        context
            .stale
            .then(|| "the platform could not be read for a day: nothing new is opened until it can be".to_owned()),
    );
    problems.sort();
    problems.dedup();
    problems
}
