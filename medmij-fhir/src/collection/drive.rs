// SPDX-License-Identifier: AGPL-3.0-or-later
//! Driving a collection over a [`Channel`]: several requests at once, politely.
//!
//! core.rscint.202 — an answer has 60 s. `Retry-After` is honoured: nothing more is sent to a server that asks
//! to wait, until the time has passed; when that is longer than the caller's patience, the collection stops.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use medmij_types::{Clock, Entropy, MedMijRequestId, OsEntropy, SystemClock};

use super::deadline::within;
use super::stream::{self, Documents, Reading};
use super::{Answered, Ask, Channel, Collection, HostLimit, Received, SendError, SendFault, StreamingChannel, Ticket};
use crate::access::MEDMIJ_REQUEST_ID;
use crate::error::FhirError;

/// How a collection is driven.
///
/// ```
/// use std::time::Duration;
/// use medmij_fhir::Drive;
///
/// let drive = Drive::default().at_once(2).patience(Duration::ZERO);
/// ```
pub struct Drive<'a> {
    at_once: usize,
    hosts: HostLimit,
    answer: Duration,
    patience: Duration,
    total: Duration,
    clock: &'a dyn Clock,
    entropy: &'a dyn Entropy,
    progress: Box<dyn FnMut(Progress) + Send + 'a>,
}

/// What happens while a collection is driven.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// A request is sent.
    Asked {
        /// What it asks.
        label: String,
        /// Page of the query, counted from 1.
        page: usize,
        /// Its `MedMij-Request-ID`, for the log.
        request_id: Option<MedMijRequestId>,
    },
    /// The connection of a read broke, and the read is sent once more under a `MedMij-Request-ID` of its own.
    AskedAgain {
        /// What it asks.
        label: String,
        /// Its `MedMij-Request-ID`, for the log.
        request_id: Option<MedMijRequestId>,
    },
    /// An answer came.
    Received(Received),
    /// An answer cannot be used, or did not come; the report has it too.
    Failed {
        /// What was asked.
        label: String,
        /// Why.
        error: FhirError,
    },
    /// The server asked to wait, and nothing is sent until then.
    Waiting(Duration),
}

/// How driving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Driven {
    /// Everything was asked and answered.
    Done,
    /// The access token ended: [renew](Collection::renew) it and drive again, or finish.
    TokenEnded,
    /// The server asks to wait longer than the caller's patience.
    Busy(Duration),
    /// The time for all of it passed; what was under way is asked again by the next drive.
    TimePassed,
}

impl Default for Drive<'_> {
    fn default() -> Self {
        static CLOCK: std::sync::LazyLock<SystemClock> = std::sync::LazyLock::new(SystemClock::default);
        Self {
            at_once: 4,
            hosts: HostLimit::default(),
            answer: Duration::from_secs(60),
            patience: Duration::from_secs(30),
            total: Duration::from_secs(1_800),
            clock: &*CLOCK,
            entropy: &OsEntropy,
            progress: Box::new(|_| {}),
        }
    }
}

impl<'a> Drive<'a> {
    /// Requests of this collection that are under way together, 1 to 16. Default 4; to one host never more than
    /// [`hosts`](Self::hosts) allows.
    #[must_use]
    pub fn at_once(mut self, requests: usize) -> Self {
        self.at_once = requests.clamp(1, 16);
        self
    }

    /// The limit for each host: one value for all collections that should share it. Default 4, for this collection alone.
    #[must_use]
    pub fn hosts(mut self, hosts: HostLimit) -> Self {
        self.hosts = hosts;
        self
    }

    /// Time for one answer; of a document that is streamed, for its head and for each piece. Default 60 s
    /// (core.rscint.202).
    #[must_use]
    pub fn answer(mut self, time: Duration) -> Self {
        self.answer = time;
        self
    }

    /// The longest time to wait at once because a server asks it. Default 30 s.
    #[must_use]
    pub fn patience(mut self, time: Duration) -> Self {
        self.patience = time;
        self
    }

    /// Time for all of it (threat F2). Default 30 minutes.
    #[must_use]
    pub fn total(mut self, time: Duration) -> Self {
        self.total = time;
        self
    }

