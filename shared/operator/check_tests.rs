//! Tests of the checks against vendors and between files.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::check::{against_vendors, alone, together};
use doorstep_core::model::account::{
    Account, AccountId, Card, DoorsKind, Group, GroupId, GroupMember, Standing,
};
use doorstep_core::model::capabilities::Capabilities;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::{Fact, FactId, Id, Kind, Plan, What};
use doorstep_core::model::ids::SiteId;
use doorstep_core::site::catalogue::Catalogue;
use doorstep_core::site::resolve::resolve;
use doorstep_core::site::shared_groups::{RuledSite, shared_groups};
use doorstep_core::site::{Finding, Site, SiteProblem};
use doorstep_vendors::doors::attempts::ReadAttempts;
use doorstep_vendors::doors::{ReadDoors, Seats};
use doorstep_vendors::platform::bridge::{BridgedGroup, BridgedUse};
use doorstep_vendors::platform::found::{FactList, Lookup, ResourceAssignments};
use doorstep_vendors::platform::{Hearing, ReadPlatform, Span};

/// The smallest valid site file.
const LEAST: &str = include_str!("../core/site/tests/least.toml");

/// A platform with one plan.
struct OnePlan;

#[async_trait]
impl ReadPlatform for OnePlan {
    fn kinds(&self) -> Vec<Kind> {
        [Kind::Plan, Kind::Member].to_vec()
    }

    async fn fetch(&self, _about: &FactId) -> Result<Lookup> {
        Ok(Lookup::Missing)
    }

    async fn read(&self, kind: Kind, _span: &Span) -> Result<FactList> {
        assert_eq!(kind, Kind::Plan, "people are none of a check's business");
        Ok(vec![Fact {
            id: "p1".into(),
            what: What::Plan(Plan {
                name: "Hot desk".into(),
                location: None,
            }),
            changed: None,
        }]
        .into())
    }

    async fn assignments(&self, _resources: &[Id]) -> Result<ResourceAssignments> {
        Ok(ResourceAssignments::default())
    }

    async fn bridged(&self) -> Result<Vec<BridgedGroup>> {
        let bridged =
            |kind: Kind, name: Option<&str>, doors: DoorsKind, group: &str| BridgedGroup {
                thing: FactId::new(kind, "x"),
                name: name.map(str::to_owned),
                opens_for: BridgedUse::Plan,
                doors: Some(doors),
                group: group.to_owned(),
            };
        Ok(vec![
            bridged(Kind::Plan, Some("Hot desk"), DoorsKind::Kisi, "G1"),
            bridged(Kind::Membership, None, DoorsKind::Kisi, "g1"),
            bridged(Kind::Plan, Some("Hot desk"), DoorsKind::SaltoKs, "g1"),
            bridged(Kind::Plan, Some("Hot desk"), DoorsKind::Kisi, "g2"),
        ])
    }

    async fn hearing(&self, site: &SiteId) -> Result<Hearing> {
        let silence = Some(format!("nothing posts to {site}: make a webhook"));
        Ok(Hearing {
            problems: vec!["webhook 7 is switched off: switch it on".into()],
            silence,
            ..Hearing::default()
        })
    }
}

/// Doors with one group, one account and two seats, or doors that do not answer.
struct OneGroup {
    away: bool,
}

#[async_trait]
impl ReadDoors for OneGroup {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            ends_by_itself: true,
            suspends_guests: true,
            one_card: false,
            counts_seats: false,
        }
    }

    async fn groups(&self) -> Result<Vec<Group>> {
        let problem = Some("it has no schedule: give it one".to_owned());
        let group = Group {
            id: GroupId("g1".into()),
            name: "Members".into(),
            problem,
        };
        if self.away {
            Err(Error::retry("away"))
        } else {
            Ok(vec![group])
        }
    }

    async fn is_gone(&self, _group: &GroupId) -> Result<bool> {
        Ok(false)
    }

    async fn rows(&self, _group: &GroupId) -> Result<Vec<GroupMember>> {
        Ok(Vec::new())
    }

    async fn find(&self, email: &str) -> Result<Vec<Account>> {
        let account = Account {
            id: AccountId("a1".into()),
            inner_id: None,
            email: Some(email.into()),
            name: "Ops".into(),
            standing: Standing::Active,
            mark: None,
            privileged: true,
            guest: false,
        };
        Ok(if email.starts_with("ops@") {
            vec![account]
        } else {
            Vec::new()
        })
    }

    async fn account(&self, _known: &Account) -> Result<Option<Account>> {
        Ok(None)
    }

    async fn guests(&self) -> Result<Vec<Account>> {
        Ok(Vec::new())
    }

    async fn accounts(&self) -> Result<Vec<Account>> {
        Ok(Vec::new())
    }

    async fn group_count(&self, _account: &Account) -> Result<usize> {
        Ok(0)
    }

    async fn seats(&self) -> Result<Option<Seats>> {
        Ok(Some(Seats {
            used: 8,
            paid: Some(10),
        }))
    }

    async fn cards(&self) -> Result<Vec<Card>> {
        Ok(Vec::new())
    }

    fn attempts(&self) -> &dyn ReadAttempts {
        self
    }
}

