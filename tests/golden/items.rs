//! Every place of the table that has a golden item: how it is written, and what it must be read as.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::Value;

use super::people::{ADA, EMAIL, forgotten, person};
use super::values::*;
use super::{SITE, noon};
use doorstep_cloud::store::key::{self, Key};
use doorstep_cloud::store::observed::StoredObserved;
use doorstep_cloud::store::runs::StoredRuns;
use doorstep_cloud::store::site_version::{Paused, Retiring, SiteVersion};
use doorstep_cloud::store::sites::UnreadableDelivery;
use doorstep_cloud::store::{Store, WriteStep, people};
use doorstep_core::decide::guard::Hold;
use doorstep_core::model::audit::Head;
use doorstep_core::model::email::email_digest;
use doorstep_core::model::fact::{Holder, Kind, Location, Plan};
use doorstep_core::model::ids::{DoorsName, PersonId, SiteId};
use doorstep_core::model::person::Person;
use doorstep_core::model::push_update::{UpdateBody, thing_hash};
use doorstep_core::site::Site;
use doorstep_core::site::catalogue::Catalogue;
use doorstep_core::site::resolve::{Resolved, resolve};
use doorstep_core::site::route::SiteRoute;
use doorstep_vendors::platform::push::store::PushStore;
use doorstep_vendors::tokens::TokenStore;

const SITE_FILE: &str = "site = \"riverside\"\ntimezone = \"Europe/London\"\nmode = \"full\"\n\
    [platform]\nkind = \"officernd\"\norganization = \"riverside-hub\"\nlocations = [\"Riverside\"]\nsecret = \"riverside/officernd\"\n\
    [doors.main]\nkind = \"kisi\"\nplace = \"31\"\nsecret = \"riverside/kisi\"\nprotected = [\"ops@example.test\", \"owner@example.test\"]\n\
    [[rule]]\nplan = \"Resident\"\ndoors = \"main\"\nopens = [\"Members\"]\n";
const TOKEN: &str = "riverside-main";

fn site() -> Site {
    Site::parse(SITE_FILE).expect("a site file")
}

fn resolved() -> Resolved {
    let location = Location {
        name: "Riverside".into(),
        timezone: None,
    };
    let plan = Plan {
        name: "Resident".into(),
        location: None,
    };
    let catalogue = Catalogue {
        locations: BTreeMap::from([("l-1".into(), location)]),
        plans: BTreeMap::from([("plan-1".into(), plan)]),
        ..Catalogue::default()
    };
    resolve(
        &site(),
        &catalogue,
        &BTreeMap::from([("main".into(), doors_read().groups)]),
        None,
    )
}

/// A first version of the site file that only observes.
fn first() -> SiteVersion {
    SiteVersion {
        observing: true,
        ..SiteVersion::after(None, SITE_FILE, noon())
    }
}

fn paused() -> Paused {
    Paused {
        at: noon(),
        why: Some("new locks".into()),
    }
}

fn retiring() -> Retiring {
    Retiring {
        at: noon(),
        checksum: "0123456789abcdef".into(),
    }
}

fn team() -> Holder {
    Holder::Team("acme".into())
}

