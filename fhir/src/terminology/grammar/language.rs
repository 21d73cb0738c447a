//! Tags of languages: RFC 5646, section 2.1.

/// Whether `tag` is well-formed: the grammar, not the registry of subtags.
pub(super) fn is_tag(tag: &str) -> bool {
    let mut subtags = tag.split('-').peekable();
    let Some(first) = subtags.next() else { return false };
    if !tag.split('-').all(is_subtag) {
        return false;
    }
    if is_grandfathered(tag) || first.eq_ignore_ascii_case("x") {
        return is_grandfathered(tag) || subtags.peek().is_some();
    }
    if !is_alpha(first, 2..=8) {
        return false;
    }
    let mut extended = 0;
    while first.len() <= 3 && extended < 3 && subtags.next_if(|next| is_alpha(next, 3..=3)).is_some() {
        extended += 1;
    }
    subtags.next_if(|next| is_alpha(next, 4..=4));
    subtags.next_if(|next| is_alpha(next, 2..=2) || is_digits(next));
    while subtags.next_if(|next| is_variant(next)).is_some() {}
    extensions(&mut subtags)
}

/// `-u-co-phonebk`, then `-x-private`: what remains of a tag.
fn extensions<'t>(subtags: &mut std::iter::Peekable<impl Iterator<Item = &'t str>>) -> bool {
    while let Some(singleton) = subtags.next() {
        if singleton.len() != 1 {
            return false;
        }
        let private = singleton.eq_ignore_ascii_case("x");
        let least = if private { 1 } else { 2 };
        let mut count = 0;
        while subtags.next_if(|next| next.len() >= least).is_some() {
            count += 1;
        }
        if count == 0 {
            return false;
        }
    }
    true
}

fn is_subtag(subtag: &str) -> bool {
    (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_alpha(subtag: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn is_digits(subtag: &str) -> bool {
    subtag.len() == 3 && subtag.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_variant(subtag: &str) -> bool {
    subtag.len() >= 5 || (subtag.len() == 4 && subtag.as_bytes()[0].is_ascii_digit())
}

/// Irregular tags that were registered before the grammar.
fn is_grandfathered(tag: &str) -> bool {
    const TAGS: [&str; 17] = [
        "en-GB-oed",
        "i-ami",
        "i-bnn",
        "i-default",
        "i-enochian",
        "i-hak",
        "i-klingon",
        "i-lux",
        "i-mingo",
        "i-navajo",
        "i-pwn",
        "i-tao",
        "i-tay",
        "i-tsu",
        "sgn-BE-FR",
        "sgn-BE-NL",
        "sgn-CH-DE",
    ];
    TAGS.iter().any(|one| one.eq_ignore_ascii_case(tag))
}

#[cfg(test)]
mod tests {
    use super::is_tag;

    #[test]
    fn tags_of_the_rfc() {
        for tag in [
            "de",
            "i-klingon",
            "zh-Hant",
            "zh-cmn-Hans-CN",
            "sl-rozaj-biske-1994",
            "de-CH-1901",
            "hy-Latn-IT-arevela",
            "es-419",
            "de-CH-x-phonebk",
            "x-whatever",
            "en-US-u-islamcal",
            "zh-CN-a-myext-x-private",
            "en-a-myext-b-another",
        ] {
            assert!(is_tag(tag), "{tag}");
        }
    }

    #[test]
    fn no_tags() {
        for text in [
            "",
            "a",
            "de-",
            "-de",
            "de_CH",
            "a-DE",
            "x",
            "en-u",
            "de-x",
            "de-Latn-Latn",
            "toolonglanguage",
            "d3",
        ] {
            assert!(!is_tag(text), "{text}");
        }
    }
}
