//! The stories of the rows A2 to A7, told once for every platform that sells subscriptions: people
//! and a company subscribe to plans, and plans open groups.

use serde_json::{Value, json};

use super::{andcards, spacebring};
use crate::support::{Doors, DoorsFixture, Platform, Scenario, World};

/// Opens *Members* to people with the plan *Hot desk* of Riverside.
const PLAN: &str = "[[rule]]\nplan = \"Hot desk\"\nat = \"Riverside\"\nopens = [\"Members\"]\n";
/// The company of Ada and Bob.
const ACME: &str = "acme";

/// The platform and the door system of a story.
#[derive(Clone, Copy)]
pub struct Space {
    pub platform: Platform,
    pub doors: Doors,
}

/// A subscription at Riverside, by local days.
#[derive(Clone)]
struct Subscription {
    /// A name that the subscription keeps when its holder changes.
    name: &'static str,
    /// A person, or [`ACME`].
    holder: &'static str,
    plan: &'static str,
    from: &'static str,
    until: Option<&'static str>,
    active: bool,
}

/// A subscription to *Hot desk* from the start of the year, with no end.
fn subscription(holder: &'static str) -> Subscription {
    Subscription {
        name: holder,
        holder,
        plan: "Hot desk",
        from: "2026-01-01",
        until: None,
        active: true,
    }
}

/// Returns the number of a person, a company or a plan at Spacebring.
fn number(name: &str) -> u64 {
    match name {
        "ada" => spacebring::ADA,
        "bob" => spacebring::BOB,
        "eve" => spacebring::EVE,
        ACME => spacebring::ACME,
        "Hot desk" => spacebring::HOT_DESK,
        "Office" => spacebring::OFFICE,
        _ => 19,
    }
}

impl Space {
    async fn begin(self, all: &[Subscription]) -> World {
        let fixture = DoorsFixture::with(&["Members"]);
        self.begin_in(Scenario::at(self.doors, PLAN), all, fixture)
            .await
    }

    async fn begin_in(
        self,
        scenario: Scenario,
        all: &[Subscription],
        fixture: DoorsFixture,
    ) -> World {
        let things = self.subscriptions(all);
        match self.platform {
            Platform::Spacebring => {
                let scenario = scenario.on(Platform::Spacebring);
                scenario.begin(spacebring::town(things), fixture).await
            }
            _ => andcards::begin_in(scenario, things, fixture).await,
        }
    }

    /// The platform's words for subscriptions that are made or changed.
    fn subscriptions(self, all: &[Subscription]) -> Value {
        let all: Vec<Value> = all.iter().map(|one| self.said(one)).collect();
        json!({ "subscriptions": all })
    }

    fn said(self, one: &Subscription) -> Value {
        let is_company = one.holder == ACME;
        if self.platform != Platform::Spacebring {
            let user = (!is_company).then(|| format!("u-{}", one.holder));
            let company = is_company.then_some("c-acme");
            return json!({
                "id": self.subscription_id(one.name), "plan": one.plan, "location": "Riverside",
                "user": user, "company": company, "start": one.from, "end": one.until, "active": one.active,
            });
        }
        let holder = spacebring::id(number(one.holder));
        let midnight = |day: &str| format!("{day}T00:00:00.000Z");
        let kind = if is_company { "company" } else { "user" };
        json!({
            "id": self.subscription_id(one.name), "locationRef": spacebring::id(spacebring::RIVERSIDE),
            "customer": { "id": holder, "type": kind },
            "membershipRef": (!is_company).then_some(&holder), "companyRef": is_company.then_some(&holder),
            "status": if one.active { "active" } else { "canceled" },
            "startDate": midnight(one.from), "endDate": one.until.map(midnight),
            "items": [{ "planRef": spacebring::id(number(one.plan)) }],
        })
    }

    fn subscription_id(self, name: &str) -> String {
        match self.platform {
            Platform::Spacebring => spacebring::id(100 + number(name)),
            _ => format!("s-{name}"),
        }
    }

    /// The platform's words for a person who is of the company, or not.
    fn person(self, who: &str, name: (&str, &str), of_company: bool) -> Value {
        let email = format!("{who}@example.test");
        if self.platform != Platform::Spacebring {
            let name = format!("{} {}", name.0, name.1);
            let company = of_company.then_some("c-acme");
            return json!({ "users": [{
                "id": format!("u-{who}"), "name": name, "email": email, "company": company, "active": true,
            }] });
        }
        let (id, user) = (number(who), number(who) + 900);
        json!({ "memberships": [{
            "id": spacebring::id(id), "locationRef": spacebring::id(spacebring::RIVERSIDE),
            "companyRef": of_company.then(|| spacebring::id(spacebring::ACME)),
            "user": { "id": spacebring::id(user), "email": email, "name": name.0, "surname": name.1 },
        }] })
    }

    /// The platform's words for the removal of a subscription, a person or a company.
    fn removal(self, kind: &str, name: &str) -> Value {
        let (list, id) = match (self.platform, kind) {
            (_, "subscription") => ("subscriptions", self.subscription_id(name)),
            (Platform::Spacebring, "person") => ("memberships", spacebring::id(number(name))),
            (Platform::Spacebring, _) => ("companies", spacebring::id(number(name))),
            (_, "person") => ("users", format!("u-{name}")),
            _ => ("companies", format!("c-{name}")),
        };
        json!({ "remove": { list: [id] } })
    }
}