/// Every golden item: its name, which begins with the function that makes its key, and its key.
pub fn record_lists() -> Vec<(&'static str, Key)> {
    let (member, account) = (id(Kind::Member, "m-ada"), main_account());
    vec![
        ("fact of a member", key::fact(&SiteId::from(SITE), &member)),
        (
            "fact of a membership",
            key::fact(&SiteId::from(SITE), &id(Kind::Membership, "s-1")),
        ),
        (
            "fact of a booking",
            key::fact(&SiteId::from(SITE), &id(Kind::Booking, "b-1")),
        ),
        (
            "holding of a member",
            key::holding(
                &SiteId::from(SITE),
                &Holder::Member("m-ada".into()),
                &member,
            ),
        ),
        (
            "holding of a team, a person",
            key::holding(&SiteId::from(SITE), &team(), &member),
        ),
        (
            "holder_version",
            key::holder_version(&SiteId::from(SITE), &team()),
        ),
        (
            "person",
            key::person(&SiteId::from(SITE), &PersonId::from(ADA)),
        ),
        (
            "person who was forgotten",
            key::person(&SiteId::from(SITE), &PersonId::from("p-gone")),
        ),
        (
            "listed",
            key::listed(&SiteId::from(SITE), &PersonId::from(ADA)),
        ),
        ("profile", key::profile(&SiteId::from(SITE), &member)),
        (
            "email",
            key::email(&SiteId::from(SITE), &email_digest(EMAIL)),
        ),
        (
            "account",
            key::account(&SiteId::from(SITE), &DoorsName::from("main"), &account),
        ),
        (
            "due person",
            key::due(&SiteId::from(SITE), "20260301T1200#person#p-ada#adopt"),
        ),
        (
            "due refetch",
            key::due(&SiteId::from(SITE), "20260301T1200#refetch#booking#b-1"),
        ),
        (
            "unreadable_delivery",
            key::unreadable_delivery(&SiteId::from(SITE), "dedup-id"),
        ),
        (
            "delivery",
            key::delivery(&SiteId::from(SITE), deliveries().hour, &deliveries().sender),
        ),
        ("audit", key::audit(&SiteId::from(SITE), 1)),
        (
            "record_lists",
            key::record_lists(&SiteId::from(SITE), &PersonId::from(ADA), 1),
        ),
        ("active", key::active(&SiteId::from(SITE))),
        ("version", key::version(&SiteId::from(SITE), 1)),
        ("resolved", key::resolved(&SiteId::from(SITE))),
        ("site", key::site(&SiteId::from(SITE))),
        ("attempt", key::attempt(&SiteId::from(SITE), &attempt())),
        (
            "read of attempts",
            key::read(&SiteId::from(SITE), "entries#main"),
        ),
        (
            "read of a platform",
            key::read(&SiteId::from(SITE), "platform"),
        ),
        (
            "read of doors",
            key::read(&SiteId::from(SITE), "doors#main"),
        ),
        ("observed", key::observed(&SiteId::from(SITE))),
        ("ruler", key::ruler(&ruled_group())),
        ("runs", key::runs(&SiteId::from(SITE))),
        ("update", key::update(&SiteId::from(SITE), "user", "m-1")),
        (
            "update_of a forgotten person",
            key::update_of(
                &SiteId::from(SITE),
                "user",
                &thing_hash(&SiteId::from(SITE), "user", "m-gone"),
            ),
        ),
        (
            "forgotten",
            key::forgotten(&SiteId::from(SITE), &forgotten_thing().hash),
        ),
        (
            "snapshot_part",
            key::snapshot_part(&SiteId::from(SITE), "2026-03-01", 1),
        ),
        (
            "snapshot_text",
            key::snapshot_text(&SiteId::from(SITE), "b2", 0),
        ),
        ("accepted", key::accepted(&SiteId::from(SITE))),
        ("unconfirmed", key::unconfirmed(&SiteId::from(SITE))),
        ("hold", key::hold(&SiteId::from(SITE), &hold().checksum)),
        ("held", key::held(&SiteId::from(SITE), &hold().checksum, 0)),
        ("release", key::release(&SiteId::from(SITE), &revoke())),
        ("tally", key::tally(&SiteId::from(SITE))),
        (
            "made",
            key::made(&SiteId::from(SITE), &DoorsName::from("main"), &account),
        ),
        (
            "lost_numbers",
            key::lost_numbers(&SiteId::from(SITE), &member),
        ),
        ("many_accounts", key::many_accounts(&SiteId::from(SITE))),
        ("token", key::token(TOKEN)),
        ("refused_sign_in", key::refused_sign_in(TOKEN)),
        ("token_note", key::token_note(TOKEN, "region")),
    ]
}

/// Writes all of them.
pub async fn write(store: &Store) {
    for fact in [member(), membership(), booking()] {
        store
            .keep_fact(&SiteId::from(SITE), &fact)
            .await
            .expect("it is kept");
    }
    write_people(store).await;
    write_site(store).await;
    write_guard(store).await;
    write_pushes(store).await;
    store
        .put_dues(&SiteId::from(SITE), &dues())
        .await
        .expect("it is kept");
    store
        .keep_unreadable(
            &SiteId::from(SITE),
            "dedup-id",
            "the body is no JSON",
            noon(),
        )
        .await
        .expect("it is kept");
    store
        .add_deliveries(&SiteId::from(SITE), &deliveries())
        .await
        .expect("it is kept");
    store.keep_token(TOKEN, &token()).await.expect("it is kept");
    store
        .keep_refused_sign_in(TOKEN, &refused_sign_in())
        .await
        .expect("it is kept");
    store
        .note_token(TOKEN, "region", "eu")
        .await
        .expect("it is kept");
}

