//! The deployed stack, on this machine: the template as an operator deploys it, the functions as
//! Lambda runs them, and a clock that runs. The vendors are the sandboxes of a one-machine run,
//! reached over plain http on loopback.
//!
//! `make e2e` builds what it needs and names it in the environment. This is the one test that waits
//! for real time.

mod account;
mod cloud;
mod recorder;
mod site;
mod vendors;

use std::time::Duration;

use cloud::Cloud;
use jiff::{SignedDuration, Timestamp, ToSpan, Unit};
use recorder::Recorder;
use serde_json::{Value, json};
use site::{HARBOUR, LOFT, RIVERSIDE};
use vendors::Vendors;

use doorstep_core::model::ids::SiteId;

/// Longest wait for anything that shall happen by itself.
const PATIENCE: Duration = Duration::from_secs(300);

#[tokio::test]
async fn b1_a_stack_in_an_account_of_its_own_keeps_doors_in_step() {
    let vendors = Vendors::start().await;
    let recorder = Recorder::start().await;
    let mut cloud = Cloud::start(&recorder);
    cloud.deploy(&[("SandboxUrl", &vendors.url)]).await;
    cloud.allow_batches().await;
    cloud.put_secrets().await;
    cloud.push(RIVERSIDE, &vendors.url).await;
    cloud.push(HARBOUR, &vendors.url).await;
    cloud.push(LOFT, &vendors.url).await;

    an_unproven_delivery_changes_nothing(&cloud).await;
    let booking = Booking::soon();
    book(&cloud, &vendors, RIVERSIDE, "b1", &booking).await;
    break_harbour(&cloud, &vendors, &booking).await;
    a_platform_that_cannot_be_asked_is_accepted(&cloud, &vendors).await;
    who_came_and_went_is_kept(&cloud).await;
    a_door_opens_and_closes_by_the_clock(&vendors, &booking).await;
    a_reconcile_finds_what_no_delivery_said(&cloud, &vendors).await;
    an_update_keeps_what_is_remembered(&mut cloud, &vendors).await;
    poison_does_not_stop_its_site(&cloud, &vendors).await;
    harbour_is_mended_and_its_dead_letter_served(&cloud, &vendors).await;
    recorder.judge(&cloud).await;
}

/// The window of a booking.
struct Booking {
    start: Timestamp,
    end: Timestamp,
}

impl Booking {
    /// From the next minute but one for a minute.
    fn soon() -> Self {
        let next = Timestamp::now() + 90.seconds();
        let start = next
            .round(Unit::Minute)
            .expect("a minute")
            .max(Timestamp::now() + 30.seconds());
        Booking {
            start,
            end: start + SignedDuration::from_mins(1),
        }
    }

    /// The rest of today.
    fn now() -> Self {
        Booking {
            start: Timestamp::now() - 1.hours(),
            end: Timestamp::now() + 1.hours(),
        }
    }
}

async fn book(cloud: &Cloud, vendors: &Vendors, site: site::Site, id: &str, booking: &Booking) {
    change(cloud, vendors, site, booked(id, booking)).await;
}

/// Returns Ada's booking of the room, as a change of the platform.
fn booked(id: &str, booking: &Booking) -> Value {
    let entry = json!({ "_id": id, "resource": "r1", "location": "l1", "member": "ada",
        "start": booking.start.to_string(), "end": booking.end.to_string() });
    json!({ "bookings": [entry] })
}

/// Changes the platform, and posts its deliveries.
async fn change(cloud: &Cloud, vendors: &Vendors, site: site::Site, change: Value) {
    for delivery in vendors.change(site, change).await {
        assert_eq!(cloud.post(site, &delivery, site.secret).await, 202);
    }
}

async fn an_unproven_delivery_changes_nothing(cloud: &Cloud) {
    let delivery = br#"{"event":"booking.created","eventType":"booking.created","data":{"object":{"_id":"b1"}}}"#;
    assert_eq!(cloud.post(RIVERSIDE, delivery, "another secret").await, 401);
    assert_eq!(
        cloud.post(RIVERSIDE, delivery, HARBOUR.secret).await,
        401,
        "another site's secret proves nothing"
    );
}

/// Its letters carry all there is to know.
async fn a_platform_that_cannot_be_asked_is_accepted(cloud: &Cloud, vendors: &Vendors) {
    let delivery = |kind: &str, data: Value| json!({ "type": kind, "timestamp": Timestamp::now(), "data": data });
    let user = json!({ "id": "u1", "name": "Ada Example", "email": "ada@example.test", "company": null, "active": true });
    let subscription = json!({ "id": "s1", "plan": "Resident", "location": "Loft", "user": "u1", "company": null,
        "start": "2026-01-01", "end": null, "active": true });
    assert_eq!(
        cloud
            .post_webhook(LOFT, &delivery("user.updated", user))
            .await,
        202
    );
    assert_eq!(
        cloud
            .post_webhook(LOFT, &delivery("subscription.updated", subscription))
            .await,
        202
    );
    assert_eq!(
        cloud
            .post_webhook(LOFT, &delivery("user.updated", json!({ "id": 1 })))
            .await,
        422
    );
    vendors.until(LOFT, &["ada"]).await;
}

