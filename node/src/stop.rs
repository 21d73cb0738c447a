//! The one signal that ends the server, in two steps: it drains, then it stops.

use tokio::sync::watch;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Serving,
    /// Not ready any more, so that whoever balances load turns away; everything is still served.
    Draining,
    /// The listeners close, requests under way have their grace.
    Stopping,
}

/// Sets the signal; see [`channel`]. Clones set the same one.
#[derive(Clone)]
pub struct Stopper(watch::Sender<Phase>);

/// Sees the signal. Where the last [`Stopper`] is gone it counts as set.
#[derive(Clone)]
pub struct Stop(watch::Receiver<Phase>);

/// A signal that is not set yet.
pub fn channel() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(Phase::Serving);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    /// The end is near. Does not undo [`Stopper::stop`].
    pub fn drain(&self) {
        self.reach(Phase::Draining);
    }

    /// Sets it, for good.
    pub fn stop(&self) {
        self.reach(Phase::Stopping);
    }

    fn reach(&self, phase: Phase) {
        self.0.send_modify(|reached| *reached = phase.max(*reached));
    }
}

impl Stop {
    /// Whether it is set.
    pub fn is_set(&self) -> bool {
        self.reached(Phase::Stopping)
    }

    /// Whether it is set or will soon be.
    pub fn is_near(&self) -> bool {
        self.reached(Phase::Draining)
    }

    /// Returns once it is set.
    pub async fn wait(self) {
        self.until(Phase::Stopping).await;
    }

    /// Returns once it is set or will soon be.
    pub async fn near(self) {
        self.until(Phase::Draining).await;
    }

    fn reached(&self, phase: Phase) -> bool {
        *self.0.borrow() >= phase || self.0.has_changed().is_err()
    }

    async fn until(mut self, phase: Phase) {
        // An error means that the last sender is gone, which ends the server as well.
        let _ = self.0.wait_for(|reached| *reached >= phase).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_drains_before_it_stops_and_never_goes_back() {
        let (stopper, stop) = channel();
        assert!(!stop.is_near() && !stop.is_set());
        stopper.clone().drain();
        stop.clone().near().await;
        assert!(stop.is_near() && !stop.is_set());
        stopper.stop();
        stopper.drain();
        stop.clone().wait().await;
        assert!(stop.is_set());
    }

    #[tokio::test]
    async fn whoever_forgets_the_stopper_stops() {
        let (stopper, stop) = channel();
        drop(stopper);
        stop.clone().wait().await;
        assert!(stop.is_set() && stop.is_near());
    }
}
