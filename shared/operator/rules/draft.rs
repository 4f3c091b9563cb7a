//! A draft of a site file: what is wrong with it, at its lines, from the table alone.

use std::collections::BTreeMap;

use doorstep_cloud::environment::Environment;
use doorstep_core::model::account::{Group, GroupId};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::{DoorsName, SiteId};
use doorstep_core::site::{Finding, Place, Site, SiteProblem};

use super::lists::Lists;
use crate::check;
use crate::nearest::in_force;

/// A text that is being edited, and the version that it was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftText {
    /// The text.
    pub text: String,
    /// The version of the site file that it was made from.
    pub over: u64,
}

/// Loads the line ends of the site file in force, and returns a draft as a form sent it.
///
/// # Errors
/// [`Error::Invalid`](doorstep_core::model::error::Error::Invalid) for an unknown site.
pub async fn received(
    environment: &Environment,
    site: &SiteId,
    sent: &str,
    over: u64,
) -> Result<DraftText> {
    let stored = in_force(environment, site).await?;
    Ok(DraftText::of_form(sent, over, &stored.text))
}

impl DraftText {
    /// Returns a draft as a form sent it. Forms end every line with CR LF; the text gets the line
    /// ends of `stored`, so that only the operator's changes differ.
    pub fn of_form(sent: &str, over: u64, stored: &str) -> Self {
        let text = sent.replace("\r\n", "\n");
        let text = match stored.contains("\r\n") {
            true => text.replace('\n', "\r\n"),
            false => text,
        };
        DraftText { text, over }
    }
}

/// What is to be said about a draft.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct DraftFindings {
    /// The errors. A file with errors cannot be put in force.
    pub findings: Vec<Finding>,
    /// What the operator should know about a file that can be put in force.
    pub remarks: Vec<Finding>,
}

/// Returns the findings of a file that is valid in itself. The doors that a vendor alone knows are
/// not checked: a diff checks them.
pub(super) fn findings(id: &SiteId, site: &Site, text: &str, lists: &Lists) -> DraftFindings {
    let mut problems = check::alone(site);
    if site.id != *id {
        let said = format!("this is the page of {id}: write site = \"{id}\"");
        problems.push(SiteProblem::new(Place::File.key("site"), said));
    }
    let mut remarks = Vec::new();
    if lists.has_things(site) {
        let known = lists
            .resolve_with(site, &groups(site, lists, false))
            .problems;
        let all = lists
            .resolve_with(site, &groups(site, lists, true))
            .problems;
        remarks.extend(all.into_iter().filter(|problem| !known.contains(problem)));
        problems.extend(known);
    } else {
        let said = "the platform was not read yet, so the names of things are not checked here";
        remarks.push(SiteProblem::new(Place::platform(), said));
    }
    for name in site
        .doors
        .keys()
        .filter(|name| !lists.survey.groups.contains_key(*name))
    {
        let said = "was not read yet, so the names of its groups are not checked here";
        remarks.push(SiteProblem::new(Place::doors(name), said));
    }
    DraftFindings {
        findings: in_order(problems, text),
        remarks: in_order(remarks, text),
    }
}

/// Returns the groups of each door system. One that was not read has every group that a rule names.
fn groups(site: &Site, lists: &Lists, with_problems: bool) -> BTreeMap<DoorsName, Vec<Group>> {
    let named = |doors: &DoorsName| -> Vec<Group> {
        let rules = site.rules.iter().filter(|rule| rule.doors == *doors);
        let names = rules.flat_map(|rule| &rule.opens);
        let group = |name: &String| Group {
            id: GroupId(name.clone()),
            name: name.clone(),
            problem: None,
        };
        names.map(group).collect()
    };
    let of_doors = |doors: &DoorsName| match lists.survey.groups.get(doors) {
        Some(groups) => {
            let groups = groups.iter().map(|group| Group {
                problem: group.problem.clone().filter(|_| with_problems),
                ..group.clone()
            });
            groups.collect()
        }
        None => named(doors),
    };
    let doors = site.doors.keys();
    doors
        .map(|doors| (doors.clone(), of_doors(doors)))
        .collect()
}

