//! What an outside tester found about SALTO KS: crashes while accounts are made, accounts that
//! change at the door, and accounts that change hands.

use bytes::Bytes;
use http::{Method, Request};
use serde_json::{Value, json};

use doorstep_core::model::ids::SiteId;
use doorstep_jobs::reconcile::Report;
use doorstep_local::run::crash::CrashStep;
use doorstep_local::{Data, Machine, Setup};

const MEMBERS: &str = "00000000-0000-4000-8000-000000000001";
const FRONT: &str = "00000000-0000-4000-8000-000000000002";

struct Run(Machine);

/// A guest of the booking.
struct Guest {
    id: &'static str,
    email: Option<&'static str>,
}

impl Run {
    async fn of(doors: &str) -> Run {
        let site = format!(
            "site = \"riverside\"\ntimezone = \"Europe/London\"\nmode = \"full\"\n\
             [platform]\nkind = \"officernd\"\norganization = \"hub\"\nsecret = \"r/o\"\nurl = \"sandbox\"\n\
             [doors.main]\nkind = \"salto-ks\"\nplace = \"00000000-0000-4000-8000-00000000000a\"\nsecret = \"r/s\"\n\
             url = \"sandbox\"\nprotected = [\"ops@r.test\", \"owner@r.test\"]\n{doors}\n\
             [[rule]]\nplan = \"Desk\"\nopens = [\"Members\"]\n[[rule]]\nresource = \"Room\"\nopens = [\"Front\"]\n"
        );
        let clock = "2026-03-02T08:00:00Z".parse().ok();
        let setup = Setup {
            sites: vec![site],
            secrets: None,
            clock,
            reconcile: None,
            data: Data::Memory,
        };
        Run(Machine::start(setup).await.expect("it starts"))
    }

    async fn send(&self, method: Method, vendor: &str, path: &str, body: &Value) -> Value {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .body(Bytes::from(body.to_string()))
            .expect("whole");
        let answer = self.0.sandboxes().back_door(vendor, request).await;
        assert!(answer.status().is_success(), "{answer:?}");
        serde_json::from_slice(answer.body()).expect("JSON")
    }

    /// The platform: members and guests by id and address, who has a membership, and who comes to
    /// the room at ten.
    async fn platform(&self, people: &[(&str, &str)], desks: &[&str], guests: &[Guest]) {
        let members: Vec<Value> = people
            .iter()
            .map(|(id, email)| json!({"_id": id, "name": id, "email": email, "location": "l"}))
            .collect();
        let desk = |member: &&str| json!({"_id": format!("s-{member}"), "plan": "p", "member": member, "location": "l", "startDate": "2026-01-01T00:00:00Z"});
        let visitors: Vec<Value> = guests
            .iter()
            .map(|Guest { id, email }| json!({"_id": id, "name": "Guest", "email": email}))
            .collect();
        let ids: Vec<&str> = guests.iter().map(|guest| guest.id).collect();
        let host = people.first().map(|(id, _)| *id);
        let bookings = json!([{"_id": "b", "resource": "r", "member": host, "visitors": ids, "location": "l",
            "start": "2026-03-02T10:00:00Z", "end": "2026-03-02T11:00:00Z", "timezone": "Europe/London"}]);
        let bookings = if guests.is_empty() {
            json!([])
        } else {
            bookings
        };
        let world = json!({"locations": [{"_id": "l", "name": "L", "timezone": "Europe/London"}],
            "plans": [{"_id": "p", "name": "Desk"}],
            "resources": [{"_id": "r", "name": "Room", "type": "meeting_room", "location": "l"}],
            "members": members, "memberships": desks.iter().map(desk).collect::<Vec<_>>(), "visitors": visitors,
            "bookings": bookings});
        self.send(Method::PUT, "officernd", "/_world", &world).await;
    }

    /// The doors: users by the last digits of their id and their address, and who is in the group
    /// of members.
    async fn doors(&self, users: &[(&str, &str)], members: &[&str]) {
        let id = |end: &&str| format!("00000000-0000-4000-8000-0000000000{end}");
        let users: Vec<Value> = users
            .iter()
            .map(|(end, email)| json!({"id": id(end), "email": email, "name": "X"}))
            .collect();
        let members: Vec<Value> = members.iter().map(|end| json!({"user": id(end)})).collect();
        let world = json!({"users": users, "groups": [{"id": MEMBERS, "name": "Members", "members": members},
            {"id": FRONT, "name": "Front", "members": []}]});
        self.send(Method::PUT, "salto-ks", "/_world", &world).await;
    }

    async fn at_the_doors(&self) -> Value {
        self.send(Method::GET, "salto-ks", "/_world", &Value::Null)
            .await
    }

    /// Changes the first user of that address.
    async fn by_hand(&self, email: &str, key: &str, value: &str) {
        let mut world = self.at_the_doors().await;
        let users = world["users"].as_array_mut().expect("users");
        users
            .iter_mut()
            .find(|user| user["email"] == email)
            .expect("a user")[key] = json!(value);
        self.send(Method::PUT, "salto-ks", "/_world", &world).await;
    }

