//! V4, moving in: the site file that follows from the platform's own bridge, and what it then does.

use serde_json::{Value, json};

use super::{Desk, answered};
use crate::journeys::{nexudus, spacebring, town};
use crate::support::{Doors, DoorsFixture, Platform, Scenario};

const GROUPS: [&str; 4] = ["Members", "Meeting", "Desks", "Roof"];

/// A machine without the site, at these worlds.
async fn desk(platform: Platform, doors: Doors, things: Value) -> Desk {
    let scenario = Scenario::at(doors, "").on(platform).not_loaded();
    Desk::at(scenario.start(things, DoorsFixture::with(&GROUPS)).await).await
}

impl Desk {
    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.join(name)).expect("a file")
    }

    /// What the command shows. It must end without an error and without findings.
    async fn shows(&self, arguments: &[&str]) -> String {
        let local = format!("--local={}", self.local);
        let (shown, error, code) = self.run(&[arguments, &[&local]].concat()).await;
        assert_eq!((error.as_str(), code), ("", Some(0)), "{shown}");
        shown
    }
}

/// The group of these doors, as Spacebring names it.
fn group_ref(doors: Doors, number: usize) -> (&'static str, Value) {
    let id = doors.group_id(number);
    match doors {
        Doors::Kisi => ("kisiGroupRef", json!(id.parse::<u64>().unwrap_or_default())),
        Doors::SaltoKs => ("saltoksAccessGroupRef", json!(id)),
    }
}

fn of_spacebring(doors: Doors) -> Value {
    let mut town = spacebring::town(json!({
        "subscriptions": [spacebring::subscription(spacebring::ADA)],
        "bookings": [spacebring::booking(spacebring::EVE, "2026-03-02T10:00:00.000Z", "2026-03-02T11:00:00.000Z")],
    }));
    let (field, members) = group_ref(doors, 0);
    town["plans"][0]["access"] = json!({ field: members });
    town["resources"][0][field] = group_ref(doors, 1).1;
    town["resources"][1][field] = group_ref(doors, 2).1;
    town
}

