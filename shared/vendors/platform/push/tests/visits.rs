//! Expected visitors without a booking.

use serde_json::json;

use super::*;
use crate::platform::push::snapshot::says;
use doorstep_core::model::fact::Visit;
use doorstep_core::model::push_update::{AcceptedSnapshot, UpdateVersion};

const PLATFORMS: [(&Contract, &str); 2] = [
    (&andcards::CONTRACT, "location"),
    (&deskworks::CONTRACT, "center"),
];

fn visit(place: &str) -> Value {
    json!({ "id": "b1", place: "Riverside", "visitor": { "name": "Grace", "email": "grace@example.test" },
        "start": "2026-03-02T10:00:00+01:00", "end": null, "cancelled": false })
}

fn pushed(contract: &'static Contract, data: Value) -> (Fact, Visit) {
    let mut facts = facts(contract, "visit", data);
    let Some(What::Visit(visit)) = facts.pop().map(|fact| fact.what) else {
        panic!("a visit")
    };
    (facts.pop().expect("its visitor"), visit)
}

#[test]
fn v1_a_visit_carries_its_visitor() {
    for (contract, place) in PLATFORMS {
        let (visitor, read) = pushed(contract, visit(place));
        assert_eq!(read.visitor, visitor.id);
        assert_eq!(
            (read.location.as_deref(), read.approved),
            (Some("Riverside"), true)
        );
        assert_eq!(read.start, "2026-03-02T09:00:00Z".parse().expect("it"));
        assert_eq!(read.end, None);
        let cancelled = with(visit(place), "cancelled", json!(true));
        assert!(!pushed(contract, cancelled).1.approved);
        let end = with(visit(place), "end", json!("2026-03-02T11:00:00Z"));
        let (_, read) = pushed(contract, end.clone());
        assert_eq!(read.end, "2026-03-02T11:00:00Z".parse().ok());
        let entity = contract.entity("visit").expect("visits");
        let over = |data: &Value, at: &str| {
            let thing = (entity.read)(data).expect("a visit");
            thing.is_over(at.parse().expect("an instant"))
        };
        assert!(over(&visit(place), "2026-03-02T09:00:00Z"));
        assert!(!over(&end, "2026-03-02T10:59:00Z") && over(&end, "2026-03-02T11:00:00Z"));
        // A booking may have the id of a visit, and even of its visitor.
        for (about, word, id) in [
            (FactId::new(Kind::Visit, "b1"), "visit", "b1"),
            (visitor.name(), "visit", "b1"),
            (
                FactId::new(Kind::Visitor, "b1/visit-x/0123"),
                "booking",
                "b1/visit-x",
            ),
        ] {
            let found = contract.pushed_in(&about);
            let known = found.map(|(entity, id)| (entity.word, id));
            let word = if word == "booking" && place == "center" {
                "reservation"
            } else {
                word
            };
            assert_eq!(known, Some((word, id.to_owned())), "{about}");
        }
    }
}

#[test]
fn v1_a_wrong_visit_says_where_and_what() {
    for (contract, place) in PLATFORMS {
        for (data, said) in [
            (without(visit(place), "visitor"), "visitor is missing"),
            (
                with(visit(place), "visitor", json!({})),
                "a guest needs a name or an email",
            ),
            (
                with(visit(place), "start", json!("10:00")),
                "data.start: write an instant",
            ),
            (with(visit(place), "end", json!(7)), "data.end: this is not"),
            (
                with(visit(place), "host", json!("u1")),
                "a key that the contract does not have",
            ),
            (without(visit(place), place), "is missing"),
        ] {
            let why = wrong(contract, "visit.updated", data);
            let why = why.replace('`', "");
            assert!(why.contains(said), "{why}");
        }
    }
}

#[test]
fn v1_a_snapshot_without_the_list_of_visits_says_nothing_about_them() {
    let (at, hash) = ("2026-03-02T08:00:00Z".parse().expect("it"), String::new());
    let mut snapshot = AcceptedSnapshot {
        snapshot: "r".to_owned(),
        version: UpdateVersion { at, hash },
        counts: Default::default(),
    };
    for (contract, _) in PLATFORMS {
        let about = |snapshot: &AcceptedSnapshot| -> Vec<&str> {
            let said = contract.entities.iter();
            let said = said.filter(|entity| says(snapshot, entity));
            said.map(|entity| entity.word).collect()
        };
        snapshot.counts.clear();
        assert!(!about(&snapshot).contains(&"visit"));
        assert_eq!(about(&snapshot).len(), contract.entities.len() - 1);
        snapshot.counts.insert("visit".to_owned(), 0);
        assert!(about(&snapshot).contains(&"visit"));
    }
}
