// SPDX-License-Identifier: AGPL-3.0-or-later
//! F5 — a narrative that can be shown: an allow-list of FHIR's subset of XHTML (FHIR section 2.4.0).

use std::fmt::Write;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::attributes::{self, Attributes, Raw};
use super::{XmlError, XmlRule};

/// Makes HTML of a narrative, or of any other markup of another party, that runs nothing and loads nothing.
///
/// | in the narrative | what becomes of it |
/// | --- | --- |
/// | an element of FHIR's subset, without `img` | stays, in lower case |
/// | `script`, `style`, `svg`, `math`, `iframe`, forms and the like | left out with what is in it |
/// | another element | left out, and what is in it stays |
/// | `class`, `title`, `lang`, `dir`, and the attributes of tables | stay |
/// | `href` | stays where it is a fragment; any other URL goes |
/// | `id`, and the fragment of an `href` | get the prefix `narrative-`, so that they name nothing of the page around |
/// | `style`, `on…`, `src`, and every other attribute | left out |
/// | comments, processing instructions | left out |
/// | text, CDATA, references | text, escaped |
///
/// Show it in a sandboxed frame with a content security policy all the same.
///
/// ```
/// use medmij_fhir::xml;
///
/// let div = r#"<div xmlns="http://www.w3.org/1999/xhtml"><p onclick="a()">Let op<script>b()</script>
///   <a href="javascript:c()">link</a> <a href="&#35;noot">noot</a></p></div>"#;
/// let shown = xml::sanitize(div)?;
/// assert_eq!(shown, "<div><p>Let op\n  <a>link</a> <a href=\"#narrative-noot\">noot</a></p></div>");
/// assert!(xml::sanitize("<div><p></div>").is_err());
/// # Ok::<(), xml::XmlError>(())
/// ```
///
/// # Errors
/// [`XmlRule::Narrative`] when it is not well-formed, holds a document type declaration or is nested too deep. Then show
/// its text, or nothing.
pub fn sanitize(narrative: &str) -> Result<String, XmlError> {
    let wrong = XmlError::new(XmlRule::Narrative, 0);
    let mut reader = Reader::from_str(narrative.trim());
    let mut out = String::with_capacity(narrative.len());
    // for each open element: its name, where its tag was written
    let mut open: Vec<Option<&'static str>> = Vec::new();
    // how many of the open elements are in one that is left out with its content
    let mut hidden = 0_usize;
    let mut roots = 0;
    loop {
        let event = reader.read_event().map_err(|_| wrong)?;
        let (tag, is_empty) = match event {
            Event::Start(tag) => (tag, false),
            Event::Empty(tag) => (tag, true),
            Event::End(_) => {
                let name = open.pop().ok_or(wrong)?;
                if hidden > 0 {
                    hidden -= 1;
                } else if let Some(name) = name.filter(|name| !VOID.contains(name)) {
                    let _ = write!(out, "</{name}>");
                }
                continue;
            }
            Event::Text(text) => {
                let blank = text.bytes().all(|byte| byte.is_ascii_whitespace());
                if open.is_empty() && !blank {
                    return Err(wrong);
                }
                if hidden == 0 {
                    push_text(&mut out, &text);
                }
                continue;
            }
            Event::CData(text) if !open.is_empty() => {
                if hidden == 0 {
                    push_text(&mut out, &text);
                }
                continue;
            }
            Event::GeneralRef(name) if !open.is_empty() => {
                if hidden == 0 {
                    let reference = format!("&{};", &*name);
                    let raw = Raw {
                        text: &reference,
                        offset: 0,
                    };
                    push_text(
                        &mut out,
                        &attributes::decode(raw).unwrap_or_else(|_| "\u{fffd}".to_owned()),
                    );
                }
                continue;
            }
            Event::Comment(_) | Event::PI(_) => continue,
            Event::Eof if open.is_empty() && roots == 1 => return Ok(out),
            _ => return Err(wrong),
        };
        if open.is_empty() {
            roots += 1;
        }
        if open.len() >= MOST_NESTED || roots > 1 {
            return Err(wrong);
        }
        let qualified = tag.name().as_ref().to_ascii_lowercase();
        let local = qualified.rsplit(':').next().unwrap_or_default();
        let allowed = ELEMENTS.iter().find(|known| **known == qualified).copied();
        let hides = hidden > 0 || HIDDEN.contains(&local);
        if !hides && let Some(name) = allowed {
            let given = tag.attributes_raw();
            let parsed = Attributes::parse(given, 0).map_err(|_| wrong)?;
            let _ = write!(out, "<{name}");
            push_attributes(&mut out, given, &parsed);
            out.push('>');
            if is_empty && !VOID.contains(&name) {
                let _ = write!(out, "</{name}>");
            }
        }
        if !is_empty {
            open.push(allowed);
            hidden += usize::from(hides);
        }
    }
}

fn push_attributes(out: &mut String, given: &str, parsed: &Attributes<'_>) {
    let others = parsed.others.iter().filter_map(|range| {
        let (name, value) = given.get(range.clone())?.split_once('=')?;
        let value = value.trim_start();
        let text = value.get(1..value.len().checked_sub(1)?)?;
        Some((name.trim(), Raw { text, offset: 0 }))
    });
    let id = parsed.id.map(|value| ("id", value));
    for (name, value) in id.into_iter().chain(others) {
        let name = name.to_ascii_lowercase();
        let Ok(value) = attributes::decode(value) else { continue };
        let value = match name.as_str() {
            "id" => format!("{PREFIX}{value}"),
            "href" => match value.trim().strip_prefix('#') {
                Some(fragment) => format!("#{PREFIX}{fragment}"),
                None => continue,
            },
            name if ATTRIBUTES.contains(&name) => value,
            _ => continue,
        };
        let _ = write!(out, " {name}=\"");
        push_text(out, &value);
        out.push('"');
    }
}

