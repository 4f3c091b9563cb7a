//! Parses the text of a site file into a [`Site`], and collects every fault.

use std::collections::{BTreeMap, BTreeSet};

use toml::de::DeTable;

use super::fault::{Faults, SiteFileError};
use super::sheet::{SheetTable, Value};
use super::words::{self, SANDBOX};
use super::{
    Bookings, Closure, DoorsConfig, Entries, ForeignPolicy, Guard, MemberUnpaid, Mode, PassOpening,
    PlatformConfig, Rule, Site, Tentative, Unpaid, WithoutAccess, closed, keys, rule,
};
use crate::model::account::DoorsKind;
use crate::model::ids::DoorsName;
use crate::model::platform_kind::PlatformKind;

/// The longest file, in bytes. A site file is stored whole in one item of the table.
const LONGEST: usize = 256 * 1024;
/// The largest limit of the guard. A guard with a larger one would hold nothing.
const MANY: u32 = 1_000_000;
const KEEP_SUSPEND_DELETE: [(&str, WithoutAccess); 3] = [
    ("keep", WithoutAccess::Keep),
    ("suspend", WithoutAccess::Suspend),
    ("delete", WithoutAccess::Delete),
];

/// Parses `text`. See [`Site::parse`].
pub(super) fn site(text: &str) -> Result<Site, SiteFileError> {
    let faults = Faults::new(text);
    if text.len() > LONGEST {
        faults.add(
            1,
            format!(
                "the file is longer than {} KiB: split the site, or use lists in its rules",
                LONGEST / 1024
            ),
        );
        return Err(faults.into_error());
    }
    let (root, errors) = DeTable::parse_recoverable(text);
    errors.iter().for_each(|error| faults.add_syntax(error));
    if !faults.none() {
        return Err(faults.into_error());
    }
    match whole(&SheetTable::new(
        "the file",
        1,
        root.get_ref(),
        &keys::FILE,
        &faults,
    )) {
        Some(site) if faults.none() => Ok(site),
        _ => Err(faults.into_error()),
    }
}

fn whole(root: &SheetTable<'_>) -> Option<Site> {
    let id = root.required(
        "site",
        "site = \"riverside\", its name in addresses",
        |value| value.read(words::site_id),
    );
    let timezone = root.required("timezone", "timezone = \"Europe/London\"", |value| {
        value.read(words::timezone)
    });
    let mode = root.required(
        "mode",
        "mode = \"observe\", \"grant-only\" or \"full\"",
        |value| value.choice(&Mode::ALL.map(|mode| (mode.word(), mode))),
    );
    let platform = root.required("platform", "[platform] and its keys", |value| {
        platform(&value.table("[platform]", &keys::PLATFORM)?)
    });
    let doors = root.required("doors", "[doors.main] and its keys", |value| {
        all_doors(&value, mode)
    });
    let bookings = root.optional("bookings", Bookings::default(), |value| {
        bookings(&value.table("[bookings]", &keys::BOOKINGS)?)
    });
    let members_unpaid = root.optional("members", None, |value| {
        members(&value.table("[members]", &keys::MEMBERS)?)
    });
    let passes = root.optional("passes", PassOpening::WhileUnused, |value| {
        passes(&value.table("[passes]", &keys::PASSES)?)
    });
    let guard = root.optional("guard", Guard::default(), |value| {
        guard(&value.table("[guard]", &keys::GUARD)?)
    });
    let entries = root.optional("entries", Entries::default(), |value| {
        entries(&value.table("[entries]", &keys::ENTRIES)?)
    });
    let usual = bookings.clone().unwrap_or_default();
    let rules = root.optional("rule", Vec::new(), |value| {
        rules(&value, doors.as_ref(), &usual)
    });
    let closed = root.optional("closed", Vec::new(), |value| {
        let tables = value.tables("[[closed]]", &keys::CLOSED)?;
        let number = rules.as_ref().map(Vec::len);
        let all: Vec<Option<Closure>> = tables
            .iter()
            .map(|table| closed::read(table, number))
            .collect();
        all.into_iter().collect()
    });
    root.finish();
    Some(Site {
        id: id?.into(),
        timezone: timezone?,
        mode: mode?,
        platform: platform?,
        doors: doors?,
        bookings: bookings?,
        members_unpaid: members_unpaid?,
        passes: passes?,
        guard: guard?,
        entries: entries?,
        closed: closed?,
        rules: rules?,
    })
}

