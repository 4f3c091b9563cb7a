//! Every pause, limit on retries, share of time and batch size of the project, in one place.
//!
//! Each module belongs to one part of the program. Limits that a vendor or AWS sets stand beside
//! the call that they limit.

/// The pauses of the trigger queue.
pub mod queue {
    /// Seconds that a site's queue waits before a failed message returns, by the number of times
    /// that the message was received. After the fifth failure the queue moves the message to the
    /// dead-letter queue.
    pub const PAUSES: [u64; 4] = [5, 15, 45, 120];
}

/// The time that one run of settle spends, and the sizes of its batches.
pub mod run {
    use std::time::Duration;

    /// Longest time that one run serves people before it enqueues another trigger for the rest. The
    /// function may take longer to finish a batch.
    pub const RUN_TIME: Duration = Duration::from_secs(45);
    /// Target time of a batch whose people cost calls of their own. A batch is committed only after
    /// all of its changes are applied. A batch that outlives the function would therefore start
    /// over again and again.
    pub const BATCH_TIME: Duration = Duration::from_secs(8);
    /// A batch that takes longer than this is followed by one of half its size, and by none if less
    /// time than it took is left.
    pub const MOST_BATCH_TIME: Duration = Duration::from_secs(10);
    /// Longest time that a batch spends on finding out whom its due items mean. The due items after
    /// that remain for the next batch: people who were found but not served would be searched again
    /// by each run that a slow table ends.
    pub const RESOLVE_TIME: Duration = Duration::from_secs(12);
    /// Time for one person among many who share a call: reading, storing, one transaction after
    /// another.
    pub const TIME_EACH: Duration = Duration::from_millis(12);
    /// Smallest and largest batch of due items, if each may cost calls of its own.
    pub const BATCH_SIZES: (usize, usize) = (5, 500);
    /// Size of the first such batch. Up to this many due items are served without phases.
    pub const FIRST_BATCH: usize = 20;
    /// Largest batch of due items that share one call: as many as the function's memory holds.
    pub const LARGEST_BATCH: usize = 1_000;
    /// The people that a run knows as due at one time. Phases order these people. The rest is read
    /// as these are served.
    pub const MOST_KNOWN: usize = 2 * LARGEST_BATCH;
    /// Percent of a run that people who are due may use before hints are refetched.
    pub const PEOPLE_FIRST: u32 = 50;
    /// Percent of a run after which nothing more is refetched.
    pub const FETCHING: u32 = 75;
}

/// How often a run retries a person, and when a later run does.
pub mod rounds {
    use std::time::Duration;

    /// How many times a failed round is retried at once.
    pub const TRIES_AGAIN: u32 = 3;
    /// Rounds for actions that follow from earlier ones, such as suspending an account after its
    /// last group.
    pub const AFTERCARE: u32 = 2;
    /// Longest pause that is granted to a vendor.
    pub const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 3600);
    /// Most minutes until a person whose rounds failed is retried.
    pub const LONGEST_BACK_OFF: i64 = 8;
    /// Failed runs after which a person is still retried each minute. The pause then doubles with
    /// each failure.
    pub const RETRIES_EACH_MINUTE: u32 = 4;
    /// Minutes after which a card number that was not the person's is checked again.
    pub const CARD_CHECKS: [i64; 2] = [1, 5];
}

/// When a thing of the platform is fetched again.
pub mod refetch {
    use jiff::SignedDuration;

    /// Minutes after the trigger at which a thing is fetched again: a platform may lag behind its
    /// own webhook.
    pub const AGAIN_AFTER: [i64; 2] = [1, 5];
    /// Longest pause that is granted to a platform.
    pub const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(24);
    /// Shortest time between two first reads that a trigger requests.
    pub const WANTED_EVERY: SignedDuration = SignedDuration::from_mins(10);
    /// The most messages that the event source of a FIFO queue passes on at once. So many hints say
    /// that more of them wait.
    pub const FULL_BATCH: usize = 10;
    /// How long before the first trigger of a full batch the list of changes begins. The clocks of
    /// the platform and of Doorstep differ.
    pub const CHANGED_BEFORE: SignedDuration = SignedDuration::from_mins(2);
    /// How long a hint waits if the platform cannot be reached at all.
    pub const UNREACHABLE: SignedDuration = SignedDuration::from_mins(1);
}

/// When reconcile is asked for, and how long one may take.
pub mod reconcile {
    use std::time::Duration;

    use jiff::SignedDuration;

    /// Minimum time between the beginnings of reconciles that functions request.
    pub const PACE: SignedDuration = SignedDuration::from_mins(5);
    /// Duration of a lease: no function lives longer.
    pub const LEASE: SignedDuration = SignedDuration::from_mins(15);
    /// The pause before a failed request of a site is retried. After five tries the queue moves it
    /// to the dead-letter queue. The timer requests the site again every 15 minutes.
    pub const PAUSE: Duration = Duration::from_secs(60);
    /// The pause before a request returns whose function crashed: one minute more than the longest
    /// run of a function. The queue's own visibility timeout is six times that, for requests that
    /// wait for a function.
    pub const GONE: Duration = Duration::from_secs(16 * 60);
}

