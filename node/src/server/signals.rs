//! SIGTERM and SIGINT.

use super::stop::Stopper;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The first signal stops the server; the second one ends the process at once, with the status a shell gives it.
///
/// # Errors
/// Where the handlers cannot be installed.
pub fn listen(stopper: Stopper) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        next(&mut terminate, &mut interrupt).await;
        tracing::info!("stopping; a second signal ends the process at once");
        stopper.stop();
        let number = next(&mut terminate, &mut interrupt).await;
        std::process::exit(128 + number);
    });
    Ok(())
}

async fn next(terminate: &mut Signal, interrupt: &mut Signal) -> i32 {
    tokio::select! {
        _ = terminate.recv() => SignalKind::terminate().as_raw_value(),
        _ = interrupt.recv() => SignalKind::interrupt().as_raw_value(),
    }
}
