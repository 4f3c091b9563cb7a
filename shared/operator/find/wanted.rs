//! How well a text matches a name, an address, an id or a card number. Pure.

use doorstep_core::model::fact::FactId;

/// The fewest characters of the end of a card number.
const SHORTEST_CARD: usize = 4;

/// How well a text matches, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Closeness {
    /// It is the whole text.
    Whole,
    /// It is its begin.
    Begin,
    /// It is the begin of a word.
    BeginOfWord,
    /// It is another part.
    Part,
}

/// The text, in compared form.
pub(super) struct Wanted(String);

impl Wanted {
    pub(super) fn of(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        (!text.is_empty()).then_some(Wanted(text))
    }

    /// Returns how well the text matches a name or an address.
    pub(super) fn part_of(&self, text: &str) -> Option<Closeness> {
        let text = text.to_lowercase();
        let Wanted(wanted) = self;
        if text == *wanted {
            return Some(Closeness::Whole);
        }
        let place = text.find(wanted.as_str())?;
        let before = text.get(..place).and_then(|before| before.chars().last());
        Some(match before {
            None => Closeness::Begin,
            Some(last) if !last.is_alphanumeric() => Closeness::BeginOfWord,
            Some(_) => Closeness::Part,
        })
    }

    pub(super) fn is_id(&self, id: &str) -> bool {
        id.to_lowercase() == self.0
    }

    /// Returns whether the text names a profile: by its id, or by its kind and its id.
    pub(super) fn is_profile(&self, name: &FactId) -> bool {
        let whole = [' ', ':'].map(|between| format!("{}{between}{}", name.kind.word(), name.id));
        self.is_id(&name.id) || whole.iter().any(|whole| self.is_id(whole))
    }

    pub(super) fn is_end_of_card(&self, number: &str) -> bool {
        let number = number.to_lowercase();
        number == self.0 || (self.0.len() >= SHORTEST_CARD && number.ends_with(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorstep_core::model::fact::Kind;

    #[test]
    fn a_text_matches_the_begin_of_a_name_better_than_its_middle() {
        let wanted = Wanted::of(" aDa ").expect("a text");
        let close = |text: &str| wanted.part_of(text);
        let closeness = [
            close("Ada"),
            close("Ada Byron"),
            close("Byron, Ada"),
            close("Nevada"),
            close("Bob"),
        ];
        let wanted = [
            Some(Closeness::Whole),
            Some(Closeness::Begin),
            Some(Closeness::BeginOfWord),
            Some(Closeness::Part),
            None,
        ];
        assert_eq!(closeness, wanted);
        assert!(closeness[..4].is_sorted());
        assert!(Wanted::of("  ").is_none());
    }

    #[test]
    fn the_end_of_a_card_number_needs_four_characters() {
        let ends = |text: &str| Wanted::of(text).expect("a text").is_end_of_card("00A1B2C3");
        assert_eq!(
            ["b2c3", "2c3", "00a1b2c3", "00a1"].map(ends),
            [true, false, true, false]
        );
    }

    #[test]
    fn a_profile_is_named_by_its_id_with_or_without_its_kind() {
        let name = FactId::new(Kind::Member, "603D");
        let names = |text: &str| Wanted::of(text).expect("a text").is_profile(&name);
        assert_eq!(
            ["603d", "member 603d", "Member:603d", "visitor:603d", "603"].map(names),
            [true, true, true, false, false]
        );
    }
}
