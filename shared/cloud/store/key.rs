//! Keys of the table. Each is type-tagged, and ids from outside are escaped, so that no id lands in another's place.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use doorstep_core::decide::guard::UnconfirmedChange;
use doorstep_core::model::access_attempt::AccessAttempt;
use doorstep_core::model::account::{AccountId, GroupId};
use doorstep_core::model::fact::{FactId, Holder, Kind};
use doorstep_core::model::push_update::thing_hash;
use doorstep_core::model::shared_group::RuledGroup;
use doorstep_core::model::subject::Subject;

/// Where an item is.
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

/// Longest escaped id that stands in a key as it is, in bytes. A sort key has 1,024, and may hold two dozen of our own.
const LONGEST: usize = 512;

/// An id from outside, without our separators. One too long for a key is cut, with the hash of the whole of it behind a
/// mark that no other id has.
pub fn escape(id: &str) -> String {
    let text = separable(id);
    if text.len() <= LONGEST {
        return text;
    }
    format!(
        "{}%~{}",
        text.get(..text.floor_char_boundary(LONGEST)).unwrap_or_default(),
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

/// The word for a holder in keys.
pub fn holder(holder: &Holder) -> String {
    match holder {
        Holder::Member(id) => format!("member#{}", escape(id)),
        Holder::Visitor(id) => format!("visitor#{}", escape(id)),
        Holder::Team(id) => format!("team#{}", escape(id)),
    }
}

/// `{kind}#{id}`
pub fn thing(name: &FactId) -> String {
    format!("{}#{}", name.kind.word(), escape(&name.id))
}

/// Prefix of the sort keys of all things of one kind.
pub fn things(kind: Kind) -> String {
    format!("{}#", kind.word())
}

/// Partition of all facts of a site.
pub fn facts(site: &str) -> String {
    format!("{site}#fact")
}

/// What tells a subject from others in keys.
pub fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Person(id) => format!("person#{id}"),
        Subject::Profile(name) => format!("profile#{}", thing(name)),
        Subject::Account { doors, id } => format!("account#{doors}#{}", escape(&id.0)),
        Subject::Look { mention, .. } => format!("look#{}", thing(&mention.about)),
    }
}

/// One fact.
pub fn fact(site: &str, name: &FactId) -> Key {
    Key::new(facts(site), thing(name))
}

/// Partition of a holder: pointers to its facts.
pub fn holdings(site: &str, of: &Holder) -> String {
    format!("{site}#holder#{}", holder(of))
}

/// Pointer from a holder to a fact. A team's people come before everything else that is about it.
pub fn holding(site: &str, of: &Holder, name: &FactId) -> Key {
    match (of, name.kind) {
        (Holder::Team(_), Kind::Member) => Key::new(holdings(site, of), format!("{PEOPLE}{}", thing(name))),
        _ => Key::new(holdings(site, of), thing(name)),
    }
}

/// Prefix of the sort keys of the people of a team.
pub const PEOPLE: &str = "!";

/// Before the sort keys of all else that is about a team, and behind its people.
pub const AFTER_PEOPLE: &str = "\"";

/// Sort key of a holder's version: behind every pointer.
pub const VERSION: &str = "~version";

/// A holder's version.
pub fn holder_version(site: &str, of: &Holder) -> Key {
    Key::new(holdings(site, of), VERSION)
}

/// A person.
pub fn person(site: &str, id: &str) -> Key {
    Key::new(format!("{site}#person#{id}"), "person")
}

/// Returns the id in the key of a person of a site.
pub fn person_id<'k>(site: &str, key: &'k Key) -> Option<&'k str> {
    key.pk.strip_prefix(site)?.strip_prefix("#person#")
}

/// Returns the name in the sort key of a thing, or of a pointer to one; `None` for an id that was too long for a key.
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

/// Partition that lists all people of a site.
pub fn people(site: &str) -> String {
    format!("{site}#people")
}

/// A person's place in that list.
pub fn listed(site: &str, id: &str) -> Key {
    Key::new(people(site), id)
}

/// From a platform's profile to our person.
pub fn profile(site: &str, name: &FactId) -> Key {
    Key::new(format!("{site}#name#{}", thing(name)), "name")
}

/// From an address to our person. The address itself stays out of the key.
pub fn email(site: &str, digest: &str) -> Key {
    Key::new(format!("{site}#email#{digest}"), "name")
}

/// From an account to our person.
pub fn account(site: &str, doors: &str, id: &AccountId) -> Key {
    Key::new(format!("{site}#account#{doors}#{}", escape(&id.0)), "name")
}

