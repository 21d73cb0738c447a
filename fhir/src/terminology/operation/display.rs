//! The texts of a code: its own, and those of supplements.

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
        range = language.rsplit_once('-').map(|(less, _)| less);
    }
    display
}

#[cfg(test)]
mod tests {
    use super::*;

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
