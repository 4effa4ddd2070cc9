// SPDX-License-Identifier: AGPL-3.0-or-later
//! The Task of a questionnaire (gegevensdiensten 59 and 60), from requested to completed.
//!
//! Everything of the Task stays as it was, digit for digit; only its status changes, and `output` comes with the
//! answers.

use bytes::Bytes;
use http::Method;
use medmij_types::Entropy;
use medmij_types::json::{Document, Kind};

use super::{EntryUrl, ShareError};
use crate::access::Access;
use crate::answer::{self, Content, Want};
use crate::error::FhirError;
use crate::limits::Limits;
use crate::name::ResourceType;
use crate::outcome::OperationOutcome;
use crate::query::Query;
use crate::reference::Reference;
use crate::resource::Resource;

/// The status of a Task, as far as a questionnaire has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TaskStatus {
    /// Asked of the Persoon.
    Requested,
    /// Seen by the Persoon.
    Received,
    /// The Persoon will answer.
    Accepted,
    /// The Persoon is answering.
    InProgress,
    /// The Persoon will not answer.
    Rejected,
    /// Answering did not succeed.
    Failed,
    /// Answered.
    Completed,
}

/// A Task that asks to fill in a Questionnaire.
///
/// ```
/// use medmij_fhir::{Limits, QuestionnaireTask, Resource, TaskStatus};
///
/// let task = br#"{"resourceType":"Task","id":"t1","status":"requested","intent":"order","priority":1.50,
///   "input":[{"type":{"text":"Questionnaire"},"valueReference":{"reference":"Questionnaire/q1"}}]}"#;
/// let task = QuestionnaireTask::read(Resource::parse(task, &Limits::default())?)?;
/// assert_eq!(task.questionnaire().unwrap().to_string(), "Questionnaire/q1");
/// let accepted = task.to(TaskStatus::Accepted)?;
/// assert!(accepted.resource().as_str().contains(r#""status":"accepted","intent":"order","priority":1.50"#));
/// assert!(task.to(TaskStatus::Completed).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionnaireTask {
    resource: Resource,
    status: TaskStatus,
    questionnaire: Option<Reference>,
}

impl QuestionnaireTask {
    /// Reads a Task.
    ///
    /// # Errors
    /// [`ShareError::NotATask`].
    pub fn read(resource: Resource) -> Result<Self, ShareError> {
        if resource.resource_type().as_str() != "Task" || resource.id().is_none() {
            return Err(ShareError::NotATask("no Task with an id"));
        }
        let limits = Limits::default();
        let document = Document::parse(resource.as_bytes(), &limits.json()).map_err(FhirError::from)?;
        let root = document.root();
        let status = root.member("status").and_then(|status| status.as_str());
        let status = status.and_then(|code| TaskStatus::parse(&code));
        let status = status.ok_or(ShareError::NotATask("no status that a questionnaire has"))?;
        let mut inputs = root.member("input").into_iter().flat_map(|input| input.items());
        let questionnaire = inputs.find_map(|input| {
            let text = input.member("type")?.member("text")?.as_str()?;
            let reference = input.member("valueReference")?.member("reference")?.as_str()?;
            (text == "Questionnaire")
                .then(|| Reference::parse(&reference).ok())
                .flatten()
        });
        Ok(Self {
            status,
            questionnaire,
            resource,
        })
    }

    /// The Task.
    #[must_use]
    pub fn resource(&self) -> &Resource {
        &self.resource
    }

    /// Its status.
    #[must_use]
    pub fn status(&self) -> TaskStatus {
        self.status
    }

    /// The Questionnaire of `Task.input`.
    #[must_use]
    pub fn questionnaire(&self) -> Option<&Reference> {
        self.questionnaire.as_ref()
    }

    /// The same Task with another status; [`TaskStatus::Completed`] comes with the answers, by
    /// [`completed`](Self::completed).
    ///
    /// # Errors
    /// [`ShareError::Transition`].
    pub fn to(&self, status: TaskStatus) -> Result<Self, ShareError> {
        let from_open = matches!(self.status, TaskStatus::Requested | TaskStatus::Received);
        let from_started = matches!(self.status, TaskStatus::Accepted | TaskStatus::InProgress);
        let good = match status {
            TaskStatus::Received | TaskStatus::Accepted | TaskStatus::Rejected => from_open,
            TaskStatus::InProgress => self.status == TaskStatus::Accepted,
            TaskStatus::Failed => from_open || from_started,
            TaskStatus::Requested | TaskStatus::Completed => false,
        };
        if !good {
            return Err(ShareError::Transition(self.status, status));
        }
        self.changed(status, None)
    }

