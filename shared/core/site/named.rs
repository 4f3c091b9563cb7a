//! What one name means among things that have ids and names. Pure; knows nothing of platforms or doors.

/// Something that a name may mean.
pub(super) struct Thing<'t> {
    /// Its id. It wins over a name, so that every thing can be named.
    pub(super) id: &'t str,
    /// Its number at the platform, where its id is made of that.
    pub(super) number: Option<&'t str>,
    /// Its name now.
    pub(super) name: &'t str,
    /// Whether the rule can be about it at all.
    pub(super) fits: bool,
}

/// What a name means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning<'t> {
    /// This thing.
    One(&'t str),
    /// This thing as before, although others have its name now.
    OneOf(&'t str, usize),
    /// This thing as before, although it has another name now.
    Renamed(&'t str, &'t str),
    /// This thing as before, since nothing could be read that says otherwise.
    Unread(&'t str),
    /// Nothing: there is nothing at all of its kind.
    NoneYet,
    /// Nothing: so many things have this name.
    Several(usize),
    /// Nothing: what has this name is somewhere that the rule cannot be about.
    Elsewhere,
    /// Nothing: no thing has this name, but one has the other if capitals and spaces do not count.
    Nearly(&'t str),
    /// Nothing.
    Nothing,
}

impl<'t> Meaning<'t> {
    /// The id that is meant.
    pub(super) fn id(&self) -> Option<&'t str> {
        match self {
            Meaning::One(id) | Meaning::OneOf(id, _) | Meaning::Renamed(id, _) | Meaning::Unread(id) => Some(id),
            _ => None,
        }
    }

    /// Whether the word nearly is another one's name.
    pub(super) fn is_a_slip(&self) -> bool {
        matches!(self, Meaning::Nearly(_))
    }

    /// What to say of it and what to do, where it is not simply clear: `word` stands for `one` thing, and that must be
    /// `within` somewhere.
    pub(super) fn problem(&self, word: &str, one: &str, within: &str) -> Option<String> {
        Some(match self {
            Meaning::One(_) | Meaning::Unread(_) => return None,
            Meaning::OneOf(id, count) => {
                format!(
                    "{count} {one}s are named \"{word}\" now: write the id of the one you mean (so far it is \"{id}\")"
                )
            }
            Meaning::Renamed(_, now) => {
                format!(
                    "{one} \"{word}\" is called \"{now}\" now: change the site file; until then it counts as before"
                )
            }
            Meaning::NoneYet => format!("no {one} is named \"{word}\": there are none that we could read yet"),
            Meaning::Several(count) => {
                format!(
                    "{count} {one}s are named \"{word}\", so it counts for nothing: write the id of the one you mean"
                )
            }
            Meaning::Elsewhere => {
                format!("{one} \"{word}\" is not {within}, so this can never match: change one of the two")
            }
            Meaning::Nearly(other) => {
                format!("no {one} is named \"{word}\", but one is named \"{other}\": write it exactly so")
            }
            Meaning::Nothing => format!("no {one} is named \"{word}\": write its exact name or its id"),
        })
    }
}

/// What `word` means among `things`, where it meant the thing with the id `before` the last time.
///
/// A name that was once clear stays with its thing: giving a thing another name, or another thing this name, must not
/// take access from anybody.
pub(super) fn meaning<'t>(word: &str, things: &[Thing<'t>], before: Option<&'t str>) -> Meaning<'t> {
    if things.is_empty() {
        return before.map_or(Meaning::NoneYet, Meaning::Unread);
    }
    if let Some(thing) = things.iter().find(|thing| thing.id == word || thing.number == Some(word)) {
        return if thing.fits { Meaning::One(thing.id) } else { Meaning::Elsewhere };
    }
    let named: Vec<&Thing<'t>> = things.iter().filter(|thing| thing.name == word).collect();
    let fitting: Vec<&Thing<'t>> = named.iter().copied().filter(|thing| thing.fits).collect();
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

fn nearly<'t>(word: &str, things: &[Thing<'t>]) -> Meaning<'t> {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let wanted = plain(word);
    things
        .iter()
        .find(|thing| thing.fits && plain(thing.name) == wanted)
        .map_or(Meaning::Nothing, |thing| Meaning::Nearly(thing.name))
}