fn platform(table: &SheetTable<'_>) -> Option<PlatformConfig> {
    let kinds = PlatformKind::ALL.map(|kind| (kind.word(), kind));
    let kind = table.required(
        "kind",
        "kind = and the platform's word, such as \"officernd\"",
        |value| value.choice(&kinds),
    );
    let only = "only OfficeRnD has one: leave it out";
    let (url, identity_url) = addresses(
        table,
        kind.is_some_and(|kind| kind != PlatformKind::OfficeRnd)
            .then_some(only),
    );
    let sandbox = matches!(&url, Some(Some(url)) if url == SANDBOX);
    let region = table.maybe("region", |value| match kind {
        Some(kind) if kind != PlatformKind::OfficeRnd => value.wrong(only),
        _ => value.read(words::region),
    });
    let organization = table.maybe("organization", |value| match kind {
        Some(PlatformKind::Nexudus) => business_ids(&value, sandbox),
        Some(PlatformKind::Spacebring) if !sandbox => value.read(words::network_id),
        _ => value.read(words::vendor_id),
    });
    let locations = table.optional("locations", None, locations);
    let card_property = table.maybe("card_property", |value| match kind {
        Some(kind) if kind != PlatformKind::OfficeRnd => {
            value.wrong("this platform has a field of its own for them, or none: leave it out")
        }
        _ => value.text().map(str::to_owned),
    });
    let secret = table.required("secret", "the name of the platform's secrets", |value| {
        value.read(words::secret_name)
    });
    table.finish();
    if kind == Some(PlatformKind::OfficeRnd) && organization == Some(None) {
        let advice = "write organization = and the slug in the address of your OfficeRnD page";
        table.faults.add(
            table.line,
            format!("[platform] has no `organization`: {advice}"),
        );
    }
    Some(PlatformConfig {
        kind: kind?,
        organization: organization?,
        locations: locations?,
        card_property: card_property?,
        secret: secret?,
        url: url?,
        identity_url: identity_url?,
        region: region?,
    })
}

/// Reads Nexudus' business ids, in one text separated by commas or in a list. Returns them
/// separated by commas. A sandbox may use any name.
fn business_ids(value: &Value<'_>, sandbox: bool) -> Option<String> {
    let mut ids: Vec<String> = Vec::new();
    for text in value.texts()? {
        for id in text.split(',').map(str::trim) {
            let number =
                !id.is_empty() && id.len() <= 20 && id.bytes().all(|byte| byte.is_ascii_digit());
            if !number && !sandbox {
                return value.wrong(
                    "write the ids of your Nexudus businesses, such as \"1234\" or \"1234, 5678\"",
                );
            }
            if !ids.iter().any(|known| known == id) {
                ids.push(id.to_owned());
            }
        }
    }
    Some(ids.join(","))
}

/// Reads the locations. `"*"` means the same as leaving the key out.
fn locations(value: Value<'_>) -> Option<Option<Vec<String>>> {
    let names = value.texts()?;
    match names.iter().any(|name| name == "*") {
        false => Some(Some(names)),
        true if names.len() == 1 => Some(None),
        true => value.wrong("\"*\" stands for every location and must stand alone"),
    }
}

fn all_doors(value: &Value<'_>, mode: Option<Mode>) -> Option<BTreeMap<DoorsName, DoorsConfig>> {
    let table = value.table("[doors.main]", &keys::DOORS)?;
    let found: Vec<Option<(DoorsName, DoorsConfig)>> =
        table.values().map(|one| named_doors(&one, mode)).collect();
    if found.is_empty() {
        return value.wrong("there is no door system: write [doors.main] and its keys");
    }
    let found: BTreeMap<DoorsName, DoorsConfig> = found.into_iter().collect::<Option<_>>()?;
    let mut earlier = BTreeSet::new();
    for was in found.values().filter_map(|config| config.was.as_ref()) {
        if found.contains_key(was) || !earlier.insert(was) {
            return value.wrong(format!(
                "was = \"{was}\": that name is in use; write the name that this table had before"
            ));
        }
    }
    Some(found)
}