async fn who_came_and_went_is_kept(cloud: &Cloud) {
    let event = json!({ "uuid": "e1", "type": "lock.unlock", "actor_type": "User", "actor_id": 8, "object_type": "Lock",
        "object_id": 5, "place_id": 11, "success": false, "error_code": "fcd8ef", "created_at": Timestamp::now() });
    assert_eq!(cloud.post_event(RIVERSIDE, &event).await, 202);
    assert_eq!(
        cloud.post_event(HARBOUR, &event).await,
        404,
        "no secret was put for it"
    );
    let (environment, now) = (cloud.environment().await, Timestamp::now());
    let kept = environment
        .store
        .attempts(
            &SiteId::from(RIVERSIDE.id),
            now - 1.hours()..now + 1.hours(),
            now,
            90,
        )
        .await
        .expect("openings");
    assert_eq!(kept.len(), 1, "{kept:?}");
}

/// Nothing is called here: the alarm that settle set is fired by the deployed clock.
async fn a_door_opens_and_closes_by_the_clock(vendors: &Vendors, booking: &Booking) {
    vendors.until(RIVERSIDE, &["ada"]).await;
    assert!(Timestamp::now() >= booking.start, "no access begins early");
    vendors.until(RIVERSIDE, &[]).await;
    assert!(Timestamp::now() >= booking.end, "no access ends early");
}

/// The delivery about a booking is lost. The operator requests a reconcile, which finds the booking
/// and triggers settle.
async fn a_reconcile_finds_what_no_delivery_said(cloud: &Cloud, vendors: &Vendors) {
    let _lost = vendors
        .change(RIVERSIDE, booked("b4", &Booking::now()))
        .await;
    let riverside = SiteId::from(RIVERSIDE.id);
    doorstep_operator::reconcile::request(&cloud.environment().await, &riverside)
        .await
        .expect("the bus takes the request");
    vendors.until(RIVERSIDE, &["ada"]).await;
    let removed = json!({ "remove": { "bookings": ["b4"] } });
    change(cloud, vendors, RIVERSIDE, removed).await;
    vendors.until(RIVERSIDE, &[]).await;
}

async fn an_update_keeps_what_is_remembered(cloud: &mut Cloud, vendors: &Vendors) {
    let environment = cloud.environment().await;
    let before = environment
        .store
        .all_people(&SiteId::from(RIVERSIDE.id))
        .await
        .expect("people");
    let account = before
        .iter()
        .find_map(|person| person.accounts.get("main"))
        .expect("Ada's account");
    cloud
        .deploy(&[("SandboxUrl", &vendors.url), ("LogDays", "14")])
        .await;
    assert_eq!(
        environment
            .store
            .all_people(&SiteId::from(RIVERSIDE.id))
            .await
            .expect("people"),
        before
    );
    book(cloud, vendors, RIVERSIDE, "b2", &Booking::now()).await;
    vendors.until(RIVERSIDE, &["ada"]).await;
    let after = environment
        .store
        .all_people(&SiteId::from(RIVERSIDE.id))
        .await
        .expect("people");
    let same = after
        .iter()
        .find_map(|person| person.accounts.get("main"))
        .expect("Ada's account");
    assert_eq!(
        same.account.id, account.account.id,
        "the same account, not another one"
    );
}

/// A malformed message moves to the dead-letter queue within seconds, and its site continues.
async fn poison_does_not_stop_its_site(cloud: &Cloud, vendors: &Vendors) {
    let dead = cloud.dead_letters().await;
    cloud.send(RIVERSIDE.id, "not a bell").await;
    vendors
        .change(RIVERSIDE, json!({ "remove": { "bookings": ["b2"] } }))
        .await;
    let delivery = br#"{"event":"booking.removed","eventType":"booking.removed","data":{"object":{"_id":"b2"}}}"#;
    assert_eq!(cloud.post(RIVERSIDE, delivery, RIVERSIDE.secret).await, 202);
    vendors.until(RIVERSIDE, &[]).await;
    cloud.until_dead_letters(dead + 1).await;
}

/// The table holds a site file that these functions cannot read, as after a roll-back: bells of
/// this site fail, while the other site goes on.
async fn break_harbour(cloud: &Cloud, vendors: &Vendors, booking: &Booking) {
    let whole_day = Booking {
        start: booking.start - 1.hours(),
        end: booking.end + 8.hours(),
    };
    cloud
        .store(HARBOUR, "written = \"by a later version\"")
        .await;
    book(cloud, vendors, HARBOUR, "b3", &whole_day).await;
}

async fn harbour_is_mended_and_its_dead_letter_served(cloud: &Cloud, vendors: &Vendors) {
    cloud.until_dead_letters(2).await;
    assert!(vendors.inside(HARBOUR).await.is_empty());
    cloud.push(HARBOUR, &vendors.url).await;
    cloud.redrive().await;
    vendors.until(HARBOUR, &["ada"]).await;
    // The other one is as unreadable as before.
    cloud.until_dead_letters(1).await;
}
