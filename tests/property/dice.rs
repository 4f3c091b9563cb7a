//! Choices derived from one number. Zero gives the simplest choices, so that shrinking simplifies a
//! story.

/// The rest of a number.
#[derive(Debug, Clone, Copy)]
pub struct Dice(pub u64);

impl Dice {
    /// Returns a number below `n`.
    pub fn of(&mut self, n: u64) -> u64 {
        let chosen = self.0 % n;
        self.0 /= n;
        chosen
    }

    /// Returns true once in `n` times.
    pub fn rarely(&mut self, n: u64) -> bool {
        self.of(n) == n - 1
    }

    pub fn any<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.of(all.len() as u64) as usize].clone()
    }

    /// Returns an index below `n`; `None` if `n` is 0.
    pub fn index(&mut self, n: usize) -> Option<usize> {
        (n > 0).then(|| self.of(n as u64) as usize)
    }
}
