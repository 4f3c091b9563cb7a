//! Tests of every kind of fault: its line, and what the operator is told to do.

use super::{EXAMPLE, LEAST};
use crate::site::Site;

/// Returns the one fault of `text`.
fn fault(text: &str) -> (usize, String) {
    let error = Site::parse(text).expect_err(text);
    assert_eq!(error.0.len(), 1, "{error}");
    (error.0[0].line, error.0[0].message.clone())
}

/// Replaces `old` in the example. The fault must be in that line (or in `line`) and contain
/// `advice`.
fn changed(old: &str, new: &str, advice: &str) {
    assert_eq!(EXAMPLE.matches(old).count(), 1, "{old}");
    let line = 1 + EXAMPLE.split(old).next().unwrap().matches('\n').count();
    let (found, message) = fault(&EXAMPLE.replace(old, new));
    assert_eq!(found, line, "{message}");
    assert!(message.contains(advice), "{message}");
}

/// Appends `more` to the shortest file. The fault must be in the `line`th of the new lines.
fn added(more: &str, line: usize, advice: &str) {
    let (found, message) = fault(&format!("{LEAST}{more}\n"));
    assert_eq!(found, LEAST.lines().count() + line, "{message}");
    assert!(message.contains(advice), "{message}");
}

#[test]
fn what_is_required() {
    changed(
        "site     = \"riverside\" ",
        "# ",
        "the file has no `site`: write site =",
    );
    let without = |key: &str| {
        let kept = |line: &&str| !line.starts_with(key);
        fault(&LEAST.lines().filter(kept).collect::<Vec<_>>().join("\n"))
    };
    assert_eq!(
        without("timezone"),
        (
            1,
            "the file has no `timezone`: write timezone = \"Europe/London\"".into()
        )
    );
    let mode = "write mode = \"observe\", \"grant-only\" or \"full\"";
    assert_eq!(
        without("mode"),
        (1, format!("the file has no `mode`: {mode}"))
    );
    let (line, message) = without("organization");
    assert!(
        (line, message.contains("no `organization`")) == (5, true),
        "{line} {message}"
    );
    let only = |upto: &str| {
        Site::parse(LEAST.split(upto).next().unwrap())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        only("[doors"),
        "line 1: the file has no `doors`: write [doors.main] and its keys"
    );
    assert!(
        only("[platform").contains("the file has no `platform`: write [platform] and its keys")
    );
    let empty = format!("{}[doors]\n", LEAST.split("[doors").next().unwrap());
    assert_eq!(
        fault(&empty),
        (
            9,
            "`doors`: there is no door system: write [doors.main] and its keys".into()
        )
    );
}

#[test]
fn the_kinds_that_there_are() {
    changed(
        "\"officernd\" ",
        "\"cobot\" ",
        "`kind`: write \"officernd\"",
    );
    changed(
        "\"salto-ks\" ",
        "\"salto\" ",
        "`kind`: write \"salto-ks\" or \"kisi\"",
    );
}

#[test]
fn a_site_id_is_part_of_addresses_and_keys() {
    for id in [
        "",
        "Riverside",
        "river side",
        "river#side",
        "-river",
        "river-",
        &"r".repeat(33),
    ] {
        let (line, message) = fault(&LEAST.replace("\"riverside\"", &format!("\"{id}\"")));
        assert_eq!(line, 2, "{message}");
        assert!(message.starts_with("`site`: "), "{message}");
    }
    assert!(
        Site::parse(&LEAST.replace("\"riverside\"", &format!("\"{}\"", "r".repeat(32)))).is_ok()
    );
}

#[test]
fn times_and_zones() {
    changed(
        "\"Europe/London\"",
        "\"Europe/Riverside\"",
        "no such time zone: write an IANA name",
    );
    for wrong in [
        "25h", "24h1m", "15", "m", "h", "", "1h30", "-5m", "5 m", "1.5h", "99999m", "15min", "1h1h",
    ] {
        added(
            &format!("[bookings]\nbefore = \"{wrong}\""),
            2,
            if wrong.is_empty() {
                "empty"
            } else {
                "0m to 24h"
            },
        );
    }
    added(
        "[bookings]\nafter = 15",
        2,
        "this is a number: write a text in quotes",
    );
    changed(
        "\"Mon-Fri 09:00-18:00\"",
        "\"Mon-Fry 09:00-18:00\"",
        "`hours`: `Mon-Fry 09:00-18:00` cannot be read",
    );
}

