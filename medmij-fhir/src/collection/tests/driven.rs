// SPDX-License-Identifier: AGPL-3.0-or-later
//! Driving over a channel, without a runtime: time stands still but for the waits.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use medmij_types::Clock;

use super::{BASE, answer, collection, page};
use crate::collection::{Channel, Collection, Drive, Driven, HostLimit, Progress, SendError, SendFault};
use crate::limits::Limits;

/// What the server does with a request, by how often it was asked before.
type Server = dyn Fn(&str, usize) -> Result<http::Response<Bytes>, SendError> + Send + Sync;

/// A channel whose answers take a number of milliseconds of its own time.
struct Lab {
    server: Box<Server>,
    takes: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    now: u64,
    /// Moments at which something is due, of requests and waits that are under way.
    due: BTreeMap<u64, u64>,
    number: u64,
    at_once: usize,
    most_at_once: usize,
    asked: Vec<(String, String)>,
    waited: Vec<Duration>,
}

impl Lab {
    fn new(
        takes: u64,
        server: impl Fn(&str, usize) -> Result<http::Response<Bytes>, SendError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            server: Box::new(server),
            takes,
            state: Mutex::default(),
        }
    }

    /// Ready when the time has come; the time goes on only when nothing else can.
    async fn sleep(&self, millis: u64) {
        let (number, end) = {
            let mut state = self.state.lock().unwrap();
            state.number += 1;
            let (number, end) = (state.number, state.now + millis);
            state.due.insert(number, end);
            (number, end)
        };
        let _gone = Gone(self, number);
        poll_fn(|_| {
            let state = self.state.lock().unwrap();
            if state.now >= end {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    /// Runs a future to its end, moving the time on to what is due next.
    fn run<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..10_000 {
            if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
                return value;
            }
            let mut state = self.state.lock().unwrap();
            let now = state.now;
            let next = state.due.values().copied().filter(|due| *due > now).min();
            state.now = next.expect("nothing is due: it would wait for ever");
        }
        panic!("no end");
    }

    fn count(&self) -> usize {
        self.state.lock().unwrap().asked.len()
    }
}

struct Gone<'a>(&'a Lab, u64);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        self.0.state.lock().unwrap().due.remove(&self.1);
    }
}

impl Clock for Lab {
    fn now(&self) -> SystemTime {
        super::now() + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.state.lock().unwrap().now)
    }
}

impl Channel for Lab {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, SendError> {
        let uri = request.uri().to_string();
        let before = {
            let mut state = self.state.lock().unwrap();
            state.at_once += 1;
            state.most_at_once = state.most_at_once.max(state.at_once);
            let before = state.asked.iter().filter(|(asked, _)| *asked == uri).count();
            let id = request.headers()["medmij-request-id"].to_str().unwrap().to_owned();
            state.asked.push((uri.clone(), id));
            before
        };
        self.sleep(self.takes).await;
        self.state.lock().unwrap().at_once -= 1;
        (self.server)(&uri, before)
    }

    async fn wait(&self, time: Duration) {
        if time < Duration::from_secs(60) {
            self.state.lock().unwrap().waited.push(time);
        }
        self.sleep(u64::try_from(time.as_millis()).unwrap()).await;
    }
}

fn bgz() -> Collection {
    collection("48", Limits::default()).collection
}

#[test]
fn the_28_queries_of_bgz_take_seven_turns_with_four_at_once() {
    for (at_once, millis) in [(1, 2800), (4, 700), (16, 200)] {
        let lab = Lab::new(100, |_, _| Ok(page(None, "")));
        let mut collection = bgz();
        let drive = Drive::default().clock(&lab).at_once(at_once).hosts(HostLimit::new(16));
        let driven = lab.run(collection.drive(&lab, drive));
        assert_eq!(driven, Ok(Driven::Done));
        assert!(collection.finish().is_complete());
        let state = lab.state.lock().unwrap();
        assert_eq!(
            (state.asked.len(), state.most_at_once, state.now),
            (28, at_once, millis)
        );
        let ids: std::collections::BTreeSet<_> = state.asked.iter().map(|(_, id)| id).collect();
        assert_eq!(ids.len(), 28, "core.rscint.201");
    }
}

#[test]
fn a_host_has_no_more_requests_than_its_limit_whatever_is_asked_at_once() {
    let lab = Lab::new(100, |_, _| Ok(page(None, "")));
    let mut collection = bgz();
    let driven = lab.run(collection.drive(&lab, Drive::default().clock(&lab).at_once(16)));
    assert_eq!(driven, Ok(Driven::Done));
    assert_eq!(lab.state.lock().unwrap().most_at_once, 4);
}

