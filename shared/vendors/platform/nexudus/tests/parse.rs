//! Subjects of deliveries: only the ids are taken.

use crate::delivery::WebhookContent;
use crate::platform::nexudus::parse;

/// Returns the expected subjects of a recorded payload.
fn expected(name: &str) -> Vec<&'static str> {
    match name {
        _ if name.starts_with("Booking") => vec!["booking 1418686279"],
        _ if name.starts_with("CoworkerInvoice") || name == "BusinessUpdate" => Vec::new(),
        _ if name.starts_with("CoworkerContract") => vec!["membership 1418650010"],
        _ if name.starts_with("Team") => vec!["team 1418620003"],
        _ if name.starts_with("Checkin") => vec!["checkin 1418699001", "member 1418601207"],
        _ if name.starts_with("FloorPlanDesk") => vec!["resource desk-1414977001"],
        _ if name.starts_with("Visitor") => vec!["visit 1418688800", "member 1418601207"],
        _ if name.starts_with("Tariff") => vec!["plan 1414900600"],
        _ => vec!["member 1418601207"],
    }
}

#[test]
fn every_recorded_delivery_reads_as_what_it_is_about() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/webhooks/nexudus");
    let mut count = 0;
    for file in std::fs::read_dir(folder).expect("the folder") {
        let path = file.expect("a file").path();
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .expect("a name")
            .to_owned();
        let (number, name) = stem.split_once('.').expect("number and name");
        let body = std::fs::read_to_string(&path).expect("it can be read");
        for action in [number, name] {
            let read = match read(action, &body) {
                WebhookContent::About(all) => {
                    all.iter().map(|hint| hint.about.to_string()).collect()
                }
                WebhookContent::NotForUs => Vec::new(),
                other => panic!("{stem}: {other:?}"),
            };
            assert_eq!(read, expected(name), "{stem}");
        }
        count += 1;
    }
    assert_eq!(
        count, 32,
        "one for each action that is ours, and two that are not"
    );
}

fn read(action: &str, body: &str) -> WebhookContent {
    parse::read(
        &format!("/hooks/riverside/nexudus/{action}"),
        body.as_bytes(),
    )
}

/// Returns the subjects of a delivery, such as `booking 7`. A `-` in front means that the thing is
/// gone.
fn about(action: &str, body: &str) -> Vec<String> {
    match read(action, body) {
        WebhookContent::About(all) => all
            .iter()
            .inspect(|hint| {
                assert_eq!(
                    hint.reaches, None,
                    "the version of an unsigned path is ignored"
                )
            })
            .map(|hint| format!("{}{}", if hint.removed { "-" } else { "" }, hint.about))
            .collect(),
        other => panic!("{action}: {other:?}"),
    }
}

#[test]
fn each_action_is_about_its_own_kind() {
    let body = r#"[{"Id":7,"CoworkerId":9,"FullName":"Ada"}]"#;
    for (actions, expected) in [
        (&["2", "3", "61"][..], &["member 7"][..]),
        (&["50"], &["-member 7"]),
        (&["6", "7"], &["booking 7"]),
        (&["8"], &["-booking 7"]),
        (
            &["10", "11", "12", "13", "14", "60", "62"],
            &["membership 7"],
        ),
        (&["77"], &["-membership 7"]),
        (&["57", "58"], &["team 7"]),
        (&["59"], &["-team 7"]),
        (&["47", "48"], &["checkin 7", "member 9"]),
        (&["49"], &["-checkin 7", "member 9"]),
        (&["41", "42"], &["visit 7", "member 9"]),
        (&["64"], &["-visit 7", "member 9"]),
        (&["71", "73"], &["resource desk-7"]),
        (&["72"], &["-resource desk-7"]),
        (&["74", "76"], &["plan 7"]),
        (&["75"], &["-plan 7"]),
        (&["BookingCreate", "bookingupdate"], &["booking 7"]),
        (&["AccessControlUpdate"], &["member 7"]),
    ] {
        for action in actions {
            assert_eq!(about(action, body), expected, "{action}");
        }
    }
}

#[test]
fn one_entity_or_several_in_an_array_or_alone() {
    assert_eq!(about("6", r#"{"Id":7}"#), ["booking 7"]);
    assert_eq!(
        about("6", r#"[{"Id":"7"},{"Id":8},{"Id":7}]"#),
        ["booking 7", "booking 8"]
    );
    assert_eq!(about("47", r#"[{"Id":7}]"#), ["checkin 7"]);
    let without_host = r#"[{"Id":7,"CoworkerId":null}]"#;
    assert_eq!(about("42", without_host), ["visit 7"]);
}

#[test]
fn what_is_none_of_our_business_is_not_read() {
    for action in ["16", "1", "99", "0", "65536", "+6", "Nonsense", "nexudus"] {
        assert_eq!(
            read(action, "not JSON"),
            WebhookContent::NotForUs,
            "{action}"
        );
    }
}

#[test]
fn what_cannot_be_read_says_why_without_quoting() {
    let deep = "[".repeat(100_000);
    for body in [
        "",
        "{",
        "7",
        "null",
        "[]",
        "[7]",
        "[[]]",
        r#"[{"Id":null}]"#,
        r#"[{"Id":""}]"#,
        r#"[{"Id":"x"}]"#,
        r#"[{"Id":-7}]"#,
        r#"[{"Id":7.5}]"#,
        r#"[{"Id":"7#8"}]"#,
        r#"[{"Id":"123456789012345678901"}]"#,
        r#"[{"Id":7,"Id":8}]"#,
        r#"[{"Id":7},{"Name":"none"}]"#,
        &deep,
    ] {
        let WebhookContent::Unreadable(why) = read("6", body) else {
            panic!("{:?}", body.get(..20))
        };
        assert!(!why.contains('7') && !why.contains("none"), "{why}");
    }
}
