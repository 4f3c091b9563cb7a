//! Numbers of things, in the words of a report.

/// Returns the word for several things, such as `passes`.
pub fn plural(word: &str) -> String {
    let ending = if word.ends_with('s') { "es" } else { "s" };
    format!("{word}{ending}")
}

/// Returns a number of things with their word, such as `1 rule` or `2 rules`.
pub fn counted(count: usize, word: &str) -> String {
    match count {
        1 => format!("1 {word}"),
        count => format!("{count} {}", plural(word)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_has_its_own_word() {
        assert_eq!(counted(1, "rule"), "1 rule");
        assert_eq!(counted(0, "rule"), "0 rules");
        assert_eq!(counted(2, "pass"), "2 passes");
    }
}
