//! How the models of settle are explored: completely, with their size and what they violate.

use std::fmt::Debug;
use std::hash::Hash;
use std::time::Instant;

use stateright::{Checker, Model};

/// Explores a model completely, and prints its size and each violated property with the path to it.
/// Returns the number of states.
pub fn explore<M>(name: &str, model: M, shown: fn(&[M::Action]) -> String) -> usize
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + Debug + PartialEq,
{
    let began = Instant::now();
    let checker = model.checker().threads(2).spawn_bfs().join();
    let (states, depth) = (checker.unique_state_count(), checker.max_depth());
    let took = began.elapsed().as_secs_f64();
    println!("{name}: {states} states, {depth} steps deep, {took:.1} s");
    for (property, steps) in failures(&checker, shown) {
        println!("{property}: {steps}");
    }
    checker.assert_properties();
    states
}

/// Returns the violated properties that were found, each with the path to it.
pub fn failures<M>(
    checker: &impl Checker<M>,
    shown: fn(&[M::Action]) -> String,
) -> Vec<(&'static str, String)>
where
    M: Model,
    M::State: Clone + Debug + Hash + PartialEq,
    M::Action: Clone + Debug + PartialEq,
{
    let is_failure = |property| {
        let property = checker.model().property(property);
        property.expectation.discovery_is_failure()
    };
    let found = checker
        .discoveries()
        .into_iter()
        .filter(|(property, _)| is_failure(*property));
    found
        .map(|(property, path)| (property, shown(&path.into_actions())))
        .collect()
}