fn push_text(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '`' => out.push_str("&#96;"),
            c => out.push(c),
        }
    }
}

const PREFIX: &str = "narrative-";
const MOST_NESTED: usize = 200;
const ELEMENTS: [&str; 50] = [
    "a",
    "abbr",
    "acronym",
    "b",
    "big",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "li",
    "ol",
    "p",
    "pre",
    "q",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "address",
    "kbd",
];
const VOID: [&str; 3] = ["br", "col", "hr"];
/// What is no text for a reader, or is read by other rules than those of HTML.
const HIDDEN: [&str; 24] = [
    "applet", "audio", "base", "button", "canvas", "embed", "form", "frame", "frameset", "iframe", "input", "link",
    "math", "meta", "noscript", "object", "option", "script", "select", "style", "svg", "template", "textarea",
    "video",
];
const ATTRIBUTES: [&str; 12] = [
    "align", "class", "colspan", "dir", "lang", "rowspan", "scope", "span", "start", "summary", "title", "valign",
];

#[cfg(test)]
mod tests {
    use super::sanitize;

    fn inside(text: &str) -> String {
        let shown = sanitize(&format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{text}</div>")).unwrap();
        shown
            .strip_prefix("<div>")
            .unwrap()
            .strip_suffix("</div>")
            .unwrap()
            .to_owned()
    }

    #[test]
    fn f5_markup_that_runs_or_loads_something_is_left_out() {
        for (given, shown) in [
            ("<script>alert(1)</script>a", "a"),
            ("<SCRIPT>alert(1)</SCRIPT>a", "a"),
            (
                "<x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>a",
                "a",
            ),
            ("<svg><p onload='a()'>x</p><script>1</script></svg>a", "a"),
            ("<style>p{background:url(//evil)}</style>a", "a"),
            ("<iframe src='//evil'>x</iframe><object data='//evil'>y</object>a", "a"),
            ("<img src='x' onerror='alert(1)'/>a", "a"),
            ("<math><mi>x</mi></math><template><p>x</p></template>a", "a"),
            ("<form action='//evil'><input name='q'/></form>a", "a"),
            ("<p onclick='a()' style='x' onmouseover=\"b()\">a</p>", "<p>a</p>"),
            ("<a href='javascript:alert(1)'>a</a>", "<a>a</a>"),
            ("<a href=' java&#10;script:alert(1)'>a</a>", "<a>a</a>"),
            ("<a href='https://evil.example/'>a</a>", "<a>a</a>"),
            ("<a href='//evil.example/'>a</a>", "<a>a</a>"),
            (
                "<a HREF='#x' id='x'>a</a>",
                "<a id=\"narrative-x\" href=\"#narrative-x\">a</a>",
            ),
            (
                "<a href='#&quot; onclick=&quot;a()'>a</a>",
                "<a href=\"#narrative-&quot; onclick=&quot;a()\">a</a>",
            ),
            (
                "<td class='&quot;&gt;&lt;script&gt;'>a</td>",
                "<td class=\"&quot;&gt;&lt;script&gt;\">a</td>",
            ),
            (
                "&lt;script&gt;alert(1)&lt;/script&gt;",
                "&lt;script&gt;alert(1)&lt;/script&gt;",
            ),
            (
                "<![CDATA[<script>alert(1)</script>]]>",
                "&lt;script&gt;alert(1)&lt;/script&gt;",
            ),
            ("&#60;script&#x3e;&apos;&#96;", "&lt;script&gt;&#39;&#96;"),
            ("<!--[if IE]><script>1</script><![endif]-->a<?php x ?>", "a"),
            ("<marquee><b>a</b></marquee><br/><p/>", "<b>a</b><br><p></p>"),
            (
                "<table border='1'><tr><td colspan='2' width='9'>a&#160;é</td></tr></table>",
                "<table><tr><td colspan=\"2\">a\u{a0}é</td></tr></table>",
            ),
            ("<svg><b></b></svg><b>a</b>", "<b>a</b>"),
        ] {
            assert_eq!(inside(given), shown, "{given}");
        }
    }

    #[test]
    fn f5_what_is_not_one_well_formed_piece_is_refused() {
        let deep = format!("{}{}", "<b>".repeat(300), "</b>".repeat(300));
        for text in [
            "",
            "tekst",
            "<div>",
            "</div>",
            "<div></p>",
            "<div/><div/>",
            "<div/>a",
            "<!DOCTYPE a><div/>",
            "<div a=b/>",
            "<div a='1' a='2'/>",
            &deep,
        ] {
            assert!(sanitize(text).is_err(), "{text:.40}");
        }
        assert_eq!(sanitize(" <div/> ").unwrap(), "<div></div>");
    }

    #[test]
    fn f5_no_markup_that_was_not_allowed_comes_out_of_whatever_goes_in() {
        // pieces in every order: what comes out holds only tags of the list, and no attribute that runs something
        let pieces = [
            "<b>",
            "</b>",
            "<script>",
            "</script>",
            "<a href='javascript:x'>",
            "</a>",
            "&lt;",
            "x",
            "<svg/>",
            "<!--",
        ];
        for first in pieces {
            for second in pieces {
                for third in pieces {
                    let Ok(shown) = sanitize(&format!("<div>{first}{second}{third}</div>")) else {
                        continue;
                    };
                    let lower = shown.to_ascii_lowercase();
                    assert!(
                        !lower.contains("<script") && !lower.contains("<svg") && !lower.contains("<!--"),
                        "{shown}"
                    );
                    assert!(!lower.contains("javascript:"), "{shown}");
                }
            }
        }
    }
}
