//! Numbers derived from one seed (SplitMix64).

pub struct Seed(u64);

impl Seed {
    pub fn of(seed: u64) -> Seed {
        Seed(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number below `n`.
    pub fn of_many(&mut self, n: u64) -> u64 {
        self.number() % n
    }

    /// Returns a number from `least` to `most`, both included.
    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        least + self.of_many((most - least + 1) as u64) as i64
    }

    pub fn any<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.of_many(all.len() as u64) as usize].clone()
    }

    pub fn numbers(&mut self, least: i64, most: i64) -> Vec<u64> {
        (0..self.between(least, most))
            .map(|_| self.number())
            .collect()
    }
}
