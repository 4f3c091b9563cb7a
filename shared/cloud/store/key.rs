//! Keys of the table. Each key has a type tag, and ids of vendors are escaped. No id can therefore
//! imitate another key.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use doorstep_core::decide::guard::UnconfirmedChange;
use doorstep_core::model::access_attempt::AccessAttempt;
use doorstep_core::model::account::{AccountId, GroupId};
use doorstep_core::model::fact::{FactId, Holder, Kind};
use doorstep_core::model::ids::{Checksum, DoorsName, PersonId, SiteId};
use doorstep_core::model::push_update::thing_hash;
use doorstep_core::model::shared_group::RuledGroup;
use doorstep_core::model::subject::Subject;
use doorstep_core::model::webhook_sender::WebhookSender;

/// The primary key of an item.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

impl Key {
    fn new(pk: String, sk: impl Into<String>) -> Self {
        Key { pk, sk: sk.into() }
    }
}

/// Maximum length in bytes of an escaped id that is stored unchanged. A sort key holds 1,024 bytes,
/// and Doorstep adds up to two dozen of its own.
const LONGEST: usize = 512;

/// Returns a vendor's id without Doorstep's separators. An id that is too long for a key is cut.
/// The mark `%~`, which no other escaped id contains, and the SHA-256 of the whole id follow it.
pub fn escape(id: &str) -> String {
    let text = separable(id);
    if text.len() <= LONGEST {
        return text;
    }
    format!(
        "{}%~{}",
        text.get(..text.floor_char_boundary(LONGEST))
            .unwrap_or_default(),
        hex::encode(Sha256::digest(id))
    )
}

fn separable(id: &str) -> String {
    let mut text = String::with_capacity(id.len());
    for c in id.chars() {
        match c {
            '%' => text.push_str("%25"),
            '#' => text.push_str("%23"),
            c if c.is_control() => text.push_str(&format!("%{:02x}", c as u32)),
            c => text.push(c),
        }
    }
    text
}

/// Returns the key part for a holder.
pub fn holder(holder: &Holder) -> String {
    match holder {
        Holder::Member(id) => format!("member#{}", escape(id)),
        Holder::Visitor(id) => format!("visitor#{}", escape(id)),
        Holder::Team(id) => format!("team#{}", escape(id)),
    }
}

/// Returns the key part for a fact id: `{kind}#{id}`.
pub fn thing(name: &FactId) -> String {
    format!("{}#{}", name.kind.word(), escape(&name.id))
}

/// Returns the prefix of the sort keys of all things of one kind.
pub fn things(kind: Kind) -> String {
    format!("{}#", kind.word())
}

/// Returns the partition of all facts of a site.
pub fn facts(site: &SiteId) -> String {
    format!("{site}#fact")
}

/// Returns the key part that identifies a subject.
pub fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Person(id) => format!("person#{id}"),
        Subject::Profile(name) => format!("profile#{}", thing(name)),
        Subject::Account { doors, id } => format!("account#{doors}#{}", escape(&id.0)),
        Subject::Refetch { hint, .. } => format!("refetch#{}", thing(&hint.about)),
    }
}

/// Returns the key of one fact.
pub fn fact(site: &SiteId, name: &FactId) -> Key {
    Key::new(facts(site), thing(name))
}

/// Returns the partition of a holder: pointers to the facts about it.
pub fn holdings(site: &SiteId, of: &Holder) -> String {
    format!("{site}#holder#{}", holder(of))
}

/// Returns the key of the pointer from a holder to a fact. The members of a team sort before all
/// other facts about the team.
pub fn holding(site: &SiteId, of: &Holder, name: &FactId) -> Key {
    match (of, name.kind) {
        (Holder::Team(_), Kind::Member) => {
            Key::new(holdings(site, of), format!("{PEOPLE}{}", thing(name)))
        }
        _ => Key::new(holdings(site, of), thing(name)),
    }
}