fn named_doors(value: &Value<'_>, mode: Option<Mode>) -> Option<(DoorsName, DoorsConfig)> {
    if let Err(advice) = words::doors_name(&value.key) {
        return value.wrong(advice);
    }
    let config = doors(
        &value.table(format!("[doors.{}]", value.key), &keys::DOORS)?,
        mode,
    )?;
    Some((value.key.as_str().into(), config))
}

fn doors(table: &SheetTable<'_>, mode: Option<Mode>) -> Option<DoorsConfig> {
    let kinds = [DoorsKind::SaltoKs, DoorsKind::Kisi].map(|kind| (kind.word(), kind));
    let kind = table.required("kind", "kind = \"salto-ks\" or \"kisi\"", |value| {
        value.choice(&kinds)
    });
    let place = place(table, kind);
    let secret = table.required("secret", "the name of the door system's secret", |value| {
        value.read(words::secret_name)
    });
    let only = "only SALTO KS has one: leave it out";
    let (url, identity_url) = addresses(table, (kind == Some(DoorsKind::Kisi)).then_some(only));
    let contact = table.maybe("contact", |value| match value.read(words::contact)? {
        _ if kind == Some(DoorsKind::SaltoKs) => value.wrong("only Kisi takes one: leave it out"),
        contact => Some(contact),
    });
    let invite = table.optional("invite", true, |value| value.flag());
    let without_access = table.optional("without_access", WithoutAccess::Keep, |value| {
        value.choice(&KEEP_SUSPEND_DELETE)
    });
    let guest_accounts = table.optional("guest_accounts", WithoutAccess::Suspend, |value| {
        value.choice(&KEEP_SUSPEND_DELETE)
    });
    let foreign = table.optional("foreign", ForeignPolicy::Report, |value| {
        value.choice(&[
            ("report", ForeignPolicy::Report),
            ("remove", ForeignPolicy::Remove),
        ])
    });
    let prefix = table.maybe("prefix", |value| value.text().map(str::to_owned));
    let protected = protected(table, mode);
    let was = table.maybe("was", |value| value.text().map(DoorsName::from));
    table.finish();
    Some(DoorsConfig {
        kind: kind?,
        place: place?,
        secret: secret?,
        url: url?,
        identity_url: identity_url?,
        contact: contact?,
        invite: invite?,
        without_access: without_access?,
        guest_accounts: guest_accounts?,
        foreign: foreign?,
        prefix: prefix?,
        protected: protected?,
        was: was?,
    })
}

/// Reads `place`. For SALTO KS it is required: without a chosen site nothing works.
fn place(table: &SheetTable<'_>, kind: Option<DoorsKind>) -> Option<Option<String>> {
    if kind == Some(DoorsKind::SaltoKs) {
        let advice = "place = and the id of the SALTO KS site whose doors these are";
        return table
            .required("place", advice, |value| value.read(words::vendor_id))
            .map(Some);
    }
    table.maybe("place", |value| value.read(words::vendor_id))
}

type UrlPair = (Option<Option<String>>, Option<Option<String>>);

/// Reads `url` and `identity_url`; `without` says why the second does not exist. A sandbox has its
/// own tokens, so that no real credential is ever sent to one.
fn addresses(table: &SheetTable<'_>, without: Option<&'static str>) -> UrlPair {
    let url = table.maybe("url", |value| value.read(words::address));
    let sandbox = url.as_ref().map(|url| url.as_deref() == Some(SANDBOX));
    let identity_url = table.maybe("identity_url", |value| {
        match value.read(words::address)? {
            _ if let Some(why) = without => value.wrong(why),
            address if sandbox.is_some_and(|sandbox| sandbox != (address == SANDBOX)) => {
                value.wrong("`url` and `identity_url` must both be \"sandbox\", or neither")
            }
            address => Some(address),
        }
    });
    (
        url,
        identity_url.map(|address| address.filter(|address| address != SANDBOX)),
    )
}

