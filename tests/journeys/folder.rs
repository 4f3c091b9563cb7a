//! The data folder of one machine: what was forgotten is in none of its files, not even where
//! SQLite would leave it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::{PLAN, hot_desk, town};
use crate::support::{Doors, DoorsFixture, SITE, Scenario, World, address, at_both};
use doorstep_core::model::ids::SiteId;
use doorstep_local::Data;
use doorstep_operator::forget::{ForgetOutcome, ForgetQuery};

at_both!(b8_no_file_of_the_data_folder_holds_anything_of_a_forgotten_person);

/// A folder of its own, gone when the test ends.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// Which files of the folder hold a text, in any case.
fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let holds = |path: &PathBuf| {
        let bytes = fs::read(path).expect("a file").to_ascii_lowercase();
        bytes
            .windows(text.len())
            .any(|window| window == text.to_ascii_lowercase().as_bytes())
    };
    let files = fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path());
    files
        .filter(holds)
        .map(|path| path.display().to_string())
        .collect()
}

async fn forget(world: &World, who: &str) -> ForgetOutcome {
    let wanted = ForgetQuery {
        email: Some(address(who)),
        person: None,
    };
    world
        .machine
        .forget(&SiteId::from(SITE), &wanted)
        .await
        .expect("an answer")
}

async fn b8_no_file_of_the_data_folder_holds_anything_of_a_forgotten_person(at: Doors) {
    let folder =
        Folder(std::env::temp_dir().join(format!("doorstep-forget-{}", uuid::Uuid::new_v4())));
    let words = ["Ada Lovelace", "ada@example.test", "90210473"];
    let member = json!({ "_id": "m-ada", "name": words[0], "email": words[1], "location": "l-riverside",
        "properties": { "Card": words[2] } });
    let mut scenario = Scenario::at(at, PLAN).platform_says("card_property = \"Card\"");
    scenario.data = Data::Folder(folder.0.clone());
    let fixture = DoorsFixture::with(&["Members"]).says("tags", json!([words[2]]));
    let mut world = scenario
        .begin(
            town(json!({ "memberships": [hot_desk("ada"), hot_desk("bob")] })),
            fixture,
        )
        .await;
    world
        .change_and_deliver(json!({ "members": [member] }))
        .await;
    assert_eq!(world.tags("ada").await, [words[2]]);
    for word in words {
        assert!(
            !files_with(&folder.0, word).is_empty(),
            "{word} is known until then"
        );
    }
    world.clock("2026-03-02T09:00:00Z").await;
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-ada"] } }))
        .await;
    world
        .change_and_deliver(json!({ "remove": { "members": ["m-ada"] } }))
        .await;
    world.clock("2026-03-02T10:00:00Z").await;
    // The vendors' sandboxes are in the same folder: what they hold of her is theirs to erase.
    world
        .by_hand(|doors| {
            let users = doors["users"].as_array_mut().expect("users");
            users.retain(|user| user["email"] != words[1]);
            doors["tags"] = json!([]);
        })
        .await;
    world.reconcile().await;
    let outcome = forget(&world, "ada").await;
    assert!(
        matches!(outcome, ForgetOutcome::Forgotten(_)),
        "{outcome:?}"
    );
    for word in words {
        assert_eq!(files_with(&folder.0, word), [] as [&str; 0], "{word}");
    }
    world.ends_in_order().await;
}
