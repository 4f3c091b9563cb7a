//! Tests of every row of the table, with one card and with several.

use super::*;
use crate::model::fact::Kind;

fn me() -> AccountId {
    AccountId("me".into())
}

/// Creates a card with this number, assigned to the account `of` if there is one.
fn card(number: &str, of: Option<&str>) -> Card {
    let holder = of.map(|of| AccountId(of.into()));
    Card {
        id: format!("id {number}"),
        numbers: vec![number.into()],
        holder,
        ..Card::default()
    }
}

fn number(number: &str) -> Number {
    Number {
        number: number.into(),
        of: FactId::new(Kind::Member, "m"),
    }
}

fn ours(number: &str) -> OurCard {
    OurCard {
        number: number.into(),
        since: jiff::Timestamp::UNIX_EPOCH,
        because: "b".into(),
    }
}

struct Case {
    wanted: Vec<Number>,
    ours: Vec<OurCard>,
    book: CardBook,
}

fn case(wanted: &[&str], held: &[&str], cards: Vec<Card>) -> Case {
    let (wanted, ours) = (
        wanted.iter().map(|n| number(n)).collect(),
        held.iter().map(|n| ours(n)).collect(),
    );
    Case {
        wanted,
        ours,
        book: CardBook::of(cards),
    }
}

