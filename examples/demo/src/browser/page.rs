// SPDX-License-Identifier: AGPL-3.0-or-later
//! A page as the demo's browser sees it: its address, and the forms and links in it.

use super::BrowserError;
use http::{HeaderMap, StatusCode, header};

/// A page that was loaded.
#[derive(Debug)]
pub struct Page {
    url: String,
    status: StatusCode,
    headers: HeaderMap,
    html: String,
}

/// A form in a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// Where it goes, as written.
    pub action: String,
    /// Whether it is sent by POST.
    pub post: bool,
    /// Names and values that are sent without anybody touching them.
    pub fields: Vec<(String, String)>,
    /// Names and values of its buttons.
    pub buttons: Vec<(String, String)>,
}

impl Page {
    pub(super) fn new(url: String, status: StatusCode, headers: HeaderMap, html: String) -> Self {
        Self {
            url,
            status,
            headers,
            html,
        }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The source.
    pub fn html(&self) -> &str {
        &self.html
    }

    /// The address without its query, which may hold a code or a state.
    pub fn without_query(&self) -> &str {
        self.url.split('?').next().unwrap_or_default()
    }

    /// What is in the first element of that name, without markup inside.
    pub fn text_of(&self, element: &str) -> Option<String> {
        element_text(&self.html, element).map(|(text, _)| text)
    }

    /// What is in each item of the lists of the page.
    pub fn items(&self) -> Vec<String> {
        let (mut items, mut rest) = (Vec::new(), self.html.as_str());
        while let Some((text, behind)) = element_text(rest, "li") {
            items.push(text);
            rest = behind;
        }
        items
    }

    /// The forms, in order.
    pub fn forms(&self) -> Vec<Form> {
        let mut forms: Vec<Form> = Vec::new();
        let mut open = false;
        for tag in Tags(&self.html) {
            match tag.name() {
                "form" => {
                    let post = tag.attribute("method").is_some_and(|m| m.eq_ignore_ascii_case("post"));
                    forms.push(Form {
                        action: tag.attribute("action").unwrap_or_default(),
                        post,
                        ..Form::default()
                    });
                    open = true;
                }
                "/form" => open = false,
                name @ ("input" | "button") if open => {
                    let Some(form) = forms.last_mut() else { continue };
                    let kind = tag.attribute("type").unwrap_or_else(|| {
                        if name == "button" {
                            "submit".into()
                        } else {
                            "text".into()
                        }
                    });
                    let Some(field) = tag
                        .attribute("name")
                        .map(|n| (n, tag.attribute("value").unwrap_or_default()))
                    else {
                        continue;
                    };
                    match kind.as_str() {
                        "submit" => form.buttons.push(field),
                        "radio" | "checkbox" if !tag.has("checked") => {}
                        _ => form.fields.push(field),
                    }
                }
                _ => {}
            }
        }
        forms
    }

    /// The first form that has a button of that name and value.
    pub fn form_with_button(&self, name: &str, value: &str) -> Result<Form, BrowserError> {
        let wanted = |form: &Form| form.buttons.iter().any(|(n, v)| n == name && v == value);
        self.forms()
            .into_iter()
            .find(wanted)
            .ok_or_else(|| self.missing(&format!("button {name}={value}")))
    }

    /// The first form.
    pub fn form(&self) -> Result<Form, BrowserError> {
        self.forms().into_iter().next().ok_or_else(|| self.missing("form"))
    }

    /// The targets of all links, in order.
    pub fn links(&self) -> Vec<String> {
        Tags(&self.html)
            .filter(|tag| tag.name() == "a")
            .filter_map(|tag| tag.attribute("href"))
            .collect()
    }

    /// An absolute address for a target in this page.
    pub fn resolve(&self, target: &str) -> Result<String, BrowserError> {
        if target.starts_with("http://") {
            Ok(target.to_owned())
        } else if target.starts_with('/') {
            Ok(format!("{}{target}", self.origin()))
        } else if target.is_empty() {
            Ok(self.url.clone())
        } else {
            Err(BrowserError::Address(target.to_owned()))
        }
    }

    /// An error that names what this page lacks.
    pub fn missing(&self, what: &str) -> BrowserError {
        BrowserError::Missing {
            url: self.without_query().to_owned(),
            status: self.status,
            what: what.to_owned(),
        }
    }

    pub(super) fn origin(&self) -> String {
        let end = self
            .url
            .get(7..)
            .and_then(|rest| rest.find('/'))
            .map_or(self.url.len(), |i| i + 7);
        self.url.get(..end).unwrap_or_default().to_owned()
    }

    /// Where the page sends the browser, if it does.
    pub fn location(&self) -> Result<Option<String>, BrowserError> {
        if !self.status.is_redirection() {
            return Ok(None);
        }
        let location = self.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
        self.resolve(location.ok_or_else(|| self.missing("Location"))?)
            .map(Some)
    }
}

/// The tags of a document: from `<` to `>`, comments left out.
struct Tags<'a>(&'a str);