#[async_trait]
impl ReadAttempts for OneGroup {
    async fn locks(&self) -> Result<BTreeMap<String, String>> {
        Ok(BTreeMap::new())
    }

    async fn webhook_trouble(&self, path: &str) -> Result<Option<String>> {
        Ok(Some(format!("nothing is posted to {path}: enable it")))
    }
}

fn full() -> Site {
    Site::parse(&full_text()).unwrap()
}

fn full_text() -> String {
    let text =
        LEAST.replace("observe", "full") + "protected = [\"ops@a.example\", \"owner@a.example\"]\n";
    text + "[[rule]]\nplan = [\"Hot desk\", \"Cold desk\"]\nopens = \"Members\"\n"
}

#[tokio::test]
async fn each_finding_of_the_vendors_has_the_line_of_its_key() {
    let text = full_text();
    let lines = found(false)
        .await
        .unwrap()
        .into_iter()
        .map(|problem| Finding::of_problem(problem, &text).line);
    let line = |begins: &str| {
        text.lines()
            .position(|line| line.starts_with(begins))
            .unwrap()
            + 1
    };
    let (rule, protected) = (line("[[rule]]"), line("protected"));
    let (doors, platform) = (line("[doors.main]"), line("[platform]"));
    assert_eq!(
        lines.collect::<Vec<_>>(),
        [
            rule, rule, protected, protected, doors, doors, platform, platform
        ]
    );
}

async fn found(away: bool) -> Result<Vec<SiteProblem>> {
    let doors: Box<dyn ReadDoors> = Box::new(OneGroup { away });
    let answer =
        against_vendors(&full(), &OnePlan, &BTreeMap::from([("main".into(), doors)])).await;
    answer.map(|answer| answer.findings)
}

