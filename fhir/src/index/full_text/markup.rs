//! The text of a narrative without its markup. It need not be well-formed: validation may be off.

/// Elements that stand in a line of text and end no word.
const INLINE: [&str; 17] = [
    "a", "abbr", "b", "big", "cite", "code", "em", "font", "i", "q", "small", "span", "strong", "sub", "sup",
    "tt", "u",
];

/// Hands out the texts between the marks that are not inline, entities decoded.
pub(super) fn blocks(div: &str, mut see: impl FnMut(&str)) {
    let (mut block, mut rest) = (String::new(), div);
    while let Some(at) = rest.find(['<', '&']) {
        block.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('&') {
            rest = entity(rest, &mut block);
            continue;
        }
        let (mark, after) = mark(rest);
        match mark {
            "br" => block.push(' '),
            "" => {}
            name if INLINE.contains(&name) => {}
            _ => {
                see(&block);
                block.clear();
            }
        }
        rest = after;
    }
    block.push_str(rest);
    see(&block);
}

/// The name of the element that begins or ends here, none of a comment, and what follows.
fn mark(text: &str) -> (&str, &str) {
    if text.starts_with("<!--") {
        return ("", text.find("-->").map_or("", |end| &text[end + 3..]));
    }
    let inside = text[1..].trim_start_matches('/');
    let name =
        inside.find(|letter: char| !letter.is_ascii_alphanumeric()).map_or(inside, |end| &inside[..end]);
    let mut quote = None;
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (None, '>') => return (name, &text[at + 1..]),
            (None, '"' | '\'') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            _ => {}
        }
    }
    (name, "")
}

/// Decodes the entity that begins here, and returns what follows. One that is not known is a space.
fn entity<'t>(text: &'t str, out: &mut String) -> &'t str {
    /// `&#x10ffff;`
    const LENGTH_MAX: usize = 10;
    let Some(end) = text.bytes().take(LENGTH_MAX).position(|byte| byte == b';') else {
        out.push('&');
        return &text[1..];
    };
    let code = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    let letter = match &text[1..end] {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        name => match (name.strip_prefix("#x"), name.strip_prefix('#')) {
            (Some(digits), _) => code(digits, 16),
            (None, Some(digits)) => code(digits, 10),
            _ => None,
        },
    };
    out.push(letter.unwrap_or(' '));
    &text[end + 1..]
}