    /// Returns the addresses (or `guest`) of the members of a group.
    async fn inside(&self, group: &str) -> Vec<String> {
        let world = self.at_the_doors().await;
        let users = world["users"].as_array().expect("users");
        let group = world["groups"]
            .as_array()
            .expect("groups")
            .iter()
            .find(|one| one["id"] == group);
        let members = group.expect("the group")["members"]
            .as_array()
            .expect("members");
        let email = |id: &Value| {
            users
                .iter()
                .find(|user| user["id"] == *id)
                .and_then(|user| user["email"].as_str())
        };
        let mut inside: Vec<_> = members
            .iter()
            .map(|member| email(&member["user"]).unwrap_or("guest").to_owned())
            .collect();
        inside.sort();
        inside
    }

    async fn state(&self, email: &str) -> String {
        let world = self.at_the_doors().await;
        let user = world["users"]
            .as_array()
            .expect("users")
            .iter()
            .find(|user| user["email"] == email)
            .cloned();
        user.expect("a user")["state"]
            .as_str()
            .unwrap_or("subscribed")
            .to_owned()
    }

    async fn reconcile(&self) -> Report {
        let report = self
            .0
            .reconcile(&SiteId::from("riverside"))
            .await
            .expect("it reconciles");
        self.0.quiet().await;
        report
    }

    async fn clock(&self, to: &str) {
        self.0
            .move_clock(to.parse().expect("an instant"))
            .await
            .expect("it moves");
    }

    /// What was done, without when.
    async fn actions(&self) -> Vec<String> {
        let audit = self
            .0
            .audit(&SiteId::from("riverside"))
            .await
            .expect("an audit");
        let word = |action: &Value| {
            format!(
                "{} {} {}",
                action["what"], action["account"], action["group"]
            )
            .replace('"', "")
        };
        audit
            .as_array()
            .expect("records")
            .iter()
            .map(word)
            .collect()
    }
}

#[tokio::test]
async fn a_crash_at_any_step_makes_no_account_twice_and_leaves_no_one_inside() {
    for step in [CrashStep::Intend, CrashStep::Apply, CrashStep::Commit] {
        for moment in ["open", "shut"] {
            let run = Run::of("guest_accounts = \"suspend\"").await;
            run.platform(
                &[("m", "m@x.test")],
                &[],
                &[
                    Guest {
                        id: "v1",
                        email: None,
                    },
                    Guest {
                        id: "v2",
                        email: None,
                    },
                    Guest {
                        id: "v3",
                        email: Some("v@x.test"),
                    },
                ],
            )
            .await;
            run.doors(&[], &[]).await;
            run.reconcile().await;
            let crash = |now: &str| {
                if now == moment {
                    run.0.crash(step, 2)
                }
            };
            crash("open");
            run.clock("2026-03-02T09:45:00Z").await;
            assert_eq!(
                run.inside(FRONT).await,
                ["guest", "guest", "m@x.test", "v@x.test"],
                "{step:?} {moment}"
            );
            crash("shut");
            run.clock("2026-03-02T11:15:00Z").await;
            assert_eq!(run.inside(FRONT).await, [""; 0], "{step:?} {moment}");
            let actions = run.actions().await;
            let count = |what: &str| {
                actions
                    .iter()
                    .filter(|action| action.starts_with(what))
                    .count()
            };
            let counts = ["invited", "granted", "revoked", "suspended"].map(count);
            assert_eq!(counts, [4, 4, 4, 3], "{step:?} {moment} {actions:#?}");
            let report = run.reconcile().await;
            assert_eq!(
                (report.granted, report.revoked, report.problems),
                (0, 0, Vec::new())
            );
        }
    }
}

#[tokio::test]
async fn a_deletion_is_written_down_though_the_function_died() {
    let run = Run::of("guest_accounts = \"delete\"").await;
    run.platform(
        &[("m", "m@x.test")],
        &[],
        &[Guest {
            id: "v",
            email: Some("v@x.test"),
        }],
    )
    .await;
    run.doors(&[], &[]).await;
    run.reconcile().await;
    run.clock("2026-03-02T11:14:00Z").await;
    run.0.crash(CrashStep::Apply, 3);
    run.clock("2026-03-02T11:15:00Z").await;
    let actions = run.actions().await;
    assert_eq!(
        actions
            .iter()
            .filter(|action| action.starts_with("deleted"))
            .count(),
        1,
        "{actions:#?}"
    );
}