/// Returns the site and the door system in the sort key of [`ruler`].
pub fn ruler_at(sk: &str) -> Option<(String, String)> {
    let (site, doors) = sk.split_once('#')?;
    Some((site.to_owned(), doors.to_owned()))
}

/// Partition of everything due at a site.
pub fn dues(site: &str) -> String {
    format!("{site}#due")
}

/// One due item.
pub fn due(site: &str, sk: &str) -> Key {
    Key::new(dues(site), sk)
}

/// Partition of the audit chain.
pub fn audits(site: &str) -> String {
    format!("{site}#audit")
}

/// One audit record.
pub fn audit(site: &str, seq: u64) -> Key {
    Key::new(audits(site), format!("{seq:020}"))
}

/// Behind every audit record of its partition.
pub const AFTER_AUDITS: &str = "~";

/// Prefix of the sort keys of the places of a person's older audit records.
pub const PLACES: &str = "records#";

/// Places of some of a person's audit records, from `first` on.
pub fn places(site: &str, person: &str, first: u64) -> Key {
    Key::new(format!("{site}#person#{person}"), format!("{PLACES}{first:020}"))
}

/// The site file in force.
pub fn active(site: &str) -> Key {
    Key::new(format!("{site}#site"), "active")
}

/// A site file as it was stored.
pub fn version(site: &str, n: u64) -> Key {
    Key::new(format!("{site}#site"), format!("{VERSIONS}{n:010}"))
}

/// Prefix of the sort keys of site files as they were stored.
pub const VERSIONS: &str = "version#";

/// Behind every one of these.
pub const AFTER_VERSIONS: &str = "version#~";

/// What the names of the site file were last found to be.
pub fn resolved(site: &str) -> Key {
    Key::new(format!("{site}#site"), "resolved")
}

/// Partition that lists the sites, for `receive` to know them.
pub const SITES: &str = "sites";

/// A site in that list.
pub fn site(site: &str) -> Key {
    Key::new(SITES.to_owned(), site)
}

/// Partition of the openings of one day, UTC.
pub fn openings(site: &str, day: Date) -> String {
    format!("{site}#entry#{day}")
}

/// The word for an instant in sort keys: they are in order of time.
pub fn instant(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%S%.6f").to_string()
}

/// One opening.
pub fn opening(site: &str, opening: &AccessAttempt) -> Key {
    let day = opening.at.to_zoned(TimeZone::UTC).date();
    Key::new(openings(site, day), format!("{}#{}#{}", instant(opening.at), opening.doors, escape(&opening.id)))
}

/// Partition of the sites that rule a group of a door system.
pub fn rulers(system: &str, group: &GroupId) -> String {
    format!("group#{}", hex::encode(Sha256::digest(format!("{system}\0{group}"))))
}

/// That one site rules it.
pub fn ruler(group: &RuledGroup) -> Key {
    Key::new(rulers(&group.system, &group.group), format!("{}#{}", group.at.site, group.at.doors))
}

/// What is known of reading one source.
pub fn read(site: &str, source: &str) -> Key {
    Key::new(format!("{site}#read"), source)
}

/// Which reconciles of a site have begun and ended.
pub fn runs(site: &str) -> Key {
    Key::new(format!("{site}#run"), "reconcile")
}

/// Partition of the deliveries that could not be read.
pub fn unread(site: &str) -> String {
    format!("{site}#unread")
}

/// A delivery that could not be read.
pub fn unread_one(site: &str, hash: &str) -> Key {
    Key::new(unread(site), hash)
}

/// Partition of what a platform that cannot be asked has told.
pub fn told(site: &str) -> String {
    format!("{site}#told")
}

/// Prefix of the sort keys of letters.
pub const LETTERS: &str = "letter#";

/// The latest letter about one thing.
pub fn letter(site: &str, entity: &str, id: &str) -> Key {
    letter_of(site, entity, &thing_hash(site, entity, id))
}

/// The latest letter about the thing with this hash.
pub fn letter_of(site: &str, entity: &str, hash: &str) -> Key {
    Key::new(told(site), format!("{LETTERS}{entity}#{hash}"))
}

/// Prefix of the sort keys of things that a forgotten person was taken out of.
pub const FORGOTTEN: &str = "forgotten#";

/// A thing that a forgotten person was taken out of.
pub fn forgotten(site: &str, hash: &str) -> Key {
    Key::new(told(site), format!("{FORGOTTEN}{hash}"))
}

/// Prefix of the sort keys of parts of rosters.
pub const ROSTERS: &str = "roster#";

