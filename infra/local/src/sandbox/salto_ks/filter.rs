//! OData's `$filter`, limited to what lists of people, groups and tags need: comparisons of a field
//! with a literal, `contains`, `startswith`, `endswith`, `and`, `or`, `not` and brackets.

/// A field's value, or a literal. Texts are compared ignoring case `[I]`.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
pub enum Cell {
    /// Null.
    Null,
    /// true or false.
    Flag(bool),
    /// A number.
    Number(i64),
    /// A text, in lower case.
    Text(String),
}

impl Cell {
    /// Returns a text in the form in which it is compared.
    pub fn text(text: Option<&str>) -> Cell {
        text.map_or(Cell::Null, |text| Cell::Text(text.to_lowercase()))
    }
}

/// A condition on the fields of an item.
#[derive(Debug)]
pub enum Filter {
    /// A comparison of the field with the literal.
    Compare(String, Operator, Cell),
    /// A function of the field and the text.
    Call(Function, String, String),
    /// Both conditions.
    And(Box<Filter>, Box<Filter>),
    /// At least one of the conditions.
    Or(Box<Filter>, Box<Filter>),
    /// The opposite of the condition.
    Not(Box<Filter>),
}

#[derive(Debug, Clone, Copy)]
pub enum Operator {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

#[derive(Debug, Clone, Copy)]
pub enum Function {
    Contains,
    StartsWith,
    EndsWith,
}

/// The error for a field that the list does not have.
pub struct UnknownField;

/// The deepest allowed nesting of brackets.
const DEEPEST: usize = 16;

impl Filter {
    /// Parses a filter; `None` if it is invalid.
    pub fn read(text: &str) -> Option<Filter> {
        let words = words(text)?;
        let mut parser = Parser {
            words: words.into_iter().peekable(),
        };
        let filter = parser.or(0)?;
        parser.words.next().is_none().then_some(filter)
    }

    /// Returns whether the condition is true for the item whose fields `field` returns.
    ///
    /// # Errors
    /// The filter names a field that `field` does not have.
    pub fn holds(&self, field: &impl Fn(&str) -> Option<Cell>) -> Result<bool, UnknownField> {
        Ok(match self {
            Filter::Compare(name, operator, literal) => {
                operator.holds(&field(name).ok_or(UnknownField)?, literal)
            }
            Filter::Call(function, name, part) => match field(name).ok_or(UnknownField)? {
                Cell::Text(text) => function.holds(&text, part),
                _ => false,
            },
            Filter::And(one, other) => one.holds(field)? & other.holds(field)?,
            Filter::Or(one, other) => one.holds(field)? | other.holds(field)?,
            Filter::Not(inner) => !inner.holds(field)?,
        })
    }
}

impl Operator {
    fn holds(self, value: &Cell, literal: &Cell) -> bool {
        match self {
            Operator::Eq => value == literal,
            Operator::Ne => value != literal,
            Operator::Gt => value > literal,
            Operator::Ge => value >= literal,
            Operator::Lt => value < literal,
            Operator::Le => value <= literal,
        }
    }

    fn named(word: &str) -> Option<Operator> {
        Some(match word {
            "eq" => Operator::Eq,
            "ne" => Operator::Ne,
            "gt" => Operator::Gt,
            "ge" => Operator::Ge,
            "lt" => Operator::Lt,
            "le" => Operator::Le,
            _ => return None,
        })
    }
}

impl Function {
    fn holds(self, text: &str, part: &str) -> bool {
        match self {
            Function::Contains => text.contains(part),
            Function::StartsWith => text.starts_with(part),
            Function::EndsWith => text.ends_with(part),
        }
    }

    fn named(word: &str) -> Option<Function> {
        Some(match word {
            "contains" => Function::Contains,
            "startswith" => Function::StartsWith,
            "endswith" => Function::EndsWith,
            _ => return None,
        })
    }
}

#[derive(Debug, PartialEq)]
enum Word {
    Name(String),
    Quoted(String),
    Open,
    Close,
    Comma,
}

/// Splits a filter into words. A quote inside a text is doubled.
fn words(text: &str) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(first) = rest.next() {
        match first {
            ' ' => {}
            '(' => words.push(Word::Open),
            ')' => words.push(Word::Close),
            ',' => words.push(Word::Comma),
            '\'' => {
                let mut quoted = String::new();
                loop {
                    match rest.next()? {
                        '\'' if rest.next_if_eq(&'\'').is_some() => quoted.push('\''),
                        '\'' => break,
                        other => quoted.push(other),
                    }
                }
                words.push(Word::Quoted(quoted));
            }
            _ => {
                let mut name = String::from(first);
                while let Some(more) = rest.next_if(|c| !" (),'".contains(*c)) {
                    name.push(more);
                }
                words.push(Word::Name(name));
            }
        }
    }
    Some(words)
}

