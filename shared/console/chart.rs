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
}
