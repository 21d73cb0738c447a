//! The one signal that ends the server.

use tokio::sync::watch;

/// Sets the signal; see [`channel`].
pub struct Stopper(watch::Sender<bool>);

/// Sees the signal. A dropped [`Stopper`] counts as set.
#[derive(Clone)]
pub struct Stop(watch::Receiver<bool>);

/// A signal that is not set yet.
pub fn channel() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    /// Sets it, for good.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Whether it is set.
    pub fn is_set(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Returns once it is set.
    pub async fn wait(mut self) {
        // An error means that the sender is gone, which ends the server as well.
        let _ = self.0.wait_for(|set| *set).await;
    }
}
