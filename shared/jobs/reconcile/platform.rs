//! Stores the facts that a read of the platform found, and the result of the read.

use extent::Extents;
use jiff::Timestamp;

use super::Report;
use crate::compare::SourceRead;
use crate::compare::facts::FactIndex;
use crate::compare::platform::PlatformReading;
use crate::settle::{Origin, end_refetch};
use doorstep_cloud::bus::Notice;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::store::sites::PlatformRead;
use doorstep_core::decide::credibility::card_numbers::NUMBERS;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::{Fact, FactId, Kind, Membership, What};
use doorstep_core::model::record::FactRecord;
use doorstep_core::site::Site;
use doorstep_vendors::platform::push::reader::tidy;
use doorstep_vendors::platform::{PlatformVendor, ReadPlatform};

mod extent;

/// The result of a platform read.
pub struct PlatformState {
    /// All facts.
    pub known: FactIndex,
    /// The stored history of platform reads.
    pub mark: PlatformRead,
    /// Whether this read is complete and accepted.
    pub sound: bool,
    /// The facts of a snapshot that is rejected and waits for an approval.
    pub held_back: Option<Vec<Fact>>,
    /// The problems of the platform's webhooks; `None` if the platform did not answer.
    pub webhooks: Option<Result<Vec<String>>>,
}

/// Reads the platform into the table, and checks its webhooks. Facts that could not be read keep
/// their stored value.
pub async fn read(
    environment: &Environment,
    site: &Site,
    report: &mut Report,
) -> Result<PlatformState> {
    let word = site.platform.kind.word();
    let now = environment.time.now();
    let mut mark = environment.store.platform_read(&site.id).await?;
    let KeptRead {
        reading,
        extents,
        webhooks,
        kept_out,
        held_back,
    } = read_and_keep(environment, site, &mark, now).await?;
    let wrong_webhooks = match &webhooks {
        Some(Ok(wrong)) => wrong.clone(),
        Some(Err(error)) => vec![unread_webhooks(error)],
        None => Vec::new(),
    };
    report.problems.extend(
        wrong_webhooks
            .iter()
            .map(|problem| format!("{word}: {problem}")),
    );
    let sound = reading.problems.is_empty() && reading.refused.is_empty();
    let refused = || {
        reading
            .refused
            .iter()
            .chain(&reading.flaws)
            .chain(&kept_out)
    };
    let wrong: Vec<String> = reading.problems.iter().chain(refused()).cloned().collect();
    report
        .notices
        .extend(refused().cloned().map(Notice::ReadRefused));
    report.notices.extend(
        reading
            .problems
            .iter()
            .map(|why| Notice::unreachable(word, why)),
    );
    mark.refused.clone_from(&reading.refused_lists);
    mark.counts.extend(
        reading
            .counts
            .iter()
            .map(|(kind, count)| ((*kind).to_owned(), *count)),
    );
    mark.counts
        .extend(reading.numbers.map(|count| (NUMBERS.to_owned(), count)));
    extents.note(&mut mark, reading.problems.is_empty(), now);
    environment
        .store
        .keep_platform_read(&site.id, &mark)
        .await?;
    let records = reading.counts.values().sum();
    report.reads.insert(
        word.into(),
        SourceRead {
            complete: wrong.is_empty(),
            records,
        },
    );
    report.problems.extend(
        wrong
            .iter()
            .chain(&reading.remarks)
            .map(|problem| format!("{word}: {problem}")),
    );
    Ok(PlatformState {
        known: reading.known,
        mark,
        sound,
        held_back,
        webhooks,
    })
}

/// A finished and stored read.
struct KeptRead<'a> {
    reading: PlatformReading<'a>,
    /// What was read whole.
    extents: Extents,
    /// Problems of the platform's webhooks; `None` if the platform did not answer.
    webhooks: Option<Result<Vec<String>>>,
    /// Facts that the table rejects permanently.
    kept_out: Vec<String>,
    held_back: Option<Vec<Fact>>,
}