fn protected(table: &SheetTable<'_>, mode: Option<Mode>) -> Option<Vec<String>> {
    let value = table.value("protected");
    let line = value.as_ref().map_or(table.line, |value| value.line);
    let protected = value.map_or(Some(Vec::new()), |value| {
        words::protected(&value.list()?).map_or_else(|advice| value.wrong(advice), Some)
    })?;
    if mode == Some(Mode::Full) && protected.len() < 2 {
        let advice = "write the e-mail addresses of at least two people who must never lose access";
        table.faults.add(
            line,
            format!(
                "`protected`: in mode \"full\" {} must name two: {advice}",
                table.name
            ),
        );
        return None;
    }
    Some(protected)
}

fn bookings(table: &SheetTable<'_>) -> Option<Bookings> {
    let usual = Bookings::default();
    let before = table.optional("before", usual.before, |value| value.read(words::minutes));
    let after = table.optional("after", usual.after, |value| value.read(words::minutes));
    let guests = table.optional("guests", usual.guests, |value| value.flag());
    let tentative = table.optional("tentative", usual.tentative, |value| {
        value.choice(&[("ignore", Tentative::Ignore), ("open", Tentative::Open)])
    });
    let unpaid = table.optional("unpaid", usual.unpaid, |value| {
        value.choice(&[("wait", Unpaid::Wait), ("open", Unpaid::Open)])
    });
    table.finish();
    Some(Bookings {
        before: before?,
        after: after?,
        guests: guests?,
        tentative: tentative?,
        unpaid: unpaid?,
    })
}

/// Reads `[members]`.
fn members(table: &SheetTable<'_>) -> Option<Option<MemberUnpaid>> {
    let unpaid = table.maybe("unpaid", |value| {
        value.read(|text| match text {
            "open" => Ok(MemberUnpaid::Open),
            "wait" => Ok(MemberUnpaid::Wait),
            grace => words::days(grace).map(MemberUnpaid::Grace).map_err(|_| {
                "write \"open\", \"wait\", or a number of days such as \"14d\"".to_owned()
            }),
        })
    });
    table.finish();
    unpaid
}

fn passes(table: &SheetTable<'_>) -> Option<PassOpening> {
    let open = table.optional("open", PassOpening::WhileUnused, |value| {
        value.choice(&[
            ("while-unused", PassOpening::WhileUnused),
            ("on-the-day", PassOpening::OnTheDay),
        ])
    });
    table.finish();
    open
}

fn guard(table: &SheetTable<'_>) -> Option<Guard> {
    let usual = Guard::default();
    let share = table.optional("share", usual.share, |value| value.share());
    let least = table.optional("least", usual.least, |value| value.whole(0..=MANY));
    let base = table.optional("base", usual.base, |value| value.whole(0..=MANY));
    let most = table.optional("most", usual.most, |value| value.whole(0..=MANY));
    table.finish();
    Some(Guard {
        share: share?,
        least: least?,
        base: base?,
        most: most?,
    })
}

fn entries(table: &SheetTable<'_>) -> Option<Entries> {
    let keep_days = table.optional("keep", Entries::default().keep_days, |value| {
        value.read(words::days)
    });
    table.finish();
    Some(Entries {
        keep_days: keep_days?,
    })
}

fn rules(
    value: &Value<'_>,
    doors: Option<&BTreeMap<DoorsName, DoorsConfig>>,
    usual: &Bookings,
) -> Option<Vec<Rule>> {
    let tables = value.tables("[[rule]]", &keys::RULE)?;
    let rules: Vec<Option<Rule>> = tables
        .iter()
        .map(|table| rule::read(table, doors, usual))
        .collect();
    rules.into_iter().collect()
}