/// Prefix of the sort keys of the members of a team.
pub const PEOPLE: &str = "!";

/// Sort key between the members of a team and all other facts about the team.
pub const AFTER_PEOPLE: &str = "\"";

/// Sort key of a holder's version: after every pointer.
pub const VERSION: &str = "~version";

/// Returns the key of a holder's version.
pub fn holder_version(site: &SiteId, of: &Holder) -> Key {
    Key::new(holdings(site, of), VERSION)
}

/// Returns the key of a person.
pub fn person(site: &SiteId, id: &PersonId) -> Key {
    Key::new(format!("{site}#person#{id}"), "person")
}

/// Returns the person id in the key of a person of a site.
pub fn person_id<'k>(site: &SiteId, key: &'k Key) -> Option<&'k str> {
    key.pk.strip_prefix(site.as_str())?.strip_prefix("#person#")
}

/// Returns the fact id in the sort key of a fact or of a pointer to one; `None` for an id that was
/// too long for a key.
pub fn thing_named(sk: &str) -> Option<FactId> {
    let (word, id) = sk.strip_prefix(PEOPLE).unwrap_or(sk).split_once('#')?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.word() == word)?;
    Some(FactId::new(kind, unescaped(id)?))
}

/// Reverses [`escape`].
fn unescaped(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut id = parts.next()?.to_owned();
    for part in parts {
        let code = u32::from_str_radix(part.get(..2)?, 16).ok()?;
        id.push(char::from_u32(code)?);
        id.push_str(part.get(2..)?);
    }
    Some(id)
}

/// Returns the partition that lists all people of a site.
pub fn people(site: &SiteId) -> String {
    format!("{site}#people")
}

/// Returns the key of a person's entry in [`people`].
pub fn listed(site: &SiteId, id: &PersonId) -> Key {
    Key::new(people(site), id)
}

/// Returns the key of the pointer from a platform's profile to a person id.
pub fn profile(site: &SiteId, name: &FactId) -> Key {
    Key::new(format!("{site}#profile#{}", thing(name)), "pointer")
}

/// Returns the key of the pointer from an e-mail address to a person id. It holds a digest of the
/// address, never the address.
pub fn email(site: &SiteId, digest: &str) -> Key {
    Key::new(format!("{site}#email#{digest}"), "pointer")
}

/// Returns the key of the pointer from an account to a person id.
pub fn account(site: &SiteId, doors: &DoorsName, id: &AccountId) -> Key {
    Key::new(
        format!("{site}#account#{doors}#{}", escape(&id.0)),
        "pointer",
    )
}

/// Returns the site and the door system in the sort key of [`ruler`].
pub fn ruler_at(sk: &str) -> Option<(SiteId, String)> {
    let (site, doors) = sk.split_once('#')?;
    Some((site.into(), doors.to_owned()))
}

/// Returns the partition of everything due at a site.
pub fn dues(site: &SiteId) -> String {
    format!("{site}#due")
}

/// Returns the key of one due item.
pub fn due(site: &SiteId, sk: &str) -> Key {
    Key::new(dues(site), sk)
}

/// Returns the partition of a site's audit chain.
pub fn audits(site: &SiteId) -> String {
    format!("{site}#audit")
}

/// Returns the key of one audit record.
pub fn audit(site: &SiteId, seq: u64) -> Key {
    Key::new(audits(site), format!("{seq:020}"))
}

/// Sort key after every audit record of its partition.
pub const AFTER_AUDITS: &str = "~";

/// Prefix of the sort keys of items that list a person's older audit records.
pub const RECORD_LISTS: &str = "records#";

/// Returns the key of a list of a person's audit records, from the record `first` on.
pub fn record_lists(site: &SiteId, person: &PersonId, first: u64) -> Key {
    Key::new(
        format!("{site}#person#{person}"),
        format!("{RECORD_LISTS}{first:020}"),
    )
}

