// SPDX-License-Identifier: AGPL-3.0-or-later
//! The documents that a DocumentReference points at (gegevensdienst 51): planned under the same rule
//! as every other link (threat F1), each read once.

use bytes::Bytes;
use serde::Deserialize;

use super::answer::{self, Content, Want};
use super::{Collection, DocumentReport, Line, Outcome, Received, Step};
use crate::endpoint::ResourceEndpoint;
use crate::error::FhirError;
use crate::resource::Resource;

impl Collection {
    /// Plans the read of each attachment of a DocumentReference; a link that is not followed is a line.
    pub(super) fn plan_documents(&mut self, endpoint: &ResourceEndpoint, document_reference: &Resource) {
        let id = document_reference.id().cloned();
        let urls = match document_reference.view::<Attachments>() {
            Ok(view) => view
                .content
                .into_iter()
                .filter_map(|content| content.attachment?.url)
                .collect(),
            Err(error) => {
                self.report
                    .documents
                    .push(DocumentReport::failed(id.clone(), error.into()));
                Vec::new()
            }
        };
        for url in urls {
            let line = match self.access.admit(endpoint, &url) {
                Err(error) => DocumentReport::failed(id.clone(), error.into()),
                Ok(target) if self.visited.contains(&target) => continue,
                Ok(_) if self.report.documents.len() >= self.limits.documents => {
                    let error = FhirError::TooManyDocuments(self.limits.documents);
                    DocumentReport::failed(id.clone(), error)
                }
                Ok(target) => {
                    self.visited.insert(target.clone());
                    let line = Line::Document(self.report.documents.len());
                    self.waiting.push_back(Step {
                        target: target.clone(),
                        line,
                    });
                    DocumentReport::planned(id.clone(), target)
                }
            };
            self.report.documents.push(line);
        }
    }

    pub(super) fn receive_document(
        &mut self,
        index: usize,
        response: http::Response<Bytes>,
    ) -> Result<Received, FhirError> {
        let status = response.status();
        let Some(line) = self.report.documents.get_mut(index) else {
            return Err(FhirError::NothingAsked);
        };
        line.status = Some(status);
        let answer = answer::read(response, self.access.version(), &self.limits, Want::Document)?;
        line.redacted.extend(answer.redacted);
        let mut received = Received {
            label: "Document".to_owned(),
            status,
            resources: 0,
            more: false,
        };
        match answer.content {
            Content::Document(binary) if status.is_success() => {
                line.binary = Some(binary);
                line.outcome = Outcome::Answered;
                received.resources = 1;
            }
            Content::Outcome(outcome) => {
                line.outcomes.push(outcome);
                line.outcome = Outcome::Refused;
            }
            _ if !status.is_success() => line.outcome = Outcome::Refused,
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
