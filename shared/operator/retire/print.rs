//! The printed form of a retirement.

use std::fmt;

use super::{GrantedMembership, How, RetireStage, Retirement};
use doorstep_core::shown_line;

impl fmt::Display for Retirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Retirement {
            site,
            stage,
            inside,
            people,
            out_of_reach,
            deleted,
            problems,
            ..
        } = self;
        match stage {
            RetireStage::Shown => self.shown(f)?,
            RetireStage::UnderWay => {
                shown_line!(
                    f,
                    "{site} is being retired: {people} people still have work to do"
                )?;
                inside
                    .iter()
                    .try_for_each(|one| shown_line!(f, "  - {one}"))?;
                shown_line!(
                    f,
                    "repeat the command with --yes {} until no one is left",
                    self.checksum
                )?;
            }
            RetireStage::Done => {
                shown_line!(
                    f,
                    "{site} is out of service: its address answers 404 within a minute"
                )?;
                if *deleted > 0 {
                    shown_line!(
                        f,
                        "{deleted} items of the table were deleted; the audit chain stays"
                    )?;
                }
            }
        }
        if *out_of_reach > 0 {
            shown_line!(
                f,
                "! {out_of_reach} memberships at doors that the site file no longer has stay there"
            )?;
        }
        problems
            .iter()
            .filter(|_| *stage == RetireStage::UnderWay)
            .try_for_each(|problem| shown_line!(f, "! {problem}"))
    }
}

impl Retirement {
    fn shown(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Retirement {
            site,
            how,
            delete_data,
            checksum,
            inside,
            people,
            ..
        } = self;
        let (sign, flag) = match how {
            How::LeaveAccess => ('=', "--leave-access"),
            How::RevokeAccess => ('-', "--revoke-access"),
        };
        match (how, people) {
            (_, 0) => shown_line!(f, "{site}: no one has access because of Doorstep")?,
            (How::LeaveAccess, _) => {
                shown_line!(
                    f,
                    "{site}: {} memberships that Doorstep granted stay. Doorstep will not end them",
                    inside.len()
                )?;
            }
            (How::RevokeAccess, people) => {
                shown_line!(
                    f,
                    "{site}: {} memberships of {people} people would be revoked",
                    inside.len()
                )?;
            }
        }
        inside
            .iter()
            .try_for_each(|one| shown_line!(f, "  {sign} {one}"))?;
        shown_line!(
            f,
            "then the site is out of service: Doorstep serves no delivery, schedule or reconcile for it"
        )?;
        let data = if *delete_data {
            shown_line!(
                f,
                "and all its stored data is deleted, except the audit chain"
            )?;
            " --delete-data"
        } else {
            ""
        };
        shown_line!(
            f,
            "nothing was changed. To apply exactly this: doorstep retire {site} {flag}{data} --yes {checksum}"
        )
    }
}

impl fmt::Display for GrantedMembership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let GrantedMembership {
            doors,
            group,
            group_name,
            account,
            name,
            email,
            because,
        } = self;
        let who = email.as_ref().map_or_else(
            || format!("(account {account})"),
            |email| format!("<{email}>"),
        );
        write!(
            f,
            "{doors}: {group_name} ({group}): {name} {who}: {because}"
        )
    }
}