struct Parser {
    words: std::iter::Peekable<std::vec::IntoIter<Word>>,
}

impl Parser {
    fn or(&mut self, depth: usize) -> Option<Filter> {
        let mut filter = self.and(depth)?;
        while self.take("or") {
            filter = Filter::Or(Box::new(filter), Box::new(self.and(depth)?));
        }
        Some(filter)
    }

    fn and(&mut self, depth: usize) -> Option<Filter> {
        let mut filter = self.one(depth)?;
        while self.take("and") {
            filter = Filter::And(Box::new(filter), Box::new(self.one(depth)?));
        }
        Some(filter)
    }

    fn one(&mut self, depth: usize) -> Option<Filter> {
        if depth > DEEPEST {
            return None;
        }
        if self.take("not") {
            return Some(Filter::Not(Box::new(self.one(depth + 1)?)));
        }
        let name = match self.words.next()? {
            Word::Open => {
                let inner = self.or(depth + 1)?;
                return (self.words.next()? == Word::Close).then_some(inner);
            }
            Word::Name(name) => name,
            _ => return None,
        };
        if let Some(function) = Function::named(&name) {
            return self.call(function);
        }
        let Word::Name(operator) = self.words.next()? else {
            return None;
        };
        let operator = Operator::named(&operator)?;
        // `DateTime'2026-03-02T09:00:00Z'`: instants are compared as text.
        self.take("DateTime");
        Some(Filter::Compare(
            name,
            operator,
            literal(self.words.next()?)?,
        ))
    }

    fn call(&mut self, function: Function) -> Option<Filter> {
        match (
            self.words.next()?,
            self.words.next()?,
            self.words.next()?,
            self.words.next()?,
            self.words.next()?,
        ) {
            (Word::Open, Word::Name(field), Word::Comma, Word::Quoted(part), Word::Close) => {
                Some(Filter::Call(function, field, part.to_lowercase()))
            }
            _ => None,
        }
    }

    fn take(&mut self, name: &str) -> bool {
        self.words
            .next_if(|word| matches!(word, Word::Name(own) if own == name))
            .is_some()
    }
}

/// Reads a literal. Ids may lack quotes.
fn literal(word: Word) -> Option<Cell> {
    match word {
        Word::Quoted(text) => Some(Cell::text(Some(&text))),
        Word::Name(name) => match name.as_str() {
            "null" => Some(Cell::Null),
            "true" => Some(Cell::Flag(true)),
            "false" => Some(Cell::Flag(false)),
            other => match other.parse() {
                Ok(number) => Some(Cell::Number(number)),
                Err(_) => uuid::Uuid::try_parse(other)
                    .ok()
                    .map(|_| Cell::text(Some(other))),
            },
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(filter: &str) -> Option<bool> {
        let field = |name: &str| match name {
            "user/email" => Some(Cell::text(Some("O'Neil@x.test"))),
            "blocked" => Some(Cell::Flag(false)),
            "alias" => Some(Cell::Null),
            _ => None,
        };
        Filter::read(filter)?.holds(&field).ok()
    }

    #[test]
    fn filters_read_and_hold() {
        assert_eq!(holds("user/email eq 'o''neil@X.test'"), Some(true));
        assert_eq!(
            holds("user/email eq 'x' or not (blocked eq true) and alias eq null"),
            Some(true)
        );
        assert_eq!(
            holds("contains(user/email,'neil@') and startswith(user/email, 'p')"),
            Some(false)
        );
        assert_eq!(holds("user/email ne 'x'"), Some(true));
    }

    #[test]
    fn anything_else_is_refused() {
        for filter in [
            "",
            "eq",
            "user/email eq",
            "user/email eq 'x",
            "user/email is 'x'",
            "nope eq 1",
            "(blocked eq true",
        ] {
            assert_eq!(holds(filter), None, "{filter}");
        }
        assert_eq!(holds(&"(".repeat(100_000)), None);
        assert_eq!(holds(&"not ".repeat(100_000)), None);
    }
}
