//! Two sites of one stack that rule the same group of one door system: a person of both stays in
//! until both sites end it.

use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::sites::{Several, doors, fixture, site};
use crate::support::{Doors, Platform, address, at_both, names};
use doorstep_core::model::audit::Record;
use doorstep_core::model::ids::{DoorsName, SiteId};
use doorstep_operator::forget::{ForgetOutcome, ForgetQuery, forget};
use doorstep_operator::retire::{How, Order, RetireStage};

at_both!(
    b5_a_person_of_two_sites_stays_while_either_lets_them_in,
    b5_of_two_sites_that_end_at_one_instant_one_takes_the_person_out,
    b5_the_second_site_finds_and_keeps_people_whom_the_first_one_let_in,
    b5_people_of_another_site_are_not_foreign_and_foreign_accounts_are,
    i1_an_end_that_moves_at_one_site_moves_only_what_is_that_site_s,
    b5_a_retired_site_takes_out_only_people_whom_no_other_site_lets_in,
);

const SALTO: &str = "00000000-0000-4000-8000-0000000000a1";

/// Two sites at one door system. Both open *Members* for a plan and, by bookings, for the minutes
/// of the booking.
struct Two {
    several: Several,
    at: Doors,
}

fn place(at: Doors) -> &'static str {
    if at == Doors::SaltoKs { SALTO } else { "7" }
}

fn file(name: &str, at: Doors, more: &str) -> String {
    let rules = format!(
        "{}{more}\n[[rule]]\nplan = \"Hot desk\"\nopens = [\"Members\"]\n\
         [[rule]]\nresource = \"Boardroom\"\nopens = [\"Members\"]\nbefore = \"0m\"\nafter = \"0m\"\n",
        doors("main", name, at.word(), place(at)),
    );
    site(name, Platform::Andcards, &rules)
}

impl Two {
    async fn begin(at: Doors, more: &str) -> Two {
        Two::of(
            at,
            vec![file("riverside", at, more), file("harbour", at, more)],
            json!([]),
        )
        .await
    }

    async fn of(at: Doors, files: Vec<String>, quirks: Value) -> Two {
        let several = Several::begin(files).await;
        let mut world = fixture(at == Doors::SaltoKs, &["Members"]);
        world["quirks"] = quirks;
        several.put(at.word(), place(at), world).await;
        for who in ["ada", "bob"] {
            let user = json!({ "id": who, "name": who, "email": address(who), "active": true });
            for site in ["riverside", "harbour"] {
                several
                    .change_and_deliver(Platform::Andcards, None, site, json!({ "users": [user] }))
                    .await;
            }
        }
        Two { several, at }
    }

    async fn book(&self, site: &str, who: &str, start: &str, end: &str) {
        let booking = json!({ "id": format!("b-{site}-{who}-{start}"), "room": "Boardroom", "location": "L", "user": who,
            "start": format!("2026-03-02T{start}:00Z"), "end": format!("2026-03-02T{end}:00Z") });
        self.change(site, json!({ "bookings": [booking] })).await;
    }

    async fn subscribe(&self, site: &str, who: &str, active: bool) {
        let one = json!({ "id": format!("s-{site}-{who}"), "plan": "Hot desk", "location": "L", "user": who,
            "company": null, "start": "2026-01-01", "end": null, "active": active });
        self.change(site, json!({ "subscriptions": [one] })).await;
    }

    async fn world(&self) -> Value {
        self.several.machine.quiet().await;
        self.several
            .back_door(
                self.at.word(),
                Method::GET,
                &format!("/_world?of={}", place(self.at)),
                &Value::Null,
            )
            .await
    }

    /// Changes the platform of a site, and delivers its updates.
    async fn change(&self, site: &str, change: Value) {
        self.several
            .change_and_deliver(Platform::Andcards, None, site, change)
            .await;
    }