#[test]
fn collections_that_share_a_limit_are_together_within_it() {
    let lab = Lab::new(100, |_, _| Ok(page(None, "")));
    let hosts = HostLimit::new(3);
    let (mut one, mut two) = (bgz(), bgz());
    let drive = || Drive::default().clock(&lab).hosts(hosts.clone());
    let ended = lab.run(async {
        let mut both = (Box::pin(one.drive(&lab, drive())), Box::pin(two.drive(&lab, drive())));
        let mut ended = (None, None);
        poll_fn(|context| {
            if ended.0.is_none()
                && let Poll::Ready(driven) = both.0.as_mut().poll(context)
            {
                ended.0 = Some(driven);
            }
            if ended.1.is_none()
                && let Poll::Ready(driven) = both.1.as_mut().poll(context)
            {
                ended.1 = Some(driven);
            }
            if ended.0.is_some() && ended.1.is_some() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        ended
    });
    assert_eq!(ended, (Some(Ok(Driven::Done)), Some(Ok(Driven::Done))));
    assert!(one.finish().is_complete() && two.finish().is_complete());
    let state = lab.state.lock().unwrap();
    assert_eq!((state.asked.len(), state.most_at_once), (56, 3));
}

#[test]
fn f2_the_whole_has_a_deadline_and_what_is_left_is_a_gap() {
    // a server that answers each time with another page, and takes its time
    let lab = Lab::new(50_000, |uri, before| {
        assert_eq!(before, 0, "each is another one");
        Ok(page(Some(&format!("{}x", uri.split('&').next().unwrap())), ""))
    });
    let mut collection = collection("54", Limits::default()).collection;
    let drive = Drive::default().clock(&lab).total(Duration::from_secs(600));
    assert_eq!(lab.run(collection.drive(&lab, drive)), Ok(Driven::TimePassed));
    assert_eq!((lab.count(), lab.state.lock().unwrap().now), (12, 600_000));
    let report = collection.finish();
    assert!(!report.is_complete());
    assert_eq!(report.gaps()[0].reason, crate::collection::GapReason::Unfinished);
}

#[test]
fn core_rscint_202_an_answer_has_sixty_seconds() {
    let lab = Lab::new(61_000, |_, _| Ok(page(None, "")));
    let mut collection = collection("54", Limits::default()).collection;
    assert_eq!(
        lab.run(collection.drive(&lab, Drive::default().clock(&lab))),
        Ok(Driven::Done)
    );
    let gaps = collection.finish().gaps();
    assert_eq!(
        gaps[0].to_string(),
        "Overgevoeligheden, page 1: no answer: no answer within 60 s"
    );
    assert_eq!(
        (lab.count(), lab.state.lock().unwrap().now),
        (1, 60_000),
        "and is not asked again"
    );
}

#[test]
fn a_read_on_a_connection_that_broke_is_sent_once_more_under_another_id() {
    let broken = || SendError::new(SendFault::Broken, "the connection ended");
    for (breaks, complete, asked) in [(1, true, 2), (2, false, 2)] {
        let lab = Lab::new(1, move |_, before| {
            if before < breaks {
                Err(broken())
            } else {
                Ok(page(None, ""))
            }
        });
        let mut collection = collection("54", Limits::default()).collection;
        let mut again = 0;
        let drive = Drive::default().clock(&lab).progress(|progress| {
            again += usize::from(matches!(
                progress,
                Progress::AskedAgain {
                    request_id: Some(_),
                    ..
                }
            ));
        });
        lab.run(collection.drive(&lab, drive)).unwrap();
        assert_eq!(collection.finish().is_complete(), complete);
        assert_eq!(again, 1);
        let state = lab.state.lock().unwrap();
        assert_eq!(state.asked.len(), asked);
        assert_ne!(state.asked[0].1, state.asked[1].1);
    }
    // any other fault is not tried again
    let lab = Lab::new(1, |_, _| Err(SendError::new(SendFault::Other, "not on the Whitelist")));
    let mut collection = collection("54", Limits::default()).collection;
    lab.run(collection.drive(&lab, Drive::default().clock(&lab))).unwrap();
    assert_eq!(lab.count(), 1);
}

#[test]
fn retry_after_is_honoured_and_nothing_else_is_sent_meanwhile() {
    let lab = Lab::new(10, |uri, before| {
        if uri.contains("/Coverage") && before == 0 {
            let mut busy = answer(503, "text/plain", "");
            busy.headers_mut().insert("retry-after", "7".parse().unwrap());
            Ok(busy)
        } else {
            Ok(page(None, ""))
        }
    });
    let mut collection = bgz();
    assert_eq!(
        lab.run(collection.drive(&lab, Drive::default().clock(&lab))),
        Ok(Driven::Done)
    );
    assert!(collection.finish().is_complete());
    let state = lab.state.lock().unwrap();
    assert_eq!(state.asked.len(), 29);
    assert_eq!(
        state.waited,
        [Duration::from_millis(6_990)],
        "while others were answered, 10 ms of it passed"
    );
    assert!((7_000..8_000).contains(&state.now), "{}", state.now);
}

#[test]
fn a_server_that_is_busy_for_long_ends_the_drive_and_not_the_collection() {
    let lab = Lab::new(10, |_, _| {
        let mut busy = answer(503, "text/plain", "");
        busy.headers_mut().insert("retry-after", "120".parse().unwrap());
        Ok(busy)
    });
    let mut collection = bgz();
    let driven = lab.run(collection.drive(&lab, Drive::default().clock(&lab)));
    assert_eq!(driven, Ok(Driven::Busy(Duration::from_secs(120))));
    assert_eq!(lab.count(), 4, "nothing more after the first answer");
    let report = collection.finish();
    assert_eq!(
        (report.gaps().len(), report.retry_after()),
        (28, Some(Duration::from_secs(120)))
    );
}

#[test]
fn a_drive_that_is_dropped_can_go_on() {
    let lab = Lab::new(100, |_, _| Ok(page(None, "")));
    let mut collection = bgz();
    {
        let mut future = pin!(collection.drive(&lab, Drive::default().clock(&lab)));
        let mut context = Context::from_waker(Waker::noop());
        assert!(future.as_mut().poll(&mut context).is_pending());
    }
    assert_eq!(lab.count(), 4);
    lab.state.lock().unwrap().at_once = 0;
    assert_eq!(
        lab.run(collection.drive(&lab, Drive::default().clock(&lab))),
        Ok(Driven::Done)
    );
    assert_eq!(lab.count(), 32, "the four that were dropped are asked again");
    assert!(collection.finish().is_complete());
}

#[test]
fn a_token_that_ends_stops_the_drive() {
    let service = crate::gegevensdienst::Gegevensdienst::lookup(&"48".parse().unwrap()).unwrap();
    let lab = Lab::new(300_000, |_, _| Ok(page(None, "")));
    let access = super::access(service).with_expiry(super::now() + Duration::from_secs(900));
    let mut collection = Collection::new(service, access, crate::Choices::default(), Limits::default()).unwrap();
    let drive = || Drive::default().clock(&lab).answer(Duration::from_secs(600));
    assert_eq!(lab.run(collection.drive(&lab, drive())), Ok(Driven::TokenEnded));
    assert_eq!(lab.count(), 12);
    let token = medmij_types::AccessToken::from_wire("nieuw").unwrap();
    let correlation = medmij_types::CorrelationId::random(&medmij_types::OsEntropy).unwrap();
    collection.renew(token, None, correlation);
    assert_eq!(lab.run(collection.drive(&lab, drive())), Ok(Driven::Done));
    assert_eq!(lab.count(), 28);
    assert!(collection.finish().is_complete());
}

#[test]
fn progress_tells_what_happens() {
    let lab = Lab::new(1, |_, _| Ok(page(None, "")));
    let mut collection = collection("54", Limits::default()).collection;
    let mut reported = Vec::new();
    lab.run(
        collection.drive(
            &lab,
            Drive::default()
                .clock(&lab)
                .progress(|progress| reported.push(progress)),
        ),
    )
    .unwrap();
    let [
        Progress::Asked {
            label,
            page: 1,
            request_id: Some(id),
        },
        Progress::Received(received),
    ] = reported.as_slice()
    else {
        panic!("{reported:?}")
    };
    assert_eq!((label.as_str(), received.status.as_u16()), ("Overgevoeligheden", 200));
    assert_eq!(id.as_str(), lab.state.lock().unwrap().asked[0].1);
    assert!(lab.state.lock().unwrap().asked[0].0.starts_with(BASE));
}