async fn write_people(store: &Store) {
    let account = main_account();
    let writes = vec![
        people::put(&SiteId::from(SITE), &person()).expect("JSON"),
        people::put(&SiteId::from(SITE), &forgotten()).expect("JSON"),
        people::list(&SiteId::from(SITE), &person()),
        people::point_profile(
            &SiteId::from(SITE),
            &id(Kind::Member, "m-ada"),
            &PersonId::from(ADA),
        ),
        people::point_email(&SiteId::from(SITE), EMAIL, &PersonId::from(ADA)),
        people::point_account(
            &SiteId::from(SITE),
            &DoorsName::from("main"),
            &account,
            &PersonId::from(ADA),
        ),
    ];
    store
        .write_all(WriteStep::Commit, writes)
        .await
        .expect("it is kept");
    let mut chain = store.chain(&SiteId::from(SITE)).await.expect("it reads");
    let nine = vec![action(); 9];
    let records = chain
        .join(
            &SiteId::from(SITE),
            &mut Person::new(ADA.into(), None),
            noon(),
            &nine,
        )
        .expect("JSON");
    store
        .write_all(WriteStep::Commit, records)
        .await
        .expect("it is kept");
}

async fn write_site(store: &Store) {
    store
        .store_site_over(None, &SiteRoute::of(&site()), &first())
        .await
        .expect("it is kept");
    store
        .pause_site(&SiteId::from(SITE), &stored(store).await, Some(paused()))
        .await
        .expect("it is kept");
    store
        .retire_site(&SiteId::from(SITE), &stored(store).await, retiring())
        .await
        .expect("it is kept");
    store
        .keep_resolved(&SiteId::from(SITE), &resolved())
        .await
        .expect("it is kept");
    store
        .keep_attempts(&SiteId::from(SITE), &[attempt()], 90, noon())
        .await
        .expect("it is kept");
    store
        .keep_attempts_read(
            &SiteId::from(SITE),
            &DoorsName::from("main"),
            &attempts_read(),
        )
        .await
        .expect("it is kept");
    store
        .keep_platform_read(&SiteId::from(SITE), &platform_read())
        .await
        .expect("it is kept");
    store
        .keep_doors_read(&SiteId::from(SITE), &DoorsName::from("main"), &doors_read())
        .await
        .expect("it is kept");
    store
        .keep_observed(&SiteId::from(SITE), &StoredObserved::default(), &observed())
        .await
        .expect("it is kept");
    store.put_ruler(&ruled_group()).await.expect("it is kept");
    store
        .keep_runs(&SiteId::from(SITE), &StoredRuns::default(), runs())
        .await
        .expect("it is kept");
}

async fn stored(store: &Store) -> SiteVersion {
    store.in_force(&SiteId::from(SITE)).await.expect("it reads")
}

async fn write_guard(store: &Store) {
    store
        .put_hold(&hold(), &waiting())
        .await
        .expect("it is kept");
    store
        .release(
            &SiteId::from(SITE),
            &[&revoke()],
            Some(&hold().checksum),
            noon(),
        )
        .await
        .expect("it is kept");
    store
        .keep_tally(&SiteId::from(SITE), &tally(), 0)
        .await
        .expect("it is kept");
    let made = Store::count_made(
        &SiteId::from(SITE),
        &DoorsName::from("main"),
        &main_account(),
        noon(),
    )
    .expect("JSON");
    store.write(made).await.expect("it is kept");
    store
        .count_lost_numbers(&SiteId::from(SITE), &id(Kind::Member, "m-ada"), noon())
        .await
        .expect("it is kept");
    store
        .note_many_accounts(&SiteId::from(SITE), true)
        .await
        .expect("it is kept");
}