fn texts(problems: &[SiteProblem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn what_the_vendors_say() {
    let findings = texts(&found(false).await.unwrap());
    assert_eq!(
        findings,
        [
            "line 13: no plan is named \"Cold desk\": write its exact name or its id",
            "line 13: group \"Members\" opens nothing for the people in it: it has no schedule: give it one",
            "[doors.main] protected: address 2 has no account there: correct the address, or create an account for it there",
            "[doors.main] protected: mode \"full\" needs two addresses that have an account there",
            "[doors.main] 8 of 10 seats are in use: buy more, or suspend accounts without access",
            "[doors.main] nothing is posted to /hooks/riverside/kisi/main: enable it",
            "[platform] webhook 7 is switched off: switch it on",
            "[platform] nothing posts to riverside: make a webhook",
        ]
    );
    assert_eq!(found(true).await, Err(Error::retry("away")));
    let unconnected = against_vendors(&full(), &OnePlan, &BTreeMap::new()).await;
    assert_eq!(
        unconnected.err(),
        Some(Error::invalid("no reader for [doors.main]"))
    );
}

#[tokio::test]
async fn s6_a_group_that_the_platforms_own_bridge_opens_too_is_a_remark() {
    let doors: Box<dyn ReadDoors> = Box::new(OneGroup { away: false });
    let doors = BTreeMap::from([("main".into(), doors)]);
    let answer = against_vendors(&full(), &OnePlan, &doors).await.unwrap();
    assert_eq!(
        texts(&answer.remarks),
        [
            "line 13: the platform's own bridge opens group G1 for plan \"Hot desk\" too, and two bridges undo each other: remove the group there",
            "line 13: the platform's own bridge opens group g1 for membership x too, and two bridges undo each other: remove the group there",
        ]
    );
}

#[test]
fn one_file_alone() {
    assert!(
        alone(&Site::parse(LEAST).unwrap())[0]
            .message
            .contains("no [[rule]]")
    );
    let text = LEAST.to_owned() + "[doors.side]\nkind = \"kisi\"\nsecret = \"riverside/kisi\"\n";
    let text = text + "[[rule]]\nplan = \"*\"\nopens = \"A\"\ndoors = \"main\"\n";
    let findings = texts(&alone(&Site::parse(&text).unwrap()));
    assert!(
        findings[0].contains("no rule opens [doors.side]"),
        "{findings:?}"
    );
    assert!(
        findings[1].contains("[doors.side] place: [doors.main] has the same place"),
        "{findings:?}"
    );
}

#[test]
fn a_floor_opens_nothing_where_there_are_none() {
    let rule = "[[rule]]\nfloor = \"First\"\nopens = \"A\"\n";
    let nexudus = LEAST
        .replace("\"officernd\"", "\"nexudus\"")
        .replace("riverside-hub", "12")
        + rule;
    let findings = texts(&alone(&Site::parse(&nexudus).unwrap()));
    assert_eq!(
        findings,
        ["line 12: nexudus has no floors, so this rule opens nothing: use assignable or location"]
    );
    assert!(alone(&Site::parse(&(LEAST.to_owned() + rule)).unwrap()).is_empty());
}

#[test]
fn v3_a_platform_that_does_not_say_who_has_not_paid_is_a_finding() {
    let at = |platform: &str, unpaid: &str| {
        let text = LEAST
            .replace("\"officernd\"", &format!("\"{platform}\""))
            .replace("organization = \"riverside-hub\"\n", "")
            + &format!("[members]\nunpaid = \"{unpaid}\"\n[[rule]]\nplan = \"*\"\nopens = \"A\"\n");
        texts(&alone(&Site::parse(&text).unwrap()))
    };
    for platform in ["andcards", "deskworks"] {
        for unpaid in ["wait", "14d"] {
            let findings = at(platform, unpaid);
            assert_eq!(findings.len(), 1, "{findings:?}");
            let said = format!("[members] unpaid: {platform} does not say who has not paid");
            assert!(findings[0].starts_with(&said), "{findings:?}");
        }
        assert_eq!(at(platform, "open"), [""; 0]);
    }
    for platform in ["nexudus", "spacebring"] {
        assert_eq!(at(platform, "wait"), [""; 0]);
    }
}

fn remarks(texts: &[&str]) -> Vec<(usize, String)> {
    let sites: Vec<Site> = texts
        .iter()
        .map(|text| Site::parse(text).unwrap())
        .collect();
    let ruled: Vec<RuledSite<'_>> = sites
        .iter()
        .map(|site| RuledSite {
            site,
            resolved: None,
        })
        .collect();
    shared_groups(&ruled)
        .into_iter()
        .map(|(number, remark)| (number, remark.to_string()))
        .collect()
}

#[test]
fn b4_check_says_when_two_sites_rule_one_group() {
    let first = LEAST.to_owned() + "[[rule]]\nplan = \"*\"\nopens = [\"A\", \"B\"]\n";
    let second = first
        .replace("\"riverside\"", "\"harbour\"")
        .replace("[\"A\", \"B\"]", "[\"C\", \"A\"]");
    let said = "line 12: site \"riverside\" also rules group \"A\": a person of both sites stays in it until both sites end \
                the access";
    assert_eq!(remarks(&[&first, &second]), [(1, said.to_owned())]);
    let elsewhere = second.replace("riverside/kisi", "harbour/kisi");
    assert_eq!(
        remarks(&[&first, &elsewhere]),
        [],
        "another secret leads to another door system"
    );
    let removing = |text: &str| text.replace("[[rule]]", "foreign = \"remove\"\n[[rule]]");
    let both = [
        Site::parse(&removing(&first)).unwrap(),
        Site::parse(&removing(&second)).unwrap(),
    ];
    assert!(
        together(&[&both[0], &both[1]]).is_empty(),
        "people of another site are not foreign"
    );
    assert_eq!(remarks(&[&removing(&first), &removing(&second)]).len(), 1);
}

#[test]
fn b4_check_knows_a_shared_group_by_its_name_and_by_its_id() {
    let by_name =
        Site::parse(&(LEAST.to_owned() + "[[rule]]\nplan = \"*\"\nopens = \"A\"\n")).unwrap();
    let by_id =
        LEAST.replace("\"riverside\"", "\"harbour\"") + "[[rule]]\nplan = \"*\"\nopens = \"7\"\n";
    let by_id = Site::parse(&by_id).unwrap();
    let groups = [Group {
        id: GroupId("7".to_owned()),
        name: "A".to_owned(),
        problem: None,
    }];
    let groups = BTreeMap::from([("main".into(), groups.to_vec())]);
    let resolved = |site: &Site| resolve(site, &Catalogue::of(&[]), &groups, None);
    let (first, second) = (resolved(&by_name), resolved(&by_id));
    let asked = [
        RuledSite {
            site: &by_name,
            resolved: Some(&first),
        },
        RuledSite {
            site: &by_id,
            resolved: Some(&second),
        },
    ];
    assert_eq!(shared_groups(&asked).len(), 1);
}

#[test]
fn o6_each_file_names_a_site_of_its_own() {
    let site = Site::parse(LEAST).unwrap();
    let said = "another file has site = \"riverside\" too: give each site its own name";
    assert_eq!(together(&[&site, &site]), [(1, said.to_owned())]);
}
