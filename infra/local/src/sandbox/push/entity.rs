//! The kinds of things at the push platforms, their keys in the contract, and the defaults of
//! missing keys.

use serde_json::{Value, json};

/// One kind of thing.
pub struct PushWorldEntity {
    /// Its name in worlds and snapshots.
    pub list: &'static str,
    /// Its name in events.
    pub word: &'static str,
    /// Its keys, each with its default.
    pub keys: &'static [(&'static str, Usual)],
}

/// The default of a missing key.
#[derive(Clone, Copy)]
pub enum Usual {
    /// Null.
    Nothing,
    /// True.
    Yes,
    /// False.
    No,
    /// An empty list.
    NoOne,
    /// This text.
    Text(&'static str),
}

impl Usual {
    /// Returns the default as it is sent.
    pub fn value(self) -> Value {
        match self {
            Usual::Nothing => Value::Null,
            Usual::Yes => json!(true),
            Usual::No => json!(false),
            Usual::NoOne => json!([]),
            Usual::Text(text) => json!(text),
        }
    }
}

use Usual::{No, NoOne, Nothing, Text, Yes};

/// The kinds of andcards, in the order in which a change is sent.
pub const ANDCARDS: &[PushWorldEntity] = &[
    PushWorldEntity {
        list: "companies",
        word: "company",
        keys: &[("id", Nothing), ("name", Text(""))],
    },
    PushWorldEntity {
        list: "users",
        word: "user",
        keys: &[
            ("id", Nothing),
            ("name", Text("")),
            ("email", Nothing),
            ("company", Nothing),
            ("active", Yes),
        ],
    },
    PushWorldEntity {
        list: "subscriptions",
        word: "subscription",
        keys: &[
            ("id", Nothing),
            ("plan", Nothing),
            ("location", Nothing),
            ("user", Nothing),
            ("company", Nothing),
            ("start", Nothing),
            ("end", Nothing),
            ("active", Yes),
        ],
    },
    PushWorldEntity {
        list: "bookings",
        word: "booking",
        keys: &[
            ("id", Nothing),
            ("room", Nothing),
            ("location", Nothing),
            ("user", Nothing),
            ("guest", Nothing),
            ("guests", NoOne),
            ("start", Nothing),
            ("end", Nothing),
            ("cancelled", No),
        ],
    },
    PushWorldEntity {
        list: "visits",
        word: "visit",
        keys: &[
            ("id", Nothing),
            ("location", Nothing),
            ("visitor", Nothing),
            ("start", Nothing),
            ("end", Nothing),
            ("cancelled", No),
        ],
    },
];

/// The kinds of Deskworks, in the order in which a change is sent.
pub const DESKWORKS: &[PushWorldEntity] = &[
    PushWorldEntity {
        list: "members",
        word: "member",
        keys: &[
            ("id", Nothing),
            ("name", Text("")),
            ("email", Nothing),
            ("center", Nothing),
            ("active", Yes),
            ("master", Nothing),
        ],
    },
    PushWorldEntity {
        list: "billings",
        word: "billing",
        keys: &[
            ("id", Nothing),
            ("member", Nothing),
            ("product", Nothing),
            ("center", Nothing),
            ("start", Nothing),
            ("end", Nothing),
            ("active", Yes),
        ],
    },
    PushWorldEntity {
        list: "reservations",
        word: "reservation",
        keys: &[
            ("id", Nothing),
            ("unit", Nothing),
            ("center", Nothing),
            ("member", Nothing),
            ("guest", Nothing),
            ("start", Nothing),
            ("end", Nothing),
            ("cancelled", No),
        ],
    },
    PushWorldEntity {
        list: "visits",
        word: "visit",
        keys: &[
            ("id", Nothing),
            ("center", Nothing),
            ("visitor", Nothing),
            ("start", Nothing),
            ("end", Nothing),
            ("cancelled", No),
        ],
    },
];