    /// Takes the time from another clock.
    #[must_use]
    pub fn clock(mut self, clock: &'a dyn Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Takes randomness from elsewhere.
    #[must_use]
    pub fn entropy(mut self, entropy: &'a dyn Entropy) -> Self {
        self.entropy = entropy;
        self
    }

    /// Gets what happens.
    #[must_use]
    pub fn progress(mut self, progress: impl FnMut(Progress) + Send + 'a) -> Self {
        self.progress = Box::new(progress);
        self
    }
}

impl std::fmt::Debug for Drive<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Drive");
        shown.field("at_once", &self.at_once).field("answer", &self.answer);
        shown.field("patience", &self.patience).finish_non_exhaustive()
    }
}

type Answer = Result<Answered, SendError>;
type Starting<'c> = Pin<Box<dyn Future<Output = Answer> + Send + 'c>>;

struct UnderWay<'a> {
    ticket: Ticket,
    label: String,
    answer: Starting<'a>,
}

impl Collection {
    /// Sends what there is to ask and takes the answers, until there is nothing more or the token ended.
    ///
    /// Cancel safe: when the future is dropped, requests under way are dropped with it, and driving again
    /// sends them again (they are reads).
    ///
    /// # Errors
    /// [`FhirError::Entropy`], [`FhirError::TokenForm`]. What is wrong with an answer is in the report.
    pub async fn drive(&mut self, channel: &impl Channel, drive: Drive<'_>) -> Result<Driven, FhirError> {
        let time = drive.answer;
        let start = |ask: Ask, _: Option<Reading>| -> Starting<'_> {
            Box::pin(async move {
                let answer = within(channel, channel.send(ask.request), time).await?;
                Ok(Answered::Whole(answer))
            })
        };
        self.run(channel, drive, &start).await
    }

    /// The same, and each document goes to a sink as it comes: it is not in memory as a whole, and not in the report.
    /// Only a document that was [completed](super::DocumentSink::complete) is one; when a connection breaks half-way, the
    /// read is sent once more and begins in another sink.
    ///
    /// # Errors
    /// As [`drive`](Self::drive): [`FhirError`].
    pub async fn drive_into(
        &mut self,
        channel: &impl StreamingChannel,
        documents: &impl Documents,
        drive: Drive<'_>,
    ) -> Result<Driven, FhirError> {
        let time = drive.answer;
        let start = |ask: Ask, reading: Option<Reading>| -> Starting<'_> {
            Box::pin(async move {
                match reading {
                    Some(reading) => stream::read(channel, documents, ask.request, reading).await,
                    None => {
                        let answer = within(channel, channel.send(ask.request), time).await?;
                        Ok(Answered::Whole(answer))
                    }
                }
            })
        };
        self.run(channel, drive, &start).await
    }

    async fn run<'c>(
        &mut self,
        channel: &'c impl Channel,
        mut drive: Drive<'_>,
        start: &(impl Fn(Ask, Option<Reading>) -> Starting<'c> + Sync),
    ) -> Result<Driven, FhirError> {
        self.put_back();
        let mut under_way: VecDeque<UnderWay<'c>> = VecDeque::new();
        let mut quiet_until: Option<SystemTime> = None;
        let start_at = drive.clock.monotonic();
        loop {
            if drive.clock.monotonic().saturating_sub(start_at) >= drive.total && !self.is_done() {
                self.put_back();
                return Ok(Driven::TimePassed);
            }
            let now = drive.clock.now();
            quiet_until = quiet_until.filter(|until| *until > now);
            while quiet_until.is_none() && under_way.len() < drive.at_once {
                let (idle, hosts) = (under_way.is_empty(), drive.hosts.clone());
                // with nothing under way it waits for its turn
                let ready = |host: &str| idle || hosts.has_room(host);
                let Some(ask) = self.next_where(now, drive.entropy, ready)? else {
                    break;
                };
                (drive.progress)(Progress::Asked {
                    label: ask.label.clone(),
                    page: ask.page,
                    request_id: request_id(&ask.request),
                });
                under_way.push_back(self.begin(ask, &drive, start));
            }
            if under_way.is_empty() {
                let until = quiet_until.filter(|_| !self.is_done()).or_else(|| self.wakes_at());
                let Some(until) = until.filter(|_| !self.needs_token()) else {
                    return Ok(if self.needs_token() {
                        Driven::TokenEnded
                    } else {
                        Driven::Done
                    });
                };
                let time = until.duration_since(now).unwrap_or_default();
                if time > drive.patience {
                    return Ok(Driven::Busy(time));
                }
                (drive.progress)(Progress::Waiting(time));
                channel.wait(time).await;
                quiet_until = None;
                if drive.clock.now() < until {
                    // a clock that stands still must not make this loop spin without end
                    self.wake(until);
                }
                continue;
            }
            let (done, answer) = first(&mut under_way).await;
            let follow_up = self.take(done, answer, &mut drive)?;
            if let Some(ask) = follow_up.again {
                under_way.push_back(self.begin(ask, &drive, start));
            }
            if let Some(wait) = follow_up.wait {
                quiet_until = drive.clock.now().checked_add(wait);
            }
        }
    }

    /// Sets a request going, as soon as its host has room.
    fn begin<'c>(
        &self,
        ask: Ask,
        drive: &Drive<'_>,
        start: &impl Fn(Ask, Option<Reading>) -> Starting<'c>,
    ) -> UnderWay<'c> {
        let (ticket, label) = (ask.ticket, ask.label.clone());
        let host = ask
            .request
            .uri()
            .authority()
            .map_or("", |host| host.as_str())
            .to_owned();
        let hosts = drive.hosts.clone();
        let answer = start(ask, self.reading(ticket, drive.answer));
        UnderWay {
            ticket,
            label,
            answer: Box::pin(async move {
                let _slot = hosts.enter(&host).await;
                answer.await
            }),
        }
    }

    /// Takes one answer.
    fn take(&mut self, done: UnderWay<'_>, answer: Answer, drive: &mut Drive<'_>) -> Result<FollowUp, FhirError> {
        let mut follow_up = FollowUp::default();
        let error = match answer {
            Ok(answered) => {
                let now = drive.clock.now();
                let received = match answered {
                    Answered::Whole(response) => self.receive(done.ticket, response, now),
                    Answered::Streamed(head, read) => self.receive_streamed(done.ticket, &head, read, now),
                };
                match received {
                    Ok(received) => {
                        let is_temporary = super::gap::is_temporary(received.status);
                        follow_up.wait = received.retry_after.filter(|_| is_temporary);
                        (drive.progress)(Progress::Received(received));
                        return Ok(follow_up);
                    }
                    Err(error) => error,
                }
            }
            Err(error) => {
                if error.fault == SendFault::Broken
                    && let Some(ask) = self.again(done.ticket, drive.entropy)?
                {
                    (drive.progress)(Progress::AskedAgain {
                        label: ask.label.clone(),
                        request_id: request_id(&ask.request),
                    });
                    follow_up.again = Some(ask);
                    return Ok(follow_up);
                }
                self.give_up(done.ticket, &error.text);
                FhirError::NoAnswer(crate::outcome::printable(&error.text, 256))
            }
        };
        (drive.progress)(Progress::Failed {
            label: done.label,
            error,
        });
        Ok(follow_up)
    }
}

/// What comes of an answer.
#[derive(Default)]
struct FollowUp {
    /// How long the server asks to wait.
    wait: Option<Duration>,
    /// The request once more, because its connection broke.
    again: Option<Ask>,
}

/// Waits for the first of the requests under way and takes it out.
async fn first<'c>(under_way: &mut VecDeque<UnderWay<'c>>) -> (UnderWay<'c>, Answer) {
    let (index, answer) = poll_fn(|context| {
        for (index, request) in under_way.iter_mut().enumerate() {
            if let Poll::Ready(answer) = request.answer.as_mut().poll(context) {
                return Poll::Ready((index, answer));
            }
        }
        Poll::Pending
    })
    .await;
    match under_way.remove(index) {
        Some(done) => (done, answer),
        // it was there a moment ago
        None => std::future::pending().await,
    }
}

fn request_id(request: &http::Request<Bytes>) -> Option<MedMijRequestId> {
    let text = request.headers().get(MEDMIJ_REQUEST_ID)?.to_str().ok()?;
    MedMijRequestId::parse(text).ok()
}
