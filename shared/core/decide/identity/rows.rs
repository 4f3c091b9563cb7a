//! One row for each way in which a link to an account is brought up to date.

use crate::decide::identity::{AccountConflict, ProfileAddress, address_of, appeared};
use crate::model::account::{Account, AccountId, Standing};
use crate::model::audit::AuditAction;
use crate::model::fact::Profile;
use crate::model::intent::IntentKind;
use crate::model::linked::Linked;

fn account(name: &str, standing: Standing) -> Account {
    Account {
        id: AccountId("a".into()),
        inner_id: None,
        email: None,
        name: name.into(),
        standing,
        mark: None,
        privileged: false,
        guest: false,
    }
}

#[test]
fn a_link_follows_its_account_and_finishes_what_was_begun() {
    use Standing::{Active, Suspended};
    for (was, standing, begun, now, done) in [
        (false, Active, None, false, None),
        (false, Suspended, None, false, None),
        (true, Suspended, None, true, None),
        (true, Active, None, false, None),
        (
            false,
            Suspended,
            Some(IntentKind::Suspend),
            true,
            Some(AuditAction::Suspended),
        ),
        (false, Active, Some(IntentKind::Suspend), false, None),
        (
            true,
            Active,
            Some(IntentKind::Resume),
            false,
            Some(AuditAction::Resumed),
        ),
        (true, Suspended, Some(IntentKind::Resume), true, None),
        (false, Suspended, Some(IntentKind::Delete), false, None),
    ] {
        let mut linked = Linked::new(account("Ada", Active), "Ada", false);
        linked.suspended = was;
        let found = linked.refresh(account("Ada", standing), begun.as_ref());
        assert_eq!(
            (linked.suspended, found),
            (now, done),
            "{was} {standing:?} {begun:?}"
        );
        assert_eq!(linked.account.standing, standing);
    }
}

#[test]
fn a_refused_name_that_the_account_has_now_is_refused_no_more() {
    let refreshed = |name: &str| {
        let mut linked = Linked::new(account("Ada", Standing::Active), "Ada", false);
        linked.refused_name = Some("Ada L.".into());
        linked.refresh(account(name, Standing::Active), None);
        (linked.name.to_string(), linked.refused_name.clone())
    };
    assert_eq!(refreshed("Ada L."), ("Ada L.".into(), None));
    assert_eq!(refreshed("Ada"), ("Ada".into(), Some("Ada L.".into())));
}

#[test]
fn a_guest_appeared_if_the_name_fits_and_the_guest_is_new() {
    let guest = account("Ada", Standing::Active);
    let known = [AccountId("a".into())];
    assert!(appeared(&guest, "Ada", &[]));
    assert!(!appeared(&guest, "Ada", &known) && !appeared(&guest, "Eve", &[]));
    assert!(!appeared(&guest, "Eve", &known));
    assert!(
        AccountConflict::Several
            .to_string()
            .contains("several accounts")
    );
    assert!(
        AccountConflict::Taken
            .to_string()
            .contains("belongs to a person")
    );
}

#[test]
fn addresses_are_compared_in_one_form() {
    let profile = |email: Option<&str>| Profile::guest("Ada", email.map(str::to_owned));
    let new = profile(Some("New@A.test"));
    assert_eq!(address_of(&new).as_deref(), Some("new@a.test"));
    assert_eq!(address_of(&profile(None)), None);
    let address = ProfileAddress::of(&new, Some(&profile(Some("ada@a.test"))));
    assert_eq!(
        (address.read.as_deref(), address.confirmed.as_deref()),
        (Some("new@a.test"), Some("ada@a.test"))
    );
    let same = ProfileAddress::of(&new, None);
    assert_eq!(same.confirmed, same.read);
}
