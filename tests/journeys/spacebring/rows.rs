//! The rows A1 to A7 over Spacebring's own interface. The stories are told at andcards, too. Row A8
//! is in `sites`.

use super::PLAN;
use crate::journeys::subscribers::told_at;
use crate::support::{Doors, Platform, Scenario};

told_at! { Spacebring:
    a2_a_plan_opens_the_group_chosen_for_it,
    a3_a_subscription_of_a_person_is_theirs_and_of_a_company_all_its_people_s,
    a4_name_address_start_and_end_are_carried_over,
    a5_the_person_is_invited,
    a6_a_subscription_that_is_deactivated_or_expires_ends_access,
    a6_people_who_were_removed_have_nothing,
    a7_a_group_managed_solely_loses_a_person_who_was_added_by_hand,
}

#[test]
fn a1_with_no_salto_ks_site_chosen_nothing_runs() {
    let scenario = Scenario::at(Doors::SaltoKs, PLAN).on(Platform::Spacebring);
    scenario.is_refused_without_a_place();
}