pub async fn a2_a_plan_opens_the_group_chosen_for_it(space: Space) {
    let world = space.begin(&[]).await;
    let mut other = subscription("bob");
    other.plan = "Office";
    let both = [subscription("ada"), other.clone()];
    world.tell(space.subscriptions(&both)).await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    other.plan = "Hot desk";
    world.tell(space.subscriptions(&[other])).await;
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    assert_eq!(world.ends_well().await.problems, [""; 0]);
}

pub async fn a3_a_subscription_of_a_person_is_theirs_and_of_a_company_all_its_people_s(
    space: Space,
) {
    let world = space.begin(&[]).await;
    let mut shared = subscription(ACME);
    world
        .tell(space.subscriptions(std::slice::from_ref(&shared)))
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    world
        .tell(space.person("eve", ("Eve", "Curie"), true))
        .await;
    world
        .tell(space.person("bob", ("Bob", "Noyce"), false))
        .await;
    let joined = "new people of the company gain access, and leavers lose it";
    assert_eq!(world.inside("Members").await, ["ada", "eve"], "{joined}");
    world.tell(space.person("zoe", ("Zoë", "Zoe"), true)).await;
    assert_eq!(world.inside("Members").await, ["ada", "eve", "zoe"]);
    shared.holder = "bob";
    world.tell(space.subscriptions(&[shared])).await;
    let own = "it is one person's now";
    assert_eq!(world.inside("Members").await, ["bob"], "{own}");
    world.ends_well().await;
}

pub async fn a3_a_company_that_was_removed_has_nothing(space: Space) {
    let world = space
        .begin(&[subscription(ACME), subscription("eve")])
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "bob", "eve"]);
    world.tell(space.removal("company", ACME)).await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    world.ends_well().await;
}

pub async fn a4_name_address_start_and_end_are_carried_over(space: Space) {
    let world = space.begin(&[]).await;
    let mut dated = subscription("ada");
    (dated.from, dated.until) = ("2026-03-04", Some("2026-03-29"));
    world.tell(space.subscriptions(&[dated])).await;
    world.at("2026-03-03T23:59:59Z", "Members", &[]).await;
    let early = "no account exists before it starts";
    assert!(world.account("ada").await.is_null(), "{early}");
    world.at("2026-03-04T00:00:00Z", "Members", &["ada"]).await;
    let account = world.account("ada").await;
    assert_eq!(
        (&account["name"], &account["email"]),
        (&json!("Ada Byron"), &json!("ada@example.test"))
    );
    world
        .tell(space.person("ada", ("Ada", "Lovelace"), true))
        .await;
    assert_eq!(world.account("ada").await["name"], "Ada Lovelace");
    // The clocks go forward on the last day, which therefore ends at 23:00 UTC.
    world.at("2026-03-29T22:59:59Z", "Members", &["ada"]).await;
    world.at("2026-03-29T23:00:00Z", "Members", &[]).await;
    world.ends_well().await;
}

pub async fn a5_the_person_is_invited(space: Space) {
    let world = space.begin(&[]).await;
    world
        .tell(space.subscriptions(&[subscription("ada")]))
        .await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    if space.doors == Doors::Kisi {
        assert_eq!(world.account("ada").await["invited"], true);
    }
    assert_eq!(world.actions("ada").await, ["invited", "granted Members"]);
    world.ends_well().await;
}

pub async fn a6_a_subscription_that_is_deactivated_or_expires_ends_access(space: Space) {
    let mut expires = subscription("bob");
    expires.until = Some("2026-03-02");
    let world = space
        .begin(&[subscription("ada"), expires, subscription("eve")])
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "bob", "eve"]);
    let mut ended = subscription("ada");
    ended.active = false;
    world.tell(space.subscriptions(&[ended])).await;
    assert_eq!(world.inside("Members").await, ["bob", "eve"], "deactivated");
    world.tell(space.removal("subscription", "eve")).await;
    assert_eq!(world.inside("Members").await, ["bob"], "removed");
    world.at("2026-03-03T00:00:00Z", "Members", &[]).await;
    world.ends_well().await;
}

pub async fn a6_people_who_were_removed_have_nothing(space: Space) {
    let world = space
        .begin(&[subscription("ada"), subscription("eve")])
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "eve"]);
    world.tell(space.removal("person", "ada")).await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    world.ends_well().await;
}

pub async fn a7_a_group_managed_solely_loses_a_person_who_was_added_by_hand(space: Space) {
    let fixture = DoorsFixture::with(&["Members"])
        .person("mallory")
        .inside("mallory", "Members")
        .inside("ops", "Members");
    let scenario = Scenario::at(space.doors, PLAN).doors_say("foreign = \"remove\"");
    let world = space
        .begin_in(scenario, &[subscription("ada")], fixture)
        .await;
    let stays = "the protected stay";
    assert_eq!(world.inside("Members").await, ["ada", "ops"], "{stays}");
    world.ends_well().await;
}

/// Runs stories of this file at one platform and both door systems.
macro_rules! told_at {
    ($platform:ident: $($story:ident),* $(,)?) => { $(
        mod $story {
            use crate::journeys::subscribers::{self, Space};
            use crate::support::{Doors, Platform};

            #[tokio::test]
            async fn salto_ks() {
                let (platform, doors) = (Platform::$platform, Doors::SaltoKs);
                subscribers::$story(Space { platform, doors }).await;
            }

            #[tokio::test]
            async fn kisi() {
                let (platform, doors) = (Platform::$platform, Doors::Kisi);
                subscribers::$story(Space { platform, doors }).await;
            }
        }
    )* };
}
pub(crate) use told_at;
