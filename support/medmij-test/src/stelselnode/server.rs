// SPDX-License-Identifier: AGPL-3.0-or-later
//! The server: publishes lists at the addresses of core.lijsten.300 and follows its scripts

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::{Method, StatusCode, Uri};
use medmij_list::ListKind;
use medmij_net::{BackChannelListener, ConfigError, Credentials, ListenerControl, Peer};
use medmij_types::PeerNames;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use crate::stelselnode::Answer;

/// A Stelselnode at work. Dropping it ends it; [`stop`](Self::stop) also waits until it has.
#[derive(Debug)]
pub struct Stelselnode {
    address: SocketAddr,
    control: ListenerControl,
    shelf: Arc<Shelf>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// A request that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seen {
    /// The list that was asked for.
    pub kind: ListKind,
    /// Path and query, as they came.
    pub target: String,
    /// The names of the node that asked.
    pub peer: PeerNames,
}

impl Stelselnode {
    /// Serves on `listener`, which decides about certificate, roots and who is let in. Nothing is published yet.
    ///
    /// Call it inside a tokio runtime.
    pub fn start(listener: BackChannelListener) -> Self {
        let (address, control) = (listener.local_addr(), listener.control());
        let shelf = Arc::new(Shelf::default());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shelf));
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(listener.serve(router, async {
            // An error means that the Stelselnode was dropped, which ends it too.
            let _ = stopped.await;
        }));
        Self {
            address,
            control,
            shelf,
            stop,
            task,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Publishes a list in place of the one before.
    pub fn publish(&self, kind: ListKind, xml: impl Into<Bytes>) {
        self.shelf.with(|state| state.published.insert(kind, xml.into()));
    }

    /// What the next requests for this list get, one each, in order; after them what is published again.
    pub fn script(&self, kind: ListKind, answers: impl IntoIterator<Item = Answer>) {
        self.shelf
            .with(|state| state.scripts.entry(kind).or_default().extend(answers));
    }

    /// Lets everything go on that [`Answer::Hold`] holds, now and later.
    pub fn release(&self) {
        self.shelf.released.send_replace(true);
    }

    /// Shows another certificate, or asks for another authority, from the next connection on.
    ///
    /// # Errors
    /// [`ConfigError`] when TLS cannot be set up from it.
    pub fn present(&self, credentials: &Credentials) -> Result<(), ConfigError> {
        self.control.reload(credentials)
    }

    /// The requests so far, in the order in which they came.
    pub fn requests(&self) -> Vec<Seen> {
        self.shelf.with(|state| state.seen.clone())
    }

    /// Ends: what is held is released, open requests finish.
    pub async fn stop(self) {
        self.release();
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

#[derive(Debug, Default)]
struct Shelf {
    state: Mutex<Contents>,
    released: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Contents {
    published: BTreeMap<ListKind, Bytes>,
    scripts: BTreeMap<ListKind, VecDeque<Answer>>,
    seen: Vec<Seen>,
}

impl Shelf {
    fn with<T>(&self, act: impl FnOnce(&mut Contents) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn answer(State(shelf): State<Arc<Shelf>>, peer: Peer, method: Method, uri: Uri) -> Response {
    let kind = kind_of(uri.path()).filter(|_| method == Method::GET);
    let Some(kind) = kind else {
        return Answer::Status(StatusCode::NOT_FOUND).respond(Bytes::new());
    };
    let seen = Seen {
        kind,
        target: uri.to_string(),
        peer: peer.names().clone(),
    };
    let (answer, published) = shelf.with(|state| {
        state.seen.push(seen);
        let next = state.scripts.get_mut(&kind).and_then(VecDeque::pop_front);
        (next.unwrap_or(Answer::Published), state.published.get(&kind).cloned())
    });
    if matches!(answer, Answer::Hold) {
        // The sender lives in the shelf, so the wait ends by a release only.
        let _ = shelf.released.subscribe().wait_for(|released| *released).await;
    }
    match (answer, published) {
        (Answer::Published | Answer::Hold, None) => Answer::Status(StatusCode::NOT_FOUND).respond(Bytes::new()),
        (answer, published) => answer.respond(published.unwrap_or_default()),
    }
}

/// In any folder: installations differ in what is before the file name.
fn kind_of(path: &str) -> Option<ListKind> {
    let name = path.rsplit('/').next()?;
    ListKind::ALL.into_iter().find(|kind| kind.file_name() == name)
}
