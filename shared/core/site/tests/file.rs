//! Tests of the values in a site file without faults.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::{EXAMPLE, LEAST};
use crate::model::account::DoorsKind;
use crate::model::platform_kind::PlatformKind;
use crate::site::*;

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn rule(line: usize, selector: Selector, wanted: &[&str], opens: &[&str]) -> Rule {
    let wanted = if wanted == ["*"] {
        ThingSelection::Any
    } else {
        ThingSelection::Named(texts(wanted))
    };
    Rule {
        line,
        selector,
        wanted,
        doors: "main".into(),
        opens: texts(opens),
        before: 0,
        after: 0,
        with_parent: false,
        audience: Audience::Everyone,
        at: None,
        open_when_closed: false,
        hours: None,
    }
}

fn example() -> Site {
    let main = DoorsConfig {
        kind: DoorsKind::SaltoKs,
        place: Some("5e0c…".into()),
        secret: "riverside/salto".into(),
        url: None,
        identity_url: None,
        contact: None,
        invite: true,
        without_access: WithoutAccess::Keep,
        guest_accounts: WithoutAccess::Suspend,
        foreign: ForeignPolicy::Report,
        prefix: Some("DOORSTEP_".into()),
        protected: texts(&["ops@riverside.example", "owner@riverside.example"]),
        was: None,
    };
    let boardroom = Rule {
        before: 30,
        after: 30,
        with_parent: false,
        audience: Audience::Members,
        at: Some(ThingSelection::Named(texts(&["Riverside"]))),
        ..rule(
            44,
            Selector::Resource,
            &["Boardroom", "Studio"],
            &["Front door", "Meeting floor"],
        )
    };
    let pass = Rule {
        open_when_closed: false,
        hours: Hours::parse("Mon-Fri 09:00-18:00").ok(),
        ..rule(65, Selector::Pass, &["*"], &["Members"])
    };
    Site {
        id: "riverside".into(),
        timezone: TimeZone::get("Europe/London").unwrap(),
        mode: Mode::Full,
        platform: PlatformConfig {
            kind: PlatformKind::OfficeRnd,
            organization: Some("riverside-hub".into()),
            locations: Some(texts(&["Riverside"])),
            card_property: None,
            secret: "riverside/officernd".into(),
            url: None,
            identity_url: None,
            region: None,
        },
        doors: BTreeMap::from([("main".into(), main)]),
        bookings: Bookings {
            before: 15,
            after: 15,
            guests: true,
            tentative: Tentative::Ignore,
            unpaid: Unpaid::Wait,
        },
        passes: PassOpening::WhileUnused,
        guard: Guard {
            share: 0.2,
            least: 5,
            base: 10,
            most: 50,
        },
        entries: Entries { keep_days: 90 },
        closed: Vec::new(),
        members_unpaid: None,
        rules: vec![
            rule(40, Selector::Plan, &["Hot desk"], &["Members"]),
            boardroom,
            rule(52, Selector::Assignable, &["Desk 12"], &["Second floor"]),
            rule(56, Selector::Floor, &["First floor"], &["First floor"]),
            rule(60, Selector::Location, &["Riverside"], &["Front door"]),
            pass,
        ],
    }
}

#[test]
fn the_example_of_the_contract() {
    assert_eq!(Site::parse(EXAMPLE), Ok(example()));
}

#[test]
fn what_is_left_out_is_as_in_the_example() {
    let site = Site::parse(LEAST).unwrap();
    let main = &site.doors["main"];
    assert_eq!(
        (main.invite, main.without_access),
        (true, WithoutAccess::Keep)
    );
    assert_eq!(
        (main.guest_accounts, main.foreign),
        (WithoutAccess::Suspend, ForeignPolicy::Report)
    );
    assert_eq!(
        (&main.place, &main.prefix, main.protected.len()),
        (&None, &None, 0)
    );
    assert_eq!(site.bookings, example().bookings);
    assert_eq!(
        (site.passes, site.guard),
        (PassOpening::WhileUnused, example().guard)
    );
    assert_eq!(site.entries.keep_days, 90);
    assert_eq!((site.platform.locations, site.rules), (None, vec![]));
}

#[test]
fn openings_are_kept_for_as_long_as_the_file_says() {
    let site = |keep: &str| Site::parse(&format!("{LEAST}\n[entries]\nkeep = \"{keep}\"\n"));
    assert_eq!(
        ["1d", "30d", "730d"].map(|keep| site(keep).unwrap().entries.keep_days),
        [1, 30, 730]
    );
    for wrong in ["0d", "731d", "90", "d", "3m", "-1d", "9999999999d"] {
        let error = site(wrong).unwrap_err().to_string();
        assert!(
            error.contains("`keep`: write 1d to 730d, such as \"90d\""),
            "{error}"
        );
    }
}