/// The seats of guests.
pub mod guest_seats {
    use jiff::SignedDuration;

    /// Longest gap between windows in which an account stays active.
    pub const SHORTEST_PAUSE: SignedDuration = SignedDuration::from_mins(30);
    /// How long before its next window a suspended account is resumed.
    pub const HEAD_START: SignedDuration = SignedDuration::from_mins(5);
}

/// Calls to a vendor: retries, and when no more calls are made.
pub mod vendor_http {
    use std::time::Duration;

    /// How often a failed call is retried at once.
    pub const TRIES_AGAIN: u32 = 3;
    /// The first pause before a retry, if the vendor names none. It doubles with each try.
    pub const FIRST_PAUSE: Duration = Duration::from_millis(250);
    /// The longest pause that a run waits for. A vendor that asks for more is called again by a
    /// later run.
    pub const LONGEST_PAUSE: Duration = Duration::from_secs(2);
    /// The longest time that a requested pause is kept. A wrong header must not close a vendor for
    /// ever.
    pub const LONGEST_CLOSED: Duration = Duration::from_secs(24 * 3600);
    /// How many different reads must fail in a row, each after all its tries, before the vendor is
    /// closed. A single one may be about a thing that the vendor cannot show.
    pub const FAILED_READS: usize = 2;
    /// How many changes must fail in a row before the vendor is closed. A change is tried once. A
    /// single one may be about a thing that the vendor cannot change.
    pub const FAILED_WRITES: u32 = 12;
    /// The most requests to one vendor, with one set of credentials, that wait for an answer at a
    /// time.
    pub const AT_ONCE: usize = 5;
    /// How long it counts that the other callers of a vendor are silent.
    pub const ALONE_FOR: Duration = Duration::from_secs(1);
    /// How long the other callers wait after they announced themselves: longer than `ALONE_FOR` and
    /// a vendor's window together.
    pub const ANNOUNCED: Duration = Duration::from_secs(3);
    /// An answer that takes longer than this is slow.
    pub const SLOW: Duration = Duration::from_secs(2);
    /// The part of a run's time, as a divisor, that slow answers of one vendor may take beyond
    /// `SLOW`.
    pub const SLOW_PART: u32 = 4;
}

/// Connections.
pub mod network {
    use std::time::Duration;

    /// The longest wait for a connection.
    pub const CONNECT: Duration = Duration::from_secs(5);
    /// The longest wait for a whole answer.
    pub const ANSWER: Duration = Duration::from_secs(20);
    /// The longest wait for an answer that needs a full comparison.
    pub const PATIENCE: Duration = Duration::from_secs(15 * 60);
}

/// The end of an invocation.
pub mod deadline {
    use std::time::Duration;

    /// Time that the function reserves before the limit of Lambda. It answers before Lambda ends
    /// it.
    pub const RESERVE: Duration = Duration::from_secs(6);
    /// Time reserved for the table and the queue after the last call to a vendor: a share of the
    /// limit, at most `MOST_OWN`.
    pub const OWN_PERCENT: u32 = 15;
    /// The most of it.
    pub const MOST_OWN: Duration = Duration::from_secs(60);
    /// The last part of that time, reserved for returning messages to the queue.
    pub const HAND_BACK: Duration = Duration::from_secs(3);
    /// The longest wait for one answer of a vendor. The actual limit is a sixth of the invocation,
    /// and at most this.
    pub const LONGEST_ANSWER: Duration = Duration::from_secs(20);
    /// The longest wait for one answer of AWS. The call is tried again.
    pub const AWS_ANSWER: Duration = Duration::from_secs(8);
}

/// Writes that another writer made conflict.
pub mod conflict {
    use std::time::Duration;

    /// The upper bound of the first pause. It doubles with each try.
    pub const FIRST: Duration = Duration::from_millis(50);
    /// The upper bound of every pause.
    pub const LONGEST: Duration = Duration::from_secs(1);
    /// How often in a row a batch is sent again without progress.
    pub const TRIES: u32 = 8;
}

/// Calls to AWS.
pub mod aws {
    use std::time::Duration;

    /// Maximum number of tries of a call that AWS throttles or fails.
    pub const TRIES: u32 = 4;
    /// Maximum pause before the second try; it doubles with each further try. The
    /// pause itself is a random part of it.
    pub const FIRST_PAUSE: Duration = Duration::from_millis(100);
    /// Maximum pause before any try.
    pub const LONGEST_PAUSE: Duration = Duration::from_secs(2);
    /// How often a schedule that Scheduler refused is tried again at once.
    pub const TRIES_AGAIN: u32 = 3;
}
