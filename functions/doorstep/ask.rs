//! Questions to the operator. They appear on standard error, and the answers come from standard
//! input, so that another program can answer too.

use std::io::{BufRead, Write};

use doorstep_core::model::error::{Error, Result};

/// A question about one value.
pub struct Question<'a> {
    /// What is asked for, as a person reads it.
    pub what: &'a str,
    /// The option that answers it without a question.
    pub option: &'a str,
    /// The answer of an empty line; `None` where there must be one.
    pub usual: Option<&'a str>,
}

/// How often a question is repeated after a wrong answer.
const TRIES: usize = 3;

impl Question<'_> {
    /// Returns what `read` makes of the given value, or of the answer where no value is given.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a given value that `read` refuses, and where there is no answer.
    pub fn answer<T>(
        &self,
        given: Option<&str>,
        read: impl Fn(&str) -> std::result::Result<T, String>,
    ) -> Result<T> {
        if let Some(given) = given {
            return read(given).map_err(|why| self.refused(&why));
        }
        let mut last = String::new();
        for _ in 0..TRIES {
            let Some(line) = self.line()? else { break };
            let said = match (line.trim(), self.usual) {
                ("", Some(usual)) => usual,
                (said, _) => said,
            };
            match read(said) {
                Ok(value) => return Ok(value),
                Err(why) => {
                    writeln!(anstream::stderr(), "{why}").ok();
                    last = why;
                }
            }
        }
        Err(match last.is_empty() {
            true => Error::invalid(format!(
                "no answer to \"{}\": answer it, or use {}",
                self.what, self.option
            )),
            false => self.refused(&last),
        })
    }

    fn refused(&self, why: &str) -> Error {
        Error::invalid(format!("{}: {why}", self.option))
    }

    /// Returns the next line; `None` at the end of the input.
    fn line(&self) -> Result<Option<String>> {
        let usual = self.usual.map(|usual| format!(" [{usual}]"));
        let mut to = anstream::stderr();
        // Without a question on the screen the input may still have an answer.
        write!(to, "{}{}: ", self.what, usual.unwrap_or_default()).ok();
        to.flush().ok();
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        let read =
            read.map_err(|error| Error::invalid(format!("cannot read the answer: {error}")))?;
        Ok((read > 0).then_some(line))
    }
}
