//! Tests of which removals follow from a change that is not confirmed.

use super::super::fixture::{Fixture, NOW, before, instant, membership, person, plan, site};
use super::*;

#[test]
fn a_removal_is_inferred_if_the_person_had_the_right_before() {
    let known = person(
        Vec::new(),
        vec![before(membership("2026-03-20"), NOW, false)],
    );
    let all = Fixture::confirmed().baseline;
    assert_eq!(all.graded(&known, true, None), Certainty::Inferred);
    assert_eq!(all.graded(&known, false, None), Certainty::Planned);
}

#[test]
fn a_removal_after_a_repeated_bad_list_is_unconfirmed() {
    let by_person = person(
        Vec::new(),
        vec![before(membership("2026-03-20"), NOW, true)],
    );
    let all = Fixture::confirmed().baseline;
    assert_eq!(all.graded(&by_person, true, None), Certainty::Unconfirmed);
    assert_eq!(all.graded(&by_person, false, None), Certainty::Planned);
    let renamed = [before(plan("P"), NOW, true)];
    let by_catalogue = Fixture::new(site("full", "P"), Vec::new(), &[plan("Q")], &renamed);
    let person = person(vec![membership("2026-03-20")], Vec::new());
    let graded = by_catalogue.baseline.graded(&person, true, None);
    assert_eq!(graded, Certainty::Unconfirmed);
}

#[test]
fn what_a_file_that_did_not_revoke_left_is_held_apart() {
    let older = vec![site("grant-only", "P")];
    let left = Fixture::new(site("full", "P"), older, &[plan("P")], &[]).baseline;
    let person = person(Vec::new(), Vec::new());
    let graded = |claimed: Option<&str>| left.graded(&person, false, claimed.map(instant));
    assert_eq!(graded(None), Certainty::Left);
    assert_eq!(graded(Some("2026-03-10T10:00:00Z")), Certainty::Left);
    assert_eq!(graded(Some("2026-03-10T10:00:01Z")), Certainty::Planned);
    assert_eq!(left.graded(&person, true, None), Certainty::Inferred);
    let older = vec![site("full", "P")];
    let full = Fixture::new(site("full", "P"), older, &[plan("P")], &[]).baseline;
    assert_eq!(full.graded(&person, false, None), Certainty::Planned);
}

#[test]
fn the_latest_unconfirmed_change_counts() {
    let nothing = person(Vec::new(), Vec::new());
    let changed = person(
        Vec::new(),
        vec![before(
            membership("2026-03-20"),
            "2026-03-10T11:00:00Z",
            false,
        )],
    );
    let all = Fixture::confirmed().baseline;
    assert_eq!(all.changed(&nothing), None);
    assert_eq!(all.changed(&changed), Some(instant("2026-03-10T11:00:00Z")));
    let older = vec![site("full", "Q")];
    let pushed = Fixture::new(site("full", "P"), older, &[plan("P")], &[]).baseline;
    assert_eq!(
        pushed.changed(&nothing),
        Some(instant("2026-03-10T10:00:00Z"))
    );
    assert_eq!(
        pushed.changed(&changed),
        Some(instant("2026-03-10T11:00:00Z"))
    );
}

#[test]
fn former_facts_former_files_and_the_former_catalogue_all_entitle() {
    let now = || vec![plan("P"), membership("2026-03-20")];
    let is = Fixture::confirmed();
    assert_eq!(
        is.before(&person(now(), Vec::new())),
        ["2026-03-21T00:00:00Z"]
    );
    let longer = vec![before(membership("2026-03-25"), NOW, false)];
    assert_eq!(is.before(&person(now(), longer)), ["2026-03-26T00:00:00Z"]);
    let none: [&str; 0] = [];
    assert_eq!(is.before(&person(vec![plan("P")], Vec::new())), none);

    let older = vec![site("full", "P")];
    let pushed = Fixture::new(site("full", "Q"), older, &[plan("P")], &[]);
    let ada = person(now(), Vec::new());
    assert_eq!(pushed.before(&ada), ["2026-03-21T00:00:00Z"]);

    let renamed = [before(plan("P"), NOW, false)];
    let facts = [plan("Q"), membership("2026-03-20")];
    let is = Fixture::new(site("full", "P"), Vec::new(), &facts, &renamed);
    let ada = person(facts.to_vec(), Vec::new());
    assert_eq!(is.before(&ada), ["2026-03-21T00:00:00Z"]);
    let is = Fixture::new(site("full", "P"), Vec::new(), &facts, &[]);
    assert_eq!(is.before(&ada), none, "a confirmed name closes the group");
}

#[test]
fn only_a_changed_catalogue_has_a_former_one() {
    let now = [plan("Q")];
    let of_person = [before(membership("2026-03-20"), NOW, false)];
    assert!(CatalogueBefore::of(&now, &of_person).is_none());
    let both = [
        before(plan("P"), "2026-03-10T11:00:00Z", false),
        before(membership("2026-03-20"), NOW, true),
    ];
    let before = CatalogueBefore::of(&now, &both).expect("a plan has another name");
    assert_eq!(before.until, instant("2026-03-10T11:00:00Z"));
    assert!(
        !before.unconfirmed,
        "the membership is none of the catalogue"
    );
}

#[test]
fn a_recorded_end_is_a_boundary_though_the_present_facts_lack_it() {
    let is = Fixture::confirmed();
    let now = vec![plan("P"), membership("2026-03-20")];
    let ends = Some("2026-03-21T00:00:00Z".to_owned());
    assert_eq!(is.next_boundary(&person(now.clone(), Vec::new())), ends);
    let gone = vec![before(membership("2026-03-12"), NOW, false)];
    let gone = person(vec![plan("P")], gone);
    assert_eq!(
        is.next_boundary(&gone).as_deref(),
        Some("2026-03-13T00:00:00Z")
    );
    assert_eq!(is.next_boundary(&person(vec![plan("P")], Vec::new())), None);

    let sooner = vec![before(membership("2026-03-12"), NOW, false)];
    let both = person(now.clone(), sooner);
    assert_eq!(
        is.next_boundary(&both).as_deref(),
        Some("2026-03-13T00:00:00Z"),
        "the earlier of both"
    );

    let older = vec![site("full", "P")];
    let pushed = Fixture::new(site("full", "Q"), older, &[plan("P")], &[]);
    assert_eq!(pushed.next_boundary(&person(now, Vec::new())), ends);
}
