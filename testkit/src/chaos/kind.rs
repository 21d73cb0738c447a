//! The kinds of things that can go wrong.

/// The names are those of `--faults`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// SIGKILL: nothing is flushed.
    Kill,
    /// SIGSTOP and SIGCONT: the process stands still, for longer than a lease, and knows nothing of it.
    Stop,
    /// SIGTERM and a new start.
    Terminate,
    /// The same with one node after the other.
    Rolling,
    /// Nothing goes through between two nodes.
    Cut,
    /// Nothing goes through from one node to another, the other way does.
    CutOneWay,
    /// Nothing goes through between a node and all others.
    Isolate,
    /// Nothing comes to a node from others.
    Deafen,
    /// Nothing comes from a node to others.
    Mute,
    /// The operator has another node lead.
    Transfer,
    /// A node's disk is full.
    Fill,
    /// A node loses its data, is removed, and a new one takes its place.
    Wipe,
    /// A node's log is damaged and the node started with it; then as with [`Kind::Wipe`].
    Corrupt,
}

/// Each with its weight.
pub const KINDS: &[(Kind, u64)] = &[
    (Kind::Kill, 6),
    (Kind::Stop, 6),
    (Kind::Terminate, 3),
    (Kind::Rolling, 1),
    (Kind::Cut, 3),
    (Kind::CutOneWay, 3),
    (Kind::Isolate, 3),
    (Kind::Deafen, 2),
    (Kind::Mute, 2),
    (Kind::Transfer, 3),
    (Kind::Fill, 2),
    (Kind::Wipe, 2),
    (Kind::Corrupt, 1),
];

impl Kind {
    /// Whether another one may come meanwhile: it is over with one step.
    pub(super) fn is_plain(self) -> bool {
        !matches!(self, Kind::Rolling | Kind::Transfer | Kind::Wipe | Kind::Corrupt)
    }

    /// Whether it can be done to those nodes.
    pub fn fits(self, count: usize, can_be_cut: bool, can_be_full: bool) -> bool {
        match self {
            Kind::Kill => true,
            Kind::Stop | Kind::Terminate | Kind::Rolling | Kind::Transfer | Kind::Wipe | Kind::Corrupt => {
                count > 1
            }
            Kind::Cut | Kind::CutOneWay | Kind::Isolate | Kind::Deafen | Kind::Mute => {
                count > 1 && can_be_cut
            }
            Kind::Fill => count > 1 && can_be_full,
        }
    }

    /// The shortest and the longest, milliseconds.
    pub(super) fn lasts(self) -> (u64, u64) {
        match self {
            Kind::Kill => (0, 4000),
            // A lease is 1.5 s.
            Kind::Stop => (200, 8000),
            Kind::Terminate => (0, 1000),
            Kind::Rolling | Kind::Transfer => (0, 1),
            Kind::Fill => (1000, 6000),
            Kind::Wipe | Kind::Corrupt => (0, 2000),
            _ => (500, 8000),
        }
    }
}