    /// Who can open the group now.
    async fn inside(&self) -> Vec<String> {
        let world = self.world().await;
        let now = self.several.machine.now();
        let valid = |line: &&Value| {
            let until = line["valid_until"]
                .as_str()
                .and_then(|text| text.parse::<Timestamp>().ok());
            until.is_none_or(|until| now < until)
        };
        let mut lines = world["groups"][0]["members"]
            .as_array()
            .expect("members")
            .clone();
        lines.retain(|line| valid(&line));
        let mut inside = names(&world, &lines);
        inside.dedup();
        inside
    }

    async fn at(&self, time: &str, who: &[&str]) {
        self.several.clock(&format!("2026-03-02T{time}Z")).await;
        assert_eq!(self.inside().await, who, "at {time}");
    }

    /// How many lines the group has, whatever their dates.
    async fn lines(&self) -> usize {
        self.world().await["groups"][0]["members"]
            .as_array()
            .map_or(0, Vec::len)
    }

    /// Both sites reconcile twice and find nothing to do. No access changes.
    async fn ends_well(&self) {
        let before = self.inside().await;
        self.several
            .end_well(&["riverside", "harbour", "riverside"])
            .await;
        assert_eq!(self.inside().await, before);
    }

    async fn records(&self, what: &str) -> usize {
        let mut found = 0;
        for site in ["riverside", "harbour"] {
            let records: Vec<Record> = self
                .several
                .machine
                .environment()
                .store
                .audit(&SiteId::from(site))
                .await
                .expect("the chain");
            found += records
                .iter()
                .filter(|one| json!(one)["what"] == what)
                .count();
        }
        found
    }
}

async fn b5_a_person_of_two_sites_stays_while_either_lets_them_in(at: Doors) {
    for (first, second) in [("riverside", "harbour"), ("harbour", "riverside")] {
        let two = Two::begin(at, "").await;
        two.book(first, "ada", "09:00", "10:00").await;
        two.book(second, "ada", "09:30", "11:00").await;
        two.book(first, "bob", "09:00", "11:00").await;
        two.book(second, "bob", "09:30", "10:00").await;
        two.at("08:59:59", &[]).await;
        two.at("09:00:00", &["ada", "bob"]).await;
        two.at("09:30:00", &["ada", "bob"]).await;
        two.at("10:00:00", &["ada", "bob"]).await;
        two.ends_well().await;
        two.at("10:59:59", &["ada", "bob"]).await;
        two.at("11:00:00", &[]).await;
        assert_eq!(two.lines().await, 0, "nothing is left behind");
        two.ends_well().await;
    }
    let two = Two::begin(at, "").await;
    two.subscribe("riverside", "ada", true).await;
    two.subscribe("harbour", "ada", true).await;
    assert_eq!(
        two.records("granted").await,
        1,
        "one membership serves both"
    );
    two.subscribe("riverside", "ada", false).await;
    assert_eq!(
        (two.inside().await, two.records("revoked").await),
        (vec!["ada".to_owned()], 0)
    );
    two.ends_well().await;
    two.subscribe("harbour", "ada", false).await;
    assert_eq!(
        (two.lines().await, two.records("revoked").await),
        (0, 1),
        "the last one revokes, and says so"
    );
    two.ends_well().await;
}

async fn b5_of_two_sites_that_end_at_one_instant_one_takes_the_person_out(at: Doors) {
    let two = Two::begin(at, "").await;
    for who in ["ada", "bob"] {
        two.book("riverside", who, "09:00", "10:00").await;
        two.book("harbour", who, "09:00", "10:00").await;
    }
    two.at("09:00:00", &["ada", "bob"]).await;
    two.at("10:00:00", &[]).await;
    assert_eq!(two.lines().await, 0);
    two.ends_well().await;
}

async fn b5_the_second_site_finds_and_keeps_people_whom_the_first_one_let_in(at: Doors) {
    let two = Two::begin(at, "foreign = \"remove\"\n").await;
    two.subscribe("riverside", "ada", true).await;
    assert_eq!(two.inside().await, ["ada"]);
    // Harbour learns of it only by a reconcile.
    two.several
        .machine
        .reconcile(&SiteId::from("harbour"))
        .await
        .expect("it reconciles");
    two.subscribe("harbour", "ada", true).await;
    two.several
        .machine
        .reconcile(&SiteId::from("harbour"))
        .await
        .expect("it reconciles");
    two.subscribe("riverside", "ada", false).await;
    assert_eq!(two.inside().await, ["ada"]);
    two.ends_well().await;
}

