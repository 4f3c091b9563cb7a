//! The parts of drawings that several screens have. A drawing is SVG that Rust writes. Each has a
//! title, and a table beside it that says the same.

use maud::{Markup, html};

/// The part of a whole that a bar fills, 0 to 100.
pub(crate) fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    let exact = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    (exact(part) / exact(whole) * 100.0).min(100.0)
}

/// One bar in parts, each with its class, its number and its word.
pub(crate) fn stacked(title: &str, parts: &[(&str, usize, &str)]) -> Markup {
    let whole: usize = parts.iter().map(|(_, count, _)| count).sum();
    let mut from = 0.0;
    let parts: Vec<(&str, f64, f64, String)> = parts
        .iter()
        .filter(|(_, count, _)| *count > 0)
        .map(|(class, count, word)| {
            let (begin, width) = (from, share(*count, whole));
            from += width;
            (*class, begin, width, format!("{count} {word}"))
        })
        .collect();
    html! {
        svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label=(title) {
            title { (title) }
            rect class="rest" x="0" y="0" width="100" height="8" {}
            @for (class, begin, width, says) in &parts {
                rect class=(class) x=(format!("{begin:.2}")) y="0" width=(format!("{width:.2}")) height="8" { title { (says) } }
            }
        }
    }
}

/// The classes of verified, refused and unreadable deliveries, from the bottom of a bar.
const OUTCOMES: [(&str, &str); 3] = [
    ("open", "verified"),
    ("refused", "refused"),
    ("late", "unreadable"),
];
/// The width of the place of one hour, and the height of the highest bar.
const PLACE: usize = 24;
const HIGHEST: f64 = 60.0;

/// A bar for each hour: its name below, and its numbers of each outcome.
pub(crate) fn hours(title: &str, hours: &[(String, [u64; 3])]) -> Markup {
    let most = hours.iter().map(|(_, counts)| counts.iter().sum::<u64>());
    let most = most.max().unwrap_or_default().max(1);
    let height = |count: u64| {
        let exact = |number: u64| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
        // A delivery among very many is still seen.
        match count {
            0 => 0.0,
            count => (exact(count) / exact(most) * HIGHEST).max(1.5),
        }
    };
    let size = format!("0 0 {} 78", hours.len() * PLACE);
    html! {
        svg class="hours" viewBox=(size) role="img" aria-label=(title) {
            title { (title) }
            @for (place, (name, counts)) in hours.iter().enumerate() {
                @let parts = stack(counts.map(height));
                g {
                    title { (name) @for ((_, word), count) in OUTCOMES.iter().zip(counts) { ", " (count) " " (word) } }
                    rect class="rest" x=(place * PLACE + 3) y="2" width="18" height="60" {}
                    @for ((class, _), (top, height)) in OUTCOMES.iter().zip(parts).filter(|(_, (_, height))| *height > 0.0) {
                        rect class=(class) x=(place * PLACE + 3) y=(format!("{top:.1}")) width="18" height=(format!("{height:.1}")) {}
                    }
                }
                @if place % 3 == 0 { text x=(place * PLACE + 12) y="75" text-anchor="middle" font-size="11" { (name) } }
            }
        }
    }
}

/// Returns the top and the height of each part of a bar that stands on the line.
fn stack(heights: [f64; 3]) -> [(f64, f64); 3] {
    let mut top = HIGHEST + 2.0;
    heights.map(|height| {
        top -= height;
        (top, height)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_bar_fill_it() {
        let drawn = stacked("late", &[("open", 3, "on time"), ("late", 1, "late")]).into_string();
        assert!(drawn.contains(r#"x="0.00" y="0" width="75.00""#), "{drawn}");
        assert!(
            drawn.contains(r#"x="75.00" y="0" width="25.00""#),
            "{drawn}"
        );
        assert_eq!(share(1, 0), 0.0);
    }

    #[test]
    fn the_parts_of_an_hour_stand_on_each_other() {
        let counts = [
            ("08:00".to_owned(), [3, 1, 0]),
            ("09:00".to_owned(), [0; 3]),
        ];
        let drawn = hours("deliveries", &counts).into_string();
        let parts = [
            r#"class="open" x="3" y="17.0" width="18" height="45.0""#,
            r#"class="refused" x="3" y="2.0" width="18" height="15.0""#,
        ];
        for part in parts {
            assert!(drawn.contains(part), "{drawn}");
        }
        assert!(!drawn.contains(r#"class="late""#), "{drawn}");
        assert!(drawn.contains("<title>08:00, 3 verified, 1 refused, 0 unreadable</title>"));
    }
}