/// Returns the key of the site file in force.
pub fn active(site: &SiteId) -> Key {
    Key::new(format!("{site}#site"), "active")
}

/// Returns the key of one stored version of a site file.
pub fn version(site: &SiteId, n: u64) -> Key {
    Key::new(format!("{site}#site"), format!("{VERSIONS}{n:010}"))
}

/// Prefix of the sort keys of stored versions of a site file.
pub const VERSIONS: &str = "version#";

/// Sort key after every stored version of a site file.
pub const AFTER_VERSIONS: &str = "version#~";

/// Returns the key of the last resolution of the names in the site file.
pub fn resolved(site: &SiteId) -> Key {
    Key::new(format!("{site}#site"), "resolved")
}

/// Partition that lists the sites. `receive` reads the routes there.
pub const SITES: &str = "sites";

/// Returns the key of a site's entry in [`SITES`].
pub fn site(site: &SiteId) -> Key {
    Key::new(SITES.to_owned(), site)
}

/// Returns the partition of the access attempts of one UTC day.
pub fn attempts(site: &SiteId, day: Date) -> String {
    format!("{site}#attempt#{day}")
}

/// Returns an instant as it is written in sort keys. The text order is the time order.
pub fn instant(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%S%.6f").to_string()
}

/// Returns the key of one access attempt.
pub fn attempt(site: &SiteId, attempt: &AccessAttempt) -> Key {
    let day = attempt.at.to_zoned(TimeZone::UTC).date();
    Key::new(
        attempts(site, day),
        format!(
            "{}#{}#{}",
            instant(attempt.at),
            attempt.doors,
            escape(&attempt.id)
        ),
    )
}

/// Returns the partition of the sites that rule a group of a door system.
pub fn rulers(system: &str, group: &GroupId) -> String {
    format!(
        "group#{}",
        hex::encode(Sha256::digest(format!("{system}\0{group}")))
    )
}

/// Returns the key of the item which says that one site rules the group.
pub fn ruler(group: &RuledGroup) -> Key {
    Key::new(
        rulers(&group.system, &group.group),
        format!("{}#{}", group.at.site, group.at.doors),
    )
}

/// Returns the key of the read state of one source: the platform or a door system.
pub fn read(site: &SiteId, source: &str) -> Key {
    Key::new(format!("{site}#read"), source)
}

/// Returns the key of what the last reconcile observed at the vendors.
pub fn observed(site: &SiteId) -> Key {
    read(site, "observed")
}

/// Returns the key of the item which says which reconciles of a site began and ended.
pub fn runs(site: &SiteId) -> Key {
    Key::new(format!("{site}#run"), "reconcile")
}

/// Returns the partition of the deliveries that could not be parsed.
pub fn unreadable_deliveries(site: &SiteId) -> String {
    format!("{site}#unreadable")
}

/// Returns the key of a delivery that could not be parsed.
pub fn unreadable_delivery(site: &SiteId, hash: &str) -> Key {
    Key::new(unreadable_deliveries(site), hash)
}

/// Returns the partition of the counts of deliveries.
pub fn deliveries(site: &SiteId) -> String {
    format!("{site}#delivery")
}

/// Returns the UTC hour of an instant, as it is written in sort keys.
pub fn hour(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H").to_string()
}

/// Returns the key of the counts of one sender's deliveries in the UTC hour of `at`.
pub fn delivery(site: &SiteId, at: Timestamp, sender: &WebhookSender) -> Key {
    let sender = match sender {
        WebhookSender::Platform => PLATFORM.to_owned(),
        WebhookSender::Doors(doors) => format!("{DOORS}{}", escape(doors)),
    };
    Key::new(deliveries(site), format!("{}#{sender}", hour(at)))
}

