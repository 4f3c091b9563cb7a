//! The `doorstep` command that says the same as a page.

/// The target options of the command: the stack or the run that this console shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandTarget(String);

impl CommandTarget {
    /// Creates the target from its options, each with a space before it.
    pub fn new(options: impl Into<String>) -> Self {
        CommandTarget(options.into())
    }

    /// Returns the target of a one-machine run on this port.
    pub fn local(port: u16) -> Self {
        match port {
            8080 => CommandTarget::new(" --local"),
            port => CommandTarget::new(format!(" --local=http://127.0.0.1:{port}")),
        }
    }

    /// Returns a command: `doorstep`, these words, the target. Words are quoted for a shell.
    pub fn command(&self, words: &[&str]) -> String {
        let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        format!("doorstep {}{}", words.join(" "), self.0)
    }
}

/// Returns a word as a shell reads it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./@:=+,%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_others_are_one_word_of_a_shell() {
        let target = CommandTarget::local(9000);
        assert_eq!(
            target.command(&["who", "riverside", "Front door"]),
            "doorstep who riverside 'Front door' --local=http://127.0.0.1:9000"
        );
        let target = CommandTarget::default();
        assert_eq!(
            target.command(&["who", "$(id)'`"]),
            "doorstep who '$(id)'\\''`'"
        );
    }
}