    /// The Task as it is completed: `output` points at the QuestionnaireResponse in the same transaction.
    ///
    /// # Errors
    /// [`ShareError::Transition`] unless it was accepted.
    pub fn completed(&self, response: &EntryUrl) -> Result<Self, ShareError> {
        if !matches!(self.status, TaskStatus::Accepted | TaskStatus::InProgress) {
            return Err(ShareError::Transition(self.status, TaskStatus::Completed));
        }
        let output =
            format!(r#"{{"type":{{"text":"QuestionnaireResponse"}},"valueReference":{{"reference":"{response}"}}}}"#);
        self.changed(TaskStatus::Completed, Some(&output))
    }

    fn changed(&self, status: TaskStatus, output: Option<&str>) -> Result<Self, ShareError> {
        let limits = Limits::default();
        let document = Document::parse(self.resource.as_bytes(), &limits.json()).map_err(FhirError::from)?;
        let root = document.root();
        let source = document.source();
        let mut edits: Vec<(std::ops::Range<usize>, String)> = Vec::new();
        if let Some(old) = root.member("status") {
            edits.push((old.range(), format!("\"{}\"", status.as_str())));
        }
        if let Some(output) = output {
            let end = |range: std::ops::Range<usize>| range.end.saturating_sub(1)..range.end.saturating_sub(1);
            match root.member("output").filter(|old| old.kind() == Kind::Array) {
                Some(old) if old.items().next().is_some() => edits.push((end(old.range()), format!(",{output}"))),
                Some(old) => edits.push((old.range(), format!("[{output}]"))),
                None => edits.push((end(root.range()), format!(",\"output\":[{output}]"))),
            }
        }
        edits.sort_by_key(|(range, _)| range.start);
        let mut text = String::with_capacity(source.len() + 256);
        let mut at = 0;
        for (range, new) in edits {
            text.push_str(source.get(at..range.start).unwrap_or_default());
            text.push_str(&new);
            at = range.end;
        }
        text.push_str(source.get(at..).unwrap_or_default());
        let resource = Resource::parse(text.as_bytes(), &limits).map_err(FhirError::from)?;
        Self::read(resource)
    }

    /// The update that tells the server: PUT, which may be sent again (RFC 9110 section 9.2.2).
    #[must_use]
    pub fn update(self) -> TaskUpdate {
        TaskUpdate(self)
    }
}

/// A Task that is sent to its server: accepted, rejected or failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskUpdate(QuestionnaireTask);

impl TaskUpdate {
    /// The request.
    ///
    /// # Errors
    /// [`ShareError::Fhir`] without an endpoint or randomness.
    pub fn request(&self, access: &Access, entropy: &dyn Entropy) -> Result<http::Request<Bytes>, ShareError> {
        let endpoint = access
            .endpoint("")
            .ok_or_else(|| FhirError::NoEndpoint(String::new()))?;
        let id = self.0.resource.id().cloned().ok_or(ShareError::NotATask("no id"))?;
        let kind = ResourceType::parse("Task").map_err(|_| ShareError::NotATask("no Task"))?;
        let target = endpoint.target(&Query::read(kind, id));
        let body = Bytes::copy_from_slice(self.0.resource.as_bytes());
        Ok(access.write(Method::PUT, &target, None, body, entropy)?)
    }

    /// Takes the answer: 200 or 201, with or without the Task.
    ///
    /// # Errors
    /// [`ShareError::Refused`]; [`ShareError::Fhir`] for 401 and for an answer that is not FHIR.
    pub fn receive(
        &self,
        response: http::Response<Bytes>,
        access: &Access,
        limits: &Limits,
    ) -> Result<Option<OperationOutcome>, ShareError> {
        changed(response, access, limits)
    }

    /// The Task as it is sent.
    #[must_use]
    pub fn task(&self) -> &QuestionnaireTask {
        &self.0
    }
}

/// Takes the answer to a change of one resource.
pub(crate) fn changed(
    response: http::Response<Bytes>,
    access: &Access,
    limits: &Limits,
) -> Result<Option<OperationOutcome>, ShareError> {
    let status = response.status();
    if status.is_success() && response.body().is_empty() {
        return Ok(None);
    }
    let answer = answer::read(response, access.version(), limits, Want::Fhir)?;
    match answer.content {
        _ if !matches!(status.as_u16(), 200 | 201) => Err(ShareError::Refused(status)),
        Content::Outcome(outcome) => Ok(Some(outcome)),
        _ => Ok(None),
    }
}

impl TaskStatus {
    const ALL: [Self; 7] = [
        Self::Requested,
        Self::Received,
        Self::Accepted,
        Self::InProgress,
        Self::Rejected,
        Self::Failed,
        Self::Completed,
    ];

    /// The code as it travels.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Received => "received",
            Self::Accepted => "accepted",
            Self::InProgress => "in-progress",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Completed => "completed",
        }
    }

    fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == code)
    }
}