/// One part of a roster, without its text.
pub fn roster_part(site: &str, roster: &str, part: u32) -> Key {
    Key::new(told(site), format!("{ROSTERS}{}#{part:05}", escape(roster)))
}

/// A piece of the text of the part of a roster with this hash.
pub fn roster_text(site: &str, hash: &str, piece: usize) -> Key {
    Key::new(told(site), format!("text#{hash}#{piece:05}"))
}

/// Which roster is believed.
pub fn believed(site: &str) -> Key {
    Key::new(told(site), "believed")
}

/// Which roster is not believed.
pub fn doubted(site: &str) -> Key {
    Key::new(told(site), "doubted")
}

/// Partition of what waits for a human.
pub fn holds(site: &str) -> String {
    format!("{site}#hold")
}

/// One set that waits for a human.
pub fn hold(site: &str, checksum: &str) -> Key {
    Key::new(holds(site), escape(checksum))
}

/// A piece of the changes of such a set.
pub fn held(site: &str, checksum: &str, piece: usize) -> Key {
    Key::new(format!("{site}#held#{}", escape(checksum)), format!("{piece:05}"))
}

/// Partition of the inferred changes that may be done.
pub fn releases(site: &str) -> String {
    format!("{site}#release")
}

/// One inferred change that may be done.
pub fn release(site: &str, doubt: &UnconfirmedChange) -> Key {
    // Two ids from outside may be longer than a key.
    let sk = hex::encode(Sha256::digest(serde_json::to_vec(doubt).unwrap_or_default()));
    Key::new(releases(site), sk)
}

/// What the guard let pass lately.
pub fn tally(site: &str) -> Key {
    Key::new(format!("{site}#guard"), "tally")
}

/// Partition of what the guard counts.
pub fn guard(site: &str) -> String {
    format!("{site}#guard")
}

/// A new account that no human approved.
pub fn made(site: &str, doors: &str, account: &AccountId) -> Key {
    Key::new(guard(site), format!("{MADE}{}#{}", escape(doors), escape(&account.0)))
}

/// A member who lost all card numbers when they were asked for by their id.
pub fn lost_numbers(site: &str, name: &FactId) -> Key {
    Key::new(guard(site), format!("{LOST_NUMBERS}{}", thing(name)))
}

/// What the keys of such members begin with.
pub const LOST_NUMBERS: &str = "numbers#";

/// What the keys of new accounts begin with.
pub const MADE: &str = "made#";

/// Returns the door system in the sort key of a new account.
pub fn made_at(sk: &str) -> Option<String> {
    unescaped(sk.strip_prefix(MADE)?.split('#').next()?)
}

/// That very many may need a new account, and nobody has counted them yet.
pub fn crowd(site: &str) -> Key {
    Key::new(format!("{site}#guard"), "crowd")
}

/// A vendor's token.
pub fn token(name: &str) -> Key {
    Key::new(format!("{name}#token"), "token")
}

/// That a vendor refused the credentials which buy this token.
pub fn refused_sign_in(name: &str) -> Key {
    Key::new(format!("{name}#token"), "refused")
}

/// A text that is noted beside a vendor's token.
pub fn token_note(name: &str, word: &str) -> Key {
    Key::new(format!("{name}#token"), format!("note#{word}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_look_like_our_keys_stay_ids() {
        let sly = FactId::new(Kind::Member, "m1#person#x");
        assert_eq!(fact("s", &sly).sk, "member#m1%23person%23x");
        assert_ne!(escape("a%23b"), escape("a#b"));
    }

    #[test]
    fn a_key_gives_the_name_of_its_thing_back() {
        for id in ["m1", "m1#person#x", "50%", "a\u{1}b", "é🔑"] {
            let name = FactId::new(Kind::Booking, id);
            assert_eq!(thing_named(&thing(&name)).as_ref(), Some(&name));
            assert_eq!(thing_named(&format!("{PEOPLE}{}", thing(&name))), Some(name));
        }
        assert_eq!(thing_named(&thing(&FactId::new(Kind::Booking, "x".repeat(LONGEST + 1)))), None);
    }

    #[test]
    fn long_ids_are_cut_and_still_tell_things_apart() {
        let long = "🔑".repeat(1000);
        assert!(escape(&long).len() < 600 && escape(&"#".repeat(5000)).len() < 600);
        assert_ne!(escape(&long), escape(&format!("{long}x")));
        assert_ne!(escape(&escape(&long)), escape(&long), "an id that looks like a cut one is another");
        assert_eq!(escape(&"x".repeat(LONGEST)), "x".repeat(LONGEST));
    }
}