/// Returns the decision as short texts.
fn said(case: &Case, change: fn(CardsView<'_>) -> CardsView<'_>) -> Vec<String> {
    let Case { wanted, ours, book } = case;
    let account = &me();
    let view = CardsView {
        account,
        desired: wanted,
        claimed: ours,
        book,
        one: false,
        taken_over: false,
        give: true,
        take: true,
    };
    let CardDecision {
        tag,
        untag,
        adopt,
        disown,
        troubles,
    } = decide_cards(change(view));
    let mut said: Vec<String> = untag
        .iter()
        .map(|change| format!("-{}", change.number))
        .collect();
    said.extend(tag.iter().map(|change| format!("+{}", change.number)));
    said.extend(adopt.iter().map(|claim| format!("={}", claim.number)));
    said.extend(disown.iter().map(|number| format!("~{number}")));
    said.extend(
        troubles
            .iter()
            .map(|trouble| format!("!{} {:?}", trouble.number, trouble.what)),
    );
    said
}

fn several(case: &Case) -> Vec<String> {
    said(case, |view| view)
}

fn one(case: &Case) -> Vec<String> {
    said(case, |view| CardsView { one: true, ..view })
}

const NOTHING: [&str; 0] = [];

#[test]
fn a_number_whose_card_is_free_becomes_theirs() {
    let free = case(&["1"], &[], vec![card("1", None), card("2", None)]);
    assert_eq!(
        (several(&free), one(&free)),
        (vec!["+1".to_owned()], vec!["+1".to_owned()])
    );
    assert_eq!(
        said(&free, |view| CardsView {
            give: false,
            ..view
        }),
        NOTHING
    );
    assert_eq!(
        said(&free, |view| CardsView {
            take: false,
            ..view
        }),
        ["+1"]
    );
    let verdict = decide_cards(CardsView {
        account: &me(),
        desired: &free.wanted,
        claimed: &[],
        book: &free.book,
        one: true,
        taken_over: false,
        give: true,
        take: true,
    });
    assert_eq!(
        (
            verdict.tag[0].card.id.as_str(),
            verdict.tag[0].because.as_str()
        ),
        ("id 1", "tag … of member m")
    );
}

#[test]
fn what_is_theirs_stays_and_is_ours_only_while_cards_are_taken_over() {
    let theirs = |ours: &[&str]| case(&["1"], ours, vec![card("1", Some("me"))]);
    assert_eq!(several(&theirs(&["1"])), NOTHING);
    assert_eq!(one(&theirs(&[])), NOTHING);
    fn taken_over(view: CardsView<'_>) -> CardsView<'_> {
        CardsView {
            taken_over: true,
            ..view
        }
    }
    assert_eq!(said(&theirs(&[]), taken_over), ["=1"]);
    assert_eq!(said(&theirs(&["1"]), taken_over), NOTHING);
    let pod = case(
        &["1"],
        &[],
        vec![Card {
            reserved: true,
            ..card("1", Some("me"))
        }],
    );
    assert_eq!(said(&pod, taken_over), NOTHING, "a pod's is never ours");
}

#[test]
fn what_is_no_longer_said_is_taken_back_where_it_is_ours() {
    let gone = |ours: &[&str], of| case(&[], ours, vec![card("1", of)]);
    assert_eq!(several(&gone(&["1"], Some("me"))), ["-1"]);
    assert_eq!(
        said(&gone(&["1"], Some("me")), |view| CardsView {
            take: false,
            ..view
        }),
        NOTHING
    );
    assert_eq!(several(&gone(&[], Some("me"))), NOTHING, "given by hand");
    assert_eq!(several(&gone(&["1"], Some("you"))), ["~1"]);
    assert_eq!(several(&gone(&["1"], None)), ["~1"]);
    assert_eq!(several(&case(&[], &["1"], vec![])), ["~1"]);
    let pod = case(
        &[],
        &["1"],
        vec![Card {
            reserved: true,
            ..card("1", Some("me"))
        }],
    );
    assert_eq!(several(&pod), ["~1"], "it became a pod's");
}

#[test]
fn what_was_taken_away_by_hand_comes_back() {
    assert_eq!(
        several(&case(&["1"], &["1"], vec![card("1", None)])),
        ["+1"]
    );
    let lost = case(&["1"], &["1"], vec![card("1", Some("you"))]);
    assert_eq!(
        several(&lost),
        ["!1 OfAnother"],
        "and it is still ours to take back"
    );
}

#[test]
fn what_is_wrong_with_a_number_is_said() {
    assert_eq!(several(&case(&["1"], &[], vec![])), ["!1 Unknown"]);
    assert_eq!(
        several(&case(&["1"], &[], vec![card("1", Some("you"))])),
        ["!1 OfAnother"]
    );
    let pod = Card {
        reserved: true,
        ..card("1", None)
    };
    assert_eq!(several(&case(&["1"], &[], vec![pod])), ["!1 Reserved"]);
    let blocked = Card {
        blocked: true,
        ..card("1", None)
    };
    assert_eq!(
        several(&case(&["1"], &[], vec![blocked])),
        ["+1", "!1 Blocked"]
    );
    let twin = Card {
        id: "twin".into(),
        ..card("1", None)
    };
    assert_eq!(
        several(&case(&["1"], &[], vec![card("1", None), twin.clone()])),
        ["!1 Several"]
    );
    assert_eq!(
        several(&case(&["1"], &["1"], vec![card("1", Some("me")), twin])),
        NOTHING,
        "theirs is the one"
    );
}

#[test]
fn several_numbers_are_several_cards_or_one() {
    let cards = || vec![card("1", Some("you")), card("2", None), card("3", None)];
    let free = case(&["9", "1", "2", "3"], &[], cards());
    assert_eq!(several(&free), ["+2", "+3", "!1 OfAnother", "!9 Unknown"]);
    assert_eq!(
        one(&free),
        ["+2", "!1 OfAnother", "!3 OneOnly", "!9 Unknown"]
    );
    let again = case(
        &["9", "1", "2", "3"],
        &["2"],
        vec![card("2", Some("me")), card("3", None)],
    );
    assert_eq!(one(&again), ["!1 Unknown", "!3 OneOnly", "!9 Unknown"]);
    let both = Card {
        numbers: vec!["2".into(), "AB".into()],
        ..card("2", None)
    };
    assert_eq!(
        several(&case(&["2", "ab"], &[], vec![both])),
        ["+2"],
        "one card by two of its numbers"
    );
}

#[test]
fn where_there_is_room_for_one_ours_makes_way_and_what_was_given_by_hand_does_not() {
    let next = |ours: &[&str]| case(&["2"], ours, vec![card("1", Some("me")), card("2", None)]);
    assert_eq!(one(&next(&["1"])), ["-1", "+2"]);
    assert_eq!(one(&next(&[])), ["!2 GivenByHand"]);
    assert_eq!(several(&next(&[])), ["+2"]);
    fn keep(view: CardsView<'_>) -> CardsView<'_> {
        CardsView {
            one: true,
            take: false,
            ..view
        }
    }
    assert_eq!(said(&next(&["1"]), keep), ["!2 OneOnly"]);
    let first = case(
        &["1", "2"],
        &["2"],
        vec![card("1", None), card("2", Some("me"))],
    );
    assert_eq!(
        one(&first),
        ["-2", "+1", "!2 OneOnly"],
        "the first is wanted before the others"
    );
    assert_eq!(said(&first, keep), ["!1 OneOnly"]);
    let by_hand = case(
        &["1", "2"],
        &[],
        vec![card("1", None), card("2", Some("me"))],
    );
    assert_eq!(
        one(&by_hand),
        ["!1 OneOnly"],
        "a card assigned by hand counts"
    );
}

#[test]
fn a_card_that_is_given_in_mind_is_a_person_s() {
    let mut book = CardBook::of(vec![card("Ab", None)]);
    let free = book
        .numbered(" aB ")
        .next()
        .cloned()
        .expect("in either case");
    book.hand(&free, &me());
    assert!(book.is_held("ab", &me()));
    book.hand(&free, &AccountId("you".into()));
    assert_eq!(book.held_by(&me()).count(), 0);
}

#[test]
fn numbers_are_apart_and_of_a_length() {
    let long = "7".repeat(65);
    assert_eq!(
        numbers(&format!(" 0123, ab;c\n{long} d ")),
        ["0123", "ab", "c", "d"]
    );
    assert_eq!(numbers(" ,; "), NOTHING);
    assert_eq!(numbers(&"1 ".repeat(500)).len(), 20);
}

#[test]
fn of_a_number_no_more_than_its_end_is_shown() {
    assert_eq!(
        (recorded("04A2B3C4D5"), recorded("0123"), recorded("1")),
        ("…C4D5".into(), "…23".into(), "…".into())
    );
    assert_eq!(
        (shown("04A2B3C4"), shown("12"), shown("ünïcödé")),
        ("…B3C4".into(), "…12".into(), "…cödé".into())
    );
    for what in [
        Wrong::Unknown,
        Wrong::OfAnother,
        Wrong::Several,
        Wrong::Reserved,
        Wrong::Blocked,
        Wrong::OneOnly,
        Wrong::GivenByHand,
    ] {
        let said = Trouble {
            number: "04A2B3C4".into(),
            what,
        }
        .problem(&"main".into())
        .to_string();
        assert!(
            said.starts_with("main: tag …") && said.contains("…B3C4") && !said.contains("2B3"),
            "{said}"
        );
    }
}
