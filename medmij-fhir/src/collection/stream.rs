// SPDX-License-Identifier: AGPL-3.0-or-later
//! Documents that go to a sink as they come: memory stays that of a piece, whatever the length (threat F3).

use std::future::Future;
use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Response, StatusCode};

use super::deadline::within;
use super::{Answered, SendError, StreamingChannel};
use crate::document::{DocumentReader, Read, StreamedDocument};
use crate::endpoint::Target;
use crate::error::FhirError;
use crate::limits::Limits;
use crate::name::ResourceId;
use crate::version::FhirVersion;

/// Where the documents of a collection go.
///
/// ```
/// use std::io;
/// use medmij_fhir::{DocumentSink, Documents, ResourceId, StreamedDocument, Target};
///
/// /// Counts; a real one writes to a file aside, and renames it when the document is complete.
/// struct Count;
/// struct Counted(u64);
///
/// impl Documents for Count {
///     type Sink = Counted;
///     async fn open(&self, _: &Target, _: Option<&ResourceId>) -> io::Result<Counted> {
///         Ok(Counted(0))
///     }
/// }
/// impl DocumentSink for Counted {
///     async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
///         self.0 += bytes.len() as u64;
///         Ok(())
///     }
///     async fn complete(self, document: &StreamedDocument) -> io::Result<()> {
///         assert_eq!(self.0, document.length);
///         Ok(())
///     }
/// }
/// ```
pub trait Documents: Sync {
    /// Takes one document.
    type Sink: DocumentSink;

    /// Opens a sink for a document: where it is read, and the id of the DocumentReference that points at it.
    fn open(
        &self,
        target: &Target,
        document_reference: Option<&ResourceId>,
    ) -> impl Future<Output = io::Result<Self::Sink>> + Send;
}

/// Takes one document. A sink that is dropped without [`complete`](Self::complete) holds a part, or nothing that may be kept.
pub trait DocumentSink: Send {
    /// Takes the next bytes of the document.
    fn write(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send;

    /// The document is whole.
    fn complete(self, document: &StreamedDocument) -> impl Future<Output = io::Result<()>> + Send;
}

/// What is read, and within which bounds.
pub(super) struct Reading {
    pub(super) target: Target,
    pub(super) document_reference: Option<ResourceId>,
    pub(super) version: FhirVersion,
    pub(super) limits: Limits,
    /// For the head, and for each piece.
    pub(super) time: Duration,
}

/// Reads one document into a sink of its own. A refusal is an answer like any other.
pub(super) async fn read<C: StreamingChannel>(
    channel: &C,
    documents: &impl Documents,
    request: http::Request<Bytes>,
    reading: Reading,
) -> Result<Answered, SendError> {
    let answer = within(channel, channel.open(request), reading.time).await?;
    let (head, mut body) = answer.into_parts();
    if !head.status.is_success() || head.status == StatusCode::PARTIAL_CONTENT {
        let mut text = BytesMut::new();
        while let Some(piece) = within(channel, channel.chunk(&mut body), reading.time).await? {
            if text.len() + piece.len() > LONGEST_REFUSAL {
                break;
            }
            text.extend_from_slice(&piece);
        }
        return Ok(Answered::Whole(Response::from_parts(head, text.freeze())));
    }
    let mut transfer = match DocumentReader::new(&head.headers, reading.version, &reading.limits) {
        Ok(reader) => Transfer {
            reader,
            out: Vec::new(),
        },
        Err(error) => return Ok(Answered::Streamed(Response::from_parts(head, ()), Err(error))),
    };
    let read = match documents
        .open(&reading.target, reading.document_reference.as_ref())
        .await
    {
        Ok(mut sink) => loop {
            match within(channel, channel.chunk(&mut body), reading.time).await? {
                Some(piece) => {
                    if let Err(error) = transfer.take(&piece, &mut sink).await {
                        break Err(error);
                    }
                }
                None => break transfer.end(sink).await,
            }
        },
        Err(error) => Err(FhirError::NotKept(error.kind())),
    };
    Ok(Answered::Streamed(Response::from_parts(head, ()), read))
}

struct Transfer {
    reader: DocumentReader,
    out: Vec<u8>,
}

impl Transfer {
    async fn take(&mut self, bytes: &[u8], sink: &mut impl DocumentSink) -> Result<(), FhirError> {
        // a channel may hand over a large piece; what is decoded of it at once stays small
        for piece in bytes.chunks(PIECE) {
            self.reader.push(piece, &mut self.out)?;
            self.write(sink).await?;
        }
        Ok(())
    }

    async fn end(mut self, mut sink: impl DocumentSink) -> Result<Read, FhirError> {
        let mut out = std::mem::take(&mut self.out);
        let read = self.reader.finish(&mut out)?;
        if let Read::Document(document, _) = &read {
            let stored = async {
                if !out.is_empty() {
                    sink.write(&out).await?;
                }
                sink.complete(document).await
            };
            stored
                .await
                .map_err(|error: io::Error| FhirError::NotKept(error.kind()))?;
        }
        Ok(read)
    }

    async fn write(&mut self, sink: &mut impl DocumentSink) -> Result<(), FhirError> {
        if !self.out.is_empty() {
            let written = sink.write(&self.out).await;
            written.map_err(|error| FhirError::NotKept(error.kind()))?;
            self.out.clear();
        }
        Ok(())
    }
}

/// What a server says instead of a document.
const LONGEST_REFUSAL: usize = 1 << 20;
const PIECE: usize = 64 << 10;