async fn write_pushes(store: &Store) {
    for pushed in pushed() {
        store
            .keep_update(&SiteId::from(SITE), &pushed, &receipt())
            .await
            .expect("it is kept");
    }
    store
        .accept(&SiteId::from(SITE), &accepted())
        .await
        .expect("it is kept");
    store
        .keep_unconfirmed(&SiteId::from(SITE), Some(&unconfirmed()))
        .await
        .expect("it is kept");
    store
        .note_forgotten(&SiteId::from(SITE), &forgotten_thing(), None)
        .await
        .expect("it is kept");
}

/// Reads all of them, each by the function that reads it in service.
pub async fn assert_read(store: &Store) {
    for fact in [member(), membership(), booking()] {
        assert_eq!(
            store.fact(&SiteId::from(SITE), &fact.fact.name()).await,
            Ok(Some(fact))
        );
    }
    let (ada, of_ada) = (id(Kind::Member, "m-ada"), Holder::Member("m-ada".into()));
    assert_eq!(
        store.team_members(&SiteId::from(SITE), &team()).await,
        Ok(vec![ada.clone()])
    );
    assert_eq!(
        store.holdings(&SiteId::from(SITE), &of_ada).await,
        Ok((vec![ada], 0))
    );
    assert_eq!(store.version_of(&SiteId::from(SITE), &team()).await, Ok(2));
    assert_people(store).await;
    assert_site(store).await;
    assert_guard(store).await;
    assert_pushes(store).await;
    let unmarked = |due: &_| {
        let mut due: Value = serde_json::to_value(due).expect("JSON");
        due["mark"].take();
        due
    };
    let expected: Vec<Value> = dues().iter().map(unmarked).collect();
    let due = store
        .due_until(&SiteId::from(SITE), noon())
        .await
        .expect("it reads");
    assert_eq!(due.iter().map(unmarked).collect::<Vec<_>>(), expected);
    assert_eq!(
        store.unreadable_deliveries(&SiteId::from(SITE)).await,
        Ok(vec![UnreadableDelivery {
            why: "the body is no JSON".to_owned(),
            at: Some(noon()),
        }])
    );
    let hour = SignedDuration::from_hours(1);
    let counted = store
        .deliveries(&SiteId::from(SITE), noon()..noon() + hour)
        .await;
    assert_eq!(counted, Ok(vec![deliveries()]));
    assert_eq!(store.token(TOKEN).await, Ok(Some(token())));
    assert_eq!(
        TokenStore::refused_sign_in(store, TOKEN).await,
        Ok(Some(refused_sign_in()))
    );
    assert_eq!(
        store.token_note(TOKEN, "region").await,
        Ok(Some("eu".to_owned()))
    );
}

async fn assert_people(store: &Store) {
    let ada = Person {
        version: 1,
        ..person()
    };
    assert_eq!(
        store
            .person(&SiteId::from(SITE), &PersonId::from(ADA))
            .await,
        Ok(Some(ada.clone()))
    );
    assert_eq!(
        store
            .all_people(&SiteId::from(SITE))
            .await
            .map(|people| people.known),
        Ok(vec![ada.clone()])
    );
    assert_eq!(
        store
            .person(&SiteId::from(SITE), &PersonId::from("p-gone"))
            .await,
        Ok(Some(Person {
            version: 1,
            ..forgotten()
        }))
    );
    let found = Ok(Some(PersonId::from(ADA)));
    assert_eq!(
        store
            .id_of_profile(&SiteId::from(SITE), &id(Kind::Member, "m-ada"))
            .await,
        found
    );
    assert_eq!(store.id_of_email(&SiteId::from(SITE), EMAIL).await, found);
    assert_eq!(
        store
            .id_of_account(
                &SiteId::from(SITE),
                &DoorsName::from("main"),
                &main_account()
            )
            .await,
        found
    );
    let (record, _) =
        Head::default().record(&SiteId::from(SITE), &PersonId::from(ADA), noon(), action());
    assert_eq!(
        store.audit(&SiteId::from(SITE)).await,
        Ok(vec![record.clone()])
    );
    assert_eq!(
        store.audit_of(&SiteId::from(SITE), &ada).await,
        Ok(vec![record]),
        "found by the item of places"
    );
}

