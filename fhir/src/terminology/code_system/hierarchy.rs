//! Which concept is below which.

use roaring::RoaringBitmap;

/// How two concepts relate: <https://hl7.org/fhir/R4/valueset-concept-subsumption-outcome.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subsumption {
    Equivalent,
    /// The first is above the second.
    Subsumes,
    /// The first is below the second.
    SubsumedBy,
    NotSubsumed,
}

impl Subsumption {
    /// FHIR's code.
    pub fn code(self) -> &'static str {
        match self {
            Subsumption::Equivalent => "equivalent",
            Subsumption::Subsumes => "subsumes",
            Subsumption::SubsumedBy => "subsumed-by",
            Subsumption::NotSubsumed => "not-subsumed",
        }
    }
}

/// Edges between concepts, both ways. A closure is computed when it is asked for, in time of its own size: kept closures of
/// all concepts would be quadratic in a long chain, and value sets keep the ones they need. Cycles do no harm.
#[derive(Debug, Default)]
pub(super) struct Hierarchy {
    down: Edges,
    up: Edges,
}

/// The targets of concept n are `targets[ends[n - 1]..ends[n]]`.
#[derive(Debug, Default)]
struct Edges {
    ends: Vec<u32>,
    targets: Vec<u32>,
}

impl Edges {
    /// From pairs sorted by their first, of `count` concepts.
    fn new(count: usize, pairs: impl Iterator<Item = (u32, u32)>) -> Edges {
        let mut edges = Edges { ends: vec![0; count], targets: Vec::new() };
        for (from, to) in pairs {
            edges.ends[from as usize] += 1;
            edges.targets.push(to);
        }
        let mut end = 0;
        for slot in &mut edges.ends {
            end += *slot;
            *slot = end;
        }
        edges
    }

    fn of(&self, number: u32) -> &[u32] {
        let at = number as usize;
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.targets[start as usize..self.ends[at] as usize]
    }
}

impl Hierarchy {
    /// Of `count` concepts and pairs of parent and child, in any order, repeated or not.
    pub fn new(count: usize, mut pairs: Vec<(u32, u32)>) -> Hierarchy {
        pairs.retain(|(parent, child)| parent != child);
        pairs.sort_unstable();
        pairs.dedup();
        let down = Edges::new(count, pairs.iter().copied());
        pairs.sort_unstable_by_key(|&(parent, child)| (child, parent));
        let up = Edges::new(count, pairs.into_iter().map(|(parent, child)| (child, parent)));
        Hierarchy { down, up }
    }

    pub fn children(&self, number: u32) -> &[u32] {
        self.down.of(number)
    }

    pub fn parents(&self, number: u32) -> &[u32] {
        self.up.of(number)
    }

    /// That concept and all that are reached by `next`.
    pub fn closure(&self, number: u32, next: fn(&Hierarchy, u32) -> &[u32]) -> RoaringBitmap {
        let mut reached = RoaringBitmap::new();
        let mut waiting = vec![number];
        while let Some(one) = waiting.pop() {
            if reached.insert(one) {
                waiting.extend_from_slice(next(self, one));
            }
        }
        reached
    }

    /// Walks up from both: there are few concepts above one, and often many below.
    pub fn subsumption(&self, first: u32, second: u32) -> Subsumption {
        if first == second {
            return Subsumption::Equivalent;
        }
        if self.closure(second, Hierarchy::parents).contains(first) {
            return Subsumption::Subsumes;
        }
        if self.closure(first, Hierarchy::parents).contains(second) {
            return Subsumption::SubsumedBy;
        }
        Subsumption::NotSubsumed
    }

    pub fn memory_bytes(&self) -> usize {
        let edges = [&self.down, &self.up];
        edges.iter().map(|edges| (edges.ends.capacity() + edges.targets.capacity()) * size_of::<u32>()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closures_of_a_graph_with_two_parents_and_a_cycle() {
        // 0 over 1 and 2, both over 3; 4 and 5 over each other; 6 alone.
        let hierarchy =
            Hierarchy::new(7, vec![(0, 1), (0, 2), (2, 3), (1, 3), (1, 3), (4, 5), (5, 4), (6, 6)]);
        let below = |number| hierarchy.closure(number, Hierarchy::children).iter().collect::<Vec<_>>();
        assert_eq!(below(0), [0, 1, 2, 3]);
        assert_eq!(below(2), [2, 3]);
        assert_eq!(below(4), [4, 5]);
        assert_eq!(below(6), [6]);
        assert_eq!(hierarchy.parents(3), [1, 2]);
        assert_eq!(hierarchy.subsumption(0, 3), Subsumption::Subsumes);
        assert_eq!(hierarchy.subsumption(3, 0), Subsumption::SubsumedBy);
        assert_eq!(hierarchy.subsumption(1, 2), Subsumption::NotSubsumed);
        assert_eq!(hierarchy.subsumption(6, 6), Subsumption::Equivalent);
    }
}
