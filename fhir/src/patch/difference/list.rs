//! Lists: what belongs together, what is new, what goes, what moves.

use super::{
    super::error::ErrorKind,
    Difference,
    field::{Field, Item},
};

impl Difference<'_> {
    /// Compares two lists: changes within elements that belong together come first, then deletions from the end, then
    /// insertions and moves from the beginning.
    pub(super) fn lists(
        &mut self,
        parent: &str,
        path: &str,
        old: &Field<'_>,
        new: &Field<'_>,
    ) -> Result<(), ErrorKind> {
        let (before, after) = (old.items(), new.items());
        let partners = self.partners(before, after)?;
        for (partner, item) in partners.iter().zip(after) {
            if let Some(at) = *partner {
                self.items(&format!("{path}[{at}]"), (old, &before[at]), (new, item))?;
            }
        }
        let mut left: Vec<usize> = (0..before.len()).collect();
        let mut kept = vec![false; before.len()];
        partners.iter().flatten().for_each(|at| kept[*at] = true);
        for at in (0..before.len()).rev().filter(|at| !kept[*at]) {
            self.writer.delete(&format!("{path}[{at}]"));
        }
        left.retain(|at| kept[*at]);
        for (index, (partner, item)) in partners.iter().zip(after).enumerate() {
            match partner {
                None if index == left.len() => {
                    self.writer.add(parent, new, item)?;
                    left.push(usize::MAX);
                }
                None => {
                    self.writer.insert(path, index, new, item)?;
                    self.budget.spend(left.len() - index)?;
                    left.insert(index, usize::MAX);
                }
                Some(at) if left[index] == *at => {}
                Some(at) => {
                    self.budget.spend(left.len() - index)?;
                    let source = left.iter().position(|own| own == at).unwrap_or(index);
                    self.writer.move_within(path, source, index);
                    let moved = left.remove(source);
                    left.insert(index, moved);
                }
            }
        }
        Ok(())
    }

    /// For each element of `after` the number of the one of `before` that it was.
    fn partners(&mut self, before: &[Item<'_>], after: &[Item<'_>]) -> Result<Vec<Option<usize>>, ErrorKind> {
        let mut matching = Matching { partners: vec![None; after.len()], taken: vec![false; before.len()] };
        // Most lists changed little: what is equal where it stands need not be looked for.
        for at in 0..before.len().min(after.len()) {
            self.budget.scan(after[at].bytes())?;
            if before[at].equals(&after[at]) {
                matching.pair(at, at);
            }
        }
        let rules: [Rule; 3] = [
            |one, other| one.equals(other),
            |one, other| other.id().is_some() && one.id() == other.id(),
            |one, other| one.id().is_none() || other.id().is_none(),
        ];
        for belongs in rules {
            for (index, item) in after.iter().enumerate() {
                if matching.partners[index].is_some() {
                    continue;
                }
                self.budget.spend(1 + before.len())?;
                let free = |at: &usize| !matching.taken[*at] && belongs(&before[*at], item);
                if let Some(at) = (0..before.len()).find(free) {
                    matching.pair(index, at);
                }
            }
        }
        Ok(matching.partners)
    }
}

/// Whether two elements belong together.
type Rule = fn(&Item<'_>, &Item<'_>) -> bool;

struct Matching {
    partners: Vec<Option<usize>>,
    taken: Vec<bool>,
}

impl Matching {
    fn pair(&mut self, after: usize, before: usize) {
        self.partners[after] = Some(before);
        self.taken[before] = true;
    }
}
