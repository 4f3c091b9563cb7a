//! What a person may have meant by a word that names nothing.

use doorstep_cloud::environment::Environment;
use doorstep_cloud::store::site_version::SiteVersion;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::SiteId;

/// How alike two words are from which one may stand for the other: 0 to 1.
const ALIKE: f64 = 0.8;
/// The most words that a message lists.
const MOST_LISTED: usize = 12;

/// Returns what to add to a message that `word` names none of `known`: the nearest of them, or a
/// list of all where there are few.
pub fn advice(word: &str, known: &[&str]) -> String {
    let word = word.to_lowercase();
    let alike = |other: &&str| strsim::jaro_winkler(&word, &other.to_lowercase());
    let nearest = known.iter().copied().max_by(|one, other| {
        let (one, other) = (alike(one), alike(other));
        one.total_cmp(&other)
    });
    let quoted = |word: &&str| format!("\"{word}\"");
    match nearest {
        None => "there are none yet".to_owned(),
        Some(nearest) if alike(&nearest) >= ALIKE => format!("did you mean \"{nearest}\"?"),
        Some(_) if known.len() <= MOST_LISTED => {
            let all: Vec<String> = known.iter().map(quoted).collect();
            format!("there is {}", all.join(", "))
        }
        Some(_) => format!("there are {} others", known.len()),
    }
}

/// Loads the site file in force.
///
/// # Errors
/// [`Error::Invalid`] for an unknown site, with the name that it may be.
pub async fn in_force(environment: &Environment, site: &SiteId) -> Result<SiteVersion> {
    if let Some(stored) = environment.store.active(site).await? {
        return Ok(stored);
    }
    let mut names = environment.store.site_names().await?;
    names.sort();
    let known: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
    Err(Error::invalid(format!(
        "there is no site {site}: {}",
        advice(site, &known)
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_named_and_few_words_are_listed() {
        let known = ["Front door", "Members", "Roof"];
        assert_eq!(advice("membres", &known), "did you mean \"Members\"?");
        assert_eq!(
            advice("Cellar", &known),
            "there is \"Front door\", \"Members\", \"Roof\""
        );
        assert_eq!(advice("Cellar", &[]), "there are none yet");
        let many: Vec<String> = (0..13).map(|number| format!("x{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(advice("Cellar", &many), "there are 13 others");
    }
}