#[test]
fn words_flags_and_numbers() {
    changed(
        "\"full\"  ",
        "\"on\"  ",
        "`mode`: write \"observe\" or \"grant-only\" or \"full\"",
    );
    changed(
        "= \"keep\"",
        "= \"remove\"",
        "write \"keep\" or \"suspend\" or \"delete\"",
    );
    changed(
        "= \"suspend\"",
        "= 1",
        "write \"keep\" or \"suspend\" or \"delete\"",
    );
    changed("= \"report\"", "= true", "write \"report\" or \"remove\"");
    changed(
        "\"ignore\" ",
        "\"no\" ",
        "`tentative`: write \"ignore\" or \"open\"",
    );
    changed(
        "\"wait\" ",
        "\"no\" ",
        "`unpaid`: write \"wait\" or \"open\"",
    );
    changed(
        "\"while-unused\" ",
        "\"always\" ",
        "`open`: write \"while-unused\" or \"on-the-day\"",
    );
    changed(
        "invite         = true",
        "invite = \"yes\"",
        "`invite`: write true or false",
    );
    changed(
        "share = 0.20",
        "share = 20",
        "`share`: write a share from 0.0 to 1.0",
    );
    changed(
        "share = 0.20",
        "share = nan",
        "`share`: write a share from 0.0 to 1.0",
    );
    changed(
        "least = 5",
        "least = -5",
        "`least`: write a whole number from 0 to",
    );
    changed(
        "most  = 50",
        "most = 5e1",
        "`most`: write a whole number from 0 to",
    );
    changed(
        "for      = \"members\"",
        "for = \"all\"",
        "write \"members\" or \"non-members\" or \"everyone\"",
    );
}

#[test]
fn keys_that_do_not_exist() {
    changed(
        "least = 5",
        "lest = 5",
        "[guard] has no key `lest`: there are share, least, base, most",
    );
    changed(
        "guests    = true",
        "guest = true",
        "[bookings] has no key `guest`",
    );
    changed(
        "prefix         =",
        "prefixes =",
        "[doors.main] has no key `prefixes`",
    );
    changed(
        "# url        = \"https://…\" ",
        "province = 1 #",
        "[platform] has no key `province`",
    );
    changed(
        "before   = \"30m\"",
        "early = \"30m\"",
        "[[rule]] has no key `early`: there are plan, resource",
    );
    added("[rules]", 1, "the file has no key `rules`");
    added("mode2 = 1", 1, "[doors.main] has no key `mode2`");
    let misplaced = LEAST
        .replace("mode =", "#")
        .replace("[doors.main]", "mode = \"full\"\n[doors.main]");
    let both = Site::parse(&misplaced).unwrap_err().to_string();
    assert!(
        both.contains("line 9: [platform] has no key `mode`: it belongs above the first [table]"),
        "{both}"
    );
}

#[test]
fn places_and_secrets() {
    let (line, message) = fault(&EXAMPLE.replace("place          = ", "# "));
    assert_eq!(line, 12);
    assert!(
        message
            .contains("[doors.main] has no `place`: write place = and the id of the SALTO KS site"),
        "{message}"
    );
    changed("\"riverside-hub\"", "\"..\"", "this is no id");
    for wrong in ["/riverside", "riverside/", "a//b", "a b", "naïve"] {
        changed(
            "\"riverside/salto\"",
            &format!("\"{wrong}\""),
            "`secret`: write a secret's name",
        );
    }
    added(
        "[doors.\"main door\"]",
        1,
        "name a door system with up to 32 letters",
    );
}

