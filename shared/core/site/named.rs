//! Finds what one name means among things that have ids and names. Pure; it knows neither platforms
//! nor doors.

use crate::model::counted::plural;

/// A thing that a name may mean.
pub(super) struct NamedThing<'t> {
    /// Its id. A match by id comes before a match by name, so that every thing can be named.
    pub(super) id: &'t str,
    /// Its number at the platform, if its id contains one.
    pub(super) number: Option<&'t str>,
    /// Its present name.
    pub(super) name: &'t str,
    /// Whether the thing is where the rule requires it to be.
    pub(super) fits: bool,
}

/// The meaning of a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning<'t> {
    /// This thing.
    One(&'t str),
    /// This thing, as before, although several things have the name now. Holds their number.
    OneOf(&'t str, usize),
    /// This thing, as before, although it has another name now. Holds that name.
    Renamed(&'t str, &'t str),
    /// This thing, as before, because nothing could be read.
    Unread(&'t str),
    /// Nothing: there is no thing of its kind.
    NoneYet,
    /// Nothing: several things have this name. Holds their number.
    Several(usize),
    /// Nothing: the thing with this name is not where the rule requires it to be.
    Elsewhere,
    /// Nothing: no thing has this name, but one has a name that differs only in capitals and
    /// spaces.
    Nearly(&'t str),
    /// Nothing: no thing has this name.
    Nothing,
}

impl<'t> Meaning<'t> {
    /// Returns the id that is meant.
    pub(super) fn id(&self) -> Option<&'t str> {
        match self {
            Meaning::One(id)
            | Meaning::OneOf(id, _)
            | Meaning::Renamed(id, _)
            | Meaning::Unread(id) => Some(id),
            _ => None,
        }
    }

    /// Returns whether the name differs from another thing's only in capitals and spaces.
    pub(super) fn is_a_slip(&self) -> bool {
        matches!(self, Meaning::Nearly(_))
    }

    /// Returns the problem and what to do, unless the meaning is clear. `one` is the word for one
    /// such thing, and `within` the place where it must be.
    pub(super) fn problem(&self, word: &str, one: &str, within: &str) -> Option<String> {
        Some(match self {
            Meaning::One(_) | Meaning::Unread(_) => return None,
            Meaning::OneOf(id, count) => {
                format!(
                    "{count} {} are named \"{word}\" now: write the id of the one you mean (so far it is \"{id}\")",
                    plural(one)
                )
            }
            Meaning::Renamed(_, now) => {
                format!(
                    "{one} \"{word}\" is called \"{now}\" now: change the site file; until then it counts as before"
                )
            }
            Meaning::NoneYet => {
                format!("no {one} is named \"{word}\": there are none that we could read yet")
            }
            Meaning::Several(count) => {
                format!(
                    "{count} {} are named \"{word}\", so it counts for nothing: write the id of the one you mean",
                    plural(one)
                )
            }
            Meaning::Elsewhere => {
                format!(
                    "{one} \"{word}\" is not {within}, so this can never match: change one of the two"
                )
            }
            Meaning::Nearly(other) => {
                format!(
                    "no {one} is named \"{word}\", but one is named \"{other}\": write it exactly so"
                )
            }
            Meaning::Nothing => {
                format!("no {one} is named \"{word}\": write its exact name or its id")
            }
        })
    }
}

/// Returns what `word` means among `things`. `before` is the id of the thing that it meant the last
/// time.
///
/// A name that was once clear keeps its thing. Renaming that thing, or giving its name to another
/// thing, must not take access from anyone.
pub(super) fn meaning<'t>(
    word: &str,
    things: &[NamedThing<'t>],
    before: Option<&'t str>,
) -> Meaning<'t> {
    if things.is_empty() {
        return before.map_or(Meaning::NoneYet, Meaning::Unread);
    }
    if let Some(thing) = things
        .iter()
        .find(|thing| thing.id == word || thing.number == Some(word))
    {
        return if thing.fits {
            Meaning::One(thing.id)
        } else {
            Meaning::Elsewhere
        };
    }
    let named: Vec<&NamedThing<'t>> = things.iter().filter(|thing| thing.name == word).collect();
    let fitting: Vec<&NamedThing<'t>> = named.iter().copied().filter(|thing| thing.fits).collect();
    let known = before.and_then(|id| things.iter().find(|thing| thing.id == id && thing.fits));
    match (fitting.as_slice(), known) {
        ([thing], _) => Meaning::One(thing.id),
        ([_, _, ..], Some(known)) if known.name == word => Meaning::OneOf(known.id, fitting.len()),
        ([_, _, ..], _) => Meaning::Several(fitting.len()),
        ([], Some(known)) => Meaning::Renamed(known.id, known.name),
        ([], None) if !named.is_empty() => Meaning::Elsewhere,
        ([], None) => nearly(word, things),
    }
}

fn nearly<'t>(word: &str, things: &[NamedThing<'t>]) -> Meaning<'t> {
    let wanted = plain(word);
    things
        .iter()
        .find(|thing| thing.fits && plain(thing.name) == wanted)
        .map_or(Meaning::Nothing, |thing| Meaning::Nearly(thing.name))
}

/// Returns a name without what people write differently: capitals, and the number of spaces.
pub fn plain(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    words.join(" ").to_lowercase()
}
