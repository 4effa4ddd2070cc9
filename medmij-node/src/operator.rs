// SPDX-License-Identifier: AGPL-3.0-or-later
//! What an operator and a load balancer ask: `/` for people, `/ready`, `/health` and `/metrics`, on a port of their own.
//!
//! `/health` says that the process answers: restart it where it does not. `/ready` says whether it can do its work: send it
//! no requests where it cannot; restarting would not help. Neither names a person or a secret.

mod page;

use std::{fmt::Write as _, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::net::TcpListener;

use crate::{Node, NodeError, Observed, Readiness, Severity};

/// The routes for an operator, bound to loopback.
#[derive(Debug)]
pub struct OperatorListener {
    listener: TcpListener,
    router: Router,
}

#[derive(Clone)]
struct Shown {
    node: Node,
    more: Arc<dyn Fn() -> String + Send + Sync>,
}

impl Node {
    /// `/`, `/ready`, `/health` and `/metrics`, for mounting where only operators come. `more` gives further metrics, in the text
    /// format of Prometheus.
    pub fn operator_router(&self, more: impl Fn() -> String + Send + Sync + 'static) -> Router {
        Router::new()
            .route("/", get(overview))
            .route(
                "/style.css",
                get(async || ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], page::STYLE)),
            )
            .route("/health", get(async || (NOT_STORED, "up\n")))
            .route("/ready", get(ready))
            .route("/metrics", get(metrics))
            .with_state(Shown {
                node: self.clone(),
                more: Arc::new(more),
            })
    }

    /// Binds [`operator_router`](Self::operator_router) to an address on loopback.
    ///
    /// # Errors
    ///
    /// [`NodeError::Operator`] where the address is not on loopback, or is taken.
    pub async fn listen_for_operator(
        &self,
        address: SocketAddr,
        more: impl Fn() -> String + Send + Sync + 'static,
    ) -> Result<OperatorListener, NodeError> {
        let refused = |source| NodeError::Operator { address, source };
        if !address.ip().is_loopback() {
            let reason = "what only operators may see is served on loopback; mount operator_router elsewhere yourself";
            return Err(refused(std::io::Error::other(reason)));
        }
        Ok(OperatorListener {
            listener: TcpListener::bind(address).await.map_err(refused)?,
            router: self.operator_router(more),
        })
    }
}

impl OperatorListener {
    /// Where it listens.
    ///
    /// # Errors
    ///
    /// [`std::io::Error`], as the system says.
    pub fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `shutdown`.
    pub async fn serve(self, shutdown: impl Future<Output = ()> + Send + 'static) {
        let served = axum::serve(self.listener, self.router).with_graceful_shutdown(shutdown);
        if let Err(error) = served.await {
            tracing::error!(%error, "the port of the operator is not served any more");
        }
    }
}

