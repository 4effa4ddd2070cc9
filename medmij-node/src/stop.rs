// SPDX-License-Identifier: AGPL-3.0-or-later
//! Security R15 — a process that is asked to stop: by the keyboard (SIGINT), or by whatever runs it (SIGTERM).

/// Ready when the process is asked to stop. Give it to `start` as its shutdown: then nothing new is taken, and what was
/// begun ends.
pub async fn interrupted() {
    let keyboard = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut asked) = signal(SignalKind::terminate()) {
            tokio::select! {
                () = keyboard => {}
                _ = asked.recv() => {}
            }
            return;
        }
    }
    keyboard.await;
}