#[test]
fn a_booking_rule_has_the_minutes_of_the_file_unless_it_has_its_own() {
    let text = format!(
        "{LEAST}[bookings]\nbefore = \"1h30m\"\nafter = \"0m\"\n\
         [[rule]]\nresource = \"*\"\nopens = \"Members\"\nafter = \"24h\"\nfor = \"non-members\"\n\
         [[rule]]\nplan = \"*\"\nopens = [\"Members\"]\n"
    );
    let rules = Site::parse(&text).unwrap().rules;
    assert_eq!(
        (rules[0].before, rules[0].after, rules[0].audience),
        (90, 1440, Audience::NonMembers)
    );
    assert_eq!(
        (rules[1].before, rules[1].after, rules[1].audience),
        (0, 0, Audience::Everyone)
    );
}

#[test]
fn a_sandbox_has_its_own_tokens_and_addresses_end_without_a_slash() {
    let sandbox = LEAST.replace(
        "kind = \"kisi\"",
        "kind = \"salto-ks\"\nplace = \"any\"\nurl = \"sandbox\"",
    );
    for text in [
        sandbox.clone(),
        sandbox.replace("place", "identity_url = \"sandbox\"\nplace"),
    ] {
        let main = Site::parse(&text).unwrap().doors["main"].clone();
        assert_eq!(
            (main.url.as_deref(), main.identity_url),
            (Some("sandbox"), None)
        );
    }
    let region = LEAST.replace(
        "[doors.main]",
        "url = \"https://app.officernd.example/eu/\"\n[doors.main]",
    );
    assert_eq!(
        Site::parse(&region).unwrap().platform.url.as_deref(),
        Some("https://app.officernd.example/eu")
    );
}

#[test]
fn names_may_be_in_any_script_and_every_location_may_be_said() {
    let text = format!(
        "{LEAST}[[rule]]\nplan = [\"🪑 מנוי\", \"🪑 מנוי\"]\nopens = [\"דלת\"]\nat = \"*\"\n"
    );
    let text = text.replace("[doors.main]", "locations = \"*\"\n[doors.main]");
    let site = Site::parse(&text).unwrap();
    assert_eq!(
        site.rules[0].wanted,
        ThingSelection::Named(texts(&["🪑 מנוי"]))
    );
    assert_eq!(
        (&site.rules[0].at, site.platform.locations),
        (&Some(ThingSelection::Any), None)
    );
}

#[test]
fn a_file_with_windows_line_ends_has_the_same_lines() {
    assert_eq!(Site::parse(&EXAMPLE.replace('\n', "\r\n")), Ok(example()));
}

#[test]
fn a_property_for_card_numbers_is_optional() {
    let read =
        |more: &str| Site::parse(&LEAST.replace("[platform]\n", &format!("[platform]\n{more}\n")));
    let property = |more: &str| read(more).expect("a site").platform.card_property;
    assert_eq!(
        property("card_property = \"Card number\""),
        Some("Card number".into())
    );
    assert_eq!(property(""), None);
    assert!(
        read("card_property = \"\"")
            .unwrap_err()
            .to_string()
            .contains("`card_property`")
    );
    assert!(read("card_property = 7").is_err());
}

/// Returns the organization of a Nexudus file with these lines.
fn businesses(lines: &str) -> Result<Option<String>, String> {
    let text = LEAST
        .replace("\"officernd\"", "\"nexudus\"")
        .replace("organization = \"riverside-hub\"\n", lines);
    Site::parse(&text)
        .map(|site| site.platform.organization)
        .map_err(|error| error.to_string())
}

#[test]
fn nexudus_businesses_are_a_text_or_a_list_or_all() {
    assert_eq!(businesses(""), Ok(None));
    assert_eq!(
        businesses("organization = \"1234\"\n"),
        Ok(Some("1234".into()))
    );
    for several in ["\"1234, 5678,1234\"", "[\"1234\", \"5678\"]"] {
        assert_eq!(
            businesses(&format!("organization = {several}\n")),
            Ok(Some("1234,5678".into()))
        );
    }
    for wrong in ["\"riverside\"", "\"12a\"", "\"1,,2\"", "\"\"", "[]", "1234"] {
        let error = businesses(&format!("organization = {wrong}\n")).unwrap_err();
        assert!(
            error.starts_with("line 7: `organization`: write"),
            "{wrong}: {error}"
        );
    }
    assert_eq!(
        businesses("organization = \"riverside\"\nurl = \"sandbox\"\n"),
        Ok(Some("riverside".into()))
    );
}
