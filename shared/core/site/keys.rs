//! The keys of a site file: one table, from which the parser takes what it may read, and [`schema`]
//! makes the JSON Schema.
//!
//! [`schema`]: super::schema

/// A table of a site file.
#[derive(Debug)]
pub struct TableKeys {
    /// Its keys, in the order in which messages name them.
    pub keys: &'static [Key],
}

/// A key.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// The values that it takes.
    pub takes: Takes,
    /// Whether every file must have it.
    pub required: bool,
    /// What it means, in one sentence.
    pub meaning: &'static str,
}

/// The values of a key.
#[derive(Debug)]
pub enum Takes {
    /// A text.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A text of this pattern.
    Pattern(&'static str),
    /// `true` or `false`.
    Flag,
    /// A whole number that is not negative.
    Whole,
    /// A number from 0 to 1.
    Share,
    /// A text, or a list of texts that is not empty.
    Texts,
    /// A list of texts, which may be empty.
    List,
    /// A whole number from 1 on, or a list of them.
    Numbers,
    /// A table.
    Table(&'static TableKeys),
    /// Tables whose names the operator chooses.
    Named(&'static TableKeys),
    /// Several tables.
    Tables(&'static TableKeys),
}

const fn key(name: &'static str, takes: Takes, meaning: &'static str) -> Key {
    Key {
        name,
        takes,
        required: false,
        meaning,
    }
}

const fn must(name: &'static str, takes: Takes, meaning: &'static str) -> Key {
    Key {
        required: true,
        ..key(name, takes, meaning)
    }
}

/// Minutes, such as `15m`, `1h` or `1h30m`.
const MINUTES: Takes = Takes::Pattern("^([0-9]{1,4}h)?([0-9]{1,4}m)?$");
/// Days, such as `90d`.
const DAYS: Takes = Takes::Pattern("^[0-9]{1,3}d$");
const ACCOUNTS: Takes = Takes::Word(&["keep", "suspend", "delete"]);

/// The whole file.
pub static FILE: TableKeys = TableKeys {
    keys: &[
        must(
            "site",
            Takes::Pattern("^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$"),
            "The site's name in webhook addresses and keys.",
        ),
        must(
            "timezone",
            Takes::Text,
            "The IANA time zone for days without a time. A location's own zone comes first.",
        ),
        must(
            "mode",
            Takes::Word(&["observe", "grant-only", "full"]),
            "How far Doorstep may go.",
        ),
        must(
            "platform",
            Takes::Table(&PLATFORM),
            "The platform that has the bookings and memberships.",
        ),
        must(
            "doors",
            Takes::Named(&DOORS),
            "The door systems, by the names that rules use.",
        ),
        key(
            "bookings",
            Takes::Table(&BOOKINGS),
            "Defaults of every rule about bookings.",
        ),
        key(
            "members",
            Takes::Table(&MEMBERS),
            "What a member who has not paid gets.",
        ),
        key("passes", Takes::Table(&PASSES), "When a pass opens."),
        key(
            "guard",
            Takes::Table(&GUARD),
            "When inferred revokes are held.",
        ),
        key(
            "entries",
            Takes::Table(&ENTRIES),
            "How long access attempts are stored.",
        ),
        key("rule", Takes::Tables(&RULE), "What opens which groups."),
        key(
            "closed",
            Takes::Tables(&CLOSED),
            "Days on which rules open nothing.",
        ),
    ],
};

/// `[platform]`.
pub static PLATFORM: TableKeys = TableKeys {
    keys: &[
        must(
            "kind",
            Takes::Word(&[
                "officernd",
                "nexudus",
                "spacebring",
                "andcards",
                "deskworks",
            ]),
            "The platform.",
        ),
        key(
            "url",
            Takes::Text,
            "Another https address of the platform, or \"sandbox\".",
        ),
        key(
            "identity_url",
            Takes::Text,
            "Another https address of OfficeRnD's token service.",
        ),
        key(
            "region",
            Takes::Text,
            "OfficeRnD's region. Doorstep asks for it without this key.",
        ),
        key(
            "organization",
            Takes::Texts,
            "OfficeRnD: the slug, required. Nexudus: ids of businesses. Spacebring: the id of the network.",
        ),
        key(
            "locations",
            Takes::Texts,
            "Names or ids of the locations that count; left out: all.",
        ),
        key(
            "card_property",
            Takes::Text,
            "OfficeRnD: the property of a member that has card numbers.",
        ),
        must(
            "secret",
            Takes::Text,
            "The name of two secrets: …/webhook and …/api.",
        ),
    ],
};

/// `[doors.NAME]`.
pub static DOORS: TableKeys = TableKeys {
    keys: &[
        must(
            "kind",
            Takes::Word(&["salto-ks", "kisi"]),
            "The door system.",
        ),
        key(
            "place",
            Takes::Text,
            "The SALTO KS site, required; or the Kisi place.",
        ),
        must("secret", Takes::Text, "The name of the secret."),
        key(
            "url",
            Takes::Text,
            "Another https address of the door system, or \"sandbox\".",
        ),
        key(
            "identity_url",
            Takes::Text,
            "Another https address of SALTO KS's token service.",
        ),
        key(
            "contact",
            Takes::Text,
            "An address to which Kisi may write.",
        ),
        key(
            "invite",
            Takes::Flag,
            "Whether the door system e-mails new people; left out: true.",
        ),
        key(
            "without_access",
            ACCOUNTS,
            "A member's account that has no access left; left out: keep.",
        ),
        key(
            "guest_accounts",
            ACCOUNTS,
            "A guest's account that has no access left; left out: suspend.",
        ),
        key(
            "foreign",
            Takes::Word(&["report", "remove"]),
            "People in a ruled group who are not ours; left out: report.",
        ),
        key(
            "prefix",
            Takes::Text,
            "The beginning that the name of every ruled group must have.",
        ),
        key(
            "protected",
            Takes::List,
            "Addresses of people whose access is never revoked; two in mode full.",
        ),
        key("was", Takes::Text, "The earlier name of this table."),
    ],
};

/// `[bookings]`.
pub static BOOKINGS: TableKeys = TableKeys {
    keys: &[
        key(
            "before",
            MINUTES,
            "Minutes of access before a booking; left out: 15m.",
        ),
        key(
            "after",
            MINUTES,
            "Minutes of access after a booking; left out: 15m.",
        ),
        key(
            "guests",
            Takes::Flag,
            "Whether invited people get the access of a booking; left out: true.",
        ),
        key(
            "tentative",
            Takes::Word(&["ignore", "open"]),
            "An unconfirmed booking; left out: ignore.",
        ),
        key(
            "unpaid",
            Takes::Word(&["wait", "open"]),
            "A booking that must be paid and is not; left out: wait.",
        ),
    ],
};

/// `[members]`.
pub static MEMBERS: TableKeys = TableKeys {
    keys: &[key(
        "unpaid",
        Takes::Pattern("^(open|wait|[0-9]{1,3}d)$"),
        "The membership of a member who has not paid: open, wait, or a grace such as 14d.",
    )],
};

/// `[passes]`.
pub static PASSES: TableKeys = TableKeys {
    keys: &[key(
        "open",
        Takes::Word(&["while-unused", "on-the-day"]),
        "When a pass opens; left out: while-unused.",
    )],
};

/// `[guard]`.
pub static GUARD: TableKeys = TableKeys {
    keys: &[
        key(
            "share",
            Takes::Share,
            "Revokes are held from this share of the people on; left out: 0.20.",
        ),
        key(
            "least",
            Takes::Whole,
            "They are held from this number of people on; left out: 5.",
        ),
        key(
            "base",
            Takes::Whole,
            "The share counts from this number of people on; left out: 10.",
        ),
        key(
            "most",
            Takes::Whole,
            "Revokes of more people are always held; left out: 50.",
        ),
    ],
};

/// `[entries]`.
pub static ENTRIES: TableKeys = TableKeys {
    keys: &[key(
        "keep",
        DAYS,
        "How long access attempts are stored; left out: 90d.",
    )],
};

/// `[[rule]]`.
pub static RULE: TableKeys = TableKeys {
    keys: &[
        key("plan", Takes::Texts, "Memberships on these plans."),
        key(
            "resource",
            Takes::Texts,
            "Bookings of these rooms and other resources.",
        ),
        key(
            "assignable",
            Takes::Texts,
            "Memberships with these desks and offices.",
        ),
        key(
            "floor",
            Takes::Texts,
            "Memberships with a desk or office on these floors.",
        ),
        key(
            "location",
            Takes::Texts,
            "Memberships with a desk or office at these locations.",
        ),
        key(
            "visitor",
            Takes::Texts,
            "Expected visitors without a booking, at these locations.",
        ),
        key("pass", Takes::Texts, "Passes of these names."),
        key(
            "doors",
            Takes::Text,
            "The door system, where there are several.",
        ),
        must(
            "opens",
            Takes::Texts,
            "Names or ids of the groups that the rule opens.",
        ),
        key("at", Takes::Texts, "Only for things of these locations."),
        key(
            "hours",
            Takes::Text,
            "Only in these local hours, such as \"Mon-Fri 09:00-18:00\".",
        ),
        key(
            "open_when_closed",
            Takes::Flag,
            "Whether the rule goes on when the site is closed; left out: false.",
        ),
        key(
            "before",
            MINUTES,
            "Minutes before a booking or visit; left out: those of [bookings].",
        ),
        key(
            "after",
            MINUTES,
            "Minutes after a booking or visit; left out: those of [bookings].",
        ),
        key(
            "for",
            Takes::Word(&["members", "non-members", "everyone"]),
            "Whom a booking opens for; left out: everyone.",
        ),
        key(
            "with_parent",
            Takes::Flag,
            "Whether a booking of the room that this one is part of opens too; left out: false.",
        ),
    ],
};

/// `[[closed]]`.
pub static CLOSED: TableKeys = TableKeys {
    keys: &[
        must(
            "days",
            Takes::Texts,
            "Days such as 2026-12-24, spans such as 2026-12-24/2026-12-26, or days of every year such as yearly 01-01.",
        ),
        key(
            "rules",
            Takes::Numbers,
            "The numbers of the rules that are closed; left out: all.",
        ),
        key(
            "at",
            Takes::Texts,
            "The locations that are closed; left out: all.",
        ),
    ],
};

impl TableKeys {
    /// Returns whether the table has this key.
    pub fn has(&self, name: &str) -> bool {
        self.keys.iter().any(|key| key.name == name)
    }
}