fn in_order(problems: Vec<SiteProblem>, text: &str) -> Vec<Finding> {
    let problems = problems.into_iter();
    let mut findings: Vec<Finding> = problems
        .map(|problem| Finding::of_problem(problem, text))
        .collect();
    findings.sort();
    findings.dedup();
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fixture::{HEAD, lists};

    fn found(rules: &str, lists: &Lists) -> (Vec<String>, Vec<String>) {
        let text = format!("{HEAD}{rules}");
        let site = Site::parse(&text).unwrap_or_else(|error| panic!("{error}"));
        let DraftFindings { findings, remarks } =
            findings(&"riverside".into(), &site, &text, lists);
        let shown = |findings: Vec<Finding>| findings.iter().map(ToString::to_string).collect();
        (shown(findings), shown(remarks))
    }

    fn read() -> Lists {
        Lists {
            read: Some(jiff::Timestamp::UNIX_EPOCH),
            ..lists()
        }
    }

    #[test]
    fn a_name_that_matches_nothing_is_a_finding_at_its_rule() {
        let rules = "[[rule]]\nplan = \"Hot desk\"\nopens = [\"Members\"]\n[[rule]]\nplan = \"Gold\"\nopens = [\"Vault\"]\n";
        let (findings, remarks) = found(rules, &read());
        assert_eq!(
            findings,
            [
                "16: no group is named \"Vault\": write its exact name or its id",
                "16: no plan is named \"Gold\": write its exact name or its id"
            ]
        );
        assert_eq!(remarks, [""; 0]);
    }

    #[test]
    fn a_file_without_rules_and_of_another_site_says_so() {
        let text = HEAD.replace("\"riverside\"  #", "\"other\"  #");
        let site = Site::parse(&text).unwrap_or_else(|error| panic!("{error}"));
        let found = findings(&"riverside".into(), &site, &text, &read()).findings;
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "1: site: this is the page of riverside: write site = \"riverside\"",
                "1: the file has no [[rule]], so no door opens: write one"
            ]
        );
    }

    #[test]
    fn lists_that_were_not_read_yet_are_remarks_and_no_findings() {
        let rules = "[[rule]]\nplan = \"Gold\"\nopens = [\"Vault\"]\n";
        let mut unread = lists();
        unread.survey.catalogue.plans.clear();
        let (findings, remarks) = found(rules, &unread);
        assert_eq!(findings, [""; 0]);
        assert_eq!(remarks.len(), 1, "{remarks:?}");
        let mut unread = read();
        unread.survey.groups.clear();
        let (findings, remarks) = found(rules, &unread);
        assert_eq!(
            findings,
            ["13: no plan is named \"Gold\": write its exact name or its id"]
        );
        let said =
            "10: [doors.main] was not read yet, so the names of its groups are not checked here";
        assert_eq!(remarks, [said]);
    }

    #[test]
    fn a_group_that_opens_nothing_yet_is_a_remark() {
        let rules = "[[rule]]\nplan = \"Hot desk\"\nopens = [\"Members\"]\n";
        let mut lists = read();
        let groups = lists.survey.groups.values_mut().flatten();
        groups.for_each(|group| group.problem = Some("it has no schedule".to_owned()));
        let (findings, remarks) = found(rules, &lists);
        assert_eq!(findings, [""; 0]);
        let said = "13: group \"Members\" opens nothing for the people in it: it has no schedule";
        assert_eq!(remarks, [said]);
    }

    #[test]
    fn a_form_changes_no_ends_of_lines() {
        let sent = "a = 1\r\nb = 2\r\n";
        assert_eq!(
            DraftText::of_form(sent, 3, "a = 1\n").text,
            "a = 1\nb = 2\n"
        );
        assert_eq!(DraftText::of_form(sent, 3, "a = 1\r\n").text, sent);
    }
}