#[test]
fn addresses_never_point_inside() {
    let inside = [
        "https://localhost",
        "https://localhost./x",
        "https://10.0.0.1",
        "https://127.1",
        "https://0x7f000001",
        "https://169.254.169.254/latest",
        "https://[::1]",
        "https://[fe80::1]",
        "https://[::ffff:10.0.0.1]",
        "https://router",
        "https://db.internal",
        "https://a.localhost",
        "https://8.8.8.8",
        "https://2130706433",
    ];
    for address in inside {
        changed(
            "# url        = \"https://…\" ",
            &format!("url = \"{address}\" #"),
            "points inside the network",
        );
    }
    for (address, advice) in [
        ("http://app.officernd.com", "only https addresses"),
        ("Sandbox", "this is no address"),
        ("sandbox://officernd", "only https addresses"),
        (
            "https://user@app.officernd.com",
            "must not contain a user or a password",
        ),
        ("https://app.officernd.com/?a=b", "ends before ? and #"),
        ("https://", "this is no address"),
    ] {
        changed(
            "# url        = \"https://…\" ",
            &format!("url = \"{address}\" #"),
            advice,
        );
    }
    added(
        "identity_url = \"https://identity.example\"",
        1,
        "only SALTO KS has one",
    );
    let half = "identity_url = \"https://identity.example\"\nurl = \"sandbox\" #";
    changed(
        "# url          = \"https://…\" ",
        half,
        "must both be \"sandbox\", or neither",
    );
}

#[test]
fn protected_people() {
    let two = "[\"ops@riverside.example\", \"owner@riverside.example\"]";
    changed(
        two,
        "[\"ops@riverside.example\"]",
        "in mode \"full\" [doors.main] must name two",
    );
    changed(two, "[]", "in mode \"full\" [doors.main] must name two");
    changed(
        two,
        "[\"ops@riverside.example\", \"OPS@riverside.example\"]",
        "number 2 is there twice",
    );
    for wrong in [
        "ops",
        "@riverside.example",
        "ops@",
        "a@b@c",
        "o ps@riverside.example",
    ] {
        let (_, message) = fault(&EXAMPLE.replace("owner@riverside.example", wrong));
        assert!(
            message.contains("number 2 is no e-mail address"),
            "{message}"
        );
        assert!(!message.contains("ops"), "{message}");
    }
    let (line, _) = fault(&EXAMPLE.replace("protected ", "# "));
    assert_eq!(line, 12, "the line of its [doors.main]");
}

#[test]
fn a_rule_is_about_one_thing() {
    added(
        "[[rule]]\nopens = [\"A\"]",
        1,
        "write one of plan, resource, assignable, floor, location, visitor, pass",
    );
    added(
        "[[rule]]\nplan = \"A\"\nfloor = \"B\"\nopens = [\"A\"]",
        3,
        "this rule is about `plan` already",
    );
    added(
        "[[rule]]\nplan = []\nopens = [\"A\"]",
        2,
        "write a name in quotes, or a list",
    );
    added(
        "[[rule]]\nplan = [\"A\", 1]\nopens = [\"A\"]",
        2,
        "write a name in quotes, or a list",
    );
    added(
        "[[rule]]\nplan = \" \"\nopens = [\"A\"]",
        2,
        "write a name in quotes, or a list",
    );
    added(
        "[[rule]]\nplan = [\"A\", \"*\"]\nopens = [\"A\"]",
        2,
        "\"*\" stands for every plan and must stand alone",
    );
    added(
        "[[rule]]\nplan = \"A\"\nat = [\"A\", \"*\"]\nopens = [\"A\"]",
        3,
        "must stand alone",
    );
    added(
        "[rule]\nplan = \"A\"\nopens = [\"A\"]",
        1,
        "write [[rule]] with two brackets",
    );
}