/// Returns the begin of the hour and the sender in the sort key of [`delivery`].
pub fn delivered_at(sk: &str) -> Option<(Timestamp, WebhookSender)> {
    let (hour, sender) = sk.split_once('#')?;
    let sender = match sender.strip_prefix(DOORS) {
        Some(doors) => WebhookSender::Doors(unescaped(doors)?.into()),
        None => (sender == PLATFORM).then_some(WebhookSender::Platform)?,
    };
    Some((format!("{hour}:00:00Z").parse().ok()?, sender))
}

/// The platform, as the sender in the sort key of [`delivery`].
const PLATFORM: &str = "platform";

/// Prefix of a door system, as the sender in the sort key of [`delivery`].
const DOORS: &str = "doors#";

/// Returns the partition of the push updates of a platform without a read API.
pub fn push(site: &SiteId) -> String {
    format!("{site}#push")
}

/// Prefix of the sort keys of push updates about things.
pub const UPDATES: &str = "update#";

/// Returns the key of the latest push update about one thing.
pub fn update(site: &SiteId, entity: &str, id: &str) -> Key {
    update_of(site, entity, &thing_hash(site, entity, id))
}

/// Returns the key of the latest push update about the thing with this hash.
pub fn update_of(site: &SiteId, entity: &str, hash: &str) -> Key {
    Key::new(push(site), format!("{UPDATES}{entity}#{hash}"))
}

/// Prefix of the sort keys of things that a forgotten person was removed from.
pub const FORGOTTEN: &str = "forgotten#";

/// Returns the key of a thing that a forgotten person was removed from.
pub fn forgotten(site: &SiteId, hash: &str) -> Key {
    Key::new(push(site), format!("{FORGOTTEN}{hash}"))
}

/// Prefix of the sort keys of parts of snapshots.
pub const SNAPSHOTS: &str = "snapshot#";

/// Returns the key of one part of a snapshot, without its text.
pub fn snapshot_part(site: &SiteId, roster: &str, part: u32) -> Key {
    Key::new(
        push(site),
        format!("{SNAPSHOTS}{}#{part:05}", escape(roster)),
    )
}

/// Returns the key of a piece of the text of the snapshot part with this hash.
pub fn snapshot_text(site: &SiteId, hash: &str, piece: usize) -> Key {
    Key::new(push(site), format!("text#{hash}#{piece:05}"))
}

/// Returns the key of the item which says which snapshot is accepted.
pub fn accepted(site: &SiteId) -> Key {
    Key::new(push(site), "accepted")
}

/// Returns the key of the item which says which snapshot is not accepted.
pub fn unconfirmed(site: &SiteId) -> Key {
    Key::new(push(site), "unconfirmed")
}

/// Returns the partition of the holds of a site.
pub fn holds(site: &SiteId) -> String {
    format!("{site}#hold")
}

/// Returns the key of one hold.
pub fn hold(site: &SiteId, checksum: &Checksum) -> Key {
    Key::new(holds(site), escape(checksum))
}

/// Returns the key of a piece of the changes of a hold.
pub fn held(site: &SiteId, checksum: &Checksum, piece: usize) -> Key {
    Key::new(
        format!("{site}#hold-changes#{}", escape(checksum)),
        format!("{piece:05}"),
    )
}

/// Returns the partition of the inferred changes that are approved to be applied.
pub fn releases(site: &SiteId) -> String {
    format!("{site}#release")
}

/// Returns the key of one approved inferred change.
pub fn release(site: &SiteId, change: &UnconfirmedChange) -> Key {
    // Hashed, because two vendor ids together may be longer than a key.
    let sk = hex::encode(Sha256::digest(
        serde_json::to_vec(change).unwrap_or_default(),
    ));
    Key::new(releases(site), sk)
}

/// Returns the key of the guard's count of changes that it let pass lately.
pub fn tally(site: &SiteId) -> Key {
    Key::new(format!("{site}#guard"), "recent")
}

/// Returns the partition of what the guard counts.
pub fn guard(site: &SiteId) -> String {
    format!("{site}#guard")
}

