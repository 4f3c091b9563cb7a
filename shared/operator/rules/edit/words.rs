//! The words that an edit writes.

use doorstep_core::model::ids::DoorsName;
use doorstep_core::site::Selector;

use crate::moving::Word;
use crate::moving::words::{Names, names};
use crate::rules::lists::Lists;
use crate::rules::reading::Named;
use crate::rules::thing::{GroupKey, ThingKey};

/// Returns the words for a thing: the clearest first, and its id.
pub(super) fn words(names: &Names<'_>, id: &str) -> Vec<Word> {
    let first = names.word(id);
    let by_id = Word {
        text: id.to_owned(),
        name: Some(names.name(id).to_owned()).filter(|name| !name.trim().is_empty()),
    };
    let is_same = first.text == by_id.text;
    std::iter::once(first)
        .chain((!is_same).then_some(by_id))
        .collect()
}

/// Returns a word that needs no name beside it.
pub(super) fn alone(text: &str) -> Word {
    Word {
        text: text.to_owned(),
        name: None,
    }
}

/// Names that a file has already, written again.
pub(super) struct Written<'l> {
    things: Names<'l>,
    groups: Names<'l>,
}

impl<'l> Written<'l> {
    pub(super) fn of(lists: &'l Lists, selector: Selector, doors: &DoorsName) -> Self {
        let groups = lists.survey.groups.get(doors);
        Written {
            things: names(&lists.survey, selector),
            groups: Names::of_groups(groups.map_or(&[][..], Vec::as_slice)),
        }
    }

    pub(super) fn things<'n>(&self, named: impl Iterator<Item = &'n Named<ThingKey>>) -> Vec<Word> {
        named
            .map(|named| again(&self.things, &named.text))
            .collect()
    }

    pub(super) fn groups<'n>(&self, named: impl Iterator<Item = &'n Named<GroupKey>>) -> Vec<Word> {
        named
            .map(|named| again(&self.groups, &named.text))
            .collect()
    }
}

/// Returns the word for a text of the file. An id keeps its name in a comment.
fn again(names: &Names<'_>, text: &str) -> Word {
    let name = Some(names.name(text)).filter(|name| *name != text && !name.trim().is_empty());
    Word {
        text: text.to_owned(),
        name: name.map(str::to_owned),
    }
}
