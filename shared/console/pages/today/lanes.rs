//! Puts the bars of one group into lanes, so that none covers another. Pure.

/// The place of a bar in a drawing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Placed {
    /// The left edge of the bar.
    pub(super) x: f64,
    /// Its width.
    pub(super) width: f64,
    /// The left edge of its text.
    pub(super) text: f64,
    /// The lane, from 0.
    pub(super) lane: usize,
}

/// A bar that needs a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Wanted {
    /// The left edge.
    pub(super) x: f64,
    /// The width.
    pub(super) width: f64,
    /// The width of the text, which may be wider than the bar.
    pub(super) text: f64,
}

/// The narrowest bar.
const NARROWEST: f64 = 3.0;
/// The space between the edge of a bar and its text.
const PAD: f64 = 4.0;

/// Places bars in the order of their begin, each in the first lane that is free. `whole` is the
/// width of the drawing, beyond which no text reaches.
pub(super) fn placed(bars: &[Wanted], whole: f64) -> Vec<Placed> {
    let mut ends: Vec<f64> = Vec::new();
    let place = |bar: &Wanted| {
        let width = bar.width.max(NARROWEST);
        let x = bar.x.min(whole - width);
        let text = (x + PAD).min(whole - bar.text - PAD).max(0.0);
        let (from, until) = (x.min(text), (x + width).max(text + bar.text + PAD));
        let free = ends.iter().position(|end| *end <= from);
        let lane = free.unwrap_or(ends.len());
        match ends.get_mut(lane) {
            Some(end) => *end = until,
            None => ends.push(until),
        }
        Placed {
            x,
            width,
            text,
            lane,
        }
    };
    bars.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(x: f64, width: f64, text: f64) -> Wanted {
        Wanted { x, width, text }
    }

    #[test]
    fn bars_that_overlap_are_in_different_lanes_and_others_share_one() {
        let bars = [
            bar(0.0, 100.0, 50.0),
            bar(50.0, 100.0, 50.0),
            bar(100.0, 50.0, 30.0),
        ];
        let lanes: Vec<usize> = placed(&bars, 960.0).iter().map(|one| one.lane).collect();
        assert_eq!(lanes, [0, 1, 0]);
    }

    #[test]
    fn a_text_that_is_wider_than_its_bar_keeps_its_place_free() {
        let bars = [bar(0.0, 10.0, 80.0), bar(20.0, 10.0, 80.0)];
        let lanes: Vec<usize> = placed(&bars, 960.0).iter().map(|one| one.lane).collect();
        assert_eq!(lanes, [0, 1]);
    }

    #[test]
    fn no_text_reaches_beyond_the_drawing_and_no_bar_disappears() {
        let places = placed(&[bar(959.0, 1.0, 100.0), bar(400.0, 0.0, 10.0)], 960.0);
        assert_eq!((places[0].text, places[0].width), (856.0, NARROWEST));
        assert!(places.iter().all(|one| one.x + one.width <= 960.0));
    }
}
