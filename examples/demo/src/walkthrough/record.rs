// SPDX-License-Identifier: AGPL-3.0-or-later
//! Messages as text, with a fixed word in place of each value that is another one at each run.

use crate::browser::Exchange;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, Uri, header};
use std::fmt::Write as _;

/// The headers that say something, in the order in which they are shown.
const HEADERS: [&str; 13] = [
    "medmij-request-id",
    "x-correlation-id",
    "authorization",
    "origin",
    "cookie",
    "accept",
    "content-type",
    "location",
    "set-cookie",
    "cache-control",
    "referrer-policy",
    "content-security-policy",
    "www-authenticate",
];

/// Names of parameters, headers and members whose values change, and the word for each.
const CHANGING: [(&str, &str); 8] = [
    ("medmij-request-id", "request id"),
    ("x-correlation-id", "correlation id"),
    ("state", "state"),
    ("code", "code"),
    ("csrf", "CSRF token"),
    ("access_token", "access token"),
    ("refresh_token", "refresh token"),
    ("flow", "flow"),
];

/// The page as it grows.
#[derive(Default)]
pub(super) struct Page {
    text: String,
    /// Values that change, each with its word; the same value has the same word all over the page.
    words: Vec<(String, String)>,
    messages: usize,
}

impl Page {
    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// A heading with the number of the message, the rules and what happens.
    pub(super) fn message(&mut self, title: &str, who: &str, rules: &str, sentence: &str) {
        self.messages += 1;
        let _ = write!(
            self.text,
            "\n## {}. {title}\n\n*{who}* · {rules}\n\n{sentence}\n",
            self.messages
        );
    }

    /// A request and its answer; of the body of the answer what `body` shows.
    pub(super) fn exchange(&mut self, exchange: &Exchange, body: impl Fn(&[u8]) -> Option<String>) {
        let Exchange { request, answer } = exchange;
        self.learn_request(request);
        self.learn_answer(answer);
        let mut text = request_text(request);
        text.push_str("\n\n");
        let _ = write!(text, "{}", answer.status());
        text.push_str(&headers(answer.headers()));
        if let Some(body) = body(answer.body()) {
            let _ = write!(text, "\n\n{body}");
        }
        let text = self.fixed(&text);
        let _ = write!(self.text, "\n```http\n{text}\n```\n");
    }

    /// Another word for a value, where the value says more than its name does.
    pub(super) fn learn(&mut self, value: &str, word: &str) {
        if value.len() < 8 || self.words.iter().any(|(known, _)| known == value) {
            return;
        }
        let like = format!("<{word}");
        let same = self.words.iter().filter(|(_, known)| known.starts_with(&like)).count();
        let word = match same {
            0 => format!("<{word}>"),
            _ => format!("<{word} {}>", same + 1),
        };
        self.words.push((value.to_owned(), word));
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    fn learn_request(&mut self, request: &Request<Bytes>) {
        self.learn_pairs(request.uri().query().unwrap_or_default().as_bytes());
        self.learn_pairs(request.body());
        self.learn_headers(request.headers());
    }

    fn learn_answer(&mut self, answer: &Response<Bytes>) {
        self.learn_headers(answer.headers());
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            let pair = cookie
                .to_str()
                .unwrap_or_default()
                .split(';')
                .next()
                .unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.learn(value, "session");
                // some are called after the flow
                let flow = name.split_once('-').map_or("", |(_, flow)| flow);
                self.learn(flow, "flow");
            }
        }
        if let Some(location) = answer
            .headers()
            .get(header::LOCATION)
            .and_then(|value| value.to_str().ok())
        {
            let (path, query) = location.split_once('?').unwrap_or((location, ""));
            self.learn_pairs(query.as_bytes());
            let end = path.rsplit('/').next().unwrap_or_default();
            // a flow has an address of its own; the end of a redirect_uri stays the same
            if path.contains("/oauth/") && end.len() >= 16 {
                self.learn(end, "flow");
            }
        }
        let json: Option<serde_json::Value> = serde_json::from_slice(answer.body()).ok();
        for (name, value) in json.iter().filter_map(serde_json::Value::as_object).flatten() {
            self.learn_named(name, value.as_str().unwrap_or_default());
        }
    }

    fn learn_headers(&mut self, headers: &HeaderMap) {
        for (name, value) in headers {
            self.learn_named(name.as_str(), value.to_str().unwrap_or_default());
        }
    }

    fn learn_pairs(&mut self, pairs: &[u8]) {
        for (name, value) in form_urlencoded::parse(pairs) {
            self.learn_named(&name, &value);
        }
    }

    fn learn_named(&mut self, name: &str, value: &str) {
        let known = CHANGING.iter().find(|(known, _)| name.eq_ignore_ascii_case(known));
        if let Some((_, word)) = known {
            self.learn(value, word);
        }
    }

    fn fixed(&self, text: &str) -> String {
        let mut words: Vec<_> = self.words.iter().collect();
        // the longest first: one value may stand in another
        words.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        let fixed = words.into_iter().fold(text.to_owned(), |text, (value, word)| {
            text.replace(value.as_str(), word)
        });
        without_ports(&fixed)
    }
}

/// Names under `.localhost` as they are in production: https, and no port.
fn without_ports(text: &str) -> String {
    let mut parts = text.replace("http://", "https://");
    for mark in [".localhost:", ".localhost%3A"] {
        let mut pieces = parts.split(mark);
        let mut next = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            next.push_str(".localhost");
            next.push_str(piece.trim_start_matches(|c: char| c.is_ascii_digit()));
        }
        parts = next;
    }
    parts
}

fn request_text(request: &Request<Bytes>) -> String {
    let uri = request.uri();
    let mut text = format!("{} {}", request.method(), uri.path());
    for (at, pair) in uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
        .enumerate()
    {
        let _ = write!(text, "\n    {}{pair}", if at == 0 { '?' } else { '&' });
    }
    let _ = write!(text, "\nHost: {}", host(uri));
    let mut shown = request.headers().clone();
    if *request.method() == http::Method::GET {
        // the browser of the demo keeps it over a redirect, real ones do not
        shown.remove(header::ORIGIN);
    }
    text.push_str(&headers(&shown));
    let form = String::from_utf8_lossy(request.body());
    for (at, pair) in form.split('&').filter(|pair| !pair.is_empty()).enumerate() {
        let _ = write!(text, "{}{pair}", if at == 0 { "\n\n" } else { "\n    &" });
    }
    text
}

fn host(uri: &Uri) -> &str {
    uri.host().unwrap_or_default()
}

fn headers(headers: &HeaderMap) -> String {
    let mut text = String::new();
    for name in HEADERS {
        for value in headers.get_all(name) {
            let value = value.to_str().unwrap_or("…");
            let _ = write!(text, "\n{}: {value}", written(name));
        }
    }
    text
}

/// A header as people write it.
fn written(name: &str) -> String {
    let words = name.split('-').map(|word| match word {
        "medmij" => "MedMij".to_owned(),
        "id" => "ID".to_owned(),
        "www" => "WWW".to_owned(),
        word => {
            let mut letters = word.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            first.into_iter().chain(letters).collect()
        }
    });
    words.collect::<Vec<_>>().join("-")
}