async fn b5_people_of_another_site_are_not_foreign_and_foreign_accounts_are(at: Doors) {
    let two = Two::begin(at, "foreign = \"remove\"\n").await;
    two.subscribe("riverside", "ada", true).await;
    two.subscribe("harbour", "bob", true).await;
    let id = two.world().await["users"][0]["id"].clone();
    let mut by_hand = two.world().await;
    by_hand["groups"][0]["members"]
        .as_array_mut()
        .expect("members")
        .push(json!({ "user": id }));
    let mallory = json!({ "id": if at == Doors::SaltoKs { "00000000-0000-4000-8000-000000000777" } else { "777" },
        "email": "mallory@example.test", "name": "Mallory", "state": "subscribed" });
    let mut mallory = mallory;
    if at == Doors::SaltoKs {
        mallory["site_user"] = json!("00000000-0000-4000-8000-000000000778");
    }
    by_hand["groups"][0]["members"]
        .as_array_mut()
        .expect("members")
        .push(json!({ "user": mallory["id"] }));
    by_hand["users"]
        .as_array_mut()
        .expect("users")
        .push(mallory);
    two.several.put(at.word(), place(at), by_hand).await;
    for site in ["riverside", "harbour", "riverside", "harbour"] {
        let report = two
            .several
            .machine
            .reconcile(&SiteId::from(site))
            .await
            .expect("it reconciles");
        assert_eq!(
            (report.granted, report.revoked),
            (0, 0),
            "{site}: {report:?}"
        );
        assert_eq!(
            two.inside().await,
            ["ada", "bob", "ops"],
            "{site} leaves the other's people and removes the stranger"
        );
    }
}

async fn i1_an_end_that_moves_at_one_site_moves_only_what_is_that_site_s(at: Doors) {
    let all: [&[&str]; 2] = [&[], &["second-assignment-409"]];
    for quirks in if at == Doors::Kisi {
        &all[..]
    } else {
        &all[..1]
    } {
        let files = vec![file("riverside", at, ""), file("harbour", at, "")];
        let two = Two::of(at, files, json!(quirks)).await;
        two.book("riverside", "ada", "09:00", "10:00").await;
        two.at("09:00:00", &["ada"]).await;
        two.book("harbour", "ada", "09:10", "12:00").await;
        two.at("09:10:00", &["ada"]).await;
        // Riverside's end moves past harbour's, and back.
        let moved = |end: &str| json!({ "bookings": [{ "id": "b-riverside-ada-09:00", "end": format!("2026-03-02T{end}:00Z") }] });
        two.change("riverside", moved("13:00")).await;
        assert_eq!(two.inside().await, ["ada"]);
        two.change("riverside", moved("11:00")).await;
        two.at("11:59:59", &["ada"]).await;
        two.at("12:00:00", &[]).await;
        assert_eq!(two.lines().await, 0, "{quirks:?}");
        two.ends_well().await;
    }
}

async fn b5_a_retired_site_takes_out_only_people_whom_no_other_site_lets_in(at: Doors) {
    let two = Two::begin(at, "").await;
    for (site, who) in [
        ("riverside", "ada"),
        ("harbour", "ada"),
        ("riverside", "bob"),
    ] {
        two.subscribe(site, who, true).await;
    }
    assert_eq!(two.inside().await, ["ada", "bob"]);
    let mut order = Order {
        how: How::RevokeAccess,
        delete_data: true,
        yes: None,
    };
    order.yes = Some(
        two.several
            .machine
            .retire(&SiteId::from("riverside"), &order)
            .await
            .expect("shown")
            .checksum,
    );
    two.several
        .machine
        .retire(&SiteId::from("riverside"), &order)
        .await
        .expect("under way");
    two.several.machine.quiet().await;
    let last = Order {
        yes: None,
        ..order.clone()
    };
    let shown = two
        .several
        .machine
        .retire(&SiteId::from("riverside"), &last)
        .await
        .expect("shown");
    let done = Order {
        yes: Some(shown.checksum),
        ..last
    };
    let done = two
        .several
        .machine
        .retire(&SiteId::from("riverside"), &done)
        .await
        .expect("done");
    assert_eq!(
        (done.stage, two.inside().await),
        (RetireStage::Done, vec!["ada".to_owned()])
    );
    // What was riverside's holds nothing back.
    two.subscribe("harbour", "ada", false).await;
    assert_eq!(two.lines().await, 0);
    let wanted = ForgetQuery {
        email: Some(address("ada")),
        person: None,
    };
    two.change("harbour", json!({ "remove": { "users": ["ada"] } }))
        .await;
    let forgotten = forget(
        two.several.machine.environment(),
        &SiteId::from("harbour"),
        &wanted,
    )
    .await
    .expect("an answer");
    assert!(
        matches!(forgotten, ForgetOutcome::Forgotten(_)),
        "{forgotten:?}"
    );
}

