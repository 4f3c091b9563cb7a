use super::*;
use doorstep_core::model::audit::{AuditEntry, Head};
use doorstep_core::model::ids::SiteId;

#[test]
fn bounds_are_kept_to_the_second_and_days_are_local() {
    let at = |text: &str| -> Timestamp { text.parse().expect("an instant") };
    let mut head = Head::default();
    let told = [
        ("2026-03-28T09:00:00Z", Some(0), AuditAction::Granted),
        ("2026-03-28T09:00:00Z", Some(90), AuditAction::Granted),
        ("2026-03-28T09:00:00Z", Some(91), AuditAction::Granted),
        ("2026-03-28T10:00:00Z", Some(120), AuditAction::Revoked),
        ("2026-03-28T10:00:00Z", Some(300), AuditAction::Revoked),
        ("2026-03-28T10:00:00Z", None, AuditAction::Revoked),
        ("2026-03-28T10:00:00Z", None, AuditAction::Refused),
        // The clocks go forward in the night: in London this is still the 29th, at 23:30.
        ("2026-03-29T22:30:00Z", Some(5), AuditAction::Revoked),
    ];
    let records: Vec<Record> = told
        .iter()
        .map(|(due, late, what)| {
            let mut action =
                AuditEntry::new(*what, &DoorsName::from("main"), &AccountId("7".into()), "b")
                    .in_group(&GroupId("5".into()));
            action.due = late.map(|_| at(due));
            let late = SignedDuration::from_secs(late.unwrap_or(0));
            let (record, next) = head.record(
                &SiteId::from("s"),
                &PersonId::from("p"),
                at(due).checked_add(late).expect("time"),
                action,
            );
            head = next;
            record
        })
        .collect();
    let zone = TimeZone::get("Europe/London").expect("a zone");
    let days = days(
        &records,
        &zone,
        jiff::civil::date(2026, 3, 28),
        jiff::civil::date(2026, 3, 30),
    );
    assert_eq!(days.len(), 3);
    assert_eq!(
        days[0].opened,
        Count {
            all: 3,
            on_time: 2,
            latest: 91
        }
    );
    assert_eq!(
        days[0].closed,
        Count {
            all: 2,
            on_time: 1,
            latest: 300
        }
    );
    assert_eq!(days[0].undated, 1);
    assert_eq!(
        days[0]
            .late
            .iter()
            .map(|late| (late.seconds, late.opened))
            .collect::<Vec<_>>(),
        [(300, false), (91, true)]
    );
    assert_eq!((days[1].closed.all, days[2].closed.all), (1, 0));
}

#[test]
fn the_default_is_the_week_up_to_today() {
    let zone = TimeZone::get("Pacific/Auckland").expect("a zone");
    let now: Timestamp = "2026-03-02T12:00:00Z".parse().expect("an instant");
    let days = |day: Option<&str>, from: Option<&str>, until: Option<&str>| {
        let text = |text: Option<&str>| text.map(str::to_owned);
        let wanted = OnTimeQuery {
            day: text(day),
            from: text(from),
            until: text(until),
        };
        wanted
            .days(&zone, now)
            .map(|(first, last)| format!("{first} {last}"))
    };
    assert_eq!(days(None, None, None), Ok("2026-02-25 2026-03-03".into()));
    assert_eq!(
        days(Some("2026-03-01"), None, None),
        Ok("2026-03-01 2026-03-01".into())
    );
    assert_eq!(
        days(None, Some("2026-03-01"), Some("2026-03-02")),
        Ok("2026-03-01 2026-03-02".into())
    );
    for (day, from, until) in [
        (Some("today"), None, None),
        (Some("2026-03-01"), Some("2026-03-01"), None),
        (None, Some("2026-03-02"), Some("2026-03-01")),
        (None, Some("2000-01-01"), None),
    ] {
        assert!(
            days(day, from, until).is_err(),
            "{day:?} {from:?} {until:?}"
        );
    }
}
