//! Choices out of one number: nought is the plainest of all, so that shrinking a story makes it
//! plain.

/// What is left of a number.
#[derive(Debug, Clone, Copy)]
pub struct Dice(pub u64);

impl Dice {
    /// One of `n`.
    pub fn of(&mut self, n: u64) -> u64 {
        let chosen = self.0 % n;
        self.0 /= n;
        chosen
    }

    /// Once in `n`.
    pub fn rarely(&mut self, n: u64) -> bool {
        self.of(n) == n - 1
    }

    pub fn any<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.of(all.len() as u64) as usize].clone()
    }

    /// An index below `n`, if there is any.
    pub fn index(&mut self, n: usize) -> Option<usize> {
        (n > 0).then(|| self.of(n as u64) as usize)
    }
}