/// Only SALTO KS suspends, and counts seats.
#[tokio::test]
async fn b9_a_guest_of_two_sites_is_suspended_by_the_last_and_resumed_by_either() {
    let two = Two::begin(Doors::SaltoKs, "").await;
    let visit = |id: &str, start: &str, end: &str| {
        json!({ "bookings": [{ "id": id, "room": "Boardroom", "location": "L", "user": "bob",
            "guests": [{ "name": "Gus", "email": "gus@example.test" }],
            "start": format!("2026-03-02T{start}:00Z"), "end": format!("2026-03-02T{end}:00Z") }] })
    };
    let state = async || {
        let world = two.world().await;
        let users = world["users"].as_array().expect("users").clone();
        users
            .iter()
            .find(|user| user["email"] == "gus@example.test")
            .expect("gus")["state"]
            .clone()
    };
    two.change("riverside", visit("v1", "09:00", "10:00")).await;
    two.change("harbour", visit("v2", "09:30", "11:00")).await;
    two.change("harbour", visit("v3", "14:00", "15:00")).await;
    two.at("10:00:00", &["bob", "gus"]).await;
    two.at("10:30:00", &["bob", "gus"]).await;
    assert_eq!(
        state().await,
        "subscribed",
        "riverside's visit is over, harbour's is not"
    );
    two.at("13:00:00", &[]).await;
    two.change("riverside", visit("v4", "13:10", "13:30")).await;
    two.at("13:10:00", &["bob", "gus"]).await;
    assert_eq!(state().await, "subscribed");
    two.at("13:30:00", &[]).await;
    two.at("14:00:00", &["bob", "gus"]).await;
    assert_eq!(state().await, "subscribed", "whichever site suspended it");
    two.at("15:00:00", &[]).await;
    assert_eq!(state().await, "suspended", "the last one does");
    two.ends_well().await;
}

/// A place of only one site needs no call to other sites.
#[tokio::test]
async fn b15_sites_at_different_places_share_nothing() {
    let other = file("harbour", Doors::Kisi, "").replace("place = \"7\"", "place = \"8\"");
    let two = Two::of(
        Doors::Kisi,
        vec![file("riverside", Doors::Kisi, ""), other],
        json!([]),
    )
    .await;
    two.several
        .put("kisi", "8", fixture(false, &["Members"]))
        .await;
    two.several
        .machine
        .reconcile(&SiteId::from("harbour"))
        .await
        .expect("it reconciles");
    two.subscribe("riverside", "ada", true).await;
    two.subscribe("harbour", "ada", true).await;
    let store = &two.several.machine.environment().store;
    for site in ["riverside", "harbour"] {
        let read = store
            .doors_read(&SiteId::from(site), &DoorsName::from("main"))
            .await
            .expect("it reads")
            .expect("it was read");
        assert!(
            read.shared.is_empty() && !read.registered.is_empty(),
            "{read:?}"
        );
    }
    two.subscribe("riverside", "ada", false).await;
    assert_eq!(two.inside().await, [""; 0]);
    assert_eq!(two.several.inside("kisi", "8", "Members").await, ["ada"]);
}
