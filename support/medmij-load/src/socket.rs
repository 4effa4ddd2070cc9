// SPDX-License-Identifier: AGPL-3.0-or-later
//! HTTP/1.1 over a kept-alive TLS connection, in as little code and processor time as it takes: the load program shares two
//! processors with the server that it measures.

use std::{
    fmt::Write as _,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{work::Failure, world::HOST};

/// Makes connections to one address.
#[derive(Clone)]
pub(crate) struct Dialer {
    tls: TlsConnector,
    address: SocketAddr,
}

impl Dialer {
    pub(crate) fn new(config: Arc<ClientConfig>, address: SocketAddr) -> Self {
        Self {
            tls: TlsConnector::from(config),
            address,
        }
    }

    pub(crate) async fn dial(&self) -> Result<Connection, Failure> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let stream = self.tls.connect(ServerName::try_from(HOST)?, stream).await?;
        let now = Instant::now();
        Ok(Connection {
            stream,
            buffer: Vec::with_capacity(4096),
            opened: now,
            used: now,
        })
    }

    /// Another connection in place of one that the server is about to close, if it is.
    pub(crate) async fn renew(&self, connection: &mut Connection) -> Result<(), Failure> {
        if connection.used.elapsed() > IDLE || connection.opened.elapsed() > AGE {
            *connection = self.dial().await?;
        }
        Ok(())
    }

    /// So many connections, all open.
    pub(crate) async fn dial_all(&self, count: usize) -> Result<Vec<Connection>, Failure> {
        let mut connections = Vec::with_capacity(count);
        for _ in 0..count {
            connections.push(self.dial().await?);
        }
        Ok(connections)
    }
}

/// One connection; one request at a time.
pub(crate) struct Connection {
    stream: TlsStream<TcpStream>,
    buffer: Vec<u8>,
    opened: Instant,
    used: Instant,
}

/// What came back.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) cookies: Vec<(String, String)>,
    pub(crate) retry_after: bool,
    pub(crate) body: Vec<u8>,
    /// The server closes the connection after this.
    pub(crate) last: bool,
}

impl Connection {
    pub(crate) async fn send(&mut self, request: &[u8]) -> Result<Answer, Failure> {
        self.used = Instant::now();
        self.stream.write_all(request).await?;
        self.stream.flush().await?;
        self.buffer.clear();
        let (mut answer, head, length) = loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("connection was closed before an answer".into());
            }
            if let Some(read) = head(&self.buffer)? {
                break read;
            }
        };
        while self.buffer.len() < head + length {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("connection was closed within an answer".into());
            }
        }
        answer.body = self.buffer.get(head..head + length).unwrap_or_default().to_vec();
        Ok(answer)
    }

    /// A GET with these cookies.
    pub(crate) async fn get(&mut self, path: &str, cookies: &str) -> Result<Answer, Failure> {
        let mut request = format!("GET {path} HTTP/1.1\r\nhost: {HOST}\r\n");
        if !cookies.is_empty() {
            write!(request, "cookie: {cookies}\r\n")?;
        }
        request.push_str("\r\n");
        self.send(request.as_bytes()).await
    }

    /// A form with these cookies and further header lines.
    pub(crate) async fn post(&mut self, path: &str, headers: &str, form: &str) -> Result<Answer, Failure> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {HOST}\r\n{headers}content-type: application/x-www-form-urlencoded\r\n\
             content-length: {}\r\n\r\n{form}",
            form.len()
        );
        self.send(request.as_bytes()).await
    }
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }

    pub(crate) fn expect(self, status: u16) -> Result<Self, Failure> {
        if self.status == status {
            Ok(self)
        } else {
            let text: String = self.text().chars().take(200).collect();
            Err(format!("status {} instead of {status}: {text}", self.status).into())
        }
    }

    /// Path and query of the redirect, whatever its host.
    pub(crate) fn location(&self) -> Result<&str, Failure> {
        let location = self.location.as_deref().ok_or("no redirect")?;
        let Some((_, rest)) = location.split_once("://") else {
            return Ok(location);
        };
        let path = rest.find(['/', '?']).unwrap_or(rest.len());
        Ok(rest.get(path..).unwrap_or_default())
    }
}

/// The head of an answer, where it ends, and how long its body is; nothing while it is not complete.
fn head(buffer: &[u8]) -> Result<Option<(Answer, usize, usize)>, Failure> {
    let mut headers = [httparse::EMPTY_HEADER; 48];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(end) = response.parse(buffer)? else {
        return Ok(None);
    };
    let mut answer = Answer {
        status: response.code.unwrap_or_default(),
        ..Answer::default()
    };
    let mut length = None;
    for header in response.headers.iter() {
        let value = std::str::from_utf8(header.value).unwrap_or_default();
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        if is("content-length") {
            length = Some(value.parse()?);
        } else if is("location") {
            answer.location = Some(value.to_owned());
        } else if is("set-cookie") {
            let pair = value.split(';').next().and_then(|pair| pair.split_once('='));
            answer
                .cookies
                .extend(pair.map(|(name, value)| (name.to_owned(), value.to_owned())));
        } else if is("retry-after") {
            answer.retry_after = true;
        } else if is("connection") {
            answer.last = value.eq_ignore_ascii_case("close");
        } else if is("transfer-encoding") {
            return Err("an answer in chunks is not read here".into());
        }
    }
    let length = length.ok_or("an answer without length is not read here")?;
    Ok(Some((answer, end, length)))
}

/// Below the time for which the listeners wait for the next request, and below the age at which they close.
const IDLE: Duration = Duration::from_secs(8);
const AGE: Duration = Duration::from_secs(500);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_when_it_is_complete() {
        let whole = b"HTTP/1.1 302 Found\r\nLocation: https://a.nl/b?c=d\r\nset-cookie: x=y; Secure\r\n\
                      Retry-After: 5\r\ncontent-length: 2\r\n\r\nhi";
        assert!(head(&whole[..40]).unwrap().is_none());
        let (answer, end, length) = head(whole).unwrap().unwrap();
        assert_eq!((answer.status, end, length), (302, whole.len() - 2, 2));
        assert_eq!(answer.location().unwrap(), "/b?c=d");
        assert_eq!(answer.cookies, [("x".to_owned(), "y".to_owned())]);
        assert!(answer.retry_after && !answer.last);
        assert!(head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
