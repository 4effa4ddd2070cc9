// SPDX-License-Identifier: AGPL-3.0-or-later
//! Sources of different types in one list, asked at the same time.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use crate::name::{ResourceId, ResourceType};
use crate::resource::Resource;
use crate::server::bronsysteem::{Bronsysteem, BronsysteemError, Context, Delivery, Found, Stored, Wanted};

/// An answer that is on its way.
pub(super) type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, BronsysteemError>> + Send + 'a>>;

/// [`Bronsysteem`] behind a pointer.
pub(super) trait Erased: Send + Sync {
    fn find<'a>(&'a self, context: &'a Context, wanted: &'a Wanted) -> Answer<'a, Vec<Resource>>;
    fn read<'a>(
        &'a self,
        context: &'a Context,
        resource_type: &'a ResourceType,
        id: &'a ResourceId,
    ) -> Answer<'a, Found>;
    fn receives<'a>(&'a self, context: &'a Context) -> Answer<'a, bool>;
    fn store<'a>(&'a self, context: &'a Context, delivery: &'a Delivery) -> Answer<'a, Vec<Stored>>;
}

impl<B: Bronsysteem> Erased for B {
    fn find<'a>(&'a self, context: &'a Context, wanted: &'a Wanted) -> Answer<'a, Vec<Resource>> {
        Box::pin(Bronsysteem::find(self, context, wanted))
    }

    fn read<'a>(
        &'a self,
        context: &'a Context,
        resource_type: &'a ResourceType,
        id: &'a ResourceId,
    ) -> Answer<'a, Found> {
        Box::pin(Bronsysteem::read(self, context, resource_type, id))
    }

    fn receives<'a>(&'a self, context: &'a Context) -> Answer<'a, bool> {
        Box::pin(Bronsysteem::receives(self, context))
    }

    fn store<'a>(&'a self, context: &'a Context, delivery: &'a Delivery) -> Answer<'a, Vec<Stored>> {
        Box::pin(Bronsysteem::store(self, context, delivery))
    }
}

/// Waits for all answers, which are all on their way at the same time.
pub(super) async fn all<T>(mut answers: Vec<Answer<'_, T>>) -> Vec<Result<T, BronsysteemError>> {
    let mut done: Vec<Option<Result<T, BronsysteemError>>> = answers.iter().map(|_| None).collect();
    poll_fn(move |waker| {
        let mut waiting = false;
        for (answer, done) in answers.iter_mut().zip(&mut done) {
            if done.is_none() {
                match answer.as_mut().poll(waker) {
                    Poll::Ready(result) => *done = Some(result),
                    Poll::Pending => waiting = true,
                }
            }
        }
        if waiting {
            Poll::Pending
        } else {
            Poll::Ready(done.drain(..).flatten().collect())
        }
    })
    .await
}
