//! Rust's text as far as the test of the arrows has to read it: without comments, quoted text and tests; `use` trees.

/// The text without its comments and without what stands in quotes.
pub fn code(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        match comment(rest).or_else(|| quoted(rest)) {
            Some(end) => rest = &rest[end..],
            None => {
                out.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    out
}

/// Where the comment ends that `rest` begins with.
fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    rest.starts_with("/*").then(|| rest.find("*/").map_or(rest.len(), |at| at + 2))
}

/// Where the text or character ends that `rest` begins with. A lifetime is neither.
fn quoted(rest: &str) -> Option<usize> {
    if let Some(raw) = rest.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        let text = raw[hashes..].strip_prefix('"')?;
        let end = format!("\"{}", &raw[..hashes]);
        return Some(rest.len() - text.len() + text.find(&end).map_or(text.len(), |at| at + end.len()));
    }
    let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    let mut inside = rest.char_indices().skip(1);
    if quote == '\'' {
        // One character, or one after a backslash and what belongs to it.
        return match inside.next()?.1 {
            '\\' => inside.skip(1).find(|&(_, c)| c == '\'').map(|(at, _)| at + 1),
            _ => inside.next().filter(|&(_, c)| c == '\'').map(|(at, _)| at + 1),
        };
    }
    while let Some((at, c)) = inside.next() {
        match c {
            '\\' => {
                inside.next();
            }
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    Some(rest.len())
}

/// Code without the items that are there for tests only, and the modules among these that have files of their own.
pub fn without_tests(code: &str) -> (String, Vec<&str>) {
    const MARK: &str = "#[cfg(test)]";
    let (mut out, mut modules) = (String::with_capacity(code.len()), vec![]);
    let mut rest = code;
    while let Some(at) = rest.find(MARK) {
        out.push_str(&rest[..at]);
        let after = &rest[at + MARK.len()..];
        let (item, left) = after.split_at(item_end(after));
        let declared = item.strip_suffix(';').and_then(|item| item.rsplit_once("mod "));
        modules.extend(declared.map(|(_, name)| name).filter(|name| name.chars().all(is_of_a_name)));
        rest = left;
    }
    out.push_str(rest);
    (out, modules)
}

/// Where the item ends that `code` begins with: after its braces, or at its semicolon or comma. A comma between generics ends
/// it too early, so that too much is read and not too little.
fn item_end(code: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => return at,
            '}' if depth == 1 => return at + 1,
            ')' | ']' | '}' => depth -= 1,
            ';' | ',' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

/// The paths of a `use` tree: those of `a::{b, c::{d, e as f}}` are `a::b`, `a::c::d`, `a::c::e as f`.
pub fn paths(tree: &str) -> Vec<String> {
    let Some(open) = tree.find('{') else { return vec![tree.trim().to_owned()] };
    let close = tree.rfind('}').unwrap_or(tree.len());
    let (mut found, mut depth, mut from) = (vec![], 0, open + 1);
    for (at, c) in tree.char_indices().take_while(|&(at, _)| at < close).skip_while(|&(at, _)| at <= open) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(&tree[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    found.push(&tree[from..close]);
    let start = tree[..open].trim();
    let parts = found.into_iter().map(str::trim).filter(|part| !part.is_empty());
    parts.flat_map(paths).map(|path| format!("{start}{path}")).collect()
}

/// The path or `use` tree at the beginning of the code.
pub fn tree(code: &str) -> &str {
    let mut end = 0;
    loop {
        let rest = &code[end..];
        if rest.starts_with('{') {
            return &code[..end + item_end(rest)];
        }
        end += rest.find(|c: char| !is_of_a_name(c)).unwrap_or(rest.len());
        match code[end..].strip_prefix("::") {
            Some(rest) if rest.starts_with(|c: char| is_of_a_name(c) || c == '{') => end += 2,
            _ => return &code[..end],
        }
    }
}

/// Whether the character can be in a name.
pub fn is_of_a_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
