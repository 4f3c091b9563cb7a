//! What a site costs a month: counted requests times AWS's list prices of `us-east-1`, without free
//! tiers. docs/scale.md has the source of each price.

use std::time::Duration;

/// A GB-second of Lambda on arm64, in US dollars.
const GB_SECOND: f64 = 0.000_013_333_4;
/// A million of each, in US dollars.
const INVOCATION: f64 = 0.20;
const READ_UNIT: f64 = 0.125;
const WRITE_UNIT: f64 = 0.625;
const FIFO_REQUEST: f64 = 0.50;
const SCHEDULE: f64 = 1.00;
const MILLION: f64 = 1e6;

/// Reconciles of a site: one every 15 minutes.
const RECONCILES: f64 = 365.25 / 12.0 * 96.0;
/// Bookings of a site: ten a day.
const BOOKINGS: f64 = 365.25 / 12.0 * 10.0;
/// Memory of reconcile, settle and receive in GB, as in template.yaml.
const RECONCILE_GB: f64 = 1.0;
const SETTLE_GB: f64 = 0.5;
const RECEIVE_GB: f64 = 0.25;
/// A booking starts settle for its delivery, its opening and its closing. Each takes about this
/// long while a vendor takes 150 ms a call.
const SETTLES: f64 = 3.0;
const SETTLE_SECONDS: f64 = 1.0;
/// A delivery takes receive about this long with a table and a queue that take 10 ms.
const RECEIVE_SECONDS: f64 = 0.03;
/// A message of a queue is sent, received and deleted.
const REQUESTS: f64 = 3.0;
/// A reconcile's message is sent with nine others, and its pause is set once.
const RECONCILE_REQUESTS: f64 = 3.1;
/// A quarter of an hour in seconds.
const QUARTER: f64 = 900.0;

/// What one site uses.
pub struct SiteUse {
    /// The time of one reconcile.
    pub reconcile_time: Duration,
    /// Units of one reconcile.
    pub reconcile_read: f64,
    /// Units of one reconcile.
    pub reconcile_write: f64,
    /// Requests to the Parameter Store of one reconcile.
    pub secrets: f64,
    /// Units of one booking's life.
    pub booking_read: f64,
    /// Units of one booking's life.
    pub booking_write: f64,
}

/// A month of a stack.
pub struct Month {
    sites: f64,
    reconcile_seconds: f64,
    dollars_of_site: f64,
}

impl Month {
    /// Computes the month of `sites` equal sites. `dispatch_read` are the read units of one
    /// dispatch.
    pub fn of(site: &SiteUse, sites: usize, dispatch_read: f64) -> Self {
        let sites = sites as f64;
        let reconcile_seconds = site.reconcile_time.as_secs_f64();
        let reconcile = reconcile_seconds * RECONCILE_GB * GB_SECOND
            + (INVOCATION
                + RECONCILE_REQUESTS * FIFO_REQUEST
                + (site.reconcile_read + dispatch_read / sites) * READ_UNIT
                + site.reconcile_write * WRITE_UNIT)
                / MILLION;
        let functions = SETTLES * SETTLE_SECONDS * SETTLE_GB + RECEIVE_SECONDS * RECEIVE_GB;
        let booking = functions * GB_SECOND
            + ((SETTLES + 1.0) * INVOCATION
                + SETTLES * REQUESTS * FIFO_REQUEST
                + (SETTLES - 1.0) * SCHEDULE
                + site.booking_read * READ_UNIT
                + site.booking_write * WRITE_UNIT)
                / MILLION;
        Month {
            sites,
            reconcile_seconds,
            dollars_of_site: RECONCILES * reconcile + BOOKINGS * booking,
        }
    }

    /// The price of one site in US dollars.
    pub fn of_site(&self) -> f64 {
        self.dollars_of_site
    }

    /// The price of all sites in US dollars.
    pub fn of_stack(&self) -> f64 {
        self.dollars_of_site * self.sites
    }

    /// How many reconciles must run at the same time, so that every site is compared every 15
    /// minutes.
    pub fn concurrency(&self) -> f64 {
        (self.sites * self.reconcile_seconds / QUARTER)
            .ceil()
            .max(1.0)
    }
}