struct Tag<'a>(&'a str);

impl<'a> Iterator for Tags<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        loop {
            let rest = self.0.get(self.0.find('<')? + 1..)?;
            if let Some(comment) = rest.strip_prefix("!--") {
                self.0 = comment.get(comment.find("-->")?..)?;
                continue;
            }
            let end = rest.find('>')?;
            self.0 = rest.get(end..)?;
            return rest.get(..end).map(Tag);
        }
    }
}

impl Tag<'_> {
    fn name(&self) -> &str {
        self.0
            .split([' ', '\n', '\t', '\r'])
            .next()
            .unwrap_or_default()
            .trim_end_matches('/')
    }

    fn has(&self, attribute: &str) -> bool {
        self.0
            .split_whitespace()
            .any(|word| word.trim_end_matches('/').split('=').next() == Some(attribute))
    }

    /// The value of an attribute in double quotes, which is how templates write them.
    fn attribute(&self, name: &str) -> Option<String> {
        let mut from = 0;
        let pattern = format!("{name}=\"");
        loop {
            let at = from + self.0.get(from..)?.find(&pattern)?;
            let value = self.0.get(at + pattern.len()..)?;
            if self.0.get(..at)?.ends_with(|c: char| c.is_ascii_whitespace()) {
                return value.split('"').next().map(unescape);
            }
            from = at + pattern.len();
        }
    }
}

/// The text of the first element of that name, and what comes behind it.
fn element_text<'a>(html: &'a str, element: &str) -> Option<(String, &'a str)> {
    let begin = format!("<{element}");
    // `<li` is no `<link`
    let at = html.match_indices(&begin).find(|(at, _)| {
        let behind = html.get(at + begin.len()..).unwrap_or_default();
        behind.starts_with(['>', ' ', '\n'])
    });
    let rest = html.get(at?.0..)?;
    let rest = rest.get(rest.find('>')? + 1..)?;
    let (inner, behind) = rest.split_once(&format!("</{element}"))?;
    let mut text = String::new();
    let mut inside = false;
    for c in inner.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            // isolates around names are for the eye only
            '\u{2066}'..='\u{2069}' => {}
            c if !inside => text.push(c),
            _ => {}
        }
    }
    Some((unescape(&text.split_whitespace().collect::<Vec<_>>().join(" ")), behind))
}

fn unescape(text: &str) -> String {
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#x27;", "'"),
        ("&#39;", "'"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(html: &str) -> Page {
        Page::new(
            "http://dvp.localhost:8080/a?x=1".into(),
            StatusCode::OK,
            HeaderMap::new(),
            html.into(),
        )
    }

    #[test]
    fn a_form_is_read_with_what_it_would_send() {
        let page = page(
            r#"<!-- <form action="/no"> --><form method="post" action="/ja?a=1&amp;b=2">
            <input type="hidden" name="csrf" value="a&quot;b"><input type=checkbox><input type="radio" name="duur" value="lang">
            <input type="radio" name="duur" value="eenmalig" checked><button name="keuze" value="ja">Ja</button></form>"#,
        );
        let form = page.form_with_button("keuze", "ja").unwrap();
        assert_eq!((form.action.as_str(), form.post), ("/ja?a=1&b=2", true));
        assert_eq!(
            form.fields,
            [("csrf".into(), "a\"b".into()), ("duur".into(), "eenmalig".into())]
        );
        assert!(page.form_with_button("keuze", "nee").is_err());
        assert_eq!(
            page.resolve(&form.action).unwrap(),
            "http://dvp.localhost:8080/ja?a=1&b=2"
        );
    }

    #[test]
    fn text_is_read_without_markup() {
        assert_eq!(
            page("<h1 class=\"x\">Toestemming <em>geven</em>\n &amp; meer</h1>")
                .text_of("h1")
                .unwrap(),
            "Toestemming geven & meer"
        );
    }

    #[test]
    fn other_addresses_are_refused() {
        assert!(page("").resolve("https://evil.example/").is_err());
    }
}
