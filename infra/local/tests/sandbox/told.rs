//! Platforms that only send: what they hold, and the letters that they write about it.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::client::{Client, START, each};

async fn andcards(world: Value) -> Client {
    let client = Client::new("andcards");
    client.put_world(world).await;
    client
}

fn stamps(webhooks: &[Value]) -> Vec<Timestamp> {
    webhooks
        .iter()
        .map(|webhook| webhook["timestamp"].as_str().unwrap().parse().unwrap())
        .collect()
}

#[tokio::test]
async fn a_change_is_reported_in_the_contract_s_own_keys_each_delivery_later_than_the_one_before() {
    let client = andcards(json!({ "users": [{ "id": "u1", "name": "Ada" }] })).await;
    let change = json!({
        "users": [{ "id": "u1", "company": "c1", "shoe": 38 }],
        "companies": [{ "id": "c1", "name": "Acme" }],
        "remove": { "users": ["nobody"], "companies": ["c1"] },
    });
    let webhooks = client.change(change).await.unwrap();
    assert_eq!(
        each(&json!(webhooks), "type"),
        ["company.updated", "user.updated", "company.removed"]
    );
    let user = json!({ "id": "u1", "name": "Ada", "email": null, "company": "c1", "active": true });
    assert_eq!(
        webhooks[1]["data"], user,
        "what was left out is as usual, what the contract does not have stays here"
    );
    assert_eq!(webhooks[2]["data"], json!({ "id": "c1" }));
    let told = stamps(&webhooks);
    assert_eq!(told[0], START.parse().unwrap());
    assert!(told.is_sorted_by(|a, b| a < b), "{told:?}");
    assert_eq!(
        client.world().await["users"],
        json!([{ "id": "u1", "name": "Ada", "company": "c1", "shoe": 38 }])
    );
    assert_eq!(client.world().await["companies"], json!([]));
}

#[tokio::test]
async fn a_roster_tells_everything_once_in_so_many_parts() {
    let users: Vec<Value> = (0..5)
        .map(|n| json!({ "id": format!("u{n}"), "name": "U" }))
        .collect();
    let client =
        andcards(json!({ "users": users, "companies": [{ "id": "c1", "name": "C" }] })).await;
    let roster = async |parts| -> Vec<Value> {
        let posts = client
            .sandboxes
            .roster("andcards", None, parts)
            .await
            .ok()
            .unwrap();
        posts
            .iter()
            .map(|post| serde_json::from_slice(&post.body).unwrap())
            .collect()
    };
    let whole = roster(1).await;
    assert_eq!(
        (whole.len(), &whole[0]["type"], &whole[0]["data"]["part"]),
        (1, &json!("roster.replaced"), &Value::Null)
    );
    assert_eq!(whole[0]["data"]["users"].as_array().unwrap().len(), 5);
    let parts = roster(4).await;
    let count = |list: &str| -> usize {
        parts
            .iter()
            .map(|part| part["data"][list].as_array().unwrap().len())
            .sum()
    };
    assert_eq!(
        (
            parts.len(),
            count("users"),
            count("companies"),
            count("bookings")
        ),
        (4, 5, 1, 0)
    );
    let data: Vec<&Value> = parts.iter().map(|part| &part["data"]).collect();
    assert_eq!(each(&json!(data), "part"), [1, 2, 3, 4]);
    assert!(
        data.iter()
            .all(|part| part["parts"] == 4 && part["roster"] == data[0]["roster"])
    );
    assert_ne!(
        roster(2).await[0]["data"]["roster"],
        data[0]["roster"],
        "each roster has its own id"
    );
}

#[tokio::test]
async fn nothing_of_it_can_be_called_and_unsound_changes_are_refused_whole() {
    let mut client = andcards(json!({})).await;
    assert_eq!(client.get("/users").await.status, 404);
    for wrong in [
        json!([]),
        json!({ "members": [] }),
        json!({ "users": [{}] }),
        json!({ "remove": { "users": [7] } }),
    ] {
        assert_eq!(
            client.change(wrong.clone()).await.unwrap_err(),
            400,
            "{wrong}"
        );
    }
    assert_eq!(
        client
            .sandboxes
            .roster("kisi", None, 1)
            .await
            .err()
            .map(|no| no.status().as_u16()),
        Some(400)
    );
    assert_eq!(
        client
            .sandboxes
            .roster("officernd", None, 1)
            .await
            .err()
            .map(|no| no.status().as_u16()),
        Some(400)
    );
    client
        .change(json!({ "users": [{ "id": "u1", "name": "Ada" }] }))
        .await
        .unwrap();
    client.restart();
    assert_eq!(
        client.world().await["users"],
        json!([{ "id": "u1", "name": "Ada" }]),
        "it is kept"
    );
    let later = client
        .change(json!({ "users": [{ "id": "u1", "name": "Eve" }] }))
        .await
        .unwrap();
    assert!(
        stamps(&later)[0] > START.parse().unwrap(),
        "and so is when it last wrote"
    );
}
