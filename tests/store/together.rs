//! Concurrent writers: one wins, no write is partial, and the others get a conflict.

use futures_util::future::join_all;

use super::{NOON, at, body, empty, put};
use doorstep_cloud::store::people::{point_email, put as put_person};
use doorstep_cloud::store::{Store, Write, WriteCondition, WriteStep, conflict};
use doorstep_core::model::account::AccountId;
use doorstep_core::model::audit::{AuditAction, AuditEntry};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::{DoorsName, PersonId, SiteId};
use doorstep_core::model::person::Person;

/// Repeats until there is no conflict.
async fn insist(store: &Store, writes: impl Fn() -> Vec<Write>) -> Result<()> {
    loop {
        match store.write_all(WriteStep::Keep, writes()).await {
            Err(error) if error == conflict() => {}
            done => return done,
        }
    }
}

#[tokio::test]
async fn everyone_who_counts_is_counted() {
    let store = empty().await;
    let counts = (0..24).map(|n| {
        let store = &store;
        async move {
            insist(store, || {
                vec![Write::bump(at("v")), put(&n.to_string(), "")]
            })
            .await
        }
    });
    for counted in join_all(counts).await {
        counted.expect("in the end");
    }
    assert_eq!(
        store
            .get(&at("v"))
            .await
            .expect("it reads")
            .map(|item| item.version),
        Some(24)
    );
}

#[tokio::test]
async fn of_all_who_want_a_place_one_gets_it() {
    let store = empty().await;
    let wants = (0..16).map(|n| {
        let store = &store;
        async move {
            let new = put("place", &n.to_string()).only_if(WriteCondition::New);
            // Alone and in a transaction, mixed.
            match n % 2 {
                0 => store.write(new).await,
                _ => {
                    store
                        .write_all(WriteStep::Keep, vec![new, put(&format!("of {n}"), "")])
                        .await
                }
            }
        }
    });
    let ended = join_all(wants).await;
    let won: Vec<usize> = (0..16).filter(|n| ended[*n].is_ok()).collect();
    assert_eq!(won.len(), 1, "{ended:?}");
    assert!(
        ended
            .iter()
            .all(|end| end.is_ok() || *end == Err(conflict())),
        "{ended:?}"
    );
    assert_eq!(body(&store, "place").await, Some(won[0].to_string()));
    let others = store.list("p", "of ").await.expect("it lists");
    assert_eq!(
        others.len(),
        won[0] % 2,
        "a writer with a conflict leaves nothing"
    );
}

#[tokio::test]
async fn an_address_is_one_person_s() {
    let store = empty().await;
    let new = |id: &str| Person::new(id.into(), Some("ada@example.test".into()));
    let join = |id: &'static str| {
        let store = &store;
        async move {
            let person = new(id);
            let writes = vec![
                put_person(&SiteId::from("s"), &person)?,
                point_email(&SiteId::from("s"), "ada@example.test", &PersonId::from(id)),
            ];
            store.write_all(WriteStep::Keep, writes).await
        }
    };
    let ended = join_all(["one", "two", "three"].map(join)).await;
    assert_eq!(
        ended.iter().filter(|end| end.is_ok()).count(),
        1,
        "{ended:?}"
    );
    let owner = store
        .id_of_email(&SiteId::from("s"), "ada@example.test")
        .await
        .expect("it reads")
        .expect("an owner");
    for id in ["one", "two", "three"] {
        assert_eq!(
            store
                .person(&SiteId::from("s"), &PersonId::from(id))
                .await
                .expect("it reads")
                .is_some(),
            owner == id
        );
    }
}

#[tokio::test]
async fn a_chain_has_one_end() {
    let store = empty().await;
    let at = NOON.parse().expect("an instant");
    let writers = (0..8).map(|n| {
        let store = &store;
        async move {
            loop {
                let mut chain = store.chain(&SiteId::from("s")).await?;
                let (mut person, actions) =
                    (Person::new("a person".into(), None), [action(n), action(n)]);
                match store
                    .write_all(
                        WriteStep::Commit,
                        chain.join(&SiteId::from("s"), &mut person, at, &actions)?,
                    )
                    .await
                {
                    Err(error) if error == conflict() => {}
                    done => return done,
                }
            }
        }
    });
    for joined in join_all(writers).await {
        joined.expect("in the end");
    }
    let audit = store.audit(&SiteId::from("s")).await.expect("it reads");
    assert_eq!(
        audit.iter().map(|record| record.seq).collect::<Vec<_>>(),
        (1..=16).collect::<Vec<_>>()
    );
    assert!(
        audit
            .windows(2)
            .all(|pair| pair[1].previous == pair[0].hash),
        "each holds the hash of the one before"
    );
}

fn action(n: usize) -> AuditEntry {
    AuditEntry::new(
        AuditAction::Invited,
        &DoorsName::from("main"),
        &AccountId(n.to_string()),
        "booking 1",
    )
}

#[tokio::test]
async fn whatever_was_done_for_one_person_is_found_however_much_it_is() {
    let store = empty().await;
    let at = NOON.parse().expect("an instant");
    let mut chain = store.chain(&SiteId::from("s")).await.expect("it reads");
    let mut two = [
        Person::new("ada".into(), None),
        Person::new("bob".into(), None),
    ];
    for n in 0..90 {
        let whose = &mut two[n % 2];
        let writes = chain
            .join(&SiteId::from("s"), whose, at, &[action(n)])
            .expect("it joins");
        store
            .write_all(WriteStep::Commit, writes)
            .await
            .expect("it writes");
        assert!(whose.records.len() <= 32, "the person stays small");
    }
    for (first, person) in two.iter().enumerate() {
        let records = store
            .audit_of(&SiteId::from("s"), person)
            .await
            .expect("it reads");
        let accounts: Vec<String> = records
            .into_iter()
            .map(|record| record.action.account.0)
            .collect();
        assert_eq!(
            accounts,
            (first..90)
                .step_by(2)
                .map(|n| n.to_string())
                .collect::<Vec<_>>()
        );
    }
    assert_eq!(
        store
            .audit(&SiteId::from("s"))
            .await
            .expect("it reads")
            .len(),
        90
    );
}
