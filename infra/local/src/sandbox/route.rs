//! Finds the call for a method and path in a vendor's table of patterns such as `/users/{id}`.

/// One call of a vendor: `(method, pattern, call)`.
pub type Route<Call> = (&'static str, &'static str, Call);

/// The result of a lookup.
pub enum RouteMatch<Call> {
    /// The call, with its pattern and the values of its `{…}`.
    Call(Call, &'static str, Vec<String>),
    /// The path exists, the method does not. The pattern, and the methods of the path for an
    /// `Allow` header.
    OtherMethod(&'static str, String),
    /// The path does not exist.
    Nothing,
}

/// Finds `method` and `segments` in `table`. Earlier entries win.
pub fn find<Call: Copy>(
    table: &[Route<Call>],
    method: &str,
    segments: &[String],
) -> RouteMatch<Call> {
    let (mut other, mut allowed) = (None, Vec::new());
    for (verb, pattern, call) in table {
        let Some(filled) = fill(pattern, segments) else {
            continue;
        };
        if *verb == method {
            return RouteMatch::Call(*call, pattern, filled);
        }
        other = Some(*pattern);
        allowed.push(*verb);
    }
    let allowed = allowed.join(", ");
    other.map_or(RouteMatch::Nothing, |pattern| {
        RouteMatch::OtherMethod(pattern, allowed)
    })
}

/// Returns the segments for the pattern's `{…}`; `None` if they do not match. An empty segment
/// never matches.
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