#[tokio::test]
async fn an_exclusive_group_keeps_people_whom_the_platform_entitles_and_loses_the_others() {
    let run = Run::of("foreign = \"remove\"").await;
    run.platform(&[("a", "a@x.test"), ("b", "b@x.test")], &["a"], &[])
        .await;
    let users = [
        ("0a", "A@x.test"),
        ("0b", "b@x.test"),
        ("0c", "c@x.test"),
        ("0d", "Ops@r.test"),
    ];
    run.doors(&users, &["0a", "0b", "0c", "0d"]).await;
    run.reconcile().await;
    assert_eq!(run.inside(MEMBERS).await, ["A@x.test", "Ops@r.test"]);
    let actions = run.actions().await;
    assert_eq!(
        actions.len(),
        2,
        "no membership is removed to be added again: {actions:#?}"
    );
    let people = run
        .0
        .people(&SiteId::from("riverside"))
        .await
        .expect("people");
    let ada = people
        .as_array()
        .expect("people")
        .iter()
        .find(|person| person["email"] == "a@x.test")
        .cloned();
    assert_eq!(
        ada.expect("Ada")["claims"].as_array().map(Vec::len),
        Some(1),
        "adopted"
    );
}

#[tokio::test]
async fn a_problem_that_was_solved_at_the_doors_is_gone() {
    let run = Run::of("without_access = \"suspend\"").await;
    run.platform(&[("a", "a@x.test")], &["a"], &[]).await;
    run.doors(&[], &[]).await;
    run.reconcile().await;
    run.by_hand("a@x.test", "state", "suspended").await;
    run.reconcile().await;
    assert_eq!(
        run.reconcile().await.problems.len(),
        1,
        "a person suspended by hand"
    );
    run.by_hand("a@x.test", "state", "subscribed").await;
    run.reconcile().await;
    assert_eq!(run.reconcile().await.problems, [""; 0]);
    run.platform(&[("a", "new@x.test")], &["a"], &[]).await;
    run.reconcile().await;
    assert_eq!(run.reconcile().await.problems.len(), 1, "another address");
    run.by_hand("a@x.test", "email", "new@x.test").await;
    run.reconcile().await;
    assert_eq!(run.reconcile().await.problems, [""; 0]);
}

#[tokio::test]
async fn an_account_that_a_hand_suspended_is_not_resumed() {
    let run = Run::of("without_access = \"suspend\"").await;
    run.platform(&[("a", "a@x.test")], &["a"], &[]).await;
    run.doors(&[("0a", "a@x.test")], &[]).await;
    run.reconcile().await;
    run.by_hand("a@x.test", "state", "suspended").await;
    run.platform(&[("a", "a@x.test")], &[], &[]).await;
    run.reconcile().await;
    assert_eq!(run.inside(MEMBERS).await, [""; 0]);
    run.platform(&[("a", "a@x.test")], &["a"], &[]).await;
    run.reconcile().await;
    assert_eq!(run.inside(MEMBERS).await, ["a@x.test"]);
    assert_eq!(run.state("a@x.test").await, "suspended");
}

#[tokio::test]
async fn two_people_exchange_addresses_and_both_stay_inside() {
    let run = Run::of("").await;
    run.platform(&[("a", "a@x.test"), ("b", "b@x.test")], &["a", "b"], &[])
        .await;
    run.doors(&[], &[]).await;
    run.reconcile().await;
    run.platform(&[("a", "b@x.test"), ("b", "a@x.test")], &["a", "b"], &[])
        .await;
    run.reconcile().await;
    assert_eq!(run.inside(MEMBERS).await, ["a@x.test", "b@x.test"]);
    assert_eq!(
        [run.state("a@x.test").await, run.state("b@x.test").await],
        ["subscribed"; 2]
    );
    assert_eq!(run.reconcile().await.problems, [""; 0]);
}

#[tokio::test]
async fn a_group_that_is_gone_does_not_block_others() {
    let run = Run::of("").await;
    run.platform(
        &[("a", "a@x.test")],
        &["a"],
        &[Guest {
            id: "v",
            email: Some("v@x.test"),
        }],
    )
    .await;
    run.doors(&[], &[]).await;
    run.reconcile().await;
    let mut world = run.at_the_doors().await;
    world["groups"]
        .as_array_mut()
        .expect("groups")
        .retain(|group| group["id"] != MEMBERS);
    run.send(Method::PUT, "salto-ks", "/_world", &world).await;
    run.clock("2026-03-02T09:45:00Z").await;
    assert_eq!(run.inside(FRONT).await, ["a@x.test", "v@x.test"]);
    run.reconcile().await;
    assert_eq!(run.reconcile().await.problems.len(), 1, "the rule's own");
}

#[tokio::test]
async fn a_member_who_left_the_platform_is_no_guest() {
    let run = Run::of("without_access = \"keep\"\nguest_accounts = \"suspend\"").await;
    run.platform(&[("a", "a@x.test"), ("b", "b@x.test")], &["a", "b"], &[])
        .await;
    run.doors(&[], &[]).await;
    run.reconcile().await;
    run.platform(&[("a", "a@x.test")], &["a"], &[]).await;
    run.reconcile().await;
    assert_eq!(run.inside(MEMBERS).await, ["a@x.test"]);
    assert_eq!(run.state("b@x.test").await, "subscribed");
}