#[tokio::test(flavor = "multi_thread")]
async fn v4_an_imported_file_opens_what_the_bridge_of_spacebring_opened() {
    for doors in [Doors::Kisi, Doors::SaltoKs] {
        let desk = desk(Platform::Spacebring, doors, of_spacebring(doors)).await;
        let file = desk.path("riverside.toml");
        let at = ["--doors", doors.word(), "--place", "5e0c"];
        let import = [&["import", &file, "--from", "spacebring"][..], &at].concat();
        let shown = desk.shows(&import).await;
        assert!(shown.contains(": 3 rules written, 1 guessed\n"), "{shown}");
        assert!(shown.contains("check: no findings\n"), "{shown}");
        let next = shown.split("Next:\n").nth(1).unwrap_or_default();
        assert_eq!(next.lines().count(), 3, "{shown}");
        let text = desk.read("riverside.toml");
        let hot_desk = spacebring::id(spacebring::HOT_DESK);
        assert!(
            text.contains(&format!(
                "plan = \"{hot_desk}\"   # \"Hot desk\"\nopens = [\"Members\"]\n"
            )),
            "{text}"
        );
        assert!(
            text.contains("[[rule]]\nresource = \"Boardroom\"\nopens = [\"Meeting\"]\n"),
            "{text}"
        );
        assert!(
            text.contains("[[rule]]\nassignable = \"Desk 12\"\nopens = [\"Desks\"]\n"),
            "{text}"
        );
        assert!(
            text.contains("# No rule opens these groups of [doors.main]: \"Roof\"\n"),
            "{text}"
        );
        assert!(
            text.contains("\"Office\"") && text.contains("\"Pier room\""),
            "{text}"
        );

        let again = desk.shows(&["import", &file, "--from", "spacebring"]).await;
        assert!(again.contains(": 0 rules written, 0 guessed\n"), "{again}");
        assert_eq!(
            desk.read("riverside.toml"),
            text,
            "a second import changes nothing"
        );

        let shown = desk.shows(&["diff", &file]).await;
        assert!(shown.contains("+ Ada Byron <ada@example.test>"), "{shown}");
        let acting = text.replace("mode     = \"observe\"", "mode     = \"full\"");
        let protected = "protected = [\"ops@example.test\", \"owner@example.test\"]";
        desk.file(
            "riverside.toml",
            &acting.replace("protected = []", protected),
        );
        desk.shows(&["push", &file, "--mode", "full"]).await;
        assert_eq!(desk.world.inside("Members").await, ["ada"]);
        desk.world
            .at("2026-03-02T09:45:00Z", "Meeting", &["eve"])
            .await;
        let shown = desk.shows(&["diff", &file]).await;
        assert!(
            shown.contains("nothing would change"),
            "an empty second diff: {shown}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn v4_an_imported_file_opens_what_the_bridge_of_nexudus_opened() {
    for doors in [Doors::Kisi, Doors::SaltoKs] {
        let mut town = nexudus::town(json!({}));
        let field = match doors {
            Doors::Kisi => "KisiGroupId",
            Doors::SaltoKs => "AccessControlGroupId",
        };
        town["TimePasses"][0][field] = json!(doors.group_id(0));
        town["Resources"][0][field] = json!(doors.group_id(1));
        town["FloorPlanDesks"][0]["AccessControlGroupId"] = json!(doors.group_id(2));
        let desk = desk(Platform::Nexudus, doors, town).await;
        let file = desk.path("riverside.toml");
        let at = ["--doors", doors.word(), "--place", "5e0c", "--json"];
        let shown = desk
            .shows(&[&["import", &file, "--from", "nexudus"][..], &at].concat())
            .await;
        let shown: Value = serde_json::from_str(&shown).expect("JSON");
        let rules: Vec<String> = shown["rules"]
            .as_array()
            .expect("rules")
            .iter()
            .map(|rule| format!("{} {} {}", rule["selector"], rule["things"], rule["opens"]))
            .collect();
        assert_eq!(
            rules,
            [
                "\"resource\" [\"Boardroom\"] [\"Meeting\"]",
                "\"assignable\" [\"Desk 12\"] [\"Desks\"]",
                "\"pass\" [\"Day pass\"] [\"Members\"]",
            ]
        );
        assert_eq!(
            (&shown["findings"], &shown["left_out"]),
            (&json!([]), &json!([]))
        );
        let text = desk.read("riverside.toml");
        assert!(
            text.contains("Evening pass") && text.contains("Office 3"),
            "{text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn v4_init_asks_and_names_everything() {
    let things = town(json!({}));
    let desk = desk(Platform::OfficeRnd, Doors::SaltoKs, things).await;
    let file = desk.path("riverside.toml");
    let local = format!("--local={}", desk.local);
    let answers = "officerd\nofficernd\nsalto-ks\nriverside-hub\n5e0c\n";
    let ended = answered(&["init", &file, &local], answers).await;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (shown, asked) = (text(&ended.stdout), text(&ended.stderr));
    assert_eq!(
        ended.status.code(),
        Some(1),
        "a file without rules: {shown}{asked}"
    );
    assert!(
        asked.contains("write officernd, nexudus or spacebring"),
        "{asked}"
    );
    assert!(
        shown.contains("the file has no [[rule]]") && shown.contains("Next:\n"),
        "{shown}"
    );
    let text = desk.read("riverside.toml");
    for named in [
        "Hot desk",
        "Boardroom",
        "Members",
        "Meeting",
        "Desks",
        "Roof",
    ] {
        assert!(text.contains(&format!("\"{named}\"")), "{named}: {text}");
    }
    let (_, error, code) = desk.run(&["init", &file, &local]).await;
    assert!(error.contains("exists") && code == Some(2), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn v4_bad_input_is_said_and_writes_nothing() {
    let desk = desk(Platform::Nexudus, Doors::Kisi, nexudus::town(json!({}))).await;
    let local = format!("--local={}", desk.local);
    let own = desk.file(
        "own.toml",
        &Scenario::at(Doors::Kisi, "").on(Platform::Nexudus).text(),
    );
    let broken = desk.file("broken.toml", "site = ");
    let before = (desk.read("own.toml"), desk.read("broken.toml"));
    let new = desk.path("new.toml");
    let upper = desk.path("Upper.toml");
    let wrong: [(&[&str], &str); 6] = [
        (
            &["import", &new, "--from", "deskworks"],
            "write officernd, nexudus or spacebring",
        ),
        (
            &["import", &new, "--from", "nexudus", "--doors", "yale"],
            "--doors: write salto-ks or kisi",
        ),
        (
            &["import", &upper, "--from", "nexudus", "--doors", "kisi"],
            "name the file after its site",
        ),
        (
            &["import", &own, "--from", "spacebring"],
            "write --from nexudus",
        ),
        (
            &["import", &own, "--from", "nexudus", "--doors", "kisi"],
            "leave out --organization",
        ),
        (&["import", &broken, "--from", "nexudus"], "broken.toml"),
    ];
    for (arguments, said) in wrong {
        let (shown, error, code) = desk.run(&[arguments, &[&local]].concat()).await;
        assert_eq!((shown.as_str(), code), ("", Some(2)), "{arguments:?}");
        assert!(error.contains(said), "{arguments:?}: {error}");
    }
    assert!(!std::path::Path::new(&new).exists());
    assert_eq!((desk.read("own.toml"), desk.read("broken.toml")), before);
}
