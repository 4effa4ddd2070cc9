// SPDX-License-Identifier: AGPL-3.0-or-later
//! The documents that a DocumentReference points at (gegevensdienst 51): planned under the same rule
//! as every other link (threat F1), each read once.

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;

use super::{Collection, DOCUMENT, DocumentReport, Line, Outcome, Received, gap};
use crate::answer::{self, Answer, Content, Want};
use crate::document::Read;
use crate::error::FhirError;
use crate::gegevensdienst::FollowUp;
use crate::resource::Resource;

impl Collection {
    pub(super) fn reads_documents(&self) -> bool {
        let mut follow_ups = self.service.follow_ups();
        follow_ups.any(|query| query.follow_up() == Some(&FollowUp::Attachment) && query.accept().is_none())
    }

    /// Plans the read of each attachment of a DocumentReference; a link that is not followed is a line.
    pub(super) fn plan_documents(&mut self, from: Line, document_reference: &Resource) {
        let Some(endpoint) = self.endpoint_of(from) else { return };
        let id = document_reference.id().cloned();
        let urls = match document_reference.view::<Attachments>() {
            Ok(view) => view
                .content
                .into_iter()
                .filter_map(|content| content.attachment?.url)
                .collect(),
            Err(error) => {
                let failed = Outcome::Failed(error.into());
                self.report
                    .documents
                    .push(DocumentReport::new(id.clone(), None, failed));
                Vec::new()
            }
        };
        for url in urls {
            let line = match self.access.admit(&endpoint, &url) {
                Err(error) => DocumentReport::new(id.clone(), None, Outcome::Failed(error.into())),
                Ok(target) if self.visited.contains(&target) => continue,
                Ok(_) if self.report.documents.len() >= self.limits.documents => {
                    let error = FhirError::TooManyDocuments(self.limits.documents);
                    DocumentReport::new(id.clone(), None, Outcome::Failed(error))
                }
                Ok(target) => {
                    let step = self.add(target.clone(), Line::Document(self.report.documents.len()));
                    self.waiting.push_back(step);
                    DocumentReport::new(id.clone(), Some(target), Outcome::NotAsked)
                }
            };
            self.report.documents.push(line);
        }
    }

    /// A document that went to a sink, or what the server said instead.
    pub(super) fn receive_read(
        &mut self,
        index: usize,
        status: http::StatusCode,
        retry_after: Option<Duration>,
        read: Read,
    ) -> Result<Received, FhirError> {
        match read {
            Read::Document(document, redacted) => {
                let Some(line) = self.report.documents.get_mut(index) else {
                    return Err(FhirError::NothingAsked);
                };
                line.status = Some(status);
                line.retry_after = retry_after;
                line.redacted.add(redacted);
                line.streamed = Some(document);
                line.outcome = Outcome::Answered;
                Ok(Received {
                    label: DOCUMENT.to_owned(),
                    status,
                    resources: 1,
                    more: false,
                    retry_after,
                })
            }
            Read::Other(answer) => self.take_document(index, status, answer, retry_after),
        }
    }

    pub(super) fn receive_document(
        &mut self,
        index: usize,
        response: http::Response<Bytes>,
        retry_after: Option<Duration>,
    ) -> Result<Received, FhirError> {
        let status = response.status();
        if let Some(line) = self.report.documents.get_mut(index) {
            line.status = Some(status);
            line.retry_after = retry_after;
        }
        let answer = answer::read(response, self.access.version(), &self.limits, Want::Document)?;
        self.take_document(index, status, answer, retry_after)
    }

    fn take_document(
        &mut self,
        index: usize,
        status: http::StatusCode,
        answer: Answer,
        retry_after: Option<Duration>,
    ) -> Result<Received, FhirError> {
        let Some(line) = self.report.documents.get_mut(index) else {
            return Err(FhirError::NothingAsked);
        };
        line.status = Some(status);
        line.retry_after = retry_after;
        line.redacted.add(answer.redacted);
        let mut received = Received {
            label: DOCUMENT.to_owned(),
            status,
            resources: 0,
            more: false,
            retry_after,
        };
        match answer.content {
            Content::Document(binary) if status.is_success() => {
                line.binary = Some(binary);
                line.outcome = Outcome::Answered;
                received.resources = 1;
            }
            Content::Outcome(outcome) => {
                let gone = matches!(status.as_u16(), 404 | 410);
                let absent = gone || status.is_success() && gap::says_nothing_there(&outcome);
                line.outcome = if absent {
                    Outcome::Absent
                } else {
                    Outcome::refused(status)
                };
                line.outcomes.push(outcome);
            }
            _ if !status.is_success() => line.outcome = Outcome::refused(status),
            other => return Err(FhirError::NotABinary(other.describe())),
        }
        Ok(received)
    }
}

#[derive(Deserialize)]
struct Attachments {
    #[serde(default)]
    content: Vec<AttachmentContent>,
}

#[derive(Deserialize)]
struct AttachmentContent {
    attachment: Option<Attachment>,
}

#[derive(Deserialize)]
struct Attachment {
    url: Option<String>,
}
