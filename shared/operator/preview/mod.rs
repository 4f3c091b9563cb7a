//! Previews what a site file would change: reads everything and compares it as reconcile does. It
//! writes nothing to a door system or the table, except possibly a vendor's token.

use crate::survey;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::other_sites::sharing;
use doorstep_cloud::store::sites::{Extent, PlatformRead};
use doorstep_core::decide::guard::Tally;
use doorstep_core::decide::guard::baseline::OlderFiles;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::site::{Finding, Mode, Site};
use doorstep_jobs::compare::address_changes::address_changes;
use doorstep_jobs::compare::decide::compare_people;
use doorstep_jobs::compare::doors;
use doorstep_jobs::compare::platform::PlatformReading;
use doorstep_jobs::compare::{CompareContext, baseline, people_to_decide};

pub(crate) mod closed;
pub mod diff;
mod findings;
mod gather;
pub(crate) mod print;

pub use diff::SiteDiff;
use gather::Gathering;

/// The changes and the findings of a site file.
pub struct Preview {
    /// The findings. A file with findings must not be put in force.
    pub findings: Vec<Finding>,
    /// What could not be read and is shown in its last stored state. The file must then not be put
    /// in force either.
    pub unread: Vec<String>,
    /// The changes.
    pub diff: SiteDiff,
}

/// Returns what `site` would change. `text` is its site file.
///
/// # Errors
/// [`Error::Retry`] if the platform's catalogue or a door system cannot be read, so that no preview
/// is possible; [`Error::Permanent`] if a secret is missing or refused.
pub async fn preview(environment: &Environment, site: &Site, text: &str) -> Result<Preview> {
    let environment = &Environment {
        store: environment.store.with_own_unreadable(),
        ..environment.clone()
    };
    let now = environment.time.now();
    let mut mark = environment.store.platform_read(&site.id).await?;
    let mut reading = platform(environment, site, &mark, now).await?;
    match reading.problems.is_empty() {
        true => mark.completed(now, Extent::Full),
        false => mark.failed(now),
    }
    let mut all_people = people_to_decide(&environment.store, site, &mut reading.known).await?;
    for (name, config) in &site.doors {
        let was = config.was.iter();
        was.for_each(|was| {
            all_people
                .known
                .iter_mut()
                .for_each(|person| person.move_doors(was, Some(name)))
        });
    }
    let snapshot = doors::read(environment, site, &reading.known, &all_people).await?;
    let people = all_people.known.as_slice();
    if let Some(shut) = site
        .doors
        .keys()
        .find(|name| !snapshot.accounts.contains_key(*name))
    {
        let why = snapshot.incomplete.get(shut).cloned();
        return Err(Error::retry(
            why.unwrap_or_else(|| format!("{shut} cannot be read")),
        ));
    }
    let word = site.platform.kind.word();
    let told = |problem: &String| format!("{word}: {problem}");
    let unread: Vec<String> = reading
        .problems
        .iter()
        .map(told)
        .chain(snapshot.problems.iter().cloned())
        .collect();
    let names = findings::names(environment, site, &snapshot).await?;
    let findings = findings::of(site, &snapshot, &names, text);
    let mut problems = findings::remarks(environment, site, &snapshot, &names, people).await?;
    problems.extend(
        reading
            .refused
            .iter()
            .chain(&reading.flaws)
            .chain(&reading.remarks)
            .map(told),
    );
    problems.extend(unread.iter().cloned());
    problems.extend(sharing(&snapshot.neighbours));
    problems.extend(findings::shared_groups(environment, site, &snapshot).await?);
    problems.extend(environment.store.unreadable().problems());
    // The file in force is part of the baseline: a revoke that only this file causes is then
    // inferred from it.
    let in_force = environment
        .store
        .active(&site.id)
        .await?
        .map_or(0, |stored| stored.n);
    let files = environment
        .store
        .files(&site.id, mark.unfinished_from(in_force)..in_force + 1)
        .await?;
    let context = CompareContext {
        baseline: &baseline(
            site,
            OlderFiles {
                files,
                replaced: now,
            },
            &reading.known,
            &snapshot,
        ),
        site,
        facts: &reading.known,
        doors: &snapshot,
        people,
        // In mode observe nothing would change. The preview shows what mode full would do.
        mode: if site.mode == Mode::Observe {
            Mode::Full
        } else {
            site.mode
        },
        stale: mark.is_stale(now),
        now,
    };
    let (tally, _) = environment.store.tally(&site.id, now).await?;
    let diff = compare(context, &tally, problems).await;
    Ok(Preview {
        findings,
        unread,
        diff,
    })
}

/// Reads the whole platform from the vendor.
async fn platform<'a>(
    environment: &'a Environment,
    site: &'a Site,
    mark: &PlatformRead,
    now: jiff::Timestamp,
) -> Result<PlatformReading<'a>> {
    let word = site.platform.kind.word();
    let reader = environment.platform(site).await?;
    let mut reading = PlatformReading::new(&environment.store, site, mark, now);
    for kind in reader.kinds() {
        // `reading.known` has the new facts too. They are stored nowhere else.
        drop(reading.one(reader.as_ref(), kind).await?);
        if let Some(why) = reading.problems.last().filter(|_| {
            survey::NAMED
                .iter()
                .any(|kind| reading.unread.contains(kind))
        }) {
            return Err(Error::retry(format!("{word}: {why}")));
        }
    }
    Ok(reading)
}

/// Compares everything, and returns what would change. `problems` are those that are known before.
async fn compare(context: CompareContext<'_>, tally: &Tally, problems: Vec<String>) -> SiteDiff {
    let mut gathering = Gathering::new(context);
    gathering.diff.problems = problems;
    let foreign = compare_people(context, |compared| gathering.add(&compared));
    gathering.foreign(foreign);
    gathering.waiting.extend(address_changes(context).waiting);
    gathering.held(tally);
    // An account that is in a foreign group is neither suspended nor deleted.
    for idle in std::mem::take(&mut gathering.idle) {
        let Some(reader) = context.doors.readers.get(&idle.doors) else {
            continue;
        };
        match reader.group_count(&idle.account).await {
            Ok(groups) if groups <= idle.left => gathering.diff.accounts.push(idle.shown),
            Ok(_) => {}
            Err(error) => gathering
                .diff
                .problems
                .push(format!("{}: {error}", idle.doors)),
        }
    }
    gathering.done()
}