/// Returns the key of a new account that the operator did not approve.
pub fn made(site: &SiteId, doors: &DoorsName, account: &AccountId) -> Key {
    Key::new(
        guard(site),
        format!("{MADE}{}#{}", escape(doors), escape(&account.0)),
    )
}

/// Returns the key of a member who lost all card numbers when the platform was asked for the member
/// by id.
pub fn lost_numbers(site: &SiteId, name: &FactId) -> Key {
    Key::new(guard(site), format!("{LOST_NUMBERS}{}", thing(name)))
}

/// Prefix of the sort keys of [`lost_numbers`].
pub const LOST_NUMBERS: &str = "numbers#";

/// Prefix of the sort keys of [`made`].
pub const MADE: &str = "made#";

/// Returns the door system in the sort key of [`made`].
pub fn made_at(sk: &str) -> Option<String> {
    unescaped(sk.strip_prefix(MADE)?.split('#').next()?)
}

/// Returns the key of the item which says that too many people may need a new account and that they
/// are not counted yet.
pub fn many_accounts(site: &SiteId) -> Key {
    Key::new(format!("{site}#guard"), "many-accounts")
}

/// Returns the key of a vendor's token.
pub fn token(name: &str) -> Key {
    Key::new(format!("{name}#token"), "token")
}

/// Returns the key of the item which says that a vendor refused the credentials for this token.
pub fn refused_sign_in(name: &str) -> Key {
    Key::new(format!("{name}#token"), "refused")
}

/// Returns the key of a text that is stored beside a vendor's token.
pub fn token_note(name: &str, word: &str) -> Key {
    Key::new(format!("{name}#token"), format!("note#{word}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_look_like_our_keys_stay_ids() {
        let sly = FactId::new(Kind::Member, "m1#person#x");
        assert_eq!(fact(&SiteId::from("s"), &sly).sk, "member#m1%23person%23x");
        assert_ne!(escape("a%23b"), escape("a#b"));
    }

    #[test]
    fn a_key_gives_the_name_of_its_thing_back() {
        for id in ["m1", "m1#person#x", "50%", "a\u{1}b", "é🔑"] {
            let name = FactId::new(Kind::Booking, id);
            assert_eq!(thing_named(&thing(&name)).as_ref(), Some(&name));
            assert_eq!(
                thing_named(&format!("{PEOPLE}{}", thing(&name))),
                Some(name)
            );
        }
        assert_eq!(
            thing_named(&thing(&FactId::new(Kind::Booking, "x".repeat(LONGEST + 1)))),
            None
        );
    }

    #[test]
    fn the_key_of_a_count_gives_its_hour_and_its_sender_back() {
        let at: Timestamp = "2026-03-02T09:59:59.9Z".parse().expect("an instant");
        for sender in [
            WebhookSender::Platform,
            WebhookSender::Doors("main".into()),
            WebhookSender::Doors("platform".into()),
            WebhookSender::Doors("a#b".into()),
        ] {
            let key = delivery(&SiteId::from("s"), at, &sender);
            let hour = "2026-03-02T09:00:00Z".parse().expect("an instant");
            assert_eq!(delivered_at(&key.sk), Some((hour, sender)));
        }
        assert_eq!(delivered_at("2026-03-02T09#moon"), None);
        assert_eq!(delivered_at("today#platform"), None);
    }

    #[test]
    fn long_ids_are_cut_and_still_stay_distinct() {
        let long = "🔑".repeat(1000);
        assert!(escape(&long).len() < 600 && escape(&"#".repeat(5000)).len() < 600);
        assert_ne!(escape(&long), escape(&format!("{long}x")));
        assert_ne!(
            escape(&escape(&long)),
            escape(&long),
            "an id that looks like a cut one is another"
        );
        assert_eq!(escape(&"x".repeat(LONGEST)), "x".repeat(LONGEST));
    }
}
