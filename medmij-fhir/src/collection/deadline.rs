// SPDX-License-Identifier: AGPL-3.0-or-later
//! The time that an answer, or a piece of one, may take.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use super::channel::{Channel, SendError, SendFault};

/// What comes, or that the time passed.
pub(super) async fn within<T>(
    channel: &impl Channel,
    coming: impl Future<Output = Result<T, SendError>>,
    time: Duration,
) -> Result<T, SendError> {
    let mut coming = pin!(coming);
    let mut late = pin!(channel.wait(time));
    poll_fn(|context| {
        if let Poll::Ready(answer) = coming.as_mut().poll(context) {
            return Poll::Ready(answer);
        }
        late.as_mut().poll(context).map(|()| {
            let text = format!("no answer within {} s", time.as_secs());
            Err(SendError::new(SendFault::Timeout, text))
        })
    })
    .await
}
