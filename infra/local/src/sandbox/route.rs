//! Finds the call that a method and path mean, among a vendor's table of patterns such as `/users/{id}`.

/// One call of a vendor: `(method, pattern, what it is)`.
pub type Route<Call> = (&'static str, &'static str, Call);

/// What a request turned out to be.
pub enum Found<Call> {
    /// This call, with its pattern and what stood in place of the `{…}`.
    Call(Call, &'static str, Vec<String>),
    /// The path exists, the method does not.
    OtherMethod(&'static str),
    /// There is no such path.
    Nothing,
}

/// Looks `method` and `segments` up in `table`; earlier lines win.
pub fn find<Call: Copy>(table: &[Route<Call>], method: &str, segments: &[String]) -> Found<Call> {
    let mut other = None;
    for (verb, pattern, call) in table {
        let Some(filled) = fill(pattern, segments) else { continue };
        if *verb == method {
            return Found::Call(*call, pattern, filled);
        }
        other = Some(*pattern);
    }
    other.map_or(Found::Nothing, Found::OtherMethod)
}

/// What the segments put in place of the pattern's `{…}`; `None` where they do not fit. An empty one never fits.
fn fill(pattern: &str, segments: &[String]) -> Option<Vec<String>> {
    let mut filled = Vec::new();
    let mut given = segments.iter();
    for part in pattern.trim_matches('/').split('/') {
        let segment = given.next()?;
        if part.starts_with('{') {
            if segment.is_empty() {
                return None;
            }
            filled.push(segment.clone());
        } else if part != segment {
            return None;
        }
    }
    given.next().is_none().then_some(filled)
}