async fn assert_site(store: &Store) {
    let active = SiteVersion {
        paused: Some(paused()),
        retiring: Some(retiring()),
        revision: 3,
        ..first()
    };
    assert_eq!(store.active(&SiteId::from(SITE)).await, Ok(Some(active)));
    assert_eq!(
        store.last_version(&SiteId::from(SITE)).await,
        Ok(Some(first()))
    );
    assert_eq!(
        store.site_route(&SiteId::from(SITE)).await,
        Ok(Some(SiteRoute::of(&site())))
    );
    assert_eq!(
        store.resolved(&SiteId::from(SITE)).await,
        Ok(Some(resolved()))
    );
    let day = SignedDuration::from_hours(24);
    let attempts = store
        .attempts(&SiteId::from(SITE), noon() - day..noon(), noon(), 90)
        .await;
    assert_eq!(attempts, Ok(vec![attempt()]));
    let read = attempts_read();
    assert_eq!(
        store
            .attempts_read(&SiteId::from(SITE), &DoorsName::from("main"), &read.of)
            .await,
        Ok(read)
    );
    assert_eq!(
        store.platform_read(&SiteId::from(SITE)).await,
        Ok(platform_read())
    );
    assert_eq!(
        store
            .doors_read(&SiteId::from(SITE), &DoorsName::from("main"))
            .await,
        Ok(Some(doors_read()))
    );
    let known = store.observed(&SiteId::from(SITE)).await;
    assert_eq!(known.map(|read| read.observed), Ok(Some(observed())));
    assert_eq!(store.rulers(&ruled_group()).await, Ok(vec![ruled_group()]));
    assert_eq!(
        store.runs(&SiteId::from(SITE)).await.map(|read| read.runs),
        Ok(runs())
    );
}

async fn assert_guard(store: &Store) {
    let kept = Hold {
        version: 1,
        ..hold()
    };
    assert_eq!(
        store.holds(&SiteId::from(SITE)).await,
        Ok(vec![kept.clone()])
    );
    assert_eq!(store.waiting(&kept).await, Ok(waiting()));
    let released = store
        .released(&SiteId::from(SITE), &[revoke()], noon())
        .await
        .expect("it reads");
    let approved: Vec<_> = released
        .into_iter()
        .map(|release| (release.change, release.approved))
        .collect();
    assert_eq!(approved, [(revoke(), Some(kept.checksum))]);
    let (read, _) = store
        .tally(&SiteId::from(SITE), noon())
        .await
        .expect("it reads");
    assert_eq!(
        (read.left, read.made),
        (tally().left, BTreeMap::from([("main".into(), 1)]))
    );
    assert_eq!(
        store
            .count_lost_numbers(&SiteId::from(SITE), &id(Kind::Member, "m-bob"), noon())
            .await,
        Ok(1),
        "and m-ada"
    );
    assert_eq!(store.is_crowded(&SiteId::from(SITE)).await, Ok(true));
}

async fn assert_pushes(store: &Store) {
    let [thing, part] = pushed();
    let UpdateBody::Thing { data, .. } = thing.body else {
        panic!("one thing")
    };
    let UpdateBody::Snapshot { data: text, .. } = part.body else {
        panic!("a part")
    };
    let updates = store.updates(&SiteId::from(SITE)).await.expect("it reads");
    let read: Vec<_> = updates
        .into_iter()
        .map(|update| (update.id, update.version, update.data))
        .collect();
    assert_eq!(
        read,
        [("m-1".to_owned(), thing.version, data)],
        "without the forgotten person's"
    );
    let snapshots = store
        .snapshots(&SiteId::from(SITE))
        .await
        .expect("it reads");
    assert_eq!(
        (snapshots.accepted, snapshots.unconfirmed),
        (Some(accepted()), Some(unconfirmed()))
    );
    let [head] = snapshots.heads.as_slice() else {
        panic!("one part: {:?}", snapshots.heads)
    };
    assert_eq!(
        (head.part, head.parts, &head.version, &head.receipt),
        (1, 2, &part.version, &receipt())
    );
    assert_eq!(
        store.snapshot_text(&SiteId::from(SITE), head).await,
        Ok(text)
    );
    assert_eq!(
        store.forgotten_things(&SiteId::from(SITE)).await,
        Ok(vec![forgotten_thing()])
    );
}
