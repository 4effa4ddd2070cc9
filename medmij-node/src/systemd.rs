// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a service manager is told (`sd_notify`): ready, why not, still alive, stopping.
//!
//! With `Type=notify` systemd starts what comes after when the Node is ready first. With `WatchdogSec=` it starts the process anew
//! when it is not heard of any more: a Node that is not ready is alive all the same, as starting anew would not help it.

use std::{future::Future, time::Duration};

use sd_notify::NotifyState;

use crate::{Node, Observed, Readiness};

/// How often it is asked whether there is something to tell.
const TICK: Duration = Duration::from_millis(500);

impl Node {
    /// Waits for `shutdown`, and until then tells the service manager at `NOTIFY_SOCKET` how it goes: `READY=1` when the Node is
    /// ready first, `STATUS=` with the reason whenever that changes, `WATCHDOG=1` twice in each `WATCHDOG_USEC` for as long as the
    /// probes look, and `STOPPING=1` at the end. Without the variable it only waits.
    ///
    /// Give it to what serves, in place of `shutdown` itself:
    ///
    /// ```no_run
    /// # async fn run(node: medmij_node::Node) {
    /// let shutdown = node.telling_systemd(medmij_node::interrupted());
    /// # shutdown.await;
    /// # }
    /// ```
    pub fn telling_systemd<F>(&self, shutdown: F) -> impl Future<Output = ()> + Send + use<F>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let node = self.clone();
        async move {
            if std::env::var_os("NOTIFY_SOCKET").is_none() {
                return shutdown.await;
            }
            let watchdog = sd_notify::watchdog_enabled().map(|time| time / 2);
            let mut reported = Reported::default();
            let telling = async {
                let mut ticks = tokio::time::interval(watchdog.map_or(TICK, |time| time.min(TICK)));
                let mut since = Duration::ZERO;
                loop {
                    let period = ticks.period();
                    ticks.tick().await;
                    since += period;
                    reported.readiness(&node.readiness());
                    if watchdog.is_some_and(|time| since >= time) && looks(&node) {
                        since = Duration::ZERO;
                        tell(&[NotifyState::Watchdog]);
                    }
                }
            };
            tokio::select! {
                () = shutdown => {}
                () = telling => {}
            }
            tell(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
        }
    }
}

/// Whether the probes still look: where they do not, the process is as good as hung.
fn looks(node: &Node) -> bool {
    let silent = |(part, observed): &(String, Observed)| part == "probes" && *observed == Observed::Silent;
    !node.observed().iter().any(silent)
}

/// What was told last.
#[derive(Default)]
struct Reported {
    ready: bool,
    status: String,
}

impl Reported {
    fn readiness(&mut self, readiness: &Readiness) {
        let status: String = readiness
            .to_string()
            .chars()
            // a line of its own would be a message of its own
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let first = readiness.is_ready() && !self.ready;
        if first {
            self.ready = true;
            tell(&[NotifyState::Ready, NotifyState::Status(&status)]);
        } else if status != self.status {
            tell(&[NotifyState::Status(&status)]);
        }
        self.status = status;
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "the service manager cannot be told");
    }
}
