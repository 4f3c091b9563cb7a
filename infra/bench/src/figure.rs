//! One measured thing: its runs, their median, and what it should be.

use serde_json::{Value, json};

/// What a figure should be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Aim {
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
    /// The fewest that there could be; more has its reasons.
    Fewest(f64),
    /// Only worth knowing.
    None,
}

/// One measured thing.
#[derive(Debug, Clone)]
pub struct Figure {
    name: String,
    unit: &'static str,
    runs: Vec<f64>,
    aim: Aim,
}

impl Figure {
    /// The runs of one measurement.
    pub fn new(name: impl Into<String>, unit: &'static str, runs: Vec<f64>) -> Self {
        Figure {
            name: name.into(),
            unit,
            runs,
            aim: Aim::None,
        }
    }

    /// Something that is counted, and comes out the same each time.
    pub fn count(name: impl Into<String>, unit: &'static str, value: f64) -> Self {
        Figure::new(name, unit, vec![value])
    }

    /// With the most that it should be.
    pub fn at_most(mut self, most: f64) -> Self {
        self.aim = Aim::AtMost(most);
        self
    }

    /// With the least that it should be.
    pub fn at_least(mut self, least: f64) -> Self {
        self.aim = Aim::AtLeast(least);
        self
    }

    /// With the fewest that there could be.
    pub fn fewest(mut self, fewest: f64) -> Self {
        self.aim = Aim::Fewest(fewest);
        self
    }

    /// The middle run; the mean of the middle two where their number is even.
    pub fn median(&self) -> f64 {
        let mut sorted = self.runs.clone();
        sorted.sort_by(f64::total_cmp);
        let upper = sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN);
        match sorted.len() % 2 {
            0 => sorted
                .get((sorted.len() / 2).saturating_sub(1))
                .map_or(upper, |lower| (lower + upper) / 2.0),
            _ => upper,
        }
    }

    fn bounds(&self) -> (f64, f64) {
        self.runs
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), run| {
                (low.min(*run), high.max(*run))
            })
    }

    /// Whether it is as it should be; `None` where there is no aim.
    pub fn is_met(&self) -> Option<bool> {
        match self.aim {
            Aim::AtMost(most) => Some(self.median() <= most),
            Aim::AtLeast(least) => Some(self.median() >= least),
            Aim::Fewest(_) | Aim::None => None,
        }
    }

    /// A row of the table.
    pub fn row(&self) -> [String; 5] {
        let (low, high) = self.bounds();
        let spread = if self.runs.len() > 1 {
            format!("{} - {}", short(low), short(high))
        } else {
            String::new()
        };
        let aim = match self.aim {
            Aim::AtMost(most) => format!("<= {}", short(most)),
            Aim::AtLeast(least) => format!(">= {}", short(least)),
            Aim::Fewest(fewest) => format!("fewest {}", short(fewest)),
            Aim::None => String::new(),
        };
        let met = self
            .is_met()
            .map_or("", |met| if met { "yes" } else { "NO" });
        [
            self.name.clone(),
            format!("{} {}", short(self.median()), self.unit),
            spread,
            aim,
            met.to_owned(),
        ]
    }

    /// For machines.
    pub fn json(&self) -> Value {
        let aim = |name: &str| match (name, self.aim) {
            ("at_most", Aim::AtMost(aim))
            | ("at_least", Aim::AtLeast(aim))
            | ("fewest", Aim::Fewest(aim)) => Some(aim),
            _ => None,
        };
        json!({ "name": self.name, "unit": self.unit, "median": self.median(), "runs": self.runs,
            "at_most": aim("at_most"), "at_least": aim("at_least"), "fewest": aim("fewest"), "met": self.is_met() })
    }
}

/// Three digits that count, and no fewer than the whole number.
fn short(value: f64) -> String {
    let places = match value.abs() {
        size if size >= 100.0 || value.fract() == 0.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.places$}")
}

/// The table of all figures.
pub fn table(figures: &[Figure]) -> String {
    let head = ["figure", "median", "min - max", "aim", "met"].map(str::to_owned);
    let rows: Vec<[String; 5]> = std::iter::once(head)
        .chain(figures.iter().map(Figure::row))
        .collect();
    let mut widths = [0; 5];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &[String; 5]| {
        let cells = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_run_and_is_what_an_aim_is_held_against() {
        let figure = Figure::new("start", "ms", vec![9.0, 2.0, 4.0]).at_most(4.0);
        assert_eq!((figure.median(), figure.is_met()), (4.0, Some(true)));
        assert_eq!(
            Figure::new("start", "ms", vec![1.0, 4.0, 2.0, 9.0]).median(),
            3.0
        );
        assert_eq!(
            Figure::count("calls", "", 5.0).at_most(4.0).row()[3..],
            ["<= 4".to_owned(), "NO".to_owned()]
        );
    }
}
