//! The texts of a code: its own, and those of supplements.

use crate::terminology::code_system::is_in;
use crate::terminology::supplements::Supplements;
use crate::terminology::{Designation, Entry};

/// The designations of an entry: those of the value set, of the code system, of the supplements.
pub(super) fn designations<'v>(
    entry: Entry<'v>,
    supplements: &'v Supplements,
) -> impl Iterator<Item = &'v Designation> {
    let more = supplements.of(entry.system(), entry.version(), entry.code());
    entry.designations().chain(more.flat_map(|(_, concept)| &concept.designations))
}

/// The display of an entry in that language, if there is one in it; else the usual one.
pub(super) fn display_in<'v>(
    entry: Entry<'v>,
    language: Option<&str>,
    supplements: &'v Supplements,
) -> Option<&'v str> {
    let own = entry.concept().and_then(|(system, _)| system.language.as_deref());
    in_language(entry.display(), own, language, || designations(entry, supplements))
}

/// What an entry is called in that language, or in a less special one; what it is called at all where nothing is in it.
pub(super) fn in_language_only<'v>(
    entry: Entry<'v>,
    language: &str,
    supplements: &'v Supplements,
) -> Vec<&'v str> {
    let own = entry.concept().and_then(|(system, _)| system.language.as_deref());
    let found = all_in(entry.display(), own, language, || designations(entry, supplements));
    if found.is_empty() { entry.display().into_iter().collect() } else { found }
}

/// The display in the language `own` and the designations, as far as they are in the language wanted, in a variety of it or in a less special
/// one; where none is, in varieties of the less special ones (`de-AT` for `de-CH`). Empty: in none of them.
pub(super) fn all_in<'v, I: Iterator<Item = &'v Designation>>(
    display: Option<&'v str>,
    own: Option<&'v str>,
    wanted: &str,
    designations: impl Fn() -> I,
) -> Vec<&'v str> {
    let ranges = || std::iter::successors(Some(wanted), |language| less(language));
    let texts = || {
        let display = own.zip(display);
        let others = designations().filter_map(|one| Some((one.language.as_deref()?, &*one.value)));
        display.into_iter().chain(others)
    };
    let near = |language: &str| {
        is_in(language, wanted) || ranges().any(|range| range.eq_ignore_ascii_case(language))
    };
    let found: Vec<_> = texts().filter(|(language, _)| near(language)).map(|(_, text)| text).collect();
    if !found.is_empty() {
        return found;
    }
    let far = |language: &str| ranges().any(|range| is_in(language, range));
    texts().filter(|(language, _)| far(language)).map(|(_, text)| text).collect()
}

/// The next less special language.
fn less(language: &str) -> Option<&str> {
    language.rsplit_once('-').map(|(less, _)| less)
}

/// Of a display in the language `own` and designations, the text in the language wanted: first in that very language, then
/// in a variety of it (`de-CH` for `de`), then the same for a less special language (`de` for `de-CH`, RFC 4647 section 3.4);
/// the display if there is none.
pub(super) fn in_language<'v, I: Iterator<Item = &'v Designation>>(
    display: Option<&'v str>,
    own: Option<&str>,
    wanted: Option<&str>,
    designations: impl Fn() -> I,
) -> Option<&'v str> {
    let mut range = wanted;
    while let Some(language) = range {
        let is_it = |one: &str| one.eq_ignore_ascii_case(language);
        if own.is_some_and(is_it) && display.is_some() {
            return display;
        }
        let exact = designations().find(|one| one.language.as_deref().is_some_and(is_it));
        if let Some(found) = exact.or_else(|| designations().find(|one| one.is_in(language))) {
            return Some(&found.value);
        }
        range = less(language);
    }
    display
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_near_is_right() {
        let of = |language: &str| Designation {
            language: Some(language.into()),
            usage: None,
            value: language.into(),
        };
        let all = [of("de-CH"), of("de"), of("de-AT"), of("fr-CA")];
        for (wanted, found) in [
            ("de-CH", vec!["de-CH", "de"]),
            ("de", vec!["de-CH", "de", "de-AT"]),
            ("fr-FR", vec!["fr-CA"]),
            ("en-GB", vec!["usual"]),
            ("it", vec![]),
        ] {
            assert_eq!(all_in(Some("usual"), Some("en"), wanted, || all.iter()), found, "{wanted}");
        }
        assert_eq!(all_in(Some("usual"), None, "en", || all.iter()), [""; 0]);
    }

    #[test]
    fn the_nearest_language_is_taken() {
        let of = |language: &str| Designation {
            language: Some(language.into()),
            usage: None,
            value: language.into(),
        };
        let all = [of("de-CH"), of("de"), of("fr-CA")];
        let text = |wanted| in_language(Some("usual"), Some("en"), Some(wanted), || all.iter()).unwrap();
        let expected = [
            ("de", "de"),
            ("de-CH", "de-CH"),
            ("de-AT", "de"),
            ("FR", "fr-CA"),
            ("fr-FR", "fr-CA"),
            ("en", "usual"),
            ("en-US", "usual"),
            ("it", "usual"),
            ("", "usual"),
            ("-", "usual"),
        ];
        for (wanted, found) in expected {
            assert_eq!(text(wanted), found, "{wanted}");
        }
    }
}