async fn read_and_keep<'a>(
    environment: &'a Environment,
    site: &'a Site,
    mark: &PlatformRead,
    now: Timestamp,
) -> Result<KeptRead<'a>> {
    let (mut webhooks, mut kept_out, mut held_back) = (None, Vec::new(), None);
    let mut reading = PlatformReading::new(&environment.store, site, mark, now);
    let mut extents = Extents::default();
    match environment.platform(site).await {
        Ok(reader) => {
            let kinds = reader.kinds();
            extents = Extents::of(&kinds, mark, now);
            for kind in kinds {
                reading.since = extents.since(kind);
                for record in reading.one(reader.as_ref(), kind).await? {
                    kept_out.extend(keep(environment, site, &mut reading, record).await?);
                }
                if !reading.unread.contains(&kind) {
                    extents.read(kind);
                }
            }
            match reader.held_back().await {
                Ok(held) => held_back = held,
                Err(error) => reading.problems.push(error.to_string()),
            }
            if let Some(contract) = site.platform.kind.vendor().contract() {
                // Leftover push updates are harmless. The next reconcile removes them.
                if let Err(error) = tidy(contract, &environment.store, &site.id, now).await {
                    tracing::warn!(site = site.id.as_str(), %error, "old push updates could not be deleted: the next reconcile deletes them");
                }
            }
            webhooks = Some(hearing(site, reader.as_ref()).await);
        }
        Err(error) => {
            reading.none(&error).await?;
        }
    }
    Ok(KeptRead {
        reading,
        extents,
        webhooks,
        kept_out,
        held_back,
    })
}

/// Returns the problems of the platform's webhooks. A site without any webhook was set up that way,
/// and `doorstep check` reports it.
async fn hearing(site: &Site, reader: &dyn ReadPlatform) -> Result<Vec<String>> {
    let hearing = reader.hearing(&site.id).await?;
    Ok(hearing.at(site.platform.locations.as_deref()).problems)
}

/// Returns the problem of a platform whose webhooks cannot be read.
pub(super) fn unread_webhooks(error: &Error) -> String {
    format!("its webhooks cannot be read: {error}")
}

/// Stores one fact. A fact that the table rejects permanently keeps its stored value, so that it
/// does not block the others. Returns the problem to report.
async fn keep(
    environment: &Environment,
    site: &Site,
    reading: &mut PlatformReading<'_>,
    record: FactRecord,
) -> Result<Option<String>> {
    plan_end_refetch(environment, site, &reading.known, &record.fact).await?;
    let Err(error) = environment.store.keep_fact(&site.id, &record).await else {
        return Ok(None);
    };
    let Error::Permanent(why) = error else {
        return Err(error);
    };
    let name = record.fact.name();
    let before = environment.store.fact(&site.id, &name).await?;
    reading.known.put(&before.unwrap_or(FactRecord {
        gone: true,
        confirmed: None,
        ..record
    }));
    Ok(Some(format!("{name} stays as it was: {why}")))
}

/// Schedules a refetch at the end of a membership whose successor does not exist yet.
async fn plan_end_refetch(
    environment: &Environment,
    site: &Site,
    known: &FactIndex,
    fact: &Fact,
) -> Result<()> {
    let What::Membership(Membership {
        awaits_next: true,
        location,
        ..
    }) = &fact.what
    else {
        return Ok(());
    };
    let location = location
        .clone()
        .and_then(|id| known.fact(&FactId::new(Kind::Location, id)));
    let Some(due) = end_refetch(
        site,
        location,
        fact,
        environment.time.now(),
        &Origin::default(),
    ) else {
        return Ok(());
    };
    if let Err(error) = environment.schedules.set(&site.id, due.minute).await {
        tracing::warn!(site = site.id.as_str(), %error, "a schedule could not be set; the next reconcile sets it");
    }
    environment.store.put_dues(&site.id, &[due]).await
}
