use super::*;

fn attempt(at: &str, account: Option<&str>, lock: &str, refused: Option<&str>) -> AccessAttempt {
    AccessAttempt {
        at: at.parse().unwrap(),
        doors: "main".into(),
        id: at.into(),
        lock: lock.into(),
        lock_name: None,
        account: account.map(|id| AccountId(id.into())),
        refused: refused.map(str::to_owned),
    }
}

#[test]
fn each_person_door_and_local_day_is_a_row() {
    let who = AttemptHolder {
        name: Some("Ada Byron".into()),
        email: Some("ada@example.test".into()),
    };
    let people = BTreeMap::from([(("main".into(), AccountId("7".into())), who)]);
    let names = BTreeMap::from([("5".to_owned(), "Front door".to_owned())]);
    let locks = BTreeMap::from([("main".into(), names)]);
    let attempts = [
        attempt("2026-03-28T22:30:00Z", Some("7"), "5", Some("denied")),
        attempt("2026-03-28T22:31:00Z", Some("7"), "5", None),
        attempt("2026-03-29T00:30:00Z", Some("7"), "5", None),
        attempt("2026-03-29T22:30:00Z", Some("7"), "5", None),
        attempt("2026-03-29T23:30:00Z", Some("7"), "6", None),
        attempt("2026-03-29T08:00:00Z", None, "5", Some("rejected")),
    ];
    // The clocks go forward in the night between: 22:30 UTC is 22:30, and a day later 23:30.
    let rows = rows(
        &attempts,
        &people,
        &locks,
        &TimeZone::get("Europe/London").unwrap(),
    );
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.day.to_string(),
                row.name.as_deref(),
                row.lock.as_str(),
                row.opened,
                row.refused,
            )
        })
        .collect();
    let ada = Some("Ada Byron");
    assert_eq!(
        told,
        [
            ("2026-03-28".to_owned(), ada, "5", 1, 1),
            ("2026-03-29".to_owned(), None, "5", 0, 1),
            ("2026-03-29".to_owned(), ada, "5", 2, 0),
            ("2026-03-30".to_owned(), ada, "6", 1, 0),
        ]
    );
    assert_eq!(rows[2].first.as_deref(), Some("2026-03-29T00:30:00+00:00"));
    assert_eq!(rows[2].last.as_deref(), Some("2026-03-29T23:30:00+01:00"));
    assert_eq!(
        (rows[2].lock_name.as_deref(), rows[3].lock_name.as_deref()),
        (Some("Front door"), None)
    );
    assert_eq!(rows[0].reasons.iter().collect::<Vec<_>>(), ["denied"]);
    assert_eq!(rows[0].times.len(), 2);
}

#[test]
fn days_are_local_and_both_are_included() {
    let zone = TimeZone::get("Europe/London").unwrap();
    let now: Timestamp = "2026-06-10T12:00:00Z".parse().unwrap();
    let wanted = |from: Option<&str>, until: Option<&str>| {
        let wanted = ReportQuery {
            from: from.map(str::to_owned),
            until: until.map(str::to_owned),
            email: None,
            person: None,
        };
        wanted
            .span(&zone, now)
            .map(|(from, until)| (from.to_string(), until.to_string()))
    };
    let day = wanted(Some("2026-06-01"), Some("2026-06-01"));
    assert_eq!(
        day,
        Ok(("2026-05-31T23:00:00Z".into(), "2026-06-01T23:00:00Z".into()))
    );
    let instants = wanted(
        Some("2026-06-01T09:00:00Z"),
        Some("2026-06-01T11:00:00+01:00"),
    );
    assert_eq!(
        instants,
        Ok(("2026-06-01T09:00:00Z".into(), "2026-06-01T10:00:00Z".into()))
    );
    let week = wanted(None, None);
    assert_eq!(
        week,
        Ok(("2026-06-03T12:00:01Z".into(), "2026-06-10T12:00:01Z".into()))
    );
    for (from, until) in [
        (Some("yesterday"), None),
        (None, Some("")),
        (Some("2026-06-02"), Some("2026-06-01")),
    ] {
        assert!(
            matches!(wanted(from, until), Err(Error::Invalid(_))),
            "{from:?} {until:?}"
        );
    }
}
