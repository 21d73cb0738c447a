//! The name somebody probably meant.

/// The name nearest to `wrong` in edits, if it is near enough to be worth a hint; the first of equals.
pub(in crate::validation) fn nearest<'n>(
    wrong: &str,
    names: impl Iterator<Item = &'n str>,
) -> Option<&'n str> {
    const LENGTH_MAX: usize = 64;
    if wrong.len() > LENGTH_MAX {
        return None;
    }
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    let distance = |name: &&str| distance(wrong, name);
    let best = names.into_iter().min_by_key(distance)?;
    (distance(&best) <= 1 + wrong.len() / 4).then_some(best)
}

/// Edits between two texts: insertions, deletions, replacements of bytes; case costs nothing.
fn distance(one: &str, other: &str) -> usize {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, left) in one.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, right) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(!left.eq_ignore_ascii_case(right));
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let names = || ["birthDate", "gender", "name", "active"].into_iter();
        assert_eq!(nearest("birthdate", names()), Some("birthDate"));
        assert_eq!(nearest("nmae", names()), Some("name"));
        assert_eq!(nearest("gendr", names()), Some("gender"));
        assert_eq!(nearest("weight", names()), None);
        assert_eq!(nearest(&"a".repeat(100), names()), None);
    }
}
