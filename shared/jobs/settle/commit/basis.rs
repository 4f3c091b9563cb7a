//! The basis of a claim: pure. It consists of the facts at the time of the claim, and of what
//! requested the evaluation.

use jiff::Timestamp;

use crate::settle::evaluate::Evaluation;
use crate::settle::load::PersonState;
use doorstep_core::model::claim::{Basis, Claim};
use doorstep_core::model::person::Person;

/// Most facts that one claim records. A person is written often, and each KiB counts.
const MOST: usize = 5;

/// Adds to each claim that is new or has a new reason the facts that support it, and the cause of
/// the evaluation.
pub fn note_basis(person: &mut Person, evaluation: &Evaluation, now: Timestamp) {
    let PersonState {
        person: before,
        facts,
        ..
    } = &evaluation.state;
    let same = |claim: &Claim| {
        let known = before.claim(&claim.doors, &claim.group);
        known.is_some_and(|known| known.since == claim.since && known.because == claim.because)
    };
    for claim in person.claims.iter_mut().filter(|claim| !same(claim)) {
        let behind = evaluation
            .derived
            .entitlements
            .iter()
            .filter(|one| one.doors == claim.doors && one.group == claim.group);
        let open = behind.filter(|one| one.window.holds(now));
        let mut basis: Vec<Basis> = open
            .flat_map(|one| {
                one.because.iter().map(|name| Basis {
                    fact: name.clone(),
                    version: facts.facts.get(name).and_then(|fact| fact.changed),
                    rule: one.rule,
                    line: one.line,
                })
            })
            .collect();
        basis.sort();
        basis.dedup();
        basis.truncate(MOST);
        claim.basis = basis;
        claim.cause.clone_from(&evaluation.cause);
    }
}