#[test]
fn a_rule_opens_groups_of_one_door_system() {
    added("[[rule]]\nplan = \"A\"", 1, "[[rule]] has no `opens`");
    added(
        "[[rule]]\nplan = \"A\"\nopens = []",
        3,
        "write a name in quotes, or a list",
    );
    added(
        "[[rule]]\nplan = \"A\"\nopens = \"*\"",
        3,
        "\"*\" is no group",
    );
    added(
        "[[rule]]\nplan = \"A\"\nopens = \"A\"\ndoors = \"side\"",
        4,
        "there is no such [doors.*]: write \"main\"",
    );
    let two =
        "[doors.side]\nkind = \"kisi\"\nsecret = \"s\"\n[[rule]]\nplan = \"A\"\nopens = \"A\"";
    added(
        two,
        4,
        "does not say in which doors: write doors = \"main\" or \"side\"",
    );
    for key in ["before = \"5m\"", "after = \"5m\"", "for = \"members\""] {
        added(
            &format!("[[rule]]\nplan = \"A\"\nopens = \"A\"\n{key}"),
            4,
            "counts for bookings",
        );
    }
}

#[test]
fn all_faults_are_reported_at_once_in_order() {
    let text = EXAMPLE
        .replace("\"full\"  ", "\"on\"  ")
        .replace("share = 0.20", "share = 2")
        .replace("floor = \"First floor\"", "flor = \"First floor\"");
    let error = Site::parse(&text).unwrap_err();
    assert_eq!(
        error.0.iter().map(|fault| fault.line).collect::<Vec<_>>(),
        [3, 35, 56, 57]
    );
    assert_eq!(error.to_string().lines().count(), 4);
    assert!(
        error.to_string().starts_with("line 3: `mode`: write "),
        "{error}"
    );
}

#[test]
fn what_is_not_toml_is_reported_alone() {
    let (line, message) = fault(
        &EXAMPLE
            .replace("after     = \"15m\"", "after = \"15m")
            .replace("\"full\"  ", "\"on\"  "),
    );
    assert_eq!(line, 26);
    assert!(message.starts_with("this is not TOML: "), "{message}");
    assert_eq!(fault(&format!("{LEAST}kind = \"kisi\"\n")).0, 12);
    assert!(Site::parse(&"[".repeat(1_000_000)).is_err());
    let deep = format!("a = {}", "[".repeat(200_000));
    assert!(Site::parse(&deep).is_err());
    assert!(
        fault(&" ".repeat(300_000))
            .1
            .contains("longer than 256 KiB")
    );
}

#[test]
fn v2_v3_what_closures_and_unpaid_members_are_told() {
    let rule = "[[rule]]\nplan = \"Hot desk\"\nopens = \"Members\"\n";
    added(
        "[[closed]]",
        1,
        "[[closed]] has no `days`: write the closed days",
    );
    added("[[closed]]\ndays = \"tomorrow\"", 2, "write a day such as");
    added(
        "[[closed]]\ndays = [2026-12-24]",
        2,
        "write a name in quotes",
    );
    added(
        "[[closed]]\ndays = \"2026-12-24\"\nrules = []",
        3,
        "write a whole number",
    );
    added(
        "[[closed]]\ndays = \"2026-12-24\"\nrules = \"1\"",
        3,
        "write a whole number",
    );
    let numbered =
        |number: &str| format!("{rule}[[closed]]\ndays = \"2026-12-24\"\nrules = {number}");
    added(&numbered("[1, 2]"), 6, "write numbers from 1 to 1");
    added(&numbered("0"), 6, "write numbers from 1 to 1");
    added(
        "[[closed]]\ndays = \"2026-12-24\"\nopens = \"x\"",
        3,
        "has no key `opens`",
    );
    added(
        "[members]\nunpaid = \"later\"",
        2,
        "a number of days such as \"14d\"",
    );
    added("[members]\nunpaid = 14", 2, "write a text in quotes");
}

#[test]
fn v1_minutes_are_for_bookings_and_visits_only() {
    let of = |selector: &str, key: &str| {
        format!("[[rule]]\n{selector} = \"*\"\nopens = \"Members\"\n{key}")
    };
    added(
        &of("plan", "before = \"15m\""),
        4,
        "this counts for bookings and visits only",
    );
    added(
        &of("visitor", "for = \"members\""),
        4,
        "this counts for bookings only",
    );
    added(
        &of("visitor", "with_parent = true"),
        4,
        "this counts for bookings only",
    );
    let site = Site::parse(&format!("{LEAST}{}", of("visitor", "after = \"2h\""))).unwrap();
    assert_eq!((site.rules[0].before, site.rules[0].after), (15, 120));
}