const NOT_STORED: [(HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

/// The page for people.
async fn overview(State(shown): State<Shown>) -> Response {
    let html = page::Page {
        hostname: shown.node.hostname().as_str(),
        readiness: &shown.node.readiness(),
        observed: &shown.node.observed(),
        lists: &shown.node.lists(),
        counters: &(shown.more)(),
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, page::POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, NOT_STORED, html.to_string()).into_response()
}

async fn ready(State(shown): State<Shown>) -> Response {
    let readiness = shown.node.readiness();
    let status = if readiness.is_ready() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, NOT_STORED, axum::Json(to_json(&readiness))).into_response()
}

async fn metrics(State(shown): State<Shown>) -> Response {
    let text = to_text(&shown.node.readiness(), &shown.node.observed()) + &(shown.more)();
    let kind = (header::CONTENT_TYPE, "text/plain; version=0.0.4");
    ([kind], NOT_STORED, text).into_response()
}

fn to_json(readiness: &Readiness) -> serde_json::Value {
    let finding = |finding: &crate::Finding| {
        serde_json::json!({
            "severity": finding.severity.as_str(),
            "part": finding.part,
            "reason": finding.reason.code(),
            "text": finding.reason.to_string(),
        })
    };
    serde_json::json!({
        "ready": readiness.is_ready(),
        "findings": readiness.findings.iter().map(finding).collect::<Vec<_>>(),
    })
}

/// The text format of Prometheus, version 0.0.4.
fn to_text(readiness: &Readiness, observed: &[(String, Observed)]) -> String {
    let mut families = Families::default();
    families.add(
        "medmij_ready",
        "Whether the Node can do its work.",
        &[],
        u64::from(readiness.is_ready()),
    );
    for finding in &readiness.findings {
        let labels = [
            ("severity", finding.severity.as_str()),
            ("part", &finding.part),
            ("reason", finding.reason.code()),
        ];
        families.add("medmij_finding", "What stands in the way, or will.", &labels, 1);
    }
    let mut parts: Vec<&str> = observed.iter().map(|(part, _)| part.as_str()).collect();
    parts.dedup();
    for part in parts {
        let stands = |finding: &crate::Finding| finding.part == part && finding.severity == Severity::NotReady;
        let good = u64::from(!readiness.findings.iter().any(stands));
        let help = "A part that is looked at, and whether the Node can work with it.";
        families.add("medmij_part", help, &[("part", part)], good);
    }
    for (part, one) in observed {
        match one {
            Observed::List {
                kind, age: Some(age), ..
            } => {
                let kind = kind.to_string();
                let help = "How long ago a fetch confirmed a list.";
                families.add("medmij_list_age_seconds", help, &[("list", &kind)], age.as_secs());
            }
            Observed::Certificate { left } => {
                let help = "How long the certificate lasts.";
                families.add("medmij_certificate_left_seconds", help, &[], left.as_secs());
            }
            Observed::Crl { issuer, left, .. } => {
                let help = "How long a revocation list lasts.";
                families.add("medmij_crl_left_seconds", help, &[("issuer", issuer)], left.as_secs());
            }
            Observed::Folder { room: Some(room), .. } => {
                let help = "How much room there is.";
                families.add("medmij_room_bytes", help, &[("part", part)], *room);
            }
            Observed::Descriptors { open, limit } => {
                let help = "Files that the process has open, connections among them.";
                families.add("medmij_descriptors_open", help, &[], *open);
                families.add("medmij_descriptors_limit", "Files that it may open.", &[], *limit);
            }
            Observed::Spool {
                waiting, oldest, lost, ..
            } => {
                families.add("medmij_spool_lines", "Lines of the chain log that wait.", &[], *waiting);
                let help = "Lines of the chain log that were lost within a day.";
                families.add("medmij_spool_lost_lines", help, &[], *lost);
                let help = "How long the oldest line of the chain log waits.";
                families.add("medmij_spool_oldest_seconds", help, &[], oldest.as_secs());
            }
            _ => {}
        }
    }
    families.0.into_iter().map(|(_, text)| text).collect()
}

/// Metrics, those of one name together, as the format wants it.
#[derive(Default)]
struct Families(Vec<(&'static str, String)>);

impl Families {
    fn add(&mut self, name: &'static str, help: &str, labels: &[(&str, &str)], value: u64) {
        let known = self.0.iter().position(|(known, _)| *known == name);
        let at = known.unwrap_or_else(|| {
            self.0
                .push((name, format!("# HELP {name} {help}\n# TYPE {name} gauge\n")));
            self.0.len() - 1
        });
        let Some((_, text)) = self.0.get_mut(at) else { return };
        let escaped = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let labels: Vec<_> = labels
            .iter()
            .map(|(key, value)| format!("{key}=\"{}\"", escaped(value)))
            .collect();
        let labels = if labels.is_empty() {
            String::new()
        } else {
            format!("{{{}}}", labels.join(","))
        };
        // writing to a String does not fail
        let _ = writeln!(text, "{name}{labels} {value}");
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Alarms, StoreState};

    #[test]
    fn metrics_stand_together_by_name_and_labels_cannot_break_out() {
        let crl = |issuer: &str| Observed::Crl {
            issuer: issuer.to_owned(),
            left: Duration::from_secs(7200),
            hard_fail: true,
        };
        let observed = [
            ("credentials".to_owned(), crl("CN=\"A\"\n} 1")),
            ("credentials".to_owned(), crl("CN=B")),
            ("store".to_owned(), Observed::Store(StoreState::Gone("x".to_owned()))),
        ];
        let readiness = Readiness::judge(
            observed.iter().map(|(part, one)| (part.as_str(), one)),
            &Alarms::default(),
        );
        assert_eq!(
            to_text(&readiness, &observed),
            "# HELP medmij_ready Whether the Node can do its work.\n# TYPE medmij_ready gauge\nmedmij_ready 0\n\
             # HELP medmij_finding What stands in the way, or will.\n# TYPE medmij_finding gauge\n\
             medmij_finding{severity=\"not-ready\",part=\"store\",reason=\"store\"} 1\n\
             # HELP medmij_part A part that is looked at, and whether the Node can work with it.\n# TYPE medmij_part gauge\n\
             medmij_part{part=\"credentials\"} 1\nmedmij_part{part=\"store\"} 0\n\
             # HELP medmij_crl_left_seconds How long a revocation list lasts.\n# TYPE medmij_crl_left_seconds gauge\n\
             medmij_crl_left_seconds{issuer=\"CN=\\\"A\\\"\\n} 1\"} 7200\n\
             medmij_crl_left_seconds{issuer=\"CN=B\"} 7200\n"
        );
    }
}
